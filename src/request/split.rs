//! Long texts in pieces that a model can speak, cut where a reader would breathe.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use super::sentences;

/// Cuts a text into pieces of a load of at most 1, in order; together they are the text, byte for byte.
///
/// The load of a text is what it takes of the room, and that of two texts together is at most the sum of theirs.
/// Cuts fall between paragraphs, else between sentences, else between clauses or words, and never inside a character
/// as readers see it. Only a single character can come out over the load. No piece is blank, unless the text is.
pub fn split<'t>(text: &'t str, load: &dyn Fn(&str) -> f64) -> Vec<&'t str> {
    if text.len() <= WINDOW {
        return split_window(text, load);
    }
    let mut ends = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let window = &text[start..start + end_of_window(&text[start..])];
        for piece in split_window(window, load) {
            start += piece.len();
            ends.push((start, piece.trim().is_empty()));
        }
    }
    // Blanks that fill a window belong to what stands before them, or else behind them.
    let mut pieces: Vec<&str> = Vec::new();
    let mut start = 0;
    for (end, is_blank) in ends {
        match pieces.last_mut() {
            Some(last) if is_blank => *last = &text[start - last.len()..end],
            None if is_blank && end < text.len() => continue,
            Some(_) | None => pieces.push(&text[start..end]),
        }
        start = end;
    }
    pieces
}

/// Texts of more bytes are taken apart in windows, so that little is remembered of a text of any length.
const WINDOW: usize = 256 * 1024;

/// The byte at which the first window of a text ends: behind a line, else a sentence, a word or a character.
fn end_of_window(text: &str) -> usize {
    if text.len() <= WINDOW {
        return text.len();
    }
    let whole_char = |most: usize| (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let head = &text[..whole_char(WINDOW)];
    let tail = whole_char(WINDOW - WINDOW / 16);
    let sentence = || head[tail..].split_sentence_bound_indices().map(|(at, _)| tail + at).last();
    let places = [
        head[tail..].rfind('\n').map(|at| tail + at + 1),
        sentence().filter(|at| *at > tail),
        head[tail..].rfind(' ').map(|at| tail + at + 1),
    ];
    let is_whole = |at: &usize| GraphemeCursor::new(*at, text.len(), true).is_boundary(text, 0).unwrap_or(false);
    places.into_iter().flatten().find(is_whole).unwrap_or_else(|| {
        let before = GraphemeCursor::new(head.len(), text.len(), true).prev_boundary(text, 0);
        before.ok().flatten().filter(|at| *at > 0).unwrap_or(head.len())
    })
}

fn split_window<'t>(text: &'t str, load: &dyn Fn(&str) -> f64) -> Vec<&'t str> {
    let whole = load(text);
    if whole <= 1.0 || text.trim().is_empty() {
        return vec![text];
    }
    let mut atoms = Vec::new();
    for sentence in aligned(text, sentences::ends(text)) {
        divide(sentence, load, LEVELS, &mut atoms);
    }
    pack(text, &atoms, whole)
}

/// A stretch that stays whole, and its load.
struct Atom<'t> {
    text: &'t str,
    load: f64,
}

/// Ways to divide a sentence that is too long, the best first.
const LEVELS: &[fn(&str) -> Vec<usize>] = &[after_lines, after_clauses, after_spaces, between_words, between_graphemes];

/// Adds a text to the atoms, whole if it fits, else divided.
fn divide<'t>(text: &'t str, load: &dyn Fn(&str) -> f64, levels: &[fn(&str) -> Vec<usize>], atoms: &mut Vec<Atom<'t>>) {
    let weight = load(text);
    match levels.split_first() {
        Some((level, below)) if weight > 1.0 => {
            for part in aligned(text, level(text).into_iter()) {
                divide(part, load, below, atoms);
            }
        }
        Some(_) | None => atoms.push(Atom { text, load: weight }),
    }
}

/// Packs atoms into pieces of about the same load, so that the last one is no lonely word.
fn pack<'t>(text: &'t str, atoms: &[Atom], whole: f64) -> Vec<&'t str> {
    let even = whole / whole.ceil().max(1.0);
    let mut pieces: Vec<&str> = Vec::new();
    let (mut start, mut end, mut sum) = (0, 0, 0.0);
    let mut is_blank = true;
    for atom in atoms {
        let piece = &text[start..end];
        let is_space = atom.text.trim().is_empty();
        let is_full = sum >= even || (sum >= 0.8 * even && piece.ends_with('\n'));
        if (sum + atom.load > 1.0 || is_full) && !is_blank && !is_space {
            pieces.push(piece);
            (start, sum, is_blank) = (end, 0.0, true);
        }
        is_blank &= is_space;
        end += atom.text.len();
        sum += atom.load;
    }
    let last = &text[start..];
    match pieces.last_mut() {
        // Blanks at the end belong to what stands before them.
        Some(before) if last.trim().is_empty() => *before = &text[start - before.len()..],
        Some(_) | None => pieces.push(last),
    }
    pieces
}

/// The parts between these places, as far as they do not lie inside a character.
fn aligned(text: &str, places: impl Iterator<Item = usize>) -> impl Iterator<Item = &str> {
    let inside = move |at: &usize| {
        (1..text.len()).contains(at) && GraphemeCursor::new(*at, text.len(), true).is_boundary(text, 0).unwrap_or(false)
    };
    let mut start = 0;
    places.filter(inside).chain([text.len()]).map(move |end| {
        let part = &text[start..end];
        start = end;
        part
    })
}

fn after_lines(text: &str) -> Vec<usize> {
    text.match_indices('\n').map(|(at, _)| at + 1).collect()
}

fn after_clauses(text: &str) -> Vec<usize> {
    let ends = |c: char| matches!(c, ',' | ';' | ':' | '–' | '—' | '،' | '؛' | '、' | '，' | '；' | '：' | '।');
    let mut places = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if !ends(c) {
            continue;
        }
        let mut end = at + c.len_utf8();
        let was = end;
        while let Some((at, c)) = chars.next_if(|(_, c)| c.is_whitespace()) {
            end = at + c.len_utf8();
        }
        // `3,14` is one word; the wide signs need no space.
        if end > was || !c.is_ascii() {
            places.push(end);
        }
    }
    places
}

fn after_spaces(text: &str) -> Vec<usize> {
    text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, c)| at + c.len_utf8()).collect()
}

fn between_words(text: &str) -> Vec<usize> {
    text.split_word_bound_indices().map(|(at, _)| at).collect()
}

fn between_graphemes(text: &str) -> Vec<usize> {
    text.grapheme_indices(true).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_chars(most: usize) -> impl Fn(&str) -> f64 {
        move |text| text.chars().count() as f64 / most as f64
    }

    fn pieces(text: &str, most: usize) -> Vec<&str> {
        split(text, &by_chars(most))
    }

    #[test]
    fn cuts_fall_at_the_ends_of_sentences_of_every_script() {
        let table: [(&str, usize, &[&str]); 10] = [
            ("One two. Three four. Five six.", 12, &["One two. ", "Three four. ", "Five six."]),
            ("Costs 3.14 now. And more.", 18, &["Costs 3.14 now. ", "And more."]),
            ("今日は。明日も！本当？", 5, &["今日は。", "明日も！", "本当？"]),
            ("كيف حالك؟ أنا بخير.", 12, &["كيف حالك؟ ", "أنا بخير."]),
            ("สวัสดีครับ ยินดีต้อนรับ", 14, &["สวัสดีครับ ", "ยินดีต้อนรับ"]),
            ("नमस्ते दुनिया। फिर मिलेंगे।", 15, &["नमस्ते दुनिया। ", "फिर मिलेंगे।"]),
            ("First, second, third", 8, &["First, ", "second, ", "third"]),
            ("The sea\nis a poem\nof lines", 10, &["The sea\n", "is a poem\n", "of lines"]),
            ("Ask Mr. Hale. Or ask Dr. Low.", 17, &["Ask Mr. Hale. ", "Or ask Dr. Low."]),
            ("abcdefghij", 4, &["abcd", "efgh", "ij"]),
        ];
        for (text, most, expected) in table {
            assert_eq!(pieces(text, most), expected, "{text}");
        }
    }

    #[test]
    fn pieces_are_about_equal_and_end_with_paragraphs() {
        let sentence = "A sentence of words. ";
        let text = sentence.repeat(11);
        let lengths: Vec<usize> = pieces(&text, 210).iter().map(|piece| piece.len()).collect();
        assert_eq!(lengths, [126, 105]);
        let text = format!("{}\n\n{}", "Ab cd. ".repeat(9), "Ef gh. ".repeat(9));
        assert!(pieces(&text, 70)[0].ends_with("\n\n"));
    }

    #[test]
    fn a_short_text_stays_whole() {
        assert_eq!(pieces("One. Two.", 9), ["One. Two."]);
        assert_eq!(pieces("", 1), [""]);
        assert_eq!(pieces("    ", 1), ["    "]);
    }

    #[test]
    fn a_text_of_any_length_is_split_window_by_window() {
        let table = [
            "A sentence of words. ".repeat(40_000),
            format!("{}word", " ".repeat(2 * WINDOW)),
            format!("word{}word", " ".repeat(2 * WINDOW)),
            "字".repeat(WINDOW),
            format!("e{}", "\u{301}".repeat(WINDOW)),
        ];
        for text in table {
            let pieces = pieces(&text, 5_000);
            assert_eq!(pieces.concat(), text);
            assert!(pieces.iter().all(|piece| !piece.trim().is_empty()));
        }
        let sentences = "A sentence of words. ".repeat(40_000);
        assert!(pieces(&sentences, 5_000).iter().all(|piece| piece.ends_with(". ") && piece.len() <= 5_000));
    }

    proptest! {
        #[test]
        fn joined_pieces_are_the_text(text in "(\\PC|[ .,。？!\n\r\t\u{301}\u{200d}👩🏽ก็ำ한a-c]){0,80}", most in 1_usize..20) {
            let pieces = pieces(&text, most);
            prop_assert_eq!(pieces.concat(), text.clone());
            let graphemes: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
            let mut at = 0;
            for piece in &pieces {
                prop_assert!(at == 0 || graphemes.contains(&at), "cut inside a character at {at}");
                prop_assert!(pieces.len() == 1 || !piece.trim().is_empty());
                let fits = by_chars(most)(piece.trim()) <= 1.0;
                prop_assert!(fits || piece.trim().graphemes(true).count() == 1 || piece.trim().chars().any(char::is_whitespace), "{piece:?}");
                at += piece.len();
            }
        }
    }
}
