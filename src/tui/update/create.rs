//! The form for a new job: opening and leaving it, pressing what has the focus, and checking the draft after every change.
//!
//! A field is checked when its text is taken, not at every key; nothing that was typed is lost on the way out.

use crate::failure::Failure;
use crate::ops::{Glance, Plan, Progress};
use crate::tui::effect::Effect;
use crate::tui::model::{
    Checking, Draft, Field, Form, Kind, Line, Mistake, Model, PlanState, Screen, Seq, SubmitState,
};
use crate::tui::update::{catalog, chooser, fields, picker, problems, submit};

/// The form, if it is the visible screen.
pub fn form(model: &mut Model) -> Option<&mut Form> {
    match model.screens.last_mut() {
        Some(Screen::Create(form)) => Some(form),
        Some(Screen::Job(_) | Screen::Key(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. })
        | None => None,
    }
}

/// The form on the stack, visible or not, if it fits.
pub fn form_for(model: &mut Model, fits: impl Fn(&Form) -> bool) -> Option<&mut Form> {
    model.screens.iter_mut().find_map(|screen| match screen {
        Screen::Create(form) if fits(form) => Some(&mut **form),
        Screen::Create(_)
        | Screen::Job(_)
        | Screen::Key(_)
        | Screen::Files(_)
        | Screen::Messages { .. }
        | Screen::Help { .. } => None,
    })
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
    model.draft = form.typed_so_far();
    let mut effects = vec![Effect::KeepDraft(model.draft.clone())];
    let is_under_way = form.submit.under_way().is_some();
    if holds_plan(&form.plan) && !is_under_way {
        effects.push(Effect::DropPlan(model.next_seq()));
    }
    effects
}

/// What is typed in a form that nobody has left.
pub fn unkept(model: &Model) -> Option<Effect> {
    model.screens.iter().find_map(|screen| match screen {
        Screen::Create(form) => Some(Effect::KeepDraft(form.typed_so_far())),
        Screen::Job(_) | Screen::Key(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. } => None,
    })
}

/// Whether requests were prepared that somebody must submit or drop.
fn holds_plan(plan: &PlanState) -> bool {
    match plan {
        PlanState::InFlight(_) | PlanState::Ready(..) => true,
        PlanState::None | PlanState::Failed(_) => false,
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
    match (focus, focus.kind()) {
        (Field::SubmitButton, _) => return submit::press(model),
        (Field::CancelButton, _) => return super::screens::back(model),
        _ if is_busy => return submit::say_wait(model),
        (_, Kind::Sources | Kind::File) => return picker::open(model),
        (_, Kind::Choice | Kind::Button) => chooser::open(form, ""),
        (_, Kind::Text) => form.editing = Some(Line::new(focus.text(&form.draft))),
        (_, Kind::Switch) => return set(model, |draft| focus.switch(draft)),
        (_, Kind::Problems) => return problems::fix(model),
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
        Some(text) => set(model, |draft| focus.put(draft, text)),
        None => Vec::new(),
    }
}

/// Changes the draft, and checks it again if that makes another job of it.
pub fn set(model: &mut Model, change: impl FnOnce(&mut Draft)) -> Vec<Effect> {
    let Some(form) = form(model) else { return Vec::new() };
    let before = form.draft.clone();
    change(&mut form.draft);
    if form.draft == before {
        return Vec::new();
    }
    if form.draft.sources != before.sources {
        if !form.draft.sources.iter().any(|source| before.sources.contains(source)) {
            // What was sent of other sources is no part of these.
            form.draft.rest_of.clear();
        }
        (form.seen, form.checking.before, form.problem) = (None, None, 0);
        if let PlanState::Ready(..) = form.plan {
            // What the other sources came to says nothing about these.
            form.scroll = 0;
        }
    }
    if form.draft.order(&form.catalog) == before.order(&form.catalog) {
        return Vec::new();
    }
    if let SubmitState::Failed(_) = form.submit {
        (form.submit, form.retry_at) = (SubmitState::Idle, None);
    }
    let is_same = form.draft.sources == before.sources;
    let effects = plan(model);
    if let Some(form) = self::form(model).filter(|_| !is_same) {
        form.checking.before = None;
    }
    effects
}

/// Has the draft checked, if there is anything to check.
pub fn plan(model: &mut Model) -> Vec<Effect> {
    let seq = model.next_seq();
    let Some(form) = form(model) else { return Vec::new() };
    form.mistake = None;
    let (state, order) = match form.draft.order(&form.catalog) {
        None => (PlanState::None, None),
        Some(Err(Mistake { field, failure })) => {
            form.mistake = Some(field);
            (PlanState::Failed(failure), None)
        }
        Some(Ok(order)) => (PlanState::InFlight(seq), Some(order)),
    };
    let before = std::mem::replace(&mut form.plan, state);
    let held = holds_plan(&before);
    let shown = match before {
        PlanState::Ready(_, plan) => Some(plan),
        PlanState::InFlight(_) => form.checking.before.take(),
        PlanState::None | PlanState::Failed(_) => None,
    };
    form.checking = Checking { before: shown, ..Checking::default() };
    match order {
        Some(order) => vec![Effect::Plan(seq, order)],
        None if held => vec![Effect::DropPlan(seq)],
        None => Vec::new(),
    }
}

/// What the sources look like. Those of an older draft are dropped.
pub fn glanced(model: &mut Model, seq: Seq, glance: Box<Glance>) -> Vec<Effect> {
    if let Some(form) = form_for(model, |form| form.plan == PlanState::InFlight(seq)) {
        form.checking.first.clone_from(&glance.first);
        form.seen = Some(glance);
        fields::keep_focus(form);
    }
    Vec::new()
}

/// How far the check is.
pub fn progressed(model: &mut Model, seq: Seq, progress: Progress) -> Vec<Effect> {
    if let Some(form) = form_for(model, |form| form.plan == PlanState::InFlight(seq)) {
        form.checking.progress = progress;
    }
    Vec::new()
}

/// The draft was checked. The answer to an older draft is dropped.
pub fn planned(model: &mut Model, seq: Seq, result: Result<Box<Plan>, Failure>) -> Vec<Effect> {
    let Some(form) = form_for(model, |form| form.plan == PlanState::InFlight(seq)) else { return Vec::new() };
    form.checking = Checking::default();
    form.plan = match result {
        Ok(plan) => PlanState::Ready(seq, plan),
        Err(failure) => PlanState::Failed(failure),
    };
    form.problem = form.problem.min(form.n_problems().saturating_sub(1));
    fields::keep_focus(form);
    submit::planned(model)
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
    fn esc_leaves_and_keeps_what_was_typed() {
        let mut model = opened("x.csv");
        assert!(press(&mut model, "<Esc>").iter().any(|effect| matches!(effect, Effect::Plan(..))));
        let effects = press(&mut model, "<Esc>");
        assert!(
            matches!(&effects[..], [Effect::KeepDraft(draft), Effect::DropPlan(_)] if draft.sources == ["x.csv"]),
            "{effects:?}"
        );
        assert!(model.screens.is_empty());
        let effects = press(&mut model, "n");
        assert_eq!(form(&model).draft.sources, ["x.csv"]);
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
}
