//! From text to syllables and pauses: how long everything takes, without a single sample.

use super::super::chance;
use super::cast::{Cast, cast};
use super::timbre::N_VOWELS;

/// Length of one audio token in microseconds: the service bills 25 a second.
const TOKEN: u64 = 40_000;
/// What a reader takes for one letter of an alphabet; with the pauses below it comes to about 14 a second.
const LETTER: u64 = 64_100;
/// What a reader takes for one ideograph, kana or Hangul syllable.
const IDEOGRAPH: u64 = 208_300;
/// Stillness before the first word.
const LEAD: u64 = 90_000;
/// Stillness after the last one, at least.
const TRAIL: u64 = 120_000;
/// Between two speakers.
const TURN: u64 = 350_000;

/// A text in one voice.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// The name of the voice.
    pub voice: &'a str,
    /// What it says.
    pub text: &'a str,
}

/// A text and how long it takes to say it. The length is known at once; the notes are made to be played.
#[derive(Clone, Debug)]
pub struct Score {
    seed: u64,
    turns: Vec<(String, String)>,
    /// Length in audio tokens, at least one.
    pub tokens: u64,
}

/// A syllable or a pause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// Length in microseconds.
    pub micros: u64,
    /// `None` for a pause.
    pub syllable: Option<Syllable>,
}

/// What a syllable sounds like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Syllable {
    /// Which throat.
    pub timbre: usize,
    /// Which vowel.
    pub vowel: usize,
    /// Pitch at its beginning, in hertz.
    pub from: f64,
    /// Pitch at its end, in hertz.
    pub to: f64,
    /// 0 to 1.
    pub loudness: f64,
    /// Whether it begins with a consonant.
    pub consonant: bool,
}

impl Score {
    /// Measures what is said, in order. `seconds` overrides the length that the text would need: a longer score
    /// says the text again and again, a shorter one stops in its middle.
    pub fn new(seed: u64, turns: &[Turn<'_>], seconds: Option<f64>) -> Self {
        let micros = match seconds {
            Some(seconds) => (seconds.clamp(0.0, 3_600.0) * 1e6) as u64,
            None => {
                let said: u64 = turns.iter().flat_map(|turn| turn.text.chars()).map(micros_of).sum();
                LEAD + said + TURN * (turns.len() as u64).saturating_sub(1) + TRAIL
            }
        };
        let turns = turns.iter().map(|turn| (turn.voice.to_owned(), turn.text.to_owned())).collect();
        Score { seed, turns, tokens: ((micros + TOKEN / 2) / TOKEN).max(1) }
    }

    /// Samples of the whole score at a rate that 25 divides.
    pub fn samples(&self, rate: u32) -> u64 {
        self.tokens * u64::from(rate) * TOKEN / 1_000_000
    }

    /// Syllables and pauses; together at least as long as the score.
    pub fn notes(&self) -> Vec<Note> {
        let mut once = Vec::new();
        for (n, (voice, text)) in self.turns.iter().enumerate() {
            if n > 0 {
                once.push(pause(TURN));
            }
            read(chance::mix(self.seed ^ n as u64), cast(voice), text, &mut once);
        }
        let (length, round) = (self.tokens * TOKEN, once.iter().map(|note| note.micros).sum::<u64>());
        let mut notes = vec![pause(LEAD)];
        let mut said = LEAD;
        while said < length && round > 0 {
            notes.extend_from_slice(&once);
            said += round;
            // What is left at the end of a score of the usual length is too short to begin again.
            if said + TRAIL + TOKEN >= length {
                break;
            }
        }
        notes.push(pause(length));
        notes
    }
}

/// What a character takes, alone or as a part of a syllable.
fn micros_of(c: char) -> u64 {
    if c.is_ascii_alphanumeric() {
        return LETTER;
    }
    match c {
        ' ' => LETTER * 4 / 5,
        '.' | '!' | '?' | '…' | '。' | '！' | '？' | '।' | '؟' => 300_000,
        ',' | ';' | ':' | '–' | '—' | '、' | '，' | '；' | '：' | '،' => 140_000,
        '\n' => 200_000,
        c if is_ideograph(c) => IDEOGRAPH,
        c if c.is_alphanumeric() => LETTER,
        _ => LETTER * 4 / 5,
    }
}

fn pause(micros: u64) -> Note {
    Note { micros, syllable: None }
}

fn read(seed: u64, cast: Cast, text: &str, notes: &mut Vec<Note>) {
    let mut sentence = Sentence::new(seed, cast);
    let mut letters: Vec<char> = Vec::new();
    for c in text.chars() {
        if is_ideograph(c) {
            sentence.syllable(&mut letters, notes);
            letters.push(c);
            sentence.syllable(&mut letters, notes);
        } else if c.is_alphanumeric() {
            // A vowel after a vowel and a consonant closes a syllable, which is near enough for the ear.
            if letters.len() >= 2 && !is_vowel(c) && letters.iter().any(|&c| is_vowel(c)) || letters.len() >= 4 {
                sentence.syllable(&mut letters, notes);
            }
            letters.push(c);
        } else {
            sentence.syllable(&mut letters, notes);
            if matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '।' | '؟') {
                sentence.end(c, notes);
            }
            notes.push(pause(micros_of(c)));
        }
    }
    sentence.syllable(&mut letters, notes);
}

fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

fn is_vowel(c: char) -> bool {
    matches!(
        c.to_lowercase().next().unwrap_or(c),
        'a' | 'e'
            | 'i'
            | 'o'
            | 'u'
            | 'y'
            | 'ä'
            | 'ö'
            | 'ü'
            | 'é'
            | 'è'
            | 'ê'
            | 'á'
            | 'à'
            | 'í'
            | 'ó'
            | 'ú'
            | 'ã'
            | 'õ'
            | 'а'
            | 'е'
            | 'и'
            | 'о'
            | 'у'
            | 'ы'
            | 'э'
            | 'ю'
            | 'я'
            | 'α'
            | 'ε'
            | 'η'
            | 'ι'
            | 'ο'
            | 'υ'
            | 'ω'
    )
}

/// The melody of a sentence: it sinks from word to word and rises at the end of a question.
struct Sentence {
    seed: u64,
    cast: Cast,
    n_syllables: u64,
    level: f64,
}

impl Sentence {
    fn new(seed: u64, cast: Cast) -> Self {
        Sentence { seed, cast, n_syllables: 0, level: 1.12 }
    }

    fn syllable(&mut self, letters: &mut Vec<char>, notes: &mut Vec<Note>) {
        let Some(&first) = letters.first() else { return };
        let micros = letters.iter().map(|&c| micros_of(c)).sum();
        self.n_syllables += 1;
        let seed = chance::mix(self.seed ^ self.n_syllables);
        let chosen = letters.iter().find_map(|&c| vowel_of(c));
        let vowel = chosen.unwrap_or((chance::mix(u64::from(u32::from(first))) % N_VOWELS as u64) as usize);
        let accent = if self.n_syllables % 3 == 1 { 1.06 } else { 1.0 };
        let from = self.cast.pitch * self.level * accent * (0.96 + 0.08 * chance::share(seed));
        self.level = (self.level * 0.988).max(0.86);
        let to = from * (0.93 + 0.08 * chance::share(seed ^ 1));
        let loudness = 0.62 + 0.38 * chance::share(seed ^ 2);
        let consonant = !is_vowel(first);
        let syllable = Syllable { timbre: self.cast.timbre, vowel, from, to, loudness, consonant };
        notes.push(Note { micros, syllable: Some(syllable) });
        letters.clear();
    }

    fn end(&mut self, mark: char, notes: &mut [Note]) {
        let last = notes.iter_mut().rev().find_map(|note| note.syllable.as_mut());
        if let Some(last) = last {
            let rises = matches!(mark, '?' | '？' | '؟');
            last.to = last.from * if rises { 1.28 } else { 0.82 };
        }
        self.level = 1.12;
    }
}

fn vowel_of(c: char) -> Option<usize> {
    Some(match c.to_lowercase().next().unwrap_or(c) {
        'a' | 'á' | 'à' | 'ã' | 'а' | 'я' | 'α' => 0,
        'e' | 'é' | 'è' | 'ê' | 'ä' | 'е' | 'э' | 'ε' => 1,
        'i' | 'í' | 'y' | 'и' | 'ы' | 'η' | 'ι' => 2,
        'o' | 'ó' | 'õ' | 'о' | 'ο' | 'ω' => 3,
        'u' | 'ú' | 'у' | 'ю' | 'υ' => 4,
        'ö' | 'ü' => 5,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> f64 {
        Score::new(1, &[Turn { voice: "Kore", text }], None).tokens as f64 / 25.0
    }

    #[test]
    fn a_text_takes_as_long_as_a_reader_needs() {
        let english = "The corridor was longer than she remembered, and the lamps had burned down to a dull orange. \
                       Nobody had told them, of course, that the door at its end was locked.";
        let rate = english.chars().count() as f64 / seconds(english);
        assert!((12.5..15.5).contains(&rate), "{rate} characters a second");
        let japanese = "長い廊下の先に、小さな扉がありました。だれもその鍵を持っていません。";
        let rate = japanese.chars().count() as f64 / seconds(japanese);
        assert!((4.0..5.2).contains(&rate), "{rate} characters a second");
    }

    #[test]
    fn the_length_is_that_of_the_notes() {
        let text = "One – two, three… „Vier“? 五、六。\nEnde!";
        let turns = [Turn { voice: "Kore", text }, Turn { voice: "Puck", text }];
        let score = Score::new(1, &turns, None);
        let notes = score.notes();
        let said: u64 = notes[..notes.len() - 1].iter().map(|note| note.micros).sum();
        assert!((score.tokens * TOKEN).abs_diff(said + TRAIL) <= TOKEN, "{} tokens, {said} µs", score.tokens);
    }

    #[test]
    fn a_wanted_length_is_kept() {
        for wanted in [0.04, 1.0, 90.0] {
            let score = Score::new(1, &[Turn { voice: "Puck", text: "Again and again." }], Some(wanted));
            assert_eq!(score.samples(24_000), (wanted * 24_000.0) as u64);
        }
        let score = Score::new(1, &[Turn { voice: "Puck", text: "Again and again." }], Some(90.0));
        let spoken: u64 = score.notes().iter().filter(|note| note.syllable.is_some()).map(|note| note.micros).sum();
        assert!(spoken > 50_000_000, "a long score is spoken to its end: {spoken}");
        assert_eq!(Score::new(1, &[], None).tokens, 5, "nothing to say is a short silence");
    }
}
