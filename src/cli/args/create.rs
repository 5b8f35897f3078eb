//! The options of `create` and `lint`: sources, how they are read, and what is sent of them.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::cli::values;
use crate::ops::Split;
use crate::request::{Fixes, Speaker};
use crate::script::{By, ColumnName, Form, KeyTemplate, Sample, SourceArg, SourceOptions};

/// What one job is made from.
#[derive(Args, Clone, Debug)]
pub struct Sources {
    /// Text, Markdown, CSV, TSV, SRT, VTT, EPUB or JSONL files, folders of them, or - for standard input; several become
    /// one job, in this order
    #[arg(required = true, value_name = "SOURCE", value_parser = OsStringValueParser::new().map(|word| SourceArg::parse(&word)))]
    pub sources: Vec<SourceArg>,
    /// Model, as in `models`
    #[arg(long, value_name = "MODEL", value_parser = values::model)]
    pub model: Option<String>,
    /// Voice, as in `voices`
    #[arg(long, value_name = "VOICE")]
    pub voice: Option<String>,
    /// Language as a BCP 47 code, de-DE; without one the model detects it
    #[arg(long, value_name = "CODE")]
    pub language: Option<String>,
    /// Only some requests: the first N, longest:N, or random:N[:SEED]
    #[arg(long, value_name = "SAMPLE")]
    pub sample: Option<Sample>,
    /// Mend what these rules of the linter find, in what is sent: rules with commas between them, or all
    #[arg(long = "fix", value_name = "RULE,…")]
    pub fixes: Option<Fixes>,
    /// How the sources are read.
    #[command(flatten)]
    pub reading: Reading,
}

/// How sources are read, and who speaks.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "How sources are read")]
pub struct Reading {
    /// Form of the sources: jsonl, text, markdown, csv, tsv, srt, vtt or epub; otherwise by their names and content
    #[arg(long, value_name = "FORM")]
    pub from: Option<Form>,
    /// What becomes one request of plain text: line or paragraph
    #[arg(long, value_name = "WHAT", default_value = "line", hide_possible_values = true)]
    pub by: TextUnit,
    /// Column of a table under another header, as in text=Prompt; columns are key, text, voice, language, style, speaker
    #[arg(long = "column", value_name = "COLUMN=HEADER")]
    pub columns: Vec<ColumnName>,
    /// How keys are made: {stem}, {section}, {n:04}, {line}, {id}, {row.COLUMN}; not for JSONL, which has its own
    #[arg(long, value_name = "TEMPLATE")]
    pub key_template: Option<KeyTemplate>,
    /// Voice of a speaker in texts that say `Ann: …`, and of the column speaker; may be given several times
    #[arg(long = "speaker", value_name = "NAME=VOICE", value_parser = values::speaker)]
    pub speakers: Vec<Speaker>,
    /// How to speak, as in "calm and slow"; for texts that do not say it themselves
    #[arg(long, value_name = "STYLE")]
    pub style: Option<String>,
    /// List of words and how they are spoken: word, tab, spoken on each line, or TOML as in SQL = "sequel". A word in
    /// small letters is found in any case
    #[arg(long, value_name = "FILE")]
    pub pronounce: Option<PathBuf>,
    /// Leave the headings of Markdown and e-books unspoken; they name keys all the same
    #[arg(long)]
    pub skip_headings: bool,
}

impl Reading {
    /// The options as the readers take them.
    pub fn options(&self) -> SourceOptions {
        SourceOptions {
            from: self.from,
            by: match self.by {
                TextUnit::Line => By::Line,
                TextUnit::Paragraph => By::Paragraph,
            },
            columns: self.columns.iter().cloned().collect(),
            keys: self.key_template.clone(),
            speakers: self.speakers.clone(),
            style: self.style.clone(),
            pronounce: self.pronounce.clone(),
            skip_headings: self.skip_headings,
        }
    }
}

/// What becomes one request of plain text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TextUnit {
    /// A line.
    #[default]
    Line,
    /// The lines between two empty ones.
    Paragraph,
}

/// How large one job may become.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Several jobs (a campaign)")]
pub struct Division {
    /// At most so many requests a job; more become several jobs, one after the other as quota allows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_requests: Option<u64>,
    /// At most so many bytes of JSONL a job, as in 500MB
    #[arg(long, value_name = "BYTES", value_parser = values::size)]
    pub max_size: Option<u64>,
    /// At most so many tokens of text a job
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_tokens: Option<u64>,
}

impl Division {
    /// As an order has it.
    pub fn split(self) -> Split {
        Split { max_requests: self.max_requests, max_bytes: self.max_size, max_tokens: self.max_tokens }
    }
}

/// `create`
#[derive(Args, Clone, Debug)]
pub struct Create {
    /// What to send.
    #[command(flatten)]
    pub sources: Sources,
    /// Display name of the job; otherwise the name of the first source
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Send the requests in the create call itself instead of a file, up to 20 MB
    #[arg(long)]
    pub inline: bool,
    /// How large one job may become.
    #[command(flatten)]
    pub division: Division,
    /// Leave out what this job was sent, such as a sample; may be given several times
    #[arg(long, value_name = "JOB")]
    pub rest_of: Vec<String>,
    /// Send everything, even lines whose audio is on this disk already
    #[arg(long)]
    pub again: bool,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Wait until the job is over
    #[arg(long, conflicts_with = "dry_run")]
    pub wait: bool,
    /// Submit without asking, even a repeat of recent content or above a cap
    #[arg(long, short)]
    pub yes: bool,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `lint`
#[derive(Args, Clone, Debug)]
pub struct Lint {
    /// What to check.
    #[command(flatten)]
    pub sources: Sources,
    /// One JSON object for every finding
    #[arg(long)]
    pub json: bool,
}
