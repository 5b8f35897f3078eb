//! One result, planned: its JSON around the audio, and the audio as a recipe, so that its length is known without
//! a single sample.
//!
//! The order of members changes from line to line, as it does in the service's own files.

use serde_json::{Value, json};

use super::json::{field, text};
use super::models::{Family, Model};
use super::request::{self, Encoding, LineError, Wish};
use super::sound::Sound;
use crate::sim::chance;
use crate::sim::scenario::{ResultKind, Rule};
use crate::sim::voice::{Effect, Score, Turn};

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
    /// The result of one request: `number` counts from 1, `line` is its JSON.
    pub fn plan(&self, number: u64, line: &Value) -> Plan {
        let labels = Labels::of(line, self.inline);
        let seed = chance::mix(self.seed ^ chance::hash(&[&labels.key, &number.to_string()]));
        let request = field(line, "request").unwrap_or(&Value::Null);
        if self.model.family == Family::Embedding {
            return self.embedding(&labels, request);
        }
        let kind = self.kind(&labels.key, number, seed);
        match request::read(self.model, request) {
            Err(error) => failure(&labels, seed, &error, "error"),
            Ok(wish) => self.answer(&labels, seed, &wish, kind),
        }
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
        self.response(&mut body, seed, &wish, kind);
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
            | ResultKind::FirstKey => {}
        }
        let labels = match (kind, &self.first_key) {
            (ResultKind::NoKey, _) => Labels::default(),
            (ResultKind::FirstKey, Some(first)) => labels.with_key(first, self.inline),
            _ => labels.clone(),
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
        self.response(&mut body, seed, wish, kind);
        if !key_first {
            body.text(&labels.json());
        }
        body.text("}");
        Plan { pieces: body.pieces, failed: false }
    }

    /// The `GenerateContentResponse`.
    fn response(&self, body: &mut Body, seed: u64, wish: &Wish, kind: ResultKind) {
        let recipe = Recipe::new(self, seed, wish, kind);
        let usage = recipe.usage(wish).to_string();
        let about = format!("\"modelVersion\":\"{}\"", self.model.id);
        let id = format!("\"responseId\":\"{}\"", chance::id(seed, 22));
        if kind == ResultKind::Blocked {
            body.text(&format!(
                "{{\"promptFeedback\":{{\"blockReason\":\"PROHIBITED_CONTENT\"}},\"usageMetadata\":{usage},{about},{id}}}"
            ));
            return;
        }
        let usage_first = seed.is_multiple_of(3);
        body.text(&if usage_first { format!("{{{id},\"usageMetadata\":{usage},") } else { "{".to_owned() });
        body.text("\"candidates\":[{");
        recipe.content(body, self, wish, kind);
        body.text(&format!("\"finishReason\":\"{}\",\"index\":0}}],", recipe.finish_reason));
        body.text(&if usage_first {
            format!("{about}}}")
        } else {
            format!("\"usageMetadata\":{usage},{about},{id}}}")
        });
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

/// What a line carries besides its answer: the key or the metadata, and whatever else stood in the request's line.
#[derive(Clone, Debug, Default)]
struct Labels {
    key: String,
    members: Vec<(String, String)>,
}

impl Labels {
    fn of(line: &Value, inline: bool) -> Self {
        let Some(object) = line.as_object() else { return Labels::default() };
        let mut labels = Labels::default();
        if inline {
            if let Some(metadata) = field(line, "metadata") {
                labels.key = text(metadata, "key").unwrap_or_default().to_owned();
                labels.members.push(("metadata".to_owned(), metadata.to_string()));
            }
            return labels;
        }
        if let Some(key) = object.get("key") {
            labels.key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            labels.members.push(("key".to_owned(), key.to_string()));
        }
        for (name, value) in object {
            // Seen: members that nobody knows come back, scalars whole and lists empty.
            match value {
                _ if name == "key" || name == "request" => {}
                Value::Array(_) => labels.members.push((name.clone(), "[]".to_owned())),
                Value::Object(_) => labels.members.push((name.clone(), "{}".to_owned())),
                scalar => labels.members.push((name.clone(), scalar.to_string())),
            }
        }
        labels
    }

    fn with_key(&self, key: &str, inline: bool) -> Self {
        let member = if inline {
            ("metadata".to_owned(), json!({ "key": key }).to_string())
        } else {
            ("key".to_owned(), Value::from(key).to_string())
        };
        Labels { key: key.to_owned(), members: vec![member] }
    }

    fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members, each with a comma in front.
    fn json(&self) -> String {
        self.members.iter().map(|(name, value)| format!(",{}:{value}", Value::from(name.as_str()))).collect()
    }
}

/// Text and sound in order; neighbouring texts are one piece.
#[derive(Default)]
struct Body {
    pieces: Vec<Piece>,
}

impl Body {
    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.extend_from_slice(text.as_bytes()),
            Some(Piece::Sound(_)) | None => self.pieces.push(Piece::Text(text.as_bytes().to_vec())),
        }
    }

    fn audio(&mut self, mime: &str, sound: Sound) {
        self.text(&format!("{{\"inlineData\":{{\"mimeType\":\"{mime}\",\"data\":\""));
        self.pieces.push(Piece::Sound(sound));
        self.text("\"}}");
    }
}

/// What is spoken, how much of it is sent and how much is billed.
struct Recipe {
    score: Score,
    samples: u64,
    audio_tokens: Option<u64>,
    finish_reason: &'static str,
}

impl Recipe {
    fn new(maker: &Maker, seed: u64, wish: &Wish, kind: ResultKind) -> Self {
        let turns: Vec<Turn<'_>> = wish.turns.iter().map(|(voice, text)| Turn { voice, text }).collect();
        let texts: Vec<&str> = wish.turns.iter().map(|(_, text)| text.as_str()).collect();
        let tune = chance::mix(seed ^ chance::hash(&texts));
        let limit = maker.model.output_limit();
        let score = if maker.model.family.is_speech() {
            let usual = Score::new(tune, &turns, maker.seconds);
            let seconds = usual.tokens as f64 / 25.0;
            match kind {
                ResultKind::Runaway => Score::new(tune, &turns, Some(seconds * 4.0 + 8.0)),
                _ if usual.tokens > limit => Score::new(tune, &turns, Some(limit as f64 / 25.0)),
                _ => usual,
            }
        } else {
            Score::new(tune, &[], None)
        };
        let whole = score.samples(wish.rate);
        let is_cut = texts.iter().map(|text| text.len()).sum::<usize>() > 0 && score.tokens == limit;
        let (samples, finish_reason) = match kind {
            ResultKind::MaxTokens => (whole * 6 / 10, "MAX_TOKENS"),
            ResultKind::Truncated => (whole * 3 / 10, "STOP"),
            ResultKind::Other | ResultKind::NoContent => (0, "OTHER"),
            ResultKind::EmptyWav | ResultKind::NoData => (0, "STOP"),
            _ if is_cut => (whole, "MAX_TOKENS"),
            _ => (whole, "STOP"),
        };
        let audio_tokens = match kind {
            ResultKind::Blocked | ResultKind::NoContent => None,
            ResultKind::EmptyWav | ResultKind::NoData => Some(0),
            ResultKind::Text => Some(9),
            _ if !maker.model.family.is_speech() => Some(wish.prompt_tokens),
            _ => Some(score.tokens),
        };
        Recipe { score, samples, audio_tokens, finish_reason }
    }

    fn usage(&self, wish: &Wish) -> Value {
        let prompt = wish.prompt_tokens;
        let mut usage = json!({
            "promptTokenCount": prompt,
            "totalTokenCount": prompt + self.audio_tokens.unwrap_or(0),
            "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": prompt }],
        });
        if let Some(tokens) = self.audio_tokens {
            usage["candidatesTokenCount"] = json!(tokens);
            usage["candidatesTokensDetails"] = json!([{ "modality": "AUDIO", "tokenCount": tokens }]);
        }
        usage
    }

    /// The member `content` with its comma, when the answer has one.
    fn content(&self, body: &mut Body, maker: &Maker, wish: &Wish, kind: ResultKind) {
        let mime = wish.encoding.mime(wish.rate);
        let sound = |samples: u64, effect: Effect| Sound {
            score: self.score.clone(),
            samples,
            rate: wish.rate,
            header: wish.encoding == Encoding::Wav,
            effect,
            odd: false,
        };
        match kind {
            ResultKind::NoContent | ResultKind::Blocked => return,
            ResultKind::Other => return body.text("\"content\":{},"),
            _ => body.text("\"content\":{\"parts\":["),
        }
        match kind {
            ResultKind::Text => body.text("{\"text\":\"I'm sorry, I can only speak text.\"}"),
            _ if !maker.model.family.is_speech() => {
                let words = wish.turns.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ");
                body.text(&json!({ "text": format!("You said: {words}") }).to_string());
            }
            ResultKind::TwoParts => {
                body.text("{\"text\":\"\",\"thoughtSignature\":\"bm90IGEgcmVhbCBzaWduYXR1cmU=\"},");
                // Equal halves: a player that joins them hears the first half twice, which no text check minds.
                body.audio(&mime, sound(self.samples / 2, Effect::None));
                body.text(",");
                body.audio(&mime, sound(self.samples - self.samples / 2, Effect::None));
            }
            ResultKind::WrongFormat => body.audio("audio/mpeg", sound(self.samples, Effect::None)),
            ResultKind::EmptyWav => body.audio("audio/wav", Sound { header: true, ..sound(0, Effect::None) }),
            ResultKind::NoData => body.audio(&mime, Sound { header: false, ..sound(0, Effect::None) }),
            ResultKind::OddBytes => body.audio(&mime, Sound { odd: true, ..sound(self.samples, Effect::None) }),
            ResultKind::Silent => body.audio(&mime, sound(self.samples, Effect::Silent)),
            ResultKind::Quiet => body.audio(&mime, sound(self.samples, Effect::Quiet)),
            ResultKind::Clipped => body.audio(&mime, sound(self.samples, Effect::Clipped)),
            ResultKind::Noise => body.audio(&mime, sound(self.samples, Effect::Noise)),
            _ => body.audio(&mime, sound(self.samples, Effect::None)),
        }
        body.text("],\"role\":\"model\"},");
    }
}
