//! The keys of a job that were not sent, because their audio was on this disk: they go into its folder with the others.
//!
//! It is a run of its own, after the rows of the job: the folder is the one of that job before anything else is in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::failure::{Exit, Failure};
use crate::job::Job;
use crate::ops::Session;
use crate::ops::session::on_disk;
use crate::ops::unchanged::{Line, each_line};
use crate::save::{Elsewhere, Progress as Done, Saver, Selection, Summary};
use crate::store::Store;
use crate::text;

use super::choice::Takes;
use super::feed;
use super::{SaveOrder, Saving};

/// What was brought into the folder.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// What the run has done; a key whose audio is gone has failed.
    pub(super) summary: Summary,
    /// Of all that stand in the folder.
    pub(super) seconds: f64,
}

impl Brought {
    /// How many of the keys were wanted.
    pub(super) fn rows(&self) -> u64 {
        self.summary.rows()
    }
}

/// Brings the keys that were wanted into the folder of the job, and tells each one. Those that are there are left alone.
pub(super) async fn bring(
    session: &Session,
    job: &Job,
    what: &SaveOrder,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Brought, Failure> {
    let Some(token) = job.token().map(str::to_owned) else { return Ok(Brought::default()) };
    let selection = match Takes::new(&what.keys)? {
        // They stand on lines of other jobs.
        Takes::Lines(_) => return Ok(Brought::default()),
        takes @ (Takes::All | Takes::Keys(_)) => takes.selection(),
    };
    let (tell, mut told) = feed::events();
    let (store, folder, name) = (session.store.clone(), what.folder.clone(), job.name.clone());
    let title = text::clean_short(job.title(), 60);
    let bringing = on_disk(move || {
        let list = Store::unchanged_path(&store.requests_path(&token));
        let n = store.intent(&token)?.map_or(0, |made| made.intent.n_unchanged);
        if !list.is_file() {
            if n > 0 {
                // Nobody listens any more when the caller was dropped.
                let _ = tell.blocking_send(forgotten(n, &title));
            }
            return Ok(Brought { summary: Summary { failed: n, ..Summary::default() }, seconds: 0.0 });
        }
        let milliseconds = Arc::new(AtomicU64::new(0));
        let sum = Arc::clone(&milliseconds);
        let on_row = move |done: Done<'_>| {
            let event = event(&done);
            if let Saving::Unchanged { file: Some(_), seconds, .. } = &event {
                sum.fetch_add((seconds * 1_000.0).round() as u64, Ordering::Relaxed);
            }
            let _ = tell.blocking_send(event);
        };
        let saver = Saver::open(&folder, Some(name), Selection::All, Box::new(on_row))?;
        let summary = run(saver, &list, &selection)?;
        Ok::<_, Failure>(Brought { summary, seconds: milliseconds.load(Ordering::Relaxed) as f64 / 1_000.0 })
    });
    let telling = async {
        while let Some(event) = told.recv().await {
            events(event);
        }
    };
    let (brought, ()) = tokio::join!(bringing, telling);
    brought
}

fn run(mut saver: Saver, list: &Path, selection: &Selection) -> Result<Summary, Failure> {
    let mut elsewhere: Option<Elsewhere> = None;
    each_line(list, |Line { folder, record, .. }| {
        if !selection.takes(record.key.as_deref(), record.line) {
            return Ok(());
        }
        let from = match &mut elsewhere {
            Some(open) if open.path() == folder => open,
            other => other.insert(Elsewhere::open(&folder)),
        };
        saver.bring(from, record).map_err(Stop::Save)
    })
    .map_err(|stop| match stop {
        Stop::Save(error) => error.into(),
        Stop::Read(error) => Failure::with_exit(Exit::SomeBad, format!("cannot read {}: {error}", list.display()))
            .hint("it says which keys of the job were not sent; create its source again to have them all"),
    })?;
    Ok(saver.finish()?)
}

/// Why it came to an end.
enum Stop {
    Save(crate::save::Error),
    Read(std::io::Error),
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Stop::Read(error)
    }
}

fn event(done: &Done<'_>) -> Saving {
    let record = done.record;
    match (done.row, &record.file) {
        (None, Some(file)) => Saving::Renamed { key: record.key.clone(), file: file.clone(), line: record.line },
        (Some(_) | None, file) => Saving::Unchanged {
            key: record.key.clone(),
            file: file.clone(),
            error: record.error.clone(),
            job: record.job.clone(),
            line: record.line,
            seconds: record.duration_seconds.unwrap_or(0.0),
        },
    }
}

fn forgotten(n: u64, title: &str) -> Saving {
    let keys = text::count(n, "key");
    let error = format!("{keys} of {title} not sent as their audio was on this disk, and the list of them is gone");
    Saving::Unchanged { key: None, file: None, error: Some(error), job: None, line: 0, seconds: 0.0 }
}

/// The folder as it is remembered.
pub(super) fn absolute(folder: &Path) -> PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}
