//! Where rows come in the order of their lines: which one of several with the same key is saved, which name it gets,
//! and what is written down about it once its file is safe on the disk.

use std::collections::HashSet;
use std::sync::Arc;

use super::folder::Folder;
use super::hand::{HASTEN_FROM, Made, Ready, What, fail};
use super::manifest::{Earlier, MANIFEST, Manifest, Record, Status};
use super::name::{Identity, candidates, plain};
use super::part::Part;
use super::saver::Shared;
use super::twins::{Folded, Names, Owner, folded};
use super::{Error, Summary};
use crate::results::Row;
use crate::results::review::{Heard, is_damaged};

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
    /// The row; none when it was told of before, and its file has got another name since.
    pub row: Option<&'a Row>,
    /// What stands in the manifest about it.
    pub record: &'a Record,
    /// What happened.
    pub done: Done,
    /// No other row is told of at once after this one.
    pub is_last: bool,
}

/// Is told of every row, in the order of the lines; and once more, when the run ends, of rows whose file has got another
/// name because a later key wants the plain one too. Some of those may be of an earlier run, and not told of in this one.
pub type OnRow = Box<dyn FnMut(Progress<'_>) + Send>;

pub(super) struct Desk {
    pub manifest: Manifest,
    pub names: Names,
    on_row: OnRow,
    /// Keys that have a file in this run.
    saved: HashSet<Identity>,
    pub summary: Summary,
    /// What is looked at when all rows are known; where no texts are, only rows whose key came damaged, as there is
    /// nothing to hold the others against.
    pub heard: Vec<Heard>,
    /// Rows of the job that this run does not save, to hold the others against.
    pub others: Vec<Heard>,
    has_texts: bool,
}

/// A row of the batch at hand.
struct Place {
    row: Row,
    record: Record,
    done: Done,
    part: Option<Part>,
    /// The plain name that it has asked for, and got unless another key wants it too.
    plain: Option<(Folded, String)>,
    /// An earlier run has put its line into the manifest, or it has been lost.
    is_noted: bool,
    is_lost: bool,
}

impl Desk {
    pub(super) fn new(manifest: Manifest, names: Names, has_texts: bool, on_row: OnRow) -> Self {
        let (saved, heard, others) = (HashSet::new(), Vec::new(), Vec::new());
        Desk { manifest, names, on_row, saved, summary: Summary::default(), heard, others, has_texts }
    }

    /// Deals with rows: the next ones, in the order of their lines. What can be kept is kept, even on a full disk.
    pub(super) fn settle(&mut self, made: Made, shared: &Shared) -> Result<(), Error> {
        self.summary.passed_over += made.passed_over;
        if made.rows.is_empty() {
            return Ok(());
        }
        let folder = &shared.folder;
        let mut first_error = None;
        let mut batch: Vec<Place> = Vec::with_capacity(made.rows.len());
        for ready in made.rows {
            if let Err(error) = self.decide(ready, &mut batch, shared) {
                first_error.get_or_insert(error);
            }
        }
        bring_to_disk(folder, &mut batch, &mut first_error);
        let mut is_named = false;
        for place in &mut batch {
            match place.publish(folder) {
                Ok(named) => is_named |= named,
                Err(error) => {
                    place.is_lost = true;
                    first_error.get_or_insert(error);
                }
            }
        }
        if is_named && let Err(source) = folder.sync() {
            first_error.get_or_insert(Error::Write { path: folder.path().to_owned(), source });
        }
        if let Err(source) = self.note(batch) {
            first_error.get_or_insert(Error::Write { path: folder.place(MANIFEST), source });
        }
        first_error.map_or(Ok(()), Err)
    }

    fn decide(&mut self, ready: Ready, batch: &mut Vec<Place>, shared: &Shared) -> Result<(), Error> {
        let Ready { row, mut record, key, what, is_again } = ready;
        let is_saved = (row.key.is_some() || record.status == Status::Saved) && self.saved.contains(&key);
        let (done, part, plain) = match what {
            What::Lost(error) => return Err(error),
            What::Nothing => {
                if is_saved {
                    record.status = Status::Duplicate;
                }
                (if is_saved { Done::Duplicate } else { Done::Failed }, None, None)
            }
            What::File(_) | What::Noted { .. } | What::Found { .. } if is_saved => {
                duplicate(&mut record);
                (Done::Duplicate, None, None)
            }
            What::Outdone => {
                fail(&mut record, "another take of this key is good");
                record.status = Status::Duplicate;
                (Done::Duplicate, None, None)
            }
            What::Noted { other_row: true, .. } => {
                duplicate(&mut record);
                (Done::Duplicate, None, None)
            }
            What::Noted { file, other_row: false } => {
                self.saved.insert(key);
                record.file = Some(file);
                batch.push(Place {
                    row,
                    record,
                    done: Done::Already,
                    part: None,
                    plain: None,
                    is_noted: true,
                    is_lost: false,
                });
                return Ok(());
            }
            What::Found { file } => {
                self.manifest.superseded |= is_again;
                let asked = self.plain_name(&row, batch, &shared.earlier)?;
                let is_plain = row.key.as_deref().and_then(plain).as_ref() == Some(&file);
                self.saved.insert(key);
                if is_plain && asked.is_none() {
                    // It belongs to the other key that wants this name, and only sounds the same.
                    (Done::Saved, Some(copy(&shared.folder, &file, row.line)?), None)
                } else {
                    record.file = Some(file);
                    (Done::Already, None, asked)
                }
            }
            What::File(part) => {
                self.manifest.superseded |= is_again;
                let asked = self.plain_name(&row, batch, &shared.earlier)?;
                self.saved.insert(key);
                (Done::Saved, Some(part), asked)
            }
        };
        batch.push(Place { row, record, done, part, plain, is_noted: false, is_lost: false });
        Ok(())
    }

    /// The plain name of a row, if it has one and no other key wants it.
    fn plain_name(
        &mut self,
        row: &Row,
        batch: &mut [Place],
        earlier: &Earlier,
    ) -> Result<Option<(Folded, String)>, Error> {
        let Some(name) = row.key.as_deref().and_then(plain) else { return Ok(None) };
        let identity = folded(&name);
        match self.names.ask(identity, batch.len()) {
            Owner::Nobody => Ok(Some((identity, name))),
            Owner::Several => Ok(None),
            first @ Owner::Row(other) => {
                // Both are still without a name: the first one takes another, too.
                batch[other].plain = None;
                self.names.contest(identity, first);
                Ok(None)
            }
            first @ Owner::Record(place) => {
                let read_error = |source| Error::Read { path: MANIFEST.into(), source };
                let owner = earlier.record_at(place).map_err(read_error)?;
                if owner.is_some_and(|owner| owner.key != row.key) {
                    self.names.contest(identity, first);
                    return Ok(None);
                }
                Ok(Some((identity, name)))
            }
        }
    }

    /// Notes rows that have been dealt with, and tells about them once that is on the disk.
    fn note(&mut self, batch: Vec<Place>) -> std::io::Result<()> {
        let records = batch.iter().map(|place| (!place.is_noted && !place.is_lost).then_some(&place.record));
        let places = match self.manifest.append(records) {
            Ok(places) => places,
            Err(error) => {
                self.forget(&batch);
                return Err(error);
            }
        };
        let n_told = batch.iter().filter(|place| !place.is_lost).count();
        let mut n = 0;
        for (place, at) in batch.iter().zip(places) {
            if place.is_lost {
                self.forget(std::slice::from_ref(place));
                continue;
            }
            if let Some((identity, _)) = &place.plain {
                self.names.noted(*identity, at);
            }
            n += 1;
            let Place { row, record, done, .. } = place;
            self.summary.count(row, record, *done);
            if self.has_texts || is_damaged(row.key.as_deref()) {
                self.heard.push(Heard::of(row.line, row.key.as_deref(), row.sound.as_ref(), row.tokens, row.verdict));
            }
            (self.on_row)(Progress { row: Some(row), record, done: *done, is_last: n == n_told });
        }
        Ok(())
    }

    /// Tells of rows whose files have got other names.
    pub(super) fn tell_renamed(&mut self, records: &[Record]) {
        for (n, record) in (1..).zip(records) {
            (self.on_row)(Progress { row: None, record, done: Done::Already, is_last: n == records.len() });
        }
    }

    fn forget(&mut self, batch: &[Place]) {
        for (identity, _) in batch.iter().filter_map(|place| place.plain.as_ref()) {
            self.names.forget(*identity);
        }
    }
}

impl Place {
    /// Gives the file its name; tells whether it got one.
    fn publish(&mut self, folder: &Folder) -> Result<bool, Error> {
        let Some(mut part) = self.part.take() else { return Ok(false) };
        let mut publish =
            |name: &str| part.publish(name).map_err(|source| Error::Write { path: folder.place(name), source });
        if let Some((_, name)) = &self.plain
            && publish(name)?
        {
            self.record.file = Some(name.clone());
            return Ok(true);
        }
        for name in candidates(self.row.key.as_deref(), self.row.line, true) {
            if publish(&name)? {
                self.record.file = Some(name);
                return Ok(true);
            }
        }
        fail(&mut self.record, "every name that it could have is taken by something else");
        self.done = Done::Failed;
        Ok(false)
    }
}

/// Waits until the files of a batch are on the disk. Those that are not are lost.
fn bring_to_disk(folder: &Folder, batch: &mut [Place], first_error: &mut Option<Error>) {
    if !folder.syncs_together() {
        return;
    }
    let is_many = batch.iter().filter(|place| place.part.is_some()).take(HASTEN_FROM).count() == HASTEN_FROM;
    if is_many && folder.sync_all().is_ok() {
        return;
    }
    for place in batch {
        let Some(part) = &mut place.part else { continue };
        if let Err(source) = part.sync() {
            let need = place.record.bytes.unwrap_or_default();
            first_error.get_or_insert(Error::write(folder.place(part.name()), need, source));
            place.part = None;
            place.is_lost = true;
        }
    }
}

/// A new file with the content of one that is there.
fn copy(folder: &Arc<Folder>, file: &str, line: u64) -> Result<Part, Error> {
    use super::part::Failed;
    use std::io::Read;
    let read_error = |source| Error::Read { path: folder.place(file), source };
    let write_error = |failed| match failed {
        Failed::Disk { name, source } => Error::Write { path: folder.place(&name), source },
        Failed::TooLong => Error::Write { path: folder.place(file), source: std::io::ErrorKind::FileTooLarge.into() },
    };
    let mut from = folder.open_file(file).map_err(read_error)?;
    let mut part = Part::create(folder, line).map_err(write_error)?;
    let mut piece = vec![0; 256 * 1024];
    loop {
        match from.read(&mut piece).map_err(read_error)? {
            0 => break,
            n => part.write(&piece[..n]).map_err(write_error)?,
        }
    }
    part.open_up(false).map_err(|source| Error::Write { path: folder.place(part.name()), source })?;
    part.sync().map_err(|source| Error::Write { path: folder.place(part.name()), source })?;
    Ok(part)
}

fn duplicate(record: &mut Record) {
    fail(record, "an earlier row with this key was saved");
    record.status = Status::Duplicate;
}
