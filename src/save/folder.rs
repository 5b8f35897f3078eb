//! The folder that results are saved into. It is opened once, and every file is named relative to it, so that
//! nothing is written elsewhere when somebody moves the folder or puts a link in its place.
//!
//! Links, pipes and devices under a name of ours are never followed, opened for writing or replaced.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use ring::digest::{Context, SHA256};

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod together;
#[cfg(unix)]
mod unix;

use super::aligned::Aligned;
use super::manifest::Record;
use super::name::leads_out;
use super::part::random_number;

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Tells temporary files apart.
    serial: AtomicU32,
    /// Whether all files of the file system can be brought to the disk in one call that tells of every error.
    syncs_together: bool,
    #[cfg(unix)]
    handle: File,
    /// The mode that the process gives to new files; known once one has been made.
    #[cfg(unix)]
    public_mode: rustix::fs::Mode,
}

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    File {
        bytes: u64,
    },
    /// A link, a pipe, a folder, a device.
    Other,
}

/// How much is read at once.
const PIECE: usize = 256 * 1024;

impl Folder {
    /// Where it was opened.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The place of a file in it, for messages.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Eight hex digits that no other temporary file has.
    pub(super) fn next_hex(&self) -> String {
        super::hex(&self.serial.fetch_add(1, Ordering::Relaxed).to_be_bytes())
    }

    /// Whether [`Folder::sync_all`] does for many files what syncing each one would.
    pub(super) fn syncs_together(&self) -> bool {
        self.syncs_together
    }

    /// The size and the SHA-256 of a file, in hex digits; `None` when there is no such file.
    pub(super) fn digest(&self, name: &str) -> io::Result<Option<(u64, String)>> {
        match self.open_file(name) {
            Ok(file) => digest_of(file).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Folder {
    /// Whether a file holds what a record says. One that cannot be read does not, nor does one in another folder.
    pub(super) fn is_right(&self, file: &str, record: &Record) -> bool {
        // A manifest is a file that anybody may have written.
        if leads_out(file) {
            return false;
        }
        match self.look(file) {
            Ok(Found::File { bytes }) if Some(bytes) == record.bytes => {}
            Ok(Found::Nothing | Found::File { .. } | Found::Other) | Err(_) => return false,
        }
        match self.digest(file) {
            Ok(Some((_, sha256))) => Some(sha256) == record.sha256,
            Ok(None) | Err(_) => false,
        }
    }
}

/// The size and the SHA-256 of what a file holds from here on, in hex digits.
pub(super) fn digest_of(file: impl Read) -> io::Result<(u64, String)> {
    digest_with(file, &mut Aligned::new(PIECE))
}

/// The same with memory that is at hand already.
pub(super) fn digest_with(mut file: impl Read, memory: &mut [u8]) -> io::Result<(u64, String)> {
    let most = memory.len().min(PIECE);
    let piece = &mut memory[..most];
    let mut context = Context::new(&SHA256);
    let mut bytes = 0;
    loop {
        match file.read(piece) {
            Ok(0) => return Ok((bytes, super::hex(context.finish().as_ref()))),
            Ok(n) => {
                context.update(&piece[..n]);
                bytes += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn not_a_file() -> io::Error {
    io::Error::other("not a regular file")
}
