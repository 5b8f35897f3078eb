//! From characters to seconds, tokens and money: always a range, with what it rests on.
//!
//! Only the text is known before a job; the audio is what costs. Each script has a pace, from slow to fast, and
//! a second of audio is a fixed number of tokens.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

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
    pub(super) const ALL: [Script; 6] =
        [Script::Alphabetic, Script::Abjad, Script::Brahmic, Script::Han, Script::Kana, Script::Hangul];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Script::Alphabetic => "alphabetic script",
            Script::Abjad => "Arabic or Hebrew script",
            Script::Brahmic => "scripts of South Asia",
            Script::Han => "Chinese characters",
            Script::Kana => "Japanese syllables",
            Script::Hangul => "Korean syllables",
        }
    }

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Characters {
    by_script: [u64; 6],
}

impl Characters {
    /// Counts a text.
    pub fn of(text: &str) -> Characters {
        let mut characters = Characters::default();
        if text.is_ascii() {
            characters.by_script[Script::Alphabetic as usize] = text.len() as u64;
            return characters;
        }
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

    /// Those of one script, without the others.
    pub(super) fn only(&self, script: Script) -> Characters {
        let mut only = Characters::default();
        only.by_script[script as usize] = self.by_script[script as usize];
        only
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Characters a second, at the slowest.
    pub slow: f64,
    /// Characters a second, at the fastest.
    pub fast: f64,
    /// Characters of text in a token.
    pub characters_per_token: f64,
}

/// The pace of every script.
#[derive(Clone, Debug, PartialEq)]
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
    /// Before any data was read.
    pub(super) fn unknown() -> Paces {
        let pace = Pace { slow: 0.0, fast: 0.0, characters_per_token: 0.0 };
        Paces {
            evidence: String::new(),
            alphabetic: pace,
            abjad: pace,
            brahmic: pace,
            han: pace,
            kana: pace,
            hangul: pace,
        }
    }

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

/// How long a text is, from low to high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Length {
    /// Of the audio.
    pub seconds: (f64, f64),
    /// Of the text.
    pub text_tokens: u64,
    /// Of the audio.
    pub audio_tokens: (f64, f64),
}

/// What a job may come to, as ranges from low to high: nobody knows the length of speech before it is spoken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Characters to speak.
    pub characters: u64,
    /// Length of the audio, in seconds.
    pub seconds: (f64, f64),
    /// Tokens of the text: what counts against the limits of a request and of a tier.
    pub text_tokens: u64,
    /// Tokens of the audio.
    pub audio_tokens: (f64, f64),
    /// US dollars at the price of a batch; `None` when nobody knows it.
    pub dollars: Option<(f64, f64)>,
    /// What the range rests on, for people.
    pub basis: String,
}

impl Catalog {
    /// What these characters come to, with this price.
    pub fn estimate(&self, characters: &Characters, price: Option<BatchPrice>) -> Estimate {
        let length = self.length(characters);
        let cost = |price: BatchPrice, audio_tokens: f64| price.cost(length.text_tokens, audio_tokens.ceil() as u64);
        let (low, high) = length.audio_tokens;
        Estimate {
            characters: characters.total(),
            seconds: length.seconds,
            text_tokens: length.text_tokens,
            audio_tokens: length.audio_tokens,
            dollars: price.map(|price| (cost(price, low), cost(price, high))),
            basis: self.basis(price),
        }
    }

    /// How long these characters are as audio and in tokens.
    pub fn length(&self, characters: &Characters) -> Length {
        let (mut slow, mut fast, mut text_tokens) = (0.0, 0.0, 0.0);
        for script in Script::ALL {
            let (n, pace) = (characters.of_script(script) as f64, self.paces.of(script));
            slow += n / pace.slow;
            fast += n / pace.fast;
            text_tokens += n / pace.characters_per_token;
        }
        let tokens = |seconds: f64| seconds * self.audio_tokens_per_second;
        Length {
            seconds: (fast, slow),
            text_tokens: text_tokens.ceil() as u64,
            audio_tokens: (tokens(fast), tokens(slow)),
        }
    }

    fn basis(&self, price: Option<BatchPrice>) -> String {
        format!("{}, {}", self.usual_pace(), self.tokens_and_price(self.audio_tokens_per_second, price))
    }

    /// What an estimate rests on where nothing was learned.
    pub(super) fn usual_pace(&self) -> String {
        let pace = self.paces.alphabetic;
        format!("{}–{} characters a second in alphabetic script", pace.slow, pace.fast)
    }

    pub(super) fn tokens_and_price(&self, tokens_per_second: f64, price: Option<BatchPrice>) -> String {
        let price = match price {
            Some(price) => {
                format!("${:.2} for a million of them at the batch price as of {}", price.audio_out, self.as_of)
            }
            None => "no price known".to_owned(),
        };
        // One place behind the point is more than anybody can know, and a whole number needs none.
        let tokens = (tokens_per_second * 10.0).round() / 10.0;
        format!("{tokens} audio tokens a second, {price}")
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
        assert!(estimate.seconds.0 < 60.0 && 60.0 < estimate.seconds.1, "{:?}", estimate.seconds);
        assert_eq!(estimate.text_tokens, 225);
        let dollars = estimate.dollars.unwrap();
        assert!(dollars.0 < 0.0068 && 0.0068 < dollars.1, "{dollars:?}");
        assert!(dollars.1 < 0.0085, "{dollars:?}");
        assert_eq!(
            estimate.basis,
            "13–17 characters a second in alphabetic script, 25 audio tokens a second, $4.50 for a million of them at the \
             batch price as of 2026-11-20"
        );
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
            prop_assert!(estimate.seconds.0 <= estimate.seconds.1);
        }
    }
}
