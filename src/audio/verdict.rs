//! Whether a result can be used. The words are a contract: they stand in manifests and on the screen.

/// What is thought of one result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Good audio.
    Ok,
    /// An answer with no audio in it.
    Empty,
    /// Audio without sound.
    Silent,
    /// Audio that is hardly heard.
    Quiet,
    /// Too many samples at full scale.
    Clipped,
    /// Shorter than what was billed, or cut at the token limit.
    Truncated,
    /// Far longer than its text.
    Runaway,
    /// Noise instead of speech.
    Noise,
    /// Audio in a format that we cannot write.
    WrongFormat,
    /// The service would not speak it.
    Refused,
    /// The service failed.
    Error,
}

impl Verdict {
    /// All of them, in the order of the contract.
    pub const ALL: [Verdict; 11] = [
        Verdict::Ok,
        Verdict::Empty,
        Verdict::Silent,
        Verdict::Quiet,
        Verdict::Clipped,
        Verdict::Truncated,
        Verdict::Runaway,
        Verdict::Noise,
        Verdict::WrongFormat,
        Verdict::Refused,
        Verdict::Error,
    ];

    /// The word in manifests and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Empty => "empty",
            Verdict::Silent => "silent",
            Verdict::Quiet => "quiet",
            Verdict::Clipped => "clipped",
            Verdict::Truncated => "truncated",
            Verdict::Runaway => "runaway",
            Verdict::Noise => "noise",
            Verdict::WrongFormat => "wrong-format",
            Verdict::Refused => "refused",
            Verdict::Error => "error",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Verdict> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }
}
