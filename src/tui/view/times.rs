//! Moments as a person reads them on a wall, and the one moment that ages are counted from.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::clock::since;
use crate::tui::model::Model;

/// `14:02`.
pub fn clock(zone: &TimeZone, at: Timestamp) -> String {
    zone.to_datetime(at).strftime("%H:%M").to_string()
}

/// `14:02:31`.
pub fn clock_seconds(zone: &TimeZone, at: Timestamp) -> String {
    zone.to_datetime(at).strftime("%H:%M:%S").to_string()
}

/// `Nov 23 16:40`.
pub fn day_and_clock(zone: &TimeZone, at: Timestamp) -> String {
    zone.to_datetime(at).strftime("%b %-d %H:%M").to_string()
}

/// The moment that ages of jobs are counted from: when the list was complete, so that no age moves in between.
pub fn as_of(model: &Model) -> Timestamp {
    model.link.listed_at.unwrap_or(model.now)
}

/// The age of something that the service made, by the list on the screen.
pub fn age_of(model: &Model, made: Timestamp) -> Duration {
    since(made, as_of(model))
}
