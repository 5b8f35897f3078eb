//! What is said about a job in more than one place: its model, its error, its cost, what is left of it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ratatui::style::Style;

use crate::clock::since;
use crate::job::{Dest, Doubt, Job, JobError, JobKind, JobName, JobState};
use crate::money::in_cents;
use crate::ops::Paid;
use crate::text;
use crate::tui::model::{Model, Tracked};
use crate::tui::rate;
use crate::tui::theme::Theme;
use crate::tui::view::times;

const HOUR: u64 = 3_600;

/// The service means to be done after a day.
const STUCK_AFTER: Duration = Duration::from_secs(24 * HOUR);

/// The service gives a job up after two days, and drops stored files after two.
pub const TWO_DAYS: Duration = Duration::from_secs(48 * HOUR);

/// From then on the end of those two days is shown.
const NEAR: Duration = Duration::from_secs(40 * HOUR);

/// From then on it is pointed out that results are about to be gone.
pub const SOON: Duration = Duration::from_secs(12 * HOUR);

/// A model without what all of them share: `3.1-flash-tts`.
pub fn short_model(model: Option<&str>) -> String {
    let Some(model) = model else { return "–".to_owned() };
    let short = model.strip_prefix("models/").unwrap_or(model);
    let short = short.strip_prefix("gemini-").unwrap_or(short);
    short.replace("-preview", "")
}

/// `INVALID_ARGUMENT: Developer instruction is not enabled`.
pub fn error(error: &JobError) -> String {
    match status_name(i64::from(error.code)) {
        Some(name) => format!("{name}: {}", error.message),
        None => format!("error {}: {}", error.code, error.message),
    }
}

/// The name of a gRPC status code.
pub fn status_name(code: i64) -> Option<&'static str> {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    NAMES.get(usize::try_from(code).ok()?).copied()
}

/// An estimated amount, by its middle: `≈ $3.01`.
pub fn about(range: (f64, f64)) -> String {
    let middle = (range.0 + range.1) / 2.0;
    text::dollars_about("≈", (middle, middle))
}

/// What a job came to, or may come to: `$3.01`, `≈ $3.01`.
pub fn cost(model: &Model, job: &JobName) -> Option<String> {
    match (model.jobs.paid(job), model.jobs.costs.get(job)) {
        (Some(paid), _) if paid.is_whole => Some(text::dollars(paid.dollars())),
        (_, Some(estimate)) => Some(about(*estimate)),
        (Some(paid), None) => Some(format!("> {}", text::dollars(paid.dollars()))),
        (None, None) => None,
    }
}

/// `$3.01: $2.95 useful, $0.06 for 2 clips that cannot be used`. The parts add up to the whole as they are written.
pub fn paid(paid: &Paid) -> String {
    let all = text::dollars(paid.dollars());
    let known = if paid.is_whole { "" } else { " for the results that were read" };
    if paid.n_unusable == 0 {
        return format!("{all}{known}, all of it useful");
    }
    let (useful, unusable) = match paid.dollars() >= 0.10 {
        true => {
            let (useful, unusable) = in_cents(paid.useful, paid.unusable);
            let dollars = |cents: u64| format!("${}.{:02}", cents / 100, cents % 100);
            (dollars(useful), dollars(unusable))
        }
        false => (text::dollars(paid.useful), text::dollars(paid.unusable)),
    };
    let clips = text::count(paid.n_unusable, "clip");
    format!("{all}{known}: {useful} useful, {unusable} for {clips} that cannot be used")
}

/// Whether a job has been active for longer than the service promises.
pub fn is_stuck(model: &Model, tracked: &Tracked) -> bool {
    let age = tracked.job.create_time.map(|made| times::age_of(model, made));
    tracked.is_active() && age.is_some_and(|age| age > STUCK_AFTER)
}

/// When the results of a job are gone, as far as anybody can say: the service keeps files for two days.
pub fn kept_until(job: &Job) -> Option<Timestamp> {
    match job.dest {
        Some(Dest::File(_)) => job.end_time?.checked_add(SignedDuration::from_hours(48)).ok(),
        Some(Dest::Inline) | None => None,
    }
}

/// Whether results that no save holds are about to be gone.
pub fn is_gone_soon(model: &Model, job: &Job) -> bool {
    let is_unsaved = job.kind != JobKind::EmbedContent && !model.jobs.saved.contains_key(&job.name);
    let left = kept_until(job).filter(|_| is_unsaved).map(|end| since(times::as_of(model), end));
    left.is_some_and(|left| !left.is_zero() && left < SOON)
}

/// The LEFT column: time left, time until the service gives up, or what became of the results.
pub fn left(theme: &Theme, model: &Model, tracked: &Tracked) -> (String, Style) {
    let job = &tracked.job;
    if tracked.is_active() && tracked.cancelling {
        // A job that was asked to stop has no time left that could be told.
        return (String::new(), theme.text());
    }
    if tracked.is_active() {
        let age = job.create_time.map_or(Duration::ZERO, |made| times::age_of(model, made));
        if age >= NEAR {
            return (format!("expires {}", whole(TWO_DAYS.saturating_sub(age))), theme.warn());
        }
        return match (model.jobs.doubts.get(&job.name), rate::left(tracked)) {
            // What may be paid twice is worth more than when it is done.
            (Some(Doubt::Duplicate(_)), _) => ("⚠ duplicate".to_owned(), theme.bad()),
            (Some(doubt @ Doubt::Twin(_)), _) => (format!("⚠ {}?", doubt.word()), theme.warn()),
            (_, Some(left)) => (format!("~{}", text::age(left)), theme.text()),
            (_, None) if age > STUCK_AFTER => ("⚠ stuck?".to_owned(), theme.warn()),
            (Some(doubt), None) => (format!("⚠ {}?", doubt.word()), theme.warn()),
            (None, None) => (String::new(), theme.text()),
        };
    }
    if model.jobs.saved.contains_key(&job.name) {
        return match model.jobs.bad.get(&job.name) {
            Some(bad) if *bad > 0 => (format!("saved · {} bad", text::thousands(*bad)), theme.warn()),
            Some(_) | None => ("saved".to_owned(), theme.good()),
        };
    }
    if job.kind == JobKind::EmbedContent {
        // There is nothing to hear in it, and nothing that this program would save.
        return (String::new(), theme.text());
    }
    let Some(end) = kept_until(job) else {
        // Results that came inline have no file that would be dropped, but they are not on disk either.
        let left = if job.state == JobState::Succeeded { "not saved" } else { "" };
        return (left.to_owned(), theme.muted());
    };
    let remaining = since(times::as_of(model), end);
    match remaining.as_secs() {
        0 => ("gone?".to_owned(), theme.muted()),
        _ if remaining < SOON => (format!("gone in {}", whole(remaining)), theme.warn()),
        _ => ("not saved".to_owned(), theme.muted()),
    }
}

/// Whole hours or minutes, so that what is said does not change with every listing: `7 h`, `40 m`.
pub fn whole(left: Duration) -> String {
    match left.as_secs() {
        secs if secs >= HOUR => format!("{} h", secs / HOUR),
        secs => format!("{} m", secs / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_shown_without_what_they_share() {
        assert_eq!(short_model(Some("models/gemini-3.1-flash-tts-preview")), "3.1-flash-tts");
        assert_eq!(short_model(Some("models/gemini-2.5-pro-preview-tts")), "2.5-pro-tts");
        assert_eq!(short_model(Some("other")), "other");
        assert_eq!(short_model(None), "–");
    }

    #[test]
    fn what_was_paid_adds_up_as_it_is_written() {
        let whole = |useful, unusable, n_unusable| paid(&Paid { useful, unusable, n_unusable, is_whole: true });
        assert_eq!(whole(2.95, 0.06, 2), "$3.01: $2.95 useful, $0.06 for 2 clips that cannot be used");
        assert_eq!(whole(2.954, 0.004, 1), "$2.96: $2.95 useful, $0.01 for 1 clip that cannot be used");
        assert_eq!(whole(0.005, 0.002, 1), "$0.0070: $0.0050 useful, $0.0020 for 1 clip that cannot be used");
        assert_eq!(whole(0.5, 0.0, 0), "$0.50, all of it useful");
        let some = Paid { useful: 0.5, unusable: 0.0, n_unusable: 0, is_whole: false };
        assert_eq!(paid(&some), "$0.50 for the results that were read, all of it useful");
    }

    #[test]
    fn error_codes_are_named_as_the_service_names_them() {
        let error = |code| super::error(&JobError { code, message: "m".into() });
        assert_eq!(
            (error(3), error(16), error(99), error(-1)),
            ("INVALID_ARGUMENT: m".into(), "UNAUTHENTICATED: m".into(), "error 99: m".into(), "error -1: m".into())
        );
    }
}
