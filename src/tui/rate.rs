//! How fast a job goes, from what was seen of its progress. Pure: depends on the samples alone, so that nothing on the
//! screen moves between two listings.

use std::time::Duration;

use crate::clock::since;
use crate::tui::model::{Samples, Tracked};

/// Requests a minute over the time that we watched; `None` before anything moved.
pub fn per_minute(samples: &Samples) -> Option<f64> {
    samples.rate().map(|per_second| per_second * 60.0)
}

/// Requests a minute in that many equal stretches of the time that we watched, oldest first.
///
/// Empty until two samples are some seconds apart. A count that went backwards counts as nothing done.
pub fn history(samples: &Samples, stretches: usize) -> Vec<f64> {
    let (Some(first), Some(last)) = (samples.0.front(), samples.0.back()) else { return Vec::new() };
    let whole = since(first.0, last.0).as_secs_f64();
    if whole <= 0.0 || stretches == 0 {
        return Vec::new();
    }
    let mut done = vec![0.0; stretches];
    for (before, after) in samples.0.iter().zip(samples.0.iter().skip(1)) {
        let (start, end) = (since(first.0, before.0).as_secs_f64(), since(first.0, after.0).as_secs_f64());
        let moved = after.1.saturating_sub(before.1) as f64;
        spread(&mut done, start / whole, end / whole, moved);
    }
    let minutes = whole / 60.0 / stretches as f64;
    done.iter().map(|done| done / minutes).collect()
}

/// Adds an amount to the stretches between two points of 0..=1, to each as much as lies in it.
fn spread(stretches: &mut [f64], start: f64, end: f64, amount: f64) {
    let n = stretches.len() as f64;
    let (from, to) = (start * n, end * n);
    if to <= from {
        return;
    }
    let first = (from as usize).min(stretches.len() - 1);
    let last = (to as usize).min(stretches.len() - 1);
    for (at, stretch) in stretches.iter_mut().enumerate().take(last + 1).skip(first) {
        let overlap = (to.min(at as f64 + 1.0) - from.max(at as f64)).max(0.0);
        *stretch += amount * overlap / (to - from);
    }
}

/// How long a job will still run, in steps that a person would say: no minutes beside many hours.
pub fn left(tracked: &Tracked) -> Option<Duration> {
    let seconds = tracked.left()?.as_secs();
    let step = match seconds {
        0..600 => 60,
        600..3_600 => 300,
        3_600..36_000 => 600,
        _ => 3_600,
    };
    Some(Duration::from_secs(seconds.div_ceil(step).max(1) * step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn samples(pairs: &[(i64, u64)]) -> Samples {
        Samples(pairs.iter().map(|&(second, done)| (Timestamp::from_second(second).unwrap(), done)).collect())
    }

    #[test]
    fn a_steady_job_has_an_even_history() {
        type Row<'a> = (&'a [(i64, u64)], usize, &'a [f64]);
        let table: [Row<'_>; 6] = [
            (&[], 4, &[]),
            (&[(0, 5)], 4, &[]),
            (&[(0, 0), (120, 20)], 2, &[10.0, 10.0]),
            (&[(0, 0), (60, 10), (120, 10)], 2, &[10.0, 0.0]),
            (&[(0, 9), (60, 3), (120, 5)], 2, &[0.0, 2.0]),
            (&[(0, 0), (0, 8)], 2, &[]),
        ];
        for (pairs, stretches, expected) in table {
            let history = history(&samples(pairs), stretches);
            assert_eq!(history.len(), expected.len(), "{pairs:?}");
            assert!(history.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{history:?} {expected:?}");
        }
    }

    #[test]
    fn nothing_that_was_done_is_lost_in_the_history() {
        let samples = samples(&[(0, 0), (13, 4), (29, 17), (71, 18), (180, 90)]);
        for stretches in [1, 3, 7, 60] {
            let minutes = 3.0 / stretches as f64;
            let total: f64 = history(&samples, stretches).iter().map(|rate| rate * minutes).sum();
            assert!((total - 90.0).abs() < 1e-6, "{stretches}: {total}");
        }
        assert!((per_minute(&samples).unwrap() - 30.0).abs() < 1e-9);
    }
}
