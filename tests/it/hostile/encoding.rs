//! Base64 of every kind that is wrong, and the few that are right although they do not look it.

use super::case::{Case, L16, answer, file, part, reason};
use super::sound::{Sound, base64};

pub fn cases() -> Vec<Case> {
    let mut cases = damaged();
    cases.extend(escaped());
    cases.extend(empty_and_odd());
    cases
}

fn key(n: usize) -> String {
    format!("encoding-{n:03}")
}

/// One fault each, at the beginning, in the middle and at the end.
pub fn damaged() -> Vec<Case> {
    let whole = Sound::of(1, 24_000, 1, 6_000).base64();
    let one_padding = Sound::of(2, 24_000, 1, 6_001).base64();
    let two_paddings = Sound::of(3, 24_000, 1, 6_002).base64();
    assert!(!whole.contains('=') && two_paddings.ends_with('=') && one_padding.ends_with('='));
    let mut texts: Vec<(String, String)> = Vec::new();
    for (what, foreign) in [
        ("a byte outside of the alphabet", "!"),
        ("the URL-safe minus", "-"),
        ("the URL-safe underscore", "_"),
        ("a blank", " "),
        ("a line feed", "\\n"),
        ("a carriage return and a line feed", "\\r\\n"),
        ("a tab", "\\t"),
        ("a NUL", "\\u0000"),
        ("a letter of two bytes", "é"),
        ("an escaped quote", "\\\""),
        ("a padding", "="),
    ] {
        for (place, at) in [("at the beginning", 0), ("in the first group", 2), ("in the middle", 8_001)] {
            // In place of a symbol, so that nothing but the symbol is wrong.
            let mut text = whole.clone();
            text.replace_range(at..=at, foreign);
            texts.push((format!("{what} {place}"), text));
        }
        if foreign != "=" {
            texts.push((format!("{what} at the end"), format!("{}{foreign}", &whole[..whole.len() - 1])));
            texts.push((format!("{what} behind the end"), format!("{whole}{foreign}")));
        }
    }
    for (what, text) in [
        ("four paddings behind the end", format!("{whole}====")),
        ("no padding where one is due", one_padding.trim_end_matches('=').to_owned()),
        ("no padding where two are due", two_paddings.trim_end_matches('=').to_owned()),
        ("a padding too few", format!("{}=", two_paddings.trim_end_matches('='))),
        ("a padding too many", format!("{one_padding}=")),
        ("symbols behind the padding", format!("{two_paddings}AAAA")),
        ("loose bits", loosened(&two_paddings)),
        ("loose bits and one padding", loosened(&one_padding)),
        ("a group of one", format!("{whole}A")),
        ("a group of two", format!("{whole}AA")),
        ("a group of three", format!("{whole}AAA")),
        ("only padding", "====".to_owned()),
        ("only blanks", "    ".to_owned()),
        ("one symbol", "A".to_owned()),
        ("the name of a file", "data:audio/wav;base64,".to_owned() + &whole),
    ] {
        texts.push((what.to_owned(), text));
    }
    let case = |(n, (what, text)): (usize, (String, String))| {
        Case::new(&key(n), what, answer(&part(L16, &text)), reason("error", "not base64"))
    };
    texts.into_iter().enumerate().map(case).collect()
}

/// The same text with a last symbol whose low bits are set.
fn loosened(text: &str) -> String {
    let symbols = text.trim_end_matches('=');
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let last = alphabet.find(&symbols[symbols.len() - 1..]).unwrap();
    let wrong = &alphabet[last | 1..=last | 1];
    format!("{}{wrong}{}", &symbols[..symbols.len() - 1], &text[symbols.len()..])
}

/// JSON may spell a character in several ways, and base64 stays base64.
fn escaped() -> Vec<Case> {
    let sound = Sound::of(4, 24_000, 1, 6_002);
    let text = sound.base64();
    let unicode = |c: char| format!("\\u{:04x}", u32::from(c));
    let every: String = Sound::of(4, 24_000, 1, 2_500).base64().chars().map(unicode).collect();
    let some: String =
        text.chars().enumerate().map(|(n, c)| if n % 7 == 3 { unicode(c) } else { c.to_string() }).collect();
    let table = [
        ("escaped slashes", text.replace('/', "\\/"), sound.clone()),
        ("slashes and paddings by number", text.replace('/', "\\u002F").replace('=', "\\u003d"), sound.clone()),
        ("some symbols by number", some, sound),
        ("every symbol by number", every, Sound::of(4, 24_000, 1, 2_500)),
    ];
    let case = |(n, (what, text, sound)): (usize, (&str, String, Sound))| {
        Case::new(&key(200 + n), what, answer(&part(L16, &text)), file(sound))
    };
    table.into_iter().enumerate().map(case).collect()
}

fn empty_and_odd() -> Vec<Case> {
    let odd = "odd number of bytes";
    let tone = Sound::usual(5);
    let longer = base64(&[&tone.pcm[..], &[7]].concat());
    let half = |bytes: &[u8]| part(L16, &base64(bytes));
    let table: Vec<(&str, String, &str, &str)> = vec![
        ("one byte", half(&[1]), "error", odd),
        ("three bytes", half(&[1, 2, 3]), "error", odd),
        ("a tone and a byte", part(L16, &longer), "error", odd),
        ("two parts that are odd", format!("{},{}", half(&tone.pcm[..1_001]), half(&tone.pcm[1_001..])), "error", odd),
        ("empty data", part(L16, ""), "empty", "the audio is empty"),
        ("empty data as a file", part("audio/wav", ""), "empty", "the audio is empty"),
        ("no data", format!(r#"{{"inlineData":{{"mimeType":"{L16}"}}}}"#), "empty", "no audio"),
        ("data that is null", format!(r#"{{"inlineData":{{"mimeType":"{L16}","data":null}}}}"#), "empty", "no audio"),
        ("data that is a number", format!(r#"{{"inlineData":{{"mimeType":"{L16}","data":7}}}}"#), "empty", "no audio"),
        (
            "data that is a list",
            format!(r#"{{"inlineData":{{"mimeType":"{L16}","data":["AAAA"]}}}}"#),
            "empty",
            "no audio",
        ),
        ("inlineData that is null", r#"{"inlineData":null}"#.to_owned(), "empty", "no audio"),
        ("inlineData that is text", r#"{"inlineData":"AAAA"}"#.to_owned(), "empty", "no audio"),
        ("a part that is null", "null".to_owned(), "empty", "no audio"),
        ("a part that is a list", "[]".to_owned(), "empty", "no audio"),
    ];
    let case = |(n, (what, parts, verdict, says)): (usize, (&str, String, &'static str, &'static str))| {
        Case::new(&key(300 + n), what, answer(&parts), reason(verdict, says))
    };
    table.into_iter().enumerate().map(case).collect()
}
