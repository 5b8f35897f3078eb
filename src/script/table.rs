//! Tables: a header row that names the columns, and a text in every row after it.

use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::rc::Rc;

use super::options::{Column, Columns};
use super::passage::{Passage, Passages, Place, Row, Told};
use super::rows::{Cell, Cells, Rows};
use crate::request::{Problem, closest, rules};
use crate::text::{clean_short, count};

/// A reader of a table. Holds one row at a time.
pub(super) struct Table<R> {
    rows: Rows<R>,
    columns: Columns,
    /// Names of columns that a key template uses, in lower case.
    in_keys: Vec<String>,
    header: Option<Header>,
    waiting: VecDeque<Told>,
    is_over: bool,
}

/// Which column is what.
struct Header {
    names: Rc<[String]>,
    text: usize,
    others: Vec<(Column, usize)>,
}

impl Header {
    fn cell<'c>(&self, column: Column, cells: &'c [Cell]) -> Option<&'c str> {
        let (_, at) = self.others.iter().find(|(own, _)| *own == column)?;
        cells.get(*at).map(|cell| cell.text.trim()).filter(|text| !text.is_empty())
    }
}

impl<R: BufRead> Table<R> {
    pub(super) fn new(rows: Rows<R>, columns: &Columns, in_keys: Vec<String>) -> Self {
        let (header, waiting, is_over) = (None, VecDeque::new(), false);
        Table { rows, columns: columns.clone(), in_keys, header, waiting, is_over }
    }

    /// Reads the first row.
    fn begin(&mut self, cells: &[Cell]) {
        let mut complain = |problem: Problem, cell: Option<&Cell>| {
            let line = cells.first().map_or(1, |cell| cell.line);
            let place = cell.map_or(Place::line(line), |cell| Place::at(cell.line, cell.column));
            self.waiting.push_back(Told::Problem(place, problem));
        };
        let shown: Vec<String> = cells.iter().map(|cell| clean_short(cell.text.trim(), 40)).collect();
        let names: Rc<[String]> = cells.iter().map(|cell| cell.text.trim().to_lowercase()).collect();
        let mut found: Vec<(Column, usize)> = Vec::new();
        for column in Column::ALL {
            let at = match self.columns.header_of(column) {
                Some(wanted) => {
                    let at = names.iter().position(|name| *name == wanted.trim().to_lowercase());
                    if at.is_none() {
                        let message = format!(
                            "the table has no column «{}»; it has {}",
                            clean_short(wanted, 40),
                            shown.join(", ")
                        );
                        let meant = closest(wanted, shown.iter().map(String::as_str));
                        let problem = Problem::new(&rules::MISSING_COLUMN, message);
                        complain(problem.fix(format!("--column {}={}", column.word(), meant.unwrap_or("…"))), None);
                        self.is_over = true;
                    }
                    at
                }
                None => names.iter().position(|name| column.is_called(name)),
            };
            // A column that was given another meaning has lost its own.
            let at = at.filter(|at| self.columns.header_of(column).is_some() || !self.columns.has(&names[*at]));
            found.extend(at.map(|at| (column, at)));
        }
        for (_, at) in &found {
            if let Some(again) = names.iter().skip(at + 1).position(|name| *name == names[*at]) {
                let message = format!("two columns are called «{}»; the first one is read", shown[*at]);
                let problem = Problem::new(&rules::UNKNOWN_COLUMN, message).fix("rename the other one");
                complain(problem, cells.get(at + 1 + again));
            }
        }
        let unread: Vec<&str> = (0..names.len())
            .filter(|at| !names[*at].is_empty() && !self.in_keys.contains(&names[*at]))
            .filter(|at| found.iter().all(|(_, own)| own != at && names[*own] != names[*at]))
            .map(|at| shown[at].as_str())
            .collect();
        let Some((_, text)) = found.iter().find(|(column, _)| *column == Column::Text).copied() else {
            if !self.is_over {
                let message = format!("the first row names no column «text»; it has {}", shown.join(", "));
                let named = unread.first().copied().unwrap_or("…");
                complain(Problem::new(&rules::MISSING_COLUMN, message).fix(format!("--column text={named}")), None);
            }
            self.is_over = true;
            return;
        };
        if !unread.is_empty() {
            let known: Vec<&str> = Column::ALL.iter().map(|column| column.word()).collect();
            let verb = if unread.len() == 1 { "is" } else { "are" };
            let list = clean_short(&unread.join(", "), 200);
            let message = format!(
                "{} {verb} not read: {list}; known are {}",
                count(unread.len() as u64, "column"),
                known.join(", ")
            );
            let problem = Problem::new(&rules::UNKNOWN_COLUMN, message);
            complain(problem.fix(format!("--column style={}, if that is what it holds", unread[0])), None);
        }
        for name in &self.in_keys {
            if !names.contains(name) {
                let message = format!(
                    "the key template names the column «{}»; the table has {}",
                    clean_short(name, 40),
                    shown.join(", ")
                );
                complain(Problem::new(&rules::KEY_TEMPLATE, message).fix("name a column of the table"), None);
                self.is_over = true;
            }
        }
        self.header = Some(Header { names, text, others: found });
    }

    fn row(&self, header: &Header, cells: Vec<Cell>) -> Told {
        let first = cells.first().map_or(0, |cell| cell.line);
        let n_columns = header.names.len();
        if let Some(extra) = cells.iter().skip(n_columns).find(|cell| !cell.text.trim().is_empty()) {
            let message = format!("the row has {} cells, the first row {n_columns}", cells.len());
            let problem = Problem::new(&rules::BROKEN_ROW, message);
            let problem = problem.fix("put quotes around a text that holds the separator");
            return Told::Problem(Place::at(extra.line, extra.column), problem);
        }
        let of = |column| header.cell(column, &cells).map(str::to_owned);
        let text = cells.get(header.text);
        let place = text.map_or(Place::line(first), |cell| Place::at(cell.line, cell.column));
        let mut passage = Passage::new(place, text.map_or("", |cell| cell.text.trim()).to_owned());
        passage.lines = text.map_or(Vec::new(), lines_of);
        if let Some(above) = text.and_then(|cell| blank_lines(&cell.text)) {
            // The text begins below empty lines.
            passage.place = Place::at(passage.line_of(0), above.chars().count() as u64 + 1);
        }
        passage.key = of(Column::Key);
        passage.id = of(Column::Key);
        passage.voice = of(Column::Voice);
        passage.language = of(Column::Language);
        passage.style = of(Column::Style);
        passage.speaker = of(Column::Speaker);
        if !self.in_keys.is_empty() {
            let cells = cells.into_iter().map(|cell| cell.text).collect();
            passage.row = Some(Row { names: Rc::clone(&header.names), cells });
        }
        Told::Text(passage)
    }
}

/// What stands before the text in its first line, when empty lines stand above it.
fn blank_lines(cell: &str) -> Option<&str> {
    let text = cell.trim_start();
    let (_, before) = cell[..cell.len() - text.len()].rsplit_once('\n')?;
    (!text.is_empty()).then_some(before)
}

/// The lines of a cell of several lines, from the first one that holds anything.
fn lines_of(cell: &Cell) -> Vec<(usize, u64)> {
    let blank = cell.text.len() - cell.text.trim_start().len();
    let starts = cell.text.match_indices('\n').map(|(at, _)| at + 1);
    let all = std::iter::once(0).chain(starts).zip(cell.line..).map(|(at, line)| (at.saturating_sub(blank), line));
    if cell.text.contains('\n') { all.collect() } else { Vec::new() }
}

impl<R: BufRead> Passages for Table<R> {
    fn next(&mut self) -> io::Result<Option<Told>> {
        loop {
            if let Some(told) = self.waiting.pop_front() {
                return Ok(Some(told));
            }
            if self.is_over {
                return Ok(None);
            }
            match self.rows.next()? {
                None => return Ok(None),
                Some(Cells::Lost(place, problem)) => {
                    self.is_over = true;
                    return Ok(Some(Told::Problem(place, problem)));
                }
                Some(Cells::Bad(place, problem)) => {
                    // Without its first row a table has no columns.
                    self.is_over = self.header.is_none();
                    return Ok(Some(Told::Problem(place, problem)));
                }
                Some(Cells::Good(cells)) => match &self.header {
                    None => self.begin(&cells),
                    Some(header) => return Ok(Some(self.row(header, cells))),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::lines::{Ends, Lines};
    use crate::script::passage::testing::all;

    type Read = (Vec<Passage>, Vec<(&'static str, u64, u64)>);

    fn read(text: &str, columns: &[&str], in_keys: &[&str]) -> Read {
        let columns: Columns = columns.iter().map(|word| word.parse().unwrap()).collect();
        let rows = Rows::new(Lines::new(text.as_bytes(), Ends::Any), None);
        all(Table::new(rows, &columns, in_keys.iter().map(|name| (*name).to_owned()).collect()))
    }

    #[test]
    fn columns_come_in_any_order_and_any_case() {
        let (texts, problems) =
            read("Voice;TEXT; Key ;lang\nKore;\"Hi;\nyou\";k-1;de-DE\n;Ho;;\n\nPuck;Ha;k-3\n", &[], &[]);
        assert_eq!(problems, []);
        let told: Vec<_> = texts
            .iter()
            .map(|text| (text.place.line, text.place.column, text.text.as_str(), text.key.as_deref()))
            .collect();
        assert_eq!(told, [(2, 6, "Hi;\nyou", Some("k-1")), (4, 2, "Ho", None), (6, 6, "Ha", Some("k-3"))]);
        assert_eq!((texts[0].voice.as_deref(), texts[0].language.as_deref()), (Some("Kore"), Some("de-DE")));
        assert_eq!((&texts[1].voice, &texts[2].language), (&None, &None));
    }

    #[test]
    fn other_headers_are_mapped_and_what_is_not_read_is_told() {
        let (texts, problems) = read("id,Prompt,note\n1,Hi,x\n", &["text=prompt"], &[]);
        assert_eq!((texts[0].text.as_str(), texts[0].key.as_deref()), ("Hi", Some("1")));
        assert_eq!(problems, [("unknown-column", 1, 0)]);
        let (texts, problems) = read("text,Prompt\nno,yes\n", &["text=Prompt"], &["text"]);
        assert_eq!((texts[0].text.as_str(), problems.len()), ("yes", 0));
        assert_eq!(texts[0].row.as_ref().and_then(|row| row.get("text")), Some("no"));
        let (texts, problems) = read("note,text\nno,yes\n", &["style=text", "text=note"], &[]);
        assert_eq!((texts[0].text.as_str(), texts[0].style.as_deref(), problems.len()), ("no", Some("yes"), 0));
    }

    #[test]
    fn a_table_without_its_columns_is_not_read() {
        let table: [(&str, &[&str], &[&str], _); 6] = [
            ("key,words\n1,2\n", &[], &[], ("missing-column", 1, 0)),
            ("key,text\n1,2\n", &["voice=Who"], &[], ("missing-column", 1, 0)),
            ("key,text\n1,2\n", &[], &["scene"], ("key-template", 1, 0)),
            ("\"key,text\n1,2\n", &[], &[], ("unclosed-quote", 1, 1)),
            ("\"key\"x,text\n1,2\n", &[], &[], ("broken-row", 1, 6)),
            ("text\n1,2\n", &[], &[], ("broken-row", 2, 3)),
        ];
        for (text, columns, in_keys, expected) in table {
            let (texts, problems) = read(text, columns, in_keys);
            assert_eq!((texts.len(), problems), (0, vec![expected]), "{text}");
        }
        assert_eq!(read("text,text\n1,2\n", &[], &[]).1, [("unknown-column", 1, 6)]);
    }
}
