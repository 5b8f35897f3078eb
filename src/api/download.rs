//! Bytes from the service, from any offset on, through breaks of the connection.
//!
//! A download has no total time limit; silence has one. Ranges are documented nowhere for this service, so an offset
//! is a wish: only a 206 with the right `Content-Range` fulfils it, and everything else starts at 0 again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap};

use super::Download;
use super::answered::Answered;
use super::call::Call;
use super::connection::Connection;
use super::error::{Certainty, Error, Kind};
use super::refusal::{Failed, Subject};
use super::retry::{Attempt, Class, Fault};
use crate::job::{FileName, JobName};

/// So much must have come before a break counts as the first one again.
const PROGRESS: u64 = 1 << 20;

/// Opens a results file at an offset.
pub async fn file(connection: Arc<Connection>, file: &FileName, from: u64) -> Result<Download, Error> {
    // The first path is what SDKs use, the second what the documents say; a service may know only one of them.
    let sdk = path(format!("/v1beta/{file}:download"), file);
    match open(connection.clone(), sdk, from).await {
        Err(error) if error.kind == Kind::NotFound => {
            let documented = path(format!("/download/v1beta/{file}:download"), file);
            open(connection, documented, from).await.map_err(|_| error)
        }
        result => result,
    }
}

/// Opens the whole answer to a GET of a job. It is made anew for every request, so a break ends it.
pub async fn job(connection: Arc<Connection>, name: &JobName) -> Result<Download, Error> {
    let call = Call::get(format!("cannot read the results of {name}"), format!("/v1beta/{name}"));
    let source = Source { call, resumes: false };
    open(connection, source, 0).await
}

fn path(path: String, file: &FileName) -> Source {
    let mut call = Call::get(format!("cannot download {file}"), path);
    call.subject = Subject::File;
    call.query.push(("alt", "media".to_owned()));
    Source { call, resumes: true }
}

/// What is downloaded.
struct Source {
    call: Call,
    /// Whether the same bytes can be asked for again.
    resumes: bool,
}

/// An answer whose head was read and understood.
struct Opened {
    response: Option<Answered>,
    from: u64,
    total: Option<u64>,
    etag: Option<String>,
}

async fn open(connection: Arc<Connection>, source: Source, from: u64) -> Result<Download, Error> {
    let opened = connection.repeat(Class::Read, || attempt(&connection, &source.call, from)).await?;
    let (from, total) = (opened.from, opened.total);
    let flow = Flow { connection, source, opened, at: from, skip: 0, breaks: 0, since_break: 0, over: false };
    let body: BoxStream<'static, Result<Bytes, Error>> = stream::unfold(flow, Flow::next).boxed();
    Ok(Download { from, total, body })
}

async fn attempt(connection: &Connection, call: &Call, from: u64) -> Result<Opened, Failed> {
    if from == 0 {
        return whole(connection, call).await;
    }
    let mut ranged =
        Call { headers: call.headers.clone(), query: call.query.clone(), ..Call::get(&call.what, &call.path) };
    ranged.subject = call.subject;
    ranged.headers.push(("range", format!("bytes={from}-")));
    let response = connection.send(&ranged).await?;
    match response.status() {
        StatusCode::PARTIAL_CONTENT => {
            connection.check_encoding(call, &response)?;
            match content_range(response.headers()) {
                Some(range) if range.first == from => {
                    let announced = response.content_length().map(|length| from.saturating_add(length));
                    let etag = etag(response.headers());
                    Ok(Opened { from, total: range.total.or(announced), etag, response: Some(response) })
                }
                // Other bytes than those asked for must not be appended.
                Some(_) | None => whole(connection, call).await,
            }
        }
        StatusCode::RANGE_NOT_SATISFIABLE => match unsatisfied_total(response.headers()) {
            Some(total) if total == from => {
                Ok(Opened { from, total: Some(total), etag: etag(response.headers()), response: None })
            }
            Some(_) | None => whole(connection, call).await,
        },
        status if status.is_success() => started_over(connection, call, response).await,
        _ => Err(connection.refused(call, response).await),
    }
}

async fn whole(connection: &Connection, call: &Call) -> Result<Opened, Failed> {
    let response = connection.send(call).await?;
    if !response.status().is_success() {
        return Err(connection.refused(call, response).await);
    }
    started_over(connection, call, response).await
}

async fn started_over(connection: &Connection, call: &Call, response: Answered) -> Result<Opened, Failed> {
    connection.check_encoding(call, &response)?;
    let unexpected = |words: &str| {
        let message = format!("{}: unexpected answer from {}: {words}", call.what, connection.base().origin());
        let failed = Failed::last(Kind::Unexpected, Certainty::Unknown, message);
        Failed { fault: Fault::Garbled, ..failed }
    };
    if response.status() != StatusCode::OK {
        return Err(unexpected(&format!("HTTP {} where the whole file was asked for", response.status().as_u16())));
    }
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|value| value.trim().to_ascii_lowercase().starts_with("text/html")) {
        return Err(unexpected("a web page"));
    }
    let (total, etag) = (response.content_length(), etag(response.headers()));
    Ok(Opened { from: 0, total, etag, response: Some(response) })
}

/// A download on its way.
struct Flow {
    connection: Arc<Connection>,
    source: Source,
    opened: Opened,
    /// The offset of the next byte that the caller gets.
    at: u64,
    /// Bytes that the caller has already, of an answer that started over.
    skip: u64,
    breaks: u32,
    since_break: u64,
    over: bool,
}

impl Flow {
    async fn next(mut self) -> Option<(Result<Bytes, Error>, Flow)> {
        while !self.over {
            let failed = match self.piece().await {
                Ok(Some(bytes)) => return Some((Ok(bytes), self)),
                Ok(None) => {
                    self.over = true;
                    continue;
                }
                Err(failed) => failed,
            };
            if let Err(error) = self.mend(failed).await {
                self.over = true;
                return Some((Err(error), self));
            }
        }
        None
    }

    /// The next bytes that the caller does not have yet.
    async fn piece(&mut self) -> Result<Option<Bytes>, Failed> {
        loop {
            let Some(response) = &mut self.opened.response else { return Ok(None) };
            let Some(mut bytes) = self.connection.next_piece(&self.source.call, response).await? else {
                return self.at_end();
            };
            let known = self.skip.min(bytes.len() as u64);
            self.skip -= known;
            bytes = bytes.split_off(usize::try_from(known).expect("not more than the length of these bytes"));
            if bytes.is_empty() {
                continue;
            }
            self.at += bytes.len() as u64;
            self.since_break += bytes.len() as u64;
            return Ok(Some(bytes));
        }
    }

    /// A body that simply ends is complete only if nothing else was announced.
    fn at_end(&self) -> Result<Option<Bytes>, Failed> {
        match self.opened.total {
            Some(total) if self.at < total || self.skip > 0 => {
                let what = &self.source.call.what;
                let message = format!("{what}: the answer ended after {} of {total} bytes", self.at);
                let failed = Failed::last(Kind::Unexpected, Certainty::Unknown, message);
                Err(Failed { fault: Fault::Broken, ..failed })
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Opens the rest of the file after a break.
    async fn mend(&mut self, failed: Failed) -> Result<(), Error> {
        if !self.source.resumes {
            return Err(failed.error);
        }
        if self.since_break >= PROGRESS {
            self.breaks = 0;
        }
        (self.breaks, self.since_break) = (self.breaks + 1, 0);
        let attempt_now = Attempt {
            class: Class::Read,
            fault: failed.fault,
            failed: self.breaks,
            waited: Duration::ZERO,
            asked: failed.error.retry_after,
        };
        self.connection.pause(attempt_now, failed.error).await?;
        let (connection, call, at) = (&self.connection, &self.source.call, self.at);
        let opened = connection.repeat(Class::Read, || attempt(connection, call, at)).await?;
        if is_other(&self.opened.etag, &opened.etag) || is_other(&self.opened.total, &opened.total) {
            let message = format!("{}: the file changed while it was read", call.what);
            return Err(Failed::last(Kind::Unexpected, Certainty::Unknown, message).error);
        }
        self.skip = self.at - opened.from;
        let (total, etag) = (opened.total.or(self.opened.total), opened.etag.or(self.opened.etag.take()));
        self.opened = Opened { response: opened.response, from: opened.from, total, etag };
        Ok(())
    }
}

fn is_other<T: PartialEq>(before: &Option<T>, after: &Option<T>) -> bool {
    matches!((before, after), (Some(before), Some(after)) if before != after)
}

fn etag(headers: &HeaderMap) -> Option<String> {
    headers.get(header::ETAG)?.to_str().ok().map(str::to_owned)
}

struct ContentRange {
    first: u64,
    total: Option<u64>,
}

/// Reads `bytes 10-99/100` and `bytes 10-99/*`.
fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (span, total) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = span.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let total = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    // A part that stops before the end would look like a whole rest.
    let is_rest = total.is_none_or(|total: u64| last.checked_add(1) == Some(total));
    (first <= last && is_rest).then_some(ContentRange { first, total })
}

/// Reads `bytes */100`.
fn unsatisfied_total(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_RANGE)?.to_str().ok()?.trim().strip_prefix("bytes */")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_range_to_the_end_counts() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_RANGE, text.parse().unwrap());
            content_range(&headers).map(|range| (range.first, range.total))
        };
        assert_eq!(read("bytes 10-99/100"), Some((10, Some(100))));
        assert_eq!(read("bytes 10-99/*"), Some((10, None)));
        for wrong in
            ["bytes 10-50/100", "bytes 99-10/100", "items 1-2/3", "bytes */100", "bytes 10-18446744073709551615/7", ""]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
