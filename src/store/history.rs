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
    Asked { job: String, at: Timestamp },
    Over { job: String },
}

/// Cancels that were asked for and are not confirmed yet.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) open: BTreeMap<JobName, Timestamp>,
}

impl View for Wishes {
    type Record = Wish;
    const FILE: &'static str = "cancels.jsonl";
    const DURABLE: bool = false;

    fn apply(&mut self, wish: Wish) {
        match wish {
            Wish::Asked { job, at } => {
                if let Some(job) = JobName::parse(&job) {
                    self.open.insert(job, at);
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
