//! The service's own time: faster than the machine's when asked, or standing still until a test moves it.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

use super::scenario::ClockKind;
use crate::clock::{Clock, since};

/// The service's time never passes this moment, so that nothing that is added to it can overflow.
const LATEST_SECOND: i64 = 95_617_584_000;

/// Tells the time of the service.
#[derive(Debug)]
pub struct Timepiece {
    clock: Clock,
    /// The machine's time at the start.
    began: Timestamp,
    /// The service's time at the start.
    start: Timestamp,
    /// 0 for a clock that stands still.
    speed: f64,
    stepped: Mutex<Duration>,
}

impl Timepiece {
    /// Starts to run. `start` absent means the machine's time.
    pub fn new(clock: Clock, start: Option<Timestamp>, kind: ClockKind, speed: f64) -> Self {
        let began = clock.now();
        let speed = match kind {
            ClockKind::Manual => 0.0,
            ClockKind::Real if speed.is_finite() && speed >= 0.0 => speed,
            ClockKind::Real => 1.0,
        };
        let start = start.unwrap_or(began).clamp(Timestamp::UNIX_EPOCH, latest());
        Timepiece { clock, began, start, speed, stepped: Mutex::new(Duration::ZERO) }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let passed = since(self.began, self.clock.now()).as_secs_f64() * self.speed;
        let passed = Duration::try_from_secs_f64(passed).unwrap_or(Duration::MAX);
        let stepped = *self.stepped.lock().expect("no holder of this lock can panic");
        self.start.checked_add(passed.saturating_add(stepped)).unwrap_or(latest()).min(latest())
    }

    /// Moves on at once.
    pub fn advance(&self, by: Duration) {
        let mut stepped = self.stepped.lock().expect("no holder of this lock can panic");
        *stepped = stepped.saturating_add(by);
    }
}

fn latest() -> Timestamp {
    Timestamp::from_second(LATEST_SECOND).expect("the year 5000 is within the range of timestamps")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_scaled_stepped_and_held() {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        let start = Timestamp::from_second(1_000_000).unwrap();
        let fast = Timepiece::new(clock.clone(), Some(start), ClockKind::Real, 60.0);
        let held = Timepiece::new(clock.clone(), None, ClockKind::Manual, 60.0);
        clock.advance(Duration::from_secs(2));
        fast.advance(Duration::from_secs(1));
        assert_eq!(fast.now(), start + Duration::from_secs(121));
        assert_eq!(held.now(), Timestamp::UNIX_EPOCH);
        held.advance(Duration::from_secs(5));
        assert_eq!(held.now(), Timestamp::UNIX_EPOCH + Duration::from_secs(5));
        held.advance(Duration::MAX);
        assert_eq!(held.now(), latest());
    }
}
