//! What is known about a stretch of audio after it has streamed by once.

/// Format of the samples: always 16-bit little-endian PCM in what we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Samples a second and channel.
    pub sample_rate: u32,
    /// 1 for mono.
    pub channels: u16,
}

/// Measured audio.
#[derive(Clone, Debug, PartialEq)]
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
    /// Silence before the first sound, in seconds.
    pub leading_silence: f64,
    /// Silence after the last sound, in seconds.
    pub trailing_silence: f64,
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
