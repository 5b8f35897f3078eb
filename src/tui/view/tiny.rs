//! Screens without borders, for terminals too small for them: a line that tells the most, and one line per row.

use ratatui::layout::Rect;

use crate::text;
use crate::tui::layout;
use crate::tui::model::Model;
use crate::tui::model::{Entry, JobScreen, Overlay};
use crate::tui::theme::Standing;
use crate::tui::view::pen::{Pen, Piece, piece, row, skip};
use crate::tui::view::table::{self, Standout};
use crate::tui::view::{bars, footer, job, jobs};

/// Below that many columns not even a glyph and a few letters fit.
const LEAST_COLUMNS: u16 = 4;

/// From that many columns on a row has the whole word of its state.
const WORDS_FROM: u16 = 36;

/// Whether a screen is too small even for this; then it says so, as far as that fits.
pub fn refuses(pen: &mut Pen<'_>) -> bool {
    let area = pen.area();
    if area.width >= LEAST_COLUMNS && area.height >= 2 {
        return false;
    }
    let need = format!("too small: need {}x{}", layout::TINY.width, layout::TINY.height);
    pen.text(row(area, 0), &need, pen.theme.warn());
    true
}

/// The first line, and the rows below it.
pub fn split(area: Rect) -> (Rect, Rect) {
    let above = u16::from(area.height > 1);
    let rows = Rect { y: area.y + above, height: area.height.saturating_sub(above), ..area };
    (row(area, 0), rows)
}

/// Draws the list of jobs.
pub fn jobs(pen: &mut Pen<'_>, model: &Model) {
    let (first, rows) = split(pen.area());
    let cursor = &model.jobs.cursor;
    top(pen, model, first, jobs::list_title(pen, "Jobs", model.jobs.entries.len(), cursor));
    if cursor.visible.is_empty() {
        return jobs::nothing(pen, model, rows);
    }
    for (at, index) in cursor.visible.iter().skip(cursor.top).take(usize::from(rows.height)).enumerate() {
        let Some(entry) = model.jobs.entries.get(*index as usize) else { continue };
        job_row(pen, model, row(rows, at as u16), entry);
    }
}

fn job_row(pen: &mut Pen<'_>, model: &Model, place: Rect, entry: &Entry) {
    let theme = *pen.theme;
    let id = entry.id();
    let selected = model.jobs.cursor.selected.as_ref() == Some(&id);
    let standout = Standout { selected, marked: model.jobs.cursor.marks.contains(&id), focused: true };
    table::signs(pen, place, standout);
    let standing = Standing::of(entry);
    let place_behind = skip(place, table::SIGNS);
    let glyph =
        pen.text(Rect { width: 1.min(place_behind.width), ..place_behind }, standing.glyph(), theme.state(standing));
    let mut room = skip(place_behind, glyph + 1);
    if place.width >= WORDS_FROM {
        pen.text(Rect { width: 10.min(room.width), ..room }, jobs::word(entry), theme.state(standing));
        room = skip(room, 11);
    }
    let (name, counts) = match entry {
        Entry::Job(tracked) => (tracked.job.title(), tracked.job.counts),
        Entry::Lost(lost) => (lost.display_name.as_str(), None),
        Entry::Campaign(status) => (status.name.as_str(), None),
    };
    if let Some(counts) = counts.filter(|_| place.width >= WORDS_FROM) {
        pen.right(room, &format!("{} %", bars::per_cent(counts.done(), counts.requests)), theme.text());
        room.width = room.width.saturating_sub(6);
    }
    pen.text(room, name, theme.text());
    table::highlight(pen, place, standout);
}

/// Draws the keys of a job.
pub fn keys(pen: &mut Pen<'_>, model: &Model, screen: &JobScreen) {
    let (first, rows) = split(pen.area());
    let cursor = &screen.cursor;
    let name = model.jobs.get(&screen.name).map_or(screen.name.id(), |tracked| tracked.job.title());
    let mut title = jobs::list_title(pen, name, screen.rows.len(), cursor);
    if screen.tally.bad > 0 {
        title.push(piece(format!(" ─ {} bad", text::thousands(screen.tally.bad)), pen.theme.bad()));
    }
    top(pen, model, first, title);
    if cursor.visible.is_empty() {
        return job::nothing(pen, model, screen, rows);
    }
    for (at, index) in cursor.visible.iter().skip(cursor.top).take(usize::from(rows.height)).enumerate() {
        let Some(result) = screen.rows.get(*index as usize) else { continue };
        job::narrow_row(pen, screen, row(rows, at as u16), &result);
    }
}

/// The first line of a tiny screen: what is being typed, else else trouble and the title, and what was said.
pub fn top(pen: &mut Pen<'_>, model: &Model, place: Rect, title: Vec<Piece>) {
    let theme = *pen.theme;
    if let Some(Overlay::Prompt(_)) = model.overlays.last() {
        return footer::notice(pen, model, place);
    }
    let mut pieces = title;
    if let Some(trouble) = &model.link.trouble {
        let word = match (trouble.failure.exit == crate::failure::Exit::Key, trouble.failure.retry_after) {
            (true, _) => "✗ key refused",
            (false, None) => "⚠ offline",
            (false, Some(_)) => "⚠ slowed down",
        };
        pieces.insert(0, piece(format!("{word}  "), theme.warn()));
    } else if let Some(notice) = &model.notices.flash {
        pieces.push(piece(format!("  {}", notice.text), theme.level(notice.level)));
    }
    pen.line(place, &pieces);
}
