//! When the service will take more: the wait that it asks for, and the end of its day.

use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

use crate::api;
use crate::clock::since;
use crate::failure::Failure;
use crate::text;

use super::Session;

/// [`paced`], with what was to be done before its message.
pub(super) fn explained(session: &Session, what: &str, error: api::Error) -> Failure {
    let failure = paced(session, error);
    Failure { message: format!("{what}: {}", failure.message), ..failure }
}

/// A failed call as a failure that says when the same may be tried again.
pub(super) fn paced(session: &Session, error: api::Error) -> Failure {
    let (is_daily, now) = (error.is_daily, session.service_now());
    let failure = Failure::from(error);
    if !is_daily {
        let wait = failure.retry_after.map(|wait| format!("the service asks to wait {}", text::age(wait)));
        return Failure { hint: failure.hint.or(wait), ..failure };
    }
    let reset = next_reset(now);
    let wait = since(now, reset);
    let here = reset.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string();
    let hint =
        format!("the quota of the day is refilled at midnight Pacific time, {here} here, in {}", text::age(wait));
    Failure { hint: Some(hint), retry_after: Some(wait), ..failure }
}

/// Quotas per day are refilled at midnight Pacific time.
pub fn next_reset(now: Timestamp) -> Timestamp {
    // A bare container has no time zones; then summer is an hour off.
    let pacific = TimeZone::get("America/Los_Angeles").unwrap_or_else(|_| TimeZone::fixed(Offset::constant(-8)));
    let today = now.to_zoned(pacific.clone()).date();
    let midnight = today.checked_add(1.day()).map(|day| day.to_datetime(Time::midnight()).to_zoned(pacific));
    match midnight {
        Ok(Ok(midnight)) => midnight.timestamp(),
        // At the end of all time a day from now will do.
        Ok(Err(_)) | Err(_) => now.saturating_add(Duration::from_secs(86_400)).unwrap_or(Timestamp::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_the_service_ends_at_midnight_on_its_coast() {
        let table = [
            ("2026-11-21T18:00:00Z", "2026-11-22T08:00:00Z"),
            ("2026-11-22T07:59:59Z", "2026-11-22T08:00:00Z"),
            ("2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z"),
            ("2026-07-02T14:00:00Z", "2026-07-03T07:00:00Z"),
            // The night in which the clocks go back.
            ("2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z"),
            ("2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"),
        ];
        for (now, reset) in table {
            assert_eq!(next_reset(now.parse().unwrap()).to_string(), reset, "{now}");
        }
    }
}
