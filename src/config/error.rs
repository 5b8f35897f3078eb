//! What can be wrong with the settings, in words that name the thing, the place and the way out.

use std::io;
use std::path::{Path, PathBuf};

use super::Origin;
use super::address::AddressError;
use crate::failure::{Exit, Failure};
use crate::secret::KeyError;
use crate::text::clean;

/// Settings that cannot be used. No message holds a key, a password or a line of the file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no home folder to find the others in.
    #[error("HOME is not set, so there is no folder for configuration and state")]
    NoHome,
    /// A folder that would depend on the working directory.
    #[error("{name} is a relative path")]
    RelativeFolder {
        /// The variable.
        name: &'static str,
    },
    /// The address is refused.
    #[error("the address from {origin} cannot be used")]
    BaseUrl {
        /// Who said it.
        origin: Origin,
        /// Why.
        source: AddressError,
    },
    /// A variable that is a switch says neither on nor off.
    #[error("{name} is '{said}', which is neither on nor off")]
    Switch {
        /// The variable.
        name: &'static str,
        /// What it says, cleaned.
        said: String,
    },
    /// Polls so rare that results may be gone before they are seen.
    #[error("the refresh time from {origin} is {seconds} s, and a day is the longest")]
    Refresh {
        /// Who said it.
        origin: Origin,
        /// What was said.
        seconds: u64,
    },
    /// A file that was named cannot be read.
    #[error("cannot read {}", shown(path))]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The configuration is not what it should be.
    #[error("{}, line {line}: {message}", shown(path))]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// No such profile.
    #[error("there is no profile {name} in {}", shown(path))]
    UnknownProfile {
        /// The name, cleaned.
        name: String,
        /// The file that was searched.
        path: PathBuf,
        /// The names that are there.
        known: Vec<String>,
    },
    /// Others could read or change a file that leads to a key.
    #[error("others may {verb} {}, which leads to a key", shown(path))]
    NotPrivate {
        /// Which file.
        path: PathBuf,
        /// `read` or `change`.
        verb: &'static str,
    },
    /// A file that leads to a key belongs to somebody else.
    #[error("{} leads to a key and belongs to another user", shown(path))]
    ForeignOwner {
        /// Which file.
        path: PathBuf,
    },
    /// A name in the home folder that leads to a file elsewhere.
    #[error("{} leads to a key and is a link out of the home folder", shown(path))]
    LeavesHome {
        /// Which file.
        path: PathBuf,
    },
    /// Nobody gave a key.
    #[error("there is no key for the Gemini API")]
    NoKey,
    /// There is a text, but it cannot be a key.
    #[error("the key from {origin} cannot be used")]
    Key {
        /// Where it came from.
        origin: String,
        /// Why.
        source: KeyError,
    },
    /// There is more than one line where one key should be.
    #[error("{origin} gives {lines} lines where one key should be")]
    ManyLines {
        /// Where they came from.
        origin: String,
        /// How many that are not empty.
        lines: usize,
    },
    /// `key_command` cannot be started.
    #[error("cannot start {program}, the key_command of this profile")]
    CommandStart {
        /// The first word of the command, cleaned.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// `key_command` ended badly.
    #[error("{program}, the key_command of this profile, {problem}")]
    Command {
        /// The first word of the command, cleaned.
        program: String,
        /// How it ended.
        problem: String,
    },
}

impl Error {
    /// How a command ends that needed this setting.
    pub fn exit(&self) -> Exit {
        match self {
            Error::NoHome
            | Error::RelativeFolder { .. }
            | Error::BaseUrl { .. }
            | Error::Switch { .. }
            | Error::Refresh { .. }
            | Error::Read { .. }
            | Error::Syntax { .. }
            | Error::UnknownProfile { .. } => Exit::Usage,
            Error::NotPrivate { .. }
            | Error::ForeignOwner { .. }
            | Error::LeavesHome { .. }
            | Error::NoKey
            | Error::Key { .. }
            | Error::ManyLines { .. }
            | Error::CommandStart { .. }
            | Error::Command { .. } => Exit::Key,
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::NoHome => Some("set HOME".to_owned()),
            Error::RelativeFolder { name } => Some(format!("give {name} an absolute path, or unset it")),
            Error::BaseUrl { .. } => Some("write it like https://host or http://127.0.0.1:8080".to_owned()),
            Error::Switch { name, .. } => Some(format!("set {name} to 1 or 0, or unset it")),
            Error::Refresh { .. } => Some("give a number of seconds from 2 to 86400".to_owned()),
            Error::UnknownProfile { known, .. } if known.is_empty() => None,
            Error::UnknownProfile { known, .. } => Some(format!("there are: {}", known.join(", "))),
            Error::NotPrivate { path, .. } => Some(format!("run: chmod 600 {}", quoted(path))),
            Error::ForeignOwner { path } => Some(format!("make it yours: sudo chown \"$USER\" {}", quoted(path))),
            Error::LeavesHome { .. } => Some("put the file itself there, or name the file that is meant".to_owned()),
            Error::NoKey => Some("set GEMINI_API_KEY or GOOGLE_API_KEY, or try --demo, which needs none".to_owned()),
            Error::Read { .. }
            | Error::Syntax { .. }
            | Error::Key { .. }
            | Error::ManyLines { .. }
            | Error::CommandStart { .. }
            | Error::Command { .. } => None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Failure::from_error(error.exit(), &error);
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

fn shown(path: &Path) -> String {
    clean(&path.display().to_string())
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = shown(path);
    if path.chars().all(|c| c.is_alphanumeric() || "/._-+".contains(c)) {
        path
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}
