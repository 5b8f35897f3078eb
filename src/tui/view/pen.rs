//! The only place that writes cells. What it writes is clipped to the screen, fitted with an ellipsis, and in ASCII
//! where the terminal has nothing else.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::text;
use crate::tui::theme::Theme;

/// Writes cells of one frame.
pub struct Pen<'a> {
    buffer: &'a mut Buffer,
    /// How meanings look.
    pub theme: &'a Theme,
}

/// A piece of a line: text in one style.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Clean text.
    pub text: String,
    /// How it looks.
    pub style: Style,
}

/// A piece of a line.
pub fn piece(text: impl Into<String>, style: Style) -> Piece {
    Piece { text: text.into(), style }
}

/// What stands on the edges of a box.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// At the top left.
    pub title: Vec<Piece>,
    /// At the top right; gives way to the title.
    pub right: Vec<Piece>,
    /// At the bottom left.
    pub bottom: Vec<Piece>,
    /// Of the lines.
    pub style: Style,
}

impl<'a> Pen<'a> {
    /// A pen for a frame.
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        Pen { buffer, theme }
    }

    /// The whole screen.
    pub fn area(&self) -> Rect {
        self.buffer.area
    }

    /// The cells that a text takes here.
    pub fn width(&self, text: &str) -> u16 {
        u16::try_from(text::width(&self.theme.plain(text))).unwrap_or(u16::MAX)
    }

    /// The cells that the pieces take here.
    pub fn total(&self, pieces: &[Piece]) -> u16 {
        pieces.iter().fold(0, |sum: u16, piece| sum.saturating_add(self.width(&piece.text)))
    }

    /// Writes text into the first row of `place`, cut with an ellipsis. Returns the cells it took.
    pub fn text(&mut self, place: Rect, text: &str, style: Style) -> u16 {
        let place = place.intersection(self.buffer.area);
        if place.is_empty() {
            return 0;
        }
        let fitted = fit(self.theme, text, usize::from(place.width));
        let (end, _) = self.buffer.set_stringn(place.x, place.y, fitted, usize::from(place.width), style);
        end - place.x
    }

    /// The same, at the right end of the row.
    pub fn right(&mut self, place: Rect, text: &str, style: Style) {
        let taken = self.width(text).min(place.width);
        self.text(Rect { x: place.right() - taken, width: taken, ..place }, text, style);
    }

    /// Writes pieces one after the other. Returns the cells they took.
    pub fn line(&mut self, place: Rect, pieces: &[Piece]) -> u16 {
        let mut taken = 0;
        for (at, piece) in pieces.iter().enumerate() {
            let left = skip(place, taken);
            // The last piece that fits only in part carries the ellipsis; what follows it is gone.
            let rest = self.total(&pieces[at + 1..]);
            if self.width(&piece.text) > left.width || (left.width == self.width(&piece.text) && rest > 0) {
                let cut = format!("{}{}", piece.text, if rest > 0 { " …" } else { "" });
                return taken + self.text(left, &cut, piece.style);
            }
            taken += self.text(left, &piece.text, piece.style);
        }
        taken
    }

    /// Writes pieces at the right end of the row. Returns the cells they took.
    pub fn line_right(&mut self, place: Rect, pieces: &[Piece]) -> u16 {
        let taken = self.total(pieces).min(place.width);
        self.line(Rect { x: place.right() - taken, width: taken, ..place }, pieces);
        taken
    }

    /// Lays a style over what is written already.
    pub fn restyle(&mut self, place: Rect, style: Style) {
        self.buffer.set_style(place.intersection(self.buffer.area), style);
    }

    /// Empties a part of the screen, to write on it anew.
    pub fn clear(&mut self, place: Rect) {
        let place = place.intersection(self.buffer.area);
        for y in place.top()..place.bottom() {
            // A wide character that reaches in from the left would push everything behind it aside.
            if place.x > self.buffer.area.x
                && let Some(cell) = self.buffer.cell_mut((place.x - 1, y))
                && text::width(cell.symbol()) > 1
            {
                cell.set_symbol(" ");
            }
            for x in place.left()..place.right() {
                self.buffer[(x, y)].reset();
            }
        }
    }

    /// Draws a box and what stands on its edges. Returns the room inside.
    pub fn frame(&mut self, place: Rect, frame: &Frame) -> Rect {
        let place = place.intersection(self.buffer.area);
        if place.width < 2 || place.height < 2 {
            return Rect { width: 0, height: 0, ..place };
        }
        let dashes = "─".repeat(usize::from(place.width - 2));
        let bottom = place.bottom() - 1;
        self.text(row(place, 0), &format!("╭{dashes}╮"), frame.style);
        self.text(Rect { y: bottom, height: 1, ..place }, &format!("╰{dashes}╯"), frame.style);
        for y in place.y + 1..bottom {
            self.text(Rect { y, width: 1, height: 1, ..place }, "│", frame.style);
            self.text(Rect { x: place.right() - 1, y, width: 1, height: 1 }, "│", frame.style);
        }
        let edge = |y: u16| Rect { x: place.x + 1, y, width: place.width - 2, height: 1 };
        let title = self.on_edge(edge(place.y), &frame.title);
        let left = skip(edge(place.y), title.saturating_add(1));
        let taken = self.total(&frame.right).saturating_add(2);
        if taken < left.width {
            self.on_edge(Rect { x: left.right() - taken - 1, width: taken, ..left }, &frame.right);
        }
        self.on_edge(edge(bottom), &frame.bottom);
        Rect { x: place.x + 1, y: place.y + 1, width: place.width - 2, height: place.height - 2 }
    }

    fn on_edge(&mut self, place: Rect, pieces: &[Piece]) -> u16 {
        if pieces.is_empty() || place.width < 3 {
            return 0;
        }
        let room = Rect { x: place.x + 1, width: place.width - 2, ..place };
        let taken = self.line(room, pieces);
        self.text(Rect { width: 1, ..place }, " ", Style::new());
        self.text(Rect { x: room.x + taken, width: 1, ..place }, " ", Style::new());
        taken + 2
    }
}

/// The row of a rectangle, counted from 0; empty below its end.
pub fn row(place: Rect, at: u16) -> Rect {
    if at < place.height { Rect { y: place.y + at, height: 1, ..place } } else { Rect { height: 0, width: 0, ..place } }
}

/// The rest of a row behind so many cells.
pub fn skip(place: Rect, cells: u16) -> Rect {
    let cells = cells.min(place.width);
    Rect { x: place.x + cells, width: place.width - cells, ..place }
}

/// A rectangle without its first and last so many columns.
pub fn pad(place: Rect, columns: u16) -> Rect {
    let width = place.width.saturating_sub(columns.saturating_mul(2));
    Rect { x: place.x + columns.min(place.width), width, ..place }
}

/// Text in at most so many cells, as this terminal can show it.
fn fit(theme: &Theme, text: &str, cells: usize) -> String {
    if !theme.is_ascii() {
        return text::fit(text, cells);
    }
    let plain = theme.plain(text);
    if plain.len() <= cells {
        return plain.into_owned();
    }
    // Three dots need their room; where there is none, the text is cut without them.
    if cells < 6 { plain[..cells].to_owned() } else { format!("{}...", &plain[..cells - 3]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Charset, Palette};

    #[test]
    fn a_box_over_wide_characters_leaves_no_half_of_one() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 3));
        let theme = Theme::default();
        let mut pen = Pen::new(&mut buffer, &theme);
        for y in 0..3 {
            pen.text(Rect::new(0, y, 8, 1), "日本日本", Style::new());
        }
        let place = Rect::new(3, 0, 4, 3);
        pen.clear(place);
        pen.frame(place, &Frame::default());
        let lines: Vec<String> = (0..3).map(|y| (0..8).map(|x| buffer[(x, y)].symbol().to_owned()).collect()).collect();
        assert_eq!(lines, ["日  ╭──╮ ", "日  │  │ ", "日  ╰──╯ "]);
    }

    #[test]
    fn nothing_is_written_off_the_screen() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        let theme = Theme::default();
        let mut pen = Pen::new(&mut buffer, &theme);
        assert_eq!(pen.text(Rect::new(2, 0, 90, 1), "abcdef", Style::new()), 2);
        assert_eq!(pen.text(Rect::new(0, 7, 9, 1), "abc", Style::new()), 0);
        assert_eq!(pen.frame(Rect::new(0, 0, 9, 9), &Frame::default()).area(), 0);
    }

    #[test]
    fn three_dots_stand_for_an_ellipsis_where_they_have_room() {
        let theme = Theme::new(Palette::None, Charset::Ascii);
        assert_eq!(fit(&theme, "Wiederhören", 9), "Wieder...");
        assert_eq!(fit(&theme, "Wiederhören", 4), "Wied");
    }
}
