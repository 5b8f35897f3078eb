//! A recording on disk: read once for where everything stands, and by place from then on, whatever its size.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::exchange::{Begin, Head, Line, Request};

/// No line of a recording is longer: the largest is the body of an upload.
const LONGEST: u64 = 64 << 20;

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error("cannot read the recording {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is not what a recording holds.
    #[error("{} is no recording: line {line}: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// No port of this machine.
    #[error("cannot listen for the replay: {0}")]
    Listen(io::Error),
}

/// What makes two requests the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// `GET` and so on.
    pub method: String,
    /// The path.
    pub path: String,
    /// Its query, without secrets.
    pub query: Vec<(String, String)>,
    /// The header `range`.
    pub range: Option<String>,
    /// The header `x-goog-upload-command`.
    pub command: Option<String>,
}

impl Kind {
    fn of(request: &Request) -> Kind {
        let header = |name: &str| request.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
        Kind {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            range: header("range"),
            command: header("x-goog-upload-command"),
        }
    }
}

/// Where a line stands in the file.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    offset: u64,
    length: u64,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is whole.
    Whole,
    /// It broke off.
    Broken,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Found {
    /// `None` when there was none.
    pub head: Option<Answered>,
    /// The pieces of its body.
    pub pieces: Vec<Place>,
    /// How it ended.
    pub ending: Ending,
}

/// The head of an answer.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// Whether the body is not as long as it was, because a key was taken out of it.
    pub is_rewritten: bool,
}

/// A recording.
#[derive(Debug)]
pub struct Tape {
    /// How it began.
    pub begin: Begin,
    /// The file, for its pieces.
    pub file: File,
    answers: HashMap<Kind, Vec<Found>>,
    /// How many of a kind were given.
    given: Mutex<HashMap<Kind, usize>>,
}

impl Tape {
    /// Reads the whole file once.
    pub fn read(path: &Path) -> Result<Tape, ReplayError> {
        let unreadable = |source| ReplayError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        let mut lines =
            Lines { reader: BufReader::with_capacity(256 << 10, file.try_clone().map_err(unreadable)?), offset: 0 };
        let mut begin = None;
        let mut kinds: HashMap<u64, Kind> = HashMap::new();
        let mut open: HashMap<u64, (Found, u64)> = HashMap::new();
        let mut order: Vec<u64> = Vec::new();
        let mut number = 0;
        while let Some((place, text)) = lines.next().map_err(unreadable)? {
            number += 1;
            let broken = |reason: String| ReplayError::Broken { path: path.to_owned(), line: number, reason };
            let line = match serde_json::from_slice::<Line>(&text) {
                Ok(line) => line,
                // The program that wrote it was killed in the middle of the line.
                Err(_) if !text.ends_with(b"\n") && begin.is_some() => break,
                Err(error) => return Err(broken(error.to_string())),
            };
            match line {
                Line::Begin(first) => begin = Some(first),
                _ if begin.is_none() => return Err(broken("it does not begin as a recording does".to_owned())),
                Line::Request(request) => {
                    kinds.insert(request.n, Kind::of(&request));
                    open.insert(request.n, (Found { head: None, pieces: Vec::new(), ending: Ending::Broken }, 0));
                    order.push(request.n);
                }
                Line::Head(Head { n, status, headers, .. }) => {
                    if let Some((found, _)) = open.get_mut(&n) {
                        found.head = Some(Answered { status, headers, is_rewritten: false });
                    }
                }
                Line::Piece { n, bytes, .. } => {
                    let Some(bytes) = bytes.into_bytes() else { return Err(broken("damaged base64".to_owned())) };
                    if let Some((found, length)) = open.get_mut(&n) {
                        found.pieces.push(place);
                        *length += bytes.len() as u64;
                    }
                }
                Line::End { n, .. } => {
                    if let Some((found, _)) = open.get_mut(&n) {
                        found.ending = Ending::Whole;
                    }
                }
                Line::Broken { .. } => {}
            }
        }
        let begin = begin.ok_or_else(|| ReplayError::Broken {
            path: path.to_owned(),
            line: 1,
            reason: "the file is empty".to_owned(),
        })?;
        let mut answers: HashMap<Kind, Vec<Found>> = HashMap::new();
        for n in order {
            if let (Some(kind), Some((mut found, length))) = (kinds.remove(&n), open.remove(&n)) {
                if let Some(head) = &mut found.head {
                    head.is_rewritten = found.ending == Ending::Whole && announced(head) != Some(length);
                }
                answers.entry(kind).or_default().push(found);
            }
        }
        Ok(Tape { begin, file, answers, given: Mutex::default() })
    }

    /// The next answer for a request of this kind; the last one again when all were given.
    pub fn next(&self, kind: &Kind) -> Option<Found> {
        let answers = self.answers.get(kind)?;
        let mut given = self.given.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let at = given.entry(kind.clone()).or_default();
        let found = answers.get(*at).or(answers.last()).cloned();
        *at += 1;
        found
    }
}

fn announced(head: &Answered) -> Option<u64> {
    head.headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok())
}

struct Lines {
    reader: BufReader<File>,
    offset: u64,
}

impl Lines {
    fn next(&mut self) -> io::Result<Option<(Place, Vec<u8>)>> {
        let mut text = Vec::new();
        let read = io::Read::take(&mut self.reader, LONGEST).read_until(b'\n', &mut text)? as u64;
        if read == 0 {
            return Ok(None);
        }
        let place = Place { offset: self.offset, length: read };
        self.offset += read;
        Ok(Some((place, text)))
    }
}

/// Reads the bytes of a piece again.
pub fn piece(file: &File, place: Place) -> io::Result<Vec<u8>> {
    let mut text = vec![0; usize::try_from(place.length).map_err(io::Error::other)?];
    read_at(file, &mut text, place.offset)?;
    match serde_json::from_slice::<Line>(&text) {
        Ok(Line::Piece { bytes, .. }) => bytes.into_bytes().ok_or_else(|| io::Error::other("damaged base64")),
        Ok(_) | Err(_) => Err(io::Error::other("the recording was changed while it was played")),
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(bytes)
}
