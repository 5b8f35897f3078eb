//! Rows of a results file that are read by their places, and nothing else of it.

use super::Error;
use super::hand::Hand;
use super::name::Identity;
use crate::results::{Outcome, Row, RowView, Sink};

/// A row, and where it stood when somebody read the whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// Counted from 1.
    pub line: u64,
    /// Where it begins, in bytes.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    key: Identity,
    is_result: bool,
}

impl Given {
    /// The place of a row.
    pub fn of(row: &RowView<'_>) -> Given {
        let (line, offset, length) = (row.line, row.offset, row.length);
        Given { line, offset, length, key: Identity::of(row.key, line), is_result: row.is_result() }
    }

    /// Whether what was read at the place is that row. Its audio may be another one, as a file's own bytes are nowhere
    /// under a checksum; what no reading of the whole file would tell either need not be told here.
    fn is(&self, row: &Row) -> bool {
        let is_result = match row.outcome {
            Outcome::Audio | Outcome::NoAudio { .. } | Outcome::Error { .. } => true,
            Outcome::Malformed { .. } => false,
        };
        (self.line, self.key, self.is_result) == (row.line, Identity::of(row.key.as_deref(), row.line), is_result)
    }

    /// The error of a row that is not at its place any more.
    pub(super) fn moved(&self) -> Error {
        Error::Moved { line: self.line }
    }
}

/// Lets a row through to a hand that is what it should be.
pub(super) struct Checked<'a> {
    pub hand: &'a mut Hand,
    pub given: &'a Given,
}

impl Sink for Checked<'_> {
    type Error = Error;

    fn wants_audio(&mut self, key: Option<&str>, line: u64) -> bool {
        self.hand.wants_audio(key, line)
    }

    fn audio(&mut self, samples: &[u8]) -> Result<(), Error> {
        self.hand.audio(samples)
    }

    fn row(&mut self, row: Row) -> Result<(), Error> {
        if self.given.is(&row) { self.hand.row(row) } else { Err(self.given.moved()) }
    }
}
