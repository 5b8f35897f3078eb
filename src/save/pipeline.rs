//! Several threads, the hands, turn pieces of a results file into files; the pieces are settled in their order.
//!
//! A hand that finds enough pieces done in a row settles them, while the others go on. What waits is bounded, and a
//! hand waits only while it holds no piece: so the lowest piece is always in work, or done, and there is no deadlock.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::aligned::Aligned;
use super::given::Checked;
use super::hand::{Hand, Made};
use super::pieces::{Piece, Pieces};
use super::saver::{MOST_WAITING, MOST_WAITING_BYTES, Shared};
use super::source::Source;
use super::{Error, Saver};
use crate::results::{Parser, Sink, Totals};

/// More threads than this only wait for the disk.
const MOST_HANDS: usize = 4;

/// Read at once by one hand. A line that is longer is read in steps of this.
const BUFFER: usize = 512 * 1024;

/// All hands together read so much at once, so that more of them need no more memory than two.
const BUFFERS: usize = 2 * BUFFER;

/// Bytes are handed to the parser in steps that stay in the cache.
const STEP: usize = 256 * 1024;

/// So many times as much as is settled at once may wait.
const MOST_AHEAD: usize = 2;

/// No piece has this place.
const NEVER: u64 = u64::MAX;

/// Saves the pieces of a source.
pub(super) fn run(source: &Source, pieces: Pieces<'_>, saver: &mut Saver) -> Result<Totals, Error> {
    saver.flush()?;
    let n_hands = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_HANDS);
    let shared = saver.shared();
    let work = Work {
        source,
        pieces,
        shared,
        queue: Queue::default(),
        buffer: BUFFER.min(BUFFERS / n_hands),
        in_background: saver.in_background,
    };
    std::thread::scope(|scope| {
        let hands: Vec<_> = (0..n_hands).map(|_| scope.spawn(|| work.run())).collect();
        for hand in hands {
            if hand.join().is_err() {
                work.queue.stop(Error::Panicked);
            }
        }
        // What is left, on a thread as well: a sudden end of it ends nothing else.
        if scope.spawn(|| work.settle()).join().is_err() {
            work.queue.stop(Error::Panicked);
        }
    });
    let state = work.queue.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.error {
        Some(error) => Err(error),
        None => Ok(state.totals),
    }
}

/// What the hands of a pipeline share.
struct Work<'a> {
    source: &'a Source,
    pieces: Pieces<'a>,
    shared: &'a Arc<Shared>,
    queue: Queue,
    /// Read at once.
    buffer: usize,
    in_background: bool,
}

/// Pieces that are done, until it is their turn.
#[derive(Default)]
struct Queue {
    /// No bytes come: what is done need not wait for company.
    is_lull: AtomicBool,
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    /// The piece whose turn it is.
    next: u64,
    done: BTreeMap<u64, Batch>,
    /// What waits, of all pieces that are done.
    rows: usize,
    bytes: u64,
    is_settling: bool,
    /// There is nothing more to be begun.
    is_stopped: bool,
    /// The first piece that failed.
    failed: u64,
    error: Option<Error>,
    totals: Totals,
}

/// A piece that is done, or as much of it as could be.
struct Batch {
    made: Made,
    ended: Result<Totals, Error>,
}

impl Default for State {
    fn default() -> Self {
        State {
            next: 0,
            done: BTreeMap::new(),
            rows: 0,
            bytes: 0,
            is_settling: false,
            is_stopped: false,
            failed: NEVER,
            error: None,
            totals: Totals { rows: 0, bytes: 0, is_whole: true, ends_with_newline: false, lost: None },
        }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the work of all hands; the first error is the one that counts.
    fn stop(&self, error: Error) {
        let mut state = self.state();
        state.error.get_or_insert(error);
        state.is_stopped = true;
        drop(state);
        self.moved.notify_all();
    }
}

impl State {
    fn is_full(&self, times: usize) -> bool {
        self.rows >= times * MOST_WAITING || self.bytes >= times as u64 * MOST_WAITING_BYTES
    }

    /// Puts a piece in its place; gives back those that stand behind one that failed and are left to the next run.
    fn insert(&mut self, order: u64, batch: Batch) -> Vec<Batch> {
        if batch.ended.is_err() {
            self.is_stopped = true;
            self.failed = self.failed.min(order);
        }
        self.rows += batch.made.rows.len();
        self.bytes += batch.made.bytes;
        self.done.insert(order, batch);
        let mut left = Vec::new();
        while let Some(last) = self.done.last_entry()
            && *last.key() > self.failed
        {
            let batch = last.remove();
            self.rows -= batch.made.rows.len();
            self.bytes -= batch.made.bytes;
            left.push(batch);
        }
        left
    }

    /// The pieces whose turn it is, put together. One that failed is the last.
    fn take(&mut self) -> (Made, Option<Error>) {
        let mut all = Made::default();
        while let Some(Batch { made, ended }) = self.done.remove(&self.next) {
            self.next += 1;
            self.rows -= made.rows.len();
            self.bytes -= made.bytes;
            all.rows.extend(made.rows);
            all.passed_over += made.passed_over;
            all.bytes += made.bytes;
            match ended {
                Ok(totals) => {
                    let rows = self.totals.rows + totals.rows;
                    self.totals = Totals { rows, ..totals };
                }
                Err(error) => return (all, Some(error)),
            }
        }
        (all, None)
    }
}

/// A piece that somebody works on. It is put in its place even when its hand comes to a sudden end.
struct Held<'a> {
    work: &'a Work<'a>,
    order: u64,
    batch: Option<Batch>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let batch = self.batch.take().unwrap_or(Batch { made: Made::default(), ended: Err(Error::Panicked) });
        let left = self.work.queue.state().insert(self.order, batch);
        // Their temporary files go before anything is settled: on a full disk there is room for the manifest then.
        drop(left);
        self.work.queue.moved.notify_all();
    }
}

impl Work<'_> {
    fn run(&self) {
        if self.in_background {
            step_back();
        }
        let mut hand = Hand::new(Arc::clone(self.shared));
        let mut buffer = Aligned::new(self.buffer);
        while self.has_room() {
            let piece = match self.pieces.claim(&mut buffer, &mut || self.lull()) {
                Ok(Some(piece)) => piece,
                Ok(None) => return,
                Err(error) => return self.queue.stop(error),
            };
            self.queue.is_lull.store(false, Ordering::Relaxed);
            let mut held = Held { work: self, order: piece.order, batch: None };
            let ended = self.read(piece, &mut buffer, &mut hand);
            held.batch = Some(Batch { made: hand.take(), ended });
            drop(held);
            if self.queue.is_lull.load(Ordering::Relaxed) || self.queue.state().is_full(1) {
                self.settle();
            }
        }
    }

    /// Waits until there is room for what comes of another piece; `false` when the work has ended.
    fn has_room(&self) -> bool {
        let mut state = self.queue.state();
        loop {
            if state.is_stopped {
                return false;
            }
            if !state.is_full(MOST_AHEAD) {
                return true;
            }
            if state.is_settling || !state.done.contains_key(&state.next) {
                state = self.queue.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                drop(state);
                self.settle();
                state = self.queue.state();
            }
        }
    }

    /// No bytes come for a while: what is whole gets its name, now and when other hands have done theirs.
    fn lull(&self) {
        self.queue.is_lull.store(true, Ordering::Relaxed);
        self.settle();
    }

    /// Settles the pieces whose turn it is, unless somebody is at it.
    fn settle(&self) {
        loop {
            let mut state = self.queue.state();
            if state.is_settling || !state.done.contains_key(&state.next) {
                return;
            }
            let (made, failed) = state.take();
            state.is_settling = true;
            drop(state);
            let settling = Settling(self);
            let settled = self.shared.desk().settle(made, self.shared);
            // What a hand could not do comes before what its rows could not get.
            if let Some(error) = failed.or(settled.err()) {
                let mut state = self.queue.state();
                state.error.get_or_insert(error);
                state.is_stopped = true;
                // What stands behind a row that is lost is left to the next run.
                state.next = NEVER;
            }
            drop(settling);
        }
    }

    fn read(&self, piece: Piece, buffer: &mut [u8], hand: &mut Hand) -> Result<Totals, Error> {
        let Some(given) = self.pieces.row_of(&piece) else { return self.parse(piece, buffer, hand) };
        let totals = self.parse(piece, buffer, &mut Checked { hand, given })?;
        if totals.rows == 1 { Ok(totals) } else { Err(given.moved()) }
    }

    fn parse<S: Sink<Error = Error>>(&self, piece: Piece, buffer: &mut [u8], sink: &mut S) -> Result<Totals, Error> {
        let parser = Parser::starting_at(self.pieces.form(), piece.line, piece.offset);
        let mut parser = parser.judging(self.shared.judging.clone());
        for step in buffer[..piece.in_buffer].chunks(STEP) {
            parser.push(step, sink)?;
        }
        let mut at = piece.offset + piece.in_buffer as u64;
        let end = piece.offset + piece.length;
        while at < end {
            let most = usize::try_from(end - at).unwrap_or(usize::MAX).min(STEP);
            let read = self.source.read_at(&mut buffer[..most], at)?;
            if read == 0 {
                break;
            }
            parser.push(&buffer[..read], sink)?;
            at += read as u64;
        }
        parser.finish(sink)
    }
}

/// Somebody settles; when that ends, however it does, others may.
struct Settling<'a>(&'a Work<'a>);

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        let mut state = self.0.queue.state();
        state.is_settling = false;
        if std::thread::panicking() {
            // What it held is lost, and nothing may be settled in front of that.
            state.is_stopped = true;
            state.next = NEVER;
        }
        drop(state);
        self.0.queue.moved.notify_all();
    }
}

/// Lets the threads that draw and listen go first. Only Linux has priorities of threads.
fn step_back() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(10);
}
