//! How many jobs stand how: the one glance that tells whether anything is wrong.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::job::Doubt;
use crate::ops::Spending;
use crate::text;
use crate::tui::model::{Entry, Model};
use crate::tui::theme::{Standing, Theme};
use crate::tui::view::job_facts;
use crate::tui::view::pen::{Pen, Piece, pad, piece};

/// What is counted over all jobs, whatever the filter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Totals {
    running: u64,
    pending: u64,
    done: u64,
    failed: u64,
    expired: u64,
    cancelled: u64,
    cancelling: u64,
    unknown: u64,
    stuck: u64,
    twins: u64,
    slow: u64,
    gone_soon: u64,
    in_flight: (f64, f64),
    today: f64,
    per_day: Option<f64>,
}

/// A part of the line, and how long it stays when there is no room: the higher, the longer.
struct Part {
    rank: u8,
    piece: Piece,
}

/// Draws the second line of the list of jobs.
pub fn draw(pen: &mut Pen<'_>, model: &Model, place: Rect) {
    if model.jobs.entries.is_empty() {
        return;
    }
    let place = pad(place, 1);
    let marked: Vec<Piece> = marked(model).map(|text| piece(text, pen.theme.marked())).into_iter().collect();
    let taken = pen.line_right(place, &marked);
    let room = Rect { width: place.width.saturating_sub(if taken > 0 { taken + 2 } else { 0 }), ..place };
    let mut parts = parts(pen.theme, &count(model));
    loop {
        for gap in ["   ", "  "] {
            let pieces = joined(&parts, gap);
            if pen.total(&pieces) <= room.width || parts.len() == 1 {
                pen.line(room, &pieces);
                return;
            }
        }
        let lowest = parts.iter().map(|part| part.rank).min();
        parts.retain(|part| Some(part.rank) != lowest);
    }
}

/// What needs a person is the last to go; what is over and well is the first.
fn parts(theme: &Theme, totals: &Totals) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut say = |rank: u8, number: u64, word: &str, style: Style, even_none: bool| {
        if number > 0 || even_none {
            let style = if number > 0 { style } else { theme.muted() };
            parts.push(Part { rank, piece: piece(format!("{} {word}", text::thousands(number)), style) });
        }
    };
    say(10, totals.unknown, "unknown", theme.warn(), false);
    say(6, totals.running, "running", theme.active(), true);
    say(4, totals.pending, "pending", theme.state(Standing::Pending), true);
    say(1, totals.done, "done", theme.good(), true);
    say(9, totals.failed, "failed", theme.bad(), true);
    say(7, totals.expired, "expired", theme.bad(), false);
    say(0, totals.cancelled, "cancelled", theme.muted(), false);
    say(5, totals.cancelling, "cancelling", theme.warn(), false);
    say(8, totals.stuck, "stuck ⚠", theme.warn(), false);
    say(8, totals.twins, if totals.twins == 1 { "twin ⚠" } else { "twins ⚠" }, theme.warn(), false);
    say(5, totals.slow, "slow ⚠", theme.warn(), false);
    say(7, totals.gone_soon, "gone soon ⚠", theme.warn(), false);
    if totals.in_flight.1 > 0.0 {
        let text = format!("in flight {}", job_facts::about(totals.in_flight));
        parts.push(Part { rank: 2, piece: piece(text, theme.text()) });
    }
    let spent = text::dollars(totals.today);
    match totals.per_day {
        // The next job will ask: that is worth knowing where there is little room too.
        Some(cap) if totals.today >= cap => {
            let text = format!("spent today {spent} of {}", text::dollars(cap));
            parts.push(Part { rank: 8, piece: piece(text, theme.warn()) });
        }
        Some(cap) => {
            let text = format!("spent today {spent} of {}", text::dollars(cap));
            parts.push(Part { rank: 3, piece: piece(text, theme.text()) });
        }
        None if totals.today > 0.0 => {
            parts.push(Part { rank: 3, piece: piece(format!("spent today {spent}"), theme.text()) });
        }
        None => {}
    }
    parts
}

fn joined(parts: &[Part], gap: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for part in parts {
        if !pieces.is_empty() {
            pieces.push(piece(gap, Style::new()));
        }
        pieces.push(part.piece.clone());
    }
    pieces
}

/// `7 marked (3 hidden by the filter)`: what the next verb would act on.
fn marked(model: &Model) -> Option<String> {
    let marks = &model.jobs.cursor.marks;
    if marks.is_empty() {
        return None;
    }
    Some(match marks.len().saturating_sub(shown_marks(model)) {
        0 => format!("{} marked", marks.len()),
        hidden => format!("{} marked ({hidden} hidden by the filter)", marks.len()),
    })
}

fn count(model: &Model) -> Totals {
    let Spending { today, per_day, .. } = model.jobs.spending;
    let mut totals = Totals { today, per_day, ..Totals::default() };
    for entry in &model.jobs.entries {
        match Standing::of(entry) {
            Standing::Running => totals.running += 1,
            Standing::Pending | Standing::Foreign => totals.pending += 1,
            Standing::Succeeded => totals.done += 1,
            Standing::Cancelled => totals.cancelled += 1,
            Standing::Failed => totals.failed += 1,
            Standing::Expired => totals.expired += 1,
            Standing::Cancelling => totals.cancelling += 1,
            Standing::Unknown => totals.unknown += 1,
        }
        let Entry::Job(tracked) = entry else { continue };
        if !tracked.is_active() {
            totals.gone_soon += u64::from(job_facts::is_gone_soon(model, &tracked.job));
            continue;
        }
        totals.stuck += u64::from(job_facts::is_stuck(model, tracked));
        match model.jobs.doubts.get(&tracked.job.name) {
            Some(Doubt::Twin(_) | Doubt::Duplicate(_)) => totals.twins += 1,
            Some(Doubt::Slow(_)) => totals.slow += 1,
            Some(Doubt::Stuck) | None => {}
        }
        if let Some((low, high)) = model.jobs.costs.get(&tracked.job.name) {
            totals.in_flight = (totals.in_flight.0 + low, totals.in_flight.1 + high);
        }
    }
    totals
}

/// How many marked rows pass the filter. Looks at the marks only, unless something is hidden at all.
fn shown_marks(model: &Model) -> usize {
    let cursor = &model.jobs.cursor;
    if cursor.visible.len() == model.jobs.entries.len() {
        return cursor.marks.len();
    }
    let entries = cursor.visible.iter().filter_map(|index| model.jobs.entries.get(*index as usize));
    entries.filter(|entry| cursor.marks.contains(&entry.id())).count()
}
