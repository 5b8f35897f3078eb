//! Strings: stretches without quotes and escapes pass as a whole, however long they are.

use memchr::memchr2;

use super::structure::{Halt, Input, Lexer, State, Step};
use super::{Visitor, Wish};

/// Longer than every name that matters.
const MOST_NAME_BYTES: usize = 64;

/// A string that is being read.
#[derive(Debug)]
pub(super) struct Text {
    role: Role,
    kept: Vec<u8>,
    whole: bool,
    escape: Escape,
    /// The first half of a surrogate pair.
    high: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Name,
    Value(Wish),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    Backslash,
    Hex { digits: u8, value: u16 },
}

impl Default for Text {
    fn default() -> Self {
        Text { role: Role::Name, kept: Vec::new(), whole: true, escape: Escape::None, high: None }
    }
}

impl Lexer {
    pub(super) fn begin_text(&mut self, role: Role) {
        self.text.role = role;
        self.text.kept.clear();
        self.text.whole = true;
        self.text.escape = Escape::None;
        self.text.high = None;
        self.state = State::String;
    }

    pub(super) fn string<V: Visitor>(&mut self, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
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

/// The first control character. The smallest of many bytes at once is found as fast as they can be read.
fn find_control(bytes: &[u8]) -> Option<usize> {
    let (blocks, rest) = bytes.as_chunks::<128>();
    let smallest = |bytes: &[u8]| bytes.iter().fold(u8::MAX, |smallest, byte| smallest.min(*byte));
    let clean = blocks.iter().position(|block| smallest(block) < 0x20).unwrap_or(blocks.len()) * 128;
    if clean == bytes.len() - rest.len() && smallest(rest) >= 0x20 {
        return None;
    }
    bytes[clean..].iter().position(|byte| *byte < 0x20).map(|at| clean + at)
}
