//! Audio: formats, WAV headers, measuring, verdicts, waveforms.
//!
//! Pure: samples in, numbers and bytes out.

mod judge;
mod meter;
mod mime;
mod noise;
mod outline;
mod sound;
mod spots;
mod verdict;
pub mod wav;
mod waveform;
mod why;

pub use judge::{Facts, Limits, judge, judge_absence};
pub use meter::Meter;
pub use mime::Mime;
pub use sound::{Format, Peak, Peaks, Sound};
pub use spots::Spots;
pub use verdict::Verdict;
pub use waveform::{Drawing, Mark};
pub use why::why;
