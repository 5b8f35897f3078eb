//! Bytes of a file, in memory or in a temporary file that nobody else can see.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

/// Content that can be read anywhere, shared freely, and never changes.
#[derive(Clone, Debug)]
pub enum Blob {
    /// Small things and made-up ones.
    Memory(Bytes),
    /// Uploads. The file has no name and goes away with its last reader.
    Disk {
        /// The position of the file is shared, so one reader at a time.
        file: Arc<Mutex<File>>,
        /// In bytes.
        length: u64,
    },
}

impl Blob {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Blob::Memory(bytes) => bytes.len() as u64,
            Blob::Disk { length, .. } => *length,
        }
    }

    /// Reads `length` bytes at `offset`; fewer at the end.
    pub fn read(&self, offset: u64, length: usize) -> io::Result<Bytes> {
        match self {
            Blob::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                let end = start.saturating_add(length).min(bytes.len());
                Ok(bytes.slice(start..end))
            }
            Blob::Disk { file, .. } => {
                let mut file = file.lock().map_err(|_| io::Error::other("a reader of this file has failed"))?;
                file.seek(SeekFrom::Start(offset))?;
                let mut buffer = Vec::with_capacity(length.min(1 << 20));
                (&mut *file).take(length as u64).read_to_end(&mut buffer)?;
                Ok(buffer.into())
            }
        }
    }

    /// Goes through the content in pieces of up to 256 KiB.
    pub fn pieces(&self) -> impl Iterator<Item = io::Result<Bytes>> + '_ {
        const PIECE: u64 = 256 * 1024;
        (0..self.len().div_ceil(PIECE)).map(|n| self.read(n * PIECE, PIECE as usize))
    }
}
