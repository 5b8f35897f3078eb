//! `list`: jobs, newest first, from every page.
//!
//! A create whose answer was lost is shown to people as a line of its own, `UNKNOWN`; JSON has only the service's jobs.

use std::borrow::Cow;

use jiff::Timestamp;

use super::args::List;
use super::choose::Seen;
use super::console::Console;
use super::json;
use super::table::{Column, Fit, table};
use crate::clock::since;
use crate::failure::{Exit, Failure};
use crate::filter::Record;
use crate::job::Job;
use crate::ops::{self, Session, Unconfirmed};
use crate::text;

/// The word for a create whose answer was lost.
const UNKNOWN: &str = "UNKNOWN";

const COLUMNS: [Column; 8] = [
    Column { title: "STATE", fit: Fit::Whole },
    Column { title: "NAME", fit: Fit::Cut(12) },
    Column { title: "MODEL", fit: Fit::Cut(13) },
    Column { title: "DONE", fit: Fit::Right },
    Column { title: "OK", fit: Fit::Right },
    Column { title: "FAIL", fit: Fit::Right },
    Column { title: "AGE", fit: Fit::Right },
    // The beginning of an id is enough for every command that takes a job.
    Column { title: "JOB", fit: Fit::Cut(9) },
];

/// Which of the columns holds the model.
const MODEL: usize = 2;

/// Which of the columns holds the job's name.
const JOB: usize = 7;

/// Lists.
pub async fn run(session: &Session, console: &Console, arguments: &List) -> Result<Exit, Failure> {
    let seen = Seen::list(session).await?;
    let wants_state = |word: &str| arguments.state.is_empty() || arguments.state.iter().any(|state| state == word);
    let limit = arguments.limit.unwrap_or(usize::MAX);
    let jobs = seen
        .jobs
        .iter()
        // A job that is being cancelled is found under both of its words.
        .filter(|job| wants_state(seen.state(job)) || wants_state(job.state.word()))
        .filter(|job| arguments.filter.as_ref().is_none_or(|filter| seen.matches(filter, job)))
        .take(limit);
    if arguments.json {
        jobs.for_each(|job| console.json(&json::job(job, &session.profile)));
    } else {
        let lost = ops::unconfirmed(session);
        let lost = lost.iter().filter(|_| wants_state(UNKNOWN)).filter(|lost| {
            let record = LostRecord { lost, now: seen.now };
            arguments.filter.as_ref().is_none_or(|filter| filter.matches(&record))
        });
        let mut rows: Vec<Vec<String>> = lost.map(|lost| lost_row(lost, seen.now)).collect();
        rows.extend(jobs.map(|job| row(job, seen.state(job), seen.now)));
        if console.width().is_some() {
            rows.iter_mut().for_each(|row| shorten(row));
        }
        if rows.is_empty() {
            console.talk("no jobs");
        } else {
            let table = table(&COLUMNS, &rows, console.width());
            let lines: Vec<String> = table.lines().map(|line| painted(console, line)).collect();
            console.result(&lines.join("\n"));
        }
    }
    for (token, jobs) in ops::duplicates(session) {
        let names = jobs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        console.talk(&format!("warning: create {token} came out as {} jobs: {names}", jobs.len()));
    }
    if !seen.complete {
        console.talk("warning: the list is incomplete; the service did not come to an end of its pages");
    }
    Ok(Exit::Ok)
}

/// The line with its first word, the state, in its colour.
fn painted(console: &Console, line: &str) -> String {
    let end = line.find(['\t', ' ']).unwrap_or(line.len());
    format!("{}{}", console.state(&line[..end]), &line[end..])
}

fn row(job: &Job, state: &str, now: Timestamp) -> Vec<String> {
    let number = |number: Option<u64>| number.map_or_else(dash, |number| number.to_string());
    vec![
        text::clean(state),
        text::clean(job.title()),
        job.model.as_deref().map_or_else(dash, model),
        job.counts.map_or_else(dash, |counts| format!("{}/{}", counts.done(), counts.requests)),
        number(job.counts.map(|counts| counts.succeeded)),
        number(job.counts.map(|counts| counts.failed)),
        job.create_time.map_or_else(dash, |time| text::age(since(time, now))),
        job.name.to_string(),
    ]
}

fn lost_row(lost: &Unconfirmed, now: Timestamp) -> Vec<String> {
    vec![
        UNKNOWN.to_owned(),
        text::clean(&lost.display_name),
        model(&lost.model),
        format!("0/{}", lost.n_requests),
        dash(),
        dash(),
        text::age(since(lost.at, now)),
        format!("~gt-{}", lost.token),
    ]
}

fn model(name: &str) -> String {
    text::clean(name.strip_prefix("models/").unwrap_or(name))
}

/// Leaves what tells one model, and one job, from the others: a line of a terminal is short.
fn shorten(row: &mut [String]) {
    if let Some(short) = row[MODEL].strip_prefix("gemini-") {
        row[MODEL] = short.replace("-preview", "");
    }
    if let Some(id) = row[JOB].strip_prefix("batches/") {
        row[JOB] = id.to_owned();
    }
}

fn dash() -> String {
    "-".to_owned()
}

/// A lost create, as a filter sees it.
struct LostRecord<'a> {
    lost: &'a Unconfirmed,
    now: Timestamp,
}

impl Record for LostRecord<'_> {
    fn column(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "state" => Some(Cow::Borrowed(UNKNOWN)),
            "name" => Some(Cow::Borrowed(&self.lost.display_name)),
            "model" => Some(Cow::Borrowed(&self.lost.model)),
            "requests" => Some(Cow::Owned(self.lost.n_requests.to_string())),
            "age" => Some(Cow::Owned(since(self.lost.at, self.now).as_secs().to_string())),
            _ => None,
        }
    }

    fn text(&self, each: &mut dyn FnMut(&str)) {
        [UNKNOWN, &self.lost.display_name, &self.lost.model, &self.lost.token].into_iter().for_each(each);
    }
}
