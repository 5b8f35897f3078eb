//! How much of what sounds is like white noise, from samples of it while it streams by.

use super::meter::WINDOW;

/// Every so many windows one is tested for noise; all of them would cost more than the rest together.
const EVERY: u64 = 8;

/// Counts windows that sound like noise.
#[derive(Debug, Default)]
pub(super) struct Noise {
    tested: u64,
    found: u64,
}

impl Noise {
    /// Takes a window that sounds, with its number and the sum of its squares.
    pub(super) fn push(&mut self, number: u64, window: &[i16; WINDOW], energy: u64) {
        if number.is_multiple_of(EVERY) {
            self.tested += 1;
            self.found += u64::from(is_white(window, energy));
        }
    }

    /// The share of noise, from 0 to 1.
    pub(super) fn share(&self) -> f64 {
        if self.tested == 0 { 0.0 } else { self.found as f64 / self.tested as f64 }
    }
}

/// Whether a window is like white noise: neighbours know nothing of each other. In speech they nearly agree,
/// and even in a hiss the next but one does.
fn is_white(window: &[i16; WINDOW], energy: u64) -> bool {
    let correlation = |lag: usize| {
        let sum: i64 = window.iter().zip(&window[lag..]).map(|(a, b)| i64::from(i32::from(*a) * i32::from(*b))).sum();
        sum as f64 / energy as f64
    };
    correlation(1).abs() < 0.35 && correlation(2).abs() < 0.35
}
