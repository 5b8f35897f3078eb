//! Writes down every exchange with the service, without the key, for `--record`.
//!
//! A recording that cannot be written any more ends; the session goes on. Bytes of a body are held back a little, so that
//! a key that stands across two pieces is found all the same.

use std::fmt;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};

use crate::clock::{Clock, Stopwatch};
use crate::exchange::{Begin, Head, Line, Octets, Request, without_secrets};
use crate::secret::ApiKey;

/// Longer than any key: so much of a body waits for what follows it.
const HELD: usize = 600;

/// Takes the lines of a recording.
pub struct Recorder {
    sink: Mutex<Option<Box<dyn Write + Send>>>,
    key: ApiKey,
    began: Stopwatch,
    last: AtomicU64,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

impl Recorder {
    /// Begins a recording of the talk with an origin.
    pub fn begin(sink: Box<dyn Write + Send>, key: &ApiKey, origin: &str, clock: &Clock) -> Self {
        let recorder = Recorder {
            sink: Mutex::new(Some(sink)),
            key: key.clone(),
            began: Stopwatch::start(),
            last: AtomicU64::new(0),
        };
        recorder.write(&Line::Begin(Begin {
            program: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
            origin: origin.to_owned(),
            at: clock.now(),
        }));
        recorder
    }

    /// Writes a request down and gives what takes its answer.
    pub(super) fn request(
        self: &std::sync::Arc<Self>,
        method: &Method,
        url: &Url,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> Exchange {
        let n = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let query = without_secrets(url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())));
        let hidden = |(name, value): (String, String)| (name, self.key.redact(&value));
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).map(hidden);
        self.write(&Line::Request(Request {
            n,
            ms: self.ms(),
            method: method.to_string(),
            path: self.key.redact(url.path()),
            query: query.into_iter().map(hidden).collect(),
            headers: headers.collect(),
            body: Octets::of(&self.redacted(body)),
        }));
        Exchange { recorder: self.clone(), n, held: Vec::new(), is_over: false }
    }

    fn ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The bytes without the key and without anything shaped like one. A key is ASCII, so it stands in text, whatever
    /// stands around it.
    fn redacted(&self, bytes: &[u8]) -> Vec<u8> {
        let mut clean = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            clean.extend_from_slice(self.key.redact(chunk.valid()).as_bytes());
            clean.extend_from_slice(chunk.invalid());
        }
        clean
    }

    fn write(&self, line: &Line) {
        let mut text = serde_json::to_string(line).expect("a line of a recording can be written");
        text.push('\n');
        let mut sink = self.sink.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(open) = sink.as_mut() else { return };
        // One write a line, so that a killed program leaves whole lines.
        if let Err(error) = open.write_all(text.as_bytes()) {
            tracing::warn!(%error, "the recording ends here: it cannot be written any more");
            *sink = None;
        }
    }
}

/// One request and its answer.
pub(super) struct Exchange {
    recorder: std::sync::Arc<Recorder>,
    n: u64,
    /// The last bytes of the body, which may be the beginning of a key.
    held: Vec<u8>,
    is_over: bool,
}

impl Exchange {
    /// The head of the answer. Headers that lead to an upload session lose its address.
    pub(super) fn head(&self, status: u16, headers: &HeaderMap) {
        let value = |name: &str, value: &str| match Url::parse(value) {
            Ok(mut url) if name.starts_with("x-goog-upload") || name == "location" => {
                let pairs = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
                let pairs = without_secrets(pairs);
                if !pairs.is_empty() {
                    url.query_pairs_mut().clear().extend_pairs(pairs);
                }
                url.to_string()
            }
            Ok(_) | Err(_) => value.to_owned(),
        };
        let redact = |text: &[u8]| self.recorder.key.redact(&String::from_utf8_lossy(text));
        // This one is the secret part of an upload's address by itself.
        let headers = headers.iter().filter(|(name, _)| name.as_str() != "x-guploader-uploadid");
        let headers = headers.map(|(name, text)| (name.to_string(), value(name.as_str(), &redact(text.as_bytes()))));
        let ms = self.recorder.ms();
        self.recorder.write(&Line::Head(Head { n: self.n, ms, status, headers: headers.collect() }));
    }

    /// Bytes of the body. Whole keys are replaced at once; the beginning of one is within what is held back.
    pub(super) fn piece(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        self.held = self.recorder.redacted(&self.held);
        let mut at = self.held.len().saturating_sub(HELD);
        // Not in the middle of a character.
        while at > 0 && self.held[at] & 0b1100_0000 == 0b1000_0000 {
            at -= 1;
        }
        if at > 0 {
            let rest = self.held.split_off(at);
            self.flush();
            self.held = rest;
        }
    }

    /// The body is whole.
    pub(super) fn end(&mut self) {
        self.flush();
        if !self.is_over {
            self.is_over = true;
            self.recorder.write(&Line::End { n: self.n, ms: self.recorder.ms() });
        }
    }

    /// There was no answer, or it broke off.
    pub(super) fn broken(&mut self, why: &str) {
        self.flush();
        if !self.is_over {
            self.is_over = true;
            let why = self.recorder.key.redact(why);
            self.recorder.write(&Line::Broken { n: self.n, ms: self.recorder.ms(), why });
        }
    }

    fn flush(&mut self) {
        if !self.held.is_empty() {
            let bytes = Octets::of(&std::mem::take(&mut self.held));
            self.recorder.write(&Line::Piece { n: self.n, ms: self.recorder.ms(), bytes });
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.broken("nobody waited for the rest");
    }
}
