//! The bytes of a results file, as far as they are there: all of it, or what a download has brought so far.
//!
//! Whoever brings the bytes writes them to the file and moves a frontier; whoever reads stays behind it. Nobody polls:
//! a reader sleeps until what it wants is there.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use super::Error;

/// A results file that can be read as far as its frontier.
#[derive(Debug)]
pub struct Source {
    file: File,
    path: PathBuf,
    frontier: Arc<Frontier>,
}

/// Moves the frontier of a [`Source`]. One that is dropped before [`Feeder::end`] has given up.
#[derive(Debug)]
pub struct Feeder {
    frontier: Arc<Frontier>,
}

#[derive(Debug)]
struct Frontier {
    reached: Mutex<Reached>,
    moved: Condvar,
}

/// How far the bytes of a source reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    /// So many bytes are there.
    pub bytes: u64,
    /// Why there will be no more.
    pub end: Option<End>,
    /// Readers sleep until so many are there.
    wanted: u64,
}

/// Why no more bytes will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// These are all.
    Whole,
    /// Whoever brought them has given up: the last line may be cut anywhere.
    GivenUp,
}

impl Source {
    /// A file of which all bytes are there.
    pub fn whole(path: &Path) -> Result<Source, Error> {
        let file = File::open(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        // The end is where reading finds it.
        Ok(Source::new(file, path, Reached { bytes: u64::MAX, end: Some(End::Whole), wanted: u64::MAX }).0)
    }

    /// A file of which so many bytes are there and more will come. The path is for messages.
    pub fn growing(file: File, path: &Path, bytes: u64) -> (Source, Feeder) {
        Source::new(file, path, Reached { bytes, end: None, wanted: u64::MAX })
    }

    fn new(file: File, path: &Path, reached: Reached) -> (Source, Feeder) {
        let frontier = Arc::new(Frontier { reached: Mutex::new(reached), moved: Condvar::new() });
        (Source { file, path: path.to_owned(), frontier: Arc::clone(&frontier) }, Feeder { frontier })
    }

    /// Waits until so many bytes are there, or no more will come, or a lull has passed.
    pub(super) fn wait(&self, wanted: u64, lull: Duration) -> Reached {
        let reached = self.frontier.want(wanted);
        if reached.has(wanted) {
            return *reached;
        }
        let waited = self.frontier.moved.wait_timeout_while(reached, lull, |reached| !reached.has(wanted));
        *waited.unwrap_or_else(std::sync::PoisonError::into_inner).0
    }

    /// Waits as long as it takes until more than so many bytes are there, or no more will come.
    pub(super) fn wait_for_more(&self, than: u64) -> Reached {
        let wanted = than.saturating_add(1);
        let reached = self.frontier.want(wanted);
        let waited = self.frontier.moved.wait_while(reached, |reached| !reached.has(wanted));
        *waited.unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Fills the buffer from this place on, or as far as the file goes.
    pub(super) fn read_at(&self, buffer: &mut [u8], from: u64) -> Result<usize, Error> {
        let mut filled = 0;
        while filled < buffer.len() {
            match read_at(&self.file, &mut buffer[filled..], from + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::Read { path: self.path.clone(), source }),
            }
        }
        Ok(filled)
    }

    /// The error of a source whose bytes ended before they were whole.
    pub(super) fn given_up(&self) -> Error {
        Error::GivenUp { path: self.path.clone() }
    }
}

#[cfg(unix)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], from: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, from)
}

#[cfg(windows)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], from: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, from)
}

impl Reached {
    fn has(&self, wanted: u64) -> bool {
        self.bytes >= wanted || self.end.is_some()
    }
}

impl Frontier {
    fn reached(&self) -> MutexGuard<'_, Reached> {
        self.reached.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Only a reader that waits is worth a call of the system for each piece that comes.
    fn want(&self, wanted: u64) -> MutexGuard<'_, Reached> {
        let mut reached = self.reached();
        if !reached.has(wanted) {
            reached.wanted = wanted;
        }
        reached
    }
}

impl Feeder {
    /// So many bytes are in the file now.
    pub fn reached(&self, bytes: u64) {
        let mut reached = self.frontier.reached();
        reached.bytes = bytes;
        if bytes >= reached.wanted {
            reached.wanted = u64::MAX;
            self.frontier.moved.notify_all();
        }
    }

    /// All bytes are in the file now.
    pub fn end(self) {
        self.frontier.reached().end = Some(End::Whole);
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.frontier.reached().end.get_or_insert(End::GivenUp);
        self.frontier.moved.notify_all();
    }
}
