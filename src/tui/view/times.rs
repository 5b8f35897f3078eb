//! Moments as a person reads them on a wall, and the one moment that ages are counted from.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::text;
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

/// The moment that ages are counted from: when the list was complete, by the service's clock, which also wrote the
/// times of jobs and files. So no age moves between two listings, nor while every listing is the same and all is over; and
/// a wrong clock here makes no age wrong.
pub fn as_of(model: &Model) -> Timestamp {
    let ahead = SignedDuration::from_secs(model.link.clock_ahead);
    let link = &model.link;
    // What cannot be renewed any more is as old as it is.
    let is_stale = link.trouble.is_some() || link.frozen || link.is_restored;
    let shown = link.shown_at.filter(|_| !is_stale);
    let here = shown.or(link.listed_at).unwrap_or(model.now);
    here.checked_add(ahead).unwrap_or(here)
}

/// The age of something that the service made, by the list on the screen.
pub fn age_of(model: &Model, made: Timestamp) -> Duration {
    since(made, as_of(model))
}

/// What the service asks of us, in words that change seldom; nothing when it asks for nothing.
pub fn pace(model: &Model) -> Option<String> {
    let paced = model.link.paced?;
    let left = paced.left(model.now)?;
    Some(match paced.is_daily {
        true => format!("quota used up until {}", clock(&model.zone, paced.until)),
        false => format!("asked to wait {}", wait(paced.asked, left)),
    })
}

/// What is left of a wait: first all of it, then in steps of ten seconds, or of minutes above one.
fn wait(asked: Duration, left: Duration) -> String {
    let whole = |span: Duration| span.as_secs() + u64::from(span.subsec_nanos() > 0);
    let step = if whole(left) > 60 { 60 } else { 10 };
    text::age(Duration::from_secs((whole(left).div_ceil(step) * step).min(whole(asked))))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_countdown_changes_a_few_times_and_not_every_second() {
        let words = |asked: f64| {
            let asked = Duration::from_secs_f64(asked);
            let mut words: Vec<String> = (0..=asked.as_secs())
                .map(|second| wait(asked, asked.saturating_sub(Duration::from_secs(second))))
                .collect();
            words.dedup();
            words.join(", ")
        };
        assert_eq!(words(45.8), "46 s, 40 s, 30 s, 20 s, 10 s");
        assert_eq!(words(4.0), "4 s, 0 s");
        assert_eq!(words(200.0), "3 m, 2 m, 1 m, 50 s, 40 s, 30 s, 20 s, 10 s, 0 s");
    }

    #[test]
    fn moments_are_shown_where_the_person_is() {
        let at = samples::now();
        let zone = TimeZone::fixed(jiff::tz::offset(-3));
        assert_eq!((clock(&zone, at), clock_seconds(&zone, at)), ("11:02".into(), "11:02:30".into()));
        assert_eq!(day_and_clock(&TimeZone::UTC, at), "Nov 21 14:02");
        assert_eq!(clock(&TimeZone::UTC, Timestamp::MAX).len(), 5);
    }

    #[test]
    fn a_wrong_clock_here_makes_no_age_wrong() {
        let mut model = samples::empty(80, 24);
        assert_eq!(age_of(&model, samples::ago(10)), Duration::from_secs(600));
        // Our clock is an hour behind that of the service.
        model.link.clock_ahead = 3_600;
        model.link.listed_at = Some(samples::ago(60));
        assert_eq!(age_of(&model, samples::ago(10)), Duration::from_secs(600));
    }
}
