//! Audio for hostile results: tones that nothing finds fault with, and WAV files of all kinds, put together by hand.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Samples with their format, as they should stand in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    pub rate: u32,
    pub channels: u16,
    pub pcm: Vec<u8>,
}

impl Sound {
    /// A quarter of a second of a voice-like tone; every seed has its own. All channels hold the same.
    pub fn tone(seed: u64, rate: u32, channels: u16) -> Self {
        Self::of(seed, rate, channels, rate as usize / 4)
    }

    /// So many samples of it in each channel.
    pub fn of(seed: u64, rate: u32, channels: u16, samples: usize) -> Self {
        let pitch = 110.0 + (seed % 97) as f64;
        let mut pcm = Vec::with_capacity(samples * 2 * usize::from(channels));
        for n in 0..samples {
            let at = n as f64 / f64::from(rate) * std::f64::consts::TAU;
            let wave = (at * pitch).sin() + 0.5 * (at * pitch * 2.0).sin() + 0.25 * (at * pitch * 3.0).sin();
            let loudness = 6_000.0 + 2_000.0 * (at * 3.0).sin();
            let sample = (wave * loudness) as i16;
            for _ in 0..channels {
                pcm.extend_from_slice(&sample.to_le_bytes());
            }
        }
        Sound { rate, channels, pcm }
    }

    /// The usual one.
    pub fn usual(seed: u64) -> Self {
        Self::tone(seed, 24_000, 1)
    }

    /// The samples in base64.
    pub fn base64(&self) -> String {
        base64(&self.pcm)
    }

    /// The file that should stand on the disk, byte by byte, written from the definition of the format.
    pub fn file(&self) -> Vec<u8> {
        let fmt = fmt(1, self.channels, self.rate, 16);
        let chunks = [chunk(b"fmt ", &fmt), chunk(b"data", &self.pcm)].concat();
        riff(&chunks)
    }

    pub fn seconds(&self) -> f64 {
        self.pcm.len() as f64 / 2.0 / f64::from(self.channels) / f64::from(self.rate)
    }
}

pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The body of a `fmt ` chunk.
pub fn fmt(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let frame = u32::from(channels) * u32::from(bits) / 8;
    let mut fmt = Vec::new();
    fmt.extend_from_slice(&tag.to_le_bytes());
    fmt.extend_from_slice(&channels.to_le_bytes());
    fmt.extend_from_slice(&rate.to_le_bytes());
    fmt.extend_from_slice(&rate.wrapping_mul(frame).to_le_bytes());
    fmt.extend_from_slice(&(frame as u16).to_le_bytes());
    fmt.extend_from_slice(&bits.to_le_bytes());
    fmt
}

/// A chunk that says its true size, with the byte that fills an odd one up.
pub fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut chunk = sized(id, body.len() as u32, body);
    if body.len() % 2 == 1 {
        chunk.push(0);
    }
    chunk
}

/// A chunk that says any size.
pub fn sized(id: &[u8; 4], size: u32, body: &[u8]) -> Vec<u8> {
    [&id[..], &size.to_le_bytes(), body].concat()
}

/// A RIFF file around chunks.
pub fn riff(chunks: &[u8]) -> Vec<u8> {
    riff_sized(chunks.len() as u32 + 4, chunks)
}

/// A RIFF file that says any size.
pub fn riff_sized(size: u32, chunks: &[u8]) -> Vec<u8> {
    [b"RIFF", &size.to_le_bytes()[..], b"WAVE", chunks].concat()
}
