//! What text of others may not hold once it was cleaned.

/// Whether a text neither drives a terminal nor hides what it says.
pub fn is_harmless(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&(c as u32))))
}

/// Line ends, what turns text around, and what Unicode 16 calls ignorable by default, but for the variation selectors that
/// emoji need. Written down here once more, and in another order than in the product, so that a hole in its list is seen.
const HIDDEN: [(u32, u32); 19] = [
    (0x2028, 0x2029),
    (0x202a, 0x202e),
    (0x2066, 0x2069),
    (0x200b, 0x200f),
    (0x2060, 0x2065),
    (0x206a, 0x206f),
    (0xfeff, 0xfeff),
    (0xad, 0xad),
    (0x34f, 0x34f),
    (0x61c, 0x61c),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x3164, 0x3164),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0000, 0xe0fff),
];
