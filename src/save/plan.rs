//! A first look at a results file: which keys stand in it, which names they share, and how to share out the lines.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use super::name::{Identity, plain};
use crate::results::{Row, Sink};

/// A thread takes so many bytes at once, and the lines that begin in them.
const PIECE_BYTES: u64 = 8 * 1024 * 1024;

/// Some lines of a file, or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub line: u64,
    pub offset: u64,
    pub length: u64,
}

/// Collects keys, but nothing of their size.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// By plain name, the first key that would take it.
    by_name: HashMap<Identity, Identity>,
    /// Keys without a plain name, and keys that are not the first to want theirs.
    others: HashSet<Identity>,
    contested: HashSet<Identity>,
    starts: Vec<(u64, u64)>,
    later: Vec<Piece>,
}

impl Plan {
    /// The pieces of a file of this size, and the rows that must wait for an earlier one with the same key.
    pub(super) fn share_out(&mut self, bytes: u64) -> (Vec<Piece>, Vec<Piece>) {
        let ends = self.starts.iter().skip(1).map(|(_, offset)| *offset).chain([bytes]);
        let piece = |(&(line, offset), end): (&(u64, u64), u64)| Piece { line, offset, length: end - offset };
        (self.starts.iter().zip(ends).map(piece).collect(), std::mem::take(&mut self.later))
    }

    /// The plain names that more than one key would take.
    pub(super) fn into_contested(self) -> HashSet<Identity> {
        self.contested
    }
}

impl Sink for Plan {
    type Error = Infallible;

    fn wants_audio(&mut self, _key: Option<&str>, _line: u64) -> bool {
        false
    }

    fn audio(&mut self, _samples: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }

    fn row(&mut self, row: Row) -> Result<(), Infallible> {
        if self.starts.last().is_none_or(|(_, offset)| row.offset >= offset + PIECE_BYTES) {
            self.starts.push((row.line, row.offset));
        }
        let Some(key) = &row.key else { return Ok(()) };
        let identity = Identity::of(Some(key), row.line);
        let is_new = match plain(key).map(|name| Identity::of_name(&name)) {
            None => self.others.insert(identity),
            Some(name) => match self.by_name.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(identity);
                    true
                }
                Entry::Occupied(first) if *first.get() == identity => false,
                Entry::Occupied(_) => {
                    self.contested.insert(name);
                    self.others.insert(identity)
                }
            },
        };
        if !is_new {
            self.later.push(Piece { line: row.line, offset: row.offset, length: row.length });
        }
        Ok(())
    }
}
