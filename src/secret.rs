//! A key, and the address of an upload session, that cannot be printed.
//!
//! They have no `Display` and no `Serialize`; `Debug` shows only that there is one. The raw text of a key leaves through
//! [`ApiKey::expose`], which the HTTP client alone calls; that of an address through [`SessionAddress::expose`], for the
//! client and the state folder.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A key that is shorter is one of a test server: ordinary text may hold it by chance.
const LEAST_SECRET: usize = 16;

/// The key of the service.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

/// Why a text cannot be a key. The text itself is never part of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing but white space.
    #[error("the key is empty")]
    Empty,
    /// A header cannot carry it.
    #[error("the key has a character at position {position} that a header cannot carry")]
    BadCharacter {
        /// Counted from 1, after trimming.
        position: usize,
    },
    /// `"…"`, or `GEMINI_API_KEY=…`: more was copied than the key.
    #[error("the key has quotes or a name around it")]
    NotAlone,
    /// No key is that long; a file or a script was probably pasted.
    #[error("the key has {length} characters; no key is that long")]
    TooLong {
        /// In characters.
        length: usize,
    },
}

impl ApiKey {
    /// Reads a key: surrounding white space and a byte-order mark are dropped, anything a header cannot carry is refused.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if text.len() > 512 {
            return Err(KeyError::TooLong { length: text.chars().count() });
        }
        if text.starts_with(['"', '\'', '`', '“'])
            || ["export ", "GEMINI_API_KEY", "GOOGLE_API_KEY"].iter().any(|word| text.starts_with(word))
        {
            return Err(KeyError::NotAlone);
        }
        match text.chars().position(|c| !c.is_ascii_graphic()) {
            Some(position) => Err(KeyError::BadCharacter { position: position + 1 }),
            None => Ok(ApiKey(text.to_owned())),
        }
    }

    /// The raw text, for the request header and for the filter that keeps it out of logs.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The last four characters, for the header of the screen; fewer than eight characters show none.
    pub fn tail(&self) -> &str {
        if self.0.len() < 8 { "" } else { &self.0[self.0.len() - 4..] }
    }

    /// All texts that would give this key away: itself, and as it stands in an address, in JSON, in JSON within JSON and
    /// in base64. None for a key that is too short to be anybody's.
    pub fn forms(&self) -> Vec<String> {
        if self.0.len() < LEAST_SECRET {
            return Vec::new();
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        let in_address = self.0.bytes().map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        });
        let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        // JSON is quoted in JSON, as in the message of an error.
        let (in_json, in_json_in_json) = (escaped(&self.0), escaped(&escaped(&self.0)));
        let forms = [
            in_address.collect(),
            in_json,
            in_json_in_json,
            STANDARD_NO_PAD.encode(&self.0),
            URL_SAFE_NO_PAD.encode(&self.0),
        ];
        let mut all = vec![self.0.clone()];
        for form in forms {
            if !all.contains(&form) {
                all.push(form);
            }
        }
        all
    }

    /// The text with every occurrence of this key, in whatever form, and of anything shaped like a Google key, replaced.
    pub fn redact(&self, text: &str) -> String {
        let without =
            self.forms().iter().fold(text.replace(&self.0, "[key]"), |text, form| match text.contains(form) {
                true => text.replace(form, "[key]"),
                false => text,
            });
        redact_google_keys(&without)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}

/// The address of an upload session. Whoever has it can write to the session without a key, so it is as secret as one.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionAddress(String);

impl SessionAddress {
    /// Takes the address as the service gave it.
    pub fn new(address: impl Into<String>) -> Self {
        SessionAddress(address.into())
    }

    /// The raw text, for the request line and for the state folder.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionAddress([redacted])")
    }
}

/// Replaces everything shaped like a Google key: `AIza` and 35 more characters.
pub fn redact_google_keys(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("AIza") {
        let length =
            rest[start..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'-').count();
        clean.push_str(&rest[..start]);
        clean.push_str(if length >= 39 { "[key]" } else { &rest[start..start + length] });
        rest = &rest[start + length..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_be_printed() {
        let key = ApiKey::parse(" AIzaCANARY000000000000000000000000000000\n").unwrap();
        assert!(!format!("{key:?}").contains("CANARY"));
        assert_eq!(key.tail(), "0000");
        assert_eq!(key.redact("x AIzaCANARY000000000000000000000000000000 y"), "x [key] y");
    }

    #[test]
    fn a_key_is_found_in_every_form_that_gives_it_away() {
        let key = ApiKey::parse("AQ.canary/of+a\"kind\\0123456789").unwrap();
        let in_address = "AQ.canary%2Fof%2Ba%22kind%5C0123456789";
        let in_json = serde_json::to_string(key.expose()).unwrap();
        let in_base64 = base64::engine::general_purpose::STANDARD.encode(key.expose());
        for form in [key.expose(), in_address, &in_json, &in_base64, in_base64.trim_end_matches('=')] {
            let redacted = key.redact(&format!("<{form}>"));
            assert!(redacted.contains("[key]") && !redacted.contains("0123"), "{form}: {redacted}");
            assert!(!redacted.contains("MDEy"), "{form}: {redacted}");
        }
        assert_eq!(ApiKey::parse("test").unwrap().forms(), Vec::<String>::new(), "a word is no secret");
    }

    #[test]
    fn what_a_header_cannot_carry_is_refused() {
        assert_eq!(ApiKey::parse(" \n"), Err(KeyError::Empty));
        for more in ["\"abc\"", "'abc'", "export GEMINI_API_KEY=abc", "GOOGLE_API_KEY=abc"] {
            assert_eq!(ApiKey::parse(more), Err(KeyError::NotAlone), "{more}");
        }
        assert_eq!(ApiKey::parse("abc def"), Err(KeyError::BadCharacter { position: 4 }));
        assert_eq!(ApiKey::parse(&"k".repeat(600)), Err(KeyError::TooLong { length: 600 }));
    }
}
