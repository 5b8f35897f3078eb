//! The line at the bottom: a filter that works while it is typed, or a command.

use crate::filter::Filter;
use crate::tui::effect::Effect;
use crate::tui::keys::Edit;
use crate::tui::model::{Level, Line, Model, Overlay, Prompt, PromptKind};
use crate::tui::update::{lists, notices, palette, typing};

/// Begins to type a filter for the visible list, from the one that it has.
pub fn filter(model: &mut Model) -> Vec<Effect> {
    let Some(before) = lists::visible(model).map(|list| list.filter()) else { return Vec::new() };
    open(model, PromptKind::Filter, before)
}

/// Begins to type a command.
pub fn palette(model: &mut Model) -> Vec<Effect> {
    open(model, PromptKind::Palette, String::new())
}

fn open(model: &mut Model, kind: PromptKind, before: String) -> Vec<Effect> {
    model.overlays.push(Overlay::Prompt(Prompt { kind, input: Line::new(before.clone()), problem: None, before }));
    Vec::new()
}

fn top(model: &mut Model) -> Option<&mut Prompt> {
    match model.overlays.last_mut() {
        Some(Overlay::Prompt(prompt)) => Some(prompt),
        Some(Overlay::Confirm(_) | Overlay::Page(_)) | None => None,
    }
}

/// A key in the line.
pub fn edit(model: &mut Model, edit: Edit) -> Vec<Effect> {
    if let Some(prompt) = top(model) {
        typing::apply(&mut prompt.input, edit);
    }
    typed(model)
}

/// Text pasted into the line.
pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if let Some(prompt) = top(model) {
        prompt.input.insert(text.trim());
    }
    typed(model)
}

/// The text changed: a filter works at once; one that cannot be read leaves the last good one in place.
fn typed(model: &mut Model) -> Vec<Effect> {
    let Some(prompt) = top(model) else { return Vec::new() };
    prompt.problem = None;
    if prompt.kind == PromptKind::Palette {
        return Vec::new();
    }
    let text = prompt.input.text().trim().to_owned();
    match Filter::parse(&text) {
        Ok(_) => lists::change(model, |list| list.set_filter(&text)),
        Err(error) => {
            prompt.problem = Some(error.to_string());
            Vec::new()
        }
    }
}

/// Enter: keeps the filter, or runs the command. What cannot be read stays, to be mended.
pub fn take(model: &mut Model) -> Vec<Effect> {
    let Some(prompt) = top(model) else { return Vec::new() };
    if prompt.problem.is_some() {
        return Vec::new();
    }
    match prompt.kind {
        PromptKind::Filter => {
            model.overlays.pop();
            lists::keep_view(model)
        }
        PromptKind::Palette => {
            let text = prompt.input.text().trim().to_owned();
            if text.is_empty() {
                model.overlays.pop();
                return Vec::new();
            }
            palette::run(model, &text)
        }
    }
}

/// Says under the line what is wrong with it.
pub fn problem(model: &mut Model, problem: String) -> Vec<Effect> {
    match top(model) {
        Some(prompt) => prompt.problem = Some(problem),
        None => notices::say(model, Level::Info, problem),
    }
    Vec::new()
}

/// Esc: leaves, and brings back the filter that was there before.
pub fn leave(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = model.overlays.pop() else { return Vec::new() };
    match prompt.kind {
        PromptKind::Filter => lists::change(model, |list| list.set_filter(&prompt.before)),
        PromptKind::Palette => Vec::new(),
    }
}

/// Tab: completes a command.
pub fn complete(model: &mut Model) -> Vec<Effect> {
    let columns = lists::visible(model).map(|list| list.columns()).unwrap_or_default();
    let Some(prompt) = top(model).filter(|prompt| prompt.kind == PromptKind::Palette) else { return Vec::new() };
    if let Some(longer) = palette::complete(prompt.input.text(), columns) {
        prompt.input = Line::new(longer);
        prompt.problem = None;
    }
    Vec::new()
}
