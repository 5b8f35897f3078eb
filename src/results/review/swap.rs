//! Whether audio belongs to other keys: the lengths fit the texts much better after a shift or an exchange.
//!
//! Everything is in logarithms of seconds, so that a residual is a ratio. What counts is the log-likelihood gained,
//! with residuals cut at three spreads; a stretch of honest rows gains `h` by chance about once in `e^h`.

use super::set::{LEAST_SPREAD, Set, middle_and_spread};
use super::{Finding, Spoken};

/// The farthest shift that is looked for.
const FARTHEST: usize = 16;

/// Fewer rows than this prove no shift.
const LEAST_SHIFTED: usize = 8;

/// Fewer rows than this say nothing about single ones among them.
const LEAST_ROWS: usize = 20;

/// So much likelier than chance must a shift be, as a logarithm, besides the number of places where it might be.
const SURE: f64 = 12.0;

/// So many times more than any other shift must the true one gain.
const STANDS_OUT: f64 = 1.7;

/// Rows that are closer to what they should be than this are so by chance: the logarithm of seconds.
const LEAST_NOISE: f64 = 0.12;

/// Two rows whose texts differ by less are not told apart: this is the logarithm of 1.8.
const LEAST_DIFFERENCE: f64 = 0.59;

/// So many shifts are told at the most, and so many exchanges.
const MOST_SHIFTS: usize = 3;
const MOST_EXCHANGES: usize = 20;

/// More rows than this that do not fit are another trouble than exchanges.
const MOST_ODD: usize = 2_000;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Swaps {
    pub(super) findings: Vec<Finding>,
    /// By the index of a row: whether a finding explains its length.
    pub(super) explained: Vec<bool>,
}

/// Looks for audio that belongs to other keys.
pub(super) fn look(rows: &[Spoken], set: &Set) -> Swaps {
    let mut swaps = Swaps { findings: Vec::new(), explained: vec![false; rows.len()] };
    let lengths = Lengths::of(rows, set);
    if lengths.usable < LEAST_SHIFTED {
        return swaps;
    }
    while swaps.findings.len() < MOST_SHIFTS
        && let Some(shift) = lengths.shift(&swaps.explained)
    {
        swaps.explained[shift.from..=shift.to].fill(true);
        // At the end there are no texts to compare with, and a last row may fit its own by chance.
        let last = rows.iter().rposition(Spoken::is_usable).unwrap_or(shift.to);
        let is_to_the_end = shift.to + shift.by.unsigned_abs() as usize + 4 >= last;
        let to = (!is_to_the_end).then(|| rows[shift.to].line);
        swaps.findings.push(Finding::Shifted { by: shift.by, from: rows[shift.from].line, to });
    }
    if !swaps.findings.is_empty() || lengths.usable < LEAST_ROWS {
        return swaps;
    }
    if lengths.are_mixed() {
        swaps.findings.push(Finding::Mixed { rows: lengths.usable as u64 });
        return swaps;
    }
    for (one, other) in lengths.exchanges() {
        swaps.explained[one] = true;
        swaps.explained[other] = true;
        swaps.findings.push(Finding::Exchanged { one: rows[one].line, other: rows[other].line });
    }
    swaps
}

/// The lengths of all rows, as logarithms; `NAN` where one is not known.
struct Lengths {
    is: Vec<f64>,
    should_be: Vec<f64>,
    usable: usize,
    /// How far honest rows are from what they should be.
    spread: f64,
}

/// A stretch of rows that fits better when shifted, by its indices.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shift {
    by: i64,
    from: usize,
    to: usize,
    gain: f64,
}

impl Lengths {
    fn of(rows: &[Spoken], set: &Set) -> Lengths {
        let is: Vec<f64> = rows.iter().map(|row| f64::from(row.seconds).ln()).collect();
        let should_be: Vec<f64> = rows.iter().map(|row| set.expected(row)).collect();
        let mut lengths = Lengths { is, should_be, usable: 0, spread: 0.0 };
        let mut residuals: Vec<f64> = (0..rows.len()).filter_map(|at| lengths.residual(at, 0)).collect();
        lengths.usable = residuals.len();
        lengths.spread = middle_and_spread(&mut residuals).1.max(LEAST_NOISE);
        lengths
    }

    /// How much longer the audio of a row is than the text of another one, so many places on, would make it.
    fn residual(&self, at: usize, by: i64) -> Option<f64> {
        let text = usize::try_from(at as i64 + by).ok()?;
        let residual = self.is[at] - self.should_be.get(text)?;
        (!residual.is_nan()).then_some(residual)
    }

    /// What a shift gains for one row, as a difference of log-likelihoods; 0 for a row that says nothing.
    fn gain(&self, at: usize, by: i64) -> f64 {
        let cost = |residual: f64| (residual / self.spread).powi(2).min(9.0) / 2.0;
        match (self.residual(at, 0), self.residual(at, by)) {
            (Some(now), Some(then)) => cost(now) - cost(then),
            (Some(_) | None, _) => 0.0,
        }
    }

    /// The stretch that gains the most by a shift, if it gains enough.
    fn shift(&self, explained: &[bool]) -> Option<Shift> {
        let farthest = FARTHEST.min(self.is.len() / 2) as i64;
        let all = (-farthest..=farthest).filter(|by| *by != 0).filter_map(|by| self.shift_by(by, explained));
        let mut all: Vec<Shift> = all.collect();
        // Of two shifts that explain the same the nearer one is meant.
        all.sort_by(|one, other| other.gain.total_cmp(&one.gain).then(one.by.abs().cmp(&other.by.abs())));
        let (best, next) = (*all.first()?, all.get(1).map_or(0.0, |next| next.gain));
        // Where the audio is in no order at all, every shift gains somewhere, and none much more than the others.
        (best.gain > STANDS_OUT * next && self.is_sure(&best)).then_some(best)
    }

    /// The stretch that gains the most by this shift: the one of the largest sum.
    fn shift_by(&self, by: i64, explained: &[bool]) -> Option<Shift> {
        let mut best: Option<Shift> = None;
        let (mut sum, mut from) = (0.0, 0);
        for (at, is_explained) in explained.iter().enumerate() {
            if sum <= 0.0 {
                (sum, from) = (0.0, at);
            }
            sum += if *is_explained { f64::NEG_INFINITY } else { self.gain(at, by) };
            if sum > best.map_or(0.0, |best| best.gain) {
                best = Some(Shift { by, from, to: at, gain: sum });
            }
        }
        best
    }

    /// Whether a shift is beyond chance: were the rows honest, with the spread that all of them have, such a gain would
    /// be found once in `e^SURE` sets.
    fn is_sure(&self, shift: &Shift) -> bool {
        let rows = shift.from..=shift.to;
        let both = |at: usize| Some((self.residual(at, 0)?, self.residual(at, shift.by)?));
        let (mut now, mut then): (Vec<f64>, Vec<f64>) = rows.filter_map(both).unzip();
        if now.len() < LEAST_SHIFTED {
            return false;
        }
        let distance = |residuals: &mut [f64]| {
            residuals.iter_mut().for_each(|residual| *residual = residual.abs());
            residuals.sort_by(f64::total_cmp);
            (1.4826 * residuals[residuals.len() / 2]).max(LEAST_SPREAD)
        };
        let places = (self.is.len() * 2 * FARTHEST) as f64;
        distance(&mut then) < 0.6 * distance(&mut now) && shift.gain > SURE + places.ln()
    }

    /// Whether the lengths are those of the texts, but in no order: they vary as much as the texts do, so that those
    /// of honest rows would have to follow them.
    fn are_mixed(&self) -> bool {
        let pairs = self.is.iter().zip(&self.should_be).filter(|(is, text)| !is.is_nan() && !text.is_nan());
        let (is, texts): (Vec<f64>, Vec<f64>) = pairs.map(|(is, text)| (*is, *text)).unzip();
        let spread = |values: &[f64]| middle_and_spread(&mut values.to_vec()).1;
        let (is_spread, text_spread) = (spread(&is), spread(&texts));
        let alike = is_spread / text_spread;
        // Honest lengths that vary so much follow their texts by 0.67 at least; chance makes it 1 / √n more or less.
        let bound = 0.4 - 1.0 / (is.len() as f64).sqrt();
        text_spread > 0.3 && (0.6..1.5).contains(&alike) && correlation(&ranks(&is), &ranks(&texts)) < bound
    }

    /// Pairs of rows that fit each other's text, and not their own.
    fn exchanges(&self) -> Vec<(usize, usize)> {
        // The larger the set the farther its farthest honest row.
        let bound = (((2.0 * (self.usable as f64).ln()).sqrt() + 2.5) * self.spread).max(LEAST_DIFFERENCE);
        let odd = (0..self.is.len()).filter(|at| self.residual(*at, 0).is_some_and(|away| away.abs() > bound));
        let mut odd: Vec<usize> = odd.collect();
        if odd.len() > MOST_ODD || odd.len() * 20 > self.usable.max(40) {
            return Vec::new();
        }
        odd.sort_by(|one, other| self.should_be[*one].total_cmp(&self.should_be[*other]));
        let near = 2.0 * self.spread;
        let mut partners: Vec<(usize, usize)> = Vec::new();
        for one in &odd {
            let first = odd.partition_point(|other| self.should_be[*other] < self.is[*one] - near);
            let close = odd[first..].iter().take_while(|other| self.should_be[**other] <= self.is[*one] + near);
            let mut fitting = close.filter(|other| (self.is[**other] - self.should_be[*one]).abs() <= near);
            // With two rows that would fit nobody knows which is meant.
            if let (Some(other), None) = (fitting.next(), fitting.next())
                && one < other
            {
                partners.push((*one, *other));
            }
        }
        partners.sort_unstable();
        let is_alone = |pair: &(usize, usize)| {
            let has = |other: &(usize, usize), row| other.0 == row || other.1 == row;
            partners.iter().filter(|other| has(other, pair.0) || has(other, pair.1)).count() == 1
        };
        partners.iter().filter(|pair| is_alone(pair)).take(MOST_EXCHANGES).copied().collect()
    }
}

/// The rank of each value.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    let mut ranks = vec![0.0; values.len()];
    order.iter().enumerate().for_each(|(rank, at)| ranks[*at] = rank as f64);
    ranks
}

fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_one, mean_other) = (mean(one), mean(other));
    let (mut both, mut of_one, mut of_other) = (0.0, 0.0, 0.0);
    for (one, other) in one.iter().zip(other) {
        let (one, other) = (one - mean_one, other - mean_other);
        both += one * other;
        of_one += one * one;
        of_other += other * other;
    }
    both / (of_one * of_other).sqrt().max(f64::MIN_POSITIVE)
}
