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
    /// The line of the first table.
    pub table: Option<u64>,
    /// Why the rest could not be read, and from which line on.
    pub broken: Option<(u64, String)>,
}

/// Reads a chapter.
pub(super) fn read(text: &str, skip_headings: bool) -> Chapter {
    let mut walker = Walker { skip_headings, ..Walker::default() };
    let end = walk(text, &mut |node, line| walker.node(node, line));
    let (text, lines) = walker.prose.take().unwrap_or_default();
    let heading = Some(walker.heading.split_whitespace().collect::<Vec<_>>().join(" "));
    Chapter { text, lines, heading: heading.filter(|title| !title.is_empty()), table: walker.table, broken: end.err() }
}

#[derive(Default)]
struct Walker {
    skip_headings: bool,
    prose: Prose,
    heading: String,
    has_heading: bool,
    table: Option<u64>,
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
        if element.name == "table" {
            self.table.get_or_insert(self.line);
        }
        if is_silent(element) {
            self.silent = Some((element.name.clone(), 1));
            return;
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
        if is_heading(name) {
            self.in_heading = self.in_heading.saturating_sub(1);
            self.has_heading |= !self.heading.trim().is_empty();
        }
        if is_block(name) {
            self.prose.paragraph(self.line);
        }
    }

    fn say(&mut self, text: &str) {
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

/// What is there for the eye: styles, tables, the small letters above a sign, numbers of notes and of pages.
fn is_silent(element: &Element) -> bool {
    let kind = element.get("epub:type").or_else(|| element.get("role")).unwrap_or_default();
    let is_mark = kind.split_whitespace().any(|word| {
        matches!(
            word,
            "noteref"
                | "doc-noteref"
                | "pagebreak"
                | "doc-pagebreak"
                | "footnote"
                | "doc-footnote"
                | "rearnote"
                | "endnote"
        )
    });
    is_mark
        || element.get("hidden").is_some()
        || matches!(
            element.name.as_str(),
            "head" | "script" | "style" | "table" | "rt" | "rp" | "nav" | "svg" | "math" | "audio" | "video" | "object"
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
        assert_eq!((chapter.table, &chapter.broken), (Some(8), &None));
        let lines: Vec<u64> = chapter.lines.iter().map(|(_, line)| *line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 10]);
        assert!(read(text, true).text.starts_with("It was"));
    }

    #[test]
    fn a_cover_has_no_text_and_a_broken_chapter_says_where() {
        assert_eq!(read("<html><body><img src='c.png'/></body></html>", false), Chapter::default());
        let broken = read("<body><p>a</p>\n<p>b</p>\n<p", false);
        assert_eq!((broken.text.as_str(), broken.broken.map(|(line, _)| line)), ("a\n\nb", Some(3)));
    }
}
