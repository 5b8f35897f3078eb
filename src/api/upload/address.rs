//! Where the pieces of an upload go, and how large they are. Pure.

use reqwest::Url;

use crate::config::BaseUrl;
use crate::text::clean_short;

/// What Google's clients send at once; also the granularity that the service asks for.
pub const PIECE: u64 = 8 << 20;

/// Two pieces are in memory at a time, so no service makes them larger than this.
pub const LARGEST_PIECE: u64 = 8 * PIECE;

/// A multiple of what the service asks for, near eight megabytes.
pub fn piece_size(granularity: Option<u64>) -> Option<u64> {
    match granularity {
        None => Some(PIECE),
        Some(granularity @ 1..=PIECE) => Some(PIECE / granularity * granularity),
        Some(granularity) if granularity <= LARGEST_PIECE && granularity > 0 => Some(granularity),
        Some(_) => None,
    }
}

/// The address of a session, on the base origin. Behind another base, as behind a proxy, Google's own address comes
/// back, and both SDKs put the base in its place; so do we. Any third origin is refused.
pub fn pin(base: &BaseUrl, url: &str) -> Result<Url, String> {
    let strange = || "the upload address of the service cannot be used".to_owned();
    let mut url = Url::parse(url).map_err(|_| strange())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && matches!(url.scheme(), "http" | "https");
    if !is_plain {
        return Err(strange());
    }
    let origin = url.origin().ascii_serialization();
    if origin == base.origin() {
        return Ok(url);
    }
    if base.is_google() || origin != BaseUrl::google().origin() {
        return Err(format!("the service wants the file sent to {}", clean_short(&origin, 200)));
    }
    let base = Url::parse(base.origin()).map_err(|_| strange())?;
    let moved = url.set_scheme(base.scheme()).is_ok()
        && url.set_host(base.host_str()).is_ok()
        && url.set_port(base.port()).is_ok()
        && url.origin() == base.origin();
    if moved { Ok(url) } else { Err(strange()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_43_an_upload_address_off_googles_origin_is_refused() {
        let google = BaseUrl::google();
        let good =
            "https://generativelanguage.googleapis.com/upload/v1beta/files?upload_id=x&upload_protocol=resumable";
        assert_eq!(pin(&google, good).unwrap().as_str(), good);
        assert!(pin(&google, "https://GenerativeLanguage.googleapis.com:443/upload").is_ok());
        for bad in [
            "https://generativelanguage.googleapis.com:444/upload",
            "http://generativelanguage.googleapis.com/upload",
            "https://generativelanguage.googleapis.com@evil/upload",
            "https://user@generativelanguage.googleapis.com/upload",
            "https://generativelanguage.googleapis.com.evil/upload",
            "https://evil/generativelanguage.googleapis.com",
            "//evil/upload",
            "/upload",
            "file:///etc/passwd",
            "",
        ] {
            let error = pin(&google, bad).unwrap_err();
            assert!(!error.contains("upload_id"), "{error}");
        }
    }

    #[test]
    fn behind_another_base_the_address_moves_to_it() {
        let base = BaseUrl::parse("http://127.0.0.1:8080").unwrap();
        let table = [
            (
                "https://generativelanguage.googleapis.com/upload/v1beta/files?upload_id=x",
                "http://127.0.0.1:8080/upload/v1beta/files?upload_id=x",
            ),
            ("http://127.0.0.1:8080/up?upload_id=x", "http://127.0.0.1:8080/up?upload_id=x"),
        ];
        for (url, expected) in table {
            assert_eq!(pin(&base, url).unwrap().as_str(), expected);
        }
        let proxy = BaseUrl::parse("https://proxy.example/gemini").unwrap();
        let google = "https://generativelanguage.googleapis.com/up?x";
        assert_eq!(pin(&proxy, google).unwrap().as_str(), "https://proxy.example/up?x");
        for third in ["http://localhost:1/up?x", "http://generativelanguage.googleapis.com/up", "https://evil/up"] {
            let error = pin(&proxy, third).unwrap_err();
            assert!(error.starts_with("the service wants the file sent to http"), "{error}");
        }
    }

    #[test]
    fn pieces_are_multiples_of_what_the_service_asks_for() {
        let table = [
            (None, Some(PIECE)),
            (Some(PIECE), Some(PIECE)),
            (Some(262_144), Some(PIECE)),
            (Some(3_000_000), Some(6_000_000)),
            (Some(2 * PIECE), Some(2 * PIECE)),
            (Some(0), None),
            (Some(u64::MAX), None),
        ];
        for (granularity, piece) in table {
            assert_eq!(piece_size(granularity), piece, "{granularity:?}");
        }
    }
}
