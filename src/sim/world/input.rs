//! The requests of a job: JSON lines in a blob, and what is known of each without reading it again.

use std::io;
use std::sync::Arc;

use memchr::memchr_iter;
use serde_json::Value;

use super::blob::Blob;
use super::json::{field, text};
use super::request::prompt_tokens;
use super::result::Maker;

/// No line of an input file may be longer; a line that is belongs to another kind of file.
const LONGEST_LINE: usize = 32 * 1024 * 1024;

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    offset: u64,
    length: u32,
    /// Length of its result, without a line end.
    pub result_length: u64,
}

/// All requests of a job.
#[derive(Clone, Debug)]
pub struct Input {
    blob: Blob,
    /// In order.
    pub lines: Vec<Line>,
    /// Numbers of the requests that fail, from 0, in order.
    pub failing: Vec<u32>,
    /// Tokens of all the text, which is what a quota counts.
    pub tokens: u64,
}

/// Why a job fails before its first request.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreadable {
    /// Names the line.
    pub message: String,
}

impl Input {
    /// Reads all the lines and plans their results, without keeping either. Slow for big files.
    pub fn read(blob: Blob, maker: &mut Maker) -> Result<Arc<Self>, Unreadable> {
        let mut input = Input { blob: blob.clone(), lines: Vec::new(), failing: Vec::new(), tokens: 0 };
        let mut number = 0u64;
        let mut rest: Vec<u8> = Vec::new();
        let mut offset = 0u64;
        for piece in blob.pieces() {
            let piece =
                piece.map_err(|error| Unreadable { message: format!("The input file cannot be read: {error}") })?;
            let mut start = 0;
            for end in memchr_iter(b'\n', &piece) {
                number += 1;
                let length = rest.len() + end - start;
                if rest.is_empty() {
                    input.push(number, offset, &piece[start..end], maker)?;
                } else {
                    rest.extend_from_slice(&piece[start..end]);
                    input.push(number, offset, &rest, maker)?;
                    rest.clear();
                }
                offset += length as u64 + 1;
                start = end + 1;
            }
            rest.extend_from_slice(&piece[start..]);
            if rest.len() > LONGEST_LINE {
                return Err(Unreadable { message: format!("Line {} of the input file is too long.", number + 1) });
            }
        }
        if !rest.is_empty() {
            input.push(number + 1, offset, &rest, maker)?;
        }
        if input.lines.is_empty() {
            return Err(Unreadable { message: "The input file has no requests.".to_owned() });
        }
        Ok(Arc::new(input))
    }

    fn push(&mut self, number: u64, offset: u64, line: &[u8], maker: &mut Maker) -> Result<(), Unreadable> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let wrong =
            |what: String| Unreadable { message: format!("Failed to parse line {number} of the input file: {what}") };
        let length = u32::try_from(line.len()).map_err(|_| wrong("too long".to_owned()))?;
        let json: Value = serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
        if !json.is_object() {
            return Err(wrong("not a JSON object".to_owned()));
        }
        let Some(request) = field(&json, "request") else {
            return Err(wrong("it has no \"request\"".to_owned()));
        };
        self.tokens += prompt_tokens(request);
        if self.lines.is_empty() {
            let first = if maker.inline {
                field(&json, "metadata").and_then(|data| text(data, "key"))
            } else {
                text(&json, "key")
            };
            maker.first_key = first.map(str::to_owned);
        }
        let before = self.before(self.lines.len(), maker, &json).map_err(|error| wrong(error.to_string()))?;
        let plan = maker.plan(self.lines.len() as u64 + 1, &json, before.as_ref());
        if plan.failed {
            self.failing.push(self.lines.len() as u32);
        }
        self.lines.push(Line { offset, length, result_length: plan.len() });
        Ok(())
    }

    /// The JSON of a request, read again; numbers count from 0.
    pub fn json(&self, index: usize) -> io::Result<Value> {
        let line = self.lines.get(index).ok_or_else(|| io::Error::other("no such request"))?;
        let bytes = self.blob.read(line.offset, line.length as usize)?;
        serde_json::from_slice(&bytes).map_err(io::Error::other)
    }

    /// The request before that one, if its audio is the answer to both.
    pub fn before(&self, index: usize, maker: &Maker, json: &Value) -> io::Result<Option<Value>> {
        match index.checked_sub(1) {
            Some(before) if maker.borrows(index as u64 + 1, json) => self.json(before).map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// How many of the first `done` requests fail.
    pub fn failures_before(&self, done: u64) -> u64 {
        self.failing.partition_point(|index| u64::from(*index) < done) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::super::models::MODELS;
    use super::*;

    fn maker() -> Maker {
        Maker { model: &MODELS[1], seed: 1, seconds: None, rules: Vec::new(), first_key: None, inline: false }
    }

    fn read(text: &str) -> Result<Arc<Input>, Unreadable> {
        Input::read(Blob::Memory(text.to_owned().into()), &mut maker())
    }

    #[test]
    fn lines_are_found_whatever_ends_them() {
        let line = r#"{"key":"a","request":{"contents":[]}}"#;
        for text in [format!("{line}\n{line}"), format!("{line}\r\n\r\n{line}\r\n"), format!("\n{line}\n  \n{line}\n")]
        {
            let input = read(&text).unwrap();
            assert_eq!(input.lines.len(), 2, "{text:?}");
            assert_eq!(input.json(1).unwrap()["key"], "a");
            assert_eq!((input.failures_before(1), input.failures_before(2)), (1, 2));
        }
    }

    #[test]
    fn a_line_across_the_border_of_two_pieces_is_one_line() {
        let long = format!(r#"{{"key":"{}","request":{{"contents":[]}}}}"#, "k".repeat(300_000));
        let input = read(&format!("{long}\n{long}\n{long}")).unwrap();
        assert_eq!(input.lines.len(), 3);
        assert_eq!(input.json(2).unwrap()["key"].as_str().unwrap().len(), 300_000);
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, word) in [
            ("{\"request\":{}}\n{oops", "line 2"),
            ("[]", "not a JSON object"),
            ("{\"key\":\"a\"}", "no \"request\""),
            ("\n\n", "no requests"),
            ("\u{feff}{\"request\":{}}", "line 1"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message.contains(word), "{text:?}: {}", error.message);
        }
    }
}
