//! What a run has done.

use super::desk::Done;
use super::manifest::Record;
use crate::audio::Verdict;
use crate::failure::Exit;
use crate::results::Row;
use crate::results::review::Review;

/// What a run has done, in rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Written in this run.
    pub saved: u64,
    /// Right already.
    pub already: u64,
    /// Without audio, or with audio that cannot be written.
    pub failed: u64,
    /// With a key that an earlier row has.
    pub duplicates: u64,
    /// With a file, but one that looks bad.
    pub looks_bad: u64,
    /// With a file, but without a key.
    pub unmatched: u64,
    /// Not selected.
    pub passed_over: u64,
    /// Seconds of audio in the files of this job, new and old.
    pub seconds: f64,
    /// Bytes of the files of this job, new and old.
    pub bytes: u64,
    /// What all rows together have shown, once the run has ended.
    pub review: Review,
}

impl Summary {
    pub(super) fn count(&mut self, row: &Row, record: &Record, done: Done) {
        match done {
            Done::Saved => self.saved += 1,
            Done::Already => self.already += 1,
            Done::Failed => self.failed += 1,
            Done::Duplicate => self.duplicates += 1,
        }
        if record.file.is_some() {
            self.looks_bad += u64::from(row.verdict != Verdict::Ok);
            self.unmatched += u64::from(row.key.is_none());
            self.seconds += row.sound.as_ref().map_or(0.0, |sound| sound.seconds);
            self.bytes += record.bytes.unwrap_or(0);
        }
    }

    /// Of the files that were right already, so many were written by the same run, before it had to begin again.
    pub fn is_of_this_run(&mut self, written: u64) {
        let written = written.min(self.already);
        self.saved += written;
        self.already -= written;
    }

    /// Rows that were dealt with.
    pub fn rows(&self) -> u64 {
        self.saved + self.already + self.failed + self.duplicates
    }

    /// How a command that did this ends.
    pub fn exit(&self) -> Exit {
        let is_odd = !self.review.findings.is_empty() || self.review.unknown > 0;
        if self.failed + self.duplicates + self.looks_bad + self.unmatched == 0 && !is_odd {
            Exit::Ok
        } else {
            Exit::SomeBad
        }
    }
}
