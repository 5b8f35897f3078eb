//! Results of a job: fetched once, kept on the disk, shown while they arrive, saved from what is kept.
//!
//! However large they are, memory stays flat: bytes go through a bounded channel to a thread that keeps them, parses
//! them, and hands rows or audio on. A task that is dropped leaves whole files and a part that the next one goes on with.

mod bring;
mod cache;
mod choice;
mod decoding;
mod feed;
mod folder;
mod index;
mod keep;
mod loss;
mod open;
mod outline;
mod pipe;
mod raw;
mod ready;
mod remember;
mod review;
mod room;
mod save;
mod saved;
mod seek;
mod tally;
mod writing;

use std::path::PathBuf;

use crate::audio::Verdict;
use crate::job::{Job, JobName};
use crate::results::review::Review;
use crate::results::{Form, PackedRows, Tokens};

use super::{Progress, Texts};

pub use folder::default_folder;
pub(super) use folder::folder_of_original;
pub use loss::loss;
pub use outline::outline;
pub use raw::raw_line;
pub use ready::with_results;
pub use saved::each_saved;
pub use tally::{open, save};

/// Results that lie on this disk, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Whose they are; `None` for a file of the user.
    pub job: Option<JobName>,
    /// Where they are.
    pub path: PathBuf,
    /// What the bytes are.
    pub form: Form,
    /// Rows that the service announced, when it did.
    pub expected: Option<u64>,
}

/// What happens while results are opened.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// More rows, a few thousand at the most, in the order of the file.
    Rows(PackedRows),
    /// The beginnings of the texts, when the job was made on this machine; once, before or after its rows.
    Texts(Texts),
    /// More bytes.
    Progress(Progress),
    /// What all rows together have shown, when that is anything; once, after the last row.
    Reviewed(Review),
}

/// What to save, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct SaveOrder {
    /// Whose results.
    pub from: SaveFrom,
    /// The folder; it is made if it is not there.
    pub folder: PathBuf,
    /// Which of them.
    pub keys: KeyChoice,
}

/// Whose results are saved.
#[derive(Clone, Debug, PartialEq)]
// One of them exists at a time: a box would only be in the way.
#[allow(clippy::large_enum_variant)]
pub enum SaveFrom {
    /// Those of a job.
    Job(Job),
    /// Those in a results file, or in a kept answer to a GET of a job with inline results.
    File(PathBuf),
}

/// Which results are saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChoice {
    /// All of them.
    All,
    /// Those whose key matches one of these: `*` stands for any text, `?` for any character.
    Globs(Vec<String>),
    /// Those on these lines, counted from 1 as in [`Row::line`](crate::results::Row::line).
    Lines(Vec<u64>),
}

/// What happens while results are saved.
#[derive(Clone, Debug, PartialEq)]
pub enum Saving {
    /// More bytes.
    Progress(Progress),
    /// A result has been dealt with; its file, if it has one, is safe on the disk.
    Row {
        /// As the service sent it.
        key: Option<String>,
        /// In the folder.
        file: Option<String>,
        /// What is thought of it.
        verdict: Verdict,
        /// `saved`, `failed`, `duplicate`, as in the manifest.
        status: &'static str,
        /// Result lines or inline items, counted from 1.
        line: u64,
        /// Of its audio.
        seconds: f64,
        /// Of the file, in hex digits.
        sha256: Option<String>,
        /// What was billed, as far as the result says.
        tokens: Tokens,
    },
    /// A key that was not sent, because its audio was on this disk: its file stands in the folder too, or is gone.
    Unchanged {
        /// In the job.
        key: Option<String>,
        /// In the folder; `None` when it is gone.
        file: Option<String>,
        /// Why there is none.
        error: Option<String>,
        /// The job that made it.
        job: Option<String>,
        /// On which line of its results.
        line: u64,
        /// Of its audio.
        seconds: f64,
    },
    /// There is no room for a copy of the results beside their audio: they are saved without one, and what has come
    /// already is fetched again.
    WithoutCopy,
    /// The file of a result that was told before has got another name: a later key wants the plain one too, and neither
    /// keeps it.
    Renamed {
        /// As the service sent it.
        key: Option<String>,
        /// In the folder, from now on.
        file: String,
        /// Result lines or inline items, counted from 1.
        line: u64,
    },
}
