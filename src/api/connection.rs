//! One call over HTTP: the key goes to one origin, every wait has an end, every body has a cap.
//!
//! Everything that talks to the service goes through [`Connection::send`]. It follows no redirect that the client
//! library would follow, puts the key into no URL, and lets no URL into a message.

use std::error::Error as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::Value;
use tokio::time::timeout;

use super::answered::{Answered, Told};
use super::call::Call;
use super::client::{Timing, client};
use super::cut::Cut;
use super::error::{Certainty, Error, Kind};
use super::mask::Mask;
use super::pacing::Pacing;
use super::record::Recorder;
use super::refusal::{Failed, Headers, Refusal, plain_words};
use super::retry::{self, Bucket, Fault};
use super::tls;
use crate::clock::Stopwatch;
use crate::config::BaseUrl;
use crate::secret::ApiKey;
use crate::text::{clean_short, count};

/// No JSON answer is larger, once results were cut out of it.
const JSON_CAP: usize = 16 << 20;
/// No error is larger.
const ERROR_CAP: usize = 64 << 10;
/// Redirects of one read that are followed within the origin.
const MOST_REDIRECTS: usize = 3;
/// Bytes a second of a line that is slow, but not dead.
const SLOW_LINE: usize = 128 << 10;

/// A JSON answer.
pub struct Answer {
    /// The whole body.
    pub value: Value,
    /// The service's clock.
    pub server_time: Option<Timestamp>,
}

/// The way to one origin with one key.
pub struct Connection {
    client: Client,
    base: BaseUrl,
    key: ApiKey,
    key_header: HeaderValue,
    mask: Mask,
    /// How long things may take.
    pub timing: Timing,
    pub(super) bucket: Arc<Bucket>,
    recorder: Option<Arc<Recorder>>,
    pacing: Arc<Pacing>,
}

/// All calls of the process share it.
static BUCKET: LazyLock<Arc<Bucket>> = LazyLock::new(|| Arc::new(Bucket::full()));

impl Connection {
    /// Prepares a client; connects to nothing yet.
    pub fn new(base: &BaseUrl, key: &ApiKey, timing: Timing, bucket: Option<Arc<Bucket>>) -> Result<Self, Error> {
        let broken = |message: String| Failed::last(Kind::Unexpected, Certainty::NotSent, message).error;
        let url = Url::parse(&base.url("/")).ok();
        if url.is_none_or(|url| url.origin().ascii_serialization() != base.origin()) {
            return Err(broken(format!("the address {} is read in two ways", base.origin())));
        }
        let mut key_header = HeaderValue::from_str(key.expose())
            .map_err(|_| broken("the key has a character that a header cannot carry".to_owned()))?;
        key_header.set_sensitive(true);
        let client = client(base, timing)
            .map_err(|error| broken(format!("cannot prepare connections: {}", root_cause(&error))))?;
        let bucket = bucket.unwrap_or_else(|| BUCKET.clone());
        let (base, key, mask) = (base.clone(), key.clone(), Mask::of(key));
        let pacing = Arc::default();
        Ok(Connection { client, base, key, key_header, mask, timing, bucket, recorder: None, pacing })
    }

    /// The same, with every exchange written down.
    pub fn recorded(self, recorder: Option<Arc<Recorder>>) -> Self {
        Connection { recorder, ..self }
    }

    /// The same, with what the service asks for written down there.
    pub fn paced(self, pacing: Arc<Pacing>) -> Self {
        Connection { pacing, ..self }
    }

    /// Where the key goes.
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// The client, for the one exchange that carries no key: the pieces of an upload.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Text of the service for a message: without key, cleaned, cut.
    pub fn quote(&self, text: &str) -> String {
        clean_short(&self.key.redact(text), 200)
    }

    /// Sends one request and reads the head of its answer, whatever its status. Follows redirects of a GET within
    /// the origin; any other is an error that names where it points.
    pub async fn send(&self, call: &Call) -> Result<Answered, Failed> {
        let mut url = Url::parse(&self.base.url(&call.path))
            .map_err(|_| Failed::last(Kind::Invalid, Certainty::NotSent, format!("{}: not a path", call.what)))?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        for _ in 0..=MOST_REDIRECTS {
            let response = self.send_to(call, url.clone()).await?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            url = self.redirected(call, &url, &response)?;
        }
        let message = format!("{}: more than {}", call.what, count(MOST_REDIRECTS as u64, "redirect"));
        Err(Failed::last(Kind::Unexpected, Certainty::Unknown, message))
    }

    async fn send_to(&self, call: &Call, url: Url) -> Result<Answered, Failed> {
        let mut request = self.client.request(call.method.clone(), url.clone());
        request = request.header("x-goog-api-key", self.key_header.clone());
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if call.method != Method::GET {
            // An empty body is sent too: a POST without a length is refused by some servers.
            request = request.header(header::CONTENT_LENGTH, call.body.len()).body(call.body.clone());
        }
        // A body must first arrive; a read has nothing to wait for.
        let limit = if call.method == Method::GET { self.timing.headers } else { self.limit(call) };
        let started = Stopwatch::start();
        let told = Told { url: &url, headers: &call.headers, body: &call.body };
        let answered = timeout(limit, self.exchange(&call.method, told, request)).await;
        let millis = started.elapsed().as_millis();
        let (method, path) = (call.method.as_str(), call.path.as_str());
        match answered {
            Ok(Ok(response)) => {
                tracing::debug!(method, path, status = response.status().as_u16(), ms = millis, "answered");
                Ok(response)
            }
            Ok(Err(error)) => {
                let failed = self.broken(&call.what, &error);
                tracing::debug!(method, path, ms = millis, error = %failed.error, "failed");
                Err(failed)
            }
            Err(_) => {
                tracing::debug!(method, path, ms = millis, "no answer");
                Err(self.silent(&call.what, limit))
            }
        }
    }

    /// Sends a request, and writes it down if there is a recording.
    pub async fn exchange(
        &self,
        method: &Method,
        told: Told<'_>,
        request: RequestBuilder,
    ) -> Result<Answered, reqwest::Error> {
        let recorder = self.recorder.as_ref();
        let mut exchange = recorder.map(|recorder| recorder.request(method, told.url, told.headers, told.body));
        match request.send().await {
            Ok(response) => Ok(Answered::new(response, &self.mask, exchange)),
            Err(error) => {
                if let Some(exchange) = &mut exchange {
                    exchange.broken(&root_cause(&error));
                }
                Err(error)
            }
        }
    }

    fn redirected(&self, call: &Call, from: &Url, response: &Answered) -> Result<Url, Failed> {
        let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        let target = location.and_then(|location| from.join(location).ok());
        let is_same =
            |url: &Url| url.origin() == from.origin() && url.username().is_empty() && url.password().is_none();
        match target {
            Some(url) if call.method == Method::GET && is_same(&url) => Ok(url),
            target => {
                let origin = target.map_or_else(|| "nowhere".to_owned(), |url| url.origin().ascii_serialization());
                let message = format!("{}: unexpected redirect to {}", call.what, self.quote(&origin));
                Err(Failed::last(Kind::Unexpected, Certainty::Unknown, message))
            }
        }
    }

    /// Sends one request; an answer that is not a success becomes an error.
    pub async fn open(&self, call: &Call) -> Result<Answered, Failed> {
        let response = self.send(call).await?;
        if !response.status().is_success() {
            return Err(self.refused(call, response).await);
        }
        self.check_encoding(call, &response)?;
        Ok(response)
    }

    /// Bytes are passed on as they come, so an encoding that we did not ask for would be taken for content.
    pub fn check_encoding(&self, call: &Call, response: &Answered) -> Result<(), Failed> {
        match response.headers().get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
            None | Some(b"") | Some(b"identity") => Ok(()),
            Some(encoding) => {
                let encoding = self.quote(&String::from_utf8_lossy(encoding));
                let message = format!("{}: unexpected content encoding {encoding}", call.what);
                Err(Failed::last(Kind::Unexpected, Certainty::Unknown, message))
            }
        }
    }

    /// Reads an answer that says no.
    pub async fn refused(&self, call: &Call, mut response: Answered) -> Failed {
        let http = response.status().as_u16();
        let mut body = BytesMut::new();
        let read = async {
            while let Ok(Some(bytes)) = response.chunk().await {
                body.extend_from_slice(&bytes);
                if body.len() > ERROR_CAP {
                    body.truncate(ERROR_CAP);
                    break;
                }
            }
        };
        // Whatever part of it comes in time will do.
        let _ = timeout(self.timing.headers, read).await;
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let pacing = Headers { retry_after, date: server_time(response.headers()) };
        self.says_no(&Refusal::read(http, &body), call, pacing)
    }

    /// What a refusal means, after what it asks for was written down.
    fn says_no(&self, refusal: &Refusal, call: &Call, pacing: Headers<'_>) -> Failed {
        let failed = refusal.failed(&call.what, call.subject, &self.key, pacing);
        self.pacing.heard(&failed.error);
        failed
    }

    /// One request with a small JSON answer.
    pub async fn json(&self, call: &Call) -> Result<Answer, Failed> {
        let limit = self.limit(call);
        timeout(limit, self.large_json(call)).await.unwrap_or_else(|_| Err(self.silent(&call.what, limit)))
    }

    /// How long a call with a small answer may take. Inline requests can be 20 MB, which a slow line needs time for.
    fn limit(&self, call: &Call) -> Duration {
        let seconds = call.body.len() / SLOW_LINE;
        self.timing.call + Duration::from_secs(seconds as u64)
    }

    /// One request with a JSON answer that may hold results: they are cut out, so that memory is bounded, and it may
    /// take as long as it keeps coming.
    pub async fn large_json(&self, call: &Call) -> Result<Answer, Failed> {
        let mut response = self.open(call).await?;
        let server_time = server_time(response.headers());
        let mut cut = Cut::new(JSON_CAP);
        while let Some(bytes) = self.next_piece(call, &mut response).await? {
            if cut.push(&bytes).is_err() {
                let message = format!("{}: the answer is larger than 16 MiB", call.what);
                return Err(Failed::last(Kind::Unexpected, Certainty::Unknown, message));
            }
        }
        self.parse(call, &cut.finish()).map(|value| Answer { value, server_time })
    }

    /// Reads a JSON object; an error in its place, and anything else, is a failure.
    pub fn parse(&self, call: &Call, body: &[u8]) -> Result<Value, Failed> {
        if call.may_be_empty && body.trim_ascii().is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        match serde_json::from_slice::<Value>(body) {
            Ok(value) if value.is_object() => match Refusal::in_success(&value) {
                Some(refusal) => Err(self.says_no(&refusal, call, Headers::default())),
                None => Ok(value),
            },
            Ok(_) | Err(_) => {
                let said = plain_words(&String::from_utf8_lossy(&body[..body.len().min(4096)]));
                let said = self.quote(if said.is_empty() { "nothing" } else { &said });
                let origin = self.base.origin();
                let message = format!("{}: unexpected answer from {origin}: {said}", call.what);
                let failed = Failed::last(Kind::Unexpected, Certainty::Unknown, message);
                Err(Failed { fault: Fault::Garbled, ..failed })
            }
        }
    }

    /// The next piece of a body; `None` at its announced end.
    pub async fn next_piece(&self, call: &Call, response: &mut Answered) -> Result<Option<Bytes>, Failed> {
        match timeout(self.timing.silence, response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => {
                // A line that broke, not a service that talks nonsense: whoever waits for it goes on.
                let message = format!("{}: the answer was cut off: {}", call.what, self.quote(&root_cause(&error)));
                let failed = Failed::last(Kind::Offline, Certainty::Unknown, message);
                Err(Failed { fault: Fault::Broken, ..failed })
            }
            Err(_) => {
                let (origin, seconds) = (self.base.origin(), self.timing.silence.as_secs_f32());
                let message = format!("{}: stalled: nothing came from {origin} for {seconds} s", call.what);
                let failed = Failed::last(Kind::TimedOut, Certainty::Unknown, message);
                Err(Failed { fault: Fault::TimedOut, ..failed })
            }
        }
    }

    /// A connection that could not be made, or that broke.
    pub fn broken(&self, what: &str, error: &reqwest::Error) -> Failed {
        let cause = self.quote(&root_cause(error));
        let origin = self.base.origin();
        let (kind, certainty, fault, message) = if let Some(untrusted) = tls::trouble(error) {
            // Nothing was sent, and no second look makes a certificate better.
            let message = format!("{what}: {origin} cannot be trusted: {untrusted}");
            (Kind::Offline, Certainty::NotSent, Fault::Final, message)
        } else if error.is_connect() {
            let message = format!("{what}: no connection to {origin}: {cause}");
            (Kind::Offline, Certainty::NotSent, Fault::NotSent, message)
        } else if error.is_timeout() {
            (Kind::TimedOut, Certainty::Unknown, Fault::TimedOut, format!("{what}: {cause}"))
        } else if error.is_builder() {
            (Kind::Invalid, Certainty::NotSent, Fault::Final, format!("{what}: {cause}"))
        } else {
            let message = format!("{what}: the connection to {origin} broke: {cause}");
            (Kind::Offline, Certainty::Unknown, Fault::Broken, message)
        };
        Failed { error: Error { message, kind, certainty, retry_after: None, is_daily: false }, fault }
    }

    /// Nothing came for too long.
    pub fn silent(&self, what: &str, limit: Duration) -> Failed {
        let message = format!("{what}: no answer from {} within {} s", self.base.origin(), limit.as_secs_f32());
        let error =
            Error { message, kind: Kind::TimedOut, certainty: Certainty::Unknown, retry_after: None, is_daily: false };
        Failed { error, fault: Fault::TimedOut }
    }
}

/// The service's clock.
pub fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    retry::http_date(headers.get(header::DATE)?.to_str().ok()?)
}

/// The last cause of an error: reqwest's own words name the URL.
pub fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
    let mut text = None;
    while let Some(error) = cause {
        text = Some(error.to_string());
        cause = error.source();
    }
    text.unwrap_or_else(|| if error.is_timeout() { "timed out".to_owned() } else { "no cause is known".to_owned() })
}
