//! How copies of results are kept, and what one session shares about them.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::config::Cache;

/// How copies of results are kept. They can be had again from the service for two days, and from nowhere after that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copies {
    /// Whether they outlive the program. Those that do not lie in a folder that is removed at its end.
    pub keep: bool,
    /// What all of them may take, in bytes. The newest one stays even if it is larger.
    pub max_bytes: u64,
    /// For how many days after their last use.
    pub days: u32,
}

impl Default for Copies {
    fn default() -> Self {
        Copies::from(&Cache::default())
    }
}

impl From<&Cache> for Copies {
    fn from(cache: &Cache) -> Self {
        let Cache { keep, max_bytes, days } = *cache;
        Copies { keep, max_bytes, days }
    }
}

/// What the tasks of one session share about its copies.
#[derive(Clone, Debug, Default)]
pub struct SharedCopies {
    /// Where copies lie that do not outlive the program.
    scratch: Arc<OnceLock<Scratch>>,
    /// The places of lines, while the index of a copy is being written, by the path of the copy.
    growing: Arc<Mutex<HashMap<PathBuf, Arc<File>>>>,
}

/// A folder that goes with the session. Whoever finds one whose lock is free removes it.
#[derive(Debug)]
struct Scratch {
    folder: tempfile::TempDir,
    _lock: File,
}

/// The file in it that a session keeps locked.
const LOCK: &str = "lock";

impl SharedCopies {
    /// The folder of this session below a folder; it is made when it is asked for first.
    pub(super) fn scratch(&self, below: &Path) -> std::io::Result<PathBuf> {
        if let Some(scratch) = self.scratch.get() {
            return Ok(scratch.folder.path().to_owned());
        }
        crate::store::create_folder(below).map_err(std::io::Error::other)?;
        let folder = tempfile::Builder::new().prefix("session-").tempdir_in(below)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(self.scratch.get_or_init(|| Scratch { folder, _lock: lock }).folder.path().to_owned())
    }

    /// The places of a copy whose index is being written.
    pub(super) fn growing(&self, copy: &Path) -> Option<Arc<File>> {
        self.growing.lock().unwrap_or_else(PoisonError::into_inner).get(copy).cloned()
    }

    /// The places of this copy are being written there from now on. Of two that write them at once the first one has
    /// more of them.
    pub(super) fn grows(&self, copy: &Path, places: &Arc<File>) {
        let mut growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        growing.entry(copy.to_owned()).or_insert_with(|| Arc::clone(places));
    }

    /// They are not any more, unless it is somebody else who writes them.
    pub(super) fn stopped(&self, copy: &Path, places: &Arc<File>) {
        let mut growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        if growing.get(copy).is_some_and(|there| Arc::ptr_eq(there, places)) {
            growing.remove(copy);
        }
    }
}

/// Removes the folders of sessions that ended without removing them.
pub(super) fn sweep_scratch(below: &Path) {
    let Ok(entries) = std::fs::read_dir(below) else { return };
    for entry in entries.flatten() {
        let is_held = match File::open(entry.path().join(LOCK)) {
            Ok(lock) => lock.try_lock().is_err(),
            // A folder without a lock may have been made a moment ago: it is left to the one who made it, or found
            // with a lock later. An empty one can go, and only an empty one.
            Err(_) => std::fs::remove_dir(entry.path()).is_err(),
        };
        if !is_held {
            // What cannot be removed now is tried again the next time.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_session_goes_with_it_and_one_that_was_left_behind_is_swept_away() {
        let cache = tempfile::tempdir().unwrap();
        let (shared, other) = (SharedCopies::default(), SharedCopies::default());
        let [mine, same, others] =
            [&shared, &shared, &other].map(|shared| shared.clone().scratch(cache.path()).unwrap());
        let left = cache.path().join("session-left");
        std::fs::create_dir(&left).unwrap();
        std::fs::write(left.join(LOCK), "").unwrap();
        std::fs::write(left.join("copy.jsonl"), "x").unwrap();
        sweep_scratch(cache.path());
        assert_eq!((&mine, mine.exists(), others.exists(), left.exists()), (&same, true, true, false));
        drop(shared);
        assert_eq!((mine.exists(), others.exists()), (false, true));
    }
}
