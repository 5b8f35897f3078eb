//! One worker of a saver: turns lines into whole files without a name. Which name each one gets, and whether it gets
//! one, is decided in the order of the lines, at the desk.

use std::sync::Arc;

use super::Error;
use super::folder::{Folder, Found};
use super::manifest::{Record, Status};
use super::name::{Identity, candidates};
use super::part::{Collector, Failed, Part};
use super::saver::Shared;
use crate::audio::Verdict;
use crate::job::JobName;
use crate::results::{Outcome, Row, Sink};

/// So many files are brought to the disk together where each one has to be seen to for itself; each is open until then.
const MOST_OPEN: usize = 32;

/// From so many files on it pays to hasten the disk for all of them.
pub(super) const HASTEN_FROM: usize = 8;

/// One worker of a saver.
pub(super) struct Hand {
    shared: Arc<Shared>,
    collector: Collector,
    line: u64,
    made: Made,
    /// Which files are still open.
    open: Vec<usize>,
}

/// What a hand has made of some lines.
#[derive(Default)]
pub(super) struct Made {
    pub rows: Vec<Ready>,
    /// Rows that nobody asked for.
    pub passed_over: u64,
    /// Of the files.
    pub bytes: u64,
}

/// A row that waits for its turn.
pub(super) struct Ready {
    pub row: Row,
    pub record: Record,
    pub key: Identity,
    pub what: What,
    /// An earlier run has noted the same audio of the same row, and its file has been lost.
    pub is_again: bool,
}

/// What became of a row so far.
pub(super) enum What {
    /// A whole file without a name.
    File(Part),
    /// An earlier run has saved it and has noted that; or another row of the job with this key.
    Noted { file: String, other_row: bool },
    /// The same audio stands under a name that it could have, as after a crash before its line was noted.
    Found { file: String },
    /// It looks bad, and another take of its key stands in the folder that does not.
    Outdone,
    /// There is nothing to save.
    Nothing,
    /// The disk has lost it.
    Lost(Error),
}

impl Hand {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Hand { shared, collector: Collector::new(), line: 0, made: Made::default(), open: Vec::new() }
    }

    /// Hands over what has been made.
    pub(super) fn take(&mut self) -> Made {
        self.sync();
        std::mem::take(&mut self.made)
    }

    /// What has been made and not been taken.
    pub(super) fn made(&self) -> &Made {
        &self.made
    }

    /// Brings the files to the disk that are still open.
    fn sync(&mut self) {
        if self.open.len() >= HASTEN_FROM {
            // Only a help: each file is checked for itself.
            let _ = self.shared.folder.sync_all();
        }
        for at in std::mem::take(&mut self.open) {
            let ready = &mut self.made.rows[at];
            let What::File(part) = &mut ready.what else { continue };
            if let Err(source) = part.sync() {
                let need = ready.record.bytes.unwrap_or_default();
                ready.what = What::Lost(Error::write(self.shared.folder.place(part.name()), need, source));
            }
        }
    }

    pub(super) fn push(&mut self, row: Row, record: Record, key: Identity, what: What, is_again: bool) {
        self.made.bytes += record.bytes.unwrap_or(0);
        self.made.rows.push(Ready { row, record, key, what, is_again });
    }

    /// Makes a file of a row with audio.
    fn take_audio(&mut self, row: Row, mut record: Record, key: Identity) -> Result<(), Error> {
        let Some(sound) = &row.sound else {
            fail(&mut record, "the audio was not read");
            self.push(row, record, key, What::Nothing, false);
            return Ok(());
        };
        let whole = match self.collector.finish(sound.format, sound.pcm_bytes) {
            Ok(whole) => whole,
            Err(Failed::TooLong) => {
                fail(&mut record, "more samples than a WAV file can hold");
                self.push(row, record, key, What::Nothing, false);
                return Ok(());
            }
            Err(Failed::Disk { name, source }) => return Err(self.disk(&name, sound.pcm_bytes, source)),
        };
        let bytes = whole.bytes;
        record.status = Status::Saved;
        record.bytes = Some(bytes);
        record.sha256 = Some(whole.sha256);
        let mut is_again = false;
        if let Some(what) = self.is_there(key, &row, &record, &mut is_again)? {
            self.push(row, record, key, what, is_again);
            return Ok(());
        }
        if self.is_outdone(key, &record)? {
            self.push(row, record, key, What::Outdone, false);
            return Ok(());
        }
        let made = self.collector.write(&self.shared.folder, row.line);
        let mut part = match made {
            Ok(part) => part,
            Err(Failed::Disk { name, source }) => return Err(self.disk(&name, bytes, source)),
            Err(Failed::TooLong) => return Err(self.disk("", bytes, std::io::ErrorKind::FileTooLarge.into())),
        };
        if let Err(source) = part.open_up(self.shared.folder.syncs_together()) {
            return Err(self.disk(part.name(), bytes, source));
        }
        self.push_part(row, record, key, part, is_again);
        Ok(())
    }

    /// Hands on a whole file without a name.
    pub(super) fn push_part(&mut self, row: Row, record: Record, key: Identity, part: Part, is_again: bool) {
        if !self.shared.folder.syncs_together() {
            self.open.push(self.made.rows.len());
        }
        self.push(row, record, key, What::File(part), is_again);
        if self.open.len() >= MOST_OPEN {
            self.sync();
        }
    }

    /// The folder that is saved into.
    pub(super) fn folder(&self) -> &Arc<Folder> {
        &self.shared.folder
    }

    /// Whether audio that another job made stands in the folder already under this key; and whether a record says so
    /// whose file has been lost.
    pub(super) fn stands_here(&self, key: Identity, record: &Record) -> Result<(Option<What>, bool), Error> {
        let Shared { folder, earlier, .. } = &*self.shared;
        let read_error = |source| Error::Read { path: folder.place(super::MANIFEST), source };
        let records = earlier.records_of(key).map_err(read_error)?;
        let is_again = records.iter().any(|older| older.is_of_row(record) && older.sha256 == record.sha256);
        for older in records.into_iter().rev().filter(|older| older.sha256 == record.sha256) {
            if let Some(file) = &older.file
                && folder.is_right(file, &older)
            {
                return Ok((Some(What::Noted { file: file.clone(), other_row: false }), is_again));
            }
        }
        Ok((self.found(record)?, is_again))
    }

    /// Whether the audio stands in the folder already. Only looked for where there was something before this run.
    fn is_there(&self, key: Identity, row: &Row, record: &Record, is_again: &mut bool) -> Result<Option<What>, Error> {
        let Shared { folder, earlier, .. } = &*self.shared;
        let read_error = |name: &str, source| Error::Read { path: folder.place(name), source };
        let records = earlier.records_of(key).map_err(|source| read_error(super::MANIFEST, source))?;
        *is_again = records.iter().any(|older| older.is_of_row(record) && older.sha256 == record.sha256);
        for older in records.into_iter().rev() {
            let Some(file) = &older.file else { continue };
            let same_audio = older.sha256 == record.sha256;
            // The same row has the same line, unless the lines of two results files from disk are compared.
            let other_row = older.job.is_some() && older.job == record.job && older.line != row.line;
            if (same_audio || other_row) && folder.is_right(file, &older) {
                return Ok(Some(What::Noted { file: file.clone(), other_row }));
            }
        }
        self.found(record)
    }

    /// The same audio under a name that it could have, as after a crash before its line was noted.
    fn found(&self, record: &Record) -> Result<Option<What>, Error> {
        let folder = &self.shared.folder;
        if !self.shared.had_files {
            return Ok(None);
        }
        let read_error = |name: &str, source| Error::Read { path: folder.place(name), source };
        for name in candidates(record.key.as_deref(), record.line, false) {
            match folder.look(&name).map_err(|source| read_error(&name, source))? {
                Found::File { bytes } if Some(bytes) == record.bytes && folder.is_right(&name, record) => {
                    return Ok(Some(What::Found { file: name }));
                }
                Found::Nothing | Found::File { .. } | Found::Other => {}
            }
        }
        Ok(None)
    }

    /// Whether a good take of the same key by another job stands in the folder, and this one is not good.
    fn is_outdone(&self, key: Identity, record: &Record) -> Result<bool, Error> {
        let Shared { folder, earlier, takes, .. } = &*self.shared;
        if takes.is_empty() || record.verdict == Verdict::Ok || record.key.is_none() {
            return Ok(false);
        }
        let read_error = |source| Error::Read { path: folder.place(super::MANIFEST), source };
        let records = earlier.records_of(key).map_err(read_error)?;
        Ok(records.iter().any(|older| {
            let is_other_take = older.job != record.job && older.job.as_ref().is_some_and(|job| takes.contains(job));
            is_other_take
                && older.verdict == Verdict::Ok
                && older.file.as_ref().is_some_and(|file| folder.is_right(file, older))
        }))
    }

    fn disk(&self, name: &str, need: u64, source: std::io::Error) -> Error {
        Error::write(self.shared.folder.place(name), need, source)
    }
}

/// Makes a record one of a row without a file.
pub(super) fn fail(record: &mut Record, why: &str) {
    record.status = Status::Failed;
    record.error = Some(why.to_owned());
    record.file = None;
    record.bytes = None;
    record.sha256 = None;
}

impl Sink for Hand {
    type Error = Error;

    fn wants_audio(&mut self, key: Option<&str>, line: u64) -> bool {
        self.line = line;
        self.shared.selection.may_take(key, line)
    }

    fn audio(&mut self, samples: &[u8]) -> Result<(), Error> {
        let Err(failed) = self.collector.push(samples, &self.shared.folder, self.line) else { return Ok(()) };
        let bytes = self.collector.bytes();
        // Half a file only takes room from what is whole.
        self.collector.discard();
        Err(match failed {
            Failed::Disk { name, source } => self.disk(&name, bytes, source),
            Failed::TooLong => self.disk("", bytes, std::io::ErrorKind::FileTooLarge.into()),
        })
    }

    fn row(&mut self, row: Row) -> Result<(), Error> {
        let done = if self.shared.selection.takes(row.key.as_deref(), row.line) {
            let record = Record::of(&row, self.shared.job.as_ref().map(JobName::as_str));
            let key = Identity::of(row.key.as_deref(), row.line);
            if row.outcome == Outcome::Audio {
                self.take_audio(row, record, key)
            } else {
                self.push(row, record, key, What::Nothing, false);
                Ok(())
            }
        } else {
            self.made.passed_over += 1;
            Ok(())
        };
        self.collector.discard();
        done
    }
}
