//! The one sanitiser: text of others becomes text that cannot drive a terminal or hide what it says.

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

/// Marks that stand on one letter. No script needs as many; a thousand of them would bury the lines above and below.
pub const MOST_MARKS: usize = 8;

/// Makes text harmless and visible: control characters become their pictures (`␛`), tabs and line ends become
/// spaces, and characters that turn or hide text become `⟨U+202E⟩`, as do marks piled up on one letter.
///
/// Ratatui drops C0 and C1 controls in most widgets but passes bidirectional overrides, zero-width and tag
/// characters, and standard output has no filter at all; so this runs where text enters, not where it is drawn.
pub fn clean(text: &str) -> String {
    let (mut clean, mut n_marks) = (String::with_capacity(text.len()), 0);
    text.chars().for_each(|c| push_clean(&mut clean, c, &mut n_marks));
    clean
}

/// [`clean`] text of at most `most` characters, which a character that becomes `⟨U+202E⟩` uses up faster; what is cut
/// off leaves an ellipsis behind them. Cleaning it again changes nothing.
pub fn clean_short(text: &str, most: usize) -> String {
    let (mut clean, mut n_marks, mut left) = (String::new(), 0, most);
    for c in text.chars() {
        let before = clean.len();
        push_clean(&mut clean, c, &mut n_marks);
        match left.checked_sub(clean[before..].chars().count()) {
            Some(rest) => left = rest,
            None => {
                clean.truncate(before);
                clean.push('…');
                return clean;
            }
        }
    }
    clean
}

/// [`clean`] text that has at most `most` characters, signs that stand for hidden ones and the ellipsis counted.
pub fn clean_within(text: &str, most: usize) -> String {
    let short = clean_short(text, most);
    if short.chars().count() <= most {
        return short;
    }
    clean_short(text, most.saturating_sub(1))
}

/// Whether a character may reach a terminal as it is: no control, and nothing that turns or hides text.
pub fn is_harmless(c: char) -> bool {
    !c.is_control() && !turns_or_hides(c)
}

/// Appends one character in its harmless form; `n_marks` is how many marks stand on the last letter.
fn push_clean(clean: &mut String, c: char, n_marks: &mut usize) {
    let is_mark = !c.is_ascii() && c.width() == Some(0);
    *n_marks = if is_mark { *n_marks + 1 } else { 0 };
    match c {
        '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => clean.push(' '),
        '\0'..='\u{1f}' => clean.push(char::from_u32(0x2400 + c as u32).expect("control pictures are characters")),
        '\u{7f}' => clean.push('␡'),
        '\u{80}'..='\u{9f}' => write!(clean, "\\x{:02x}", c as u32).expect("a String takes every write"),
        c if turns_or_hides(c) || *n_marks > MOST_MARKS => {
            write!(clean, "⟨U+{:04X}⟩", c as u32).expect("a String takes every write")
        }
        c => clean.push(c),
    }
}

/// What changes the direction of other text or takes no room. Variation selectors that choose between the forms of a
/// letter or an emoji stay; nothing that combines visibly is among these.
fn turns_or_hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
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
            ("a\u{3164}\u{115f}b\u{34f}\u{e0100}", "a⟨U+3164⟩⟨U+115F⟩b⟨U+034F⟩⟨U+E0100⟩"),
            ("\u{1f469}\u{200d}\u{1f467}", "\u{1f469}⟨U+200D⟩\u{1f467}"),
            ("\x1bPq\x1b\\ \x1b_x\x1b\\ \x08", "␛Pq␛\\ ␛_x␛\\ ␈"),
            ("\u{2764}\u{fe0f} e\u{301}", "\u{2764}\u{fe0f} e\u{301}"),
        ];
        for (from, to) in table {
            assert_eq!(clean(from), to, "{from:?}");
        }
    }

    #[test]
    fn marks_that_pile_up_on_one_letter_become_visible() {
        let piled = clean(&format!("a{}b", "\u{308}".repeat(12)));
        assert_eq!(piled, format!("a{}{}b", "\u{308}".repeat(8), "⟨U+0308⟩".repeat(4)));
    }

    #[test]
    fn clean_text_may_be_kept_within_a_number_of_characters() {
        assert_eq!(clean_within("abcdef", 3), "ab…");
        assert_eq!(clean_within("abc", 3), "abc");
        assert_eq!(clean_within("\u{202e}b", 10), "⟨U+202E⟩b");
        assert_eq!(clean_within("\u{202e}\u{202e}", 10), "⟨U+202E⟩…");
    }

    #[test]
    fn a_long_text_is_cut_where_its_clean_form_is_too_long() {
        for (text, most, short) in [
            ("abcdef", 3, "abc…"),
            ("abc", 3, "abc"),
            ("ab…", 3, "ab…"),
            ("", 0, ""),
            ("a", 0, "…"),
            ("a\u{202e}\u{202e}b", 16, "a⟨U+202E⟩…"),
            ("\u{9b}x", 4, "\\x9b…"),
            ("\u{9b}x", 3, "…"),
        ] {
            assert_eq!(clean_short(text, most), short, "{text:?} {most}");
        }
    }

    proptest! {
        #[test]
        fn clean_text_holds_no_control_and_is_clean_already(text in any::<String>()) {
            let once = clean(&text);
            prop_assert!(once.chars().all(is_harmless));
            prop_assert_eq!(clean(&once), once);
        }

        #[test]
        fn short_clean_text_is_short_and_stays_as_it_is(text in "[a-z\u{1b}\u{9b}\u{202e}\n…]{0,30}", most in 0usize..40) {
            let once = clean_short(&text, most);
            prop_assert!(once.chars().count() <= most + 1, "{once:?}");
            prop_assert!(once.chars().all(is_harmless));
            prop_assert_eq!(clean_short(&once, most), once);
        }
    }
}
