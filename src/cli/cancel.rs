//! `cancel`: asks the service to stop jobs, and follows each until the service agrees.

use futures_util::stream::{self, StreamExt};

use super::args::Cancel;
use super::choose::{self, AT_ONCE};
use super::consent::{self, Answer};
use super::console::Console;
use super::json;
use crate::failure::{Exit, Failure};
use crate::job::{Job, JobState};
use crate::ops::{self, CancelAnswer, Session};
use crate::text;

/// Cancels. A failure of one job does not keep the others from being cancelled.
pub async fn run(session: &Session, console: &Console, arguments: &Cancel) -> Result<Exit, Failure> {
    let choice = &arguments.choice;
    if !choice.yes {
        consent::must_be_able_to_ask(console, "cancel")?;
    }
    let jobs = choose::jobs(session, console, choice, |job| !job.state.is_terminal()).await?;
    let n_active = jobs.iter().filter(|job| !job.state.is_terminal()).count();
    if jobs.is_empty() {
        console.talk("nothing to cancel: no active job matches");
        return Ok(Exit::Ok);
    }
    if !choice.yes && n_active > 0 && !agreed(session, console, &jobs, n_active).await? {
        return Err(Failure::new("nothing was cancelled"));
    }
    intend(session, &jobs).await?;
    let mut outcomes = stream::iter(&jobs).map(|job| cancel(session, console, job)).buffer_unordered(AT_ONCE);
    let mut failures = Vec::new();
    let (mut n_cancelled, mut n_late) = (0u64, 0u64);
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok((job, outcome)) => {
                *(if outcome == CANCELLED { &mut n_cancelled } else { &mut n_late }) += 1;
                match choice.json {
                    true => console.json(&json::outcome(&job, &session.profile, outcome)),
                    false => console.result(&choose::line(&job)),
                }
            }
            Err(failure) => {
                console.failure(&failure);
                failures.push(failure);
            }
        }
    }
    if jobs.len() > 1 {
        console.talk(&said(n_cancelled, n_late, failures.len() as u64));
    }
    Ok(choose::first_failure(failures))
}

/// `3 cancelled · 1 too late`.
fn said(n_cancelled: u64, n_late: u64, n_failed: u64) -> String {
    let all = [(n_cancelled, "cancelled"), (n_late, "too late"), (n_failed, "not stopped")];
    let parts = all.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{} {word}", text::thousands(*n)));
    parts.collect::<Vec<_>>().join(" · ")
}

/// Writes down which jobs are to be stopped before the first of them is asked for.
pub async fn intend(session: &Session, jobs: &[Job]) -> Result<(), Failure> {
    let live = jobs.iter().filter(|job| !job.state.is_terminal()).map(|job| job.name.clone());
    ops::intend_to_cancel(session, &live.collect::<Vec<_>>()).await
}

async fn agreed(session: &Session, console: &Console, jobs: &[Job], n_active: usize) -> Result<bool, Failure> {
    let live: Vec<&Job> = jobs.iter().filter(|job| !job.state.is_terminal()).collect();
    live.iter().for_each(|job| console.talk(&format!("  {}", choose::line(job))));
    if let Some(money) = money(session, &live) {
        console.talk(&money);
    }
    let (question, answer) = match n_active {
        1 => ("Cancel this job?".to_owned(), Answer::Yes),
        n_active => (format!("Cancel these {}?", text::count(n_active as u64, "job")), Answer::Count(n_active)),
    };
    consent::ask(console, &question, answer).await
}

/// What is in flight, by the estimates of the jobs that were created on this machine.
fn money(session: &Session, live: &[&Job]) -> Option<String> {
    let costs = ops::costs(session);
    let known: Vec<f64> =
        live.iter().filter_map(|job| costs.get(&job.name)).map(|(low, high)| (low + high) / 2.0).collect();
    let unknown = match live.len() - known.len() {
        _ if known.is_empty() => return None,
        0 => String::new(),
        unknown => format!(", and {} of unknown cost", text::count(unknown as u64, "job")),
    };
    Some(format!("in flight: about {}{unknown}", text::dollars(known.iter().sum())))
}

/// How a cancel comes out that has stopped a job.
const CANCELLED: &str = "cancelled";

/// The job as the service left it, and how it came out. [`intend`] was called before.
pub async fn cancel(session: &Session, console: &Console, job: &Job) -> Result<(Job, &'static str), Failure> {
    let on_answer = |answer: &CancelAnswer| match answer {
        CancelAnswer::Asked => console.talk(&format!("asked to cancel {}", job.name)),
        CancelAnswer::NotYet(failure) => console.talk(&format!("not asked yet: {failure}; trying again")),
        CancelAnswer::AlreadyOver(_) => {}
    };
    let stopped = ops::stop(session, &job.name, &on_answer).await?;
    let outcome = match stopped.job.state {
        _ if stopped.was_over => "already-over",
        JobState::Cancelled => CANCELLED,
        JobState::Pending
        | JobState::Running
        | JobState::Succeeded
        | JobState::Failed
        | JobState::Expired
        | JobState::Other(_) => "ended-otherwise",
    };
    Ok((stopped.job, outcome))
}
