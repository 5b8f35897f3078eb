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

/// No filter and no command is longer. A filter works while it is typed, and each of its words is looked for in each row.
const LONGEST: usize = 256;

/// Text pasted into the line.
pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if let Some(prompt) = top(model) {
        let room = LONGEST.saturating_sub(prompt.input.text().len());
        let text: String = text.trim().chars().take(room).collect();
        prompt.input.insert(&text);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::model::JobsView;
    use crate::tui::update::testing::{done, list, press, selected, shown, three_jobs};

    fn problem_of(model: &Model) -> Option<&str> {
        match model.overlays.last() {
            Some(Overlay::Prompt(prompt)) => prompt.problem.as_deref(),
            Some(Overlay::Confirm(_) | Overlay::Page(_)) | None => None,
        }
    }

    #[test]
    fn a_filter_works_while_it_is_typed_and_esc_brings_the_old_one_back() {
        let mut model = three_jobs();
        press(&mut model, "/ch");
        assert_eq!(shown(&model), ["ch01", "ch02"]);
        press(&mut model, "<Esc>");
        assert_eq!(shown(&model).len(), 3);
        assert_eq!(press(&mut model, "/ch<Enter>"), [Effect::KeepView(JobsView { sort: None, filter: "ch".into() })]);
        press(&mut model, "/01");
        assert_eq!(shown(&model), ["ch01"]);
        press(&mut model, "<Back><Back><Enter>");
        assert_eq!(shown(&model), ["ch01", "ch02"]);
        press(&mut model, "/<C-u>batches/intr");
        assert_eq!(shown(&model), ["intro"], "a whole name is found by its id");
        press(&mut model, "<C-u>");
        assert_eq!(shown(&model).len(), 3);
    }

    #[test]
    fn the_last_good_filter_stays_while_a_bad_one_is_typed() {
        let mut model = three_jobs();
        press(&mut model, "/ch");
        press(&mut model, "<C-u>stat:x");
        assert!(problem_of(&model).unwrap().starts_with("there is no column 'stat'"));
        assert_eq!((shown(&model).len(), press(&mut model, "<Enter>")), (3, vec![]));
        assert_eq!(model.overlays.len(), 1, "it stays to be mended");
        press(&mut model, "<C-u>state:run<Enter>");
        assert_eq!(shown(&model), ["intro"]);
    }

    #[test]
    fn letters_of_a_filter_are_no_commands() {
        let mut model = three_jobs();
        press(&mut model, "/ q x D y n");
        assert_eq!((model.overlays.len(), model.jobs.cursor.filter.as_str()), (1, "qxDyn"));
    }

    #[test]
    fn marks_survive_a_filter_and_a_refresh() {
        let mut model = three_jobs();
        press(&mut model, "j<Space> /intro<Enter>");
        list(&mut model, vec![done("ch01"), done("ch02")]);
        assert_eq!(model.jobs.cursor.marks.len(), 1);
        press(&mut model, "<Esc>");
        list(&mut model, vec![done("ch02")]);
        assert_eq!(model.jobs.cursor.marks.len(), 0, "what is gone is not marked any more");
    }

    #[test]
    fn digits_sort_and_sort_back() {
        let mut model = three_jobs();
        let sorts =
            [("2", ["ch01", "ch02", "intro"]), ("2", ["intro", "ch02", "ch01"]), ("1", ["ch01", "intro", "ch02"])];
        for (keys, expected) in sorts {
            let effects = press(&mut model, keys);
            assert!(matches!(effects[..], [Effect::KeepView(_)]));
            assert_eq!((shown(&model), selected(&model)), (expected.map(str::to_owned).to_vec(), "intro"), "{keys}");
        }
        press(&mut model, "0");
        assert_eq!(shown(&model), ["intro", "ch01", "ch02"]);
    }
}
