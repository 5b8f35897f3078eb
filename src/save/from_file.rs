//! Results that are on this disk already.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::aligned::Aligned;
use super::name::{Identity, plain};
use super::{Error, Saver};
use crate::results::{Form, Parser, Row, Sink, Totals};

/// Read at once. Smaller pieces cost a fifth of the time, larger ones leave the cache.
const PIECE: usize = 256 * 1024;

/// Reads a results file, or a kept answer to a GET of a job, into a saver.
///
/// It is read twice, the first time only for the keys: so all keys of which the names collide get a name with a hash,
/// whatever their order.
pub fn from_file(path: &Path, form: Form, saver: &mut Saver) -> Result<Totals, Error> {
    let read_error = |source| Error::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(read_error)?;
    let mut names = Names::default();
    let mut parser = Parser::new(form);
    pieces(&mut file, |piece| match parser.push(piece, &mut names) {
        Ok(()) => Ok(()),
        Err(never) => match never {},
    })
    .map_err(read_error)?
    .unwrap_or_else(|never: Infallible| match never {});
    match parser.finish(&mut names) {
        Ok(_) => {}
        Err(never) => match never {},
    }
    saver.contest(names.contested);

    file.seek(SeekFrom::Start(0)).map_err(read_error)?;
    let mut parser = Parser::new(form);
    pieces(&mut file, |piece| parser.push(piece, saver)).map_err(read_error)??;
    parser.finish(saver)
}

/// Reads one row again, by the place that an index has kept, into a saver.
pub fn from_row(path: &Path, row: &Row, saver: &mut Saver) -> Result<(), Error> {
    let read_error = |source| Error::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(read_error)?;
    file.seek(SeekFrom::Start(row.offset)).map_err(read_error)?;
    let mut parser = Parser::starting_at(Form::One, row.line, row.offset);
    pieces(&mut file.take(row.length), |piece| parser.push(piece, saver)).map_err(read_error)??;
    parser.finish(saver).map(|_| ())
}

fn pieces<E>(file: &mut impl Read, mut push: impl FnMut(&[u8]) -> Result<(), E>) -> io::Result<Result<(), E>> {
    let mut piece = Aligned::new(PIECE);
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(Ok(())),
            Ok(n) => {
                if let Err(error) = push(&piece[..n]) {
                    return Ok(Err(error));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Finds the plain names that several keys would take.
#[derive(Default)]
struct Names {
    first: HashMap<Identity, Identity>,
    contested: HashSet<Identity>,
}

impl Sink for Names {
    type Error = Infallible;

    fn wants_audio(&mut self, _key: Option<&str>, _line: u64) -> bool {
        false
    }

    fn audio(&mut self, _samples: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }

    fn row(&mut self, row: Row) -> Result<(), Infallible> {
        let Some(key) = &row.key else { return Ok(()) };
        let Some(name) = plain(key) else { return Ok(()) };
        let (name, key) = (Identity::of_name(&name), Identity::of(Some(key), row.line));
        if *self.first.entry(name).or_insert(key) != key {
            self.contested.insert(name);
        }
        Ok(())
    }
}
