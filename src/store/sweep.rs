//! What killed programs leave in the state folder, and its removal.
//!
//! Only files of ours go, by their names; only those that nobody can be using any more go; and nothing of it can be needed
//! again: a journal is never among them.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Error, Store, files};

/// Temporary files and prepared requests are swept after so many hours, and so are locks that nobody holds.
const STRAY_HOURS: i64 = 24;

/// The requests of jobs are kept for so many hours.
const REQUESTS_HOURS: i64 = 30 * 24;

/// What is known of clips is kept for so many hours after their folder was gone, as it may lie on a disk that comes back.
const CLIPS_HOURS: i64 = 90 * 24;

impl Store {
    /// Removes what was left behind: temporary files, prepared requests, locks and uploads of more than a day ago,
    /// requests that were kept for a month, and what is known of clips whose folder has been gone for long.
    ///
    /// While another process holds a lock, what it may be writing stays.
    pub fn sweep(&self, now: Timestamp) -> Result<(), Error> {
        self.sweep_uploads(now)?;
        self.sweep_contents(now, CLIPS_HOURS);
        files::sweep(&self.folder().join("requests"), now, REQUESTS_HOURS)?;
        let us = format!("process {} ", std::process::id());
        if self.holders().iter().any(|holder| !holder.who.starts_with(&us)) {
            return Ok(());
        }
        for path in self.left_behind(now) {
            // What cannot be removed now is tried again the next time.
            let _ = fs::remove_file(path);
        }
        self.sweep_locks(now);
        files::sweep(&self.prepared_folder(), now, STRAY_HOURS)
    }

    /// Temporary files that were last written to more than a day ago: their writers were killed.
    pub fn left_behind(&self, now: Timestamp) -> Vec<PathBuf> {
        let below = ["documents", "contents", "uploads", "prepared", "requests"].map(|name| self.folder().join(name));
        let campaigns = files::paths_in(&self.folder().join("campaigns"));
        let folders = [self.folder().to_owned()].into_iter().chain(below).chain(campaigns);
        let mut found: Vec<PathBuf> = folders
            .flat_map(|folder| files::paths_in(&folder))
            .filter(|path| is_temporary(path) && is_old(path, now, STRAY_HOURS))
            .collect();
        found.sort();
        found
    }

    /// A program that is killed frees its lock and leaves its file.
    fn sweep_locks(&self, now: Timestamp) {
        for path in files::paths_in(&self.folder().join("locks")) {
            let id = path.file_stem().and_then(|stem| stem.to_str()).filter(|id| *id != "salt");
            if let Some(id) = id.filter(|_| is_old(&path, now, STRAY_HOURS)) {
                // Whoever takes it removes it when they are done.
                drop(self.lock(id, "a lock"));
            }
        }
    }
}

/// By its name.
fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with('.') && name.ends_with(".part"))
}

/// Whether it is a file, and was last written to so many hours ago.
fn is_old(path: &Path, now: Timestamp, hours: i64) -> bool {
    let written = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file).and_then(|file| file.modified().ok());
    let written = written.and_then(|time| Timestamp::try_from(time).ok());
    written.is_some_and(|written| now.duration_since(written).as_hours() >= hours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Contents;

    fn later(hours: i64) -> Timestamp {
        // The files of a test are of this moment, by the clock of the disk.
        let folder = tempfile::tempdir().unwrap();
        let written = fs::metadata(folder.path()).unwrap().modified().unwrap();
        Timestamp::try_from(written).unwrap() + jiff::SignedDuration::from_hours(hours)
    }

    #[test]
    fn temporary_files_and_free_locks_go_after_a_day_and_strangers_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        fs::create_dir(folder.path().join("campaigns/C1")).unwrap();
        let ours = [".a.part", "documents/.b.part", "uploads/.c.part", "prepared/.tmpd.part", "campaigns/C1/.e.part"];
        let others = ["notes.part", ".hidden", "documents/draft.json", "campaigns/C1/0001.jsonl", "intents.jsonl"];
        for name in ours.iter().chain(&others) {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("notes.part"), folder.path().join(".link.part")).unwrap();
        fs::write(folder.path().join("locks/create-ab.lock"), "process 1 on a machine").unwrap();
        let is_there = |name: &&&str| folder.path().join(name).exists();

        store.sweep(later(23)).unwrap();
        assert_eq!(ours.iter().filter(is_there).count(), ours.len());
        assert_eq!(store.left_behind(later(25)).len(), ours.len());

        store.sweep(later(25)).unwrap();
        assert_eq!(ours.iter().filter(is_there).count(), 0);
        assert_eq!(others.iter().filter(is_there).count(), others.len());
        assert!(!folder.path().join("locks/create-ab.lock").exists());
        #[cfg(unix)]
        assert!(folder.path().join(".link.part").exists(), "a link is none of ours");
    }

    #[test]
    fn a_lock_that_is_held_is_not_swept() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let _held = store.lock("create-ab", "a create").unwrap();
        store.sweep(later(48)).unwrap();
        assert!(store.is_locked("create-ab"));
        assert!(store.lock("create-ab", "a create").is_err(), "it is still the same lock");
    }

    #[test]
    fn what_is_known_of_clips_goes_long_after_their_folder() {
        let (state, saved) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::open(state.path()).unwrap();
        let at = later(0);
        let here = Contents::new("https://h", "m", "batches/a", saved.path().to_owned(), at);
        let gone = Contents::new("https://h", "m", "batches/b", saved.path().join("gone"), at);
        for contents in [&here, &gone] {
            store.remember_clips(contents, std::iter::empty()).unwrap();
        }
        let left = |hours: i64| {
            store.sweep(later(hours)).unwrap();
            (store.remembers_clips(&here), store.remembers_clips(&gone))
        };
        assert_eq!(left(CLIPS_HOURS - 1), (true, true));
        assert_eq!(left(CLIPS_HOURS + 1), (true, false));
    }
}
