//! What a source of any form gives: a text with its place, what the source says about it, and what is wrong there.

use std::io;
use std::rc::Rc;

use crate::request::Problem;

/// Where something stands in a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1; 0 for the whole source.
    pub line: u64,
    /// In characters from 1; 0 for the whole line.
    pub column: u64,
    /// The file inside an e-book.
    pub file: Option<Rc<str>>,
}

impl Place {
    pub(super) fn line(line: u64) -> Self {
        Place { line, ..Place::default() }
    }

    pub(super) fn at(line: u64, column: u64) -> Self {
        Place { line, column, file: None }
    }
}

/// One text of a source, of any length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Passage {
    /// Where the text begins.
    pub place: Place,
    /// What is spoken, without markup.
    pub text: String,
    /// The line at which the text from a byte on stands, in order. Empty when all of it stands in one line.
    pub lines: Vec<(usize, u64)>,
    /// The key that the source gives it.
    pub key: Option<String>,
    /// The name that the source gives it, such as the number of a caption.
    pub id: Option<String>,
    /// The headings above it, as a slug.
    pub section: Option<String>,
    /// The row that it stands in, by its column names in lower case.
    pub row: Option<Row>,
    /// Of this text alone.
    pub voice: Option<String>,
    /// Of this text alone.
    pub language: Option<String>,
    /// Of this text alone.
    pub style: Option<String>,
    /// Who says all of it.
    pub speaker: Option<String>,
}

impl Passage {
    pub(super) fn new(place: Place, text: String) -> Self {
        Passage { place, text, ..Passage::default() }
    }

    /// The line of a byte of the text.
    pub(super) fn line_of(&self, byte: usize) -> u64 {
        let after = self.lines.partition_point(|(start, _)| *start <= byte);
        after.checked_sub(1).map_or(self.place.line, |at| self.lines[at].1)
    }
}

/// The cells of a row with the names of their columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub names: Rc<[String]>,
    pub cells: Vec<String>,
}

impl Row {
    /// The cell of a column, by its name in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let at = self.names.iter().position(|own| own == name)?;
        self.cells.get(at).map(String::as_str)
    }
}

/// The next thing that a source has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Text(Passage),
    Problem(Place, Problem),
}

/// A source that gives one text after the other.
pub(super) trait Passages {
    /// The next text or problem; `None` at the end.
    fn next(&mut self) -> io::Result<Option<Told>>;
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// Everything that a source tells: texts, and the rules that found something with their places.
    pub(in crate::script) fn all(mut source: impl Passages) -> (Vec<Passage>, Vec<(&'static str, u64, u64)>) {
        let (mut texts, mut problems) = (Vec::new(), Vec::new());
        while let Some(told) = source.next().unwrap() {
            match told {
                Told::Text(text) => texts.push(text),
                Told::Problem(place, problem) => {
                    problems.push((problem.rule.id, place.line, problem.column.max(place.column)));
                }
            }
        }
        (texts, problems)
    }
}
