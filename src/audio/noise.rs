//! What the sound is like while it streams by: how flat its spectrum is, how its level moves, and what is left of it
//! without a constant offset. From samples of it, because all of it would cost more than the rest of the measuring.

use super::Texture;
use super::meter::WINDOW;

/// In the beginning every so many windows one is looked at,
const EVERY: u64 = 16;
/// and after so many windows, about 3 s of mono at 24 kHz,
const DENSE: u64 = 512;
/// every so many: what was found out by then hardly changes.
const EVERY_LATER: u64 = 64;

/// So many samples before it are what a sample is predicted from. More of them find no more in speech.
const ORDER: usize = 8;

/// Windows of which one level is taken: about 43 ms of mono at 24 kHz, and never less than a period of a voice.
const BLOCK: u32 = 8;

/// Looks at windows that sound.
#[derive(Debug, Default)]
pub(super) struct Noise {
    tested: u32,
    /// Mean squares without the offset, of the windows that were looked at,
    heard: f64,
    /// and what of them cannot be foretold.
    unforetold: f64,
    block: u64,
    in_block: u32,
    blocks: u32,
    /// The mean of the levels of the blocks in dB, and the sum of the squares of their distances from it.
    level: f64,
    distances: f64,
}

impl Noise {
    /// Takes a window that sounds, with its number and the sum of its squares.
    pub(super) fn push(&mut self, number: u64, window: &[i16; WINDOW], energy: u64) {
        self.block += energy;
        self.in_block += 1;
        if self.in_block == BLOCK {
            self.end_block();
        }
        let every = if number < DENSE { EVERY } else { EVERY_LATER };
        if number.is_multiple_of(every) {
            let (heard, unforetold) = look(window);
            self.tested += 1;
            self.heard += heard;
            self.unforetold += unforetold;
        }
    }

    fn end_block(&mut self) {
        let level = f64::from((self.block as f32).log10() * 10.0);
        self.blocks += 1;
        let before = level - self.level;
        self.level += before / f64::from(self.blocks);
        self.distances += before * (level - self.level);
        (self.block, self.in_block) = (0, 0);
    }

    /// The flatness of the spectrum, from 0 for a tone to 1 for white noise, loud windows counting more than soft ones;
    /// 0 when nothing was looked at.
    pub(super) fn share(&self) -> f64 {
        if self.heard > 0.0 { (self.unforetold / self.heard).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// All of it.
    pub(super) fn texture(&self) -> Texture {
        let heard = if self.tested == 0 { 0.0 } else { self.heard / f64::from(self.tested) };
        let spread = if self.blocks < 2 { 0.0 } else { (self.distances / f64::from(self.blocks - 1)).sqrt() };
        Texture {
            windows: self.tested,
            heard_db: 10.0 * (heard / (32_768.0 * 32_768.0)).log10(),
            blocks: self.blocks,
            movement_db: spread,
        }
    }
}

/// The mean square of a window without its offset, and how much of that nothing before it foretells.
///
/// The share of the second in the first is the spectral flatness, the geometric mean of the power spectrum over its
/// arithmetic mean: so much power is left when each sample is predicted from those before it. Prediction needs no
/// transform, is not fooled by the scatter of a short spectrum, and takes a quarter of the time.
fn look(window: &[i16; WINDOW]) -> (f64, f64) {
    let sum: i32 = window.iter().map(|sample| i32::from(*sample)).sum();
    let mean = sum as f32 / WINDOW as f32;
    // Zeros behind the end, so that all lags run over the same length and the loops become vector instructions.
    let mut samples = [0f32; WINDOW + ORDER];
    for (to, from) in samples.iter_mut().zip(window) {
        *to = f32::from(*from) - mean;
    }
    let mut lags = [0f64; ORDER + 1];
    for (lag, value) in lags.iter_mut().enumerate() {
        let mut sums = [0f32; 8];
        let ahead = &samples[lag..lag + WINDOW];
        for (one, two) in samples[..WINDOW].as_chunks::<8>().0.iter().zip(ahead.as_chunks::<8>().0) {
            for at in 0..8 {
                sums[at] += one[at] * two[at];
            }
        }
        *value = f64::from(sums.iter().sum::<f32>());
    }
    let windows = WINDOW as f64;
    // Less than half a step of the quantiser is no sound.
    let unforetold = if lags[0] < 0.25 * windows { 0.0 } else { unforetold(&lags).clamp(0.0, lags[0]) };
    (lags[0] / windows, unforetold / windows)
}

/// What is left of the power after the best linear prediction: the recursion of Levinson and Durbin.
fn unforetold(lags: &[f64; ORDER + 1]) -> f64 {
    let mut weights = [0f64; ORDER];
    let mut left = lags[0];
    for order in 0..ORDER {
        let told: f64 =
            weights[..order].iter().zip(lags[1..=order].iter().rev()).map(|(weight, lag)| weight * lag).sum();
        let reflection = (lags[order + 1] - told) / left;
        let before = weights;
        for (at, weight) in weights[..order].iter_mut().enumerate() {
            *weight -= reflection * before[order - 1 - at];
        }
        weights[order] = reflection;
        left *= 1.0 - reflection * reflection;
        if left <= lags[0] * 1e-9 {
            return 0.0;
        }
    }
    left
}
