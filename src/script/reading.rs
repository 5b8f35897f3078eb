//! A job in the making: requests one by one, their problems, and the output. Lines of JSONL are read here.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{self, BufRead, Write};
use std::sync::atomic::Ordering;

use super::error::Error;
use super::lines::{End, Line, Lines, as_text};
use super::options::By;
use super::output::Output;
use super::passage::Place;
use super::prepare::{Options, Prepared};
use super::source::Form;
use crate::money::ToSpeak;
use crate::request::{
    Checked, Context, Finding, KeyPlace, Keys, Preview, Problem, Pronunciations, Seen, Severity, check_line, rules,
};
use crate::text::{bytes as size, clean, clean_short, thousands};

/// A job in the making.
pub(super) struct Preparation<'p> {
    pub options: &'p Options,
    /// Applied to every text; empty without a list.
    pub pronunciations: Pronunciations,
    /// What requests are checked against.
    pub context: Context<'p>,
    output: Output<'p>,
    report: &'p mut dyn FnMut(Finding),
    names: Vec<String>,
    keys: Keys,
    to_speak: ToSpeak,
    preview: Vec<Preview>,
    n_requests: u64,
    n_errors: u64,
    n_warnings: u64,
    /// Texts that were split.
    pub n_split: u64,
    /// Words that are spoken otherwise than they are written.
    pub n_pronounced: u64,
    /// Takes texts that are spoken otherwise than they are written.
    texts: Option<&'p mut dyn Write>,
}

/// How far one source is.
pub(super) struct Reading {
    /// From 0.
    number: usize,
    /// What it is written in.
    pub form: Form,
    /// Of its name, for keys.
    pub stem: String,
    /// Whether the job has no other source, so that keys need not tell it.
    pub is_alone: bool,
    /// Texts and lines that hold or should hold a request.
    pub n_texts: u64,
    /// Names without a voice that were told.
    pub strangers: Vec<String>,
    /// How often a key was wanted, by its hash.
    wanted: HashMap<u64, u32>,
    hasher: RandomState,
    has_told_of_snake_case: bool,
    has_told_of_carriage_returns: bool,
}

impl<'p> Preparation<'p> {
    pub(super) fn new(
        options: &'p Options,
        pronunciations: Pronunciations,
        names: Vec<String>,
        out: &'p mut dyn Write,
        texts: Option<&'p mut dyn Write>,
        report: &'p mut dyn FnMut(Finding),
    ) -> Self {
        Preparation {
            options,
            pronunciations,
            context: Context::new(&options.settings, &options.catalog),
            output: Output::new(out, options.catalog.limits.input_file_bytes),
            report,
            names,
            keys: Keys::default(),
            to_speak: ToSpeak::default(),
            preview: Vec::new(),
            n_requests: 0,
            n_errors: 0,
            n_warnings: 0,
            n_split: 0,
            n_pronounced: 0,
            texts,
        }
    }

    /// Reads a source of JSONL to its end, or until there is enough.
    pub(super) fn take_lines<R: BufRead>(
        &mut self,
        mut reading: Reading,
        mut lines: Lines<R>,
        cannot: &dyn Fn(io::Error) -> Error,
    ) -> Result<(), Error> {
        let mut last = (0, End::LineFeed);
        let mut has_told_of_mark = false;
        self.tell_what_does_not_apply(&reading);
        while !self.has_enough() {
            if self.options.stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            let Some(line) = lines.next().map_err(cannot)? else { break };
            last = (line.number, line.end);
            let is_spread = line.number == 1 && is_spread_over_lines(line.bytes);
            self.line(&mut reading, &line)?;
            if is_spread {
                // The finding about the first line says what to do; another one for each line after it helps nobody.
                return Ok(());
            }
            if lines.had_mark && !has_told_of_mark {
                has_told_of_mark = true;
                let message = "the file begins with a byte order mark; it is left out";
                self.problem(&reading, &Place::line(1), None, Problem::new(&rules::BYTE_ORDER_MARK, message));
            }
        }
        if last.1 == End::Missing {
            let problem = Problem::new(&rules::MISSING_FINAL_NEWLINE, "the last line has no line end; one is added");
            self.problem(&reading, &Place::line(last.0), None, problem.fix("see whether the file was cut off"));
        }
        if reading.n_texts == 0 && !self.has_enough() {
            self.tell_nothing(&reading);
        }
        Ok(())
    }

    fn line(&mut self, reading: &mut Reading, line: &Line) -> Result<(), Error> {
        let place = Place::line(line.number);
        if line.end == End::CarriageReturnLineFeed && !reading.has_told_of_carriage_returns {
            reading.has_told_of_carriage_returns = true;
            let problem = Problem::new(&rules::CARRIAGE_RETURN, "lines end with carriage returns; they are left out");
            self.problem(reading, &place, None, problem);
        }
        let text = match as_text(line) {
            Ok(text) => text,
            Err(problem) => {
                reading.n_texts += 1;
                self.problem(reading, &place, None, problem);
                return Ok(());
            }
        };
        if text.trim().is_empty() {
            let problem = Problem::new(&rules::BLANK_LINE, "the line is empty; it is left out");
            self.problem(reading, &place, None, problem);
            return Ok(());
        }
        reading.n_texts += 1;
        let checked = check_line(text, &self.context);
        self.request(reading, &place, checked, None)
    }

    /// Says once that lines of JSONL are sent as they stand, when somebody may expect something else.
    fn tell_what_does_not_apply(&mut self, reading: &Reading) {
        let chosen = &self.options.reading;
        let options = [
            ("--pronounce", chosen.pronounce.is_some()),
            ("--speaker", !chosen.speakers.is_empty()),
            ("--style", chosen.style.is_some()),
        ];
        for (option, _) in options.into_iter().filter(|(_, is_set)| *is_set) {
            let message = format!("JSONL is sent as it stands: {option} does not apply to it");
            let problem = Problem::new(&rules::LEFT_OUT, message);
            self.problem(reading, &Place::default(), None, problem);
        }
    }

    pub(super) fn tell_nothing(&mut self, reading: &Reading) {
        let problem = Problem::new(&rules::NO_REQUESTS, "there is no request in it");
        let fix = match (reading.form, self.options.reading.by) {
            (Form::Jsonl, _) => "write one request a line",
            (Form::Text, By::Line) => "write one text a line",
            (Form::Text, By::Paragraph) => "write texts with empty lines between them",
            (Form::Csv | Form::Tsv, _) => "write a row for each text below the names of the columns",
            (Form::Markdown | Form::Captions | Form::Book, _) => "see whether it holds any text",
        };
        self.problem(reading, &Place::default(), None, problem.fix(fix));
    }

    /// Takes a checked request into the job. `source_text` is the text as its source has it.
    pub(super) fn request(
        &mut self,
        reading: &mut Reading,
        place: &Place,
        checked: Checked,
        source_text: Option<&str>,
    ) -> Result<(), Error> {
        let key = checked.key.as_deref();
        if let (Some(only), Some(key)) = (&self.options.only, key)
            && !only.contains(key)
        {
            return Ok(());
        }
        let mut is_good = !checked.has_errors();
        let repeated = key.and_then(|key| self.look_up(reading, place.line, key));
        if let Some(name) = &checked.snake_case
            && !reading.has_told_of_snake_case
        {
            reading.has_told_of_snake_case = true;
            let message = format!("fields are in snake_case, such as {}; they are sent in camelCase", short(name));
            self.problem(reading, place, key, Problem::new(&rules::SNAKE_CASE, message));
        }
        for problem in checked.problems.iter().cloned().chain(repeated) {
            is_good &= problem.rule.severity == Severity::Warning;
            self.problem(reading, place, key, problem);
        }
        let (Some(key), Some(request), true) = (key, &checked.line, is_good) else { return Ok(()) };
        let was_over = self.output.is_over();
        self.output.write(request).map_err(Error::Write)?;
        if self.output.is_over() && !was_over {
            let limit = size(self.options.catalog.limits.input_file_bytes);
            let problem = Problem::new(&rules::FILE_TOO_LARGE, format!("here the input grows over {limit}"));
            self.problem(reading, place, Some(key), problem.fix("split the source into several jobs"));
        }
        self.n_requests += 1;
        let facts = &checked.facts;
        *self.to_speak.of(facts.voice.as_deref(), facts.language.as_deref()) += facts.characters;
        if let (Some(texts), Some(text), false) = (&mut self.texts, source_text, self.pronunciations.is_empty()) {
            let line = serde_json::json!({ "key": key, "text": text });
            writeln!(texts, "{line}").map_err(Error::Write)?;
        }
        if self.preview.len() < self.options.preview {
            let mut preview = checked.facts.preview(place.line, key);
            if let Some(text) = source_text {
                preview.text = clean_short(text.trim(), 200);
            }
            self.preview.push(preview);
        }
        Ok(())
    }

    fn look_up(&mut self, reading: &Reading, line: u64, key: &str) -> Option<Problem> {
        let place = |place: KeyPlace| match place.source as usize == reading.number {
            true => format!("line {}", thousands(place.line)),
            false => format!("{}, line {}", self.names[place.source as usize], thousands(place.line)),
        };
        match self.keys.insert(key, KeyPlace { source: reading.number as u32, line }) {
            Seen::Never => None,
            Seen::Before(first) => {
                let problem = Problem::new(&rules::DUPLICATE_KEY, format!("key is used twice ({})", place(first)));
                Some(problem.fix("give every request a key of its own"))
            }
            Seen::InOtherCase(first) => {
                let message = format!("the key differs only in case from another ({})", place(first));
                Some(Problem::new(&rules::KEY_DIFFERS_IN_CASE, message))
            }
        }
    }

    /// Tells a problem with its place; one that knows its column within the text keeps it.
    pub(super) fn problem(&mut self, reading: &Reading, place: &Place, key: Option<&str>, mut problem: Problem) {
        if problem.column == 0 {
            problem.column = place.column;
        }
        let name = &self.names[reading.number];
        let finding = match &place.file {
            Some(file) => problem.found(&format!("{name}/{}", clean(file)), place.line, key),
            None => problem.found(name, place.line, key),
        };
        self.tell(finding);
    }

    /// Counts a finding and passes it on.
    pub(super) fn tell(&mut self, finding: Finding) {
        match finding.severity {
            Severity::Error => self.n_errors += 1,
            Severity::Warning => self.n_warnings += 1,
        }
        (self.report)(finding);
    }

    /// Whether the sample is complete.
    pub(super) fn has_enough(&self) -> bool {
        self.options.sample.is_some_and(|sample| self.n_requests >= sample as u64)
    }

    /// Closes the output and adds up.
    pub(super) fn finish(mut self) -> Result<Prepared, Error> {
        // Around each request of a create call stand some more bytes than on a line of a file.
        let inline_bytes = self.output.bytes + 16 * self.n_requests + 512;
        let limit = self.options.catalog.limits.inline_request_bytes;
        if self.options.inline && inline_bytes >= limit {
            let message = format!("the requests are {} in one call; {} are the most", size(inline_bytes), size(limit));
            let problem = Problem::new(&rules::INLINE_TOO_LARGE, message).fix("leave --inline out");
            self.tell(problem.found("--inline", 0, None));
        }
        let price = self.context.model.and_then(|model| model.price_at(self.options.today));
        let estimate = self.options.catalog.estimate_learned(&self.to_speak, &self.options.learned, price);
        Ok(Prepared {
            n_requests: self.n_requests,
            characters: estimate.characters,
            bytes: self.output.bytes,
            sha256: self.output.finish().map_err(Error::Write)?,
            n_errors: self.n_errors,
            n_warnings: self.n_warnings,
            n_split: self.n_split,
            n_pronounced: self.n_pronounced,
            preview: self.preview,
            estimate,
        })
    }
}

impl Reading {
    pub(super) fn new(number: usize, form: Form, stem: String, is_alone: bool) -> Self {
        Reading {
            number,
            form,
            stem,
            is_alone,
            n_texts: 0,
            strangers: Vec::new(),
            wanted: HashMap::new(),
            hasher: RandomState::new(),
            has_told_of_snake_case: false,
            has_told_of_carriage_returns: false,
        }
    }

    /// The key, with a number behind it when it was given before in this source: some twenty bytes for a key of any
    /// length.
    pub(super) fn once(&mut self, key: String) -> String {
        let mut given = key.clone();
        let base = self.hasher.hash_one(&key);
        while self.wanted.contains_key(&self.hasher.hash_one(&given)) {
            let n = self.wanted.entry(base).or_insert(1);
            *n += 1;
            given = format!("{key}-{n}");
        }
        self.wanted.insert(self.hasher.hash_one(&given), 1);
        given
    }
}

/// Whether a file of JSON begins as programs print it for people: one object or list over many lines.
fn is_spread_over_lines(first_line: &[u8]) -> bool {
    matches!(first_line.trim_ascii(), b"{" | b"[" | b"[{")
}

fn short(name: &str) -> String {
    clean_short(name, 60)
}
