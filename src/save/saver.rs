//! Takes the audio and the rows of a job, and leaves WAV files and a manifest behind.

use std::collections::HashSet;
use std::path::Path;

use super::folder::{Folder, Found};
use super::manifest::{MANIFEST, Manifest, Record, Status};
use super::name::{Identity, candidates};
use super::part::{Collector, Failed, Part, is_part, random_hex};
use super::{Error, Summary};
use crate::job::JobName;
use crate::results::{Outcome, Row, Sink};

/// So many files wait for the disk together; each holds an open file.
const MOST_WAITING: usize = 64;

/// Or so many bytes.
const MOST_WAITING_BYTES: u64 = 64 * 1024 * 1024;

/// From so many files on it pays to hasten the disk for all of them.
const HASTEN_FROM: usize = 8;

/// Which rows to save. Rows that are not selected leave no trace in the manifest.
pub enum Selection {
    /// All of them.
    All,
    /// Those whose key is in the set.
    Keys(HashSet<String>),
    /// Those that the function takes; it is given the key and the line.
    Matching(Takes),
}

/// Whether a row with this key, on this line, is wanted.
pub type Takes = Box<dyn Fn(Option<&str>, u64) -> bool + Send>;

impl Selection {
    fn takes(&self, key: Option<&str>, line: u64) -> bool {
        match self {
            Selection::All => true,
            Selection::Keys(keys) => key.is_some_and(|key| keys.contains(key)),
            Selection::Matching(takes) => takes(key, line),
        }
    }
}

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

/// Saves results into a folder, as a [`Sink`] of a parser.
///
/// Files appear under their final name only when they are whole and on the disk, and nothing that has a name is ever
/// replaced. Dropped before [`Saver::finish`], it removes the temporary files of the rows that were not done.
pub struct Saver {
    folder: Folder,
    manifest: Manifest,
    job: Option<JobName>,
    selection: Selection,
    on_row: OnRow,
    collector: Collector,
    line: u64,
    /// Files that are written but not on the disk for certain.
    waiting: Vec<Waiting>,
    /// Rows that need no file, waiting for their line in the manifest.
    noted: Vec<(Row, Record, Done)>,
    /// Keys that have a file in this run.
    saved: HashSet<Identity>,
    /// Names that are given away in this run.
    taken: HashSet<Identity>,
    /// Plain names that more than one key would like to have.
    contested: HashSet<Identity>,
    summary: Summary,
}

struct Waiting {
    part: Part,
    names: Vec<String>,
    row: Row,
    record: Record,
}

impl Saver {
    /// Opens a folder, makes it if it is not there, and sweeps what a killed run left behind.
    pub fn open(path: &Path, job: Option<JobName>, selection: Selection, on_row: OnRow) -> Result<Saver, Error> {
        let folder_error = |source| Error::Folder { path: path.to_owned(), source };
        let mut folder = Folder::open(path).map_err(folder_error)?;
        folder.learn_mode(&format!(".mode.{}.part", random_hex())).map_err(folder_error)?;
        let manifest = match Manifest::open(&folder) {
            Ok(Some(manifest)) => manifest,
            Ok(None) => return Err(Error::Locked { path: path.to_owned() }),
            Err(source) => return Err(Error::Write { path: folder.place(MANIFEST), source }),
        };
        // Nobody else writes here, as the manifest is locked: whatever temporary file there is has been left behind.
        for name in folder.names(is_part).map_err(folder_error)? {
            let _ = folder.remove(&name);
        }
        Ok(Saver {
            folder,
            manifest,
            job,
            selection,
            on_row,
            collector: Collector::new(),
            line: 0,
            waiting: Vec::new(),
            noted: Vec::new(),
            saved: HashSet::new(),
            taken: HashSet::new(),
            contested: HashSet::new(),
            summary: Summary::default(),
        })
    }

    /// Tells which plain names several keys would take on a file system that does not tell `a` from `A`. Without it
    /// the first of them gets the plain name, and the later ones the name with a hash.
    pub(super) fn contest(&mut self, names: HashSet<Identity>) {
        self.contested = names;
    }

    /// Gives every file that is whole its name, and every row its line in the manifest. To be called when no more
    /// bytes are at hand for a while; a run that reads on without a pause need not.
    pub fn flush(&mut self) -> Result<(), Error> {
        let mut first_error = None;
        if self.waiting.len() >= HASTEN_FROM {
            self.folder.hasten();
        }
        let mut done = std::mem::take(&mut self.noted);
        let mut named = false;
        for waiting in std::mem::take(&mut self.waiting) {
            match self.publish(waiting) {
                Ok((row, record, how)) => {
                    named |= how == Done::Saved;
                    done.push((row, record, how));
                }
                // What can be kept is kept, even on a full disk.
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        if named && let Err(source) = self.folder.sync() {
            first_error.get_or_insert(Error::Write { path: self.folder.path().to_owned(), source });
        }
        done.sort_by_key(|(row, _, _)| row.line);
        match self.manifest.append(done.iter().map(|(_, record, _)| record)) {
            Ok(()) => {
                for (row, record, done) in &done {
                    self.summary.count(row, record, *done);
                    (self.on_row)(Progress { row, record, done: *done });
                }
            }
            Err(source) => {
                first_error.get_or_insert(Error::Write { path: self.folder.place(MANIFEST), source });
            }
        }
        first_error.map_or(Ok(()), Err)
    }

    /// Ends the run.
    pub fn finish(mut self) -> Result<Summary, Error> {
        self.flush()?;
        Ok(std::mem::take(&mut self.summary))
    }

    /// What has been done so far, without the rows that still wait for the disk.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    fn publish(&self, waiting: Waiting) -> Result<(Row, Record, Done), Error> {
        let Waiting { part, names, row, mut record } = waiting;
        let synced = self.folder.open_up(&part.file).and_then(|()| part.file.sync_all());
        if let Err(source) = synced {
            let path = self.folder.place(&part.name);
            part.discard(&self.folder);
            return Err(Error::Write { path, source });
        }
        for name in names {
            match self.folder.publish(&part.name, &name) {
                Ok(true) => {
                    record.file = Some(name);
                    return Ok((row, record, Done::Saved));
                }
                // Somebody was faster.
                Ok(false) => {}
                Err(source) => {
                    part.discard(&self.folder);
                    return Err(Error::Write { path: self.folder.place(&name), source });
                }
            }
        }
        part.discard(&self.folder);
        fail(&mut record, "every name that it could have is taken by something else");
        Ok((row, record, Done::Failed))
    }

    /// Decides what becomes of a row with audio.
    fn take_audio(&mut self, row: Row, mut record: Record) -> Result<(), Error> {
        let Some(sound) = &row.sound else {
            fail(&mut record, "the audio was not read");
            self.collector.discard(&self.folder);
            self.noted.push((row, record, Done::Failed));
            return Ok(());
        };
        let whole = match self.collector.finish(sound.format, sound.pcm_bytes) {
            Ok(whole) => whole,
            Err(Failed::TooLong) => {
                fail(&mut record, "more samples than a WAV file can hold");
                self.collector.discard(&self.folder);
                self.noted.push((row, record, Done::Failed));
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
                whole.discard(&self.folder);
                return Err(error);
            }
        };
        match decision {
            Decision::Write(names) => {
                let stem = names[0].trim_end_matches(".wav").to_owned();
                let part = match self.collector.write(whole, &self.folder, &stem) {
                    Ok(part) => part,
                    Err(failed) => return Err(self.disk(failed)),
                };
                self.saved.insert(key);
                self.taken.insert(Identity::of_name(&names[0]));
                self.waiting.push(Waiting { part, names, row, record });
            }
            Decision::Already(file) => {
                whole.discard(&self.folder);
                self.saved.insert(key);
                self.taken.insert(Identity::of_name(&file));
                record.file = Some(file);
                self.noted.push((row, record, Done::Already));
            }
            Decision::Duplicate => {
                whole.discard(&self.folder);
                duplicate(&mut record);
                self.noted.push((row, record, Done::Duplicate));
            }
            Decision::NoName => {
                whole.discard(&self.folder);
                fail(&mut record, "every name that it could have is taken by something else");
                self.noted.push((row, record, Done::Failed));
            }
        }
        self.collector.discard(&self.folder);
        Ok(())
    }

    fn decide(&self, key: Identity, row: &Row, record: &Record) -> Result<Decision, Error> {
        if self.saved.contains(&key) {
            return Ok(Decision::Duplicate);
        }
        let read_error = |path, source| Error::Read { path, source };
        let earlier =
            self.manifest.records_of(key).map_err(|source| read_error(self.folder.place(MANIFEST), source))?;
        for earlier in earlier {
            let Some(file) = &earlier.file else { continue };
            let same_audio = earlier.sha256 == record.sha256;
            // The same row has the same line, unless the lines of two results files from disk are compared.
            let other_row = earlier.job.is_some() && earlier.job == record.job && earlier.line != row.line;
            if (same_audio || other_row) && self.is_right(file, &earlier) {
                return Ok(if other_row { Decision::Duplicate } else { Decision::Already(file.clone()) });
            }
        }
        let collides = row
            .key
            .as_deref()
            .and_then(super::name::plain)
            .is_some_and(|plain| self.contested.contains(&Identity::of_name(&plain)));
        let mut names = candidates(row.key.as_deref(), row.line, collides);
        while let Some(name) = names.first() {
            if !self.taken.contains(&Identity::of_name(name)) {
                let found = self.folder.look(name).map_err(|source| read_error(self.folder.place(name), source))?;
                match found {
                    Found::Nothing => return Ok(Decision::Write(names)),
                    // The same audio under the name that it would get, as after a crash before its line was noted.
                    Found::File { bytes } if Some(bytes) == record.bytes && self.is_right(name, record) => {
                        return Ok(Decision::Already(names.swap_remove(0)));
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
        match self.folder.look(file) {
            Ok(Found::File { bytes }) if Some(bytes) == record.bytes => {}
            Ok(Found::Nothing | Found::File { .. } | Found::Other) | Err(_) => return false,
        }
        match self.folder.digest(file) {
            Ok(Some((_, sha256))) => Some(sha256) == record.sha256,
            Ok(None) | Err(_) => false,
        }
    }

    fn disk(&mut self, failed: Failed) -> Error {
        let error = match failed {
            Failed::Disk { name, source } => Error::Write { path: self.folder.place(&name), source },
            Failed::TooLong => {
                Error::Write { path: self.folder.path().to_owned(), source: std::io::ErrorKind::FileTooLarge.into() }
            }
        };
        self.collector.discard(&self.folder);
        // The row at hand is lost, but what is whole may still find room; its failure would say nothing new.
        let _ = self.flush();
        error
    }
}

enum Decision {
    /// To be written, under the first of these names that is free.
    Write(Vec<String>),
    Already(String),
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

impl Sink for Saver {
    type Error = Error;

    fn wants_audio(&mut self, key: Option<&str>, line: u64) -> bool {
        self.line = line;
        key.is_none_or(|key| self.selection.takes(Some(key), line))
    }

    fn audio(&mut self, samples: &[u8]) -> Result<(), Error> {
        match self.collector.push(samples, &self.folder, self.line) {
            Ok(()) => Ok(()),
            Err(failed) => Err(self.disk(failed)),
        }
    }

    fn row(&mut self, row: Row) -> Result<(), Error> {
        if !self.selection.takes(row.key.as_deref(), row.line) {
            self.collector.discard(&self.folder);
            self.summary.passed_over += 1;
            return Ok(());
        }
        let mut record = Record::of(&row, self.job.as_ref().map(JobName::as_str));
        if row.outcome == Outcome::Audio {
            self.take_audio(row, record)?;
        } else {
            self.collector.discard(&self.folder);
            let is_saved = row.key.is_some() && self.saved.contains(&Identity::of(row.key.as_deref(), row.line));
            let done = if is_saved { Done::Duplicate } else { Done::Failed };
            if is_saved {
                record.status = Status::Duplicate;
            }
            self.noted.push((row, record, done));
        }
        let bytes: u64 = self.waiting.iter().filter_map(|waiting| waiting.record.bytes).sum();
        if self.waiting.len() >= MOST_WAITING || self.noted.len() >= 4 * MOST_WAITING || bytes >= MOST_WAITING_BYTES {
            self.flush()?;
        }
        Ok(())
    }
}

impl Drop for Saver {
    fn drop(&mut self) {
        self.collector.discard(&self.folder);
        for waiting in std::mem::take(&mut self.waiting) {
            waiting.part.discard(&self.folder);
        }
    }
}

impl std::fmt::Debug for Saver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Saver")
            .field("folder", &self.folder.path())
            .field("summary", &self.summary)
            .finish_non_exhaustive()
    }
}
