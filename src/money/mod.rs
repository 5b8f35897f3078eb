//! Models, voices and prices as data, and what a job may cost.
//!
//! Pure.

/// What a job may come to, as ranges: nobody knows the length of speech before it is spoken.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Seconds of audio, low and high.
    pub seconds: (f64, f64),
    /// US dollars at the batch price, low and high; `None` when no price is known.
    pub dollars: Option<(f64, f64)>,
    /// What the range rests on, for people.
    pub basis: String,
}
