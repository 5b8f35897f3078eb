//! Frames on their way to the terminal: one write each, and none at all when nothing changed.
//!
//! Ratatui writes 25 bytes even for a frame that equals the one before, and one small write for every run of cells.
//! This backend keeps a frame back until it is whole, wraps it in a synchronized update, and drops an empty one.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// A ratatui backend that writes whole frames.
#[derive(Debug)]
pub struct Screen<W: Write> {
    cells: CrosstermBackend<Frame>,
    frame: Frame,
    out: W,
    size: Size,
    cursor: Option<Position>,
    cursor_is_stale: bool,
}

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
            cells: CrosstermBackend::new(frame.clone()),
            frame,
            out,
            size: Size { width, height },
            cursor: None,
            cursor_is_stale: false,
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
        self.cells.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor.take().is_some() {
            self.cells.hide_cursor()?;
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.cursor.is_none() {
            self.cursor = Some(Position { x: u16::MAX, y: u16::MAX });
            self.cells.show_cursor()?;
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
            self.cells.set_cursor_position(position)?;
            if self.cursor.is_some() {
                self.cursor = Some(position);
            }
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.cursor_is_stale = true;
        self.cells.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.cursor_is_stale = true;
        self.cells.clear_region(clear_type)
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
}
