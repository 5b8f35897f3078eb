//! Blacks the key out of what the service says, before anybody reads it.
//!
//! Pure: bytes in, as many bytes out, so that offsets and announced sizes stay true. A service, or a proxy in front of
//! it, that says the key back would otherwise put it onto the screen, into the journals, the results and their copies.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;
use reqwest::header::{HeaderMap, HeaderValue};

use crate::secret::ApiKey;

/// What stands in the place of each byte.
const BLACK: u8 = b'*';

/// An end of a body that begins like the key, and is so long, was the key before it was cut off.
const TELLING: usize = 12;

/// What to look for.
#[derive(Clone)]
pub struct Mask(Arc<[Finder<'static>]>);

impl Mask {
    /// Looks for this key in every form that gives it away.
    pub fn of(key: &ApiKey) -> Self {
        Mask(key.forms().iter().map(|form| Finder::new(form.as_bytes()).into_owned()).collect())
    }

    fn black_out(&self, bytes: &mut [u8]) {
        for finder in self.0.iter() {
            let length = finder.needle().len();
            let mut from = 0;
            while let Some(at) = finder.find(&bytes[from..]) {
                bytes[from + at..from + at + length].fill(BLACK);
                from += at + length;
            }
        }
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        self.0.iter().any(|finder| finder.find(bytes).is_some())
    }

    /// How many bytes at the end may be the beginning of the key.
    fn open_end(&self, bytes: &[u8]) -> usize {
        let of_one = |finder: &Finder<'_>| {
            let needle = finder.needle();
            let most = bytes.len().min(needle.len() - 1);
            (1..=most).rev().find(|length| bytes.ends_with(&needle[..*length])).unwrap_or(0)
        };
        self.0.iter().map(of_one).max().unwrap_or(0)
    }

    /// The headers of an answer without the key.
    pub fn headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut().filter(|value| self.is_in(value.as_bytes())) {
            let mut bytes = value.as_bytes().to_vec();
            self.black_out(&mut bytes);
            *value = HeaderValue::from_bytes(&bytes).expect("a header with some letters changed is a header");
        }
    }
}

/// The body of one answer.
pub struct Masking {
    mask: Mask,
    /// The last bytes, which may be the beginning of the key.
    held: Bytes,
}

impl Masking {
    /// Begins a body.
    pub fn new(mask: Mask) -> Self {
        Masking { mask, held: Bytes::new() }
    }

    /// The next bytes of the body; what may be the beginning of the key waits for what follows it.
    pub fn push(&mut self, mut bytes: Bytes) -> Bytes {
        if !self.held.is_empty() {
            let mut joined = BytesMut::from(self.held.as_ref());
            joined.extend_from_slice(&bytes);
            bytes = joined.freeze();
        }
        if self.mask.is_in(&bytes) {
            let mut changed = BytesMut::from(bytes.as_ref());
            self.mask.black_out(&mut changed);
            bytes = changed.freeze();
        }
        self.held = bytes.split_off(bytes.len() - self.mask.open_end(&bytes));
        bytes
    }

    /// What waited at the end of the body.
    pub fn finish(&mut self) -> Bytes {
        let held = std::mem::take(&mut self.held);
        if held.len() < TELLING { held } else { vec![BLACK; held.len()].into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AIzaCANARY000000000000000000000000000000";

    fn masked(pieces: &[&[u8]]) -> Vec<u8> {
        let mut masking = Masking::new(Mask::of(&ApiKey::parse(KEY).unwrap()));
        let mut out: Vec<u8> =
            pieces.iter().flat_map(|piece| masking.push(Bytes::copy_from_slice(piece)).to_vec()).collect();
        out.extend_from_slice(&masking.finish());
        out
    }

    #[test]
    fn a_key_is_found_wherever_a_body_is_cut() {
        let body = format!("{{\"name\":\"{KEY}\",\"again\":\"AIza{KEY}\",\"not\":\"AIzaCANARYx\"}}");
        let expected = body.replace(KEY, &"*".repeat(KEY.len()));
        for at in 0..body.len() {
            let (one, two) = body.as_bytes().split_at(at);
            assert_eq!(String::from_utf8(masked(&[one, two])).unwrap(), expected, "{at}");
        }
        let bytes: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
        assert_eq!(String::from_utf8(masked(&bytes)).unwrap(), expected);
    }

    #[test]
    fn what_is_no_key_stays_as_it_is_and_a_key_that_is_cut_off_does_not() {
        assert_eq!(masked(&[b"plain AIza", b"C"]), b"plain AIzaC");
        assert_eq!(masked(&[b"the end: AIzaCANARY0000"]), b"the end: **************");
        let mut short = Masking::new(Mask::of(&ApiKey::parse("test").unwrap()));
        assert_eq!(short.push(Bytes::from_static(b"a test")), "a test");
    }

    #[test]
    fn headers_lose_the_key_in_every_form() {
        let key = ApiKey::parse("AQ.canary/of+a-kind/0123456789").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("location", "https://h/?key=AQ.canary%2Fof%2Ba-kind%2F0123456789".parse().unwrap());
        headers.insert("etag", "\"AQ.canary/of+a-kind/0123456789\"".parse().unwrap());
        headers.insert("date", "x".parse().unwrap());
        Mask::of(&key).headers(&mut headers);
        assert!(!format!("{headers:?}").contains("0123"), "{headers:?}");
        assert_eq!(headers["date"], "x");
    }
}
