//! Answers, and the bodies they have.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body as _, Frame};
use serde_json::Value;

use crate::sim::world::{Flow, Refusal};

/// Any body.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;
/// Any answer.
pub type Reply = Response<Body>;

/// A body that is at hand.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// JSON as the service writes it.
pub fn json(status: u16, value: &Value) -> Reply {
    let mut reply = Response::new(full(serde_json::to_vec_pretty(value).unwrap_or_default()));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    reply
}

/// A refusal.
pub fn refuse(refusal: &Refusal) -> Reply {
    json(refusal.code, &refusal.to_json())
}

/// An empty answer with these headers.
pub fn empty(headers: &[(&'static str, String)]) -> Reply {
    let mut reply = Response::new(full(Bytes::new()));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            reply.headers_mut().insert(*name, value);
        }
    }
    reply
}

/// A page of HTML, as a proxy would answer.
pub fn html(status: u16) -> Reply {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Error {status}</title></head>\
         <body><h1>{status}</h1><p>A proxy answered in place of the service.</p></body></html>\n"
    );
    let mut reply = Response::new(full(page));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=UTF-8"));
    reply
}

/// A body that is made while it is sent. Its length is announced if `announced` says so.
pub fn flowing(flow: Flow, content_type: &'static str, announced: bool) -> Reply {
    let length = flow.len();
    let body = stream::unfold(flow, |mut flow| async move {
        match flow.next() {
            Ok(Some(chunk)) => Some((Ok(Frame::data(chunk)), flow)),
            Ok(None) => None,
            Err(error) => Some((Err(error), flow)),
        }
    });
    let mut reply = Response::new(streamed(body));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if announced {
        reply.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    reply
}

fn streamed(stream: impl Stream<Item = io::Result<Frame<Bytes>>> + Send + 'static) -> Body {
    StreamBody::new(stream).boxed_unsync()
}

/// Time for the bytes before a break to leave.
const FLUSH: Duration = Duration::from_millis(40);

/// How a body that is cut short ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The connection breaks in the middle of what was announced.
    Broken,
    /// As if that were all.
    Early,
    /// Nothing comes any more, and the connection stays open.
    Stalled,
}

/// Cuts the body of an answer after so many bytes; in its middle when that is not said.
pub fn cut(reply: Reply, ending: Ending, after: Option<u64>) -> Reply {
    let (mut head, body) = reply.into_parts();
    let announced = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let length = announced.or(body.size_hint().exact());
    // A body of unknown length has no middle; the first chunk of results is larger than this.
    let limit = after.unwrap_or(length.map_or(20_000, |length| length / 2));
    match (ending, length) {
        (Ending::Broken | Ending::Stalled, Some(length)) => {
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        (Ending::Early, _) | (_, None) => {
            head.headers.remove(CONTENT_LENGTH);
        }
    }
    let body = stream::unfold((body, 0u64), move |(mut body, sent)| async move {
        if sent >= limit {
            match ending {
                Ending::Early => return None,
                Ending::Broken => {
                    // What stands before the break is still in hyper's buffer; a pause lets it go out first.
                    tokio::time::sleep(FLUSH).await;
                    return Some((Err(io::Error::other("cut by the scenario")), (body, sent)));
                }
                Ending::Stalled => std::future::pending::<()>().await,
            }
        }
        let mut data = match body.frame().await?.map(Frame::into_data) {
            Ok(Ok(data)) => data,
            Ok(Err(_)) => return None,
            Err(error) => return Some((Err(error), (body, sent))),
        };
        data.truncate(usize::try_from(limit - sent).unwrap_or(usize::MAX));
        let sent = sent + data.len() as u64;
        Some((Ok(Frame::data(data)), (body, sent)))
    });
    Reply::from_parts(head, streamed(body))
}
