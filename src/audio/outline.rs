//! The outline of a waveform while its samples stream by: a fixed number of buckets, whatever the length.

use super::meter::WINDOW;
use super::{Peak, Peaks};

/// Grows by one bucket a window until it is full; then two buckets become one, and each holds twice as much.
#[derive(Debug)]
pub(super) struct Outline {
    buckets: [Bucket; Peaks::MOST],
    filled: usize,
    /// Windows in a bucket.
    span: u64,
    /// Windows in the last bucket.
    in_last: u64,
}

/// What the windows of a bucket come to.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    lowest: i16,
    highest: i16,
    /// The sum of the squares of its samples.
    energy: u64,
}

impl Bucket {
    fn and(self, other: Bucket) -> Bucket {
        Bucket {
            lowest: self.lowest.min(other.lowest),
            highest: self.highest.max(other.highest),
            // A full bucket of an hour is far from the end of a `u64`: 2^37 for a window of nothing but full scale.
            energy: self.energy.saturating_add(other.energy),
        }
    }

    fn peak(self, windows: u64) -> Peak {
        Peak {
            lowest: scaled(self.lowest),
            highest: scaled(self.highest),
            level: level(self.energy as f64 / (windows as f64 * WINDOW as f64)),
        }
    }
}

impl Default for Outline {
    fn default() -> Self {
        Outline { buckets: [Bucket::default(); Peaks::MOST], filled: 0, span: 1, in_last: 1 }
    }
}

impl Outline {
    /// Takes the lowest and the highest sample of a window, and the sum of the squares of all of them.
    pub(super) fn push(&mut self, lowest: i16, highest: i16, energy: u64) {
        let window = Bucket { lowest, highest, energy };
        if self.in_last < self.span {
            let last = &mut self.buckets[self.filled - 1];
            *last = last.and(window);
            self.in_last += 1;
            return;
        }
        if self.filled == Peaks::MOST {
            for at in 0..Peaks::MOST / 2 {
                self.buckets[at] = self.buckets[2 * at].and(self.buckets[2 * at + 1]);
            }
            self.filled = Peaks::MOST / 2;
            self.span *= 2;
        }
        self.buckets[self.filled] = window;
        self.filled += 1;
        self.in_last = 1;
    }

    pub(super) fn peaks(&self) -> Peaks {
        let windows = |at: usize| if at + 1 == self.filled { self.in_last } else { self.span };
        Peaks(self.buckets[..self.filled].iter().enumerate().map(|(at, bucket)| bucket.peak(windows(at))).collect())
    }
}

/// A sample as a part of 127, which only samples at full scale reach.
fn scaled(sample: i16) -> i8 {
    match sample {
        i16::MAX => 127,
        sample => i8::try_from(i32::from(sample) * 127 / 32_768).expect("at most 127 of 127"),
    }
}

/// A mean square as whole decibels below full scale.
fn level(mean_square: f64) -> i8 {
    if mean_square == 0.0 {
        return Peak::SILENT;
    }
    let db = 10.0 * (mean_square / (32_768.0 * 32_768.0)).log10();
    // The softest that sixteen bits can hold over a bucket of minutes is below −127 dB; it is no silence all the same.
    db.round().clamp(-127.0, 0.0) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(windows: &[(i16, i16, u64)]) -> Vec<Peak> {
        let mut outline = Outline::default();
        for (lowest, highest, energy) in windows {
            outline.push(*lowest, *highest, *energy);
        }
        outline.peaks().0.into()
    }

    /// The energy of a window whose samples all have one size.
    fn energy(sample: u64) -> u64 {
        sample * sample * WINDOW as u64
    }

    #[test]
    fn only_full_scale_is_drawn_as_full_scale() {
        let peaks = of(&[(i16::MIN, i16::MAX, 0), (-32_767, 32_766, 0), (0, 0, 0)]);
        let ends: Vec<(i8, i8)> = peaks.iter().map(|peak| (peak.lowest, peak.highest)).collect();
        assert_eq!(ends, [(-127, 127), (-126, 126), (0, 0)]);
        assert!(peaks[0].is_clipped() && !peaks[1].is_clipped());
    }

    #[test]
    fn the_level_is_that_of_the_mean_square() {
        let table = [(0, -128), (1, -90), (10, -70), (104, -50), (3_277, -20), (16_384, -6), (32_768, 0)];
        for (sample, level) in table {
            assert_eq!(of(&[(0, 0, energy(sample))])[0].level, level, "{sample}");
        }
        assert_eq!(of(&[(0, 1, 1)])[0].level, -111, "one step in a window");
    }

    #[test]
    fn a_level_stays_what_it_is_when_buckets_grow() {
        for n in [1, 127, 128, 129, 130, 1_000, 100_003] {
            let peaks = of(&vec![(-3_277, 3_277, energy(3_277)); n]);
            assert!(peaks.len() <= Peaks::MOST && peaks.len() > (Peaks::MOST / 2).min(n - 1), "{n}: {}", peaks.len());
            assert!(peaks.iter().all(|peak| peak.level == -20), "{n}");
        }
    }

    #[test]
    fn the_number_of_buckets_is_known_from_the_number_of_samples() {
        for n in [1u64, 100, 128, 129, 256, 257, 5_000, 77_777] {
            let peaks = of(&vec![(0, 0, 0); n as usize]);
            assert_eq!(peaks.len(), Peaks::stretches(n * WINDOW as u64).ceil() as usize, "{n}");
        }
        assert_eq!(Peaks::stretches(0), 0.0);
        assert_eq!(Peaks::stretches(200 * 128), 100.0);
        assert_eq!(Peaks::stretches(201 * 128), 100.5);
    }
}
