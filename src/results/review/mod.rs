//! A look at all results of a job together: what stands out from the rest, and whether the audio belongs to its keys.
//!
//! Pure. One row says little about its own length, a hundred of them say how long each should be.

mod set;
mod swap;

use std::collections::HashSet;

use super::judging::KeyHash;
use super::{Judging, Texts, Tokens};
use crate::audio::{Limits, Sound, Verdict};
use crate::text::count;

/// What a row says about its length: little enough that a hundred thousand of them may be kept until the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// Of the row.
    line: u64,
    /// Stands for its key.
    key: Option<KeyHash>,
    /// Seconds that sound, without the silence around; `NAN` without audio whose length says anything.
    seconds: f32,
    /// There is nothing wrong with it by itself.
    is_good: bool,
    /// There is audio at all.
    has_audio: bool,
    /// A part of its key was no text.
    is_damaged: bool,
}

impl Heard {
    /// What a row says.
    pub fn of(line: u64, key: Option<&str>, sound: Option<&Sound>, tokens: Tokens, verdict: Verdict) -> Heard {
        let sounding = |sound: &Sound| sound.seconds - sound.leading_silence - sound.trailing_silence;
        let seconds = sound.filter(|sound| is_told(verdict, sound, tokens)).map_or(f64::NAN, sounding);
        let seconds = if seconds > 0.0 { seconds as f32 } else { f32::NAN };
        Heard {
            line,
            key: key.map(KeyHash::of),
            seconds,
            is_good: verdict == Verdict::Ok,
            has_audio: sound.is_some(),
            is_damaged: is_damaged(key),
        }
    }

    /// Which row says it.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether it is audio under a key that no request has. Where the requests are not known, only a key that came
    /// damaged is known to be none of theirs.
    fn is_foreign(&self, texts: Option<&Texts>) -> bool {
        let is_of_nobody = match (self.key, texts) {
            (Some(key), Some(texts)) => texts.find_hash(key).is_none(),
            (Some(_), None) => self.is_damaged,
            (None, _) => false,
        };
        self.has_audio && is_of_nobody
    }

    /// The same with its text. A row without a key is taken for the request at its place, as nothing else is known.
    fn spoken(self, texts: &Texts) -> Spoken {
        let number = match self.key {
            Some(key) => texts.find_hash(key),
            None => u32::try_from(self.line - 1).ok(),
        };
        let text = number.and_then(|number| texts.get(number));
        let letters = |letters: u32| if letters == 0 { f32::NAN } else { letters as f32 };
        Spoken {
            line: self.line,
            seconds: self.seconds,
            is_good: self.is_good,
            least: text.map_or(f32::NAN, |text| letters(text.letters.least)),
            most: text.map_or(f32::NAN, |text| letters(text.letters.most)),
            group: text.map_or(0, |text| text.group),
        }
    }
}

/// The length of a row, and that of its text.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spoken {
    line: u64,
    /// As in [`Heard`].
    seconds: f32,
    /// As in [`Heard`].
    is_good: bool,
    /// Letters of its text that are surely spoken; `NAN` when the text is not known.
    least: f32,
    /// All letters of its text.
    most: f32,
    /// Texts of one group are spoken alike.
    group: u16,
}

impl Spoken {
    /// Whether both its length and its text are known.
    fn is_usable(&self) -> bool {
        !(self.seconds.is_nan() || self.least.is_nan())
    }
}

/// Whether the length of such audio says anything about the text. Audio that is as long as its tokens was meant to be so
/// long, even where that is no length for its text: then it may be the audio of another one.
fn is_told(verdict: Verdict, sound: &Sound, tokens: Tokens) -> bool {
    match verdict {
        Verdict::Ok | Verdict::Quiet | Verdict::Clipped => true,
        Verdict::Truncated | Verdict::Runaway => tokens.audio.is_some_and(|tokens| {
            let billed = tokens as f64 / 25.0;
            (sound.seconds - billed).abs() <= 0.1 + 0.05 * billed
        }),
        Verdict::Empty
        | Verdict::Silent
        | Verdict::Noise
        | Verdict::WrongFormat
        | Verdict::Refused
        | Verdict::Error => false,
    }
}

/// How results without keys are marked, everywhere in the same words.
pub const ORDER_UNVERIFIED: &str = "order unverified";

/// How results with a key that nobody asked for are marked.
pub const KEY_UNKNOWN: &str = "key unknown";

/// Whether a part of a key was no text when it came.
pub fn is_damaged(key: Option<&str>) -> bool {
    key.is_some_and(|key| key.contains(char::REPLACEMENT_CHARACTER))
}

/// What the look at the whole set has found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Review {
    /// Rows that stand out from the rest although each of them seemed good, in their order.
    pub changes: Vec<Change>,
    /// What is odd about all of them.
    pub findings: Vec<Finding>,
    /// Results with audio but without a key: nothing but their order tells which text they belong to, and the service
    /// does not always keep it.
    pub unordered: u64,
    /// Results with audio under a key that no request of the job has.
    pub unknown: u64,
}

impl Review {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.findings.is_empty() && self.unordered == 0 && self.unknown == 0
    }

    /// What a person should know of all rows together, one line each; `name` is what the row of a line is called.
    pub fn lines(&self, name: &dyn Fn(u64) -> String) -> Vec<String> {
        let come = if self.unordered == 1 { "comes" } else { "come" };
        let unordered = || format!("{ORDER_UNVERIFIED}: {} {come} without a key", count(self.unordered, "result"));
        let unordered = (self.unordered > 0).then(unordered);
        let findings = self.findings.iter().map(|finding| finding.tell(name));
        unordered.into_iter().chain(self.unknown_line()).chain(findings).collect()
    }

    /// What a person should know of results that nobody asked for.
    pub fn unknown_line(&self) -> Option<String> {
        let come = if self.unknown == 1 { "comes" } else { "come" };
        let results = count(self.unknown, "result");
        (self.unknown > 0).then(|| format!("{KEY_UNKNOWN}: {results} {come} with a key that no request has"))
    }

    /// Leaves out what is about none of these lines.
    pub fn only(&mut self, lines: &HashSet<u64>) {
        self.changes.retain(|change| lines.contains(&change.line));
        self.findings.retain(|finding| match finding {
            Finding::Shifted { from, to, .. } => {
                lines.iter().any(|line| line >= from && to.is_none_or(|to| *line <= to))
            }
            Finding::Exchanged { one, other } => lines.contains(one) || lines.contains(other),
            Finding::Mixed { .. } => true,
        });
    }
}

/// A row that stands out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Of the row.
    pub line: u64,
    /// What is thought of it now.
    pub verdict: Verdict,
    /// How many times as long as the rest lets expect.
    pub times: f64,
}

impl Change {
    /// Why: `2.9 times as long as the other texts let expect`.
    pub fn why(&self) -> String {
        match self.times {
            times if times >= 1.0 => format!("{times:.1} times as long as the other texts let expect"),
            times => format!("{:.0} % of the length that the other texts let expect", 100.0 * times),
        }
    }
}

/// Audio that seems to belong to other keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Every key of a stretch seems to have the audio of a key some places on.
    Shifted {
        /// How many places; negative for keys before.
        by: i64,
        /// The first line of the stretch.
        from: u64,
        /// The last line of it; `None` when it goes on to the end.
        to: Option<u64>,
    },
    /// Two keys seem to have each other's audio.
    Exchanged {
        /// The earlier line.
        one: u64,
        /// The later one.
        other: u64,
    },
    /// The lengths follow the texts in no order at all.
    Mixed {
        /// How many rows were compared.
        rows: u64,
    },
}

impl Finding {
    /// In words, with the name of the row of a line.
    pub fn tell(&self, name: &dyn Fn(u64) -> String) -> String {
        let better = match self {
            Finding::Shifted { by, from, to } => {
                let place = if by.abs() == 1 { "place" } else { "places" };
                let way = if *by > 0 { "on" } else { "back" };
                let until = to.map_or_else(|| "on".to_owned(), |to| format!("to {}", name(to)));
                format!("durations fit better {} {place} further {way}, from {} {until}", by.abs(), name(*from))
            }
            Finding::Exchanged { one, other } => {
                format!("durations fit better when {} and {} are exchanged", name(*one), name(*other))
            }
            Finding::Mixed { rows } => format!("the durations of {rows} results do not follow their texts"),
        };
        format!("audio may belong to other keys: {better}")
    }

    /// A word for scripts.
    pub fn word(&self) -> &'static str {
        match self {
            Finding::Shifted { .. } => "shifted",
            Finding::Exchanged { .. } => "exchanged",
            Finding::Mixed { .. } => "mixed",
        }
    }
}

/// How many rows are audio under a key that no request has.
pub fn unknown(rows: &[Heard], judging: &Judging) -> u64 {
    rows.iter().filter(|row| row.is_foreign(judging.texts.as_deref())).count() as u64
}

/// Looks at all rows of a job. Without the texts there is nothing to compare them with.
pub fn review(mut rows: Vec<Heard>, judging: &Judging) -> Review {
    let unknown = unknown(&rows, judging);
    let Some(texts) = &judging.texts else { return Review { unknown, ..Review::default() } };
    // A row that was read again at the end has its place among the others.
    rows.sort_by_key(|row| row.line);
    let rows: Vec<Spoken> = rows.into_iter().map(|row| row.spoken(texts)).collect();
    Review { unknown, ..look(&rows, &judging.limits) }
}

fn look(rows: &[Spoken], limits: &Limits) -> Review {
    let set = set::Set::of(rows);
    let swaps = swap::look(rows, &set);
    if swaps.findings.iter().any(|finding| matches!(finding, Finding::Mixed { .. })) {
        // No length says anything about its text then.
        return Review { findings: swaps.findings, ..Review::default() };
    }
    let changes = set.outliers(rows, limits).into_iter().filter(|(at, _)| !swaps.explained[*at]);
    Review { changes: changes.map(|(_, change)| change).collect(), findings: swaps.findings, ..Review::default() }
}

#[cfg(test)]
mod tests;
