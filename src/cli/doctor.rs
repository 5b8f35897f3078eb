//! `doctor`: what the program was told, what it finds there, and creates whose outcome is open.
//!
//! A missing key is told and is no failure: many commands need none. What does not work decides the exit code.

use std::path::Path;

use serde_json::json;

use super::args::Report;
use super::console::Console;
use super::stage::{Key, Stage};
use crate::clock::{Clock, since};
use crate::config::{Colors, KeySource, Settings};
use crate::failure::{Exit, Failure};
use crate::ops::{self, Session};
use crate::store::Store;
use crate::text;

/// One line of the report.
struct Check {
    what: &'static str,
    status: Status,
    detail: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Status {
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

/// Looks at everything, tells it, and ends with the code of the first problem.
pub async fn run(stage: &Stage, console: &Console, report: Report) -> Result<Exit, Failure> {
    let settings = &stage.settings;
    // The key is read once, with the session that it is for; a command of the user may have to be run for it.
    let opened = match settings.key_source {
        KeySource::None => None,
        _ => Some(stage.session(Key::Needed).await),
    };
    let mut checks =
        vec![configuration(settings), key(settings, opened.as_ref()), state_folder(&settings.folders.state)];
    checks.push(Check {
        what: "cache",
        status: Status::Good,
        detail: text::clean(&settings.folders.cache.display().to_string()),
    });
    checks.push(terminal(console, settings));
    let session = match opened {
        Some(Ok(session)) => {
            checks.extend(service(&session, settings).await);
            Ok(session)
        }
        // Without a good key there is nobody to ask, but the journals can be read.
        Some(Err(_)) | None => {
            let detail = format!("{}, not asked", endpoint(settings));
            checks.push(Check { what: "endpoint", status: Status::Note, detail });
            stage.session(Key::Spared).await
        }
    };
    if settings.read_only {
        let detail = "read-only: nothing at the service can be changed".to_owned();
        checks.push(Check { what: "mode", status: Status::Note, detail });
    }
    for check in &checks {
        match report.json {
            true => {
                console.json(&json!({ "check": check.what, "status": check.status.word(), "detail": check.detail }))
            }
            false => console.result(&format!("{:<9}{:<15}{}", check.status.word(), check.what, check.detail)),
        }
    }
    if let Ok(session) = &session {
        intents(console, session, report.json);
    }
    let problem = checks.iter().find_map(|check| match check.status {
        Status::Bad(exit) => Some(exit),
        Status::Good | Status::Note => None,
    });
    Ok(problem.unwrap_or(Exit::Ok))
}

fn configuration(settings: &Settings) -> Check {
    let file = match &settings.config_file {
        Some(path) => text::clean(&path.display().to_string()),
        None => "no file".to_owned(),
    };
    Check {
        what: "configuration",
        status: Status::Good,
        detail: format!("{file}, profile {}", text::clean(&settings.profile)),
    }
}

fn key(settings: &Settings, opened: Option<&Result<Session, Failure>>) -> Check {
    let note = |detail: String| Check { what: "key", status: Status::Note, detail };
    match opened {
        None => note("none: set GEMINI_API_KEY or GOOGLE_API_KEY".to_owned()),
        Some(Ok(session)) => {
            let tail = match session.key_tail.as_str() {
                "" => String::new(),
                tail => format!(", ends in {tail}"),
            };
            Check { what: "key", status: Status::Good, detail: format!("from {}{tail}", settings.key_source) }
        }
        // The line about the state folder tells why.
        Some(Err(failure)) if failure.exit == Exit::Disk => note(format!("from {}", settings.key_source)),
        Some(Err(failure)) => problem("key", failure),
    }
}

fn state_folder(folder: &Path) -> Check {
    let shown = text::clean(&folder.display().to_string());
    match Store::open(folder) {
        Ok(store) => {
            let damage = store.damage();
            let lines: u64 = damage.iter().map(|damage| damage.lines).sum();
            match lines {
                0 => Check { what: "state", status: Status::Good, detail: shown },
                lines => {
                    let detail = format!("{shown}, {} of its journals cannot be read", text::count(lines, "line"));
                    Check { what: "state", status: Status::Note, detail }
                }
            }
        }
        Err(error) => problem("state", &error.into()),
    }
}

fn terminal(console: &Console, settings: &Settings) -> Check {
    let terminal = &settings.terminal;
    let colors = match terminal.colors {
        Colors::None => "no colours",
        Colors::Ansi16 => "16 colours",
        Colors::True => "24-bit colours",
    };
    let glyphs = if terminal.ascii { "ASCII" } else { "UTF-8" };
    let wire = if terminal.over_ssh { ", over SSH" } else { "" };
    let (status, size) = match (terminal.dumb, console.width()) {
        (false, Some(width)) => (Status::Good, format!(", {width} columns")),
        (_, None) => (Status::Note, ", standard output is none: no dashboard here".to_owned()),
        (true, Some(_)) => (Status::Note, ", TERM says dumb: no dashboard here".to_owned()),
    };
    Check { what: "terminal", status, detail: format!("{glyphs}, {colors}{wire}{size}") }
}

/// One call tells whether the endpoint answers, whether it takes the key, and how far the clocks are apart.
async fn service(session: &Session, settings: &Settings) -> Vec<Check> {
    let before = session.clock.now();
    match session.service.reader.list_jobs(None).await {
        Ok(page) => {
            let mut checks = vec![Check {
                what: "endpoint",
                status: Status::Good,
                detail: format!("{} answers and takes the key", endpoint(settings)),
            }];
            checks.extend(page.server_time.map(|theirs| clock(before, theirs, &session.clock)));
            checks
        }
        Err(error) => vec![problem("endpoint", &error.into())],
    }
}

fn clock(before: jiff::Timestamp, theirs: jiff::Timestamp, clock: &Clock) -> Check {
    let after = clock.now();
    let (ahead, behind) = (since(theirs, before), since(after, theirs));
    let apart = ahead.max(behind);
    let detail = match (ahead.as_secs(), behind.as_secs()) {
        // The service's clock is told in whole seconds.
        (0..=1, 0..=1) => "agrees with that of the service".to_owned(),
        (2.., _) => format!("{} ahead of that of the service", text::age(ahead)),
        (_, 2..) => format!("{} behind that of the service", text::age(behind)),
    };
    // Ages and expiry are told by the service's clock, so a wrong one here is worth knowing and breaks nothing.
    let status = if apart.as_secs() > 60 { Status::Note } else { Status::Good };
    Check { what: "clock", status, detail }
}

fn endpoint(settings: &Settings) -> String {
    format!("{} (from {})", settings.base_url, settings.base_url_origin)
}

fn problem(what: &'static str, failure: &Failure) -> Check {
    let hint = failure.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
    Check { what, status: Status::Bad(failure.exit), detail: format!("{failure}{hint}") }
}

/// One line for every create whose outcome is open: token, state, display name.
fn intents(console: &Console, session: &Session, as_json: bool) {
    let open = ops::unconfirmed(session);
    for lost in &open {
        match as_json {
            true => console.json(&json!({
                "token": lost.token,
                "state": "UNKNOWN",
                "displayName": lost.display_name,
                "createTime": lost.at.to_string(),
            })),
            false => {
                let name = text::clean(&lost.display_name);
                console.result(&format!("{}  UNKNOWN  {name}", lost.token));
            }
        }
    }
    match (as_json, open.first()) {
        (true, _) => {}
        (false, None) => console.talk("no open creates"),
        (false, Some(lost)) => {
            let command = lost.give_up_command();
            console
                .talk(&format!("every listing looks for open creates; one that never turns up is given up: {command}"));
        }
    }
}
