//! Saving results: what is asked for, what is under way, and what was left on disk.

use std::path::Path;

use crate::failure::Failure;
use crate::job::{Job, JobName};
use crate::ops::{Progress, Saved};
use crate::results::Outcome;
use crate::text::{clean_short, plural, span, thousands};
use crate::tui::effect::{Effect, SaveWhat};
use crate::tui::model::{Entry, EntryId, Level, Model, Save, Screen, Seq, Work};
use crate::tui::update::record::reason;
use crate::tui::update::{job, jobs, notices, work};

/// Saves the selected key, or the selected job.
pub fn save_selected(model: &mut Model) -> Vec<Effect> {
    let Some(job) = job::current(model).cloned() else { return Vec::new() };
    if model.screens.is_empty() {
        return save_jobs(model, vec![job]);
    }
    let Some(row) = job::current_row(model) else { return Vec::new() };
    if row.outcome != Outcome::Audio {
        let name = clean_short(row.key.as_deref().unwrap_or("this line"), 60);
        let why = clean_short(reason(row).unwrap_or("none came"), 120);
        notices::say(model, Level::Info, format!("{name} has no audio: {why}"));
        return Vec::new();
    }
    let what = SaveWhat::Lines(vec![row.line]);
    start(model, job, what)
}

/// Saves what is marked; without marks all keys of the job, or the selected job.
pub fn save_all(model: &mut Model) -> Vec<Effect> {
    if model.screens.is_empty() {
        let jobs = marked_jobs(model);
        return save_jobs(model, jobs);
    }
    let Some(job) = job::current(model).cloned() else { return Vec::new() };
    let lines: Vec<u64> = match model.screens.last() {
        Some(Screen::Job(screen)) => screen.cursor.marks.iter().copied().collect(),
        Some(Screen::Key(_) | Screen::Create(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. })
        | None => Vec::new(),
    };
    if !lines.is_empty() {
        return start(model, job, SaveWhat::Lines(lines));
    }
    save_jobs(model, vec![job])
}

fn marked_jobs(model: &Model) -> Vec<Job> {
    let cursor = &model.jobs.cursor;
    let is_meant = |id: &EntryId| match cursor.marks.is_empty() {
        true => cursor.selected.as_ref() == Some(id),
        false => cursor.marks.contains(id),
    };
    let jobs = model.jobs.entries.iter().filter_map(|entry| match entry {
        Entry::Job(tracked) if is_meant(&entry.id()) => Some(tracked.job.clone()),
        Entry::Job(_) | Entry::Lost(_) => None,
    });
    jobs.collect()
}

fn save_jobs(model: &mut Model, jobs: Vec<Job>) -> Vec<Effect> {
    let (ready, without): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(|job| job.dest.is_some());
    match without.as_slice() {
        [] => {}
        [job] => {
            let text = format!("{} is {} and has no results yet", jobs::title(job), job.state.word());
            notices::say(model, Level::Info, text);
        }
        several => {
            notices::say(model, Level::Info, format!("{} left out that have no results", plural(several.len(), "job")));
        }
    }
    ready.into_iter().flat_map(|job| start(model, job, SaveWhat::All)).collect()
}

/// Begins a save, or lets it wait for the one of the same job.
fn start(model: &mut Model, job: Job, what: SaveWhat) -> Vec<Effect> {
    let running = model.saves.running.values().find(|save| save.job.name == job.name);
    match running.map(|save| &save.what) {
        None => begin(model, Save { job: Box::new(job), what }),
        Some(SaveWhat::All) => {
            notices::say(model, Level::Info, format!("{} is being saved already", jobs::title(&job)));
            Vec::new()
        }
        Some(SaveWhat::Lines(_)) => {
            match model.saves.waiting.iter_mut().find(|save| save.job.name == job.name) {
                Some(waiting) => join(&mut waiting.what, what),
                None => model.saves.waiting.push(Save { job: Box::new(job), what }),
            }
            Vec::new()
        }
    }
}

fn join(waiting: &mut SaveWhat, more: SaveWhat) {
    match (&mut *waiting, more) {
        (SaveWhat::Lines(lines), SaveWhat::Lines(more)) => {
            let new: Vec<u64> = more.into_iter().filter(|line| !lines.contains(line)).collect();
            lines.extend(new);
        }
        (SaveWhat::All, _) => {}
        (SaveWhat::Lines(_), SaveWhat::All) => *waiting = SaveWhat::All,
    }
}

fn begin(model: &mut Model, save: Save) -> Vec<Effect> {
    let seq = model.next_seq();
    let what = match &save.what {
        SaveWhat::All => format!("saving {}", jobs::title(&save.job)),
        SaveWhat::Lines(lines) => format!("saving {} of {}", plural(lines.len(), "key"), jobs::title(&save.job)),
    };
    model.work.push(Work { seq, what, progress: Progress::default(), job: Some(save.job.name.clone()) });
    let effect = Effect::Save(seq, save.job.clone(), save.what.clone());
    model.saves.running.insert(seq, save);
    vec![effect]
}

/// A result line was saved, or could not be.
pub fn row_saved(model: &mut Model, seq: Seq, line: u64, file: Option<String>) -> Vec<Effect> {
    let Some(save) = model.saves.running.get(&seq) else { return Vec::new() };
    let name = save.job.name.clone();
    if let (Some(file), Some(screen)) = (file, model.job_screen_mut())
        && screen.name == name
    {
        screen.files.insert(line, file);
    }
    Vec::new()
}

/// A save came to its end.
pub fn ended(model: &mut Model, seq: Seq, result: Result<Saved, Failure>) -> Vec<Effect> {
    let Some(save) = model.saves.running.remove(&seq) else { return Vec::new() };
    work::ended(model, seq);
    let name = save.job.name.clone();
    let title = jobs::title(&save.job);
    match result {
        Ok(saved) => {
            model.jobs.folders.insert(name.clone(), saved.folder.clone());
            if save.what == SaveWhat::All {
                model.jobs.saved.insert(name.clone(), saved.folder.clone());
            }
            let (level, text) = told(model, &title, &save.what, &saved);
            notices::say(model, level, text);
        }
        Err(failure) => notices::fail(model, &format!("cannot save {title}"), &failure),
    }
    next(model, &name)
}

/// The save that waited for this job.
fn next(model: &mut Model, name: &JobName) -> Vec<Effect> {
    match model.saves.waiting.iter().position(|save| save.job.name == *name) {
        Some(at) => {
            let save = model.saves.waiting.remove(at);
            begin(model, save)
        }
        None => Vec::new(),
    }
}

fn told(model: &Model, title: &str, what: &SaveWhat, saved: &Saved) -> (Level, String) {
    let folder = short(&saved.folder, &model.setting.folder);
    let good = saved.saved + saved.skipped;
    let audio = span(saved.seconds);
    let suspect = match saved.suspect {
        0 => String::new(),
        number => format!(", {} sound wrong", thousands(number)),
    };
    let level = if good == 0 { Level::Bad } else { Level::Good };
    let text = match what {
        SaveWhat::All => {
            let of = thousands(saved.expected.unwrap_or(good + saved.failed));
            format!("{title} saved to {folder} ({} of {of}, {audio} of audio{suspect})", thousands(good))
        }
        SaveWhat::Lines(lines) => {
            let of = thousands(lines.len() as u64);
            format!("{} of {of} keys of {title} saved to {folder} ({audio} of audio{suspect})", thousands(good))
        }
    };
    (level, text)
}

/// Plays the selected key, if it was saved.
pub fn play(model: &mut Model) -> Vec<Effect> {
    let Some(row) = job::current_row(model) else { return Vec::new() };
    let key = clean_short(row.key.as_deref().unwrap_or("this line"), 60);
    let saved = model.job_screen().and_then(|screen| {
        let folder = model.jobs.folders.get(&screen.name)?;
        Some(model.setting.folder.join(folder).join(screen.files.get(&row.line)?))
    });
    match saved {
        Some(path) => vec![Effect::Play(path)],
        None => {
            notices::say(model, Level::Info, format!("{key} is not saved yet; s saves it, then p plays it"));
            Vec::new()
        }
    }
}

/// A folder as a person would type it.
fn short(folder: &Path, here: &Path) -> String {
    let inside = folder.strip_prefix(here).ok().or_else(|| folder.is_relative().then_some(folder));
    let shown = match inside {
        Some(inside) => format!("./{}", inside.display()),
        None => folder.display().to_string(),
    };
    crate::text::clean(&shown)
}
