//! What holds values: objects, arrays, commas and colons, and the step from one byte to the next.

use super::number::Number;
use super::text::{Role, Text};
use super::{Container, End, Fault, Pushed, Visitor};

/// Deeper nesting than this is refused; `serde_json` stops at the same one.
const MOST_DEPTH: u32 = 127;

/// The text of a container that is kept as it stands.
const MOST_RECORDED_BYTES: usize = 64 * 1024;

/// The state of a reader. Its steps are spread over the files of this folder: what holds values is here.
#[derive(Debug)]
pub(in crate::results) struct Lexer {
    /// Whether a line feed ends the text, even inside of a string.
    pub(super) by_line: bool,
    pub(super) state: State,
    /// One bit a level, 1 for an object; the innermost is the lowest.
    levels: u128,
    depth: u32,
    pub(super) text: Text,
    pub(super) number: Vec<u8>,
    record: Option<Record>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing but white space has come.
    Blank,
    Value,
    /// After `[`.
    ValueOrClose,
    /// After `{`.
    NameOrClose,
    /// After a comma in an object.
    Name,
    Colon,
    CommaOrClose,
    /// The value is whole; only white space may follow.
    Done,
    String,
    Number(Number),
    Literal {
        word: &'static str,
        read: u8,
    },
    /// In a value that is nested too deep, where lines do not end a text.
    TooDeep(Deep),
}

/// Where in a value that is nested too deep the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deep {
    /// Containers that are open below the deepest one that is read.
    depth: u64,
    in_string: bool,
    is_escaped: bool,
}

#[derive(Debug)]
struct Record {
    text: Vec<u8>,
    /// The depth outside of the recorded container.
    outside: u32,
    /// Where in the current push recording goes on.
    from: usize,
    whole: bool,
}

/// What one step of reading needs to know besides the state.
pub(super) struct Input<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    base: u64,
}

impl Input<'_> {
    pub(super) fn place(&self) -> u64 {
        self.base + self.at as u64
    }

    pub(super) fn fault(&self, what: &'static str) -> Fault {
        Fault { what, at: self.place() }
    }
}

/// A step that did not go through.
pub(super) enum Halt<Stop> {
    Line,
    Fault(Fault),
    Stop(Stop),
}

impl<Stop> From<Fault> for Halt<Stop> {
    fn from(fault: Fault) -> Self {
        Halt::Fault(fault)
    }
}

pub(super) type Step<V> = Result<(), Halt<<V as Visitor>::Stop>>;

impl Lexer {
    pub(in crate::results) fn new(by_line: bool) -> Self {
        Lexer {
            by_line,
            state: State::Blank,
            levels: 0,
            depth: 0,
            text: Text::default(),
            number: Vec::new(),
            record: None,
        }
    }

    /// Begins a new text, after a line end or a fault.
    pub(in crate::results) fn restart(&mut self) {
        self.state = State::Blank;
        self.levels = 0;
        self.depth = 0;
        self.record = None;
    }

    /// Whether nothing but white space has come.
    pub(in crate::results) fn is_blank(&self) -> bool {
        self.state == State::Blank
    }

    /// What is missing, if the text ended here.
    pub(in crate::results) fn missing(&self) -> Option<&'static str> {
        match self.state {
            State::Done => None,
            // A number may be the whole text, and only its end shows that it is whole.
            State::Number(Number::Zero | Number::Whole | Number::Fraction | Number::Exponent) if self.depth == 0 => {
                None
            }
            State::String => Some("ends inside a string"),
            State::Blank
            | State::Value
            | State::ValueOrClose
            | State::NameOrClose
            | State::Name
            | State::Colon
            | State::CommaOrClose
            | State::Number(_)
            | State::Literal { .. }
            | State::TooDeep(_) => Some("ends too early"),
        }
    }

    /// Reads bytes up to their end, a line end or a fault. `base` is the place of the first one, for the visitor.
    pub(in crate::results) fn push<V: Visitor>(
        &mut self,
        bytes: &[u8],
        base: u64,
        visitor: &mut V,
    ) -> Result<Pushed, V::Stop> {
        let mut input = Input { bytes, at: 0, base };
        if let Some(record) = &mut self.record {
            record.from = 0;
        }
        let end = loop {
            if input.at == bytes.len() {
                break End::Bytes;
            }
            match self.step(&mut input, visitor) {
                Ok(()) => {}
                Err(Halt::Line) => break End::Line,
                Err(Halt::Fault(fault)) => break End::Fault(fault),
                Err(Halt::Stop(stop)) => return Err(stop),
            }
        };
        if let Some(record) = &mut self.record {
            record.add(&bytes[record.from..input.at]);
        }
        Ok(Pushed { used: input.at, end })
    }

    fn step<V: Visitor>(&mut self, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
        match self.state {
            State::String => return self.string(input, visitor),
            State::Number(number) => return self.number(number, input, visitor),
            State::Literal { word, read } => return self.literal(word, read, input, visitor),
            State::TooDeep(deep) => {
                self.pass_over(deep, input);
                return Ok(());
            }
            State::Blank
            | State::Value
            | State::ValueOrClose
            | State::NameOrClose
            | State::Name
            | State::Colon
            | State::CommaOrClose
            | State::Done => {}
        }
        let byte = input.bytes[input.at];
        match byte {
            b'\n' if self.by_line => {
                input.at += 1;
                return Err(Halt::Line);
            }
            b' ' | b'\t' | b'\r' | b'\n' => {
                let rest = &input.bytes[input.at..];
                let run = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r')).unwrap_or(rest.len());
                input.at += run.max(1);
                return Ok(());
            }
            _ => {}
        }
        match (self.state, byte) {
            (State::NameOrClose, b'}') | (State::ValueOrClose, b']') => self.close(input, visitor),
            (State::CommaOrClose, b'}') if self.in_object() => self.close(input, visitor),
            (State::CommaOrClose, b']') if !self.in_object() => self.close(input, visitor),
            (State::CommaOrClose, b',') => {
                self.state = if self.in_object() { State::Name } else { State::Value };
                input.at += 1;
                Ok(())
            }
            (State::NameOrClose | State::Name, b'"') => {
                self.begin_text(Role::Name);
                input.at += 1;
                Ok(())
            }
            (State::Colon, b':') => {
                self.state = State::Value;
                input.at += 1;
                Ok(())
            }
            (State::Blank | State::Value | State::ValueOrClose, _) => self.value(byte, input, visitor),
            (State::Done, _) => Err(input.fault("text behind the value").into()),
            (State::NameOrClose | State::Name, _) => Err(input.fault("a member name was expected").into()),
            (State::Colon, _) => Err(input.fault("a colon was expected").into()),
            (State::CommaOrClose, _) => Err(input.fault("a comma or an end was expected").into()),
            (State::String | State::Number(_) | State::Literal { .. } | State::TooDeep(_), _) => {
                unreachable!("handled above")
            }
        }
    }

    fn value<V: Visitor>(&mut self, byte: u8, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
        match byte {
            b'{' => return self.open(Container::Object, input, visitor),
            b'[' => return self.open(Container::Array, input, visitor),
            b'"' => {
                let wish = visitor.string_begins(input.place()).map_err(Halt::Stop)?;
                self.begin_text(Role::Value(wish));
                input.at += 1;
            }
            b'-' | b'0'..=b'9' => {
                self.number.clear();
                self.number.push(byte);
                self.state = State::Number(match byte {
                    b'-' => Number::Minus,
                    b'0' => Number::Zero,
                    _ => Number::Whole,
                });
                input.at += 1;
            }
            b't' => self.state = State::Literal { word: "true", read: 0 },
            b'f' => self.state = State::Literal { word: "false", read: 0 },
            b'n' => self.state = State::Literal { word: "null", read: 0 },
            _ => return Err(input.fault("a value was expected").into()),
        }
        Ok(())
    }

    fn open<V: Visitor>(&mut self, container: Container, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
        if self.depth == MOST_DEPTH {
            let fault = input.fault("nested deeper than 127 levels");
            if self.by_line {
                return Err(fault.into());
            }
            // There is no line end behind which to go on, so the value is read over.
            visitor.too_deep(fault);
            self.state = State::TooDeep(Deep { depth: 0, in_string: false, is_escaped: false });
            return Ok(());
        }
        let wants_text = visitor.opens(container, input.place()).map_err(Halt::Stop)?;
        if wants_text && self.record.is_none() {
            self.record = Some(Record { text: Vec::new(), outside: self.depth, from: input.at, whole: true });
        }
        self.depth += 1;
        let is_object = container == Container::Object;
        self.levels = self.levels << 1 | u128::from(is_object);
        self.state = if is_object { State::NameOrClose } else { State::ValueOrClose };
        input.at += 1;
        Ok(())
    }

    /// Reads over a value that is nested too deep. Its brackets are counted and its strings seen, but nothing else of it
    /// is checked: whatever it is, it is refused.
    fn pass_over(&mut self, mut deep: Deep, input: &mut Input<'_>) {
        while let Some(byte) = input.bytes.get(input.at) {
            input.at += 1;
            match (deep.in_string, byte) {
                (true, _) if deep.is_escaped => deep.is_escaped = false,
                (true, b'\\') => deep.is_escaped = true,
                (_, b'"') => deep.in_string = !deep.in_string,
                (false, b'{' | b'[') => deep.depth += 1,
                (false, b'}' | b']') => {
                    deep.depth -= 1;
                    if deep.depth == 0 {
                        return self.after_value();
                    }
                }
                (true | false, _) => {}
            }
        }
        self.state = State::TooDeep(deep);
    }

    fn close<V: Visitor>(&mut self, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
        input.at += 1;
        self.depth -= 1;
        self.levels >>= 1;
        self.after_value();
        let end = input.place();
        match self.record.take_if(|record| record.outside == self.depth) {
            Some(mut record) => {
                record.add(&input.bytes[record.from..input.at]);
                visitor.closes(record.whole.then_some(&record.text[..]), end).map_err(Halt::Stop)
            }
            None => visitor.closes(None, end).map_err(Halt::Stop),
        }
    }

    fn in_object(&self) -> bool {
        self.levels & 1 == 1
    }

    pub(super) fn after_value(&mut self) {
        self.state = if self.depth == 0 { State::Done } else { State::CommaOrClose };
    }
}

impl Record {
    fn add(&mut self, bytes: &[u8]) {
        self.whole &= self.text.len() + bytes.len() <= MOST_RECORDED_BYTES;
        if self.whole {
            self.text.extend_from_slice(bytes);
        }
    }
}
