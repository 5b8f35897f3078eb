//! From text to syllables and pauses: how long everything takes, without a single sample.

use super::super::chance;
use super::cast::{Cast, cast};
use super::timbre::N_VOWELS;

/// Audio tokens a second, as the service bills them.
const TOKENS_PER_SECOND: f64 = 25.0;
/// What a reader takes for one letter of an alphabet; with the pauses below it comes to about 14 a second.
const LETTER: f64 = 1.0 / 15.6;
/// What a reader takes for one ideograph, kana or Hangul syllable.
const IDEOGRAPH: f64 = 1.0 / 4.8;

/// A text in one voice.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// The name of the voice.
    pub voice: &'a str,
    /// What it says.
    pub text: &'a str,
}

/// A text laid out in time.
#[derive(Clone, Debug)]
pub struct Score {
    /// Its parts, one after the other.
    pub notes: Vec<Note>,
    /// Length in audio tokens, at least one.
    pub tokens: u64,
}

/// A syllable or a pause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// In seconds.
    pub seconds: f64,
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
    /// Lays out what is said, in order. `seconds` overrides the length that the text would need: a longer score
    /// says the text again and again, a shorter one stops in its middle.
    pub fn new(seed: u64, turns: &[Turn<'_>], seconds: Option<f64>) -> Self {
        let mut notes = vec![pause(0.09)];
        let mut text = Vec::new();
        for (n, turn) in turns.iter().enumerate() {
            if n > 0 {
                text.push(pause(0.35));
            }
            read(chance::mix(seed ^ n as u64), cast(turn.voice), turn.text, &mut text);
        }
        let wanted = seconds.map(|seconds| seconds.clamp(1.0 / TOKENS_PER_SECOND, 3_600.0));
        let mut length: f64 = notes[0].seconds + text.iter().map(|note| note.seconds).sum::<f64>();
        notes.extend_from_slice(&text);
        if let Some(wanted) = wanted {
            let once: f64 = text.iter().map(|note| note.seconds).sum();
            while once > 0.0 && length < wanted {
                notes.extend_from_slice(&text);
                length += once;
            }
        }
        let tokens = ((wanted.unwrap_or(length + 0.12) * TOKENS_PER_SECOND).round() as u64).max(1);
        // The last pause fills the last token, and is cut to it when the text was longer than wanted.
        notes.push(pause(tokens as f64 / TOKENS_PER_SECOND + 1.0));
        Score { notes, tokens }
    }

    /// Samples of the whole score at a rate that 25 divides.
    pub fn samples(&self, rate: u32) -> u64 {
        self.tokens * u64::from(rate) / TOKENS_PER_SECOND as u64
    }
}

fn pause(seconds: f64) -> Note {
    Note { seconds, syllable: None }
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
            match c {
                '.' | '!' | '?' | '…' | '。' | '！' | '？' | '।' | '؟' => {
                    sentence.end(c, notes);
                    notes.push(pause(0.30));
                }
                ',' | ';' | ':' | '–' | '—' | '、' | '，' | '；' | '：' | '،' => notes.push(pause(0.14)),
                '\n' => notes.push(pause(0.2)),
                _ => notes.push(pause(LETTER * 0.8)),
            }
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
        let seconds = letters.iter().map(|&c| if is_ideograph(c) { IDEOGRAPH } else { LETTER }).sum();
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
        notes.push(Note { seconds, syllable: Some(syllable) });
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
        Score::new(1, &[Turn { voice: "Kore", text }], None).tokens as f64 / TOKENS_PER_SECOND
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
    fn a_wanted_length_is_kept() {
        for wanted in [0.04, 1.0, 90.0] {
            let score = Score::new(1, &[Turn { voice: "Puck", text: "Again and again." }], Some(wanted));
            assert_eq!(score.samples(24_000), (wanted * 24_000.0) as u64);
        }
        assert_eq!(Score::new(1, &[], None).tokens, 5, "nothing to say is a short silence");
    }
}
