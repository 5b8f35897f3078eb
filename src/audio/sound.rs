//! What is known about a stretch of audio after it has streamed by once.

use super::meter::WINDOW;

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
    /// Silence after the last sound, in seconds; none when there is no sound, as all of it stands before.
    pub trailing_silence: f64,
    /// The longest silence between two sounds, in seconds.
    pub longest_gap: f64,
    /// How flat the spectrum of what sounds is, from 0 for a tone to 1 for white noise. Speech stays below 0.2, swapped
    /// bytes come above 0.9.
    pub noise: f64,
    /// How the sound moves.
    pub texture: Texture,
    /// For the waveform.
    pub peaks: Peaks,
}

impl Sound {
    /// Where silence is, in words: `0.1 s before, 0.3 s after, 0.2 s within`.
    pub fn silences(&self) -> String {
        if self.seconds > 0.0 && self.leading_silence >= self.seconds {
            return "all the way".to_owned();
        }
        let Sound { leading_silence, trailing_silence, longest_gap, .. } = self;
        format!("{leading_silence:.1} s before, {trailing_silence:.1} s after, {longest_gap:.1} s within")
    }
}

/// What a sample of the windows that sound is like.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Texture {
    /// Windows that were looked at; with none of them, the level says nothing.
    pub windows: u32,
    /// Their mean level without a constant offset, in dB below full scale.
    pub heard_db: f64,
    /// Stretches of about 43 ms whose levels were compared.
    pub blocks: u32,
    /// The standard deviation of these levels in dB: above 3 for speech and music, near 0 for a tone, a hum, a hiss.
    pub movement_db: f64,
}

/// The outline of a waveform: what equal stretches of the audio come to, in its order.
///
/// At most [`Peaks::MOST`] stretches, whatever the length, so that a hundred thousand of them fit on a disk. All but
/// the last one are equally long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks(pub Box<[Peak]>);

/// One stretch of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peak {
    /// The lowest sample, where −127 stands for the lowest that there is.
    pub lowest: i8,
    /// The highest sample, where 127 stands for the highest that there is.
    pub highest: i8,
    /// The mean level in whole dB below full scale; [`Peak::SILENT`] for digital silence.
    pub level: i8,
}

impl Peaks {
    /// The number of stretches that are kept at the most.
    pub const MOST: usize = 128;

    /// How many stretches long audio of so many samples is, all channels counted: whole ones, and the part of one at
    /// its end.
    pub fn stretches(samples: u64) -> f64 {
        let windows = samples.div_ceil(WINDOW as u64);
        let mut span = 1;
        while windows.div_ceil(span) > Self::MOST as u64 {
            span *= 2;
        }
        samples as f64 / (span * WINDOW as u64) as f64
    }
}

impl Peak {
    /// The level of a stretch in which nothing moves.
    pub const SILENT: i8 = -128;
    /// Below this level a stretch is silence, in dB: the same bound by which the measured silences are told.
    pub const SILENCE_DB: i8 = -50;

    /// Whether it is a stretch of silence.
    pub fn is_silent(self) -> bool {
        self.level < Self::SILENCE_DB
    }

    /// Whether a sample of it stands at full scale.
    pub fn is_clipped(self) -> bool {
        self.lowest == -127 || self.highest == 127
    }
}
