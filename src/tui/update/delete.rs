//! Deleting jobs and stored files: what would be lost is found out first, and said in the question.

use crate::failure::Failure;
use crate::job::{Dest, FileName, Job, JobName, JobState};
use crate::ops::Loss;
use crate::text::{clean_short, plural};
use crate::tui::effect::Effect;
use crate::tui::model::{Entry, Level, Model, Screen, Target, Verb};
use crate::tui::update::{dialog, files, job, jobs, notices, screens};

/// Asks whether to delete what is marked, or what is selected.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    if model.setting.read_only {
        notices::say(model, Level::Info, "read-only: nothing can be deleted");
        return Vec::new();
    }
    match model.screens.last() {
        None | Some(Screen::Job(_) | Screen::Key(_)) => ask_about_jobs(model),
        Some(Screen::Files(_)) => ask_about_files(model),
        Some(Screen::Create(_) | Screen::Messages { .. } | Screen::Help { .. }) => Vec::new(),
    }
}

fn ask_about_jobs(model: &mut Model) -> Vec<Effect> {
    let (over, active): (Vec<Job>, Vec<Job>) = job::meant(model).into_iter().partition(|job| job.state.is_terminal());
    match active.as_slice() {
        [] => {}
        [job] => {
            let text = format!("{} is {}: cancel it first, then delete it", jobs::title(job), job.state.word());
            notices::say(model, Level::Info, text);
        }
        several => {
            let text = format!("{} left out that are not over: cancel them first", plural(several.len(), "job"));
            notices::say(model, Level::Info, text);
        }
    }
    if over.is_empty() {
        return Vec::new();
    }
    let doubtful: Vec<Job> = over.iter().filter(|job| may_hold_results(job)).cloned().collect();
    let targets = over
        .into_iter()
        .map(|job| {
            let loss = (!may_hold_results(&job)).then_some(Loss::Nothing);
            Target::Job(Box::new(job), loss)
        })
        .collect();
    let seq = (!doubtful.is_empty()).then(|| model.next_seq());
    dialog::ask(model, Verb::DeleteJobs, targets, seq, false);
    seq.map(|seq| Effect::CheckLoss(seq, doubtful)).into_iter().collect()
}

/// A job that ended badly and names no results has none; one that succeeded may only not have named them yet.
fn may_hold_results(job: &Job) -> bool {
    job.dest.is_some() || job.state == JobState::Succeeded
}

/// The service's answer to the deletion of a job.
pub fn job_deleted(model: &mut Model, name: &JobName, answer: Result<(), Failure>) -> Vec<Effect> {
    let title = model.jobs.get(name).map_or_else(|| name.id().to_owned(), |tracked| jobs::title(&tracked.job));
    match answer {
        Ok(()) => {
            model.jobs.deleted.insert(name.clone());
            jobs::remove(model, name);
            notices::say(model, Level::Good, format!("{title} deleted"));
            let is_open = model.job_screen().is_some_and(|screen| screen.name == *name);
            if is_open { screens::close_to(model, 0) } else { Vec::new() }
        }
        Err(failure) => {
            notices::fail(model, &format!("cannot delete {title}"), &failure);
            Vec::new()
        }
    }
}

fn ask_about_files(model: &mut Model) -> Vec<Effect> {
    let targets = files::meant(model);
    if targets.is_empty() {
        return Vec::new();
    }
    let typed = targets.iter().any(|(name, _)| holds_unsaved_results(model, name));
    let targets = targets.into_iter().map(|(name, display)| Target::File(name, display)).collect();
    dialog::ask(model, Verb::DeleteFiles, targets, None, typed);
    Vec::new()
}

/// Whether a file holds the results of a job that were never saved as a whole.
fn holds_unsaved_results(model: &Model, file: &FileName) -> bool {
    model.jobs.entries.iter().any(|entry| match entry {
        Entry::Job(tracked) => {
            let is_dest = matches!(&tracked.job.dest, Some(Dest::File(dest)) if dest == file);
            is_dest && !model.jobs.saved.contains_key(&tracked.job.name)
        }
        Entry::Lost(_) => false,
    })
}

/// The service's answer to the deletion of a file.
pub fn file_deleted(model: &mut Model, name: &FileName, answer: Result<(), Failure>) -> Vec<Effect> {
    match answer {
        Ok(()) => {
            files::remove(model, name);
            notices::say(model, Level::Good, format!("{} deleted", name.as_str()));
        }
        Err(failure) => {
            notices::fail(model, &format!("cannot delete {}", clean_short(name.as_str(), 60)), &failure);
        }
    }
    Vec::new()
}
