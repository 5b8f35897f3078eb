//! `manifest.jsonl`: one line for each result of a job, appended when its file is safe on the disk.
//!
//! The fields are a contract with scripts. A line that was cut by a crash is repaired when the file is opened, and
//! lines that cannot be read are passed over: the manifest is a record of what was done, never the only way to it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::folder::Folder;
use super::name::Identity;
use super::twins::Names;
use crate::audio::Verdict;
use crate::results::{Outcome, Row};

/// The name of the file in the folder.
pub const MANIFEST: &str = "manifest.jsonl";

/// A line of the manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// As the service sent it; `None` for a row without one.
    pub key: Option<String>,
    /// In the same folder.
    pub file: Option<String>,
    /// What came of the row.
    pub status: Status,
    /// What is thought of it.
    #[serde(with = "verdict_word")]
    pub verdict: Verdict,
    /// Of the audio.
    pub duration_seconds: Option<f64>,
    /// Of the audio.
    pub sample_rate: Option<u32>,
    /// Of the audio.
    pub channels: Option<u16>,
    /// Of the file, its header included.
    pub bytes: Option<u64>,
    /// Of the file, in hex digits.
    pub sha256: Option<String>,
    /// As the service spells it.
    pub finish_reason: Option<String>,
    /// Why there is no file.
    pub error: Option<String>,
    /// Tokens of the text.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the audio.
    pub audio_tokens: Option<u64>,
    /// `batches/ID`; `None` for a results file from disk.
    pub job: Option<String>,
    /// Result lines or inline items, counted from 1.
    pub line: u64,
}

/// What came of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It has a file.
    Saved,
    /// It has none.
    Failed,
    /// Its key was saved from an earlier row.
    Duplicate,
}

impl Record {
    /// The record of a row, as far as the row tells: without a file.
    pub(super) fn of(row: &Row, job: Option<&str>) -> Record {
        let sound = row.sound.as_ref();
        Record {
            key: row.key.clone(),
            file: None,
            status: Status::Failed,
            verdict: row.verdict,
            duration_seconds: sound.map(|sound| (sound.seconds * 10_000.0).round() / 10_000.0),
            sample_rate: sound.map(|sound| sound.format.sample_rate),
            channels: sound.map(|sound| sound.format.channels),
            bytes: None,
            sha256: None,
            finish_reason: row.finish_reason.clone(),
            error: match &row.outcome {
                Outcome::Audio => None,
                Outcome::NoAudio { reason } | Outcome::Malformed { reason } => Some(reason.clone()),
                Outcome::Error { code: Some(code), message } => Some(format!("{message} (code {code})")),
                Outcome::Error { code: None, message } => Some(message.clone()),
            },
            prompt_tokens: row.tokens.prompt,
            audio_tokens: row.tokens.audio,
            job: job.map(str::to_owned),
            line: row.line,
        }
    }

    /// Adds the line of this record to a text.
    pub(super) fn write_line(&self, text: &mut Vec<u8>) {
        serde_json::to_writer(&mut *text, self).expect("a record has string keys and finite numbers");
        text.push(b'\n');
    }

    /// Whether two records are about one row.
    pub(super) fn is_of_row(&self, other: &Record) -> bool {
        self.line == other.line && self.job == other.job && self.key == other.key
    }
}

/// The manifest of a folder that is being saved into.
#[derive(Debug)]
pub(super) struct Manifest {
    file: Arc<File>,
    bytes: u64,
    /// Hashes of the lines of earlier runs about rows without a file, so that the same thing is not noted again.
    lines: HashSet<Identity>,
    /// Lines about a row that another line says something newer about, as far as is known.
    pub(super) superseded: bool,
}

/// What earlier runs have saved. Only places are kept: a hundred thousand records would be 40 MB.
#[derive(Debug)]
pub(super) struct Earlier {
    file: Arc<File>,
    /// Where the record of a key begins.
    saved: HashMap<Identity, u64>,
    /// Further records of keys that have several.
    again: HashMap<Identity, Vec<u64>>,
    /// Records that say something newer about the file of another one, which stands before them.
    pub(super) renamed: Vec<(u64, u64)>,
}

/// Longer lines are none of ours.
const MOST_LINE_BYTES: u64 = 1024 * 1024;

impl Manifest {
    /// Opens the manifest of a folder for one run alone; `None` when another run has it.
    pub(super) fn open(folder: &Folder) -> io::Result<Option<(Manifest, Earlier, Names)>> {
        let file = loop {
            let file = folder.open_append(MANIFEST)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
                // Some network file systems have no locks. Two runs at once are unlikely, and a save that is refused
                // for ever would be worse: files are never replaced, lock or not.
                Err(std::fs::TryLockError::Error(_)) => {}
            }
            // A run that ended between the two calls may have put a new manifest in the place of this one.
            if folder.is_this(MANIFEST, &file)? {
                break Arc::new(file);
            }
        };
        let mut manifest = Manifest { file: Arc::clone(&file), bytes: 0, lines: HashSet::new(), superseded: false };
        let mut earlier = Earlier { file, saved: HashMap::new(), again: HashMap::new(), renamed: Vec::new() };
        let mut names = Names::default();
        manifest.load(&mut earlier, &mut names)?;
        Ok(Some((manifest, earlier, names)))
    }

    fn load(&mut self, earlier: &mut Earlier, names: &mut Names) -> io::Result<()> {
        let mut lines = Lines::new(self.file.try_clone()?);
        while let Some(line) = lines.next()? {
            let record: Option<Record> = serde_json::from_slice(line.text).ok();
            if line.is_torn {
                // The last line has no end. A whole record only lacks its line feed; half a record is dropped.
                match record {
                    Some(_) => (&*self.file).write_all(b"\n")?,
                    None => self.file.set_len(line.at)?,
                }
                self.file.sync_data()?;
            }
            let Some(record) = record else { continue };
            match record.status {
                Status::Saved => {
                    self.superseded |= earlier.note(&record, line.at)?;
                    names.learn(&record, line.at, earlier)?;
                }
                Status::Failed | Status::Duplicate => {
                    let mut text = Vec::new();
                    record.write_line(&mut text);
                    self.lines.insert(line_identity(&text));
                }
            }
        }
        self.bytes = self.file.metadata()?.len();
        Ok(())
    }

    /// Appends something newer about rows that have a record.
    pub(super) fn supersede(&mut self, records: &[Record]) -> io::Result<()> {
        self.superseded = true;
        self.append(records.iter().map(Some)).map(|_| ())
    }

    /// Appends records and waits until they are on the disk; tells where each one begins. A row without a file is not
    /// noted again in the same words.
    pub(super) fn append<'a>(&mut self, records: impl Iterator<Item = Option<&'a Record>>) -> io::Result<Vec<u64>> {
        let mut text = Vec::new();
        let mut places = Vec::new();
        for record in records {
            let begin = text.len();
            places.push(self.bytes + begin as u64);
            let Some(record) = record else { continue };
            record.write_line(&mut text);
            let is_known = !self.lines.is_empty() && self.lines.contains(&line_identity(&text[begin..]));
            if is_known {
                text.truncate(begin);
            }
        }
        if text.is_empty() {
            return Ok(places);
        }
        let written = (&*self.file).write_all(&text).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.bytes += text.len() as u64;
                Ok(places)
            }
            Err(error) => {
                // Half a line would be repaired at the next run; without it there is nothing to repair.
                let _ = self.file.set_len(self.bytes);
                Err(error)
            }
        }
    }
}

impl Earlier {
    /// Notes a record; tells whether an older one is about the same row and the same audio.
    fn note(&mut self, record: &Record, at: u64) -> io::Result<bool> {
        let key = Identity::of(record.key.as_deref(), record.line);
        let mut is_newer = false;
        for older_at in self.places(key) {
            let Some(older) = self.record_at(older_at)? else { continue };
            if older.is_of_row(record) && older.sha256 == record.sha256 {
                is_newer = true;
                if older.file != record.file {
                    self.renamed.push((older_at, at));
                }
            }
        }
        match self.saved.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(at);
            }
            Entry::Occupied(_) => self.again.entry(key).or_default().push(at),
        }
        Ok(is_newer)
    }

    fn places(&self, key: Identity) -> Vec<u64> {
        let again = self.again.get(&key).into_iter().flatten();
        self.saved.get(&key).into_iter().chain(again).copied().collect()
    }

    /// The records of a saved key, oldest first.
    pub(super) fn records_of(&self, key: Identity) -> io::Result<Vec<Record>> {
        let records = self.places(key).into_iter().map(|at| self.record_at(at));
        records.filter_map(io::Result::transpose).collect()
    }

    /// The record that begins at this place of the manifest.
    pub(super) fn record_at(&self, at: u64) -> io::Result<Option<Record>> {
        Ok(serde_json::from_slice(&line_at(&self.file, at)?).ok())
    }
}

/// The line that begins at this place, with its line feed.
pub(super) fn line_at(file: &File, at: u64) -> io::Result<Vec<u8>> {
    let mut line = vec![0; 1024];
    let mut filled = 0;
    loop {
        let read = super::source::read_at(file, &mut line[filled..], at + filled as u64)?;
        filled += read;
        let end = memchr::memchr(b'\n', &line[..filled]).map(|newline| newline + 1);
        if end.is_some() || read == 0 || filled as u64 > MOST_LINE_BYTES {
            line.truncate(end.unwrap_or(filled));
            return Ok(line);
        }
        if filled == line.len() {
            line.resize(2 * filled, 0);
        }
    }
}

fn line_identity(line: &[u8]) -> Identity {
    Identity::of_text(std::str::from_utf8(line).expect("serde_json writes UTF-8"))
}

/// Reads a manifest line by line, whoever wrote it.
pub(super) struct Lines {
    reader: BufReader<File>,
    text: Vec<u8>,
    at: u64,
}

/// A line of a manifest.
pub(super) struct Line<'a> {
    pub text: &'a [u8],
    pub at: u64,
    /// The file ended before the line did.
    pub is_torn: bool,
}

impl Lines {
    pub(super) fn new(mut file: File) -> Self {
        // A fresh handle begins at the start anyway, and a shared one is only read by place.
        let _ = file.seek(SeekFrom::Start(0));
        Lines { reader: BufReader::with_capacity(64 * 1024, file), text: Vec::new(), at: 0 }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let at = self.at;
        self.text.clear();
        loop {
            let room = MOST_LINE_BYTES.saturating_sub(self.text.len() as u64).max(1);
            let read = io::Read::take(&mut self.reader, room).read_until(b'\n', &mut self.text)?;
            self.at += read as u64;
            if read == 0 || self.text.ends_with(b"\n") {
                break;
            }
            if self.text.len() as u64 > MOST_LINE_BYTES {
                // Too long to be ours: only its end matters.
                self.text.clear();
                self.text.push(b'?');
            }
        }
        if self.at == at {
            return Ok(None);
        }
        Ok(Some(Line { text: &self.text, at, is_torn: !self.text.ends_with(b"\n") }))
    }
}

mod verdict_word {
    use super::Verdict;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(verdict.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Verdict, D::Error> {
        let word = String::deserialize(deserializer)?;
        Verdict::parse(&word).ok_or_else(|| D::Error::custom(format_args!("unknown verdict {word:?}")))
    }
}
