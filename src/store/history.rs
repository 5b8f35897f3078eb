//! The journals of what was seen, wished and saved: transitions of jobs, cancels that were asked for, saved folders.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::job::{JobName, JobState, Transition};

use super::journal::View;

#[derive(Serialize, Deserialize)]
pub(super) struct Seen {
    job: String,
    from: Option<String>,
    to: String,
    at: Timestamp,
}

impl From<&Transition> for Seen {
    fn from(transition: &Transition) -> Self {
        Seen {
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
    pub(super) by_job: HashMap<JobName, Vec<Transition>>,
}

impl Timelines {
    /// The state that a job was last seen in.
    pub(super) fn last(&self, job: &JobName) -> Option<&JobState> {
        self.by_job.get(job)?.last().map(|transition| &transition.to)
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
        let timeline = self.by_job.entry(job.clone()).or_default();
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
    },
}

/// A cancel that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wished {
    /// Which job.
    pub job: JobName,
    /// When, by this machine's clock.
    pub at: Timestamp,
    /// The origin that was asked; `None` in records of early versions.
    pub origin: Option<String>,
    /// Which key it was asked with, when the session said.
    pub key_fingerprint: Option<String>,
}

impl From<&Wished> for Wish {
    fn from(wished: &Wished) -> Self {
        Wish::Asked {
            job: wished.job.as_str().to_owned(),
            at: wished.at,
            origin: wished.origin.clone(),
            key_fingerprint: wished.key_fingerprint.clone(),
        }
    }
}

/// Cancels that were asked for and are not confirmed yet.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) open: BTreeMap<JobName, Wished>,
}

impl View for Wishes {
    type Record = Wish;
    const FILE: &'static str = "cancels.jsonl";
    const DURABLE: bool = false;

    fn apply(&mut self, wish: Wish) {
        match wish {
            Wish::Asked { job, at, origin, key_fingerprint } => {
                if let Some(job) = JobName::parse(&job) {
                    self.open.insert(job.clone(), Wished { job, at, origin, key_fingerprint });
                }
            }
            Wish::Over { job } => {
                if let Some(job) = JobName::parse(&job) {
                    self.open.remove(&job);
                }
            }
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
}

/// The latest save of each job to each folder.
#[derive(Debug, Default)]
pub(super) struct Saves {
    pub(super) by_job: HashMap<String, Vec<SavedTo>>,
}

impl View for Saves {
    type Record = SavedTo;
    const FILE: &'static str = "saves.jsonl";
    const DURABLE: bool = true;

    fn apply(&mut self, saved: SavedTo) {
        let folders = self.by_job.entry(saved.job.clone()).or_default();
        folders.retain(|known| known.folder != saved.folder);
        folders.push(saved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_without_an_origin_is_read_and_one_with_it_comes_back() {
        let mut wishes = Wishes::default();
        let early = r#"{"step":"asked","job":"batches/a","at":"2026-01-01T00:00:00Z"}"#;
        wishes.apply(serde_json::from_str(early).unwrap());
        let early = wishes.open.first_key_value().unwrap().1.clone();
        assert_eq!((early.origin.clone(), early.key_fingerprint.clone()), (None, None));
        let full = Wished { origin: Some("https://h".into()), key_fingerprint: Some("aa".into()), ..early };
        let text = serde_json::to_string(&Wish::from(&full)).unwrap();
        wishes.apply(serde_json::from_str(&text).unwrap());
        assert_eq!(wishes.open.into_values().collect::<Vec<_>>(), [full]);
    }
}
