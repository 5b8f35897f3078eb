//! What can go wrong in the state folder.

use std::io;
use std::path::{Path, PathBuf};

use crate::failure::{Exit, Failure};

/// A failure of the state folder.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something in it cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something in it cannot be written, or not made sure to be on the disk.
    #[error("cannot write {}", path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A later version of this program wrote it; we would read it wrongly.
    #[error("{} was written by a later version of this program (format {version})", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// The version of its format.
        version: u64,
    },
    /// Another process, or another task of this one, is doing the same.
    #[error("{subject} is in the hands of {holder}")]
    Held {
        /// What is locked, for people.
        subject: String,
        /// Who holds it, as it wrote itself down.
        holder: String,
    },
    /// The system gave no random bytes.
    #[error("the system has no random bytes to give")]
    Random,
}

impl Error {
    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    }

    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::Newer { .. } => Some("update this program, or name another state folder with XDG_STATE_HOME"),
            Error::Held { .. } => Some("wait until it is done, then try again"),
            Error::Read { .. } | Error::Write { .. } => {
                Some("the state folder must be a folder of your own with free space; XDG_STATE_HOME names another one")
            }
            Error::Random => None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match &error {
            Error::Read { .. } | Error::Write { .. } => Exit::Disk,
            Error::Held { .. } => Exit::Refused,
            Error::Newer { .. } | Error::Random => Exit::Failed,
        };
        let hint = error.hint().map(str::to_owned);
        Failure { hint, ..Failure::from_error(exit, &error) }
    }
}
