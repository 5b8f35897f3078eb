//! Markdown: a text for each section, named by its headings, without the markup that nobody wants to hear.
//!
//! A section is read at a time. Tables, program code and notes are left out, and that is told.

use std::collections::{HashSet, VecDeque};
use std::io::{self, BufRead};

use pulldown_cmark::{BrokenLink, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};

use super::keys::slug;
use super::lines::{Lines, as_text};
use super::passage::{Passage, Passages, Place, Told};
use super::prose::Prose;
use crate::request::{Problem, rules};

/// A section that is longer is taken in parts that end at empty lines.
const LONG_SECTION: usize = 512 * 1024;

/// A paragraph that is longer is cut wherever that is, so that it does not fill the memory.
const LONG_PARAGRAPH: usize = 1024 * 1024;

/// So many lines may stand between the two marks of a front matter.
const LONG_FRONT_MATTER: usize = 1_000;

/// A reader of Markdown. Holds one section at a time.
pub(super) struct Markdown<R> {
    lines: Lines<R>,
    chunk: Chunk,
    /// Lines that were read too far.
    ahead: VecDeque<(u64, String)>,
    walk: Walk,
    is_over: bool,
}

/// The source of a section.
#[derive(Default)]
struct Chunk {
    text: String,
    /// Where each line begins, and its number.
    starts: Vec<(usize, u64)>,
    /// The mark that ends the code block in which we are.
    fence: Option<(u8, usize)>,
    is_in_comment: bool,
}

impl Chunk {
    fn push(&mut self, number: u64, line: &str) {
        self.starts.push((self.text.len(), number));
        self.text.push_str(line);
        self.text.push('\n');
        self.follow(line);
    }

    /// Keeps track of where a `#` is no heading.
    fn follow(&mut self, line: &str) {
        if self.is_in_comment {
            self.is_in_comment = !line.contains("-->");
            return;
        }
        let inner = line.trim_start_matches(' ');
        let mark = inner.bytes().next().unwrap_or_default();
        let length = inner.bytes().take_while(|b| *b == mark).count();
        let is_mark = line.len() - inner.len() < 4 && matches!(mark, b'`' | b'~') && length >= 3;
        match self.fence {
            Some((own, least)) if is_mark && mark == own && length >= least => {
                if inner[length..].trim().is_empty() {
                    self.fence = None;
                }
            }
            Some(_) => {}
            None if is_mark => {
                // Behind backticks there are no others in the same line.
                if mark == b'~' || !inner[length..].contains('`') {
                    self.fence = Some((mark, length));
                }
            }
            None => {
                let rest = line.rsplit_once("<!--");
                self.is_in_comment = inner.starts_with("<!--") && rest.is_some_and(|(_, rest)| !rest.contains("-->"));
            }
        }
    }

    fn is_in_prose(&self) -> bool {
        self.fence.is_none() && !self.is_in_comment
    }

    fn line_at(&self, offset: usize) -> u64 {
        let after = self.starts.partition_point(|(start, _)| *start <= offset);
        after.checked_sub(1).map_or(1, |at| self.starts[at].1)
    }
}

impl<R: BufRead> Markdown<R> {
    pub(super) fn new(lines: Lines<R>, skip_headings: bool) -> Self {
        let walk = Walk { skip_headings, ..Walk::default() };
        Markdown { lines, chunk: Chunk::default(), ahead: VecDeque::new(), walk, is_over: false }
    }

    /// The next line that is good text; what is wrong with others is told.
    fn line(&mut self) -> io::Result<Option<(u64, String)>> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        self.fresh_line()
    }

    fn fresh_line(&mut self) -> io::Result<Option<(u64, String)>> {
        while let Some(line) = self.lines.next()? {
            match as_text(&line) {
                Ok(text) => return Ok(Some((line.number, text.to_owned()))),
                Err(problem) => self.walk.told.push_back(Told::Problem(Place::line(line.number), problem)),
            }
        }
        Ok(None)
    }

    /// Passes over settings between two marks at the very beginning.
    fn skip_front_matter(&mut self) -> io::Result<()> {
        let Some((number, first)) = self.fresh_line()? else { return Ok(()) };
        let mark = first.trim_end().to_owned();
        self.ahead.push_back((number, first));
        if number != 1 || !matches!(mark.as_str(), "---" | "+++") {
            return Ok(());
        }
        while self.ahead.len() < LONG_FRONT_MATTER {
            let Some((number, line)) = self.fresh_line()? else { return Ok(()) };
            let is_end = line.trim_end() == mark || (mark == "---" && line.trim_end() == "...");
            // After a line of dashes, settings begin at once; a thematic break has an empty line behind it.
            let is_break = self.ahead.len() == 1 && line.trim().is_empty();
            self.ahead.push_back((number, line));
            if is_break {
                return Ok(());
            }
            if is_end {
                self.ahead.clear();
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reads on until a section is complete.
    fn read_section(&mut self) -> io::Result<()> {
        if self.chunk.starts.is_empty() && self.ahead.is_empty() && self.walk.is_fresh() {
            self.skip_front_matter()?;
        }
        while let Some((number, line)) = self.line()? {
            let is_heading = self.chunk.is_in_prose() && begins_section(&line) && !self.chunk.text.is_empty();
            let length = self.chunk.text.len();
            let is_long = (length > LONG_SECTION && line.trim().is_empty()) || length > LONG_PARAGRAPH;
            if is_heading || is_long {
                self.walk.take(&self.chunk);
                if self.walk.prose.len() > LONG_SECTION {
                    self.walk.end_section();
                }
                // A code block that never ends goes on in the next part.
                let fence = self.chunk.fence;
                self.chunk = Chunk::default();
                if let Some((mark, length)) = fence {
                    self.chunk.push(number, &String::from_utf8_lossy(&vec![mark; length.min(80)]));
                }
                self.chunk.push(number, &line);
                return Ok(());
            }
            self.chunk.push(number, &line);
        }
        self.is_over = true;
        self.walk.take(&self.chunk);
        self.walk.end_section();
        Ok(())
    }
}

impl<R: BufRead> Passages for Markdown<R> {
    fn next(&mut self) -> io::Result<Option<Told>> {
        loop {
            if let Some(told) = self.walk.told.pop_front() {
                return Ok(Some(told));
            }
            if self.is_over {
                return Ok(None);
            }
            self.read_section()?;
        }
    }
}

/// Whether a line is a heading with number signs.
fn begins_section(line: &str) -> bool {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    (1..=6).contains(&level) && line[level..].chars().next().is_none_or(char::is_whitespace)
}

/// From the events of the parser to texts.
#[derive(Default)]
struct Walk {
    skip_headings: bool,
    told: VecDeque<Told>,
    prose: Prose,
    /// The headings above, with their levels.
    path: Vec<(HeadingLevel, String)>,
    /// The heading that is being read.
    heading: Option<String>,
    /// How many things we are in that are not spoken.
    silent: usize,
    /// Kinds of things that were told to be left out.
    left_out: Vec<&'static str>,
    n_chunks: u64,
}

impl Walk {
    fn is_fresh(&self) -> bool {
        self.n_chunks == 0
    }

    fn take(&mut self, chunk: &Chunk) {
        self.n_chunks += 1;
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_GFM;
        // What a link or the mark of a note leads to may stand in another section.
        let mut text = chunk.text.clone();
        for note in notes(&chunk.text) {
            text.push_str(&format!("\n\n[^{note}]: .\n"));
        }
        let is_link = |link: BrokenLink| match link.link_type {
            LinkType::Reference | LinkType::Collapsed => Some(("".into(), "".into())),
            LinkType::Inline
            | LinkType::ReferenceUnknown
            | LinkType::CollapsedUnknown
            | LinkType::Shortcut
            | LinkType::ShortcutUnknown
            | LinkType::Autolink
            | LinkType::Email
            | LinkType::WikiLink { .. } => None,
        };
        let events = Parser::new_with_broken_link_callback(&text, options, Some(is_link)).into_offset_iter();
        for (event, range) in events {
            if range.start < chunk.text.len() {
                self.event(event, chunk.line_at(range.start));
            }
        }
    }

    fn event(&mut self, event: Event, line: u64) {
        match event {
            Event::Start(tag) => self.start(&tag, line),
            Event::End(end) => self.end(&end),
            Event::Text(text) | Event::Code(text) => self.say(&text),
            Event::InlineHtml(html) => match html_element(&html) {
                Some("br") => self.say("\n"),
                Some(_) => {}
                // Tags that are meant for the voice stay.
                None => self.say(&html),
            },
            Event::Html(html) => {
                if !html.trim().is_empty() && !html.trim_start().starts_with("<!--") && self.silent == 1 {
                    self.leave_out("HTML", line);
                }
            }
            Event::SoftBreak => self.pause(),
            Event::HardBreak => self.say("\n"),
            Event::Rule => self.prose.paragraph(line),
            Event::FootnoteReference(_) | Event::TaskListMarker(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {}
        }
    }

    fn start(&mut self, tag: &Tag, line: u64) {
        match tag {
            Tag::Heading { .. } => {
                self.end_section();
                self.prose.paragraph(line);
                self.heading = Some(String::new());
            }
            Tag::Paragraph if self.silent == 0 => self.prose.paragraph(line),
            Tag::Item if self.silent == 0 => self.prose.line(line),
            Tag::List(_) | Tag::BlockQuote(_) if self.silent == 0 => self.prose.paragraph(line),
            Tag::CodeBlock(_) => self.silence("program code", line),
            Tag::Table(_) => self.silence("a table", line),
            Tag::FootnoteDefinition(_) => self.silence("a footnote", line),
            Tag::HtmlBlock | Tag::MetadataBlock(_) => self.silent += 1,
            Tag::Paragraph
            | Tag::Item
            | Tag::List(_)
            | Tag::BlockQuote(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::TableHead
            | Tag::TableRow
            | Tag::TableCell
            | Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript
            | Tag::Link { .. }
            | Tag::Image { .. } => {}
        }
    }

    fn end(&mut self, end: &TagEnd) {
        match end {
            TagEnd::Heading(level) => {
                let title = self.heading.take().unwrap_or_default();
                self.path.retain(|(above, _)| above < level);
                self.path.push((*level, slug(&title)));
            }
            TagEnd::CodeBlock
            | TagEnd::Table
            | TagEnd::FootnoteDefinition
            | TagEnd::HtmlBlock
            | TagEnd::MetadataBlock(_) => self.silent = self.silent.saturating_sub(1),
            TagEnd::Paragraph
            | TagEnd::Item
            | TagEnd::List(_)
            | TagEnd::BlockQuote(_)
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::TableCell
            | TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::Link
            | TagEnd::Image => {}
        }
    }

    fn say(&mut self, text: &str) {
        if self.silent > 0 {
            return;
        }
        if let Some(heading) = &mut self.heading {
            heading.push_str(text);
            if self.skip_headings {
                return;
            }
        }
        self.prose.say(text);
    }

    fn pause(&mut self) {
        if let Some(heading) = &mut self.heading {
            heading.push(' ');
        }
        if self.silent == 0 {
            self.prose.pause();
        }
    }

    fn silence(&mut self, what: &'static str, line: u64) {
        self.silent += 1;
        self.leave_out(what, line);
    }

    fn leave_out(&mut self, what: &'static str, line: u64) {
        if !self.left_out.contains(&what) {
            self.left_out.push(what);
            let problem = Problem::new(&rules::LEFT_OUT, format!("{what} cannot be spoken; it is left out"));
            let problem = problem.fix("write what should be heard as plain sentences");
            self.told.push_back(Told::Problem(Place::line(line), problem));
        }
    }

    /// Gives away what was said since the last heading.
    fn end_section(&mut self) {
        let Some((text, lines)) = self.prose.take() else { return };
        let line = lines.first().map_or(1, |(_, line)| *line);
        let mut passage = Passage::new(Place::at(line, 1), text);
        passage.lines = lines;
        passage.section = section(&self.path);
        self.told.push_back(Told::Text(passage));
    }
}

/// The names of notes that are only marked here, each once.
fn notes(text: &str) -> Vec<&str> {
    const MOST: usize = 10_000;
    let mut names: Vec<&str> = Vec::new();
    let mut seen = HashSet::new();
    for (at, _) in text.match_indices("[^") {
        let rest = &text[at + 2..];
        let Some(name) = rest.get(..rest.find(']').unwrap_or(0)).filter(|name| is_name(name)) else { continue };
        let is_definition = rest[name.len() + 1..].starts_with(':') && text[..at].ends_with(['\n', ' ']);
        if (is_definition || names.len() < MOST) && seen.insert(name) {
            names.push(name);
        }
    }
    let is_defined = |name: &str| text.contains(&format!("[^{name}]:"));
    names.retain(|name| !is_defined(name));
    names
}

fn is_name(name: &str) -> bool {
    (1..=40).contains(&name.len()) && !name.contains(['[', '^', '`', '\\']) && !name.contains(char::is_whitespace)
}

/// `chapter-one.the-ferry`
fn section(path: &[(HeadingLevel, String)]) -> Option<String> {
    const MOST: usize = 80;
    let slugs: Vec<&str> = path.iter().map(|(_, slug)| slug.as_str()).filter(|slug| !slug.is_empty()).collect();
    // Of a long path the end tells most.
    let from = (0..slugs.len()).find(|from| slugs[*from..].join(".").len() <= MOST)?;
    Some(slugs[from..].join("."))
}

/// The name of the HTML element of a tag; `None` for tags that HTML does not have.
fn html_element(tag: &str) -> Option<&'static str> {
    const ELEMENTS: [&str; 35] = [
        "a", "abbr", "b", "bdi", "bdo", "big", "br", "cite", "code", "del", "dfn", "div", "em", "font", "i", "img",
        "ins", "kbd", "label", "mark", "p", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt",
        "u", "var", "wbr", "!--",
    ];
    let name = tag.trim_start_matches(['<', '/']);
    if name.starts_with("!--") {
        return Some("!--");
    }
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    let name = name[..end].to_ascii_lowercase();
    ELEMENTS.into_iter().find(|element| *element == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::lines::Ends;
    use crate::script::passage::testing::all;
    use proptest::prelude::*;

    type Read = (Vec<(String, u64, String)>, Vec<(&'static str, u64, u64)>);

    fn read_as(text: &str, skip_headings: bool) -> Read {
        let (texts, problems) = all(Markdown::new(Lines::new(text.as_bytes(), Ends::Any), skip_headings));
        let told = |text: Passage| (text.section.unwrap_or_else(|| "-".into()), text.place.line, text.text);
        (texts.into_iter().map(told).collect(), problems)
    }

    fn read(text: &str) -> Read {
        read_as(text, false)
    }

    #[test]
    fn sections_are_named_by_the_path_of_their_headings() {
        let text = "Before.\n\n# One\n\nA.\n\n## The *Ferry*\n\nB.\n\nSetext\n------\n\nC.\n\n# Größe {#id}\nD.\n";
        let (texts, problems) = read(text);
        assert_eq!(problems, []);
        let told: Vec<_> = texts.iter().map(|(key, line, text)| (key.as_str(), *line, text.as_str())).collect();
        assert_eq!(
            told,
            [
                ("-", 1, "Before."),
                ("one", 3, "One\n\nA."),
                ("one.the-ferry", 7, "The Ferry\n\nB."),
                ("one.setext", 11, "Setext\n\nC."),
                ("grosse", 16, "Größe\n\nD."),
            ]
        );
        let without = read_as(text, true).0;
        assert_eq!(without[2], ("one.the-ferry".to_owned(), 9, "B.".to_owned()));
    }

    #[test]
    fn markup_is_not_spoken() {
        let table = [
            ("*a* **b** ~~c~~ `d` [e](http://x) ![f](y.png)", "a b c d e f"),
            ("one\ntwo  \nthree\\\nfour", "one two\nthree\nfour"),
            ("日本\n語", "日本語"),
            ("* one\n* two\n  more\n\n1. three\n2. four", "one\ntwo more\n\nthree\nfour"),
            ("> said\n> he\n\nafter", "said he\n\nafter"),
            ("- [x] done", "done"),
            ("a&nbsp;b &amp; c\\*", "a\u{a0}b & c*"),
            ("Well <sigh> and [sigh] <b>now</b>.<br>End <!-- x -->", "Well <sigh> and [sigh] now.\nEnd"),
            ("a\n\n---\n\nb", "a\n\nb"),
            ("see[^1]\n", "see"),
            ("> [!NOTE]\n> Mind the gap.", "Mind the gap."),
            ("a<!-- no\nno --> b", "a b"),
            ("[one][1] and [two]\n\n[1]: http://x.y 'z'\n[two]: /t", "one and two"),
            ("![](a.png)\n\nAfter", "After"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).0.first().map(|(.., text)| text.as_str()), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_spoken_is_left_out_and_told_once() {
        let text = "---\ntitle: x\n---\na\n\n```\n# no heading\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n~~~\nx\n~~~\n\n\
                    <div>\nhtml\n</div>\n\n<!-- quiet\n# x\n-->\n\nsee[^1]\n\n[^1]: a note\n";
        let (texts, problems) = read(text);
        assert_eq!(texts, [("-".to_owned(), 4, "a\n\nsee".to_owned())]);
        assert_eq!(problems, [("left-out", 6, 0), ("left-out", 10, 0), ("left-out", 18, 0), ("left-out", 28, 0)]);
    }

    #[test]
    fn dashes_at_the_beginning_are_not_always_settings() {
        assert_eq!(read("---\n\na\n\n---\n\nb\n").0[0].2, "a\n\nb");
        assert_eq!(read("---\na\n").0.len(), 1);
        assert_eq!(read("+++\nx = 1\n+++\nb\n").0[0].2, "b");
        assert_eq!(read("").0.len(), 0);
        assert_eq!(read("\u{feff}# A").0[0].0, "a");
    }

    #[test]
    fn a_long_section_is_taken_in_parts() {
        let text = format!("# A\n\n{}\n```\n{}", "Some words here.\n\n".repeat(80_000), "x\n\n".repeat(500_000));
        let (texts, problems) = read(&text);
        assert!(texts.len() > 1 && problems.len() == 1, "{} {problems:?}", texts.len());
        assert_eq!(texts.iter().map(|(.., text)| text.matches("Some words").count()).sum::<usize>(), 80_000);
        let (texts, _) = read(&"word word\n".repeat(1_000_000));
        assert!(texts.len() > 1 && texts.iter().all(|(.., text)| text.len() < 2_000_000));
        assert_eq!(texts.iter().map(|(.., text)| text.matches("word").count()).sum::<usize>(), 2_000_000);
        let bad = b"a\n\n\xff\n\nb\n";
        let (texts, problems) = all(Markdown::new(Lines::new(&bad[..], Ends::Any), false));
        assert_eq!((texts.len(), problems), (1, vec![("invalid-utf8", 3, 1)]));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "([#*_`~<>|\\[\\]()! -]|[a-c\n]|\\PC){0,60}") {
            read(&text);
        }
    }
}
