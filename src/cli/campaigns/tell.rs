//! How campaigns are told: a table, one with its parts, and the JSON of both.

use serde_json::{Value, json};

use super::super::console::Console;
use super::super::table::{Column, Fit, table as lay_out};
use crate::clock::since;
use crate::ops::{CampaignStatus, PartState, PartStatus, Session};
use crate::text;

const COLUMNS: [Column; 6] = [
    Column { title: "STATE", fit: Fit::Whole },
    Column { title: "NAME", fit: Fit::Cut(12) },
    Column { title: "SUBMITTED", fit: Fit::Right },
    Column { title: "WAITING", fit: Fit::Right },
    Column { title: "AGE", fit: Fit::Right },
    Column { title: "CAMPAIGN", fit: Fit::Whole },
];

const PARTS: [Column; 6] = [
    Column { title: "PART", fit: Fit::Right },
    Column { title: "STATE", fit: Fit::Whole },
    Column { title: "REQUESTS", fit: Fit::Right },
    Column { title: "TOKENS", fit: Fit::Right },
    Column { title: "SIZE", fit: Fit::Right },
    Column { title: "JOB", fit: Fit::Whole },
];

/// All campaigns, and why those wait that do.
pub fn table(session: &Session, console: &Console, all: &[CampaignStatus], json: bool) {
    if json {
        all.iter().for_each(|status| console.json(&object(status, session)));
        return;
    }
    if all.is_empty() {
        console.talk("no campaigns");
        return;
    }
    let now = session.clock.now();
    let row = |status: &CampaignStatus| {
        vec![
            status.word().to_owned(),
            text::clean(&status.name),
            format!("{}/{}", status.n_submitted(), status.parts.len()),
            status.n_waiting().to_string(),
            text::age(since(status.at, now)),
            status.id.clone(),
        ]
    };
    console.result(&lay_out(&COLUMNS, &all.iter().map(row).collect::<Vec<_>>(), console.width()));
    for status in all {
        if let Some(reason) = status.reason(now) {
            console.talk(&format!("{}: {reason}", text::clean_short(&status.name, 60)));
        }
    }
}

/// One campaign in one line.
pub fn line(session: &Session, console: &Console, status: &CampaignStatus, json: bool) {
    match json {
        true => console.json(&object(status, session)),
        false => console.result(&format!("{}  {}  {}", status.id, text::clean(&status.name), stands(session, status))),
    }
}

/// One campaign and its parts.
pub fn whole(session: &Session, console: &Console, status: &CampaignStatus, json: bool) {
    if json {
        console.json(&object(status, session));
        return;
    }
    let because = text::clean(&status.because);
    line(session, console, status, false);
    console.result(&format!("{} for {}: {because}", text::count(status.parts.len() as u64, "job"), status.model));
    let row = |part: &PartStatus| {
        vec![
            part.number.to_string(),
            text::clean(part.state.word()),
            text::thousands(part.n_requests),
            text::thousands(part.text_tokens),
            text::bytes(part.bytes),
            named(&part.state),
        ]
    };
    console.result(&lay_out(&PARTS, &status.parts.iter().map(row).collect::<Vec<_>>(), console.width()));
}

/// `2 of 5 submitted, 1 running, 3 waiting; waits for quota: …`.
pub fn stands(session: &Session, status: &CampaignStatus) -> String {
    let counts = status.counts().join(", ");
    match status.reason(session.clock.now()) {
        Some(reason) => format!("{counts}; {reason}"),
        None => counts,
    }
}

fn named(state: &PartState) -> String {
    match state {
        PartState::Submitted { jobs, .. } => jobs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        PartState::Unknown { token } | PartState::GivenUp { token } => format!("~gt-{token}"),
        PartState::Waiting => "-".to_owned(),
    }
}

/// A campaign, as scripts read it.
pub fn object(status: &CampaignStatus, session: &Session) -> Value {
    let part = |part: &PartStatus| {
        let (jobs, token) = match &part.state {
            PartState::Submitted { jobs, .. } => (jobs.iter().map(|job| job.as_str()).collect(), None),
            PartState::Unknown { token } | PartState::GivenUp { token } => (Vec::new(), Some(token.as_str())),
            PartState::Waiting => (Vec::new(), None),
        };
        json!({
            "number": part.number,
            "state": part.state.word(),
            "jobs": jobs,
            "token": token,
            "requestCount": part.n_requests,
            "characters": part.characters,
            "bytes": part.bytes,
            "textTokens": part.text_tokens,
            "dollars": part.dollars.map(|(low, high)| [low, high]),
        })
    };
    json!({
        "campaign": status.id,
        "displayName": status.name,
        "model": format!("models/{}", status.model),
        "state": status.word(),
        "reason": status.reason(session.clock.now()),
        "jobs": status.parts.len(),
        "jobsBecause": status.because,
        "submitted": status.n_submitted(),
        "waiting": status.n_waiting(),
        "createTime": status.at.to_string(),
        "parts": status.parts.iter().map(part).collect::<Vec<_>>(),
        "backend": "gemini",
        "profile": session.profile,
    })
}
