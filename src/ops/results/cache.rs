//! The room that kept copies take: what was not used for long goes, and what was used last stays.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::ops::Copies;
use crate::store::Store;

/// What the files of one copy end on: the copy, the part of one, where it is from, and its index.
const ENDINGS: [&str; 6] = ["jsonl", "json", "part", "origin", "rows", "places"];

/// A file that belongs to no copy was left behind by a kill, if it is so old.
const STRAY_HOURS: i64 = 24;

/// The lock that is held by whoever makes the copy of that name.
pub(super) fn lock_name(id: &str) -> String {
    format!("results-{id}")
}

/// The files of one copy.
#[derive(Debug, Default)]
struct Group {
    files: Vec<PathBuf>,
    bytes: u64,
    /// When the latest of them was written: the last use, as each use writes to one of them.
    used: Timestamp,
}

/// Removes copies that were not used for as long as is allowed, and then the ones that were not used for longest until
/// the others have room. The copy `mine` stays, as does every one whose lock is held.
pub(super) fn sweep(folder: &Path, store: &Store, copies: &Copies, now: Timestamp, mine: &str) -> io::Result<()> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries.flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let written = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok()).unwrap_or(now);
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.rsplit_once('.')).filter(|(_, ending)| ENDINGS.contains(ending));
        match id {
            Some((id, _)) => {
                let group = groups.entry(id.to_owned()).or_default();
                group.files.push(entry.path());
                group.bytes = group.bytes.saturating_add(metadata.len());
                group.used = group.used.max(written);
            }
            None if metadata.is_file() && now.duration_since(written).as_hours() >= STRAY_HOURS => {
                // What cannot be removed now is tried again the next time.
                let _ = fs::remove_file(entry.path());
            }
            None => {}
        }
    }
    let mut taken = groups.values().fold(0_u64, |taken, group| taken.saturating_add(group.bytes));
    let mut oldest_first: Vec<(String, Group)> = groups.into_iter().filter(|(id, _)| id != mine).collect();
    oldest_first.sort_by_key(|(_, group)| group.used);
    for (id, group) in oldest_first {
        let is_old = now.duration_since(group.used).as_hours() >= 24 * i64::from(copies.days);
        if !is_old && taken <= copies.max_bytes {
            break;
        }
        // Whoever holds the lock is making that copy.
        let Ok(_lock) = store.lock(&lock_name(&id), "the kept copy of the results") else { continue };
        for file in &group.files {
            let _ = fs::remove_file(file);
        }
        taken = taken.saturating_sub(group.bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const HOUR: u64 = 3_600;

    struct Cache {
        folder: tempfile::TempDir,
        store: Store,
        now: Timestamp,
    }

    impl Cache {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("results")).unwrap();
            let store = Store::open(&folder.path().join("state")).unwrap();
            Cache { folder, store, now: "2026-11-20T12:00:00Z".parse().unwrap() }
        }

        fn results(&self) -> PathBuf {
            self.folder.path().join("results")
        }

        /// A file of a hundred bytes that was written so many hours ago.
        fn file(&self, name: &str, hours_ago: u64) {
            let path = self.results().join(name);
            fs::write(&path, [0; 100]).unwrap();
            let written = self.now - Duration::from_secs(hours_ago * HOUR);
            fs::File::options().append(true).open(path).unwrap().set_modified(written.into()).unwrap();
        }

        fn swept(&self, max_bytes: u64) -> Vec<String> {
            let copies = Copies { max_bytes, days: 30, keep: true };
            sweep(&self.results(), &self.store, &copies, self.now, "mine").unwrap();
            let names =
                fs::read_dir(self.results()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<String> = names.collect();
            names.sort();
            names
        }
    }

    #[test]
    fn the_copies_that_were_not_used_for_longest_go_until_the_others_have_room() {
        let cache = Cache::new();
        for (name, hours_ago) in [
            ("a.jsonl", 9),
            ("a.origin", 1),
            ("b.jsonl", 5),
            ("b.origin", 5),
            ("b.rows", 4),
            ("b.places", 4),
            ("c.json", 3),
            ("mine.jsonl", 20),
        ] {
            cache.file(name, hours_ago);
        }
        assert_eq!(cache.swept(800).len(), 8, "what has room stays");
        assert_eq!(cache.swept(799), ["a.jsonl", "a.origin", "c.json", "mine.jsonl"]);
        assert_eq!(cache.swept(300), ["a.jsonl", "a.origin", "mine.jsonl"]);
        assert_eq!(cache.swept(0), ["mine.jsonl"], "the one that was just made stays, however large it is");
    }

    #[test]
    fn a_copy_that_is_being_made_stays() {
        let cache = Cache::new();
        cache.file("a.part", 40 * 24);
        cache.file("b.part", 2);
        let lock = cache.store.lock(&lock_name("a"), "a").unwrap();
        assert_eq!(cache.swept(0), ["a.part"]);
        drop(lock);
        assert_eq!(cache.swept(1_000), [""; 0], "and goes when nobody is at it any more and it is old");
    }

    #[test]
    fn age_is_counted_from_the_last_use_and_strays_go_after_a_day() {
        let cache = Cache::new();
        for (name, hours_ago) in [
            ("old.jsonl", 31 * 24),
            ("old.rows", 30 * 24),
            ("used.jsonl", 31 * 24),
            ("used.origin", 2),
            (".tmpA.index", 25),
            (".tmpB.index", 23),
        ] {
            cache.file(name, hours_ago);
        }
        assert_eq!(cache.swept(10_000), [".tmpB.index", "used.jsonl", "used.origin"]);
    }
}
