//! Jobs that are there at the start, and what their results are like.

use serde::Deserialize;

use super::Span;

/// A job of the scenario.
#[derive(Clone, Debug, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobSpec {
    /// Its display name; in copies `#` stands for the number of the copy.
    pub name: String,
    /// Its id; made up when empty.
    pub id: String,
    /// `gemini-3.1-flash-tts-preview` when empty.
    pub model: String,
    /// Where it stands at the start.
    pub state: StartState,
    /// How long ago it was created. A job that is over is at least as old as it took.
    pub age: Span,
    /// For jobs that are over: how long it took; 19 minutes, or its age if that is less, when absent.
    pub took: Option<Span>,
    /// For pending jobs: when it begins to run. Absent: never, it is stuck.
    pub starts_in: Option<Span>,
    /// For running jobs, and pending ones with `starts_in`: how long from the beginning of the run, or from now,
    /// to the end. Absent: it is stuck.
    pub left: Option<Span>,
    /// For running jobs: the share that is done at the start. For cancelled ones: the share at the end.
    pub done: f64,
    /// The message of a failed job.
    pub error: Option<String>,
    /// Its gRPC code; 13 when absent.
    pub error_code: Option<i32>,
    /// Whether the requests came inline.
    pub inline: bool,
    /// What kind of job.
    pub kind: TextKind,
    /// The voices, taken in turn; `Kore` when empty.
    pub voices: Vec<String>,
    /// `speechConfig.languageCode`.
    pub language: Option<String>,
    /// The keys: `#`s are replaced by the number of the request, with that many digits at least.
    pub keys: String,
    /// Whether the requests have no keys: then nothing but their place tells whose a result is.
    pub keyless: bool,
    /// What is spoken, taken in turn.
    pub texts: Vec<String>,
    /// How many requests; as many as texts when absent.
    pub requests: Option<usize>,
    /// Length of each piece of audio in seconds, in place of what the text would need.
    pub seconds: Option<f64>,
    /// What its results are like; comes before the rules of the scenario.
    pub result: Vec<Rule>,
    /// So many jobs like this one, a minute apart.
    pub copies: Option<u32>,
}

/// Where a job stands at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartState {
    /// Waiting.
    Pending,
    /// Under way.
    Running,
    /// Over.
    #[default]
    Succeeded,
    /// Over without results.
    Failed,
    /// Stopped.
    Cancelled,
    /// Given up after 48 hours.
    Expired,
}

impl StartState {
    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        match self {
            StartState::Pending | StartState::Running => false,
            StartState::Succeeded | StartState::Failed | StartState::Cancelled | StartState::Expired => true,
        }
    }
}

/// What kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextKind {
    /// Text to speech.
    #[default]
    Speech,
    /// Embeddings.
    Embeddings,
}

/// What some results are like.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What they are.
    pub kind: ResultKind,
    /// Keys with `*` for anything; every key when absent.
    #[serde(default)]
    pub keys: Option<String>,
    /// Requests by number, from 1; all when absent.
    #[serde(default)]
    pub lines: Option<Vec<u64>>,
    /// A share of what fits, 0 to 1; all when absent.
    #[serde(default)]
    pub share: Option<f64>,
}

/// What a result can be: one per way in which the service was seen to answer, or is feared to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultKind {
    /// Audio as it should be.
    Good,
    /// Audio in which every sample is zero.
    Silent,
    /// Audio that is hardly heard.
    Quiet,
    /// Audio that clips.
    Clipped,
    /// White noise.
    Noise,
    /// Audio that goes on for four times as long as its text needs, and as is billed.
    Runaway,
    /// `MAX_TOKENS`, and the audio stops in the middle.
    MaxTokens,
    /// `STOP`, but the audio is far shorter than what is billed.
    Truncated,
    /// Audio in two parts, behind a thought signature.
    TwoParts,
    /// `audio/mpeg`.
    WrongFormat,
    /// `OTHER` with `content: {}`; tokens are billed.
    Other,
    /// `OTHER` without `content`.
    NoContent,
    /// A WAV header without samples.
    EmptyWav,
    /// `data` is an empty string.
    NoData,
    /// An odd number of bytes of PCM.
    OddBytes,
    /// Text in place of audio.
    Text,
    /// `promptFeedback.blockReason`, no candidates.
    Blocked,
    /// `error` with code 13.
    Error,
    /// `error` with code 4.
    Deadline,
    /// `status` with code 8.
    Exhausted,
    /// Audio without a key.
    NoKey,
    /// Audio under the key of the first request.
    FirstKey,
    /// The audio of the request before it, under its own key; all is well with the first one of a job.
    Previous,
    /// Neither answer nor error.
    Neither,
    /// Not JSON.
    Broken,
}

impl ResultKind {
    /// Whether the service counts the request as failed.
    pub fn is_counted_as_failed(self) -> bool {
        matches!(self, ResultKind::Error | ResultKind::Deadline | ResultKind::Exhausted)
    }
}

impl JobSpec {
    /// What is wrong with it, if anything.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.state == StartState::Expired && self.age < Span::hours(48) {
            return Err("an expired job is at least 48 hours old; say so in `age`");
        }
        if self.state.is_over() && self.age > Span::ZERO && self.took.is_some_and(|took| took > self.age) {
            return Err("it took longer than its age; make `took` shorter or `age` longer");
        }
        if !(0.0..=1.0).contains(&self.done) {
            return Err("`done` is a share from 0 to 1");
        }
        if self.seconds.is_some_and(|seconds| !(seconds > 0.0 && seconds <= 3_600.0)) {
            return Err("`seconds` is more than 0 and at most 3600");
        }
        if self.texts.is_empty() && self.requests.is_some_and(|n| n > 0) && self.kind == TextKind::Embeddings {
            return Err("a job of embeddings needs `texts`");
        }
        if !self.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            return Err("`id` has only a-z and 0-9");
        }
        Ok(())
    }

    /// The key of a request, counted from 1.
    pub fn key(&self, number: u64) -> String {
        let pattern = if self.keys.is_empty() { "key-####" } else { &self.keys };
        let digits = pattern.bytes().filter(|b| *b == b'#').count();
        match pattern.find('#') {
            Some(at) => format!("{}{number:0digits$}{}", &pattern[..at], pattern[at..].trim_start_matches('#')),
            None => pattern.to_owned(),
        }
    }
}

impl Rule {
    /// Whether it fits a request. `chance` is a number from 0 to 1 that belongs to the request.
    pub fn fits(&self, key: &str, line: u64, chance: f64) -> bool {
        self.keys.as_ref().is_none_or(|pattern| matches_glob(pattern, key))
            && self.lines.as_ref().is_none_or(|lines| lines.contains(&line))
            && self.share.is_none_or(|share| chance < share)
    }
}

/// Whether a text matches a pattern in which `*` stands for anything.
fn matches_glob(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or("");
    for piece in pieces {
        let Some(at) = text.find(piece) else { return false };
        text = &text[at + piece.len()..];
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_numbered_and_globs_match() {
        let job = JobSpec { keys: "ch06-####".into(), ..JobSpec::default() };
        assert_eq!(job.key(42), "ch06-0042");
        assert_eq!(job.key(123_456), "ch06-123456");
        for (pattern, text, fits) in [
            ("*", "", true),
            ("ch*-7", "ch06-7", true),
            ("ch*-7", "ch06-8", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*a", "a", false),
            ("exact", "exact", true),
        ] {
            assert_eq!(matches_glob(pattern, text), fits, "{pattern} {text}");
        }
    }
}
