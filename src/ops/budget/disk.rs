//! Room on disks: what saving will need, what is free, and what others of this process have been promised.
//!
//! The ledger is pure; one function asks the system.

use std::collections::HashMap;
use std::path::Path;

/// A file system, and what this user may still write to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Tells it from the others of this machine.
    pub id: u64,
    /// In bytes.
    pub free: u64,
}

/// The audio in results of that size: base64 is four characters for three bytes, and each file has a header of 44.
pub(in crate::ops) fn audio_in(results: u64, rows: Option<u64>) -> u64 {
    (results / 4 * 3).saturating_add(rows.unwrap_or(0).saturating_mul(44))
}

/// The disk that a folder lies on, or will lie on once it is made. `None` where the system does not tell.
#[cfg(unix)]
pub(super) fn look(folder: &Path) -> Option<Disk> {
    use std::os::unix::fs::MetadataExt;
    let absolute = std::path::absolute(folder).ok()?;
    let there = absolute.ancestors().find(|folder| folder.exists())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(Disk { id: std::fs::metadata(there).ok()?.dev(), free: disk.f_bavail.saturating_mul(disk.f_frsize) })
}

#[cfg(not(unix))]
pub(super) fn look(_: &Path) -> Option<Disk> {
    None
}

/// Who was promised how much.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    last: u64,
    promises: HashMap<u64, Promise>,
}

#[derive(Debug)]
struct Promise {
    disk: u64,
    left: u64,
}

impl Ledger {
    /// Promises room and gives the number of the promise; else tells how much there is that nobody was promised.
    pub(super) fn promise(&mut self, disk: Disk, bytes: u64) -> Result<u64, u64> {
        let promised = self.promises.values().filter(|promise| promise.disk == disk.id);
        let have = disk.free.saturating_sub(promised.fold(0, |sum: u64, promise| sum.saturating_add(promise.left)));
        if bytes > have {
            return Err(have);
        }
        self.last += 1;
        self.promises.insert(self.last, Promise { disk: disk.id, left: bytes });
        Ok(self.last)
    }

    /// So much is still to be written: what is written already is seen on the disk itself. Never grows again.
    pub(super) fn left(&mut self, number: u64, left: u64) {
        if let Some(promise) = self.promises.get_mut(&number) {
            promise.left = promise.left.min(left);
        }
    }

    /// How much of a promise is still to be written.
    pub(super) fn of(&self, number: u64) -> Option<u64> {
        self.promises.get(&number).map(|promise| promise.left)
    }

    /// The promise is over.
    pub(super) fn end(&mut self, number: u64) {
        self.promises.remove(&number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_is_three_quarters_and_a_header_each() {
        assert_eq!(audio_in(770_000_000, Some(2_000)), 577_588_000);
        assert_eq!(audio_in(1_000, None), 750);
        assert_eq!(audio_in(u64::MAX, Some(u64::MAX)), u64::MAX);
    }

    #[test]
    fn room_is_promised_once_and_for_each_disk_alone() {
        let mut ledger = Ledger::default();
        let small = |free| Disk { id: 1, free };
        let first = ledger.promise(small(100), 60).unwrap();
        assert_eq!(ledger.promise(small(100), 50), Err(40));
        assert!(ledger.promise(Disk { id: 2, free: 50 }, 50).is_ok(), "another disk has room of its own");
        // Half of it is written: the disk shows it, and the promise holds the other half.
        ledger.left(first, 30);
        assert_eq!(ledger.promise(small(70), 50), Err(40));
        ledger.left(first, 60);
        assert_eq!(ledger.promise(small(70), 50), Err(40), "what was written does not come back");
        let second = ledger.promise(small(70), 40).unwrap();
        ledger.end(first);
        assert_eq!(ledger.promise(small(40), 1), Err(0));
        ledger.end(second);
        assert!(ledger.promise(small(40), 40).is_ok());
    }

    #[test]
    fn a_disk_that_others_filled_meanwhile_has_no_room_and_not_less() {
        let mut ledger = Ledger::default();
        ledger.promise(Disk { id: 1, free: 100 }, 100).unwrap();
        assert_eq!(ledger.promise(Disk { id: 1, free: 10 }, 1), Err(0));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_not_there_yet_lies_where_it_will_be_made() {
        let folder = tempfile::tempdir().unwrap();
        let there = look(folder.path()).unwrap();
        let made_later = look(&folder.path().join("a/b/c")).unwrap();
        assert_eq!(there.id, made_later.id);
    }
}
