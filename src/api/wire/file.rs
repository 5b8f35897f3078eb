//! A stored file.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::Object;
use crate::api::StoredFile;
use crate::job::FileName;

/// Reads a File; an upload wraps it in `{"file": …}`, a GET does not. `None` when it has no usable name.
pub fn stored_file(value: &Value) -> Option<StoredFile> {
    let outer = Object::of(value)?;
    let file = outer.object("file").unwrap_or(outer);
    Some(StoredFile {
        name: FileName::parse(file.raw_text("name")?)?,
        display_name: file.text("displayName"),
        mime_type: file.text("mimeType"),
        size_bytes: file.number("sizeBytes"),
        create_time: file.time("createTime"),
        expiration_time: file.time("expirationTime"),
        state: file.text("state"),
        source: file.text("source"),
        sha256: file.raw_text("sha256Hash").and_then(sha256),
        error: file.object("error").and_then(|error| error.text("message")),
    })
}

/// The service sends base64 of the 64 hex digits, although its schema promises base64 of the 32 bytes. Both are read.
fn sha256(text: &str) -> Option<String> {
    let decoded = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
        .into_iter()
        .filter_map(|alphabet| alphabet.decode(text).ok())
        .find(|bytes| bytes.len() == 32 || is_hex(bytes));
    match decoded {
        Some(bytes) if bytes.len() == 32 => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        Some(hex) => String::from_utf8(hex).ok().map(|hex| hex.to_ascii_lowercase()),
        None => is_hex(text.as_bytes()).then(|| text.to_ascii_lowercase()),
    }
}

fn is_hex(bytes: &[u8]) -> bool {
    bytes.len() == 64 && bytes.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_in_each_of_its_forms() {
        let bytes: Vec<u8> = (0u8..32).map(|n| n.wrapping_mul(251)).collect();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        for form in [
            STANDARD.encode(&hex),
            STANDARD.encode(hex.to_uppercase()),
            STANDARD.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
            hex.clone(),
        ] {
            assert_eq!(sha256(&form).as_deref(), Some(hex.as_str()), "{form}");
        }
        for odd in ["", "AAAA", "!", &STANDARD.encode([0; 31])] {
            assert_eq!(sha256(odd), None, "{odd}");
        }
    }
}
