//! An open folder that results are saved into, and what is told of its rows.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender};

use crate::failure::Failure;
use crate::job::JobName;
use crate::ops::retake::takes_of;
use crate::ops::session::on_disk;
use crate::ops::{Progress, Session};
use crate::results::{Judging, Row};
use crate::save::{Progress as Done, Record, Saver, Selection, Status};

use super::feed::{self, STEP};
use super::index::IndexWriter;
use super::keep::Place;
use super::open::{begin_index, finish_index};
use super::{SaveOrder, Saving};

/// So many events are told at once: to wake the other side for each one costs as much as writing a small file.
const MOST_TOLD: usize = 64;

/// An open folder, and what is told of its rows.
pub(super) struct Writing {
    pub(super) saver: Saver,
    pub(super) told: Receiver<Vec<Saving>>,
    /// What is read from this disk, when something is: with it, rows tell how far it is.
    pub(super) reads: Arc<OnceLock<Reads>>,
    /// Is given every row.
    pub(super) index: Indexing,
    /// By what rows are judged.
    pub(super) judging: Judging,
}

impl Writing {
    /// Opens the folder. Rows that were told already are not told again, but for other names of their files.
    pub(super) async fn open(
        session: &Session,
        what: &SaveOrder,
        job: Option<JobName>,
        (selection, judging): (Selection, Judging),
        lines: &Lines,
    ) -> Result<Self, Failure> {
        let (tell, told) = feed::events();
        let reads = Arc::new(OnceLock::new());
        let lines = lines.clone();
        let mut telling = Telling { tell, events: Vec::new(), reads: Arc::clone(&reads), at: 0, told_at: 0 };
        let index = Indexing::default();
        let indexing = index.clone();
        let on_row = move |done: Done<'_>| {
            if let Some(row) = done.row {
                indexing.row(row);
            }
            match done.row {
                Some(row) if lines.add(row.line) => telling.row(row, done.record),
                None if lines.has(done.record.line) => telling.renamed(done.record),
                Some(_) | None => {}
            }
            if done.is_last {
                telling.send();
            }
        };
        let folder = what.folder.clone();
        let judges = judging.clone();
        let ours = session.clone();
        let open = move || {
            let takes = job.as_ref().map(|job| takes_of(&ours, job)).transpose()?.unwrap_or_default();
            Ok::<_, Failure>(Saver::open_among(&folder, job, takes, selection, judges, Box::new(on_row))?)
        };
        let saver = on_disk(open).await?;
        let saver = if session.gives_way { saver.in_background() } else { saver };
        Ok(Writing { saver, told, reads, index, judging })
    }
}

/// What is read from this disk.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reads {
    /// All of a file of so many bytes.
    All(u64),
    /// Rows that have so many bytes together.
    Rows(u64),
}

/// Writes the index of a copy from the rows that are saved, once it has been begun. Those that come without a file, or
/// that an earlier run has saved, are told as well, so that all rows of a whole copy go by.
#[derive(Clone, Debug, Default)]
pub(super) struct Indexing(Arc<Mutex<IndexWriter>>);

impl Indexing {
    fn writer(&self) -> MutexGuard<'_, IndexWriter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From the next row on there will be an index of this copy. To be called before the first one.
    pub(super) async fn begin(&self, session: &Session, place: &Place) {
        let begun = begin_index(session, place).await;
        *self.writer() = begun;
    }

    fn row(&self, row: &Row) {
        self.writer().row(row);
    }

    /// The copy is whole and has so many rows. An index that has not seen each of them is dropped.
    pub(super) async fn finish(&self, rows: u64) -> Result<(), Failure> {
        let index = std::mem::take(&mut *self.writer());
        if index.rows() == rows { finish_index(index).await } else { Ok(()) }
    }
}

/// Lines whose rows were told: a bit for each, as there may be very many, and neither all of them nor the first ones
/// need have been told when a save begins anew.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<u64>>>);

impl Lines {
    /// Takes a line in; `false` when it is there already.
    fn add(&self, line: u64) -> bool {
        let (word, bit) = place(line);
        let mut words = self.words();
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        let is_new = words[word] & bit == 0;
        words[word] |= bit;
        is_new
    }

    fn has(&self, line: u64) -> bool {
        let (word, bit) = place(line);
        self.words().get(word).is_some_and(|bits| bits & bit != 0)
    }

    fn words(&self) -> MutexGuard<'_, Vec<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(line: u64) -> (usize, u64) {
    (usize::try_from(line / 64).expect("lines are counted one by one"), 1 << (line % 64))
}

/// Gathers events and sends them on.
struct Telling {
    tell: Sender<Vec<Saving>>,
    events: Vec<Saving>,
    reads: Arc<OnceLock<Reads>>,
    /// Bytes of rows that were read, and how many of them were told.
    at: u64,
    told_at: u64,
}

impl Telling {
    fn row(&mut self, row: &Row, record: &Record) {
        self.events.push(Saving::Row {
            key: record.key.clone(),
            file: record.file.clone(),
            verdict: record.verdict,
            status: match record.status {
                Status::Saved => "saved",
                Status::Failed => "failed",
                Status::Duplicate => "duplicate",
            },
            line: record.line,
            seconds: record.duration_seconds.unwrap_or(0.0),
            sha256: record.sha256.clone(),
            tokens: row.tokens,
        });
        let of = match self.reads.get() {
            None => None,
            Some(Reads::All(of)) => {
                self.at = row.offset + row.length;
                Some(*of)
            }
            Some(Reads::Rows(of)) => {
                self.at += row.length;
                Some(*of)
            }
        };
        if of.is_some() && self.at.saturating_sub(self.told_at) >= STEP {
            self.told_at = self.at;
            self.events.push(Saving::Progress(Progress { bytes: self.at, of, ..Progress::default() }));
        }
        self.send_many();
    }

    fn renamed(&mut self, record: &Record) {
        let Some(file) = record.file.clone() else { return };
        self.events.push(Saving::Renamed { key: record.key.clone(), file, line: record.line });
        self.send_many();
    }

    fn send_many(&mut self) {
        if self.events.len() >= MOST_TOLD {
            self.send();
        }
    }

    fn send(&mut self) {
        if self.events.is_empty() {
            return;
        }
        // Nobody listens any more when the caller was dropped; the files are of use all the same.
        let _ = self.tell.blocking_send(std::mem::take(&mut self.events));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_new_once() {
        let lines = Lines::default();
        for line in [1, 63, 64, 65, 100_000, 2] {
            assert!(!lines.has(line) && lines.add(line) && lines.has(line) && !lines.clone().add(line), "{line}");
        }
        assert!(!lines.has(3) && !lines.has(99_999) && !lines.has(1 << 40));
    }
}
