//! Which plain names are given away, and to whom: of two keys whose names a case-insensitive file system takes for
//! one, none keeps the plain one, whichever of them comes first.

use std::collections::{HashMap, HashSet};
use std::io;

use super::manifest::{Earlier, Record};
use super::name::plain;

/// Marks an owner whose record is not in the manifest yet: the rest is its number in the batch.
const PENDING: u64 = 1 << 63;

/// The plain names of a folder. Other names have a hash of their key in them, and need no book.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By plain name, where the record of the first key begins that would take it; or its number in the batch.
    owners: HashMap<Folded, u64>,
    /// Plain names that more than one key would take.
    contested: HashSet<Folded>,
    /// Records of files that may have a plain name although another key would take it as well.
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
        let Some(first) = self.owners.get(&name).copied() else {
            self.owners.insert(name, at);
            return Ok(());
        };
        if self.contested.contains(&name) {
            self.late.push(at);
        } else if earlier.record_at(first)?.is_some_and(|first| first.key != record.key) {
            // Whichever of them has the plain name, because its run was killed before it could give it up.
            self.contested.insert(name);
            self.late.extend([first, at]);
        }
        Ok(())
    }

    /// Asks for a plain name on behalf of a row of the batch.
    pub(super) fn ask(&mut self, name: Folded, row: usize) -> Owner {
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
    pub(super) fn contest(&mut self, name: Folded, first: Owner) {
        self.contested.insert(name);
        if let Owner::Record(at) = first {
            self.late.push(at);
        }
    }

    /// A row of the batch has its record now.
    pub(super) fn noted(&mut self, name: Folded, at: u64) {
        if self.owners.get(&name).is_some_and(|owner| owner & PENDING != 0) {
            self.owners.insert(name, at);
        }
    }

    /// A row of the batch came to nothing.
    pub(super) fn forget(&mut self, name: Folded) {
        if self.owners.get(&name).is_some_and(|owner| owner & PENDING != 0) {
            self.owners.remove(&name);
        }
    }

    /// The records whose files must give up their plain names, if they have them.
    pub(super) fn take_late(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.late)
    }
}

/// Stands for all plain names that a case-insensitive file system takes for one. Half of what an [`Identity`](super::name::Identity) has,
/// because there is one for every row: two names that came upon the same number by chance would only get a slug each.
pub(super) type Folded = u64;

/// What a plain name, which is ASCII, stands for.
pub(super) fn folded(plain: &str) -> Folded {
    let digest = ring::digest::digest(&ring::digest::SHA256, plain.to_ascii_lowercase().as_bytes());
    Folded::from_le_bytes(digest.as_ref()[..8].try_into().expect("a SHA-256 digest has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_alone_are_one() {
        assert_eq!(folded("Key.wav"), folded("kEY.wav"));
        assert_ne!(folded("key.wav"), folded("key1.wav"));
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
