//! A JSON reader that is fed: bytes in, in pieces of any size, calls to a [`Visitor`] out.
//!
//! Pure. It holds no value that the visitor did not ask for, so a string of 40 MB passes in pieces. It accepts what
//! RFC 8259 accepts, but for invalid UTF-8 inside of strings, which is handed on as it came.

mod number;
mod structure;
mod text;

pub(in crate::results) use structure::Lexer;

/// What the reader of the JSON wants to know.
pub(in crate::results) trait Visitor {
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

    /// A value begins that is nested too deep. It is read over, and nothing else is told of it.
    fn too_deep(&mut self, fault: Fault);

    /// A number, `true`, `false` or `null` that ends just before `end`.
    fn scalar(&mut self, text: &[u8], end: u64) -> Result<(), Self::Stop>;
}

/// What may hold values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::results) enum Container {
    Object,
    Array,
}

/// What to do with a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::results) enum Wish {
    /// Read over it.
    Skip,
    /// Keep it, up to so many bytes.
    Keep(usize),
    /// Hand it on in pieces.
    Pieces,
}

/// Where and why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::results) struct Fault {
    pub what: &'static str,
    pub at: u64,
}

/// How far a push came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::results) struct Pushed {
    /// Bytes that were read; the line end counts.
    pub used: usize,
    pub end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::results) enum End {
    /// All bytes were read.
    Bytes,
    /// A line ended, where lines matter.
    Line,
    /// The text is not JSON. Nothing more can be read until [`Lexer::restart`].
    Fault(Fault),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    /// Writes down what it is told, and wishes for every string in another way.
    #[derive(Default, PartialEq, Debug)]
    struct Notes {
        strings: usize,
        text: Vec<u8>,
        pieces: Vec<u8>,
        told: Vec<String>,
        too_deep: Option<Fault>,
    }

    impl Visitor for Notes {
        type Stop = Infallible;

        fn opens(&mut self, container: Container, at: u64) -> Result<bool, Infallible> {
            self.told.push(format!("{container:?} {at}"));
            Ok(container == Container::Array)
        }

        fn closes(&mut self, text: Option<&[u8]>, end: u64) -> Result<(), Infallible> {
            self.told.push(format!("end {end} {:?}", text.map(String::from_utf8_lossy)));
            Ok(())
        }

        fn name(&mut self, name: &[u8]) {
            self.told.push(format!("name {}", String::from_utf8_lossy(name)));
        }

        fn string_begins(&mut self, at: u64) -> Result<Wish, Infallible> {
            self.told.push(format!("string {at}"));
            self.strings += 1;
            Ok([Wish::Keep(1_000), Wish::Pieces, Wish::Skip][self.strings % 3])
        }

        fn string_piece(&mut self, piece: &[u8], _at: u64) -> Result<bool, Infallible> {
            self.pieces.extend_from_slice(piece);
            // As base64 would: what it does not like, it says.
            Ok(!piece.iter().any(|byte| *byte < b' '))
        }

        fn string_ends(&mut self, kept: &[u8], whole: bool, end: u64) -> Result<(), Infallible> {
            self.told.push(format!("string ends {end} {whole} {}", String::from_utf8_lossy(kept)));
            Ok(())
        }

        fn too_deep(&mut self, fault: Fault) {
            self.too_deep.get_or_insert(fault);
        }

        fn scalar(&mut self, text: &[u8], end: u64) -> Result<(), Infallible> {
            self.told.push(format!("scalar {end} {}", String::from_utf8_lossy(text)));
            Ok(())
        }
    }

    fn read<'a>(by_line: bool, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Result<Vec<String>, String>, usize) {
        let (mut lexer, mut notes, mut at) = (Lexer::new(by_line), Notes::default(), 0);
        for piece in pieces {
            let Ok(pushed) = lexer.push(piece, at as u64, &mut notes);
            at += pushed.used;
            match pushed.end {
                End::Bytes => {}
                End::Line => return (lexer.missing().map_or(Ok(notes.told), |what| Err(what.into())), at),
                End::Fault(fault) => return (Err(format!("{} at {}", fault.what, fault.at)), at),
            }
        }
        if let Some(fault) = notes.too_deep {
            return (Err(format!("{} at {}", fault.what, fault.at)), at);
        }
        (lexer.missing().map_or(Ok(notes.told), |what| Err(what.into())), at)
    }

    fn is_json(text: &[u8]) -> bool {
        read(false, [text]).0.is_ok()
    }

    fn agrees(text: &[u8]) -> bool {
        is_json(text) == serde_json::from_slice::<serde_json::Value>(text).is_ok()
    }

    #[test]
    fn what_is_nested_too_deep_is_read_over_where_no_line_ends_it() {
        let deep = |inside: &str| format!("{}{inside}{}", "[".repeat(500), "]".repeat(500));
        for inside in ["", "1", r#""]]}{\" \\""#, r#"{"a":[{"b":"["}]}"#] {
            let text = format!(r#"{{"x":{},"y":7}}"#, deep(inside));
            for size in [1, 3, text.len()] {
                let (mut lexer, mut notes, mut at) = (Lexer::new(false), Notes::default(), 0);
                for piece in text.as_bytes().chunks(size) {
                    let Ok(pushed) = lexer.push(piece, at, &mut notes);
                    assert_eq!((pushed.used, pushed.end), (piece.len(), End::Bytes), "{inside}");
                    at += piece.len() as u64;
                }
                assert_eq!(lexer.missing(), None, "{inside}");
                assert_eq!(notes.too_deep.map(|fault| fault.at), Some(5 + 126), "{inside}");
                assert!(notes.told.contains(&"name y".to_owned()), "{inside}: what stands behind it is read");
            }
        }
        let open = read(false, [deep("").as_bytes().split_at(700).0]).0;
        assert_eq!(open, Err("nested deeper than 127 levels at 127".to_owned()));
    }

    #[test]
    fn what_is_json_is_what_serde_says() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        let (fits, too_deep) = (deep(127), deep(128));
        let digits = format!("[{}]", "1".repeat(400));
        let table = [
            "{}",
            "[]",
            "null",
            "true",
            "[false]",
            "\"a\"",
            " [1] ",
            "\t\r\n{\"a\" : [ ] , \"b\":{}}\n",
            "",
            " ",
            "nul",
            "nullx",
            "tru e",
            "[1,]",
            "[,1]",
            "{,}",
            "{\"a\":1,}",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{1:1}",
            "[1 2]",
            "[}",
            "{]",
            "]",
            "}",
            "[[]",
            "[]]",
            "{}{}",
            "1 2",
            "[0]",
            "[-0]",
            "[00]",
            "[01]",
            "[-]",
            "[+1]",
            "[1.]",
            "[.1]",
            "[1.5]",
            "[1e5]",
            "[1E+5]",
            "[1e]",
            "[1e+]",
            "[1e999]",
            "[1e-999]",
            "[-1e400]",
            "[1.5.5]",
            "[0x1]",
            "[NaN]",
            "[Infinity]",
            "[1_000]",
            "\"\\n\\t\\\"\\/\\b\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\u0041\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\ude00\"",
            "\"\\ud83dx\"",
            "\"\\ud83d\\n\"",
            "\"\\ud83d\\u0041\"",
            "\"\\ud83d\\ud83d\"",
            "\"a\nb\"",
            "\"a\tb\"",
            "\"a\0b\"",
            "\"\u{7f}\"",
            "\"unended",
            "\"unended\\",
            "\"é\u{2028}\"",
            "\u{feff}[]",
            "/**/[]",
            "'a'",
            &fits,
            &too_deep,
            &digits,
        ];
        for text in table {
            assert!(agrees(text.as_bytes()), "{text:.40?}: we say {:.200?}", read(false, [text.as_bytes()]).0);
        }
    }

    #[test]
    fn containers_are_handed_on_as_they_stand() {
        let (told, _) = read(false, [&b"{\"a\": [1, {\"b\" :\"\\u0041\"} ], \"c\":[ ]}"[..]]);
        let texts: Vec<String> = told.unwrap().into_iter().filter(|told| told.contains("Some")).collect();
        assert_eq!(texts, [r#"end 27 Some("[1, {\"b\" :\"\\u0041\"} ]")"#, r#"end 36 Some("[ ]")"#]);
    }

    #[test]
    fn a_line_feed_ends_a_line_wherever_it_stands() {
        let line = br#"{"a":[1.5e+3,"x\u00e9\n",true,null,-0],"b":"y"}"#;
        for cut in 0..line.len() {
            let mut text = line[..cut].to_vec();
            text.extend_from_slice(b"\n{}");
            let (told, used) = read(true, [&text[..]]);
            assert!(told.is_err(), "{}", String::from_utf8_lossy(&text));
            assert!(used <= cut + 1);
        }
    }

    fn pieces_of_json() -> impl Strategy<Value = String> {
        let piece = proptest::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\":", "1", "-", "0", ".5", "e3", "true", "null", " ",
            "\n", "\\", "\\n", "\\u00e9", "\\ud83d", "\\ude00", "é", "\t", "\u{1}",
        ]);
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            (-1e9..1e9).prop_map(|number: f64| number.into()),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn broken_json_is_broken_for_both(text in pieces_of_json()) {
            prop_assert!(agrees(text.as_bytes()), "{:?}: {:?}", text, read(false, [text.as_bytes()]).0);
        }

        #[test]
        fn the_cut_of_the_bytes_does_not_matter(value in value(), pretty in any::<bool>(), by_line in any::<bool>(), size in 1usize..9) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let whole = read(by_line, [text.as_bytes()]);
            prop_assert_eq!(&read(by_line, text.as_bytes().chunks(size)), &whole);
            prop_assert!(whole.0.is_ok() || (by_line && pretty));
        }

        #[test]
        fn the_cut_of_broken_json_does_not_matter(text in pieces_of_json(), by_line in any::<bool>()) {
            prop_assert_eq!(read(by_line, text.as_bytes().chunks(1)), read(by_line, [text.as_bytes()]));
        }
    }
}
