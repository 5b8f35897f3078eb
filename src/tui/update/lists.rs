//! The visible list: moving, marking, filtering and sorting, whichever list it is.

use crate::tui::action::Motion;
use crate::tui::effect::Effect;
use crate::tui::layout;
use crate::tui::model::{FilesScreen, JobScreen, Jobs, JobsView, Level, Model, Overlay, Screen, Sort};
use crate::tui::update::cursor::{AnyList, List};
use crate::tui::update::notices;
use crate::tui::update::rows::{FileRows, JobRows, KeyRows};

/// The list of jobs.
pub fn jobs(model: &mut Model) -> List<'_, JobRows<'_>> {
    let page = layout::page(model);
    let now = service_time(model);
    let Jobs { entries, cursor, costs, doubts, spending, .. } = &mut model.jobs;
    List { cursor, rows: JobRows { entries, costs, paid: &spending.paid, doubts, now }, page }
}

/// Filters the list of jobs as if the filter had been typed.
pub fn filter_jobs(model: &mut Model, filter: &str) {
    let mut list = jobs(model);
    list.set_filter(filter);
}

/// The keys of a job.
pub fn keys(screen: &mut JobScreen, page: usize) -> List<'_, KeyRows<'_>> {
    let JobScreen { rows, texts, heads, haystack, cursor, .. } = screen;
    List { cursor, rows: KeyRows { rows, texts, heads, haystack }, page }
}

/// The stored files.
pub fn files(screen: &mut FilesScreen, now: jiff::Timestamp, page: usize) -> List<'_, FileRows<'_>> {
    let rows = FileRows { files: screen.files.as_deref().unwrap_or_default(), now };
    List { cursor: &mut screen.cursor, rows, page }
}

/// The list on the visible screen, if it shows one.
pub fn visible(model: &mut Model) -> Option<Box<dyn AnyList + '_>> {
    let page = layout::page(model);
    let now = service_time(model);
    if model.screens.is_empty() {
        return Some(Box::new(jobs(model)));
    }
    match model.screens.last_mut()? {
        Screen::Job(screen) => Some(Box::new(keys(screen, page))),
        Screen::Files(screen) => Some(Box::new(files(screen, now, page))),
        Screen::Key(_) | Screen::Create(_) | Screen::Messages { .. } | Screen::Help { .. } => None,
    }
}

/// The time by the service's clock, which is the one that wrote the times of jobs and files.
pub fn service_time(model: &Model) -> jiff::Timestamp {
    let ahead = jiff::SignedDuration::from_secs(model.link.clock_ahead);
    model.now.saturating_add(ahead).unwrap_or(model.now)
}

/// Scrolls the visible list so that its selection is on the screen.
pub fn fit(model: &mut Model) {
    // A page that covers the list has another height; the list must stand where it stood when the page is closed.
    if let Some(Overlay::Page(_)) = model.overlays.last() {
        return;
    }
    if let Some(mut list) = visible(model) {
        list.fit();
    }
}

/// Changes the visible list; does nothing on a screen without one.
pub fn change(model: &mut Model, change: impl FnOnce(&mut dyn AnyList)) -> Vec<Effect> {
    if let Some(mut list) = visible(model) {
        change(&mut *list);
    }
    Vec::new()
}

/// Moves the selection of the visible list.
pub fn go(model: &mut Model, motion: Motion) -> Vec<Effect> {
    change(model, |list| list.go(motion))
}

/// Sorts the visible list by a column; the same column again reverses.
pub fn sort_by(model: &mut Model, column: u8) -> Vec<Effect> {
    let Some(mut list) = visible(model) else { return Vec::new() };
    let reversed = list.sorted().is_some_and(|sort| sort.column == column && !sort.reversed);
    let columns = list.columns().len();
    let sorted = list.sort(Some(Sort { column, reversed }));
    drop(list);
    if !sorted {
        notices::say(model, Level::Info, format!("there is no column {column} here; columns are 1 to {columns}"));
        return Vec::new();
    }
    keep_view(model)
}

/// Brings the default order back.
pub fn sort_default(model: &mut Model) -> Vec<Effect> {
    if let Some(mut list) = visible(model) {
        list.sort(None);
    }
    keep_view(model)
}

/// Shows only what failed or looks bad, or everything again.
pub fn only_bad(model: &mut Model) -> Vec<Effect> {
    change(model, |list| list.only_bad())
}

/// Remembers sort and filter of the list of jobs, if that is what is visible.
pub fn keep_view(model: &Model) -> Vec<Effect> {
    if !model.screens.is_empty() {
        return Vec::new();
    }
    let cursor = &model.jobs.cursor;
    let sort = cursor.sort.map(|sort| (sort.column, sort.reversed));
    vec![Effect::KeepView(JobsView { sort, filter: cursor.filter.clone() })]
}
