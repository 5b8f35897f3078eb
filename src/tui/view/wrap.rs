//! Wrapping of long text. Ratatui's own wrapping panics where a wide character meets a narrow column.

use unicode_segmentation::UnicodeSegmentation;

use crate::text::width;

/// The text in lines of at most so many cells, broken at spaces where there are any. At least one line.
///
/// A character that is wider than the whole line becomes `?`; with no cells at all there is one empty line.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut taken) = (String::new(), 0);
    if cells == 0 {
        return vec![line];
    }
    for word in words(text, cells) {
        let mut wide = width(word);
        if taken + wide > cells && taken > 0 {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            taken = 0;
            // The space at which the line was broken is gone; spaces at the beginning of the text stay.
            if word.trim().is_empty() {
                continue;
            }
        }
        if wide <= cells {
            line.push_str(word);
            taken += wide;
            continue;
        }
        for grapheme in word.graphemes(true) {
            let grapheme = if width(grapheme) > cells { "?" } else { grapheme };
            wide = width(grapheme);
            if taken + wide > cells {
                lines.push(std::mem::take(&mut line));
                taken = 0;
            }
            line.push_str(grapheme);
            taken += wide;
        }
    }
    lines.push(line);
    lines
}

/// The words of a text, with its spaces in between. A time, a path, a number with its sign is one word where it fits
/// into a line.
fn words(text: &str, cells: usize) -> Vec<&str> {
    let mut words: Vec<&str> = Vec::new();
    let mut start = 0;
    for (at, word) in text.split_word_bound_indices() {
        let end = at + word.len();
        let is_dense = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        match words.last_mut() {
            Some(last) if is_dense(word) && is_dense(last) && end - start <= cells => *last = &text[start..end],
            Some(_) | None => {
                start = at;
                words.push(word);
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_wider_than_a_line_is_a_question_mark() {
        assert_eq!(wrap("A\u{ac9}\u{d4a}b", 2), ["?b"]);
    }

    #[test]
    fn lines_break_at_spaces_where_they_can() {
        let table: [(&str, usize, &[&str]); 8] = [
            ("first at 0:00.1, x", 12, &["first at", "0:00.1, x"]),
            ("The corridor was longer", 12, &["The corridor", "was longer"]),
            ("", 5, &[""]),
            ("abcdefgh", 3, &["abc", "def", "gh"]),
            ("日本語の文", 4, &["日本", "語の", "文"]),
            ("a🌞b", 1, &["a", "?", "b"]),
            ("  two", 9, &["  two"]),
            ("x", 0, &[""]),
        ];
        for (text, cells, expected) in table {
            assert_eq!(wrap(text, cells), expected, "{text:?} at {cells}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_letter_is_lost(text in any::<String>(), cells in 2usize..30) {
            let lines = wrap(&text, cells);
            prop_assert!(lines.iter().all(|line| width(line) <= cells));
            let letters = |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>();
            // A letter with marks beside it may be wider than a whole line, and is a question mark then.
            let fitting: String = text.graphemes(true).filter(|grapheme| width(grapheme) <= cells).collect();
            prop_assert_eq!(letters(&lines.concat()), letters(&fitting));
        }
    }
}
