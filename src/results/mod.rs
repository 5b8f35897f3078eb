//! Results of a job: bytes in, pieces of audio and one row per request out.
//!
//! Pure. A line may be 42 MB and a file many gigabytes, so nothing here holds a line.

mod row;

pub use row::{Outcome, Row, Tokens};
