//! What one result line, or one inline item, came to.

use crate::audio::{Sound, Verdict};

/// One result, without its audio: what an index keeps and a table shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Result lines or inline items, counted from 1.
    pub line: u64,
    /// Where the line or item begins in the results file or body, in bytes.
    pub offset: u64,
    /// Its length in bytes, without the line end.
    pub length: u64,
    /// As sent, not cleaned; a key that is not a string is kept as its JSON text.
    pub key: Option<String>,
    /// Audio, or why not.
    pub outcome: Outcome,
    /// `candidates[0].finishReason`, as the service spells it.
    pub finish_reason: Option<String>,
    /// What was billed, as far as the line says.
    pub tokens: Tokens,
    /// The measured audio, when there is any.
    pub sound: Option<Sound>,
    /// Whether the audio is worth anything.
    pub verdict: Verdict,
}

impl Row {
    /// Whether a person should look at it: anything but good audio.
    pub fn is_bad(&self) -> bool {
        self.verdict != Verdict::Ok
    }
}

/// What a result line holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Audio that can be written to a file.
    Audio,
    /// An answer without audio that can be used; says why.
    NoAudio {
        /// For people, cleaned.
        reason: String,
    },
    /// An error in place of an answer. The code is gRPC's.
    Error {
        /// A gRPC status code, when there is one.
        code: Option<i64>,
        /// The service's words, cleaned and cut to 200 characters.
        message: String,
    },
    /// The line is not a result: broken JSON, or neither answer nor error.
    Malformed {
        /// What is wrong and at which byte.
        reason: String,
    },
}

/// Tokens of one result, from `usageMetadata`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Tokens of the text.
    pub prompt: Option<u64>,
    /// Tokens of the audio: 25 a second.
    pub audio: Option<u64>,
}
