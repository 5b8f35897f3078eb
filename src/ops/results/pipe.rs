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
use crate::save::{Feeder, Saver, Source};

use super::feed::{MOST_PIECES, Piece, STEP, events, send};
use super::keep::Part;

/// What messages call the bytes that come.
const RESULTS: &str = "results";

/// How a save while a copy was made has ended: all three parts of it.
pub(super) struct Piped {
    /// Whether all of it came from the service.
    pub(super) sent: Result<(), Failure>,
    /// The part of the copy that holds all that came, and whether its size is the announced one.
    pub(super) kept: Result<(Part, bool), Failure>,
    /// The saver, which has not been finished, and what was in the bytes.
    pub(super) saver: Saver,
    pub(super) saved: Result<Totals, crate::save::Error>,
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
            return Ok(Piped { sent: Ok(()), kept: Err(failure), saver, saved });
        }
    };
    let (progress, mut moved) = events();
    let (pieces, taken) = channel::<Piece>(MOST_PIECES);
    let keeper = Keeper { at: part.had, part, feeder, total, progress, told: 0 };
    let keeping = tokio::task::spawn_blocking(move || keeper.run(taken));
    let mut saving = tokio::task::spawn_blocking(move || {
        let mut saver = saver;
        let saved = crate::save::from_source(&source, form, &mut saver);
        (saver, saved)
    });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let sending = async move {
        tokio::select! {
            sent = send(download, pieces) => sent,
            // Nothing more can be saved: what has come is gone on with the next time.
            Ok(()) = stopped => Ok(()),
        }
    };
    let telling = async {
        let mut stop = Some(stop);
        let ended = loop {
            tokio::select! {
                biased;
                Some(event) = told.recv() => on_event(event),
                Some(progress) = moved.recv() => on_progress(progress),
                ended = &mut saving => break ended,
            }
        };
        if let (Some(stop), Ok((_, Err(_)))) = (stop.take(), &ended) {
            let _ = stop.send(());
        }
        std::iter::from_fn(|| told.try_recv().ok()).for_each(on_event);
        ended
    };
    let (sent, kept, ended) = tokio::join!(sending, keeping, telling);
    std::iter::from_fn(|| moved.try_recv().ok()).for_each(on_progress);
    let kept = kept.unwrap_or_else(|_| Err(sudden()));
    let (saver, saved) = ended.map_err(|_| sudden())?;
    if let Ok(totals) = &saved {
        on_progress(Progress { bytes: totals.bytes, of: Some(totals.bytes), ..Progress::default() });
    }
    Ok(Piped { sent, kept, saver, saved })
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
