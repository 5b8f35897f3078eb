//! Opening the results of a job: rows while the bytes arrive, and a copy for next time.

use std::time::Duration;

use tokio::sync::mpsc::Sender;

use crate::api::Download;
use crate::clock::Stopwatch;
use crate::failure::{Exit, Failure};
use crate::job::{Dest, Job};
use crate::ops::session::on_disk;
use crate::ops::{Progress, Session};
use crate::results::{PackedRows, Parser, Row, Sink, Totals};

use super::feed::{self, Finished, From, Taker};
use super::index::{self, IndexReader, IndexWriter};
use super::keep::{Part, Place};
use super::ready::{expected, explain, ready};
use super::review::{Reviewing, judging_and_heads};
use super::room;
use super::{Kept, Opening, Saving};

/// So many rows are told at once, at the most.
const MOST_ROWS: usize = 4_096;

/// Rows that are there are told after so long, however few they are. Each telling wakes a screen, which draws in a
/// fraction of this.
const PATIENCE: Duration = Duration::from_millis(50);

/// So many blocks of rows from an index wait for the front end.
const MOST_BLOCKS: usize = 4;

/// Reads the results of a job and tells their rows while they arrive. A kept copy is used without the network, and where
/// there is an index of it without a look at its bytes.
///
/// A job without output is a failure that says why; so are results that are not complete, after their rows were told.
pub async fn open(session: &Session, job: &Job, events: &(dyn Fn(Opening) + Send + Sync)) -> Result<Kept, Failure> {
    let (job, dest) = ready(session, job, Duration::ZERO).await?;
    let place = Place::new(session, &job, &dest);
    let kept = |path| Kept { job: Some(job.name.clone()), path, form: place.form, expected: expected(&job) };
    let reviewing = Reviewing::default();
    let on_rows = |rows| {
        reviewing.rows(&rows);
        events(Opening::Rows(rows));
    };
    // A long list of texts takes longer to read than an index: the rows need not wait for them.
    let texts = async {
        let (judging, texts) = judging_and_heads(session, &job).await;
        if !texts.is_empty() {
            events(Opening::Texts(texts));
        }
        judging
    };
    let (from_index, judging) = tokio::join!(from_index(session, &place, &on_rows), texts);
    let (path, told) = from_index?;
    let review = async {
        let reviewed = reviewing.finish(judging.clone()).await;
        if !reviewed.is_empty() {
            events(Opening::Reviewed(reviewed));
        }
    };
    if let Some(path) = path {
        review.await;
        return Ok(kept(path));
    }
    let from = source(session, &job, &dest, &place, &|progress| events(Opening::Progress(progress))).await?;
    let room = room::for_copy(session, &place, &from).await?;
    let on_progress = |progress| {
        room.progressed(&progress);
        events(Opening::Progress(progress));
    };
    let (tell, receive) = feed::events();
    let showing = Showing::new(begin_index(session, &place).await, told, tell);
    let is_kept = matches!(from, From::Disk(_));
    let parser = Parser::new(place.form).judging(judging.clone());
    let finished = feed::feed(from, parser, showing, receive, &on_rows, &on_progress).await;
    // A cut download is looked at as well: what came of it is shown.
    review.await;
    if is_kept {
        let complete =
            finished.and_then(|finished| is_complete(&finished.totals, expected(&job), true).map(|()| finished.taken));
        return match complete {
            Ok(index) => finish_index(index).await.map(|()| kept(place.whole_path())),
            Err(failure) => {
                discard(place.clone()).await;
                Err(failure)
            }
        };
    }
    let Finished { totals, is_announced_size, part, taken: index } =
        finished.map_err(|failure| explain(session, &job, failure))?;
    let complete = is_complete(&totals, expected(&job), is_announced_size);
    let path = settle(part, &totals, complete.is_ok()).await?;
    complete?;
    let path = path.ok_or_else(|| Failure::with_exit(Exit::Disk, "the results could not be kept"))?;
    finish_index(index).await?;
    Ok(kept(path))
}

/// Tells the rows of the index of a kept copy: the copy, when these were all of its rows, and how many were told. An
/// index that turns out to be damaged is dropped, and what it had said so far was right.
async fn from_index(
    session: &Session,
    place: &Place,
    on_rows: &(dyn Fn(PackedRows) + Send + Sync),
) -> Result<(Option<std::path::PathBuf>, u64), Failure> {
    let (tell, mut told) = tokio::sync::mpsc::channel(MOST_BLOCKS);
    let (place, rules) = (place.clone(), index::rules(session));
    let reading = on_disk(move || {
        let Some(path) = place.whole() else { return Ok::<_, Failure>(None) };
        place.touch();
        let Some(mut reader) = IndexReader::open(&place, rules) else { return Ok(None) };
        loop {
            match reader.next() {
                Ok(Some(rows)) => {
                    if tell.blocking_send(rows).is_err() {
                        return Err(Failure::new("nobody waits for the results any more"));
                    }
                }
                Ok(None) => return Ok(Some(path)),
                Err(index::Damaged) => {
                    tracing::warn!("the index of {} is damaged and is made anew", path.display());
                    index::drop_index(&place);
                    return Ok(None);
                }
            }
        }
    });
    let mut n_told = 0;
    let telling = async {
        while let Some(rows) = told.recv().await {
            n_told += rows.len() as u64;
            on_rows(rows);
        }
    };
    let (read, ()) = tokio::join!(reading, telling);
    Ok((read?, n_told))
}

/// An index to be written while the rows go by.
pub(super) async fn begin_index(session: &Session, place: &Place) -> IndexWriter {
    let (session, place) = (session.clone(), place.clone());
    let begun = on_disk(move || Ok::<_, Failure>(IndexWriter::begin(&session, &place))).await;
    begun.unwrap_or_default()
}

/// Puts an index beside the copy that it belongs to, which is whole now.
pub(super) async fn finish_index(index: IndexWriter) -> Result<(), Failure> {
    on_disk(move || {
        index.finish();
        Ok::<_, Failure>(())
    })
    .await
}

/// Where the results come from: the kept copy, else the service from where a part of a copy ends, as soon as there is a
/// place for one more download. Tells when it has to wait for that.
pub(super) async fn source(
    session: &Session,
    job: &Job,
    dest: &Dest,
    place: &Place,
    on_wait: &(dyn Fn(Progress) + Send + Sync),
) -> Result<From, Failure> {
    let kept = place.clone();
    if let Some(path) = on_disk(move || Ok::<_, Failure>(kept.whole())).await? {
        return Ok(From::Disk(path));
    }
    let slot = session.budget.slot(&|is_waiting| on_wait(Progress { is_waiting, ..Progress::default() })).await;
    // Looked for again: the download that this one waited for may have been of the same job.
    let (place, store, now) = (place.clone(), session.store.clone(), session.clock.now());
    let found = on_disk(move || match place.whole() {
        Some(path) => Ok::<_, Failure>(Err(path)),
        None => {
            place.sweep(now);
            place.begin(&store).map(Ok)
        }
    });
    let part = match found.await? {
        Ok(part) => part,
        Err(path) => return Ok(From::Disk(path)),
    };
    let reader = &session.service.reader;
    let download = match dest {
        Dest::Inline => reader.download_job(&job.name).await,
        Dest::File(file) => match reader.download(file, part.had).await {
            // Neither from the beginning nor from where the part ends, or of another size: all of it again.
            Ok(download) if download.from > 0 && !part.fits(download.from, download.total) => {
                drop(download);
                reader.download(file, 0).await
            }
            opened => opened,
        },
    };
    let download = download.and_then(|download| session.budget.within(download, expected(job)));
    let download = download.map_err(|error| explain(session, job, error.into()))?;
    Ok(From::Service(slot.with(download), Some(part)))
}

/// The results from their beginning once more, for a save that keeps no copy of them: it waits for a place as any other
/// download does, and tells when it has to.
pub(super) async fn again(
    session: &Session,
    (job, dest): (&Job, &Dest),
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Download, Failure> {
    let on_wait = |is_waiting| events(Saving::Progress(Progress { is_waiting, ..Progress::default() }));
    let slot = session.budget.slot(&on_wait).await;
    let reader = &session.service.reader;
    let download = match dest {
        Dest::Inline => reader.download_job(&job.name).await,
        Dest::File(file) => reader.download(file, 0).await,
    };
    let download = download.and_then(|download| session.budget.within(download, expected(job)));
    Ok(slot.with(download.map_err(|error| explain(session, job, error.into()))?))
}

/// Whether everything is there. Length, line ends and rows are all looked at, as none of them sees every cut.
pub(super) fn is_complete(totals: &Totals, expected: Option<u64>, is_announced_size: bool) -> Result<(), Failure> {
    if let Some(lost) = &totals.lost {
        return Err(Failure::new(format!("the results are incomplete: {lost}")));
    }
    let of = match expected {
        Some(expected) => format!("{} of {expected} rows", totals.rows),
        None => format!("{} rows", totals.rows),
    };
    let is_short = is_short(totals, expected);
    // A file of the announced size is all that the service has, whatever its counts say; but an empty one is no results.
    let is_empty = is_short && totals.rows == 0;
    if totals.is_whole && (is_announced_size || !is_short) && !is_empty {
        return Ok(());
    }
    Err(Failure::new(format!("the results are incomplete ({of})")).hint("try again: the connection may have been cut"))
}

/// Whether a file has fewer rows than its job says. It may be of the announced size and all that the service has; but a
/// copy of it must not stand in the way of asking once more.
pub(super) fn is_short(totals: &Totals, expected: Option<u64>) -> bool {
    expected.is_some_and(|expected| totals.rows < expected)
}

/// Keeps a copy, or drops one that is not complete: nothing tells where its fault is.
pub(super) async fn settle(
    part: Option<Part>,
    totals: &Totals,
    is_to_keep: bool,
) -> Result<Option<std::path::PathBuf>, Failure> {
    let bytes = totals.bytes;
    on_disk(move || match part {
        Some(part) if is_to_keep => part
            .finish(bytes)
            .map(Some)
            .map_err(|error| Failure::with_exit(Exit::Disk, format!("the results could not be kept: {error}"))),
        Some(part) => {
            part.discard();
            Ok(None)
        }
        None => Ok(None),
    })
    .await
}

/// Drops a kept copy that is damaged or cannot be read, so that the next try fetches the results again.
pub(super) async fn discard(place: Place) {
    let dropped = on_disk(move || {
        place.discard_whole();
        Ok::<_, Failure>(())
    });
    if let Err(failure) = dropped.await {
        tracing::warn!(%failure, "a damaged copy of results could not be dropped");
    }
}

/// Gathers rows, writes their index, and sends them on.
struct Showing {
    rows: PackedRows,
    index: IndexWriter,
    /// So many rows were told before, from an index that was damaged behind them.
    told_before: u64,
    /// Since rows were told; `None` before the first ones, which are told at once.
    since_told: Option<Stopwatch>,
    tell: Sender<PackedRows>,
}

impl Showing {
    fn new(index: IndexWriter, told_before: u64, tell: Sender<PackedRows>) -> Self {
        Showing { rows: PackedRows::new(), index, told_before, since_told: None, tell }
    }

    /// Tells rows when they are many or have waited for long enough.
    fn tell_in_time(&mut self) -> Result<(), Failure> {
        let is_time = self.since_told.is_none_or(|since| since.elapsed() >= PATIENCE);
        if is_time || self.rows.len() >= MOST_ROWS { self.tell() } else { Ok(()) }
    }

    fn tell(&mut self) -> Result<(), Failure> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.since_told = Some(Stopwatch::start());
        self.index.flush();
        let gone = |_| Failure::new("nobody waits for the results any more");
        self.tell.blocking_send(std::mem::take(&mut self.rows)).map_err(gone)
    }
}

impl Sink for Showing {
    type Error = Failure;

    fn audio(&mut self, _samples: &[u8]) -> Result<(), Failure> {
        Ok(())
    }

    fn row(&mut self, row: Row) -> Result<(), Failure> {
        self.index.row(&row);
        if row.line <= self.told_before {
            return Ok(());
        }
        self.rows.push(&row);
        self.tell_in_time()
    }
}

impl Taker for Showing {
    type Taken = IndexWriter;

    fn caught_up(&mut self) -> Result<(), Failure> {
        self.tell_in_time()
    }

    fn quiet(&mut self) -> Result<(), Failure> {
        self.tell()
    }

    fn end(self) -> Result<IndexWriter, Failure> {
        Ok(self.index)
    }
}
