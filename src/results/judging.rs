//! By what results are judged: the limits, and the lengths of the texts that were to be spoken, where they are known.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::audio::{Letters, Limits};

/// What a parser judges by. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Judging {
    /// The thresholds.
    pub limits: Limits,
    /// The texts of the job; `None` for jobs and files of others.
    pub texts: Option<Arc<Texts>>,
}

impl Judging {
    /// How long the text of a key is, when it is known.
    pub(super) fn letters(&self, key: Option<&str>) -> Option<Letters> {
        let texts = self.texts.as_deref()?;
        Some(texts.get(texts.find(key?)?)?.letters)
    }
}

/// The lengths of the texts of a job, in the order of its requests. About 50 bytes for each of them, whatever its key:
/// of the keys only hashes are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    all: Vec<Text>,
    by_key: HashMap<KeyHash, u32>,
    groups: HashMap<Box<str>, u16>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// How long it is.
    pub letters: Letters,
    /// Texts of one group are spoken alike, in one voice and language. Counted from 0.
    pub group: u16,
}

impl Texts {
    /// Takes the next request: its key, how long its text is, and the voice and language in which it is spoken.
    pub fn push(&mut self, key: &str, letters: Letters, manner: &str) {
        // So many manners in one job are no sets any more; the last one takes all others.
        let next = self.groups.len().min(usize::from(u16::MAX)) as u16;
        let group = match self.groups.get(manner) {
            Some(known) => *known,
            None => *self.groups.entry(manner.into()).or_insert(next),
        };
        let at = self.all.len() as u32;
        self.all.push(Text { letters, group });
        self.by_key.entry(KeyHash::of(key)).or_insert(at);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The number of the request with this key, counted from 0.
    pub fn find(&self, key: &str) -> Option<u32> {
        self.find_hash(KeyHash::of(key))
    }

    pub(super) fn find_hash(&self, key: KeyHash) -> Option<u32> {
        self.by_key.get(&key).copied()
    }

    /// The text of the request of this number, counted from 0.
    pub fn get(&self, number: u32) -> Option<Text> {
        self.all.get(number as usize).copied()
    }
}

/// Stands for a key: two of a hundred thousand keys have the same once in four thousand million jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct KeyHash(u64);

impl KeyHash {
    pub(super) fn of(key: &str) -> KeyHash {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        KeyHash(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_by_its_key_and_by_its_number() {
        let mut texts = Texts::default();
        let letters = |most| Letters { least: most, most };
        for (at, manner) in ["Kore en", "Puck en", "Kore en"].into_iter().enumerate() {
            texts.push(&format!("k{at}"), letters(at as u32), manner);
        }
        texts.push("k1", letters(9), "Kore en");
        assert_eq!((texts.len(), texts.find("k1"), texts.find("k7")), (4, Some(1), None));
        assert_eq!(texts.get(1), Some(Text { letters: letters(1), group: 1 }));
        assert_eq!(texts.get(2).map(|text| text.group), Some(0));
        let judging = Judging { texts: Some(Arc::new(texts)), ..Judging::default() };
        assert_eq!(judging.letters(Some("k2")), Some(letters(2)));
        assert_eq!((judging.letters(None), judging.letters(Some("x"))), (None, None));
        assert_eq!(Judging::default().letters(Some("k2")), None);
    }
}
