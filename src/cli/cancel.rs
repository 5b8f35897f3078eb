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
    if !choice.yes && n_active > 0 && !agreed(console, &jobs, n_active).await? {
        return Err(Failure::new("nothing was cancelled"));
    }
    let mut outcomes = stream::iter(&jobs).map(|job| cancel(session, console, job)).buffer_unordered(AT_ONCE);
    let mut failures = Vec::new();
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok((job, outcome)) if choice.json => console.json(&json::outcome(&job, &session.profile, outcome)),
            Ok((job, _)) => console.result(&choose::line(&job)),
            Err(failure) => {
                console.failure(&failure);
                failures.push(failure);
            }
        }
    }
    Ok(choose::first_failure(failures))
}

async fn agreed(console: &Console, jobs: &[Job], n_active: usize) -> Result<bool, Failure> {
    for job in jobs.iter().filter(|job| !job.state.is_terminal()) {
        console.talk(&format!("  {}", choose::line(job)));
    }
    let (question, answer) = match n_active {
        1 => ("Cancel this job?".to_owned(), Answer::Yes),
        n_active => (format!("Cancel these {}?", text::count(n_active as u64, "job")), Answer::Count(n_active)),
    };
    consent::ask(console, &question, answer).await
}

/// The job as the service left it, and how it came out.
pub async fn cancel(session: &Session, console: &Console, job: &Job) -> Result<(Job, &'static str), Failure> {
    match ops::cancel(session, &job.name).await? {
        CancelAnswer::AlreadyOver(job) => Ok((job, "already-over")),
        CancelAnswer::Asked => {
            console.talk(&format!("asked to cancel {}", job.name));
            let job = ops::follow(session, &job.name, &|_| {}).await?;
            let outcome = match job.state {
                JobState::Cancelled => "cancelled",
                JobState::Pending
                | JobState::Running
                | JobState::Succeeded
                | JobState::Failed
                | JobState::Expired
                | JobState::Other(_) => "ended-otherwise",
            };
            Ok((job, outcome))
        }
    }
}
