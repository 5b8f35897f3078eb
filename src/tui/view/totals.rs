//! How many jobs stand how: the one glance that tells whether anything is wrong.

use ratatui::layout::Rect;

use crate::text;
use crate::tui::model::{Entry, Model};
use crate::tui::theme::Standing;
use crate::tui::view::job_facts;
use crate::tui::view::pen::{Pen, Piece, pad, piece};

/// What is counted over all jobs, whatever the filter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Totals {
    running: u64,
    pending: u64,
    done: u64,
    failed: u64,
    cancelling: u64,
    unknown: u64,
    stuck: u64,
    in_flight: (f64, f64),
}

/// Draws the second line of the list of jobs.
pub fn draw(pen: &mut Pen<'_>, model: &Model, place: Rect) {
    if model.jobs.entries.is_empty() {
        return;
    }
    let theme = *pen.theme;
    let totals = count(model);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut say = |text: String, style| {
        if !pieces.is_empty() {
            pieces.push(piece("   ", theme.text()));
        }
        pieces.push(piece(text, style));
    };
    let or_muted = |number: u64, style| if number > 0 { style } else { theme.muted() };
    // What needs a person comes before what does not, so that it is the last to be cut off.
    if totals.unknown > 0 {
        say(format!("{} unknown", text::thousands(totals.unknown)), theme.warn());
    }
    say(format!("{} running", text::thousands(totals.running)), or_muted(totals.running, theme.active()));
    say(
        format!("{} pending", text::thousands(totals.pending)),
        or_muted(totals.pending, theme.state(Standing::Pending)),
    );
    say(format!("{} done", text::thousands(totals.done)), or_muted(totals.done, theme.good()));
    say(format!("{} failed", text::thousands(totals.failed)), or_muted(totals.failed, theme.bad()));
    if totals.cancelling > 0 {
        say(format!("{} cancelling", text::thousands(totals.cancelling)), theme.warn());
    }
    if totals.stuck > 0 {
        say(format!("{} stuck ⚠", text::thousands(totals.stuck)), theme.warn());
    }
    let marks = &model.jobs.cursor.marks;
    if !marks.is_empty() {
        let n_shown = shown_marks(model);
        let hidden = marks.len() - n_shown.min(marks.len());
        let behind = if hidden > 0 { format!(" ({hidden} hidden by the filter)") } else { String::new() };
        say(format!("{} marked{behind}", marks.len()), theme.marked());
    }
    if totals.in_flight.1 > 0.0 {
        say(format!("in flight {}", job_facts::about(totals.in_flight)), theme.text());
    }
    pen.line(pad(place, 1), &pieces);
}

fn count(model: &Model) -> Totals {
    let mut totals = Totals::default();
    for entry in &model.jobs.entries {
        match Standing::of(entry) {
            Standing::Running => totals.running += 1,
            Standing::Pending | Standing::Foreign => totals.pending += 1,
            Standing::Succeeded | Standing::Cancelled => totals.done += 1,
            Standing::Failed | Standing::Expired => totals.failed += 1,
            Standing::Cancelling => totals.cancelling += 1,
            Standing::Unknown => totals.unknown += 1,
        }
        let Entry::Job(tracked) = entry else { continue };
        if !tracked.is_active() {
            continue;
        }
        totals.stuck += u64::from(job_facts::is_stuck(model, tracked));
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
