//! From what a person types to one job.

use crate::api::page::{self, Walk};
use crate::api::{self, Download, Fetched};
use crate::failure::{Exit, Failure};
use crate::job::{Job, JobName};
use crate::text;

use super::Session;
use super::list;
use super::session::on_disk;

/// The most candidates that an error names.
const MOST_CANDIDATES: usize = 10;

/// Finds the job that a word names: `batches/ID`, `ID`, or a unique prefix of an ID.
///
/// An ambiguous prefix ends with [`Exit::Usage`] and lists the candidates, an unknown job with [`Exit::Failed`].
pub async fn find(session: &Session, word: &str) -> Result<JobName, Failure> {
    let Some(name) = JobName::parse_loose(word) else { return Err(unknown(word)) };
    let ours = session.clone();
    let known = on_disk(move || ours.store.known_jobs(&ours.profile, ours.origin())).await;
    if known.is_ok_and(|known| known.jobs.iter().any(|job| job.name == name)) {
        return Ok(name);
    }
    // A whole name is asked for itself, which is one call however many jobs there are, and works when the list does not.
    if word.starts_with("batches/") {
        match session.service.reader.get_job(&name).await {
            Ok(fetched) => return Ok(fetched.value.name),
            Err(error) if list::is_gone(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let has_it = |jobs: &[Job]| jobs.iter().any(|job| job.name == name);
    let seen = |jobs: &[Job]| if has_it(jobs) { Walk::Enough } else { Walk::On };
    let listing = page::all_jobs(session.service.reader.as_ref(), seen).await?;
    if has_it(&listing.items) {
        return Ok(name);
    }
    let mut candidates = listing.items;
    candidates.retain(|job| job.name.id().starts_with(name.id()));
    match candidates.as_slice() {
        // Absence from the list proves nothing: the job itself is asked.
        [] => match session.service.reader.get_job(&name).await {
            Ok(fetched) => Ok(fetched.value.name),
            Err(error) if list::is_gone(&error) => Err(unknown(word)),
            Err(error) => Err(error.into()),
        },
        [job] if listing.complete => Ok(job.name.clone()),
        [_] => Err(Failure::new(format!(
            "the list of jobs does not come to an end, so {} may mean another job than the one found",
            text::clean_short(word, 128)
        ))
        .hint("give the whole name")),
        several => Err(ambiguous(word, several)),
    }
}

/// One job, with the service's own JSON beside it.
pub async fn get(session: &Session, name: &JobName) -> Result<Fetched<Job>, Failure> {
    fetch(session, name).await.map_err(|error| explain(error, name))
}

/// [`get`], where `None` says that the service has no such job with this key. Any other failure says nothing about that.
pub async fn get_if_there(session: &Session, name: &JobName) -> Result<Option<Fetched<Job>>, Failure> {
    match fetch(session, name).await {
        Ok(fetched) => Ok(Some(fetched)),
        Err(error) if list::is_gone(&error) => Ok(None),
        Err(error) => Err(explain(error, name)),
    }
}

/// The service's own JSON of one job as it comes, inline results included: it may be larger than memory.
pub async fn get_whole(session: &Session, name: &JobName) -> Result<Download, Failure> {
    session.service.reader.download_job(name).await.map_err(|error| explain(error, name))
}

/// [`get`], for callers who decide by the kind of the failure.
pub(super) async fn fetch(session: &Session, name: &JobName) -> Result<Fetched<Job>, api::Error> {
    let fetched = session.service.reader.get_job(name).await?;
    list::observe(session, std::slice::from_ref(&fetched.value), fetched.server_time).await;
    Ok(fetched)
}

/// A failed call about one job, with the job's name in the message.
pub(super) fn explain(error: api::Error, name: &JobName) -> Failure {
    let is_gone = error.kind == api::error::Kind::NotFound;
    let failure = Failure::from(error);
    let message = format!("{name}: {}", failure.message);
    let hint = match failure.hint {
        None if is_gone => Some("it may be deleted, or belong to another key".to_owned()),
        hint => hint,
    };
    Failure { message, hint, ..failure }
}

fn unknown(word: &str) -> Failure {
    if word.trim().is_empty() {
        return Failure::with_exit(Exit::Usage, "the name of a job is empty")
            .hint("is a variable of the script unset?");
    }
    Failure::new(format!("there is no job {}", text::clean_short(word, 128)))
        .hint("`gemtts-tui list` shows the jobs that this key can see")
}

fn ambiguous(word: &str, candidates: &[Job]) -> Failure {
    let named: Vec<String> =
        candidates.iter().take(MOST_CANDIDATES).map(|job| format!("{} ({})", job.name, job.title())).collect();
    let more = match candidates.len().saturating_sub(MOST_CANDIDATES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("{} means {} jobs: {}{more}", text::clean(word), candidates.len(), named.join(", "));
    Failure::with_exit(Exit::Usage, message).hint("type more of the name")
}
