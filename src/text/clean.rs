//! The one sanitiser: text of others becomes text that cannot drive a terminal or hide what it says.

use std::fmt::Write;

/// Makes text harmless and visible: control characters become their pictures (`␛`), tabs and line ends become
/// spaces, and characters that turn or hide text become `⟨U+202E⟩`.
///
/// Ratatui drops C0 and C1 controls in most widgets but passes bidirectional overrides, zero-width and tag
/// characters, and standard output has no filter at all; so this runs where text enters, not where it is drawn.
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => clean.push(' '),
            '\0'..='\u{1f}' => clean.push(char::from_u32(0x2400 + c as u32).expect("control pictures are characters")),
            '\u{7f}' => clean.push('␡'),
            '\u{80}'..='\u{9f}' => write!(clean, "\\x{:02x}", c as u32).expect("a String takes every write"),
            c if turns_or_hides(c) => write!(clean, "⟨U+{:04X}⟩", c as u32).expect("a String takes every write"),
            c => clean.push(c),
        }
    }
    clean
}

/// [`clean`] text of at most `most` characters; what is cut off leaves an ellipsis.
pub fn clean_short(text: &str, most: usize) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(most).collect();
    let mut clean = clean(&head);
    if chars.next().is_some() {
        clean.push('…');
    }
    clean
}

/// [`clean`] text that has at most `most` characters, signs that stand for hidden ones and the ellipsis counted.
pub fn clean_within(text: &str, most: usize) -> String {
    let short = clean_short(text, most);
    if short.chars().count() <= most {
        return short;
    }
    let mut cut: String = short.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

fn turns_or_hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_drives_a_terminal_becomes_visible() {
        let table = [
            ("plain — text", "plain — text"),
            ("\x1b]52;c;AAAA\x07", "␛]52;c;AAAA␇"),
            ("a\tb\r\nc", "a b  c"),
            ("\u{9b}31m", "\\x9b31m"),
            ("abc\u{202e}def", "abc⟨U+202E⟩def"),
            ("a\u{200b}b\u{feff}", "a⟨U+200B⟩b⟨U+FEFF⟩"),
            ("\u{e0041}", "⟨U+E0041⟩"),
            ("\u{7f}", "␡"),
        ];
        for (from, to) in table {
            assert_eq!(clean(from), to, "{from:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_before_it_is_cleaned() {
        assert_eq!(clean_short("abcdef", 3), "abc…");
        assert_eq!(clean_short("abc", 3), "abc");
    }

    #[test]
    fn clean_text_may_be_kept_within_a_number_of_characters() {
        assert_eq!(clean_within("abcdef", 3), "ab…");
        assert_eq!(clean_within("abc", 3), "abc");
        assert_eq!(clean_within("\u{202e}b", 10), "⟨U+202E⟩b");
        assert_eq!(clean_within("\u{202e}\u{202e}", 10), "⟨U+202E⟩⟨…");
    }

    proptest! {
        #[test]
        fn clean_text_holds_no_control_and_is_clean_already(text in any::<String>()) {
            let once = clean(&text);
            prop_assert!(!once.chars().any(|c| c.is_control() || turns_or_hides(c)));
            prop_assert_eq!(clean(&once), once);
        }
    }
}
