//! Frames on their way to the terminal: one write each, and none at all when nothing changed.
//!
//! Ratatui writes 25 bytes even for a frame that equals the one before, and one small write for every run of cells.
//! This backend keeps a frame back until it is whole, wraps it in a synchronized update, and drops an empty one.
//!
//! What is no text stops here at the latest: a cell that would drive the terminal is written as `?`. Everything was
//! cleaned where it entered; this is for the day on which something was forgotten.
//!
//! A sign of several characters, such as `गा`, stands in two cells of many terminals, and what overwrites the first one
//! leaves the second as it is: there a vowel stays behind that nobody can explain. So both are written.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};
use std::rc::Rc;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use crate::text::{self, is_harmless};
use crate::tui::cells;

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// A ratatui backend that writes whole frames.
#[derive(Debug)]
pub struct Screen<W: Write> {
    rest: CrosstermBackend<Frame>,
    frame: Frame,
    out: W,
    size: Size,
    cursor: Option<Position>,
    cursor_is_stale: bool,
    /// Where signs of several characters stand that take more than one cell, and how many they take.
    composed: HashMap<(u16, u16), u16>,
}

/// What stands in a cell when nothing does.
static BLANK: Cell = Cell::EMPTY;

/// What is written in place of a sign that is no text.
static NO_TEXT: Cell = Cell::new("?");

/// The bytes of the frame that is being drawn.
#[derive(Clone, Debug, Default)]
struct Frame(Rc<RefCell<Vec<u8>>>);

impl Write for Frame {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Screen<W> {
    /// A screen of that size that writes there.
    pub fn new(out: W, width: u16, height: u16) -> Self {
        let frame = Frame::default();
        Screen {
            rest: CrosstermBackend::new(frame.clone()),
            frame,
            out,
            size: Size { width, height },
            cursor: None,
            cursor_is_stale: false,
            composed: HashMap::new(),
        }
    }

    /// The size that the next frame gets.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.size = Size { width, height };
    }

    /// Forgets what the terminal shows of the cursor, after somebody else had the terminal.
    pub fn forget_cursor(&mut self) {
        self.cursor = None;
        self.cursor_is_stale = true;
    }
}

impl<W: Write> Backend for Screen<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.cursor_is_stale = true;
        let composed = &mut self.composed;
        let mut frame = self.frame.0.borrow_mut();
        let content = content.flat_map(|(x, y, cell)| {
            let symbol = cell.symbol();
            let is_plain = symbol.len() == 1;
            let before = if composed.is_empty() { 0 } else { composed.remove(&(x, y)).unwrap_or(0) };
            let is_text =
                if is_plain { !symbol.as_bytes()[0].is_ascii_control() } else { symbol.chars().all(is_harmless) };
            let cells = if is_plain || !is_text { 1 } else { text::width(symbol).clamp(1, 8) as u16 };
            if cells > 1 && symbol.chars().nth(1).is_some() {
                composed.insert((x, y), cells);
            }
            let cell = if is_text { cell } else { &NO_TEXT };
            // What has changed behind it comes next, and overwrites the blank.
            let behind = (x + cells..x + before.max(cells)).map(move |x| (x, y, &BLANK));
            std::iter::once((x, y, cell)).chain(behind)
        });
        cells::write(&mut frame, content);
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor.take().is_some() {
            self.rest.hide_cursor()?;
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.cursor.is_none() {
            self.cursor = Some(Position { x: u16::MAX, y: u16::MAX });
            self.rest.show_cursor()?;
        }
        Ok(())
    }

    /// Never asks the terminal.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor.unwrap_or(Position::ORIGIN))
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        if self.cursor_is_stale || self.cursor != Some(position) {
            self.rest.set_cursor_position(position)?;
            if self.cursor.is_some() {
                self.cursor = Some(position);
            }
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.cursor_is_stale = true;
        self.composed.clear();
        self.rest.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.cursor_is_stale = true;
        self.rest.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        let frame = std::mem::take(&mut *self.frame.0.borrow_mut());
        self.cursor_is_stale = false;
        if frame.is_empty() {
            return Ok(());
        }
        self.out.write_all(&[BEGIN, &frame, END].concat())?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::widgets::Paragraph;

    #[derive(Clone, Default)]
    struct Wire(Rc<RefCell<Vec<u8>>>);

    impl Write for Wire {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_frame_is_one_update_and_an_equal_frame_is_nothing() {
        let wire = Wire::default();
        let mut terminal = ratatui::Terminal::new(Screen::new(wire.clone(), 20, 2)).unwrap();
        let mut bytes = |text: &str, cursor: Option<(u16, u16)>| {
            terminal
                .draw(|frame| {
                    frame.render_widget(Paragraph::new(text), frame.area());
                    if let Some(cursor) = cursor {
                        frame.set_cursor_position(cursor);
                    }
                })
                .unwrap();
            String::from_utf8(std::mem::take(&mut *wire.0.borrow_mut())).unwrap()
        };
        let first = bytes("hello", None);
        assert!(
            first.starts_with("\x1b[?2026h") && first.ends_with("\x1b[?2026l") && first.contains("hello"),
            "{first:?}"
        );
        assert_eq!(bytes("hello", None), "");
        let typed = bytes("hello", Some((5, 0)));
        assert!(typed.contains("\x1b[?25h") && typed.contains("\x1b[1;6H"), "{typed:?}");
        assert_eq!(bytes("hello", Some((5, 0))), "");
        assert!(bytes("hello!", Some((6, 0))).contains("\x1b[1;7H"));
        assert!(bytes("hello!", None).contains("\x1b[?25l"));
    }

    #[test]
    fn a_cell_that_is_no_text_does_not_drive_the_terminal() {
        let symbols = ["\x1b", "\x1b]52;c;AAAA\x07", "\u{9b}2J", "\u{202e}", "日\u{200d}本", "\x7f", "\u{feff}a"];
        for symbol in symbols {
            let wire = Wire::default();
            let mut screen = Screen::new(wire.clone(), 20, 1);
            let cells = [Cell::new("a"), Cell::new(symbol)];
            screen.draw(cells.iter().enumerate().map(|(x, cell)| (x as u16, 0, cell))).unwrap();
            screen.flush().unwrap();
            let written = String::from_utf8(wire.0.take()).unwrap();
            assert!(written.ends_with("a?\x1b[?2026l"), "{symbol:?}: {written:?}");
        }
    }

    #[test]
    fn signs_of_several_characters_leave_nothing_behind() {
        let wire = Wire::default();
        let mut terminal = ratatui::Terminal::new(Screen::new(wire.clone(), 20, 1)).unwrap();
        // A terminal that gives every character cells of its own, as most do.
        let mut seen = vt100::Parser::new(std::num::NonZeroU16::MIN, std::num::NonZeroU16::new(20).unwrap(), 0);
        for text in ["गाना स्वागत ab", "x  y", "काका", "日本 का", "", "z"] {
            terminal.draw(|frame| frame.render_widget(Paragraph::new(text), frame.area())).unwrap();
            seen.process(&std::mem::take(&mut *wire.0.borrow_mut()));
            assert_eq!(seen.screen().contents().trim_end(), text);
        }
    }
}
