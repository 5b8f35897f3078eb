//! One result, planned: its JSON around the audio, and the audio as a recipe, so that its length is known without
//! a single sample.
//!
//! The order of members changes from line to line, as it does in the service's own files.

use serde_json::{Value, json};

use super::json::field;
use super::labels::Labels;
use super::models::{Family, Model};
use super::recipe::{Body, Recipe};
use super::request::{self, LineError, Wish};
use super::sound::Sound;
use crate::sim::chance;
use crate::sim::scenario::{ResultKind, Rule};

/// What the service says when it does not know what went wrong.
pub const INTERNAL: &str = "An internal error has occurred. Please retry or report in \
                            https://developers.generativeai.google/guide/troubleshooting";

/// Makes the results of one job.
#[derive(Clone, Debug)]
pub struct Maker {
    /// The job's model.
    pub model: &'static Model,
    /// Belongs to the job; decides everything that looks random.
    pub seed: u64,
    /// Length of each piece of audio, in place of what the text would need.
    pub seconds: Option<f64>,
    /// The first that fits decides what a result is like.
    pub rules: Vec<Rule>,
    /// The key of the first request.
    pub first_key: Option<String>,
    /// Whether results are inline items, with `metadata` in place of `key`.
    pub inline: bool,
}

/// A result, ready to be written.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its bytes in order, without any line end.
    pub pieces: Vec<Piece>,
    /// Whether the service counts it as failed.
    pub failed: bool,
}

/// A part of a result.
#[derive(Clone, Debug)]
pub enum Piece {
    /// As it is.
    Text(Vec<u8>),
    /// Audio in base64.
    Sound(Sound),
}

impl Plan {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.pieces.iter().map(Piece::len).sum()
    }
}

impl Piece {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Piece::Text(text) => text.len() as u64,
            Piece::Sound(sound) => sound.base64_len(),
        }
    }
}

impl Maker {
    /// The result of one request: `number` counts from 1, `line` is its JSON, `before` that of the request before it if
    /// [`Maker::borrows`] says that it takes the audio of that one.
    pub fn plan(&self, number: u64, line: &Value, before: Option<&Value>) -> Plan {
        let labels = Labels::of(line, self.inline);
        let seed = self.seed_of(&labels, number);
        let request = field(before.unwrap_or(line), "request").unwrap_or(&Value::Null);
        if self.model.family == Family::Embedding {
            return self.embedding(&labels, request);
        }
        let kind = self.kind(&labels.key, number, seed);
        match request::read(self.model, request) {
            Err(error) => failure(&labels, seed, &error, "error"),
            Ok(wish) => self.answer(&labels, seed, &wish, kind),
        }
    }

    /// Whether a request is answered with the audio of the one before it.
    pub fn borrows(&self, number: u64, line: &Value) -> bool {
        // Most scenarios have no such rule, and need not look for its keys.
        number > 1 && self.rules.iter().any(|rule| rule.kind == ResultKind::Previous) && {
            let labels = Labels::of(line, self.inline);
            self.kind(&labels.key, number, self.seed_of(&labels, number)) == ResultKind::Previous
        }
    }

    fn seed_of(&self, labels: &Labels, number: u64) -> u64 {
        chance::mix(self.seed ^ chance::hash(&[&labels.key, &number.to_string()]))
    }

    /// The result of a request that a cancel stopped.
    pub fn stopped(&self, line: &Value) -> Plan {
        let error = LineError { code: 1, message: "The operation was cancelled.".to_owned() };
        failure(&Labels::of(line, self.inline), 0, &error, "error")
    }

    /// The bare answer of `:generateContent`.
    pub fn answer_now(&self, request: &Value) -> Result<Vec<Piece>, LineError> {
        let wish = request::read(self.model, request)?;
        let seed = chance::mix(self.seed);
        let kind = self.kind("", 1, seed);
        let mut body = Body::default();
        Recipe::new(self.model, seed, &wish, kind, self.seconds).write(&mut body);
        Ok(body.pieces)
    }

    fn kind(&self, key: &str, number: u64, seed: u64) -> ResultKind {
        let share = chance::share(seed ^ 0x5a);
        self.rules.iter().find(|rule| rule.fits(key, number, share)).map_or(ResultKind::Good, |rule| rule.kind)
    }

    fn answer(&self, labels: &Labels, seed: u64, wish: &Wish, kind: ResultKind) -> Plan {
        match kind {
            ResultKind::Error => {
                return failure(labels, seed, &LineError { code: 13, message: INTERNAL.to_owned() }, "error");
            }
            ResultKind::Deadline => {
                let message = "Deadline expired before operation could complete.".to_owned();
                return failure(labels, seed, &LineError { code: 4, message }, "error");
            }
            ResultKind::Exhausted => {
                let message = "Resource has been exhausted (e.g. check quota).".to_owned();
                return failure(labels, seed, &LineError { code: 8, message }, "status");
            }
            ResultKind::Neither => return plain(labels.json().trim_start_matches(',').to_owned()),
            ResultKind::Broken => {
                let cut = format!("\"response\":{{\"candidates\":[{{\"content\":{{\"parts\":[{}", labels.json());
                return Plan { pieces: vec![Piece::Text(format!("{{{cut}").into_bytes())], failed: false };
            }
            ResultKind::Good
            | ResultKind::Silent
            | ResultKind::Quiet
            | ResultKind::Clipped
            | ResultKind::Noise
            | ResultKind::Runaway
            | ResultKind::MaxTokens
            | ResultKind::Truncated
            | ResultKind::TwoParts
            | ResultKind::WrongFormat
            | ResultKind::Other
            | ResultKind::NoContent
            | ResultKind::EmptyWav
            | ResultKind::NoData
            | ResultKind::OddBytes
            | ResultKind::Text
            | ResultKind::Blocked
            | ResultKind::NoKey
            | ResultKind::FirstKey
            | ResultKind::Previous => {}
        }
        let first_key = self.first_key.as_deref().filter(|_| kind == ResultKind::FirstKey);
        let labels = match first_key {
            Some(first) => Labels::with_key(first, self.inline),
            None if kind == ResultKind::NoKey => Labels::default(),
            None => labels.clone(),
        };
        let key_first = seed.is_multiple_of(6);
        let mut body = Body::default();
        body.text("{");
        if key_first {
            body.text(labels.json().trim_start_matches(','));
            body.text(if labels.is_empty() { "\"response\":" } else { ",\"response\":" });
        } else {
            body.text("\"response\":");
        }
        Recipe::new(self.model, seed, wish, kind, self.seconds).write(&mut body);
        if !key_first {
            body.text(&labels.json());
        }
        body.text("}");
        Plan { pieces: body.pieces, failed: false }
    }

    fn embedding(&self, labels: &Labels, request: &Value) -> Plan {
        let words = request::embedded_text(request);
        if words.is_empty() {
            let message = "* EmbedContentRequest.content: contents is not specified\n".to_owned();
            return failure(labels, 1, &LineError { code: 3, message }, "error");
        }
        let seed = chance::hash(&["embedding", &words]);
        let dimensions = field(request, "outputDimensionality").and_then(Value::as_u64).unwrap_or(16).clamp(1, 3_072);
        let values: Vec<f64> =
            (0..dimensions).map(|n| (chance::share(seed ^ n) * 2.0 - 1.0) / (dimensions as f64).sqrt()).collect();
        // The count is a string here, and nowhere else in results.
        let tokens = request::count_tokens(&words).to_string();
        let response = json!({ "tokenCount": tokens, "embedding": { "values": values } });
        plain(format!("\"response\":{response}{}", labels.json()))
    }
}

fn plain(members: String) -> Plan {
    Plan { pieces: vec![Piece::Text(format!("{{{members}}}").into_bytes())], failed: false }
}

fn failure(labels: &Labels, seed: u64, error: &LineError, member: &str) -> Plan {
    let message = Value::from(error.message.as_str());
    let labels = labels.json();
    let line = if seed.is_multiple_of(2) {
        let first = labels.trim_start_matches(',');
        let comma = if first.is_empty() { "" } else { "," };
        format!("{{{first}{comma}\"{member}\":{{\"code\":{},\"message\":{message}}}}}", error.code)
    } else {
        format!("{{\"{member}\":{{\"message\":{message},\"code\":{}}}{labels}}}", error.code)
    };
    Plan { pieces: vec![Piece::Text(line.into_bytes())], failed: true }
}
