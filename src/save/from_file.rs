//! Results that are on this disk already.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::aligned::Aligned;
use super::hand::Hand;
use super::plan::{Piece, Plan};
use super::saver::Shared;
use super::{Error, Saver};
use crate::results::{Form, Parser, Row, Sink, Totals};

/// Read at once. Smaller pieces cost a fifth of the time, larger ones leave the cache.
const READ: usize = 256 * 1024;

/// More threads than this only wait for the disk.
const MOST_HANDS: usize = 4;

/// Reads a results file, or a kept answer to a GET of a job, into a saver.
///
/// It is read twice, the first time only for the keys, which takes a tenth of the time: so all keys whose names
/// collide get a name with a hash, whatever their order, and the lines can be shared out among threads.
pub fn from_file(path: &Path, form: Form, saver: &mut Saver) -> Result<Totals, Error> {
    let mut plan = Plan::default();
    let totals = read_range(path, 0, u64::MAX, Parser::new(form), &mut plan).map_err(|error| match error {
        Failure::Read(source) => Error::Read { path: path.to_owned(), source },
        Failure::Sink(never) => match never {},
    })?;
    let (pieces, later) = plan.share_out(totals.bytes);
    let n_hands = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_HANDS).min(pieces.len());
    saver.shared().desk().contested = plan.into_contested();
    if form != Form::Lines || n_hands < 2 {
        return read(path, 0, u64::MAX, Parser::new(form), saver);
    }
    let lines: HashSet<u64> = later.iter().map(|piece| piece.line).collect();
    let work = Work {
        path,
        pieces: &pieces,
        later: &lines,
        in_background: saver.in_background,
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    };
    std::thread::scope(|scope| {
        let hands: Vec<_> = (0..n_hands).map(|_| scope.spawn(|| work.run(saver.shared()))).collect();
        // All of them are waited for, so that what is whole gets its name even when one of them has failed.
        let ends: Vec<_> = hands
            .into_iter()
            .map(|hand| hand.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        ends.into_iter().collect::<Result<(), Error>>()
    })?;
    for Piece { line, offset, length } in later {
        read(path, offset, length, Parser::starting_at(Form::One, line, offset), saver)?;
    }
    Ok(totals)
}

/// Reads one row again, by the place that an index has kept, into a saver.
pub fn from_row(path: &Path, row: &Row, saver: &mut Saver) -> Result<(), Error> {
    let parser = Parser::starting_at(Form::One, row.line, row.offset);
    read(path, row.offset, row.length, parser, saver).map(|_| ())
}

/// Pieces of a file that several threads take one after the other.
struct Work<'a> {
    path: &'a Path,
    pieces: &'a [Piece],
    /// Lines that have to wait until all others are done, because an earlier one has the same key.
    later: &'a HashSet<u64>,
    in_background: bool,
    next: AtomicUsize,
    stop: AtomicBool,
}

impl Work<'_> {
    fn run(&self, shared: &Arc<Shared>) -> Result<(), Error> {
        if self.in_background {
            step_back();
        }
        let mut hand = Hand::new(Arc::clone(shared));
        let mut done = Ok(());
        while done.is_ok() && !self.stop.load(Ordering::Relaxed) {
            let Some(piece) = self.pieces.get(self.next.fetch_add(1, Ordering::Relaxed)) else { break };
            let parser = Parser::starting_at(Form::Lines, piece.line, piece.offset);
            let mut but = But { hand: &mut hand, later: self.later };
            done = read(self.path, piece.offset, piece.length, parser, &mut but).map(|_| ());
        }
        if done.is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
        done.and(hand.flush())
    }
}

/// Lets the threads that draw and listen go first. Only Linux has priorities of threads.
fn step_back() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(10);
}

/// A hand that leaves some lines for later.
struct But<'a> {
    hand: &'a mut Hand,
    later: &'a HashSet<u64>,
}

impl Sink for But<'_> {
    type Error = Error;

    fn wants_audio(&mut self, key: Option<&str>, line: u64) -> bool {
        !self.later.contains(&line) && self.hand.wants_audio(key, line)
    }

    fn audio(&mut self, samples: &[u8]) -> Result<(), Error> {
        self.hand.audio(samples)
    }

    fn row(&mut self, row: Row) -> Result<(), Error> {
        if self.later.contains(&row.line) {
            self.hand.pass_over();
            return Ok(());
        }
        self.hand.row(row)
    }
}

enum Failure<E> {
    Read(io::Error),
    Sink(E),
}

fn read<S: Sink<Error = Error>>(
    path: &Path,
    from: u64,
    length: u64,
    parser: Parser,
    sink: &mut S,
) -> Result<Totals, Error> {
    read_range(path, from, length, parser, sink).map_err(|error| match error {
        Failure::Read(source) => Error::Read { path: path.to_owned(), source },
        Failure::Sink(error) => error,
    })
}

fn read_range<S: Sink>(
    path: &Path,
    from: u64,
    length: u64,
    mut parser: Parser,
    sink: &mut S,
) -> Result<Totals, Failure<S::Error>> {
    let mut file = File::open(path).map_err(Failure::Read)?;
    file.seek(SeekFrom::Start(from)).map_err(Failure::Read)?;
    let mut file = file.take(length);
    let mut bytes = Aligned::new(READ);
    loop {
        match file.read(&mut bytes) {
            Ok(0) => return parser.finish(sink).map_err(Failure::Sink),
            Ok(n) => parser.push(&bytes[..n], sink).map_err(Failure::Sink)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::Read(error)),
        }
    }
}
