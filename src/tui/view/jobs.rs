//! The list of jobs: home.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::failure::Exit;
use crate::job::{Counts, JobState};
use crate::ops::Unconfirmed;
use crate::text;
use crate::tui::action::Action;
use crate::tui::keys::{Context, bindings};
use crate::tui::layout::{self, JobsPlaces};
use crate::tui::model::{Entry, JOB_COLUMNS, Model, Tracked};
use crate::tui::theme::Standing;
use crate::tui::view::pen::{Frame, Pen, Piece, pad, piece, row, skip};
use crate::tui::view::table::{self, Column, Columns, Standout, Yielding};
use crate::tui::view::{bars, campaigns, details, footer, header, job_facts, times, totals};

/// The cells of a bar.
const BAR: usize = 10;

/// Draws the list of jobs on a screen of ordinary size.
pub fn draw(pen: &mut Pen<'_>, model: &Model) {
    let JobsPlaces { lines, totals, list, details, pace } = layout::jobs(model, pen.area());
    header::full(pen, model, lines.header);
    totals::draw(pen, model, totals);
    table(pen, model, list);
    if let Some(place) = details {
        details::draw(pen, model, place, pace);
    }
    footer::notice(pen, model, lines.notice);
    footer::hints(pen, model, lines.footer);
}

fn table(pen: &mut Pen<'_>, model: &Model, place: Rect) {
    let cursor = &model.jobs.cursor;
    let columns = columns(model, place.width.saturating_sub(3));
    let mut frame = Frame { title: title(pen, model), style: pen.theme.focused_border(), ..Frame::default() };
    if columns.hidden > 0 && !cursor.visible.is_empty() {
        frame.right = vec![piece(format!("…+{}", columns.hidden), pen.theme.muted())];
    }
    let inside = pen.frame(place, &frame);
    if cursor.visible.is_empty() {
        return nothing(pen, model, inside);
    }
    columns.heads(pen, row(inside, 0), table::SIGNS + 2, cursor.sort);
    for (at, index) in cursor.visible.iter().skip(cursor.top).take(usize::from(layout::list_rows(place))).enumerate() {
        let Some(entry) = model.jobs.entries.get(*index as usize) else { continue };
        entry_row(pen, model, &columns, row(inside, at as u16 + 1), entry);
    }
}

/// `Jobs  12 of 48 ─ /ch07 ─ only bad`.
fn title(pen: &Pen<'_>, model: &Model) -> Vec<Piece> {
    list_title(pen, "Jobs", model.jobs.entries.len(), &model.jobs.cursor)
}

/// What stands above a list: its name, how much of it is shown, and why not all of it.
pub fn list_title<Id: Ord>(
    pen: &Pen<'_>,
    name: &str,
    n_all: usize,
    cursor: &crate::tui::model::Cursor<Id>,
) -> Vec<Piece> {
    let theme = pen.theme;
    let n_shown = cursor.visible.len();
    let number = match n_shown == n_all {
        true => text::thousands(n_all as u64),
        false => format!("{} of {}", text::thousands(n_shown as u64), text::thousands(n_all as u64)),
    };
    let mut title = vec![piece(name, theme.title()), piece(format!("  {number}"), theme.text())];
    if !cursor.filter.is_empty() {
        title.push(piece(format!(" ─ /{}", cursor.filter), theme.warn()));
    }
    if cursor.only_bad {
        title.push(piece(" ─ only bad", theme.warn()));
    }
    title
}

/// The columns that have room. The bar gives way before any number does; state and name never do.
fn columns(model: &Model, room: u16) -> Columns {
    let column = |number: u8, width, right| Column { number, head: JOB_COLUMNS[usize::from(number) - 1], width, right };
    // `saved · 3 bad` needs more room than all others, and is there only once a job was looked into.
    let left = if model.jobs.bad.values().any(|bad| *bad > 0) { 13 } else { 11 };
    let mut columns = vec![
        column(1, table::SIGNS + 12, false),
        column(2, 0, false),
        column(3, 15, false),
        column(4, BAR as u16 + 6, false),
        column(5, 7, true),
        column(6, 6, true),
        column(7, 8, true),
        column(8, left, true),
    ];
    if !model.jobs.costs.is_empty() || !model.jobs.spending.paid.is_empty() {
        // `≈ $0.0056`: a price that is cut is misread.
        columns.push(column(9, 9, true));
    }
    let steps = [(9, 0), (8, 0), (3, 0), (6, 0), (4, 5), (5, 0), (7, 0), (4, 0)];
    table::place(room, columns, Yielding { flexible: 2, least: 16, steps: &steps })
}

fn entry_row(pen: &mut Pen<'_>, model: &Model, columns: &Columns, place: Rect, entry: &Entry) {
    let cursor = &model.jobs.cursor;
    let id = entry.id();
    let standout =
        Standout { selected: cursor.selected.as_ref() == Some(&id), marked: cursor.marks.contains(&id), focused: true };
    table::signs(pen, place, standout);
    let standing = Standing::of(entry);
    let style = pen.theme.state(standing);
    if let Some(cell) = columns.cell(place, 1) {
        let cell = skip(cell, table::SIGNS);
        pen.text(cell, standing.glyph(), style);
        pen.text(skip(cell, 2), word(entry), style);
    }
    match entry {
        Entry::Job(tracked) => job_cells(pen, model, columns, place, tracked),
        Entry::Lost(lost) => lost_cells(pen, model, columns, place, lost),
        Entry::Campaign(status) => campaigns::cells(pen, model, columns, place, status),
    }
    table::highlight(pen, place, standout);
}

/// The word in the STATE column.
pub fn word(entry: &Entry) -> &str {
    match entry {
        Entry::Job(tracked) => tracked.word(),
        Entry::Lost(_) => "UNKNOWN",
        Entry::Campaign(_) => "CAMPAIGN",
    }
}

fn job_cells(pen: &mut Pen<'_>, model: &Model, columns: &Columns, place: Rect, tracked: &Tracked) {
    let theme = *pen.theme;
    let job = &tracked.job;
    columns.write(pen, place, 2, job.title(), theme.title());
    columns.write(pen, place, 3, &job_facts::short_model(job.model.as_deref()), theme.muted());
    if let Some(error) = job.error.as_ref().filter(|_| job.state == JobState::Failed) {
        // Why it failed says more than numbers that will never move again.
        if let Some(rest) = columns.from(place, 4) {
            pen.text(rest, &job_facts::error(error), theme.bad());
        }
        return;
    }
    done(pen, columns, place, job.counts);
    let number = |pen: &mut Pen<'_>, number, count: Option<u64>, style: Style| {
        let text = count.map_or_else(|| "–".to_owned(), text::thousands);
        columns.write(pen, place, number, &text, if count.is_some() { style } else { theme.muted() });
    };
    number(pen, 5, job.counts.map(|counts| counts.succeeded), theme.text());
    let n_failed = job.counts.map(|counts| counts.failed);
    number(pen, 6, n_failed, if n_failed.unwrap_or(0) > 0 { theme.bad() } else { theme.muted() });
    match job.create_time {
        Some(made) if job_facts::is_stuck(model, tracked) => {
            columns.write(pen, place, 7, &format!("{} ⚠", text::age(times::age_of(model, made))), theme.warn());
        }
        Some(made) => columns.write(pen, place, 7, &text::age(times::age_of(model, made)), theme.text()),
        None => columns.write(pen, place, 7, "–", theme.muted()),
    }
    let (left, style) = job_facts::left(pen.theme, model, tracked);
    columns.write(pen, place, 8, &left, style);
    match job_facts::cost(model, &job.name) {
        Some(cost) => columns.write(pen, place, 9, &cost, theme.text()),
        None => columns.write(pen, place, 9, "–", theme.muted()),
    }
}

fn done(pen: &mut Pen<'_>, columns: &Columns, place: Rect, counts: Option<Counts>) {
    let theme = *pen.theme;
    let Some(cell) = columns.cell(place, 4) else { return };
    let Some(counts) = counts else {
        pen.text(cell, "–", theme.muted());
        return;
    };
    let mut behind = cell;
    if usize::from(cell.width) > BAR {
        let (full, empty) = bars::bar(counts.done(), counts.requests, BAR);
        let taken = pen.text(cell, &full, theme.bar());
        pen.text(skip(cell, taken), &empty, theme.muted());
        behind = skip(cell, BAR as u16);
    }
    pen.right(behind, &format!("{} %", bars::per_cent(counts.done(), counts.requests)), theme.text());
}

fn lost_cells(pen: &mut Pen<'_>, model: &Model, columns: &Columns, place: Rect, lost: &Unconfirmed) {
    let theme = *pen.theme;
    columns.write(pen, place, 2, &lost.display_name, theme.title());
    columns.write(pen, place, 3, &job_facts::short_model(Some(&lost.model)), theme.muted());
    if let Some(rest) = columns.from(place, 4) {
        let sent = text::ago(times::age_of(model, lost.at));
        let requests = text::count(lost.n_requests, "request");
        pen.text(rest, &format!("the answer was lost {sent}; looking for it · {requests}"), theme.warn());
    }
}

/// What stands in the place of rows when there are none, and what to do about it.
pub fn nothing(pen: &mut Pen<'_>, model: &Model, place: Rect) {
    let theme = *pen.theme;
    let cursor = &model.jobs.cursor;
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    let mut say = |text: &str, style| {
        for line in super::wrap::wrap(text, usize::from(place.width.saturating_sub(4))) {
            lines.push(vec![piece(line, style)]);
        }
    };
    let mut press = Vec::new();
    if !model.jobs.entries.is_empty() {
        say(if cursor.only_bad { "Nothing failed or looks bad." } else { "No job matches the filter." }, theme.title());
        press.push((Action::Back, "shows everything again"));
    } else if let Some(trouble) = &model.link.trouble {
        let is_key = trouble.failure.exit == Exit::Key;
        say(if is_key { "The key was refused." } else { "The jobs cannot be listed." }, theme.bad());
        say(&trouble.failure.message, theme.text());
        if let Some(hint) = &trouble.failure.hint {
            say(hint, theme.muted());
        }
        press.push((Action::Refresh, "tries again"));
    } else if model.link.listed_at.is_none() {
        say("Asking the service for its jobs …", theme.active());
    } else {
        say("No jobs yet.", theme.title());
        if !model.setting.read_only {
            press.push((Action::New, "new job"));
        }
    }
    for (action, what) in press {
        let Some(binding) = bindings(Context::Jobs).find(|binding| binding.action == action) else { continue };
        lines.push(Vec::new());
        lines.push(vec![piece(binding.chords[0].label(), theme.key()), piece(format!("  {what}"), theme.text())]);
    }
    middle_lines(pen, place, &lines);
}

/// Writes lines in the middle of a place, as many as there is room for.
pub fn middle_lines(pen: &mut Pen<'_>, place: Rect, lines: &[Vec<Piece>]) {
    let above = place.height.saturating_sub(lines.len() as u16) / 3;
    for (at, line) in lines.iter().enumerate() {
        let room = pad(row(place, above + at as u16), 2);
        let indent = room.width.saturating_sub(pen.total(line)) / 2;
        pen.line(skip(room, indent), line);
    }
}
