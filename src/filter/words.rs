//! Cuts a filter into words: at blanks, but not between quotes or slashes.
//!
//! Pure, and never fails: what is still open at the end goes as far as the text does.

/// One word of a filter, before anything is known about its column.
#[derive(Debug, Default, PartialEq)]
pub struct Word {
    pub is_negated: bool,
    pub column: Option<String>,
    pub is_regex: bool,
    pub text: String,
}

/// Cuts a filter into words: at blanks, but not between quotes or slashes.
pub fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut word = Word::default();
        if let Some(behind) = rest.strip_prefix('!') {
            word.is_negated = true;
            rest = behind;
        }
        // Only letters before a colon are a column: `10:30`, `a/b:c` and `https://…` stay texts.
        if let Some((name, behind)) = rest.split_once(':')
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphabetic())
            && !behind.starts_with("//")
        {
            word.column = Some(name.to_owned());
            rest = behind;
        }
        rest = match rest.chars().next() {
            Some('/') => {
                word.is_regex = true;
                until(&rest[1..], '/', &mut word.text)
            }
            Some(quote @ ('"' | '\'')) => until(&rest[1..], quote, &mut word.text),
            Some(_) | None => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                word.text.push_str(&rest[..end]);
                &rest[end..]
            }
        };
        words.push(word);
        rest = rest.trim_start();
    }
    words
}

/// Moves everything before the closing character into `into` and returns what follows it. A backslash keeps the
/// closing character; one before anything else stays, because it belongs to the expression.
fn until<'a>(text: &'a str, close: char, into: &mut String) -> &'a str {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == close {
            return &text[at + c.len_utf8()..];
        }
        if c != '\\' {
            into.push(c);
            continue;
        }
        match chars.next() {
            Some((_, escaped)) if escaped == close => into.push(close),
            Some((_, other)) => into.extend([c, other]),
            None => into.push(c),
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_with_colons_and_slashes_are_texts() {
        for text in ["10:30", "https://example.com/x", "a/b:c", "a-b:c"] {
            assert_eq!(words(text), [Word { text: text.into(), ..Word::default() }], "{text}");
        }
        let slash = Word { is_regex: true, text: "a/b\\d".into(), ..Word::default() };
        assert_eq!(words(r"/a\/b\d/"), [slash]);
    }
}
