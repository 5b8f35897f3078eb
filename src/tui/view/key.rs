//! One key: a large waveform, and below it everything known, down to the service's own answer.

use ratatui::layout::Rect;

use crate::results::Row;
use crate::tui::layout;
use crate::tui::model::{JobScreen, KeyScreen, Model};
use crate::tui::theme::Theme;
use crate::tui::view::pen::{Frame, Pen, Piece, pad, piece, row};
use crate::tui::view::wrap::wrap;
use crate::tui::view::{facts, footer, header, job, text, tiny};

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
        let lines = lines(&theme, model, job_screen, screen, &result, usize::from(rows.width));
        return text::body(pen, rows, &lines, screen.scroll);
    }
    let (lines_place, wave, below) = layout::key(area);
    header::crumbs(pen, model, lines_place.header, Vec::new());
    let frame =
        Frame { title: vec![piece(job::name(&result), theme.title())], style: theme.border(), ..Frame::default() };
    let inside = pad(pen.frame(wave, &frame), 1);
    match &result.sound {
        Some(sound) => facts::wave_rows(pen, sound, job_screen.peaks(result.line), inside),
        None => {
            let reason = job::reason(&result).unwrap_or_else(|| "there is no audio".to_owned());
            pen.text(row(inside, 0), &reason, theme.bad());
        }
    }
    let frame = Frame { style: theme.focused_border(), ..Frame::default() };
    let inside = pad(pen.frame(below, &frame), 1);
    let lines = lines(&theme, model, job_screen, screen, &result, usize::from(inside.width));
    text::body(pen, inside, &lines, screen.scroll);
    footer::notice(pen, model, lines_place.notice);
    footer::hints(pen, model, lines_place.footer);
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
    let place = match layout::is_tiny(area.width, area.height) {
        true => tiny::split(area).1,
        false => {
            let below = layout::key(area).2;
            Rect { width: below.width.saturating_sub(4), height: below.height.saturating_sub(2), ..below }
        }
    };
    (lines(theme, model, job_screen, screen, &result, usize::from(place.width)).len(), usize::from(place.height))
}

fn lines(
    theme: &Theme,
    model: &Model,
    job_screen: &JobScreen,
    screen: &KeyScreen,
    result: &Row,
    room: usize,
) -> Vec<Vec<Piece>> {
    let mut lines = facts::lines(theme, model, job_screen, result, room);
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
