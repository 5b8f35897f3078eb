//! From characters to seconds, tokens and money: always a range, with what it rests on.
//!
//! Only the text is known before a job; the audio is what costs. Each script has a pace, from slow to fast, and
//! a second of audio is a fixed number of tokens.

use std::ops::AddAssign;

use serde::Deserialize;

use super::catalog::Catalog;
use super::model::BatchPrice;

/// Kinds of writing that are read at different paces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Latin, Greek, Cyrillic and everything that is not named below; spaces and punctuation too.
    Alphabetic,
    /// Arabic and Hebrew: mostly consonants.
    Abjad,
    /// The scripts of South and South-East Asia, whose vowels are signs of their own.
    Brahmic,
    /// Chinese characters.
    Han,
    /// Hiragana and Katakana.
    Kana,
    /// Korean syllables.
    Hangul,
}

impl Script {
    const ALL: [Script; 6] =
        [Script::Alphabetic, Script::Abjad, Script::Brahmic, Script::Han, Script::Kana, Script::Hangul];

    /// The script of one character.
    pub fn of(c: char) -> Script {
        match c as u32 {
            0x0590..=0x08ff | 0xfb1d..=0xfdff | 0xfe70..=0xfefe => Script::Abjad,
            0x0900..=0x0fff | 0x1000..=0x109f | 0x1780..=0x17ff => Script::Brahmic,
            0x1100..=0x11ff | 0x3130..=0x318f | 0xac00..=0xd7af => Script::Hangul,
            0x3040..=0x30ff | 0x31f0..=0x31ff | 0xff66..=0xff9f => Script::Kana,
            0x3001..=0x303f | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff => Script::Han,
            _ => Script::Alphabetic,
        }
    }
}

/// How many characters of each script a text has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Characters {
    by_script: [u64; 6],
}

impl Characters {
    /// Counts a text.
    pub fn of(text: &str) -> Characters {
        let mut characters = Characters::default();
        // Nearly all text is ASCII in long runs, which needs no look at each character.
        for chunk in text.split_inclusive(|c: char| !c.is_ascii()) {
            let Some(last) = chunk.chars().next_back() else { continue };
            let others = chunk.len() - last.len_utf8();
            characters.by_script[Script::Alphabetic as usize] += others as u64;
            characters.by_script[Script::of(last) as usize] += 1;
        }
        characters
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_script.iter().sum()
    }

    /// Those of one script.
    pub fn of_script(&self, script: Script) -> u64 {
        self.by_script[script as usize]
    }
}

impl AddAssign for Characters {
    fn add_assign(&mut self, other: Characters) {
        for (mine, theirs) in self.by_script.iter_mut().zip(other.by_script) {
            *mine += theirs;
        }
    }
}

/// How fast one script is spoken, and how it becomes tokens.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// Characters a second, at the slowest.
    pub slow: f64,
    /// Characters a second, at the fastest.
    pub fast: f64,
    /// Characters of text in a token.
    pub characters_per_token: f64,
}

/// The pace of every script.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paces {
    /// Where the figures come from.
    pub evidence: String,
    /// See [`Script::Alphabetic`].
    pub alphabetic: Pace,
    /// See [`Script::Abjad`].
    pub abjad: Pace,
    /// See [`Script::Brahmic`].
    pub brahmic: Pace,
    /// See [`Script::Han`].
    pub han: Pace,
    /// See [`Script::Kana`].
    pub kana: Pace,
    /// See [`Script::Hangul`].
    pub hangul: Pace,
}

impl Paces {
    /// The pace of one script.
    pub fn of(&self, script: Script) -> Pace {
        match script {
            Script::Alphabetic => self.alphabetic,
            Script::Abjad => self.abjad,
            Script::Brahmic => self.brahmic,
            Script::Han => self.han,
            Script::Kana => self.kana,
            Script::Hangul => self.hangul,
        }
    }
}

/// From low to high.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// At the least.
    pub low: f64,
    /// At the most.
    pub high: f64,
}

impl Span {
    fn times(self, factor: f64) -> Span {
        Span { low: self.low * factor, high: self.high * factor }
    }
}

/// What a text will come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Characters to speak.
    pub characters: u64,
    /// Length of the audio, in seconds.
    pub seconds: Span,
    /// Tokens of the text: what counts against the limits of a request and of a tier.
    pub text_tokens: u64,
    /// Tokens of the audio.
    pub audio_tokens: Span,
    /// US dollars; `None` when nobody knows the price.
    pub dollars: Option<Span>,
}

impl Catalog {
    /// What these characters come to at this price.
    pub fn estimate(&self, characters: &Characters, price: Option<BatchPrice>) -> Estimate {
        let mut estimate = Estimate { characters: characters.total(), ..Estimate::default() };
        let mut text_tokens = 0.0;
        for script in Script::ALL {
            let (n, pace) = (characters.of_script(script) as f64, self.paces.of(script));
            estimate.seconds.low += n / pace.fast;
            estimate.seconds.high += n / pace.slow;
            text_tokens += n / pace.characters_per_token;
        }
        estimate.text_tokens = text_tokens.ceil() as u64;
        estimate.audio_tokens = estimate.seconds.times(self.audio_tokens_per_second);
        estimate.dollars = price.map(|price| {
            let cost = |audio_tokens: f64| price.cost(estimate.text_tokens, audio_tokens.ceil() as u64);
            Span { low: cost(estimate.audio_tokens.low), high: cost(estimate.audio_tokens.high) }
        });
        estimate
    }

    /// What estimates rest on, in one sentence for a person.
    pub fn estimate_basis(&self) -> String {
        format!(
            "from the characters of each script ({}–{} a second in Latin script), {} audio tokens a second, prices as \
             known on {}",
            self.paces.alphabetic.slow, self.paces.alphabetic.fast, self.audio_tokens_per_second, self.as_of
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn characters_are_counted_by_script() {
        let table = [
            ("Guten Tag, grüße!", Script::Alphabetic, 17),
            ("Привет", Script::Alphabetic, 6),
            ("مرحبا", Script::Abjad, 5),
            ("नमस्ते", Script::Brahmic, 6),
            ("你好，世界", Script::Han, 4),
            ("こんにちは", Script::Kana, 5),
            ("안녕하세요", Script::Hangul, 5),
        ];
        for (text, script, n) in table {
            assert_eq!(Characters::of(text).of_script(script), n, "{text}");
        }
    }

    #[test]
    fn a_minute_of_english_is_estimated_as_about_a_minute() {
        // 150 words a minute, six characters a word.
        let text = "seven ".repeat(150);
        let price = BatchPrice { text_in: 0.25, audio_out: 4.5 };
        let estimate = Catalog::built_in().estimate(&Characters::of(&text), Some(price));
        assert!(estimate.seconds.low < 60.0 && 60.0 < estimate.seconds.high, "{:?}", estimate.seconds);
        assert_eq!(estimate.text_tokens, 225);
        let dollars = estimate.dollars.unwrap();
        assert!(dollars.low < 0.0068 && 0.0068 < dollars.high, "{dollars:?}");
        assert!(dollars.high < 0.0085, "{dollars:?}");
    }

    #[test]
    fn an_unknown_price_is_not_zero() {
        assert_eq!(Catalog::built_in().estimate(&Characters::of("hello"), None).dollars, None);
    }

    proptest! {
        #[test]
        fn every_character_counts_once(text in any::<String>()) {
            prop_assert_eq!(Characters::of(&text).total(), text.chars().count() as u64);
        }

        #[test]
        fn low_is_never_above_high(text in any::<String>()) {
            let estimate = Catalog::built_in().estimate(&Characters::of(&text), None);
            prop_assert!(estimate.seconds.low <= estimate.seconds.high);
        }
    }
}
