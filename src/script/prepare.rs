//! From sources to one checked JSONL, with everything that a person wants to know before it is sent.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::book::Book;
use super::captions::Captions;
use super::error::Error;
use super::folder::files_of;
use super::job_keys::JobKeys;
use super::keys::{KeyTemplate, Stems};
use super::lines::{Ends, Lines};
use super::markdown::Markdown;
use super::options::SourceOptions;
use super::passage::Passages;
use super::plain::PlainText;
use super::progress::BytesRead;
use super::reading::{Preparation, Reading};
use super::rows::Rows;
use super::source::{Form, Opened, SourceArg, look_at, open};
use super::table::Table;
use crate::money::{Catalog, Date, Estimate, Learned};
use crate::request::{
    Context, Finding, Fixes, Preview, Problem, PronunciationError, Pronunciations, Settings, check_settings,
    check_speakers, rules,
};
use crate::text::{clean, count};

/// What is made of sources.
#[derive(Clone, Debug)]
pub struct Options {
    /// Model, voice, language and style of the job.
    pub settings: Settings,
    /// What is known of models, voices and languages.
    pub catalog: Arc<Catalog>,
    /// For prices and the ends of models.
    pub today: Date,
    /// What earlier jobs of such a model came to, for the estimate.
    pub learned: Arc<Learned>,
    /// Stops after so many good requests; what comes behind is not read.
    pub sample: Option<usize>,
    /// How many requests are shown.
    pub preview: usize,
    /// The requests will go inside the create call.
    pub inline: bool,
    /// Notes where each request stands in its source, for whoever chooses among them afterwards: four bytes for each.
    pub notes_lines: bool,
    /// How the sources are read.
    pub reading: SourceOptions,
    /// Keeps only the requests with these keys, as a retake does.
    pub only: Option<HashSet<String>>,
    /// The same for keys in small letters, whatever their case.
    pub(super) only_folded: Option<HashSet<String>>,
    /// What is mended on the way.
    pub fixes: Fixes,
    /// Set by whoever wants no more of it; looked at before every line.
    pub stop: Arc<AtomicBool>,
    /// Told all the while.
    pub progress: Arc<BytesRead>,
}

impl Options {
    /// Everything else as by default.
    pub fn new(settings: Settings, catalog: Arc<Catalog>, today: Date) -> Options {
        Options {
            settings,
            catalog,
            today,
            learned: Arc::default(),
            sample: None,
            preview: 50,
            inline: false,
            notes_lines: false,
            reading: SourceOptions::default(),
            only: None,
            only_folded: None,
            fixes: Fixes::default(),
            stop: Arc::default(),
            progress: Arc::default(),
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
    /// SHA-256 of the JSONL, lower-case hex; empty when it was only checked.
    pub sha256: String,
    /// Texts that were too long for the model and became several requests.
    pub n_split: u64,
    /// Words that the list of pronunciations replaced.
    pub n_pronounced: u64,
    /// Findings that forbid sending it.
    pub n_errors: u64,
    /// Findings that are worth a look.
    pub n_warnings: u64,
    /// Findings that a quick fix mended. They count neither as errors nor as warnings.
    pub n_fixed: u64,
    /// The rules with a quick fix that found something which was not mended.
    pub fixable: Fixes,
    /// The first requests that were written.
    pub preview: Vec<Preview>,
    /// What they may cost, and how long they may be.
    pub estimate: Estimate,
    /// The line of each request in its source, when they were noted.
    pub lines: Vec<u32>,
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
/// a source that cannot be read at all ends it. With a list of pronunciations, `texts` takes the texts as they are
/// written, one `{"key":…,"text":…}` a line, for whoever shows them beside their results.
pub fn prepare(
    sources: &[SourceArg],
    options: &Options,
    out: &mut dyn Write,
    texts: Option<&mut dyn Write>,
    report: &mut dyn FnMut(Finding),
) -> Result<Prepared, Error> {
    read(sources, options, Some(out), texts, report)
}

fn read(
    sources: &[SourceArg],
    options: &Options,
    out: Option<&mut dyn Write>,
    texts: Option<&mut dyn Write>,
    report: &mut dyn FnMut(Finding),
) -> Result<Prepared, Error> {
    if sources.iter().filter(|source| **source == SourceArg::Stdin).count() > 1 {
        return Err(Error::StdinTwice);
    }
    // A wrong name behind a large source should not wait for the large source.
    for source in sources {
        look_at(source)?;
    }
    let pronunciations = options.reading.pronounce.as_deref().map(read_pronunciations).transpose()?;
    for finding in settings_findings(options) {
        report(finding);
    }
    let sources = without_folders(sources, report)?;
    sources.iter().for_each(|source| options.progress.expect(source.bytes()));
    let names = sources.iter().map(|source| clean(&source.to_string())).collect();
    let pronunciations = pronunciations.unwrap_or_default();
    let texts = texts.map(|texts| texts as &mut dyn Write);
    let out = out.map(|out| out as &mut dyn Write);
    let mut preparation = Preparation::new(options, pronunciations, names, out, texts, report);
    if can_look_again(&sources, options) {
        preparation.keys = JobKeys::small();
    }
    let mut stems = Stems::default();
    for (number, source) in sources.iter().enumerate() {
        if preparation.has_enough() {
            break;
        }
        let opened = open(source, options.reading.from, &options.progress)?;
        let stem = stems.add(source.stem());
        let reading = |form| Reading::new(number, form, stem, sources.len() == 1);
        let cannot = |error| Error::Read { name: source.to_string(), source: error };
        match opened {
            Opened::Stream { form: Form::Jsonl, reader } => {
                preparation.take_lines(reading(Form::Jsonl), Lines::new(reader, Ends::LineFeed), &cannot)?;
            }
            Opened::Stream { form, reader } => {
                let mut texts = texts_of(form, reader, &options.reading);
                preparation.take_texts(reading(form), texts.as_mut(), &cannot)?;
            }
            Opened::Book(file) => {
                options.progress.add(source.bytes().unwrap_or(0));
                let mut book = Book::open(file, options.reading.skip_headings)
                    .map_err(|reason| Error::Book { name: source.to_string(), reason })?;
                preparation.take_texts(reading(Form::Book), &mut book, &cannot)?;
            }
        }
    }
    let suspects = preparation.keys.take_suspects();
    if !suspects.is_empty() {
        for finding in look_again(&sources, options, suspects)? {
            preparation.tell(finding);
        }
    }
    preparation.finish()
}

/// Whether keys may be kept in so little memory that one of them may come into doubt. What is read twice must be the
/// same both times, from its beginning to its end.
fn can_look_again(sources: &[SourceArg], options: &Options) -> bool {
    options.only.is_none()
        && options.only_folded.is_none()
        && options.sample.is_none()
        && sources.iter().all(|source| source.bytes().is_some())
}

/// Reads the sources once more for some keys alone, and gives what is wrong with these keys.
fn look_again(sources: &[SourceArg], options: &Options, keys: HashSet<String>) -> Result<Vec<Finding>, Error> {
    let again = Options { only_folded: Some(keys), preview: 0, progress: Arc::default(), ..options.clone() };
    let mut findings = Vec::new();
    let about_keys = [rules::DUPLICATE_KEY.id, rules::KEY_DIFFERS_IN_CASE.id];
    read(sources, &again, None, None, &mut |finding| {
        if about_keys.contains(&finding.rule) {
            findings.push(finding);
        }
    })?;
    Ok(findings)
}

/// The checks of [`prepare`] alone: nothing is written, and no checksum made.
pub fn lint(sources: &[SourceArg], options: &Options, report: &mut dyn FnMut(Finding)) -> Result<Prepared, Error> {
    read(sources, options, None, None, report)
}

fn settings_findings(options: &Options) -> Vec<Finding> {
    let context = Context::new(&options.settings, &options.catalog);
    let mut findings = check_settings(&context, options.today);
    findings.extend(check_speakers(&options.reading.speakers, &context));
    findings
}

/// The reader for a form that is read from its first byte to its last.
fn texts_of(form: Form, reader: Box<dyn BufRead>, options: &SourceOptions) -> Box<dyn Passages> {
    let lines = Lines::new(reader, Ends::Any);
    let table = |lines, separator| {
        let in_keys = options.keys.as_ref().map(KeyTemplate::columns).unwrap_or_default();
        Box::new(Table::new(Rows::new(lines, separator), &options.columns, in_keys))
    };
    match form {
        Form::Csv => table(lines, None),
        Form::Tsv => table(lines, Some('\t')),
        Form::Markdown => Box::new(Markdown::new(lines, options.skip_headings)),
        Form::Captions => Box::new(Captions::new(lines, &options.speakers)),
        // JSONL and books were opened in their own ways.
        Form::Text | Form::Jsonl | Form::Book => Box::new(PlainText::new(lines, options.by)),
    }
}

/// Puts the files of folders in the place of the folders.
fn without_folders(sources: &[SourceArg], report: &mut dyn FnMut(Finding)) -> Result<Vec<SourceArg>, Error> {
    let mut files = Vec::new();
    for source in sources {
        match source {
            SourceArg::Path(folder) if folder.is_dir() => {
                let found = files_of(folder)?;
                if !found.unread.is_empty() {
                    report(left_out(folder, &found.unread).found(&clean(&source.to_string()), 0, None));
                }
                files.extend(found.files.into_iter().map(SourceArg::Path));
            }
            SourceArg::Path(_) | SourceArg::Stdin => files.push(source.clone()),
        }
    }
    Ok(files)
}

fn left_out(folder: &Path, unread: &[std::path::PathBuf]) -> Problem {
    const MOST: usize = 5;
    let below = |path: &std::path::PathBuf| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let mut names: Vec<String> = unread.iter().take(MOST).map(below).collect();
    if unread.len() > MOST {
        names.push("…".to_owned());
    }
    let n_files = count(unread.len() as u64, "file");
    let problem = Problem::new(&rules::UNREAD_FILE, format!("{n_files} cannot be read: {}", names.join(", ")));
    problem.fix("text, Markdown, CSV, TSV, SRT, VTT, EPUB and JSONL files are read, by their endings")
}

/// Far more words than anybody writes down.
const MOST_PRONUNCIATIONS: u64 = 4 * 1024 * 1024;

fn read_pronunciations(path: &Path) -> Result<Pronunciations, Error> {
    let name = || path.display().to_string();
    let file = fs::File::open(path).map_err(|source| Error::Open { name: name(), source })?;
    let mut text = String::new();
    let read = file.take(MOST_PRONUNCIATIONS + 1).read_to_string(&mut text);
    read.map_err(|source| Error::Read { name: name(), source })?;
    if text.len() as u64 > MOST_PRONUNCIATIONS {
        return Err(Error::TooLarge { name: name(), limit: MOST_PRONUNCIATIONS });
    }
    let is_toml = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    let list = if is_toml { Pronunciations::from_toml(&text) } else { Pronunciations::from_tsv(&text) };
    list.map_err(|source: PronunciationError| Error::Pronunciations { name: name(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::MOST_WITH_PLACES;

    #[test]
    fn a_key_among_very_many_is_looked_at_again_before_it_is_called_a_duplicate() {
        let folder = tempfile::tempdir().unwrap();
        let (csv, catalog) = (folder.path().join("a.csv"), Catalog::built_in());
        let mut options = Options::new(Settings::for_catalog(&catalog), catalog, Date::constant(2026, 10, 1));
        let mut found = |rows: &str, fixes: &str| {
            fs::write(&csv, format!("key,text\n{rows}")).unwrap();
            options.fixes = fixes.parse().unwrap();
            let mut findings = Vec::new();
            let mut tell = |finding: Finding| findings.push((finding.line, finding.rule, finding.message));
            let prepared = lint(&[SourceArg::Path(csv.clone())], &options, &mut tell).unwrap();
            (findings, prepared)
        };
        let n = MOST_WITH_PLACES + 200;
        let rows: String = (0..n).map(|n| format!("k-{n},Hi\n")).collect();
        assert_eq!(found(&rows, "").0, []);
        let rows = format!("{rows}k-{},Hi\nK-{},Hi\nk-7,Hi\n", n - 100, n - 50);
        let (findings, prepared) = found(&rows, "");
        let expected = [
            (n as u64 + 4, "duplicate-key", "key is used twice (line 9)".to_owned()),
            (n as u64 + 2, "duplicate-key", "key is used twice (line 1 102)".to_owned()),
            (n as u64 + 3, "key-differs-in-case", "the key differs only in case from another (line 1 152)".to_owned()),
        ];
        assert_eq!((findings.as_slice(), prepared.n_errors), (expected.as_slice(), 2));
        let (findings, prepared) = found(&rows, "duplicate-key");
        assert_eq!((findings.len(), prepared.n_errors, prepared.n_fixed, prepared.n_requests), (3, 0, 3, n as u64 + 3));
    }
}
