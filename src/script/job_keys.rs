//! One key for every request of a job: what was used before, and what becomes of a key that was.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use super::reading::{Preparation, Reading};
use crate::request::{Checked, KeyPlace, Keys, Problem, Seen, rules};
use crate::text::{clean_short, thousands};

/// So many keys wait for a second look; by then nobody doubts that keys are used twice.
const MOST_SUSPECTS: usize = 10_000;

/// The keys of a job.
#[derive(Default)]
pub(super) struct JobKeys {
    seen: Keys,
    /// The last number behind a key that is used more than once, by its hash.
    numbers: HashMap<u64, u32>,
    hasher: RandomState,
    /// Keys in small letters that are very likely used twice.
    suspects: HashSet<String>,
}

impl JobKeys {
    /// Keys in little memory, for sources that can be read again when one of them is in doubt.
    pub(super) fn small() -> Self {
        JobKeys { seen: Keys::small(), ..JobKeys::default() }
    }

    /// Looks a key up and keeps it.
    pub(super) fn insert(&mut self, source: usize, line: u64, key: &str) -> Seen {
        self.seen.insert(key, KeyPlace { source: source as u32, line })
    }

    /// Keys in small letters whose sources have to be read again to be sure.
    pub(super) fn take_suspects(&mut self) -> HashSet<String> {
        std::mem::take(&mut self.suspects)
    }

    /// The key with the first number behind it that makes it new.
    fn numbered(&mut self, source: usize, line: u64, key: &str) -> String {
        let base = self.hasher.hash_one(key);
        loop {
            let n = self.numbers.entry(base).or_insert(1);
            *n += 1;
            let numbered = format!("{key}-{n}");
            match self.insert(source, line, &numbered) {
                Seen::Never => return numbered,
                Seen::Before(_) | Seen::InOtherCase(_) | Seen::Perhaps => {}
            }
        }
    }
}

impl Preparation<'_> {
    /// Looks the key of a request up, unless somebody did. One that was used before gets a number behind it where that
    /// fix is on.
    pub(super) fn one_key(
        &mut self,
        reading: &Reading,
        line: u64,
        checked: &mut Checked,
        seen: Option<Seen>,
    ) -> Option<Problem> {
        let key = checked.key.as_deref()?;
        // A request that is left out is none, so that its key is free.
        if checked.is_left_out {
            return None;
        }
        let seen = seen.unwrap_or_else(|| self.keys.insert(reading.number, line, key));
        let problem = self.judge(reading, key, seen)?;
        if problem.rule != &rules::DUPLICATE_KEY || !self.options.fixes.has(problem.rule) {
            return Some(problem);
        }
        let numbered = self.keys.numbered(reading.number, line, key);
        if let Some(request) = &mut checked.line {
            request["key"] = numbered.as_str().into();
        }
        let problem = problem.fixed(format!("the key is {} now", short(&numbered)));
        checked.key = Some(numbered);
        Some(problem)
    }

    fn judge(&mut self, reading: &Reading, key: &str, seen: Seen) -> Option<Problem> {
        let place = |place: KeyPlace| match place.source as usize == reading.number {
            true => format!(" (line {})", thousands(place.line)),
            false => format!(" ({}, line {})", self.names[place.source as usize], thousands(place.line)),
        };
        let twice = |place: String| {
            let problem = Problem::new(&rules::DUPLICATE_KEY, format!("key is used twice{place}"));
            problem.fix("give every request a key of its own")
        };
        match seen {
            Seen::Never => None,
            Seen::Before(first) => Some(twice(place(first))),
            Seen::InOtherCase(first) => {
                let message = format!("the key differs only in case from another{}", place(first));
                Some(Problem::new(&rules::KEY_DIFFERS_IN_CASE, message))
            }
            // With the fix on, a number behind a key that needs none does no harm.
            Seen::Perhaps if self.options.fixes.has(&rules::DUPLICATE_KEY) => Some(twice(String::new())),
            Seen::Perhaps if self.keys.suspects.len() >= MOST_SUSPECTS => Some(twice(String::new())),
            Seen::Perhaps => {
                self.keys.suspects.insert(key.to_ascii_lowercase());
                None
            }
        }
    }
}

pub(super) fn short(name: &str) -> String {
    clean_short(name, 60)
}
