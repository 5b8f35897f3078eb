//! Drops the results out of the JSON of a job while it is read, so that a job of any size fits into little memory.
//!
//! Pure: bytes in, fewer bytes out. A finished inline job carries all its audio twice, in arrays that are called
//! `inlinedResponses`; each of them becomes an array with one line that says how much was left out.

/// A filter over the bytes of one JSON document, in pieces of any size.
pub struct Cut {
    kept: Vec<u8>,
    cap: usize,
    place: Place,
    /// The string that is being read, as far as it can still be the key.
    word: Vec<u8>,
    /// Whether the last whole string was the key, with nothing but a colon and spaces behind it.
    armed: bool,
}

#[derive(Clone, Copy)]
enum Place {
    /// Between strings.
    Outside,
    /// In a string that is kept; true behind a backslash.
    String(bool),
    /// In an array that is dropped.
    Dropping(Dropping),
}

#[derive(Clone, Copy)]
struct Dropping {
    depth: usize,
    string: Option<bool>,
    commas: u64,
    is_empty: bool,
}

/// What is left is still larger than the cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

const KEYS: [&[u8]; 2] = [b"inlinedResponses", b"inlined_responses"];

impl Cut {
    /// A filter that keeps at most `cap` bytes.
    pub fn new(cap: usize) -> Self {
        Cut { kept: Vec::new(), cap, place: Place::Outside, word: Vec::new(), armed: false }
    }

    /// Reads the next piece.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), TooLarge> {
        while let Some(&byte) = bytes.first() {
            match self.place {
                Place::Outside => {
                    bytes = &bytes[1..];
                    self.outside(byte);
                }
                Place::String(escaped) => {
                    bytes = &bytes[1..];
                    self.in_string(byte, escaped);
                }
                Place::Dropping(dropping) => bytes = self.drop_some(bytes, dropping),
            }
            if self.kept.len() > self.cap {
                return Err(TooLarge);
            }
        }
        Ok(())
    }

    /// The document without its results.
    pub fn finish(self) -> Vec<u8> {
        self.kept
    }

    fn outside(&mut self, byte: u8) {
        match byte {
            b'[' if self.armed => {
                self.kept.push(byte);
                self.armed = false;
                self.word.clear();
                let dropping = Dropping { depth: 1, string: None, commas: 0, is_empty: true };
                self.place = Place::Dropping(dropping);
                return;
            }
            b'"' => {
                self.word.clear();
                self.armed = false;
                self.place = Place::String(false);
            }
            b':' => self.armed = KEYS.contains(&self.word.as_slice()),
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => {
                self.armed = false;
                self.word.clear();
            }
        }
        self.kept.push(byte);
    }

    fn in_string(&mut self, byte: u8, escaped: bool) {
        self.kept.push(byte);
        match byte {
            b'"' if !escaped => self.place = Place::Outside,
            _ => {
                // One more byte than the longest key is enough to know that it is another word.
                if self.word.len() <= KEYS[1].len() {
                    self.word.push(byte);
                }
                self.place = Place::String(byte == b'\\' && !escaped);
            }
        }
    }

    fn drop_some<'a>(&mut self, bytes: &'a [u8], mut dropping: Dropping) -> &'a [u8] {
        let (byte, rest) = (bytes[0], &bytes[1..]);
        let mut next = rest;
        match dropping.string {
            // Nearly all of the document is base64 in strings: jump over it.
            Some(false) => {
                let end = memchr::memchr2(b'"', b'\\', bytes);
                match end {
                    None => next = &[],
                    Some(end) => {
                        dropping.string = (bytes[end] == b'\\').then_some(true);
                        next = &bytes[end + 1..];
                    }
                }
            }
            Some(true) => dropping.string = Some(false),
            None => {
                let was_inner = dropping.depth > 1;
                match byte {
                    b'"' => dropping.string = Some(false),
                    b'[' | b'{' => dropping.depth += 1,
                    b']' | b'}' => dropping.depth -= 1,
                    b',' if !was_inner => dropping.commas += 1,
                    _ => {}
                }
                dropping.is_empty &= matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b']');
            }
        }
        self.place = Place::Dropping(dropping);
        if dropping.depth == 0 {
            if !dropping.is_empty {
                let results = crate::text::count(dropping.commas + 1, "result");
                self.kept.extend_from_slice(format!("\"{results} left out\"").as_bytes());
            }
            self.kept.push(b']');
            self.place = Place::Outside;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn cut(text: &str, piece: usize) -> Value {
        let mut cut = Cut::new(usize::MAX);
        for bytes in text.as_bytes().chunks(piece) {
            cut.push(bytes).unwrap();
        }
        serde_json::from_slice(&cut.finish()).unwrap()
    }

    #[test]
    fn results_are_dropped_wherever_they_stand() {
        let table = [
            (r#"{"a":1}"#, json!({"a": 1})),
            (r#"{"inlinedResponses":[]}"#, json!({"inlinedResponses": []})),
            (r#"{"inlinedResponses": [ ] }"#, json!({"inlinedResponses": []})),
            (
                r#"{"response":{"inlinedResponses" : {"inlinedResponses":[{"a":[1,2]},{"b":"],\"}"} , 3]},"x":[1]},"y":2}"#,
                json!({"response": {"inlinedResponses": {"inlinedResponses": ["3 results left out"]}, "x": [1]}, "y": 2}),
            ),
            (
                r#"{"inlined_responses":[{"a":"\\"}],"b":[1]}"#,
                json!({"inlined_responses": ["1 result left out"], "b": [1]}),
            ),
            (r#"["inlinedResponses",[1]]"#, json!(["inlinedResponses", [1]])),
            (
                r#"{"xinlinedResponses":[1],"inlinedResponsesx":[2]}"#,
                json!({"xinlinedResponses": [1], "inlinedResponsesx": [2]}),
            ),
            (r#"{"a":"inlinedResponses","b":[1]}"#, json!({"a": "inlinedResponses", "b": [1]})),
            (r#"{"a":"\":[","inlinedResponses":5}"#, json!({"a": "\":[", "inlinedResponses": 5})),
        ];
        for (text, expected) in table {
            for piece in [1, 2, 3, 7, 1000] {
                assert_eq!(cut(text, piece), expected, "{text} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn memory_stays_small_while_a_large_result_is_dropped() {
        let mut cut = Cut::new(1024);
        cut.push(br#"{"name":"batches/x","response":{"inlinedResponses":[{"data":""#).unwrap();
        for _ in 0..1_000 {
            cut.push(&[b'A'; 64 * 1024]).unwrap();
        }
        cut.push(br#""}]}}"#).unwrap();
        assert!(cut.kept.capacity() < 4096);
        let value: Value = serde_json::from_slice(&cut.finish()).unwrap();
        assert_eq!(value["name"], "batches/x");
        assert_eq!(Cut::new(8).push(b"{\"a\":\"123456\"}"), Err(TooLarge));
    }

    proptest! {
        #[test]
        fn json_without_results_passes_unchanged(texts in proptest::collection::vec(any::<String>(), 0..6), piece in 1usize..9) {
            let value = json!({"a": texts, "b": {"c": texts.first()}});
            prop_assert_eq!(cut(&value.to_string(), piece), value);
        }
    }
}
