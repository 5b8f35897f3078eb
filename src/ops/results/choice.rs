//! Which results are wanted: all, those of some keys, or those on some lines. Pure.

use std::collections::HashSet;

use regex::RegexSet;

use crate::failure::{Exit, Failure};
use crate::save::Selection;

use super::KeyChoice;

/// Which rows are wanted, checked.
pub(super) enum Takes {
    All,
    Keys(RegexSet),
    Lines(HashSet<u64>),
}

impl Takes {
    pub(super) fn new(keys: &KeyChoice) -> Result<Self, Failure> {
        Ok(match keys {
            KeyChoice::All => Takes::All,
            KeyChoice::Lines(lines) => Takes::Lines(lines.iter().copied().collect()),
            KeyChoice::Globs(globs) => {
                let patterns = globs.iter().map(|glob| pattern(glob));
                let set = RegexSet::new(patterns)
                    .map_err(|_| Failure::with_exit(Exit::Usage, "the patterns for keys are too many or too long"))?;
                Takes::Keys(set)
            }
        })
    }

    pub(super) fn selection(self) -> Selection {
        match self {
            Takes::All => Selection::All,
            Takes::Keys(set) => Selection::Matching(Box::new(move |key, _| key.is_some_and(|key| set.is_match(key)))),
            Takes::Lines(lines) => Selection::Lines(lines),
        }
    }
}

/// A glob as a regular expression for the whole key.
fn pattern(glob: &str) -> String {
    let mut pattern = String::from("(?s)^");
    for c in glob.chars() {
        match c {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            c => pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push('$');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_keys() {
        let takes = |globs: &[&str], key: &str| {
            let globs = globs.iter().map(|glob| (*glob).to_owned()).collect();
            match Takes::new(&KeyChoice::Globs(globs)).unwrap().selection() {
                Selection::Matching(takes) => takes(Some(key), 1),
                Selection::All | Selection::Keys(_) | Selection::Lines(_) => panic!("globs match"),
            }
        };
        assert!(takes(&["ch01-*"], "ch01-0042") && takes(&["x", "a?c"], "abc") && takes(&["*"], "a\nb"));
        assert!(!takes(&["ch01"], "ch01-0042") && !takes(&["a.c"], "abc") && !takes(&["a?c"], "ac"));
    }
}
