//! The stored files: what lies at the service, how large it is, and when it goes.

use ratatui::layout::Rect;

use crate::api::StoredFile;
use crate::text;
use crate::tui::layout;
use crate::tui::model::{FILE_COLUMNS, FilesScreen, Model};
use crate::tui::view::pen::{Frame, Pen, Piece, piece, row, skip};
use crate::tui::view::table::{self, Column, Columns, Standout, Yielding};
use crate::tui::view::wrap::wrap;
use crate::tui::view::{footer, header, jobs, times, tiny};

/// Draws the stored files at any size.
pub fn draw(pen: &mut Pen<'_>, model: &Model, screen: &FilesScreen) {
    let theme = *pen.theme;
    let area = pen.area();
    let files = screen.files.as_deref().unwrap_or_default();
    let title = jobs::list_title(pen, "Files", files.len(), &screen.cursor);
    if layout::is_tiny(area.width, area.height) {
        let (first, rows) = tiny::split(area);
        tiny::top(pen, model, first, title);
        return all_rows(pen, model, screen, rows, None);
    }
    let places = layout::lines(area);
    header::crumbs(pen, model, places.header, stored(pen, files));
    let columns = columns(places.body.width.saturating_sub(3));
    let mut frame = Frame { title, style: theme.focused_border(), ..Frame::default() };
    if columns.hidden > 0 && !screen.cursor.visible.is_empty() {
        frame.right = vec![piece(format!("…+{}", columns.hidden), theme.muted())];
    }
    if !screen.cursor.marks.is_empty() {
        frame.title.push(piece(format!(" ─ {} marked", screen.cursor.marks.len()), theme.marked()));
    }
    if screen.listing.is_some() && screen.files.is_some() {
        frame.bottom = vec![piece("listing …", theme.active())];
    }
    let inside = pen.frame(places.body, &frame);
    let rows = Rect { y: inside.y.saturating_add(1), height: inside.height.saturating_sub(1), ..inside };
    if !screen.cursor.visible.is_empty() {
        columns.heads(pen, row(inside, 0), table::SIGNS, screen.cursor.sort);
    }
    all_rows(pen, model, screen, rows, Some(&columns));
    footer::notice(pen, model, places.notice);
    footer::hints(pen, model, places.footer);
}

/// `12 files · 371 MB`.
fn stored(pen: &Pen<'_>, files: &[StoredFile]) -> Vec<Piece> {
    let bytes = StoredFile::total_size(files);
    match files.len() {
        0 => Vec::new(),
        n => vec![piece(format!("{} · {}", text::count(n as u64, "file"), text::bytes(bytes)), pen.theme.text())],
    }
}

fn columns(room: u16) -> Columns {
    let column =
        |number: u8, width, right| Column { number, head: FILE_COLUMNS[usize::from(number) - 1], width, right };
    let columns = vec![
        column(1, 0, false),
        column(2, 20, false),
        column(3, 8, true),
        column(4, 18, false),
        column(5, 8, true),
        column(6, 13, true),
    ];
    let steps = [(4, 0), (2, 0), (5, 0), (6, 0), (3, 0)];
    table::place(room, columns, Yielding { flexible: 1, least: 20, steps: &steps })
}

fn all_rows(pen: &mut Pen<'_>, model: &Model, screen: &FilesScreen, place: Rect, columns: Option<&Columns>) {
    if screen.cursor.visible.is_empty() {
        return nothing(pen, screen, place);
    }
    let files = screen.files.as_deref().unwrap_or_default();
    for (at, index) in screen.cursor.visible.iter().skip(screen.cursor.top).take(usize::from(place.height)).enumerate()
    {
        let Some(file) = files.get(*index as usize) else { continue };
        let place = row(place, at as u16);
        let standout = Standout {
            selected: screen.cursor.selected.as_ref() == Some(&file.name),
            marked: screen.cursor.marks.contains(&file.name),
            focused: true,
        };
        table::signs(pen, place, standout);
        match columns {
            Some(columns) => cells(pen, model, columns, place, file),
            None => {
                pen.text(skip(place, table::SIGNS), name(file), pen.theme.text());
            }
        }
        table::highlight(pen, place, standout);
    }
}

fn name(file: &StoredFile) -> &str {
    match &file.display_name {
        Some(name) if !name.is_empty() => name,
        Some(_) | None => file.name.id(),
    }
}

fn cells(pen: &mut Pen<'_>, model: &Model, columns: &Columns, place: Rect, file: &StoredFile) {
    let theme = *pen.theme;
    if let Some(cell) = columns.cell(place, 1) {
        pen.text(skip(cell, table::SIGNS), name(file), theme.title());
    }
    columns.write(pen, place, 2, file.name.id(), theme.muted());
    let size = file.size_bytes.map_or_else(|| "–".to_owned(), text::bytes);
    columns.write(pen, place, 3, &size, theme.text());
    let kind = match file.state.as_deref() {
        // Anything but ACTIVE says more than the type.
        Some(state) if state != "ACTIVE" => text::clean_short(state, 40),
        Some(_) | None => text::clean_short(file.mime_type.as_deref().unwrap_or("–"), 80),
    };
    columns.write(pen, place, 4, &kind, theme.text());
    let age = file.create_time.map_or_else(|| "–".to_owned(), |made| text::age(times::age_of(model, made)));
    columns.write(pen, place, 5, &age, theme.text());
    let expires = file.expiration_time.map_or_else(|| "–".to_owned(), |at| times::day_and_clock(&model.zone, at));
    columns.write(pen, place, 6, &expires, theme.muted());
}

fn nothing(pen: &mut Pen<'_>, screen: &FilesScreen, place: Rect) {
    let theme = *pen.theme;
    let (said, style, hint) = match (&screen.files, &screen.failure) {
        (Some(files), _) if !files.is_empty() => ("No file matches the filter.", theme.title(), None),
        (_, Some(failure)) => (failure.message.as_str(), theme.bad(), failure.hint.as_deref()),
        (Some(_), None) => ("No files are stored.", theme.title(), None),
        (None, None) => ("Asking the service for its files …", theme.active(), None),
    };
    let room = usize::from(place.width.saturating_sub(4));
    let mut lines: Vec<Vec<Piece>> = wrap(said, room).into_iter().map(|line| vec![piece(line, style)]).collect();
    for hint in hint.iter().flat_map(|hint| wrap(hint, room)) {
        lines.push(vec![piece(hint, theme.muted())]);
    }
    jobs::middle_lines(pen, place, &lines);
}
