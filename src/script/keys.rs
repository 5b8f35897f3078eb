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
    Number { width: usize },
    Line { width: usize },
}

/// A template that makes no good keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A placeholder that we do not know.
    #[error("unknown placeholder {{{0}}} in the key template; known are {{stem}}, {{n}}, {{n:04}}, {{line}}")]
    Unknown(String),
    /// A brace without its partner.
    #[error("a brace in the key template is not closed")]
    Open,
    /// Every key would be the same.
    #[error("the key template needs {{n}} or {{line}}, or all keys are the same")]
    NoNumber,
}

impl Default for KeyTemplate {
    /// `{stem}-{n:04}`: the fourth text of `ch01.txt` is `ch01-0004`.
    fn default() -> Self {
        let pieces = vec![Piece::Stem, Piece::Words("-".to_owned()), Piece::Number { width: 4 }];
        KeyTemplate { pieces }
    }
}

impl FromStr for KeyTemplate {
    type Err = TemplateError;

    fn from_str(template: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some((words, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(TemplateError::Open)?;
            if !words.is_empty() {
                pieces.push(Piece::Words(words.to_owned()));
            }
            let (field, width) = name.split_once(':').unwrap_or((name, "0"));
            let unknown = || TemplateError::Unknown(name.to_owned());
            let width = width.parse().ok().filter(|width| *width <= 20).ok_or_else(unknown)?;
            pieces.push(match field {
                "stem" if !name.contains(':') => Piece::Stem,
                "n" => Piece::Number { width },
                "line" => Piece::Line { width },
                _ => return Err(unknown()),
            });
            rest = after;
        }
        if rest.contains('}') {
            return Err(TemplateError::Open);
        }
        if !rest.is_empty() {
            pieces.push(Piece::Words(rest.to_owned()));
        }
        let counts = |piece: &Piece| matches!(piece, Piece::Number { .. } | Piece::Line { .. });
        if !pieces.iter().any(counts) {
            return Err(TemplateError::NoNumber);
        }
        Ok(KeyTemplate { pieces })
    }
}

impl KeyTemplate {
    /// The key of the `n`th text, from 1, in a line of a source.
    pub fn key(&self, stem: &str, n: u64, line: u64) -> String {
        let mut key = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Words(words) => key.push_str(words),
                Piece::Stem => key.push_str(stem),
                Piece::Number { width } => key.push_str(&format!("{n:0width$}", width = *width)),
                Piece::Line { width } => key.push_str(&format!("{line:0width$}", width = *width)),
            }
        }
        key
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::is_portable;

    #[test]
    fn a_template_makes_keys_or_says_what_is_wrong_with_it() {
        let key = |template: &str| template.parse::<KeyTemplate>().map(|template| template.key("ch01", 7, 12));
        assert_eq!(KeyTemplate::default().key("ch01", 7, 12), "ch01-0007");
        assert_eq!("{stem}-{n:04}".parse(), Ok(KeyTemplate::default()));
        assert_eq!(key("{stem}/{line:3}.{n}").as_deref(), Ok("ch01/012.7"));
        assert_eq!(key("{x}"), Err(TemplateError::Unknown("x".into())));
        assert_eq!(key("{n:abc}"), Err(TemplateError::Unknown("n:abc".into())));
        assert_eq!(key("{n:9999999999}"), Err(TemplateError::Unknown("n:9999999999".into())));
        assert_eq!(key("{n"), Err(TemplateError::Open));
        assert_eq!(key("n}"), Err(TemplateError::Open));
        assert_eq!(key("{stem}"), Err(TemplateError::NoNumber));
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
        for name in ["-rf", ".hidden", "a\u{202e}b", &"x".repeat(500), "CON"] {
            let key = KeyTemplate::default().key(&stems.add(name), 1, 1);
            assert!(is_portable(&key), "{key}");
        }
    }
}
