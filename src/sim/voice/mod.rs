//! Sound that a person takes for speech and a meter takes for good audio, made of arithmetic alone.
//!
//! Pure and deterministic: key, text and voice give the samples, always the same ones. A text becomes syllables
//! and pauses with lengths as a reader would need; each syllable is a vowel of a voice with its own pitch, fading
//! in and out, with a breath of noise where a consonant would be.

mod cast;
mod score;
mod synth;
mod timbre;

pub use cast::{VOICES, is_voice};
pub use score::{Score, Turn};
pub use synth::{Effect, Synth};
