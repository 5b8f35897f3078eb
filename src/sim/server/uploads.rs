//! Resumable uploads: sessions with a temporary file each.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::sim::world::{Blob, Refusal};

/// Chunks that are not the last have a length that this divides.
pub const GRANULARITY: u64 = 8 * 1024 * 1024;
/// Two gigabytes: the largest file.
pub const LARGEST: u64 = 2_000_000_000;
/// So many sessions are open at the most; the oldest is given up for a new one.
const MOST_SESSIONS: usize = 256;

/// What the first request of a session said.
#[derive(Clone, Debug, Default)]
pub struct Announced {
    /// The id that the owner chose.
    pub id: Option<String>,
    /// The display name.
    pub display_name: String,
    /// The type.
    pub mime_type: String,
    /// The length, when it was said.
    pub length: Option<u64>,
}

/// An upload under way, or over.
#[derive(Debug)]
pub struct Session {
    /// What was announced.
    pub announced: Announced,
    /// Bytes that are safe.
    pub received: u64,
    /// The answer to the last chunk, once there was one: a repeated chunk gets it again.
    pub answer: Option<serde_json::Value>,
    file: Option<Arc<Mutex<File>>>,
}

/// All sessions, by upload id. Each is locked while a chunk arrives.
#[derive(Debug, Default)]
pub struct Uploads {
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    sessions: HashMap<String, Arc<tokio::sync::Mutex<Session>>>,
    /// Ids, oldest first.
    order: Vec<String>,
}

impl Uploads {
    /// Opens a session.
    pub fn open(&self, id: &str, announced: Announced) -> io::Result<()> {
        let file = Some(Arc::new(Mutex::new(tempfile::tempfile()?)));
        let session = Session { announced, received: 0, answer: None, file };
        let mut open = self.open.lock().expect("no holder of this lock can panic");
        if open.order.len() == MOST_SESSIONS {
            let oldest = open.order.remove(0);
            open.sessions.remove(&oldest);
        }
        open.order.push(id.to_owned());
        open.sessions.insert(id.to_owned(), Arc::new(tokio::sync::Mutex::new(session)));
        Ok(())
    }

    /// The session with this id.
    pub fn find(&self, id: &str) -> Option<Arc<tokio::sync::Mutex<Session>>> {
        self.open.lock().expect("no holder of this lock can panic").sessions.get(id).cloned()
    }

    /// Ends a session.
    pub fn close(&self, id: &str) {
        let mut open = self.open.lock().expect("no holder of this lock can panic");
        open.sessions.remove(id);
        open.order.retain(|other| other != id);
    }
}

/// Reads a chunk that nobody wants: a caller that still writes would take a closed connection for a broken one.
pub async fn discard(mut body: Incoming) {
    let mut left = 4 * GRANULARITY;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len) as u64;
        if length >= left {
            return;
        }
        left -= length;
    }
}

impl Session {
    /// Takes a chunk in, if it begins where the last one ended. Of a broken one, whole granules are kept.
    pub async fn receive(&mut self, offset: u64, last: bool, mut body: Incoming) -> Result<(), Refusal> {
        if offset != self.received {
            discard(body).await;
            return Err(Refusal::invalid(format!(
                "Invalid request. X-Goog-Upload-Offset is {offset}, but {} bytes were received.",
                self.received
            )));
        }
        let start = self.received;
        let limit = self.announced.length.unwrap_or(LARGEST);
        let mut received = start;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                // What was received of a broken chunk counts up to the last border between granules.
                self.received = start + (received - start) / GRANULARITY * GRANULARITY;
                return Err(Refusal::new(499, "The upload was interrupted."));
            };
            if let Ok(data) = frame.into_data() {
                if received + data.len() as u64 > limit {
                    return Err(Refusal::invalid(format!(
                        "More bytes were sent than the {limit} that were announced."
                    )));
                }
                let length = data.len() as u64;
                self.write(received, data).await.map_err(|error| Refusal::new(500, error.to_string()))?;
                received += length;
            }
        }
        if !last && !(received - start).is_multiple_of(GRANULARITY) {
            return Err(Refusal::invalid(format!(
                "The size of a chunk that is not the last must be a multiple of {GRANULARITY} bytes."
            )));
        }
        if last && self.announced.length.is_some_and(|length| length != received) {
            return Err(Refusal::invalid(format!(
                "The upload has {received} bytes, but {} were announced.",
                self.announced.length.unwrap_or_default()
            )));
        }
        self.received = received;
        Ok(())
    }

    async fn write(&self, offset: u64, data: Bytes) -> io::Result<()> {
        let file = self.file.clone().ok_or_else(|| io::Error::other("the upload is over"))?;
        let write = move || {
            let mut file = file.lock().map_err(|_| io::Error::other("a writer of this file has failed"))?;
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(&data)
        };
        tokio::task::spawn_blocking(write).await.map_err(io::Error::other)?
    }

    /// Ends the upload: its content, and the SHA-256 of it in lowercase hex.
    pub async fn finish(&mut self) -> io::Result<(Blob, String)> {
        let file = self.file.take().ok_or_else(|| io::Error::other("the upload is over"))?;
        let blob = Blob::Disk { file, length: self.received };
        let content = blob.clone();
        let hash = move || -> io::Result<String> {
            let mut context = ring::digest::Context::new(&ring::digest::SHA256);
            for piece in content.pieces() {
                context.update(&piece?);
            }
            Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
        };
        let sha256 = tokio::task::spawn_blocking(hash).await.map_err(io::Error::other)??;
        Ok((blob, sha256))
    }
}
