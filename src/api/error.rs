//! What can go wrong between us and the service.
//!
//! Decided by HTTP status, `error.status` and `ErrorInfo.reason` alone: the service's message text may change.

use std::time::Duration;

use crate::failure::{Exit, Failure};

/// What is known about a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It never left: nothing happened at the service.
    NotSent,
    /// The service said no: nothing happened.
    Refused,
    /// It may have happened. A create that ends so must not be sent again.
    Unknown,
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Lower case, cleaned, without any key or signed URL.
    pub message: String,
    /// What kind of failure it is.
    pub kind: Kind,
    /// Whether the call can have had an effect.
    pub certainty: Certainty,
    /// How long the service asked us to wait, clamped to five minutes.
    pub retry_after: Option<Duration>,
    /// A quota that is counted by the day is used up: it is refilled at midnight Pacific time and not before.
    pub is_daily: bool,
}

/// Kinds of failure that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No connection: no name, no route, no TLS.
    Offline,
    /// Too slow, or silent.
    TimedOut,
    /// The key is missing a right, or is not one.
    Key,
    /// There is no such thing, or not with this key.
    NotFound,
    /// A quota is used up.
    Quota,
    /// The service refuses the request as it is.
    Invalid,
    /// The service has such a thing already, or is at work on it.
    Conflict,
    /// The service is in trouble.
    Server,
    /// The answer is not what the service says: HTML, broken JSON, a redirect, a cut body.
    Unexpected,
    /// Our own disk, while reading an upload.
    Disk,
}

impl Error {
    /// Whether a read that failed so may be tried again.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            Kind::Offline | Kind::TimedOut | Kind::Server | Kind::Quota => true,
            Kind::Key | Kind::NotFound | Kind::Invalid | Kind::Conflict | Kind::Unexpected | Kind::Disk => false,
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Key => Some("check GEMINI_API_KEY or GOOGLE_API_KEY; `gemtts-tui doctor` shows which one is used"),
            Kind::Offline => {
                Some("check the network; GOOGLE_GEMINI_BASE_URL and the proxy variables decide where requests go")
            }
            Kind::TimedOut
            | Kind::NotFound
            | Kind::Quota
            | Kind::Invalid
            | Kind::Conflict
            | Kind::Server
            | Kind::Unexpected
            | Kind::Disk => None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match error.kind {
            Kind::Key => Exit::Key,
            Kind::Disk => Exit::Disk,
            Kind::Offline
            | Kind::TimedOut
            | Kind::NotFound
            | Kind::Quota
            | Kind::Invalid
            | Kind::Conflict
            | Kind::Server
            | Kind::Unexpected => Exit::Failed,
        };
        let hint = error.hint().map(str::to_owned);
        Failure { message: error.message, hint, exit, retry_after: error.retry_after }
    }
}
