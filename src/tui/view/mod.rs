//! What the screen shows for a model: one file per screen, all of them functions that only read.
//!
//! [`draw`] takes its size from the frame, never from the model; [`super::layout`] knows where things are and
//! `pen` alone writes cells.

use ratatui::layout::Rect;

use crate::tui::layout;
use crate::tui::model::{Model, Overlay, Screen};
use crate::tui::theme::Theme;

mod bars;
mod campaigns;
mod create;
mod details;
mod dialog;
mod facts;
mod fields;
mod files;
mod footer;
mod header;
mod help;
mod job;
mod job_facts;
mod jobs;
mod key;
mod lost;
mod outcome;
mod pen;
mod picker;
mod preview;
mod retake;
mod sound_map;
mod table;
mod text;
mod times;
mod tiny;
mod totals;
mod wrap;

#[cfg(test)]
#[path = "bytes/tests.rs"]
mod bytes;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod heard;
#[cfg(test)]
mod played;
#[cfg(test)]
mod samples;
#[cfg(test)]
#[path = "sizes/tests.rs"]
mod sizes;
#[cfg(test)]
mod tests;

use pen::Pen;

pub use text::scroll_limit;

/// Draws a model. Never fails, whatever the size and whatever the data.
pub fn draw(model: &Model, theme: &Theme, frame: &mut ratatui::Frame<'_>) {
    let mut pen = Pen::new(frame.buffer_mut(), theme);
    let area = pen.area();
    if tiny::refuses(&mut pen) {
        return;
    }
    screen(&mut pen, model, area);
    for overlay in &model.overlays {
        match overlay {
            Overlay::Confirm(confirm) => dialog::draw(&mut pen, model, confirm, area),
            // Typed where notices stand: the screen below stays in sight.
            Overlay::Prompt(_) => {}
            Overlay::Page(page) => text::page(&mut pen, model, page),
        }
    }
}

/// What stands there when [`draw`] panicked half-way. The data that broke it is still there, so this knows none of it.
pub fn broken(theme: &Theme, frame: &mut ratatui::Frame<'_>) {
    let buffer = frame.buffer_mut();
    buffer.reset();
    let mut pen = Pen::new(buffer, theme);
    let area = pen.area();
    let said = [
        "This screen cannot be drawn: an internal error.",
        "Nothing is lost, and work goes on.",
        "Esc goes back, Ctrl-c twice leaves; --log FILE keeps the details.",
    ];
    for (at, line) in said.iter().flat_map(|line| wrap::wrap(line, usize::from(area.width))).enumerate() {
        let style = if at == 0 { theme.bad() } else { theme.text() };
        pen.text(pen::row(area, u16::try_from(at).unwrap_or(u16::MAX)), &line, style);
    }
}

fn screen(pen: &mut Pen<'_>, model: &Model, area: Rect) {
    let is_tiny = layout::is_tiny(area.width, area.height);
    match model.screens.last() {
        None if is_tiny => tiny::jobs(pen, model),
        None => jobs::draw(pen, model),
        Some(Screen::Job(screen)) if is_tiny => tiny::keys(pen, model, screen),
        Some(Screen::Job(screen)) => job::draw(pen, model, screen),
        Some(Screen::Key(screen)) => key::draw(pen, model, screen),
        Some(Screen::Create(form)) => create::draw(pen, model, form),
        Some(Screen::Files(screen)) => files::draw(pen, model, screen),
        Some(Screen::Messages { scroll }) => text::messages(pen, model, *scroll),
        Some(Screen::Help { scroll }) => help::draw(pen, model, *scroll),
    }
}
