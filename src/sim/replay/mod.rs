//! A recording in place of the service: every request gets the answer that it got then.
//!
//! The first request of a kind gets the first answer that was recorded for it, the second the second, and when all are
//! used up the last one again, so that polling goes on. What was never asked is not invented: it is refused by name.
//! Where an answer broke off, it breaks off here.

mod tape;

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use reqwest::Url;
use tokio::net::TcpListener;

use super::server::Socket;
use super::server::reply::{self, Body, Reply};
use super::world::Refusal;
use crate::exchange::{Begin, without_secrets};
use tape::{Ending, Found, Kind, Tape};

pub use tape::ReplayError;

/// Reads a recording and serves it on any port of the loopback interface. Blocks on the disk while it reads.
pub async fn replay(path: &Path) -> Result<(Socket, Begin), ReplayError> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || Tape::read(&path)).await;
    let tape = Arc::new(read.expect("reading a recording does not panic")?);
    let begin = tape.begin.clone();
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.map_err(ReplayError::Listen)?;
    let socket =
        Socket::open(listener, move |request| answer(Arc::clone(&tape), request)).map_err(ReplayError::Listen)?;
    Ok((socket, begin))
}

/// An error closes the connection without an answer.
async fn answer(tape: Arc<Tape>, request: Request<Incoming>) -> io::Result<Reply> {
    let (head, body) = request.into_parts();
    let host = head.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let query = url_pairs(head.uri.query().unwrap_or_default());
    let kind = Kind {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: without_secrets(query),
        range: text("range"),
        command: text("x-goog-upload-command"),
    };
    // What is sent is not looked at, but it must be read before an answer is.
    let mut body = body;
    while let Some(frame) = body.frame().await {
        frame.map_err(io::Error::other)?;
    }
    let Some(found) = tape.next(&kind) else {
        let message = format!("{} {} is not in the recording.", kind.method, kind.path);
        return Ok(reply::json(404, &Refusal::new(404, message).to_json()));
    };
    let Found { head: Some(recorded), pieces, ending } = found else {
        return Err(io::Error::other("no answer was recorded"));
    };
    let file = tape.file.try_clone()?;
    let mut reply = Reply::new(body_of(file, pieces, ending));
    *reply.status_mut() = StatusCode::from_u16(recorded.status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in &recorded.headers {
        // How the bytes travelled then says nothing about how they travel now.
        let is_of_the_way = [CONNECTION.as_str(), TRANSFER_ENCODING.as_str()].contains(&name.as_str());
        if is_of_the_way || (name == CONTENT_LENGTH.as_str() && recorded.is_rewritten) {
            continue;
        }
        let value = if name.starts_with("x-goog-upload-url") { here(value, &host) } else { value.clone() };
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(&value)) {
            reply.headers_mut().append(name, value);
        }
    }
    Ok(reply)
}

/// The bytes of an answer, read from the recording while they are sent.
fn body_of(file: File, pieces: Vec<tape::Place>, ending: Ending) -> Body {
    let file = Arc::new(file);
    let pieces = stream::unfold((pieces.into_iter(), false), move |(mut pieces, over)| {
        let file = Arc::clone(&file);
        async move {
            if over {
                return None;
            }
            if let Some(place) = pieces.next() {
                let read = tokio::task::spawn_blocking(move || tape::piece(&file, place)).await;
                let bytes = read.map_err(io::Error::other).and_then(|bytes| bytes);
                let failed = bytes.is_err();
                return Some((bytes.map(|bytes| Frame::data(Bytes::from(bytes))), (pieces, failed)));
            }
            match ending {
                Ending::Whole => None,
                Ending::Broken => Some((Err(io::Error::other("the recorded answer broke off here")), (pieces, true))),
            }
        }
    });
    StreamBody::new(pieces).boxed_unsync()
}

fn url_pairs(query: &str) -> Vec<(String, String)> {
    Url::parse(&format!("http://h/?{query}"))
        .map(|url| url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
        .unwrap_or_default()
}

/// The address of an upload session, on this server; as it was when it is none.
fn here(value: &str, host: &str) -> String {
    let moved = || {
        let (mut url, base) = (Url::parse(value).ok()?, Url::parse(&format!("http://{host}")).ok()?);
        url.set_scheme("http").ok()?;
        url.set_host(base.host_str()).ok()?;
        url.set_port(base.port()).ok()?;
        Some(url.to_string())
    };
    moved().unwrap_or_else(|| value.to_owned())
}
