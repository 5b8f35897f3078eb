//! Words that are spoken otherwise than they are written.

use std::collections::HashMap;

/// A list of words and how they are spoken.
///
/// Whole words only, the longest first. A word in small letters is found in any case; one with capitals as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pronunciations {
    /// By the first character in lower case; in each list the longest first.
    by_first: HashMap<char, Vec<Entry>>,
    n_entries: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    word: String,
    spoken: String,
    any_case: bool,
}

/// What is wrong with a list, and in which line from 1, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PronunciationError {
    /// A row without a tab, or with an empty side.
    #[error("line {0} is not a word, a tab, and how it is spoken")]
    Row(usize),
    /// The same word again.
    #[error("«{0}» stands twice")]
    Twice(String),
    /// Not the TOML of a list.
    #[error("it is no list of `word = \"spoken\"`: {0}")]
    Toml(String),
    /// Nothing in it.
    #[error("it holds no words")]
    Empty,
}

impl Pronunciations {
    /// Reads `word = "spoken"`, one a line, as TOML.
    pub fn from_toml(text: &str) -> Result<Self, PronunciationError> {
        let table: toml::Table = toml::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| PronunciationError::Toml(error.to_string()))?;
        let mut pairs = Vec::new();
        for (word, spoken) in table {
            match spoken {
                toml::Value::String(spoken) => pairs.push((word, spoken)),
                toml::Value::Integer(_)
                | toml::Value::Float(_)
                | toml::Value::Boolean(_)
                | toml::Value::Datetime(_)
                | toml::Value::Array(_)
                | toml::Value::Table(_) => {
                    return Err(PronunciationError::Toml(format!("«{word}» is no text; write it in quotes")));
                }
            }
        }
        Pronunciations::new(pairs)
    }

    /// Reads a word, a tab, and how it is spoken, one a line. Empty lines and lines that begin with `#` say nothing.
    pub fn from_tsv(text: &str) -> Result<Self, PronunciationError> {
        let mut pairs = Vec::new();
        for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let (word, spoken) = line.split_once('\t').ok_or(PronunciationError::Row(at + 1))?;
            if word.trim().is_empty() || spoken.trim().is_empty() {
                return Err(PronunciationError::Row(at + 1));
            }
            pairs.push((word.to_owned(), spoken.to_owned()));
        }
        Pronunciations::new(pairs)
    }

    fn new(pairs: Vec<(String, String)>) -> Result<Self, PronunciationError> {
        let mut list = Pronunciations { n_entries: pairs.len(), ..Pronunciations::default() };
        for (word, spoken) in pairs {
            let word = word.trim().to_owned();
            let any_case = !word.chars().any(char::is_uppercase);
            let Some(first) = word.chars().next().map(lower) else { return Err(PronunciationError::Empty) };
            let entries = list.by_first.entry(first).or_default();
            if entries.iter().any(|entry| entry.word == word) {
                return Err(PronunciationError::Twice(word));
            }
            entries.push(Entry { word, spoken: spoken.trim().to_owned(), any_case });
        }
        if list.n_entries == 0 {
            return Err(PronunciationError::Empty);
        }
        for entries in list.by_first.values_mut() {
            // Of two of the same length the one that is exact.
            entries.sort_by_key(|entry| (std::cmp::Reverse(entry.word.chars().count()), entry.any_case));
        }
        Ok(list)
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.n_entries
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.n_entries == 0
    }

    /// The text as it is spoken, and how many words were replaced.
    pub fn apply(&self, text: &str) -> (String, u64) {
        if self.is_empty() {
            return (text.to_owned(), 0);
        }
        let mut spoken = String::with_capacity(text.len());
        let (mut rest, mut before, mut n) = (text, None, 0);
        while let Some(c) = rest.chars().next() {
            let found = self.by_first.get(&lower(c)).and_then(|entries| {
                entries.iter().find_map(|entry| entry.length_at(rest, before).map(|length| (entry, length)))
            });
            let length = match found {
                Some((entry, length)) => {
                    spoken.push_str(&entry.spoken);
                    n += 1;
                    length
                }
                None => {
                    spoken.push(c);
                    c.len_utf8()
                }
            };
            before = rest[..length].chars().next_back();
            rest = &rest[length..];
        }
        (spoken, n)
    }
}

impl Entry {
    /// How many bytes of the text are this word, if the text begins with it.
    fn length_at(&self, text: &str, before: Option<char>) -> Option<usize> {
        let mut length = 0;
        let (mut own, mut theirs) = (self.word.chars(), text.chars());
        let (mut first, mut last) = (None, ' ');
        for wanted in own.by_ref() {
            let c = theirs.next()?;
            let is_same = c == wanted || (self.any_case && lower(c) == wanted);
            if !is_same {
                return None;
            }
            first.get_or_insert(c);
            last = c;
            length += c.len_utf8();
        }
        let starts = !before.is_some_and(|before| joins(before, first.unwrap_or(' ')));
        let ends = !theirs.next().is_some_and(|after| joins(last, after));
        (starts && ends).then_some(length)
    }
}

/// Whether two neighbours belong to one word. Scripts that write without spaces have no such mark.
fn joins(left: char, right: char) -> bool {
    let spaced = |c: char| !matches!(c as u32, 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff);
    let word = |c: char| c.is_alphanumeric() || c == '_' || unicode_normalization::char::is_combining_mark(c);
    // A mark belongs to the letter before it in every script.
    unicode_normalization::char::is_combining_mark(right)
        || (word(left) && word(right) && spaced(left) && spaced(right))
}

/// In lower case, when that is one character.
fn lower(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(c), None) => c,
        (Some(_) | None, _) => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Pronunciations {
        Pronunciations::from_tsv(text).unwrap()
    }

    #[test]
    fn whole_words_are_replaced_the_longest_first() {
        let list = list("sql\tsequel\nsql server\tsequel server\nSQLite\tS Q lite\nDr.\tDoctor\n東京\tとうきょう\n");
        let table = [
            ("SQL and Sql.", "sequel and sequel.", 2),
            ("An sql server", "An sequel server", 1),
            ("SQLite sqlite mysql", "S Q lite sqlite mysql", 1),
            ("Dr. No, dr. yes", "Doctor No, dr. yes", 1),
            ("私は東京にいる", "私はとうきょうにいる", 1),
            ("sql_x sql\u{301}", "sql_x sql\u{301}", 0),
            ("", "", 0),
        ];
        for (text, spoken, n) in table {
            assert_eq!(list.apply(text), (spoken.to_owned(), n), "{text}");
        }
    }

    #[test]
    fn what_is_replaced_is_not_replaced_again() {
        assert_eq!(list("a\tb\nb\ta\n").apply("a b").0, "b a");
    }

    #[test]
    fn both_forms_of_a_list_are_read() {
        let tsv = list("\u{feff}# words\nSQL\tsequel\n\nfoo bar\tbaz\r\n");
        let toml = Pronunciations::from_toml("SQL = \"sequel\"\n\"foo bar\" = 'baz'\n").unwrap();
        assert_eq!((tsv.len(), &tsv), (2, &toml));
        assert_eq!(Pronunciations::from_tsv("a\tb\nc d\n"), Err(PronunciationError::Row(2)));
        assert_eq!(Pronunciations::from_tsv("a\tb\na\tc\n"), Err(PronunciationError::Twice("a".into())));
        assert_eq!(Pronunciations::from_tsv("# none\n"), Err(PronunciationError::Empty));
        for bad in ["a = 1", "a = ", "[a]\nb = \"c\""] {
            assert!(matches!(Pronunciations::from_toml(bad), Err(PronunciationError::Toml(_))), "{bad}");
        }
    }
}
