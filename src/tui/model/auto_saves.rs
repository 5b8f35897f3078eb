//! Jobs that are saved although nobody asked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::job::JobName;
use crate::ops::Saved;

/// Jobs that are saved although nobody asked. Which of them run is said with the other saves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AutoSaves {
    /// What no save holds as of the last listing; those whose results go first come first.
    pub wanted: Vec<JobName>,
    /// Those that this session has done with, whatever came of it.
    pub done: BTreeSet<JobName>,
    /// Those that could not be saved: how often that was tried, and not before when it is tried again.
    pub tries: BTreeMap<JobName, (u32, Timestamp)>,
    /// The disk is full: nothing is begun before a person saves something.
    pub is_paused: bool,
    /// What was saved since nothing was under way, with titles: it is told at once.
    pub untold: Vec<(String, Saved)>,
}
