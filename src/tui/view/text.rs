//! Long texts: messages, descriptions, raw JSON. They are wrapped here, and scrolled by wrapped lines.

use ratatui::layout::Rect;

use crate::tui::layout;
use crate::tui::model::{Model, Overlay, Screen, Size, TextPage};
use crate::tui::theme::{Theme, level_glyph};
use crate::tui::view::pen::{Frame, Pen, Piece, pad, piece, row};
use crate::tui::view::wrap::wrap;
use crate::tui::view::{footer, header, help, jobs, key, times, tiny};

/// The largest number of lines that the text on top of the screen can be scrolled by.
///
/// `update` asks for it, so that a person who holds a key at the end need not hold the other one as long to come back.
pub fn scroll_limit(model: &Model) -> usize {
    let Size { width, height } = model.size;
    let area = Rect::new(0, 0, width, height);
    // No style changes the number of lines.
    let theme = Theme::default();
    let place = place(area);
    let room = usize::from(place.width);
    let (n_lines, n_shown) = match (model.overlays.last(), model.screens.last()) {
        (Some(Overlay::Page(page)), _) => (page_lines(&theme, page, room).len(), usize::from(place.height)),
        (_, Some(Screen::Messages { .. })) => (message_lines(&theme, model, room).len(), usize::from(place.height)),
        (_, Some(Screen::Help { .. })) => (help::lines(&theme, model, room).len(), usize::from(place.height)),
        (_, Some(Screen::Key(screen))) => key::measure(&theme, model, screen, area),
        (_, Some(Screen::Create(form))) => super::preview::measure(&theme, form, area),
        (_, Some(Screen::Job(_) | Screen::Files(_)) | None) => (0, 0),
    };
    n_lines.saturating_sub(n_shown)
}

/// Where a text is on a screen of that size.
fn place(area: Rect) -> Rect {
    match layout::is_tiny(area.width, area.height) {
        true => tiny::split(area).1,
        false => {
            let body = layout::lines(area).body;
            Rect {
                x: body.x + 2,
                y: body.y + 1,
                width: body.width.saturating_sub(4),
                height: body.height.saturating_sub(2),
            }
        }
    }
}

/// Draws what was said so far, newest first.
pub fn messages(pen: &mut Pen<'_>, model: &Model, scroll: usize) {
    let theme = *pen.theme;
    let lines = message_lines(&theme, model, usize::from(place(pen.area()).width));
    let title = vec![piece("Messages", theme.title()), piece(format!("  {}", model.notices.log.len()), theme.text())];
    whole(pen, model, title, &lines, scroll);
}

fn message_lines(theme: &Theme, model: &Model, room: usize) -> Vec<Vec<Piece>> {
    let mut lines = Vec::new();
    for notice in model.notices.log.iter().rev() {
        let at = times::clock_seconds(&model.zone, notice.at);
        let indent = at.len() + 3;
        let style = theme.level(notice.level);
        for (n, text) in wrap(&notice.text, room.saturating_sub(indent)).into_iter().enumerate() {
            let mut line = match n {
                0 => vec![piece(format!("{at} "), theme.muted()), piece(level_glyph(notice.level), style)],
                _ => vec![piece(" ".repeat(indent - 1), theme.text())],
            };
            line.push(piece(format!(" {text}"), style));
            lines.push(line);
        }
        for text in notice.hint.iter().flat_map(|hint| wrap(hint, room.saturating_sub(indent))) {
            lines.push(vec![piece(format!("{}{text}", " ".repeat(indent)), theme.muted())]);
        }
    }
    if lines.is_empty() {
        lines.push(vec![piece("Nothing was said yet.", theme.muted())]);
    }
    lines
}

/// Draws a page of text over the screen.
pub fn page(pen: &mut Pen<'_>, model: &Model, page: &TextPage) {
    let theme = *pen.theme;
    let area = pen.area();
    pen.clear(area);
    let lines = page_lines(&theme, page, usize::from(place(area).width));
    whole(pen, model, vec![piece(page.title.as_str(), theme.title())], &lines, page.scroll);
}

fn page_lines(theme: &Theme, page: &TextPage, room: usize) -> Vec<Vec<Piece>> {
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    for line in &page.lines {
        lines.extend(wrap(line, room).into_iter().map(|line| vec![piece(line, theme.text())]));
    }
    if page.awaited.is_some() {
        lines.push(vec![piece("Asking the service …", theme.active())]);
    }
    lines
}

/// Draws a text that has the whole screen.
pub fn whole(pen: &mut Pen<'_>, model: &Model, title: Vec<Piece>, lines: &[Vec<Piece>], scroll: usize) {
    let theme = *pen.theme;
    let area = pen.area();
    if layout::is_tiny(area.width, area.height) {
        let (first, rows) = tiny::split(area);
        tiny::top(pen, model, first, title);
        return body(pen, rows, lines, scroll);
    }
    let places = layout::lines(area);
    header::crumbs(pen, model, places.header, Vec::new());
    let mut frame = Frame { title, style: theme.focused_border(), ..Frame::default() };
    let n_shown = usize::from(places.body.height.saturating_sub(2));
    if lines.len() > n_shown {
        let last = (scroll.min(lines.len() - n_shown) + n_shown).min(lines.len());
        frame.right = vec![piece(format!("{last} of {}", lines.len()), theme.muted())];
    }
    let inside = pad(pen.frame(places.body, &frame), 1);
    body(pen, inside, lines, scroll);
    footer::notice(pen, model, places.notice);
    footer::hints(pen, model, places.footer);
}

/// Writes the lines that are in sight. A scroll beyond the end shows the end.
pub fn body(pen: &mut Pen<'_>, place: Rect, lines: &[Vec<Piece>], scroll: usize) {
    let height = usize::from(place.height);
    let scroll = scroll.min(lines.len().saturating_sub(height));
    for (at, line) in lines.iter().skip(scroll).take(height).enumerate() {
        pen.line(row(place, at as u16), line);
    }
}

/// Draws a screen whose subject is gone.
pub fn gone(pen: &mut Pen<'_>, model: &Model, text: &str) {
    let theme = *pen.theme;
    let area = pen.area();
    if !layout::is_tiny(area.width, area.height) {
        let places = layout::lines(area);
        header::crumbs(pen, model, places.header, Vec::new());
        footer::notice(pen, model, places.notice);
        footer::hints(pen, model, places.footer);
    }
    jobs::middle_lines(pen, place(area), &[vec![piece(text, theme.title())]]);
}
