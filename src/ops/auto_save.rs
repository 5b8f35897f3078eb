//! Results that are saved although nobody asked: the service drops them after two days, and people sleep.
//!
//! Only what the journal of saves does not call whole is saved, so that nothing is fetched twice, and what a person removed
//! from the disk does not come back. Somebody else who saves the same job at the moment is left alone.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::config::AutoSave;
use crate::failure::{Exit, Failure};
use crate::job::{Dest, Job, JobKind, JobName, JobState, Source};
use crate::save::MANIFEST;
use crate::store::{self, Lock};

use super::results::folder_of_original;
use super::session::on_disk;
use super::{KeyChoice, SaveFrom, SaveOrder, Saved, Saving, Session, default_folder, save, with_results};

/// How long output files live at the service.
const FILE_LIFE: SignedDuration = SignedDuration::from_hours(48);

/// Results in the answer to a GET live as long as their job. What nobody missed for so long nobody waits for.
const INLINE_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How a job was saved by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum AutoSaved {
    /// This run did it, as far as results came: compare [`Saved::expected`].
    Saved(Saved),
    /// It was saved whole before, into that folder.
    Already(PathBuf),
    /// It ended without any results.
    Nothing,
    /// Somebody else is at it.
    Elsewhere,
}

/// The jobs of a listing that are to be saved by themselves at that time, by the service's clock; those whose results go
/// first come first. Blocks on the journals; what they do not tell is not acted upon.
pub fn to_save(session: &Session, jobs: &[Job], now: Timestamp) -> Vec<JobName> {
    let is_ours: Box<dyn Fn(&Job) -> bool> = match session.saving.auto {
        AutoSave::Off => return Vec::new(),
        AutoSave::All => Box::new(|_| true),
        AutoSave::Ours => match ours(session) {
            Ok((names, tokens)) => Box::new(move |job| {
                names.contains(&job.name) || job.token().is_some_and(|token| tokens.contains(token))
            }),
            Err(error) => {
                tracing::warn!(%error, "nobody can tell which jobs are to be saved by themselves");
                return Vec::new();
            }
        },
    };
    let mut open: Vec<&Job> = jobs.iter().filter(|job| may_have_results(job, now) && is_ours(job)).collect();
    let Ok(saves) = session.store.saves_of_all(session.origin(), open.iter().map(|job| &job.name)) else {
        return Vec::new();
    };
    let mut saves = saves.into_iter();
    open.retain(|_| saves.next().is_some_and(|saves| saves.iter().all(|saved| !saved.is_whole)));
    open.sort_by_key(|job| ended(job));
    open.into_iter().map(|job| job.name.clone()).collect()
}

/// Saves a job as a person who presses the key for it does, unless it is saved already or somebody else is at it.
pub async fn auto_save(
    session: &Session,
    job: &Job,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<AutoSaved, Failure> {
    let (ours, name) = (session.clone(), job.name.clone());
    let lock = on_disk(move || match ours.store.lock(&format!("save-{}", name.id()), name.as_str()) {
        Ok(lock) => Ok(Turn::Ours(Some(lock))),
        Err(store::Error::Held { .. }) => Ok(Turn::Elsewhere),
        // The lock of the folder is still there, and results matter more than saving them twice.
        Err(error) => {
            tracing::warn!(%error, "a job is saved by itself without a lock of its own");
            Ok::<_, Failure>(Turn::Ours(None))
        }
    });
    let Turn::Ours(_lock) = lock.await? else { return Ok(AutoSaved::Elsewhere) };
    // Another dashboard may have been at it since the listing.
    let (ours, name) = (session.clone(), job.name.clone());
    let saves = on_disk(move || ours.store.saves_of(ours.origin(), &name)).await?;
    if let Some(saved) = saves.iter().rev().find(|saved| saved.is_whole) {
        return Ok(AutoSaved::Already(saved.folder.clone()));
    }
    let Some(job) = with_results(session, job).await? else { return Ok(AutoSaved::Nothing) };
    // What was begun goes on where it was begun, wherever the dashboard was started this time.
    let begun = saves.into_iter().rev().map(|saved| saved.folder).find(|folder| folder.join(MANIFEST).is_file());
    let folder = begun.unwrap_or_else(|| screen_folder(session, &job));
    let order = SaveOrder { folder, from: SaveFrom::Job(job), keys: KeyChoice::All };
    match save(session, &order, events).await {
        Ok(saved) => Ok(AutoSaved::Saved(saved)),
        Err(failure) if failure.exit == Exit::Refused => Ok(AutoSaved::Elsewhere),
        Err(failure) => Err(failure),
    }
}

/// The folder that a screen saves a job to: that of the original of a retake, else one below the folder that the
/// configuration names. Looks at the disk.
pub fn screen_folder(session: &Session, job: &Job) -> PathBuf {
    match &session.saving.folder {
        None => default_folder(session, Path::new(""), job),
        Some(below) => folder_of_original(session, job).unwrap_or_else(|| default_folder(session, below, job)),
    }
}

enum Turn {
    Ours(Option<Lock>),
    Elsewhere,
}

/// The names of the jobs that were created on this machine, with whichever key, and the tokens of all creates.
fn ours(session: &Session) -> Result<(HashSet<JobName>, HashSet<String>), store::Error> {
    let (mut names, mut tokens) = (HashSet::new(), HashSet::new());
    for tracked in session.store.intents()? {
        if tracked.intent.origin == session.origin() {
            names.extend(tracked.jobs().iter().filter_map(|job| JobName::parse(job)));
            tokens.insert(tracked.intent.token);
        }
    }
    Ok((names, tokens))
}

/// Whether a job is over and its results may still be there. There is nothing to hear in embeddings.
fn may_have_results(job: &Job, now: Timestamp) -> bool {
    if job.kind == JobKind::EmbedContent {
        return false;
    }
    let may_be_inline = match (&job.dest, &job.source) {
        (Some(Dest::File(_)), _) | (None, Some(Source::File(_))) => false,
        (Some(Dest::Inline), _) | (None, Some(Source::Inline) | None) => true,
    };
    let has_some = match job.state {
        JobState::Succeeded => true,
        // No list shows results that came inline, so those of such a job have to be asked for.
        JobState::Failed | JobState::Cancelled | JobState::Expired => {
            job.dest.is_some() || (may_be_inline && job.counts.is_none_or(|counts| counts.done() > 0))
        }
        JobState::Pending | JobState::Running | JobState::Other(_) => false,
    };
    let life = if may_be_inline { INLINE_LIFE } else { FILE_LIFE };
    has_some && ended(job).is_none_or(|end| now.duration_since(end) < life)
}

/// When a job ended, as far as the service says.
fn ended(job: &Job) -> Option<Timestamp> {
    job.end_time.or(job.update_time).or(job.create_time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Counts, FileName};

    fn job(state: JobState) -> Job {
        Job {
            name: JobName::parse("batches/a").unwrap(),
            display_name: None,
            kind: JobKind::GenerateContent,
            model: None,
            state,
            counts: Some(Counts { requests: 4, succeeded: 2, failed: 0, pending: 2 }),
            create_time: "2026-07-01T00:00:00Z".parse().ok(),
            update_time: None,
            end_time: "2026-07-01T12:00:00Z".parse().ok(),
            source: FileName::parse("files/in").map(Source::File),
            dest: FileName::parse("files/out").map(Dest::File),
            error: None,
        }
    }

    #[test]
    fn only_what_is_over_and_may_still_be_there_is_fetched() {
        let at = |time: &str| time.parse::<Timestamp>().unwrap();
        let (soon, late) = (at("2026-07-01T13:00:00Z"), at("2026-07-03T12:00:01Z"));
        let none = Job { dest: None, ..job(JobState::Cancelled) };
        let inline = Job { source: Some(Source::Inline), ..none.clone() };
        let untouched = Job { counts: Some(Counts { succeeded: 0, ..none.counts.unwrap() }), ..inline.clone() };
        let embeddings = Job { kind: JobKind::EmbedContent, ..job(JobState::Succeeded) };
        let table = [
            (job(JobState::Succeeded), soon, true),
            (job(JobState::Succeeded), late, false),
            (Job { dest: None, ..job(JobState::Succeeded) }, soon, true),
            (Job { dest: None, source: None, ..job(JobState::Succeeded) }, late, true),
            (Job { dest: Some(Dest::Inline), ..job(JobState::Succeeded) }, at("2026-07-09T12:00:00Z"), false),
            (job(JobState::Cancelled), soon, true),
            (job(JobState::Expired), soon, true),
            (job(JobState::Expired), late, false),
            (job(JobState::Running), soon, false),
            (job(JobState::Other("JOB_STATE_PAUSED".into())), soon, false),
            (none, soon, false),
            (inline, soon, true),
            (untouched, soon, false),
            (embeddings, soon, false),
        ];
        for (job, now, expected) in table {
            assert_eq!(may_have_results(&job, now), expected, "{job:?} at {now}");
        }
    }
}
