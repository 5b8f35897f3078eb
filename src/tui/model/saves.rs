//! Saves under way: one at a time for each job, because they write into one folder.

use std::collections::BTreeMap;

use crate::job::Job;
use crate::tui::effect::SaveWhat;
use crate::tui::model::Seq;

/// Saves under way, and those that wait for one of the same job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saves {
    /// By their number.
    pub running: BTreeMap<Seq, Save>,
    /// At most one for each job; what is asked for meanwhile is added to it.
    pub waiting: Vec<Save>,
}

/// What a save saves.
#[derive(Clone, Debug, PartialEq)]
pub struct Save {
    /// Whose results.
    pub job: Box<Job>,
    /// Which of them.
    pub what: SaveWhat,
    /// Nobody asked for it.
    pub is_unasked: bool,
}
