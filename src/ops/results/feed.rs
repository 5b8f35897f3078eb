//! From the network or the disk to the thread that parses: one stream, kept while it is read.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::api::Download;
use crate::failure::{Exit, Failure};
use crate::ops::Progress;
use crate::results::{Parser, Sink, Totals};

use super::keep::Part;

/// So many pieces wait for the disk, each of at most some 400 KB. When they are too many the download waits, and through
/// it the service.
pub(super) const MOST_PIECES: usize = 8;

/// So many events wait for the front end. When they are too many the disk waits, and through it the download.
const MOST_EVENTS: usize = 256;

/// Progress is told once for so many bytes.
pub(super) const STEP: u64 = 256 * 1024;

/// After so long without a byte there is time to make things safe.
const LULL: Duration = Duration::from_millis(100);

/// Takes what the parser finds, on a thread that may block.
pub(super) trait Taker: Sink<Error = Failure> + Send + 'static {
    /// What it has made of all it took.
    type Taken: Send + 'static;
    /// A piece was read and no other one is there yet.
    fn caught_up(&mut self) -> Result<(), Failure>;
    /// No byte has come for a while, or none will come any more.
    fn quiet(&mut self) -> Result<(), Failure>;
    /// All was taken. What is told here still finds somebody who listens.
    fn end(self) -> Result<Self::Taken, Failure>;
}

/// Where the bytes come from.
pub(super) enum From {
    /// A whole file on this disk.
    Disk(PathBuf),
    /// The service; a copy is kept when there is a part for it.
    Service(Download, Option<Part>),
}

/// What is known when all bytes were read.
pub(super) struct Finished<T> {
    pub(super) taken: T,
    pub(super) totals: Totals,
    /// The announced size was reached, or the bytes are from this disk.
    pub(super) is_announced_size: bool,
    /// The part of the copy, to be kept or dropped by somebody who knows how many rows there should be.
    pub(super) part: Option<Part>,
}

/// A way for a thread that may block to tell an asynchronous task something, and the other end of it.
pub(super) fn events<E>() -> (Sender<E>, Receiver<E>) {
    channel(MOST_EVENTS)
}

/// Reads everything into the taker, on a thread that may block, and passes on what the taker tells.
pub(super) async fn feed<T: Taker, E: Send + 'static>(
    from: From,
    parser: Parser,
    taker: T,
    mut told: Receiver<E>,
    on_event: &(dyn Fn(E) + Send + Sync),
    on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Finished<T::Taken>, Failure> {
    let (progress, mut moved) = events();
    let (pieces, taken) = channel::<Piece>(MOST_PIECES);
    let handle = Handle::current();
    let (input, download) = match from {
        From::Disk(path) => (Input::Disk(path), None),
        From::Service(download, part) => {
            (Input::Service { part, from: download.from, total: download.total, taken, handle }, Some(download))
        }
    };
    let work = Work { parser, taker, progress, at: 0, told: 0, of: None };
    let mut parsing = tokio::task::spawn_blocking(move || work.run(input));
    let sending = async move {
        match download {
            Some(download) => send(download, pieces).await,
            None => Ok(()),
        }
    };
    let telling = async {
        let parsed = loop {
            tokio::select! {
                biased;
                Some(event) = told.recv() => on_event(event),
                Some(progress) = moved.recv() => on_progress(progress),
                parsed = &mut parsing => break parsed,
            }
        };
        // The taker is still there and could tell more, so the channel does not close: what is in it is all.
        std::iter::from_fn(|| told.try_recv().ok()).for_each(on_event);
        std::iter::from_fn(|| moved.try_recv().ok()).for_each(on_progress);
        parsed
    };
    // Both sides are driven by this task: neither can wait for the other without end.
    let (sent, parsed) = tokio::join!(sending, telling);
    let parsed = parsed.unwrap_or_else(|_| Err(Failure::new("internal error: reading results came to a sudden end")));
    // When the download failed, the parser only knows that it got no further.
    sent.and(parsed)
}

/// One message to the thread that takes the bytes. A channel that closes without [`Piece::End`] was given up.
pub(super) enum Piece {
    Bytes(Bytes),
    End,
}

pub(super) async fn send(mut download: Download, pieces: Sender<Piece>) -> Result<(), Failure> {
    while let Some(bytes) = download.body.next().await {
        // The parsing thread says itself why it takes no more.
        if pieces.send(Piece::Bytes(bytes?)).await.is_err() {
            return Ok(());
        }
    }
    let _ = pieces.send(Piece::End).await;
    Ok(())
}

enum Input {
    Disk(PathBuf),
    Service { part: Option<Part>, from: u64, total: Option<u64>, taken: Receiver<Piece>, handle: Handle },
}

struct Work<T> {
    parser: Parser,
    taker: T,
    progress: Sender<Progress>,
    at: u64,
    told: u64,
    of: Option<u64>,
}

impl<T: Taker> Work<T> {
    fn run(mut self, input: Input) -> Result<Finished<T::Taken>, Failure> {
        match input {
            Input::Disk(path) => {
                let failed = |error| cannot("read", &path, error);
                let file = File::open(&path).map_err(failed)?;
                self.of = file.metadata().ok().map(|metadata| metadata.len());
                self.read(file, &path)?;
                self.finish(None, true)
            }
            Input::Service { mut part, from, total, taken, handle } => {
                self.of = total;
                let failed = |error| cannot("keep", &PathBuf::from("results"), error);
                let had = part.as_mut().map(|part| part.start(from, total)).transpose().map_err(failed)?.flatten();
                if let Some(had) = had {
                    self.read(had, &PathBuf::from("results"))?;
                }
                let part = self.take(part, taken, &handle)?;
                let is_announced_size = total == Some(self.at);
                self.finish(part, is_announced_size)
            }
        }
    }

    fn read(&mut self, mut file: File, path: &std::path::Path) -> Result<(), Failure> {
        let mut piece = vec![0; STEP as usize];
        loop {
            match file.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(n) => {
                    self.push(&piece[..n])?;
                    self.taker.caught_up()?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(cannot("read", path, error)),
            }
        }
    }

    fn take(
        &mut self,
        mut part: Option<Part>,
        mut taken: Receiver<Piece>,
        handle: &Handle,
    ) -> Result<Option<Part>, Failure> {
        loop {
            let piece = match taken.try_recv() {
                Ok(piece) => Some(piece),
                Err(TryRecvError::Disconnected) => None,
                Err(TryRecvError::Empty) => {
                    self.taker.caught_up()?;
                    match handle.block_on(async { tokio::time::timeout(LULL, taken.recv()).await }) {
                        Ok(piece) => piece,
                        Err(_) => {
                            self.taker.quiet()?;
                            taken.blocking_recv()
                        }
                    }
                }
            };
            match piece {
                Some(Piece::Bytes(bytes)) => {
                    part.as_mut()
                        .map(|part| part.write(&bytes))
                        .transpose()
                        .map_err(|error| cannot("keep", &PathBuf::from("results"), error))?;
                    self.push(&bytes)?;
                }
                Some(Piece::End) => return Ok(part),
                None => {
                    self.taker.quiet()?;
                    return Err(Failure::new("the download was stopped"));
                }
            }
        }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.at += bytes.len() as u64;
        self.parser.push(bytes, &mut self.taker)?;
        if self.at - self.told >= STEP {
            self.tell();
        }
        Ok(())
    }

    fn tell(&mut self) {
        self.told = self.at;
        // A progress that finds no room is made good by the next one.
        let _ = self.progress.try_send(Progress { bytes: self.at, of: self.of, ..Progress::default() });
    }

    fn finish(mut self, part: Option<Part>, is_announced_size: bool) -> Result<Finished<T::Taken>, Failure> {
        let totals = self.parser.finish(&mut self.taker)?;
        self.taker.quiet()?;
        let _ = self.progress.blocking_send(Progress { bytes: self.at, of: Some(self.at), ..Progress::default() });
        Ok(Finished { taken: self.taker.end()?, totals, is_announced_size, part })
    }
}

fn cannot(what: &str, path: &std::path::Path, error: io::Error) -> Failure {
    let exit = if what == "read" { Exit::Failed } else { Exit::Disk };
    Failure::with_exit(exit, format!("cannot {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Form, Row};

    /// Takes nothing.
    struct Panicking;

    impl Sink for Panicking {
        type Error = Failure;

        fn audio(&mut self, _samples: &[u8]) -> Result<(), Failure> {
            Ok(())
        }

        fn row(&mut self, _row: Row) -> Result<(), Failure> {
            panic!("on purpose")
        }
    }

    impl Taker for Panicking {
        type Taken = ();

        fn caught_up(&mut self) -> Result<(), Failure> {
            Ok(())
        }

        fn quiet(&mut self) -> Result<(), Failure> {
            Ok(())
        }

        fn end(self) -> Result<(), Failure> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn fault_61_a_results_thread_that_comes_to_a_sudden_end_is_a_failure() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "{\"key\":\"a\"}\n{\"key\":\"b\"}\n").unwrap();
        let (_told, hears) = events::<()>();
        let from = From::Disk(file.path().to_owned());
        let ended = feed(from, Parser::new(Form::Lines), Panicking, hears, &|()| {}, &|_| {}).await;
        let Err(failure) = ended else { panic!("it went on") };
        assert_eq!(failure.message, "internal error: reading results came to a sudden end");
    }
}
