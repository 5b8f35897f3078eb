//! Results to audio files: names, temporary files, durable writes, the manifest, and going on where a run ended.
//!
//! Touches the output folder and nothing else. A file under its final name is whole and on the disk; nothing is ever
//! replaced; running again writes only what is missing.

mod aligned;
mod amend;
mod desk;
mod elsewhere;
mod error;
mod folder;
mod from_source;
mod given;
mod hand;
mod late;
mod manifest;
mod name;
mod part;
mod pieces;
mod pipeline;
mod records;
mod saver;
mod selection;
mod source;
mod summary;
mod twins;
mod verify;

pub use desk::{Done, OnRow, Progress};
pub use elsewhere::Elsewhere;
pub use error::Error;
pub use from_source::{from_file, from_places, from_source};
pub use given::Given;
pub use manifest::{MANIFEST, Record, Status};
pub use records::Records;
pub use saver::Saver;
pub use selection::{Selection, Takes};
pub use source::{Feeder, Source};
pub use summary::Summary;
pub use verify::{Check, Difference, What, read, verify};

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
