//! A row in the making: what its JSON has said so far, and what that comes to in the end.

use super::base64::{self, Decoder};
use super::place::{Count, Node, Words};
use super::{Judging, Outcome, Row, Sink, Tokens};
use crate::audio::wav::{Container, Unwrap};
use crate::audio::{Facts, Format, Meter, Mime, Sound, Verdict, judge, judge_absence};
use crate::text::clean_within;

/// The most characters of the service's words that are kept.
const MOST_WORDS: usize = 200;

/// What is known of the row that is being read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Where it begins.
    pub offset: u64,
    /// Whether it is an object at all.
    pub is_object: bool,
    key: Option<String>,
    metadata_key: Option<String>,
    has_response: bool,
    has_candidate: bool,
    has_embedding: bool,
    trouble: Option<Trouble>,
    finish_reason: Option<String>,
    finish_message: Option<String>,
    block_reason: Option<String>,
    text: Option<String>,
    model: Option<String>,
    prompt_tokens: Option<u64>,
    candidates_tokens: Option<u64>,
    audio_tokens: Option<u64>,
    detail: Detail,
    part: Part,
    audio: Audio,
    /// The JSON is fine but what it says is not: the row cannot be used.
    fault: Option<String>,
    /// The JSON is broken; says more than any other fault.
    broken: Option<String>,
}

/// `error` or `status`.
#[derive(Debug, Default)]
struct Trouble {
    code: Option<i64>,
    message: Option<String>,
    /// A string in place of an object. The service echoes unknown members of the request line, and `status` beside
    /// an answer may be one of those.
    is_text: bool,
}

/// An element of `candidatesTokensDetails`.
#[derive(Debug, Default)]
struct Detail {
    is_audio: bool,
    tokens: Option<u64>,
}

/// The `inlineData` that is being read. Its MIME type may stand behind its data.
#[derive(Debug, Default)]
struct Part {
    mime: Option<String>,
    /// Its data is being decoded, and not read over.
    is_decoded: bool,
    has_bytes: bool,
    container: Option<Container>,
}

/// The audio of all parts.
#[derive(Debug, Default)]
struct Audio {
    meter: Meter,
    format: Option<Format>,
    wrong_format: Option<String>,
    has_part: bool,
    /// Nobody wanted it: it is there, and that is all we know.
    passed_over: bool,
}

impl Draft {
    pub(super) fn at(offset: u64) -> Self {
        Draft { offset, ..Draft::default() }
    }

    /// A container with a meaning has begun.
    pub(super) fn enter(&mut self, node: Node) {
        match node {
            Node::Row => self.is_object = true,
            Node::Response => self.has_response = true,
            Node::Candidate => self.has_candidate = true,
            Node::InlineData => self.part = Part::default(),
            Node::Detail => self.detail = Detail::default(),
            Node::Trouble => {
                self.trouble.get_or_insert_default();
            }
            Node::Body
            | Node::Items
            | Node::Metadata
            | Node::Candidates
            | Node::Content
            | Node::Parts
            | Node::Part
            | Node::Usage
            | Node::Details
            | Node::Feedback
            | Node::Other => {}
        }
    }

    /// It has ended.
    pub(super) fn leave(&mut self, node: Node) {
        match node {
            Node::InlineData => self.end_part(),
            Node::Detail => self.end_detail(),
            Node::Body
            | Node::Items
            | Node::Row
            | Node::Metadata
            | Node::Response
            | Node::Candidates
            | Node::Candidate
            | Node::Content
            | Node::Parts
            | Node::Part
            | Node::Usage
            | Node::Details
            | Node::Feedback
            | Node::Trouble
            | Node::Other => {}
        }
    }

    /// Takes a key; one that is not a string comes as its JSON text.
    pub(super) fn set_key(&mut self, text: &[u8], in_metadata: bool) {
        let key = Some(readable(text));
        if in_metadata {
            self.metadata_key = key;
        } else {
            self.key = key;
        }
    }

    /// Takes a short text.
    pub(super) fn set_words(&mut self, words: Words, text: &[u8]) {
        let clean = || {
            let text = String::from_utf8_lossy(text);
            (!text.is_empty()).then(|| clean_within(&text, MOST_WORDS))
        };
        match words {
            Words::FinishReason => self.finish_reason = clean(),
            Words::FinishMessage => self.finish_message = clean(),
            Words::BlockReason => self.block_reason = clean(),
            Words::Model => self.model = clean(),
            Words::Text => self.text = self.text.take().or_else(clean),
            Words::Trouble => self.trouble.get_or_insert_default().message = clean(),
            Words::TroubleText => self.trouble = Some(Trouble { code: None, message: clean(), is_text: true }),
            Words::MimeType => self.part.mime = Some(String::from_utf8_lossy(text).into_owned()),
            Words::Modality => self.detail.is_audio = text == b"AUDIO",
        }
    }

    /// Takes a number, which the service writes as a string where it has 64 bits.
    pub(super) fn set_count(&mut self, count: Count, text: &[u8]) {
        let Ok(text) = std::str::from_utf8(text) else { return };
        match count {
            Count::Prompt => self.prompt_tokens = text.parse().ok(),
            Count::Candidates => self.candidates_tokens = text.parse().ok(),
            Count::Detail => self.detail.tokens = text.parse().ok(),
            Count::TroubleCode => self.trouble.get_or_insert_default().code = text.parse().ok(),
        }
    }

    pub(super) fn set_embedding(&mut self) {
        self.has_embedding = true;
    }

    /// Notes that the row cannot be used; the first reason stays.
    pub(super) fn refuse(&mut self, reason: impl Into<String>) {
        self.fault.get_or_insert_with(|| reason.into());
    }

    /// Notes that the JSON is broken.
    pub(super) fn break_off(&mut self, reason: impl Into<String>) {
        self.broken.get_or_insert_with(|| reason.into());
    }

    fn is_refused(&self) -> bool {
        self.fault.is_some() || self.broken.is_some()
    }

    /// The key as far as it is known.
    fn known_key(&self) -> Option<&str> {
        self.key.as_deref().or(self.metadata_key.as_deref())
    }

    /// Whether the data that begins now should be decoded.
    pub(super) fn begin_data<S: Sink>(&mut self, line: u64, decoder: &mut Decoder, sink: &mut S) -> bool {
        self.audio.has_part = true;
        if let Some(Mime::Other(name)) = self.part.mime.as_deref().map(Mime::parse) {
            self.wrong_format(name);
        }
        if self.is_refused() || self.audio.wrong_format.is_some() {
            return false;
        }
        if !sink.wants_audio(self.known_key(), line) {
            self.audio.passed_over = true;
            return false;
        }
        decoder.restart();
        self.part.is_decoded = true;
        true
    }

    /// Takes a piece of data; `false` when it is not base64.
    pub(super) fn data<S: Sink>(
        &mut self,
        piece: &[u8],
        at: u64,
        (decoder, unwrap): (&mut Decoder, &mut Unwrap),
        sink: &mut S,
    ) -> Result<bool, S::Error> {
        let (meter, has_bytes) = (&mut self.audio.meter, &mut self.part.has_bytes);
        let mut samples = |samples: &[u8]| {
            meter.push(samples);
            sink.audio(samples)
        };
        let decoded = decoder.push(piece, at, &mut |bytes| {
            *has_bytes |= !bytes.is_empty();
            unwrap.push(bytes, &mut samples)
        });
        match decoded {
            Ok(()) => Ok(true),
            Err(base64::Halt::Stop(stop)) => Err(stop),
            Err(base64::Halt::Fault(fault)) => {
                self.refuse(fault.describe(self.offset));
                Ok(false)
            }
        }
    }

    /// The data of a part has ended.
    pub(super) fn end_data<S: Sink>(
        &mut self,
        (decoder, unwrap): (&mut Decoder, &mut Unwrap),
        sink: &mut S,
    ) -> Result<(), S::Error> {
        if !self.part.is_decoded || self.is_refused() {
            *unwrap = Unwrap::default();
            return Ok(());
        }
        if let Err(fault) = decoder.finish() {
            self.refuse(fault.describe(self.offset));
        }
        let meter = &mut self.audio.meter;
        self.part.container = Some(unwrap.finish(&mut |samples| {
            meter.push(samples);
            sink.audio(samples)
        })?);
        Ok(())
    }

    /// A part has ended: what it was is known now.
    fn end_part(&mut self) {
        let part = std::mem::take(&mut self.part);
        let Some(container) = part.container else { return };
        if self.audio.wrong_format.is_some() {
            // What streamed by of the other format is none of this one's samples.
            return;
        }
        let mime = part.mime.as_deref().map(Mime::parse);
        let format = match (container, mime) {
            (Container::Wav(format), _) | (Container::Raw, Some(Mime::Pcm(format))) => format,
            (Container::Unusable(why), _) => return self.wrong_format(why),
            (Container::Raw, Some(Mime::Other(name))) => return self.wrong_format(name),
            (Container::Raw, None | Some(Mime::Wav)) if !part.has_bytes => return,
            (Container::Raw, None) => return self.wrong_format("audio without a MIME type"),
            (Container::Raw, Some(Mime::Wav)) => return self.wrong_format("audio/wav without a RIFF header"),
        };
        if self.audio.meter.is_cut() {
            return self.refuse("the audio has an odd number of bytes");
        }
        match self.audio.format {
            None => self.audio.format = Some(format),
            Some(first) if first == format => {}
            Some(first) => {
                let name = |format: Format| format!("{} Hz × {}", format.sample_rate, format.channels);
                self.wrong_format(format!("parts of different formats: {} and {}", name(first), name(format)));
            }
        }
    }

    fn end_detail(&mut self) {
        let detail = std::mem::take(&mut self.detail);
        if let (true, Some(tokens)) = (detail.is_audio, detail.tokens) {
            self.audio_tokens = Some(self.audio_tokens.unwrap_or(0).saturating_add(tokens));
        }
    }

    fn wrong_format(&mut self, what: impl Into<String>) {
        self.audio.wrong_format.get_or_insert_with(|| what.into());
    }

    /// The row, once all of it has been read.
    pub(super) fn finish(mut self, line: u64, length: u64, judging: &Judging) -> Row {
        let key = self.key.take().or(self.metadata_key.take());
        let tokens = Tokens { prompt: self.prompt_tokens, audio: self.audio_tokens.or(self.candidates_tokens) };
        let finish_reason = self.finish_reason.take();
        let offset = self.offset;
        let (outcome, verdict, sound) = self.outcome(key.as_deref(), finish_reason.as_deref(), tokens, judging);
        Row { line, offset, length, key, outcome, finish_reason, tokens, sound, verdict }
    }

    fn outcome(
        self,
        key: Option<&str>,
        finish_reason: Option<&str>,
        tokens: Tokens,
        judging: &Judging,
    ) -> (Outcome, Verdict, Option<Sound>) {
        let malformed = |reason: String| (Outcome::Malformed { reason }, Verdict::Error, None);
        if let Some(reason) = self.broken {
            return malformed(reason);
        }
        if !self.is_object {
            return malformed("not a JSON object".into());
        }
        if let Some(reason) = self.fault {
            return malformed(reason);
        }
        if let Some(Trouble { code, message, is_text }) = self.trouble
            && (code.is_some_and(|code| code != 0) || (message.is_some() && !is_text) || !self.has_response)
        {
            let message = message.unwrap_or_else(|| "the service gave no reason".into());
            return (Outcome::Error { code, message }, Verdict::Error, None);
        }
        if !self.has_response {
            return malformed("neither an answer nor an error".into());
        }
        let without_audio = |reason: String, verdict| (Outcome::NoAudio { reason }, verdict, None);
        if let Some(what) = self.audio.wrong_format {
            let reason = format!("cannot write {}", clean_within(&what, MOST_WORDS));
            return without_audio(reason, Verdict::WrongFormat);
        }
        if self.audio.passed_over {
            return (Outcome::Audio, Verdict::Ok, None);
        }
        let format = self.audio.format.unwrap_or_default();
        match self.audio.meter.finish(format) {
            Some(sound) if sound.pcm_bytes % (2 * u64::from(format.channels)) != 0 => {
                return malformed(format!("the audio ends within a frame of {} channels", format.channels));
            }
            Some(sound) if sound.pcm_bytes > 0 => {
                let model = self.model.as_deref();
                let letters = judging.letters(key);
                let facts = Facts { finish_reason, audio_tokens: tokens.audio, model, letters };
                let verdict = judge(&sound, facts, &judging.limits);
                return (Outcome::Audio, verdict, Some(sound));
            }
            Some(_) => {}
            None => return malformed("the audio has an odd number of bytes".into()),
        }
        let verdict = judge_absence(self.block_reason.as_deref(), finish_reason);
        let explained = |reason: String| match &self.finish_message {
            Some(message) => format!("{reason}: {message}"),
            None => reason,
        };
        let reason = match (&self.block_reason, finish_reason, &self.text) {
            (Some(block), _, _) => format!("blocked: {block}"),
            (None, Some(finish), _) if finish != "STOP" => explained(format!("no audio: {finish}")),
            (None, Some(_) | None, _) if self.audio.has_part => "the audio is empty".into(),
            (None, Some(_) | None, Some(text)) => format!("text instead of audio: {text}"),
            (None, Some(_) | None, None) if self.has_embedding => "an embedding, not audio".into(),
            (None, Some(_) | None, None) if !self.has_candidate => "an answer without candidates".into(),
            (None, Some(_) | None, None) => explained("no audio".into()),
        };
        without_audio(reason, verdict)
    }
}

/// A key as text. What is no UTF-8 becomes U+FFFD and the digits of its bytes: keys that differ only there stay two.
fn readable(key: &[u8]) -> String {
    let mut text = String::with_capacity(key.len());
    for chunk in key.utf8_chunks() {
        text.push_str(chunk.valid());
        if chunk.invalid().is_empty() {
            continue;
        }
        text.push(char::REPLACEMENT_CHARACTER);
        for byte in chunk.invalid() {
            text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('?')));
        }
    }
    text
}
