//! Results from a file on this disk, whole or still growing, into a saver.

use std::path::Path;
use std::time::Duration;

use super::aligned::Aligned;
use super::pieces::Pieces;
use super::pipeline;
use super::source::{End, Source};
use super::{Error, Given, Saver};
use crate::results::{Form, Parser, Totals};

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
        Form::Lines => pipeline::run(source, Pieces::new(source), saver),
        // One document cannot be shared out.
        Form::Inline | Form::One => stream(source, saver, Parser::new(form)),
    }
}

/// Reads some rows of a results file, or of a kept answer, into a saver: those at these places, in the order of their
/// lines, and nothing else of it.
///
/// Fails with [`Error::Moved`] at the first row that is not where it was, after those before it have been saved.
pub fn from_places(path: &Path, form: Form, places: &[Given], saver: &mut Saver) -> Result<Totals, Error> {
    let source = Source::whole(path)?;
    pipeline::run(&source, Pieces::given(&source, form, places), saver)
}

fn stream(source: &Source, saver: &mut Saver, parser: Parser) -> Result<Totals, Error> {
    let mut parser = parser.judging(saver.shared().judging.clone());
    let mut bytes = Aligned::new(READ);
    let mut at = 0;
    loop {
        let reached = source.wait(at + READ as u64, LULL);
        let there = usize::try_from(reached.bytes - at).unwrap_or(usize::MAX).min(READ);
        let read = source.read_at(&mut bytes[..there], at)?;
        parser.push(&bytes[..read], saver)?;
        at += read as u64;
        match reached.end {
            Some(End::Whole) if read < there || at == reached.bytes => return parser.finish(saver),
            Some(End::GivenUp) if at >= reached.bytes => {
                saver.flush()?;
                return Err(source.given_up());
            }
            None if read < READ => {
                saver.flush()?;
                source.wait_for_more(reached.bytes);
            }
            Some(End::Whole | End::GivenUp) | None => {}
        }
    }
}
