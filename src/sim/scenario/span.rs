//! A length of time in a scenario: `"5s"`, `"26h"`, `"1h 30m"`, `"250ms"`, or a number of seconds.

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A length of time that is not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span(pub Duration);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(Duration::ZERO);

    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Span(Duration::from_secs(seconds))
    }

    /// So many hours.
    pub const fn hours(hours: u64) -> Self {
        Span(Duration::from_secs(hours * 3_600))
    }
}

/// A thousand years; times of the service are added to such spans and must not overflow.
const LONGEST: Duration = Duration::from_secs(1_000 * 365 * 86_400);

/// A span, unless it is longer than anything a scenario can mean.
fn bounded<E: Error>(length: Duration) -> Result<Span, E> {
    if length > LONGEST { Err(E::custom("a length of time is at most a thousand years")) } else { Ok(Span(length)) }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpanVisitor)
    }
}

fn negative<E: Error>() -> E {
    E::custom("a length of time is never negative")
}

struct SpanVisitor;

impl Visitor<'_> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time such as \"5s\", \"26h\" or \"1h 30m\", or a number of seconds")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
        let wrong = || E::custom(format!("{text:?} is not a length of time such as \"5s\", \"26h\" or \"1h 30m\""));
        let signed: SignedDuration = text.parse().map_err(|_| wrong())?;
        bounded(Duration::try_from(signed).map_err(|_| wrong())?)
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Span, E> {
        bounded(Duration::from_secs(u64::try_from(seconds).map_err(|_| negative())?))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Span, E> {
        bounded(Duration::try_from_secs_f64(seconds).map_err(|_| negative())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        #[derive(Deserialize)]
        struct One {
            t: Span,
        }
        let read = |text: &str| toml::from_str::<One>(&format!("t = {text}")).map(|one| one.t.0);
        for (text, seconds) in [("\"5s\"", 5.0), ("\"26h\"", 93_600.0), ("\"1h 30m\"", 5_400.0), ("0.25", 0.25)] {
            assert_eq!(read(text).unwrap(), Duration::from_secs_f64(seconds), "{text}");
        }
        assert_eq!(read("\"250ms\"").unwrap(), Duration::from_millis(250));
        assert!(read("\"-5s\"").is_err());
        assert!(read("-5").is_err());
        assert!(read("1e300").is_err());
    }
}
