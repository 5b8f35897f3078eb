//! What is told while results are opened and saved, with the keys and the seconds of audio counted on the way.
//!
//! Bytes never go back: whoever reads the results twice, or fetches them again, tells each of them once.

use std::sync::{Mutex, PoisonError};

use crate::failure::Failure;
use crate::job::Job;
use crate::ops::ledger::Taking;
use crate::ops::{Progress, Saved, Session};
use crate::results::review::Review;

use super::{Kept, KeyChoice, Opening, SaveFrom, SaveOrder, Saving};

/// Reads the results of a job and tells their rows while they arrive. A kept copy is used without the network.
///
/// A job without output is a failure that says why; so are results that are not complete, after their rows were told.
/// Without room for a copy nothing is fetched.
pub async fn open(session: &Session, job: &Job, events: &(dyn Fn(Opening) + Send + Sync)) -> Result<Kept, Failure> {
    let (tally, taking) = (Tally::default(), Taking::default());
    let reviewed = Mutex::new(Review::default());
    let events = |event| {
        events(match event {
            Opening::Rows(rows) => {
                for row in rows.views() {
                    let seconds = row.sound.as_ref().map_or(0.0, |sound| sound.seconds);
                    tally.add(seconds);
                    taking.row(row.line, row.key, row.tokens, seconds, row.verdict);
                }
                Opening::Rows(rows)
            }
            Opening::Progress(progress) => Opening::Progress(tally.counted(progress)),
            Opening::Texts(texts) => Opening::Texts(texts),
            Opening::Reviewed(review) => {
                reviewed.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&review);
                Opening::Reviewed(review)
            }
        });
    };
    let opened = super::open::open(session, job, &events).await;
    let reviewed = reviewed.into_inner().unwrap_or_else(PoisonError::into_inner);
    taking.finish(session, job, &reviewed, opened.is_ok()).await;
    opened
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
    let (tally, taking) = (Tally::default(), Taking::default());
    let events = |event| {
        events(match &event {
            Saving::Row { line, key, tokens, seconds, verdict, .. } => {
                tally.add(*seconds);
                taking.row(*line, key.as_deref(), *tokens, *seconds, *verdict);
                event
            }
            // It was paid for with another job.
            Saving::Unchanged { seconds, .. } => {
                tally.add(*seconds);
                event
            }
            Saving::Progress(progress) => Saving::Progress(tally.counted(*progress)),
            Saving::Renamed { .. } | Saving::WithoutCopy => event,
        });
    };
    let saved = super::save::save(session, what, &events).await;
    if let SaveFrom::Job(job) = &what.from {
        let is_all = |saved: &Saved| saved.expected.is_none_or(|expected| taking.n_rows() >= expected);
        let is_whole = what.keys == KeyChoice::All && saved.as_ref().is_ok_and(is_all);
        let review = saved.as_ref().map(|saved| saved.review.clone()).unwrap_or_default();
        taking.finish(session, job, &review, is_whole).await;
    }
    saved
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
