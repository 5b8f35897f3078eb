//! What a key does: the table of keys gives an action, and the topmost thing that takes input decides what it means.

use crate::tui::action::{Action, Motion};
use crate::tui::effect::Effect;
use crate::tui::keys::{self, Chord, Context, Edit};
use crate::tui::layout;
use crate::tui::model::{Level, Model, Screen};
use crate::tui::update::{
    campaigns, cancel, create, delete, describe, dialog, fields, files, job, lists, notices, picker, polling, problems,
    prompt, retake, saving, screens, submit, text,
};

/// A key was pressed.
pub fn key(model: &mut Model, chord: Chord) -> Vec<Effect> {
    let context = model.context();
    let action = keys::action(context, chord);
    if action != Some(Action::Interrupt) {
        model.interrupted = false;
    }
    let edit = keys::edit(chord);
    if dialog::is_guarded(model, action, edit) {
        return Vec::new();
    }
    match (action, edit) {
        (Some(action), _) => act(model, action),
        (None, Some(edit)) => typed(model, context, edit),
        (None, None) => Vec::new(),
    }
}

/// A key that is no command: text, where text is taken.
fn typed(model: &mut Model, context: Context, edit: Edit) -> Vec<Effect> {
    match context {
        Context::TypedDialog => dialog::edit(model, edit),
        Context::Line | Context::Choice | Context::Picker | Context::Create => match model.overlays.is_empty() {
            true => fields::edit(model, edit),
            false => prompt::edit(model, edit),
        },
        Context::Jobs | Context::Job | Context::Key | Context::Files | Context::Text | Context::Dialog => Vec::new(),
    }
}

/// Text was pasted: it goes into a focused text field, and nowhere else.
pub fn pasted(model: &mut Model, text: &str) -> Vec<Effect> {
    model.interrupted = false;
    let context = model.context();
    match context {
        Context::Line | Context::Choice | Context::Picker | Context::Create if !model.overlays.is_empty() => {
            return prompt::paste(model, text);
        }
        Context::Line | Context::Choice | Context::Picker | Context::Create if fields::paste(model, text) => {
            return Vec::new();
        }
        Context::Line
        | Context::Choice
        | Context::Picker
        | Context::Create
        | Context::Jobs
        | Context::Job
        | Context::Key
        | Context::Files
        | Context::Text
        | Context::Dialog
        | Context::TypedDialog => {}
    }
    notices::say(model, Level::Info, "pasted text is taken only where text is typed");
    Vec::new()
}

/// Does what a person meant.
pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Move(motion) => go(model, motion),
        Action::Open => open(model),
        Action::Back => screens::back(model),
        Action::Mark => mark(model),
        Action::MarkRange => lists::change(model, |list| list.mark_range()),
        Action::MarkVisible => lists::change(model, |list| list.mark_visible()),
        Action::MarkNone => lists::change(model, |list| {
            list.mark_none();
        }),
        Action::MarkInvert => lists::change(model, |list| list.mark_invert()),
        Action::Filter => prompt::filter(model),
        Action::Palette => prompt::palette(model),
        Action::Help => screens::help(model),
        Action::Refresh => refresh(model),
        Action::RefreshAll => refresh_all(model),
        Action::Freeze => polling::freeze(model),
        Action::SortBy(column) => lists::sort_by(model, column),
        Action::SortDefault => lists::sort_default(model),
        Action::New => screens::new_job(model),
        Action::CancelJobs => cancel::ask(model),
        Action::Pause => campaigns::pause(model),
        Action::Retake => retake::ask(model),
        Action::Delete => delete::ask(model),
        Action::Save => saving::save_selected(model),
        Action::SaveAll => saving::save_all(model),
        Action::Describe => describe::show(model),
        Action::Raw => text::raw(model),
        Action::Mouse => mouse(model),
        Action::CopyName => describe::copy_name(model),
        Action::CopyRecord => describe::copy_record(model),
        Action::Zoom => {
            model.zoomed = !model.zoomed;
            Vec::new()
        }
        Action::OnlyBad => lists::only_bad(model),
        Action::Next => next(model, 1),
        Action::Previous => next(model, -1),
        Action::Play => saving::play(model),
        Action::Messages => screens::messages(model),
        Action::Files => screens::files(model),
        Action::Quit => quit(model),
        Action::Interrupt => interrupt(model),
        Action::Suspend => vec![Effect::Suspend],
        Action::Repaint => vec![Effect::Repaint],
        Action::Yes => dialog::yes(model),
        Action::No => dialog::no(model),
        Action::Press => pressed(model),
        Action::Submit => submit_from_anywhere(model),
        Action::TakeFolder => picker::take_folder(model),
        Action::NextProblem => problems::next(model, 1),
        Action::PreviousProblem => problems::next(model, -1),
        Action::FixAll => problems::fix_all(model),
    }
}

fn go(model: &mut Model, motion: Motion) -> Vec<Effect> {
    match model.context() {
        Context::Jobs | Context::Job | Context::Files => lists::go(model, motion),
        Context::Key | Context::Text => text::go(model, motion),
        Context::Create | Context::Choice | Context::Picker => fields::go(model, motion),
        Context::Dialog | Context::TypedDialog | Context::Line => Vec::new(),
    }
}

fn mark(model: &mut Model) -> Vec<Effect> {
    match model.context() {
        Context::Picker => picker::mark(model),
        Context::Jobs
        | Context::Job
        | Context::Key
        | Context::Files
        | Context::Create
        | Context::Text
        | Context::Dialog
        | Context::TypedDialog
        | Context::Line
        | Context::Choice => lists::change(model, |list| list.mark()),
    }
}

fn open(model: &mut Model) -> Vec<Effect> {
    match model.context() {
        Context::Jobs => job::open_selected(model),
        Context::Job => job::open_key(model),
        Context::Files => describe::show(model),
        Context::Key
        | Context::Create
        | Context::Text
        | Context::Dialog
        | Context::TypedDialog
        | Context::Line
        | Context::Choice
        | Context::Picker => Vec::new(),
    }
}

fn next(model: &mut Model, by: isize) -> Vec<Effect> {
    match model.context() {
        Context::Dialog | Context::TypedDialog => dialog::other_button(model),
        Context::Job => job::next_pane(model),
        Context::Create | Context::Choice | Context::Picker => fields::move_focus(model, by),
        Context::Line if model.overlays.is_empty() => fields::move_focus(model, by),
        Context::Line if by > 0 => prompt::complete(model),
        Context::Line | Context::Jobs | Context::Key | Context::Files | Context::Text => Vec::new(),
    }
}

fn pressed(model: &mut Model) -> Vec<Effect> {
    match model.context() {
        Context::Dialog | Context::TypedDialog => dialog::press(model),
        Context::Create | Context::Choice | Context::Picker => create::press(model),
        Context::Line if model.overlays.is_empty() => create::press(model),
        Context::Line => prompt::take(model),
        Context::Jobs | Context::Job | Context::Key | Context::Files | Context::Text => Vec::new(),
    }
}

fn submit_from_anywhere(model: &mut Model) -> Vec<Effect> {
    // A filter or a command is a line of text too, but nothing to submit.
    if model.overlays.is_empty() { submit::press(model) } else { Vec::new() }
}

fn refresh(model: &mut Model) -> Vec<Effect> {
    // Whoever asks wants to see that something came.
    model.link.shown_at = None;
    match model.screens.last() {
        Some(Screen::Job(_) | Screen::Key(_)) => job::refresh(model),
        Some(Screen::Files(_)) => files::list(model),
        None | Some(Screen::Create(_) | Screen::Messages { .. } | Screen::Help { .. }) => polling::list(model),
    }
}

fn refresh_all(model: &mut Model) -> Vec<Effect> {
    model.link.shown_at = None;
    let mut effects = polling::list_anew(model);
    match model.screens.last() {
        Some(Screen::Job(_) | Screen::Key(_)) => effects.extend(job::refresh(model)),
        Some(Screen::Files(_)) => effects.extend(files::list(model)),
        None | Some(Screen::Create(_) | Screen::Messages { .. } | Screen::Help { .. }) => {}
    }
    effects
}

fn mouse(model: &mut Model) -> Vec<Effect> {
    model.mouse = !model.mouse;
    let text = if model.mouse { "the mouse is on; m turns it off" } else { "the mouse is off" };
    notices::say(model, Level::Info, text);
    vec![Effect::SetMouse(model.mouse)]
}

/// A mouse button went down: selects the row below it.
pub fn clicked(model: &mut Model, column: u16, line: u16) -> Vec<Effect> {
    match layout::row_at(model, column, line) {
        Some(row) if model.overlays.is_empty() => lists::change(model, |list| list.select_row(row)),
        Some(_) | None => Vec::new(),
    }
}

/// The wheel was turned.
pub fn scrolled(model: &mut Model, by: i16) -> Vec<Effect> {
    let motion = if by > 0 { Motion::Down } else { Motion::Up };
    // One event never asks for more than a few lines; a broken terminal may.
    for _ in 0..by.unsigned_abs().min(100) {
        match model.context() {
            // The arrow keys move between the fields there.
            Context::Create => fields::scroll(model, motion),
            Context::Jobs
            | Context::Job
            | Context::Key
            | Context::Files
            | Context::Text
            | Context::Dialog
            | Context::TypedDialog
            | Context::Line
            | Context::Choice
            | Context::Picker => go(model, motion),
        };
    }
    Vec::new()
}

fn quit(model: &mut Model) -> Vec<Effect> {
    let mut effects = screens::close_to(model, 0);
    effects.push(Effect::Quit);
    effects
}

fn interrupt(model: &mut Model) -> Vec<Effect> {
    if model.interrupted {
        return quit(model);
    }
    model.interrupted = true;
    notices::say(model, Level::Info, "Ctrl-c again leaves");
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobState;
    use crate::tui::event::Event;
    use crate::tui::model::Overlay;
    use crate::tui::update::testing::{dialog, done, empty, job, press, said, selected, three_jobs, tick, with_jobs};
    use crate::tui::update::update;

    #[test]
    fn q_leaves_also_while_every_request_hangs() {
        let mut model = empty();
        tick(&mut model, 0);
        assert_eq!(press(&mut model, "q"), [Effect::Quit]);
        for keys in ["L q", "? q", "d q", "J q"] {
            let effects = press(&mut three_jobs(), keys);
            assert_eq!(effects.last(), Some(&Effect::Quit), "{keys}");
        }
    }

    #[test]
    fn ctrl_c_leaves_when_it_is_pressed_twice_in_a_row() {
        for before in ["", "/ch", "n", "x", ":", "n <Enter>"] {
            let mut model = three_jobs();
            press(&mut model, before);
            assert_eq!(press(&mut model, "<C-c>"), [], "{before}");
            assert_eq!(said(&model), "Ctrl-c again leaves");
            assert_eq!(press(&mut model, "<C-c>").last(), Some(&Effect::Quit), "{before}");
        }
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "<C-c> j <C-c>"), [], "another key in between begins again");
    }

    #[test]
    fn what_is_typed_in_the_form_is_kept_by_ctrl_c() {
        let mut model = three_jobs();
        let effects = press(&mut model, "n <Tab><Tab><Tab><Tab> night <Tab> <C-c><C-c>");
        let [Effect::KeepDraft(draft), Effect::Quit] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(draft.name, "night");
    }

    #[test]
    fn fault_71_pasted_text_is_never_a_command() {
        let keys = "ddyy\nxyDy\nq";
        for before in ["", "<Enter>", "L", "x", "a x", "d", "F"] {
            let mut model = three_jobs();
            press(&mut model, before);
            let (screens, overlays) = (model.screens.clone(), model.overlays.clone());
            assert_eq!(update(&mut model, Event::Pasted(keys.into())), [], "{before}");
            assert_eq!((&model.screens, &model.overlays), (&screens, &overlays), "{before}");
            assert_eq!(said(&model), "pasted text is taken only where text is typed", "{before}");
        }
    }

    #[test]
    fn fault_71_pasted_text_goes_into_a_focused_text_without_accepting_it() {
        let mut model = three_jobs();
        press(&mut model, "/");
        update(&mut model, Event::Pasted("ch\n01\x1b".into()));
        assert_eq!(model.jobs.cursor.filter, "ch 01");
        update(&mut model, Event::Pasted("x".repeat(1 << 20)));
        let Some(Overlay::Prompt(prompt)) = model.overlays.last() else { panic!() };
        assert!(prompt.input.text().len() <= crate::tui::model::Line::MOST);
    }

    #[test]
    fn fault_71_of_a_megabyte_only_what_a_field_may_hold_is_taken() {
        // A filter becomes expressions, one for each word, so it holds far less than a field does.
        for (before, most) in [("", 0), ("/", 300), (":", 65_536), ("n <Enter>", 65_536), ("x", 0)] {
            let mut model = three_jobs();
            press(&mut model, before);
            let held = |model: &Model| format!("{:?}{:?}", model.overlays, model.screens).len();
            let empty = held(&model);
            update(&mut model, Event::Pasted("Dy\n".repeat(350_000)));
            let grown = held(&model).saturating_sub(empty);
            assert!(grown <= most + 100, "{before}: {grown}");
        }
    }

    #[test]
    fn the_mouse_selects_and_the_wheel_moves() {
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "m m"), [Effect::SetMouse(true), Effect::SetMouse(false)]);
        update(&mut model, Event::Scrolled(2));
        assert_eq!(selected(&model), "ch02");
        update(&mut model, Event::Scrolled(i16::MIN));
        assert_eq!(selected(&model), "intro");
        let line = (0..40).find(|line| layout::row_at(&model, 5, *line) == Some(1)).unwrap();
        update(&mut model, Event::Clicked(5, line));
        assert_eq!(selected(&model), "ch01");
        press(&mut model, "x");
        update(&mut model, Event::Clicked(5, line + 1));
        assert_eq!(selected(&model), "ch01", "below a dialog nothing is clicked");
        assert!(dialog(&model).is_some());
    }

    #[test]
    fn the_selection_stays_on_a_screen_that_shrinks() {
        let mut model = with_jobs((0..100).map(|number| done(&format!("j{number}"))).collect());
        press(&mut model, "G kkk");
        for (width, height) in [(80, 24), (30, 6), (0, 0), (200, 60)] {
            update(&mut model, Event::Resized(width, height));
            let (cursor, page) = (&model.jobs.cursor, layout::page(&model));
            assert_eq!(selected(&model), "j96");
            assert!((cursor.top..cursor.top + page).contains(&cursor.row), "{width} x {height}");
        }
    }

    #[test]
    fn the_shell_is_asked_for_what_only_it_can_do() {
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "<C-l> <C-z>"), [Effect::Repaint, Effect::Suspend]);
        update(&mut model, Event::Noticed(Ok("copied batches/intro".into())));
        assert_eq!(said(&model), "copied batches/intro");
        assert_eq!(press(&mut model, "z"), []);
        assert!(model.zoomed);
    }

    #[test]
    fn an_unknown_state_offers_refresh_and_cancel() {
        let mut model = with_jobs(vec![job("a", JobState::Other("PAUSED".into()))]);
        assert_eq!(press(&mut model, "D"), []);
        assert_eq!(said(&model), "a is PAUSED: cancel it first, then delete it");
        press(&mut model, "x");
        assert!(dialog(&model).is_some());
    }
}
