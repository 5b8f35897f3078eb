//! A failure as plain data: what happened, what to do about it, and the exit code that scripts see.
//!
//! Every library error of this program can become one, so that screens, logs and tests compare values
//! instead of error types. Messages quote names of the disk and words of the service, so the constructors clean them;
//! whoever shows a failure need not.

use std::fmt;
use std::time::Duration;

use crate::text::clean;

/// How a command ends. The numbers are a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Everything asked for was done.
    Ok,
    /// An operation failed.
    Failed,
    /// The command line is wrong, or there is no terminal where one is needed.
    Usage,
    /// The key was refused or is missing.
    Key,
    /// Done, but some items failed or look bad.
    SomeBad,
    /// The outcome of a create is unknown.
    UnknownOutcome,
    /// The disk is full or a folder cannot be written.
    Disk,
    /// Refused: read-only, locked by another instance, or it would hurt without a confirmation.
    Refused,
    /// Waited too long.
    TimedOut,
    /// Ended by a signal.
    Signal(u8),
}

impl Exit {
    /// The number that the process exits with.
    pub fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Key => 3,
            Exit::SomeBad => 4,
            Exit::UnknownOutcome => 5,
            Exit::Disk => 6,
            Exit::Refused => 7,
            Exit::TimedOut => 124,
            Exit::Signal(number) => 128u8.saturating_add(number),
        }
    }
}

/// What went wrong, as text that is safe to show, with advice where there is any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Lower case, no full stop, names the thing.
    pub message: String,
    /// What a person can do about it.
    pub hint: Option<String>,
    /// The exit code of a command that ends with this failure.
    pub exit: Exit,
    /// After how long the same may be tried again, counted from the failure: what the service asked for, or the time
    /// until it refills a quota of the day. `None` when nobody said.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failed operation.
    pub fn new(message: impl Into<String>) -> Self {
        Self::with_exit(Exit::Failed, message)
    }

    /// A failure that ends a command with this code.
    pub fn with_exit(exit: Exit, message: impl Into<String>) -> Self {
        Failure { message: clean(&message.into()), hint: None, exit, retry_after: None }
    }

    /// The same failure with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(clean(&hint.into()));
        self
    }

    /// A failure from an error and all its causes, joined with colons.
    pub fn from_error(exit: Exit, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !message.ends_with(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            cause = error.source();
        }
        Failure::with_exit(exit, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_cannot_drive_a_terminal() {
        let name = "a\u{1b}[2J\u{202e}b";
        let path = std::path::PathBuf::from(name);
        let error = std::io::Error::other(format!("{}", path.display()));
        let failures = [
            Failure::new(name),
            Failure::with_exit(Exit::Disk, name),
            Failure::from_error(Exit::Disk, &error),
            Failure::new("x").hint(name),
        ];
        for failure in failures {
            let shown = format!("{failure} {}", failure.hint.clone().unwrap_or_default());
            assert!(shown.contains("a␛[2J⟨U+202E⟩b"), "{shown:?}");
            assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
        }
    }
}
