//! Why a source cannot be read at all. What is wrong inside a source is a finding, not an error.

use std::io;

use crate::failure::{Exit, Failure};
use crate::request::PronunciationError;
use crate::text::clean;

/// A source that gives nothing, or an output that takes nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not there, or may not be read.
    #[error("cannot open {}", clean(name))]
    Open {
        /// As it was named.
        name: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Reading stopped half-way.
    #[error("cannot read {}", clean(name))]
    Read {
        /// As it was named.
        name: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A folder without anything to read.
    #[error("{} holds no file that can be read", clean(name))]
    EmptyFolder {
        /// As it was named.
        name: String,
    },
    /// A folder that is hardly meant.
    #[error("{} holds more than {most} files", clean(name))]
    FullFolder {
        /// As it was named.
        name: String,
        /// The most.
        most: usize,
    },
    /// Nothing that can be read as text.
    #[error("{} is no text: {what}", clean(name))]
    Binary {
        /// As it was named.
        name: String,
        /// What it looks like.
        what: &'static str,
    },
    /// An e-book through a pipe, which has its table of contents at its end.
    #[error("{} is an e-book, which cannot be read from a pipe", clean(name))]
    BookFromPipe {
        /// As it was named.
        name: String,
    },
    /// An e-book that cannot be read as a whole.
    #[error("{} is no e-book that can be read: {}", clean(name), clean(reason))]
    Book {
        /// As it was named.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A list of pronunciations that cannot be read.
    #[error("{} cannot be read as a list of pronunciations", clean(name))]
    Pronunciations {
        /// As it was named.
        name: String,
        /// What is wrong with it.
        #[source]
        source: PronunciationError,
    },
    /// There is only one standard input.
    #[error("standard input is named twice")]
    StdinTwice,
    /// The prepared file is not as we wrote it.
    #[error("{}, line {line}, is no request: {reason}", clean(name))]
    Prepared {
        /// The file.
        name: String,
        /// From 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// More than may be held in memory or sent in one call.
    #[error("{} is larger than {limit} bytes", clean(name))]
    TooLarge {
        /// The file.
        name: String,
        /// The most.
        limit: u64,
    },
    /// What was made cannot be written.
    #[error("cannot write the prepared requests")]
    Write(#[source] io::Error),
    /// The caller wanted no more of it.
    #[error("stopped")]
    Stopped,
}

impl Error {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Open { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Some("check the path; `-` reads standard input".to_owned()),
                io::ErrorKind::PermissionDenied => Some("make the file readable for this user".to_owned()),
                _ => None,
            },
            Error::EmptyFolder { .. } => {
                Some("text, Markdown, CSV, TSV, SRT, VTT, EPUB and JSONL files are read, by their endings".to_owned())
            }
            Error::FullFolder { .. } => Some("name a smaller folder, or the files themselves".to_owned()),
            Error::Binary { .. } => Some("give a .txt file with one text a line, or a .jsonl file".to_owned()),
            Error::BookFromPipe { .. } => Some("name the file itself".to_owned()),
            Error::Book { .. } => Some("see whether a reader of e-books opens it".to_owned()),
            Error::Pronunciations { .. } => {
                Some("write one word a line, a tab, and how it is spoken; or TOML, as in SQL = \"sequel\"".to_owned())
            }
            Error::StdinTwice => Some("name `-` once".to_owned()),
            Error::Prepared { .. } => Some("prepare the job again from its source".to_owned()),
            Error::TooLarge { .. } => Some("leave --inline out".to_owned()),
            Error::Read { .. } | Error::Write(_) | Error::Stopped => None,
        }
    }

    /// The error as plain data, with its exit code.
    pub fn failure(&self) -> Failure {
        let exit = match self {
            Error::Write(_) => Exit::Disk,
            Error::StdinTwice => Exit::Usage,
            Error::Open { .. }
            | Error::Read { .. }
            | Error::EmptyFolder { .. }
            | Error::FullFolder { .. }
            | Error::Binary { .. }
            | Error::BookFromPipe { .. }
            | Error::Book { .. }
            | Error::Pronunciations { .. }
            | Error::Prepared { .. }
            | Error::TooLarge { .. }
            | Error::Stopped => Exit::Failed,
        };
        let failure = Failure::from_error(exit, self);
        match self.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
