//! Results from a file on this disk, whole or still growing, into a saver.

use std::path::Path;
use std::time::Duration;

use super::aligned::Aligned;
use super::pipeline;
use super::source::{End, Source};
use super::{Error, Saver};
use crate::results::{Form, Parser, Row, Totals};

/// Read at once by one hand alone. Smaller pieces cost a fifth of the time, larger ones leave the cache.
const READ: usize = 256 * 1024;

/// After so long without a byte there is time to make things safe.
pub(super) const LULL: Duration = Duration::from_millis(100);

/// Reads a results file, or a kept answer to a GET of a job, into a saver.
pub fn from_file(path: &Path, form: Form, saver: &mut Saver) -> Result<Totals, Error> {
    from_source(&Source::whole(path)?, form, saver)
}

/// Reads results into a saver as far as they are there, and goes on while more of them come.
///
/// A results file is read once, by several threads; rows are told in the order of its lines all the same. When no byte
/// comes for a while, what is whole gets its name. Fails when the source ends before it is whole, after what was whole
/// has been saved.
pub fn from_source(source: &Source, form: Form, saver: &mut Saver) -> Result<Totals, Error> {
    match form {
        Form::Lines => pipeline::run(source, saver),
        // One document cannot be shared out.
        Form::Inline | Form::One => stream(source, saver, Parser::new(form), 0, u64::MAX),
    }
}

/// Reads one row again, by the place that an index has kept, into a saver.
pub fn from_row(path: &Path, row: &Row, saver: &mut Saver) -> Result<(), Error> {
    let parser = Parser::starting_at(Form::One, row.line, row.offset);
    let end = row.offset.saturating_add(row.length);
    stream(&Source::whole(path)?, saver, parser, row.offset, end).map(|_| ())
}

fn stream(source: &Source, saver: &mut Saver, mut parser: Parser, from: u64, to: u64) -> Result<Totals, Error> {
    parser = parser.judging(saver.shared().judging.clone());
    let mut bytes = Aligned::new(READ);
    let mut at = from;
    loop {
        let most = usize::try_from(to - at).unwrap_or(usize::MAX).min(READ);
        let reached = source.wait(at.saturating_add(most as u64), LULL);
        let there = usize::try_from(reached.bytes - at).unwrap_or(usize::MAX).min(most);
        let read = source.read_at(&mut bytes[..there], at)?;
        parser.push(&bytes[..read], saver)?;
        at += read as u64;
        match reached.end {
            Some(End::Whole) if read < there || at == reached.bytes || at == to => return parser.finish(saver),
            Some(End::GivenUp) if at >= reached.bytes => {
                saver.flush()?;
                return Err(source.given_up());
            }
            None if read < most => {
                saver.flush()?;
                source.wait_for_more(reached.bytes);
            }
            Some(End::Whole | End::GivenUp) | None => {}
        }
    }
}
