//! What a parser knows while it reads a row: where in the JSON it stands, and what that place means.

use super::base64::Decoder;
use super::draft::Draft;
use super::lexer::{Container, Fault, Visitor, Wish};
use super::parser::{Form, MOST_ROW_BYTES};
use super::place::{Node, Slot, Words};
use super::{Judging, Sink};
use crate::audio::wav::Unwrap;

/// Longer keys are not keys but damage.
const MOST_KEY_BYTES: usize = 64 * 1024;
const TOO_LONG_KEY: &str = "a key of more than 65536 bytes";

/// Of a short text so much is read at the most; less is shown.
const MOST_WORDS_BYTES: usize = 2048;

/// All that is known of the row at hand, apart from the state of the JSON reader.
#[derive(Debug)]
pub(super) struct Core {
    pub line: u64,
    pub rows: u64,
    pub draft: Draft,
    decoder: Decoder,
    unwrap: Unwrap,
    frames: Vec<Frame>,
    /// What the member value that comes next is, or the string that is being read.
    slot: Slot,
    root: Node,
    pub in_row: bool,
    pub most_row_bytes: u64,
    pub judging: Judging,
    pub lost: Option<String>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    node: Node,
    /// One bit for each member that matters and has come.
    seen: u8,
    elements: u32,
    is_array: bool,
    /// For a key that is not a string.
    slot: Slot,
}

impl Core {
    pub(super) fn new(form: Form, line: u64, offset: u64) -> Self {
        let root = match form {
            Form::Lines | Form::One => Node::Row,
            Form::Inline => Node::Body,
        };
        Core {
            line,
            rows: 0,
            draft: Draft::at(offset),
            decoder: Decoder::new(),
            unwrap: Unwrap::default(),
            frames: Vec::new(),
            slot: Slot::Ignored,
            root,
            in_row: false,
            most_row_bytes: MOST_ROW_BYTES,
            judging: Judging::default(),
            lost: None,
        }
    }

    fn is_inline(&self) -> bool {
        self.root == Node::Body
    }

    pub(super) fn begin(&mut self, offset: u64) {
        self.draft = Draft::at(offset);
        self.unwrap = Unwrap::default();
        if !self.is_inline() {
            self.frames.clear();
        }
    }

    pub(super) fn break_off(&mut self, what: &str, at: u64) {
        let place = at.saturating_sub(self.draft.offset);
        self.draft.break_off(format!("{what} at byte {place}"));
    }

    pub(super) fn end_row<S: Sink>(&mut self, end: u64, sink: &mut S) -> Result<(), S::Error> {
        let mut draft = std::mem::take(&mut self.draft);
        let length = end - draft.offset;
        if length > self.most_row_bytes {
            draft.break_off(self.too_long());
        }
        let row = draft.finish(self.line, length, &self.judging);
        self.line += 1;
        self.rows += 1;
        self.in_row = false;
        sink.row(row)
    }

    pub(super) fn too_long(&self) -> String {
        format!("longer than {} bytes", self.most_row_bytes)
    }

    /// What the value that begins at this place is.
    fn value(&mut self, at: u64) -> Slot {
        let slot = match self.frames.last_mut() {
            None => Slot::Inside(self.root),
            Some(frame) if frame.is_array => {
                frame.elements += 1;
                frame.node.element(frame.elements - 1)
            }
            Some(_) => std::mem::replace(&mut self.slot, Slot::Ignored),
        };
        if slot == Slot::Inside(Node::Row) {
            if self.is_inline() {
                self.begin(at);
            }
            self.in_row = true;
        }
        slot
    }

    /// A value has ended; an inline item ends with it.
    fn end_value<S: Sink>(&mut self, end: u64, sink: &mut S) -> Result<(), S::Error> {
        let is_item = self.in_row && self.frames.last().is_some_and(|frame| frame.node == Node::Items);
        if is_item { self.end_row(end, sink) } else { Ok(()) }
    }
}

/// A core with the sink that takes what comes out.
pub(super) struct Visit<'a, S> {
    pub core: &'a mut Core,
    pub sink: &'a mut S,
}

impl<S: Sink> Visitor for Visit<'_, S> {
    type Stop = S::Error;

    fn opens(&mut self, container: Container, at: u64) -> Result<bool, S::Error> {
        let core = &mut *self.core;
        let slot = core.value(at);
        let node = match slot.node(container) {
            // The results stand in the body twice; the first array that has any is the one.
            Node::Items if core.rows > 0 => Node::Other,
            node => node,
        };
        core.draft.enter(node);
        if slot == Slot::Embedding {
            core.draft.set_embedding();
        }
        core.frames.push(Frame { node, seen: 0, elements: 0, is_array: container == Container::Array, slot });
        Ok(matches!(slot, Slot::Key { .. }))
    }

    fn closes(&mut self, text: Option<&[u8]>, end: u64) -> Result<(), S::Error> {
        let core = &mut *self.core;
        let Some(frame) = core.frames.pop() else { return Ok(()) };
        core.draft.leave(frame.node);
        if let Slot::Key { in_metadata } = frame.slot {
            match text {
                Some(text) => core.draft.set_key(text, in_metadata),
                None => core.draft.refuse(TOO_LONG_KEY),
            }
        }
        core.end_value(end, self.sink)
    }

    fn name(&mut self, name: &[u8]) {
        let core = &mut *self.core;
        let Some(frame) = core.frames.last_mut() else { return };
        core.slot = Slot::Ignored;
        if let Some((slot, bit)) = frame.node.member(name) {
            if frame.seen & bit != 0 {
                core.draft.refuse(format!("the member “{}” stands twice", String::from_utf8_lossy(name)));
            }
            frame.seen |= bit;
            core.slot = slot;
        }
    }

    fn string_begins(&mut self, at: u64) -> Result<Wish, S::Error> {
        let core = &mut *self.core;
        core.slot = core.value(at);
        Ok(match core.slot {
            Slot::Key { .. } => Wish::Keep(MOST_KEY_BYTES),
            Slot::Data if core.draft.begin_data(core.line, &mut core.decoder, self.sink) => Wish::Pieces,
            Slot::Words(_) | Slot::Count(_) | Slot::Inside(Node::Trouble) => Wish::Keep(MOST_WORDS_BYTES),
            Slot::Data | Slot::Inside(_) | Slot::Items | Slot::Embedding | Slot::Ignored => Wish::Skip,
        })
    }

    fn string_piece(&mut self, piece: &[u8], at: u64) -> Result<bool, S::Error> {
        let core = &mut *self.core;
        if at - core.draft.offset > core.most_row_bytes {
            let reason = core.too_long();
            core.draft.refuse(reason);
            return Ok(false);
        }
        core.draft.data(piece, at, (&mut core.decoder, &mut core.unwrap), self.sink)
    }

    fn string_ends(&mut self, kept: &[u8], whole: bool, end: u64) -> Result<(), S::Error> {
        let core = &mut *self.core;
        match core.slot {
            Slot::Key { .. } if !whole => core.draft.refuse(TOO_LONG_KEY),
            Slot::Key { in_metadata } => core.draft.set_key(kept, in_metadata),
            Slot::Data => core.draft.end_data((&mut core.decoder, &mut core.unwrap), self.sink)?,
            Slot::Words(words) => core.draft.set_words(words, kept),
            Slot::Inside(Node::Trouble) => core.draft.set_words(Words::TroubleText, kept),
            Slot::Count(count) => core.draft.set_count(count, kept),
            Slot::Inside(_) | Slot::Items | Slot::Embedding | Slot::Ignored => {}
        }
        core.end_value(end, self.sink)
    }

    fn too_deep(&mut self, fault: Fault) {
        // Elsewhere in a body it is of no interest.
        if self.core.in_row {
            self.core.break_off(fault.what, fault.at);
        }
    }

    fn scalar(&mut self, text: &[u8], end: u64) -> Result<(), S::Error> {
        let core = &mut *self.core;
        match core.value(end - text.len() as u64) {
            // A member that is null is a member that is not there.
            Slot::Key { in_metadata } if text != b"null" => core.draft.set_key(text, in_metadata),
            Slot::Count(count) => core.draft.set_count(count, text),
            Slot::Key { .. }
            | Slot::Inside(_)
            | Slot::Items
            | Slot::Data
            | Slot::Words(_)
            | Slot::Embedding
            | Slot::Ignored => {}
        }
        core.end_value(end, self.sink)
    }
}
