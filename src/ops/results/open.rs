//! Opening the results of a job: rows while the bytes arrive, and a copy for next time.

use tokio::sync::mpsc::Sender;

use crate::failure::{Exit, Failure};
use crate::job::{Dest, Job};
use crate::ops::session::on_disk;
use crate::ops::{Progress, Session};
use crate::results::{Row, Sink, Totals};

use super::feed::{self, Finished, From, Taker};
use super::keep::{Part, Place};
use super::ready::{expected, explain, ready};
use super::room;
use super::{Kept, Opening};

/// So many rows are told at once.
const MOST_ROWS: usize = 256;

/// Reads the results of a job and tells their rows while they arrive. A kept copy is used without the network.
///
/// A job without output is a failure that says why; so are results that are not complete, after their rows were told.
pub async fn open(session: &Session, job: &Job, events: &(dyn Fn(Opening) + Send + Sync)) -> Result<Kept, Failure> {
    let (job, dest) = ready(session, job, std::time::Duration::ZERO).await?;
    let place = Place::new(session, &job, &dest);
    let kept = |path| Kept { job: Some(job.name.clone()), path, form: place.form, expected: expected(&job) };
    let from = source(session, &job, &dest, &place, &|progress| events(Opening::Progress(progress))).await?;
    let room = room::for_copy(session, &place, &from).await?;
    let on_progress = |progress| {
        room.progressed(&progress);
        events(Opening::Progress(progress));
    };
    let on_rows = |rows| events(Opening::Rows(rows));
    let (tell, told) = feed::events();
    let showing = Showing { rows: Vec::new(), tell };
    let is_kept = matches!(from, From::Disk(_));
    let finished = feed::feed(from, place.form, showing, told, &on_rows, &on_progress).await;
    if is_kept {
        let complete = finished.and_then(|finished| is_complete(&finished.totals, expected(&job), true));
        if complete.is_err() {
            discard(place.clone()).await;
        }
        return complete.map(|()| kept(place.whole_path()));
    }
    let Finished { totals, is_announced_size, part, .. } =
        finished.map_err(|failure| explain(session, &job, failure))?;
    let complete = is_complete(&totals, expected(&job), is_announced_size);
    let path = settle(part, &totals, &complete).await?;
    complete?;
    path.map(kept).ok_or_else(|| Failure::with_exit(Exit::Disk, "the results could not be kept"))
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
    let download = download.map_err(|error| explain(session, job, error.into()))?;
    Ok(From::Service(slot.with(download), Some(part)))
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
    let is_short = expected.is_some_and(|expected| totals.rows < expected);
    // A file of the announced size is all that the service has, whatever its counts say.
    if totals.is_whole && (is_announced_size || !is_short) {
        return Ok(());
    }
    Err(Failure::new(format!("the results are incomplete ({of})")).hint("try again: the connection may have been cut"))
}

/// Keeps a copy that is complete, and drops one that is not: nothing tells where its fault is.
pub(super) async fn settle(
    part: Option<Part>,
    totals: &Totals,
    complete: &Result<(), Failure>,
) -> Result<Option<std::path::PathBuf>, Failure> {
    let (bytes, is_complete) = (totals.bytes, complete.is_ok());
    on_disk(move || match part {
        Some(part) if is_complete => part
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

/// Gathers rows and sends them on.
struct Showing {
    rows: Vec<Row>,
    tell: Sender<Vec<Row>>,
}

impl Sink for Showing {
    type Error = Failure;

    fn audio(&mut self, _samples: &[u8]) -> Result<(), Failure> {
        Ok(())
    }

    fn row(&mut self, row: Row) -> Result<(), Failure> {
        self.rows.push(row);
        if self.rows.len() == MOST_ROWS { self.caught_up() } else { Ok(()) }
    }
}

impl Taker for Showing {
    fn caught_up(&mut self) -> Result<(), Failure> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let gone = |_| Failure::new("nobody waits for the results any more");
        self.tell.blocking_send(std::mem::take(&mut self.rows)).map_err(gone)
    }

    fn quiet(&mut self) -> Result<(), Failure> {
        self.caught_up()
    }
}
