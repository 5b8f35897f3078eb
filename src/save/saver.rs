//! Takes the audio and the rows of a job, and leaves WAV files and a manifest behind.

use std::cell::Cell;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use super::desk::{Desk, OnRow};
use super::folder::Folder;
use super::hand::Hand;
use super::manifest::{Earlier, MANIFEST, Manifest, Record};
use super::part::{is_part, part_name};
use super::{Error, Selection, Summary};
use crate::job::JobName;
use crate::results::{Judging, Row, Sink};

/// So many rows wait for the disk together, or more.
pub(super) const MOST_WAITING: usize = 512;

/// Or so many bytes of audio.
pub(super) const MOST_WAITING_BYTES: u64 = 64 * 1024 * 1024;

/// Saves results into a folder, as a [`Sink`] of a parser.
///
/// Files appear under their final name only when they are whole and on the disk, and nothing that has a name is ever
/// replaced. Dropped before [`Saver::finish`], it removes the temporary files of the rows that were not done.
pub struct Saver {
    shared: Arc<Shared>,
    hand: Hand,
    pub(super) in_background: bool,
}

/// What all hands of a saver work on.
pub(super) struct Shared {
    pub folder: Arc<Folder>,
    pub job: Option<JobName>,
    /// The jobs that made takes of the same requests, this one among them; empty when there are no others.
    pub takes: HashSet<String>,
    pub selection: Selection,
    /// By what rows are thought good or bad.
    pub judging: Judging,
    pub earlier: Earlier,
    /// There were files in the folder before this run.
    pub had_files: bool,
    desk: Mutex<Desk>,
}

impl Shared {
    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        // A panic of another hand may have left a row half counted, but never a file half named.
        self.desk.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Saver {
    /// Opens a folder, makes it if it is not there, and sweeps what a killed run left behind.
    pub fn open(path: &Path, job: Option<JobName>, selection: Selection, on_row: OnRow) -> Result<Saver, Error> {
        Saver::open_judging(path, job, selection, Judging::default(), on_row)
    }

    /// [`Saver::open`], for rows that are to be judged by these limits and texts.
    pub fn open_judging(
        path: &Path,
        job: Option<JobName>,
        selection: Selection,
        judging: Judging,
        on_row: OnRow,
    ) -> Result<Saver, Error> {
        Saver::open_among(path, job, HashSet::new(), selection, judging, on_row)
    }

    /// [`Saver::open_judging`], for a job that is one of several takes of the same requests: a bad take is not saved
    /// where a good one of another of these jobs stands.
    pub fn open_among(
        path: &Path,
        job: Option<JobName>,
        takes: HashSet<String>,
        selection: Selection,
        judging: Judging,
        on_row: OnRow,
    ) -> Result<Saver, Error> {
        let folder_error = |source| Error::Folder { path: path.to_owned(), source };
        let mut folder = Folder::open(path).map_err(folder_error)?;
        let probe = part_name("mode", &folder);
        folder.learn_mode(&probe).map_err(folder_error)?;
        let (manifest, earlier, names) = match Manifest::open(&folder) {
            Ok(Some(opened)) => opened,
            Ok(None) => return Err(Error::Locked { path: path.to_owned() }),
            Err(source) => return Err(Error::Write { path: folder.place(MANIFEST), source }),
        };
        // Nobody else writes here, as the manifest is locked: whatever temporary file there is has been left behind.
        let had_files = Cell::new(false);
        let is_left_behind = |name: &str| {
            had_files.set(had_files.get() || name.ends_with(".wav"));
            is_part(name)
        };
        for name in folder.names(is_left_behind).map_err(folder_error)? {
            let _ = folder.remove(&name);
        }
        let had_files = had_files.get();
        let desk = Mutex::new(Desk::new(manifest, names, judging.texts.is_some(), on_row));
        let folder = Arc::new(folder);
        let shared = Arc::new(Shared { folder, job, takes, selection, judging, earlier, had_files, desk });
        Ok(Saver { hand: Hand::new(Arc::clone(&shared)), shared, in_background: false })
    }

    /// Lets other threads go first where several hands work, as beside a dashboard: with two busy threads on two cores
    /// a key press is answered ten times later.
    pub fn in_background(mut self) -> Saver {
        self.in_background = true;
        self
    }

    /// Gives every file that is whole its name, and every row its line in the manifest. To be called when no more
    /// bytes are at hand for a while; a run that reads on without a pause need not.
    pub fn flush(&mut self) -> Result<(), Error> {
        let made = self.hand.take();
        self.shared.desk().settle(made, &self.shared)
    }

    /// Notes something newer about a row that has been dealt with, such as another verdict. The older line stays in
    /// the manifest until the run ends.
    pub fn amend(&mut self, record: &Record) -> Result<(), Error> {
        self.flush()?;
        let mut desk = self.shared.desk();
        let amended = desk.manifest.supersede(std::slice::from_ref(record));
        amended.map_err(|source| Error::Write { path: self.shared.folder.place(MANIFEST), source })
    }

    /// Ends the run: all rows are looked at together, files whose plain name another key wants too give it up, and the
    /// manifest has one line a row.
    pub fn finish(mut self) -> Result<Summary, Error> {
        self.flush()?;
        self.review()?;
        let mut desk = self.shared.desk();
        super::late::rename(&mut desk, &self.shared)?;
        super::late::compact(&desk.manifest, &self.shared.folder)?;
        // Everything went into the folder that was opened, which may stand elsewhere now: then what would be told is not
        // true of the folder that was named.
        let folder = &self.shared.folder;
        match folder.is_in_place() {
            Ok(true) => {}
            Ok(false) => return Err(Error::Replaced { path: folder.path().to_owned() }),
            Err(source) => return Err(Error::Folder { path: folder.path().to_owned(), source }),
        }
        Ok(std::mem::take(&mut desk.summary))
    }

    /// What has been done so far, without the rows that still wait for the disk.
    pub fn summary(&self) -> Summary {
        self.shared.desk().summary.clone()
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Sink for Saver {
    type Error = Error;

    fn wants_audio(&mut self, key: Option<&str>, line: u64) -> bool {
        self.hand.wants_audio(key, line)
    }

    fn audio(&mut self, samples: &[u8]) -> Result<(), Error> {
        let taken = self.hand.audio(samples);
        self.or_flush(taken)
    }

    fn row(&mut self, row: Row) -> Result<(), Error> {
        let taken = self.hand.row(row);
        self.or_flush(taken)?;
        self.flush_when_due()
    }
}

impl Saver {
    pub(super) fn hand(&mut self) -> &mut Hand {
        &mut self.hand
    }

    pub(super) fn flush_when_due(&mut self) -> Result<(), Error> {
        let made = self.hand.made();
        if made.rows.len() >= MOST_WAITING || made.bytes >= MOST_WAITING_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// When a row is lost, what is whole may still find room; its failure would say nothing new.
    pub(super) fn or_flush(&mut self, taken: Result<(), Error>) -> Result<(), Error> {
        if taken.is_err() {
            let _ = self.flush();
        }
        taken
    }
}

impl std::fmt::Debug for Saver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Saver").field("folder", &self.shared.folder.path()).finish_non_exhaustive()
    }
}
