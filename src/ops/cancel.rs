//! Cancelling: a wish that the service fulfils later, or not.

use std::time::Duration;

use crate::api;
use crate::api::error::{Certainty, Kind};
use crate::failure::{Exit, Failure};
use crate::job::{Job, JobName, JobState};
use crate::store::Wished;

use super::find::{explain, fetch, get};
use super::session::on_disk;
use super::wait::Follower;
use super::{CancelAnswer, Session};

/// For how long a job that is followed may be out of reach before we give up.
const LONGEST_SILENCE: Duration = Duration::from_secs(600);

/// Writes down that these jobs are to be stopped, before the first of them is asked for: who is killed or loses the link
/// in the middle of many goes on with them later. See [`super::cancels`].
pub async fn intend_to_cancel(session: &Session, names: &[JobName]) -> Result<(), Failure> {
    session.writer()?;
    let wished: Vec<Wished> = names.iter().map(|name| wished(session, name)).collect();
    let store = session.store.clone();
    on_disk(move || store.wish_cancelled(&wished)).await
}

/// Asks the service to stop a job. Looks first, so that a job that is over is not asked for anything.
///
/// The wish is remembered until the service agrees, also over a restart: see [`super::asked_to_cancel`].
pub async fn cancel(session: &Session, name: &JobName) -> Result<CancelAnswer, Failure> {
    match ask(session, name).await? {
        Ok(answer) => Ok(answer),
        Err(Unasked { error, was_sent }) => {
            if was_sent && error.certainty != Certainty::Unknown {
                forget(session, name).await?;
            }
            Err(explain(error, name))
        }
    }
}

/// [`cancel`] of a job for which [`intend_to_cancel`] was called: while the service is out of reach the wish stays, and
/// the answer is [`CancelAnswer::NotYet`].
pub async fn cancel_or_wait(session: &Session, name: &JobName) -> Result<CancelAnswer, Failure> {
    match ask(session, name).await? {
        Ok(answer) => Ok(answer),
        Err(Unasked { error, .. }) if error.is_retryable() || error.certainty == Certainty::Unknown => {
            Ok(CancelAnswer::NotYet(explain(error, name)))
        }
        Err(Unasked { error, .. }) => {
            forget(session, name).await?;
            Err(explain(error, name))
        }
    }
}

/// Stops a job and follows it until it is over, also over a link that breaks for minutes. `on_answer` gets what the
/// service says to each try.
///
/// [`intend_to_cancel`] was called before; when this ends with a failure, the wish may stand, and the dashboard goes on.
pub async fn stop(
    session: &Session,
    name: &JobName,
    on_answer: &(dyn Fn(&CancelAnswer) + Send + Sync),
) -> Result<Stopped, Failure> {
    let (mut wait, mut waited) = (Duration::ZERO, Duration::ZERO);
    loop {
        let answer = cancel_or_wait(session, name).await?;
        on_answer(&answer);
        match answer {
            CancelAnswer::AlreadyOver(job) => return Ok(Stopped { job, was_over: true }),
            CancelAnswer::Asked => {
                let job = follow(session, name, &|_| {}).await?;
                return Ok(Stopped { job, was_over: false });
            }
            CancelAnswer::NotYet(failure) if waited >= LONGEST_SILENCE => {
                return Err(failure.hint("the wish is written down: the dashboard asks again when it is opened"));
            }
            CancelAnswer::NotYet(failure) => {
                wait = session.pace.after_failure(wait).max(failure.retry_after.unwrap_or_default());
                waited = waited.saturating_add(wait);
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// A job that is over, and whether it was before it could be asked to stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Stopped {
    /// As the service left it.
    pub job: Job,
    /// It was not asked for anything.
    pub was_over: bool,
}

/// A cancel that failed.
struct Unasked {
    error: api::Error,
    /// It is the cancel itself that failed, and not the look before it.
    was_sent: bool,
}

async fn ask(session: &Session, name: &JobName) -> Result<Result<CancelAnswer, Unasked>, Failure> {
    let writer = session.writer()?;
    let job = match fetch(session, name).await {
        Ok(fetched) => fetched.value,
        Err(error) => return Ok(Err(Unasked { error, was_sent: false })),
    };
    if job.state.is_terminal() {
        return Ok(Ok(CancelAnswer::AlreadyOver(job)));
    }
    let _lock = session.store.lock(&lock_id(name), name.as_str())?;
    let (store, wished) = (session.store.clone(), wished(session, name));
    on_disk(move || store.wish_cancelled(&[wished])).await?;
    let Err(error) = writer.cancel_job(name).await else { return Ok(Ok(CancelAnswer::Asked)) };
    // The service refuses to cancel what is over, and an answer that was lost may have been a yes.
    if matches!(error.certainty, Certainty::Refused | Certainty::Unknown) && error.kind != Kind::Key {
        match get(session, name).await {
            // It was not a moment ago, so it is our wish that was fulfilled, and only the answer to it was lost.
            Ok(fetched) if fetched.value.state == JobState::Cancelled => return Ok(Ok(CancelAnswer::Asked)),
            Ok(fetched) if fetched.value.state.is_terminal() => {
                return Ok(Ok(CancelAnswer::AlreadyOver(fetched.value)));
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(Err(Unasked { error, was_sent: true }))
}

fn wished(session: &Session, name: &JobName) -> Wished {
    Wished {
        job: name.clone(),
        at: session.clock.now(),
        origin: session.origin().to_owned(),
        key_fingerprint: session.key_fingerprint.clone(),
    }
}

/// The service will not do it, so nobody waits for it any more.
async fn forget(session: &Session, name: &JobName) -> Result<(), Failure> {
    let (ours, wished) = (session.clone(), name.clone());
    on_disk(move || ours.store.end_wishes(ours.origin(), &[wished])).await
}

/// Looks at a job until it is over. `on_change` gets it at first sight and whenever its state or its counts changed.
pub async fn follow(
    session: &Session,
    name: &JobName,
    on_change: &(dyn Fn(&Job) + Send + Sync),
) -> Result<Job, Failure> {
    let mut follower = Follower::new(session);
    let mut last: Option<Job> = None;
    loop {
        follower.wait().await;
        let job = match fetch(session, name).await {
            Ok(fetched) => fetched.value,
            Err(error) => {
                follower.failed(error, Some(name), Some(LONGEST_SILENCE))?;
                continue;
            }
        };
        follower.succeeded();
        if last.as_ref().is_none_or(|last| (&last.state, last.counts) != (&job.state, job.counts)) {
            on_change(&job);
        }
        if job.state.is_terminal() {
            return Ok(job);
        }
        last = Some(job);
    }
}

/// The id of the lock under which a job is changed.
pub(super) fn lock_id(name: &JobName) -> String {
    format!("job-{}", name.id())
}

/// Why a live job is not deleted.
pub(super) fn cancel_first(job: &Job) -> Failure {
    Failure::with_exit(Exit::Refused, format!("{} is {}: deleting it would not stop it", job.name, job.state.word()))
        .hint("cancel it first, then delete it when it is over")
}
