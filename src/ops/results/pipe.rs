//! From the service to a copy on this disk, and from the copy to a saver, at the same time.
//!
//! A thread writes what comes to the end of the copy and says how far it is; the hands of the saver read behind it.
//! Neither waits for the other, but for room: a disk that is slow slows the download, and through it the service.

use std::fs::File;
use std::io;
use std::path::Path;

use bytes::Bytes;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::api::Download;
use crate::failure::{Exit, Failure};
use crate::ops::Progress;
use crate::results::{Form, Totals};
use crate::save::{Feeder, Saver, Source, Summary};

use super::feed::{MOST_PIECES, Piece, STEP, events, send};
use super::keep::Part;

/// What messages call the bytes that come.
const RESULTS: &str = "results";

/// How a save while a copy was made has ended: all parts of it.
pub(super) struct Piped {
    /// Whether all of it came from the service.
    pub(super) sent: Result<(), Failure>,
    /// The part of the copy that holds all that came, and whether its size is the announced one.
    pub(super) kept: Result<(Part, bool), Failure>,
    /// What was in the bytes.
    pub(super) saved: Result<Totals, crate::save::Error>,
    /// What the saver has done, and whether its run could be ended.
    pub(super) summary: Summary,
    pub(super) ended: Result<(), crate::save::Error>,
}

/// Keeps what comes and saves from what is kept.
pub(super) async fn pipe<E: Send + 'static>(
    download: Download,
    part: Part,
    form: Form,
    saver: Saver,
    mut told: Receiver<E>,
    on_event: &(dyn Fn(E) + Send + Sync),
    on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Piped, Failure> {
    let (from, total) = (download.from, download.total);
    let begun = tokio::task::spawn_blocking(move || begin(part, from, total)).await;
    let (part, source, feeder) = match begun.map_err(|_| sudden())? {
        Ok(begun) => begun,
        Err(failure) => {
            let saved = Err(crate::save::Error::GivenUp { path: RESULTS.into() });
            let (summary, ended) = tokio::task::spawn_blocking(move || finish(saver)).await.map_err(|_| sudden())?;
            return Ok(Piped { sent: Ok(()), kept: Err(failure), saved, summary, ended });
        }
    };
    let (progress, mut moved) = events();
    let (pieces, taken) = channel::<Piece>(MOST_PIECES);
    let keeper = Keeper { at: part.had, part, feeder, total, progress, told: 0 };
    let keeping = tokio::task::spawn_blocking(move || keeper.run(taken));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut saving = tokio::task::spawn_blocking(move || {
        let mut saver = saver;
        let saved = crate::save::from_source(&source, form, &mut saver);
        if saved.is_err() {
            // Whoever sends may be gone already.
            let _ = stop.send(());
        }
        // The end of the run tells of rows too, so somebody has to listen still.
        let (summary, ended) = finish(saver);
        (saved, summary, ended)
    });
    let sending = async move {
        tokio::select! {
            sent = send(download, pieces) => sent,
            // Nothing more can be saved: what has come is gone on with the next time.
            Ok(()) = stopped => Ok(()),
        }
    };
    let telling = async {
        let ended = loop {
            tokio::select! {
                biased;
                Some(event) = told.recv() => on_event(event),
                Some(progress) = moved.recv() => on_progress(progress),
                ended = &mut saving => break ended,
            }
        };
        std::iter::from_fn(|| told.try_recv().ok()).for_each(on_event);
        ended
    };
    let (sent, kept, ended) = tokio::join!(sending, keeping, telling);
    std::iter::from_fn(|| moved.try_recv().ok()).for_each(on_progress);
    let kept = kept.unwrap_or_else(|_| Err(sudden()));
    let (saved, summary, ended) = ended.map_err(|_| sudden())?;
    if let Ok(totals) = &saved {
        on_progress(Progress { bytes: totals.bytes, of: Some(totals.bytes), ..Progress::default() });
    }
    Ok(Piped { sent, kept, saved, summary, ended })
}

/// Ends a run. Where that fails, as on a full disk, what was done before it still counts.
fn finish(saver: Saver) -> (Summary, Result<(), crate::save::Error>) {
    let before = saver.summary();
    match saver.finish() {
        Ok(summary) => (summary, Ok(())),
        Err(error) => (before, Err(error)),
    }
}

/// Finds out what there is of the copy, and lets it be read while it grows.
fn begin(mut part: Part, from: u64, total: Option<u64>) -> Result<(Part, Source, Feeder), Failure> {
    part.start(from, total).map_err(unkept)?;
    let path = part.path();
    let file = File::open(&path).map_err(unkept)?;
    let (source, feeder) = Source::growing(file, Path::new(RESULTS), part.had);
    Ok((part, source, feeder))
}

/// Writes the copy.
struct Keeper {
    part: Part,
    feeder: Feeder,
    at: u64,
    total: Option<u64>,
    progress: Sender<Progress>,
    told: u64,
}

impl Keeper {
    fn run(mut self, mut taken: Receiver<Piece>) -> Result<(Part, bool), Failure> {
        loop {
            match taken.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.keep(&bytes)?,
                Some(Piece::End) => {
                    self.feeder.end();
                    return Ok((self.part, self.total == Some(self.at)));
                }
                None => return Err(Failure::new("the download was stopped")),
            }
        }
    }

    fn keep(&mut self, bytes: &Bytes) -> Result<(), Failure> {
        self.part.write(bytes).map_err(unkept)?;
        self.at += bytes.len() as u64;
        self.feeder.reached(self.at);
        if self.at - self.told >= STEP {
            self.told = self.at;
            // A progress that finds no room is made good by the next one.
            let _ = self.progress.try_send(Progress { bytes: self.at, of: self.total, ..Progress::default() });
        }
        Ok(())
    }
}

fn unkept(error: io::Error) -> Failure {
    Failure::with_exit(Exit::Disk, format!("cannot keep results: {error}"))
}

fn sudden() -> Failure {
    Failure::new("internal error: saving results came to a sudden end")
}
