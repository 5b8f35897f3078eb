//! A mistake in the input, as data: where it is, which rule found it, and what to write in its place.

use std::fmt;

use super::rules::Rule;
use crate::text::clean;

/// How bad a finding is. Errors come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It would fail, or cost money for nothing; nothing is sent.
    Error,
    /// Worth a look; the request is sent.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// What a rule has to say about one request, before anyone knows in which file and line it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which rule.
    pub rule: &'static Rule,
    /// In characters from 1; 0 for the whole line.
    pub column: u64,
    /// Lower case, no full stop, cleaned.
    pub message: String,
    /// What to write or do, cleaned. What was done, when it was mended.
    pub fix: Option<String>,
    /// Whether it was mended, so that the request is sent.
    pub fixed: bool,
    /// The name or text in the line that it is about, where the rule alone does not tell.
    pub near: Option<String>,
}

impl Problem {
    /// A problem of a whole line.
    pub fn new(rule: &'static Rule, message: impl AsRef<str>) -> Self {
        Problem { rule, column: 0, message: clean(message.as_ref()), fix: None, fixed: false, near: None }
    }

    /// The same problem with the way out.
    pub fn fix(mut self, fix: impl AsRef<str>) -> Self {
        self.fix = Some(clean(fix.as_ref()));
        self
    }

    /// The same problem with the name or text that it is about.
    pub fn near(mut self, near: &str) -> Self {
        self.near = Some(near.to_owned());
        self
    }

    /// The same problem, mended: what was done, such as "the key is k-2 now".
    pub fn fixed(mut self, done: impl AsRef<str>) -> Self {
        self.message = format!("fixed: {}", self.message);
        self.fix = Some(clean(done.as_ref()));
        self.fixed = true;
        self
    }

    /// How bad it is: what was mended forbids nothing any more.
    pub fn severity(&self) -> Severity {
        if self.fixed { Severity::Warning } else { self.rule.severity }
    }

    /// The same problem at a column.
    pub fn at(mut self, column: u64) -> Self {
        self.column = column;
        self
    }

    /// The problem with its place.
    pub fn found(self, source: &str, line: u64, key: Option<&str>) -> Finding {
        Finding {
            source: source.to_owned(),
            line,
            column: self.column,
            key: key.map(str::to_owned),
            severity: self.severity(),
            rule: self.rule.id,
            message: self.message,
            fix: self.fix,
            fixed: self.fixed,
        }
    }
}

/// Something that the linter found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, as it was named; `-` for standard input; the option that is meant, such as `--model`. Cleaned.
    pub source: String,
    /// Counted from 1; 0 for the whole source.
    pub line: u64,
    /// In characters, counted from 1; 0 for the whole line.
    pub column: u64,
    /// The key of the request, when there is one, as it stands in the input: not cleaned.
    pub key: Option<String>,
    /// Of the rule; a warning when it was mended.
    pub severity: Severity,
    /// The rule's id, in kebab-case.
    pub rule: &'static str,
    /// Lower case, no full stop, cleaned.
    pub message: String,
    /// What to write or do, cleaned. What was done, when it was mended.
    pub fix: Option<String>,
    /// Whether a quick fix mended it in what is sent.
    pub fixed: bool,
}

/// `ch01.jsonl:7:12: error: message (fix) [rule]`, as compilers write it.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", crate::text::clean(&self.source))?;
        for place in [self.line, self.column].into_iter().take_while(|place| *place > 0) {
            write!(f, ":{place}")?;
        }
        write!(f, ": {}: ", self.severity.as_str())?;
        if let Some(key) = &self.key {
            write!(f, "{}: ", crate::text::clean_short(key, 60))?;
        }
        write!(f, "{}", self.message)?;
        if let Some(fix) = &self.fix {
            write!(f, " ({fix})")?;
        }
        write!(f, " [{}]", self.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::rules;

    #[test]
    fn a_finding_reads_like_a_compilers() {
        let problem = Problem::new(&rules::BROKEN_JSON, "expected `,`").at(12).fix("add \u{1b} it");
        let finding = problem.clone().found("a.jsonl", 7, Some("k\n"));
        assert_eq!(finding.to_string(), "a.jsonl:7:12: error: k : expected `,` (add ␛ it) [broken-json]");
        let finding = problem.found("a.jsonl", 0, None);
        assert_eq!(finding.to_string(), "a.jsonl: error: expected `,` (add ␛ it) [broken-json]");
        assert!(Severity::Error < Severity::Warning);
    }
}
