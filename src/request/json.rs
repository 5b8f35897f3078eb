//! Reading one line of JSON more strictly than a plain parser, which silently keeps the last of two equal fields.

use std::cell::RefCell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// What a line holds.
pub(super) struct Parsed {
    /// The value; of equal fields the last.
    pub value: Value,
    /// Names of fields that stand twice in one object.
    pub twice: Vec<String>,
}

/// Why a line is not JSON.
pub(super) struct Broken {
    /// In characters from 1.
    pub column: u64,
    /// The parser's words, without the place.
    pub message: String,
    /// Whether the line ends in the middle of a value.
    pub is_cut: bool,
}

/// Reads a line that holds one JSON value.
pub(super) fn parse(line: &str) -> Result<Parsed, Broken> {
    let twice = RefCell::new(Vec::new());
    let mut parser = serde_json::Deserializer::from_str(line);
    let value = Strict(&twice).deserialize(&mut parser).and_then(|value| parser.end().map(|()| value));
    match value {
        Ok(value) => Ok(Parsed { value, twice: twice.into_inner() }),
        Err(error) => {
            let message = error.to_string();
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
            // The parser counts bytes from 1. When the line ends too early, what is missing stands behind it.
            let bytes = if error.is_eof() { line.len() } else { error.column().saturating_sub(1) };
            let before = line.get(..bytes).map_or(bytes, |before| before.chars().count());
            Err(Broken { column: before as u64 + 1, message, is_cut: error.is_eof() })
        }
    }
}

struct Strict<'t>(&'t RefCell<Vec<String>>);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        serde_json::Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict(self.0))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(Name(name)) = fields.next_key()? {
            let value = fields.next_value_seed(Strict(self.0))?;
            match object.entry(name) {
                serde_json::map::Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                serde_json::map::Entry::Occupied(mut entry) => {
                    self.0.borrow_mut().push(entry.key().clone());
                    entry.insert(value);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Name).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(line: &str) -> Broken {
        parse(line).err().unwrap_or_else(|| panic!("{line} is read"))
    }

    #[test]
    fn a_line_is_read_as_the_plain_parser_reads_it() {
        for line in [r#"{"a":[1,-2,3.5,true,null,"\u00fc"],"b":{}}"#, "[]", "\"x\"", "18446744073709551615", "0.1"] {
            let parsed = parse(line).unwrap_or_else(|broken| panic!("{line}: {}", broken.message));
            assert_eq!(parsed.value, serde_json::from_str::<Value>(line).unwrap());
            assert!(parsed.twice.is_empty());
        }
    }

    #[test]
    fn fields_that_stand_twice_are_named() {
        let parsed = parse(r#"{"key":"a","request":{"x":1,"x":2},"key":"b"}"#).ok().unwrap();
        assert_eq!(parsed.twice, ["x", "key"]);
    }

    #[test]
    fn a_broken_line_tells_its_column_in_characters() {
        let here = broken(r#"{"text":"grüße" "#.trim_end());
        assert_eq!((here.column, here.is_cut), (16, true), "{}", here.message);
        let here = broken(r#"{"ü":1,}"#);
        assert_eq!((here.column, here.is_cut), (8, false), "{}", here.message);
        assert_eq!(here.message, "trailing comma");
        assert!(broken(r#"{"a":1} x"#).message.contains("trailing characters"));
        assert!(broken(r#""\ud800""#).message.contains("escape"));
        assert!(broken(&"[".repeat(200_000)).message.contains("recursion limit"));
    }
}
