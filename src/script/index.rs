//! Reading a prepared JSONL again: what a key said, and the requests themselves for a create call.
//!
//! The file was written by [`super::prepare`], so a line that is no request means that somebody changed it.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde_json::{Map, Value};

use super::error::Error;
use super::lines::{Ends, Lines};
use crate::audio::Letters;
use crate::money::Characters;
use crate::request::{Facts, letters};
use crate::text::{clean, clean_short};

/// What the requests of a job say, by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    entries: HashMap<String, Entry>,
}

/// What one request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// In the prepared file, from 1: the order of the requests.
    pub line: u64,
    /// The beginning of the text, cleaned, of at most 200 characters.
    pub text: String,
    /// The voice, or the speakers' voices, cleaned.
    pub voice: Option<String>,
    /// The language, when one is given, cleaned.
    pub language: Option<String>,
    /// Of the whole text.
    pub characters: u64,
}

impl Index {
    /// Reads a prepared file. Blocks; takes some 300 bytes for each key.
    pub fn read(path: &Path) -> Result<Index, Error> {
        let mut entries = HashMap::new();
        each(path, |line, key, request| {
            let facts = Facts::of(&request);
            let entry = Entry {
                line,
                text: clean_short(facts.text.trim(), 200),
                voice: facts.voice.as_deref().map(clean),
                language: facts.language.as_deref().map(clean),
                characters: facts.characters.total(),
            };
            entries.insert(key, entry);
        })?;
        Ok(Index { entries })
    }

    /// Puts the texts as their source has them in the place of those that are spoken. Blocks.
    pub fn read_texts(&mut self, path: &Path) -> Result<(), Error> {
        each_source_text(path, |key, text| {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.text = text;
            }
        })
    }

    /// What this key said.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// What every key said, in no order.
    pub fn into_entries(self) -> impl Iterator<Item = (String, Entry)> {
        self.entries.into_iter()
    }

    /// How many requests there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// One request of a prepared file, while it is read.
#[derive(Debug)]
pub struct Spoken {
    /// As in the file.
    pub key: String,
    facts: Facts,
}

impl Spoken {
    /// The beginning of the text, cleaned, of at most 200 characters.
    pub fn head(&self) -> String {
        clean_short(self.facts.text.trim(), 200)
    }

    /// The voice, or the speakers' voices, cleaned.
    pub fn voice(&self) -> Option<String> {
        self.facts.voice.as_deref().map(clean)
    }

    /// How long the text is.
    pub fn letters(&self) -> Letters {
        letters(&self.facts.text)
    }

    /// The voice, or the speakers' voices, and the language, where they are given. Not cleaned.
    pub fn voice_and_language(&self) -> (Option<&str>, Option<&str>) {
        (self.facts.voice.as_deref(), self.facts.language.as_deref())
    }

    /// Of the text.
    pub fn characters(&self) -> Characters {
        self.facts.characters
    }

    /// In which voice and language it is spoken: texts with the same are spoken alike.
    pub fn manner(&self) -> String {
        let Facts { voice, language, .. } = &self.facts;
        format!("{} {}", voice.as_deref().unwrap_or(""), language.as_deref().unwrap_or(""))
    }
}

/// Reads what a prepared file says, in its order. Blocks, and keeps nothing.
pub fn each_spoken(path: &Path, mut take: impl FnMut(&Spoken)) -> Result<(), Error> {
    each(path, |_, key, request| take(&Spoken { key, facts: Facts::of(&request) }))
}

/// Reads the beginnings of the texts as their source has them, where something else is spoken: key, and at most 200
/// characters, cleaned. Blocks, and keeps nothing.
pub fn each_source_text(path: &Path, mut take: impl FnMut(&str, String)) -> Result<(), Error> {
    each_line(path, |_, object| {
        let text = object.get("text").and_then(Value::as_str);
        let key = object.get("key").and_then(Value::as_str);
        let (Some(key), Some(text)) = (key, text) else { return Err("it has no key or no text") };
        take(key, clean_short(text.trim(), 200));
        Ok(())
    })
}

/// Reads the requests of a prepared file of at most `most` bytes, in order, for a create call that carries them.
pub fn read_requests(path: &Path, most: u64) -> Result<Vec<(String, Value)>, Error> {
    let length = path.metadata().map_err(|source| Error::Open { name: name(path), source })?.len();
    if length > most {
        return Err(Error::TooLarge { name: name(path), limit: most });
    }
    let mut requests = Vec::new();
    each(path, |_, key, request| requests.push((key, request)))?;
    Ok(requests)
}

/// Reads the requests of a prepared file one by one, in order. Blocks, and keeps nothing.
pub fn each_request(path: &Path, mut take: impl FnMut(&str, Value)) -> Result<(), Error> {
    each(path, |_, key, request| take(&key, request))
}

fn each(path: &Path, mut take: impl FnMut(u64, String, Value)) -> Result<(), Error> {
    each_line(path, |line, mut object| {
        let key = object.get("key").and_then(Value::as_str).ok_or("it has no key")?.to_owned();
        let request = object.remove("request").ok_or("it has no request")?;
        take(line, key, request);
        Ok(())
    })
}

fn each_line(
    path: &Path,
    mut take: impl FnMut(u64, Map<String, Value>) -> Result<(), &'static str>,
) -> Result<(), Error> {
    let file = File::open(path).map_err(|source| Error::Open { name: name(path), source })?;
    let mut lines = Lines::new(BufReader::with_capacity(256 * 1024, file), Ends::LineFeed);
    while let Some(line) = lines.next().map_err(|source| Error::Read { name: name(path), source })? {
        let broken = |reason: &str| Error::Prepared { name: name(path), line: line.number, reason: clean(reason) };
        let value: Value = serde_json::from_slice(line.bytes).map_err(|error| broken(&error.to_string()))?;
        let Value::Object(object) = value else { return Err(broken("it is no object")) };
        take(line.number, object).map_err(broken)?;
    }
    Ok(())
}

fn name(path: &Path) -> String {
    path.display().to_string()
}
