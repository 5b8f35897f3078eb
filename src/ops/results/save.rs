//! Saving results: from the service to a kept copy, and from there to audio files.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc::{Receiver, Sender};

use crate::api::Download;
use crate::failure::{Exit, Failure};
use crate::job::{Dest, Job, JobName};
use crate::ops::session::on_disk;
use crate::ops::{Progress, Saved, Session};
use crate::results::review::Review;
use crate::results::{Form, Judging, Parser, Row, Sink, Totals};
use crate::save::{Progress as Done, Saver, Status, Summary};
use crate::store::SavedTo;
use crate::text;

use super::choice::Takes;
use super::feed::{self, Finished, From, STEP, Taker};
use super::keep::{Part, Place};
use super::open::{discard, is_complete, settle, source};
use super::ready::{expected, explain, ready};
use super::review::judging;
use super::{KeyChoice, SaveFrom, SaveOrder, Saving};

/// Saves results as audio files with a manifest, and keeps a copy of them for next time.
///
/// The copy comes first and is read from its beginning again: only then are all keys known, so that two whose names
/// collide get the same names whenever and from wherever they are saved. On a disk without room for a copy they are
/// saved while they arrive, and the first of two that collide keeps its plain name.
///
/// What an earlier run has saved is left as it is. A job that succeeded and shows no output yet is waited for, for two
/// minutes. Rows that are missing are not a failure when all were asked for: compare [`Saved::expected`]. A choice of
/// rows from results that are not complete is one, after those that came were saved.
pub async fn save(
    session: &Session,
    what: &SaveOrder,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Saved, Failure> {
    let takes = Takes::new(&what.keys)?;
    match &what.from {
        SaveFrom::File(path) => {
            let source = path.clone();
            let form = on_disk(move || form_of(&source)).await?;
            let judging = Judging { limits: session.limits, texts: None };
            let writing = Writing::open(what, None, takes, judging).await?;
            let (summary, totals) = from_disk(writing, path.clone(), form, events).await??;
            match totals.lost {
                Some(lost) => Err(Failure::new(format!("{}: {lost}", path.display()))),
                None if totals.rows == 0 => Err(Failure::new(format!("{} holds no results", path.display()))
                    .hint("results are one JSON object a line, or the answer to a GET of a job that succeeded inline")),
                // A torn row is told as one that failed, unless it was passed over for want of a key.
                None if !totals.is_whole && what.keys != KeyChoice::All => {
                    Err(Failure::new(format!("{}: the last row is torn", path.display())))
                }
                None => told(what, &summary, None),
            }
        }
        SaveFrom::Job(job) => {
            let (job, dest) = ready(session, job, session.pace.output_most).await?;
            from_job(session, what, &job, &dest, takes, events).await
        }
    }
}

async fn from_job(
    session: &Session,
    what: &SaveOrder,
    job: &Job,
    dest: &Dest,
    takes: Takes,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Saved, Failure> {
    let place = Place::new(session, job, dest);
    // Before anything is asked of the service: a folder that cannot be written needs no download.
    let judging = judging(session, job).await;
    let writing = Writing::open(what, Some(job.name.clone()), takes, judging).await?;
    let (summary, complete) = match source(session, job, dest, &place).await? {
        From::Disk(path) => from_copy(job, writing, &place, path, events).await?,
        From::Service(download, part) => {
            from_service(session, (job, dest), writing, &place, download, part, events).await?
        }
    };
    let is_all = what.keys == KeyChoice::All;
    let folder = what.folder.clone();
    let saved = SavedTo {
        job: job.name.to_string(),
        folder: std::path::absolute(&folder).unwrap_or(folder),
        n_files: summary.saved + summary.already,
        of: expected(job).or(complete.is_ok().then(|| summary.rows() + summary.passed_over)),
        is_whole: is_all && complete.is_ok() && expected(job).is_none_or(|expected| summary.rows() >= expected),
        at: session.clock.now(),
    };
    let store = session.store.clone();
    if let Err(failure) = on_disk(move || store.saved(&saved)).await {
        tracing::warn!(%failure, "the save could not be written down");
    }
    match (complete, expected(job)) {
        (Ok(()), expected) => told(what, &summary, expected.filter(|_| is_all)),
        // The caller sees the gap between the rows that came and those that should have come.
        (Err(_), expected @ Some(_)) if is_all => told(what, &summary, expected),
        // Of some rows nobody can tell whether all that were meant have come: the last one may be torn.
        (Err(failure), _) => Err(failure),
    }
}

type Ended = (Summary, Result<(), Failure>);

/// From a copy that was kept earlier. One that turns out to be damaged is dropped, after what is good of it was saved.
async fn from_copy(
    job: &Job,
    writing: Writing,
    place: &Place,
    path: PathBuf,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Ended, Failure> {
    let read = match from_disk(writing, path.clone(), place.form, events).await? {
        Ok((summary, totals)) => Ok((summary, is_complete(&totals, expected(job), true))),
        Err(error) => Err(error),
    };
    let is_good = match &read {
        Ok((_, complete)) => complete.is_ok(),
        Err(crate::save::Error::Read { path: unread, .. }) => *unread != path,
        // These are about the folder, whatever the copy is like.
        Err(
            crate::save::Error::Folder { .. }
            | crate::save::Error::Locked { .. }
            | crate::save::Error::Write { .. }
            | crate::save::Error::GivenUp { .. }
            | crate::save::Error::Panicked
            | crate::save::Error::NoManifest { .. },
        ) => true,
    };
    if !is_good {
        discard(place.clone()).await;
    }
    Ok(read?)
}

/// Fetches a copy and saves from it, or saves while the bytes arrive when there is no room for a copy.
async fn from_service(
    session: &Session,
    (job, dest): (&Job, &Dest),
    writing: Writing,
    place: &Place,
    download: Download,
    part: Option<Part>,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Ended, Failure> {
    // A copy that takes the room of the audio itself is not worth having. What is there of it already is gone on with.
    if let Some(part) = part
        && (download.from > 0 || place.has_room_for(download.total))
    {
        match fetch(job, place, download, part, events).await {
            Ok(fetched) => return from_fetched(job, writing, place, fetched, events).await,
            Err(failure) if failure.exit == Exit::Disk => {
                tracing::warn!(%failure, "the results are saved without a copy of them");
                make_room(session, place).await;
            }
            Err(failure) => return Err(explain(session, job, failure)),
        }
        let reader = &session.service.reader;
        let again = match dest {
            Dest::Inline => reader.download_job(&job.name).await,
            Dest::File(file) => reader.download(file, 0).await,
        };
        let download = again.map_err(|error| explain(session, job, error.into()))?;
        return while_it_arrives(session, job, writing, place, download, events).await;
    }
    while_it_arrives(session, job, writing, place, download, events).await
}

/// What came to this disk.
// One of them exists at a time: a box would only be in the way.
#[allow(clippy::large_enum_variant)]
enum Fetched {
    /// A copy that is whole and kept.
    Whole(PathBuf),
    /// All that the service sent, and what is missing.
    Torn(Part, Totals, Failure),
}

/// Brings the bytes to this disk, and counts what is in them.
async fn fetch(
    job: &Job,
    place: &Place,
    download: Download,
    part: Part,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Fetched, Failure> {
    let (_, told) = feed::events();
    let on_progress = |progress| events(Saving::Progress(progress));
    let from = From::Service(download, Some(part));
    let finished = feed::feed(from, Parser::new(place.form), Fetching, told, events, &on_progress).await?;
    let Finished { totals, is_announced_size, part, .. } = finished;
    let complete = is_complete(&totals, expected(job), is_announced_size);
    match complete {
        Ok(()) => settle(part, &totals, &complete).await?.map(Fetched::Whole).ok_or_else(unkept),
        Err(failure) => part.map(|part| Fetched::Torn(part, totals, failure)).ok_or_else(unkept),
    }
}

/// Saves from what was fetched. A copy that is not complete gives what it has and is dropped.
async fn from_fetched(
    job: &Job,
    writing: Writing,
    place: &Place,
    fetched: Fetched,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Ended, Failure> {
    match fetched {
        Fetched::Whole(path) => from_copy(job, writing, place, path, events).await,
        Fetched::Torn(part, totals, failure) => {
            let saved = from_disk(writing, part.path(), place.form, events).await;
            let complete = Err(failure);
            settle(Some(part), &totals, &complete).await?;
            let (summary, _) = saved??;
            Ok((summary, complete))
        }
    }
}

fn unkept() -> Failure {
    Failure::with_exit(Exit::Disk, "the results could not be kept")
}

/// Drops the part that the disk had no room for.
async fn make_room(session: &Session, place: &Place) {
    let (place, store) = (place.clone(), session.store.clone());
    let dropped = on_disk(move || {
        place.begin(&store)?.discard();
        Ok::<_, Failure>(())
    });
    if let Err(failure) = dropped.await {
        tracing::warn!(%failure, "a part of a copy could not be dropped");
    }
}

/// One pass: what comes from the service is parsed, decoded and written, and no copy is kept.
async fn while_it_arrives(
    session: &Session,
    job: &Job,
    writing: Writing,
    place: &Place,
    download: Download,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Ended, Failure> {
    let Writing { saver, told, judging, .. } = writing;
    let parser = Parser::new(place.form).judging(judging);
    let on_progress = |progress| events(Saving::Progress(progress));
    let from = From::Service(download, None);
    let finished = feed::feed(from, parser, Decoding(saver), told, events, &on_progress)
        .await
        .map_err(|failure| explain(session, job, failure))?;
    let Finished { taker, totals, is_announced_size, .. } = finished;
    let complete = is_complete(&totals, expected(job), is_announced_size);
    let summary = on_disk(move || taker.0.finish()).await?;
    Ok((summary, complete))
}

/// What is on this disk already is read twice, so that keys whose names collide are all known beforehand.
async fn from_disk(
    writing: Writing,
    path: PathBuf,
    form: Form,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Result<(Summary, Totals), crate::save::Error>, Failure> {
    let Writing { mut saver, mut told, size, .. } = writing;
    let saving = tokio::task::spawn_blocking(move || {
        if let Ok(metadata) = fs::metadata(&path) {
            // Set once, as nothing else has the other end.
            let _ = size.set(metadata.len());
        }
        let totals = crate::save::from_file(&path, form, &mut saver)?;
        Ok::<_, crate::save::Error>((saver.finish()?, totals))
    });
    let telling = async {
        while let Some(event) = told.recv().await {
            events(event);
        }
    };
    let (saved, ()) = tokio::join!(saving, telling);
    saved.map_err(|_| Failure::new("internal error: saving came to a sudden end"))
}

/// An open folder, and what is told of its rows.
struct Writing {
    saver: Saver,
    told: Receiver<Saving>,
    /// The size of a file that is read from this disk: with it, rows tell how far it is.
    size: Arc<OnceLock<u64>>,
    /// By what rows are judged.
    judging: Judging,
}

impl Writing {
    async fn open(what: &SaveOrder, job: Option<JobName>, takes: Takes, judging: Judging) -> Result<Self, Failure> {
        let (tell, told) = feed::events();
        let size = Arc::new(OnceLock::new());
        let (folder, of) = (what.folder.clone(), Arc::clone(&size));
        let mut at = 0;
        let on_row = move |done: Done<'_>| {
            let bytes = done.row.offset + done.row.length;
            tell_row(&tell, done);
            if let Some(of) = of.get().copied()
                && bytes.saturating_sub(at) >= STEP
            {
                at = bytes;
                // A progress that finds no room is made good by the next one.
                let _ = tell.try_send(Saving::Progress(Progress { bytes, of: Some(of) }));
            }
        };
        let judges = judging.clone();
        let open = move || Saver::open_judging(&folder, job, takes.selection(), judges, Box::new(on_row));
        Ok(Writing { saver: on_disk(open).await?, told, size, judging })
    }
}

/// Lets everything pass: what is fetched is read again when all of it is here.
struct Fetching;

impl Sink for Fetching {
    type Error = Failure;

    fn wants_audio(&mut self, _key: Option<&str>, _line: u64) -> bool {
        false
    }

    fn audio(&mut self, _samples: &[u8]) -> Result<(), Failure> {
        Ok(())
    }

    fn row(&mut self, _row: Row) -> Result<(), Failure> {
        Ok(())
    }
}

impl Taker for Fetching {
    fn caught_up(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn quiet(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

fn tell_row(tell: &Sender<Saving>, done: Done<'_>) {
    let record = done.record;
    let row = Saving::Row {
        key: record.key.clone(),
        file: record.file.clone(),
        verdict: record.verdict,
        status: match record.status {
            Status::Saved => "saved",
            Status::Failed => "failed",
            Status::Duplicate => "duplicate",
        },
        line: record.line,
    };
    // Nobody listens any more when the caller was dropped; the files are of use all the same.
    let _ = tell.blocking_send(row);
}

fn told(what: &SaveOrder, summary: &Summary, expected: Option<u64>) -> Result<Saved, Failure> {
    if let (KeyChoice::Globs(globs), 0) = (&what.keys, summary.rows()) {
        return Err(Failure::new(format!("no key matches {}", text::clean(&globs.join(" or ")))));
    }
    Ok(Saved {
        folder: what.folder.clone(),
        saved: summary.saved,
        skipped: summary.already,
        failed: summary.failed,
        // Audio that nobody can match to its text needs a look as much as audio that looks bad.
        suspect: summary.looks_bad + summary.unmatched,
        duplicates: summary.duplicates,
        seconds: summary.seconds,
        expected,
        review: Review { unordered: summary.unmatched, ..summary.review.clone() },
    })
}

/// Decodes and writes what the parser finds.
struct Decoding(Saver);

impl Sink for Decoding {
    type Error = Failure;

    fn wants_audio(&mut self, key: Option<&str>, line: u64) -> bool {
        self.0.wants_audio(key, line)
    }

    fn audio(&mut self, samples: &[u8]) -> Result<(), Failure> {
        Ok(self.0.audio(samples)?)
    }

    fn row(&mut self, row: Row) -> Result<(), Failure> {
        Ok(self.0.row(row)?)
    }
}

impl Taker for Decoding {
    fn caught_up(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn quiet(&mut self) -> Result<(), Failure> {
        Ok(self.0.flush()?)
    }
}

/// Whether a file holds result lines or the whole answer to a GET of a job.
fn form_of(path: &Path) -> Result<Form, Failure> {
    let cannot = |error: std::io::Error| Failure::new(format!("cannot read {}: {error}", path.display()));
    // Looked at before it is opened, because the open of a pipe may wait for ever; and a pipe cannot be read twice.
    if !fs::metadata(path).map_err(cannot)?.is_file() {
        return Err(Failure::new(format!("{} is not a file", path.display())));
    }
    let mut head = Vec::new();
    fs::File::open(path).and_then(|file| file.take(4096).read_to_end(&mut head)).map_err(cannot)?;
    let has = |word: &[u8]| memchr::memmem::find(&head, word).is_some();
    let is_body = path.extension().is_some_and(|ending| ending == "json")
        || has(b"\"inlinedResponses\"")
        || has(b"\"inlined_responses\"");
    Ok(if is_body { Form::Inline } else { Form::Lines })
}
