//! Lines of bounded length from a reader of any size.

use std::io::{self, BufRead};

use memchr::{memchr, memchr2};

use crate::request::{Problem, rules};
use crate::text::bytes as size;

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

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// A line feed, with a carriage return before it or not: inside JSON a lone carriage return is white space.
    LineFeed,
    /// A lone carriage return too, as old programs write it.
    Any,
}

/// A reader of lines; one buffer serves all.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
    longest: usize,
    ends: Ends,
    /// The line before ended with a carriage return: a line feed in front of the next one belongs to it.
    is_after_return: bool,
    /// Whether the source began with a byte order mark, which is left out. Known after the first line.
    pub had_mark: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R, ends: Ends) -> Self {
        let (buffer, number, is_after_return, had_mark) = (Vec::new(), 0, false, false);
        Lines { reader, buffer, number, longest: LONGEST_LINE, ends, is_after_return, had_mark }
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
            if std::mem::take(&mut self.is_after_return) && piece[0] == b'\n' {
                self.reader.consume(1);
                continue;
            }
            is_at_end = false;
            let found = match self.ends {
                Ends::LineFeed => memchr(b'\n', piece),
                Ends::Any => memchr2(b'\n', b'\r', piece),
            };
            let line = &piece[..found.unwrap_or(piece.len())];
            if self.buffer.len() + line.len() > self.longest {
                is_too_long = true;
                self.buffer.clear();
            }
            if !is_too_long {
                self.buffer.extend_from_slice(line);
            }
            let used = line.len() + usize::from(found.is_some());
            self.is_after_return = found.is_some_and(|at| piece[at] == b'\r');
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

/// The line as text, or what is wrong with it.
pub(super) fn as_text<'l>(line: &Line<'l>) -> Result<&'l str, Problem> {
    if line.is_too_long {
        let problem = Problem::new(&rules::LINE_TOO_LONG, format!("the line is over {}", size(LONGEST_LINE as u64)));
        return Err(problem.fix("split the text"));
    }
    str::from_utf8(line.bytes).map_err(|error| {
        let (good, _) = line.bytes.split_at(error.valid_up_to());
        let column = String::from_utf8_lossy(good).chars().count() as u64 + 1;
        let byte = line.bytes[error.valid_up_to()];
        let message = format!("byte {} of the line, 0x{byte:02x}, is no UTF-8", error.valid_up_to() + 1);
        Problem::new(&rules::INVALID_UTF8, message).at(column).fix("save the file as UTF-8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn read(text: &[u8], window: usize, longest: usize) -> (Vec<(u64, String, End, bool)>, bool) {
        let mut lines = Lines::new(BufReader::with_capacity(window, text), Ends::LineFeed);
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
    fn texts_may_end_their_lines_in_any_way() {
        for window in [1, 2, 3, 100] {
            let text = b"one\rtwo\r\n\r\n\nfive\r\r\n";
            let mut lines = Lines::new(BufReader::with_capacity(window, &text[..]), Ends::Any);
            let mut all = Vec::new();
            while let Some(line) = lines.next().unwrap() {
                all.push((line.number, String::from_utf8_lossy(line.bytes).into_owned()));
            }
            let expected = ["one", "two", "", "", "five", ""];
            assert_eq!(all, (1..).zip(expected.map(str::to_owned)).collect::<Vec<_>>(), "window {window}");
        }
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
