//! A look at all results of a job together: what stands out from the rest, and whether the audio belongs to its keys.
//!
//! Pure. One row says little about its own length, a hundred of them say how long each should be.

mod set;
mod swap;

use crate::audio::{Limits, Verdict};
use crate::results::{Outcome, Row, Texts};

/// What a row says about its length: little enough that a hundred thousand of them may be kept until the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spoken {
    /// Of the row.
    pub line: u64,
    /// Seconds that sound, without the silence around; `NAN` without audio that is good by itself.
    pub seconds: f32,
    /// Letters of its text that are surely spoken; `NAN` when the text is not known.
    pub least: f32,
    /// All letters of its text.
    pub most: f32,
    /// Texts of one group are spoken alike.
    pub group: u16,
}

impl Spoken {
    /// What a row says. A row without a key is taken for the request at its place, as nothing else is known.
    pub fn of(row: &Row, texts: &Texts) -> Spoken {
        let number = match &row.key {
            Some(key) => texts.find(key),
            None => u32::try_from(row.line - 1).ok(),
        };
        let text = number.and_then(|number| texts.get(number));
        let letters = |letters: u32| if letters == 0 { f32::NAN } else { letters as f32 };
        let seconds = row.sound.as_ref().filter(|_| row.outcome == Outcome::Audio && is_told(row.verdict));
        let seconds =
            seconds.map_or(f32::NAN, |sound| (sound.seconds - sound.leading_silence - sound.trailing_silence) as f32);
        Spoken {
            line: row.line,
            seconds: if seconds > 0.0 { seconds } else { f32::NAN },
            least: text.map_or(f32::NAN, |text| letters(text.letters.least)),
            most: text.map_or(f32::NAN, |text| letters(text.letters.most)),
            group: text.map_or(0, |text| text.group),
        }
    }

    /// Whether both its length and its text are known.
    fn is_usable(&self) -> bool {
        !(self.seconds.is_nan() || self.least.is_nan())
    }
}

/// Whether the length of such audio says anything about the text.
fn is_told(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Ok | Verdict::Quiet | Verdict::Clipped => true,
        Verdict::Empty
        | Verdict::Silent
        | Verdict::Truncated
        | Verdict::Runaway
        | Verdict::Noise
        | Verdict::WrongFormat
        | Verdict::Refused
        | Verdict::Error => false,
    }
}

/// What the look at the whole set has found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Review {
    /// Rows that stand out from the rest, in their order.
    pub changes: Vec<Change>,
    /// What is odd about all of them.
    pub findings: Vec<Finding>,
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
                let until = to.map_or_else(|| "on".to_owned(), |to| format!("to line {to}"));
                format!("durations fit better {} {place} further {way}, from line {from} {until}", by.abs())
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

/// Looks at all rows of a job, in the order of their lines.
pub fn review(rows: &[Spoken], limits: &Limits) -> Review {
    let set = set::Set::of(rows);
    let swaps = swap::look(rows, &set);
    if swaps.findings.iter().any(|finding| matches!(finding, Finding::Mixed { .. })) {
        // No length says anything about its text then.
        return Review { changes: Vec::new(), findings: swaps.findings };
    }
    let changes = set.outliers(rows, limits).into_iter().filter(|(at, _)| !swaps.explained[*at]);
    Review { changes: changes.map(|(_, change)| change).collect(), findings: swaps.findings }
}

#[cfg(test)]
mod tests;
