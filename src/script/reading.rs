//! One source after the other, line by line: into requests, their problems, and the output.

use std::io::{self, BufRead, Write};
use std::sync::atomic::Ordering;

use super::error::Error;
use super::lines::{End, LONGEST_LINE, Line, Lines};
use super::output::Output;
use super::prepare::{Options, Prepared};
use super::source::Form;
use crate::money::Characters;
use crate::request::{
    Checked, Context, Finding, KeyPlace, Keys, Preview, Problem, Seen, Severity, check_line, check_text, rules,
};
use crate::text::{bytes as size, clean_short, thousands};

/// A job in the making.
pub(super) struct Preparation<'p> {
    options: &'p Options,
    /// What requests are checked against.
    pub context: Context<'p>,
    output: Output<'p>,
    report: &'p mut dyn FnMut(Finding),
    names: Vec<String>,
    keys: Keys,
    characters: Characters,
    preview: Vec<Preview>,
    n_requests: u64,
    n_errors: u64,
    n_warnings: u64,
}

/// How far one source is.
pub(super) struct Reading {
    /// From 0.
    number: usize,
    form: Form,
    stem: String,
    /// Lines that hold or should hold a request.
    n_lines: u64,
    has_told_of_snake_case: bool,
    has_told_of_carriage_returns: bool,
}

impl<'p> Preparation<'p> {
    pub(super) fn new(
        options: &'p Options,
        names: Vec<String>,
        out: &'p mut dyn Write,
        report: &'p mut dyn FnMut(Finding),
    ) -> Self {
        Preparation {
            options,
            context: Context::new(&options.settings, &options.catalog),
            output: Output::new(out, options.catalog.limits.input_file_bytes),
            report,
            names,
            keys: Keys::default(),
            characters: Characters::default(),
            preview: Vec::new(),
            n_requests: 0,
            n_errors: 0,
            n_warnings: 0,
        }
    }

    /// Reads one source to its end, or until there is enough.
    pub(super) fn read<R: BufRead>(
        &mut self,
        mut reading: Reading,
        mut lines: Lines<R>,
        cannot: &dyn Fn(io::Error) -> Error,
    ) -> Result<(), Error> {
        let mut last = (0, End::LineFeed);
        let mut has_told_of_mark = false;
        while !self.has_enough() {
            if self.options.stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            let Some(line) = lines.next().map_err(cannot)? else { break };
            last = (line.number, line.end);
            let is_spread = line.number == 1 && reading.is_strict() && is_spread_over_lines(line.bytes);
            self.line(&mut reading, &line)?;
            if is_spread {
                // The finding about the first line says what to do; another one for each line after it helps nobody.
                return Ok(());
            }
            if lines.had_mark && !has_told_of_mark && reading.is_strict() {
                has_told_of_mark = true;
                let message = "the file begins with a byte order mark; it is left out";
                self.problem(&reading, 1, None, Problem::new(&rules::BYTE_ORDER_MARK, message));
            }
        }
        if reading.is_strict() && last.1 == End::Missing {
            let problem = Problem::new(&rules::MISSING_FINAL_NEWLINE, "the last line has no line end; one is added");
            self.problem(&reading, last.0, None, problem.fix("see whether the file was cut off"));
        }
        if reading.n_lines == 0 && !self.has_enough() {
            let problem = Problem::new(&rules::NO_REQUESTS, "there is no request in it");
            self.problem(
                &reading,
                0,
                None,
                problem.fix(match reading.form {
                    Form::Text => "write one text a line",
                    Form::Jsonl => "write one request a line",
                }),
            );
        }
        Ok(())
    }

    fn line(&mut self, reading: &mut Reading, line: &Line) -> Result<(), Error> {
        if line.is_too_long {
            reading.n_lines += 1;
            let message = format!("the line is longer than {}", size(LONGEST_LINE as u64));
            let problem = Problem::new(&rules::LINE_TOO_LONG, message).fix("split it into several requests");
            self.problem(reading, line.number, None, problem);
            return Ok(());
        }
        if line.end == End::CarriageReturnLineFeed && reading.is_strict() && !reading.has_told_of_carriage_returns {
            reading.has_told_of_carriage_returns = true;
            let problem = Problem::new(&rules::CARRIAGE_RETURN, "lines end with carriage returns; they are left out");
            self.problem(reading, line.number, None, problem);
        }
        let text = match str::from_utf8(line.bytes) {
            Ok(text) => text,
            Err(error) => {
                reading.n_lines += 1;
                let (good, _) = line.bytes.split_at(error.valid_up_to());
                let column = String::from_utf8_lossy(good).chars().count() as u64 + 1;
                let byte = line.bytes[error.valid_up_to()];
                let message = format!("byte {} of the line, 0x{byte:02x}, is no UTF-8", error.valid_up_to() + 1);
                let problem = Problem::new(&rules::INVALID_UTF8, message).at(column).fix("save the file as UTF-8");
                self.problem(reading, line.number, None, problem);
                return Ok(());
            }
        };
        let is_blank = text.trim().is_empty();
        let checked = match reading.form {
            Form::Jsonl if is_blank => {
                let problem = Problem::new(&rules::BLANK_LINE, "the line is empty; it is left out");
                self.problem(reading, line.number, None, problem);
                return Ok(());
            }
            Form::Jsonl => check_line(text, &self.context),
            // Between texts, empty lines are what people write.
            Form::Text if is_blank => return Ok(()),
            Form::Text => {
                let key = self.options.key_template.key(&reading.stem, reading.n_lines + 1, line.number);
                check_text(key, text.trim(), &self.context)
            }
        };
        reading.n_lines += 1;
        self.request(reading, line.number, checked)
    }

    fn request(&mut self, reading: &mut Reading, line: u64, checked: Checked) -> Result<(), Error> {
        let key = checked.key.as_deref();
        if let (Some(only), Some(key)) = (&self.options.only, key)
            && !only.contains(key)
        {
            return Ok(());
        }
        let mut is_good = !checked.has_errors();
        let repeated = key.and_then(|key| self.look_up(reading, line, key));
        if let Some(name) = &checked.snake_case
            && !reading.has_told_of_snake_case
        {
            reading.has_told_of_snake_case = true;
            let message = format!("fields are in snake_case, such as {}; they are sent in camelCase", short(name));
            self.problem(reading, line, key, Problem::new(&rules::SNAKE_CASE, message));
        }
        for problem in checked.problems.iter().cloned().chain(repeated) {
            is_good &= problem.rule.severity == Severity::Warning;
            self.problem(reading, line, key, problem);
        }
        let (Some(key), Some(request), true) = (key, &checked.line, is_good) else { return Ok(()) };
        let was_over = self.output.is_over();
        self.output.write(request).map_err(Error::Write)?;
        if self.output.is_over() && !was_over {
            let limit = size(self.options.catalog.limits.input_file_bytes);
            let problem = Problem::new(&rules::FILE_TOO_LARGE, format!("here the input grows over {limit}"));
            self.problem(reading, line, Some(key), problem.fix("split the source into several jobs"));
        }
        self.n_requests += 1;
        self.characters += checked.facts.characters;
        if self.preview.len() < self.options.preview {
            self.preview.push(checked.facts.preview(line, key));
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

    fn problem(&mut self, reading: &Reading, line: u64, key: Option<&str>, problem: Problem) {
        let finding = problem.found(&self.names[reading.number], line, key);
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
        Ok(Prepared {
            n_requests: self.n_requests,
            characters: self.characters.total(),
            bytes: self.output.bytes,
            sha256: self.output.finish().map_err(Error::Write)?,
            n_errors: self.n_errors,
            n_warnings: self.n_warnings,
            preview: self.preview,
            estimate: self.options.catalog.estimate(&self.characters, price),
        })
    }
}

impl Reading {
    pub(super) fn new(number: usize, form: Form, stem: String) -> Self {
        let (has_told_of_snake_case, has_told_of_carriage_returns) = (false, false);
        Reading { number, form, stem, n_lines: 0, has_told_of_snake_case, has_told_of_carriage_returns }
    }

    /// Whether every byte of the source matters, as in a file that a program wrote.
    fn is_strict(&self) -> bool {
        self.form == Form::Jsonl
    }
}

/// Whether a file of JSON begins as programs print it for people: one object or list over many lines.
fn is_spread_over_lines(first_line: &[u8]) -> bool {
    matches!(first_line.trim_ascii(), b"{" | b"[" | b"[{")
}

fn short(name: &str) -> String {
    clean_short(name, 60)
}
