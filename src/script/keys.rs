//! Keys for sources that have none, from a template such as `{stem}-{n:04}`.

use std::collections::HashMap;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

/// How keys are made. Parsed, so that a mistake shows before anything is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTemplate {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Words(String),
    Stem,
    Section,
    Number {
        width: usize,
    },
    Line {
        width: usize,
    },
    Id {
        width: usize,
    },
    /// In lower case.
    Column(String),
}

/// A template that makes no good keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A placeholder that we do not know, and the character at which it stands, from 1.
    #[error(
        "unknown placeholder {{{0}}} at character {1} of the key template; known are {{stem}}, {{section}}, {{n}}, \
         {{n:04}}, {{line}}, {{id}}, {{row.COLUMN}}"
    )]
    Unknown(String, usize),
    /// A brace without its partner, and where it stands.
    #[error("the brace at character {0} of the key template has no partner")]
    Open(usize),
    /// Every key would be the same.
    #[error("the key template needs {{n}}, {{line}}, {{id}} or {{row.COLUMN}}, or all keys are the same")]
    NoNumber,
}

/// What a key can be made of.
#[derive(Clone, Copy, Default)]
pub struct KeyParts<'k> {
    /// The name of the source without its ending.
    pub stem: &'k str,
    /// The number of the text in its source, from 1.
    pub n: u64,
    /// The line at which it begins, from 1.
    pub line: u64,
    /// The headings above it.
    pub section: Option<&'k str>,
    /// The name that the source gives it.
    pub id: Option<&'k str>,
}

impl FromStr for KeyTemplate {
    type Err = TemplateError;

    fn from_str(template: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = template;
        let place = |rest: &str| template[..template.len() - rest.len()].chars().count() + 1;
        while let Some(at) = rest.find(['{', '}']) {
            let (words, from) = rest.split_at(at);
            let (name, after) = from
                .strip_prefix('{')
                .and_then(|inside| inside.split_once('}'))
                .ok_or_else(|| TemplateError::Open(place(from)))?;
            if !words.is_empty() {
                pieces.push(Piece::Words(words.to_owned()));
            }
            let unknown = || TemplateError::Unknown(name.to_owned(), place(from));
            pieces.push(piece(name).ok_or_else(unknown)?);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Words(rest.to_owned()));
        }
        let counts = |piece: &Piece| match piece {
            Piece::Number { .. } | Piece::Line { .. } | Piece::Id { .. } | Piece::Column(_) => true,
            Piece::Words(_) | Piece::Stem | Piece::Section => false,
        };
        if !pieces.iter().any(counts) {
            return Err(TemplateError::NoNumber);
        }
        Ok(KeyTemplate { pieces })
    }
}

fn piece(name: &str) -> Option<Piece> {
    if let Some(column) = name.strip_prefix("row.") {
        let column = column.trim().to_lowercase();
        return (!column.is_empty()).then_some(Piece::Column(column));
    }
    let (field, width) = match name.split_once(':') {
        Some((field, width)) => (field, Some(width.parse().ok().filter(|width| *width <= 20)?)),
        None => (name, None),
    };
    let number = width.unwrap_or(0);
    match field {
        "stem" if width.is_none() => Some(Piece::Stem),
        "section" if width.is_none() => Some(Piece::Section),
        "n" => Some(Piece::Number { width: number }),
        "line" => Some(Piece::Line { width: number }),
        "id" => Some(Piece::Id { width: number }),
        _ => None,
    }
}

impl KeyTemplate {
    /// The key of a text. A text without a name of its own is named by its number, one outside any section is in
    /// «text»; `cell` gives the cell of a column, by its name in lower case.
    pub fn key<'k>(&self, parts: &KeyParts<'k>, cell: &dyn Fn(&str) -> Option<&'k str>) -> String {
        let mut key = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Words(words) => key.push_str(words),
                Piece::Stem => key.push_str(parts.stem),
                Piece::Section => key.push_str(parts.section.unwrap_or("text")),
                Piece::Number { width } => key.push_str(&padded(parts.n, *width)),
                Piece::Line { width } => key.push_str(&padded(parts.line, *width)),
                Piece::Id { width } => match (parts.id, parts.id.and_then(|id| id.parse().ok())) {
                    (_, Some(number)) => key.push_str(&padded(number, *width)),
                    (Some(id), None) => key.push_str(id),
                    (None, None) => key.push_str(&padded(parts.n, *width)),
                },
                Piece::Column(name) => key.push_str(cell(name).unwrap_or_default().trim()),
            }
        }
        key
    }

    /// The columns of a table that keys are made of, in lower case.
    pub fn columns(&self) -> Vec<String> {
        let column = |piece: &Piece| match piece {
            Piece::Column(name) => Some(name.clone()),
            Piece::Words(_)
            | Piece::Stem
            | Piece::Section
            | Piece::Number { .. }
            | Piece::Line { .. }
            | Piece::Id { .. } => None,
        };
        self.pieces.iter().filter_map(column).collect()
    }
}

fn padded(number: u64, width: usize) -> String {
    format!("{number:0width$}")
}

/// Stems of the sources of one job: portable, and no two the same.
#[derive(Default)]
pub(super) struct Stems {
    seen: HashMap<String, u32>,
}

impl Stems {
    /// The stem for a source; a second source of the same name gets `name_2`.
    pub(super) fn add(&mut self, name: &str) -> String {
        let stem = portable(name);
        let n = self.seen.entry(stem.to_ascii_lowercase()).or_default();
        *n += 1;
        match *n {
            1 => stem,
            n => format!("{stem}_{n}"),
        }
    }
}

/// A name in the characters that every system takes: accents fall off, all else becomes an underscore.
fn portable(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
    let letters = name.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).map(plain);
    let stem: String = letters.take(60).collect();
    let stem = stem.trim_matches(['.', '-', '_']);
    if stem.is_empty() { "text".to_owned() } else { stem.to_owned() }
}

/// A heading as part of a key: small letters, digits and dashes. Empty when nothing of it is left, as of Chinese.
pub(super) fn slug(heading: &str) -> String {
    const MOST: usize = 40;
    let mut slug = String::new();
    for c in heading.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        let letters = match c {
            'ß' => "ss",
            'æ' | 'Æ' => "ae",
            'œ' | 'Œ' => "oe",
            'ø' | 'Ø' => "o",
            'ł' | 'Ł' => "l",
            'đ' | 'Đ' => "d",
            '\'' | '’' => continue,
            c if c.is_ascii_alphanumeric() => {
                slug.push(c.to_ascii_lowercase());
                continue;
            }
            _ if slug.is_empty() || slug.ends_with('-') => continue,
            _ => "-",
        };
        slug.push_str(letters);
        if slug.len() >= MOST {
            break;
        }
    }
    slug.truncate(MOST);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::is_portable;

    const PARTS: KeyParts<'_> =
        KeyParts { stem: "ch01", n: 7, line: 12, section: Some("the-ferry"), id: Some("intro") };

    #[test]
    fn a_template_makes_keys_or_says_what_is_wrong_with_it() {
        let cell = |name: &str| (name == "scene").then_some(" 3a ");
        let key = |template: &str| template.parse::<KeyTemplate>().map(|template| template.key(&PARTS, &cell));
        assert_eq!(key("{stem}-{n:04}").as_deref(), Ok("ch01-0007"));
        assert_eq!(key("{stem}/{line:3}.{n}").as_deref(), Ok("ch01/012.7"));
        assert_eq!(key("{section}_{id:04}+{row.Scene}").as_deref(), Ok("the-ferry_intro+3a"));
        assert_eq!(key("x{x}"), Err(TemplateError::Unknown("x".into(), 2)));
        assert_eq!(key("é{n:abc}"), Err(TemplateError::Unknown("n:abc".into(), 2)));
        assert_eq!(key("{n:9999999999}"), Err(TemplateError::Unknown("n:9999999999".into(), 1)));
        assert_eq!(key("{section:3}{n}"), Err(TemplateError::Unknown("section:3".into(), 1)));
        assert_eq!(key("{row.}"), Err(TemplateError::Unknown("row.".into(), 1)));
        assert_eq!(key("{n"), Err(TemplateError::Open(1)));
        assert_eq!(key("n}"), Err(TemplateError::Open(2)));
        assert_eq!(key("{stem}{section}"), Err(TemplateError::NoNumber));
        assert_eq!("{n}{row.Scene}".parse::<KeyTemplate>().unwrap().columns(), ["scene"]);
    }

    #[test]
    fn numbers_take_the_place_of_names_that_are_missing() {
        let key = |template: &str, id| {
            template.parse::<KeyTemplate>().unwrap().key(&KeyParts { id, section: None, ..PARTS }, &|_| None)
        };
        assert_eq!(key("{id:04}", None), "0007");
        assert_eq!(key("{id:04}", Some("12")), "0012");
        assert_eq!(key("{id}", Some("12")), "12");
        assert_eq!(key("{section}.{n}", None), "text.7");
    }

    #[test]
    fn stems_are_portable_and_differ() {
        let mut stems = Stems::default();
        let table = [
            ("ch01", "ch01"),
            ("Ch01", "Ch01_2"),
            ("größe", "gro_e"),
            ("第一章", "text"),
            ("../x y", "x_y"),
            ("", "text_2"),
        ];
        for (name, stem) in table {
            assert_eq!(stems.add(name), stem, "{name}");
        }
        let template: KeyTemplate = "{stem}-{n:04}".parse().unwrap();
        for name in ["-rf", ".hidden", "a\u{202e}b", &"x".repeat(500), "CON"] {
            let key = template.key(&KeyParts { stem: &stems.add(name), ..PARTS }, &|_| None);
            assert!(is_portable(&key), "{key}");
        }
    }

    #[test]
    fn headings_become_slugs() {
        let table = [
            ("Chapter One: The Ferry!", "chapter-one-the-ferry"),
            ("  Größe & Maß  ", "grosse-mass"),
            ("Don’t panic", "dont-panic"),
            ("第一章", ""),
            ("../../etc", "etc"),
        ];
        for (heading, expected) in table {
            assert_eq!(slug(heading), expected, "{heading}");
        }
        assert!(slug(&"long words ".repeat(20)).len() <= 40);
    }
}
