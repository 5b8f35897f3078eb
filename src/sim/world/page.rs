//! Page tokens: base64 of the name behind which the next page begins, in the wrapping the service uses.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::refusal::Refusal;

/// What a list call asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// `pageSize`, when it was sent.
    pub size: Option<usize>,
    /// `pageToken`, when it was sent and is not empty.
    pub token: Option<String>,
}

/// A token that means «after this name».
pub fn token(name: &str) -> String {
    // A protocol buffer with one string field: tag, length, text. Names here are far shorter than 128 bytes.
    let mut bytes = vec![0x0a, name.len() as u8];
    bytes.extend_from_slice(name.as_bytes());
    STANDARD.encode(bytes)
}

/// The name in a token.
pub fn read_token(token: &str) -> Result<String, Refusal> {
    let bytes = STANDARD.decode(token).or_else(|_| URL_SAFE.decode(token)).map_err(|_| bad_token())?;
    match bytes.split_first_chunk::<2>() {
        Some(([0x0a, length], name)) if usize::from(*length) == name.len() => {
            String::from_utf8(name.to_vec()).map_err(|_| bad_token())
        }
        Some(_) | None => Err(bad_token()),
    }
}

/// The refusal of a token that this service did not make.
pub fn bad_token() -> Refusal {
    Refusal::invalid("Page token is not valid.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_round_and_nonsense_is_refused() {
        assert_eq!(read_token(&token("batches/abc")).unwrap(), "batches/abc");
        for bad in ["", "!", "QUJD", "CgVhYg=="] {
            assert_eq!(read_token(bad).unwrap_err().code, 400, "{bad}");
        }
    }
}
