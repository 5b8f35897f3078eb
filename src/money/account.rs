//! What the results of a job came to: tokens that were of use and tokens that were not, and how long the texts became.
//!
//! Pure sums: whatever is added up in parts comes out as if it had been added up at once.

use std::collections::HashMap;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use super::estimate::Characters;
use super::model::BatchPrice;

/// More voices and languages than any job has; whatever comes beyond them is counted together, as if nobody had said how
/// it was spoken. It bounds the memory and, with [`LONGEST_NAME`], the length of a record.
const MOST_MANNERS: usize = 1_024;

/// Of a longer name of a voice or language so many characters tell it from others.
const LONGEST_NAME: usize = 64;

/// In which voice and language something is spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Manner {
    /// Or the voices of a dialogue; empty when nobody said it.
    pub voice: String,
    /// A BCP 47 code; empty when the model detected it.
    pub language: String,
}

/// What some results were billed for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Billed {
    /// How many results.
    pub clips: u64,
    /// Tokens of their texts.
    pub prompt_tokens: u64,
    /// Tokens of their audio, whether it came or not.
    pub audio_tokens: u64,
}

impl Billed {
    /// What they cost in US dollars.
    pub fn dollars(&self, price: BatchPrice) -> f64 {
        price.cost(self.prompt_tokens, self.audio_tokens)
    }
}

impl AddAssign for Billed {
    fn add_assign(&mut self, other: Billed) {
        self.clips += other.clips;
        self.prompt_tokens += other.prompt_tokens;
        self.audio_tokens += other.audio_tokens;
    }
}

impl Add for Billed {
    type Output = Billed;

    fn add(mut self, other: Billed) -> Billed {
        self += other;
        self
    }
}

impl Sum for Billed {
    fn sum<I: Iterator<Item = Billed>>(all: I) -> Billed {
        all.fold(Billed::default(), Add::add)
    }
}

/// How long good clips came out whose texts are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How many.
    pub clips: u64,
    /// Of their texts.
    pub characters: Characters,
    /// Of their audio.
    pub seconds: f64,
    /// The sum of the squared seconds of each clip over its characters: what tells how much clips differ.
    pub squares: f64,
    /// Audio tokens of the clips that say them.
    pub audio_tokens: u64,
    /// Seconds of the same clips.
    pub token_seconds: f64,
}

impl AddAssign for Measured {
    fn add_assign(&mut self, other: Measured) {
        self.clips += other.clips;
        self.characters += other.characters;
        self.seconds += other.seconds;
        self.squares += other.squares;
        self.audio_tokens += other.audio_tokens;
        self.token_seconds += other.token_seconds;
    }
}

/// One result, as far as it is about money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clip {
    /// Whether its audio is good.
    pub is_useful: bool,
    /// As the service counts them; `None` when it did not say.
    pub prompt_tokens: Option<u64>,
    /// The same of the audio.
    pub audio_tokens: Option<u64>,
    /// Of its audio; 0 without any.
    pub seconds: f64,
    /// Of its text, when it is known.
    pub characters: Option<Characters>,
}

/// What the results in one voice and language came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// How they were spoken.
    #[serde(flatten)]
    pub manner: Manner,
    /// What was paid for good audio.
    pub useful: Billed,
    /// What was paid for audio that cannot be used, or for none.
    pub unusable: Billed,
    /// How long the good audio is.
    pub measured: Measured,
}

impl Share {
    /// All that was billed.
    pub fn billed(&self) -> Billed {
        self.useful + self.unusable
    }

    fn take(&mut self, clip: &Clip, tokens_per_second: f64) {
        // Audio without a word about its tokens was billed all the same.
        let audio_tokens = clip.audio_tokens.unwrap_or((clip.seconds * tokens_per_second).round() as u64);
        let billed = Billed { clips: 1, prompt_tokens: clip.prompt_tokens.unwrap_or(0), audio_tokens };
        match clip.is_useful {
            true => self.useful += billed,
            // An error in place of an answer costs nothing, and is no clip.
            false if billed.prompt_tokens + billed.audio_tokens > 0 => self.unusable += billed,
            false => {}
        }
        let Some(characters) = clip.characters.filter(|characters| clip.is_useful && characters.total() > 0) else {
            return;
        };
        if clip.seconds > 0.0 {
            let counted = clip.audio_tokens.filter(|tokens| *tokens > 0);
            self.measured += Measured {
                clips: 1,
                characters,
                seconds: clip.seconds,
                squares: clip.seconds * clip.seconds / characters.total() as f64,
                audio_tokens: counted.unwrap_or(0),
                token_seconds: counted.map_or(0.0, |_| clip.seconds),
            };
        }
    }
}

/// Something for every voice and language that occurs, in the order in which they first do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ByManner<T> {
    all: Vec<(Manner, T)>,
    places: HashMap<String, usize>,
    /// For looking a manner up without making a new string each time.
    wanted: String,
}

impl<T: Default> ByManner<T> {
    /// What belongs to this voice and language.
    pub fn of(&mut self, voice: Option<&str>, language: Option<&str>) -> &mut T {
        let (voice, language) = (head(voice.unwrap_or("")), head(language.unwrap_or("")));
        self.wanted.clear();
        self.wanted.extend([voice, "\n", language]);
        if let Some(at) = self.places.get(self.wanted.as_str()) {
            return &mut self.all[*at].1;
        }
        let is_one_too_many = self.all.len() + 1 >= MOST_MANNERS && self.wanted != "\n";
        if is_one_too_many {
            return self.of(None, None);
        }
        self.places.insert(self.wanted.clone(), self.all.len());
        let manner = Manner { voice: voice.to_owned(), language: language.to_owned() };
        self.all.push((manner, T::default()));
        &mut self.all.last_mut().expect("one was put there").1
    }

    /// All of them.
    pub fn all(&self) -> &[(Manner, T)] {
        &self.all
    }
}

fn head(name: &str) -> &str {
    name.char_indices().nth(LONGEST_NAME).map_or(name, |(end, _)| &name[..end])
}

/// What all results of a job came to, while they go by.
#[derive(Clone, Debug, Default)]
pub struct Account {
    shares: ByManner<Share>,
    tokens_per_second: f64,
}

impl Account {
    /// An empty one. The tokens in a second of audio are for clips that do not say theirs.
    pub fn new(tokens_per_second: f64) -> Account {
        Account { shares: ByManner::default(), tokens_per_second }
    }

    /// Takes one more result, and in which voice and language it is spoken, as far as that is known.
    pub fn take(&mut self, voice: Option<&str>, language: Option<&str>, clip: &Clip) {
        self.shares.of(voice, language).take(clip, self.tokens_per_second);
    }

    /// What every voice and language came to.
    pub fn shares(&self) -> Vec<Share> {
        let share = |(manner, share): &(Manner, Share)| Share { manner: manner.clone(), ..share.clone() };
        self.shares.all().iter().map(share).collect()
    }
}

/// An amount in whole cents as two parts that add up to it: the first is rounded, the second is what is left.
pub fn in_cents(useful: f64, unusable: f64) -> (u64, u64) {
    let cents = |dollars: f64| (dollars * 100.0).round() as u64;
    let useful_cents = cents(useful);
    (useful_cents, cents(useful + unusable).saturating_sub(useful_cents))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PRICE: BatchPrice = BatchPrice { text_in: 0.25, audio_out: 4.5 };

    fn clip(seconds: f64, text: &str) -> Clip {
        Clip {
            is_useful: true,
            prompt_tokens: Some(8),
            audio_tokens: Some((seconds * 25.0) as u64),
            seconds,
            characters: Some(Characters::of(text)),
        }
    }

    #[test]
    fn what_cannot_be_used_is_paid_for_and_teaches_nothing() {
        let mut account = Account::new(25.0);
        let table = [
            (clip(4.0, "Guten Tag."), (1, 100), (0, 0), 1),
            (Clip { is_useful: false, ..clip(4.0, "Guten Tag.") }, (0, 0), (1, 100), 0),
            // Tokens without audio.
            (Clip { is_useful: false, seconds: 0.0, ..clip(4.0, "x") }, (0, 0), (1, 100), 0),
            // An error.
            (Clip { is_useful: false, prompt_tokens: None, audio_tokens: None, ..clip(0.0, "x") }, (0, 0), (0, 0), 0),
            // A text that nobody knows.
            (Clip { characters: None, ..clip(4.0, "") }, (1, 100), (0, 0), 0),
            // Audio without a word about its tokens.
            (Clip { audio_tokens: None, ..clip(4.0, "Hallo") }, (1, 100), (0, 0), 1),
        ];
        for (clip, useful, unusable, measured) in table {
            let mut share = Share::default();
            share.take(&clip, 25.0);
            let figures = |billed: Billed| (billed.clips, billed.audio_tokens);
            assert_eq!((figures(share.useful), figures(share.unusable)), (useful, unusable), "{clip:?}");
            assert_eq!(share.measured.clips, measured, "{clip:?}");
            account.take(Some("Kore"), None, &clip);
        }
        assert_eq!(account.shares().len(), 1);
    }

    #[test]
    fn very_many_manners_are_counted_together() {
        let mut counts = ByManner::<u64>::default();
        for n in 0..3 * MOST_MANNERS {
            *counts.of(Some(&format!("v{n}")), Some("de-DE")) += 1;
        }
        assert!(counts.all().len() <= MOST_MANNERS);
        assert_eq!(counts.all().iter().map(|(_, n)| *n).sum::<u64>(), 3 * MOST_MANNERS as u64);
    }

    #[test]
    fn a_share_comes_back_from_its_json() {
        let mut account = Account::new(25.0);
        account.take(Some("Kore"), Some("de-DE"), &clip(4.0, "Guten Tag, 世界."));
        let share = account.shares().remove(0);
        let json = serde_json::to_string(&share).unwrap();
        assert!(json.starts_with(r#"{"voice":"Kore","language":"de-DE","useful":{"clips":1,"#), "{json}");
        assert_eq!(serde_json::from_str::<Share>(&json).unwrap(), share);
    }

    fn clips() -> impl Strategy<Value = Vec<(usize, usize, Clip)>> {
        let tokens = || proptest::option::of(0u64..200_000);
        let one =
            (0usize..4, 0usize..3, any::<bool>(), tokens(), tokens(), 0.0..600.0f64, proptest::option::of(".{0,40}"));
        let clip = one.prop_map(|(voice, language, is_useful, prompt_tokens, audio_tokens, seconds, text)| {
            let characters = text.map(|text| Characters::of(&text));
            (voice, language, Clip { is_useful, prompt_tokens, audio_tokens, seconds, characters })
        });
        proptest::collection::vec(clip, 0..60)
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_job_in_tokens_and_to_the_cent(clips in clips(), text_in in 0.0..3.0f64, audio_out in 0.0..30.0f64) {
            let (voices, languages) = ([None, Some("Kore"), Some("Puck"), Some("Kore + Puck")], [None, Some("de-DE"), Some("ja-JP")]);
            let price = BatchPrice { text_in, audio_out };
            let mut account = Account::new(25.0);
            // The same, counted by hand over all rows.
            let (mut tokens, mut dollars) = ((0u64, 0u64), 0.0);
            for (voice, language, clip) in &clips {
                account.take(voices[*voice], languages[*language], clip);
                let audio = clip.audio_tokens.unwrap_or((clip.seconds * 25.0).round() as u64);
                let prompt = clip.prompt_tokens.unwrap_or(0);
                tokens = (tokens.0 + prompt, tokens.1 + audio);
                dollars += price.cost(prompt, audio);
            }
            let shares = account.shares();
            let useful: Billed = shares.iter().map(|share| share.useful).sum();
            let unusable: Billed = shares.iter().map(|share| share.unusable).sum();
            let all: Billed = shares.iter().map(Share::billed).sum();
            prop_assert_eq!(useful + unusable, all);
            prop_assert_eq!((all.prompt_tokens, all.audio_tokens), tokens);
            prop_assert!((all.dollars(price) - dollars).abs() < 1e-6);
            let by_share: f64 = shares.iter().map(|share| share.billed().dollars(price)).sum();
            prop_assert!((by_share - dollars).abs() < 1e-6);
            let (good, bad) = in_cents(useful.dollars(price), unusable.dollars(price));
            prop_assert_eq!(good + bad, (all.dollars(price) * 100.0).round() as u64);
            prop_assert!(shares.len() <= 12);
        }

        #[test]
        fn results_that_are_read_in_two_parts_come_to_the_same(clips in clips(), cut in 0usize..60) {
            let read = |clips: &[(usize, usize, Clip)]| {
                let mut account = Account::new(25.0);
                clips.iter().for_each(|(_, _, clip)| account.take(Some("Kore"), None, clip));
                account.shares().into_iter().next().unwrap_or_default()
            };
            let (first, second) = clips.split_at(cut.min(clips.len()));
            let (whole, first, second) = (read(&clips), read(first), read(second));
            prop_assert_eq!(whole.billed(), first.billed() + second.billed());
            let mut measured = first.measured;
            measured += second.measured;
            prop_assert_eq!((measured.clips, measured.characters), (whole.measured.clips, whole.measured.characters));
            prop_assert!((measured.seconds - whole.measured.seconds).abs() < 1e-6);
        }
    }

    #[test]
    fn cents_add_up_where_rounding_each_would_not() {
        // Each rounds to 1 cent, and both together are 1 cent.
        assert_eq!(in_cents(0.006, 0.006), (1, 0));
        assert_eq!(in_cents(2.95, 0.06), (295, 6));
        assert_eq!(Billed { clips: 1, prompt_tokens: 1_000_000, audio_tokens: 1_000 }.dollars(PRICE), 0.2545);
    }
}
