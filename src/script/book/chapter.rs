//! The text of a chapter: paragraphs of XHTML without what is there for the eye alone.

use super::xml::{Element, Node, walk};
use crate::script::prose::Prose;

/// What was read of a chapter.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chapter {
    /// Paragraphs with empty lines between them, and the line at which each stands. Empty for a cover.
    pub text: String,
    pub lines: Vec<(usize, u64)>,
    /// The first heading.
    pub heading: Option<String>,
    /// What is not spoken though somebody may miss it: the first of each kind, and its line.
    pub left_out: Vec<(&'static str, u64)>,
    /// Why the rest could not be read, and from which line on.
    pub broken: Option<(u64, String)>,
}

/// Reads a chapter.
pub(super) fn read(text: &str, skip_headings: bool) -> Chapter {
    let mut walker = Walker { skip_headings, ..Walker::default() };
    let end = walk(text.trim_start_matches('\u{feff}'), &mut |node, line| walker.node(node, line));
    walker.end_link();
    let (text, lines) = walker.prose.take().unwrap_or_default();
    let heading = Some(walker.heading.split_whitespace().collect::<Vec<_>>().join(" "));
    let heading = heading.filter(|title| !title.is_empty());
    Chapter { text, lines, heading, left_out: walker.left_out, broken: end.err() }
}

#[derive(Default)]
struct Walker {
    skip_headings: bool,
    prose: Prose,
    heading: String,
    has_heading: bool,
    left_out: Vec<(&'static str, u64)>,
    /// The words of a link to a place in a book, which may be nothing but the mark of a note.
    link: Option<String>,
    /// The element that is not spoken, and how many of its name we are in.
    silent: Option<(String, usize)>,
    /// How many headings we are in.
    in_heading: usize,
    line: u64,
}

impl Walker {
    fn node(&mut self, node: Node, line: u64) {
        self.line = line;
        match node {
            Node::Start(element) => self.start(&element),
            Node::End(name) => self.end(&name),
            Node::Text(text) if self.silent.is_none() => self.say(&text),
            Node::Text(_) => {}
        }
    }

    fn start(&mut self, element: &Element) {
        if let Some((name, depth)) = &mut self.silent {
            *depth += usize::from(*name == element.name);
            return;
        }
        if let Some(what) = missed(element)
            && !self.left_out.iter().any(|(known, _)| *known == what)
        {
            self.left_out.push((what, self.line));
        }
        if is_silent(element) {
            self.silent = Some((element.name.clone(), 1));
            return;
        }
        let is_inside = element.name == "a" && element.get("href").is_some_and(|link| link.contains('#'));
        if is_inside || is_block(&element.name) || element.name == "br" {
            self.end_link();
        }
        if is_inside {
            self.link = Some(String::new());
        }
        if is_heading(&element.name) {
            self.in_heading += 1;
        }
        match element.name.as_str() {
            "br" => self.prose.line(self.line),
            name if is_block(name) => self.prose.paragraph(self.line),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if let Some((silent, depth)) = &mut self.silent {
            *depth -= usize::from(silent == name);
            if *depth == 0 {
                self.silent = None;
            }
            return;
        }
        if name == "a" || is_block(name) {
            self.end_link();
        }
        if is_heading(name) {
            self.in_heading = self.in_heading.saturating_sub(1);
            self.has_heading |= !self.heading.trim().is_empty();
        }
        if is_block(name) {
            self.prose.paragraph(self.line);
        }
    }

    /// Says the words of a link, unless they are the mark of a note.
    fn end_link(&mut self) {
        if let Some(words) = self.link.take()
            && !is_mark(&words)
        {
            self.say(&words);
        }
    }

    fn say(&mut self, text: &str) {
        if let Some(link) = &mut self.link {
            link.push_str(text);
            return;
        }
        if self.in_heading > 0 {
            if !self.has_heading && self.heading.len() < 1_000 {
                self.heading.push_str(text);
            }
            if self.skip_headings {
                return;
            }
        }
        // White space of any length is one space, as a browser shows it.
        if text.starts_with(|c: char| c.is_ascii_whitespace()) {
            self.prose.pause();
        }
        for (at, word) in text.split_ascii_whitespace().enumerate() {
            if at > 0 {
                self.prose.pause();
            }
            self.prose.say(word);
        }
        if text.ends_with(|c: char| c.is_ascii_whitespace()) {
            self.prose.pause();
        }
    }
}

/// `1`, `[12]`, `*` and `†`: where a note is, which nobody reads aloud.
fn is_mark(words: &str) -> bool {
    let inner = words.trim().trim_start_matches(['[', '(']).trim_end_matches([']', ')']);
    let is_number = inner.len() <= 4 && inner.bytes().all(|b| b.is_ascii_digit());
    let is_sign = inner.chars().count() <= 3
        && inner.chars().all(|c| matches!(c, '*' | '†' | '‡' | '§' | '¶' | '↩' | '\u{fe0e}'));
    !words.trim().is_empty() && (is_number || is_sign)
}

fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

fn is_block(name: &str) -> bool {
    is_heading(name)
        || matches!(
            name,
            "p" | "div"
                | "li"
                | "ul"
                | "ol"
                | "dl"
                | "dt"
                | "dd"
                | "blockquote"
                | "section"
                | "article"
                | "header"
                | "footer"
                | "figure"
                | "figcaption"
                | "hr"
                | "body"
                | "pre"
                | "aside"
                | "main"
        )
}

/// What somebody who listens may miss.
fn missed(element: &Element) -> Option<&'static str> {
    let is_note = kinds(element).any(|word| {
        matches!(
            word,
            "footnote"
                | "doc-footnote"
                | "footnotes"
                | "rearnote"
                | "rearnotes"
                | "endnote"
                | "doc-endnote"
                | "endnotes"
                | "doc-endnotes"
        )
    });
    match element.name.as_str() {
        "table" => Some("a table"),
        _ if is_note => Some("a footnote"),
        _ => None,
    }
}

/// What an element is there for, in words of the standard.
fn kinds(element: &Element) -> impl Iterator<Item = &str> {
    let words = |name| element.get(name).unwrap_or_default().split_whitespace();
    words("epub:type").chain(words("role"))
}

/// What is there for the eye: styles, tables, the small letters above a sign, numbers of notes and of pages.
fn is_silent(element: &Element) -> bool {
    let is_mark = kinds(element).any(|word| {
        matches!(word, "noteref" | "doc-noteref" | "backlink" | "doc-backlink" | "pagebreak" | "doc-pagebreak")
    });
    is_mark
        || missed(element).is_some()
        || element.get("hidden").is_some()
        || matches!(
            element.name.as_str(),
            "head" | "script" | "style" | "rt" | "rp" | "nav" | "svg" | "math" | "audio" | "video" | "object"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_read_without_what_is_for_the_eye() {
        let text = "<html xmlns:epub='e'><head><title>x</title><style>p{}</style></head>\n<body>\n<h1>Chapter <span>One</span></h1>\n\
                    <p>It was\n  a <em>dark</em>&#160;night<sup><a epub:type='noteref' href='#n'>1</a></sup>.<br/>Rain.</p>\n\
                    <div><p>“No,” <!-- c -->he\nsaid.</p></div>\n<table><tr><td>1</td></tr></table>\n\
                    <aside epub:type='footnote'><p>A note.</p><aside>in it</aside></aside>\n\
                    <p><ruby>漢<rt>かん</rt></ruby>\n字</p></body></html>";
        let chapter = read(text, false);
        assert_eq!(chapter.text, "Chapter One\n\nIt was a dark\u{a0}night.\nRain.\n\n“No,” he said.\n\n漢字");
        assert_eq!(chapter.heading.as_deref(), Some("Chapter One"));
        assert_eq!((chapter.left_out, &chapter.broken), (vec![("a table", 8), ("a footnote", 9)], &None));
        let lines: Vec<u64> = chapter.lines.iter().map(|(_, line)| *line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 10]);
        assert!(read(text, true).text.starts_with("It was"));
    }

    #[test]
    fn marks_of_notes_are_not_read_aloud_and_other_links_are() {
        let table = [
            ("It rained<a href='#n1'><sup>1</sup></a>, and <a href='two.xhtml#x'>again</a>.", "It rained, and again."),
            ("Late<a href='notes.xhtml#n'>[12]</a> <a href='#m'>*</a>and <a href='#y'>1984</a> too", "Late and too"),
            ("See <a href='http://x.y/'>3</a> or 10<sup>2</sup>", "See 3 or 102"),
            ("<a href='#a'>The <em>old</em> <a href='#b'>boat", "The old boat"),
            ("one <a href='#a'>two</p><p>three", "one two\n\nthree"),
            (
                "<span role='doc-pagebreak' epub:type='x'>7</span><a epub:type='x' role='doc-backlink' href='#r'>up</a>a",
                "a",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(read(&format!("\u{feff}<body><p>{text}</p></body>"), false).text, expected, "{text}");
        }
        let notes =
            "<p>A</p>\n<section epub:type='endnotes'><ol><li>one</li></ol></section>\n<li role='doc-endnote'>two</li>";
        let chapter = read(notes, false);
        assert_eq!((chapter.text.as_str(), chapter.left_out), ("A", vec![("a footnote", 2)]));
    }

    #[test]
    fn a_cover_has_no_text_and_a_broken_chapter_says_where() {
        assert_eq!(read("<html><body><img src='c.png'/></body></html>", false), Chapter::default());
        let broken = read("<body><p>a</p>\n<p>b</p>\n<p", false);
        assert_eq!((broken.text.as_str(), broken.broken.map(|(line, _)| line)), ("a\n\nb", Some(3)));
    }
}
