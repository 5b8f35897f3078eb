//! Which plain names are given away, and to whom: of two keys whose names a case-insensitive file system takes for
//! one, none keeps the plain one, whichever of them comes first.

use std::collections::{HashMap, HashSet};
use std::io;

use super::manifest::{Earlier, Record};
use super::name::{Identity, plain};

/// Marks an owner whose record is not in the manifest yet: the rest is its number in the batch.
const PENDING: u64 = 1 << 63;

/// The plain names of a folder. Other names have a hash of their key in them, and need no book.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By plain name, where the record of the first key begins that would take it; or its number in the batch.
    owners: HashMap<Identity, u64>,
    /// Plain names that more than one key would take.
    contested: HashSet<Identity>,
    /// Records of files that have a plain name although another key would take it as well.
    late: Vec<u64>,
}

/// Who has a plain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Nobody: it is given to whoever asked.
    Nobody,
    /// Several keys would take it: none gets it.
    Several,
    /// A row of the same batch.
    Row(usize),
    /// The key of the record at this place of the manifest.
    Record(u64),
}

impl Names {
    /// Learns what an earlier run has noted.
    pub(super) fn learn(&mut self, record: &Record, at: u64, earlier: &Earlier) -> io::Result<()> {
        let Some(name) = record.key.as_deref().and_then(plain) else { return Ok(()) };
        let name = folded(&name);
        match self.owners.get(&name) {
            None => {
                self.owners.insert(name, at);
            }
            Some(first) => {
                if earlier.record_at(*first)?.is_some_and(|first| first.key != record.key) {
                    self.contested.insert(name);
                }
            }
        }
        Ok(())
    }

    /// Asks for a plain name on behalf of a row of the batch.
    pub(super) fn ask(&mut self, name: Identity, row: usize) -> Owner {
        if self.contested.contains(&name) {
            return Owner::Several;
        }
        match self.owners.get(&name) {
            Some(owner) if owner & PENDING == 0 => Owner::Record(*owner),
            Some(owner) => Owner::Row(usize::try_from(owner & !PENDING).expect("a batch fits into memory")),
            None => {
                self.owners.insert(name, PENDING | row as u64);
                Owner::Nobody
            }
        }
    }

    /// Another key would take the name as well. The first one loses it, at the latest when the run ends.
    pub(super) fn contest(&mut self, name: Identity, first: Owner) {
        self.contested.insert(name);
        if let Owner::Record(at) = first {
            self.late.push(at);
        }
    }

    /// A row of the batch has its record now.
    pub(super) fn noted(&mut self, name: Identity, at: u64) {
        if self.owners.get(&name).is_some_and(|owner| owner & PENDING != 0) {
            self.owners.insert(name, at);
        }
    }

    /// A row of the batch came to nothing.
    pub(super) fn forget(&mut self, name: Identity) {
        if self.owners.get(&name).is_some_and(|owner| owner & PENDING != 0) {
            self.owners.remove(&name);
        }
    }

    /// The records whose files must give up their plain names.
    pub(super) fn take_late(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.late)
    }
}

/// The identity of a plain name, which is ASCII: the same as [`Identity::of_name`], with less work.
pub(super) fn folded(plain: &str) -> Identity {
    Identity::of_text(&plain.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_fold_as_all_names_do() {
        for key in ["Key", "ch01-0001", "A.b_C"] {
            let name = plain(key).unwrap();
            assert_eq!(folded(&name), Identity::of_name(&name));
        }
    }

    #[test]
    fn the_first_owner_of_a_contested_name_is_known() {
        let mut names = Names::default();
        let name = folded("key.wav");
        assert_eq!(names.ask(name, 3), Owner::Nobody);
        assert_eq!(names.ask(name, 4), Owner::Row(3));
        names.noted(name, 700);
        assert_eq!(names.ask(name, 0), Owner::Record(700));
        names.contest(name, Owner::Record(700));
        assert_eq!(names.ask(name, 0), Owner::Several);
        assert_eq!((names.take_late(), names.take_late()), (vec![700], vec![]));
    }
}
