//! Sources to requests: text and JSONL become the one JSONL that is sent, checked line by line.
//!
//! Touches input files and standard input, and nothing else; what it makes goes to a writer that the caller owns.
//! Memory stays flat: a line at a time, some thirty bytes for each key, however large the source is.
//! What is written is canonical (UTF-8, line feeds, camelCase, fields in order), so equal requests have equal checksums.

mod error;
mod index;
mod keys;
mod lines;
mod output;
mod prepare;
mod reading;
mod source;

pub use error::Error;
pub use index::{Entry, Index, Spoken, each_spoken, read_requests};
pub use keys::{KeyTemplate, TemplateError};
pub use lines::LONGEST_LINE;
pub use prepare::{Options, Prepared, lint, prepare};
pub use source::{Form, SourceArg, UnreadForm};
