//! From sources to one checked JSONL, with everything that a person wants to know before it is sent.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::error::Error;
use super::keys::{KeyTemplate, Stems};
use super::lines::Lines;
use super::reading::{Preparation, Reading};
use super::source::{Opened, SourceArg, look_at, open};
use crate::money::{Catalog, Date, Estimate};
use crate::request::{Finding, Preview, Settings, check_settings};
use crate::text::clean;

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
    // A wrong name behind a large source should not wait for the large source.
    for source in sources {
        look_at(source)?;
    }
    let names = sources.iter().map(|source| clean(&source.to_string())).collect();
    let mut preparation = Preparation::new(options, names, out, report);
    for finding in check_settings(&preparation.context, options.today) {
        preparation.tell(finding);
    }
    let mut stems = Stems::default();
    for (number, source) in sources.iter().enumerate() {
        if preparation.has_enough() {
            break;
        }
        let Opened { form, reader } = open(source)?;
        let reading = Reading::new(number, form, stems.add(source.stem()));
        let cannot = |error| Error::Read { name: source.to_string(), source: error };
        preparation.read(reading, Lines::new(reader), &cannot)?;
    }
    preparation.finish()
}

/// The checks of [`prepare`] alone.
pub fn lint(sources: &[SourceArg], options: &Options, report: &mut dyn FnMut(Finding)) -> Result<Prepared, Error> {
    prepare(sources, options, &mut io::sink(), report)
}
