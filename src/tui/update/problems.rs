//! The problems that the check has found: going from one to the next, and fixing what has a quick fix.

use crate::request::{Fixes, rule};
use crate::tui::effect::Effect;
use crate::tui::layout;
use crate::tui::model::{Field, Level, Model};
use crate::tui::update::create::{form, set, take};
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

/// Fixes all problems of the selected kind in what is sent, or leaves them as they are again.
pub fn fix(model: &mut Model) -> Vec<Effect> {
    let Some(form) = form(model) else { return Vec::new() };
    let selected = form.selected_problem().and_then(|(_, at)| form.shown_plan()?.findings.get(at));
    let Some(rule) = selected.and_then(|finding| rule(finding.rule)) else { return Vec::new() };
    if rule.fix.is_none() {
        notices::say(model, Level::Info, "this has no quick fix: only the source says what is meant");
        return Vec::new();
    }
    set(model, |draft| {
        let mut fixes = draft.fixes();
        fixes.set(rule, !fixes.has(rule));
        draft.fixes = fixes.to_string();
    })
}

/// Fixes everything that has a quick fix.
pub fn fix_all(model: &mut Model) -> Vec<Effect> {
    let mut effects = take(model);
    let Some(form) = form(model) else { return effects };
    let wanted = form.shown_plan().map(|plan| Fixes::for_findings(&plan.findings)).unwrap_or_default();
    if wanted.is_empty() {
        notices::say(model, Level::Info, "no problem has a quick fix");
        return effects;
    }
    effects.extend(set(model, |draft| {
        let mut fixes = draft.fixes();
        fixes.add(wanted);
        draft.fixes = fixes.to_string();
    }));
    effects
}
