//! Audio: formats, WAV headers, measuring, verdicts, waveforms.
//!
//! Pure: samples in, numbers and bytes out.

mod judge;
mod limits;
mod meter;
mod mime;
mod noise;
mod outline;
#[cfg(test)]
mod signals;
mod sound;
mod verdict;
pub mod wav;
mod waveform;
mod why;

pub use judge::{Cause, Facts, Letters, cause, judge, judge_absence};
pub use limits::{Limit, Limits};
pub use meter::Meter;
pub use mime::Mime;
pub use sound::{Format, Peak, Peaks, Sound, Texture};
pub use verdict::Verdict;
pub use waveform::{waveform, waveform_ascii};
pub use why::why;
