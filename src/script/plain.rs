//! Plain text: a text for each line, or for each paragraph between empty lines.

use std::io::{self, BufRead};

use super::lines::{LONGEST_LINE, Lines, as_text};
use super::options::By;
use super::passage::{Passage, Passages, Place, Told};
use crate::request::{Problem, rules};
use crate::text::bytes as size;

/// A reader of plain text. Holds one line or one paragraph at a time.
pub(super) struct PlainText<R> {
    lines: Lines<R>,
    by: By,
}

impl<R: BufRead> PlainText<R> {
    pub(super) fn new(lines: Lines<R>, by: By) -> Self {
        PlainText { lines, by }
    }

    fn next_line(&mut self) -> io::Result<Option<Told>> {
        while let Some(line) = self.lines.next()? {
            let told = match as_text(&line) {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => Told::Text(Passage::new(beginning(line.number, text), text.trim().to_owned())),
                Err(problem) => Told::Problem(Place::line(line.number), problem),
            };
            return Ok(Some(told));
        }
        Ok(None)
    }

    fn next_paragraph(&mut self) -> io::Result<Option<Told>> {
        let mut paragraph: Option<Passage> = None;
        let mut wrong: Option<Told> = None;
        while let Some(line) = self.lines.next()? {
            let number = line.number;
            let text = match as_text(&line) {
                Ok(text) => text,
                Err(problem) => {
                    // The rest of the paragraph makes no sense without this line.
                    wrong.get_or_insert(Told::Problem(Place::line(number), problem));
                    continue;
                }
            };
            if text.trim().is_empty() {
                if paragraph.is_some() || wrong.is_some() {
                    break;
                }
                continue;
            }
            let passage = paragraph.get_or_insert_with(|| Passage::new(beginning(number, text), String::new()));
            if passage.text.len() + text.len() > LONGEST_LINE {
                let message = format!("the paragraph is over {}", size(LONGEST_LINE as u64));
                let problem = Problem::new(&rules::LINE_TOO_LONG, message).fix("put empty lines between paragraphs");
                wrong.get_or_insert(Told::Problem(passage.place.clone(), problem));
                passage.text.clear();
            }
            if !passage.text.is_empty() {
                passage.text.push('\n');
            }
            passage.lines.push((passage.text.len(), number));
            passage.text.push_str(text.trim());
        }
        Ok(wrong.or(paragraph.map(Told::Text)))
    }
}

impl<R: BufRead> Passages for PlainText<R> {
    fn next(&mut self) -> io::Result<Option<Told>> {
        match self.by {
            By::Line => self.next_line(),
            By::Paragraph => self.next_paragraph(),
        }
    }
}

/// Where the first letter of a line stands.
fn beginning(number: u64, line: &str) -> Place {
    let indent = line.len() - line.trim_start().len();
    Place::at(number, line[..indent].chars().count() as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::lines::Ends;
    use crate::script::passage::testing::all;

    type Read = (Vec<(u64, u64, String)>, Vec<(&'static str, u64, u64)>);

    fn read(text: &[u8], by: By) -> Read {
        let (texts, problems) = all(PlainText::new(Lines::new(text, Ends::Any), by));
        (texts.into_iter().map(|text| (text.place.line, text.place.column, text.text)).collect(), problems)
    }

    #[test]
    fn every_line_or_every_paragraph_is_a_text() {
        let text = b"\n One.\r\nTwo.\r\n \r\n\r\nThree.\rFour.";
        let lines = [(2, 2, "One."), (3, 1, "Two."), (6, 1, "Three."), (7, 1, "Four.")];
        assert_eq!(read(text, By::Line).0, lines.map(|(line, column, text)| (line, column, text.to_owned())));
        let paragraphs = [(2, 2, "One.\nTwo."), (6, 1, "Three.\nFour.")];
        assert_eq!(read(text, By::Paragraph).0, paragraphs.map(|(line, column, text)| (line, column, text.to_owned())));
    }

    #[test]
    fn a_paragraph_knows_the_line_of_each_of_its_bytes() {
        let (texts, _) = all(PlainText::new(Lines::new(&b"\nab\ncd\n"[..], Ends::Any), By::Paragraph));
        assert_eq!([0, 2, 3, 5].map(|byte| texts[0].line_of(byte)), [2, 2, 3, 3]);
    }

    #[test]
    fn a_broken_paragraph_is_told_once_and_the_next_one_is_read() {
        let (texts, problems) = read(b"a\n\xff\n\xfe\n\nb\n", By::Paragraph);
        assert_eq!(texts, [(5, 1, "b".to_owned())]);
        assert_eq!(problems, [("invalid-utf8", 2, 1)]);
        let long = format!("{}\n{}\nc\n\nb\n", "x".repeat(3_000_000), "y".repeat(3_000_000));
        let (texts, problems) = read(long.as_bytes(), By::Paragraph);
        assert_eq!((texts.len(), problems), (1, vec![("line-too-long", 1, 1)]));
    }
}
