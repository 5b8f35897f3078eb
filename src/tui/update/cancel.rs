//! Cancelling jobs: the question, the row that says so at once, and the service's answer.

use crate::failure::Failure;
use crate::job::{Job, JobName};
use crate::ops::CancelAnswer;
use crate::text::count;
use crate::tui::effect::Effect;
use crate::tui::model::{Level, Model, Target, Verb};
use crate::tui::update::{brake, campaigns, dialog, job, jobs, notices, polling};

/// Asks whether to cancel the marked jobs, or the selected one. Jobs that are over are left out.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    if model.setting.read_only {
        notices::forbid(model, "no job can be cancelled");
        return Vec::new();
    }
    if campaigns::ask_cancel(model) {
        return Vec::new();
    }
    let (over, rest): (Vec<Job>, Vec<Job>) = job::meant(model).into_iter().partition(|job| jobs::is_over(model, job));
    let (asked, targets): (Vec<Job>, Vec<Job>) =
        rest.into_iter().partition(|job| model.jobs.asking.contains(&job.name));
    match (over.as_slice(), asked.as_slice()) {
        ([], []) => {}
        ([job], []) => {
            notices::say(model, Level::Info, format!("{} is {} already", jobs::title(job), job.state.word()));
        }
        ([], [job]) => notices::say(model, Level::Info, format!("{} is being cancelled already", jobs::title(job))),
        (over, asked) => {
            let left_out = count((over.len() + asked.len()) as u64, "job");
            notices::say(model, Level::Info, format!("{left_out} left out: over, or being cancelled already"));
        }
    }
    if !targets.is_empty() {
        let typed = targets.len() > 1;
        let targets = targets.into_iter().map(|job| Target::Job(Box::new(job), None)).collect();
        dialog::ask(model, Verb::CancelJobs, targets, None, typed);
    }
    Vec::new()
}

/// Sends the wish, and shows it.
pub fn ask_service(model: &mut Model, job: &Job) -> Effect {
    model.jobs.asking.insert(job.name.clone());
    model.jobs.asked.insert(job.name.clone());
    model.jobs.unheard.remove(&job.name);
    if let Some(tracked) = model.jobs.get_mut(&job.name) {
        tracked.cancelling = true;
    }
    Effect::CancelJob(job.name.clone())
}

/// The service's answer.
pub fn answered(model: &mut Model, name: &JobName, answer: Result<Box<CancelAnswer>, Failure>) -> Vec<Effect> {
    model.jobs.asking.remove(name);
    let title = model.jobs.get(name).map_or_else(|| name.id().to_owned(), |tracked| jobs::title(&tracked.job));
    let effects = match answer.map(|answer| *answer) {
        Ok(CancelAnswer::Asked) => {
            notices::say(model, Level::Info, format!("{title}: the service was asked to cancel"));
            Vec::new()
        }
        Ok(CancelAnswer::AlreadyOver(job)) => {
            let word = job.state.word().to_owned();
            let effects = jobs::upsert_known(model, job);
            stop_waiting(model, name);
            notices::say(model, Level::Info, format!("{title} was {word} already; nothing was cancelled"));
            effects
        }
        Ok(CancelAnswer::NotYet(failure)) => {
            brake::unheard(model, name, &failure);
            Vec::new()
        }
        Err(failure) => {
            stop_waiting(model, name);
            brake::refused(model, name);
            notices::fail(model, &format!("cannot cancel {title}"), &failure);
            Vec::new()
        }
    };
    polling::hurry(model);
    effects
}

fn stop_waiting(model: &mut Model, name: &JobName) {
    if let Some(tracked) = model.jobs.get_mut(name) {
        tracked.cancelling = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobState;
    use crate::tui::event::Event;
    use crate::tui::model::Button;
    use crate::tui::update::testing::{dialog, done, job, list, name, press, said, three_jobs, with_jobs, word};
    use crate::tui::update::update;

    fn ask_for(id: &str) -> Effect {
        Effect::CancelJob(name(id))
    }

    #[test]
    fn cancel_asks_first() {
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "x"), []);
        assert_eq!(dialog(&model).map(|confirm| confirm.focus), Some(Button::Keep));
        assert_eq!(press(&mut model, "y"), [ask_for("intro")]);
        assert_eq!((dialog(&model), word(&model, "intro")), (None, "CANCELLING"));
    }

    #[test]
    fn every_way_to_say_no_changes_nothing() {
        for keys in ["x n", "x q", "x <Esc>", "x <Enter>", "x <Tab><Tab><Enter>", "x j k 3 <Space> n"] {
            let mut model = three_jobs();
            assert_eq!(press(&mut model, keys), [], "{keys}");
            assert_eq!((dialog(&model), word(&model, "intro")), (None, "RUNNING"), "{keys}");
        }
    }

    #[test]
    fn tab_and_enter_say_yes() {
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "x <Tab><Enter>"), [ask_for("intro")]);
    }

    #[test]
    fn more_than_one_job_wants_its_count_typed() {
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "a x"), []);
        assert!(said(&model).starts_with("ch02 is SUCCEEDED already"), "{}", said(&model));
        assert_eq!(press(&mut model, "y"), [], "y is no digit");
        assert_eq!(said(&model), "type 2 to confirm, Esc to leave everything as it is");
        assert_eq!(press(&mut model, "3<Enter>"), []);
        assert_eq!(said(&model), "type 2 to confirm, Esc to leave everything as it is");
        press(&mut model, "n");
        assert_eq!((dialog(&model), word(&model, "intro")), (None, "RUNNING"), "n answers no, whatever was typed");
        assert_eq!(press(&mut model, "x 2<Enter>"), [ask_for("intro"), ask_for("ch01")]);
        assert_eq!((word(&model, "ch01"), word(&model, "ch02")), ("CANCELLING", "SUCCEEDED"));
    }

    #[test]
    fn space_j_space_marks_two_neighbours_and_a_yes_uses_the_marks_up() {
        let mut model = three_jobs();
        press(&mut model, "<Space> j <Space>");
        assert_eq!((model.jobs.cursor.marks.len(), model.jobs.cursor.row), (2, 1), "a mark stays on its row");
        assert_eq!(press(&mut model, "x 2<Enter>"), [ask_for("intro"), ask_for("ch01")]);
        assert!(model.jobs.cursor.marks.is_empty(), "the next key is not about jobs that were dealt with");
    }

    #[test]
    fn a_filter_by_state_keeps_the_job_that_is_being_cancelled() {
        let mut model = three_jobs();
        press(&mut model, "/running<Enter> x y");
        list(&mut model, vec![job("intro", JobState::Running)]);
        assert_eq!((model.jobs.cursor.visible.len(), word(&model, "intro")), (1, "CANCELLING"));
        list(&mut model, vec![job("intro", JobState::Cancelled)]);
        assert_eq!(model.jobs.cursor.visible.len(), 0);
    }

    #[test]
    fn enter_without_a_count_presses_the_button_that_keeps_the_jobs() {
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "a x <Enter>"), []);
        assert_eq!(dialog(&model), None);
        assert_eq!(press(&mut model, "x <Tab><Enter>"), []);
        assert!(dialog(&model).is_some(), "the other button does nothing before the count is typed");
    }

    #[test]
    fn the_targets_are_frozen_when_the_dialog_opens() {
        let mut model = three_jobs();
        press(&mut model, "x");
        let seq = crate::tui::update::testing::seq_of(&crate::tui::update::polling::list_anew(&mut model));
        let newer =
            crate::tui::update::testing::listed(vec![job("other", JobState::Running), job("intro", JobState::Running)]);
        update(&mut model, Event::JobsListed(seq, Ok(Box::new(newer))));
        assert_eq!(press(&mut model, "y"), [ask_for("intro")]);
    }

    #[test]
    fn a_job_that_is_over_is_not_asked_about() {
        let mut model = with_jobs(vec![done("a")]);
        press(&mut model, "x");
        assert_eq!((dialog(&model), said(&model)), (None, "a is SUCCEEDED already"));
    }

    #[test]
    fn a_cancel_that_was_not_answered_is_not_asked_again() {
        let mut model = three_jobs();
        press(&mut model, "x y x");
        assert_eq!((dialog(&model), said(&model)), (None, "intro is being cancelled already"));
        update(&mut model, Event::CancelAnswered(name("intro"), Ok(Box::new(CancelAnswer::Asked))));
        press(&mut model, "x");
        assert!(dialog(&model).is_some(), "a person may ask again later");
    }

    #[test]
    fn cancelling_stays_until_the_service_agrees() {
        let mut model = three_jobs();
        press(&mut model, "x y");
        update(&mut model, Event::CancelAnswered(name("intro"), Ok(Box::new(CancelAnswer::Asked))));
        list(&mut model, vec![job("intro", JobState::Running)]);
        assert_eq!(word(&model, "intro"), "CANCELLING");
        list(&mut model, vec![job("intro", JobState::Cancelled)]);
        assert_eq!(word(&model, "intro"), "CANCELLED");
    }

    #[test]
    fn what_was_over_already_is_no_failure() {
        let mut model = three_jobs();
        press(&mut model, "x y");
        let over = job("intro", JobState::Succeeded);
        update(&mut model, Event::CancelAnswered(name("intro"), Ok(Box::new(CancelAnswer::AlreadyOver(over)))));
        assert_eq!(word(&model, "intro"), "SUCCEEDED");
        assert_eq!(said(&model), "intro was SUCCEEDED already; nothing was cancelled");
        assert_eq!(model.notices.unseen, 0);
    }

    #[test]
    fn a_refused_cancel_is_undone_and_stays_on_the_screen() {
        let mut model = three_jobs();
        press(&mut model, "x y");
        update(&mut model, Event::CancelAnswered(name("intro"), Err(Failure::new("no permission"))));
        assert_eq!((word(&model, "intro"), said(&model)), ("RUNNING", "cannot cancel intro: no permission"));
        assert_eq!(model.notices.unseen, 1);
    }

    #[test]
    fn a_read_only_session_changes_nothing() {
        for keys in ["x", "D", "n", "a x", "a D"] {
            let mut model = three_jobs();
            model.setting.read_only = true;
            assert_eq!(press(&mut model, keys), [], "{keys}");
            assert!(said(&model).starts_with("read-only: "), "{keys}: {}", said(&model));
            assert!(model.overlays.is_empty() && model.screens.is_empty(), "{keys}");
        }
    }
}
