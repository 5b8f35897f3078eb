//! One filter language for `--filter`, for `/` on every screen, and for everything else that chooses rows.
//!
//! Words are and-ed. A word is `text` (part of anything that can be searched), `/regex/`, `column:value`,
//! `column:/regex/` or, for numbers, sizes and ages, `column:>value`; `!` before a word turns it round, and quotes keep
//! blanks and colons together: `state:running !name:"try 2" age:<6h fail:>0`. Upper and lower case are the same.
//!
//! Pure. Knows the columns of every screen, so that a word with a typing error is an error and not an empty list.

use std::fmt;

use regex::{Regex, RegexBuilder};

mod quantity;
mod record;
mod words;

pub use quantity::{duration, size};
pub use record::{JobRecord, Record};

use crate::audio::Verdict;
use words::{Word, words};

/// A filter that was understood. The default lets everything pass.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    source: String,
    terms: Vec<Term>,
}

/// Why a text is not a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// No screen has such a column.
    #[error("there is no column '{column}'; columns are {}", columns().collect::<Vec<_>>().join(", "))]
    UnknownColumn {
        /// As typed.
        column: String,
    },
    /// The value cannot be compared with what the column holds.
    #[error("'{value}' is not {expected}, which column '{column}' holds")]
    BadValue {
        /// The column.
        column: &'static str,
        /// As typed.
        value: String,
        /// For people: `a number`, `an age like 6h or 2d`.
        expected: &'static str,
    },
    /// The expression between the slashes is not one.
    #[error("/{pattern}/ is not a regular expression: {reason}")]
    BadRegex {
        /// As typed.
        pattern: String,
        /// The last line of what the regex engine says.
        reason: String,
    },
}

#[derive(Clone, Debug)]
struct Term {
    wanted: bool,
    test: Test,
    /// The word itself, when it is looked for anywhere and holds nothing but ASCII.
    word: Option<String>,
}

#[derive(Clone, Debug)]
enum Test {
    /// Any text of the record matches.
    Anywhere(Regex),
    /// The column matches.
    Column(&'static str, Regex),
    /// The column is one of these words or begins with one.
    Words(&'static str, Vec<String>),
    /// The column's number compares so.
    Number(&'static str, Comparison, f64),
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Holds {
    /// Free text: a part of it is enough.
    Text,
    /// One word of a small set: its beginning is enough, and commas separate alternatives.
    Word,
    Number,
    /// Seconds.
    Time,
    /// Bytes.
    Size,
}

/// The columns of all screens. A record that lacks one matches no word about it.
const COLUMNS: [(&str, Holds); 19] = [
    ("state", Holds::Word),
    ("name", Holds::Text),
    ("id", Holds::Text),
    ("model", Holds::Text),
    ("kind", Holds::Word),
    ("requests", Holds::Number),
    ("done", Holds::Number),
    ("ok", Holds::Number),
    ("fail", Holds::Number),
    ("age", Holds::Time),
    ("error", Holds::Text),
    ("doubt", Holds::Word),
    ("key", Holds::Text),
    ("verdict", Holds::Word),
    ("voice", Holds::Text),
    ("line", Holds::Number),
    ("audio", Holds::Time),
    ("size", Holds::Size),
    ("mime", Holds::Text),
];

/// The names of all columns, in the order in which errors and help list them.
pub fn columns() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().map(|(name, _)| *name)
}

impl Filter {
    /// Reads a filter. A text that is still being typed (`state:`, `/ab`, `!`) is read as far as it goes.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        // These stand before every name of the service, so that words like `ch` would find all.
        let ids = text.replace("batches/", "").replace("files/", "");
        let mut terms = Vec::new();
        for word in words(&ids) {
            if let Some(term) = Term::parse(&word)? {
                terms.push(term);
            }
        }
        Ok(Filter { source: text.trim().to_owned(), terms })
    }

    /// Whether a record passes.
    pub fn matches(&self, record: &dyn Record) -> bool {
        self.terms.iter().all(|term| term.test.passes(record) == term.wanted)
    }

    /// The words that are looked for anywhere and hold nothing but ASCII, and whether they are wanted. Somebody who has
    /// all texts in one place finds them faster than a record at a time.
    pub fn words(&self) -> impl Iterator<Item = (&str, bool)> {
        self.terms.iter().filter_map(|term| Some((term.word.as_deref()?, term.wanted)))
    }

    /// Whether there is more to it than [`Filter::words`].
    pub fn is_more_than_words(&self) -> bool {
        self.terms.iter().any(|term| term.word.is_none())
    }

    /// Whether a record passes all that is not among [`Filter::words`].
    pub fn matches_beyond_words(&self, record: &dyn Record) -> bool {
        let others = self.terms.iter().filter(|term| term.word.is_none());
        others.into_iter().all(|term| term.test.passes(record) == term.wanted)
    }

    /// Whether everything passes because nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

/// As typed, without blanks around it.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Filter {}

impl Term {
    /// `None` for a word that asks nothing yet.
    fn parse(word: &Word) -> Result<Option<Self>, FilterError> {
        let test = match (&word.column, word.text.as_str()) {
            (_, "") => return Ok(None),
            (None, text) => Test::Anywhere(pattern(text, word.is_regex)?),
            (Some(column), text) => {
                let known = COLUMNS.iter().find(|(name, _)| name.eq_ignore_ascii_case(column));
                let &(name, holds) =
                    known.ok_or_else(|| FilterError::UnknownColumn { column: crate::text::clean_short(column, 40) })?;
                match holds {
                    _ if word.is_regex => Test::Column(name, pattern(text, true)?),
                    // `name:~nightly` is how others write what a plain word means here.
                    Holds::Text => Test::Column(name, pattern(text.strip_prefix('~').unwrap_or(text), false)?),
                    Holds::Word => Test::Words(name, alternatives(name, text)),
                    Holds::Number | Holds::Time | Holds::Size => match number(name, holds, text)? {
                        Some((comparison, value)) => Test::Number(name, comparison, value),
                        None => return Ok(None),
                    },
                }
            }
        };
        let is_plain = word.column.is_none() && !word.is_regex && word.text.bytes().all(|b| (b' '..0x7f).contains(&b));
        let plain = is_plain.then(|| word.text.clone());
        Ok(Some(Term { wanted: !word.is_negated, test, word: plain }))
    }
}

impl Test {
    fn passes(&self, record: &dyn Record) -> bool {
        match self {
            Test::Anywhere(pattern) => {
                let mut found = false;
                record.text(&mut |text| found = found || pattern.is_match(text));
                found
            }
            Test::Column(name, pattern) => record.column(name).is_some_and(|value| pattern.is_match(&value)),
            Test::Words(name, words) => record.column(name).is_some_and(|value| {
                let begins_with = |word: &String| match value.as_bytes().get(..word.len()) {
                    Some(first) if value.is_ascii() => first.eq_ignore_ascii_case(word.as_bytes()),
                    Some(_) | None => value.to_lowercase().starts_with(word),
                };
                words.iter().any(begins_with)
            }),
            Test::Number(name, comparison, wanted) => {
                record.number(name).is_some_and(|value| comparison.holds(value, *wanted))
            }
        }
    }
}

impl Comparison {
    fn holds(self, value: f64, wanted: f64) -> bool {
        match self {
            Comparison::Less => value < wanted,
            Comparison::AtMost => value <= wanted,
            Comparison::Equal => value == wanted,
            Comparison::AtLeast => value >= wanted,
            Comparison::More => value > wanted,
        }
    }
}

/// A pattern that finds the text, whatever its case.
fn pattern(text: &str, is_regex: bool) -> Result<Regex, FilterError> {
    let source = if is_regex { text.to_owned() } else { regex::escape(text) };
    // A megabyte holds every expression a person types, and keeps `a{9999}{9999}` out.
    let built = RegexBuilder::new(&source).case_insensitive(true).size_limit(1 << 20).build();
    built.map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
        FilterError::BadRegex {
            pattern: crate::text::clean_short(text, 80),
            reason: crate::text::clean_short(reason, 120),
        }
    })
}

fn alternatives(column: &str, text: &str) -> Vec<String> {
    let words = text.split(',').map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty());
    match column {
        // Both spellings of the service name the same state as the word on the screen.
        "state" => words
            .map(|word| word.trim_start_matches("job_state_").trim_start_matches("batch_state_").to_owned())
            .collect(),
        // What a person looks for first: everything that is worth a second listen.
        "verdict" => words.flat_map(|word| if word == "bad" { bad_verdicts() } else { vec![word] }).collect(),
        _ => words.collect(),
    }
}

fn bad_verdicts() -> Vec<String> {
    Verdict::ALL.iter().filter(|verdict| **verdict != Verdict::Ok).map(|verdict| verdict.as_str().to_owned()).collect()
}

/// `>5`, `<=6h`, `10MB`; `None` while only the comparison has been typed.
fn number(column: &'static str, holds: Holds, text: &str) -> Result<Option<(Comparison, f64)>, FilterError> {
    let signs = [
        (">=", Comparison::AtLeast),
        ("<=", Comparison::AtMost),
        (">", Comparison::More),
        ("<", Comparison::Less),
        ("=", Comparison::Equal),
    ];
    let signed = signs.iter().find_map(|(sign, comparison)| Some((*comparison, text.strip_prefix(sign)?)));
    let (comparison, value) = signed.unwrap_or((Comparison::Equal, text));
    if value.is_empty() {
        return Ok(None);
    }
    let (read, expected) = match holds {
        Holds::Time => (duration(value).map(|time| time.as_secs_f64()), "an age like 90s, 6h or 2d"),
        Holds::Size => (size(value), "a size like 500kB or 10MB"),
        Holds::Number | Holds::Text | Holds::Word => (value.parse().ok().filter(|n: &f64| n.is_finite()), "a number"),
    };
    match read {
        Some(number) => Ok(Some((comparison, number))),
        None => Err(FilterError::BadValue { column, value: crate::text::clean_short(value, 40), expected }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Counts, Job, JobError, JobKind, JobName, JobState};
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn job() -> Job {
        Job {
            name: JobName::parse("batches/abc123").unwrap(),
            display_name: Some("Nightly Prompts Ünïcode".into()),
            kind: JobKind::GenerateContent,
            model: Some("models/gemini-3.1-flash-tts-preview".into()),
            state: JobState::Running,
            counts: Some(Counts { requests: 40, succeeded: 10, failed: 2, pending: 28 }),
            create_time: Some("2026-07-02T10:00:00Z".parse().unwrap()),
            update_time: None,
            end_time: None,
            source: None,
            dest: None,
            error: Some(JobError { code: 13, message: "internal trouble".into() }),
        }
    }

    fn passes(filter: &str) -> bool {
        let (job, now) = (job(), "2026-07-02T15:00:00Z".parse().unwrap());
        Filter::parse(filter).unwrap().matches(&JobRecord { job: &job, state: job.state.word(), doubt: None, now })
    }

    #[test]
    fn words_choose_jobs() {
        let table = [
            ("", true),
            ("nightly", true),
            ("NIGHTLY prompts", true),
            ("üNÏcode", true),
            ("nightly weekly", false),
            ("!weekly", true),
            ("!nightly", false),
            ("batches/abc", true),
            // Every name of the service begins so: it finds nothing by itself.
            ("batc", false),
            ("trouble", true),
            ("\"nightly prompts\"", true),
            ("\"prompts nightly\"", false),
            ("'Nightly Pr'", true),
            ("/^nightly .*code$/", true),
            ("/^prompts/", false),
            ("!/^prompts/", true),
            ("/abc|xyz/ running", true),
            ("state:running", true),
            ("state:RUN", true),
            ("state:JOB_STATE_RUNNING", true),
            ("state:pending,running", true),
            ("state:pending", false),
            ("!state:pending", true),
            ("State:running", true),
            ("name:prompts", true),
            ("name:\"nightly prompts\"", true),
            ("name:/^n.*e$/", true),
            ("name:abc123", false),
            ("id:abc", true),
            ("model:3.1", true),
            ("model:3x1", false),
            ("kind:generate", true),
            ("kind:embed", false),
            ("error:internal", true),
            ("fail:>0", true),
            ("fail:2", true),
            ("fail:>=3", false),
            ("done:12 ok:<=10 requests:=40", true),
            ("age:<6h", true),
            ("age:>2d", false),
            ("age:>=5h", true),
            ("age:>299m", true),
            ("verdict:bad", false),
            ("!verdict:bad", true),
            ("size:>1MB", false),
            // Still being typed: nothing is asked yet.
            ("state:", true),
            ("age:<", true),
            ("!", true),
            ("/", true),
            ("/nigh", true),
            ("\"nigh", true),
        ];
        for (filter, expected) in table {
            assert_eq!(passes(filter), expected, "{filter}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let error = |text: &str| Filter::parse(text).unwrap_err().to_string();
        assert!(error("stat:running").starts_with("there is no column 'stat'; columns are state, name, id, model"));
        assert_eq!(error("age:<soon"), "'soon' is not an age like 90s, 6h or 2d, which column 'age' holds");
        assert_eq!(error("fail:>many"), "'many' is not a number, which column 'fail' holds");
        assert_eq!(error("size:10XB"), "'10XB' is not a size like 500kB or 10MB, which column 'size' holds");
        assert_eq!(error("/(/"), "/(/ is not a regular expression: unclosed group");
        assert!(error("/a{9999}{9999}/").contains("is not a regular expression"));
    }

    #[test]
    fn an_empty_filter_is_known_to_be_one() {
        assert!(Filter::parse("  ").unwrap().is_empty());
        assert!(Filter::default().is_empty());
        assert!(!Filter::parse("x").unwrap().is_empty());
        assert_eq!(Filter::parse(" state:running ").unwrap().to_string(), "state:running");
    }

    proptest! {
        #[test]
        fn nothing_typed_panics(text in any::<String>()) {
            let _ = Filter::parse(&text).map(|filter| filter.to_string());
        }

        #[test]
        fn a_quoted_part_of_a_name_finds_it(part in "[^\"\\\\]{1,12}") {
            let mut job = job();
            job.display_name = Some(format!("before {part} after"));
            let now = Timestamp::UNIX_EPOCH;
            let filter = Filter::parse(&format!("name:\"{part}\"")).unwrap();
            let record = JobRecord { job: &job, state: "RUNNING", doubt: None, now };
            prop_assert!(filter.matches(&record));
            let filter = Filter::parse(&format!("!\"{part}\"")).unwrap();
            prop_assert!(!filter.matches(&record));
        }
    }

    #[test]
    fn bad_is_every_verdict_but_ok() {
        struct Heard(Verdict);
        impl Record for Heard {
            fn column(&self, name: &str) -> Option<std::borrow::Cow<'_, str>> {
                (name == "verdict").then_some(self.0.as_str().into())
            }
            fn text(&self, _: &mut dyn FnMut(&str)) {}
        }
        let (bad, good) = (Filter::parse("verdict:bad").unwrap(), Filter::parse("verdict:ok").unwrap());
        for verdict in Verdict::ALL {
            assert_eq!(
                (bad.matches(&Heard(verdict)), good.matches(&Heard(verdict))),
                (verdict != Verdict::Ok, verdict == Verdict::Ok)
            );
        }
    }
}
