//! Elements and text of XML, as lenient as readers of e-books are: what is not understood is passed over.

use quick_xml::escape::{resolve_html5_entity, unescape};
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// One thing in a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// The beginning of an element, by its name in lower case without prefix.
    Start(Element),
    /// The end of an element.
    End(String),
    /// Characters.
    Text(String),
}

/// An element with its attributes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    fn of(start: &BytesStart) -> Element {
        let mut attributes = start.html_attributes();
        let attributes = attributes.with_checks(false).flatten();
        let attribute = |attribute: quick_xml::events::attributes::Attribute| {
            let name = attribute.key.as_ref().to_ascii_lowercase();
            let value =
                unescape(&attribute.value).map_or_else(|_| attribute.value.to_string(), |value| value.into_owned());
            (name, value)
        };
        Element { name: name(start.local_name().as_ref()), attributes: attributes.map(attribute).collect() }
    }

    /// The value of an attribute, by its name in lower case with its prefix.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

fn name(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Walks through a document; each node comes with the line at which it stands, from 1.
///
/// Entities that a document defines itself are not expanded: nobody hears them, and they can be made to fill the memory.
pub(super) fn walk(text: &str, take: &mut dyn FnMut(Node, u64)) -> Result<(), (u64, String)> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let (mut line, mut counted) = (1, 0);
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
        line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..at]).count() as u64;
        counted = at;
        match reader.read_event() {
            Ok(Event::Start(start)) => take(Node::Start(Element::of(&start)), line),
            Ok(Event::Empty(start)) => {
                let element = Element::of(&start);
                let end = Node::End(element.name.clone());
                take(Node::Start(element), line);
                take(end, line);
            }
            Ok(Event::End(end)) => take(Node::End(name(end.local_name().as_ref())), line),
            Ok(Event::Text(text)) => take(Node::Text(text.as_ref().to_owned()), line),
            Ok(Event::CData(text)) => take(Node::Text(text.as_ref().to_owned()), line),
            Ok(Event::GeneralRef(reference)) => {
                let c = reference.resolve_char_ref().ok().flatten().map(String::from);
                let known = c.or_else(|| resolve_html5_entity(reference.as_ref()).map(str::to_owned));
                if let Some(known) = known {
                    take(Node::Text(known), line);
                }
            }
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
            Ok(Event::Eof) => return Ok(()),
            Err(error) => return Err((line, error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        let end = walk(text, &mut |node, line| {
            all.push(match node {
                Node::Start(element) => format!("{line}<{} {}", element.name, element.get("a:b").unwrap_or("-")),
                Node::End(name) => format!("{line}>{name}"),
                Node::Text(text) => format!("{line}:{text}"),
            });
        });
        all.extend(end.err().map(|(line, _)| format!("{line}!")));
        all
    }

    #[test]
    fn elements_and_text_come_with_their_lines() {
        let text = "<?xml version=\"1.0\"?>\n<x:P A:B=\"1 &amp; 2\">a&nbsp;&#66;&own;\n<br/></x:P>&<b>";
        let expected = ["1:\n", "2<p 1 & 2", "2:a", "2:\u{a0}", "2:B", "2:\n", "3<br -", "3>br", "3>p", "3:&", "3<b -"];
        assert_eq!(told(text), expected);
    }

    #[test]
    fn entities_of_a_document_are_not_expanded() {
        let text = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><x>&b;</x>";
        assert_eq!(told(text), ["1<x -", "1>x"]);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_walk(text in "([<>/&;=\"' !-]|[a-c\n]|\\PC){0,60}") {
            told(&text);
        }
    }
}
