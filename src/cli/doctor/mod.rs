//! `doctor`: what the program was told, what it finds there, what was left open or behind, and creates whose outcome is
//! open.
//!
//! A missing key is told and is no failure: many commands need none. What does not work decides the exit code.

mod check;
mod state;
mod terminal;

use serde_json::json;

use super::args::{Global, Report};
use super::console::Console;
use super::stage::{Key, Stage};
use crate::clock::{Clock, since};
use crate::config::{Env, Folders, KeySource, Settings, Terminal};
use crate::failure::{Exit, Failure};
use crate::ops::{self, Session};
use crate::text;
use check::{Check, Status};

/// Looks at everything, tells it, and ends with the code of the first problem.
pub async fn run(console: &Console, global: &Global, env: &Env, report: Report) -> Result<Exit, Failure> {
    let stage = match Stage::set(console, global, env).await {
        Ok(stage) => stage,
        Err(failure) => return Ok(without_settings(console, global, env, report, &failure)),
    };
    let settings = &stage.settings;
    // The key is read once, with the session that it is for; a command of the user may have to be run for it.
    let opened = match settings.key_source {
        KeySource::None => None,
        _ => Some(stage.session(Key::Needed).await),
    };
    let mut checks = vec![configuration(settings), key(settings, opened.as_ref())];
    let session = match opened {
        Some(Ok(session)) => {
            checks.extend(service(&session, settings).await);
            Ok(session)
        }
        // Without a good key there is nobody to ask, but the journals can be read.
        Some(Err(_)) | None => {
            checks.push(Check::note("endpoint", format!("{}, not asked", endpoint(settings))));
            stage.session(Key::Spared).await
        }
    };
    checks.extend(terminal::checks(console, &settings.terminal, env));
    checks.extend(state::folders(&settings.folders));
    match &session {
        Ok(session) => checks.extend(state::state(session)),
        // The line about its folder says it already when nothing can be written there.
        Err(_) if checks.iter().any(|check| check.what == "state" && matches!(check.status, Status::Bad(_))) => {}
        Err(failure) => checks.push(Check::problem("journals", failure)),
    }
    if settings.read_only {
        let by = &settings.read_only_origin;
        checks.push(Check::note("mode", format!("read-only by {by}: nothing at the service can be changed")));
    }
    let exit = check::tell(console, &checks, report.json);
    if let Ok(session) = &session {
        intents(console, session, report.json);
    }
    Ok(exit)
}

/// What can be told when the program does not even know what it was told.
fn without_settings(console: &Console, global: &Global, env: &Env, report: Report, failure: &Failure) -> Exit {
    let mut checks = vec![Check::problem("configuration", failure)];
    let look = Terminal::from_env(env, global.ascii, global.color.into());
    checks.extend(terminal::checks(console, &look, env));
    if let Ok(folders) = Folders::find(env) {
        checks.extend(state::folders(&folders));
    }
    check::tell(console, &checks, report.json)
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
        Some(Err(failure)) => Check::problem("key", failure),
    }
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
        Err(error) => vec![Check::problem("endpoint", &error.into())],
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
