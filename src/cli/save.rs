//! `save`: results to audio files, from a job or from a results file that is already on disk.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::Save;
use super::choose;
use super::console::Console;
use crate::audio::Verdict;
use crate::failure::{Exit, Failure};
use crate::job::JobName;
use crate::ops::{self, KeyChoice, SaveFrom, SaveOrder, Saved, Saving, Session};
use crate::results::review::Finding;
use crate::text;

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
    Path::new(word).is_file() || JobName::parse_loose(word).is_none()
}

/// Saves one thing after the other, because each of them uses the network and the disk as fast as they are. A failure
/// of one does not keep the others from being saved.
pub async fn run(session: &Session, console: &Console, arguments: &Save) -> Result<Exit, Failure> {
    let mut sources = Vec::with_capacity(arguments.what.len());
    for word in &arguments.what {
        sources.push(match is_file(word) {
            true => SaveFrom::File(PathBuf::from(word)),
            false => {
                let name = ops::find(session, word).await?;
                SaveFrom::Job(ops::get(session, &name).await?.value)
            }
        });
    }
    let keys = match arguments.key.as_slice() {
        [] => KeyChoice::All,
        globs => KeyChoice::Globs(globs.to_vec()),
    };
    let tell = if arguments.json { Tell::Json } else { Tell::Result };
    let n_sources = sources.len();
    let mut exits = Exits::new(Exit::Ok);
    for source in sources {
        let default = match &source {
            SaveFrom::Job(job) => ops::default_folder(job),
            SaveFrom::File(path) => PathBuf::from(path.file_stem().unwrap_or(path.as_os_str())),
        };
        let folder = match &arguments.out {
            None => default,
            Some(out) if n_sources == 1 => out.clone(),
            Some(out) => out.join(default),
        };
        exits.add(console, one(session, console, source, folder, keys.clone(), tell).await);
    }
    Ok(exits.all())
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

    /// Takes in how one save came out, and tells its failure.
    pub fn add(&mut self, console: &Console, saved: Result<Exit, Failure>) {
        match saved {
            Ok(saved) if self.exit == Exit::Ok => self.exit = saved,
            Ok(_) => {}
            Err(failure) => {
                console.failure(&failure);
                self.failures.push(failure);
            }
        }
    }

    /// How all of it came out.
    pub fn all(self) -> Exit {
        if self.failures.is_empty() { self.exit } else { choose::first_failure(self.failures) }
    }
}

/// Saves the results of one job or file.
pub async fn one(
    session: &Session,
    console: &Console,
    from: SaveFrom,
    folder: PathBuf,
    keys: KeyChoice,
    tell: Tell,
) -> Result<Exit, Failure> {
    let (name, job) = match &from {
        SaveFrom::Job(job) => (job.name.to_string(), Some(job.name.to_string())),
        SaveFrom::File(path) => (text::clean(&path.display().to_string()), None),
    };
    let order = SaveOrder { from, folder, keys };
    let saved = ops::save(session, &order, &|event| on_event(console, tell, job.as_deref(), event)).await;
    console.end_progress();
    let saved = saved?;
    for change in &saved.review.changes {
        console.talk(&format!("  line {}: {} ({})", change.line, change.verdict.as_str(), change.why()));
        if tell == Tell::Json {
            console.json(&json!({
                "job": job,
                "line": change.line,
                "status": "reviewed",
                "verdict": change.verdict.as_str(),
                "timesExpected": (change.times * 1000.0).round() / 1000.0,
            }));
        }
    }
    for line in saved.review.lines(&|line| format!("line {line}")) {
        console.talk(&format!("warning: {name}: {line}"));
    }
    if tell == Tell::Json {
        saved.review.findings.iter().for_each(|finding| console.json(&finding_json(job.as_deref(), finding)));
    }
    let line = format!("{name}: {}", summary(&saved));
    match tell {
        Tell::Result => console.result(&line),
        Tell::Json | Tell::Talk => console.talk(&line),
    }
    Ok(exit(&saved))
}

fn on_event(console: &Console, tell: Tell, job: Option<&str>, event: Saving) {
    match event {
        Saving::Progress(progress) => console.progress("saving", progress),
        Saving::Row { key, file, verdict, status, line } => match tell {
            Tell::Json => console.json(&json!({
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
                console.talk(&format!("  {key}: {} ({status})", verdict.as_str()));
            }
        },
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
    if saved.skipped > 0 {
        summary.push_str(&format!(" ({} there already)", text::thousands(saved.skipped)));
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
