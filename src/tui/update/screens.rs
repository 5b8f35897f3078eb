//! The stack of screens: going to one, stepping back, and what must stop when one is left.

use crate::tui::effect::Effect;
use crate::tui::model::{FilesScreen, Model, Overlay, Screen};
use crate::tui::update::{create, dialog, fields, files, job, lists, notices, prompt};

/// Leaves every screen above the first so many, and stops what only they needed.
pub fn close_to(model: &mut Model, depth: usize) -> Vec<Effect> {
    let mut effects = Vec::new();
    while model.screens.len() > depth {
        match model.screens.pop() {
            Some(Screen::Job(screen)) => effects.extend(job::leave(&screen)),
            Some(Screen::Create(form)) => effects.extend(create::leave(model, &form)),
            Some(Screen::Key(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. }) | None => {}
        }
    }
    effects
}

/// Steps back: input, then filter, then marks, then parent. A bad notice is dismissed on the way.
pub fn back(model: &mut Model) -> Vec<Effect> {
    notices::dismiss(model);
    match model.overlays.last() {
        Some(Overlay::Prompt(_)) => return prompt::leave(model),
        Some(Overlay::Confirm(_)) => return dialog::no(model),
        Some(Overlay::Page(_)) => {
            model.overlays.pop();
            return Vec::new();
        }
        None => {}
    }
    if let Some(effects) = fields::step_out(model) {
        return effects;
    }
    if lists::visible(model).is_some_and(|mut list| list.clear_filter()) {
        return lists::keep_view(model);
    }
    if lists::visible(model).is_some_and(|mut list| list.mark_none()) {
        return Vec::new();
    }
    close_to(model, model.screens.len().saturating_sub(1))
}

/// Goes home.
pub fn home(model: &mut Model) -> Vec<Effect> {
    model.overlays.clear();
    close_to(model, 0)
}

/// Shows the stored files.
pub fn files(model: &mut Model) -> Vec<Effect> {
    let at = model.screens.iter().position(|screen| matches!(screen, Screen::Files(_)));
    let effects = show(model, at, Screen::Files(FilesScreen::default()));
    with(effects, files::list(model))
}

/// Shows what was said so far.
pub fn messages(model: &mut Model) -> Vec<Effect> {
    model.notices.unseen = 0;
    let at = model.screens.iter().position(|screen| matches!(screen, Screen::Messages { .. }));
    show(model, at, Screen::Messages { scroll: 0 })
}

/// Shows the keys of the visible screen.
pub fn help(model: &mut Model) -> Vec<Effect> {
    let at = model.screens.iter().position(|screen| matches!(screen, Screen::Help { .. }));
    show(model, at, Screen::Help { scroll: 0 })
}

/// Shows the form for a new job, as it was left.
pub fn new_job(model: &mut Model) -> Vec<Effect> {
    if model.setting.read_only {
        notices::forbid(model, "no job can be created");
        return Vec::new();
    }
    match model.screens.iter().position(|screen| matches!(screen, Screen::Create(_))) {
        Some(at) => {
            model.overlays.clear();
            close_to(model, at + 1)
        }
        None => {
            model.overlays.clear();
            create::open(model)
        }
    }
}

/// Shows a screen: goes back to it when it is on the stack already.
fn show(model: &mut Model, at: Option<usize>, screen: Screen) -> Vec<Effect> {
    model.overlays.clear();
    match at {
        Some(at) => close_to(model, at + 1),
        None => {
            model.screens.push(screen);
            Vec::new()
        }
    }
}

fn with(mut effects: Vec<Effect>, more: Vec<Effect>) -> Vec<Effect> {
    effects.extend(more);
    effects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;
    use crate::tui::update::testing::{done, press, said, three_jobs, with_jobs};

    #[test]
    fn esc_steps_back_one_thing_at_a_time() {
        let mut model = three_jobs();
        press(&mut model, "<Enter> <Esc> <Space> /ch <Enter> e /x");
        assert_eq!((model.overlays.len(), model.jobs.cursor.filter.as_str()), (1, "chx"));
        press(&mut model, "<Esc>");
        assert_eq!((model.overlays.len(), model.jobs.cursor.filter.as_str()), (0, "ch"));
        press(&mut model, "<Esc>");
        assert_eq!((model.jobs.cursor.filter.as_str(), model.jobs.cursor.only_bad), ("", false));
        assert_eq!(model.jobs.cursor.marks.len(), 1);
        press(&mut model, "<Esc>");
        assert_eq!(model.jobs.cursor.marks.len(), 0);
        press(&mut model, "<Enter> L");
        assert_eq!(model.screens.len(), 2);
        press(&mut model, "<Esc>h<Left>");
        assert_eq!(model.screens.len(), 0);
    }

    #[test]
    fn esc_dismisses_a_bad_notice_on_its_way() {
        let mut model = three_jobs();
        notices::fail(&mut model, "", &Failure::new("broken"));
        press(&mut model, "<Esc>");
        assert_eq!((said(&model), model.notices.log.len()), ("", 1));
    }

    #[test]
    fn leaving_a_job_stops_its_stream() {
        let mut model = with_jobs(vec![done("a")]);
        let seq = crate::tui::update::testing::seq_of(&press(&mut model, "<Enter>"));
        assert_eq!(press(&mut model, "?<Esc>"), [], "a screen above it changes nothing");
        assert_eq!(press(&mut model, "<Esc>"), [Effect::StopOpening(seq)]);
        let seq = crate::tui::update::testing::seq_of(&press(&mut model, "<Enter>"));
        assert_eq!(press(&mut model, "q"), [Effect::StopOpening(seq), Effect::Quit]);
    }

    #[test]
    fn a_screen_is_never_twice_on_the_stack() {
        let mut model = three_jobs();
        press(&mut model, "L ? F L ? L");
        assert_eq!(model.screens, [Screen::Messages { scroll: 0 }]);
        press(&mut model, "F ? F");
        assert_eq!(model.screens.len(), 2);
    }
}
