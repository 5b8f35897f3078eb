//! The lines of a journal: records to bytes, and bytes to the records that can be trusted.
//!
//! Pure but for the reader that it is given. Every record has a checksum of its own, so that damage costs the records
//! that it hit and no other.

use std::io::{self, BufRead, Read};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The format that this program writes and reads.
const VERSION: u64 = 1;

/// The longest line that is read: longer ones are damage.
const LONGEST_LINE: u64 = 1 << 20;

#[derive(Serialize, Deserialize)]
struct Line<R> {
    v: u64,
    sum: String,
    record: R,
}

/// How far a journal was read.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Bytes that need not be read again.
    pub offset: u64,
    /// Lines that were read.
    pub lines: u64,
    /// Those that could not be read.
    pub damaged: u64,
    /// The number of the first of them, from 1.
    pub first_damaged: u64,
}

/// Stands behind what a crash left of a line, so that it is not taken for damage.
pub(super) const TORN: u8 = 0x18;

impl Progress {
    /// One more line was read.
    fn note(&mut self, bytes: u64, is_good: bool) {
        self.offset += bytes;
        self.lines += 1;
        if !is_good {
            self.damaged += 1;
            if self.damaged == 1 {
                self.first_damaged = self.lines;
            }
        }
    }
}

/// Why reading stopped before the end.
pub(super) enum Halt {
    /// The disk.
    Read(io::Error),
    /// A record of a version that a later program wrote.
    Newer(u64),
}

/// Reads from where `progress` stands up to the last line that is whole, and hands on every record.
pub(super) fn read_on<R: DeserializeOwned>(
    reader: &mut impl BufRead,
    progress: &mut Progress,
    mut take: impl FnMut(R),
) -> Result<(), Halt> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let taken = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(Halt::Read)? as u64;
        let is_whole = line.last() == Some(&b'\n');
        if !is_whole && taken == LONGEST_LINE {
            let rest = reader.skip_until(b'\n').map_err(Halt::Read)?;
            progress.note(taken + rest as u64, false);
            continue;
        }
        let records = records::<R>(line.trim_ascii())?;
        if !is_whole && records.is_empty() {
            // The end, or a record that somebody is writing just now: it is read when it is whole.
            return Ok(());
        }
        let text = line.trim_ascii();
        progress.note(taken, !records.is_empty() || text.is_empty() || text.last() == Some(&TORN));
        records.into_iter().for_each(&mut take);
    }
}

/// The records in a line: one, or none when it is damaged, or the later ones when their line ends are.
fn records<R: DeserializeOwned>(line: &[u8]) -> Result<Vec<R>, Halt> {
    let mut records = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let mut lines = serde_json::Deserializer::from_slice(rest).into_iter::<Line<Box<RawValue>>>();
        if let Some(Ok(found)) = lines.next()
            && found.sum == checksum(found.v, found.record.get())
        {
            if found.v > VERSION {
                return Err(Halt::Newer(found.v));
            }
            rest = &rest[lines.byte_offset()..];
            records.extend(serde_json::from_str::<R>(found.record.get()).ok());
        } else {
            rest = memchr::memmem::find(&rest[1..], br#"{"v":"#).map_or(&[], |at| &rest[1 + at..]);
        }
    }
    Ok(records)
}

/// Appends a record as one line.
pub(super) fn write(lines: &mut Vec<u8>, record: &impl Serialize) {
    let record = serde_json::value::to_raw_value(record).expect("records have string keys and no maps of other keys");
    let line = Line { v: VERSION, sum: checksum(VERSION, record.get()), record };
    serde_json::to_writer(&mut *lines, &line).expect("a Vec takes every write");
    lines.push(b'\n');
}

/// The first 16 hex digits of SHA-256: against accidents, not against anybody.
pub(super) fn checksum(version: u64, text: &str) -> String {
    super::hex(&super::sha256(format!("{version} {text}").as_bytes())[..8])
}

/// What the bytes of a journal hold, whichever journal it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JournalLines {
    /// Every record whose checksum is right, in order.
    pub records: Vec<Value>,
    /// Lines that could not be read and were passed over.
    pub damaged: u64,
    /// How many bytes were read: all but a last line that is not whole.
    pub bytes: u64,
}

impl JournalLines {
    /// Reads the bytes of a journal, whatever they are. The error is the version of a record that only a later program
    /// understands.
    pub fn read(mut bytes: &[u8]) -> Result<JournalLines, u64> {
        let (mut progress, mut records) = (Progress::default(), Vec::new());
        match read_on(&mut bytes, &mut progress, |record| records.push(record)) {
            Ok(()) => Ok(JournalLines { records, damaged: progress.damaged, bytes: progress.offset }),
            Err(Halt::Newer(version)) => Err(version),
            Err(Halt::Read(error)) => unreachable!("bytes in memory can be read: {error}"),
        }
    }

    /// A record as its line, with checksum and line end.
    pub fn line(record: &Value) -> Vec<u8> {
        let mut line = Vec::new();
        write(&mut line, record);
        line
    }
}
