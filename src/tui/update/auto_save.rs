//! Saving without being asked: quietly, a few jobs at a time, never against a person.
//!
//! A listing says what no save holds. Nothing is begun while polling is frozen, the service is out of reach, or the disk was
//! full; nor for a job that a person deletes, or is being asked about. What failed is tried again, ever later, and not for
//! ever.

use std::time::Duration;

use jiff::Timestamp;

use crate::failure::{Exit, Failure};
use crate::job::{Job, JobName};
use crate::ops::{AutoSaved, Saved};
use crate::text::{count, span, thousands};
use crate::tui::effect::{Effect, SaveWhat};
use crate::tui::model::{Level, Model, Overlay, Save, Seq, Target, Verb};
use crate::tui::update::{jobs, notices, saving, work};

/// So many are saved at once: one place for downloads stays free for what a person asks for.
const AT_ONCE: usize = 2;

/// After so many tries a job is left to a person, and to the next session.
const MOST_TRIES: u32 = 5;

/// So many names are told; the others are counted.
const MOST_NAMES: usize = 3;

/// A listing says which jobs no save holds.
pub fn found(model: &mut Model, wanted: Vec<JobName>) -> Vec<Effect> {
    model.auto_saves.wanted = wanted;
    go_on(model)
}

/// Begins as many as may run now.
pub fn go_on(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    while let Some(job) = next(model) {
        effects.extend(saving::begin(model, Save { job: Box::new(job), what: SaveWhat::All, is_unasked: true }));
    }
    effects
}

/// How a job that no save holds stands, in words, when it is to be saved by itself.
pub fn standing(model: &Model, name: &JobName) -> Option<&'static str> {
    let auto = &model.auto_saves;
    if model.saves.running.values().any(|save| save.job.name == *name) {
        return Some("being saved");
    }
    if !auto.wanted.contains(name) || auto.done.contains(name) {
        return None;
    }
    Some(match (auto.is_paused, auto.tries.contains_key(name)) {
        (true, _) => "not saved: the disk is full, s goes on",
        (false, true) => "not saved: it is tried again",
        (false, false) => "to be saved",
    })
}

fn next(model: &Model) -> Option<Job> {
    let auto = &model.auto_saves;
    let is_at_rest = auto.is_paused || model.link.frozen || model.link.trouble.is_some();
    if is_at_rest || model.saves.running.values().filter(|save| save.is_unasked).count() >= AT_ONCE {
        return None;
    }
    let name = auto.wanted.iter().find(|name| may_begin(model, name))?;
    model.jobs.get(name).map(|tracked| tracked.job.clone())
}

fn may_begin(model: &Model, name: &JobName) -> bool {
    let auto = &model.auto_saves;
    let is_due = auto.tries.get(name).is_none_or(|(_, again)| *again <= model.now);
    let mut saves = model.saves.running.values().chain(&model.saves.waiting);
    let is_being_saved = saves.any(|save| save.job.name == *name);
    let is_going = model.jobs.deleted.contains(name) || model.jobs.deleting.contains(name);
    let is_there = model.jobs.get(name).is_some();
    is_due && is_there && !auto.done.contains(name) && !is_being_saved && !is_going && !is_asked_about(model, name)
}

/// Whether a dialog asks whether to delete it.
fn is_asked_about(model: &Model, name: &JobName) -> bool {
    model.overlays.iter().any(|overlay| match overlay {
        Overlay::Confirm(confirm) if confirm.verb == Verb::DeleteJobs => {
            confirm.targets.iter().any(|target| matches!(target, Target::Job(job, _) if job.name == *name))
        }
        Overlay::Confirm(_) | Overlay::Prompt(_) | Overlay::Page(_) => false,
    })
}

/// A save that nobody asked for came to its end.
pub fn ended(model: &mut Model, seq: Seq, result: Result<AutoSaved, Failure>) -> Vec<Effect> {
    let Some(save) = model.saves.running.remove(&seq) else { return Vec::new() };
    work::ended(model, seq);
    let (name, title) = (save.job.name.clone(), jobs::title(&save.job));
    match result {
        Ok(AutoSaved::Saved(saved)) => {
            saving::remember(model, &save, &saved);
            notices::settle(model, &cannot(&title));
            model.auto_saves.untold.push((title, saved));
            is_done(model, &name);
        }
        Ok(AutoSaved::Already(folder)) => {
            model.jobs.folders.insert(name.clone(), folder.clone());
            model.jobs.saved.insert(name.clone(), folder);
            is_done(model, &name);
        }
        Ok(AutoSaved::Nothing) => is_done(model, &name),
        // The next look at the journal tells what came of it.
        Ok(AutoSaved::Elsewhere) => {
            let again = later(model, Duration::from_secs(60));
            model.auto_saves.tries.insert(name.clone(), (0, again));
        }
        Err(failure) => failed(model, &name, &title, failure),
    }
    let mut effects = saving::next(model, &name);
    effects.extend(go_on(model));
    if !model.saves.running.values().any(|save| save.is_unasked) {
        tell(model);
    }
    effects
}

fn is_done(model: &mut Model, name: &JobName) {
    model.auto_saves.tries.remove(name);
    model.auto_saves.done.insert(name.clone());
}

fn cannot(title: &str) -> String {
    format!("cannot save {title} by itself")
}

fn failed(model: &mut Model, name: &JobName, title: &str, failure: Failure) {
    if failure.exit == Exit::Disk {
        let is_news = !model.auto_saves.is_paused;
        model.auto_saves.is_paused = true;
        if is_news {
            let hint = "nothing is saved by itself any more; make room, then s saves the job and the others follow";
            notices::fail(model, &cannot(title), &failure.hint(hint));
        }
        return;
    }
    let tried = model.auto_saves.tries.get(name).map_or(0, |(tried, _)| *tried) + 1;
    if tried == 1 {
        let hint = failure.hint.clone().unwrap_or_else(|| "it is tried again; s saves it now".to_owned());
        notices::fail(model, &cannot(title), &failure.hint(hint));
    }
    if tried == MOST_TRIES {
        is_done(model, name);
        return;
    }
    // A minute, five, twenty-five, two hours.
    let again = later(model, Duration::from_secs(60 * 5u64.pow(tried - 1)));
    model.auto_saves.tries.insert(name.clone(), (tried, again));
}

fn later(model: &Model, wait: Duration) -> Timestamp {
    model.now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Says what was saved, in one line however many jobs it were.
fn tell(model: &mut Model) {
    let untold = std::mem::take(&mut model.auto_saves.untold);
    match untold.as_slice() {
        [] => {}
        [(title, saved)] => {
            let (level, text) = saving::told(model, title, &SaveWhat::All, saved);
            notices::say(model, level, text);
        }
        several => {
            let (level, text) = told(several);
            notices::say(model, level, text);
        }
    }
}

fn told(several: &[(String, Saved)]) -> (Level, String) {
    let good: u64 = several.iter().map(|(_, saved)| saved.saved + saved.skipped).sum();
    let all: u64 =
        several.iter().map(|(_, saved)| saved.expected.unwrap_or(saved.saved + saved.skipped + saved.failed)).sum();
    let seconds = several.iter().map(|(_, saved)| saved.seconds).sum();
    let names: Vec<&str> = several.iter().take(MOST_NAMES).map(|(title, _)| title.as_str()).collect();
    let others = match several.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        others => format!(" and {}", count(others as u64, "other")),
    };
    let (jobs, names) = (count(several.len() as u64, "job"), names.join(", "));
    let (good_of, audio) = (format!("{} of {}", thousands(good), thousands(all)), span(seconds));
    let level = if good == 0 { Level::Bad } else { Level::Good };
    (level, format!("{jobs} saved: {names}{others} ({good_of}, {audio} of audio)"))
}
