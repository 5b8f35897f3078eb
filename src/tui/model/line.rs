//! One line of text under edit, with a cursor that moves by what a person sees as one character.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

use crate::text::{MOST_MARKS, is_harmless};

/// A line of text and a cursor in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    text: String,
    /// A byte offset at the edge of a grapheme.
    cursor: usize,
}

impl Line {
    /// The longest text that can be typed or pasted, in bytes.
    pub const MOST: usize = 65_536;

    /// A line with the cursor at its end.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Line { cursor: text.len(), text }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor.
    pub fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// Puts text in at the cursor. Line ends become spaces; other control characters, and those that turn or hide text,
    /// are left out.
    pub fn insert(&mut self, text: &str) {
        let mut n_marks = 0;
        for c in text.chars() {
            n_marks = if c.width() == Some(0) { n_marks + 1 } else { 0 };
            let c = if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
            if self.text.len() + c.len_utf8() > Self::MOST {
                return;
            }
            if is_harmless(c) && n_marks <= MOST_MARKS {
                self.text.insert(self.cursor, c);
                self.cursor += c.len_utf8();
            }
        }
    }

    /// Removes the character before the cursor.
    pub fn delete_back(&mut self) {
        let start = self.left_of_cursor();
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    /// Removes the character under the cursor.
    pub fn delete(&mut self) {
        let end = self.right_of_cursor();
        self.text.replace_range(self.cursor..end, "");
    }

    /// Removes the word before the cursor, with the spaces behind it.
    pub fn delete_word(&mut self) {
        let kept = self.before_cursor().trim_end();
        let start = kept.rfind([' ', '/', ':']).map_or(0, |at| if at + 1 == kept.len() { at } else { at + 1 });
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    /// Removes everything before the cursor.
    pub fn delete_to_start(&mut self) {
        self.text.replace_range(..self.cursor, "");
        self.cursor = 0;
    }

    /// Moves the cursor one character to the left.
    pub fn left(&mut self) {
        self.cursor = self.left_of_cursor();
    }

    /// Moves the cursor one character to the right.
    pub fn right(&mut self) {
        self.cursor = self.right_of_cursor();
    }

    /// Moves the cursor before the first character.
    pub fn home(&mut self) {
        self.cursor = 0;
    }

    /// Moves the cursor behind the last character.
    pub fn end(&mut self) {
        self.cursor = self.text.len();
    }

    fn left_of_cursor(&self) -> usize {
        self.before_cursor().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn right_of_cursor(&self) -> usize {
        self.cursor + self.text[self.cursor..].graphemes(true).next().map_or(0, str::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn editing_moves_by_what_is_seen_as_one_character() {
        let mut line = Line::new("nai\u{308}ve");
        line.left();
        line.left();
        line.delete_back();
        assert_eq!((line.text(), line.before_cursor()), ("nave", "na"));
        line.insert("日\n本\x1b");
        assert_eq!(line.text(), "na日 本ve");
        line.home();
        line.delete();
        line.end();
        line.delete_word();
        assert_eq!(line.text(), "a日 ");
    }

    #[test]
    fn a_word_of_a_path_goes_alone() {
        let mut line = Line::new("/tmp/books/ch01");
        line.delete_word();
        assert_eq!(line.text(), "/tmp/books/");
        line.delete_word();
        assert_eq!(line.text(), "/tmp/books");
        line.delete_to_start();
        assert_eq!(line.text(), "");
        line.delete_word();
        assert_eq!(line.text(), "");
    }

    proptest! {
        #[test]
        fn the_cursor_never_leaves_the_text(text in any::<String>(), moves in prop::collection::vec(0u8..7, 0..40)) {
            let mut line = Line::new(text);
            for step in moves {
                match step {
                    0 => line.left(),
                    1 => line.right(),
                    2 => line.delete_back(),
                    3 => line.delete(),
                    4 => line.delete_word(),
                    5 => line.insert("é本"),
                    _ => line.home(),
                }
                prop_assert!(line.text().is_char_boundary(line.before_cursor().len()));
            }
        }
    }
}
