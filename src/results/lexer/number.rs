//! Numbers and the three words.

use super::Visitor;
use super::structure::{Halt, Input, Lexer, State, Step};

/// Longer than every number that anybody writes.
const MOST_NUMBER_BYTES: usize = 4096;

/// The parts of a number, named by what was read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    E,
    ESign,
    Exponent,
}

impl Lexer {
    pub(super) fn number<V: Visitor>(&mut self, number: Number, input: &mut Input<'_>, visitor: &mut V) -> Step<V> {
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

    pub(super) fn literal<V: Visitor>(
        &mut self,
        word: &'static str,
        read: u8,
        input: &mut Input<'_>,
        visitor: &mut V,
    ) -> Step<V> {
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
