//! A file to the service, in pieces, so that a break costs one piece and not the file.
//!
//! The address of an upload session is a secret of its own: whoever has it can write to it without a key. It gets no
//! key, it reaches no log and no message, and it leads to the base origin or nowhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use reqwest::header::{self, HeaderMap};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
use tokio::time::timeout;

use super::call::Call;
use super::connection::{Answered, Connection, Told};
use super::error::{Certainty, Error, Kind};
use super::refusal::{Failed, Subject};
use super::retry::{Attempt, Class, Fault};
use super::wire;
use super::{StoredFile, Upload};
use crate::config::BaseUrl;
use crate::text::clean_short;

/// What Google's clients send at once; also the granularity that the service asks for.
const PIECE: u64 = 8 << 20;
/// Pieces of a piece, so that a slow line shows progress.
const SLICE: usize = 64 << 10;
/// Sessions that are begun for one file: a session may be forgotten by the service.
const MOST_SESSIONS: u32 = 3;
/// The service's limit is "2 GB"; this is its most generous reading.
const LARGEST: u64 = 2 << 30;
/// No answer to a piece is larger.
const ANSWER_CAP: usize = 1 << 20;

/// What came out of an upload, before anybody looked whether the file is ready.
pub struct Uploaded {
    /// The file, when the service named it.
    pub file: Option<StoredFile>,
    /// Of the bytes that were sent, in lower-case hex digits.
    pub sha256: String,
    /// Of the file on this disk.
    pub size: u64,
}

/// Sends the whole file. Only its last piece makes it exist.
pub async fn send(connection: &Connection, upload: &Upload<'_>) -> Result<Uploaded, Error> {
    let what = format!("cannot upload {}", clean_short(upload.display_name, 80));
    let mut input = Input::open(upload, &what).await?;
    for _ in 0..MOST_SESSIONS {
        let session = Session::start(connection, upload, &what, input.size).await?;
        match session.run(connection, upload, &mut input).await? {
            Outcome::Done(file) => {
                return Ok(Uploaded { file: file.map(|file| *file), sha256: input.sha256().await?, size: input.size });
            }
            Outcome::Forgotten => tracing::debug!("the upload session is gone; beginning another"),
        }
    }
    let message = format!("{what}: the service forgot the upload {MOST_SESSIONS} times");
    Err(Failed::last(Kind::Server, Certainty::Unknown, message).error)
}

/// The file on this disk, read once from front to back, and again where the service asks for it.
struct Input {
    file: tokio::fs::File,
    what: String,
    size: u64,
    digest: ring::digest::Context,
    digested: u64,
}

impl Input {
    async fn open(upload: &Upload<'_>, what: &str) -> Result<Self, Error> {
        let unreadable = |error: std::io::Error| {
            let path = clean_short(&upload.path.display().to_string(), 200);
            Failed::last(Kind::Disk, Certainty::NotSent, format!("{what}: cannot read {path}: {error}")).error
        };
        let file = tokio::fs::File::open(upload.path).await.map_err(unreadable)?;
        let size = file.metadata().await.map_err(unreadable)?.len();
        if size > LARGEST {
            let message = format!("{what}: it has {}, and a file may have 2 GB", crate::text::bytes(size));
            return Err(Failed::last(Kind::Invalid, Certainty::NotSent, message).error);
        }
        let digest = ring::digest::Context::new(&ring::digest::SHA256);
        Ok(Input { file, what: what.to_owned(), size, digest, digested: 0 })
    }

    async fn read(&mut self, from: u64, length: u64) -> Result<Bytes, Error> {
        let mut piece = BytesMut::zeroed(usize::try_from(length).expect("a piece fits into memory"));
        let read = async {
            self.file.seek(SeekFrom::Start(from)).await?;
            self.file.read_exact(&mut piece).await
        };
        if let Err(error) = read.await {
            let message = format!("{}: cannot read the file at byte {from}: {error}", self.what);
            return Err(Failed::last(Kind::Disk, Certainty::NotSent, message).error);
        }
        if from <= self.digested && self.digested < from + length {
            let known = usize::try_from(self.digested - from).expect("less than a piece");
            self.digest.update(&piece[known..]);
            self.digested = from + length;
        }
        Ok(piece.freeze())
    }

    /// Reads what was not read yet, for a session that ended in an unusual way.
    async fn sha256(&mut self) -> Result<String, Error> {
        while self.digested < self.size {
            let length = PIECE.min(self.size - self.digested);
            self.read(self.digested, length).await?;
        }
        Ok(self.digest.clone().finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// An upload session: an address that takes pieces. It has no `Debug`, because the address is a secret.
struct Session {
    url: Url,
    piece: u64,
    what: String,
}

enum Outcome {
    Done(Option<Box<StoredFile>>),
    Forgotten,
}

/// What the service says of a session.
#[derive(Clone, Debug, PartialEq)]
enum State {
    /// It goes on; so many bytes are there, when it says so.
    Active(Option<u64>),
    /// The file is whole.
    Final(Option<Box<StoredFile>>),
    /// There is no such session any more.
    Forgotten,
}

impl Session {
    async fn start(connection: &Connection, upload: &Upload<'_>, what: &str, size: u64) -> Result<Self, Error> {
        let mut call = Call::new(Method::POST, what, "/upload/v1beta/files");
        call.headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-goog-upload-protocol", "resumable".to_owned()),
            ("x-goog-upload-command", "start".to_owned()),
            ("x-goog-upload-header-content-length", size.to_string()),
            ("x-goog-upload-header-content-type", upload.mime_type.to_owned()),
        ];
        call.body = json!({ "file": { "display_name": upload.display_name } }).to_string().into();
        let response = connection.repeat(Class::Repeatable, || connection.open(&call)).await?;
        let unexpected =
            |words: &str| Failed::last(Kind::Unexpected, Certainty::Unknown, format!("{what}: {words}")).error;
        let headers = response.headers();
        if text(headers, "x-goog-upload-status").is_some_and(|status| status != "active") {
            return Err(unexpected("the service did not begin an upload"));
        }
        let url = text(headers, "x-goog-upload-url").ok_or_else(|| unexpected("the service gave no upload address"))?;
        let url = pin(connection.base(), url).map_err(|words| unexpected(&words))?;
        let granularity = text(headers, "x-goog-upload-chunk-granularity").and_then(|text| text.parse().ok());
        let piece = piece_size(granularity).ok_or_else(|| unexpected("the service asks for pieces of an odd size"))?;
        Ok(Session { url, piece, what: what.to_owned() })
    }

    async fn run(&self, connection: &Connection, upload: &Upload<'_>, input: &mut Input) -> Result<Outcome, Error> {
        // What the service has, and the most that it ever had: a session that loses what it took gets no fresh attempts.
        let (mut at, mut furthest) = (0, 0);
        let mut failures = 0;
        (upload.progress)(at, input.size);
        loop {
            let length = self.piece.min(input.size - at);
            let bytes = input.read(at, length).await?;
            let is_last = at + length == input.size;
            let sent = match self.piece(connection, at, bytes, is_last).await {
                // A piece that was taken without an offset is there as a whole; the last one is not done before `final`.
                Ok(State::Active(None)) if !is_last => Ok(State::Active(Some(at + length))),
                Ok(State::Active(_)) if is_last => {
                    Err(self.odd("the service took the last piece and did not end the upload"))
                }
                Ok(State::Active(Some(received))) if received <= at => {
                    Err(self.odd("the service took a piece and kept nothing of it"))
                }
                other => other,
            };
            let state = match sent {
                Ok(state) => state,
                Err(failed) => {
                    failures += 1;
                    self.after_break(connection, failed, failures).await?
                }
            };
            let received = match state {
                State::Final(file) => {
                    (upload.progress)(input.size, input.size);
                    return Ok(Outcome::Done(file));
                }
                State::Forgotten => return Ok(Outcome::Forgotten),
                State::Active(received) => received.unwrap_or(at),
            };
            if received > input.size {
                return Err(self.odd("the service has more bytes than were sent").error);
            }
            if received > furthest {
                (failures, furthest) = (0, received);
            }
            at = received;
            (upload.progress)(at, input.size);
        }
    }

    /// Waits, then asks how far the session has come. An upload that does not get on ends with what broke it.
    async fn after_break(&self, connection: &Connection, failed: Failed, failures: u32) -> Result<State, Error> {
        let Failed { error, fault } = failed;
        if matches!(fault, Fault::Status(404 | 410)) {
            return Ok(State::Forgotten);
        }
        let asked = error.retry_after;
        let attempt = Attempt { class: Class::Read, fault, failed: failures, waited: Duration::ZERO, asked };
        connection.pause(attempt, error).await?;
        match connection.repeat(Class::Read, || self.query(connection)).await {
            Ok(state) => Ok(state),
            Err(error) if error.kind == Kind::NotFound => Ok(State::Forgotten),
            Err(error) => Err(error),
        }
    }

    async fn piece(&self, connection: &Connection, at: u64, bytes: Bytes, is_last: bool) -> Result<State, Failed> {
        let length = bytes.len();
        let headers = [
            ("x-goog-upload-command", if is_last { "upload, finalize" } else { "upload" }.to_owned()),
            ("x-goog-upload-offset", at.to_string()),
        ];
        let told = Told { url: &self.url, headers: &headers, body: &bytes.clone() };
        let sent = Arc::new(AtomicU64::new(0));
        let counter = sent.clone();
        let slices = (0..length.div_ceil(SLICE)).map(move |n| {
            let slice = bytes.slice(n * SLICE..length.min((n + 1) * SLICE));
            counter.fetch_add(slice.len() as u64, Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(slice)
        });
        let request = connection
            .client()
            .post(self.url.clone())
            .header(headers[0].0, &headers[0].1)
            .header(headers[1].0, &headers[1].1)
            .header(header::CONTENT_LENGTH, length)
            .body(reqwest::Body::wrap_stream(stream::iter(slices)));
        let silence = connection.timing.silence;
        let answered = match while_moving(connection.exchange(&Method::POST, told, request), &sent, silence).await {
            Some(answered) => answered.map_err(|error| connection.broken(&self.what, &error)),
            None => Err(connection.silent(&self.what, silence)),
        };
        self.state(connection, answered?).await
    }

    /// Asks how many bytes are there. Part of Google's upload protocol; unproven for this service.
    async fn query(&self, connection: &Connection) -> Result<State, Failed> {
        let request = connection
            .client()
            .post(self.url.clone())
            .header("x-goog-upload-command", "query")
            .header(header::CONTENT_LENGTH, 0)
            .body("");
        let headers = [("x-goog-upload-command", "query".to_owned())];
        let told = Told { url: &self.url, headers: &headers, body: &[] };
        let asked = connection.exchange(&Method::POST, told, request);
        let answered = match timeout(connection.timing.headers, asked).await {
            Ok(answered) => answered.map_err(|error| connection.broken(&self.what, &error)),
            Err(_) => Err(connection.silent(&self.what, connection.timing.headers)),
        };
        self.state(connection, answered?).await
    }

    async fn state(&self, connection: &Connection, mut response: Answered) -> Result<State, Failed> {
        let mut call = Call::new(Method::POST, &self.what, "/upload");
        call.subject = Subject::File;
        tracing::debug!(path = "/upload", status = response.status().as_u16(), "answered");
        if response.status().is_redirection() {
            return Err(self.odd("unexpected redirect of an upload"));
        }
        if !response.status().is_success() {
            return Err(connection.refused(&call, response).await);
        }
        let status = text(response.headers(), "x-goog-upload-status").map(str::to_owned);
        let received = text(response.headers(), "x-goog-upload-size-received").and_then(|text| text.parse().ok());
        match status.as_deref() {
            Some("active") => Ok(State::Active(received)),
            Some("final") => {
                let mut body = BytesMut::new();
                while let Some(bytes) = connection.next_piece(&call, &mut response).await? {
                    body.extend_from_slice(&bytes);
                    if body.len() > ANSWER_CAP {
                        return Err(self.odd("the answer to an upload is too large"));
                    }
                }
                let value: Option<Value> = serde_json::from_slice(&body).ok();
                Ok(State::Final(value.as_ref().and_then(wire::stored_file).map(Box::new)))
            }
            Some("cancelled") => Err(Failed { fault: Fault::Final, ..self.odd("the service cancelled the upload") }),
            Some(_) | None => Err(self.odd("the answer to an upload does not say how it stands")),
        }
    }

    fn odd(&self, words: &str) -> Failed {
        let failed = Failed::last(Kind::Unexpected, Certainty::Unknown, format!("{}: {words}", self.what));
        Failed { fault: Fault::Broken, ..failed }
    }
}

/// Waits as long as bytes go out: a slow line is not a dead one. `None` after a silence.
async fn while_moving<T>(answer: impl Future<Output = T>, sent: &AtomicU64, silence: Duration) -> Option<T> {
    let mut answer = std::pin::pin!(answer);
    let mut seen = 0;
    loop {
        if let Ok(answered) = timeout(silence, &mut answer).await {
            return Some(answered);
        }
        let now = sent.load(Ordering::Relaxed);
        if now == seen {
            return None;
        }
        seen = now;
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A multiple of what the service asks for, near eight megabytes.
fn piece_size(granularity: Option<u64>) -> Option<u64> {
    match granularity {
        None => Some(PIECE),
        Some(granularity @ 1..=PIECE) => Some(PIECE / granularity * granularity),
        Some(granularity) if granularity <= 8 * PIECE && granularity > 0 => Some(granularity),
        Some(_) => None,
    }
}

/// The address of a session, on the base origin. Google's own must already be there. Behind another base, as behind a
/// proxy or a test server, Google's address comes back, and both SDKs put the base in its place; so do we.
fn pin(base: &BaseUrl, url: &str) -> Result<Url, String> {
    let strange = || "the upload address of the service cannot be used".to_owned();
    let mut url = Url::parse(url).map_err(|_| strange())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && matches!(url.scheme(), "http" | "https");
    if !is_plain {
        return Err(strange());
    }
    let origin = url.origin().ascii_serialization();
    if origin == base.origin() {
        return Ok(url);
    }
    if base.is_google() {
        return Err(format!("the service wants the file sent to {}", clean_short(&origin, 200)));
    }
    let base = Url::parse(base.origin()).map_err(|_| strange())?;
    let moved = url.set_scheme(base.scheme()).is_ok()
        && url.set_host(base.host_str()).is_ok()
        && url.set_port(base.port()).is_ok()
        && url.origin() == base.origin();
    if moved { Ok(url) } else { Err(strange()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_address_off_googles_origin_is_refused() {
        let google = BaseUrl::google();
        let good =
            "https://generativelanguage.googleapis.com/upload/v1beta/files?upload_id=x&upload_protocol=resumable";
        assert_eq!(pin(&google, good).unwrap().as_str(), good);
        assert!(pin(&google, "https://GenerativeLanguage.googleapis.com:443/upload").is_ok());
        for bad in [
            "https://generativelanguage.googleapis.com:444/upload",
            "http://generativelanguage.googleapis.com/upload",
            "https://generativelanguage.googleapis.com@evil/upload",
            "https://user@generativelanguage.googleapis.com/upload",
            "https://generativelanguage.googleapis.com.evil/upload",
            "https://evil/generativelanguage.googleapis.com",
            "//evil/upload",
            "/upload",
            "file:///etc/passwd",
            "",
        ] {
            let error = pin(&google, bad).unwrap_err();
            assert!(!error.contains("upload_id"), "{error}");
        }
    }

    #[test]
    fn behind_another_base_the_address_moves_to_it() {
        let base = BaseUrl::parse("http://127.0.0.1:8080").unwrap();
        let table = [
            (
                "https://generativelanguage.googleapis.com/upload/v1beta/files?upload_id=x",
                "http://127.0.0.1:8080/upload/v1beta/files?upload_id=x",
            ),
            ("http://evil:9/upload?upload_id=x", "http://127.0.0.1:8080/upload?upload_id=x"),
            ("http://127.0.0.1:8080/up?upload_id=x", "http://127.0.0.1:8080/up?upload_id=x"),
        ];
        for (url, expected) in table {
            assert_eq!(pin(&base, url).unwrap().as_str(), expected);
        }
        let proxy = BaseUrl::parse("https://proxy.example/gemini").unwrap();
        assert_eq!(pin(&proxy, "http://localhost:1/up?x").unwrap().as_str(), "https://proxy.example/up?x");
    }

    #[tokio::test]
    async fn a_slow_line_is_not_a_dead_one() {
        let silence = Duration::from_millis(20);
        let sent = AtomicU64::new(0);
        let slow = async {
            for _ in 0..20 {
                tokio::time::sleep(silence / 4).await;
                sent.fetch_add(1, Ordering::Relaxed);
            }
        };
        assert_eq!(while_moving(slow, &sent, silence).await, Some(()));
        assert_eq!(while_moving(std::future::pending::<()>(), &sent, silence).await, None);
    }

    #[test]
    fn pieces_are_multiples_of_what_the_service_asks_for() {
        let table = [
            (None, Some(PIECE)),
            (Some(PIECE), Some(PIECE)),
            (Some(262_144), Some(PIECE)),
            (Some(3_000_000), Some(6_000_000)),
            (Some(2 * PIECE), Some(2 * PIECE)),
            (Some(0), None),
            (Some(u64::MAX), None),
        ];
        for (granularity, piece) in table {
            assert_eq!(piece_size(granularity), piece, "{granularity:?}");
        }
    }
}
