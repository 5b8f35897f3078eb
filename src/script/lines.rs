//! Lines of bounded length from a reader of any size.

use std::io::{self, BufRead};

use memchr::memchr;

/// The longest line that is read as a request; the models take some tens of kilobytes of text.
pub const LONGEST_LINE: usize = 4 * 1024 * 1024;

/// One line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'l> {
    /// From 1.
    pub number: u64,
    /// Without line feed and carriage return. Empty when the line is too long.
    pub bytes: &'l [u8],
    /// How it ends.
    pub end: End,
    /// Longer than [`LONGEST_LINE`]; what it holds was thrown away.
    pub is_too_long: bool,
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    LineFeed,
    CarriageReturnLineFeed,
    Missing,
}

/// A reader of lines; one buffer serves all.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
    longest: usize,
    /// Whether the source began with a byte order mark, which is left out. Known after the first line.
    pub had_mark: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Lines { reader, buffer: Vec::new(), number: 0, longest: LONGEST_LINE, had_mark: false }
    }

    /// The next line; `None` at the end. A source without a line end has one line, an empty source has none.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let mut is_too_long = false;
        let mut end = End::Missing;
        let mut is_at_end = true;
        loop {
            let piece = match self.reader.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if piece.is_empty() {
                break;
            }
            is_at_end = false;
            let found = memchr(b'\n', piece);
            let line = &piece[..found.unwrap_or(piece.len())];
            if self.buffer.len() + line.len() > self.longest {
                is_too_long = true;
                self.buffer.clear();
            }
            if !is_too_long {
                self.buffer.extend_from_slice(line);
            }
            let used = line.len() + usize::from(found.is_some());
            self.reader.consume(used);
            if found.is_some() {
                end = End::LineFeed;
                break;
            }
        }
        if is_at_end {
            return Ok(None);
        }
        self.number += 1;
        if end == End::LineFeed && self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
            end = End::CarriageReturnLineFeed;
        }
        if self.number == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.had_mark = true;
            self.buffer.drain(..3);
        }
        Ok(Some(Line { number: self.number, bytes: &self.buffer, end, is_too_long }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn read(text: &[u8], window: usize, longest: usize) -> (Vec<(u64, String, End, bool)>, bool) {
        let mut lines = Lines::new(BufReader::with_capacity(window, text));
        lines.longest = longest;
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((line.number, String::from_utf8_lossy(line.bytes).into_owned(), line.end, line.is_too_long));
        }
        (all, lines.had_mark)
    }

    #[test]
    fn lines_are_the_same_for_every_window() {
        let text = b"\xef\xbb\xbfone\r\n\ntwo is long\nlast";
        for window in [1, 2, 3, 7, 100] {
            let (lines, had_mark) = read(text, window, 100);
            let expected = [
                (1, "one".into(), End::CarriageReturnLineFeed, false),
                (2, String::new(), End::LineFeed, false),
                (3, "two is long".into(), End::LineFeed, false),
                (4, "last".into(), End::Missing, false),
            ];
            assert_eq!((lines.as_slice(), had_mark), (expected.as_slice(), true), "window {window}");
        }
        assert_eq!(read(b"", 8, 8).0, []);
        assert_eq!(read(b"\n", 8, 8).0.len(), 1);
    }

    #[test]
    fn a_line_that_is_too_long_is_thrown_away_and_the_next_one_is_read() {
        for window in [1, 5, 64] {
            let (lines, _) = read(b"0123456789\nok\n0123456789", window, 9);
            let told: Vec<_> = lines.iter().map(|line| (line.0, line.1.as_str(), line.3)).collect();
            assert_eq!(told, [(1, "", true), (2, "ok", false), (3, "", true)], "window {window}");
        }
    }
}
