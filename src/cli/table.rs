//! Tables: fitted to the width of a terminal, or whole and separated by tabs into a pipe.
//!
//! Pure. Every text is cleaned where it enters a row.

use crate::text;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// In capitals.
    pub title: &'static str,
    /// How its cells stand and shrink.
    pub fit: Fit,
}

/// How the cells of a column stand, and what happens to them when the terminal is narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Always whole, on the left.
    Whole,
    /// Always whole, on the right: numbers.
    Right,
    /// May be cut down to so many cells; of several such columns the last one gives first.
    Cut(usize),
}

/// Blanks between two columns.
const GAP: usize = 2;

/// A table with a line of titles, without a line end behind the last row.
pub fn table(columns: &[Column], rows: &[Vec<String>], width: Option<usize>) -> String {
    let titles: Vec<String> = columns.iter().map(|column| column.title.to_owned()).collect();
    let lines = std::iter::once(&titles).chain(rows);
    match width {
        None => lines.map(|cells| cells.join("\t")).collect::<Vec<_>>().join("\n"),
        Some(width) => {
            let widths = fitted(columns, rows, width);
            lines.map(|cells| line(columns, cells, &widths)).collect::<Vec<_>>().join("\n")
        }
    }
}

fn line(columns: &[Column], cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for ((column, cell), width) in columns.iter().zip(cells).zip(widths) {
        if !line.is_empty() {
            line.push_str(&" ".repeat(GAP));
        }
        let cell = text::fit(cell, *width);
        let blanks = " ".repeat(width.saturating_sub(text::width(&cell)));
        match column.fit {
            Fit::Right => line.extend([blanks, cell]),
            Fit::Whole | Fit::Cut(_) => line.extend([cell, blanks]),
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// The widths of the columns: as wide as their cells, then those that may be cut give, from the last to the first, until
/// the line fits. A line that is still too long is left to the terminal: half a number would be a lie.
fn fitted(columns: &[Column], rows: &[Vec<String>], width: usize) -> Vec<usize> {
    let widest = |at: usize| rows.iter().map(|cells| text::width(&cells[at])).max().unwrap_or(0);
    let mut widths: Vec<usize> =
        columns.iter().enumerate().map(|(at, column)| widest(at).max(text::width(column.title))).collect();
    let gaps = GAP * columns.len().saturating_sub(1);
    let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(width);
    for (column, width) in columns.iter().zip(&mut widths).rev() {
        let gives = match column.fit {
            Fit::Cut(least) => width.saturating_sub(least).min(excess),
            Fit::Whole | Fit::Right => 0,
        };
        *width -= gives;
        excess -= gives;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { title: "STATE", fit: Fit::Whole },
        Column { title: "NAME", fit: Fit::Cut(6) },
        Column { title: "OK", fit: Fit::Right },
    ];

    fn rows() -> Vec<Vec<String>> {
        [["RUNNING", "a rather long name", "812"], ["FAILED", "日本語", "3"]]
            .map(|cells| cells.map(str::to_owned).to_vec())
            .to_vec()
    }

    #[test]
    fn a_terminal_gets_lines_that_fit() {
        assert_eq!(
            table(&COLUMNS, &rows(), Some(40)),
            "STATE    NAME                 OK\nRUNNING  a rather long name  812\nFAILED   日本語                3"
        );
        assert_eq!(
            table(&COLUMNS, &rows(), Some(24)),
            "STATE    NAME         OK\nRUNNING  a rather …  812\nFAILED   日本語        3"
        );
        let narrow = table(&COLUMNS, &rows(), Some(5));
        assert!(narrow.contains("RUNNING  a rat…  812"), "{narrow}");
    }

    #[test]
    fn a_pipe_gets_everything_between_tabs() {
        assert_eq!(
            table(&COLUMNS, &rows(), None),
            "STATE\tNAME\tOK\nRUNNING\ta rather long name\t812\nFAILED\t日本語\t3"
        );
    }
}
