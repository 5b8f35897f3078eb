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
    /// The file system has no locks, so nobody could keep others away.
    #[error("the file system of {} has no locks", path.display())]
    NoLocks {
        /// What was to be locked.
        path: PathBuf,
    },
    /// Others may read or change what is in the state folder.
    #[error("others may {} {}, which is for its owner alone", if *is_folder { "write into" } else { "read" }, path.display())]
    NotPrivate {
        /// What.
        path: PathBuf,
        /// Whether it is a folder.
        is_folder: bool,
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
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::Newer { .. } => "update this program, or name another state folder with XDG_STATE_HOME",
            Error::Held { .. } => "wait until it is done, then try again",
            Error::NoLocks { .. } => {
                "name a local state folder with XDG_STATE_HOME; with --no-lock it goes without, when no other gemtts-tui \
                 is at work there"
            }
            Error::Read { .. } | Error::Write { .. } => {
                "the state folder must be a folder of your own with free space; XDG_STATE_HOME names another one"
            }
            Error::NotPrivate { path, is_folder } => {
                let mode = if *is_folder { "700" } else { "600" };
                return Some(format!("run: chmod {mode} {}", quoted(path)));
            }
            Error::Random => return None,
        };
        Some(hint.to_owned())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match &error {
            Error::Read { .. } | Error::Write { .. } | Error::NotPrivate { .. } => Exit::Disk,
            Error::Held { .. } | Error::NoLocks { .. } => Exit::Refused,
            Error::Newer { .. } | Error::Random => Exit::Failed,
        };
        let hint = error.hint();
        Failure { hint, ..Failure::from_error(exit, &error) }
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = crate::text::clean(&path.display().to_string());
    let is_plain = path.chars().all(|c| c.is_alphanumeric() || "/._-+".contains(c));
    if is_plain { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}
