//! Where things are on the screen: the one place that turns a size into rectangles.
//!
//! Pure. `update` asks how many rows a page has and what lies under the mouse, `draw` asks for the rectangles; both
//! get the same answer. All arithmetic saturates: a terminal may be 0 by 0.

use ratatui::layout::Rect;

use crate::tui::model::{Model, Overlay, Pane, Screen, Size};

/// Below this many columns or rows a screen has no borders and no panes: one line per job.
pub const TINY: Size = Size { width: 40, height: 10 };

/// The rows of the details below the list of jobs, borders included.
pub const DETAIL_ROWS: usize = 7;

/// The columns of the waveform and the facts beside the keys of a job, borders included.
const FACTS_COLUMNS: u16 = 44;

/// The rows of the same below the keys, on a screen that is higher than wide.
const FACTS_ROWS: u16 = 16;

/// The columns of the form beside what will be sent.
const FORM_COLUMNS: u16 = 50;

/// The rows of the form above what will be sent, borders included: the fields of a short form.
const FORM_ROWS: u16 = 9;

/// The lines that every screen of ordinary size has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The first line.
    pub header: Rect,
    /// Between the first line and the last two.
    pub body: Rect,
    /// The last line but one.
    pub notice: Rect,
    /// The last line.
    pub footer: Rect,
}

/// The list of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobsPlaces {
    /// Header, notice, footer.
    pub lines: Lines,
    /// How many jobs stand how.
    pub totals: Rect,
    /// The list, borders included.
    pub list: Rect,
    /// What is known about the selected job.
    pub details: Option<Rect>,
    /// How fast it goes.
    pub pace: Option<Rect>,
}

/// The keys of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobPlaces {
    /// Header, notice, footer.
    pub lines: Lines,
    /// The keys, borders included.
    pub keys: Option<Rect>,
    /// The waveform and the facts of the selected key.
    pub facts: Option<Rect>,
}

/// The form for a new job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreatePlaces {
    /// Header, notice, footer.
    pub lines: Lines,
    /// The fields, borders included.
    pub form: Rect,
    /// What will be sent, borders included; of no height where there is no room for it.
    pub preview: Rect,
    /// What it comes to, and the buttons on its last row.
    pub outcome: Rect,
}

/// Whether a screen of that size has no borders and no panes.
pub fn is_tiny(width: u16, height: u16) -> bool {
    width < TINY.width || height < TINY.height
}

/// The lines of a screen of ordinary size.
pub fn lines(area: Rect) -> Lines {
    let line = |y: u16| Rect { y: y.max(area.y), height: 1.min(area.height), ..area };
    Lines {
        header: line(area.y),
        body: Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(3), ..area },
        notice: line(area.bottom().saturating_sub(2)),
        footer: line(area.bottom().saturating_sub(1)),
    }
}

/// The list of jobs on a screen of ordinary size.
pub fn jobs(model: &Model, area: Rect) -> JobsPlaces {
    let lines = lines(area);
    let totals = Rect { height: 1.min(lines.body.height), ..lines.body };
    let rest = Rect { y: totals.bottom(), height: lines.body.height.saturating_sub(totals.height), ..lines.body };
    if !has_details(model, area) {
        return JobsPlaces { lines, totals, list: rest, details: None, pace: None };
    }
    let (list, below) = cut_below(rest, DETAIL_ROWS as u16);
    let (details, pace) = match area.width {
        // Two columns of halves that are too narrow for an id would both be useless.
        0..100 => (below, None),
        _ => {
            let (details, pace) = cut_right(below, below.width * 45 / 100);
            (details, Some(pace))
        }
    };
    JobsPlaces { lines, totals, list, details: Some(details), pace }
}

/// The keys of a job on a screen of ordinary size.
pub fn job(model: &Model, area: Rect) -> JobPlaces {
    let lines = lines(area);
    let pane = model.job_screen().map(|screen| screen.pane).unwrap_or_default();
    let (keys, facts) = match (model.zoomed, pane) {
        (true, Pane::Keys) => (Some(lines.body), None),
        (true, Pane::Detail) => (None, Some(lines.body)),
        (false, _) if area.width >= 100 => {
            let (keys, facts) = cut_right(lines.body, FACTS_COLUMNS);
            (Some(keys), Some(facts))
        }
        (false, _) if is_tall(area) => {
            let (keys, facts) = cut_below(lines.body, FACTS_ROWS);
            (Some(keys), Some(facts))
        }
        (false, _) => (Some(lines.body), None),
    };
    JobPlaces { lines, keys, facts }
}

/// The form for a new job on a screen of ordinary size.
pub fn create(area: Rect) -> CreatePlaces {
    let lines = lines(area);
    let body = lines.body;
    let outcome_rows = match body.height {
        0..=8 => 2,
        9..=14 => 3,
        15..=24 => 5,
        _ => 7,
    };
    if area.width >= 100 {
        let (form, right) = cut_right(body, body.width.saturating_sub(FORM_COLUMNS));
        let (preview, outcome) = cut_below(right, outcome_rows);
        return CreatePlaces { lines, form, preview, outcome };
    }
    let (above, outcome) = cut_below(body, outcome_rows);
    let form_rows = FORM_ROWS.max(above.height / 2);
    let (form, preview) = cut_below(above, above.height.saturating_sub(form_rows));
    // A preview of less than a border and two lines tells nothing.
    if preview.height < 4 {
        return CreatePlaces { lines, form: above, preview: Rect { height: 0, ..preview }, outcome };
    }
    CreatePlaces { lines, form, preview, outcome }
}

/// One key on a screen of ordinary size: the picture of its sound, where there is one and it has a box of its own, and
/// the text.
pub fn key(area: Rect, has_sound: bool) -> (Lines, Option<Rect>, Rect) {
    let lines = lines(area);
    let wave = match lines.body.height {
        _ if !has_sound => return (lines, None, lines.body),
        // Two boxes would leave no line to read.
        0..14 => return (lines, None, lines.body),
        14..20 => 7,
        20..28 => 8,
        _ => 13,
    };
    let (wave, text) = cut_below(lines.body, lines.body.height.saturating_sub(wave));
    (lines, Some(wave), text)
}

/// The rows inside a list with borders and column heads.
pub fn list_rows(list: Rect) -> u16 {
    list.height.saturating_sub(3)
}

/// The rows that the list or the text of the visible screen has room for; at least one.
pub fn page(model: &Model) -> usize {
    let area = whole(model);
    if is_tiny(area.width, area.height) {
        return usize::from(area.height).saturating_sub(1).max(1);
    }
    if let Some(Overlay::Page(_)) = model.overlays.last() {
        return usize::from(lines(area).body.height.saturating_sub(2)).max(1);
    }
    let rows = match model.screens.last() {
        None => list_rows(jobs(model, area).list),
        Some(Screen::Job(_)) => list_rows(job(model, area).keys.unwrap_or(lines(area).body)),
        Some(Screen::Files(_)) => list_rows(lines(area).body),
        Some(Screen::Key(screen)) => {
            let row = model.job_screen().and_then(|job| job.row(screen.line));
            key(area, row.is_some_and(|row| row.sound.is_some())).2.height.saturating_sub(2)
        }
        Some(Screen::Create(_)) => create(area).preview.height.saturating_sub(2),
        Some(Screen::Messages { .. } | Screen::Help { .. }) => lines(area).body.height.saturating_sub(2),
    };
    usize::from(rows).max(1)
}

/// Whether the list of jobs has room for its details pane.
pub fn detail_pane(model: &Model) -> bool {
    has_details(model, whole(model))
}

/// Which of the visible rows of the list lies under a cell: counted from the first visible one of all, not of the page.
pub fn row_at(model: &Model, column: u16, row: u16) -> Option<usize> {
    let area = whole(model);
    let (list, top, n_rows) = match model.screens.last() {
        None => (jobs(model, area).list, model.jobs.cursor.top, model.jobs.cursor.visible.len()),
        Some(Screen::Job(job_screen)) => {
            (job(model, area).keys?, job_screen.cursor.top, job_screen.cursor.visible.len())
        }
        Some(Screen::Files(files)) => (lines(area).body, files.cursor.top, files.cursor.visible.len()),
        Some(Screen::Key(_) | Screen::Create(_) | Screen::Messages { .. } | Screen::Help { .. }) => return None,
    };
    let rows = if is_tiny(area.width, area.height) {
        let above = u16::from(area.height > 1);
        Rect { y: area.y + above, height: area.height.saturating_sub(above), ..area }
    } else {
        Rect {
            x: list.x.saturating_add(1),
            y: list.y.saturating_add(2),
            width: list.width.saturating_sub(2),
            height: list_rows(list),
        }
    };
    let at = rows.contains((column, row).into()).then(|| top + usize::from(row - rows.y))?;
    (at < n_rows).then_some(at)
}

/// A box in the middle of the screen, of at most the wanted size.
pub fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

fn whole(model: &Model) -> Rect {
    Rect::new(0, 0, model.size.width, model.size.height)
}

fn has_details(model: &Model, area: Rect) -> bool {
    !model.zoomed && ((area.width >= 100 && area.height >= 24) || is_tall(area))
}

fn is_tall(area: Rect) -> bool {
    area.width >= TINY.width && area.height >= 46
}

fn cut_below(place: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(place.height);
    let above = Rect { height: place.height - rows, ..place };
    (above, Rect { y: above.bottom(), height: rows, ..place })
}

fn cut_right(place: Rect, columns: u16) -> (Rect, Rect) {
    let columns = columns.min(place.width);
    let left = Rect { width: place.width - columns, ..place };
    (left, Rect { x: left.right(), width: columns, ..place })
}
