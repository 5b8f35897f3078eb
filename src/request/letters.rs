//! How long a text is to be spoken, in letters, before anybody has spoken it. Pure.

use crate::audio::Letters;
use crate::money::{Characters, Script};

impl From<&Characters> for Letters {
    /// All characters, each for as many letters as it takes to read it.
    fn from(characters: &Characters) -> Letters {
        let letters: f64 =
            SCRIPTS.iter().map(|script| characters.of_script(*script) as f64 * letters_of(*script)).sum();
        let most = letters.round() as u32;
        Letters { least: most, most }
    }
}

const SCRIPTS: [Script; 6] =
    [Script::Alphabetic, Script::Abjad, Script::Brahmic, Script::Han, Script::Kana, Script::Hangul];

/// The time that a character of a script takes, in letters of an alphabet: the middle of the paces by which a job is
/// priced, 15 letters a second, against that of the script.
fn letters_of(script: Script) -> f64 {
    match script {
        Script::Alphabetic => 1.0,
        Script::Abjad => 1.25,
        Script::Brahmic => 1.15,
        Script::Han => 3.35,
        Script::Kana => 2.05,
        Script::Hangul => 2.5,
    }
}

/// How long a text is, and how much of it is surely spoken: what stands before a colon may be the name of a speaker or
/// an instruction, and what stands in brackets is a tag.
pub fn letters(text: &str) -> Letters {
    let most = Letters::from(&Characters::of(text)).most;
    let is_plain = !text.contains([':', '：', '[', '<', '|']);
    if is_plain {
        return Letters { least: most, most };
    }
    let least = text.lines().map(|line| Letters::from(&Characters::of(&spoken(line))).most).sum();
    Letters { least, most }
}

/// What is surely spoken of a line.
fn spoken(line: &str) -> String {
    let behind = line.split_once([':', '：']).map_or(line, |(_, behind)| behind);
    let mut spoken = String::with_capacity(behind.len());
    let mut closing = None;
    for c in behind.trim().chars() {
        match (closing, c) {
            (Some(end), c) if c == end => closing = None,
            (Some(_), _) => {}
            (None, '[') => closing = Some(']'),
            (None, '<') => closing = Some('>'),
            (None, '|') => closing = Some('|'),
            (None, c) => spoken.push(c),
        }
    }
    spoken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Catalog;

    #[test]
    fn what_is_surely_spoken_has_no_tags_names_and_instructions() {
        let table = [
            ("", 0, 0),
            ("Good morning.", 13, 13),
            ("Say cheerfully: Hi!", 3, 19),
            ("Say cheerfully:\nJoe: Hi!\nJane: Ho!", 6, 34),
            ("[sigh] Well <long pause>.", 7, 25),
            ("It is 10:30 now.", 7, 16),
            ("unclosed [tag", 9, 13),
            ("你好世界", 13, 13),
            ("こんにちは", 10, 10),
        ];
        for (text, least, most) in table {
            assert_eq!(letters(text), Letters { least, most }, "{text}");
        }
    }

    #[test]
    fn a_letter_takes_as_long_here_as_where_a_job_is_priced() {
        let paces = Catalog::built_in().paces.clone();
        let middle = |script| (paces.of(script).slow * paces.of(script).fast).sqrt();
        for script in SCRIPTS {
            let expected = middle(Script::Alphabetic) / middle(script);
            assert!((letters_of(script) / expected - 1.0).abs() < 0.05, "{script:?}: {expected}");
        }
    }
}
