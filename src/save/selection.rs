//! Which rows are saved.

use std::collections::HashSet;

/// Which rows to save. Rows that are not selected leave no trace in the manifest.
pub enum Selection {
    /// All of them.
    All,
    /// Those whose key is in the set.
    Keys(HashSet<String>),
    /// Those on these lines, counted from 1. No other row is decoded.
    Lines(HashSet<u64>),
    /// Those that the function takes; it is given the key and the line.
    Matching(Takes),
}

/// Whether a row with this key, on this line, is wanted.
pub type Takes = Box<dyn Fn(Option<&str>, u64) -> bool + Send + Sync>;

impl Selection {
    /// Whether a row with this key, on this line, is wanted.
    pub fn takes(&self, key: Option<&str>, line: u64) -> bool {
        match self {
            Selection::All => true,
            Selection::Keys(keys) => key.is_some_and(|key| keys.contains(key)),
            Selection::Lines(lines) => lines.contains(&line),
            Selection::Matching(takes) => takes(key, line),
        }
    }

    /// Whether a row may be wanted whose key may not have been read yet.
    pub(super) fn may_take(&self, key: Option<&str>, line: u64) -> bool {
        match self {
            Selection::All => true,
            Selection::Lines(lines) => lines.contains(&line),
            Selection::Keys(_) | Selection::Matching(_) => key.is_none_or(|key| self.takes(Some(key), line)),
        }
    }
}
