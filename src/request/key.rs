//! Keys: which are file names already, and which were seen before.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// Whether a key can be a file name on every system, with `.wav` behind it.
///
/// The rule of saved files: `A–Z a–z 0–9 . _ -`, no dot or dash in front, no dot at the end, 120 bytes with the
/// ending, and no name of a device.
pub fn is_portable(key: &str) -> bool {
    const MOST: usize = 120 - ".wav".len();
    let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    plain
        && (1..=MOST).contains(&key.len())
        && !key.starts_with(['.', '-'])
        && !key.ends_with('.')
        && !is_device(key.split('.').next().unwrap_or_default())
}

fn is_device(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let numbered =
        |device| name.strip_prefix(device).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit());
    matches!(name.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

/// Where a key stood first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPlace {
    /// The number of the source, from 0.
    pub source: u32,
    /// The line in it, from 1.
    pub line: u64,
}

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing yet.
    Never,
    /// It stood there already.
    Before(KeyPlace),
    /// It stood there in other upper and lower case.
    InOtherCase(KeyPlace),
}

/// The keys of a job, as hashes: some thirty bytes for a key of any length.
///
/// Two randomly keyed hashes, 64 bits of the folded key and 32 of the key itself: among ten million keys, that two
/// of them share both by chance is less likely than one in ten million millions.
#[derive(Default)]
pub struct Keys {
    hashers: (RandomState, RandomState),
    by_folded: HashMap<u64, First>,
    // Keys whose folded form was taken by another spelling. Nearly always empty.
    by_exact: HashMap<(u64, u32), KeyPlace>,
}

/// The first spelling of a folded key. Packed, because there may be millions.
#[derive(Clone, Copy)]
struct First {
    exact: u32,
    source: u32,
    line: u64,
}

impl Keys {
    /// Looks a key up and keeps it.
    pub fn insert(&mut self, key: &str, place: KeyPlace) -> Seen {
        let folded = match key.bytes().any(|b| b.is_ascii_uppercase()) {
            true => self.hashers.0.hash_one(&*key.to_ascii_lowercase()),
            false => self.hashers.0.hash_one(key),
        };
        // The lower half of a hash is as good as the whole.
        let exact = self.hashers.1.hash_one(key) as u32;
        let Some(first) = self.by_folded.get(&folded).copied() else {
            self.by_folded.insert(folded, First { exact, source: place.source, line: place.line });
            return Seen::Never;
        };
        let first_place = KeyPlace { source: first.source, line: first.line };
        if first.exact == exact {
            return Seen::Before(first_place);
        }
        match self.by_exact.get(&(folded, exact)) {
            Some(earlier) => Seen::Before(*earlier),
            None => {
                self.by_exact.insert((folded, exact), place);
                Seen::InOtherCase(first_place)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_for_every_system_are_portable() {
        for good in ["ch01-0001", "a", "A.b_c-d", "com", "com10", "console", "1", &"x".repeat(116)] {
            assert!(is_portable(good), "{good}");
        }
        let bad =
            ["", ".", "..", ".a", "-a", "a.", "a/b", "a b", "é", "CON", "nul.wav", "com1", "LPT9.x", "a:b", "a\0"];
        for bad in bad.into_iter().chain([&*"x".repeat(117)]) {
            assert!(!is_portable(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_key_is_known_again_in_any_case() {
        let mut keys = Keys::default();
        let place = |line| KeyPlace { source: 0, line };
        let story = [
            ("A", Seen::Never),
            ("a", Seen::InOtherCase(place(1))),
            ("a", Seen::Before(place(2))),
            ("A", Seen::Before(place(1))),
            ("b", Seen::Never),
            ("b", Seen::Before(place(5))),
            ("", Seen::Never),
        ];
        for (at, (key, seen)) in story.into_iter().enumerate() {
            assert_eq!(keys.insert(key, place(at as u64 + 1)), seen, "{key} in line {}", at + 1);
        }
    }
}
