//! What a job is: its name, its state, its counts, and where its input and output are.
//!
//! Pure values. The words are the service's own; the JSON of a job in [`Job::to_json`] is a contract with scripts.

mod doubt;

use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use doubt::{Doubt, doubts};

/// One batch job, as far as the service has told us.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// `batches/ID`.
    pub name: JobName,
    /// The name that its creator gave it.
    pub display_name: Option<String>,
    /// Speech and other generated content, or embeddings.
    pub kind: JobKind,
    /// `models/…`.
    pub model: Option<String>,
    /// Where it stands.
    pub state: JobState,
    /// `None` when the service sent none: unknown is not zero.
    pub counts: Option<Counts>,
    /// When it was created, by the service's clock.
    pub create_time: Option<Timestamp>,
    /// When anything about it last changed.
    pub update_time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// Where the requests came from; `None` when the service does not say.
    pub source: Option<Source>,
    /// Where the results are.
    pub dest: Option<Dest>,
    /// Why it ended without success.
    pub error: Option<JobError>,
}

impl Job {
    /// What a person calls it: its display name without our token, else its id.
    pub fn title(&self) -> &str {
        match self.display_name.as_deref().map(|name| split_token(name).0) {
            Some(name) if !name.is_empty() => name,
            Some(_) | None => self.name.id(),
        }
    }

    /// The token of the create that made it, when this program made it.
    pub fn token(&self) -> Option<&str> {
        split_token(self.display_name.as_deref()?).1
    }

    /// The job as scripts see it, without the fields that only a session knows.
    pub fn to_json(&self) -> Value {
        let file = |file: &FileName| json!({ "fileName": file.as_str() });
        let inline = || json!({ "inline": true });
        json!({
            "name": self.name.as_str(),
            "displayName": self.display_name,
            "kind": self.kind.as_str(),
            "model": self.model,
            "state": self.state.as_str(),
            "batchStats": self.counts.map(|counts| json!({
                "requestCount": counts.requests,
                "successfulRequestCount": counts.succeeded,
                "failedRequestCount": counts.failed,
                "pendingRequestCount": counts.pending,
            })),
            "createTime": self.create_time.map(|time| time.to_string()),
            "updateTime": self.update_time.map(|time| time.to_string()),
            "endTime": self.end_time.map(|time| time.to_string()),
            "source": self.source.as_ref().map(|source| match source {
                Source::File(name) => file(name),
                Source::Inline => inline(),
            }),
            "dest": self.dest.as_ref().map(|dest| match dest {
                Dest::File(name) => file(name),
                Dest::Inline => inline(),
            }),
            "error": self.error.as_ref().map(|error| json!({ "code": error.code, "message": error.message })),
        })
    }
}

/// What stands between the words of a person and the token in the display name of a job that we create.
const TOKEN_MARK: &str = "~gt-";

/// How long a token is: a ULID.
const TOKEN_LENGTH: usize = 26;

/// How long a display name may be, in characters. The service publishes no limit; its other names take 512.
const LONGEST_DISPLAY_NAME: usize = 512;

/// The display name of a create: the words of a person, cut if need be, and the token by which a lost create is found.
pub fn with_token(words: &str, token: &str) -> String {
    let most = LONGEST_DISPLAY_NAME - TOKEN_MARK.len() - TOKEN_LENGTH - 1;
    let words: String = words.chars().take(most).collect();
    format!("{} {TOKEN_MARK}{token}", words.trim_end()).trim_start().to_owned()
}

/// Parts a display name into the words of a person and our token, when there is one at its end.
pub fn split_token(display_name: &str) -> (&str, Option<&str>) {
    let Some((words, token)) = display_name.rsplit_once(TOKEN_MARK) else { return (display_name, None) };
    let is_token = token.len() == TOKEN_LENGTH && token.bytes().all(|b| b.is_ascii_digit() || (b.is_ascii_uppercase()));
    if !is_token || !(words.is_empty() || words.ends_with(' ')) {
        return (display_name, None);
    }
    (words.trim_end(), Some(token))
}

/// A job went from one state to another, as far as we saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Which job.
    pub job: JobName,
    /// The state before; `None` when we saw the job for the first time.
    pub from: Option<JobState>,
    /// The state since.
    pub to: JobState,
    /// By the service's clock where it tells (`createTime`, `endTime`), else when we noticed.
    pub at: Timestamp,
}

/// `batches/ID`, checked: nothing else from the service may become part of a path or a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobName(String);

impl JobName {
    /// Reads `batches/ID`; the id is 1 to 128 characters of `A-Z a-z 0-9 _ -`.
    pub fn parse(name: &str) -> Option<Self> {
        is_id(name.strip_prefix("batches/")?, 128).then(|| JobName(name.to_owned()))
    }

    /// Reads `batches/ID` or a bare `ID`.
    pub fn parse_loose(name: &str) -> Option<Self> {
        Self::parse(name).or_else(|| Self::parse(&format!("batches/{name}")))
    }

    /// `batches/ID`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part behind `batches/`.
    pub fn id(&self) -> &str {
        &self.0["batches/".len()..]
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `files/ID`, checked in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileName(String);

impl FileName {
    /// Reads `files/ID`. The documents promise at most 40 characters of id; output files have 42 and more.
    pub fn parse(name: &str) -> Option<Self> {
        is_id(name.strip_prefix("files/")?, 160).then(|| FileName(name.to_owned()))
    }

    /// Reads `files/ID` or a bare `ID`.
    pub fn parse_loose(name: &str) -> Option<Self> {
        Self::parse(name).or_else(|| Self::parse(&format!("files/{name}")))
    }

    /// `files/ID`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part behind `files/`.
    pub fn id(&self) -> &str {
        &self.0["files/".len()..]
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_id(id: &str, longest: usize) -> bool {
    (1..=longest).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// What a batch makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// Speech, text, images.
    GenerateContent,
    /// Embeddings. Listed like the others; there is nothing to hear in them.
    EmbedContent,
}

impl JobKind {
    /// The word in our JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            JobKind::GenerateContent => "generateContent",
            JobKind::EmbedContent => "embedContent",
        }
    }
}

/// Where a job stands. The service says `BATCH_STATE_*`, its SDKs and documents say `JOB_STATE_*`; we read both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Waiting to run.
    Pending,
    /// Running.
    Running,
    /// Over; single requests may still have failed.
    Succeeded,
    /// Over without results.
    Failed,
    /// Stopped on request.
    Cancelled,
    /// Given up by the service after 48 hours.
    Expired,
    /// A state of tomorrow, passed through with the prefix `BATCH_STATE_` read as `JOB_STATE_`. Not terminal.
    Other(String),
}

impl JobState {
    /// Our own word for a job that was not over and that the service does not know any more, with this key.
    pub fn missing() -> Self {
        JobState::Other("JOB_STATE_MISSING".to_owned())
    }

    /// Reads a state as the service spells it.
    pub fn from_wire(state: &str) -> Self {
        let short = state.strip_prefix("BATCH_STATE_").or_else(|| state.strip_prefix("JOB_STATE_"));
        match short {
            Some("PENDING") => JobState::Pending,
            Some("RUNNING") => JobState::Running,
            Some("SUCCEEDED") => JobState::Succeeded,
            Some("FAILED") => JobState::Failed,
            Some("CANCELLED") => JobState::Cancelled,
            Some("EXPIRED") => JobState::Expired,
            Some(other) => JobState::Other(format!("JOB_STATE_{other}")),
            None => JobState::Other(state.to_owned()),
        }
    }

    /// `JOB_STATE_*`, or an unknown state as it came.
    pub fn as_str(&self) -> &str {
        match self {
            JobState::Pending => "JOB_STATE_PENDING",
            JobState::Running => "JOB_STATE_RUNNING",
            JobState::Succeeded => "JOB_STATE_SUCCEEDED",
            JobState::Failed => "JOB_STATE_FAILED",
            JobState::Cancelled => "JOB_STATE_CANCELLED",
            JobState::Expired => "JOB_STATE_EXPIRED",
            JobState::Other(state) => state,
        }
    }

    /// The word on the screen: without any prefix.
    pub fn word(&self) -> &str {
        let state = self.as_str();
        state.strip_prefix("JOB_STATE_").unwrap_or(state)
    }

    /// Whether the service will do nothing more about it.
    pub fn is_terminal(&self) -> bool {
        match self {
            JobState::Succeeded | JobState::Failed | JobState::Cancelled | JobState::Expired => true,
            JobState::Pending | JobState::Running | JobState::Other(_) => false,
        }
    }
}

/// How many requests a job has, and how they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// All of them; never zero.
    pub requests: u64,
    /// Answered.
    pub succeeded: u64,
    /// Answered with an error.
    pub failed: u64,
    /// Not answered yet.
    pub pending: u64,
}

impl Counts {
    /// How many are over, well or badly.
    pub fn done(self) -> u64 {
        self.succeeded.saturating_add(self.failed).min(self.requests)
    }
}

/// Where the requests of a job came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An uploaded file.
    File(FileName),
    /// The create call itself.
    Inline,
}

/// Where the results of a job are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dest {
    /// A file to download.
    File(FileName),
    /// The body of a GET of the job.
    Inline,
}

/// Why a job ended without success. The code is gRPC's, not HTTP's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobError {
    /// A gRPC status code.
    pub code: i32,
    /// The service's words, cleaned for the screen.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_prefixes_are_read_and_unknown_states_pass_through() {
        let table = [
            ("BATCH_STATE_RUNNING", "JOB_STATE_RUNNING", "RUNNING", false),
            ("JOB_STATE_EXPIRED", "JOB_STATE_EXPIRED", "EXPIRED", true),
            ("BATCH_STATE_PAUSED", "JOB_STATE_PAUSED", "PAUSED", false),
            ("SLEEPING", "SLEEPING", "SLEEPING", false),
        ];
        for (wire, json, word, terminal) in table {
            let state = JobState::from_wire(wire);
            assert_eq!((state.as_str(), state.word(), state.is_terminal()), (json, word, terminal), "{wire}");
        }
    }

    #[test]
    fn a_token_is_parted_from_the_words_before_it() {
        let token = "01JD0000000000000000000000";
        assert_eq!(with_token("ch 01", token), format!("ch 01 ~gt-{token}"));
        assert_eq!(with_token("", token), format!("~gt-{token}"));
        assert_eq!(with_token(&"ä".repeat(600), token).chars().count(), 512);
        for words in ["ch 01", "", "a ~gt-b", "ends with space"] {
            assert_eq!(split_token(&with_token(words, token)), (words, Some(token)), "{words}");
        }
        for name in ["plain", "x~gt-01JD0000000000000000000000", "x ~gt-short", "x ~gt-01jd0000000000000000000000"] {
            assert_eq!(split_token(name), (name, None), "{name}");
        }
    }

    #[test]
    fn only_safe_names_are_names() {
        assert_eq!(JobName::parse("batches/a-b_9").map(|name| name.id().to_owned()), Some("a-b_9".into()));
        for bad in ["batches/", "batches/../x", "batches/a/b", "files/a", "a b", "batches/a?b"] {
            assert_eq!(JobName::parse(bad), None, "{bad}");
        }
        assert_eq!(JobName::parse_loose("abc").map(|name| name.to_string()), Some("batches/abc".into()));
    }
}
