//! When the list is fetched, and what a failed listing changes.
//!
//! Every 10 seconds while a job is active, every 60 otherwise, never under 2; slower after failures, up to 5 minutes.
//! Not at all while a person froze it or the service refuses the key.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock;
use crate::failure::{Exit, Failure};
use crate::tui::effect::Effect;
use crate::tui::event::Listed;
use crate::tui::model::{Entry, Level, Listing, Model, Seq, Trouble};
use crate::tui::update::{jobs, notices};

const WHILE_ACTIVE: Duration = Duration::from_secs(10);
const OTHERWISE: Duration = Duration::from_secs(60);
const FLOOR: Duration = Duration::from_secs(2);
const SLOWEST: Duration = Duration::from_secs(300);
const CANNOT_LIST: &str = "cannot list the jobs";

/// It is that late now.
pub fn tick(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    model.now = now;
    notices::grow_old(model);
    // A clock that was set back must not stop the polling until it has caught up.
    let due = model.link.next_poll.is_some_and(|at| at <= now || clock::since(now, at) > SLOWEST);
    if due { list(model) } else { Vec::new() }
}

/// Lists now, unless a listing is under way.
pub fn list(model: &mut Model) -> Vec<Effect> {
    match model.link.listing {
        Listing::InFlight(_) => Vec::new(),
        Listing::Idle => list_anew(model),
    }
}

/// Lists now; the answer of a listing that is under way will be dropped.
pub fn list_anew(model: &mut Model) -> Vec<Effect> {
    let seq = model.next_seq();
    model.link.listing = Listing::InFlight(seq);
    model.link.next_poll = None;
    vec![Effect::ListJobs(seq)]
}

/// A listing came to its end.
pub fn listed(model: &mut Model, seq: Seq, result: Result<Box<Listed>, Failure>) -> Vec<Effect> {
    if model.link.listing != Listing::InFlight(seq) {
        return Vec::new();
    }
    model.link.listing = Listing::Idle;
    let effects = match result {
        Ok(listed) => {
            if let Some(trouble) = model.link.trouble.take() {
                let waited = crate::text::age(clock::since(trouble.since, model.now));
                notices::settle(model, CANNOT_LIST);
                notices::say(model, Level::Info, format!("the service answers again, after {waited}"));
            }
            jobs::merge(model, *listed)
        }
        Err(failure) => {
            failed(model, failure);
            Vec::new()
        }
    };
    schedule(model);
    effects
}

fn failed(model: &mut Model, failure: Failure) {
    let before = model.link.trouble.take();
    // One notice for the whole time that it is down; another one only when the reason becomes a key that is refused.
    let known =
        before.as_ref().is_some_and(|trouble| (trouble.failure.exit == Exit::Key) == (failure.exit == Exit::Key));
    if !known {
        notices::fail(model, CANNOT_LIST, &failure);
    }
    let since = before.as_ref().map_or(model.now, |trouble| trouble.since);
    let attempts = before.map_or(0, |trouble| trouble.attempts).saturating_add(1);
    model.link.trouble = Some(Trouble { since, attempts, failure });
}

/// Decides when the next listing is due.
pub fn schedule(model: &mut Model) {
    let refused = model.link.trouble.as_ref().is_some_and(|trouble| trouble.failure.exit == Exit::Key);
    let busy = model.link.listing != Listing::Idle;
    model.link.next_poll =
        if model.link.frozen || refused || busy { None } else { Some(after(model, interval(model))) };
}

/// Makes the next listing come soon, after something that changed a job.
pub fn hurry(model: &mut Model) {
    let soon = after(model, FLOOR);
    if let Some(next) = &mut model.link.next_poll {
        *next = soon.min(*next);
    }
}

fn after(model: &Model, wait: Duration) -> Timestamp {
    model.now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

fn interval(model: &Model) -> Duration {
    let is_active = |entry: &Entry| match entry {
        Entry::Job(tracked) => tracked.is_active(),
        Entry::Lost(_) => true,
    };
    let usual = match model.setting.refresh {
        Some(seconds) => Duration::from_secs(seconds).max(FLOOR),
        None if model.jobs.entries.iter().any(is_active) => WHILE_ACTIVE,
        None => OTHERWISE,
    };
    let attempts = model.link.trouble.as_ref().map_or(0, |trouble| trouble.attempts);
    let doubled = usual.saturating_mul(1u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX));
    // A person who set a slower pace than our slowest keeps it.
    doubled.min(SLOWEST.max(usual))
}

/// Stops polling, or goes on.
pub fn freeze(model: &mut Model) -> Vec<Effect> {
    model.link.frozen = !model.link.frozen;
    if model.link.frozen {
        model.link.next_poll = None;
        notices::say(model, Level::Info, "polling is frozen; f goes on");
        return Vec::new();
    }
    notices::say(model, Level::Info, "polling goes on");
    list(model)
}
