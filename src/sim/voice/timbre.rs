//! One period of each vowel, for a handful of throats: harmonics of a falling source through three formants.

use std::sync::LazyLock;

/// Points of one period; a power of two, so that the upper bits of a phase are the index.
pub const PERIOD: usize = 512;
/// Vowels a timbre knows, in the order of [`FORMANTS`].
pub const N_VOWELS: usize = 6;

/// Six throats: three low ones, then three high ones.
pub static TIMBRES: LazyLock<Vec<Timbre>> = LazyLock::new(|| {
    [(112.0, 0.92), (112.0, 1.0), (116.0, 1.06), (200.0, 1.12), (204.0, 1.18), (208.0, 1.26)]
        .map(|(pitch, scale)| Timbre::new(pitch, scale))
        .to_vec()
});

/// The vowels of one throat.
#[derive(Clone, Debug)]
pub struct Timbre {
    /// One period each.
    pub vowels: [[i16; PERIOD]; N_VOWELS],
}

/// The first three formants of a, e, i, o, u and the neutral vowel, in hertz, for an average throat.
const FORMANTS: [[f64; 3]; N_VOWELS] = [
    [760.0, 1250.0, 2550.0],
    [480.0, 1900.0, 2550.0],
    [300.0, 2250.0, 2950.0],
    [500.0, 880.0, 2450.0],
    [340.0, 720.0, 2300.0],
    [520.0, 1450.0, 2450.0],
];

impl Timbre {
    fn new(pitch: f64, scale: f64) -> Self {
        let sine: Vec<f64> = (0..PERIOD).map(|n| (n as f64 / PERIOD as f64 * std::f64::consts::TAU).sin()).collect();
        let vowels = FORMANTS.map(|formants| vowel(&sine, pitch, formants.map(|hz| hz * scale)));
        Timbre { vowels }
    }
}

fn vowel(sine: &[f64], pitch: f64, formants: [f64; 3]) -> [i16; PERIOD] {
    // Nothing above 3.8 kHz: the same table must also serve a reply at 8 kHz.
    let n_harmonics = (3_800.0 / (pitch * 1.3)) as usize;
    let mut wave = [0.0f64; PERIOD];
    for harmonic in 1..=n_harmonics {
        let hz = pitch * harmonic as f64;
        let resonance: f64 = formants
            .iter()
            .zip([1.0, 0.7, 0.35])
            .map(|(formant, weight)| {
                let width = 60.0 + formant * 0.06;
                weight / (1.0 + ((hz - formant) / width).powi(2))
            })
            .sum();
        let amplitude = (resonance + 0.02) / (harmonic as f64).powf(0.6);
        // A quadratic spread of the phases keeps the peaks of the sum low.
        let shift = harmonic * harmonic * PERIOD / (2 * n_harmonics.max(1));
        for (n, point) in wave.iter_mut().enumerate() {
            *point += amplitude * sine[(harmonic * n + shift) % PERIOD];
        }
    }
    let power = wave.iter().map(|point| point * point).sum::<f64>() / PERIOD as f64;
    let gain = 6_400.0 / power.sqrt().max(1e-9);
    wave.map(|point| (point * gain).clamp(-24_000.0, 24_000.0) as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vowels_are_loud_enough_and_differ() {
        for timbre in TIMBRES.iter() {
            for vowel in &timbre.vowels {
                let peak = vowel.iter().map(|point| point.unsigned_abs()).max().unwrap();
                assert!((9_000..=24_000).contains(&peak), "{peak}");
                let mean: i64 = vowel.iter().map(|point| i64::from(*point)).sum::<i64>() / PERIOD as i64;
                assert!(mean.abs() < 200, "{mean}");
            }
            assert_ne!(timbre.vowels[0], timbre.vowels[2]);
        }
    }
}
