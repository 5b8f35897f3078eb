//! Keys that are file names already.

/// Whether a key can be a file name on every system, with `.wav` behind it.
///
/// The rule of saved files: `A–Z a–z 0–9 . _ -`, no dot or dash in front, no dot at the end, 120 bytes with the
/// ending, and no name of a device.
pub fn is_portable(key: &str) -> bool {
    const MOST: usize = 120 - ".wav".len();
    let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    plain
        && (1..=MOST).contains(&key.len())
        && !key.starts_with(['.', '-'])
        && !key.ends_with('.')
        && !is_device(key.split('.').next().unwrap_or_default())
}

fn is_device(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let numbered =
        |device| name.strip_prefix(device).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit());
    matches!(name.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_for_every_system_are_portable() {
        for good in ["ch01-0001", "a", "A.b_c-d", "com", "com10", "console", "1", &"x".repeat(116)] {
            assert!(is_portable(good), "{good}");
        }
        let bad =
            ["", ".", "..", ".a", "-a", "a.", "a/b", "a b", "é", "CON", "nul.wav", "com1", "LPT9.x", "a:b", "a\0"];
        for bad in bad.into_iter().chain([&*"x".repeat(117)]) {
            assert!(!is_portable(bad), "{bad:?}");
        }
    }
}
