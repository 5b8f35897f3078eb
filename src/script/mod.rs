//! Sources to requests: texts of every form and JSONL become the one JSONL that is sent, checked one by one.
//!
//! Touches input files and standard input, and nothing else; what it makes goes to a writer that the caller owns.
//! Memory stays flat: a line, a row, a section or a chapter at a time, some thirty bytes for each key, however large
//! the source is.
//! What is written is canonical (UTF-8, line feeds, camelCase, fields in order), so equal requests have equal checksums.

mod book;
mod captions;
mod choosing;
mod error;
mod folder;
mod glance;
mod index;
mod job_keys;
mod keys;
mod lines;
mod markdown;
mod measure;
mod options;
mod output;
mod passage;
mod plain;
mod prepare;
mod progress;
mod prose;
mod reading;
mod rows;
mod sample;
mod source;
mod speaking;
mod table;

pub use choosing::{Candidate, each_candidate, rewrite};
pub use error::Error;
pub use glance::{Glance, glance};
pub use index::{Entry, Index, Spoken, each_request, each_source_text, each_spoken, read_requests};
pub use keys::{KeyParts, KeyTemplate, TemplateError};
pub use lines::LONGEST_LINE;
pub use measure::{Measured, each_measured};
pub use options::{By, Column, ColumnError, ColumnName, Columns, SourceOptions};
pub use prepare::{Options, Prepared, lint, prepare};
pub use progress::BytesRead;
pub use sample::{Choosing, Sample, SampleError};
pub use source::{Form, SourceArg, UnknownForm};
