//! Reads results that are pushed into it, in pieces of any size, and hands on audio and rows as they come.

use super::lexer::{End, Lexer};
use super::reading::{Core, Visit};
use super::{Judging, Sink};

/// What the bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A results file: one JSON object a line.
    Lines,
    /// The answer to a GET of a job with inline results. They stand there twice; the second time is read over.
    Inline,
    /// One line or one inline item alone, cut out of either by the `offset` and `length` of its row.
    One,
}

/// The longest row that is read, in bytes. A row of the longest audio that a model can make has 42 MB.
pub const MOST_ROW_BYTES: u64 = 256 * 1024 * 1024;

/// Reads results that are pushed into it. Holds no line: its memory does not depend on the input.
#[derive(Debug)]
pub struct Parser {
    lexer: Lexer,
    core: Core,
    form: Form,
    position: u64,
    last_byte: u8,
    /// How much of a byte order mark has been read; `None` once it cannot come any more.
    mark: Option<usize>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    /// The line is broken: the next one begins behind the next line feed.
    SkippingLine,
    /// The body is broken, and there is nothing after which to go on.
    Lost,
}

/// What was read in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Rows that were handed on.
    pub rows: u64,
    /// Bytes that were pushed.
    pub bytes: u64,
    /// Whether the last row was whole. A results file whose last line is cut is an incomplete download.
    pub is_whole: bool,
    /// Whether a results file ended with a line feed.
    pub ends_with_newline: bool,
    /// Why the body could not be read to its end; `None` for results files, which can be read on at the next line.
    pub lost: Option<String>,
}

const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

impl Parser {
    /// A parser for the first byte of a file or body.
    pub fn new(form: Form) -> Self {
        Self::starting_at(form, 1, 0)
    }

    /// A parser for a piece that begins with this row, at this place.
    pub fn starting_at(form: Form, line: u64, offset: u64) -> Self {
        Parser {
            lexer: Lexer::new(form == Form::Lines),
            core: Core::new(form, line, offset),
            form,
            position: offset,
            last_byte: 0,
            mark: (offset == 0).then_some(0),
            state: State::Reading,
        }
    }

    /// The same parser with another limit for the length of a row, in bytes.
    pub fn with_most_row_bytes(mut self, most: u64) -> Self {
        self.core.most_row_bytes = most;
        self
    }

    /// The same parser, judging by these limits and texts.
    pub fn judging(mut self, judging: Judging) -> Self {
        self.core.judging = judging;
        self
    }

    /// The number of the row that is being read or comes next.
    pub fn line(&self) -> u64 {
        self.core.line
    }

    /// Reads the next bytes. An error is the sink's; nothing may be pushed after it.
    pub fn push<S: Sink>(&mut self, bytes: &[u8], sink: &mut S) -> Result<(), S::Error> {
        let mut bytes = self.pass_mark(bytes);
        while !bytes.is_empty() {
            match self.state {
                State::Lost => {
                    self.advance(bytes, bytes.len());
                    return Ok(());
                }
                State::SkippingLine => {
                    let Some(newline) = memchr::memchr(b'\n', bytes) else {
                        self.advance(bytes, bytes.len());
                        return Ok(());
                    };
                    let ended = self.line_end(bytes, newline);
                    self.advance(bytes, newline + 1);
                    bytes = &bytes[newline + 1..];
                    self.end_line(ended, sink)?;
                }
                // What is too long to be a row is not looked at as JSON any more.
                State::Reading if self.is_too_long() => {
                    let reason = self.core.too_long();
                    self.core.draft.break_off(reason);
                    self.state = State::SkippingLine;
                }
                State::Reading => {
                    let mut visit = Visit { core: &mut self.core, sink };
                    let pushed = self.lexer.push(bytes, self.position, &mut visit)?;
                    let ended = match pushed.end {
                        End::Line => self.line_end(bytes, pushed.used - 1),
                        End::Bytes | End::Fault(_) => 0,
                    };
                    self.advance(bytes, pushed.used);
                    bytes = &bytes[pushed.used..];
                    match pushed.end {
                        End::Bytes => {}
                        End::Line => self.end_line(ended, sink)?,
                        End::Fault(fault) => self.broken(fault.what, fault.at, sink)?,
                    }
                }
            }
        }
        Ok(())
    }

    /// There are no more bytes.
    pub fn finish<S: Sink>(mut self, sink: &mut S) -> Result<Totals, S::Error> {
        let mut is_whole = self.state == State::Reading;
        match self.form {
            Form::Lines if self.state == State::Reading && self.lexer.is_blank() => {}
            Form::Lines => {
                is_whole &= self.lexer.missing().is_none();
                let end = if self.last_byte == b'\r' { self.position - 1 } else { self.position };
                self.end_line(end, sink)?;
            }
            Form::One | Form::Inline => {
                if self.state == State::Reading
                    && let Some(missing) = self.lexer.missing()
                {
                    is_whole = false;
                    self.broken(missing, self.position, sink)?;
                }
                if self.form == Form::One {
                    self.core.end_row(self.position, sink)?;
                }
            }
        }
        Ok(Totals {
            rows: self.core.rows,
            bytes: self.position,
            is_whole,
            ends_with_newline: self.last_byte == b'\n',
            lost: self.core.lost,
        })
    }

    /// Reads over a byte order mark at the very beginning.
    fn pass_mark<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        while let (Some(read), Some(byte)) = (self.mark, bytes.first()) {
            if *byte != BYTE_ORDER_MARK[read] {
                // A part of a mark is no mark; the bytes that were held back are no JSON either.
                if read > 0 {
                    self.core.draft.break_off("a value was expected at byte 0");
                    self.state = if self.form == Form::Lines { State::SkippingLine } else { State::Lost };
                }
                self.mark = None;
                return bytes;
            }
            self.advance(bytes, 1);
            bytes = &bytes[1..];
            self.mark = (read < 2).then_some(read + 1);
            if self.mark.is_none() {
                self.core.draft.offset = self.position;
            }
        }
        bytes
    }

    fn advance(&mut self, bytes: &[u8], used: usize) {
        if used > 0 {
            self.last_byte = bytes[used - 1];
            self.position += used as u64;
        }
    }

    /// Whether the line at hand has more bytes than a row may have. Where no line ends a row, its own end does.
    fn is_too_long(&self) -> bool {
        let length = self.position.saturating_sub(self.core.draft.offset);
        self.form == Form::Lines && length > self.core.most_row_bytes && !self.lexer.is_blank()
    }

    /// Where a line ends whose line feed is this byte of the bytes at hand.
    fn line_end(&self, bytes: &[u8], newline: usize) -> u64 {
        let before = if newline == 0 { self.last_byte } else { bytes[newline - 1] };
        let end = self.position + newline as u64;
        if before == b'\r' && end > self.core.draft.offset { end - 1 } else { end }
    }

    fn broken<S: Sink>(&mut self, what: &str, at: u64, sink: &mut S) -> Result<(), S::Error> {
        let core = &mut self.core;
        match self.form {
            Form::Lines => {
                core.break_off(what, at);
                self.state = State::SkippingLine;
            }
            Form::One => {
                core.break_off(what, at);
                self.state = State::Lost;
            }
            Form::Inline => {
                core.lost = Some(format!("the job's body is broken: {what} at byte {at}"));
                self.state = State::Lost;
                if core.in_row {
                    core.break_off(what, at);
                    core.end_row(at, sink)?;
                }
            }
        }
        Ok(())
    }

    fn end_line<S: Sink>(&mut self, end: u64, sink: &mut S) -> Result<(), S::Error> {
        let is_blank = self.state == State::Reading && self.lexer.is_blank();
        if !is_blank {
            if self.state == State::Reading
                && let Some(missing) = self.lexer.missing()
            {
                self.core.break_off(&format!("the line {missing}"), end);
            }
            self.core.end_row(end, sink)?;
        }
        self.core.begin(self.position);
        self.lexer.restart();
        self.state = State::Reading;
        Ok(())
    }
}
