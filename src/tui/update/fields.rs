//! Moving between the fields of the form, and typing into them.

use crate::tui::action::Motion;
use crate::tui::effect::Effect;
use crate::tui::keys::Edit;
use crate::tui::model::{Field, Form, Kind, Line, Model};
use crate::tui::update::create::{form, set, take};
use crate::tui::update::{chooser, picker, problems, submit, typing};

/// Moves the focus, after taking what is typed or chosen.
pub fn move_focus(model: &mut Model, by: isize) -> Vec<Effect> {
    let effects =
        if form(model).is_some_and(|form| form.picker.is_some()) { picker::close(model) } else { take(model) };
    if let Some(form) = form(model) {
        let stops = form.stops();
        let at = stops.iter().position(|field| *field == form.focus).unwrap_or(0) as isize;
        form.focus = stops[(at + by).rem_euclid(stops.len() as isize) as usize];
    }
    effects
}

/// Leaves a field that is not there any more: the focus goes to the last one before it that is.
pub fn keep_focus(form: &mut Form) {
    let stops = form.stops();
    if stops.contains(&form.focus) {
        return;
    }
    form.focus = match form.focus {
        Field::Problems => Field::SubmitButton,
        Field::Column(_) if stops.contains(&Field::Columns) => Field::Columns,
        Field::Column(_) => Field::Source,
        Field::SpeakerVoice(at) if stops.contains(&Field::SpeakerName(at)) => Field::SpeakerName(at),
        _ => Field::More,
    };
    (form.editing, form.chooser) = (None, None);
}

/// Esc: ends the editing of a field and keeps its text; closes a list without choosing. `None` when nothing was open.
pub fn step_out(model: &mut Model) -> Option<Vec<Effect>> {
    let form = form(model)?;
    if form.picker.take().is_some() || form.chooser.take().is_some() {
        return Some(Vec::new());
    }
    form.editing.is_some().then(|| take(model))
}

/// A key that is not a command: text for the field that is open, or that has the focus.
pub fn edit(model: &mut Model, edit: Edit) -> Vec<Effect> {
    if submit::is_under_way(model) {
        return submit::say_wait(model);
    }
    let Some(form) = form(model) else { return Vec::new() };
    if form.picker.is_some() {
        return picker::edit(model, edit);
    }
    if let Some((line, row)) = &mut form.chooser {
        let is_number = matches!(form.focus, Field::Sample | Field::SampleButton);
        if !(is_number && typing::is_foreign_to_numbers(edit)) {
            typing::apply(line, edit);
            *row = 0;
        }
        return Vec::new();
    }
    if let Some(line) = &mut form.editing {
        typing::apply(line, edit);
        return as_it_is_typed(model);
    }
    let focus = form.focus;
    match (focus.kind(), edit) {
        (Kind::Switch, Edit::Insert(' ')) => return set(model, |draft| focus.switch(draft)),
        (Kind::Problems, Edit::Insert(' ')) => return problems::mend(model),
        (Kind::Choice, Edit::Insert(c)) => {
            let is_number = focus == Field::Sample;
            if !is_number || c.is_ascii_digit() {
                chooser::open(form, c.encode_utf8(&mut [0; 4]));
            }
        }
        // Backspace on a choice takes it back.
        (Kind::Choice, Edit::DeleteBack | Edit::Delete | Edit::DeleteToStart) => {
            return set(model, |draft| focus.put(draft, String::new()));
        }
        // One line cannot show several paths; a person who begins to type there must not lose the others.
        (Kind::Sources, _) if form.draft.sources.len() > 1 => {
            let effects = picker::open(model);
            picker::edit(model, edit);
            return effects;
        }
        (Kind::Text | Kind::Sources | Kind::File, edit) => begin(form, edit),
        (Kind::Choice | Kind::Switch | Kind::Problems | Kind::Button, _) => {}
    }
    as_it_is_typed(model)
}

/// The template of keys is tried at every key, as long as that is cheap: nobody knows by heart what keys it makes.
fn as_it_is_typed(model: &mut Model) -> Vec<Effect> {
    const CHEAP: u64 = 1024 * 1024;
    let Some(form) = form(model) else { return Vec::new() };
    let (Field::KeyTemplate, Some(line)) = (form.focus, &form.editing) else { return Vec::new() };
    let typed = line.text().trim().to_owned();
    let is_good = typed.is_empty() || typed.parse::<crate::script::KeyTemplate>().is_ok();
    match form.seen.as_deref() {
        Some(seen) if is_good && seen.bytes <= CHEAP => set(model, |draft| draft.reading.key_template = typed),
        Some(_) | None => Vec::new(),
    }
}

/// Begins to edit the focused field. A character takes the place of the whole text, as it does in a field that was
/// reached with Tab everywhere else; a key that changes or moves in the text keeps it.
fn begin(form: &mut Form, edit: Edit) {
    let text = match edit {
        Edit::Insert(_) => String::new(),
        Edit::DeleteBack
        | Edit::Delete
        | Edit::DeleteWord
        | Edit::DeleteToStart
        | Edit::Left
        | Edit::Right
        | Edit::Home
        | Edit::End => form.focus.text(&form.draft),
    };
    let mut line = Line::new(text);
    typing::apply(&mut line, edit);
    form.editing = Some(line);
}

/// Pasted text. False when no text field has the focus.
pub fn paste(model: &mut Model, text: &str) -> bool {
    if submit::is_under_way(model) {
        return false;
    }
    let Some(form) = form(model) else { return false };
    let text = text.trim();
    if form.picker.is_some() {
        picker::paste(model, text);
        return true;
    }
    let is_number = matches!(form.focus, Field::Sample | Field::SampleButton);
    let text: String = text.chars().filter(|c| !is_number || c.is_ascii_digit()).collect();
    if let Some((line, row)) = &mut form.chooser {
        line.insert(&text);
        *row = 0;
        return true;
    }
    match form.focus.kind() {
        // Several paths do not fit into one line: the pasted one takes their place only when it is taken.
        Kind::Sources | Kind::File | Kind::Text => form.editing.get_or_insert_default().insert(&text),
        Kind::Choice => chooser::open(form, &text),
        Kind::Switch | Kind::Problems | Kind::Button => return false,
    }
    true
}

/// Moves in an open list or among the problems; else between the fields, and by pages in the preview.
pub fn go(model: &mut Model, motion: Motion) -> Vec<Effect> {
    let page = crate::tui::layout::page(model);
    let Some(form) = form(model) else { return Vec::new() };
    if let Some(picker) = &mut form.picker {
        let shown = picker.shown().len();
        picker.row = moved(picker.row, motion, shown, page);
        return Vec::new();
    }
    let choices = form.choices().len();
    if let Some((_, row)) = &mut form.chooser {
        *row = moved(*row, motion, choices, page);
        return Vec::new();
    }
    let (at, last) = (form.problem, form.n_problems().saturating_sub(1));
    match (form.focus, motion) {
        (Field::Problems, Motion::Down) if at < last => problems::step(model, 1),
        (Field::Problems, Motion::Up) if at > 0 => problems::step(model, -1),
        (_, Motion::Down) => move_focus(model, 1),
        (_, Motion::Up) => move_focus(model, -1),
        (
            _,
            Motion::First
            | Motion::Last
            | Motion::HalfUp
            | Motion::HalfDown
            | Motion::PageUp
            | Motion::PageDown,
        ) => scroll(model, motion),
    }
}

/// Scrolls the preview.
pub fn scroll(model: &mut Model, motion: Motion) -> Vec<Effect> {
    let page = crate::tui::layout::page(model);
    let furthest = crate::tui::view::scroll_limit(model);
    if let Some(form) = form(model) {
        form.scroll = moved(form.scroll, motion, furthest + 1, page);
    }
    Vec::new()
}

/// A place in a list after a motion.
pub fn moved(at: usize, motion: Motion, count: usize, page: usize) -> usize {
    let last = count.saturating_sub(1);
    match motion {
        Motion::Up => at.saturating_sub(1),
        Motion::Down => at.saturating_add(1),
        Motion::First => 0,
        Motion::Last => last,
        Motion::HalfUp => at.saturating_sub(page / 2),
        Motion::HalfDown => at.saturating_add(page / 2),
        Motion::PageUp => at.saturating_sub(page),
        Motion::PageDown => at.saturating_add(page),
    }
    .min(last)
}
