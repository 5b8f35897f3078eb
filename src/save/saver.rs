//! Takes the audio and the rows of a job, and leaves WAV files and a manifest behind.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use super::desk::{Desk, OnRow};
use super::folder::Folder;
use super::hand::Hand;
use super::manifest::{MANIFEST, Manifest};
use super::part::{is_part, random_hex};
use super::{Error, Selection, Summary};
use crate::job::JobName;
use crate::results::{Row, Sink};

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
    pub folder: Folder,
    pub job: Option<JobName>,
    pub selection: Selection,
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
        let desk = Mutex::new(Desk::new(manifest, on_row));
        let shared = Arc::new(Shared { folder, job, selection, desk });
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
        self.hand.flush()
    }

    /// Ends the run.
    pub fn finish(mut self) -> Result<Summary, Error> {
        self.flush()?;
        Ok(std::mem::take(&mut self.shared.desk().summary))
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
        self.hand.audio(samples)
    }

    fn row(&mut self, row: Row) -> Result<(), Error> {
        self.hand.row(row)
    }
}

impl std::fmt::Debug for Saver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Saver").field("folder", &self.shared.folder.path()).finish_non_exhaustive()
    }
}
