//! The outline of a waveform while its samples stream by: a fixed number of buckets, whatever the length.

use super::Peaks;

/// Grows by one bucket a window until it is full; then two buckets become one, and each holds twice as much.
#[derive(Debug)]
pub(super) struct Outline {
    buckets: [(i16, i16); Peaks::MOST],
    filled: usize,
    /// Windows in a bucket.
    span: u64,
    /// Windows in the last bucket.
    in_last: u64,
}

impl Default for Outline {
    fn default() -> Self {
        Outline { buckets: [(0, 0); Peaks::MOST], filled: 0, span: 1, in_last: 1 }
    }
}

impl Outline {
    pub(super) fn push(&mut self, lowest: i16, highest: i16) {
        if self.in_last < self.span {
            let last = &mut self.buckets[self.filled - 1];
            *last = (last.0.min(lowest), last.1.max(highest));
            self.in_last += 1;
            return;
        }
        if self.filled == Peaks::MOST {
            for at in 0..Peaks::MOST / 2 {
                let (one, two) = (self.buckets[2 * at], self.buckets[2 * at + 1]);
                self.buckets[at] = (one.0.min(two.0), one.1.max(two.1));
            }
            self.filled = Peaks::MOST / 2;
            self.span *= 2;
        }
        self.buckets[self.filled] = (lowest, highest);
        self.filled += 1;
        self.in_last = 1;
    }

    pub(super) fn peaks(&self) -> Peaks {
        let scale = |sample: i16| i8::try_from(i32::from(sample) * 127 / 32_768).expect("at most 127 of 127");
        Peaks(self.buckets[..self.filled].iter().map(|(lowest, highest)| (scale(*lowest), scale(*highest))).collect())
    }
}
