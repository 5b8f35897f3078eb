//! A saver behind a parser that takes what comes from the service: what it fails with is told in words for people.

use crate::failure::Failure;
use crate::results::{Row, Sink};
use crate::save::{Saver, Summary};

use super::feed::Taker;
use super::room::Words;

/// Decodes and writes what the parser finds.
pub(super) struct Decoding {
    saver: Saver,
    words: Words,
}

impl Decoding {
    pub(super) fn new(saver: Saver, words: Words) -> Self {
        Decoding { saver, words }
    }
}

impl Sink for Decoding {
    type Error = Failure;

    fn wants_audio(&mut self, key: Option<&str>, line: u64) -> bool {
        self.saver.wants_audio(key, line)
    }

    fn audio(&mut self, samples: &[u8]) -> Result<(), Failure> {
        self.saver.audio(samples).map_err(|error| self.words.failure(error))
    }

    fn row(&mut self, row: Row) -> Result<(), Failure> {
        self.saver.row(row).map_err(|error| self.words.failure(error))
    }
}

impl Taker for Decoding {
    type Taken = Summary;

    fn caught_up(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn quiet(&mut self) -> Result<(), Failure> {
        self.saver.flush().map_err(|error| self.words.failure(error))
    }

    fn end(self) -> Result<Summary, Failure> {
        self.saver.finish().map_err(|error| self.words.failure(error))
    }
}
