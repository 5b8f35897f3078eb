//! The form for a new job: moving between fields, editing them, and checking the draft after every change.
//!
//! A field is checked when its text is taken, not at every key; nothing that was typed is lost on the way out.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::ops::{Order, Plan, SourceArg};
use crate::tui::action::Motion;
use crate::tui::effect::Effect;
use crate::tui::keys::Edit;
use crate::tui::model::{Draft, Field, Form, Line, Model, PlanState, Screen, Seq, SubmitState};
use crate::tui::update::{catalog, chooser, picker, submit, typing};

/// The form, if it is the visible screen.
pub fn form(model: &mut Model) -> Option<&mut Form> {
    match model.screens.last_mut() {
        Some(Screen::Create(form)) => Some(form),
        Some(Screen::Job(_) | Screen::Key(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. })
        | None => None,
    }
}

/// Opens the form as it was left, and checks it.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let form = Form::new(model.draft.clone(), model.setting.catalog.clone());
    model.screens.push(Screen::Create(Box::new(form)));
    let mut effects = catalog::ask(model);
    effects.extend(plan(model));
    effects
}

/// Keeps what was typed for the next time; what was prepared for it is made anew then.
pub fn leave(model: &mut Model, form: &Form) -> Vec<Effect> {
    model.draft = form.draft.clone();
    let mut effects = vec![Effect::KeepDraft(form.draft.clone())];
    let is_under_way = matches!(form.submit, SubmitState::InFlight(..));
    if holds_plan(&form.plan) && !is_under_way {
        effects.push(Effect::DropPlan(model.next_seq()));
    }
    effects
}

/// Whether requests were prepared that somebody must submit or drop.
fn holds_plan(plan: &PlanState) -> bool {
    match plan {
        PlanState::InFlight(_) | PlanState::Ready(..) => true,
        PlanState::None | PlanState::Failed(_) => false,
    }
}

/// What a text field holds.
pub fn value(draft: &mut Draft, field: Field) -> Option<&mut String> {
    match field {
        Field::Source => Some(&mut draft.source),
        Field::Model => Some(&mut draft.model),
        Field::Voice => Some(&mut draft.voice),
        Field::Language => Some(&mut draft.language),
        Field::Name => Some(&mut draft.name),
        Field::Sample => Some(&mut draft.sample),
        Field::Inline | Field::SubmitButton | Field::CancelButton => None,
    }
}

/// Enter: opens or edits the focused field, takes what is typed or chosen, presses the focused button.
pub fn press(model: &mut Model) -> Vec<Effect> {
    let is_busy = submit::is_under_way(model);
    let Some(form) = form(model) else { return Vec::new() };
    if form.picker.is_some() {
        return picker::take(model);
    }
    if form.chooser.is_some() || form.editing.is_some() {
        return take(model);
    }
    let focus = form.focus;
    match focus {
        Field::SubmitButton => return submit::press(model),
        Field::CancelButton => return super::screens::back(model),
        _ if is_busy => return submit::say_wait(model),
        Field::Source => return picker::open(model),
        Field::Model | Field::Voice | Field::Language => chooser::open(form, ""),
        Field::Name | Field::Sample => {
            form.editing = value(&mut form.draft, focus).map(|value| Line::new(value.clone()));
        }
        Field::Inline => return set(model, |draft| draft.inline = !draft.inline),
    }
    Vec::new()
}

/// Takes what is typed or chosen, whatever is open; the picker is closed without taking anything.
pub fn take(model: &mut Model) -> Vec<Effect> {
    let Some(form) = form(model) else { return Vec::new() };
    form.picker = None;
    let chosen = chooser::chosen(form);
    form.chooser = None;
    let typed = form.editing.take().map(|line| line.text().trim().to_owned());
    let focus = form.focus;
    match chosen.or(typed) {
        Some(text) => set(model, |draft| {
            if let Some(value) = value(draft, focus) {
                *value = text;
            }
        }),
        None => Vec::new(),
    }
}

/// Changes the draft, and checks it again if that made a difference.
pub fn set(model: &mut Model, change: impl FnOnce(&mut Draft)) -> Vec<Effect> {
    let Some(form) = form(model) else { return Vec::new() };
    let before = form.draft.clone();
    change(&mut form.draft);
    if form.draft == before {
        return Vec::new();
    }
    if let SubmitState::Failed(_) = form.submit {
        form.submit = SubmitState::Idle;
    }
    form.scroll = 0;
    plan(model)
}

/// Has the draft checked, if there is anything to check.
pub fn plan(model: &mut Model) -> Vec<Effect> {
    let seq = model.next_seq();
    let Some(form) = form(model) else { return Vec::new() };
    match order(&form.draft) {
        None => {
            let before = std::mem::replace(&mut form.plan, PlanState::None);
            if holds_plan(&before) { vec![Effect::DropPlan(seq)] } else { Vec::new() }
        }
        Some(order) => {
            form.plan = PlanState::InFlight(seq);
            vec![Effect::Plan(seq, order)]
        }
    }
}

fn order(draft: &Draft) -> Option<Order> {
    let some = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    Some(Order {
        sources: vec![SourceArg::Path(PathBuf::from(some(&draft.source)?))],
        model: some(&draft.model),
        voice: some(&draft.voice),
        language: some(&draft.language),
        name: some(&draft.name),
        inline: draft.inline,
        sample: draft.sample.trim().parse().ok(),
        ..Order::default()
    })
}

/// The draft was checked. The answer to an older draft is dropped.
pub fn planned(model: &mut Model, seq: Seq, result: Result<Box<Plan>, Failure>) -> Vec<Effect> {
    let waiting = model.screens.iter_mut().find_map(|screen| match screen {
        Screen::Create(form) if form.plan == PlanState::InFlight(seq) => Some(form),
        Screen::Create(_)
        | Screen::Job(_)
        | Screen::Key(_)
        | Screen::Files(_)
        | Screen::Messages { .. }
        | Screen::Help { .. } => None,
    });
    let Some(form) = waiting else { return Vec::new() };
    form.plan = match result {
        Ok(plan) => PlanState::Ready(seq, plan),
        Err(failure) => PlanState::Failed(failure),
    };
    submit::planned(model)
}

/// Moves the focus, after taking what is typed or chosen.
pub fn move_focus(model: &mut Model, by: isize) -> Vec<Effect> {
    let effects =
        if form(model).is_some_and(|form| form.picker.is_some()) { picker::close(model) } else { take(model) };
    if let Some(form) = form(model) {
        let all = Field::ALL.len() as isize;
        let at = Field::ALL.iter().position(|field| *field == form.focus).unwrap_or(0) as isize;
        form.focus = Field::ALL[(at + by).rem_euclid(all) as usize];
    }
    effects
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
    let is_number = form.focus == Field::Sample;
    if is_number && typing::is_foreign_to_numbers(edit) {
        return Vec::new();
    }
    if let Some((line, row)) = &mut form.chooser {
        typing::apply(line, edit);
        *row = 0;
        return Vec::new();
    }
    if let Some(line) = &mut form.editing {
        typing::apply(line, edit);
        return Vec::new();
    }
    match (form.focus, edit) {
        (Field::Inline, Edit::Insert(' ')) => return set(model, |draft| draft.inline = !draft.inline),
        (Field::Model | Field::Voice | Field::Language, Edit::Insert(c)) => {
            chooser::open(form, c.encode_utf8(&mut [0; 4]))
        }
        (Field::Source | Field::Name | Field::Sample, edit) => begin(form, edit),
        (
            Field::Model | Field::Voice | Field::Language | Field::Inline | Field::SubmitButton | Field::CancelButton,
            _,
        ) => {}
    }
    Vec::new()
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
        | Edit::End => value(&mut form.draft, form.focus).map(|value| value.clone()).unwrap_or_default(),
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
    if let Some((line, row)) = &mut form.chooser {
        line.insert(text);
        *row = 0;
        return true;
    }
    match form.focus {
        Field::Source | Field::Name => form.editing.get_or_insert_default().insert(text),
        Field::Sample => {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            form.editing.get_or_insert_default().insert(&digits);
        }
        Field::Model | Field::Voice | Field::Language => chooser::open(form, text),
        Field::Inline | Field::SubmitButton | Field::CancelButton => return false,
    }
    true
}

/// Moves in an open list, or scrolls the preview.
pub fn go(model: &mut Model, motion: Motion) -> Vec<Effect> {
    let page = crate::tui::layout::page(model);
    let furthest = crate::tui::view::scroll_limit(model);
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
    form.scroll = moved(form.scroll, motion, furthest + 1, page);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::event::Event;
    use crate::tui::update::testing::{form, plan as some_plan, press, seq_of, three_jobs};
    use crate::tui::update::update;

    fn opened(keys: &str) -> Model {
        let mut model = three_jobs();
        press(&mut model, "n");
        press(&mut model, keys);
        model
    }

    #[test]
    fn fields_follow_one_another_and_wrap() {
        let mut model = opened("");
        for field in Field::ALL.iter().skip(1).chain([&Field::Source]) {
            press(&mut model, "<Tab>");
            assert_eq!(form(&model).focus, *field);
        }
        press(&mut model, "<S-Tab><Up><Down><Down>");
        assert_eq!(form(&model).focus, Field::Source);
    }

    #[test]
    fn typing_begins_an_edit_and_tab_takes_it() {
        let model = opened("x.csv<Tab><Tab><Tab><Tab> night<Space>run<Tab> 1a2<Tab> <Space>");
        let expected = Draft {
            source: "x.csv".into(),
            name: "night run".into(),
            sample: "12".into(),
            inline: true,
            ..Draft::default()
        };
        assert_eq!(form(&model).draft, expected);
        assert_eq!(form(&model).editing, None);
    }

    #[test]
    fn a_typed_character_takes_the_place_of_a_text_and_enter_edits_it() {
        let name = "<S-Tab><S-Tab><S-Tab><S-Tab><S-Tab> night<Enter>";
        assert_eq!(form(&opened(name)).draft.name, "night");
        assert_eq!(form(&opened(&format!("{name} day<Enter>"))).draft.name, "day");
        assert_eq!(form(&opened(&format!("{name}<Enter>ly<Enter>"))).draft.name, "nightly");
        assert_eq!(form(&opened(&format!("{name}<Back><Tab>"))).draft.name, "nigh");
    }

    #[test]
    fn esc_leaves_and_keeps_what_was_typed() {
        let mut model = opened("x.csv");
        assert!(press(&mut model, "<Esc>").iter().any(|effect| matches!(effect, Effect::Plan(..))));
        let effects = press(&mut model, "<Esc>");
        assert!(
            matches!(&effects[..], [Effect::KeepDraft(draft), Effect::DropPlan(_)] if draft.source == "x.csv"),
            "{effects:?}"
        );
        assert!(model.screens.is_empty());
        let effects = press(&mut model, "n");
        assert_eq!(form(&model).draft.source, "x.csv");
        assert!(matches!(effects[..], [Effect::Plan(..)]), "what was kept is checked again");
    }

    #[test]
    fn what_was_prepared_is_dropped_with_the_form_that_wanted_it() {
        let drops = |effects: &[Effect]| effects.iter().filter(|effect| matches!(effect, Effect::DropPlan(_))).count();
        let ready = || {
            let mut model = opened("");
            let asked = press(&mut model, "x.csv<Enter>");
            update(&mut model, Event::Planned(seq_of(&asked), Ok(Box::new(some_plan("x")))));
            model
        };
        for (keys, n_drops) in [("<Esc>", 1), ("<C-c><C-c>", 1), ("<C-s><Esc>", 0), ("<Tab>", 0)] {
            assert_eq!(drops(&press(&mut ready(), keys)), n_drops, "{keys}");
        }
        let emptied = press(&mut ready(), &("<Back>".repeat(5) + "<Enter>"));
        assert_eq!(drops(&emptied), 1, "{emptied:?}");
        let mut failed = opened("");
        let asked = press(&mut failed, "x.csv<Enter>");
        update(&mut failed, Event::Planned(seq_of(&asked), Err(Failure::new("there is no x.csv"))));
        assert_eq!(drops(&press(&mut failed, "<Esc>")), 0, "there is nothing to drop");
        assert_eq!(drops(&press(&mut three_jobs(), "n <Esc>")), 0, "nor before anything was chosen");
    }

    #[test]
    fn a_draft_is_checked_when_a_field_changed_and_late_plans_are_dropped() {
        let mut model = opened("");
        assert_eq!(
            press(&mut model, "<Tab><Tab><Tab><Tab> night<Enter>"),
            [],
            "without a source there is nothing to check"
        );
        let first = press(&mut model, "<S-Tab><S-Tab><S-Tab><S-Tab> a.csv<Enter>");
        assert_eq!(press(&mut model, "<Tab><Tab><Enter><Enter>").len(), 1, "a voice was chosen");
        assert_eq!(press(&mut model, "<Enter><Enter>"), [], "the same one again changes nothing");
        update(&mut model, Event::Planned(seq_of(&first), Ok(Box::new(some_plan("late")))));
        assert!(matches!(form(&model).plan, PlanState::InFlight(_)));
        press(&mut model, "<S-Tab><S-Tab><C-u><Enter>");
        assert_eq!(form(&model).plan, PlanState::None);
    }

    #[test]
    fn a_choice_is_narrowed_by_typing_and_unknown_values_are_free() {
        let to_voice = "<Tab><Tab>";
        let table = [
            ("<Enter>puc<Enter>", "Puck"),
            ("puc<Tab>", "Puck"),
            ("kore<Enter>", "Kore"),
            ("Nobody<Enter>", "Nobody"),
            ("<Enter><Esc>", ""),
            ("puc<Esc>", ""),
        ];
        for (keys, expected) in table {
            assert_eq!(form(&opened(&format!("{to_voice}{keys}"))).draft.voice, expected, "{keys}");
        }
        let mut model = opened("<Tab><Tab><Tab> de<Enter>");
        assert!(form(&model).draft.language.to_lowercase().starts_with("de"), "{}", form(&model).draft.language);
        press(&mut model, "<Enter>");
        let (_, row) = form(&model).chooser.clone().unwrap();
        assert_eq!(form(&model).choices()[row].value, form(&model).draft.language, "the current value is selected");
        press(&mut model, "<Up><Enter>");
        assert_ne!(form(&model).choices().len(), 1);
    }

    #[test]
    fn pasted_text_fills_the_focused_field() {
        let mut model = opened("");
        update(&mut model, Event::Pasted(" /tmp/a b.csv\n".into()));
        assert_eq!(form(&model).editing.as_ref().map(Line::text), Some("/tmp/a b.csv"));
        assert_eq!(form(&model).draft.source, "", "and is not taken by its line end");
        press(&mut model, "<Enter><S-Tab>");
        update(&mut model, Event::Pasted("y".into()));
        assert_eq!(form(&model).draft.source, "/tmp/a b.csv");
    }
}
