//! Audio: formats, WAV headers, measuring, verdicts, waveforms.
//!
//! Pure: samples in, numbers and bytes out.

mod sound;
mod verdict;

pub use sound::{Format, Peaks, Sound};
pub use verdict::Verdict;
