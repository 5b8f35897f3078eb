//! Which jobs a command is about: named one by one, or chosen by a filter; and how a line of talk names one.

use std::collections::{BTreeMap, HashSet};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::args::Choice;
use super::console::Console;
use crate::failure::{Exit, Failure};
use crate::filter::{Filter, JobRecord};
use crate::job::{Doubt, Job, JobName, doubts};
use crate::ops::{self, Session};
use crate::text;

/// How many jobs are worked on at the same time: enough to hide the way to the service, too few to annoy it.
pub const AT_ONCE: usize = 8;

/// All jobs, and what this program knows about them beyond what the service says.
pub struct Seen {
    /// Newest first.
    pub jobs: Vec<Job>,
    /// False when the walk over the pages had to stop early.
    pub complete: bool,
    /// By the service's clock, which ages are told by.
    pub now: Timestamp,
    asked_to_cancel: HashSet<JobName>,
    doubts: BTreeMap<JobName, Doubt>,
}

impl Seen {
    /// Lists every page.
    pub async fn list(session: &Session) -> Result<Self, Failure> {
        let listing = ops::list(session, &|_| {}).await?;
        let now = listing.server_time.unwrap_or_else(|| session.clock.now());
        Ok(Seen {
            doubts: doubts(listing.jobs.iter(), now),
            jobs: listing.jobs,
            complete: listing.complete,
            now,
            asked_to_cancel: ops::asked_to_cancel(session).into_iter().collect(),
        })
    }

    /// The word for a job's state: the service's, or `CANCELLING` once asked and until confirmed.
    pub fn state<'a>(&self, job: &'a Job) -> &'a str {
        if !job.state.is_terminal() && self.asked_to_cancel.contains(&job.name) {
            "CANCELLING"
        } else {
            job.state.word()
        }
    }

    /// Whether a job passes a filter.
    pub fn matches(&self, filter: &Filter, job: &Job) -> bool {
        filter.matches(&JobRecord { job, state: self.state(job), doubt: self.doubts.get(&job.name), now: self.now })
    }
}

/// The jobs of a choice, each once; says so when a filter saw only a part of the list. Nothing has happened to any of them when one cannot be found.
pub async fn jobs(
    session: &Session,
    console: &Console,
    choice: &Choice,
    can_be_meant: impl Fn(&Job) -> bool,
) -> Result<Vec<Job>, Failure> {
    match &choice.filter {
        Some(filter) => {
            let mut seen = Seen::list(session).await?;
            if !seen.complete {
                console.talk("warning: the list is incomplete; jobs that it does not show are left as they are");
            }
            let mut jobs = std::mem::take(&mut seen.jobs);
            jobs.retain(|job| can_be_meant(job) && seen.matches(filter, job));
            Ok(jobs)
        }
        None => {
            let names = named(session, &choice.jobs).await?;
            let get = |name: JobName| async move { Ok(ops::get(session, &name).await?.value) };
            stream::iter(names).map(get).buffered(AT_ONCE).try_collect().await
        }
    }
}

/// The jobs with these names, or beginnings of names, each once and in this order.
pub async fn named(session: &Session, words: &[String]) -> Result<Vec<JobName>, Failure> {
    let mut names = Vec::with_capacity(words.len());
    for word in words {
        let name = ops::find(session, word).await?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// A job in one line: what it is called, how it stands, how far it is.
pub fn line(job: &Job) -> String {
    let done = match job.counts {
        Some(counts) => format!(", {} of {} done", text::thousands(counts.done()), text::thousands(counts.requests)),
        None => String::new(),
    };
    format!("{}  {}  {}{done}", job.name, text::clean_short(job.title(), 60), text::clean(job.state.word()))
}

/// How several things came out: the first failure decides the exit code, all of them were told already.
pub fn first_failure(failures: Vec<Failure>) -> Exit {
    failures.first().map_or(Exit::Ok, |failure| failure.exit)
}
