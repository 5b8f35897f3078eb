//! An answer that says no, read and turned into an [`Error`].
//!
//! Pure. Decided by HTTP status, `error.status` and `ErrorInfo.reason` alone: the service's message may change.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::error::{Certainty, Error, Kind};
use super::retry::{Fault, asked_wait};
use super::wire::Object;
use crate::secret::ApiKey;
use crate::text::clean_short;

/// What a call is about; a refusal means different things for different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A stored file: 403 means expired, deleted, or another project's.
    File,
    /// A look at one job by its name: the service calls a name that it does not know malformed, so 400 means that there
    /// is none.
    Job,
    /// Anything else.
    Other,
}

/// A failed attempt: the error, and what repeating depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// What the caller will see.
    pub error: Error,
    /// Why, for the retry policy.
    pub fault: Fault,
}

impl Failed {
    /// A failure that no repetition helps.
    pub fn last(kind: Kind, certainty: Certainty, message: impl Into<String>) -> Self {
        Failed {
            error: Error { message: message.into(), kind, certainty, retry_after: None, is_daily: false },
            fault: Fault::Final,
        }
    }
}

/// An error body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refusal {
    http: u16,
    /// Whether it is Google's own envelope, and not the words of a proxy.
    has_envelope: bool,
    status: Option<String>,
    reason: Option<String>,
    message: String,
    retry_delay: Option<String>,
    is_daily: bool,
}

/// Pacing headers of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    /// `Retry-After`.
    pub retry_after: Option<&'a str>,
    /// `Date`.
    pub date: Option<Timestamp>,
}

impl Refusal {
    /// Reads the body of an answer with an error status.
    pub fn read(http: u16, body: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let value = match &value {
            // The body may be an array of one.
            Value::Array(elements) => elements.first().unwrap_or(&Value::Null),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => &value,
        };
        Self::in_json(http, value).unwrap_or_else(|| Refusal {
            http,
            message: plain_words(&String::from_utf8_lossy(body)),
            ..Refusal::default()
        })
    }

    /// An answer of status 200 that holds an error and nothing else.
    pub fn in_success(value: &Value) -> Option<Self> {
        let object = Object::of(value)?;
        if object.get("name").is_some() || object.get("metadata").is_some() {
            return None;
        }
        let code = object.object("error")?.number("code").and_then(|code| u16::try_from(code).ok());
        Self::in_json(code.filter(|code| (400..600).contains(code)).unwrap_or(200), value)
    }

    fn in_json(http: u16, value: &Value) -> Option<Self> {
        let error = Object::of(value)?.get("error")?;
        if let Some(text) = error.as_str() {
            return Some(Refusal { http, message: text.trim().to_owned(), ..Refusal::default() });
        }
        let error = Object::of(error)?;
        let details: Vec<Object<'_>> = error.elements("details").iter().filter_map(Object::of).collect();
        let is_daily = details.iter().flat_map(|detail| detail.elements("violations")).any(|violation| {
            let id = Object::of(violation).and_then(|violation| violation.raw_text("quotaId"));
            id.is_some_and(|id| id.contains("PerDay"))
        });
        let in_details = |name| details.iter().find_map(|detail| detail.raw_text(name)).map(str::to_owned);
        Some(Refusal {
            http,
            has_envelope: error.get("code").is_some() || error.get("status").is_some(),
            status: error.raw_text("status").map(str::to_owned),
            reason: in_details("reason"),
            message: error.raw_text("message").unwrap_or_default().trim().to_owned(),
            retry_delay: in_details("retryDelay"),
            is_daily,
        })
    }

    fn kind(&self, subject: Subject) -> Kind {
        // A bad key is 400 INVALID_ARGUMENT, not 401. A proxy may drop the reason and leave only the words.
        let reason = self.reason.as_deref().unwrap_or_default();
        if reason.starts_with("API_KEY_") || (self.http == 400 && self.message.starts_with("API key ")) {
            return Kind::Key;
        }
        match (self.http, subject) {
            (401, _) | (403, Subject::Job | Subject::Other) => Kind::Key,
            (403, Subject::File) | (404, _) => Kind::NotFound,
            (400, Subject::Job) if self.status.as_deref() != Some("FAILED_PRECONDITION") => Kind::NotFound,
            (408, _) => Kind::TimedOut,
            (409, _) => Kind::Conflict,
            (429, _) => Kind::Quota,
            (400..=499, _) => Kind::Invalid,
            (500..=599, _) => Kind::Server,
            _ => Kind::Unexpected,
        }
    }

    /// A definite no, in the service's own words. Anything else may come from a proxy behind which the call went on.
    fn certainty(&self) -> Certainty {
        match self.http {
            400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 if self.has_envelope => Certainty::Refused,
            _ => Certainty::Unknown,
        }
    }

    /// The failure of a call that is described by `what`, such as `cannot list jobs`.
    pub fn failed(&self, what: &str, subject: Subject, key: &ApiKey, pacing: Headers<'_>) -> Failed {
        let kind = self.kind(subject);
        let said = clean_short(&key.redact(&self.message), 200);
        let said = said.trim().trim_end_matches('.');
        let status = self.status.as_deref().map(|status| clean_short(&key.redact(status), 40));
        let code = match status {
            Some(status) => format!("{} {status}", self.http),
            None => format!("HTTP {}", self.http),
        };
        let ours = match (kind, subject) {
            (Kind::Key, _) => "the key is refused",
            (Kind::NotFound, Subject::File) => "the file has expired, was deleted, or belongs to another project",
            _ if self.is_daily => "the quota of the day is used up",
            _ => "",
        };
        let parts: Vec<&str> = [what, ours, said].into_iter().filter(|part| !part.is_empty()).collect();
        let message = format!("{} ({code})", parts.join(": "));
        let fault = if self.is_daily { Fault::DailyQuota } else { Fault::Status(self.http) };
        let retry_after: Option<Duration> =
            asked_wait(self.retry_delay.as_deref(), pacing.retry_after, pacing.date).filter(|_| !self.is_daily);
        Failed {
            error: Error { message, kind, certainty: self.certainty(), retry_after, is_daily: self.is_daily },
            fault,
        }
    }
}

/// The text of an error page without its tags.
pub fn plain_words(body: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for c in body.chars().take(4096) {
        match c {
            '<' => {
                in_tag = true;
                text.push(' ');
            }
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            c => text.push(c),
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(http: u16, body: &str, subject: Subject) -> Failed {
        let key = ApiKey::parse("AIzaCANARY000000000000000000000000000000").unwrap();
        Refusal::read(http, body.as_bytes()).failed("cannot list jobs", subject, &key, Headers::default())
    }

    fn fixture(name: &str) -> String {
        let path = format!("{}/tests/fixtures/wire/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn every_recorded_refusal_has_its_kind_and_certainty() {
        use Certainty::{Refused, Unknown};
        use Subject::{File, Other};
        let table = [
            ("error_400_api_key.json", 400, Other, Kind::Key, Refused),
            ("error_400_batch_name.json", 400, Other, Kind::Invalid, Refused),
            ("error_400_file_id_40.json", 400, File, Kind::Invalid, Refused),
            ("error_400_tts_modalities.json", 400, Other, Kind::Invalid, Refused),
            ("error_400_tts_system_instruction.json", 400, Other, Kind::Invalid, Refused),
            ("error_400_tts_text.json", 400, Other, Kind::Invalid, Refused),
            ("error_403_file.json", 403, File, Kind::NotFound, Refused),
            ("error_404_input_file.json", 404, Other, Kind::NotFound, Refused),
            ("error_404_tts_batch.json", 404, Other, Kind::NotFound, Refused),
            ("error_429_batch.json", 429, Other, Kind::Quota, Refused),
            ("error_429_retryinfo.json", 429, Other, Kind::Quota, Refused),
            ("error_500_internal.json", 500, Other, Kind::Server, Unknown),
            ("error_502.html", 502, Other, Kind::Server, Unknown),
            ("error_503_unavailable.json", 503, Other, Kind::Server, Unknown),
            ("error_504_deadline.json", 504, Other, Kind::Server, Unknown),
            ("error_array_wrapped.json", 503, Other, Kind::Server, Unknown),
        ];
        for (name, http, subject, kind, certainty) in table {
            let failed = failed(http, &fixture(name), subject);
            assert_eq!((failed.error.kind, failed.error.certainty), (kind, certainty), "{name}");
            assert!(failed.error.message.starts_with("cannot list jobs: "), "{name}: {}", failed.error.message);
            assert!(failed.error.message.ends_with(')'), "{name}: {}", failed.error.message);
        }
    }

    #[test]
    fn a_bad_key_is_known_by_its_words_alone() {
        let body = r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key."}}"#;
        assert_eq!(failed(400, body, Subject::Other).error.kind, Kind::Key);
        let other = r#"{"error":{"code":400,"message":"the prompt says API key"}}"#;
        assert_eq!(failed(400, other, Subject::Other).error.kind, Kind::Invalid);
    }

    #[test]
    fn a_message_says_what_the_service_said() {
        let table = [
            (
                400,
                fixture("error_400_batch_name.json"),
                "cannot list jobs: Could not parse the batch name (400 INVALID_ARGUMENT)",
            ),
            (
                502,
                fixture("error_502.html"),
                "cannot list jobs: Error 502 502 Test page: a proxy answered instead of the API. (HTTP 502)",
            ),
            (500, String::new(), "cannot list jobs (HTTP 500)"),
            (500, "  plain\u{1b}[2Jtext ".into(), "cannot list jobs: plain␛[2Jtext (HTTP 500)"),
            (400, r#"{"error":"invalid_grant"}"#.into(), "cannot list jobs: invalid_grant (HTTP 400)"),
            (
                403,
                r#"{"error":{"status":"PERMISSION_DENIED"}}"#.into(),
                "cannot list jobs: the key is refused (403 PERMISSION_DENIED)",
            ),
        ];
        for (http, body, message) in table {
            let seen = failed(http, &body, Subject::Other).error.message;
            assert_eq!(seen.replace("API (", "API. ("), message, "{body}");
        }
    }

    #[test]
    fn a_key_that_the_service_repeats_is_not_shown() {
        let key = "AIzaCANARY000000000000000000000000000000";
        for body in [
            format!(r#"{{"error":{{"code":400,"message":"bad key {key} in https://h/?key={key}","status":"{key}"}}}}"#),
            format!("<html>{key}</html>"),
            format!("{}{key}", "x".repeat(190)),
        ] {
            let failed = failed(400, &body, Subject::Other);
            assert!(!format!("{failed:?}").contains("CANARY"), "{failed:?}");
        }
    }

    #[test]
    fn a_used_up_day_is_not_waited_for() {
        let with_delay = failed(429, &fixture("error_429_retryinfo.json"), Subject::Other);
        assert_eq!((with_delay.fault, with_delay.error.retry_after), (Fault::DailyQuota, None));
        let body = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"45.837906927s"}]}}"#;
        let paced = failed(429, body, Subject::Other);
        assert_eq!(paced.fault, Fault::Status(429));
        assert_eq!(paced.error.retry_after, Some(Duration::new(45, 837_906_927)));
    }

    #[test]
    fn only_googles_envelope_is_a_definite_no() {
        let table = [
            (r#"{"error":{"code":404,"message":"x","status":"NOT_FOUND"}}"#, Certainty::Refused),
            (r#"[{"error":{"code":404,"message":"x"}}]"#, Certainty::Refused),
            (r#"{"error":"not found"}"#, Certainty::Unknown),
            ("<html>not found</html>", Certainty::Unknown),
            ("", Certainty::Unknown),
            ("[]", Certainty::Unknown),
            ("{}", Certainty::Unknown),
        ];
        for (body, certainty) in table {
            assert_eq!(failed(404, body, Subject::Other).error.certainty, certainty, "{body}");
        }
        for http in [402, 408, 412, 500, 503, 302] {
            let body = r#"{"error":{"code":1,"status":"X"}}"#;
            assert_eq!(failed(http, body, Subject::Other).error.certainty, Certainty::Unknown, "{http}");
        }
    }

    #[test]
    fn an_operation_with_an_error_is_a_job_and_an_error_alone_is_not() {
        let job = serde_json::json!({"name": "batches/x", "error": {"code": 13, "message": "x"}});
        assert_eq!(Refusal::in_success(&job), None);
        let refusal = Refusal::in_success(&serde_json::json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}));
        assert_eq!(refusal.unwrap().kind(Subject::Other), Kind::Quota);
    }
}
