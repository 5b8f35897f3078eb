//! The only reader of time.
//!
//! Everything else takes a `Clock`, a [`Timestamp`] or a `Duration`, so that ages, back-off and expiry are
//! table tests and not races.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
pub use jiff::Timestamp;

/// Wall-clock time, real or set by a test.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    System,
    /// The machine's, set back by so much.
    Behind(SignedDuration),
    Fixed(Mutex<Timestamp>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Clock(Arc::new(Source::System))
    }

    /// A clock that shows this time now and goes on from there.
    pub fn from(now: Timestamp) -> Self {
        Clock(Arc::new(Source::Behind(Timestamp::now().duration_since(now))))
    }

    /// A clock that stands still until a test moves it.
    pub fn fixed(now: Timestamp) -> Self {
        Clock(Arc::new(Source::Fixed(Mutex::new(now))))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            Source::System => Timestamp::now(),
            Source::Behind(by) => Timestamp::now().saturating_sub(*by).unwrap_or(Timestamp::MIN),
            Source::Fixed(now) => *now.lock().expect("no holder of this lock can panic"),
        }
    }

    /// Moves a fixed clock on; the machine's clock moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed(now) = &*self.0 {
            let mut now = now.lock().expect("no holder of this lock can panic");
            *now = now.saturating_add(by).unwrap_or(Timestamp::MAX);
        }
    }
}

/// The time from one moment to a later one; zero when the order is the other way round.
pub fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or(Duration::ZERO)
}

/// Measures how long something takes, whatever the wall clock does meanwhile. Stands still under paused test time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stopwatch(tokio::time::Instant);

impl Stopwatch {
    /// Begins to measure.
    pub fn start() -> Self {
        Stopwatch(tokio::time::Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
