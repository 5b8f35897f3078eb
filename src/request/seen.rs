//! Keys that were seen before, in little memory however many there are.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

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
    /// It, or one that differs in case alone, very likely stood somewhere: whoever must be sure looks again. Only of
    /// [`Keys::small`].
    Perhaps,
}

/// So many keys are kept with their places when memory counts: what fills sixty-five thousand cells of a hash table.
pub const MOST_WITH_PLACES: usize = if cfg!(test) { 1_000 } else { (1 << 16) / 8 * 7 };

/// The keys of a job, as hashes.
///
/// Two randomly keyed hashes, 64 bits of the folded key and 32 of the key itself: among ten million keys, that two
/// of them share both by chance is less likely than one in ten million millions.
#[derive(Default)]
pub struct Keys {
    hashers: (RandomState, RandomState),
    by_folded: HashMap<u64, First, BuildHasherDefault<Hashed>>,
    // Keys whose folded form was taken by another spelling. Nearly always empty.
    by_exact: HashMap<(u64, u32), KeyPlace>,
    /// What has no place in `by_folded` any more; `None` when all have.
    prints: Option<Prints>,
}

/// The first spelling of a folded key. Packed, because there may be millions.
#[derive(Clone, Copy)]
struct First {
    exact: u32,
    source: u32,
    line: u64,
}

impl Keys {
    /// Keys in so little memory that a source of two gigabytes can be checked: of all but the first fifty-seven
    /// thousand only five bytes each are kept, and nothing of where they stood.
    pub fn small() -> Keys {
        Keys { prints: Some(Prints::default()), ..Keys::default() }
    }

    /// Looks a key up and keeps it.
    pub fn insert(&mut self, key: &str, place: KeyPlace) -> Seen {
        let folded = self.folded(key);
        // The lower half of a hash is as good as the whole.
        let exact = self.hashers.1.hash_one(key) as u32;
        if let Some(first) = self.by_folded.get(&folded).copied() {
            let first_place = KeyPlace { source: first.source, line: first.line };
            if first.exact == exact {
                return Seen::Before(first_place);
            }
            return match self.by_exact.get(&(folded, exact)) {
                Some(earlier) => Seen::Before(*earlier),
                None => {
                    self.by_exact.insert((folded, exact), place);
                    Seen::InOtherCase(first_place)
                }
            };
        }
        match &mut self.prints {
            Some(prints) if self.by_folded.len() >= MOST_WITH_PLACES => match prints.insert(folded) {
                true => Seen::Never,
                false => Seen::Perhaps,
            },
            Some(_) | None => {
                self.by_folded.insert(folded, First { exact, source: place.source, line: place.line });
                Seen::Never
            }
        }
    }

    /// The hash of a key in small letters, made without a copy of it.
    fn folded(&self, key: &str) -> u64 {
        let mut hasher = self.hashers.0.build_hasher();
        for chunk in key.as_bytes().chunks(64) {
            let mut small = [0; 64];
            let small = &mut small[..chunk.len()];
            small.copy_from_slice(chunk);
            small.make_ascii_lowercase();
            hasher.write(small);
        }
        hasher.finish()
    }
}

/// Takes what is a good hash already as it is.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only numbers of 64 bits are hashed here, and those do not come this way.
        self.0 = bytes.iter().fold(self.0, |sum, byte| sum.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Hashes of 52 bits, five bytes for each: twelve bits say in which of many short sorted lists it stands.
///
/// Among eight million, that any two are equal by chance is less than one in a hundred, and costs a second reading.
struct Prints {
    lists: Vec<Vec<[u8; Prints::BYTES]>>,
}

impl Default for Prints {
    fn default() -> Self {
        Prints { lists: vec![Vec::new(); 1 << Prints::LIST_BITS] }
    }
}

impl Prints {
    const LIST_BITS: u32 = 12;
    const BYTES: usize = 5;

    /// Whether it was not there yet.
    fn insert(&mut self, hash: u64) -> bool {
        let list = &mut self.lists[(hash >> (64 - Prints::LIST_BITS)) as usize];
        let mut print = [0; Prints::BYTES];
        print.copy_from_slice(&(hash << Prints::LIST_BITS).to_be_bytes()[..Prints::BYTES]);
        let Err(at) = list.binary_search(&print) else { return false };
        if list.len() == list.capacity() {
            // By a little at a time: twice the room would often be twice the memory.
            list.reserve_exact(list.len() / 16 + 16);
        }
        list.insert(at, print);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn very_many_keys_are_known_again_without_their_places() {
        let mut keys = Keys::small();
        let most = MOST_WITH_PLACES as u64;
        let place = |line| KeyPlace { source: 0, line };
        for line in 0..most + 100_000 {
            assert_eq!(keys.insert(&format!("Key-{line}"), place(line)), Seen::Never, "{line}");
        }
        assert_eq!(keys.insert("Key-7", place(0)), Seen::Before(place(7)));
        assert_eq!(keys.insert("KEY-7", place(1)), Seen::InOtherCase(place(7)));
        for line in (most..most + 100_000).step_by(1_000) {
            assert_eq!(keys.insert(&format!("Key-{line}"), place(line)), Seen::Perhaps, "{line}");
            assert_eq!(keys.insert(&format!("key-{line}"), place(line)), Seen::Perhaps, "{line}");
        }
        assert_eq!(keys.insert("Key-new", place(0)), Seen::Never);
    }
}
