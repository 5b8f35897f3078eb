//! The list of jobs, with what only we know about them.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::job::{Job, JobName, JobState};
use crate::ops::{Transition, Unconfirmed};
use crate::tui::model::{Cursor, Sort};

/// The list of jobs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Jobs {
    /// In the default order: newest first, creates without an answer before all others.
    pub entries: Vec<Entry>,
    /// Where the person is.
    pub cursor: Cursor<EntryId>,
    /// Recorded transitions by job, oldest first.
    pub timelines: BTreeMap<JobName, Vec<Transition>>,
    /// Folders into which jobs were saved.
    pub saved: BTreeMap<JobName, PathBuf>,
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A job of the service.
    Job(Box<Tracked>),
    /// A create whose answer was lost; its state is `UNKNOWN`.
    Lost(Unconfirmed),
}

/// What a row is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryId {
    /// The token of a create without an answer.
    Lost(String),
    /// A job's name.
    Job(JobName),
}

/// A job of the service, and what we saw of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracked {
    /// As last listed or fetched.
    pub job: Job,
    /// We asked to cancel it and the service has not agreed yet.
    pub cancelling: bool,
    /// How its counts moved while we watched.
    pub samples: Samples,
}

/// What we saw of a job's progress: `(when, requests done)`, at most [`Samples::MOST`], oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples(pub VecDeque<(Timestamp, u64)>);

impl Samples {
    /// Enough for an hour of polls every ten seconds.
    pub const MOST: usize = 360;
}

/// Sort and filter of the list, kept from one session to the next.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct JobsView {
    /// Column and direction; absent is the default order.
    pub sort: Option<(u8, bool)>,
    /// The text of the filter.
    pub filter: String,
}

impl JobsView {
    /// The sort as the cursor holds it.
    pub fn sort(&self) -> Option<Sort> {
        self.sort.map(|(column, reversed)| Sort { column, reversed })
    }
}

impl Tracked {
    /// The word in the STATE column.
    pub fn word(&self) -> &str {
        if self.cancelling && !self.job.state.is_terminal() { "CANCELLING" } else { self.job.state.word() }
    }

    /// Whether the service may still change it.
    pub fn is_active(&self) -> bool {
        match self.job.state {
            JobState::Pending | JobState::Running | JobState::Other(_) => true,
            JobState::Succeeded | JobState::Failed | JobState::Cancelled | JobState::Expired => false,
        }
    }
}

impl Entry {
    /// What the row is known by.
    pub fn id(&self) -> EntryId {
        match self {
            Entry::Job(tracked) => EntryId::Job(tracked.job.name.clone()),
            Entry::Lost(lost) => EntryId::Lost(lost.token.clone()),
        }
    }
}
