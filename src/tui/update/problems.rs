//! The problems that the check has found: going from one to the next, and mending what a quick fix can mend.

use crate::tui::effect::Effect;
use crate::tui::layout;
use crate::tui::model::{Field, Level, Model};
use crate::tui::update::create::{form, take};
use crate::tui::update::notices;

/// Goes to the next problem or the one before, from wherever the focus is; the first step goes to the selected one.
pub fn next(model: &mut Model, by: isize) -> Vec<Effect> {
    let effects = take(model);
    let Some(form) = form(model) else { return effects };
    if form.n_problems() == 0 {
        notices::say(model, Level::Info, "no problem was found");
        return effects;
    }
    if form.focus != Field::Problems {
        form.focus = Field::Problems;
        show(model);
        return effects;
    }
    step(model, by);
    effects
}

/// Selects another problem; behind the last one comes the first.
pub fn step(model: &mut Model, by: isize) -> Vec<Effect> {
    if let Some(form) = form(model)
        && form.n_problems() > 0
    {
        form.problem = (form.problem as isize + by).rem_euclid(form.n_problems() as isize) as usize;
    }
    show(model);
    Vec::new()
}

/// Scrolls the preview so that the selected problem is in sight, with what is said about it.
fn show(model: &mut Model) {
    let page = layout::page(model);
    let furthest = crate::tui::view::scroll_limit(model);
    let Some(form) = form(model) else { return };
    let Some((row, _)) = form.selected_problem() else { return };
    // Below the row stand its message, what to do, and whether it can be mended here.
    let below = page.min(4).saturating_sub(1);
    if row < form.scroll || row + below >= form.scroll + page {
        form.scroll = row.saturating_sub(page / 3).min(furthest);
    }
}

/// Mends all problems of the selected kind in what is sent, or leaves them as they are again.
pub fn mend(model: &mut Model) -> Vec<Effect> {
    let _ = form(model);
    notices::say(model, Level::Info, "this has to be mended in the source");
    Vec::new()
}
