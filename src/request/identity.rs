//! What makes two requests the same: the model, and everything that is sent of them but the key.
//!
//! Pure.

use ring::digest::{Context, SHA256};
use serde_json::Value;

/// Stands for a request, whatever its key is: the first half of a SHA-256, which no two requests come upon by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity([u8; 16]);

impl Identity {
    /// Of a request to a model without `models/`. The order of its fields does not matter.
    pub fn of(model: &str, mut request: Value) -> Identity {
        request.sort_all_objects();
        let request = serde_json::to_vec(&request).expect("a JSON value can be written");
        Identity::of_parts([model.as_bytes(), &request])
    }

    /// The same for one key alone.
    pub fn with_key(self, key: &str) -> Identity {
        Identity::of_parts([&self.0[..], key.as_bytes()])
    }

    /// Of texts, which may hold anything.
    pub fn of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Identity {
        Identity::of_parts(texts.into_iter().map(str::as_bytes))
    }

    fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Identity {
        let mut context = Context::new(&SHA256);
        for part in parts {
            // With its length in front of it no part can pass for the end of another one.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        Identity(context.finish().as_ref()[..16].try_into().expect("a SHA-256 digest has 32 bytes"))
    }

    /// As it is written to disk.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// As it was written to disk.
    pub fn from_bytes(bytes: [u8; 16]) -> Identity {
        Identity(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_same_request_is_the_same_in_any_order_and_under_any_key() {
        let one = json!({ "contents": [{ "parts": [{ "text": "One." }] }], "generationConfig": { "a": 1, "b": 2 } });
        let same = json!({ "generationConfig": { "b": 2, "a": 1 }, "contents": [{ "parts": [{ "text": "One." }] }] });
        let other = json!({ "contents": [{ "parts": [{ "text": "Two." }] }], "generationConfig": { "a": 1, "b": 2 } });
        let identity = Identity::of("m", one);
        assert_eq!(identity, Identity::of("m", same.clone()));
        assert_ne!(identity, Identity::of("m2", same));
        assert_ne!(identity, Identity::of("m", other));
        assert_ne!(identity.with_key("a"), identity.with_key("b"));
        assert_eq!(Identity::from_bytes(identity.to_bytes()), identity);
    }

    #[test]
    fn no_text_passes_for_the_end_of_another() {
        assert_ne!(Identity::of_texts(["ab", "c"]), Identity::of_texts(["a", "bc"]));
        assert_ne!(Identity::of_texts(["a", ""]), Identity::of_texts(["a"]));
    }
}
