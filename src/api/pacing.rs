//! What the service asked for: a wait, or nothing more today. Every call writes it down here, and a screen watches it.
//!
//! Nothing here waits and nothing here decides: a call that is told to wait does so by itself, and others go on.

use std::time::Duration;

use tokio::sync::watch;

use super::error::Error;
use crate::clock::Stopwatch;

/// What the service asked of all calls of a session. Cheap to ask, and whoever watches it is woken when it changes.
#[derive(Debug)]
pub struct Pacing(watch::Sender<Asked>);

impl Default for Pacing {
    fn default() -> Self {
        Pacing(watch::Sender::new(Asked::default()))
    }
}

/// What the service asked for last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Asked {
    /// A wait. It may be over by now: see [`Wait::left`].
    pub wait: Option<Wait>,
    /// When a quota of the day was found used up; none of them is refilled before midnight Pacific time.
    pub day_used_up: Option<Stopwatch>,
}

/// A wait that the service asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wait {
    /// How long, at most five minutes.
    pub asked: Duration,
    since: Stopwatch,
}

impl Wait {
    /// What is left of it; zero when it is over.
    pub fn left(&self) -> Duration {
        self.asked.saturating_sub(self.since.elapsed())
    }
}

impl Pacing {
    /// Takes in what a refusal asks for. Of two waits that overlap the one that ends later is kept.
    pub(super) fn heard(&self, error: &Error) {
        self.0.send_if_modified(|asked| {
            if error.is_daily {
                asked.day_used_up = Some(Stopwatch::start());
                return true;
            }
            let Some(wait) = error.retry_after else { return false };
            if asked.wait.is_some_and(|before| before.left() >= wait) {
                return false;
            }
            asked.wait = Some(Wait { asked: wait, since: Stopwatch::start() });
            true
        });
    }

    /// What was asked for last.
    pub fn asked(&self) -> Asked {
        *self.0.borrow()
    }

    /// Wakes its holder whenever something is asked for.
    pub fn watch(&self) -> watch::Receiver<Asked> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::error::{Certainty, Kind};

    fn refusal(retry_after: Option<u64>, is_daily: bool) -> Error {
        Error {
            message: "slow down".into(),
            kind: Kind::Quota,
            certainty: Certainty::Refused,
            retry_after: retry_after.map(Duration::from_secs),
            is_daily,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_that_ends_last_is_the_one_that_is_shown() {
        let pacing = Pacing::default();
        let mut watching = pacing.watch();
        let left = |pacing: &Pacing| pacing.asked().wait.map(|wait| wait.left().as_secs());
        pacing.heard(&refusal(None, false));
        assert!(!watching.has_changed().unwrap(), "a refusal that asks for nothing wakes nobody");
        pacing.heard(&refusal(Some(46), false));
        assert!(watching.has_changed().unwrap());
        watching.mark_unchanged();
        tokio::time::advance(Duration::from_secs(6)).await;
        pacing.heard(&refusal(Some(30), false));
        assert_eq!((left(&pacing), watching.has_changed().unwrap()), (Some(40), false));
        pacing.heard(&refusal(Some(60), false));
        assert_eq!((left(&pacing), watching.has_changed().unwrap()), (Some(60), true));
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(left(&pacing), Some(0));
        assert_eq!(pacing.asked().day_used_up, None);
        pacing.heard(&refusal(None, true));
        assert!(pacing.asked().day_used_up.is_some());
    }
}
