//! One upload session: it is begun, takes pieces, and is asked how far it came.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use reqwest::header::{self, HeaderMap};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::address::{LARGEST_PIECE, piece_size, pin};
use super::input::Input;
use crate::api::answered::{Answered, Told};
use crate::api::call::Call;
use crate::api::connection::Connection;
use crate::api::error::{Certainty, Error, Kind};
use crate::api::refusal::{Failed, Subject};
use crate::api::retry::{Attempt, Class, Fault};
use crate::api::{StoredFile, Upload, UploadSession, wire};
use crate::secret::SessionAddress;
use crate::text::clean_short;

/// Pieces of a piece, so that a slow line is told from a dead one.
const SLICE: usize = 64 << 10;
/// No answer to a piece is larger.
const ANSWER_CAP: usize = 1 << 20;

/// An upload session: an address that takes pieces. It has no `Debug`, because the address is a secret.
pub struct Session {
    url: Url,
    piece: u64,
    what: String,
}

/// How a session ended.
pub enum Outcome {
    /// The file is there; the service named it, or not.
    Done(Option<Box<StoredFile>>),
    /// The service does not know the session any more.
    Forgotten,
}

/// What the service says of a session.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It goes on; so many bytes are there, when it says so.
    Active(Option<u64>),
    /// The file is whole.
    Final(Option<Box<StoredFile>>),
    /// There is no such session any more.
    Forgotten,
}

impl Session {
    /// Begins a session, and tells its owner before anything is sent.
    pub async fn start(connection: &Connection, upload: &Upload<'_>, what: &str, size: u64) -> Result<Self, Error> {
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
        let Some(url) = text(headers, "x-goog-upload-url") else {
            return Err(match said_instead(connection, call, response).await {
                Some(failed) => failed.error,
                None => unexpected("the service gave no upload address"),
            });
        };
        let url = pin(connection.base(), url).map_err(|words| unexpected(&words))?;
        let granularity = text(headers, "x-goog-upload-chunk-granularity").and_then(|text| text.parse().ok());
        let piece = piece_size(granularity).ok_or_else(|| unexpected("the service asks for pieces of an odd size"))?;
        let begun = UploadSession { address: SessionAddress::new(url.as_str()), piece };
        (upload.begun)(begun).await;
        Ok(Session { url, piece, what: what.to_owned() })
    }

    /// Asks how far a session of an earlier run has come. `None` when it leads nowhere any more: then another is begun.
    pub async fn resume(
        connection: &Connection,
        known: &UploadSession,
        what: &str,
        size: u64,
    ) -> Result<Option<(Self, State)>, Error> {
        let url = pin(connection.base(), known.address.expose());
        let Some(url) = url.ok().filter(|_| (1..=LARGEST_PIECE).contains(&known.piece)) else { return Ok(None) };
        let session = Session { url, piece: known.piece, what: what.to_owned() };
        match connection.repeat(Class::Read, || session.query(connection)).await {
            Ok(State::Active(Some(received))) if received <= size => {
                tracing::debug!(received, size, "going on with an upload of an earlier run");
                Ok(Some((session, State::Active(Some(received)))))
            }
            Ok(State::Final(file)) => Ok(Some((session, State::Final(file)))),
            Ok(State::Active(_) | State::Forgotten) => Ok(None),
            // Whoever cannot be reached cannot begin another session either, and this one may still be good.
            Err(error) if matches!(error.kind, Kind::Offline | Kind::TimedOut | Kind::Quota) => Err(error),
            Err(error) => {
                tracing::debug!(%error, "the upload of an earlier run does not go on");
                Ok(None)
            }
        }
    }

    /// Sends everything from a byte on.
    pub async fn run(
        &self,
        connection: &Connection,
        upload: &Upload<'_>,
        input: &mut Input,
        from: u64,
    ) -> Result<Outcome, Error> {
        // What the service has, and the most that it ever had: a session that loses what it took gets no fresh attempts.
        let (mut at, mut furthest) = (from, from);
        let mut failures = 0;
        (upload.progress)(at, input.size);
        loop {
            let length = self.piece.min(input.size - at);
            let bytes = input.read(at, length).await?;
            let is_last = at + length == input.size;
            if is_last {
                // Only the last piece makes the file exist: what nobody meant to send goes no further than here.
                self.check(upload, input).await?;
            }
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

    async fn check(&self, upload: &Upload<'_>, input: &mut Input) -> Result<(), Error> {
        let Some(expected) = upload.sha256 else { return Ok(()) };
        if input.sha256().await? == expected {
            return Ok(());
        }
        let path = clean_short(&upload.path.display().to_string(), 200);
        let message = format!("{}: {path} was changed since it was checked", self.what);
        Err(Failed::last(Kind::Disk, Certainty::NotSent, message).error)
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

/// What the service said in the place of an address: an error inside a success, or the page of a proxy.
async fn said_instead(connection: &Connection, mut call: Call, mut response: Answered) -> Option<Failed> {
    call.may_be_empty = true;
    let mut body = BytesMut::new();
    while let Some(bytes) = connection.next_piece(&call, &mut response).await.ok().flatten() {
        body.extend_from_slice(&bytes);
        if body.len() > ANSWER_CAP {
            break;
        }
    }
    connection.parse(&call, &body).err()
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
