//! What is told while results are opened and saved, with the keys and the seconds of audio counted on the way.
//!
//! Bytes never go back: whoever reads the results twice, or fetches them again, tells each of them once.

use std::sync::{Mutex, PoisonError};

use crate::failure::Failure;
use crate::job::Job;
use crate::ops::{Progress, Saved, Session};

use super::{Kept, Opening, SaveOrder, Saving};

/// Reads the results of a job and tells their rows while they arrive. A kept copy is used without the network.
///
/// A job without output is a failure that says why; so are results that are not complete, after their rows were told.
/// Without room for a copy nothing is fetched.
pub async fn open(session: &Session, job: &Job, events: &(dyn Fn(Opening) + Send + Sync)) -> Result<Kept, Failure> {
    let tally = Tally::default();
    let events = |event| {
        events(match event {
            Opening::Rows(rows) => {
                rows.views().for_each(|row| tally.add(row.sound.as_ref().map_or(0.0, |sound| sound.seconds)));
                Opening::Rows(rows)
            }
            Opening::Progress(progress) => Opening::Progress(tally.counted(progress)),
            Opening::Texts(texts) => Opening::Texts(texts),
            Opening::Reviewed(review) => Opening::Reviewed(review),
        });
    };
    super::open::open(session, job, &events).await
}

/// Saves results as audio files with a manifest, and keeps a copy of them for next time.
///
/// The results are fetched no earlier than the disk has room for their audio; without room for the copy as well there is
/// none. What an earlier run has saved is left as it is. A job that succeeded and shows no output yet is waited for, for
/// two minutes. Rows that are missing are not a failure when all were asked for: compare [`Saved::expected`]. A choice of
/// rows from results that are not complete is one, after those that came were saved.
pub async fn save(
    session: &Session,
    what: &SaveOrder,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Saved, Failure> {
    let tally = Tally::default();
    let events = |event| {
        events(match &event {
            Saving::Row { seconds, .. } | Saving::Unchanged { seconds, .. } => {
                tally.add(*seconds);
                event
            }
            Saving::Progress(progress) => Saving::Progress(tally.counted(*progress)),
            Saving::Renamed { .. } => event,
        });
    };
    super::save::save(session, what, &events).await
}

/// What was told so far.
#[derive(Default)]
struct Tally(Mutex<Progress>);

impl Tally {
    fn add(&self, seconds: f64) {
        let mut sofar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sofar.keys += 1;
        sofar.seconds += seconds;
    }

    /// The progress with what was counted.
    fn counted(&self, progress: Progress) -> Progress {
        let mut sofar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sofar.bytes = sofar.bytes.max(progress.bytes);
        sofar.of = progress.of.or(sofar.of);
        Progress { is_waiting: progress.is_waiting, ..*sofar }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_seconds_are_counted_and_bytes_never_go_back() {
        let tally = Tally::default();
        let told = |bytes, of| tally.counted(Progress { bytes, of, ..Progress::default() });
        assert_eq!(told(10, Some(40)), Progress { bytes: 10, of: Some(40), ..Progress::default() });
        tally.add(1.5);
        tally.add(2.0);
        let half = Progress { bytes: 20, of: Some(40), keys: 2, seconds: 3.5, ..Progress::default() };
        assert_eq!(told(20, Some(40)), half);
        assert_eq!(told(5, None), half, "the same bytes read again");
        let waiting = tally.counted(Progress { is_waiting: true, ..Progress::default() });
        assert_eq!(waiting, Progress { is_waiting: true, ..half });
        assert!(!told(30, Some(40)).is_waiting);
    }
}
