//! CSV and TSV as rows of cells, with the place of every cell. Quoted cells may hold line feeds and doubled quotes.

use std::io::{self, BufRead};

use super::lines::{LONGEST_LINE, Lines, as_text};
use super::passage::Place;
use crate::request::{Problem, rules};
use crate::text::{bytes as size, clean_short};

/// A cell and where it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub text: String,
    pub line: u64,
    pub column: u64,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    Good(Vec<Cell>),
    /// It cannot be read; the next one can.
    Bad(Place, Problem),
    /// It cannot be read, and nobody knows where the next one begins.
    Lost(Place, Problem),
}

/// A reader of rows. Holds one row at a time.
pub(super) struct Rows<R> {
    lines: Lines<R>,
    separator: Option<char>,
}

/// Where the reader is in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the first character of a cell.
    Start,
    Bare,
    Quoted,
    /// Behind a quote inside a quoted cell: the end of the cell, or the first half of a doubled quote.
    AfterQuote,
}

impl<R: BufRead> Rows<R> {
    /// Without a separator, the first row tells it.
    pub(super) fn new(lines: Lines<R>, separator: Option<char>) -> Self {
        Rows { lines, separator }
    }

    /// The next row that holds anything; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Cells>> {
        let mut cells: Vec<Cell> = Vec::new();
        let mut state = State::Start;
        let mut wrong: Option<(Place, Problem)> = None;
        let mut length = 0;
        let mut opened = Place::default();
        while let Some(line) = self.lines.next()? {
            let number = line.number;
            let text = match as_text(&line) {
                Ok(text) => text,
                Err(problem) => {
                    wrong.get_or_insert((Place::line(number), problem));
                    ""
                }
            };
            if state != State::Quoted {
                if text.trim().is_empty() {
                    match wrong {
                        Some((place, problem)) => return Ok(Some(Cells::Bad(place, problem))),
                        None => continue,
                    }
                }
                if let Some(separator) = text.strip_prefix("sep=").filter(|_| number == 1) {
                    // Excel writes this line for itself.
                    self.separator = separator.chars().next().or(self.separator);
                    continue;
                }
                cells.push(Cell { line: number, column: 1, ..Cell::default() });
            }
            let separator = *self.separator.get_or_insert_with(|| separator_of(text));
            length += text.len();
            // In bytes, and in characters from 1.
            let (mut at, mut column) = (0, 1);
            while at < text.len() {
                let rest = &text[at..];
                let Some(cell) = cells.last_mut() else { break };
                let next = match state {
                    State::Start if rest.starts_with('"') => {
                        opened = Place::at(number, column);
                        state = State::Quoted;
                        (at, column) = (at + 1, column + 1);
                        continue;
                    }
                    // A quote behind spaces opens nothing; the spaces may be meant.
                    State::Start | State::Bare => separator,
                    State::Quoted => '"',
                    State::AfterQuote if rest.starts_with('"') => {
                        cell.text.push('"');
                        state = State::Quoted;
                        (at, column) = (at + 1, column + 1);
                        continue;
                    }
                    State::AfterQuote if rest.starts_with(separator) => separator,
                    State::AfterQuote if rest.starts_with(' ') => {
                        (at, column) = (at + 1, column + 1);
                        continue;
                    }
                    State::AfterQuote => {
                        let behind: String = rest.chars().take(20).collect();
                        let message = format!("«{}» stands behind the closing quote", clean_short(&behind, 20));
                        let problem = Problem::new(&rules::BROKEN_ROW, message).fix("double the quotes inside a cell");
                        wrong.get_or_insert((Place::at(number, column), problem));
                        state = State::Bare;
                        continue;
                    }
                };
                let length = rest.find(next).unwrap_or(rest.len());
                let (span, behind) = rest.split_at(length);
                cell.text.push_str(span);
                column += span.chars().count() as u64;
                at += length;
                if behind.is_empty() {
                    if state == State::Start && !span.is_empty() {
                        state = State::Bare;
                    }
                    break;
                }
                (at, column) = (at + next.len_utf8(), column + 1);
                state = match state {
                    State::Quoted => State::AfterQuote,
                    State::Start | State::Bare | State::AfterQuote => {
                        cells.push(Cell { line: number, column, ..Cell::default() });
                        State::Start
                    }
                };
            }
            if state == State::Quoted && length <= LONGEST_LINE {
                if let Some(cell) = cells.last_mut() {
                    cell.text.push('\n');
                }
                continue;
            }
            if state == State::Quoted {
                return Ok(Some(unclosed(opened, &format!("within {}", size(LONGEST_LINE as u64)))));
            }
            if let Some((place, problem)) = wrong {
                return Ok(Some(Cells::Bad(place, problem)));
            }
            if cells.iter().all(|cell| cell.text.trim().is_empty()) {
                cells.clear();
                (state, length) = (State::Start, 0);
                continue;
            }
            return Ok(Some(Cells::Good(cells)));
        }
        Ok((state == State::Quoted).then(|| unclosed(opened, "before the end of the file")))
    }
}

fn unclosed(opened: Place, where_to: &str) -> Cells {
    let problem = Problem::new(&rules::UNCLOSED_QUOTE, format!("the quote is not closed {where_to}"));
    Cells::Lost(opened, problem.fix("close it, or double it if it is meant as a character"))
}

/// The separator that the first row has most of, outside quotes.
pub(super) fn separator_of(line: &str) -> char {
    let mut counts = [(',', 0), (';', 0), ('\t', 0)];
    let mut is_quoted = false;
    for c in line.chars() {
        is_quoted ^= c == '"';
        if let Some((_, count)) = counts.iter_mut().find(|(separator, _)| !is_quoted && *separator == c) {
            *count += 1;
        }
    }
    // Of equals the first one.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(',', |(separator, _)| *separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::lines::Ends;
    use proptest::prelude::*;

    fn rows(text: &[u8]) -> Vec<Cells> {
        let mut rows = Rows::new(Lines::new(text, Ends::Any), None);
        let mut is_lost = false;
        let next = || {
            let cells = rows.next().unwrap().filter(|_| !is_lost)?;
            is_lost = matches!(cells, Cells::Lost(..));
            Some(cells)
        };
        std::iter::from_fn(next).collect()
    }

    fn texts(text: &[u8]) -> Vec<Vec<String>> {
        let good = |cells: Cells| match cells {
            Cells::Good(cells) => cells.into_iter().map(|cell| cell.text).collect(),
            Cells::Bad(place, problem) | Cells::Lost(place, problem) => {
                vec![format!("{} {}:{}", problem.rule.id, place.line, place.column)]
            }
        };
        rows(text).into_iter().map(good).collect()
    }

    #[test]
    fn rows_of_all_dialects_are_read() {
        let table: [(&[u8], &[&[&str]]); 9] = [
            (b"a,b\n1,2\n", &[&["a", "b"], &["1", "2"]]),
            (b"\xef\xbb\xbfa;b\r\n1,5;2\r\n", &[&["a", "b"], &["1,5", "2"]]),
            (b"a\tb\r1\t\"2\t\"\r", &[&["a", "b"], &["1", "2\t"]]),
            (b"sep=|\na|b\n", &[&["a", "b"]]),
            (b"a,b\n\"x \"\"y\"\"\nz\",2\n", &[&["a", "b"], &["x \"y\"\nz", "2"]]),
            (b"a,b\n,,\n\n1,\n", &[&["a", "b"], &["1", ""]]),
            (b"a,b\nsay \"hi\",2", &[&["a", "b"], &["say \"hi\"", "2"]]),
            (b"a,b\n\"x\"y,2\n3,4", &[&["a", "b"], &["broken-row 2:4"], &["3", "4"]]),
            (b"a,b\n1,\"2\n3,4\n", &[&["a", "b"], &["unclosed-quote 2:3"]]),
        ];
        for (text, expected) in table {
            assert_eq!(texts(text), expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place_and_bounded() {
        assert_eq!(texts(b"a,b\n\xff,2\n3,4\n"), [vec!["a", "b"], vec!["invalid-utf8 2:0"], vec!["3", "4"]]);
        let endless = format!("a,b\n1,\"{}", "x\n".repeat(LONGEST_LINE));
        assert_eq!(texts(endless.as_bytes()), [vec!["a", "b"], vec!["unclosed-quote 2:3"]]);
        let long = format!("a,b\n{},2\n3,4\n", "x".repeat(LONGEST_LINE + 1));
        assert_eq!(texts(long.as_bytes()), [vec!["a", "b"], vec!["line-too-long 2:0"], vec!["3", "4"]]);
    }

    #[test]
    fn cells_know_where_they_begin() {
        let all = rows("a,b\n\"ä\nö\",x\n".as_bytes());
        let Cells::Good(cells) = &all[1] else { panic!("{all:?}") };
        assert_eq!(cells.iter().map(|cell| (cell.line, cell.column)).collect::<Vec<_>>(), [(2, 1), (3, 4)]);
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_back_whole(table in prop::collection::vec(prop::collection::vec("[a \",;\n\tü]{0,8}", 2..4), 1..5)) {
            let table: Vec<Vec<String>> = table.into_iter().map(|row| row.into_iter().map(|cell| format!("x{cell}")).collect()).collect();
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let lines: Vec<String> = table.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",")).collect();
            let text = lines.join("\r\n");
            let mut reader = Rows::new(Lines::new(text.as_bytes(), Ends::Any), Some(','));
            let mut read = Vec::new();
            while let Some(Cells::Good(cells)) = reader.next().unwrap() {
                read.push(cells.into_iter().map(|cell| cell.text).collect::<Vec<_>>());
            }
            prop_assert_eq!(read, table);
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in prop::collection::vec(prop::sample::select(b"a,;\"\n\r\t\xff\xc3 =".to_vec()), 0..60)) {
            rows(&bytes);
        }
    }
}
