//! The journals of what was seen, wished and saved: transitions of jobs, cancels that were asked for, saved folders.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::job::{JobName, JobState, Transition};

use super::journal::View;

/// The origin that records without one are about. Early versions did not write it down, and nearly everybody used the
/// service itself then. Counting such a record for any origin would take a job of a test server for one of the service.
pub(super) const EARLY_ORIGIN: &str = "https://generativelanguage.googleapis.com";

/// A job at an origin: another service may give the same name.
pub(super) type At = (String, JobName);

fn at(origin: Option<&str>, job: &JobName) -> At {
    (origin.unwrap_or(EARLY_ORIGIN).to_owned(), job.clone())
}

#[derive(Serialize, Deserialize)]
pub(super) struct Seen {
    job: String,
    from: Option<String>,
    to: String,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

impl Seen {
    pub(super) fn of(origin: &str, transition: &Transition) -> Self {
        Seen {
            origin: Some(origin.to_owned()),
            job: transition.job.as_str().to_owned(),
            from: transition.from.as_ref().map(|state| state.as_str().to_owned()),
            to: transition.to.as_str().to_owned(),
            at: transition.at,
        }
    }
}

/// The timeline of every job that was ever seen.
#[derive(Debug, Default)]
pub(super) struct Timelines {
    by_job: HashMap<At, Vec<Transition>>,
}

impl Timelines {
    /// The state that a job was last seen in.
    pub(super) fn last(&self, origin: &str, job: &JobName) -> Option<&JobState> {
        self.of(origin, job).last().map(|transition| &transition.to)
    }

    /// What was seen of a job, oldest first.
    pub(super) fn of(&self, origin: &str, job: &JobName) -> &[Transition] {
        self.by_job.get(&at(Some(origin), job)).map(Vec::as_slice).unwrap_or_default()
    }
}

impl View for Timelines {
    type Record = Seen;
    const FILE: &'static str = "transitions.jsonl";
    // What was seen can be seen again: not worth the wait for a disk.
    const DURABLE: bool = false;

    fn apply(&mut self, seen: Seen) {
        let Some(job) = JobName::parse(&seen.job) else { return };
        let from = seen.from.map(|state| JobState::from_wire(&state));
        let to = JobState::from_wire(&seen.to);
        let timeline = self.by_job.entry(at(seen.origin.as_deref(), &job)).or_default();
        timeline.push(Transition { job, from, to, at: seen.at });
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(super) enum Wish {
    Asked {
        job: String,
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_fingerprint: Option<String>,
    },
    Over {
        job: String,
        /// `None` in records of early versions, which meant every origin.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<String>,
    },
}

/// A cancel that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wished {
    /// Which job.
    pub job: JobName,
    /// When, by this machine's clock.
    pub at: Timestamp,
    /// The origin that was asked.
    pub origin: String,
    /// Which key it was asked with, when the session said.
    pub key_fingerprint: Option<String>,
}

impl From<&Wished> for Wish {
    fn from(wished: &Wished) -> Self {
        Wish::Asked {
            job: wished.job.as_str().to_owned(),
            at: wished.at,
            origin: Some(wished.origin.clone()),
            key_fingerprint: wished.key_fingerprint.clone(),
        }
    }
}

/// Cancels that were asked for and are not confirmed yet.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) open: BTreeMap<At, Wished>,
}

impl View for Wishes {
    type Record = Wish;
    const FILE: &'static str = "cancels.jsonl";
    // A job that is to be stopped costs money for as long as nobody asks again.
    const DURABLE: bool = true;

    fn apply(&mut self, wish: Wish) {
        match wish {
            Wish::Asked { job, at, origin, key_fingerprint } => {
                if let Some(job) = JobName::parse(&job) {
                    let (origin, job) = self::at(origin.as_deref(), &job);
                    let wished = Wished { job: job.clone(), at, origin: origin.clone(), key_fingerprint };
                    self.open.insert((origin, job), wished);
                }
            }
            Wish::Over { job, origin: Some(origin) } => {
                if let Some(job) = JobName::parse(&job) {
                    self.open.remove(&(origin, job));
                }
            }
            Wish::Over { job, origin: None } => self.open.retain(|(_, open), _| open.as_str() != job),
        }
    }
}

/// A folder that results of a job were saved to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedTo {
    /// `batches/ID`.
    pub job: String,
    /// Absolute.
    pub folder: PathBuf,
    /// Files of this job in it after the save.
    pub n_files: u64,
    /// Results that the job had, as far as was known.
    pub of: Option<u64>,
    /// Whether it was a save of all results and none of them was missing.
    #[serde(default)]
    pub is_whole: bool,
    /// When the save ended, by this machine's clock.
    pub at: Timestamp,
    /// Where the job is; `None` in records of early versions, which count for the service itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// The latest save of each job to each folder.
#[derive(Debug, Default)]
pub(super) struct Saves {
    by_job: HashMap<At, Vec<SavedTo>>,
}

impl Saves {
    /// The saves of a job, latest last.
    pub(super) fn of(&self, origin: &str, job: &JobName) -> &[SavedTo] {
        self.by_job.get(&at(Some(origin), job)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The origins whose job of that name was saved to a folder. Rarely asked for, and there are few saves.
    pub(super) fn origins_of(&self, job: &JobName, folder: &Path) -> Vec<String> {
        let is_there = |saves: &[SavedTo]| saves.iter().any(|saved| saved.folder == folder);
        let found = self.by_job.iter().filter(|((_, name), saves)| name == job && is_there(saves));
        found.map(|((origin, _), _)| origin.clone()).collect()
    }
}

impl View for Saves {
    type Record = SavedTo;
    const FILE: &'static str = "saves.jsonl";
    const DURABLE: bool = true;

    fn apply(&mut self, saved: SavedTo) {
        let Some(job) = JobName::parse(&saved.job) else { return };
        let folders = self.by_job.entry(at(saved.origin.as_deref(), &job)).or_default();
        folders.retain(|known| known.folder != saved.folder);
        folders.push(saved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_without_an_origin_is_about_the_service_itself() {
        let mut wishes = Wishes::default();
        let take = |wishes: &mut Wishes, text: &str| wishes.apply(serde_json::from_str(text).unwrap());
        let early = r#"{"step":"asked","job":"batches/a","at":"2026-01-01T00:00:00Z"}"#;
        take(&mut wishes, early);
        let early = wishes.open.first_key_value().unwrap().1.clone();
        assert_eq!((early.origin.as_str(), early.key_fingerprint.clone()), (EARLY_ORIGIN, None));
        let full = Wished { origin: "https://h".into(), key_fingerprint: Some("aa".into()), ..early.clone() };
        take(&mut wishes, &serde_json::to_string(&Wish::from(&full)).unwrap());
        assert_eq!(wishes.open.values().cloned().collect::<Vec<_>>(), [early.clone(), full.clone()]);
        take(&mut wishes, r#"{"step":"over","job":"batches/a","origin":"https://h"}"#);
        assert_eq!(wishes.open.values().cloned().collect::<Vec<_>>(), [early]);
        take(&mut wishes, &serde_json::to_string(&Wish::from(&full)).unwrap());
        // Early versions ended a wish wherever it was.
        take(&mut wishes, r#"{"step":"over","job":"batches/a"}"#);
        assert!(wishes.open.is_empty());
    }

    #[test]
    fn early_records_are_about_the_service_itself() {
        assert_eq!(EARLY_ORIGIN, crate::config::BaseUrl::google().origin());
    }

    #[test]
    fn what_was_seen_and_saved_of_a_job_is_not_said_of_its_namesake_elsewhere() {
        let job = JobName::parse("batches/a").unwrap();
        let mut timelines = Timelines::default();
        let mut saves = Saves::default();
        for origin in ["", r#","origin":"https://h""#] {
            let seen = r#"{"job":"batches/a","from":null,"to":"JOB_STATE_RUNNING","at":"2026-01-01T00:00:00Z"#;
            timelines.apply(serde_json::from_str(&format!("{seen}\"{origin}}}")).unwrap());
            let saved = r#"{"job":"batches/a","folder":"/x","n_files":1,"of":1,"at":"2026-01-01T00:00:00Z"#;
            saves.apply(serde_json::from_str(&format!("{saved}\"{origin}}}")).unwrap());
        }
        for (origin, expected) in [(EARLY_ORIGIN, 1), ("https://h", 1), ("https://other", 0)] {
            assert_eq!(
                (timelines.of(origin, &job).len(), saves.of(origin, &job).len()),
                (expected, expected),
                "{origin}"
            );
        }
    }
}
