//! `save`: results to audio files, from jobs or from results files that are already on disk.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::args::Save;
use super::choose;
use super::console::Console;
use super::progress::Together;
use crate::audio::Verdict;
use crate::clock::Stopwatch;
use crate::failure::{Exit, Failure};
use crate::job::{Job, JobName};
use crate::ops::{self, KeyChoice, SaveFrom, SaveOrder, Saved, Saving, Session};
use crate::results::review::Finding;
use crate::text;

/// So many results that need a look are told for each job; the manifest has all of them.
const MOST_TOLD: u64 = 20;

/// Where the results of a save are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tell {
    /// One object for every result, on standard output.
    Json,
    /// One line for every job, on standard output.
    Result,
    /// One line for every job, on standard error.
    Talk,
}

/// Whether a word names a results file: a file that is there is never taken for a job, and what cannot be the name of a
/// job, such as `results.jsonl`, is a file that is missing.
pub fn is_file(word: &str) -> bool {
    let cannot_be_a_job = JobName::parse_loose(word).is_none() && !word.trim().is_empty();
    Path::new(word).is_file() || cannot_be_a_job
}

/// Saves several things at once, as many as may be downloaded together.
pub async fn run(session: &Session, console: &Console, arguments: &Save) -> Result<Exit, Failure> {
    let mut sources = Vec::with_capacity(arguments.what.len());
    for word in &arguments.what {
        let source = match is_file(word) {
            true => SaveFrom::File(PathBuf::from(word)),
            false => {
                let name = ops::find(session, word).await?;
                SaveFrom::Job(ops::get(session, &name).await?.value)
            }
        };
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let keys = match arguments.key.as_slice() {
        [] => KeyChoice::All,
        globs => KeyChoice::Globs(globs.to_vec()),
    };
    let tell = if arguments.json { Tell::Json } else { Tell::Result };
    let folders = folders(session, arguments.out.as_deref(), &sources);
    let order = |(from, folder)| SaveOrder { from, folder, keys: keys.clone() };
    let orders = sources.into_iter().zip(folders).map(order).collect();
    Ok(all(session, console, orders, tell, Exits::new(Exit::Ok)).await)
}

/// The folder of each source: the one that was named for a single source, else one for each below it.
fn folders(session: &Session, out: Option<&Path>, sources: &[SaveFrom]) -> Vec<PathBuf> {
    if let (Some(out), [_]) = (out, sources) {
        return vec![out.to_owned()];
    }
    let below = out.unwrap_or(Path::new(""));
    let of_job = |source: &SaveFrom| match source {
        SaveFrom::Job(job) => Some(ops::default_folder(session, below, job)),
        SaveFrom::File(_) => None,
    };
    let of_jobs: Vec<Option<PathBuf>> = sources.iter().map(of_job).collect();
    let mut taken: HashSet<PathBuf> = of_jobs.iter().flatten().cloned().collect();
    let folder = |(source, of_job): (&SaveFrom, Option<PathBuf>)| match (source, of_job) {
        (_, Some(folder)) => folder,
        (SaveFrom::Job(job), None) => below.join(job.name.id()),
        (SaveFrom::File(path), None) => {
            let stem = path.file_stem().unwrap_or(path.as_os_str());
            let numbered = |number: usize| {
                let mut name = stem.to_owned();
                if number > 1 {
                    name.push(format!("-{number}"));
                }
                below.join(name)
            };
            let free = (1..).map(numbered).find(|folder| !taken.contains(folder));
            let folder = free.expect("of endless names one is free");
            taken.insert(folder.clone());
            folder
        }
    };
    sources.iter().zip(of_jobs).map(folder).collect()
}

/// The orders to save whole jobs into a folder: into itself when there is but one, else into one for each below it.
pub fn orders(session: &Session, out: &Path, n_jobs: usize, jobs: Vec<Job>) -> Vec<SaveOrder> {
    let order = |job: Job| {
        let folder = if n_jobs == 1 { out.to_owned() } else { ops::default_folder(session, out, &job) };
        SaveOrder { from: SaveFrom::Job(job), folder, keys: KeyChoice::All }
    };
    jobs.into_iter().map(order).collect()
}

/// How several saves came out together: the first failure counts, else the first thing that needs a look.
pub struct Exits {
    exit: Exit,
    failures: Vec<Failure>,
}

impl Exits {
    /// Begins with how things stand before anything is saved.
    pub fn new(exit: Exit) -> Self {
        Exits { exit, failures: Vec::new() }
    }

    /// Takes in how one save came out; its failure was told.
    pub fn add(&mut self, saved: Result<Exit, Failure>) {
        match saved {
            Ok(saved) if self.exit == Exit::Ok => self.exit = saved,
            Ok(_) => {}
            Err(failure) => self.failures.push(failure),
        }
    }

    /// How all of it came out.
    pub fn all(self) -> Exit {
        if self.failures.is_empty() { self.exit } else { choose::first_failure(self.failures) }
    }
}

/// Carries all orders out, several at once. A failure of one does not keep the others from being saved; of several, the
/// first in the order of the command counts, whichever came first in time.
pub async fn all(session: &Session, console: &Console, orders: Vec<SaveOrder>, tell: Tell, mut exits: Exits) -> Exit {
    let is_of_job = |order: &SaveOrder| matches!(order.from, SaveFrom::Job(_));
    // Files on this disk keep it and both cores busy one after the other.
    let at_once = if orders.iter().any(is_of_job) { session.budget.downloads() } else { 1 };
    // A retake goes to the folder of its original, and a folder takes one save after the other.
    let mut folders = HashSet::new();
    let absolute = |order: &SaveOrder| std::path::absolute(&order.folder).unwrap_or_else(|_| order.folder.clone());
    let at_once = if orders.iter().all(|order| folders.insert(absolute(order))) { at_once } else { 1 };
    let n_orders = orders.len();
    let desk = Desk {
        console,
        tell,
        is_alone: n_orders == 1,
        together: Mutex::new(Together::new(n_orders)),
        since: Stopwatch::start(),
    };
    let one = |(which, order)| {
        let desk = &desk;
        async move { (which, desk.save(session, which, order).await) }
    };
    let mut saved: Vec<_> =
        stream::iter(orders.into_iter().enumerate()).map(one).buffer_unordered(at_once).collect().await;
    console.end_progress();
    saved.sort_by_key(|(which, _)| *which);
    saved.into_iter().for_each(|(_, saved)| exits.add(saved));
    exits.all()
}

/// Where several saves are told together.
struct Desk<'a> {
    console: &'a Console,
    tell: Tell,
    is_alone: bool,
    together: Mutex<Together>,
    since: Stopwatch,
}

impl Desk<'_> {
    async fn save(&self, session: &Session, which: usize, order: SaveOrder) -> Result<Exit, Failure> {
        let (name, job) = match &order.from {
            SaveFrom::Job(job) => (job.name.to_string(), Some(job.name.to_string())),
            SaveFrom::File(path) => (text::clean(&path.display().to_string()), None),
        };
        let bad = Mutex::new(Bad::default());
        let on_event = |event| self.on_event(which, job.as_deref(), &bad, event);
        let saved = ops::save(session, &order, &on_event).await;
        self.together().over(which);
        let bad = bad.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.tell_bad(&name, &order.folder, bad);
        match saved {
            Ok(saved) => {
                self.tell_review(&name, job.as_deref(), &saved);
                let line = format!("{name}: {}", summary(&saved));
                match self.tell {
                    Tell::Result => self.console.result(&line),
                    Tell::Json | Tell::Talk => self.console.talk(&line),
                }
                Ok(exit(&saved))
            }
            Err(failure) => {
                self.console.failure(&failure);
                Err(failure)
            }
        }
    }

    fn together(&self) -> MutexGuard<'_, Together> {
        self.together.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn on_event(&self, which: usize, job: Option<&str>, bad: &Mutex<Bad>, event: Saving) {
        match event {
            Saving::Progress(progress) => {
                let mut together = self.together();
                together.moved(which, progress);
                let now = self.since.elapsed();
                if together.is_due(now) {
                    self.console.progress_line(|cells| together.line(now, cells));
                }
            }
            Saving::WithoutCopy => {
                self.console.talk("no room for a copy beside the audio: fetched again and saved without one");
            }
            Saving::Renamed { key, file, line } => match self.tell {
                Tell::Json => self.console.json(&json!({
                    "key": key,
                    "file": file,
                    "status": "renamed",
                    "job": job,
                    "line": line,
                })),
                // Nobody was told the name before.
                Tell::Result | Tell::Talk => {}
            },
            Saving::Unchanged { key, file, error, job: made_by, line, seconds: _ } => match self.tell {
                Tell::Json => self.console.json(&json!({
                    "key": key,
                    "file": file,
                    "status": if file.is_some() { "saved" } else { "failed" },
                    "verdict": if file.is_some() { Verdict::Ok } else { Verdict::Error }.as_str(),
                    "job": made_by,
                    "line": line,
                    "error": error,
                })),
                Tell::Result | Tell::Talk if file.is_some() => {}
                Tell::Result | Tell::Talk => {
                    let key =
                        key.as_deref().map_or_else(String::new, |key| format!("{}: ", text::clean_short(key, 80)));
                    let line = format!("  {key}missing: {}", error.unwrap_or_default());
                    let line = bad.lock().unwrap_or_else(PoisonError::into_inner).add(line, self.is_alone);
                    if let Some(line) = line {
                        self.console.talk(&line);
                    }
                }
            },
            Saving::Row { key, file, verdict, status, line, seconds: _, sha256: _, tokens: _ } => match self.tell {
                Tell::Json => self.console.json(&json!({
                    "key": key,
                    "file": file,
                    "status": status,
                    "verdict": verdict.as_str(),
                    "job": job,
                    "line": line,
                    // Without a key only the place tells whose it is, and the service does not always keep the order.
                    "order": (key.is_none() && file.is_some()).then_some("unverified"),
                })),
                Tell::Result | Tell::Talk if verdict == Verdict::Ok => {}
                Tell::Result | Tell::Talk => {
                    let key = key
                        .as_deref()
                        .map_or_else(|| "a result without a key".to_owned(), |key| text::clean_short(key, 80));
                    let line = format!("  {key}: {} ({status})", verdict.as_str());
                    let line = bad.lock().unwrap_or_else(PoisonError::into_inner).add(line, self.is_alone);
                    if let Some(line) = line {
                        self.console.talk(&line);
                    }
                }
            },
        }
    }

    /// What all results together have shown.
    fn tell_review(&self, name: &str, job: Option<&str>, saved: &Saved) {
        let review = &saved.review;
        let mut lines: Vec<String> = Vec::new();
        for change in review.changes.iter().take(MOST_TOLD as usize) {
            lines.push(format!("  line {}: {} ({})", change.line, change.verdict.as_str(), change.why()));
        }
        let n_more = (review.changes.len() as u64).saturating_sub(MOST_TOLD);
        if n_more > 0 {
            lines.push(format!("  … and {} more that do not fit the others", text::thousands(n_more)));
        }
        lines
            .extend(review.lines(&|line| format!("line {line}")).iter().map(|line| format!("warning: {name}: {line}")));
        if !lines.is_empty() {
            self.console.talk(&lines.join("\n"));
        }
        if self.tell == Tell::Json {
            for change in &review.changes {
                self.console.json(&json!({
                    "job": job,
                    "line": change.line,
                    "status": "reviewed",
                    "verdict": change.verdict.as_str(),
                    "timesExpected": (change.times * 1000.0).round() / 1000.0,
                }));
            }
            review.findings.iter().for_each(|finding| self.console.json(&finding_json(job, finding)));
        }
    }

    /// The results of one of several that need a look, together so that nobody takes them for those of another; and how
    /// many more there are.
    fn tell_bad(&self, name: &str, folder: &Path, bad: Bad) {
        let n_more = bad.number.saturating_sub(MOST_TOLD);
        let mut lines = bad.held;
        if !lines.is_empty() {
            lines.insert(0, format!("{name}:"));
        }
        if n_more > 0 {
            let folder = text::clean(&folder.display().to_string());
            lines.push(format!("  … and {} more: see manifest.jsonl in {folder}", text::thousands(n_more)));
        }
        if !lines.is_empty() {
            self.console.talk(&lines.join("\n"));
        }
    }
}

/// Results that need a look, as far as they are told.
#[derive(Debug, Default)]
struct Bad {
    number: u64,
    held: Vec<String>,
}

impl Bad {
    /// One more; gives it back when it is to be told at once.
    fn add(&mut self, line: String, is_alone: bool) -> Option<String> {
        self.number += 1;
        match (self.number <= MOST_TOLD, is_alone) {
            (false, _) => None,
            (true, true) => Some(line),
            (true, false) => {
                self.held.push(line);
                None
            }
        }
    }
}

/// A finding about all results together, for scripts.
fn finding_json(job: Option<&str>, finding: &Finding) -> Value {
    let lines = match finding {
        Finding::Shifted { from, to, .. } => [Some(*from), *to],
        Finding::Exchanged { one, other } => [Some(*one), Some(*other)],
        Finding::Mixed { .. } => [None, None],
    };
    json!({
        "job": job,
        "finding": finding.word(),
        "lines": lines.into_iter().flatten().collect::<Vec<u64>>(),
        "by": if let Finding::Shifted { by, .. } = finding { Some(by) } else { None },
        "message": finding.tell(&|line| format!("line {line}")),
    })
}

/// `50 done · 47 good · 3 bad, 49 files in ./ch01 (1 there already), 1 failed, 2 m 05 of audio`.
fn summary(saved: &Saved) -> String {
    let done = saved.saved + saved.skipped + saved.failed + saved.duplicates;
    let bad = (saved.failed + saved.duplicates + saved.suspect).min(done);
    let files = text::count(saved.saved + saved.skipped, "file");
    let told = text::done_good_bad(done, done - bad, bad);
    let mut summary = format!("{told}, {files} in {}", text::clean(&saved.folder.display().to_string()));
    let notes = [(saved.skipped, "there already"), (saved.unchanged, "unchanged")];
    let notes = notes.into_iter().filter(|(number, _)| *number > 0);
    let notes: Vec<String> = notes.map(|(number, what)| format!("{} {what}", text::thousands(number))).collect();
    if !notes.is_empty() {
        summary.push_str(&format!(" ({})", notes.join(", ")));
    }
    for (number, what) in [
        (saved.failed, "failed"),
        (saved.suspect, "look bad"),
        (saved.duplicates, "of a key that came before"),
        (missing(saved), "missing"),
    ] {
        if number > 0 {
            summary.push_str(&format!(", {} {what}", text::thousands(number)));
        }
    }
    summary.push_str(&format!(", {} of audio", text::span(saved.seconds)));
    summary
}

/// Results that the service announced and that did not come.
fn missing(saved: &Saved) -> u64 {
    let came = saved.saved + saved.skipped + saved.failed + saved.duplicates;
    saved.expected.map_or(0, |expected| expected.saturating_sub(came))
}

fn exit(saved: &Saved) -> Exit {
    let is_good = saved.failed == 0 && saved.suspect == 0 && saved.duplicates == 0 && missing(saved) == 0;
    let is_good = is_good && saved.review.findings.is_empty();
    if is_good { Exit::Ok } else { Exit::SomeBad }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::review::Review;

    #[test]
    fn the_summary_tells_what_needs_a_look_and_so_does_the_exit_code() {
        let good = Saved { folder: "ch01".into(), saved: 4, seconds: 125.0, expected: Some(4), ..Saved::default() };
        assert_eq!(
            (summary(&good).as_str(), exit(&good)),
            ("4 done · 4 good · 0 bad, 4 files in ch01, 2 m 05 of audio", Exit::Ok)
        );
        let again = Saved { saved: 0, skipped: 4, ..good.clone() };
        assert_eq!(summary(&again), "4 done · 4 good · 0 bad, 4 files in ch01 (4 there already), 2 m 05 of audio");
        assert_eq!(exit(&again), Exit::Ok);
        let bad = Saved { saved: 2, failed: 1, suspect: 1, expected: Some(4), ..good.clone() };
        let told = "3 done · 1 good · 2 bad, 2 files in ch01, 1 failed, 1 look bad, 1 missing, 2 m 05 of audio";
        assert_eq!(summary(&bad), told);
        let odd = Review { findings: vec![Finding::Mixed { rows: 4 }], ..Review::default() };
        for bad in [
            bad,
            Saved { failed: 1, ..good.clone() },
            Saved { suspect: 1, ..good.clone() },
            Saved { duplicates: 1, ..good.clone() },
            Saved { saved: 3, ..good.clone() },
            Saved { review: odd, ..good },
        ] {
            assert_eq!(exit(&bad), Exit::SomeBad, "{bad:?}");
        }
    }
}
