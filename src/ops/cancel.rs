//! Cancelling: a wish that the service fulfils later, or not.

use std::time::Duration;

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

/// Asks the service to stop a job. Looks first, so that a job that is over is not asked for anything.
///
/// The wish is remembered until the service agrees, also over a restart: see [`super::asked_to_cancel`].
pub async fn cancel(session: &Session, name: &JobName) -> Result<CancelAnswer, Failure> {
    let writer = session.writer()?;
    let job = get(session, name).await?.value;
    if job.state.is_terminal() {
        return Ok(CancelAnswer::AlreadyOver(job));
    }
    let lock = session.store.lock(&lock_id(name), &name.to_string())?;
    let wished = Wished {
        job: name.clone(),
        at: session.clock.now(),
        origin: session.origin().to_owned(),
        key_fingerprint: session.key_fingerprint.clone(),
    };
    let store = session.store.clone();
    on_disk(move || store.wish_cancelled(&wished)).await?;
    let Err(error) = writer.cancel_job(name).await else { return Ok(CancelAnswer::Asked) };
    // The service refuses to cancel what is over, and an answer that was lost may have been a yes.
    if matches!(error.certainty, Certainty::Refused | Certainty::Unknown) && error.kind != Kind::Key {
        match get(session, name).await {
            // It was not a moment ago, so it is our wish that was fulfilled, and only the answer to it was lost.
            Ok(fetched) if fetched.value.state == JobState::Cancelled => return Ok(CancelAnswer::Asked),
            Ok(fetched) if fetched.value.state.is_terminal() => return Ok(CancelAnswer::AlreadyOver(fetched.value)),
            Ok(_) | Err(_) => {}
        }
    }
    if error.certainty != Certainty::Unknown {
        let (ours, wished) = (session.clone(), name.clone());
        on_disk(move || ours.store.end_wishes(ours.origin(), &[wished])).await?;
    }
    drop(lock);
    Err(explain(error, name))
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
