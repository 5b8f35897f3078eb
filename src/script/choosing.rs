//! The second reading of prepared requests: which of them are sent, when not all of them are.
//!
//! The sources are read once, as one of them may be a pipe. What was prepared is read again by whoever chooses, and what
//! is chosen is prepared anew, so that all that is said about it is said of it alone.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde::Deserialize;
use serde_json::Value;

use super::error::Error;
use super::lines::as_text;
use super::measure::each_prepared;
use super::passage::Place;
use super::prepare::{Options, Prepared};
use super::reading::{Preparation, Reading};
use super::source::Form;
use crate::request::{Facts, Finding, Identity, Pronunciations, check_line};
use crate::text::clean;

/// A prepared request that may be sent.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// In the file, from 0.
    pub number: u64,
    /// As in the file.
    pub key: &'a str,
    /// What makes it the same as another one.
    pub identity: Identity,
    /// Of its text.
    pub characters: u64,
}

/// Tells the requests of a prepared file in their order, until `stop` is set. Blocks, and keeps nothing.
pub fn each_candidate(
    path: &Path,
    model: &str,
    stop: &AtomicBool,
    mut take: impl FnMut(Candidate<'_>),
) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Line {
        key: String,
        request: Value,
    }
    each_line(path, stop, |number, text| {
        let line: Line = serde_json::from_str(text).map_err(|error| broken(path, number, &error.to_string()))?;
        let characters = Facts::of(&line.request).characters.total();
        take(Candidate { number, key: &line.key, identity: Identity::of(model, line.request), characters });
        Ok(())
    })
}

/// Prepares those requests of a prepared file anew that `take` wants, by their number from 0 and their key. What they are
/// is told as [`super::prepare`] tells it; what was found in the sources before stays as it was.
///
/// `texts` are the texts of the sources beside it, and where those of what is taken go. Only what is wrong with all
/// requests together is reported again. Blocks.
pub fn rewrite(
    path: &Path,
    options: &Options,
    before: Prepared,
    take: &mut dyn FnMut(u64, &str) -> io::Result<bool>,
    out: &mut dyn Write,
    mut texts: Option<(&Path, &mut dyn Write)>,
    report: &mut dyn FnMut(Finding),
) -> Result<Prepared, Error> {
    #[derive(Deserialize)]
    struct Line {
        key: String,
    }
    let options = Options { sample: None, only: None, notes_lines: false, ..options.clone() };
    let is_at_end = Cell::new(false);
    let mut report = |finding| {
        if is_at_end.get() {
            report(finding);
        }
    };
    let names = vec![path.display().to_string()];
    let mut preparation = Preparation::new(&options, Pronunciations::default(), names, Some(out), None, &mut report);
    let mut reading = Reading::new(0, Form::Jsonl, String::new(), true);
    let mut beside = texts.as_ref().map(|(path, _)| Beside::open(path)).transpose()?;
    each_line(path, &options.stop, |number, text| {
        let Line { key } = serde_json::from_str(text).map_err(|error| broken(path, number, &error.to_string()))?;
        let is_taken = take(number, &key).map_err(Error::Write)?;
        let source = beside.as_mut().map(|beside| beside.take(&key)).transpose()?.flatten();
        if !is_taken {
            return Ok(());
        }
        if let (Some(source), Some((_, out))) = (&source, &mut texts) {
            writeln!(out, "{}", source.line).map_err(Error::Write)?;
        }
        let noted = usize::try_from(number).ok().and_then(|at| before.lines.get(at));
        let place = Place::line(noted.map_or(number + 1, |line| u64::from(*line)));
        // Every line has its key by now.
        let checked = check_line(text, &preparation.context, &|| key.clone());
        preparation.request(&mut reading, &place, checked, source.as_ref().map(|source| source.text.as_str()), None)
    })?;
    is_at_end.set(true);
    let n_errors_before = before.n_errors;
    let mut anew = preparation.finish()?;
    for preview in &mut anew.preview {
        // The prepared file is nobody's source. What comes behind the first requests is from the last of theirs or later.
        let same = before.preview.iter().find(|known| known.key == preview.key).or(before.preview.last());
        preview.source = same.map(|known| known.source.clone()).unwrap_or_default();
    }
    Ok(Prepared {
        n_requests: anew.n_requests,
        characters: anew.characters,
        bytes: anew.bytes,
        sha256: anew.sha256,
        n_errors: n_errors_before + anew.n_errors,
        preview: anew.preview,
        estimate: anew.estimate,
        lines: Vec::new(),
        ..before
    })
}

/// The texts of the sources where something else is spoken: those of some requests, in the order of the requests.
struct Beside {
    lines: io::Lines<BufReader<File>>,
    name: String,
    next: Option<Source>,
}

struct Source {
    key: String,
    text: String,
    /// As it stands in the file.
    line: String,
}

impl Beside {
    fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|source| Error::Open { name: name.clone(), source })?;
        let mut beside = Beside { lines: BufReader::new(file).lines(), name, next: None };
        beside.read()?;
        Ok(beside)
    }

    fn read(&mut self) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct Line {
            key: String,
            text: String,
        }
        let line = self.lines.next().transpose();
        let line = line.map_err(|source| Error::Read { name: self.name.clone(), source })?;
        self.next = line.and_then(|line| {
            let Line { key, text } = serde_json::from_str(&line).ok()?;
            Some(Source { key, text, line })
        });
        Ok(())
    }

    /// The text of this key, if it is the next one that has one.
    fn take(&mut self, key: &str) -> Result<Option<Source>, Error> {
        if self.next.as_ref().is_none_or(|next| next.key != key) {
            return Ok(None);
        }
        let source = self.next.take();
        self.read()?;
        Ok(source)
    }
}

fn each_line(
    path: &Path,
    stop: &AtomicBool,
    mut take: impl FnMut(u64, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    each_prepared(path, stop, |line| {
        let number = line.number - 1;
        take(number, as_text(line).map_err(|problem| broken(path, number, &problem.message))?)
    })
}

fn broken(path: &Path, number: u64, reason: &str) -> Error {
    Error::Prepared { name: path.display().to_string(), line: number + 1, reason: clean(reason) }
}
