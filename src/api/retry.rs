//! Whether a failed call is tried again, and when.
//!
//! Pure but for [`Bucket`], a counter that all calls of a process share. Nothing here waits.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

/// The longest wait that the service may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// What repeating a call would mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It reads.
    Read,
    /// It changes something, and twice is the same as once: cancel, delete, the start of an upload.
    Repeatable,
    /// It must never be repeated: a create.
    Once,
}

impl Class {
    /// How often a call of this class is sent at most.
    pub fn most_attempts(self) -> u32 {
        match self {
            Class::Read => 5,
            Class::Repeatable => 3,
            Class::Once => 1,
        }
    }
}

/// What went wrong, as far as repeating depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No connection; the request never left.
    NotSent,
    /// The connection broke, before or within the answer.
    Broken,
    /// Silence.
    TimedOut,
    /// The service answered with this HTTP status.
    Status(u16),
    /// A quota that is only refilled tomorrow.
    DailyQuota,
    /// The answer came and makes no sense: HTML, broken JSON.
    Garbled,
    /// Trying again cannot help.
    Final,
}

impl Fault {
    fn most_attempts(self) -> u32 {
        match self {
            // A refused connection or a name that nobody knows seldom mends within seconds, and somebody waits for the
            // message; whoever polls comes back by itself.
            Fault::NotSent => 3,
            Fault::Broken | Fault::TimedOut => u32::MAX,
            Fault::Status(408 | 429 | 500 | 502 | 503 | 504) => u32::MAX,
            // A proxy in between may have had a bad moment; a second one is a fact.
            Fault::Garbled => 2,
            Fault::Status(_) | Fault::DailyQuota | Fault::Final => 1,
        }
    }

    /// A timeout costs more: it already held a connection for a minute.
    fn price(self) -> u32 {
        match self {
            Fault::TimedOut => 10,
            Fault::NotSent | Fault::Broken | Fault::Status(_) | Fault::DailyQuota | Fault::Garbled | Fault::Final => 5,
        }
    }
}

/// The waits between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The first wait is at most this; every further one at most twice the one before.
    pub first: Duration,
    /// No wait is longer, unless the service asks for it.
    pub longest: Duration,
    /// All waits of one call together. A longer one is left to whoever polls.
    pub budget: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy { first: Duration::from_secs(1), longest: Duration::from_secs(30), budget: Duration::from_secs(60) }
    }
}

/// How one call stands when an attempt has failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attempt {
    /// What repeating would mean.
    pub class: Class,
    /// What went wrong.
    pub fault: Fault,
    /// How many attempts have failed; at least 1.
    pub failed: u32,
    /// All waits so far.
    pub waited: Duration,
    /// What the service asked for.
    pub asked: Option<Duration>,
}

impl Policy {
    /// How long to wait before the next attempt; `None` gives up. `jitter` is in `0.0..1.0`: the whole wait is
    /// random, so that clients that failed together do not come back together.
    pub fn wait(&self, attempt: Attempt, jitter: f64) -> Option<Duration> {
        let most = attempt.class.most_attempts().min(attempt.fault.most_attempts());
        if attempt.failed >= most {
            return None;
        }
        let doubled = 2u32.saturating_pow(attempt.failed.saturating_sub(1));
        let ours = self.first.saturating_mul(doubled).min(self.longest).mul_f64(jitter.clamp(0.0, 1.0));
        let wait = attempt.asked.unwrap_or(ours);
        (attempt.waited.saturating_add(wait) <= self.budget).then_some(wait)
    }
}

/// How many retries a process may spend before it fails fast: a service in trouble is not helped by a storm.
#[derive(Debug)]
pub struct Bucket(Mutex<u32>);

impl Bucket {
    const CAPACITY: u32 = 100;

    /// A full bucket.
    pub fn full() -> Self {
        Bucket(Mutex::new(Self::CAPACITY))
    }

    /// Takes the price of one retry; false when there is not enough left.
    pub fn pay_for(&self, fault: Fault) -> bool {
        let mut left = self.0.lock().expect("no holder of this lock can panic");
        match left.checked_sub(fault.price()) {
            Some(rest) => {
                *left = rest;
                true
            }
            None => false,
        }
    }

    /// A success puts a little back.
    pub fn succeeded(&self) {
        let mut left = self.0.lock().expect("no holder of this lock can panic");
        *left = (*left + 1).min(Self::CAPACITY);
    }
}

/// How long the service asks us to wait: `RetryInfo.retryDelay` of the body, else the header `Retry-After`, in seconds
/// or as a date against the service's own clock. Gemini's 429 has the first form or none at all.
pub fn asked_wait(retry_delay: Option<&str>, retry_after: Option<&str>, date: Option<Timestamp>) -> Option<Duration> {
    let from_body = retry_delay.and_then(|delay| seconds(delay.strip_suffix('s')?));
    let from_seconds = || retry_after.filter(|after| !after.contains('.')).and_then(seconds);
    let from_date = || {
        let until = http_date(retry_after?)?;
        Duration::try_from(until.duration_since(date?)).ok()
    };
    let asked = from_body.or_else(from_seconds).or_else(from_date)?;
    // Zero is no advice; our own back-off is kinder.
    (!asked.is_zero()).then(|| asked.min(LONGEST_ASKED))
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim()).ok()
}

/// Reads ASCII digits with at most nine decimals; what does not fit saturates.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let nanos: u32 = format!("{fraction:0<9}").parse().ok()?;
    Some(Duration::new(whole.parse().unwrap_or(u64::MAX), nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn attempt(class: Class, fault: Fault, failed: u32) -> Attempt {
        Attempt { class, fault, failed, waited: Duration::ZERO, asked: None }
    }

    #[test]
    fn every_class_and_fault_has_its_number_of_attempts() {
        let attempts = |class, fault| {
            let policy = Policy::default();
            (1..20).find(|failed| policy.wait(attempt(class, fault, *failed), 0.0).is_none()).unwrap()
        };
        let table = [
            (Fault::NotSent, [3, 3, 1]),
            (Fault::Broken, [5, 3, 1]),
            (Fault::TimedOut, [5, 3, 1]),
            (Fault::Status(408), [5, 3, 1]),
            (Fault::Status(429), [5, 3, 1]),
            (Fault::Status(500), [5, 3, 1]),
            (Fault::Status(502), [5, 3, 1]),
            (Fault::Status(503), [5, 3, 1]),
            (Fault::Status(504), [5, 3, 1]),
            (Fault::Garbled, [2, 2, 1]),
            (Fault::Status(400), [1, 1, 1]),
            (Fault::Status(403), [1, 1, 1]),
            (Fault::Status(404), [1, 1, 1]),
            (Fault::Status(501), [1, 1, 1]),
            (Fault::DailyQuota, [1, 1, 1]),
            (Fault::Final, [1, 1, 1]),
        ];
        for (fault, expected) in table {
            let seen = [Class::Read, Class::Repeatable, Class::Once].map(|class| attempts(class, fault));
            assert_eq!(seen, expected, "{fault:?}");
        }
    }

    #[test]
    fn waits_double_up_to_a_limit_and_are_random_from_zero() {
        let policy = Policy { budget: Duration::MAX, ..Policy::default() };
        let longest = |failed| policy.wait(attempt(Class::Read, Fault::Broken, failed), 1.0).unwrap();
        assert_eq!([1, 2, 3, 4].map(longest), [1, 2, 4, 8].map(Duration::from_secs));
        assert_eq!(policy.wait(attempt(Class::Read, Fault::Broken, 4), 0.25), Some(Duration::from_secs(2)));
        assert_eq!(policy.wait(attempt(Class::Read, Fault::Broken, 3), 0.0), Some(Duration::ZERO));
        let short = Policy { longest: Duration::from_secs(3), ..policy };
        assert_eq!(short.wait(attempt(Class::Read, Fault::Broken, 4), 1.0), Some(Duration::from_secs(3)));
    }

    #[test]
    fn what_the_service_asks_for_is_kept_unless_it_breaks_the_budget() {
        let policy = Policy::default();
        let asks = |seconds, waited| {
            let asked = Some(Duration::from_secs(seconds));
            let waited = Duration::from_secs(waited);
            policy.wait(Attempt { asked, waited, ..attempt(Class::Read, Fault::Status(429), 1) }, 0.0)
        };
        assert_eq!(asks(46, 0), Some(46 * SECOND));
        assert_eq!(asks(46, 14), Some(46 * SECOND));
        assert_eq!(asks(46, 15), None);
        assert_eq!(asks(300, 0), None);
    }

    #[test]
    fn an_empty_bucket_stops_retries_and_success_refills_it() {
        let bucket = Bucket::full();
        assert_eq!((0..100).filter(|_| bucket.pay_for(Fault::Broken)).count(), 20);
        for _ in 0..9 {
            bucket.succeeded();
        }
        assert!(
            !bucket.pay_for(Fault::TimedOut) && bucket.pay_for(Fault::Status(503)) && !bucket.pay_for(Fault::Broken)
        );
        for _ in 0..1_000 {
            bucket.succeeded();
        }
        assert_eq!((0..100).filter(|_| bucket.pay_for(Fault::TimedOut)).count(), 10);
    }

    #[test]
    fn the_delay_is_read_from_body_header_or_date() {
        let now = http_date("Sat, 21 Nov 2026 12:00:00 GMT").unwrap();
        let tomorrow = http_date("Sun, 22 Nov 2026 12:00:00 GMT").unwrap();
        let millis = |millis| Some(Duration::from_millis(millis));
        let table = [
            (Some("37s"), None, None, millis(37_000)),
            (Some("45.837906927s"), Some("9"), None, Some(Duration::new(45, 837_906_927))),
            (Some("99999999999999999999s"), None, None, millis(300_000)),
            (Some("-1s"), Some("7"), None, millis(7_000)),
            (Some("1.0000000001s"), None, None, None),
            (Some("37"), None, None, None),
            (Some("0s"), None, None, None),
            (None, Some("-1"), None, None),
            (None, Some("1e9"), None, None),
            (None, Some("²"), None, None),
            (None, Some("1.5"), None, None),
            (None, Some("99999999999999999999"), None, millis(300_000)),
            (None, Some("Sat, 21 Nov 2026 12:00:20 GMT"), Some(now), millis(20_000)),
            (None, Some("Sat, 21 Nov 2026 11:59:00 GMT"), Some(now), None),
            (None, Some("Sat, 21 Nov 2026 12:00:20 GMT"), None, None),
            (None, Some("Sun, 22 Nov 2026 12:00:30 GMT"), Some(tomorrow), millis(30_000)),
            (None, Some("Sun, 22 Nov 2026 12:00:30 GMT"), Some(now), millis(300_000)),
            (None, None, Some(now), None),
        ];
        for (delay, after, date, expected) in table {
            assert_eq!(asked_wait(delay, after, date), expected, "{delay:?} {after:?}");
        }
    }
}
