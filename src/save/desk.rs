//! What the hands of a saver share: the manifest, the names that are given away, and the count.

use std::collections::HashSet;

use super::Summary;
use super::manifest::{Manifest, Record};
use super::name::Identity;
use crate::results::Row;

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Its file was written.
    Saved,
    /// Its file was there and right.
    Already,
    /// There is no audio, or it cannot be saved.
    Failed,
    /// An earlier row has the same key.
    Duplicate,
}

/// A row that has been dealt with; its file, if it has one, is safe on the disk.
#[derive(Debug)]
pub struct Progress<'a> {
    /// The row.
    pub row: &'a Row,
    /// What stands in the manifest about it.
    pub record: &'a Record,
    /// What happened.
    pub done: Done,
}

/// Is told of every row.
pub type OnRow = Box<dyn FnMut(Progress<'_>) + Send>;

/// A row that has been dealt with.
pub(super) struct Settled {
    pub row: Row,
    pub record: Record,
    pub done: Done,
    /// An earlier run has put its line into the manifest.
    pub is_noted: bool,
}

impl Settled {
    pub(super) fn new(row: Row, record: Record, done: Done) -> Self {
        Settled { row, record, done, is_noted: false }
    }
}

pub(super) struct Desk {
    pub manifest: Manifest,
    on_row: OnRow,
    /// Keys that have a file in this run.
    pub saved: HashSet<Identity>,
    /// Names that are given away in this run.
    pub taken: HashSet<Identity>,
    /// Plain names that more than one key would like to have.
    pub contested: HashSet<Identity>,
    pub summary: Summary,
}

impl Desk {
    pub(super) fn new(manifest: Manifest, on_row: OnRow) -> Self {
        Desk {
            manifest,
            on_row,
            saved: HashSet::new(),
            taken: HashSet::new(),
            contested: HashSet::new(),
            summary: Summary::default(),
        }
    }

    /// Notes rows that have been dealt with, and tells about them once that is on the disk.
    pub(super) fn note(&mut self, settled: &[Settled]) -> std::io::Result<()> {
        self.manifest.append(settled.iter().filter(|settled| !settled.is_noted).map(|settled| &settled.record))?;
        for Settled { row, record, done, .. } in settled {
            self.summary.count(row, record, *done);
            (self.on_row)(Progress { row, record, done: *done });
        }
        Ok(())
    }
}
