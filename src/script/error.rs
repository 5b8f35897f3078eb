//! Why a source cannot be read at all. What is wrong inside a source is a finding, not an error.

use std::io;

use super::source::UnreadForm;
use crate::failure::{Exit, Failure};
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
    /// A folder in place of a file.
    #[error("{} is a folder", clean(name))]
    Folder {
        /// As it was named.
        name: String,
    },
    /// Neither text nor JSONL.
    #[error("{} is no text: {what}", clean(name))]
    Binary {
        /// As it was named.
        name: String,
        /// What it looks like.
        what: &'static str,
    },
    /// A form that is known but not read.
    #[error("{} is {}, which cannot be read yet", clean(name), form.title())]
    Form {
        /// As it was named.
        name: String,
        /// Its form, from its name.
        form: UnreadForm,
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
            Error::Folder { .. } => Some("name the files in it".to_owned()),
            Error::Binary { .. } => Some("give a .txt file with one text a line, or a .jsonl file".to_owned()),
            Error::Form { .. } => {
                Some("turn it into a .txt file with one text a line, or into a .jsonl file".to_owned())
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
            | Error::Folder { .. }
            | Error::Binary { .. }
            | Error::Form { .. }
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
