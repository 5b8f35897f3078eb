//! Audio in base64, made while it is sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::sim::voice::{Effect, Score, Synth};

/// A recipe for one piece of audio.
#[derive(Clone, Debug)]
pub struct Sound {
    /// What is said.
    pub score: Score,
    /// From which sample on.
    pub from: u64,
    /// How much of it, in samples.
    pub samples: u64,
    /// Samples a second.
    pub rate: u32,
    /// Whether a RIFF header of 44 bytes stands in front.
    pub header: bool,
    /// What is done to the sound.
    pub effect: Effect,
    /// Whether the last byte is missing, so that the last sample is half a sample.
    pub odd: bool,
}

impl Sound {
    /// Length in bytes before base64.
    pub fn len(&self) -> u64 {
        let header = if self.header { 44 } else { 0 };
        (header + self.samples * 2).saturating_sub(u64::from(self.odd))
    }

    /// Length in characters of base64.
    pub fn base64_len(&self) -> u64 {
        self.len().div_ceil(3) * 4
    }

    /// Begins to make it.
    pub fn pour(self) -> Pour {
        let left = self.len();
        let mut ready = Vec::new();
        if self.header {
            ready.extend_from_slice(&riff(self.rate, self.samples * 2));
        }
        let mut synth = Synth::new(&self.score, self.rate, self.from + self.samples, self.effect);
        synth.skip(self.from);
        Pour { synth, ready, left }
    }
}

/// Audio on its way out.
#[derive(Debug)]
pub struct Pour {
    synth: Synth,
    ready: Vec<u8>,
    left: u64,
}

/// Bytes of PCM that are made at a time; three of them are four characters, so it divides by three and by two.
const BLOCK: usize = 24_576;

impl Pour {
    /// The next characters at the end of `out`, about 32 KiB; `false` when there are none left.
    pub fn next(&mut self, out: &mut Vec<u8>) -> bool {
        if self.left == 0 {
            return false;
        }
        let wanted = self.left.min(BLOCK as u64) as usize;
        while self.ready.len() < wanted {
            let missing = (wanted - self.ready.len()).div_ceil(2);
            if self.synth.fill(&mut self.ready, missing) == 0 {
                break;
            }
        }
        let take = wanted.min(self.ready.len());
        let start = out.len();
        let length = take.div_ceil(3) * 4;
        out.resize(start + length, 0);
        STANDARD.encode_slice(&self.ready[..take], &mut out[start..]).expect("the room was made just above");
        self.ready.drain(..take);
        self.left -= take as u64;
        true
    }
}

/// The 44 bytes in front of mono PCM of 16 bits.
fn riff(rate: u32, pcm_bytes: u64) -> [u8; 44] {
    let length = u32::try_from(pcm_bytes).unwrap_or(u32::MAX - 36);
    let mut header = [0u8; 44];
    header[..4].copy_from_slice(b"RIFF");
    header[4..8].copy_from_slice(&(length + 36).to_le_bytes());
    header[8..16].copy_from_slice(b"WAVEfmt ");
    header[16..20].copy_from_slice(&16u32.to_le_bytes());
    header[20..22].copy_from_slice(&1u16.to_le_bytes());
    header[22..24].copy_from_slice(&1u16.to_le_bytes());
    header[24..28].copy_from_slice(&rate.to_le_bytes());
    header[28..32].copy_from_slice(&(rate * 2).to_le_bytes());
    header[32..34].copy_from_slice(&2u16.to_le_bytes());
    header[34..36].copy_from_slice(&16u16.to_le_bytes());
    header[36..40].copy_from_slice(b"data");
    header[40..].copy_from_slice(&length.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::super::super::voice::Turn;
    use super::*;

    fn sound(header: bool, odd: bool) -> Sound {
        let score = Score::new(3, &[Turn { voice: "Kore", text: "A short line, read aloud." }], None);
        let samples = score.samples(24_000);
        Sound { score, from: 0, samples, rate: 24_000, header, effect: Effect::None, odd }
    }

    #[test]
    fn what_is_poured_is_as_long_as_announced_and_is_audio() {
        for (header, odd) in [(false, false), (true, false), (false, true)] {
            let sound = sound(header, odd);
            let (length, characters) = (sound.len(), sound.base64_len());
            let mut out = Vec::new();
            let mut pour = sound.pour();
            while pour.next(&mut out) {}
            assert_eq!(out.len() as u64, characters);
            let bytes = STANDARD.decode(&out).unwrap();
            assert_eq!(bytes.len() as u64, length);
            if header {
                let reader = hound::WavReader::new(&bytes[..]).unwrap();
                assert_eq!(reader.spec().sample_rate, 24_000);
                assert_eq!(u64::from(reader.duration()), (length - 44) / 2);
            }
        }
    }
}
