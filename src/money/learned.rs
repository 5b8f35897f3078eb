//! Estimates that rest on what earlier jobs came to, where there is enough of it, and on the built-in paces elsewhere.
//!
//! Pure. What was learned is a factor on the built-in pace of each script, so that a voice that is only known in one
//! script tells something about others too. A range is the mean and twice its standard error, and never narrower than a
//! floor: the next text may be of another kind than those before.

use super::account::{ByManner, Manner, Measured};
use super::catalog::Catalog;
use super::estimate::{Characters, Estimate, Paces, Script};
use super::model::BatchPrice;
use crate::text::{clean_short, count};

/// So many clips are enough to learn from.
const ENOUGH: u64 = 20;

/// A range goes at least so far below and above its mean, as a share of it.
const LEAST_SPREAD: f64 = 0.05;

/// And at most so far: what differs more says nothing.
const MOST_SPREAD: f64 = 0.5;

/// Tokens a second that differ from the built-in ones by less are the built-in ones.
const SAME_TOKENS: f64 = 0.02;

/// So many groups are named in what an estimate rests on.
const MOST_NAMED: usize = 3;

/// What earlier jobs of one generation of models came to: one piece for each job, voice and language.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    pieces: Vec<(Manner, Measured)>,
}

/// What is to be spoken, by voice and language.
pub type ToSpeak = ByManner<Characters>;

/// Whose clips a pace was learned from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    /// The same voice and language.
    Manner(Manner),
    /// The same voice.
    Voice(String),
    /// The same language.
    Language(String),
    /// The same script.
    Script(Script),
}

impl From {
    /// `Kore, de-DE`.
    fn name(&self) -> String {
        let short = |name: &str| clean_short(name, 40);
        match self {
            From::Manner(Manner { voice, language }) => match (voice.as_str(), language.as_str()) {
                ("", "") => "no voice and no language".to_owned(),
                ("", language) => short(language),
                (voice, "") => short(voice),
                (voice, language) => format!("{}, {}", short(voice), short(language)),
            },
            From::Voice(voice) => format!("{} in all languages", short(voice)),
            From::Language(language) => format!("{} in all voices", short(language)),
            From::Script(script) => format!("{} in all voices", script.name()),
        }
    }
}

/// How some clips compare with the built-in paces.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pace {
    clips: u64,
    /// Seconds for each second of the middle of the built-in paces.
    factor: f64,
    /// How far a range goes below and above the mean, as a share of it.
    spread: f64,
    tokens_per_second: f64,
}

impl Learned {
    /// What some jobs came to.
    pub fn new(pieces: impl IntoIterator<Item = (Manner, Measured)>) -> Learned {
        Learned { pieces: pieces.into_iter().filter(|(_, measured)| measured.clips > 0).collect() }
    }

    /// Whether nothing was learned.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The pace of the closest group of clips that are enough: of the same voice and language, of the voice, of the
    /// language.
    fn pace(&self, catalog: &Catalog, manner: &Manner) -> Option<(From, Pace)> {
        let mut candidates = vec![From::Manner(manner.clone())];
        if !manner.voice.is_empty() {
            candidates.push(From::Voice(manner.voice.clone()));
        }
        if !manner.language.is_empty() {
            candidates.push(From::Language(manner.language.clone()));
        }
        candidates.into_iter().find_map(|from| self.pace_of(catalog, from))
    }

    fn pace_of(&self, catalog: &Catalog, from: From) -> Option<(From, Pace)> {
        let is_like = |(known, measured): &&(Manner, Measured)| match &from {
            From::Manner(manner) => known == manner,
            From::Voice(voice) => known.voice == *voice,
            From::Language(language) => known.language == *language,
            From::Script(script) => catalog.paces.main_script(&measured.characters) == *script,
        };
        let pieces: Vec<&Measured> = self.pieces.iter().filter(is_like).map(|(_, measured)| measured).collect();
        pace(catalog, &pieces).map(|pace| (from, pace))
    }
}

/// What pieces have in common, when they are enough.
fn pace(catalog: &Catalog, pieces: &[&Measured]) -> Option<Pace> {
    let mut all = Measured::default();
    pieces.iter().for_each(|piece| all += **piece);
    let usual = catalog.paces.middle(&all.characters);
    if all.clips < ENOUGH || usual <= 0.0 || all.seconds <= 0.0 {
        return None;
    }
    let factor = all.seconds / usual;
    let n_clips = all.clips as f64;
    // How clips differ from each other, relative to their mean and weighted by their characters.
    let among_clips = (all.squares * all.characters.total() as f64 / (all.seconds * all.seconds) - 1.0).max(0.0);
    let differs = |piece: &&Measured| {
        let usual = catalog.paces.middle(&piece.characters);
        if usual > 0.0 { usual * (piece.seconds / usual / factor - 1.0).powi(2) } else { 0.0 }
    };
    // Jobs differ by their clips alone already; what is more than that is between the jobs.
    let by_chance = among_clips * (pieces.len() - 1) as f64 / n_clips;
    let among_jobs = (pieces.iter().map(differs).sum::<f64>() / usual - by_chance).max(0.0);
    let spread = 2.0 * (among_jobs + among_clips / n_clips).sqrt();
    let usual_tokens = catalog.audio_tokens_per_second;
    let tokens = if all.token_seconds > 0.0 { all.audio_tokens as f64 / all.token_seconds } else { usual_tokens };
    let is_usual = (tokens / usual_tokens - 1.0).abs() <= SAME_TOKENS;
    Some(Pace {
        clips: all.clips,
        factor,
        spread: spread.clamp(LEAST_SPREAD, MOST_SPREAD),
        tokens_per_second: if is_usual { usual_tokens } else { tokens },
    })
}

impl Paces {
    /// Seconds of these characters at the middle of slow and fast.
    fn middle(&self, characters: &Characters) -> f64 {
        let seconds = |script: &Script| self.seconds_of(*script, characters);
        Script::ALL.iter().map(seconds).sum()
    }

    /// The script that takes most of the time.
    fn main_script(&self, characters: &Characters) -> Script {
        let seconds = |script: Script| self.seconds_of(script, characters);
        let longer = |a: Script, b: Script| if seconds(b) > seconds(a) { b } else { a };
        Script::ALL.into_iter().fold(Script::Alphabetic, longer)
    }

    fn seconds_of(&self, script: Script, characters: &Characters) -> f64 {
        let pace = self.of(script);
        characters.of_script(script) as f64 * (1.0 / pace.slow + 1.0 / pace.fast) / 2.0
    }
}

impl Catalog {
    /// What this comes to with this price, from what was learned where that is enough. With nothing learned it is what
    /// [`Catalog::estimate`] says of all characters.
    pub fn estimate_learned(&self, to_speak: &ToSpeak, learned: &Learned, price: Option<BatchPrice>) -> Estimate {
        let (mut all, mut rest) = (Characters::default(), Characters::default());
        let (mut seconds, mut tokens) = ((0.0, 0.0), (0.0, 0.0));
        let mut sources: Vec<(From, Pace, u64)> = Vec::new();
        let mut add = |(from, pace): (From, Pace), characters: &Characters| {
            let mean = pace.factor * self.paces.middle(characters);
            let (low, high) = (mean * (1.0 - pace.spread), mean * (1.0 + pace.spread));
            seconds = (seconds.0 + low, seconds.1 + high);
            tokens = (tokens.0 + low * pace.tokens_per_second, tokens.1 + high * pace.tokens_per_second);
            match sources.iter_mut().find(|(known, ..)| *known == from) {
                Some((_, _, n_characters)) => *n_characters += characters.total(),
                None => sources.push((from, pace, characters.total())),
            }
        };
        for (manner, characters) in to_speak.all() {
            all += *characters;
            if let Some(closest) = learned.pace(self, manner) {
                add(closest, characters);
                continue;
            }
            // Script by script, so that a source and its parts are estimated from the same clips.
            for script in Script::ALL {
                let part = characters.only(script);
                if part.total() == 0 {
                    continue;
                }
                match learned.pace_of(self, From::Script(script)) {
                    Some(of_script) => add(of_script, &part),
                    None => rest += part,
                }
            }
        }
        let usual = self.length(&rest);
        let audio_tokens = (tokens.0 + usual.audio_tokens.0, tokens.1 + usual.audio_tokens.1);
        let text_tokens = self.length(&all).text_tokens;
        let cost = |price: BatchPrice, audio_tokens: f64| price.cost(text_tokens, audio_tokens.ceil() as u64);
        let told = self.told(&mut sources, rest.total(), all.total());
        let tokens_per_second = match seconds.1 > 0.0 {
            true => (tokens.1 + usual.audio_tokens.1) / (seconds.1 + usual.seconds.1),
            false => self.audio_tokens_per_second,
        };
        Estimate {
            characters: all.total(),
            seconds: (seconds.0 + usual.seconds.0, seconds.1 + usual.seconds.1),
            text_tokens,
            audio_tokens,
            dollars: price.map(|price| (cost(price, audio_tokens.0), cost(price, audio_tokens.1))),
            basis: format!("{told}, {}", self.tokens_and_price(tokens_per_second, price)),
        }
    }

    /// `learned from 1 268 clips of Kore, de-DE`, with which part of the characters where that is not all of them.
    fn told(&self, sources: &mut [(From, Pace, u64)], n_rest: u64, n_all: u64) -> String {
        if sources.is_empty() {
            return self.usual_pace();
        }
        sources.sort_by_key(|(_, _, n_characters)| std::cmp::Reverse(*n_characters));
        let named = sources.iter().take(MOST_NAMED);
        let mut names: Vec<String> =
            named.map(|(from, pace, _)| format!("{} of {}", count(pace.clips, "clip"), from.name())).collect();
        if sources.len() > MOST_NAMED {
            names.push(count((sources.len() - MOST_NAMED) as u64, "other group"));
        }
        let last = names.pop().unwrap_or_default();
        let names = if names.is_empty() { last } else { format!("{} and {last}", names.join("; ")) };
        if n_rest == 0 {
            return format!("learned from {names}");
        }
        // Neither all nor nothing is learned, so neither end of the scale is ever said.
        let per_cent = (100 * (n_all - n_rest) / n_all.max(1)).clamp(1, 99);
        format!("learned from {names} for {per_cent} % of the characters, for the rest {}", self.usual_pace())
    }
}

#[cfg(test)]
mod tests;
