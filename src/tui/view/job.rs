//! One job: a row per key, and the waveform and the facts of the selected one.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::job::JobState;
use crate::results::review::ORDER_UNVERIFIED;
use crate::results::{Outcome, Row};
use crate::text;
use crate::tui::layout::{self, JobPlaces};
use crate::tui::model::{JobScreen, KEY_COLUMNS, Model, Opening, Pane};
use crate::tui::theme::{Standing, verdict_glyph};
use crate::tui::view::pen::{Frame, Pen, Piece, piece, row, skip};
use crate::tui::view::table::{self, Column, Columns, Standout, Yielding};
use crate::tui::view::wrap::wrap;
use crate::tui::view::{facts, footer, header, jobs};

/// From that many columns on the first line tells good and bad ones.
const WORDS_FROM: u16 = 60;

/// Draws the keys of a job on a screen of ordinary size.
pub fn draw(pen: &mut Pen<'_>, model: &Model, screen: &JobScreen) {
    let JobPlaces { lines, keys, facts } = layout::job(model, pen.area());
    let about = about(pen, model, screen);
    header::crumbs(pen, model, lines.header, about);
    if let Some(place) = keys {
        table(pen, model, screen, place);
    }
    if let Some(place) = facts {
        facts::pane(pen, model, screen, place);
    }
    footer::notice(pen, model, lines.notice);
    footer::hints(pen, model, lines.footer);
}

/// `✓ SUCCEEDED · 1 268 done · 1 265 good · 3 bad · saved · 2 h 41`.
fn about(pen: &Pen<'_>, model: &Model, screen: &JobScreen) -> Vec<Piece> {
    let theme = pen.theme;
    let mut about = Vec::new();
    let dot = |about: &mut Vec<Piece>| {
        if !about.is_empty() {
            about.push(piece(" · ", theme.muted()));
        }
    };
    if let Some(tracked) = model.jobs.get(&screen.name) {
        let standing = match tracked.cancelling && !tracked.job.state.is_terminal() {
            true => Standing::Cancelling,
            false => Standing::of_state(&tracked.job.state),
        };
        about.push(piece(format!("{} {}", standing.glyph(), tracked.word()), theme.state(standing)));
    }
    if screen.rows.is_empty() {
        return about;
    }
    let (done, bad) = (screen.rows.len() as u64, screen.tally.bad);
    let said = text::done_good_bad(done, done.saturating_sub(bad), bad);
    let styles = [theme.text(), theme.text(), if bad > 0 { theme.bad() } else { theme.muted() }];
    for (said, style) in said.split(" · ").zip(styles) {
        dot(&mut about);
        about.push(piece(said, style));
    }
    if !matches!(screen.opening, Opening::Complete) {
        dot(&mut about);
        about.push(piece("so far", theme.muted()));
    }
    if model.jobs.saved.contains_key(&screen.name) {
        dot(&mut about);
        about.push(piece("saved", theme.good()));
    }
    dot(&mut about);
    about.push(piece(text::span(screen.tally.seconds), theme.text()));
    about
}

fn table(pen: &mut Pen<'_>, model: &Model, screen: &JobScreen, place: Rect) {
    let theme = *pen.theme;
    let is_focused = screen.pane == Pane::Keys;
    let columns = columns(place.width.saturating_sub(3), !screen.texts.is_empty());
    let mut frame = Frame {
        title: jobs::list_title(pen, "Keys", screen.rows.len(), &screen.cursor),
        bottom: opening(pen, screen),
        style: if is_focused { theme.focused_border() } else { theme.border() },
        ..Frame::default()
    };
    if !screen.cursor.marks.is_empty() {
        frame.title.push(piece(format!(" ─ {} marked", screen.cursor.marks.len()), theme.marked()));
    }
    if place.width < WORDS_FROM && screen.tally.bad > 0 {
        // The first line has no room for it there.
        frame.title.push(piece(format!(" ─ {} bad", text::thousands(screen.tally.bad)), theme.bad()));
    }
    if screen.unchanged > 0 {
        // They are of the job, and not among its results.
        frame.title.push(piece(format!(" ─ {} unchanged", text::thousands(screen.unchanged)), theme.muted()));
    }
    frame.title.extend(keyless(pen, screen));
    if columns.hidden > 0 && !screen.cursor.visible.is_empty() {
        frame.right = vec![piece(format!("…+{}", columns.hidden), theme.muted())];
    }
    let inside = pen.frame(place, &frame);
    if screen.cursor.visible.is_empty() {
        return nothing(pen, model, screen, inside);
    }
    columns.heads(pen, row(inside, 0), table::SIGNS + 2, screen.cursor.sort);
    let n_rows = usize::from(layout::list_rows(place));
    for (at, index) in screen.cursor.visible.iter().skip(screen.cursor.top).take(n_rows).enumerate() {
        let Some(result) = screen.rows.get(*index as usize) else { continue };
        key_row(pen, screen, &columns, row(inside, at as u16 + 1), &result, is_focused);
    }
}

/// ` ─ no keys: order unverified`: rows that do not say which request they answer can only be told by their place, and
/// nobody promises that the service keeps it.
fn keyless(pen: &Pen<'_>, screen: &JobScreen) -> Option<Piece> {
    let (n, all) = (screen.tally.keyless, screen.rows.len() as u64);
    let who = match n {
        0 => return None,
        n if n == all => "no keys".to_owned(),
        n => format!("{} without a key", text::thousands(n)),
    };
    Some(piece(format!(" ─ {who}: {ORDER_UNVERIFIED}"), pen.theme.warn()))
}

/// How far the results are, on the lower edge of the list.
fn opening(pen: &Pen<'_>, screen: &JobScreen) -> Vec<Piece> {
    let theme = pen.theme;
    match &screen.opening {
        Opening::NoOutput => Vec::new(),
        Opening::Complete => findings(pen, screen),
        Opening::InFlight(_, progress) => {
            let mut pieces = vec![piece("downloading ", theme.active())];
            pieces.extend(footer::progress(pen, *progress, 10));
            pieces
        }
        // With no rows the reason has all the room inside.
        Opening::Failed(_) if screen.rows.is_empty() => Vec::new(),
        Opening::Failed(failure) => vec![piece(format!("⚠ incomplete: {}", failure.message), theme.bad())],
    }
}

/// What is odd about all rows together; it stays there, as the notice about it does not.
fn findings(pen: &Pen<'_>, screen: &JobScreen) -> Vec<Piece> {
    let theme = pen.theme;
    let name = |line: u64| screen.row(line).map_or_else(|| format!("line {line}"), |row| name(&row));
    let Some(first) = screen.review.findings.first() else { return Vec::new() };
    let mut pieces = vec![piece(format!("⚠ {}", first.tell(&name)), theme.warn())];
    if screen.review.findings.len() > 1 {
        pieces.push(piece(format!(" and {} more", screen.review.findings.len() - 1), theme.muted()));
    }
    pieces
}

/// The columns that have room. Voices are known only for jobs whose texts are.
fn columns(room: u16, with_texts: bool) -> Columns {
    let column = |number: u8, width, right| Column { number, head: KEY_COLUMNS[usize::from(number) - 1], width, right };
    let verdict = column(3, 12, false);
    if room < 50 {
        // No room for a text worth reading: the key takes it all.
        let columns = vec![column(1, 0, false), column(2, 8, true), verdict];
        let yielding = Yielding { flexible: 1, least: table::SIGNS + 2 + 12, steps: &[(2, 0)] };
        return Columns { hidden: 2, ..table::place(room, columns, yielding) };
    }
    if !with_texts {
        // Where no text is known that column says at most why there is no audio; the keys take the room.
        let columns = vec![column(1, 0, false), column(2, 8, true), verdict, column(5, (room / 4).max(14), false)];
        let yielding = Yielding { flexible: 1, least: table::SIGNS + 2 + 24, steps: &[(5, 14), (5, 0)] };
        return table::place(room, columns, yielding);
    }
    let key_width = table::SIGNS + 2 + (room * 3 / 10).clamp(12, 32);
    let columns =
        vec![column(1, key_width, false), column(2, 8, true), verdict, column(4, 8, false), column(5, 0, false)];
    let steps = [(4, 0), (1, table::SIGNS + 2 + 12)];
    table::place(room, columns, Yielding { flexible: 5, least: 14, steps: &steps })
}

fn standout(screen: &JobScreen, result: &Row, is_focused: bool) -> Standout {
    Standout {
        selected: screen.cursor.selected == Some(result.line),
        marked: screen.cursor.marks.contains(&result.line),
        focused: is_focused,
    }
}

fn key_row(pen: &mut Pen<'_>, screen: &JobScreen, columns: &Columns, place: Rect, result: &Row, is_focused: bool) {
    let theme = *pen.theme;
    let standout = standout(screen, result, is_focused);
    let name = name(result);
    table::signs(pen, place, standout);
    let style = theme.verdict(result.verdict);
    if let Some(cell) = columns.cell(place, 1) {
        let cell = skip(cell, table::SIGNS);
        pen.text(cell, verdict_glyph(result.verdict), style);
        pen.text(skip(cell, 2), &name, theme.text());
    }
    match &result.sound {
        Some(sound) => columns.write(pen, place, 2, &text::span(sound.seconds), theme.text()),
        None => columns.write(pen, place, 2, "–", theme.muted()),
    }
    columns.write(pen, place, 3, result.verdict.as_str(), style);
    let head = screen.texts.get(result.key.as_deref().unwrap_or_default());
    let voice = head.and_then(|head| head.voice).unwrap_or("–");
    columns.write(pen, place, 4, voice, theme.muted());
    let (text, style) = match (reason(result), head) {
        (Some(reason), _) => (reason, theme.bad()),
        (None, Some(head)) => (head.text.to_owned(), theme.text()),
        (None, None) => (String::new(), theme.text()),
    };
    columns.write(pen, place, 5, &text, style);
    table::highlight(pen, place, standout);
}

/// A key in one line of a screen without borders.
pub fn narrow_row(pen: &mut Pen<'_>, screen: &JobScreen, place: Rect, result: &Row) {
    let theme = *pen.theme;
    let standout = standout(screen, result, true);
    table::signs(pen, place, standout);
    let mut room = skip(place, table::SIGNS);
    let taken = pen.text(room, verdict_glyph(result.verdict), theme.verdict(result.verdict));
    room = skip(room, taken + 1);
    if place.width >= 24 {
        pen.right(room, result.verdict.as_str(), theme.verdict(result.verdict));
        room.width = room.width.saturating_sub(result.verdict.as_str().len() as u16 + 1);
    }
    pen.text(room, &name(result), theme.text());
    table::highlight(pen, place, standout);
}

/// What a result is called: its key, made safe to show, or its line when it has none.
pub fn name(result: &Row) -> String {
    match &result.key {
        Some(key) if !key.is_empty() => text::clean_short(key, 256),
        Some(_) | None => format!("(line {})", result.line),
    }
}

/// Why a result has no audio, if it has none.
pub fn reason(result: &Row) -> Option<String> {
    match &result.outcome {
        Outcome::Audio => None,
        Outcome::NoAudio { reason } | Outcome::Malformed { reason } => Some(reason.clone()),
        Outcome::Error { code, message } => Some(match code.and_then(super::job_facts::status_name) {
            Some(name) => format!("{name}: {message}"),
            None => message.clone(),
        }),
    }
}

/// What stands in the place of rows when there are none, and what to expect.
pub fn nothing(pen: &mut Pen<'_>, model: &Model, screen: &JobScreen, place: Rect) {
    let theme = *pen.theme;
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    let mut say = |text: &str, style: Style| {
        lines.extend(
            wrap(text, usize::from(place.width.saturating_sub(4))).into_iter().map(|line| vec![piece(line, style)]),
        );
    };
    match &screen.opening {
        _ if !screen.rows.is_empty() && screen.cursor.only_bad => say("Nothing failed or looks bad.", theme.good()),
        _ if !screen.rows.is_empty() => say("No key matches the filter.", theme.title()),
        Opening::NoOutput => match model.jobs.get(&screen.name).map(|tracked| &tracked.job) {
            Some(job) if !job.state.is_terminal() => {
                say(&format!("{}: results come when the job is over.", job.state.word()), theme.active());
            }
            Some(job) => match (&job.error, &job.state) {
                (Some(error), _) => say(&super::job_facts::error(error), theme.bad()),
                (None, JobState::Succeeded) => {
                    say("The service has not named its results yet; they come soon.", theme.active())
                }
                (None, _) => say(&format!("{}: there are no results.", job.state.word()), theme.title()),
            },
            None => say("The job is not in the list any more.", theme.title()),
        },
        Opening::InFlight(..) => say("Fetching the results …", theme.active()),
        Opening::Complete => say("The results are empty.", theme.title()),
        Opening::Failed(failure) => {
            say(&failure.message, theme.bad());
            if let Some(hint) = &failure.hint {
                say(hint, theme.muted());
            }
        }
    }
    jobs::middle_lines(pen, place, &lines);
}
