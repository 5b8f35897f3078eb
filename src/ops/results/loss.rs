//! What deleting a job would lose.

use std::collections::HashMap;
use std::path::Path;

use crate::job::{Job, JobState, Source};
use crate::ops::find::fetch;
use crate::ops::list::is_gone;
use crate::ops::session::on_disk;
use crate::ops::{Loss, Session};
use crate::save::{Record, Status};
use crate::store::SavedTo;

use super::ready::expected;

/// Looks at the folders that the job was saved to, and checks every file in them against its checksum.
///
/// A job that ended without success and shows no output is asked for itself, as a list shows no inline results; when
/// it cannot be asked, its results count as there.
pub async fn loss(session: &Session, job: &Job) -> Loss {
    if !has_ended_without(job) {
        return of_saves(session, job).await;
    }
    if let Some(Source::File(_)) = job.source {
        return Loss::Nothing;
    }
    match fetch(session, &job.name).await {
        Ok(fetched) if has_ended_without(&fetched.value) => Loss::Nothing,
        Ok(fetched) => of_saves(session, &fetched.value).await,
        Err(error) if is_gone(&error) => Loss::Nothing,
        Err(_) => of_saves(session, job).await,
    }
}

/// Whether a job is over without success and without a word about output.
fn has_ended_without(job: &Job) -> bool {
    match job.state {
        JobState::Failed | JobState::Cancelled | JobState::Expired => job.dest.is_none(),
        JobState::Pending | JobState::Running | JobState::Succeeded | JobState::Other(_) => false,
    }
}

async fn of_saves(session: &Session, job: &Job) -> Loss {
    let (ours, looked_at) = (session.clone(), job.clone());
    let checked = on_disk(move || {
        let expected = expected(&looked_at);
        let saves = ours.store.saves_of(ours.origin(), &looked_at.name)?;
        Ok::<_, crate::store::Error>(saves.iter().map(|saved| of_folder(saved, expected)).collect::<Vec<_>>())
    });
    let worst = Loss::Unsaved { saved: 0, of: expected(job) };
    let folders = checked.await.unwrap_or_default();
    folders.into_iter().chain([worst]).min_by_key(rank).unwrap_or(worst)
}

/// Better ones first.
fn rank(loss: &Loss) -> u64 {
    match loss {
        Loss::Nothing => 0,
        Loss::Saved => 1,
        Loss::Unsaved { saved, .. } => u64::MAX - saved,
    }
}

fn of_folder(saved: &SavedTo, expected: Option<u64>) -> Loss {
    let of = expected.or(saved.of);
    let mut rows: HashMap<u64, Record> = HashMap::new();
    let read = crate::save::read(&saved.folder, |record| {
        if record.job.as_deref() == Some(saved.job.as_str()) {
            rows.insert(record.line, record);
        }
    });
    let Ok(_) = read else { return Loss::Unsaved { saved: 0, of } };
    let different = different_files(&saved.folder);
    let Some(different) = different else { return Loss::Unsaved { saved: 0, of } };
    // A row without audio at the service has nothing to lose; a key that came twice was kept once, as was agreed.
    let is_safe = |record: &&Record| match (record.status, &record.file) {
        (Status::Saved, Some(file)) => !different.contains(file),
        (Status::Saved, None) => false,
        (Status::Failed, _) => record.duration_seconds.is_none(),
        (Status::Duplicate, _) => true,
    };
    let n_safe = rows.values().filter(is_safe).count() as u64;
    match of {
        Some(of) if n_safe >= of && n_safe == rows.len() as u64 => Loss::Saved,
        Some(_) | None => Loss::Unsaved { saved: n_safe, of },
    }
}

/// The files of a folder that are not as its manifest says.
fn different_files(folder: &Path) -> Option<Vec<String>> {
    let check = crate::save::verify(folder).ok()?;
    Some(check.different.into_iter().filter_map(|difference| difference.record.file).collect())
}
