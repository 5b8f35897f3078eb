//! Text in the making: paragraphs from the pieces that a reader of markup finds, with the lines they come from.

use crate::money::Script;

/// Paragraphs that are being put together.
#[derive(Default)]
pub(super) struct Prose {
    text: String,
    lines: Vec<(usize, u64)>,
    /// What stands before the next word.
    gap: Gap,
    line: u64,
}

/// What stands between two words, the widest last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    #[default]
    Nothing,
    /// The end of a line in the source: a space, where the script writes any.
    Pause,
    Line,
    Paragraph,
}

impl Prose {
    /// What follows is a paragraph of its own, from this line of the source on.
    pub(super) fn paragraph(&mut self, line: u64) {
        self.gap = Gap::Paragraph;
        self.line = line;
    }

    /// What follows is a line of its own.
    pub(super) fn line(&mut self, line: u64) {
        self.gap = self.gap.max(Gap::Line);
        self.line = line;
    }

    /// What follows comes after white space.
    pub(super) fn pause(&mut self) {
        self.gap = self.gap.max(Gap::Pause);
    }

    /// Adds words.
    pub(super) fn say(&mut self, words: &str) {
        let words = match self.gap {
            Gap::Nothing => words,
            Gap::Pause | Gap::Line | Gap::Paragraph => words.trim_start(),
        };
        if words.is_empty() {
            return;
        }
        if self.gap >= Gap::Line || self.lines.is_empty() {
            let length = self.text.trim_end().len();
            self.text.truncate(length);
        }
        let has_words = !self.text.is_empty();
        match self.gap {
            Gap::Pause if has_words && !self.is_seam(words) => self.text.push(' '),
            Gap::Line if has_words => self.text.push('\n'),
            Gap::Paragraph if has_words => self.text.push_str("\n\n"),
            Gap::Nothing | Gap::Pause | Gap::Line | Gap::Paragraph => {}
        }
        if self.gap >= Gap::Line || self.lines.is_empty() {
            self.lines.push((self.text.len(), self.line));
        }
        self.gap = Gap::Nothing;
        self.text.push_str(words);
    }

    /// Whether words follow in a script that writes none apart.
    fn is_seam(&self, words: &str) -> bool {
        let last = self.text.chars().next_back();
        last.is_none_or(char::is_whitespace) || (last.is_some_and(is_wide) && words.chars().next().is_some_and(is_wide))
    }

    /// The text so far, with the line at which each of its parts stands; `None` when there is none.
    pub(super) fn take(&mut self) -> Option<(String, Vec<(usize, u64)>)> {
        let mut text = std::mem::take(&mut self.text);
        let lines = std::mem::take(&mut self.lines);
        self.gap = Gap::Nothing;
        text.truncate(text.trim_end().len());
        (!text.trim().is_empty()).then_some((text, lines))
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }
}

/// Whether a character belongs to Chinese or Japanese, which put no spaces between words.
pub(super) fn is_wide(c: char) -> bool {
    matches!(Script::of(c), Script::Han | Script::Kana) || matches!(c, '\u{ff00}'..='\u{ff60}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_lines_and_words_are_put_together() {
        let mut prose = Prose::default();
        prose.paragraph(3);
        prose.say("One ");
        prose.say("two");
        prose.pause();
        prose.say("three ");
        prose.line(5);
        prose.say(" four");
        prose.paragraph(7);
        prose.line(8);
        prose.say("漢");
        prose.pause();
        prose.say("字 ");
        let (text, lines) = prose.take().unwrap();
        assert_eq!(text, "One two three\nfour\n\n漢字");
        assert_eq!(lines, [(0, 3), (14, 5), (20, 8)]);
        assert_eq!(prose.take(), None);
    }
}
