//! From sources to one checked JSONL, with everything that a person wants to know before it is sent.

use std::collections::HashSet;
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::Error;
use super::keys::{KeyTemplate, Stems};
use super::lines::{End, LONGEST_LINE, Line, Lines};
use super::output::Output;
use super::source::{Form, Opened, SourceArg, open};
use crate::money::{Catalog, Characters, Date, Estimate};
use crate::request::{
    Checked, Context, Finding, KeyPlace, Keys, Preview, Problem, Seen, Settings, Severity, check_line, check_settings,
    check_text, rules,
};
use crate::text::{bytes as size, clean, clean_short, thousands};

/// How sources are read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Model, voice, language and style of the job.
    pub settings: Settings,
    /// What is known of models, voices and languages.
    pub catalog: Arc<Catalog>,
    /// For prices and the ends of models.
    pub today: Date,
    /// Stops after so many good requests; what comes behind is not read.
    pub sample: Option<usize>,
    /// How many requests are shown.
    pub preview: usize,
    /// The requests will go inside the create call.
    pub inline: bool,
    /// Keys for texts.
    pub key_template: KeyTemplate,
    /// Keeps only the requests with these keys, as a retake does.
    pub only: Option<HashSet<String>>,
    /// Set by whoever wants no more of it; looked at before every line.
    pub stop: Arc<AtomicBool>,
}

impl Options {
    /// Everything else as by default.
    pub fn new(settings: Settings, catalog: Arc<Catalog>, today: Date) -> Options {
        Options {
            settings,
            catalog,
            today,
            sample: None,
            preview: 50,
            inline: false,
            key_template: KeyTemplate::default(),
            only: None,
            stop: Arc::default(),
        }
    }
}

/// What came of the sources.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// Requests that were written.
    pub n_requests: u64,
    /// Characters to speak in them.
    pub characters: u64,
    /// Size of the JSONL.
    pub bytes: u64,
    /// SHA-256 of the JSONL, lower-case hex.
    pub sha256: String,
    /// Findings that forbid sending it.
    pub n_errors: u64,
    /// Findings that are worth a look.
    pub n_warnings: u64,
    /// The first requests that were written.
    pub preview: Vec<Preview>,
    /// What they may cost, and how long they may be.
    pub estimate: Estimate,
}

impl Prepared {
    /// Whether it must not be sent.
    pub fn has_errors(&self) -> bool {
        self.n_errors > 0
    }
}

/// Reads the sources, writes the good requests as JSONL, and reports everything that was found, in order.
///
/// Blocks. The output is only worth sending when the result has no errors. Errors are those of reading and writing:
/// a source that cannot be read at all ends it.
pub fn prepare(
    sources: &[SourceArg],
    options: &Options,
    out: &mut dyn Write,
    report: &mut dyn FnMut(Finding),
) -> Result<Prepared, Error> {
    if sources.iter().filter(|source| **source == SourceArg::Stdin).count() > 1 {
        return Err(Error::StdinTwice);
    }
    let mut preparation = Preparation {
        options,
        context: Context::new(&options.settings, &options.catalog),
        output: Output::new(out, options.catalog.limits.input_file_bytes),
        report,
        names: sources.iter().map(|source| clean(&source.to_string())).collect(),
        keys: Keys::default(),
        characters: Characters::default(),
        preview: Vec::new(),
        n_requests: 0,
        n_errors: 0,
        n_warnings: 0,
    };
    for finding in check_settings(&preparation.context, options.today) {
        preparation.tell(finding);
    }
    let mut stems = Stems::default();
    for (number, source) in sources.iter().enumerate() {
        if preparation.has_enough() {
            break;
        }
        let Opened { form, reader } = open(source)?;
        let reading = Reading {
            number,
            form,
            stem: stems.add(source.stem()),
            n_lines: 0,
            has_told_of_snake_case: false,
            has_told_of_carriage_returns: false,
        };
        let cannot = |error| Error::Read { name: source.to_string(), source: error };
        preparation.read(reading, Lines::new(reader), &cannot)?;
    }
    preparation.finish()
}

/// The checks of [`prepare`] alone.
pub fn lint(sources: &[SourceArg], options: &Options, report: &mut dyn FnMut(Finding)) -> Result<Prepared, Error> {
    prepare(sources, options, &mut io::sink(), report)
}

struct Preparation<'p> {
    options: &'p Options,
    context: Context<'p>,
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
struct Reading {
    /// From 0.
    number: usize,
    form: Form,
    stem: String,
    /// Lines that hold or should hold a request.
    n_lines: u64,
    has_told_of_snake_case: bool,
    has_told_of_carriage_returns: bool,
}

impl Preparation<'_> {
    fn read<R: BufRead>(
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
            self.line(&mut reading, &line)?;
            if lines.had_mark && !has_told_of_mark && reading.is_strict() {
                has_told_of_mark = true;
                let message = "the file begins with a byte order mark; it is left out";
                self.problem(&reading, 1, None, Problem::new(&rules::BYTE_ORDER_MARK, message));
            }
        }
        if reading.is_strict() && last.1 == End::EndOfFile {
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
                    Form::Jsonl | Form::Csv | Form::Markdown | Form::Captions | Form::Epub => {
                        "write one request a line"
                    }
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
            Form::Csv | Form::Markdown | Form::Captions | Form::Epub => {
                unreachable!("opening such a source is refused")
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

    fn tell(&mut self, finding: Finding) {
        match finding.severity {
            Severity::Error => self.n_errors += 1,
            Severity::Warning => self.n_warnings += 1,
        }
        (self.report)(finding);
    }

    fn has_enough(&self) -> bool {
        self.options.sample.is_some_and(|sample| self.n_requests >= sample as u64)
    }

    fn finish(mut self) -> Result<Prepared, Error> {
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
    /// Whether every byte of the source matters, as in a file that a program wrote.
    fn is_strict(&self) -> bool {
        self.form == Form::Jsonl
    }
}

fn short(name: &str) -> String {
    clean_short(name, 60)
}
