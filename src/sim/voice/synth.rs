//! From notes to samples, a block at a time: integers and tables, so that gigabytes of speech cost little.

use super::score::{Note, Score};
use super::timbre::{PERIOD, TIMBRES};

/// What happens to the sound on its way out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    #[default]
    None,
    /// Every sample is zero.
    Silent,
    /// So quiet that hardly anybody hears it.
    Quiet,
    /// Turned up until it clips.
    Clipped,
    /// White noise in place of a voice.
    Noise,
}

/// Samples of a score, in order.
#[derive(Clone, Debug)]
pub struct Synth {
    notes: std::vec::IntoIter<Note>,
    note: Tone,
    rate: u32,
    left: u64,
    phase: u32,
    noise: u32,
    effect: Effect,
}

/// The note being played, in samples and fixed point.
#[derive(Clone, Copy, Debug, Default)]
struct Tone {
    position: u32,
    length: u32,
    table: Option<(usize, usize)>,
    step: u32,
    step_change: i32,
    loudness: i32,
    burst: u32,
}

impl Synth {
    /// Begins to play `score` at `rate`; `samples` may cut it short.
    pub fn new(score: &Score, rate: u32, samples: u64, effect: Effect) -> Self {
        let notes = score.notes().into_iter();
        Synth { notes, note: Tone::default(), rate, left: samples, phase: 0, noise: 0x2545_f491, effect }
    }

    /// The next samples, as little-endian bytes at the end of `out`; at most `most` samples. Returns how many.
    pub fn fill(&mut self, out: &mut Vec<u8>, most: usize) -> usize {
        let n_samples = (most as u64).min(self.left) as usize;
        let mut made = 0;
        while made < n_samples {
            if self.note.position == self.note.length && !self.next_note() {
                out.resize(out.len() + (n_samples - made) * 2, 0);
                break;
            }
            let run = (n_samples - made).min((self.note.length - self.note.position) as usize);
            self.play(out, run);
            made += run;
        }
        self.left -= n_samples as u64;
        n_samples
    }

    /// Leaves out so many samples.
    pub fn skip(&mut self, samples: u64) {
        const BLOCK: usize = 16_384;
        let mut unheard = Vec::new();
        let mut left = samples;
        while left > 0 {
            unheard.clear();
            left -= match self.fill(&mut unheard, BLOCK.min(usize::try_from(left).unwrap_or(BLOCK))) {
                0 => return,
                made => made as u64,
            };
        }
    }

    fn next_note(&mut self) -> bool {
        let Some(note) = self.notes.next() else { return false };
        let rate = f64::from(self.rate);
        let length = u32::try_from(note.micros * u64::from(self.rate) / 1_000_000).unwrap_or(u32::MAX);
        self.note = match note.syllable {
            None => Tone { length, ..Tone::default() },
            Some(syllable) => {
                let step = |hz: f64| (hz / rate * f64::from(u32::MAX)) as u32;
                let (from, to) = (step(syllable.from), step(syllable.to));
                Tone {
                    position: 0,
                    length,
                    table: Some((syllable.timbre, syllable.vowel)),
                    step: from,
                    step_change: ((i64::from(to) - i64::from(from)) / i64::from(length.max(1))) as i32,
                    loudness: (syllable.loudness * 32_767.0) as i32,
                    burst: if syllable.consonant { self.rate / 40 } else { 0 },
                }
            }
        };
        true
    }

    fn play(&mut self, out: &mut Vec<u8>, run: usize) {
        let Some((timbre, vowel)) = self.note.table else {
            self.rest(out, run);
            return;
        };
        let table = &TIMBRES[timbre].vowels[vowel];
        let mut tone = self.note;
        let attack = (self.rate / 50).min(tone.length / 3).max(1);
        let release = (self.rate / 16).min(tone.length / 2).max(1);
        let bits = PERIOD.trailing_zeros();
        let start = out.len();
        out.resize(start + run * 2, 0);
        for place in out[start..].chunks_exact_mut(2) {
            let rise = (tone.position + 1).min(attack) as i32 * 256 / attack as i32;
            let fall = (tone.length - tone.position).min(release) as i32 * 256 / release as i32;
            let envelope = rise * fall;
            let voice = i32::from(table[(self.phase >> (32 - bits)) as usize]);
            let mut sample = (((voice * (tone.loudness >> 2)) >> 13) * (envelope >> 2)) >> 14;
            if tone.position < tone.burst {
                sample = sample / 2 + self.hiss(11);
            }
            place.copy_from_slice(&self.shape(sample).to_le_bytes());
            self.phase = self.phase.wrapping_add(tone.step);
            tone.step = tone.step.wrapping_add_signed(tone.step_change);
            tone.position += 1;
        }
        self.note = tone;
    }

    fn rest(&mut self, out: &mut Vec<u8>, run: usize) {
        self.note.position += run as u32;
        let start = out.len();
        out.resize(start + run * 2, 0);
        for place in out[start..].chunks_exact_mut(2) {
            // A room is never perfectly still: two bits of noise.
            let sample = self.hiss(2);
            place.copy_from_slice(&self.shape(sample).to_le_bytes());
        }
    }

    /// Noise of so many bits.
    fn hiss(&mut self, bits: u32) -> i32 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 17;
        self.noise ^= self.noise << 5;
        self.noise as i32 >> (31 - bits)
    }

    fn shape(&mut self, sample: i32) -> i16 {
        let shaped = match self.effect {
            Effect::None => sample,
            Effect::Silent => 0,
            Effect::Quiet => sample / 25,
            Effect::Clipped => sample * 9,
            Effect::Noise => self.hiss(13),
        };
        shaped.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
    }
}

#[cfg(test)]
mod tests {
    use super::super::Turn;
    use super::*;

    fn samples(voice: &str, text: &str, rate: u32, effect: Effect, block: usize) -> Vec<i16> {
        let score = Score::new(5, &[Turn { voice, text }], None);
        let n_samples = score.samples(rate);
        let mut synth = Synth::new(&score, rate, n_samples, effect);
        let mut bytes = Vec::new();
        while synth.fill(&mut bytes, block) > 0 {}
        assert_eq!(bytes.len() as u64, n_samples * 2);
        bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
    }

    fn rms_db(samples: &[i16]) -> f64 {
        let power = samples.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / samples.len() as f64;
        10.0 * (power / 32_768f64.powi(2)).log10()
    }

    const TEXT: &str = "Nobody had told them, of course, that the door was locked. Would you have tried it?";

    #[test]
    fn speech_is_at_a_good_level_and_never_clips() {
        for voice in ["Kore", "Puck", "Charon", "Zephyr", "voice_of_somebody"] {
            for rate in [24_000, 16_000, 8_000] {
                let samples = samples(voice, TEXT, rate, Effect::None, 4096);
                let level = rms_db(&samples);
                assert!((-26.0..-14.0).contains(&level), "{voice} at {rate}: {level} dB");
                let peak = samples.iter().map(|s| s.unsigned_abs()).max().unwrap();
                assert!((8_000..32_000).contains(&peak), "{voice}: {peak}");
            }
        }
    }

    #[test]
    fn the_same_words_give_the_same_samples_in_blocks_of_any_size() {
        let whole = samples("Kore", TEXT, 24_000, Effect::None, usize::MAX >> 1);
        assert_eq!(samples("Kore", TEXT, 24_000, Effect::None, 1_001), whole);
        assert_ne!(samples("Puck", TEXT, 24_000, Effect::None, 1_001), whole);
    }

    #[test]
    fn effects_do_what_they_say() {
        assert!(samples("Kore", TEXT, 24_000, Effect::Silent, 999).iter().all(|&s| s == 0));
        let quiet = rms_db(&samples("Kore", TEXT, 24_000, Effect::Quiet, 999));
        assert!((-56.0..-46.0).contains(&quiet), "{quiet}");
        let clipped = samples("Kore", TEXT, 24_000, Effect::Clipped, 999);
        let n_clipped = clipped.iter().filter(|s| **s == i16::MAX || **s == i16::MIN).count();
        assert!(n_clipped > clipped.len() / 50, "{n_clipped}");
    }
}
