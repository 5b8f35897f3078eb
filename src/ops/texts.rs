//! The texts of a job that was created on this machine: their beginnings for screens and searches, and their lengths
//! for those who judge what was spoken.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::failure::Failure;
use crate::job::Job;
use crate::results::Texts as Lengths;
use crate::script::{each_source_text, each_spoken};
use crate::store::Store;

use super::Session;
use super::session::on_disk;

/// The beginning of a text, and who speaks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextHead<'a> {
    /// At most 200 characters, cleaned.
    pub text: &'a str,
    /// The voice, when one is given.
    pub voice: Option<&'a str>,
}

/// The beginnings of the texts of a job, by key, in few and large pieces of memory: for a hundred thousand keys every
/// string of its own would cost more than what it says.
#[derive(Clone, Default, PartialEq)]
pub struct Texts {
    /// Keys and texts, one behind the other.
    bytes: String,
    heads: Vec<Head>,
    voices: Vec<String>,
    /// The heads in the order of their keys.
    by_key: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq)]
struct Head {
    /// Where its key begins, its text, and where that ends.
    at: [usize; 3],
    /// Which voice; none behind the last one.
    voice: u32,
}

impl Texts {
    /// Whether no text is known.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        *self = Texts::default();
    }

    /// What a key says.
    pub fn get(&self, key: &str) -> Option<TextHead<'_>> {
        self.head(self.find(key, usize::MAX)?)
    }

    /// Where what a key says is found. It is looked for first where it is likely to be.
    pub fn find(&self, key: &str, likely: usize) -> Option<usize> {
        if self.key(likely) == Some(key) {
            return Some(likely);
        }
        let found = self.by_key.binary_search_by(|at| self.key(*at as usize).unwrap_or_default().cmp(key)).ok()?;
        Some(self.by_key[found] as usize)
    }

    /// What is found there.
    pub fn head(&self, at: usize) -> Option<TextHead<'_>> {
        let Head { at: [_, text, end], voice } = *self.heads.get(at)?;
        Some(TextHead { text: &self.bytes[text..end], voice: self.voices.get(voice as usize).map(String::as_str) })
    }

    /// All keys and what they say, in the order of the requests.
    pub fn all(&self) -> impl Iterator<Item = (&str, TextHead<'_>)> {
        (0..self.len()).filter_map(|at| Some((self.key(at)?, self.head(at)?)))
    }

    fn key(&self, at: usize) -> Option<&str> {
        let Head { at: [key, text, _], .. } = *self.heads.get(at)?;
        Some(&self.bytes[key..text])
    }

    fn push(&mut self, key: &str, text: &str, voice: Option<&str>) {
        let start = self.bytes.len();
        self.bytes.push_str(key);
        self.bytes.push_str(text);
        // A job has few voices, and mostly the one before.
        let known = voice.map(|voice| self.voices.iter().rposition(|known| known == voice).ok_or(voice));
        let voice = match known {
            None => u32::MAX,
            Some(Ok(at)) => at as u32,
            Some(Err(new)) => {
                self.voices.push(new.to_owned());
                self.voices.len() as u32 - 1
            }
        };
        self.heads.push(Head { at: [start, start + key.len(), self.bytes.len()], voice });
    }

    /// Puts the keys in order. Of several with the same key the last one stays, as it does when they are saved.
    fn finish(mut self) -> Self {
        self.bytes.shrink_to_fit();
        self.heads.shrink_to_fit();
        let mut by_key: Vec<u32> = (0..self.heads.len() as u32).rev().collect();
        by_key.sort_by(|a, b| self.key(*a as usize).cmp(&self.key(*b as usize)));
        by_key.dedup_by(|a, b| self.key(*a as usize) == self.key(*b as usize));
        by_key.shrink_to_fit();
        self.by_key = by_key;
        self
    }
}

impl<'a, K: AsRef<str>> FromIterator<(K, TextHead<'a>)> for Texts {
    fn from_iter<I: IntoIterator<Item = (K, TextHead<'a>)>>(heads: I) -> Self {
        let mut texts = Texts::default();
        heads.into_iter().for_each(|(key, head)| texts.push(key.as_ref(), head.text, head.voice));
        texts.finish()
    }
}

/// Says how many there are: their texts would fill a log.
impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} texts", self.heads.len())
    }
}

/// What is known of the texts of a job.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Their beginnings; empty unless they were asked for.
    pub(super) heads: Texts,
    /// Their lengths; `None` unless the job was created on this machine.
    pub(super) lengths: Option<Arc<Lengths>>,
}

/// Reads the texts of a job that was created on this machine, once for all that is wanted of them.
pub(super) async fn known(session: &Session, job: &Job, with_heads: bool) -> Known {
    let Some(token) = job.token() else { return Known::default() };
    let path = session.store.requests_path(token);
    let read = on_disk(move || {
        if !path.exists() {
            return Ok(Known::default());
        }
        // Where words were replaced for the voice, people see what they wrote.
        let mut written = HashMap::new();
        let beside = Store::texts_path(&path);
        if with_heads && beside.exists() {
            let take = |key: &str, text| drop(written.insert(key.to_owned(), text));
            each_source_text(&beside, take).map_err(|error| error.failure())?;
        }
        let (mut heads, mut lengths) = (Texts::default(), Lengths::default());
        let read = each_spoken(&path, |spoken| {
            if with_heads {
                let head = written.remove(&spoken.key).unwrap_or_else(|| spoken.head());
                heads.push(&spoken.key, &head, spoken.voice().as_deref());
            }
            lengths.push(&spoken.key, spoken.letters(), &spoken.manner());
        });
        read.map_err(|error| error.failure())?;
        Ok::<_, Failure>(Known { heads: heads.finish(), lengths: Some(Arc::new(lengths)) })
    });
    read.await.unwrap_or_else(|failure| {
        tracing::warn!(%failure, "the texts of a job cannot be read");
        Known::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_their_keys_in_whatever_order_they_came() {
        let head = |text, voice| TextHead { text, voice };
        let texts: Texts = [
            ("k3", head("three", Some("Kore"))),
            ("k1", head("one", None)),
            ("", head("no key", Some("Puck"))),
            ("k3", head("three again", Some("Puck"))),
            ("k2", head("", Some("Kore"))),
        ]
        .into_iter()
        .collect();
        let table = [
            ("k1", Some(head("one", None))),
            ("k2", Some(head("", Some("Kore")))),
            ("k3", Some(head("three again", Some("Puck")))),
            ("", Some(head("no key", Some("Puck")))),
            ("k4", None),
        ];
        for (key, expected) in table {
            assert_eq!(texts.get(key), expected, "{key}");
            let found: Vec<_> = (0..9).map(|likely| texts.find(key, likely).and_then(|at| texts.head(at))).collect();
            assert!(key == "k3" || found.iter().all(|head| *head == expected), "{key}: {found:?}");
        }
        assert_eq!((texts.len(), texts.voices.len()), (5, 2));
        assert_eq!(Texts::default().get(""), None);
    }
}
