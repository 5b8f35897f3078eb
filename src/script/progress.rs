//! How far the reading of sources is, for whoever shows it from another thread.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that were read so far, and how many there are. Shared between the reader and those who watch.
#[derive(Debug, Default)]
pub struct BytesRead {
    read: AtomicU64,
    total: AtomicU64,
    unknown: AtomicU64,
}

impl BytesRead {
    /// Read so far, of all sources together.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// In all sources together; `None` when one of them is a pipe, or before their sizes were looked at.
    pub fn total(&self) -> Option<u64> {
        let total = self.total.load(Ordering::Relaxed);
        (total > 0 && self.unknown.load(Ordering::Relaxed) == 0).then_some(total)
    }

    /// So many bytes of a source were read in a way that does not count itself.
    pub(super) fn add(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Another source of so many bytes; `None` for a pipe.
    pub(super) fn expect(&self, bytes: Option<u64>) {
        match bytes {
            Some(bytes) => self.total.fetch_add(bytes, Ordering::Relaxed),
            None => self.unknown.fetch_add(1, Ordering::Relaxed),
        };
    }
}

/// A reader whose bytes are counted.
pub(super) struct Counted<R> {
    inner: R,
    progress: Arc<BytesRead>,
}

impl<R> Counted<R> {
    pub(super) fn new(inner: R, progress: &Arc<BytesRead>) -> Self {
        Counted { inner, progress: Arc::clone(progress) }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.progress.add(n as u64);
        Ok(n)
    }
}
