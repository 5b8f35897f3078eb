//! How long a text of this set takes, and which rows are far from it.
//!
//! In logarithms of seconds a letter, with medians: the bad rows must not move what the good ones are measured by.

use super::{Change, Spoken};
use crate::audio::{Limits, Verdict};

/// Texts of fewer letters say nothing about the pace: a breath more or less outweighs them.
const LEAST_LETTERS: f32 = 20.0;

/// Shorter texts than this are not compared at all.
const SHORTEST_LETTERS: f32 = 12.0;

/// No set is read more evenly than this, as a standard deviation of the logarithm.
pub(super) const LEAST_SPREAD: f64 = 0.08;

/// So many letters more or less are the difference that a pause or a word read twice makes.
const SLACK_LETTERS: f64 = 6.0;

/// What the rows of each group have in common.
#[derive(Debug)]
pub(super) struct Set {
    /// Whether an instruction stands before every text, so that the letters behind it are the measure.
    by_least: bool,
    /// By the number of the group.
    paces: Vec<Pace>,
    /// Of all rows together, for groups that are too small.
    all: Pace,
}

/// The pace of a group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    rows: usize,
    /// The median of the logarithm of seconds a letter.
    middle: f64,
    /// A robust standard deviation of it.
    spread: f64,
}

impl Set {
    /// Measures the rows, by whichever count of letters fits better.
    pub(super) fn of(rows: &[Spoken]) -> Set {
        let [by_most, by_least] = [false, true].map(|by_least| Set::measured(rows, by_least));
        // The smaller count must fit clearly better: it is the wrong one where a colon is a part of the text.
        if by_least.all.spread < 0.8 * by_most.all.spread { by_least } else { by_most }
    }

    fn measured(rows: &[Spoken], by_least: bool) -> Set {
        let mut groups: Vec<Vec<f64>> = Vec::new();
        let mut set = Set { by_least, paces: Vec::new(), all: Pace::default() };
        for row in rows.iter().filter(|row| row.is_usable() && row.least >= LEAST_LETTERS) {
            let group = usize::from(row.group);
            if groups.len() <= group {
                groups.resize_with(group + 1, Vec::new);
            }
            groups[group].push(f64::from(row.seconds).ln() - set.letters(row).ln());
        }
        set.all = Pace::of(&mut groups.concat());
        set.paces = groups.iter_mut().map(|group| Pace::of(group)).collect();
        set
    }

    fn letters(&self, row: &Spoken) -> f64 {
        f64::from(if self.by_least { row.least } else { row.most })
    }

    fn pace(&self, group: u16, least_rows: usize) -> Pace {
        let own = self.paces.get(usize::from(group)).copied();
        own.filter(|pace| pace.rows >= least_rows).unwrap_or(self.all)
    }

    /// The logarithm of the seconds that the text of a row should take; `NAN` when it is not known.
    pub(super) fn expected(&self, row: &Spoken) -> f64 {
        self.letters(row).ln() + self.pace(row.group, 8).middle
    }

    /// Rows far from the rest of their group, by their index.
    pub(super) fn outliers(&self, rows: &[Spoken], limits: &Limits) -> Vec<(usize, Change)> {
        let mut outliers = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let Some(pace) = self.paces.get(usize::from(row.group)) else { continue };
            let is_compared = row.is_good && row.is_usable() && row.least >= SHORTEST_LETTERS;
            let is_compared = is_compared && pace.rows as f64 >= limits.set_rows;
            if !is_compared {
                continue;
            }
            let spread = (pace.spread.powi(2) + (SLACK_LETTERS / f64::from(row.least)).powi(2)).sqrt();
            let bound = limits.set_times.ln().max(limits.set_spreads * spread);
            // Against all of its letters it is still too long, or against those alone that are surely spoken too short.
            let seconds = f64::from(row.seconds).ln() - pace.middle;
            let (long, short) = (seconds - f64::from(row.most).ln(), seconds - f64::from(row.least).ln());
            let found = if long > bound {
                Some((Verdict::Runaway, long))
            } else if short < -bound {
                Some((Verdict::Truncated, short))
            } else {
                None
            };
            if let Some((verdict, away)) = found {
                outliers.push((at, Change { line: row.line, verdict, times: away.exp() }));
            }
        }
        outliers
    }
}

impl Pace {
    fn of(values: &mut [f64]) -> Pace {
        let (middle, spread) = middle_and_spread(values);
        Pace { rows: values.len(), middle, spread }
    }
}

/// The median, and the median distance from it as a standard deviation. Both 0 for nothing. Orders the values anew.
pub(super) fn middle_and_spread(values: &mut [f64]) -> (f64, f64) {
    let middle = median(values);
    values.iter_mut().for_each(|value| *value = (*value - middle).abs());
    (middle, (1.4826 * median(values)).max(LEAST_SPREAD))
}

fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let at = values.len() / 2;
    *values.select_nth_unstable_by(at, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Dice, Honest};
    use super::*;

    #[test]
    fn rows_far_from_the_set_stand_out_and_no_others_do() {
        let table = [
            ("nothing", 1.0, 0, None),
            ("half as long again", 1.5, 0, None),
            ("three times as long", 3.0, 0, Some(Verdict::Runaway)),
            ("a third", 0.3, 0, Some(Verdict::Truncated)),
            ("three times as long, in a set of eleven", 3.0, 11, None),
        ];
        for (name, times, most_rows, expected) in table {
            let mut rows = Honest { rows: 200, spread: 0.12, ..Honest::default() }.rows(&mut Dice(7));
            if most_rows > 0 {
                rows.truncate(most_rows);
            }
            let at = rows.iter().position(|row| row.least > 60.0).unwrap();
            // Exactly what is expected, times the factor.
            rows[at].seconds = rows[at].most / 15.0 * times;
            let found = Set::of(&rows).outliers(&rows, &Limits::default());
            assert_eq!(
                found.iter().map(|(at, change)| (*at, change.verdict)).next(),
                expected.map(|v| (at, v)),
                "{name}"
            );
            assert!(found.len() <= 1, "{name}: {found:?}");
        }
    }

    #[test]
    fn an_instruction_before_every_text_is_not_counted() {
        let mut rows = Honest { rows: 100, spread: 0.12, ..Honest::default() }.rows(&mut Dice(3));
        rows.iter_mut().for_each(|row| row.most += 180.0);
        assert!(Set::of(&rows).by_least);
        assert_eq!(Set::of(&rows).outliers(&rows, &Limits::default()), []);
        // In one text alone a colon says nothing.
        let mut rows = Honest { rows: 100, spread: 0.12, ..Honest::default() }.rows(&mut Dice(3));
        rows[40].least = 13.0;
        assert!(!Set::of(&rows).by_least);
        assert_eq!(Set::of(&rows).outliers(&rows, &Limits::default()), []);
    }

    #[test]
    fn a_slow_voice_is_compared_with_itself() {
        let mut dice = Dice(5);
        let mut rows = Honest { rows: 60, ..Honest::default() }.rows(&mut dice);
        let slow = Honest { rows: 60, ..Honest::default() }.rows(&mut dice);
        rows.extend(slow.into_iter().map(|row| Spoken { seconds: row.seconds * 3.5, group: 1, ..row }));
        assert_eq!(Set::of(&rows).outliers(&rows, &Limits::default()), []);
        rows[70].seconds /= 3.5;
        assert_eq!(Set::of(&rows).outliers(&rows, &Limits::default()).len(), 1);
    }
}
