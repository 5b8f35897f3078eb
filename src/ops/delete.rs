//! Deleting a job, and what would be lost with it.

use crate::api::error::Kind;
use crate::failure::{Exit, Failure};
use crate::job::{Dest, Job, JobName};
use crate::text::clean_short;

use super::cancel::{cancel_first, lock_id};
use super::find::explain;
use super::list::{is_gone, observe};
use super::session::on_disk;
use super::{Loss, Session, loss};

/// Deletes a job at the service; one that is gone already is a success. Its files stay where they are.
///
/// A job that is not over is refused: the service would go on with it, and bill it, out of sight. Whether results would
/// be lost is the caller's question: see [`super::loss`] and [`delete_as_agreed`].
pub async fn delete(session: &Session, name: &JobName) -> Result<(), Failure> {
    remove(session, name, None).await
}

/// Deletes a job as somebody agreed to who was shown it and what would be lost with it.
///
/// It is fetched again right before. When it is not what was shown any more, or what was on the disk is not, nothing is
/// deleted, and the failure says so.
pub async fn delete_as_agreed(session: &Session, shown: &Job, agreed: Loss) -> Result<(), Failure> {
    remove(session, &shown.name, Some((shown, agreed))).await
}

async fn remove(session: &Session, name: &JobName, agreed: Option<(&Job, Loss)>) -> Result<(), Failure> {
    let writer = session.writer()?;
    let _lock = session.store.lock(&lock_id(name), name.as_str())?;
    match session.service.reader.get_job(name).await {
        Ok(fetched) => {
            observe(session, std::slice::from_ref(&fetched.value), fetched.server_time).await;
            if !fetched.value.state.is_terminal() {
                return Err(cancel_first(&fetched.value));
            }
            if let Some((shown, agreed)) = agreed {
                is_as_agreed(session, shown, agreed, &fetched.value).await?;
            }
        }
        Err(error) if is_gone(&error) => {}
        Err(error) => return Err(explain(error, name)),
    }
    match writer.delete_job(name).await {
        Ok(()) => {}
        Err(error) if matches!(error.kind, Kind::NotFound | Kind::Invalid) => {
            // The service calls an unknown id malformed; only a second look tells that from a refusal.
            match session.service.reader.get_job(name).await {
                Err(again) if is_gone(&again) => {}
                Ok(_) | Err(_) => return Err(explain(error, name)),
            }
        }
        Err(error) => return Err(explain(error, name)),
    }
    let (ours, gone) = (session.clone(), name.clone());
    on_disk(move || ours.store.end_wishes(ours.origin(), &[gone])).await
}

/// Fails when a job, or what is on the disk of it, is not what somebody agreed to lose.
async fn is_as_agreed(session: &Session, shown: &Job, agreed: Loss, now: &Job) -> Result<(), Failure> {
    let title = clean_short(shown.title(), 60);
    if let Some(change) = change(shown, now) {
        return Err(again(format!("{title} has changed since the question: {change}")));
    }
    match agreed {
        // Somebody said that these may be lost.
        Loss::Unsaved { .. } => Ok(()),
        Loss::Nothing | Loss::Saved => match loss(session, now).await {
            Loss::Nothing | Loss::Saved => Ok(()),
            Loss::Unsaved { .. } => {
                Err(again(format!("the results of {title} are not on this disk any more as they were")))
            }
        },
    }
}

/// What is different about a job. A list shows neither counts of every job nor where inline results are, so what was not
/// shown has not changed.
fn change(shown: &Job, now: &Job) -> Option<String> {
    if shown.state != now.state {
        return Some(format!("it was {} and is {}", shown.state.word(), now.state.word()));
    }
    let is_other = match (&shown.dest, &now.dest) {
        (None, None | Some(Dest::Inline)) => false,
        (shown, now) => shown != now,
    };
    if is_other {
        return Some("its results are elsewhere".to_owned());
    }
    match (shown.counts, now.counts) {
        (Some(shown), Some(now)) if shown != now => {
            Some(format!("{} of {} requests are done, and {} were", now.done(), now.requests, shown.done()))
        }
        (Some(_) | None, _) => None,
    }
}

fn again(message: String) -> Failure {
    Failure::with_exit(Exit::Refused, format!("{message}; nothing was deleted"))
        .hint("look at it, and delete it again if that is still wanted")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Counts, FileName, JobKind, JobState};

    #[test]
    fn only_what_was_shown_can_have_changed() {
        let counts = |succeeded| Some(Counts { requests: 4, succeeded, failed: 0, pending: 4 - succeeded });
        let shown = Job {
            name: JobName::parse("batches/a").unwrap(),
            display_name: None,
            kind: JobKind::GenerateContent,
            model: None,
            state: JobState::Cancelled,
            counts: counts(2),
            create_time: None,
            update_time: None,
            end_time: None,
            source: None,
            dest: None,
            error: None,
        };
        let file = FileName::parse("files/out").map(Dest::File);
        let table = [
            (shown.clone(), None),
            (Job { dest: Some(Dest::Inline), ..shown.clone() }, None),
            (Job { counts: None, ..shown.clone() }, None),
            (Job { state: JobState::Succeeded, ..shown.clone() }, Some("it was CANCELLED and is SUCCEEDED")),
            (Job { dest: file, ..shown.clone() }, Some("its results are elsewhere")),
            (Job { counts: counts(3), ..shown.clone() }, Some("3 of 4 requests are done, and 2 were")),
        ];
        for (now, expected) in table {
            assert_eq!(change(&shown, &now).as_deref(), expected, "{now:?}");
        }
    }
}
