//! The file on this disk, as an upload reads it: ahead of the network, and hashed on the way.
//!
//! While one piece is on its way to the service, the next is read and hashed on a thread of its own. Two pieces are in
//! memory at the most, and their memory is used again and again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use bytes::{Bytes, BytesMut};
use ring::digest::{Context, SHA256};
use tokio::task::JoinHandle;

use super::address::PIECE;
use crate::api::error::{Certainty, Error, Kind};
use crate::api::refusal::Failed;
use crate::text::clean_short;

/// The service's limit is "2 GB"; this is its most generous reading.
const LARGEST: u64 = 2 << 30;

/// The file, read from front to back, and again where the service asks for it.
pub struct Input {
    what: String,
    /// In bytes, when it was opened.
    pub size: u64,
    reader: Reader,
    /// The piece that was handed out last.
    last: Option<Bytes>,
}

enum Reader {
    Idle(Source),
    Ahead {
        from: u64,
        length: u64,
        task: JoinHandle<Filled>,
    },
    /// A read came to a sudden end and took the file with it.
    Gone,
}

type Filled = (Source, io::Result<BytesMut>);

/// The file and the hash of its first bytes.
struct Source {
    file: File,
    digest: Box<Context>,
    digested: u64,
}

impl Input {
    /// Opens the file and looks how large it is.
    pub async fn open(path: &std::path::Path, what: &str) -> Result<Self, Error> {
        let ours = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            let file = File::open(ours)?;
            let size = file.metadata()?.len();
            Ok::<_, io::Error>((file, size))
        });
        let (file, size) = opened.await.unwrap_or_else(|_| Err(sudden_end())).map_err(|error| {
            let path = clean_short(&path.display().to_string(), 200);
            Failed::last(Kind::Disk, Certainty::NotSent, format!("{what}: cannot read {path}: {error}")).error
        })?;
        if size > LARGEST {
            let message = format!("{what}: it has {}, and a file may have 2 GB", crate::text::bytes(size));
            return Err(Failed::last(Kind::Invalid, Certainty::NotSent, message).error);
        }
        let reader = Reader::Idle(Source { file, digest: Box::new(Context::new(&SHA256)), digested: 0 });
        Ok(Input { what: what.to_owned(), size, reader, last: None })
    }

    /// A piece of the file. The one behind it, of the same size, is read while the caller does something with this one.
    pub async fn read(&mut self, from: u64, length: u64) -> Result<Bytes, Error> {
        let (source, read) = match std::mem::replace(&mut self.reader, Reader::Gone) {
            Reader::Ahead { from: ahead, length: known, task } if (ahead, known) == (from, length) => {
                joined(task).await
            }
            Reader::Ahead { task, .. } => match joined(task).await {
                (Some(source), _) => joined(self.fill(source, from, length)).await,
                (None, failed) => (None, failed),
            },
            Reader::Idle(source) => joined(self.fill(source, from, length)).await,
            Reader::Gone => (None, Err(sudden_end())),
        };
        let behind = from + length;
        let next = length.min(self.size.saturating_sub(behind));
        if let Some(source) = source {
            self.reader = match &read {
                Ok(_) if next > 0 => {
                    Reader::Ahead { from: behind, length: next, task: self.fill(source, behind, next) }
                }
                Ok(_) | Err(_) => Reader::Idle(source),
            };
        }
        match read {
            Ok(piece) => {
                let piece = piece.freeze();
                self.last = Some(piece.clone());
                Ok(piece)
            }
            Err(error) => Err(self.unreadable(from, &error)),
        }
    }

    /// SHA-256 of the whole file in lower-case hex digits. Reads what was not read yet.
    pub async fn sha256(&mut self) -> Result<String, Error> {
        let size = self.size;
        self.read(size, 0).await?;
        match &self.reader {
            Reader::Idle(source) => {
                Ok(source.digest.clone().finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
            }
            Reader::Ahead { .. } | Reader::Gone => Err(self.unreadable(size, &sudden_end())),
        }
    }

    fn fill(&mut self, source: Source, from: u64, length: u64) -> JoinHandle<Filled> {
        // The piece that was handed out last is through by now, unless a broken connection still holds it.
        let buffer = self.last.take().and_then(|piece| piece.try_into_mut().ok()).unwrap_or_default();
        tokio::task::spawn_blocking(move || source.fill(from, length, buffer))
    }

    fn unreadable(&self, from: u64, error: &io::Error) -> Error {
        let message = format!("{}: cannot read the file at byte {from}: {error}", self.what);
        Failed::last(Kind::Disk, Certainty::NotSent, message).error
    }
}

async fn joined(task: JoinHandle<Filled>) -> (Option<Source>, io::Result<BytesMut>) {
    match task.await {
        Ok((source, read)) => (Some(source), read),
        Err(_) => (None, Err(sudden_end())),
    }
}

fn sudden_end() -> io::Error {
    io::Error::other("reading it came to a sudden end")
}

impl Source {
    /// Reads a piece into memory that was used before, and hashes whatever was not hashed yet up to its end.
    fn fill(mut self, from: u64, length: u64, mut buffer: BytesMut) -> Filled {
        let read = self.try_fill(from, length, &mut buffer).map(|()| buffer);
        (self, read)
    }

    fn try_fill(&mut self, from: u64, length: u64, buffer: &mut BytesMut) -> io::Result<()> {
        // A session that goes on after a restart begins in the middle.
        while self.digested < from {
            self.piece(self.digested, PIECE.min(from - self.digested), buffer)?;
            self.digest.update(buffer);
            self.digested += buffer.len() as u64;
        }
        self.piece(from, length, buffer)?;
        if self.digested < from + length {
            let known = usize::try_from(self.digested - from).expect("less than a piece");
            self.digest.update(&buffer[known..]);
            self.digested = from + length;
        }
        Ok(())
    }

    fn piece(&mut self, from: u64, length: u64, buffer: &mut BytesMut) -> io::Result<()> {
        buffer.resize(usize::try_from(length).expect("a piece fits into memory"), 0);
        self.file.seek(SeekFrom::Start(from))?;
        self.file.read_exact(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha256(bytes: &[u8]) -> String {
        ring::digest::digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[tokio::test]
    async fn pieces_in_any_order_add_up_to_the_hash_of_the_file() {
        let bytes: Vec<u8> = (0..100_003u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let orders: [&[(u64, u64)]; 5] = [
            &[],
            &[(0, 40_000), (40_000, 40_000), (80_000, 20_003)],
            &[(80_000, 20_003)],
            &[(40_000, 40_000), (0, 40_000), (20_000, 40_000), (60_000, 40_000), (100_000, 3)],
            &[(0, 10), (5, 10), (100_003, 0)],
        ];
        for order in orders {
            let mut input = Input::open(file.path(), "cannot upload x").await.unwrap();
            for (from, length) in order {
                let piece = input.read(*from, *length).await.unwrap();
                assert!(piece == bytes[*from as usize..(*from + *length) as usize], "{order:?}");
            }
            assert_eq!(input.sha256().await.unwrap(), sha256(&bytes), "{order:?}");
        }
    }

    #[tokio::test]
    async fn a_file_that_became_shorter_is_an_error_and_not_a_hang() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [1; 1000]).unwrap();
        let mut input = Input::open(file.path(), "cannot upload x").await.unwrap();
        input.read(0, 500).await.unwrap();
        file.as_file().set_len(0).unwrap();
        let error = match input.read(500, 500).await {
            // The piece may have been read before the file was cut.
            Ok(_) => input.read(0, 500).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind, Kind::Disk);
        assert!(error.message.starts_with("cannot upload x: cannot read the file at byte "), "{error}");
    }
}
