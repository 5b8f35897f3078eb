//! One request from its first byte to the end of its answer: log, faults, key, call.

use std::future::pending;
use std::io;
use std::sync::Arc;

use http::header::{DATE, LOCATION};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use serde_json::{Value, json};

use super::Shared;
use super::calls::{self, Asked};
use super::journal::Recorded;
use super::reply::{self, Ending, Reply};
use super::route::{parameter, route, unknown_parameter, without_key};
use crate::sim::call::Call;
use crate::sim::scenario::{Answer, Fault};
use crate::sim::world::Refusal;

/// Answers a request. An error closes the connection without an answer.
pub async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> io::Result<Reply> {
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let query = head.uri.query().unwrap_or_default().to_owned();
    let route = route(&head.method, head.uri.path(), header("x-goog-upload-command"));
    let call = route.call;
    let occurrence = shared.journal().note(recorded(&head, call, &query));
    let fault = shared.faults().iter().find(|fault| fault.applies(call, occurrence)).cloned();
    let host = header("host").filter(|host| is_host(host)).map_or_else(|| shared.addr.to_string(), str::to_owned);
    let asked = Asked { route, query, headers: head.headers.clone(), origin: format!("http://{host}") };
    let mut reply = match fault {
        Some(fault) => faulty(&shared, asked, body, fault).await?,
        None => usual(&shared, asked, body).await,
    };
    let date = shared.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        reply.headers_mut().insert(DATE, date);
    }
    Ok(reply)
}

fn recorded(head: &http::request::Parts, call: Call, query: &str) -> Recorded {
    let value = |name: &http::HeaderName, value: &HeaderValue| {
        if name == "x-goog-api-key" {
            "[key]".to_owned()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        }
    };
    Recorded {
        call,
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: without_key(query),
        headers: head.headers.iter().map(|(name, v)| (name.to_string(), value(name, v))).collect(),
        key_in_header: head.headers.contains_key("x-goog-api-key"),
        key_in_query: parameter(query, "key").is_some(),
    }
}

/// Whether a `Host` may become part of a URL.
fn is_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-[]".contains(&b))
}

async fn usual(shared: &Arc<Shared>, asked: Asked, body: Incoming) -> Reply {
    let call = asked.route.call;
    if let Err(refusal) = check(shared, &asked) {
        drain(body).await;
        return upload_status(call, reply::refuse(&refusal));
    }
    match calls::call(shared, asked, body).await {
        Ok(reply) => reply,
        Err(refusal) => upload_status(call, reply::refuse(&refusal)),
    }
}

/// The SDKs repeat a chunk until an answer has this header, refusals included.
fn upload_status(call: Call, mut reply: Reply) -> Reply {
    if call == Call::UploadChunk || call == Call::UploadStart {
        reply.headers_mut().insert("x-goog-upload-status", HeaderValue::from_static("final"));
    }
    reply
}

/// Reads a small body that nobody wants, so that the connection can be used again.
async fn drain(body: Incoming) {
    if body.size_hint().upper().is_some_and(|length| length <= 1 << 20) {
        let _ = body.collect().await;
    }
}

fn check(shared: &Shared, asked: &Asked) -> Result<(), Refusal> {
    let call = asked.route.call;
    if call == Call::Unknown {
        return Err(Refusal::new(404, "Method not found."));
    }
    // The id of a session is a secret of its own.
    let is_session = parameter(&asked.query, "upload_id").is_some();
    if !(is_session && [Call::UploadChunk, Call::UploadQuery, Call::UploadCancel].contains(&call)) {
        let key = asked.header("x-goog-api-key").map(str::to_owned).or_else(|| parameter(&asked.query, "key"));
        match key.as_deref().map(str::trim) {
            None | Some("") => return Err(Refusal::no_key()),
            Some(key) if key == "bad" || key.starts_with("invalid") => return Err(Refusal::bad_key()),
            Some(key) if shared.refused_keys.iter().any(|refused| refused == key) => return Err(Refusal::bad_key()),
            Some(_) => {}
        }
    }
    match unknown_parameter(&asked.query, call) {
        Some(name) => Err(Refusal::invalid(format!(
            "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. \
             Field '{name}' could not be found in request message."
        ))),
        None => Ok(()),
    }
}

async fn faulty(shared: &Arc<Shared>, asked: Asked, body: Incoming, fault: Fault) -> io::Result<Reply> {
    if !fault.delay.0.is_zero() {
        tokio::time::sleep(fault.delay.0).await;
    }
    let ending = match fault.answer {
        Answer::Usual if fault.status.is_none() => return Ok(usual(shared, asked, body).await),
        Answer::Cut => Some(Ending::Broken),
        Answer::CutUnannounced => Some(Ending::Early),
        Answer::Stall => Some(Ending::Stalled),
        Answer::Usual
        | Answer::Close
        | Answer::Silence
        | Answer::Html
        | Answer::HtmlOk
        | Answer::Empty
        | Answer::Array
        | Answer::Redirect
        | Answer::BadName => None,
    };
    if let Some(ending) = ending {
        return Ok(reply::cut(usual(shared, asked, body).await, ending, fault.after_bytes));
    }
    if fault.processed {
        let _ = usual(shared, asked, body).await;
    } else {
        drain(body).await;
    }
    match fault.answer {
        Answer::Close => Err(io::Error::other("closed by the scenario")),
        Answer::Silence => pending().await,
        Answer::Html => Ok(reply::html(fault.status.unwrap_or(502))),
        Answer::HtmlOk => Ok(reply::html(200)),
        Answer::Empty => Ok(reply::empty(&[])),
        Answer::BadName => Ok(reply::json(200, &json!({ "name": "../../x", "metadata": {} }))),
        Answer::Redirect => {
            let mut reply = reply::empty(&[]);
            *reply.status_mut() =
                StatusCode::from_u16(fault.status.unwrap_or(307)).unwrap_or(StatusCode::TEMPORARY_REDIRECT);
            let location = fault.location.unwrap_or_else(|| "http://127.0.0.1:9/".to_owned());
            if let Ok(location) = HeaderValue::from_str(&location) {
                reply.headers_mut().insert(LOCATION, location);
            }
            Ok(reply)
        }
        Answer::Array => {
            let refusal = refusal(&fault);
            Ok(reply::json(refusal.code, &Value::Array(vec![refusal.to_json()])))
        }
        Answer::Usual | Answer::Cut | Answer::CutUnannounced | Answer::Stall => Ok(reply::refuse(&refusal(&fault))),
    }
}

fn refusal(fault: &Fault) -> Refusal {
    let code = fault.status.unwrap_or(500);
    let is_paced = fault.per_day || fault.retry_delay.is_some();
    let usual = match code {
        429 if is_paced => "You exceeded your current quota, please check your plan and billing details.",
        429 => {
            "You exceeded your current quota, please check your plan and billing details. For more information on this \
             error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: \
             https://ai.dev/rate-limit. "
        }
        500 => {
            "An internal error has occurred. Please retry or report in \
             https://developers.generativeai.google/guide/troubleshooting"
        }
        503 => "The model is overloaded. Please try again later.",
        504 => "Deadline expired before operation could complete.",
        _ => "The service could not do that.",
    };
    let mut refusal = Refusal::new(code, fault.message.clone().unwrap_or_else(|| usual.to_owned()));
    if code == 429 && !is_paced {
        refusal.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{
                "description": "Learn more about Gemini API quotas",
                "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
            }],
        }));
    }
    if fault.per_day {
        refusal.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{
                "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
                "quotaDimensions": { "location": "global", "model": "gemini-3.1-flash-tts-preview" },
                "quotaValue": "15",
            }],
        }));
    }
    if let Some(delay) = &fault.retry_delay {
        refusal.details.push(json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay }));
    }
    refusal
}
