//! The service's JSON, read with forgiveness.
//!
//! Pure. Names in camelCase or snake_case, numbers as numbers or strings, unknown members ignored, absent and
//! mistyped ones taken for absent: a single odd field must not hide a whole list. Every text that leaves this
//! module is cleaned.

mod file;
mod job;
mod model;
mod voice;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use file::stored_file;
pub use job::{Seen, job};
pub use model::model;
pub use voice::voice;

use crate::text::clean_short;

/// A JSON object whose members are asked for by their camelCase names.
#[derive(Clone, Copy)]
pub struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    /// The object, if it is one.
    pub fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Object)
    }

    /// A member under its camelCase or its snake_case name; `null` counts as absent.
    pub fn get(self, name: &str) -> Option<&'a Value> {
        let member = self.0.get(name).or_else(|| self.0.get(&snake_case(name)))?;
        (!member.is_null()).then_some(member)
    }

    /// A member that is an object.
    pub fn object(self, name: &str) -> Option<Object<'a>> {
        Object::of(self.get(name)?)
    }

    /// The elements of a member that is an array; none when it is absent.
    pub fn elements(self, name: &str) -> &'a [Value] {
        self.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// A member that is a text, as it came.
    pub fn raw_text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A member that is a text, cleaned and cut to a length that no honest one reaches.
    pub fn text(self, name: &str) -> Option<String> {
        self.raw_text(name).map(|text| clean_short(text, 1024))
    }

    /// A whole number that is not negative. The service writes 64-bit numbers as strings.
    pub fn number(self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// A moment in RFC 3339.
    pub fn time(self, name: &str) -> Option<Timestamp> {
        self.raw_text(name)?.parse().ok()
    }
}

/// `nextPageToken` of a list; the last page has none, or an empty one.
pub fn next_page(list: Object<'_>) -> Option<String> {
    list.raw_text("nextPageToken").map(str::to_owned)
}

fn snake_case(camel: &str) -> String {
    let mut snake = String::with_capacity(camel.len() + 4);
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// JSON of any shape that uses the words of the service.
    fn any_json() -> impl Strategy<Value = Value> {
        let words = ["name", "metadata", "response", "output", "error", "state", "batchStats", "dest", "file", "done"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(json!("batches/x")),
            Just(json!("files/x")),
        ];
        leaf.prop_recursive(4, 64, 8, move |inner| {
            let members = proptest::collection::vec((proptest::sample::select(words.to_vec()), inner.clone()), 0..8);
            let object = members
                .prop_map(|members| Value::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()));
            prop_oneof![object, proptest::collection::vec(inner, 0..4).prop_map(Value::Array)]
        })
    }

    proptest! {
        #[test]
        fn no_answer_is_so_odd_that_reading_it_fails(value in any_json()) {
            let seen = job(&value, Seen::Whole);
            prop_assert!(seen.is_none_or(|job| job.name.as_str() == "batches/x" || value.to_string().contains(job.name.as_str())));
            let _ = (stored_file(&value), model(&value), voice(&value));
        }
    }

    #[test]
    fn members_are_found_in_both_spellings_and_number_forms() {
        let value = json!({
            "requestCount": "4", "failed_request_count": 2, "negative": -1, "half": 0.5, "word": "x", "none": null,
            "createTime": "2026-07-02T14:40:59.019821594Z", "badTime": "yesterday", "empty": "",
        });
        let object = Object::of(&value).unwrap();
        let numbers = ["requestCount", "failedRequestCount", "negative", "half", "word", "none", "absent"];
        assert_eq!(numbers.map(|name| object.number(name)), [Some(4), Some(2), None, None, None, None, None]);
        assert_eq!(object.time("createTime").unwrap().to_string(), "2026-07-02T14:40:59.019821594Z");
        assert_eq!((object.time("badTime"), object.text("empty")), (None, None));
    }
}
