//! Where things are on the screen: the one place that turns a size into rectangles.
//!
//! Pure. `update` asks how many rows a page has, `draw` asks for the rectangles; both must agree.

use crate::tui::model::{Model, Screen, Size};

/// Below this many columns or rows a screen has no borders and no panes: one line per job.
pub const TINY: Size = Size { width: 40, height: 10 };

/// The rows that the list of the visible screen has room for; at least one.
pub fn page(model: &Model) -> usize {
    let height = usize::from(model.size.height);
    if model.size.height < TINY.height || model.size.width < TINY.width {
        return height.saturating_sub(1).max(1);
    }
    // Header, totals, upper border with titles, column heads, lower border, notice, footer.
    let frame = match model.screens.last() {
        None => 7 + if detail_pane(model) { DETAIL_ROWS } else { 0 },
        Some(Screen::Job(_) | Screen::Files(_)) => 6,
        Some(Screen::Key(_) | Screen::Create(_) | Screen::Messages { .. } | Screen::Help { .. }) => 5,
    };
    height.saturating_sub(frame).max(1)
}

/// The rows of the details below the list of jobs, borders included.
pub const DETAIL_ROWS: usize = 7;

/// Whether the list of jobs has room for its details pane.
pub fn detail_pane(model: &Model) -> bool {
    !model.zoomed && model.size.width >= 100 && model.size.height >= 24
}
