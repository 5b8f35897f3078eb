//! What a recording of the talk with the service looks like: one JSON object a line, in the order in which it happened.
//!
//! ```text
//! {"record":"begin","program":"gemtts-tui 0.1.0","origin":"https://…","at":"2026-07-02T14:40:59Z"}
//! {"record":"request","n":1,"ms":12,"method":"GET","path":"/v1beta/batches","query":[["pageSize","100"]],…}
//! {"record":"head","n":1,"ms":98,"status":200,"headers":[["content-type","application/json"],…]}
//! {"record":"piece","n":1,"ms":98,"text":"{\n  \"operations\": […"}
//! {"record":"end","n":1,"ms":99}
//! ```
//!
//! The writer and the reader of recordings share this page and nothing else. The key is in none of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Line {
    /// The first line.
    Begin(Begin),
    /// A request, as it was sent.
    Request(Request),
    /// The head of its answer.
    Head(Head),
    /// Bytes of the body of its answer.
    Piece {
        /// Which exchange.
        n: u64,
        /// Milliseconds since the recording began.
        ms: u64,
        /// The bytes.
        #[serde(flatten)]
        bytes: Octets,
    },
    /// The body of the answer is whole.
    End {
        /// Which exchange.
        n: u64,
        /// Milliseconds since the recording began.
        ms: u64,
    },
    /// No answer came, or it broke off.
    Broken {
        /// Which exchange.
        n: u64,
        /// Milliseconds since the recording began.
        ms: u64,
        /// In words.
        why: String,
    },
}

/// Where and when a recording began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begin {
    /// Name and version of the program that wrote it.
    pub program: String,
    /// The origin that the key went to.
    pub origin: String,
    /// By the clock of the machine.
    pub at: Timestamp,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Which exchange it begins; counted from 1.
    pub n: u64,
    /// Milliseconds since the recording began.
    pub ms: u64,
    /// `GET` and so on.
    pub method: String,
    /// Without scheme, host and query.
    pub path: String,
    /// Names and values, in order; secrets of their own are replaced.
    pub query: Vec<(String, String)>,
    /// Names in lower case and values, without the key.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(flatten)]
    pub body: Octets,
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Which exchange.
    pub n: u64,
    /// Milliseconds since the recording began.
    pub ms: u64,
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case and values, in order.
    pub headers: Vec<(String, String)>,
}

/// Bytes, readable where they are text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Octets {
    /// UTF-8.
    Text(String),
    /// Anything else, in base64.
    Base64(String),
}

impl Octets {
    /// Text if it is text.
    pub fn of(bytes: &[u8]) -> Octets {
        match std::str::from_utf8(bytes) {
            Ok(text) => Octets::Text(text.to_owned()),
            Err(_) => Octets::Base64(STANDARD.encode(bytes)),
        }
    }

    /// The bytes again; `None` when the base64 is damaged.
    pub fn into_bytes(self) -> Option<Vec<u8>> {
        match self {
            Octets::Text(text) => Some(text.into_bytes()),
            Octets::Base64(text) => STANDARD.decode(text).ok(),
        }
    }
}

/// What stands in place of a secret in a query: the session of an upload is as good as a key.
pub const HIDDEN: &str = "[hidden]";

/// Names of parameters whose values are secrets.
const SECRET_PARAMETERS: &[&str] = &["upload_id", "key", "access_token", "upload_protocol_token"];

/// The pairs of a query with secrets replaced, in their order.
pub fn without_secrets(query: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let is_secret = |name: &str| SECRET_PARAMETERS.iter().any(|secret| name.eq_ignore_ascii_case(secret));
    let hide =
        |(name, value): (String, String)| if is_secret(&name) { (name, HIDDEN.to_owned()) } else { (name, value) };
    query.into_iter().map(hide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_it_was_written() {
        let lines = [
            Line::Begin(Begin { program: "p 1".into(), origin: "https://h".into(), at: Timestamp::UNIX_EPOCH }),
            Line::Request(Request {
                n: 1,
                ms: 2,
                method: "POST".into(),
                path: "/v1beta/x".into(),
                query: vec![("a".into(), "b".into())],
                headers: vec![("range".into(), "bytes=1-".into())],
                body: Octets::of(b"{}"),
            }),
            Line::Head(Head { n: 1, ms: 3, status: 200, headers: vec![] }),
            Line::Piece { n: 1, ms: 4, bytes: Octets::of(&[0xff, 0]) },
            Line::End { n: 1, ms: 5 },
            Line::Broken { n: 2, ms: 6, why: "refused".into() },
        ];
        for line in lines {
            let text = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line, "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_come_back() {
        for bytes in [&b"hello"[..], b"", &[0xf0, 0x9f], &[0, 1, 2, 0xff]] {
            assert_eq!(Octets::of(bytes).into_bytes().unwrap(), bytes);
        }
        assert_eq!(Octets::Base64("!".into()).into_bytes(), None);
    }

    #[test]
    fn the_session_of_an_upload_is_hidden() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let query = without_secrets([pair("upload_id", "abc"), pair("alt", "media"), pair("Key", "k")]);
        assert_eq!(query, [pair("upload_id", HIDDEN), pair("alt", "media"), pair("Key", HIDDEN)]);
    }
}
