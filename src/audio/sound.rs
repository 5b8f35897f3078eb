//! What is known about a stretch of audio after it has streamed by once.

/// Format of the samples: always 16-bit little-endian PCM in what we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Samples a second and channel.
    pub sample_rate: u32,
    /// 1 for mono.
    pub channels: u16,
}

impl Default for Format {
    /// What every model has sent so far.
    fn default() -> Self {
        Format { sample_rate: 24_000, channels: 1 }
    }
}

/// Measured audio.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sound {
    /// Of the samples.
    pub format: Format,
    /// Bytes of PCM, without any header.
    pub pcm_bytes: u64,
    /// Length in seconds.
    pub seconds: f64,
    /// The loudest sample, in dB below full scale; `-inf` for digital silence.
    pub peak_db: f64,
    /// The mean level, in dB below full scale; `-inf` for digital silence.
    pub rms_db: f64,
    /// Samples at full scale.
    pub clipped: u64,
    /// Silence before the first sound, in seconds; all of it when there is no sound.
    pub leading_silence: f64,
    /// Silence after the last sound, in seconds; all of it when there is no sound.
    pub trailing_silence: f64,
    /// The longest silence between two sounds, in seconds.
    pub longest_gap: f64,
    /// How much of what sounds is like white noise, from 0 to 1. Speech stays below 0.3, swapped bytes come near 1.
    pub noise: f64,
    /// For the waveform.
    pub peaks: Peaks,
}

/// The outline of a waveform: lowest and highest sample of equal stretches, scaled to -127..=127.
///
/// At most [`Peaks::MOST`] stretches, whatever the length, so that a hundred thousand rows fit in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks(pub Box<[(i8, i8)]>);

impl Peaks {
    /// The number of stretches that are kept at the most.
    pub const MOST: usize = 128;
}
