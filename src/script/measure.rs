//! Measuring a prepared JSONL line by line, for whoever divides it into several jobs.
//!
//! The file was written by [`super::prepare`], so a line that is no request means that somebody changed it.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use serde_json::Value;

use super::error::Error;
use super::lines::{Ends, Line, Lines};
use crate::money::Characters;
use crate::request::Facts;
use crate::text::clean;

/// One line of a prepared file, as far as dividing needs to know it.
#[derive(Debug)]
pub struct Measured<'m> {
    /// As in the file.
    pub key: &'m str,
    /// With its line end.
    pub bytes: u64,
    /// Of its text.
    pub characters: Characters,
}

#[derive(Deserialize)]
struct Request {
    key: String,
    request: Value,
}

/// Measures the lines of a prepared file in their order. Blocks, and keeps nothing; ends with [`Error::Stopped`] when
/// `stop` is set.
pub fn each_measured(path: &Path, stop: &AtomicBool, mut take: impl FnMut(&Measured<'_>)) -> Result<(), Error> {
    each_prepared(path, stop, |line| {
        let read: Request = serde_json::from_slice(line.bytes).map_err(|error| Error::Prepared {
            name: path.display().to_string(),
            line: line.number,
            reason: clean(&error.to_string()),
        })?;
        // A prepared line ends with one line feed.
        let bytes = line.bytes.len() as u64 + 1;
        take(&Measured { key: &read.key, bytes, characters: Facts::of(&read.request).characters });
        Ok(())
    })
}

/// Reads the lines of a prepared file in their order, one at a time; ends with [`Error::Stopped`] when `stop` is set.
pub(super) fn each_prepared(
    path: &Path,
    stop: &AtomicBool,
    mut take: impl FnMut(&Line<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let name = || path.display().to_string();
    let file = File::open(path).map_err(|source| Error::Open { name: name(), source })?;
    let mut lines = Lines::new(BufReader::with_capacity(256 * 1024, file), Ends::LineFeed);
    while let Some(line) = lines.next().map_err(|source| Error::Read { name: name(), source })? {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        take(&line)?;
    }
    Ok(())
}
