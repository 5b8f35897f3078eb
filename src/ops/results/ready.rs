//! Whether a job has results to fetch, and waiting for those that a job which succeeded has not shown yet.

use std::time::Duration;

use crate::clock::since;
use crate::failure::Failure;
use crate::job::{Dest, Job, JobState, Source};
use crate::ops::Session;
use crate::ops::find::get;
use crate::text;

/// How long output files live at the service.
const OUTPUT_LIFE: Duration = Duration::from_secs(48 * 3600);

/// The job with its output, and where that is.
///
/// A job that succeeded may show its output only later: it is asked for again for a while. Any other job without output
/// is a failure that says why.
pub(super) async fn ready(session: &Session, job: &Job, wait: Duration) -> Result<(Job, Dest), Failure> {
    let mut job = job.clone();
    let mut waited = Duration::ZERO;
    let mut is_fresh = false;
    loop {
        if let Some(dest) = job.dest.clone() {
            return Ok((job, dest));
        }
        if is_fresh {
            let may_come = job.state == JobState::Succeeded && waited < wait;
            if !may_come {
                return Err(without_output(&job, waited));
            }
            tokio::time::sleep(session.pace.output).await;
            waited += session.pace.output;
        }
        // The list shows no inline results, and an older look may have been too early.
        job = get(session, &job.name).await?.value;
        is_fresh = true;
    }
}

/// The job as it can be saved; `None` when it ended without any results. A job that failed, was cancelled or expired may
/// have left some, and no list shows those that are inline, so such a job is asked itself.
pub async fn with_results(session: &Session, job: &Job) -> Result<Option<Job>, Failure> {
    if job.dest.is_some() || job.state == JobState::Succeeded {
        return Ok(Some(job.clone()));
    }
    if let Some(Source::File(_)) = job.source {
        return Ok(None);
    }
    let job = get(session, &job.name).await?.value;
    Ok(job.dest.is_some().then_some(job))
}

fn without_output(job: &Job, waited: Duration) -> Failure {
    let named = format!("{} ({})", job.title(), job.name);
    match &job.state {
        JobState::Succeeded if waited.is_zero() => Failure::new(format!("{named} succeeded but shows no output yet")),
        JobState::Succeeded => {
            Failure::new(format!("{named} succeeded but shows no output after {}", text::age(waited)))
                .hint("the service may need longer; try again later")
        }
        JobState::Failed | JobState::Cancelled | JobState::Expired => {
            let why = job.error.as_ref().map(|error| format!(": {}", error.message)).unwrap_or_default();
            Failure::new(format!("{named} is {} and has no results{why}", job.state.word()))
        }
        JobState::Pending | JobState::Running | JobState::Other(_) => {
            Failure::new(format!("{named} is {}: there are no results yet", job.state.word()))
                .hint("`gemtts-tui wait` waits for it")
        }
    }
}

/// The failure of a download, which for an old job most often means that the service has dropped the file.
pub(super) fn explain(session: &Session, job: &Job, failure: Failure) -> Failure {
    let Some(age) = job.end_time.map(|end| since(end, session.service_now())) else { return failure };
    if age < OUTPUT_LIFE || failure.exit == crate::failure::Exit::Disk {
        return failure;
    }
    let expired = text::ago(age - OUTPUT_LIFE);
    let message =
        format!("{}; the service drops results after 48 hours, for {} that was {expired}", failure.message, job.name);
    Failure { message, ..failure }
}

/// How many results a job should have, as far as the service says.
pub(super) fn expected(job: &Job) -> Option<u64> {
    let counts = job.counts?;
    Some(match job.state {
        JobState::Succeeded => counts.requests,
        JobState::Failed | JobState::Cancelled | JobState::Expired => counts.done(),
        JobState::Pending | JobState::Running | JobState::Other(_) => return None,
    })
}
