//! One hostile result line, and what has to become of it.

use ring::digest::{SHA256, digest};

use super::sound::Sound;

/// A line and its expectation.
#[derive(Clone, Debug)]
pub struct Case {
    /// For messages of tests.
    pub what: String,
    pub line: Line,
    /// The key that the manifest must hold.
    pub key: Option<String>,
    pub expect: Expect,
}

/// How a line is written.
#[derive(Clone, Debug)]
pub enum Line {
    /// Members of an object: the one with the key, which may be none, and the others. Their order is free.
    Members { key: Vec<u8>, rest: Vec<u8> },
    /// These bytes and no others.
    Raw(Vec<u8>),
}

/// What has to become of a line.
#[derive(Clone, Debug)]
pub enum Expect {
    /// A file with these samples.
    File { verdict: &'static str, name: Name, sound: Sound },
    /// No file, and a reason that holds these words.
    Reason { verdict: &'static str, says: &'static str },
    /// The key was saved from an earlier line.
    Duplicate,
}

/// What the file must be called.
#[derive(Clone, Debug)]
pub enum Name {
    /// `<key>.wav`.
    Plain,
    /// `<slug>-<8 hex digits of the SHA-256 of the key>.wav`.
    Slug(String),
    /// Anything that begins so: who comes first of two that want one name decides.
    Begins(&'static str),
}

impl Case {
    /// A line with a plain key.
    pub fn new(key: &str, what: impl Into<String>, rest: impl Into<Vec<u8>>, expect: Expect) -> Self {
        let line = Line::Members { key: format!("\"key\":\"{key}\"").into_bytes(), rest: rest.into() };
        Case { what: what.into(), line, key: Some(key.to_owned()), expect }
    }

    /// A line of any bytes.
    pub fn raw(what: impl Into<String>, line: impl Into<Vec<u8>>, key: Option<&str>, expect: Expect) -> Self {
        Case { what: what.into(), line: Line::Raw(line.into()), key: key.map(str::to_owned), expect }
    }

    /// The bytes, without a line end.
    pub fn bytes(&self, key_first: bool) -> Vec<u8> {
        match &self.line {
            Line::Raw(bytes) => bytes.clone(),
            Line::Members { key, rest } => object(key, rest, key_first),
        }
    }

    /// As an inline item; `None` when its bytes are no JSON that could stand in an array.
    pub fn item(&self, key_first: bool) -> Option<Vec<u8>> {
        match &self.line {
            Line::Raw(_) => None,
            Line::Members { key, rest } if key.is_empty() => Some(object(b"", rest, key_first)),
            Line::Members { key, rest } => Some(object(&[b"\"metadata\":{", &key[..], b"}"].concat(), rest, key_first)),
        }
    }

    /// Whether a file has this name, if the case is on this line.
    pub fn fits_name(&self, name: &Name, file: &str, line: u64) -> bool {
        let hashed = self.key.clone().unwrap_or_else(|| line.to_string());
        match name {
            Name::Plain => self.key.as_deref().is_some_and(|key| file == format!("{key}.wav")),
            Name::Slug(slug) => file == format!("{slug}-{}.wav", &sha256(hashed.as_bytes())[..8]),
            Name::Begins(start) => file.starts_with(start) && file.ends_with(".wav"),
        }
    }
}

fn object(first: &[u8], rest: &[u8], key_first: bool) -> Vec<u8> {
    let (a, b) = if key_first { (first, rest) } else { (rest, first) };
    let comma: &[u8] = if a.is_empty() || b.is_empty() { b"" } else { b"," };
    [b"{", a, comma, b, b"}"].concat()
}

/// Good audio under a plain key.
pub fn file(sound: Sound) -> Expect {
    Expect::File { verdict: "ok", name: Name::Plain, sound }
}

pub fn reason(verdict: &'static str, says: &'static str) -> Expect {
    Expect::Reason { verdict, says }
}

pub fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub const L16: &str = "audio/L16;codec=pcm;rate=24000";

/// The member `response` around parts.
pub fn answer(parts: &str) -> String {
    candidate(&format!(r#""content":{{"parts":[{parts}],"role":"model"}},"finishReason":"STOP","index":0"#))
}

/// The member `response` around the members of one candidate.
pub fn candidate(members: &str) -> String {
    format!(r#""response":{{"candidates":[{{{members}}}],"modelVersion":"gemini-2.5-pro-preview-tts"}}"#)
}

/// A part with audio, MIME type first.
pub fn part(mime: &str, data: &str) -> String {
    format!(r#"{{"inlineData":{{"mimeType":"{mime}","data":"{data}"}}}}"#)
}

/// A part with audio, MIME type behind the data.
pub fn part_mime_last(mime: &str, data: &str) -> String {
    format!(r#"{{"inlineData":{{"data":"{data}","mimeType":"{mime}"}}}}"#)
}

/// A good answer.
pub fn good(sound: &Sound) -> String {
    answer(&part(L16, &sound.base64()))
}
