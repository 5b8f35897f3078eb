//! Cancelling jobs: the question, the row that says so at once, and the service's answer.

use crate::failure::Failure;
use crate::job::{Job, JobName};
use crate::ops::CancelAnswer;
use crate::text::plural;
use crate::tui::effect::Effect;
use crate::tui::model::{Level, Model, Target, Verb};
use crate::tui::update::{dialog, job, jobs, notices, polling};

/// Asks whether to cancel the marked jobs, or the selected one. Jobs that are over are left out.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    if model.setting.read_only {
        notices::say(model, Level::Info, "read-only: no job can be cancelled");
        return Vec::new();
    }
    let (over, rest): (Vec<Job>, Vec<Job>) = job::meant(model).into_iter().partition(|job| job.state.is_terminal());
    let (asked, targets): (Vec<Job>, Vec<Job>) =
        rest.into_iter().partition(|job| model.jobs.asking.contains(&job.name));
    match (over.as_slice(), asked.as_slice()) {
        ([], []) => {}
        ([job], []) => {
            notices::say(model, Level::Info, format!("{} is {} already", jobs::title(job), job.state.word()));
        }
        ([], [job]) => notices::say(model, Level::Info, format!("{} is being cancelled already", jobs::title(job))),
        (over, asked) => {
            let left_out = plural(over.len() + asked.len(), "job");
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
    if let Some(tracked) = model.jobs.get_mut(&job.name) {
        tracked.cancelling = true;
    }
    Effect::CancelJob(job.name.clone())
}

/// The service's answer.
pub fn answered(model: &mut Model, name: &JobName, answer: Result<CancelAnswer, Failure>) -> Vec<Effect> {
    model.jobs.asking.remove(name);
    let title = model.jobs.get(name).map_or_else(|| name.id().to_owned(), |tracked| jobs::title(&tracked.job));
    let effects = match answer {
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
        Err(failure) => {
            stop_waiting(model, name);
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
