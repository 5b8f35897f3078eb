//! Why results could not be saved or checked.

use std::io;
use std::path::PathBuf;

use crate::failure::{Exit, Failure};

/// Why results could not be saved or checked. Rows that cannot be saved are not errors: they are in the manifest.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder cannot be made or entered.
    #[error("cannot use the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another run saves into the same folder.
    #[error("another run is saving into {}", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The disk is full, or the file cannot be written for another reason.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The disk, or what this user may have of it, is full.
    #[error("cannot write {}", path.display())]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// It needs so many bytes at least.
        need: u64,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Whoever brought the results has stopped before all of them were here.
    #[error("{} came to an end before it was whole", path.display())]
    GivenUp {
        /// The file.
        path: PathBuf,
    },
    /// A row is not where it was when its place was noted. What stands before it has been dealt with.
    #[error("result line {line} is not where it was")]
    Moved {
        /// Which one.
        line: u64,
    },
    /// The folder was moved away, deleted, or replaced by another one while results were saved into it.
    #[error("{} is not the folder any more that results were saved into", path.display())]
    Replaced {
        /// The folder.
        path: PathBuf,
    },
    /// A thread came to a sudden end.
    #[error("internal error: saving came to a sudden end")]
    Panicked,
    /// The folder holds no manifest: nothing was saved there.
    #[error("{} holds no manifest.jsonl", path.display())]
    NoManifest {
        /// The folder.
        path: PathBuf,
    },
}

impl Error {
    /// A file that needs so many bytes at least cannot be written.
    pub(super) fn write(path: PathBuf, need: u64, source: io::Error) -> Error {
        if is_full(&source) { Error::NoRoom { path, need, source } } else { Error::Write { path, source } }
    }

    /// How many bytes the file at hand needs at least, and why it gets them not, when the disk is full.
    pub fn no_room(&self) -> Option<(u64, &io::Error)> {
        match self {
            Error::NoRoom { need, source, .. } => Some((*need, source)),
            Error::Write { source, .. } if is_full(source) => Some((BLOCK, source)),
            Error::Folder { .. }
            | Error::Locked { .. }
            | Error::Write { .. }
            | Error::Read { .. }
            | Error::GivenUp { .. }
            | Error::Moved { .. }
            | Error::Replaced { .. }
            | Error::Panicked
            | Error::NoManifest { .. } => None,
        }
    }

    /// The exit code of a command that ends with this error.
    pub fn exit(&self) -> Exit {
        match self {
            Error::Folder { .. } | Error::Write { .. } | Error::NoRoom { .. } | Error::Replaced { .. } => Exit::Disk,
            Error::Locked { .. } => Exit::Refused,
            Error::Read { .. }
            | Error::GivenUp { .. }
            | Error::Moved { .. }
            | Error::Panicked
            | Error::NoManifest { .. } => Exit::Failed,
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::Folder { .. } => Some("choose another folder with --out"),
            Error::Replaced { .. } => Some(
                "it was moved, deleted or replaced meanwhile: what was saved is where it went; run the command again",
            ),
            Error::Locked { .. } => Some("wait until it has ended, or choose another folder with --out"),
            Error::Write { source, .. } | Error::NoRoom { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    Some("make room and run the same command again: what is saved stays, and only the rest is written")
                }
                _ => Some("what is saved stays; the same command writes only the rest"),
            },
            Error::Read { .. } | Error::GivenUp { .. } | Error::Moved { .. } | Error::Panicked => None,
            Error::NoManifest { .. } => Some("name the folder that save has written"),
        }
    }
}

/// Room is given in blocks, mostly of this size: the least that anything needs that does not fit.
const BLOCK: u64 = 4096;

/// Whether a disk, or a user's share of it, is full.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let failure = Failure::from_error(error.exit(), &error);
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
