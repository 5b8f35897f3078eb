//! Room on the disk for what a save or a kept copy is going to write, promised before its first byte is fetched.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::failure::Failure;
use crate::job::{Dest, Job};
use crate::ops::budget::{Need, Reservation, audio_in};
use crate::ops::session::on_disk;
use crate::ops::{Budget, Progress, Session};
use crate::save::Status;

use super::feed::From;
use super::keep::{Part, Place};
use super::open::again;
use super::ready::expected;
use super::{KeyChoice, SaveFrom, SaveOrder, Saving};

/// The words beside the audio in a result line take about as much, in bytes.
const WORDS: u64 = 1024;

/// What was promised, until this is dropped.
pub(super) struct Room {
    audio: Option<Arc<Reservation>>,
    copy: Option<Reservation>,
    /// Results that will be told, when that is known, and those of them that an earlier run has saved.
    rows: Option<u64>,
    saved_before: u64,
    told: AtomicU64,
}

impl Room {
    fn new(what: &SaveOrder, job: Option<&Job>, audio: Audio, copy: Option<Reservation>) -> Self {
        let Audio { room, saved_before } = audio;
        Room { audio: room.map(Arc::new), copy, rows: rows_of(&what.keys, job), saved_before, told: AtomicU64::new(0) }
    }

    fn of_copy(copy: Option<Reservation>) -> Self {
        Room { audio: None, copy, rows: None, saved_before: 0, told: AtomicU64::new(0) }
    }

    /// More bytes of the results have been dealt with: the copy has them.
    pub(super) fn progressed(&self, progress: &Progress) {
        let Some(of) = progress.of else { return };
        if let Some(copy) = &self.copy {
            copy.done(progress.bytes, of);
        }
    }

    /// Events on their way to whoever waits for them. What they tell of is on the disk, so the promise shrinks.
    pub(super) fn watching<'a>(
        &'a self,
        events: &'a (dyn Fn(Saving) + Send + Sync),
    ) -> impl Fn(Saving) + Send + Sync + 'a {
        move |event| {
            match &event {
                Saving::Progress(progress) => {
                    self.progressed(progress);
                    if let (None, Some(audio), Some(of)) = (self.rows, &self.audio, progress.of) {
                        audio.done(progress.bytes, of);
                    }
                }
                Saving::Renamed { .. } | Saving::Unchanged { .. } | Saving::WithoutCopy => {}
                Saving::Row { .. } => {
                    let told = self.told.fetch_add(1, Ordering::Relaxed) + 1;
                    if let (Some(rows), Some(audio)) = (self.rows, &self.audio) {
                        // What was there before needs no room, and mostly comes first.
                        audio.done(told.saturating_sub(self.saved_before), rows.saturating_sub(self.saved_before));
                    }
                }
            }
            events(event);
        }
    }
}

/// What is told when the disk turns out to be full on the way.
#[derive(Clone)]
pub(super) struct Words {
    budget: Budget,
    what: String,
    folder: PathBuf,
    audio: Option<Arc<Reservation>>,
}

impl Words {
    pub(super) fn of(session: &Session, what: &SaveOrder, room: &Room) -> Self {
        Words {
            budget: session.budget.clone(),
            what: title(what),
            folder: what.folder.clone(),
            audio: room.audio.clone(),
        }
    }

    /// Why saving came to an end; of a full disk, how much it needs and has. To be called where looking at a disk may
    /// take its time.
    pub(super) fn failure(&self, error: crate::save::Error) -> Failure {
        let Some((least, why)) = error.no_room() else { return error.into() };
        let need = match &self.audio {
            Some(audio) if audio.left() >= least => Need::Reckoned(audio.left()),
            Some(_) | None => Need::AtLeast(least),
        };
        let told = self.budget.ran_out(&self.folder, need).failure(&self.what).hint(MAKE_ROOM);
        // The numbers do not show everything: a user's share, rows that other threads had at hand, the number of files.
        let message = format!("{}: {why}", told.message);
        Failure { message, ..told }
    }
}

/// What to do about a disk without room for audio.
const MAKE_ROOM: &str = "make room or choose another folder with --out, and run the same command again: \
                         what is saved stays, and only the rest is written";

fn title(what: &SaveOrder) -> String {
    match &what.from {
        SaveFrom::Job(job) => format!("to save {}", job.title()),
        SaveFrom::File(path) => format!("to save {}", path.display()),
    }
}

/// Room for the audio of a job and for a copy of its results. With room for the audio alone there will be no copy; with
/// less, the save is refused, and nothing was fetched. Results of a size that nobody knows need no promise.
pub(super) async fn for_save(
    session: &Session,
    what: &SaveOrder,
    (job, dest): (&Job, &Dest),
    place: &Place,
    from: From,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<(Room, From), Failure> {
    let (size, part) = match from {
        From::Disk(path) => {
            let size = size_of(&path).await;
            let audio = audio(session, what, Some(job), size).await?;
            return Ok((Room::new(what, Some(job), audio, None), From::Disk(path)));
        }
        From::Service(download, part) => (download.total, (download, part)),
    };
    let audio = audio(session, what, Some(job), size).await?;
    let room = |copy| Room::new(what, Some(job), audio, copy);
    let (download, part) = part;
    let Some(part) = part else { return Ok((room(None), From::Service(download, None))) };
    if place.wants(size) {
        let need = missing(size, &part);
        match copy(&session.budget, place, need).await {
            Ok(copy) => return Ok((room(copy), From::Service(download, Some(part)))),
            Err(failure) => tracing::warn!(%failure, "the results are saved without a copy of them"),
        }
    }
    on_disk(move || {
        part.discard();
        Ok::<_, Failure>(())
    })
    .await?;
    if download.from == 0 {
        return Ok((room(None), From::Service(download, None)));
    }
    // What went before these bytes is gone with the copy, so they come again from the beginning.
    drop(download);
    let download = again(session, (job, dest), events).await?;
    Ok((room(None), From::Service(download, None)))
}

/// Room for the audio in a results file of the user.
pub(super) async fn for_file(session: &Session, what: &SaveOrder, path: &Path) -> Result<Room, Failure> {
    let audio = audio(session, what, None, size_of(path).await).await?;
    Ok(Room::new(what, None, audio, None))
}

/// Room for a copy of results that are only shown.
pub(super) fn for_copy<'a>(
    session: &'a Session,
    place: &'a Place,
    from: &From,
) -> impl Future<Output = Result<Room, Failure>> + Send + use<'a> {
    let missing = match from {
        From::Service(download, Some(part)) => missing(download.total, part),
        From::Service(_, None) | From::Disk(_) => None,
    };
    async move { copy(&session.budget, place, missing).await.map(Room::of_copy) }
}

/// What a copy of that size needs beside the part of it that is there.
fn missing(size: Option<u64>, part: &Part) -> Option<u64> {
    size.map(|size| size.saturating_sub(part.had))
}

/// How many results are meant, where that is known beforehand.
fn rows_of(keys: &KeyChoice, job: Option<&Job>) -> Option<u64> {
    let rows = match keys {
        KeyChoice::All => job.and_then(expected),
        KeyChoice::Lines(lines) => Some(lines.len() as u64),
        KeyChoice::Globs(_) => None,
    };
    rows.filter(|rows| *rows > 0)
}

async fn size_of(path: &Path) -> Option<u64> {
    let path = path.to_owned();
    on_disk(move || Ok::<_, Failure>(fs::metadata(&path).ok().map(|metadata| metadata.len()))).await.ok().flatten()
}

/// What was promised for audio, and how many results needed nothing.
#[derive(Default)]
struct Audio {
    room: Option<Reservation>,
    saved_before: u64,
}

async fn audio(session: &Session, what: &SaveOrder, job: Option<&Job>, size: Option<u64>) -> Result<Audio, Failure> {
    let all = size.and_then(|size| chosen(&what.keys, audio_in(size, job.and_then(expected)), job.and_then(expected)));
    let Some(all) = all else { return Ok(Audio::default()) };
    let (budget, what, job) = (session.budget.clone(), what.clone(), job.cloned());
    on_disk(move || {
        let already = already(&what, job.as_ref());
        let need = left(all, rows_of(&what.keys, job.as_ref()), already);
        let room = budget.reserve(&what.folder, need);
        let room = room.map_err(|no_room| no_room.failure(&title(&what)).hint(MAKE_ROOM))?;
        Ok::<_, Failure>(Audio { room: Some(room), saved_before: already.rows })
    })
    .await
}

/// What is chosen of that much audio in so many rows. Nobody knows beforehand how much globs choose.
fn chosen(keys: &KeyChoice, all: u64, rows: Option<u64>) -> Option<u64> {
    match keys {
        KeyChoice::All => Some(all),
        KeyChoice::Globs(_) => None,
        KeyChoice::Lines(lines) => {
            let rows = u128::from(rows.filter(|rows| *rows > 0)?);
            let chosen = u128::from(all) * rows.min(lines.len() as u128) / rows;
            u64::try_from(chosen).ok()
        }
    }
}

/// What an earlier run has saved in a folder: it is not written again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Already {
    rows: u64,
    bytes: u64,
}

/// What is left to write of audio that was reckoned from the size of its results. That size includes the words beside
/// the audio, so that the files alone never add up to it: where it is known how many rows there are, rows count.
fn left(all: u64, rows: Option<u64>, already: Already) -> u64 {
    let words = already.rows.saturating_mul(WORDS);
    let by_bytes = all.saturating_sub(already.bytes).saturating_sub(words);
    let by_rows = rows.map(|rows| {
        let left = u128::from(all) * u128::from(rows.saturating_sub(already.rows)) / u128::from(rows);
        u64::try_from(left).unwrap_or(u64::MAX)
    });
    by_rows.map_or(by_bytes, |by_rows| by_rows.min(by_bytes))
}

fn already(what: &SaveOrder, job: Option<&Job>) -> Already {
    let mut already = Already::default();
    let lines: Option<HashSet<u64>> = match &what.keys {
        KeyChoice::Lines(lines) => Some(lines.iter().copied().collect()),
        KeyChoice::All | KeyChoice::Globs(_) => None,
    };
    let is_meant = |line| lines.as_ref().is_none_or(|lines| lines.contains(&line));
    // A folder without a manifest holds nothing yet.
    let _ = crate::save::read(&what.folder, |record| {
        let is_ours = record.job.as_deref() == job.map(|job| job.name.as_str());
        if is_ours && record.status == Status::Saved && is_meant(record.line) {
            already.rows += 1;
            already.bytes = already.bytes.saturating_add(record.bytes.unwrap_or(0));
        }
    });
    already
}

async fn copy(budget: &Budget, place: &Place, need: Option<u64>) -> Result<Option<Reservation>, Failure> {
    let Some(need) = need else { return Ok(None) };
    let (budget, folder) = (budget.clone(), place.folder().to_owned());
    on_disk(move || {
        budget.reserve(&folder, need).map(Some).map_err(|no_room| {
            no_room
                .failure("to keep the results")
                .hint("make room: results are kept there so that they are fetched once")
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_before_needs_no_room_again() {
        let already = |rows, bytes| Already { rows, bytes };
        let table = [
            (None, already(0, 0), 1_000_000),
            (Some(10), already(0, 0), 1_000_000),
            (Some(10), already(9, 800_000), 100_000),
            (Some(10), already(10, 900_000), 0),
            (None, already(10, 900_000), 89_760),
            (None, already(100, 900_000), 0),
            // More rows in a manifest than there are: of other results, perhaps.
            (Some(10), already(12, 10), 0),
        ];
        for (rows, already, expected) in table {
            assert_eq!(left(1_000_000, rows, already), expected, "{rows:?} {already:?}");
        }
    }

    #[test]
    fn a_disk_that_fills_up_on_the_way_is_told_with_what_is_left_to_write() {
        use crate::config::Transfer;
        use crate::ops::budget::Disk;
        use crate::save::Error;
        use std::io::ErrorKind;
        let budget = Budget::on_disks(&Transfer::default(), |_| Some(Disk { id: 1, free: 8_000_000 }));
        let reserved = Arc::new(budget.reserve(Path::new("/out"), 8_000_000).unwrap());
        reserved.done(1, 4);
        let full = |need| Error::NoRoom { path: "/out/a.wav".into(), need, source: ErrorKind::StorageFull.into() };
        let other = || Error::Write { path: "/out/a.wav".into(), source: ErrorKind::PermissionDenied.into() };
        let manifest = || Error::Write { path: "/out/m".into(), source: ErrorKind::QuotaExceeded.into() };
        let table = [
            (
                Some(&reserved),
                full(100_000),
                "no room to save ch01: need 6.0 MB, have 8.0 MB in /out: no storage space",
            ),
            // More than was reckoned.
            (Some(&reserved), full(7_000_000), "no room to save ch01: need at least 7.0 MB, have 8.0 MB in /out: no"),
            (None, full(100_000), "no room to save ch01: need at least 100 kB, have 8.0 MB in /out: no storage space"),
            (None, manifest(), "no room to save ch01: need at least 4 kB, have 8.0 MB in /out: quota exceeded"),
            (None, other(), "cannot write /out/a.wav: permission denied"),
        ];
        for (audio, error, expected) in table {
            let (budget, what, folder) = (budget.clone(), "to save ch01".to_owned(), "/out".into());
            let failure = Words { budget, what, folder, audio: audio.cloned() }.failure(error);
            assert!(failure.message.starts_with(expected), "{}", failure.message);
            assert_eq!(failure.exit, crate::failure::Exit::Disk);
            assert!(failure.hint.is_some());
        }
    }

    #[test]
    fn of_some_lines_their_share_is_needed_and_of_globs_nobody_knows() {
        let lines = |n: u64| KeyChoice::Lines((1..=n).collect());
        let table = [
            (KeyChoice::All, Some(40), Some(1_000)),
            (KeyChoice::All, None, Some(1_000)),
            (lines(1), Some(40), Some(25)),
            (lines(80), Some(40), Some(1_000)),
            (lines(1), None, None),
            (lines(1), Some(0), None),
            (KeyChoice::Globs(vec!["*".into()]), Some(40), None),
        ];
        for (keys, rows, expected) in table {
            assert_eq!(chosen(&keys, 1_000, rows), expected, "{keys:?} {rows:?}");
        }
    }
}
