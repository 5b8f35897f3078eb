//! Measures samples as they stream by: level, silence, clipping, noise and the outline of the waveform.
//!
//! Pure, one pass, a fixed amount of memory. This runs over every byte of audio, so its loops are plain
//! arithmetic over whole windows, which the compiler turns into vector instructions.

use super::noise::Noise;
use super::outline::Outline;
use super::{Format, Sound};

/// Samples in a window: about 5 ms of mono at 24 kHz. What is shorter than that is not told apart.
pub(super) const WINDOW: usize = 128;

/// Below this mean square a window is silence: −50 dB of full scale.
const SILENCE: u64 = 10_737 * WINDOW as u64;

/// Takes 16-bit little-endian samples in pieces of any size; [`Meter::finish`] tells what they were like.
#[derive(Debug)]
pub struct Meter {
    window: [i16; WINDOW],
    filled: usize,
    /// The first byte of a sample whose second one has not come.
    half: Option<u8>,
    samples: u64,
    lowest: i16,
    highest: i16,
    energy: u128,
    clipped: u64,
    windows: u64,
    /// Windows before the first one that sounds; `None` until one does.
    leading: Option<u64>,
    /// Silent windows since the last one that sounded.
    silent_run: u64,
    longest_gap: u64,
    noise: Noise,
    outline: Outline,
}

impl Default for Meter {
    fn default() -> Self {
        Meter {
            window: [0; WINDOW],
            filled: 0,
            half: None,
            samples: 0,
            lowest: 0,
            highest: 0,
            energy: 0,
            clipped: 0,
            windows: 0,
            leading: None,
            silent_run: 0,
            longest_gap: 0,
            noise: Noise::default(),
            outline: Outline::default(),
        }
    }
}

impl Meter {
    /// Takes the next bytes; a sample may be cut between two calls.
    pub fn push(&mut self, mut bytes: &[u8]) {
        if let (Some(low), [high, rest @ ..]) = (self.half, bytes) {
            self.half = None;
            self.push_sample(i16::from_le_bytes([low, *high]));
            bytes = rest;
        }
        while self.filled > 0 && bytes.len() >= 2 {
            self.push_sample(i16::from_le_bytes([bytes[0], bytes[1]]));
            bytes = &bytes[2..];
        }
        let mut windows = bytes.chunks_exact(2 * WINDOW);
        for window in windows.by_ref() {
            let mut samples = [0i16; WINDOW];
            for (sample, bytes) in samples.iter_mut().zip(window.chunks_exact(2)) {
                *sample = i16::from_le_bytes([bytes[0], bytes[1]]);
            }
            self.measure(&samples);
        }
        let mut rest = windows.remainder().chunks_exact(2);
        for bytes in rest.by_ref() {
            self.push_sample(i16::from_le_bytes([bytes[0], bytes[1]]));
        }
        if let [low] = rest.remainder() {
            self.half = Some(*low);
        }
    }

    /// Whether the bytes so far end within a sample.
    pub fn is_cut(&self) -> bool {
        self.half.is_some()
    }

    /// The samples have ended. `None` when the last one was cut in half: there is no sense in the rest then.
    pub fn finish(mut self, format: Format) -> Option<Sound> {
        if self.half.is_some() {
            return None;
        }
        let samples = self.samples + self.filled as u64;
        let rest = self.filled;
        if rest > 0 {
            // Silence at the end of a part-filled window must not count as sound, and the other way round.
            self.window[rest..].fill(0);
            let window = self.window;
            self.measure_some(&window, rest);
        }
        let per_second = f64::from(format.sample_rate) * f64::from(format.channels);
        let seconds = |samples: u64| samples as f64 / per_second;
        let spans = |windows: u64| seconds((windows * WINDOW as u64).min(samples));
        let peak = self.highest.unsigned_abs().max(self.lowest.unsigned_abs());
        let mean_square = if samples == 0 { 0.0 } else { self.energy as f64 / samples as f64 };
        Some(Sound {
            format,
            pcm_bytes: samples * 2,
            seconds: seconds(samples),
            peak_db: decibels(f64::from(peak)),
            rms_db: decibels(mean_square.sqrt()),
            clipped: self.clipped,
            leading_silence: self.leading.map_or(seconds(samples), spans),
            // All of it stands before a sound that never came.
            trailing_silence: self.leading.map_or(0.0, |_| spans(self.silent_run)),
            longest_gap: spans(self.longest_gap),
            noise: self.noise.share(),
            texture: self.noise.texture(),
            peaks: self.outline.peaks(),
        })
    }

    fn push_sample(&mut self, sample: i16) {
        self.window[self.filled] = sample;
        self.filled += 1;
        if self.filled == WINDOW {
            self.filled = 0;
            let window = self.window;
            self.measure(&window);
        }
    }

    fn measure(&mut self, window: &[i16; WINDOW]) {
        self.samples += WINDOW as u64;
        self.measure_some(window, WINDOW);
    }

    fn measure_some(&mut self, window: &[i16; WINDOW], filled: usize) {
        let (mut lowest, mut highest, mut energy) = (i16::MAX, i16::MIN, 0u64);
        for sample in window {
            lowest = lowest.min(*sample);
            highest = highest.max(*sample);
            let wide = i32::from(*sample);
            energy += u64::from((wide * wide).cast_unsigned());
        }
        self.lowest = self.lowest.min(lowest);
        self.highest = self.highest.max(highest);
        self.energy += u128::from(energy);
        if lowest == i16::MIN || highest == i16::MAX {
            self.clipped += window.iter().filter(|sample| matches!(**sample, i16::MIN | i16::MAX)).count() as u64;
        }
        self.outline.push(lowest, highest, energy);

        if energy < SILENCE * filled as u64 / WINDOW as u64 {
            self.silent_run += 1;
        } else {
            match self.leading {
                None => self.leading = Some(self.silent_run),
                Some(_) => self.longest_gap = self.longest_gap.max(self.silent_run),
            }
            self.silent_run = 0;
            if filled == WINDOW {
                self.noise.push(self.windows, window, energy);
            }
        }
        self.windows += 1;
    }
}

fn decibels(amplitude: f64) -> f64 {
    20.0 * (amplitude / 32_768.0).log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Peaks;
    use proptest::prelude::*;

    fn bytes(samples: &[i16]) -> Vec<u8> {
        samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
    }

    fn measure(samples: &[i16]) -> Sound {
        let mut meter = Meter::default();
        meter.push(&bytes(samples));
        meter.finish(Format::default()).unwrap()
    }

    fn tone(seconds: f64, level: f64, hertz: f64) -> Vec<i16> {
        (0..(seconds * 24_000.0) as usize)
            .map(|n| (level * 32_767.0 * (n as f64 / 24_000.0 * hertz * std::f64::consts::TAU).sin()).round() as i16)
            .collect()
    }

    /// Pitch pulses through two resonances with a slow swell: rough, but correlated as speech is.
    fn babble(seconds: f64) -> Vec<i16> {
        let (mut a, mut b) = ([0.0f64; 2], [0.0f64; 2]);
        let mut random = 1u32;
        (0..(seconds * 24_000.0) as usize)
            .map(|n| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let breath = (f64::from(random >> 16) / 65_536.0 - 0.5) * 0.05;
                let pulse = if n % 190 == 0 { 1.0 } else { 0.0 } + breath;
                let first = pulse + 1.96 * a[0] - 0.975 * a[1];
                a = [first, a[0]];
                let second = first * 0.2 + 1.7 * b[0] - 0.94 * b[1];
                b = [second, b[0]];
                let swell = (n as f64 / 3_000.0).sin().abs();
                ((first + second) * swell * 1_200.0).clamp(-32_000.0, 32_000.0) as i16
            })
            .collect()
    }

    fn close(measured: f64, expected: f64, within: f64) -> bool {
        (measured - expected).abs() <= within
    }

    #[test]
    fn levels_and_lengths_are_those_of_the_samples() {
        let sound = measure(&tone(1.0, 0.5, 440.0));
        assert!(close(sound.seconds, 1.0, 1e-9) && sound.pcm_bytes == 48_000, "{sound:?}");
        assert!(close(sound.peak_db, -6.02, 0.01) && close(sound.rms_db, -9.03, 0.01), "{sound:?}");
        assert_eq!(
            (sound.clipped, sound.leading_silence, sound.trailing_silence, sound.longest_gap),
            (0, 0.0, 0.0, 0.0)
        );

        let silence = measure(&[0; 24_000]);
        assert_eq!((silence.peak_db, silence.rms_db), (f64::NEG_INFINITY, f64::NEG_INFINITY));
        assert_eq!((silence.leading_silence, silence.trailing_silence), (1.0, 0.0));

        let nothing = measure(&[]);
        assert_eq!((nothing.seconds, nothing.pcm_bytes, nothing.peaks.0.len()), (0.0, 0, 0));
    }

    #[test]
    fn silence_is_found_where_it_is() {
        let mut samples = vec![0; 12_000];
        samples.extend(tone(0.5, 0.3, 200.0));
        samples.extend(vec![20; 24_000]);
        samples.extend(tone(0.5, 0.3, 200.0));
        samples.extend(vec![0; 6_000]);
        let sound = measure(&samples);
        assert!(close(sound.leading_silence, 0.5, 0.006), "{sound:?}");
        assert!(close(sound.longest_gap, 1.0, 0.012), "{sound:?}");
        assert!(close(sound.trailing_silence, 0.25, 0.006), "{sound:?}");
    }

    #[test]
    fn samples_at_full_scale_are_counted() {
        let mut samples = tone(0.2, 0.5, 300.0);
        samples[10] = i16::MAX;
        samples[2_000] = i16::MIN;
        samples[4_799] = i16::MAX;
        assert_eq!(measure(&samples).clipped, 3);
    }

    #[test]
    fn swapped_bytes_are_noise_and_speech_is_not() {
        let speech = babble(3.0);
        assert!(measure(&speech).noise < 0.1, "{}", measure(&speech).noise);
        let swapped: Vec<i16> = speech.iter().map(|sample| sample.swap_bytes()).collect();
        assert!(measure(&swapped).noise > 0.9, "{}", measure(&swapped).noise);
        for hertz in [60.0, 1_000.0, 4_000.0, 6_000.0, 8_000.0] {
            assert!(measure(&tone(1.0, 0.5, hertz)).noise < 0.1, "{hertz}");
        }
    }

    #[test]
    fn half_a_sample_is_no_sound() {
        let mut meter = Meter::default();
        meter.push(&[1, 2, 3]);
        assert_eq!(meter.finish(Format::default()), None);
    }

    #[test]
    fn the_outline_never_grows_beyond_its_buckets() {
        for seconds in [0.01, 0.5, 0.69, 0.7, 5.0, 61.0] {
            let sound = measure(&tone(seconds, 0.9, 50.0));
            assert!(!sound.peaks.0.is_empty() && sound.peaks.0.len() <= Peaks::MOST, "{seconds}");
        }
        let mut samples = vec![0; 48_000];
        samples[30_000] = i16::MIN;
        samples[47_999] = i16::MAX;
        let peaks = measure(&samples).peaks;
        assert!(peaks.0.len() > Peaks::MOST / 2);
        assert_eq!(peaks.0.iter().filter(|peak| peak.lowest == -127).count(), 1);
        assert_eq!(peaks.0.last().map(|peak| (peak.lowest, peak.highest)), Some((0, 127)));
    }

    proptest! {
        #[test]
        fn the_cut_of_the_bytes_does_not_matter(samples in proptest::collection::vec(any::<i16>(), 0..900), cut in 0usize..2000) {
            let bytes = bytes(&samples);
            let (head, tail) = bytes.split_at(cut.min(bytes.len()));
            let mut meter = Meter::default();
            meter.push(head);
            meter.push(tail);
            prop_assert_eq!(meter.finish(Format::default()).unwrap(), measure(&samples));
        }
    }
}
