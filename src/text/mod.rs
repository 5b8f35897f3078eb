//! Text for people: the one sanitiser, widths and ellipsis, ages and sizes.
//!
//! Pure. Every text that comes from the service or the disk passes [`clean`] where it enters a model, a line of
//! output or a log; nothing behind that point cleans again.

mod clean;
mod measure;
mod say;

pub use clean::{MOST_MARKS, clean, clean_short, clean_within, is_harmless};
pub use measure::{fit, fit_left, width};
pub use say::{
    age, ago, bytes, clock_seconds, count, dollars, dollars_about, done_good_bad, span, thousands, whole_dollars,
};
