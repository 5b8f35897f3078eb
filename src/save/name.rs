//! File names of keys. Pure, and the same on every operating system.
//!
//! A key is text of somebody else: it may hold slashes, control characters, names of devices, or differ from another
//! one only in case. What is safe as it stands keeps its name; everything else gets a readable slug with a hash.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};
use unicode_normalization::UnicodeNormalization;

/// The longest file name, in bytes.
const MOST_NAME_BYTES: usize = 120;

/// The longest slug, in bytes.
const MOST_SLUG_BYTES: usize = 60;

const EXTENSION: &str = ".wav";

/// A short stand-in for a text of any length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity([u8; 16]);

impl Identity {
    /// Of a key; of a line for rows without one.
    pub fn of(key: Option<&str>, line: u64) -> Identity {
        let mut identity = Identity::of_text(&hashed_text(key, line));
        if key.is_none() {
            // A row without a key must not be taken for a key that reads like its number.
            identity.0 = identity.0.map(|byte| !byte);
        }
        identity
    }

    /// Of a text, as it stands.
    pub(super) fn of_text(text: &str) -> Identity {
        let digest = digest(&SHA256, text.as_bytes());
        Identity(digest.as_ref()[..16].try_into().expect("a SHA-256 digest has 32 bytes"))
    }

    /// Of a file name, for file systems that take `a` and `A`, or two spellings of `é`, for the same.
    #[cfg(test)]
    pub fn of_name(name: &str) -> Identity {
        let folded: String = name.nfc().flat_map(char::to_lowercase).collect();
        Identity::of_text(&folded)
    }

    fn hex(self, digits: usize) -> String {
        super::hex(&self.0[..digits / 2])
    }
}

/// `<key>.wav`, if the key is a safe, portable file name as it stands.
pub fn plain(key: &str) -> Option<String> {
    let portable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let is_safe = !key.is_empty()
        && key.len() + EXTENSION.len() <= MOST_NAME_BYTES
        && key.bytes().all(portable)
        && !key.starts_with(['.', '-'])
        && !key.ends_with('.')
        && !is_device(key);
    is_safe.then(|| format!("{key}{EXTENSION}"))
}

/// The names that a key may have, best first: the plain one if it is safe and nobody else would take it too, then
/// the slug with 8 hex digits of the hash, then with 16 for the case that two slugs agree even so.
pub fn candidates(key: Option<&str>, line: u64, collides: bool) -> Vec<String> {
    let identity = Identity::of_text(&hashed_text(key, line));
    let slug = key.map_or_else(|| "unmatched".to_owned(), slug);
    let hashed = |digits| format!("{slug}-{}{EXTENSION}", identity.hex(digits));
    let plain = key.and_then(plain).filter(|_| !collides);
    plain.into_iter().chain([hashed(8), hashed(16)]).collect()
}

/// Whether a name from a manifest is no name of a file in the same folder.
pub(super) fn leads_out(file: &str) -> bool {
    file.is_empty() || file == "." || file == ".." || file.contains(['/', '\\', '\0'])
}

fn hashed_text(key: Option<&str>, line: u64) -> Cow<'_, str> {
    key.map_or_else(|| line.to_string().into(), Cow::Borrowed)
}

fn slug(key: &str) -> String {
    let mut slug = String::new();
    let mut replaced = false;
    for c in key.nfc() {
        if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') {
            slug.push(c);
            replaced = false;
        } else if !replaced {
            slug.push('_');
            replaced = true;
        }
        if slug.len() > 2 * MOST_SLUG_BYTES {
            break;
        }
    }
    let mut slug = slug.trim_start_matches(['.', '-']);
    if slug.len() > MOST_SLUG_BYTES {
        let cut = (0..=MOST_SLUG_BYTES).rev().find(|at| slug.is_char_boundary(*at)).unwrap_or(0);
        slug = &slug[..cut];
    }
    let slug = slug.trim_end_matches('.');
    if slug.is_empty() {
        return "key".to_owned();
    }
    if is_device(slug) { format!("_{slug}") } else { slug.to_owned() }
}

/// Names that Windows keeps for devices, whatever the extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).to_ascii_uppercase();
    matches!(
        stem.as_bytes(),
        b"CON" | b"PRN" | b"AUX" | b"NUL" | [b'C', b'O', b'M', b'0'..=b'9'] | [b'L', b'P', b'T', b'0'..=b'9']
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn first(key: &str) -> String {
        candidates(Some(key), 1, false).swap_remove(0)
    }

    #[test]
    fn safe_keys_keep_their_name_and_others_get_a_slug() {
        let long = "x".repeat(116);
        let table = [
            ("ch01-0001", "ch01-0001.wav"),
            ("a.b_c", "a.b_c.wav"),
            ("x.wav", "x.wav.wav"),
            (&long, &format!("{long}.wav")),
            ("a/b", "a_b-c14cddc0.wav"),
            ("../../etc/passwd", "_.._etc_passwd-"),
            ("/abs", "_abs-"),
            ("..", "key-"),
            (".", "key-"),
            ("", "key-"),
            ("a\\b", "a_b-"),
            ("C:\\x", "C_x-"),
            ("\\\\srv\\s", "_srv_s-"),
            ("CON", "_CON-"),
            ("nul.wav", "_nul.wav-"),
            ("com1.", "_com1-"),
            ("lpt9.x", "_lpt9.x-"),
            ("conx", "conx.wav"),
            ("aux ", "aux_-"),
            ("x:ads", "x_ads-"),
            ("é", "é-"),
            ("e\u{301}", "é-"),
            ("\u{212a}", "K-"),
            ("abc\u{202e}def", "abc_def-"),
            ("a\nb", "a_b-"),
            ("a\0b", "a_b-"),
            ("-rf", "rf-"),
            ("~", "_-"),
            ("$(id)", "_id_-"),
            ("👩‍👧", "_-"),
            (".hidden", "hidden-"),
            ("end.", "end-"),
        ];
        for (key, expected) in table {
            let name = first(key);
            let (head, tail) = name.split_at(expected.len().min(name.len()));
            assert_eq!(head, expected, "{key:?}");
            assert!(tail.is_empty() || tail.len() == "12345678.wav".len(), "{key:?}: {name}");
        }
        assert_eq!(candidates(None, 7, false)[0].split_once('-').map(|(slug, _)| slug), Some("unmatched"));
        assert_ne!(candidates(None, 7, false), candidates(None, 8, false));
        assert_eq!(first(&"語".repeat(100)).len(), 60 + "-12345678.wav".len());
        assert_ne!(first("é"), first("e\u{301}"));
        assert!(candidates(Some("Key"), 1, true)[0].starts_with("Key-"));
        assert_eq!(Identity::of_name("KEY.wav"), Identity::of_name("\u{212a}ey.wav"));
    }

    /// 100,000 keys, half of them put together from what is dangerous in names, and two thousand files of them.
    #[test]
    fn of_a_hundred_thousand_keys_none_leads_out_of_the_folder() {
        const PIECES: [&str; 24] = [
            "..",
            "/",
            "\\",
            "\0",
            "\n",
            "C:",
            "~",
            "$(id)",
            "CON",
            "nul",
            ".",
            "-",
            " ",
            "%2e",
            "\u{202e}",
            "\u{200d}",
            "é",
            "e\u{301}",
            "\u{212a}",
            "語",
            "👩",
            "a",
            ":",
            "\u{1b}[2J",
        ];
        let outer = tempfile::tempdir().expect("a folder");
        let folder = std::fs::canonicalize(outer.path()).expect("it is there").join("inner");
        std::fs::create_dir(&folder).expect("a folder");
        let mut state = 1_u64;
        let mut dice = |most: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32 % most
        };
        for n in 0..100_000_u64 {
            let length = dice(12) + 1;
            let key: String = match n % 2 {
                0 => (0..length).map(|_| PIECES[dice(24) as usize]).collect(),
                _ => (0..length).filter_map(|_| char::from_u32(dice(0x11_0000))).collect(),
            };
            for name in candidates(Some(&key), n, false) {
                let path = folder.join(&name);
                assert!(name.len() <= MOST_NAME_BYTES && !leads_out(&name), "{key:?}: {name}");
                assert!(path.components().count() == folder.components().count() + 1, "{key:?}: {name}");
            }
            // Some of each kind on the disk, which has the last word.
            if n % 100 < 2 {
                let path = folder.join(first(&key));
                std::fs::write(&path, "").unwrap_or_else(|error| panic!("{key:?}: {}: {error}", path.display()));
                let real = std::fs::canonicalize(&path).expect("it was made");
                assert!(real.starts_with(&folder) && real != folder, "{key:?}: {}", real.display());
                std::fs::remove_file(&path).expect("it is there");
            }
        }
        let beside: Vec<_> = std::fs::read_dir(outer.path()).expect("it is there").collect();
        assert_eq!(beside.len(), 1, "{beside:?}");
    }

    proptest! {
        #[test]
        fn no_key_leads_out_of_the_folder(key in any::<String>(), line in any::<u64>()) {
            for name in candidates(Some(&key), line, false).into_iter().chain(candidates(None, line, true)) {
                prop_assert!(name.len() <= MOST_NAME_BYTES && name.ends_with(".wav"), "{}", name);
                prop_assert!(name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c)), "{}", name);
                prop_assert!(!name.starts_with(['.', '-']) && !is_device(&name), "{}", name);
            }
        }
    }
}
