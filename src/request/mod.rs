//! What one synthesis request is, and the rules by which it is checked before it is sent.
//!
//! Pure.

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Must be mended before anything is sent.
    Error,
    /// Worth a look.
    Warning,
}

/// Something that the linter found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, as it was named; `-` for standard input.
    pub source: String,
    /// Counted from 1; 0 for the whole file.
    pub line: u64,
    /// In characters, counted from 1; 0 for the whole line.
    pub column: u64,
    /// The key of the request, when there is one.
    pub key: Option<String>,
    /// Error or warning.
    pub severity: Severity,
    /// The rule's id, in kebab case.
    pub rule: &'static str,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub fix: Option<String>,
}

/// One request, as a preview shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// In its source, counted from 1.
    pub line: u64,
    /// The key under which its result will come back.
    pub key: String,
    /// The voice, or the speakers' voices.
    pub voice: Option<String>,
    /// The language, when one is given.
    pub language: Option<String>,
    /// The beginning of the text, cleaned.
    pub text: String,
}
