//! A JSON reader that is fed: bytes in, in pieces of any size, calls to a [`Visitor`] out.
//!
//! Pure. It holds no value that the visitor did not ask for, so a string of 40 MB passes in pieces. It accepts what
//! RFC 8259 accepts, but for invalid UTF-8 inside of strings, which is handed on as it came.

use memchr::memchr2;

/// What the reader of the JSON wants to know.
pub(super) trait Visitor {
    /// Why reading must stop, other than broken JSON.
    type Stop;

    /// An object or an array begins. `true` asks for its text, as it stands, once it has ended.
    fn opens(&mut self, container: Container, at: u64) -> Result<bool, Self::Stop>;

    /// The innermost container has ended just before `end`; its text, if it was asked for and is not too long.
    fn closes(&mut self, text: Option<&[u8]>, end: u64) -> Result<(), Self::Stop>;

    /// The name of the next member; cut when it is longer than any that matters.
    fn name(&mut self, name: &[u8]);

    /// A string begins as a value, with its quote at `at`.
    fn string_begins(&mut self, at: u64) -> Result<Wish, Self::Stop>;

    /// A piece of a string that was wished for in pieces. `false` says that it is not what it should be: the rest of
    /// the string is then read, but not handed on.
    fn string_piece(&mut self, piece: &[u8], at: u64) -> Result<bool, Self::Stop>;

    /// A string has ended just before `end`; what was kept of it, and whether that is all.
    fn string_ends(&mut self, kept: &[u8], whole: bool, end: u64) -> Result<(), Self::Stop>;

    /// A number, `true`, `false` or `null` that ends just before `end`.
    fn scalar(&mut self, text: &[u8], end: u64) -> Result<(), Self::Stop>;
}

/// What may hold values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Object,
    Array,
}

/// What to do with a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Read over it.
    Skip,
    /// Keep it, up to so many bytes.
    Keep(usize),
    /// Hand it on in pieces.
    Pieces,
}

/// Where and why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub what: &'static str,
    pub at: u64,
}

/// How far a push came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pushed {
    /// Bytes that were read; the line end counts.
    pub used: usize,
    pub end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All bytes were read.
    Bytes,
    /// A line ended, where lines matter.
    Line,
    /// The text is not JSON. Nothing more can be read until [`Lexer::restart`].
    Fault(Fault),
}

/// Deeper nesting than this is refused; `serde_json` stops at the same depth.
pub(super) const MOST_DEPTH: u32 = 128;

/// Longer than every name that matters.
const MOST_NAME_BYTES: usize = 64;

/// Longer than every number that anybody writes.
const MOST_NUMBER_BYTES: usize = 4096;

/// The text of a container that is kept as it stands.
const MOST_RECORDED_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Lexer {
    /// Whether a line feed ends the text, even inside of a string.
    by_line: bool,
    state: State,
    /// One bit a level, 1 for an object; the innermost is the lowest.
    levels: u128,
    depth: u32,
    text: Text,
    number: Vec<u8>,
    record: Option<Record>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
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
}

/// The parts of a number, named by what was read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    E,
    ESign,
    Exponent,
}

/// A string that is being read.
#[derive(Debug)]
struct Text {
    role: Role,
    kept: Vec<u8>,
    whole: bool,
    escape: Escape,
    /// The first half of a surrogate pair.
    high: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Name,
    Value(Wish),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    Backslash,
    Hex { digits: u8, value: u16 },
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
struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
    base: u64,
}

impl Input<'_> {
    fn place(&self) -> u64 {
        self.base + self.at as u64
    }

    fn fault(&self, what: &'static str) -> Fault {
        Fault { what, at: self.place() }
    }
}

/// A step that did not go through.
enum Halt<Stop> {
    Line,
    Fault(Fault),
    Stop(Stop),
}

impl<Stop> From<Fault> for Halt<Stop> {
    fn from(fault: Fault) -> Self {
        Halt::Fault(fault)
    }
}

type Step<V> = Result<(), Halt<<V as Visitor>::Stop>>;

impl Lexer {
    pub(super) fn new(by_line: bool) -> Self {
        Lexer {
            by_line,
            state: State::Blank,
            levels: 0,
            depth: 0,
            text: Text { role: Role::Name, kept: Vec::new(), whole: true, escape: Escape::None, high: None },
            number: Vec::new(),
            record: None,
        }
    }

    /// Begins a new text, after a line end or a fault.
    pub(super) fn restart(&mut self) {
        self.state = State::Blank;
        self.levels = 0;
        self.depth = 0;
        self.record = None;
    }

    /// Whether nothing but white space has come.
    pub(super) fn is_blank(&self) -> bool {
        self.state == State::Blank
    }

    /// What is missing, if the text ended here.
    pub(super) fn missing(&self) -> Option<&'static str> {
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
            | State::Literal { .. } => Some("ends too early"),
        }
    }

    /// Reads bytes up to their end, a line end or a fault. `base` is the place of the first one, for the visitor.
    pub(super) fn push<V: Visitor>(&mut self, bytes: &[u8], base: u64, visitor: &mut V) -> Result<Pushed, V::Stop> {
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
            (State::String | State::Number(_) | State::Literal { .. }, _) => unreachable!("handled above"),
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
            return Err(input.fault("nested deeper than 128 levels").into());
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

    fn after_value(&mut self) {
        self.state = if self.depth == 0 { State::Done } else { State::CommaOrClose };
    }

    fn begin_text(&mut self, role: Role) {
        self.text.role = role;
        self.text.kept.clear();
        self.text.whole = true;
        self.text.escape = Escape::None;
        self.text.high = None;
        self.state = State::String;
    }

    fn string<V: Visitor>(&mut self, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
        match self.text.escape {
            Escape::None => {}
            Escape::Backslash => return self.escape(input, visitor),
            Escape::Hex { digits, value } => return self.hex(digits, value, input, visitor),
        }
        let rest = &input.bytes[input.at..];
        let span = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        if span > 0 {
            self.span(span, input, visitor)?;
        }
        match input.bytes.get(input.at) {
            None => Ok(()),
            Some(b'\\') => {
                self.text.escape = Escape::Backslash;
                input.at += 1;
                Ok(())
            }
            Some(_) if self.text.high.is_some() => Err(input.fault("half a surrogate pair").into()),
            Some(_) => {
                input.at += 1;
                match self.text.role {
                    Role::Name => {
                        visitor.name(&self.text.kept);
                        self.state = State::Colon;
                        Ok(())
                    }
                    Role::Value(_) => {
                        self.after_value();
                        visitor.string_ends(&self.text.kept, self.text.whole, input.place()).map_err(Halt::Stop)
                    }
                }
            }
        }
    }

    /// A stretch of a string without quotes and escapes.
    fn span<V: Visitor>(&mut self, length: usize, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
        let span = &input.bytes[input.at..input.at + length];
        if self.text.high.is_some() {
            return Err(input.fault("half a surrogate pair").into());
        }
        // Pieces that are what they should be hold no control character, which spares a second look at them.
        let is_clean = self.text.role == Role::Value(Wish::Pieces) && self.text.add(span, input, visitor)?;
        if !is_clean {
            if let Some(control) = find_control(span) {
                input.at += control;
                if span[control] == b'\n' && self.by_line {
                    input.at += 1;
                    return Err(Halt::Line);
                }
                return Err(input.fault("a control character inside a string").into());
            }
            self.text.add(span, input, visitor)?;
        }
        input.at += length;
        Ok(())
    }

    fn escape<V: Visitor>(&mut self, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
        let byte = input.bytes[input.at];
        if self.text.high.is_some() && byte != b'u' {
            return Err(input.fault("half a surrogate pair").into());
        }
        let plain = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                self.text.escape = Escape::Hex { digits: 0, value: 0 };
                input.at += 1;
                return Ok(());
            }
            b'\n' if self.by_line => {
                input.at += 1;
                return Err(Halt::Line);
            }
            _ => return Err(input.fault("an unknown escape").into()),
        };
        self.text.add(&[plain], input, visitor)?;
        self.text.escape = Escape::None;
        input.at += 1;
        Ok(())
    }

    fn hex<V: Visitor>(&mut self, digits: u8, value: u16, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
        let byte = input.bytes[input.at];
        let Some(digit) = char::from(byte).to_digit(16) else {
            if byte == b'\n' && self.by_line {
                input.at += 1;
                return Err(Halt::Line);
            }
            return Err(input.fault("an escape without four hex digits").into());
        };
        let value = value << 4 | digit as u16;
        if digits < 3 {
            self.text.escape = Escape::Hex { digits: digits + 1, value };
            input.at += 1;
            return Ok(());
        }
        self.text.escape = Escape::None;
        let unit = match (self.text.high.take(), value) {
            (None, 0xd800..=0xdbff) => {
                self.text.high = Some(value);
                input.at += 1;
                return Ok(());
            }
            (Some(high), 0xdc00..=0xdfff) => 0x1_0000 + (u32::from(high - 0xd800) << 10) + u32::from(value - 0xdc00),
            (None, _) => u32::from(value),
            (Some(_), _) => return Err(input.fault("half a surrogate pair").into()),
        };
        let Some(c) = char::from_u32(unit) else { return Err(input.fault("half a surrogate pair").into()) };
        self.text.add(c.encode_utf8(&mut [0; 4]).as_bytes(), input, visitor)?;
        input.at += 1;
        Ok(())
    }

    fn number<V: Visitor>(&mut self, number: Number, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
        let byte = input.bytes[input.at];
        let next = match (number, byte) {
            (Number::Minus, b'0') => Number::Zero,
            (Number::Minus, b'1'..=b'9') | (Number::Whole, b'0'..=b'9') => Number::Whole,
            (Number::Zero | Number::Whole, b'.') => Number::Point,
            (Number::Point | Number::Fraction, b'0'..=b'9') => Number::Fraction,
            (Number::Zero | Number::Whole | Number::Fraction, b'e' | b'E') => Number::E,
            (Number::E, b'+' | b'-') => Number::ESign,
            (Number::E | Number::ESign | Number::Exponent, b'0'..=b'9') => Number::Exponent,
            (Number::Zero | Number::Whole | Number::Fraction | Number::Exponent, _) => {
                return self.end_number(input, visitor);
            }
            (Number::Minus | Number::Point | Number::E | Number::ESign, b'\n') if self.by_line => {
                input.at += 1;
                return Err(Halt::Line);
            }
            (Number::Minus | Number::Point | Number::E | Number::ESign, _) => {
                return Err(input.fault("a digit was expected").into());
            }
        };
        if self.number.len() == MOST_NUMBER_BYTES {
            return Err(input.fault("a number of more than 4096 characters").into());
        }
        self.number.push(byte);
        self.state = State::Number(next);
        input.at += 1;
        Ok(())
    }

    /// The byte after a number does not belong to it and is read again.
    fn end_number<V: Visitor>(&mut self, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
        let may_overflow = self.number.len() > 300 || self.number.iter().any(|byte| matches!(byte, b'e' | b'E'));
        if may_overflow {
            let value = std::str::from_utf8(&self.number).ok().and_then(|text| text.parse::<f64>().ok());
            if !value.is_some_and(f64::is_finite) {
                return Err(input.fault("a number out of range").into());
            }
        }
        self.after_value();
        visitor.scalar(&self.number, input.place()).map_err(Halt::Stop)
    }

    fn literal<V: Visitor>(&mut self, word: &'static str, read: u8, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
        let byte = input.bytes[input.at];
        if word.as_bytes()[usize::from(read)] != byte {
            if byte == b'\n' && self.by_line {
                input.at += 1;
                return Err(Halt::Line);
            }
            return Err(input.fault("a value was expected").into());
        }
        input.at += 1;
        let read = read + 1;
        if usize::from(read) < word.len() {
            self.state = State::Literal { word, read };
            return Ok(());
        }
        self.after_value();
        visitor.scalar(word.as_bytes(), input.place()).map_err(Halt::Stop)
    }
}

impl Text {
    /// Adds decoded bytes to the string; `false` when the visitor did not like them.
    fn add<V: Visitor>(&mut self, bytes: &[u8], input: &Input<'_>, visitor: &mut V) -> Result<bool, Halt<V::Stop>> {
        let most = match self.role {
            Role::Name => MOST_NAME_BYTES,
            Role::Value(Wish::Keep(most)) => most,
            Role::Value(Wish::Skip) => return Ok(true),
            Role::Value(Wish::Pieces) => {
                let liked = visitor.string_piece(bytes, input.place()).map_err(Halt::Stop)?;
                if !liked {
                    self.role = Role::Value(Wish::Skip);
                }
                return Ok(liked);
            }
        };
        let room = most.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.whole &= bytes.len() <= room;
        Ok(true)
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

/// The first control character, found 64 bytes at a time.
fn find_control(bytes: &[u8]) -> Option<usize> {
    for (n, chunk) in bytes.chunks(64).enumerate() {
        if chunk.iter().fold(false, |found, byte| found | (*byte < 0x20)) {
            return chunk.iter().position(|byte| *byte < 0x20).map(|at| n * 64 + at);
        }
    }
    None
}
