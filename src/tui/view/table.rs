//! Tables: columns that fall away when there is no room, heads that show the sort, rows that show selection and marks.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::model::Sort;
use crate::tui::view::pen::{Pen, skip};

/// A column, before its place is known.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Counted from 1, as the keys that sort do.
    pub number: u8,
    /// Above the column.
    pub head: &'static str,
    /// In cells.
    pub width: u16,
    /// Numbers stand at the right.
    pub right: bool,
}

/// Columns with their places, relative to the row.
#[derive(Clone, Debug)]
pub struct Columns {
    /// From left to right: the column, and where it begins.
    pub placed: Vec<(Column, u16)>,
    /// How many columns had no room.
    pub hidden: usize,
}

/// Which column takes the room that is left, and what happens when there is too little of it.
#[derive(Clone, Copy, Debug)]
pub struct Yielding<'a> {
    /// The column that takes what is left.
    pub flexible: u8,
    /// Its least width; below it the others give way.
    pub least: u16,
    /// What gives way, in this order: a column and its new width, 0 for none.
    pub steps: &'a [(u8, u16)],
}

/// A name need not be wider than that; numbers far away from it are hard to read.
const WIDEST: u16 = 64;

/// Makes columns fit into so many cells, with one empty cell between them.
pub fn place(room: u16, mut columns: Vec<Column>, yielding: Yielding<'_>) -> Columns {
    let n_all = columns.len();
    let mut steps = yielding.steps.iter();
    let left = loop {
        let fixed: u16 = columns.iter().filter(|column| column.number != yielding.flexible).map(|c| c.width + 1).sum();
        if fixed.saturating_add(yielding.least) <= room {
            break room - fixed;
        }
        match steps.next() {
            Some(&(number, 0)) => columns.retain(|column| column.number != number),
            Some(&(number, width)) => {
                for column in columns.iter_mut().filter(|column| column.number == number) {
                    column.width = width;
                }
            }
            None => break room.saturating_sub(fixed),
        }
    };
    let mut x = 0;
    let hidden = n_all - columns.len();
    let placed = columns.into_iter().map(|mut column| {
        if column.number == yielding.flexible {
            column.width = left.min(WIDEST);
        }
        let at = x;
        x += column.width + 1;
        (column, at)
    });
    Columns { placed: placed.collect(), hidden }
}

impl Columns {
    /// The place of a column in a row, if it has one.
    pub fn cell(&self, row: Rect, number: u8) -> Option<Rect> {
        self.placed
            .iter()
            .find(|(column, _)| column.number == number)
            .map(|(column, x)| Rect { width: column.width, ..skip(row, *x) }.intersection(row))
    }

    /// Everything from a column to the last cell but one of the row.
    pub fn from(&self, row: Rect, number: u8) -> Option<Rect> {
        self.placed
            .iter()
            .find(|(column, _)| column.number >= number)
            .map(|(_, x)| skip(row, *x))
            .map(|rest| Rect { width: rest.width.saturating_sub(1), ..rest })
    }

    /// Writes a cell; nothing when the column has no place.
    pub fn write(&self, pen: &mut Pen<'_>, row: Rect, number: u8, text: &str, style: Style) {
        let Some(place) = self.cell(row, number) else { return };
        let right = self.placed.iter().any(|(column, _)| column.number == number && column.right);
        if right {
            pen.right(place, text, style);
        } else {
            pen.text(place, text, style);
        }
    }

    /// Writes the heads, with an arrow at the column that sorts. The first one stands above the text of its column, so
    /// many cells behind the signs before it.
    pub fn heads(&self, pen: &mut Pen<'_>, row: Rect, indent: u16, sort: Option<Sort>) {
        for (at, (column, _)) in self.placed.iter().enumerate() {
            let arrow = match sort {
                Some(sort) if sort.column == column.number && sort.reversed => "▼",
                Some(sort) if sort.column == column.number => "▲",
                Some(_) | None => "",
            };
            let style = if arrow.is_empty() { pen.theme.muted() } else { pen.theme.title() };
            let indent = if at == 0 { " ".repeat(usize::from(indent)) } else { String::new() };
            self.write(pen, row, column.number, &format!("{indent}{}{arrow}", column.head), style);
        }
    }
}

/// How a row is shown beside its own colours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standout {
    /// The row where the person is.
    pub selected: bool,
    /// One of those that the next verb acts on.
    pub marked: bool,
    /// The pane has the focus.
    pub focused: bool,
}

/// The cells that selection and mark take before a row.
pub const SIGNS: u16 = 2;

/// Writes `▸` and `✱` at the beginning of a row. Call [`highlight`] when the row is complete.
pub fn signs(pen: &mut Pen<'_>, row: Rect, standout: Standout) {
    if standout.selected {
        pen.text(Rect { width: 1.min(row.width), ..row }, "▸", pen.theme.title());
    }
    if standout.marked {
        let place = skip(row, 1);
        pen.text(Rect { width: 1.min(place.width), ..place }, "✱", pen.theme.marked());
    }
}

/// Makes a complete row stand out.
pub fn highlight(pen: &mut Pen<'_>, row: Rect, standout: Standout) {
    if standout.selected {
        let style = if standout.focused { pen.theme.selected() } else { pen.theme.selected_elsewhere() };
        pen.restyle(row, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        [(1, 10), (2, 0), (3, 8), (4, 6)]
            .map(|(number, width)| Column { number, head: "H", width, right: false })
            .into()
    }

    #[test]
    fn columns_give_way_in_their_order_and_never_overlap() {
        let yielding = Yielding { flexible: 2, least: 8, steps: &[(4, 0), (3, 4), (3, 0)] };
        let table: [(u16, &[(u8, u16)]); 6] = [
            (60, &[(1, 10), (2, 33), (3, 8), (4, 6)]),
            (35, &[(1, 10), (2, 8), (3, 8), (4, 6)]),
            (34, &[(1, 10), (2, 14), (3, 8)]),
            (24, &[(1, 10), (2, 8), (3, 4)]),
            (20, &[(1, 10), (2, 9)]),
            (5, &[(1, 10), (2, 0)]),
        ];
        for (room, expected) in table {
            let placed = place(room, columns(), yielding).placed;
            let widths: Vec<(u8, u16)> = placed.iter().map(|(column, _)| (column.number, column.width)).collect();
            assert_eq!(widths, expected, "{room}");
            assert!(placed.windows(2).all(|pair| pair[0].1 + pair[0].0.width < pair[1].1 || room < 20), "{room}");
        }
    }
}
