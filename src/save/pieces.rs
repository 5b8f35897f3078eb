//! Cuts a results file into pieces of whole lines, one after the other, for whoever has time for the next one; or takes
//! the pieces that are given.
//!
//! Lines are only counted here, which costs a hundredth of reading them as JSON, so that every piece knows the numbers
//! of its lines although nobody has read the pieces before it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::aligned::Aligned;
use super::source::{End, Source};
use super::{Error, Given, from_source::LULL};
use crate::results::Form;

/// A piece has at most so many lines: rows that wait for their turn take room.
const MOST_LINES: u64 = 256;

/// How much of a long line is looked at at once for its end.
const STRIDE: usize = 256 * 1024;

/// The pieces of a source.
pub(super) struct Pieces<'a> {
    source: &'a Source,
    lull: Duration,
    next: Mutex<Next>,
    form: Form,
    /// The pieces, each of one row, when they are known beforehand.
    given: Option<&'a [Given]>,
}

/// Where the next piece begins.
struct Next {
    order: u64,
    line: u64,
    offset: u64,
    is_last: bool,
    /// For lines that are longer than a buffer.
    scratch: Option<Aligned>,
}

/// Some whole lines, or one, or the rest of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Counts pieces, from 0.
    pub order: u64,
    /// The number of its first line that is not blank.
    pub line: u64,
    pub offset: u64,
    pub length: u64,
    /// So much of it is in the buffer already.
    pub in_buffer: usize,
}

/// A part of a line or of several.
struct Cut {
    /// Behind the last line feed that counts.
    end: usize,
    lines: u64,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        let next = Next { order: 0, line: 1, offset: 0, is_last: false, scratch: None };
        Pieces { source, lull: LULL, next: Mutex::new(next), form: Form::Lines, given: None }
    }

    /// Rows at these places of a file or an answer of that form, and nothing else.
    pub(super) fn given(source: &'a Source, form: Form, places: &'a [Given]) -> Self {
        let form = match form {
            Form::Lines => Form::Lines,
            Form::Inline | Form::One => Form::One,
        };
        Pieces { form, given: Some(places), ..Pieces::new(source) }
    }

    /// What a piece is as JSON.
    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// The one row that should be in a piece, when that is known.
    pub(super) fn row_of(&self, piece: &Piece) -> Option<&'a Given> {
        self.given?.get(usize::try_from(piece.order).ok()?)
    }

    /// Reads the next piece into a buffer; of a line that is longer, only its beginning. `None` when there is none.
    ///
    /// When no whole line is there and none comes for a while, `at_lull` is called.
    pub(super) fn claim(&self, buffer: &mut [u8], at_lull: &mut dyn FnMut()) -> Result<Option<Piece>, Error> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(given) = self.given {
            let order = next.order;
            next.order += 1;
            drop(next);
            return self.claim_given(order, given, buffer);
        }
        if next.is_last {
            return Ok(None);
        }
        loop {
            let reached = self.source.wait(next.offset + buffer.len() as u64, self.lull);
            let there = usize::try_from(reached.bytes - next.offset).unwrap_or(usize::MAX).min(buffer.len());
            let read = self.source.read_at(&mut buffer[..there], next.offset)?;
            let is_end = reached.end == Some(End::Whole)
                && (read < there || next.offset + read as u64 == reached.bytes || read == 0);
            let Cut { end, lines } = cut(&buffer[..read], next.offset == 0);
            if end > 0 && !(is_end && end == read) {
                // What stands behind the last line feed is read again with the next piece; it is one line at most.
                return Ok(Some(next.take(end as u64, end, lines)));
            }
            if is_end {
                next.is_last = true;
                return Ok((read > 0).then(|| next.take(read as u64, read, lines)));
            }
            if read == buffer.len() {
                return self.long_line(&mut next, buffer, at_lull).map(Some);
            }
            if reached.end.is_some() {
                return Err(self.source.given_up());
            }
            at_lull();
            self.source.wait_for_more(reached.bytes);
        }
    }

    fn claim_given(&self, order: u64, given: &[Given], buffer: &mut [u8]) -> Result<Option<Piece>, Error> {
        let Some(row) = usize::try_from(order).ok().and_then(|order| given.get(order)) else { return Ok(None) };
        let most = usize::try_from(row.length).unwrap_or(usize::MAX).min(buffer.len());
        let in_buffer = self.source.read_at(&mut buffer[..most], row.offset)?;
        Ok(Some(Piece { order, line: row.line, offset: row.offset, length: row.length, in_buffer }))
    }

    /// Finds the end of a line that does not fit into the buffer.
    fn long_line(&self, next: &mut Next, buffer: &[u8], at_lull: &mut dyn FnMut()) -> Result<Piece, Error> {
        let mut scratch = next.scratch.take().unwrap_or_else(|| Aligned::new(STRIDE));
        let mut length = buffer.len() as u64;
        let mut is_blank = blank(without_mark(buffer, next.offset == 0));
        loop {
            let from = next.offset + length;
            let reached = self.source.wait(from + STRIDE as u64, self.lull);
            let there = usize::try_from(reached.bytes - from).unwrap_or(usize::MAX).min(STRIDE);
            let read = self.source.read_at(&mut scratch[..there], from)?;
            let newline = memchr::memchr(b'\n', &scratch[..read]);
            is_blank &= blank(&scratch[..newline.unwrap_or(read)]);
            let is_end = reached.end == Some(End::Whole) && (read < there || from + read as u64 == reached.bytes);
            if newline.is_some() || is_end {
                length += newline.map_or(read, |newline| newline + 1) as u64;
                next.is_last = newline.is_none();
                next.scratch = Some(scratch);
                return Ok(next.take(length, buffer.len(), u64::from(!is_blank)));
            }
            length += read as u64;
            if from + (read as u64) < reached.bytes {
                continue;
            }
            if reached.end.is_some() {
                return Err(self.source.given_up());
            }
            at_lull();
            self.source.wait_for_more(reached.bytes);
        }
    }
}

impl Next {
    fn take(&mut self, length: u64, in_buffer: usize, lines: u64) -> Piece {
        let piece = Piece { order: self.order, line: self.line, offset: self.offset, length, in_buffer };
        self.order += 1;
        self.line += lines;
        self.offset += length;
        piece
    }
}

/// Where the last whole line ends, and how many results stand before that.
fn cut(bytes: &[u8], at_start: bool) -> Cut {
    let mut found = Cut { end: 0, lines: 0 };
    for newline in memchr::memchr_iter(b'\n', bytes) {
        let line = without_mark(&bytes[found.end..newline], at_start && found.end == 0);
        found.end = newline + 1;
        found.lines += u64::from(!blank(line));
        if found.lines == MOST_LINES {
            break;
        }
    }
    found
}

/// The first line without the byte order mark that may stand before it.
fn without_mark(line: &[u8], at_start: bool) -> &[u8] {
    if at_start { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line }
}

/// Whether a line is no result, as for a parser.
fn blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}
