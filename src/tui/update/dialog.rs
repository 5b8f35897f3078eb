//! Dialogs that ask: which button has the focus, what was typed, and what happens after a yes.
//!
//! The targets were frozen when the dialog opened: no refresh below it can put others in their place.

use crate::job::Job;
use crate::ops::Loss;
use crate::tui::action::Action;
use crate::tui::effect::Effect;
use crate::tui::keys::Edit;
use crate::tui::model::{Button, Confirm, EntryId, Guard, Level, Line, Model, Overlay, Seq, Target, Verb};
use crate::tui::update::{brake, notices, resend, retake, submit, typing};

/// Opens a dialog with the harmless button focused; the count of the targets may have to be typed.
pub fn ask(model: &mut Model, verb: Verb, targets: Vec<Target>, checking: Option<Seq>, typed: bool) {
    let count = typed.then_some(targets.len() as u64);
    open(model, verb, targets, checking, count);
}

/// Opens a dialog in which that number must be typed.
pub fn ask_for(model: &mut Model, verb: Verb, targets: Vec<Target>, count: u64) {
    open(model, verb, targets, None, Some(count));
}

fn open(model: &mut Model, verb: Verb, targets: Vec<Target>, checking: Option<Seq>, count: Option<u64>) {
    let typed = count.map(|count| (count, Line::default()));
    model.overlays.clear();
    model.overlays.push(Overlay::Confirm(Box::new(Confirm {
        verb,
        targets,
        checking,
        typed,
        focus: Button::Keep,
        guard: Guard::Opened,
    })));
}

fn top(model: &mut Model) -> Option<&mut Confirm> {
    match model.overlays.last_mut() {
        Some(Overlay::Confirm(confirm)) => Some(confirm),
        Some(Overlay::Prompt(_) | Overlay::Page(_)) | None => None,
    }
}

/// Begins the time in which the keys of a new dialog do not count.
pub fn guard(model: &mut Model) -> Option<Effect> {
    top(model).filter(|confirm| confirm.guard == Guard::Opened)?;
    let seq = model.next_seq();
    if let Some(confirm) = top(model) {
        confirm.guard = Guard::Running(seq);
    }
    Some(Effect::Guard(seq))
}

/// The time is over: whoever answers now has seen the question.
pub fn unguarded(model: &mut Model, seq: Seq) -> Vec<Effect> {
    for overlay in &mut model.overlays {
        if let Overlay::Confirm(confirm) = overlay
            && confirm.guard == Guard::Running(seq)
        {
            confirm.guard = Guard::Over;
        }
    }
    Vec::new()
}

/// Whether a key would answer a question that nobody can have read yet.
pub fn is_guarded(model: &mut Model, action: Option<Action>, edit: Option<Edit>) -> bool {
    let changes_nothing = match action {
        Some(Action::No | Action::Back | Action::Quit | Action::Interrupt | Action::Suspend | Action::Repaint) => true,
        Some(_) => false,
        None => matches!(edit, Some(Edit::Insert('n' | 'N'))),
    };
    !changes_nothing && top(model).is_some_and(|confirm| confirm.guard != Guard::Over)
}

/// Moves the focus to the next button; where there are two, to the other one.
pub fn other_button(model: &mut Model) -> Vec<Effect> {
    if let Some(confirm) = top(model) {
        confirm.focus = match (confirm.focus, confirm.verb) {
            (Button::Keep, _) => Button::Do,
            (Button::Do, Verb::Unresolved) => Button::Other,
            (Button::Do | Button::Other, _) => Button::Keep,
        };
    }
    Vec::new()
}

/// A key in the field for the count: digits only. The right count moves the focus to the button that does it.
///
/// `n` says no here as in every dialog: it is no digit, and can mean nothing else.
pub fn edit(model: &mut Model, edit: Edit) -> Vec<Effect> {
    if matches!(edit, Edit::Insert('n' | 'N')) && top(model).is_some_and(|confirm| confirm.typed.is_some()) {
        return no(model);
    }
    let Some(confirm) = top(model) else { return Vec::new() };
    let Some((_, line)) = &mut confirm.typed else { return Vec::new() };
    let is_foreign = typing::is_foreign_to_numbers(edit);
    if !is_foreign && !matches!(edit, Edit::Insert(_) if line.text().len() >= 9) {
        typing::apply(line, edit);
    }
    confirm.focus = if is_typed(confirm) { Button::Do } else { Button::Keep };
    // Whoever presses `y` here is told why nothing happens.
    if is_foreign { say_count(model) } else { Vec::new() }
}

fn is_typed(confirm: &Confirm) -> bool {
    confirm.typed.as_ref().is_none_or(|(count, line)| line.text().parse() == Ok(*count))
}

/// Presses the focused button.
pub fn press(model: &mut Model) -> Vec<Effect> {
    let Some(confirm) = top(model) else { return Vec::new() };
    let is_begun = confirm.typed.as_ref().is_some_and(|(_, line)| !line.text().is_empty());
    match confirm.focus {
        Button::Keep if is_begun && !is_typed(confirm) => say_count(model),
        Button::Keep => no(model),
        Button::Do | Button::Other => confirmed(model),
    }
}

fn say_count(model: &mut Model) -> Vec<Effect> {
    if let Some((count, _)) = top(model).and_then(|confirm| confirm.typed.clone()) {
        notices::say(model, Level::Info, format!("type {count} to confirm, Esc to leave everything as it is"));
    }
    Vec::new()
}

/// Leaves everything as it is.
pub fn no(model: &mut Model) -> Vec<Effect> {
    match model.overlays.pop() {
        Some(Overlay::Confirm(confirm)) if matches!(confirm.verb, Verb::Retake | Verb::SendAgain) => {
            retake::dropped(model)
        }
        Some(Overlay::Confirm(_) | Overlay::Prompt(_) | Overlay::Page(_)) | None => Vec::new(),
    }
}

/// The key for yes: does it, but where there are three ways out and nobody can tell which one is meant.
pub fn yes(model: &mut Model) -> Vec<Effect> {
    if top(model).is_some_and(|confirm| confirm.verb == Verb::Unresolved) {
        notices::say(model, Level::Info, "choose with Tab and press Enter; Esc keeps waiting");
        return Vec::new();
    }
    confirmed(model)
}

/// Does it, when everything is known that must be, and typed that must be.
fn confirmed(model: &mut Model) -> Vec<Effect> {
    let Some(confirm) = top(model) else { return Vec::new() };
    if confirm.checking.is_some() {
        notices::say(model, Level::Info, "still looking at what would be lost");
        return Vec::new();
    }
    if !is_typed(confirm) {
        return say_count(model);
    }
    let Some(Overlay::Confirm(confirm)) = model.overlays.pop() else { return Vec::new() };
    let Confirm { verb, targets, focus, .. } = *confirm;
    match verb {
        Verb::CancelJobs => {
            // The marks have done their work; left behind they would be what the next key is about.
            for target in &targets {
                if let Target::Job(job, _) = target {
                    model.jobs.cursor.marks.remove(&EntryId::Job(job.name.clone()));
                }
            }
            let jobs = targets.into_iter().filter_map(job_of).collect();
            brake::begin(model, jobs)
        }
        Verb::DeleteJobs => targets.into_iter().filter_map(|target| delete_job(model, target)).collect(),
        Verb::DeleteFiles => targets.into_iter().filter_map(delete_file).collect(),
        Verb::SubmitAgain => submit::again(model, &targets),
        Verb::PassCap => submit::over_cap(model, &targets),
        Verb::Unresolved if focus == Button::Other => resend::prepare(model, targets),
        Verb::Unresolved => resend::give_up(model, targets),
        Verb::GiveUp => targets.into_iter().filter_map(give_up).collect(),
        Verb::SendAgain => resend::send(model, targets),
        Verb::Retake => retake::submit(model, targets),
        Verb::CancelCampaign => targets.into_iter().filter_map(cancel_campaign).collect(),
    }
}

fn job_of(target: Target) -> Option<Job> {
    let Target::Job(job, _) = target else { return None };
    Some(*job)
}

fn delete_job(model: &mut Model, target: Target) -> Option<Effect> {
    let Target::Job(job, loss) = target else { return None };
    model.jobs.deleting.insert(job.name.clone());
    // What nobody could find out was asked about as lost.
    Some(Effect::DeleteJob(job, loss.unwrap_or(Loss::Unsaved { saved: 0, of: None })))
}

fn delete_file(target: Target) -> Option<Effect> {
    let Target::File(file) = target else { return None };
    Some(Effect::DeleteFile(file))
}

fn give_up(target: Target) -> Option<Effect> {
    let Target::Lost(lost) = target else { return None };
    Some(Effect::GiveUp(lost.token))
}

fn cancel_campaign(target: Target) -> Option<Effect> {
    let Target::Campaign(status) = target else { return None };
    Some(Effect::CancelCampaign(status.id))
}

/// It is known what a deletion would lose: unsaved results ask for the count to be typed.
pub fn loss_known(model: &mut Model, seq: Seq, losses: &[(crate::job::JobName, Loss)]) -> Vec<Effect> {
    let waiting = model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Confirm(confirm) if confirm.checking == Some(seq) => Some(confirm),
        Overlay::Confirm(_) | Overlay::Prompt(_) | Overlay::Page(_) => None,
    });
    let Some(confirm) = waiting else { return Vec::new() };
    confirm.checking = None;
    let mut is_unsaved = false;
    for target in &mut confirm.targets {
        if let Target::Job(job, loss @ None) = target {
            *loss = losses.iter().find(|(name, _)| *name == job.name).map(|(_, loss)| *loss);
            // What nobody could find out counts as lost.
            is_unsaved |= matches!(loss, None | Some(Loss::Unsaved { .. }));
        }
    }
    if is_unsaved {
        confirm.typed = Some((confirm.targets.len() as u64, Line::default()));
        confirm.focus = Button::Keep;
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::event::Event;
    use crate::tui::keys::Chord;
    use crate::tui::update::testing::three_jobs;
    use crate::tui::update::update;
    use crossterm::event::{KeyCode, KeyModifiers};

    fn key(code: KeyCode) -> Event {
        Event::Key(Chord { code, modifiers: KeyModifiers::NONE })
    }

    /// Presses keys as a terminal brings them, and gives what was to be done.
    fn typed(model: &mut Model, keys: &str) -> Vec<Effect> {
        keys.chars().flat_map(|c| update(model, key(KeyCode::Char(c)))).collect()
    }

    #[test]
    fn a_dialog_does_not_take_the_keys_of_the_screen_below() {
        for keys in ["xy", "x\tyyyyyyyyyyyyyy"] {
            let mut model = three_jobs();
            let effects = typed(&mut model, keys);
            assert!(matches!(effects[..], [Effect::Guard(_)]), "{effects:?}");
            assert!(top(&mut model).is_some_and(|confirm| confirm.focus == Button::Keep), "{keys}");
            assert_eq!(update(&mut model, key(KeyCode::Enter)), []);
            assert!(top(&mut model).is_some(), "Enter does not close what nobody has read");
            let Effect::Guard(seq) = effects[0] else { unreachable!() };
            update(&mut model, Event::Unguarded(seq));
            assert!(matches!(typed(&mut model, "y")[..], [Effect::CancelJob(_)]), "{keys}");
        }
    }

    #[test]
    fn what_leaves_everything_as_it_is_counts_at_once() {
        for code in [KeyCode::Char('n'), KeyCode::Esc, KeyCode::Char('q')] {
            let mut model = three_jobs();
            typed(&mut model, "x");
            assert_eq!(update(&mut model, key(code)), []);
            assert!(top(&mut model).is_none(), "{code:?}");
        }
        let mut model = three_jobs();
        typed(&mut model, "ax");
        assert_eq!(typed(&mut model, "n"), []);
        assert!(top(&mut model).is_none(), "n is no digit and means no at once");
    }

    #[test]
    fn the_time_of_a_dialog_that_was_closed_does_not_open_the_next_one() {
        let mut model = three_jobs();
        let first = typed(&mut model, "x");
        typed(&mut model, "nx");
        let Effect::Guard(seq) = first[0] else { panic!("{first:?}") };
        update(&mut model, Event::Unguarded(seq));
        assert_eq!(typed(&mut model, "y"), []);
    }
}
