//! The thresholds by which audio is thought good or bad, in one place, with the range of each.

/// The thresholds. Each has a word of its own name in `[verdicts]` of the configuration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Below this mean level nothing is heard, in dB below full scale.
    pub silent_db: f64,
    /// Below this mean level it is hardly heard.
    pub quiet_db: f64,
    /// The share of samples at full scale that makes it distorted.
    pub clipped_share: f64,
    /// Fewer samples than this at full scale are not heard.
    pub clipped_samples: f64,
    /// Audio tokens in a second of audio: 25 for the models of 2.5 and 3.1, by the documents and by real replies.
    pub tokens_per_second: f64,
    /// How much shorter than its tokens audio may be, as a share, before it counts as cut.
    pub missing_share: f64,
    /// And in seconds.
    pub missing_seconds: f64,
    /// The same share for models whose token rate is not known: a published cost of 3.8 does not fit 25 a second.
    pub missing_share_unsure: f64,
    /// Audio so many times longer than its tokens, or than the slowest reading of its text, runs away.
    pub runaway_times: f64,
    /// And by at least so many seconds.
    pub runaway_seconds: f64,
    /// The fewest letters that are spoken in a second, in any language.
    pub slowest_letters_per_second: f64,
    /// The most letters that are spoken in a second: text that takes less time than this was not all spoken.
    pub fastest_letters_per_second: f64,
    /// A silence of so many seconds, wherever it is, has nothing to do with the text any more.
    pub silence_seconds: f64,
    /// So much of the audio may be silence before and after the speech, as a share, once it is 3 s or more.
    pub silence_share: f64,
    /// A spectrum as flat as this is noise, from 0 for a tone to 1 for white noise.
    pub noise_flatness: f64,
    /// Noise softer than this mean level is nobody's swapped bytes.
    pub noise_db: f64,
    /// Sound whose level moves less than this is a tone, a hum or a hiss: the standard deviation in dB.
    pub steady_db: f64,
    /// Shorter sound than this may be steady, in seconds.
    pub steady_seconds: f64,
    /// Shorter audio than this, in seconds, holds no word.
    pub shortest_seconds: f64,
    /// Fewer rows than this of one voice and language are no set to compare with.
    pub set_rows: f64,
    /// Audio so many times longer, or shorter, than its text and the rest of the set let expect stands out.
    pub set_times: f64,
    /// And by so many times the spread of the set, as a robust standard deviation.
    pub set_spreads: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            silent_db: -60.0,
            quiet_db: -45.0,
            clipped_share: 0.001,
            clipped_samples: 24.0,
            tokens_per_second: 25.0,
            missing_share: 0.05,
            missing_seconds: 0.3,
            missing_share_unsure: 0.5,
            runaway_times: 1.5,
            runaway_seconds: 2.0,
            slowest_letters_per_second: 3.0,
            fastest_letters_per_second: 45.0,
            silence_seconds: 10.0,
            silence_share: 0.7,
            noise_flatness: 0.75,
            noise_db: -40.0,
            steady_db: 1.0,
            steady_seconds: 0.5,
            shortest_seconds: 0.05,
            set_rows: 12.0,
            set_times: 2.0,
            set_spreads: 6.0,
        }
    }
}

/// One threshold: its word, what it may be, and what it means.
#[derive(Debug)]
pub struct Limit {
    /// Its word in the configuration.
    pub word: &'static str,
    /// The lowest value that makes sense.
    pub least: f64,
    /// The highest.
    pub most: f64,
    /// The verdicts that it decides.
    pub verdict: &'static str,
    /// What it means, in a few words.
    pub meaning: &'static str,
    /// Its place.
    pub of: fn(&mut Limits) -> &mut f64,
}

macro_rules! limit {
    ($word:ident, $least:expr, $most:expr, $verdict:expr, $meaning:expr) => {
        Limit {
            word: stringify!($word),
            least: $least,
            most: $most,
            verdict: $verdict,
            meaning: $meaning,
            of: |limits| &mut limits.$word,
        }
    };
}

impl Limits {
    /// All thresholds, in the order of the rules.
    pub const ALL: [Limit; 22] = [
        limit!(silent_db, -120.0, 0.0, "silent", "mean level below which nothing is heard"),
        limit!(noise_flatness, 0.0, 1.01, "noise", "flatness of the spectrum from which it is noise; 1.01 never"),
        limit!(noise_db, -120.0, 0.0, "noise", "mean level below which flat noise does not matter"),
        limit!(steady_db, 0.0, 20.0, "noise", "movement of the level below which it is a tone, a hum or a hiss"),
        limit!(steady_seconds, 0.1, 3600.0, "noise", "steady sound shorter than this does not matter"),
        limit!(tokens_per_second, 1.0, 1000.0, "truncated runaway", "audio tokens billed for a second"),
        limit!(missing_share, 0.0, 1.0, "truncated", "how much shorter than its tokens audio may be"),
        limit!(missing_share_unsure, 0.0, 1.0, "truncated", "the same for models whose token rate is not known"),
        limit!(missing_seconds, 0.0, 3600.0, "truncated", "and in seconds"),
        limit!(shortest_seconds, 0.0, 3600.0, "truncated", "shorter audio holds no word"),
        limit!(fastest_letters_per_second, 5.0, 10_000.0, "truncated", "faster than anybody reads"),
        limit!(slowest_letters_per_second, 0.01, 100.0, "runaway", "slower than anybody reads"),
        limit!(runaway_times, 1.0, 1000.0, "runaway", "times longer than its tokens or its text"),
        limit!(runaway_seconds, 0.0, 3600.0, "runaway", "and by so many seconds"),
        limit!(silence_seconds, 0.5, 3600.0, "runaway", "the longest silence before, within or after the speech"),
        limit!(silence_share, 0.0, 1.01, "runaway", "share of silence before and after the speech; 1.01 never"),
        limit!(clipped_share, 0.0, 1.0, "clipped", "share of samples at full scale"),
        limit!(clipped_samples, 0.0, 1_000_000_000.0, "clipped", "and so many of them"),
        limit!(quiet_db, -120.0, 0.0, "quiet", "mean level below which it is hardly heard"),
        limit!(set_rows, 5.0, 1_000_000_000.0, "truncated runaway", "rows of one voice and language that make a set"),
        limit!(set_times, 1.1, 1000.0, "truncated runaway", "times longer or shorter than the set lets expect"),
        limit!(set_spreads, 2.0, 1000.0, "truncated runaway", "and by so many spreads of the set"),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_word_of_its_own_and_its_default_is_allowed() {
        let mut limits = Limits::default();
        let mut words = Vec::new();
        let mut places = Vec::new();
        for limit in &Limits::ALL {
            let value = (limit.of)(&mut limits);
            assert!((limit.least..=limit.most).contains(value), "{}", limit.word);
            places.push(std::ptr::from_mut(value) as usize);
            words.push(limit.word);
        }
        let told = format!("{:?}", Limits::default());
        assert_eq!(told.matches(": ").count(), Limits::ALL.len(), "{told}");
        for list in [&mut places, &mut words.iter().map(|word| word.as_ptr() as usize).collect()] {
            list.sort_unstable();
            list.dedup();
            assert_eq!(list.len(), Limits::ALL.len());
        }
        assert!(words.iter().all(|word| told.contains(&format!("{word}: "))));
    }
}
