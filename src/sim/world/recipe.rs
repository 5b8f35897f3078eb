//! The answer inside a result: what is spoken, how much of it is sent, and how much is billed.

use serde_json::{Value, json};

use super::models::Model;
use super::request::{Encoding, Wish};
use super::result::Piece;
use super::sound::Sound;
use crate::sim::chance;
use crate::sim::scenario::ResultKind;
use crate::sim::voice::{Effect, Score, Turn};

/// Audio tokens a second.
const TOKENS_PER_SECOND: f64 = 25.0;

/// One answer of a model.
pub struct Recipe<'a> {
    model: &'static Model,
    wish: &'a Wish,
    kind: ResultKind,
    manner: Manner,
    score: Score,
    /// What its text needs, which is what is billed.
    tokens: u64,
    id: String,
    /// Whether usage stands before the candidates.
    usage_first: bool,
}

/// What a kind of result does to an answer.
#[derive(Clone, Copy)]
struct Manner {
    content: Content,
    finish_reason: &'static str,
    /// Tenths of the audio that are sent.
    tenths: u64,
    billed: Billed,
}

/// What stands under `content`.
#[derive(Clone, Copy)]
enum Content {
    /// No such member.
    Absent,
    /// `{}`.
    Empty,
    /// A sentence in place of audio.
    Apology,
    /// Audio in one part.
    Sound(Effect),
    /// Audio in two parts behind a thought signature.
    TwoParts,
    /// Audio under another type.
    Mpeg,
    /// A WAV header.
    HeaderAlone,
    /// An empty string.
    NoData,
    /// Half a sample too little.
    OddBytes,
}

/// Which audio tokens are billed.
#[derive(Clone, Copy)]
enum Billed {
    Nothing,
    Zero,
    Words,
    Audio,
}

impl Manner {
    fn of(kind: ResultKind) -> Self {
        let usual =
            Manner { content: Content::Sound(Effect::None), finish_reason: "STOP", tenths: 10, billed: Billed::Audio };
        let with = |content| Manner { content, ..usual };
        match kind {
            ResultKind::Good
            | ResultKind::Runaway
            | ResultKind::NoKey
            | ResultKind::FirstKey
            | ResultKind::Previous
            | ResultKind::Error
            | ResultKind::Deadline
            | ResultKind::Exhausted
            | ResultKind::Neither
            | ResultKind::Broken => usual,
            ResultKind::Silent => with(Content::Sound(Effect::Silent)),
            ResultKind::Quiet => with(Content::Sound(Effect::Quiet)),
            ResultKind::Clipped => with(Content::Sound(Effect::Clipped)),
            ResultKind::Noise => with(Content::Sound(Effect::Noise)),
            ResultKind::TwoParts => with(Content::TwoParts),
            ResultKind::WrongFormat => with(Content::Mpeg),
            ResultKind::OddBytes => with(Content::OddBytes),
            ResultKind::MaxTokens => Manner { finish_reason: "MAX_TOKENS", tenths: 6, ..usual },
            ResultKind::Truncated => Manner { tenths: 3, ..usual },
            ResultKind::Other => Manner { finish_reason: "OTHER", ..with(Content::Empty) },
            ResultKind::NoContent => {
                Manner { finish_reason: "OTHER", billed: Billed::Nothing, ..with(Content::Absent) }
            }
            ResultKind::EmptyWav => Manner { billed: Billed::Zero, ..with(Content::HeaderAlone) },
            ResultKind::NoData => Manner { billed: Billed::Zero, ..with(Content::NoData) },
            ResultKind::Text => Manner { billed: Billed::Words, ..with(Content::Apology) },
            ResultKind::Blocked => Manner { billed: Billed::Nothing, ..with(Content::Absent) },
        }
    }
}

impl<'a> Recipe<'a> {
    /// The answer to a request. `seconds` overrides the length of its audio.
    pub fn new(model: &'static Model, seed: u64, wish: &'a Wish, kind: ResultKind, seconds: Option<f64>) -> Self {
        let mut manner = Manner::of(kind);
        let texts: Vec<&str> = wish.turns.iter().map(|(_, text)| text.as_str()).collect();
        let tune = chance::mix(seed ^ chance::hash(&texts));
        let mut score = Score::new(tune, &[], None);
        let mut tokens = score.tokens;
        if model.family.is_speech() {
            let turns: Vec<Turn<'_>> = wish.turns.iter().map(|(voice, text)| Turn { voice, text }).collect();
            score = Score::new(tune, &turns, seconds);
            tokens = score.tokens;
            if kind == ResultKind::Runaway {
                let seconds = score.tokens as f64 / TOKENS_PER_SECOND * 4.0 + 8.0;
                score = Score::new(tune, &turns, Some(seconds));
            }
            if score.tokens > model.output_limit() {
                score = Score::new(tune, &turns, Some(model.output_limit() as f64 / TOKENS_PER_SECOND));
                manner.finish_reason = "MAX_TOKENS";
            }
        } else if matches!(manner.content, Content::Sound(_)) {
            manner.billed = Billed::Words;
        }
        let id = chance::id(seed, 22);
        tokens = tokens.min(score.tokens);
        Recipe { model, wish, kind, manner, score, tokens, id, usage_first: seed.is_multiple_of(3) }
    }

    /// The whole answer as JSON.
    pub fn write(&self, body: &mut Body) {
        let usage = self.usage();
        let (model, id) = (self.model.id, &self.id);
        if self.kind == ResultKind::Blocked {
            body.text(&format!(
                "{{\"promptFeedback\":{{\"blockReason\":\"PROHIBITED_CONTENT\"}},\"usageMetadata\":{usage},\
                 \"modelVersion\":\"{model}\",\"responseId\":\"{id}\"}}"
            ));
            return;
        }
        if self.usage_first {
            body.text(&format!("{{\"responseId\":\"{id}\",\"usageMetadata\":{usage},\"candidates\":[{{"));
        } else {
            body.text("{\"candidates\":[{");
        }
        self.content(body);
        body.text(&format!("\"finishReason\":\"{}\",\"index\":0}}]", self.manner.finish_reason));
        if self.usage_first {
            body.text(&format!(",\"modelVersion\":\"{model}\"}}"));
        } else {
            body.text(&format!(",\"usageMetadata\":{usage},\"modelVersion\":\"{model}\",\"responseId\":\"{id}\"}}"));
        }
    }

    fn usage(&self) -> Value {
        let prompt = self.wish.prompt_tokens;
        let answer = match self.manner.billed {
            Billed::Nothing => None,
            Billed::Zero => Some(0),
            Billed::Words => Some(9),
            Billed::Audio => Some(self.tokens),
        };
        let mut usage = json!({
            "promptTokenCount": prompt,
            "totalTokenCount": prompt + answer.unwrap_or(0),
            "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": prompt }],
        });
        if let Some(tokens) = answer {
            usage["candidatesTokenCount"] = json!(tokens);
            if !matches!(self.manner.billed, Billed::Words) {
                usage["candidatesTokensDetails"] = json!([{ "modality": "AUDIO", "tokenCount": tokens }]);
            }
        }
        usage
    }

    /// The member `content` with its comma, when there is one.
    fn content(&self, body: &mut Body) {
        let mime = self.wish.encoding.mime(self.wish.rate);
        match self.manner.content {
            Content::Absent => return,
            Content::Empty => return body.text("\"content\":{},"),
            Content::Apology
            | Content::Sound(_)
            | Content::TwoParts
            | Content::Mpeg
            | Content::HeaderAlone
            | Content::NoData
            | Content::OddBytes => body.text("\"content\":{\"parts\":["),
        }
        let samples = self.score.samples(self.wish.rate) * self.manner.tenths / 10;
        let half = samples / 2;
        match self.manner.content {
            Content::Absent | Content::Empty => {}
            Content::Apology => body.text("{\"text\":\"I'm sorry, I can only speak text.\"}"),
            Content::Sound(_) if !self.model.family.is_speech() => {
                let words = self.wish.turns.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ");
                body.text(&json!({ "text": format!("You said: {words}") }).to_string());
            }
            Content::Sound(effect) => body.audio(&mime, self.sound(0, samples, effect)),
            Content::TwoParts => {
                body.text("{\"text\":\"\",\"thoughtSignature\":\"bm90IGEgcmVhbCBzaWduYXR1cmU=\"},");
                body.audio(&mime, self.sound(0, half, Effect::None));
                body.text(",");
                body.audio(&mime, self.sound(half, samples - half, Effect::None));
            }
            Content::Mpeg => body.audio("audio/mpeg", self.sound(0, samples, Effect::None)),
            Content::HeaderAlone => {
                body.audio("audio/wav", Sound { header: true, ..self.sound(0, 0, Effect::None) });
            }
            Content::NoData => body.audio(&mime, Sound { header: false, ..self.sound(0, 0, Effect::None) }),
            Content::OddBytes => body.audio(&mime, Sound { odd: true, ..self.sound(0, samples, Effect::None) }),
        }
        body.text("],\"role\":\"model\"},");
    }

    fn sound(&self, from: u64, samples: u64, effect: Effect) -> Sound {
        let header = self.wish.encoding == Encoding::Wav;
        Sound { score: self.score.clone(), from, samples, rate: self.wish.rate, header, effect, odd: false }
    }
}

/// Text and sound in order; neighbouring texts are one piece.
#[derive(Default)]
pub struct Body {
    /// What was written.
    pub pieces: Vec<Piece>,
}

impl Body {
    /// Appends text.
    pub fn text(&mut self, text: &str) {
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
