//! One key: a large waveform, and below it everything known, down to the service's own answer.

use ratatui::layout::Rect;

use crate::results::Row;
use crate::tui::layout;
use crate::tui::model::{JobScreen, KeyScreen, Model};
use crate::tui::theme::Theme;
use crate::tui::view::pen::{Frame, Pen, Piece, pad, piece, row};
use crate::tui::view::sound_map::Outline;
use crate::tui::view::wrap::wrap;
use crate::tui::view::{facts, footer, header, job, sound_map, text, tiny};

/// Lines of the picture where it shares its room with the text.
const SMALL_MAP: usize = 3;

/// Draws one key at any size.
pub fn draw(pen: &mut Pen<'_>, model: &Model, screen: &KeyScreen) {
    let theme = *pen.theme;
    let area = pen.area();
    let Some((job_screen, result)) = result(model, screen) else {
        return text::gone(pen, model, "This key is not among the results any more.");
    };
    if layout::is_tiny(area.width, area.height) {
        let (first, rows) = tiny::split(area);
        tiny::top(pen, model, first, vec![piece(job::name(&result), theme.title())]);
        let lines = lines(&theme, model, job_screen, screen, &result, SMALL_MAP, usize::from(rows.width));
        return text::body(pen, rows, &lines, screen.scroll);
    }
    let (lines_place, wave, below) = layout::key(area, result.sound.is_some());
    header::crumbs(pen, model, lines_place.header, Vec::new());
    let title = vec![piece(job::name(&result), theme.title())];
    let map = match wave {
        Some(wave) => {
            let frame = Frame { title: title.clone(), style: theme.border(), ..Frame::default() };
            let inside = pad(pen.frame(wave, &frame), 1);
            picture(pen, job_screen, &result, inside);
            0
        }
        None => SMALL_MAP,
    };
    let title = if wave.is_some() { Vec::new() } else { title };
    let inside = pad(pen.frame(below, &Frame { title, style: theme.focused_border(), ..Frame::default() }), 1);
    let lines = lines(&theme, model, job_screen, screen, &result, map, usize::from(inside.width));
    text::body(pen, inside, &lines, screen.scroll);
    footer::notice(pen, model, lines_place.notice);
    footer::hints(pen, model, lines_place.footer);
}

/// Draws the sound of a key.
fn picture(pen: &mut Pen<'_>, job_screen: &JobScreen, result: &Row, place: Rect) {
    let theme = *pen.theme;
    let (cells, n_lines) = (usize::from(place.width), usize::from(place.height));
    let Some(sound) = &result.sound else { return };
    let lines = sound_map::lines(&theme, sound, Outline::of(job_screen, result.line), cells, n_lines);
    for (y, line) in (0..place.height).zip(&lines) {
        pen.line(row(place, y), line);
    }
}

/// The result that a key screen shows, and the job screen below it.
fn result<'a>(model: &'a Model, screen: &KeyScreen) -> Option<(&'a JobScreen, Row)> {
    let job_screen = model.job_screen()?;
    let result = job_screen.row(screen.line)?;
    Some((job_screen, result))
}

/// The lines of the screen, and how many of them there is room for; for the end of scrolling.
pub fn measure(theme: &Theme, model: &Model, screen: &KeyScreen, area: Rect) -> (usize, usize) {
    let Some((job_screen, result)) = result(model, screen) else { return (0, 0) };
    let (place, map) = match layout::is_tiny(area.width, area.height) {
        true => (tiny::split(area).1, SMALL_MAP),
        false => {
            let (_, wave, below) = layout::key(area, result.sound.is_some());
            let inside = Rect { width: below.width.saturating_sub(4), height: below.height.saturating_sub(2), ..below };
            (inside, if wave.is_some() { 0 } else { SMALL_MAP })
        }
    };
    let n_lines = lines(theme, model, job_screen, screen, &result, map, usize::from(place.width)).len();
    (n_lines, usize::from(place.height))
}

/// All lines below the picture; where that has no room of its own, a small one scrolls with them.
fn lines(
    theme: &Theme,
    model: &Model,
    job_screen: &JobScreen,
    screen: &KeyScreen,
    result: &Row,
    n_map: usize,
    room: usize,
) -> Vec<Vec<Piece>> {
    let mut lines = facts::verdict(theme, model, job_screen, result, room);
    if let Some(sound) = &result.sound {
        lines.extend(sound_map::lines(theme, sound, Outline::of(job_screen, result.line), room, n_map));
    }
    lines.extend(facts::lines(theme, model, job_screen, result, room));
    match (&screen.raw, screen.raw_seq) {
        (Some(Ok(raw)), _) => {
            lines.push(Vec::new());
            lines.push(vec![piece("The service's own answer, audio cut short", theme.muted())]);
            for line in raw.lines() {
                let wrapped = wrap(&crate::text::clean(line), room);
                lines.extend(wrapped.into_iter().map(|line| vec![piece(line, theme.text())]));
            }
        }
        (Some(Err(failure)), _) => {
            lines.push(Vec::new());
            lines.extend(wrap(&failure.message, room).into_iter().map(|line| vec![piece(line, theme.bad())]));
        }
        (None, Some(_)) => {
            lines.push(Vec::new());
            lines.push(vec![piece("Reading the service's own answer …", theme.active())]);
        }
        (None, None) => {}
    }
    lines
}
