//! A job in the making: requests one by one, their problems, and the output. Lines of JSONL are read here.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{self, BufRead, Write};
use std::sync::atomic::Ordering;

use super::error::Error;
use super::job_keys::{JobKeys, short};
use super::lines::{End, Line, Lines, as_text};
use super::options::By;
use super::output::Output;
use super::passage::Place;
use super::prepare::{Options, Prepared};
use super::source::Form;
use crate::money::{Characters, ToSpeak};
use crate::request::{
    Checked, Context, Finding, Fixes, Glance, LastGood, LongText, Preview, Problem, Pronunciations, Seen, Severity,
    SpeechRequest, check_line, check_speech, rules,
};
use crate::text::{bytes as size, clean, clean_short};

/// Around the requests of a create call stand some more bytes than on the lines of a file: so many around one.
const IN_A_CALL: u64 = 528;

/// A job in the making.
pub(super) struct Preparation<'p> {
    pub options: &'p Options,
    /// Applied to every text; empty without a list.
    pub pronunciations: Pronunciations,
    /// What requests are checked against.
    pub context: Context<'p>,
    output: Output<'p>,
    report: &'p mut dyn FnMut(Finding),
    /// Of the sources, as they are shown.
    pub names: Vec<String>,
    /// Keys that were used.
    pub keys: JobKeys,
    last_good: LastGood,
    to_speak: ToSpeak,
    preview: Vec<Preview>,
    lines: Vec<u32>,
    n_requests: u64,
    n_errors: u64,
    n_warnings: u64,
    n_fixed: u64,
    fixable: Fixes,
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
    pub number: usize,
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
        out: Option<&'p mut dyn Write>,
        texts: Option<&'p mut dyn Write>,
        report: &'p mut dyn FnMut(Finding),
    ) -> Self {
        Preparation {
            options,
            pronunciations,
            context: Context::new(&options.settings, &options.catalog).with_fixes(&options.fixes),
            output: Output::new(out),
            report,
            names,
            keys: JobKeys::default(),
            last_good: LastGood::default(),
            to_speak: ToSpeak::default(),
            preview: Vec::new(),
            lines: Vec::new(),
            n_requests: 0,
            n_errors: 0,
            n_warnings: 0,
            n_fixed: 0,
            fixable: Fixes::default(),
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
        self.last_good.knows_snake_case = false;
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
        let mut seen = None;
        if let Some(glance) = Glance::of(text, &self.context, &mut self.last_good) {
            if !self.wants(&glance.key) {
                return Ok(());
            }
            match self.keys.insert(reading.number, line.number, &glance.key) {
                Seen::Never => return self.take_glance(reading, &place, &glance, None),
                known => seen = Some(known),
            }
        }
        let spare_key = || format!("{}-{:04}", reading.stem, line.number);
        let mut checked = check_line(text, &self.context, &spare_key);
        match LongText::of(&mut checked, &self.context) {
            None => self.request(reading, &place, checked, None, seen),
            Some(long) => self.take_long(reading, &place, long),
        }
    }

    /// Takes a request that is good at a glance.
    pub(super) fn take_glance(
        &mut self,
        reading: &Reading,
        place: &Place,
        glance: &Glance,
        source_text: Option<&str>,
    ) -> Result<(), Error> {
        let n_bytes = self.output.write_glance(glance).map_err(Error::Write)?;
        self.tell_too_large(reading, place, &glance.key, n_bytes);
        self.count(place, &glance.key, glance.spoken(), source_text, &|this| {
            glance.preview(&this.source_name(reading, place), place.line)
        })
    }

    /// Counts a request that was written.
    fn count(
        &mut self,
        place: &Place,
        key: &str,
        (voice, language, characters): (Option<&str>, Option<&str>, Characters),
        source_text: Option<&str>,
        preview: &dyn Fn(&Self) -> Preview,
    ) -> Result<(), Error> {
        self.n_requests += 1;
        if self.options.notes_lines {
            self.lines.push(u32::try_from(place.line).unwrap_or(u32::MAX));
        }
        *self.to_speak.of(voice, language) += characters;
        if let (Some(texts), Some(text), false) = (&mut self.texts, source_text, self.pronunciations.is_empty()) {
            let line = serde_json::json!({ "key": key, "text": text });
            writeln!(texts, "{line}").map_err(Error::Write)?;
        }
        if self.preview.len() < self.options.preview {
            let mut preview = preview(self);
            if let Some(text) = source_text {
                preview.text = clean_short(text.trim(), 200);
            }
            self.preview.push(preview);
        }
        Ok(())
    }

    /// Takes a request in pieces.
    fn take_long(&mut self, reading: &mut Reading, place: &Place, long: LongText) -> Result<(), Error> {
        let pieces = self.cut(long.text(), long.style());
        self.n_split += 1;
        for checked in long.into_requests(&pieces, &self.context) {
            if self.has_enough() {
                break;
            }
            self.request(reading, place, checked, None, None)?;
        }
        Ok(())
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

    /// Whether a request of this key is asked for.
    fn wants(&self, key: &str) -> bool {
        let options = self.options;
        options.only.as_ref().is_none_or(|only| only.contains(key))
            && options.only_folded.as_ref().is_none_or(|only| only.contains(&key.to_ascii_lowercase()))
    }

    /// Takes a request that was made of a text into the job. `source_text` is the text as its source has it.
    pub(super) fn speech(
        &mut self,
        reading: &mut Reading,
        place: &Place,
        request: &SpeechRequest,
        source_text: &str,
    ) -> Result<(), Error> {
        let mut seen = None;
        if let Some(glance) = Glance::of_speech(request, &self.context) {
            if !self.wants(&glance.key) {
                return Ok(());
            }
            match self.keys.insert(reading.number, place.line, &glance.key) {
                Seen::Never => return self.take_glance(reading, place, &glance, Some(source_text)),
                known => seen = Some(known),
            }
        }
        let checked = check_speech(request, &self.context);
        self.request(reading, place, checked, Some(source_text), seen)
    }

    /// Takes a checked request into the job; with what is known of its key, when that was looked up already.
    pub(super) fn request(
        &mut self,
        reading: &mut Reading,
        place: &Place,
        mut checked: Checked,
        source_text: Option<&str>,
        seen: Option<Seen>,
    ) -> Result<(), Error> {
        if checked.key.as_deref().is_some_and(|key| !self.wants(key)) {
            return Ok(());
        }
        let mut is_good = !checked.has_errors();
        let repeated = self.one_key(reading, place.line, &mut checked, seen);
        let key = checked.key.as_deref();
        if let Some(name) = &checked.snake_case
            && !reading.has_told_of_snake_case
        {
            reading.has_told_of_snake_case = true;
            self.last_good.knows_snake_case = true;
            let message = format!("fields are in snake_case, such as {}; they are sent in camelCase", short(name));
            self.problem(reading, place, key, Problem::new(&rules::SNAKE_CASE, message));
        }
        for problem in checked.problems.iter().cloned().chain(repeated) {
            is_good &= problem.severity() == Severity::Warning;
            self.problem(reading, place, key, problem);
        }
        let (Some(key), Some(request), true) = (key, &checked.line, is_good) else { return Ok(()) };
        let n_bytes = self.output.write(request).map_err(Error::Write)?;
        self.tell_too_large(reading, place, key, n_bytes);
        let facts = &checked.facts;
        self.count(
            place,
            key,
            (facts.voice.as_deref(), facts.language.as_deref(), facts.characters),
            source_text,
            &|this| checked.facts.preview(&this.source_name(reading, place), place.line, key),
        )
    }

    /// Tells of a request that is too large for any job.
    fn tell_too_large(&mut self, reading: &Reading, place: &Place, key: &str, n_bytes: u64) {
        // Many requests become several jobs; one that is too large for any job can go nowhere.
        let limits = &self.options.catalog.limits;
        let too_large = match self.options.inline {
            true if n_bytes + IN_A_CALL >= limits.inline_request_bytes => {
                let most = size(limits.inline_request_bytes);
                let message = format!("this request alone is {} in one call; {most} are the most", size(n_bytes));
                Some(Problem::new(&rules::INLINE_TOO_LARGE, message).fix("leave --inline out"))
            }
            false if n_bytes > limits.input_file_bytes => {
                let most = size(limits.input_file_bytes);
                let message = format!("this request alone is {}; {most} are the most", size(n_bytes));
                Some(Problem::new(&rules::FILE_TOO_LARGE, message).fix("split its text"))
            }
            true | false => None,
        };
        if let Some(problem) = too_large {
            self.problem(reading, place, Some(key), problem);
        }
    }

    /// Tells a problem with its place; one that knows its column within the text keeps it.
    pub(super) fn problem(&mut self, reading: &Reading, place: &Place, key: Option<&str>, mut problem: Problem) {
        if problem.column == 0 {
            problem.column = place.column;
        }
        if !problem.fixed {
            self.fixable.set(problem.rule, true);
        }
        let finding = problem.found(&self.source_name(reading, place), place.line, key);
        self.tell(finding);
    }

    /// The file of a place, as findings name it.
    fn source_name(&self, reading: &Reading, place: &Place) -> String {
        let name = &self.names[reading.number];
        match &place.file {
            Some(file) => format!("{name}/{}", clean(file)),
            None => name.clone(),
        }
    }

    /// Counts a finding and passes it on.
    pub(super) fn tell(&mut self, finding: Finding) {
        match (finding.fixed, finding.severity) {
            (true, Severity::Error | Severity::Warning) => self.n_fixed += 1,
            (false, Severity::Error) => self.n_errors += 1,
            (false, Severity::Warning) => self.n_warnings += 1,
        }
        (self.report)(finding);
    }

    /// Whether the sample is complete.
    pub(super) fn has_enough(&self) -> bool {
        self.options.sample.is_some_and(|sample| self.n_requests >= sample as u64)
    }

    /// Closes the output and adds up.
    pub(super) fn finish(self) -> Result<Prepared, Error> {
        let price = self.context.model.and_then(|model| model.price_at(self.options.today));
        let estimate = self.options.catalog.estimate_learned(&self.to_speak, &self.options.learned, price);
        Ok(Prepared {
            n_requests: self.n_requests,
            characters: estimate.characters,
            bytes: self.output.bytes,
            sha256: self.output.finish().map_err(Error::Write)?,
            n_errors: self.n_errors,
            n_warnings: self.n_warnings,
            n_fixed: self.n_fixed,
            fixable: self.fixable,
            n_split: self.n_split,
            n_pronounced: self.n_pronounced,
            preview: self.preview,
            lines: self.lines,
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
