//! What every use case is given: the way to the service, the state folder, the clock.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::api::{Pacing, Service, Writer};
use crate::audio::Limits;
use crate::clock::Clock;
use crate::config::Saving;
use crate::failure::{Exit, Failure};
use crate::money::{Caps, Catalog};
use crate::ops::copies::{Copies, SharedCopies};
use crate::secret::ApiKey;
use crate::store::Store;

use super::Budget;

/// One user, one key, one service.
#[derive(Clone)]
pub struct Session {
    /// The way to the service.
    pub service: Service,
    /// The state folder.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The name of the profile.
    pub profile: String,
    /// The folder for what can be had again: kept copies of results.
    pub cache: PathBuf,
    /// What made the session read-only, in the words of the user: `--read-only`, a file and its key.
    pub read_only: Option<String>,
    /// The last characters of the key, by which a person tells it from others; empty without a key.
    pub key_tail: String,
    /// Tells keys apart in the journal of creates; does not lead back to the key.
    pub key_fingerprint: Option<String>,
    /// What is known of models, voices and prices.
    pub catalog: Arc<Catalog>,
    /// What jobs may cost without a question.
    pub caps: Caps,
    /// Whose days the cap for a day is about; UTC until the shell says otherwise.
    pub zone: TimeZone,
    /// How long to wait between looks at the service.
    pub pace: Pace,
    /// By what results are thought good or bad.
    pub limits: Limits,
    /// How copies of results are kept.
    pub copies: Copies,
    /// What the tasks of the session share about them.
    pub shared: SharedCopies,
    /// Somebody looks on and presses keys: whatever keeps the processor busy lets the screen go first.
    pub gives_way: bool,
    /// What is saved by itself, and where a screen saves to.
    pub saving: Saving,
    /// What all jobs of this session and its clones share.
    pub budget: Budget,
    /// What the service asked for, so that a screen can say why nothing comes.
    pub pacing: Arc<Pacing>,
    /// Seconds by which the service's clock is ahead of this machine's, by its last answer. All clones share it.
    pub ahead: Arc<AtomicI64>,
}

impl Session {
    /// A session without a key's fingerprint, at the usual pace. It is read-only when the service has no writer.
    pub fn new(service: Service, store: Store, clock: Clock, profile: String, cache: PathBuf) -> Self {
        let (catalog, pace, budget) = (Catalog::built_in(), Pace::default(), Budget::default());
        Session {
            service,
            store,
            clock,
            profile,
            cache,
            read_only: None,
            key_tail: String::new(),
            key_fingerprint: None,
            catalog,
            caps: Caps::default(),
            zone: TimeZone::UTC,
            pace,
            limits: Limits::default(),
            copies: Copies::default(),
            shared: SharedCopies::default(),
            gives_way: false,
            saving: Saving::off(),
            budget,
            pacing: Arc::default(),
            ahead: Arc::default(),
        }
    }

    /// The same session with another budget: from now on every download passes its rate. To be called once.
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.service.reader = budget.metered(self.service.reader);
        self.budget = budget;
        self
    }

    /// The same session without any way to change something at the service.
    pub fn read_only(mut self, because: impl Into<String>) -> Self {
        self.service.writer = None;
        self.read_only = Some(because.into());
        self
    }

    /// The same session, with its creates told apart from those of other keys.
    pub fn with_key(mut self, key: &ApiKey) -> Result<Self, Failure> {
        self.key_tail = key.tail().to_owned();
        self.key_fingerprint = Some(self.store.fingerprint(key.expose())?);
        Ok(self)
    }

    /// What changes something at the service, or a refusal that says what forbids it.
    pub fn writer(&self) -> Result<&Arc<dyn Writer>, Failure> {
        let Some(writer) = &self.service.writer else {
            let because = self.read_only.as_deref().unwrap_or("this service can only be read");
            return Err(Failure::with_exit(Exit::Refused, format!("refused: the session is read-only ({because})"))
                .hint("to change anything at the service, start again without what makes the session read-only"));
        };
        Ok(writer)
    }

    /// The time by the service's clock, which is the one that wrote the times of jobs and files. Before its first answer
    /// it is this machine's.
    pub fn service_now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed));
        let now = self.clock.now();
        now.saturating_add(ahead).unwrap_or(now)
    }

    /// Takes in what an answer says about the service's clock.
    pub(super) fn heard_time(&self, server_time: Option<Timestamp>) {
        if let Some(server) = server_time {
            self.ahead.store(server.duration_since(self.clock.now()).as_secs(), Ordering::Relaxed);
        }
    }

    /// The origin of the service, for records that are about it alone.
    pub(super) fn origin(&self) -> &str {
        self.service.reader.origin()
    }
}

/// How long to wait between looks at the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between the first two looks at a job that is followed.
    pub first: Duration,
    /// What the waits grow to.
    pub most: Duration,
    /// What the waits grow to while the service cannot be reached.
    pub most_offline: Duration,
    /// When to look for a job whose create was not answered, counted from the loss of the answer.
    pub probes: Vec<Duration>,
    /// When to stop looking for it, however long the looks take.
    pub probes_most: Duration,
    /// How often to look for the output of a job that is over without any yet.
    pub output: Duration,
    /// How long to look for it.
    pub output_most: Duration,
    /// After the service had no room for a part of a campaign; doubled after each refusal in a row.
    pub no_room: Duration,
    /// What that grows to.
    pub no_room_most: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            first: Duration::from_secs(2),
            most: Duration::from_secs(10),
            most_offline: Duration::from_secs(300),
            probes: [0, 2, 5, 15].map(Duration::from_secs).to_vec(),
            probes_most: Duration::from_secs(30),
            output: Duration::from_secs(5),
            output_most: Duration::from_secs(120),
            no_room: Duration::from_secs(60),
            no_room_most: Duration::from_secs(3_600),
        }
    }
}

impl Pace {
    /// The wait after one of `last`, while all is well.
    pub(super) fn after(&self, last: Duration) -> Duration {
        within(last.saturating_mul(3) / 2, self.first, self.most)
    }

    /// The wait after so many refusals in a row for want of room.
    pub(super) fn after_no_room(&self, times: u32) -> Duration {
        let doubled = 1u32.checked_shl(times.saturating_sub(1)).unwrap_or(u32::MAX);
        self.no_room.saturating_mul(doubled).min(self.no_room_most.max(self.no_room))
    }

    /// The wait after one of `last`, while reads fail.
    pub(super) fn after_failure(&self, last: Duration) -> Duration {
        within(last.saturating_mul(2), self.first, self.most_offline)
    }
}

/// The wait within its bounds. A first wait that a person chose may lie beyond the usual longest one, and then it wins.
fn within(wait: Duration, first: Duration, most: Duration) -> Duration {
    wait.clamp(first, most.max(first))
}

/// Runs work that blocks on a disk away from the threads that drive the network.
///
/// The work goes on to its end when the caller is dropped: what is on the disk is whole, whoever waits for it.
pub(super) async fn on_disk<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Failure>
where
    T: Send + 'static,
    E: Into<Failure> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Into::into),
        Err(error) if error.is_panic() => Err(Failure::new("internal error: work on the disk came to a sudden end")),
        Err(_) => Err(Failure::new("the program is ending")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bounds() {
        let pace = Pace::default();
        let mut wait = pace.first;
        let mut waits = vec![];
        for _ in 0..6 {
            waits.push(wait.as_millis());
            wait = pace.after(wait);
        }
        assert_eq!(waits, [2_000, 3_000, 4_500, 6_750, 10_000, 10_000]);
        assert_eq!(pace.after_failure(Duration::from_secs(200)), Duration::from_secs(300));
        assert_eq!(pace.after(Duration::ZERO), Duration::from_secs(2));
    }

    #[test]
    fn waits_for_room_double_up_to_an_hour() {
        let minutes = |times| Pace::default().after_no_room(times).as_secs() / 60;
        let waits: Vec<u64> = [0, 1, 2, 3, 6, 7, 8, 40, u32::MAX].into_iter().map(minutes).collect();
        assert_eq!(waits, [1, 1, 2, 4, 32, 60, 60, 60, 60]);
    }

    #[test]
    fn a_first_wait_beyond_every_bound_is_kept() {
        for first in [Duration::from_secs(600), Duration::MAX] {
            let pace = Pace { first, most: first, ..Pace::default() };
            for last in [Duration::ZERO, first, Duration::MAX] {
                assert_eq!((pace.after(last), pace.after_failure(last)), (first, first), "{last:?}");
            }
        }
    }
}
