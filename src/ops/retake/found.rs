//! Which keys of a job went wrong, by its results.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::audio::Verdict;
use crate::failure::Failure;
use crate::job::{Job, JobState};
use crate::ops::results::{Opening, open, with_results};
use crate::ops::{Progress, Session};

use super::change::Wrong;

/// What the results of a job say about its keys.
#[derive(Debug, Default)]
pub(super) struct Found {
    keys: HashMap<String, Take>,
    lines: HashMap<u64, String>,
    /// Results that say no key: whose they are is not known.
    pub(super) keyless: u64,
}

/// The result of a key.
#[derive(Debug)]
struct Take {
    line: u64,
    verdict: Verdict,
    finish_reason: Option<String>,
}

impl Found {
    /// What is wrong with a key: good when any of its results is.
    pub(super) fn wrong(&self, key: &str) -> (Wrong, Option<&str>) {
        match self.keys.get(key) {
            Some(take) => (Wrong::Verdict(take.verdict), take.finish_reason.as_deref()),
            None => (Wrong::Missing, None),
        }
    }

    fn take_in(&mut self, event: &Opening) {
        match event {
            Opening::Rows(rows) => {
                for row in rows.views() {
                    let Some(key) = row.key.filter(|key| !key.is_empty()) else {
                        self.keyless += 1;
                        continue;
                    };
                    let is_better =
                        self.keys.get(key).is_none_or(|take| take.verdict != Verdict::Ok && row.verdict == Verdict::Ok);
                    if is_better {
                        let finish_reason = row.finish_reason.map(str::to_owned);
                        let take = Take { line: row.line, verdict: row.verdict, finish_reason };
                        self.keys.insert(key.to_owned(), take);
                        self.lines.insert(row.line, key.to_owned());
                    }
                }
            }
            // What stands out among all results is only known after the last one.
            Opening::Reviewed(review) => {
                for change in &review.changes {
                    let take = self.lines.get(&change.line).and_then(|key| self.keys.get_mut(key));
                    if let Some(take) = take.filter(|take| take.line == change.line) {
                        take.verdict = change.verdict;
                    }
                }
            }
            Opening::Texts(_) | Opening::Progress(_) => {}
        }
    }
}

/// Looks at the results of a job that is over, fetching them when they are not kept. A job that ended without any has
/// nothing to say about its keys.
pub(super) async fn find(
    session: &Session,
    job: &Job,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Found, Failure> {
    match job.state {
        JobState::Succeeded | JobState::Failed | JobState::Cancelled | JobState::Expired => {}
        JobState::Pending | JobState::Running | JobState::Other(_) => {
            let message = format!("{} ({}) is {}: it cannot be retaken yet", job.title(), job.name, job.state.word());
            return Err(Failure::new(message).hint("`gemtts-tui wait` waits until it is over"));
        }
    }
    let found = Mutex::new(Found::default());
    let Some(job) = with_results(session, job).await? else {
        return Ok(Found::default());
    };
    let events = |event: Opening| match event {
        Opening::Progress(done) => progress(done),
        Opening::Texts(_) => {}
        Opening::Rows(_) | Opening::Reviewed(_) => {
            found.lock().unwrap_or_else(PoisonError::into_inner).take_in(&event);
        }
    };
    open(session, &job, &events).await?;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}
