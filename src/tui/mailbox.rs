//! The one place where the loop waits: everything that happens arrives here.
//!
//! Nobody who puts something in ever waits, so that a terminal that stands still never holds a transfer up. The box
//! stays small all the same: progress replaces older progress, and rows join the rows that wait already; those the
//! model would keep anyway.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::tui::event::Event;

/// What the loop of the dashboard is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Letter {
    /// Something happened to the model.
    Event(Event),
    /// The terminal was ours all the time, but somebody stopped and continued the process.
    Continued,
    /// A signal asks us to leave.
    Signal(u8),
    /// Nobody reads the keys any more.
    Deaf,
}

/// Rows and progress arrive a thousand times a second. They are drawn together, at most so often.
const TOGETHER: Duration = Duration::from_millis(20);

/// A window that is dragged has a new size with every pixel, and each of them is a whole new screen.
const RESIZED: Duration = Duration::from_millis(50);

/// Over a thin line everything that nobody pressed a key for is drawn at most so often.
const THIN: Duration = Duration::from_secs(1);

impl Letter {
    /// How long after the last frame the next one may wait for this, to show more at once. What a person does is drawn
    /// at once.
    pub fn patience(&self, is_thin: bool) -> Duration {
        let Letter::Event(event) = self else { return Duration::ZERO };
        match event {
            Event::Key(_) | Event::Pasted(_) | Event::Clicked(..) | Event::Scrolled(_) | Event::Unguarded(_) => {
                Duration::ZERO
            }
            _ if is_thin => THIN,
            Event::Resized(..) => RESIZED,
            Event::RowsArrived(..)
            | Event::OpeningProgressed(..)
            | Event::SaveProgressed(..)
            | Event::RowSaved(..)
            | Event::PlanProgressed(..)
            | Event::SubmitProgressed(..) => TOGETHER,
            // Answers come one at a time.
            _ => Duration::ZERO,
        }
    }
}

/// Letters in the order of their arrival.
#[derive(Debug, Default)]
pub struct Mailbox {
    letters: Mutex<VecDeque<Letter>>,
    arrived: Condvar,
}

impl Mailbox {
    /// Puts a letter in and wakes the loop.
    pub fn put(&self, letter: Letter) {
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        match (letters.back_mut(), letter) {
            (Some(Letter::Event(waiting)), Letter::Event(event)) => {
                if let Some(event) = join(waiting, event) {
                    letters.push_back(Letter::Event(event));
                }
            }
            (_, letter) => letters.push_back(letter),
        }
        self.arrived.notify_one();
    }

    /// [`Mailbox::put`] for an event.
    pub fn tell(&self, event: Event) {
        self.put(Letter::Event(event));
    }

    /// Takes everything that waits; waits for the first letter until the time is up.
    pub fn take(&self, patience: Duration) -> VecDeque<Letter> {
        let letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut letters, _) = self
            .arrived
            .wait_timeout_while(letters, patience, |letters| letters.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut letters)
    }
}

/// Joins an event with the one that waits before it; gives it back when both must be told.
fn join(waiting: &mut Event, event: Event) -> Option<Event> {
    match (waiting, event) {
        (Event::OpeningProgressed(seq, progress), Event::OpeningProgressed(same, newer))
        | (Event::SaveProgressed(seq, progress), Event::SaveProgressed(same, newer))
        | (Event::PlanProgressed(seq, progress), Event::PlanProgressed(same, newer))
        | (Event::SubmitProgressed(seq, progress), Event::SubmitProgressed(same, newer))
            if *seq == same =>
        {
            *progress = newer;
            None
        }
        (Event::RowsArrived(seq, rows), Event::RowsArrived(same, more)) if *seq == same => {
            rows.append(&more);
            None
        }
        (Event::Resized(width, height), Event::Resized(newer_width, newer_height)) => {
            (*width, *height) = (newer_width, newer_height);
            None
        }
        (_, event) => Some(event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Progress;
    use crate::tui::model::Seq;

    fn progress(seq: u64, bytes: u64) -> Event {
        Event::SaveProgressed(Seq(seq), Progress { bytes, ..Progress::default() })
    }

    #[test]
    fn newer_progress_takes_the_place_of_older() {
        let mailbox = Mailbox::default();
        for event in [progress(1, 1), progress(1, 2), progress(2, 1), Event::Resized(1, 1), Event::Resized(2, 2)] {
            mailbox.tell(event);
        }
        mailbox.put(Letter::Continued);
        let letters: Vec<_> = mailbox.take(Duration::ZERO).into();
        let event = Letter::Event;
        assert_eq!(
            letters,
            [event(progress(1, 2)), event(progress(2, 1)), event(Event::Resized(2, 2)), Letter::Continued]
        );
    }

    #[test]
    fn keys_are_drawn_at_once_and_the_rest_together() {
        let ms = Duration::from_millis;
        let table = [
            (Letter::Event(Event::Pasted("x".into())), 0, 0),
            (Letter::Continued, 0, 0),
            (Letter::Event(Event::Resized(80, 24)), 50, 1_000),
            (Letter::Event(progress(1, 1)), 20, 1_000),
            (Letter::Event(Event::Noticed(Ok("done".into()))), 0, 1_000),
        ];
        for (letter, usually, over_a_thin_line) in table {
            assert_eq!(letter.patience(false), ms(usually), "{letter:?}");
            assert_eq!(letter.patience(true), ms(over_a_thin_line), "{letter:?}");
        }
    }

    #[test]
    fn a_letter_wakes_the_loop_at_once() {
        let mailbox = std::sync::Arc::new(Mailbox::default());
        let sender = mailbox.clone();
        let thread = std::thread::spawn(move || sender.put(Letter::Signal(15)));
        // The patience is only a bound for a broken build: the letter ends the wait.
        assert_eq!(mailbox.take(Duration::from_secs(60)), [Letter::Signal(15)]);
        thread.join().unwrap();
        assert!(mailbox.take(Duration::ZERO).is_empty());
    }
}
