//! Results of a job: bytes in, pieces of audio and one row per request out.
//!
//! Pure. A line may be 42 MB and a file many gigabytes, so nothing here holds a line.

mod base64;
mod draft;
pub mod index;
mod judging;
mod lexer;
mod packed;
mod parser;
mod place;
mod reading;
pub mod review;
mod row;
mod sink;

pub use judging::{Judging, Text, Texts};
pub use packed::{PackedRows, RowView};
pub use parser::{Form, MOST_ROW_BYTES, Parser, Totals};
pub use row::{Outcome, Row, Tokens};
pub use sink::{Rows, Sink};
