//! One line of the report, and how it is told.

use serde_json::json;

use crate::cli::console::Console;
use crate::failure::{Exit, Failure};

/// One line of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What was looked at.
    pub what: &'static str,
    /// How it is.
    pub status: Status,
    /// What was found.
    pub detail: String,
}

/// How something is.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Does not work; a command that needs it ends with this code.
    Bad(Exit),
}

impl Status {
    fn word(&self) -> &'static str {
        match self {
            Status::Good => "ok",
            Status::Note => "note",
            Status::Bad(_) => "problem",
        }
    }
}

impl Check {
    /// All is well.
    pub fn good(what: &'static str, detail: impl Into<String>) -> Self {
        Check { what, status: Status::Good, detail: detail.into() }
    }

    /// Worth knowing.
    pub fn note(what: &'static str, detail: impl Into<String>) -> Self {
        Check { what, status: Status::Note, detail: detail.into() }
    }

    /// Does not work.
    pub fn problem(what: &'static str, failure: &Failure) -> Self {
        let hint = failure.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
        Check { what, status: Status::Bad(failure.exit), detail: format!("{failure}{hint}") }
    }
}

/// Tells all checks. The code of the first problem.
pub fn tell(console: &Console, checks: &[Check], as_json: bool) -> Exit {
    for Check { what, status, detail } in checks {
        match as_json {
            true => console.json(&json!({ "check": what, "status": status.word(), "detail": detail })),
            false => console.result(&format!("{:<9}{what:<15}{detail}", status.word())),
        }
    }
    let problem = checks.iter().find_map(|check| match check.status {
        Status::Bad(exit) => Some(exit),
        Status::Good | Status::Note => None,
    });
    problem.unwrap_or(Exit::Ok)
}
