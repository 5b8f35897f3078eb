//! Saving results: from the service to a kept copy, and from there to audio files.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::api::Download;
use crate::failure::{Exit, Failure};
use crate::job::{Dest, Job};
use crate::ops::session::on_disk;
use crate::ops::{Progress, Saved, Session};
use crate::results::review::Review;
use crate::results::{Form, Judging, Parser, Totals};
use crate::save::{Saver, Summary};
use crate::store::SavedTo;
use crate::text;

use super::bring::{Brought, absolute, bring};
use super::choice::Takes;
use super::decoding::Decoding;
use super::feed::{self, Finished, From};
use super::index;
use super::keep::{Part, Place};
use super::open::{again, discard, is_complete, is_short, settle, source};
use super::pipe::{Piped, pipe};
use super::ready::{expected, explain, ready};
use super::remember::{Heard, remember};
use super::review::judging;
use super::room::{self, Words};
use super::seek::{self, Chosen};
use super::writing::{Lines, Reads, Writing};
use super::{KeyChoice, SaveFrom, SaveOrder, Saving};

/// Saves results as audio files with a manifest, and keeps a copy of them for next time.
///
/// Files are written while the copy grows. On a disk without room for a copy they are written all the same.
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
    let on_wait = |is_waiting| events(Saving::Progress(Progress { is_waiting, ..Progress::default() }));
    // Taken before a place for a download, which nobody should hold who waits for a folder.
    let _turn = session.budget.turn_at(absolute(&what.folder), &on_wait).await;
    match &what.from {
        SaveFrom::File(path) => {
            let source = path.clone();
            let form = on_disk(move || form_of(&source)).await?;
            let judging = Judging { limits: session.limits, texts: None };
            let writing = Writing::open(session, what, None, (takes.selection(), judging), &Lines::default()).await?;
            let room = room::for_file(session, what, path).await?;
            let words = Words::of(session, what, &room);
            let events = &room.watching(events);
            let (summary, totals) = all_of(writing, path.clone(), form, events).await?;
            let totals = match totals {
                Ok(totals) => totals,
                Err(error) => return Err(in_words(&words, error).await),
            };
            match totals.lost {
                Some(lost) => Err(Failure::new(format!("{}: {lost}", path.display()))),
                None if totals.rows == 0 => Err(no_results(path)),
                // A torn row is told as one that failed, unless it was passed over for want of a key.
                None if !totals.is_whole && what.keys != KeyChoice::All => {
                    Err(Failure::new(format!("{}: the last row is torn", path.display())))
                }
                None => told(what, &summary, &Brought::default(), None),
            }
        }
        SaveFrom::Job(job) => {
            let (job, dest) = ready(session, job, session.pace.output_most).await?;
            from_job(session, &job, &dest, (what, events), takes).await
        }
    }
}

async fn from_job(
    session: &Session,
    job: &Job,
    dest: &Dest,
    (what, events): (&SaveOrder, Events<'_>),
    takes: Takes,
) -> Result<Saved, Failure> {
    let place = Place::new(session, job, dest);
    // Before anything is asked of the service: a folder that cannot be written needs no download.
    let judges = (takes.selection(), judging(session, job).await);
    let lines = Lines::default();
    let writing = Writing::open(session, what, Some(job.name.clone()), judges, &lines).await?;
    let from = source(session, job, dest, &place, &|progress| events(Saving::Progress(progress))).await?;
    let (room, from) = room::for_save(session, what, (job, dest), &place, from, events).await?;
    let words = Words::of(session, what, &room);
    let watching = room.watching(events);
    let order = Order { what, events: &watching, lines: &lines, words: &words };
    let ended = match from {
        From::Disk(path) => from_copy(session, job, order, writing, &place, path).await?,
        From::Service(download, part) => {
            from_service(session, (job, dest), order, writing, &place, (download, part)).await?
        }
    };
    let Ended { summary, complete, is_cut } = ended;
    let is_all = what.keys == KeyChoice::All;
    let brought = bring(session, job, what, events).await?;
    let heard =
        Heard { is_news: summary.saved + brought.summary.saved > 0, is_odd: !summary.review.findings.is_empty() };
    remember(session, job, &what.folder, heard).await;
    let saved = SavedTo {
        job: job.name.to_string(),
        folder: absolute(&what.folder),
        n_files: summary.saved + summary.already,
        of: expected(job).or(complete.is_ok().then(|| summary.rows() + summary.passed_over)),
        is_whole: is_all && complete.is_ok() && expected(job).is_none_or(|expected| summary.rows() >= expected),
        at: session.clock.now(),
        origin: Some(session.origin().to_owned()),
    };
    let store = session.store.clone();
    let is_news = !is_cut || summary.saved > 0;
    if is_news && let Err(failure) = on_disk(move || store.saved(&saved)).await {
        tracing::warn!(%failure, "the save could not be written down");
    }
    match (complete, expected(job)) {
        (Ok(()), expected) => told(what, &summary, &brought, expected.filter(|_| is_all)),
        // The caller sees the gap between the rows that came and those that should have come.
        (Err(_), expected @ Some(_)) if is_all && !is_cut => told(what, &summary, &brought, expected),
        // Of some rows nobody can tell whether all that were meant have come: the last one may be torn.
        (Err(failure), _) => Err(failure),
    }
}

/// How the rows of a job were saved.
struct Ended {
    summary: Summary,
    /// Whether all results were there.
    complete: Result<(), Failure>,
    /// The bytes have stopped to come: not even what is missing is known.
    is_cut: bool,
}

type Events<'a> = &'a (dyn Fn(Saving) + Send + Sync);

/// What to save, and whom to tell.
#[derive(Clone, Copy)]
struct Order<'a> {
    what: &'a SaveOrder,
    events: Events<'a>,
    /// Of the rows that were told.
    lines: &'a Lines,
    words: &'a Words,
}

impl Order<'_> {
    async fn open(self, session: &Session, job: &Job) -> Result<Writing, Failure> {
        let judges = (Takes::new(&self.what.keys)?.selection(), judging(session, job).await);
        Writing::open(session, self.what, Some(job.name.clone()), judges, self.lines).await
    }
}

/// From a copy that was kept earlier. Of chosen rows only they are read where an index tells their places; when all are
/// saved, the copy gets its index. A copy that turns out to be damaged is dropped, after what is good of it was saved.
async fn from_copy(
    session: &Session,
    job: &Job,
    order: Order<'_>,
    writing: Writing,
    place: &Place,
    path: PathBuf,
) -> Result<Ended, Failure> {
    let has_texts = writing.judging.texts.is_some();
    let Some(chosen) = seek::chosen(session, place, &order.what.keys, has_texts).await? else {
        if order.what.keys == KeyChoice::All && !has_index(session, place).await? {
            writing.index.begin(session, place).await;
        }
        return from_whole_copy(job, order, writing, place, path).await;
    };
    let others = chosen.others;
    let (mut before, read) = some_of(writing, path.clone(), place.form, chosen, order.events).await?;
    let line = match read {
        Ok(_) => {
            before.passed_over = others;
            return Ok(Ended { summary: before, complete: Ok(()), is_cut: false });
        }
        Err(crate::save::Error::Moved { line }) => line,
        Err(error) => return Err(given_up_on(place, &path, order.words, error).await),
    };
    tracing::warn!(line, "a result is not where it was, and the whole copy is read again");
    let dropped = place.clone();
    on_disk(move || {
        index::drop_index(&dropped);
        Ok::<_, Failure>(())
    })
    .await?;
    let writing = order.open(session, job).await?;
    let mut ended = from_whole_copy(job, order, writing, place, path).await?;
    ended.summary.is_of_this_run(before.saved);
    Ok(ended)
}

async fn has_index(session: &Session, place: &Place) -> Result<bool, Failure> {
    let (place, rules) = (place.clone(), index::rules(session));
    on_disk(move || Ok::<_, Failure>(index::is_there(&place, rules))).await
}

async fn from_whole_copy(
    job: &Job,
    order: Order<'_>,
    writing: Writing,
    place: &Place,
    path: PathBuf,
) -> Result<Ended, Failure> {
    let index = writing.index.clone();
    let (summary, totals) = all_of(writing, path.clone(), place.form, order.events).await?;
    let totals = match totals {
        Ok(totals) => totals,
        Err(error) => return Err(given_up_on(place, &path, order.words, error).await),
    };
    let complete = is_complete(&totals, expected(job), true);
    match &complete {
        Ok(()) if !is_short(&totals, expected(job)) => index.finish(totals.rows).await?,
        Ok(()) | Err(_) => discard(place.clone()).await,
    }
    Ok(Ended { summary, complete, is_cut: false })
}

/// The failure of a save from a copy, which is dropped if it is the one that cannot be read.
async fn given_up_on(place: &Place, copy: &Path, words: &Words, error: crate::save::Error) -> Failure {
    let is_good = match &error {
        crate::save::Error::Read { path: unread, .. } => unread != copy,
        // These are about the folder, whatever the copy is like.
        crate::save::Error::Folder { .. }
        | crate::save::Error::Locked { .. }
        | crate::save::Error::Write { .. }
        | crate::save::Error::NoRoom { .. }
        | crate::save::Error::GivenUp { .. }
        | crate::save::Error::Moved { .. }
        | crate::save::Error::Panicked
        | crate::save::Error::NoManifest { .. }
        | crate::save::Error::Replaced { .. } => true,
    };
    if !is_good {
        discard(place.clone()).await;
    }
    in_words(words, error).await
}

/// Saves while a copy is made, or without one when there is no room for it.
async fn from_service(
    session: &Session,
    (job, dest): (&Job, &Dest),
    order: Order<'_>,
    writing: Writing,
    place: &Place,
    (download, part): (Download, Option<Part>),
) -> Result<Ended, Failure> {
    let Some(part) = part else {
        return while_it_arrives(session, job, order, writing, place, download).await;
    };
    let kept = while_it_is_kept(session, job, order, writing, place, (download, part)).await?;
    let (before, failure) = match kept {
        Kept::Ended(ended) => return Ok(ended),
        Kept::NoRoom(summary, failure) => (summary, failure),
    };
    tracing::warn!(%failure, "the results are saved without a copy of them");
    make_room(session, place).await;
    (order.events)(Saving::WithoutCopy);
    let download = again(session, (job, dest), order.events).await?;
    let writing = order.open(session, job).await?;
    let mut ended = while_it_arrives(session, job, order, writing, place, download).await?;
    // What was saved before the room ran out is there already, and yet it is this save that did it.
    ended.summary.is_of_this_run(before.saved);
    Ok(ended)
}

/// How a save beside a copy has ended.
// One of them exists at a time: a box would only be in the way.
#[allow(clippy::large_enum_variant)]
enum Kept {
    Ended(Ended),
    /// The disk has no room for a copy, or none for audio beside it; so much was saved until then.
    NoRoom(Summary, Failure),
}

/// One pass: what comes from the service is kept, and parsed, decoded and written from what is kept.
async fn while_it_is_kept(
    session: &Session,
    job: &Job,
    order: Order<'_>,
    writing: Writing,
    place: &Place,
    (download, part): (Download, Part),
) -> Result<Kept, Failure> {
    let (events, is_all) = (order.events, order.what.keys == KeyChoice::All);
    let Writing { saver, told, index, .. } = writing;
    if is_all {
        index.begin(session, place).await;
    }
    let on_progress = |progress| events(Saving::Progress(progress));
    let on_events = |more: Vec<Saving>| more.into_iter().for_each(events);
    let piped = pipe(download, part, place.form, saver, told, &on_events, &on_progress).await?;
    let Piped { sent, kept, saved, summary, ended } = piped;
    let is_given_up = matches!(saved, Err(crate::save::Error::GivenUp { .. }));
    let is_full = |error: &crate::save::Error| error.no_room().is_some();
    // What could not be saved before could not be ended either.
    let full = [saved.as_ref().err(), ended.as_ref().err()].into_iter().flatten().any(is_full);
    if full && is_beside(session, order.what, place).await {
        let failure = Failure::with_exit(Exit::Disk, "the copy takes the room of the audio");
        return Ok(Kept::NoRoom(summary, failure));
    }
    let summary = match ended {
        Ok(()) => Ok(summary),
        Err(error) => Err(in_words(order.words, error).await),
    };
    let stopped = match (sent, kept, saved) {
        (Ok(()), Ok((part, is_announced_size)), Ok(totals)) => {
            let complete = is_complete(&totals, expected(job), is_announced_size);
            let is_to_keep = complete.is_ok() && !is_short(&totals, expected(job));
            settle(Some(part), &totals, is_to_keep).await?;
            if is_to_keep {
                index.finish(totals.rows).await?;
            }
            return Ok(Kept::Ended(Ended { summary: summary?, complete, is_cut: false }));
        }
        // A disk that has no room for audio says so itself, and the copy only came to a stop with it.
        (_, _, Err(error)) if !is_given_up => return Err(in_words(order.words, error).await),
        (Ok(()), Err(failure), _) if failure.exit == Exit::Disk => return Ok(Kept::NoRoom(summary?, failure)),
        (Err(failure), _, _) | (Ok(()), Err(failure), _) => explain(session, job, failure),
        (Ok(()), Ok(_), Err(error)) => error.into(),
    };
    Ok(Kept::Ended(Ended { summary: summary?, complete: Err(stopped), is_cut: true }))
}

/// Whether the copy lies on the disk that audio is written to.
async fn is_beside(session: &Session, what: &SaveOrder, place: &Place) -> bool {
    let (budget, folder, cache) = (session.budget.clone(), what.folder.clone(), place.folder().to_owned());
    on_disk(move || Ok::<_, Failure>(budget.is_one_disk(&folder, &cache))).await.unwrap_or(false)
}

/// Why saving came to an end.
async fn in_words(words: &Words, error: crate::save::Error) -> Failure {
    let words = words.clone();
    match on_disk(move || Err::<std::convert::Infallible, _>(words.failure(error))).await {
        Ok(never) => match never {},
        Err(failure) => failure,
    }
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
    order: Order<'_>,
    writing: Writing,
    place: &Place,
    download: Download,
) -> Result<Ended, Failure> {
    let events = order.events;
    let Writing { saver, told, judging, .. } = writing;
    let parser = Parser::new(place.form).judging(judging);
    let on_progress = |progress| events(Saving::Progress(progress));
    let from = From::Service(download, None);
    let on_events = |more: Vec<Saving>| more.into_iter().for_each(events);
    let decoding = Decoding::new(saver, order.words.clone());
    let finished = feed::feed(from, parser, decoding, told, &on_events, &on_progress)
        .await
        .map_err(|failure| explain(session, job, failure))?;
    let Finished { taken: summary, totals, is_announced_size, .. } = finished;
    let complete = is_complete(&totals, expected(job), is_announced_size);
    Ok(Ended { summary, complete, is_cut: false })
}

/// All of a file that is on this disk already.
async fn all_of(writing: Writing, path: PathBuf, form: Form, events: Events<'_>) -> Result<FromDisk, Failure> {
    let reads = writing.reads.clone();
    let read = move |saver: &mut Saver| {
        if let Ok(metadata) = fs::metadata(&path) {
            // Set once, as nothing else has the other end.
            let _ = reads.set(Reads::All(metadata.len()));
        }
        crate::save::from_file(&path, form, saver)
    };
    from_disk(writing, read, events).await
}

/// Some rows of a file that is on this disk already.
async fn some_of(
    writing: Writing,
    path: PathBuf,
    form: Form,
    chosen: Chosen,
    events: Events<'_>,
) -> Result<FromDisk, Failure> {
    let bytes = chosen.rows.iter().map(|row| row.length).sum();
    let _ = writing.reads.set(Reads::Rows(bytes));
    let read = move |saver: &mut Saver| {
        saver.know_others(chosen.heard);
        crate::save::from_places(&path, form, &chosen.rows, saver)
    };
    from_disk(writing, read, events).await
}

/// What has been saved, and what has been read, or why no more of it.
type FromDisk = (Summary, Result<Totals, crate::save::Error>);

async fn from_disk(
    writing: Writing,
    read: impl FnOnce(&mut Saver) -> Result<Totals, crate::save::Error> + Send + 'static,
    events: Events<'_>,
) -> Result<FromDisk, Failure> {
    let Writing { mut saver, mut told, .. } = writing;
    let saving = tokio::task::spawn_blocking(move || match read(&mut saver) {
        Ok(totals) => match saver.finish() {
            Ok(summary) => (summary, Ok(totals)),
            Err(error) => (Summary::default(), Err(error)),
        },
        Err(error) => (saver.summary(), Err(error)),
    });
    let telling = async {
        while let Some(more) = told.recv().await {
            more.into_iter().for_each(events);
        }
    };
    let (saved, ()) = tokio::join!(saving, telling);
    saved.map_err(|_| Failure::new("internal error: saving came to a sudden end"))
}

fn told(what: &SaveOrder, summary: &Summary, brought: &Brought, expected: Option<u64>) -> Result<Saved, Failure> {
    if let (KeyChoice::Globs(globs), 0) = (&what.keys, summary.rows() + brought.rows()) {
        return Err(Failure::new(format!("no key matches {}", text::clean(&globs.join(" or ")))));
    }
    Ok(Saved {
        folder: what.folder.clone(),
        saved: summary.saved + brought.summary.saved,
        skipped: summary.already + brought.summary.already,
        failed: summary.failed + brought.summary.failed,
        // Audio that nobody can match to its text needs a look as much as audio that looks bad.
        suspect: summary.looks_bad + summary.unmatched + summary.review.unknown,
        duplicates: summary.duplicates,
        seconds: summary.seconds + brought.seconds,
        unchanged: brought.summary.saved + brought.summary.already,
        expected: expected.map(|expected| expected + brought.rows()),
        review: Review { unordered: summary.unmatched, ..summary.review.clone() },
    })
}

fn no_results(path: &Path) -> Failure {
    Failure::new(format!("{} holds no results", path.display()))
        .hint("results are one JSON object a line, or the answer to a GET of a job that succeeded inline")
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
    // What was sent is easily taken for what came back, and a text for either; a folder of nothing but errors tells
    // nobody.
    if !head.is_empty() && !has(b"{") {
        return Err(no_results(path));
    }
    if has(b"\"request\"") && !has(b"\"response\"") && !has(b"\"error\"") {
        return Err(Failure::new(format!("{} holds requests, not results", path.display()))
            .hint("name the file that the service gave back, or make a job of this one with `gemtts-tui create`"));
    }
    let is_body = path.extension().is_some_and(|ending| ending == "json")
        || has(b"\"inlinedResponses\"")
        || has(b"\"inlined_responses\"");
    Ok(if is_body { Form::Inline } else { Form::Lines })
}
