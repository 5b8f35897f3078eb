//! How sources are read: their form, what counts as one text, which column is what, how keys are made, who speaks.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::keys::KeyTemplate;
use super::source::Form;
use crate::request::Speaker;

/// Everything that a person can say about their sources. By default the sources speak for themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceOptions {
    /// The form of all sources; `None` takes it from their names and their first bytes.
    pub from: Option<Form>,
    /// What is one text of plain text.
    pub by: By,
    /// Columns of tables whose headers have other names than ours.
    pub columns: Columns,
    /// Keys for everything but JSONL; `None` takes what suits the form.
    pub keys: Option<KeyTemplate>,
    /// Who speaks with which voice, in texts that say `Name: …`.
    pub speakers: Vec<Speaker>,
    /// How to speak, for texts that do not say it themselves.
    pub style: Option<String>,
    /// A list of words and how they are spoken.
    pub pronounce: Option<PathBuf>,
    /// Whether headings are left unspoken. They name keys all the same.
    pub skip_headings: bool,
}

/// What is one text of plain text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// A line.
    #[default]
    Line,
    /// The lines between two empty ones.
    Paragraph,
}

/// A column that means something to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The key of the request.
    Key,
    /// What is spoken.
    Text,
    /// The voice of the row.
    Voice,
    /// The language of the row.
    Language,
    /// How to speak the row.
    Style,
    /// Who speaks the row, when speakers have voices.
    Speaker,
}

impl Column {
    /// All of them, in the order in which they are told.
    pub const ALL: [Column; 6] =
        [Column::Key, Column::Text, Column::Voice, Column::Language, Column::Style, Column::Speaker];

    /// What it is called, in headers and in `--column`.
    pub fn word(self) -> &'static str {
        match self {
            Column::Key => "key",
            Column::Text => "text",
            Column::Voice => "voice",
            Column::Language => "language",
            Column::Style => "style",
            Column::Speaker => "speaker",
        }
    }

    /// Whether a header in lower case means it.
    pub(super) fn is_called(self, name: &str) -> bool {
        match self {
            Column::Key => matches!(name, "key" | "id"),
            Column::Language => matches!(name, "language" | "lang"),
            Column::Text | Column::Voice | Column::Style | Column::Speaker => name == self.word(),
        }
    }
}

/// Which header stands for which column, as far as the names differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(Vec<(Column, String)>);

impl Columns {
    /// The header that was named for a column.
    pub fn header_of(&self, column: Column) -> Option<&str> {
        self.0.iter().rev().find(|(own, _)| *own == column).map(|(_, header)| header.as_str())
    }

    /// Whether a header, in lower case, was named for any column.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(_, header)| header.trim().to_lowercase() == name)
    }
}

/// Of several for one column the last one counts.
impl FromIterator<ColumnName> for Columns {
    fn from_iter<I: IntoIterator<Item = ColumnName>>(names: I) -> Self {
        Columns(names.into_iter().map(|ColumnName(column, header)| (column, header)).collect())
    }
}

/// One `text=Prompt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnName(pub Column, pub String);

/// What is wrong with a `text=Prompt`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// No equals sign, or nothing behind it.
    #[error("write it as COLUMN=HEADER, such as text=Prompt")]
    Shape,
    /// A column that means nothing to us.
    #[error("unknown column {0}; known are key, text, voice, language, style, speaker")]
    Unknown(String),
}

impl FromStr for ColumnName {
    type Err = ColumnError;

    fn from_str(word: &str) -> Result<Self, ColumnError> {
        let (name, header) = word.split_once('=').ok_or(ColumnError::Shape)?;
        let (name, header) = (name.trim().to_lowercase(), header.trim());
        if header.is_empty() {
            return Err(ColumnError::Shape);
        }
        let column = Column::ALL.into_iter().find(|column| column.is_called(&name));
        column.map(|column| ColumnName(column, header.to_owned())).ok_or(ColumnError::Unknown(name))
    }
}

impl fmt::Display for ColumnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.0.word(), self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_names_a_column_and_a_header() {
        let name = |word: &str| word.parse::<ColumnName>();
        assert_eq!(name("text=The Prompt"), Ok(ColumnName(Column::Text, "The Prompt".into())));
        assert_eq!(name("Lang = x=y ").unwrap().to_string(), "language=x=y");
        assert_eq!(name("text"), Err(ColumnError::Shape));
        assert_eq!(name("text="), Err(ColumnError::Shape));
        assert_eq!(name("pitch=x"), Err(ColumnError::Unknown("pitch".into())));
        let columns: Columns = ["text=a", "text=B "].map(|word| name(word).unwrap()).into_iter().collect();
        assert_eq!((columns.header_of(Column::Text), columns.header_of(Column::Key)), (Some("B"), None));
        assert!(columns.has("b") && !columns.has("c"));
    }
}
