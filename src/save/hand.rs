//! One worker of a saver: holds the audio of one row at a time, and files that wait for the disk.

use std::sync::Arc;

use super::Error;
use super::desk::{Done, Settled};
use super::folder::Found;
use super::manifest::{MANIFEST, Record, Status};
use super::name::{Identity, candidates, plain};
use super::part::{Collector, Failed, Part};
use super::saver::Shared;
use crate::job::JobName;
use crate::results::{Outcome, Row, Sink};

/// So many files wait for the disk together; each holds an open file.
const MOST_WAITING: usize = 64;

/// Or so many bytes.
const MOST_WAITING_BYTES: u64 = 64 * 1024 * 1024;

/// From so many files on it pays to hasten the disk for all of them.
const HASTEN_FROM: usize = 8;

/// One worker of a saver.
pub(super) struct Hand {
    shared: Arc<Shared>,
    collector: Collector,
    line: u64,
    /// Files that are written but not on the disk for certain.
    waiting: Vec<Waiting>,
    waiting_bytes: u64,
    /// Rows that need no file, waiting for their line in the manifest.
    noted: Vec<Settled>,
}

struct Waiting {
    part: Part,
    names: Vec<String>,
    row: Row,
    record: Record,
}

impl Hand {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Hand { shared, collector: Collector::new(), line: 0, waiting: Vec::new(), waiting_bytes: 0, noted: Vec::new() }
    }

    /// Gives every file that is whole its name, and every row its line in the manifest.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        let folder = &self.shared.folder;
        let mut first_error = None;
        if self.waiting.len() >= HASTEN_FROM {
            folder.hasten();
        }
        let mut done = std::mem::take(&mut self.noted);
        let mut named = false;
        self.waiting_bytes = 0;
        for waiting in std::mem::take(&mut self.waiting) {
            match self.publish(waiting) {
                Ok(settled) => {
                    named |= settled.done == Done::Saved;
                    done.push(settled);
                }
                // What can be kept is kept, even on a full disk.
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        if named && let Err(source) = folder.sync() {
            first_error.get_or_insert(Error::Write { path: folder.path().to_owned(), source });
        }
        done.sort_by_key(|settled| settled.row.line);
        if let Err(source) = self.shared.desk().note(&done) {
            first_error.get_or_insert(Error::Write { path: folder.place(MANIFEST), source });
        }
        first_error.map_or(Ok(()), Err)
    }

    /// Forgets the audio of the row at hand.
    pub(super) fn pass_over(&mut self) {
        self.collector.discard(&self.shared.folder);
    }

    fn publish(&self, waiting: Waiting) -> Result<Settled, Error> {
        let Waiting { part, names, row, mut record } = waiting;
        let synced = self.shared.folder.open_up(&part.file).and_then(|()| part.file.sync_all());
        if let Err(source) = synced {
            let path = self.shared.folder.place(&part.name);
            part.discard(&self.shared.folder);
            return Err(Error::Write { path, source });
        }
        for name in names {
            match self.shared.folder.publish(&part.name, &name) {
                Ok(true) => {
                    record.file = Some(name);
                    return Ok(Settled::new(row, record, Done::Saved));
                }
                // Somebody was faster.
                Ok(false) => {}
                Err(source) => {
                    part.discard(&self.shared.folder);
                    return Err(Error::Write { path: self.shared.folder.place(&name), source });
                }
            }
        }
        part.discard(&self.shared.folder);
        fail(&mut record, "every name that it could have is taken by something else");
        Ok(Settled::new(row, record, Done::Failed))
    }

    /// Decides what becomes of a row with audio.
    fn take_audio(&mut self, row: Row, mut record: Record) -> Result<(), Error> {
        let Some(sound) = &row.sound else {
            fail(&mut record, "the audio was not read");
            self.collector.discard(&self.shared.folder);
            self.noted.push(Settled::new(row, record, Done::Failed));
            return Ok(());
        };
        let whole = match self.collector.finish(sound.format, sound.pcm_bytes) {
            Ok(whole) => whole,
            Err(Failed::TooLong) => {
                fail(&mut record, "more samples than a WAV file can hold");
                self.collector.discard(&self.shared.folder);
                self.noted.push(Settled::new(row, record, Done::Failed));
                return Ok(());
            }
            Err(failed) => return Err(self.disk(failed)),
        };
        record.status = Status::Saved;
        record.bytes = Some(whole.bytes);
        record.sha256 = Some(whole.sha256.clone());

        let key = Identity::of(row.key.as_deref(), row.line);
        let decision = match self.decide(key, &row, &record) {
            Ok(decision) => decision,
            Err(error) => {
                whole.discard(&self.shared.folder);
                return Err(error);
            }
        };
        match decision {
            Decision::Write(names) => {
                let stem = names[0].trim_end_matches(".wav").to_owned();
                let part = match self.collector.write(whole, &self.shared.folder, &stem) {
                    Ok(part) => part,
                    Err(failed) => return Err(self.disk(failed)),
                };
                self.shared.desk().saved.insert(key);
                self.waiting_bytes += record.bytes.unwrap_or(0);
                self.waiting.push(Waiting { part, names, row, record });
            }
            Decision::Already { file, is_noted } => {
                whole.discard(&self.shared.folder);
                self.shared.desk().saved.insert(key);
                record.file = Some(file);
                self.noted.push(Settled { row, record, done: Done::Already, is_noted });
            }
            Decision::Duplicate => {
                whole.discard(&self.shared.folder);
                duplicate(&mut record);
                self.noted.push(Settled::new(row, record, Done::Duplicate));
            }
            Decision::NoName => {
                whole.discard(&self.shared.folder);
                fail(&mut record, "every name that it could have is taken by something else");
                self.noted.push(Settled::new(row, record, Done::Failed));
            }
        }
        self.collector.discard(&self.shared.folder);
        Ok(())
    }

    fn decide(&self, key: Identity, row: &Row, record: &Record) -> Result<Decision, Error> {
        let folder = &self.shared.folder;
        let read_error = |path, source| Error::Read { path, source };
        // Files are looked at without holding the desk: to compare one takes as long as to read it.
        let (earlier, collides) = {
            let desk = self.shared.desk();
            if desk.saved.contains(&key) {
                return Ok(Decision::Duplicate);
            }
            let earlier = desk.manifest.records_of(key).map_err(|source| read_error(folder.place(MANIFEST), source))?;
            let plain = row.key.as_deref().and_then(plain);
            (earlier, plain.is_some_and(|plain| desk.contested.contains(&Identity::of_name(&plain))))
        };
        for earlier in earlier {
            let Some(file) = &earlier.file else { continue };
            let same_audio = earlier.sha256 == record.sha256;
            // The same row has the same line, unless the lines of two results files from disk are compared.
            let other_row = earlier.job.is_some() && earlier.job == record.job && earlier.line != row.line;
            if (same_audio || other_row) && self.is_right(file, &earlier) {
                self.shared.desk().taken.insert(Identity::of_name(file));
                if other_row {
                    return Ok(Decision::Duplicate);
                }
                return Ok(Decision::Already { file: file.clone(), is_noted: true });
            }
        }
        let mut names = candidates(row.key.as_deref(), row.line, collides);
        while let Some(name) = names.first() {
            if self.shared.desk().taken.insert(Identity::of_name(name)) {
                match folder.look(name).map_err(|source| read_error(folder.place(name), source))? {
                    Found::Nothing => return Ok(Decision::Write(names)),
                    // The same audio under the name that it would get, as after a crash before its line was noted.
                    Found::File { bytes } if Some(bytes) == record.bytes && self.is_right(name, record) => {
                        return Ok(Decision::Already { file: names.swap_remove(0), is_noted: false });
                    }
                    Found::File { .. } | Found::Other => {}
                }
            }
            names.remove(0);
        }
        Ok(Decision::NoName)
    }

    /// Whether a file holds what a record says. One that cannot be read does not.
    fn is_right(&self, file: &str, record: &Record) -> bool {
        match self.shared.folder.look(file) {
            Ok(Found::File { bytes }) if Some(bytes) == record.bytes => {}
            Ok(Found::Nothing | Found::File { .. } | Found::Other) | Err(_) => return false,
        }
        match self.shared.folder.digest(file) {
            Ok(Some((_, sha256))) => Some(sha256) == record.sha256,
            Ok(None) | Err(_) => false,
        }
    }

    fn disk(&mut self, failed: Failed) -> Error {
        let error = match failed {
            Failed::Disk { name, source } => Error::Write { path: self.shared.folder.place(&name), source },
            Failed::TooLong => Error::Write {
                path: self.shared.folder.path().to_owned(),
                source: std::io::ErrorKind::FileTooLarge.into(),
            },
        };
        self.collector.discard(&self.shared.folder);
        // The row at hand is lost, but what is whole may still find room; its failure would say nothing new.
        let _ = self.flush();
        error
    }
}

enum Decision {
    /// To be written, under the first of these names that is free.
    Write(Vec<String>),
    Already {
        file: String,
        /// The manifest has a line about it.
        is_noted: bool,
    },
    Duplicate,
    NoName,
}

fn fail(record: &mut Record, why: &str) {
    record.status = Status::Failed;
    record.error = Some(why.to_owned());
    record.file = None;
    record.bytes = None;
    record.sha256 = None;
}

fn duplicate(record: &mut Record) {
    fail(record, "an earlier row with this key was saved");
    record.status = Status::Duplicate;
}

impl Sink for Hand {
    type Error = Error;

    fn wants_audio(&mut self, key: Option<&str>, line: u64) -> bool {
        self.line = line;
        key.is_none_or(|key| self.shared.selection.takes(Some(key), line))
    }

    fn audio(&mut self, samples: &[u8]) -> Result<(), Error> {
        match self.collector.push(samples, &self.shared.folder, self.line) {
            Ok(()) => Ok(()),
            Err(failed) => Err(self.disk(failed)),
        }
    }

    fn row(&mut self, row: Row) -> Result<(), Error> {
        if !self.shared.selection.takes(row.key.as_deref(), row.line) {
            self.collector.discard(&self.shared.folder);
            self.shared.desk().summary.passed_over += 1;
            return Ok(());
        }
        let mut record = Record::of(&row, self.shared.job.as_ref().map(JobName::as_str));
        if row.outcome == Outcome::Audio {
            self.take_audio(row, record)?;
        } else {
            self.collector.discard(&self.shared.folder);
            let is_saved =
                row.key.is_some() && self.shared.desk().saved.contains(&Identity::of(row.key.as_deref(), row.line));
            let done = if is_saved { Done::Duplicate } else { Done::Failed };
            if is_saved {
                record.status = Status::Duplicate;
            }
            self.noted.push(Settled::new(row, record, done));
        }
        let is_full = self.waiting.len() >= MOST_WAITING
            || self.noted.len() >= 4 * MOST_WAITING
            || self.waiting_bytes >= MOST_WAITING_BYTES;
        if is_full {
            self.flush()?;
        }
        Ok(())
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.collector.discard(&self.shared.folder);
        for waiting in std::mem::take(&mut self.waiting) {
            waiting.part.discard(&self.shared.folder);
        }
    }
}
