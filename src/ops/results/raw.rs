//! One result line as the service sent it, with its audio cut short.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::failure::Failure;
use crate::job::Job;
use crate::ops::Session;
use crate::ops::session::on_disk;
use crate::results::index::LinePlace;
use crate::results::{Form, Parser, Row, Sink};
use crate::text;

use super::index;
use super::keep::Place;

/// So many bytes of a string are shown.
const MOST_STRING: usize = 240;

/// So many bytes of a line are shown.
const MOST_SHOWN: usize = 256 * 1024;

/// Reads one result line, counted from 1 as in [`Row::line`], from the kept copy of a job's results.
///
/// Long strings, which are audio, are cut; the rest is as the service sent it. Fails when there is no kept copy yet, and
/// when the copy has changed since its index was made: then the index is dropped, and the next opening reads the copy.
pub async fn raw_line(session: &Session, job: &Job, line: u64) -> Result<String, Failure> {
    let places = Place::either(session, job);
    let (job, session) = (job.clone(), session.clone());
    on_disk(move || {
        let kept = places.iter().find_map(|place| Some((place.whole()?, place)));
        let Some((path, place)) = kept else {
            return Err(Failure::new(format!("the results of {} are not on this disk yet", job.name))
                .hint("open the job first"));
        };
        let cannot = |error: std::io::Error| Failure::new(format!("cannot read {}: {error}", path.display()));
        let Some(found) = index::line_place(&session, place, line) else {
            let (offset, length) = find(&path, place.form, line)
                .map_err(cannot)?
                .ok_or_else(|| Failure::new(format!("{} has no result line {line}", job.name)))?;
            return Ok(shorten(&path, offset, length).map_err(cannot)?.0);
        };
        let (shown, is_result) = shorten(&path, found.offset, found.length).map_err(cannot)?;
        if found.is_result && !is_result {
            index::drop_index(place);
            return Err(Failure::new(format!("line {line} of {} is not what it was any more", path.display()))
                .hint("the kept copy was changed or damaged: open the job again to see what is left of it"));
        }
        Ok(shown)
    })
    .await
}

/// Where a line begins, and how long it is.
fn find(path: &Path, form: Form, line: u64) -> std::io::Result<Option<(u64, u64)>> {
    let mut file = File::open(path)?;
    let mut parser = Parser::new(form);
    let mut finder = Finder { line };
    let mut piece = vec![0; 256 * 1024];
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            return Ok(parser.finish(&mut finder).err());
        }
        if let Err(place) = parser.push(&piece[..n], &mut finder) {
            return Ok(Some(place));
        }
    }
}

/// Stops at one row, with its place as the error.
struct Finder {
    line: u64,
}

impl Sink for Finder {
    type Error = (u64, u64);

    fn wants_audio(&mut self, _key: Option<&str>, _line: u64) -> bool {
        false
    }

    fn audio(&mut self, _samples: &[u8]) -> Result<(), Self::Error> {
        Ok(())
    }

    fn row(&mut self, row: Row) -> Result<(), Self::Error> {
        if row.line == self.line { Err((row.offset, row.length)) } else { Ok(()) }
    }
}

/// The line with its long strings cut, and whether it is a result at all.
fn shorten(path: &Path, offset: u64, length: u64) -> std::io::Result<(String, bool)> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut reader = file.take(length);
    let mut short = Shortener::default();
    let mut parser = Parser::new(Form::One);
    let mut check = Check::default();
    let mut piece = vec![0; 256 * 1024];
    loop {
        let n = reader.read(&mut piece)?;
        if n == 0 {
            let Ok(_) = parser.finish(&mut check);
            return Ok((short.finish(), check.is_result));
        }
        let Ok(()) = parser.push(&piece[..n], &mut check);
        if short.shown.len() <= MOST_SHOWN {
            short.push(&piece[..n]);
        }
    }
}

/// Looks whether what is read is one result.
#[derive(Default)]
struct Check {
    is_result: bool,
}

impl Sink for Check {
    type Error = std::convert::Infallible;

    fn wants_audio(&mut self, _key: Option<&str>, _line: u64) -> bool {
        false
    }

    fn audio(&mut self, _samples: &[u8]) -> Result<(), Self::Error> {
        Ok(())
    }

    fn row(&mut self, row: Row) -> Result<(), Self::Error> {
        self.is_result = LinePlace::of(&row).is_result;
        Ok(())
    }
}

/// Copies JSON and cuts its long strings. Broken JSON comes out as it is.
#[derive(Default)]
struct Shortener {
    shown: Vec<u8>,
    /// In a string: how many of its bytes were seen.
    string: Option<usize>,
    is_escaped: bool,
}

impl Shortener {
    fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let Some(seen) = &mut self.string else {
                self.shown.push(byte);
                self.string = (byte == b'"').then_some(0);
                continue;
            };
            if byte == b'"' && !self.is_escaped {
                if *seen > MOST_STRING {
                    let left_out = format!("… {} more", text::bytes((*seen - MOST_STRING) as u64));
                    self.shown.extend_from_slice(left_out.as_bytes());
                }
                self.shown.push(byte);
                self.string = None;
                continue;
            }
            self.is_escaped = byte == b'\\' && !self.is_escaped;
            *seen += 1;
            if *seen <= MOST_STRING {
                self.shown.push(byte);
            }
        }
    }

    fn finish(mut self) -> String {
        let is_cut = self.shown.len() > MOST_SHOWN;
        self.shown.truncate(MOST_SHOWN);
        let mut text = String::from_utf8_lossy(&self.shown).into_owned();
        if is_cut {
            text.push('…');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_strings_are_cut_wherever_the_pieces_end() {
        let json = format!(r#"{{"key":"a\"b","data":"{}","n":1}}"#, "A".repeat(1_240));
        for size in [1, 7, 10_000] {
            let mut short = Shortener::default();
            json.as_bytes().chunks(size).for_each(|piece| short.push(piece));
            let expected = format!(r#"{{"key":"a\"b","data":"{}… 1 kB more","n":1}}"#, "A".repeat(240));
            assert_eq!(short.finish(), expected);
        }
    }
}
