//! The plain data that use cases take and give.

use std::path::PathBuf;

use jiff::Timestamp;

pub use crate::job::Transition;
use crate::job::{Job, JobName};
use crate::request::Fixes;
use crate::results::review::Review;
pub use crate::script::{BytesRead, Sample, SourceArg, SourceOptions};

/// All jobs that the service lists, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// By `createTime`, newest first.
    pub jobs: Vec<Job>,
    /// False when the walk had to stop early: then absence from the list proves nothing.
    pub complete: bool,
    /// The service's clock at the last page.
    pub server_time: Option<Timestamp>,
}

/// What a person asks for when they create a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// At least one.
    pub sources: Vec<SourceArg>,
    /// Without `models/`; `None` takes the default.
    pub model: Option<String>,
    /// `None` takes the default.
    pub voice: Option<String>,
    /// A BCP 47 code; `None` lets the model detect it.
    pub language: Option<String>,
    /// The display name; `None` takes the stem of the first source.
    pub name: Option<String>,
    /// Sends the requests in the create call itself.
    pub inline: bool,
    /// Only some of the requests.
    pub sample: Option<Sample>,
    /// Leaves out what these jobs were sent: the rest after a sample.
    pub rest_of: Vec<JobName>,
    /// Sends lines as well whose audio is on this disk already.
    pub again: bool,
    /// How the sources are read, and who speaks.
    pub reading: SourceOptions,
    /// How large one job may become; what is more becomes several jobs.
    pub split: Split,
    /// Which findings of the linter are mended in what is sent.
    pub fixes: Fixes,
}

/// How large one job may become, where a person chose it. The limits of the service and of the tier hold besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Requests.
    pub max_requests: Option<u64>,
    /// Bytes of JSONL.
    pub max_bytes: Option<u64>,
    /// Tokens of text, as far as they can be known before.
    pub max_tokens: Option<u64>,
}

/// A checked order: what would be sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Without `models/`.
    pub model: String,
    /// As typed, without our token.
    pub display_name: String,
    /// The prepared JSONL, in the state folder; removed when the plan is dropped by its maker.
    pub prepared: PathBuf,
    /// Whether the requests go inline.
    pub inline: bool,
    /// How many requests.
    pub n_requests: u64,
    /// Characters of text.
    pub characters: u64,
    /// Size of the prepared JSONL in bytes.
    pub bytes: u64,
    /// SHA-256 of the prepared JSONL, lower-case hex.
    pub sha256: String,
    /// Texts that were too long for the model and became several requests.
    pub n_split: u64,
    /// Words that the list of pronunciations replaced.
    pub n_pronounced: u64,
    /// Findings that a quick fix mended; they stand among the findings as warnings.
    pub n_fixed: u64,
    /// Findings of the linter, errors first.
    pub findings: Vec<crate::request::Finding>,
    /// The first requests, for a preview.
    pub preview: Vec<crate::request::Preview>,
    /// What it may cost.
    pub estimate: Option<crate::money::Estimate>,
    /// A job with the same content in the last 48 hours.
    pub repeat_of: Option<JobName>,
    /// A create with the same content in the last 48 hours whose answer was lost. It may exist: nothing is sent until it
    /// turns up or is given up.
    pub repeat_unconfirmed: Option<Unconfirmed>,
    /// A campaign with the same content in the last 48 hours, in words. Known for a plan of several jobs.
    pub repeat_of_campaign: Option<String>,
    /// The caps that it would pass.
    pub over_cap: Option<crate::money::OverCap>,
    /// The caps that a person has agreed to pass: set by whoever asked. Without it nothing is sent over a cap.
    pub agreed: Option<crate::money::OverCap>,
    /// Whose requests it makes again, when it is a retake.
    pub retake_of: Option<crate::store::RetakeOf>,
    /// The jobs that it becomes, in their order, when one job would be too large; else empty.
    pub parts: Vec<PlannedPart>,
    /// Why there are several, in words that go on after the number: `25 000 enqueued tokens of tier 1`.
    pub jobs_because: String,
    /// Which part of which campaign it is, when it is one.
    pub part_of: Option<crate::store::PartOf>,
    /// Which requests of its sources it has, with the seed by which they were chosen.
    pub sample: Option<Sample>,
    /// The token of the create in whose place it is sent, on a person's word: its answer was lost, and it is given up when
    /// this one goes out.
    pub in_place_of: Option<String>,
    /// What it is the rest of.
    pub rest_of: Vec<JobName>,
    /// Requests that were left out because a job in `rest_of` was sent them.
    pub n_sent_before: u64,
    /// Requests whose audio is on this disk already. They are left out, and their audio goes into the folder of the job
    /// when it is saved; unless all of them are.
    pub n_unchanged: u64,
    /// Where that audio is, most of it first.
    pub unchanged: Vec<Unchanged>,
    /// All requests are unchanged. Then none is left out, and whoever submits it asks whether that is meant.
    pub is_all_unchanged: bool,
}

/// What one of several jobs will hold: lines of the prepared requests that stand behind each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlannedPart {
    /// Where its first line begins in the prepared requests, in bytes.
    pub from: u64,
    /// How many bytes of them are its lines.
    pub bytes: u64,
    /// How many requests.
    pub n_requests: u64,
    /// Characters of text.
    pub characters: u64,
    /// What it may cost.
    pub estimate: crate::money::Estimate,
}

/// Audio on this disk that need not be bought again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchanged {
    /// The job that made it.
    pub job: JobName,
    /// The folder that it was saved to.
    pub folder: PathBuf,
    /// Of how many requests.
    pub n: u64,
}

impl Plan {
    /// How many jobs it becomes.
    pub fn n_jobs(&self) -> usize {
        self.parts.len().max(1)
    }

    /// What was sent with the same content in the last 48 hours, in words.
    pub fn repeats(&self) -> Option<String> {
        self.repeat_of.as_ref().map(ToString::to_string).or_else(|| self.repeat_of_campaign.clone())
    }

    /// Whether anything forbids sending it.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == crate::request::Severity::Error)
    }
}

/// How a create came out.
#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    /// The service has it.
    Confirmed(Job),
    /// The answer was lost, and the job was found in the list by our token.
    Adopted(Job),
    /// It is several jobs: nothing was sent yet, and everything is kept to be sent one after the other.
    Begun(Box<super::CampaignStatus>),
    /// More than one job in the list carries our token: the create was doubled on its way. Oldest first. All of them are
    /// billed, and none is cancelled unasked.
    Duplicate(Vec<Job>),
    /// The answer was lost and the job is not in the list yet. It may exist: it must not be sent again.
    Unknown(Unconfirmed),
}

/// A create whose answer was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unconfirmed {
    /// Our token in the display name.
    pub token: String,
    /// The display name without the token.
    pub display_name: String,
    /// Without `models/`.
    pub model: String,
    /// How many requests it may have.
    pub n_requests: u64,
    /// How many characters of text it may be billed for.
    pub characters: u64,
    /// When it was sent.
    pub at: Timestamp,
}

impl Unconfirmed {
    /// What a person types to give it up, without a dashboard.
    pub fn give_up_command(&self) -> String {
        format!("gemtts-tui delete {}", self.token)
    }
}

/// What the service said to a cancel.
// One of them exists at a time: a box would only be in the way.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq)]
pub enum CancelAnswer {
    /// It will try.
    Asked,
    /// There was nothing to stop any more.
    AlreadyOver(Job),
    /// The service is out of reach, or its answer was lost. The wish is written down, and is to be told again.
    NotYet(crate::failure::Failure),
}

/// What deleting a job would lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// There are no results.
    Nothing,
    /// Every result is on disk and its checksum fits.
    Saved,
    /// So many of so many results are on disk.
    Unsaved {
        /// On disk.
        saved: u64,
        /// At the service, as far as it says.
        of: Option<u64>,
    },
}

/// How far something is.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Progress {
    /// Bytes done. Of results: those that were dealt with, each counted once, however often it is read.
    pub bytes: u64,
    /// Bytes in all, when known.
    pub of: Option<u64>,
    /// Results that were told.
    pub keys: u64,
    /// Seconds of audio in them.
    pub seconds: f64,
    /// A create goes out now, or is out: from here on nothing can take it back.
    pub is_creating: bool,
    /// It has not begun: as many downloads as may run at once are under way, and one of them has to end first.
    pub is_waiting: bool,
    /// All bytes of an upload are there, and the service still works on them before a job may use them.
    pub is_processing: bool,
}

/// What a save left on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saved {
    /// The folder.
    pub folder: PathBuf,
    /// Files written now.
    pub saved: u64,
    /// Files that were right already.
    pub skipped: u64,
    /// Rows without usable audio.
    pub failed: u64,
    /// Rows whose audio was written but looks bad.
    pub suspect: u64,
    /// Keys that occurred again.
    pub duplicates: u64,
    /// Seconds of audio on disk.
    pub seconds: f64,
    /// Of the keys above, those that were not sent because their audio was on this disk already.
    pub unchanged: u64,
    /// Rows that the service announced, when it did.
    pub expected: Option<u64>,
    /// What all results together have shown; rows whose verdict it changed count as suspect.
    pub review: Review,
}
