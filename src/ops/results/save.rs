//! Saving results: one pass from the service or the disk to audio files.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use regex::RegexSet;
use tokio::sync::mpsc::Sender;

use crate::failure::{Exit, Failure};
use crate::job::{Dest, Job, JobName};
use crate::ops::session::on_disk;
use crate::ops::{Progress, Saved, Session};
use crate::results::{Form, Row, Sink, Totals};
use crate::save::{MANIFEST, Progress as Done, Saver, Selection, Status, Summary};
use crate::store::SavedTo;
use crate::text;

use super::feed::{self, Copying, Finished, From, STEP, Taker};
use super::keep::Place;
use super::open::{is_complete, settle, source};
use super::ready::{expected, explain, ready};
use super::{KeyChoice, SaveFrom, SaveOrder, Saving};

/// The longest name of a folder, in bytes.
const LONGEST_NAME: usize = 60;

/// Saves results as audio files with a manifest, and keeps a copy of them for next time.
///
/// What an earlier run has saved is left as it is. A job that succeeded and shows no output yet is waited for, for two
/// minutes. Rows that are missing are not a failure when all were asked for: compare [`Saved::expected`]. A choice of
/// rows from results that are not complete is one, after those that came were saved.
pub async fn save(
    session: &Session,
    what: &SaveOrder,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Saved, Failure> {
    let takes = Takes::new(&what.keys)?;
    match &what.from {
        SaveFrom::File(path) => {
            let source = path.clone();
            let form = on_disk(move || form_of(&source)).await?;
            let (summary, totals) = from_disk(what, None, path.clone(), form, takes, events).await?;
            match totals.lost {
                Some(lost) => Err(Failure::new(format!("{}: {lost}", path.display()))),
                // A torn row is told as one that failed, unless it was passed over for want of a key.
                None if !totals.is_whole && what.keys != KeyChoice::All => {
                    Err(Failure::new(format!("{}: the last row is torn", path.display())))
                }
                None => told(what, &summary, None),
            }
        }
        SaveFrom::Job(job) => {
            let (job, dest) = ready(session, job, session.pace.output_most).await?;
            from_job(session, what, &job, &dest, takes, events).await
        }
    }
}

async fn from_job(
    session: &Session,
    what: &SaveOrder,
    job: &Job,
    dest: &Dest,
    takes: Takes,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<Saved, Failure> {
    let place = Place::new(session, job, dest);
    let name = Some(job.name.clone());
    let looked_at = place.clone();
    let whole = on_disk(move || Ok::<_, Failure>(looked_at.whole())).await?;
    let (summary, complete) = match whole {
        Some(path) => {
            let (summary, totals) = from_disk(what, name, path, place.form, takes, events).await?;
            (summary, is_complete(&totals, expected(job), true))
        }
        None => from_service(session, what, (job, dest), &place, takes, events).await?,
    };
    let folder = what.folder.clone();
    let saved = SavedTo {
        job: job.name.to_string(),
        folder: std::path::absolute(&folder).unwrap_or(folder),
        n_files: summary.saved + summary.already,
        of: expected(job).or(complete.is_ok().then(|| summary.rows() + summary.passed_over)),
        at: session.clock.now(),
    };
    let store = session.store.clone();
    if let Err(failure) = on_disk(move || store.saved(&saved)).await {
        tracing::warn!(%failure, "the save could not be written down");
    }
    let is_all = what.keys == KeyChoice::All;
    match (complete, expected(job)) {
        (Ok(()), expected) => told(what, &summary, expected.filter(|_| is_all)),
        // The caller sees the gap between the rows that came and those that should have come.
        (Err(_), expected @ Some(_)) if is_all => told(what, &summary, expected),
        // Of some rows nobody can tell whether all that were meant have come: the last one may be torn.
        (Err(failure), _) => Err(failure),
    }
}

/// One pass: what comes from the service is parsed, decoded and written while it is kept.
async fn from_service(
    session: &Session,
    what: &SaveOrder,
    (job, dest): (&Job, &Dest),
    place: &Place,
    takes: Takes,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<(Summary, Result<(), Failure>), Failure> {
    let (tell, told) = feed::events();
    let (folder, name) = (what.folder.clone(), job.name.clone());
    // Before anything is asked of the service: a folder that cannot be written needs no download.
    let saver = on_disk(move || {
        Saver::open(&folder, Some(name), takes.selection(), Box::new(move |done| tell_row(&tell, done)))
    })
    .await?;
    let from = match source(session, job, dest, place).await? {
        // A copy that takes the room of the audio itself is not worth having. What is there of it already is read first.
        From::Service(download, Some(part)) if download.from == 0 && !place.has_room_for(download.total) => {
            part.discard();
            From::Service(download, None)
        }
        from => from,
    };
    let on_progress = |progress| events(Saving::Progress(progress));
    let finished = feed::feed(from, place.form, Copying::Spared, Decoding(saver), told, events, &on_progress)
        .await
        .map_err(|failure| explain(session, job, failure))?;
    let Finished { taker, totals, is_announced_size, part } = finished;
    let complete = is_complete(&totals, expected(job), is_announced_size);
    if let Err(failure) = settle(part, &totals, &complete).await {
        tracing::warn!(%failure, "the results were saved but not kept");
    }
    let summary = on_disk(move || taker.0.finish()).await?;
    Ok((summary, complete))
}

/// What is on this disk already is read twice, so that keys whose names collide are all known beforehand.
async fn from_disk(
    what: &SaveOrder,
    job: Option<JobName>,
    path: PathBuf,
    form: Form,
    takes: Takes,
    events: &(dyn Fn(Saving) + Send + Sync),
) -> Result<(Summary, Totals), Failure> {
    let (tell, mut told) = feed::events();
    let folder = what.folder.clone();
    let saving = tokio::task::spawn_blocking(move || {
        let of = fs::metadata(&path).ok().map(|metadata| metadata.len());
        let mut told = 0;
        let on_row = move |done: Done<'_>| {
            let bytes = done.row.offset + done.row.length;
            tell_row(&tell, done);
            if bytes.saturating_sub(told) >= STEP {
                told = bytes;
                // A progress that finds no room is made good by the next one.
                let _ = tell.try_send(Saving::Progress(Progress { bytes, of }));
            }
        };
        let mut saver = Saver::open(&folder, job, takes.selection(), Box::new(on_row))?;
        let totals = crate::save::from_file(&path, form, &mut saver)?;
        Ok::<_, crate::save::Error>((saver.finish()?, totals))
    });
    let telling = async {
        while let Some(event) = told.recv().await {
            events(event);
        }
    };
    let (saved, ()) = tokio::join!(saving, telling);
    match saved {
        Ok(saved) => Ok(saved?),
        Err(_) => Err(Failure::new("internal error: saving came to a sudden end")),
    }
}

fn tell_row(tell: &Sender<Saving>, done: Done<'_>) {
    let record = done.record;
    let row = Saving::Row {
        key: record.key.clone(),
        file: record.file.clone(),
        verdict: record.verdict,
        status: match record.status {
            Status::Saved => "saved",
            Status::Failed => "failed",
            Status::Duplicate => "duplicate",
        },
        line: record.line,
    };
    // Nobody listens any more when the caller was dropped; the files are of use all the same.
    let _ = tell.blocking_send(row);
}

fn told(what: &SaveOrder, summary: &Summary, expected: Option<u64>) -> Result<Saved, Failure> {
    if let (KeyChoice::Globs(globs), 0) = (&what.keys, summary.rows()) {
        return Err(Failure::new(format!("no key matches {}", text::clean(&globs.join(" or ")))));
    }
    Ok(Saved {
        folder: what.folder.clone(),
        saved: summary.saved,
        skipped: summary.already,
        failed: summary.failed,
        // Audio that nobody can match to its text needs a look as much as audio that looks bad.
        suspect: summary.looks_bad + summary.unmatched,
        duplicates: summary.duplicates,
        seconds: summary.seconds,
        expected,
    })
}

/// Decodes and writes what the parser finds.
struct Decoding(Saver);

impl Sink for Decoding {
    type Error = Failure;

    fn wants_audio(&mut self, key: Option<&str>, line: u64) -> bool {
        self.0.wants_audio(key, line)
    }

    fn audio(&mut self, samples: &[u8]) -> Result<(), Failure> {
        Ok(self.0.audio(samples)?)
    }

    fn row(&mut self, row: Row) -> Result<(), Failure> {
        Ok(self.0.row(row)?)
    }
}

impl Taker for Decoding {
    fn caught_up(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn quiet(&mut self) -> Result<(), Failure> {
        Ok(self.0.flush()?)
    }
}

/// Which rows are wanted, checked.
enum Takes {
    All,
    Keys(RegexSet),
    Lines(HashSet<u64>),
}

impl Takes {
    fn new(keys: &KeyChoice) -> Result<Self, Failure> {
        Ok(match keys {
            KeyChoice::All => Takes::All,
            KeyChoice::Lines(lines) => Takes::Lines(lines.iter().copied().collect()),
            KeyChoice::Globs(globs) => {
                let patterns = globs.iter().map(|glob| pattern(glob));
                let set = RegexSet::new(patterns)
                    .map_err(|_| Failure::with_exit(Exit::Usage, "the patterns for keys are too many or too long"))?;
                Takes::Keys(set)
            }
        })
    }

    fn selection(self) -> Selection {
        match self {
            Takes::All => Selection::All,
            Takes::Keys(set) => Selection::Matching(Box::new(move |key, _| key.is_some_and(|key| set.is_match(key)))),
            Takes::Lines(lines) => Selection::Matching(Box::new(move |_, line| lines.contains(&line))),
        }
    }
}

/// A glob as a regular expression for the whole key.
fn pattern(glob: &str) -> String {
    let mut pattern = String::from("(?s)^");
    for c in glob.chars() {
        match c {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            c => pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push('$');
    pattern
}

/// Whether a file holds result lines or the whole answer to a GET of a job.
fn form_of(path: &Path) -> Result<Form, Failure> {
    let cannot = |error: std::io::Error| Failure::new(format!("cannot read {}: {error}", path.display()));
    let mut head = Vec::new();
    fs::File::open(path).and_then(|file| file.take(4096).read_to_end(&mut head)).map_err(cannot)?;
    let has = |word: &[u8]| memchr::memmem::find(&head, word).is_some();
    let is_body = path.extension().is_some_and(|ending| ending == "json")
        || has(b"\"inlinedResponses\"")
        || has(b"\"inlined_responses\"");
    Ok(if is_body { Form::Inline } else { Form::Lines })
}

/// The folder of a job's results, relative to the working directory: named after the job, and after its id as well when
/// a folder of that name holds results of another one. Looks at the disk.
pub fn default_folder(job: &Job) -> PathBuf {
    let name = folder_name(job.title());
    let name = if name.is_empty() { folder_name(job.name.id()) } else { name };
    let manifest = Path::new(&name).join(MANIFEST);
    match job_of_first_record(&manifest) {
        Some(other) if other != job.name.as_str() => {
            PathBuf::from(format!("{name}-{}", job.name.id().chars().take(8).collect::<String>()))
        }
        Some(_) | None => PathBuf::from(name),
    }
}

fn job_of_first_record(manifest: &Path) -> Option<String> {
    let mut line = Vec::new();
    BufReader::new(fs::File::open(manifest).ok()?).take(1 << 16).read_until(b'\n', &mut line).ok()?;
    let record: serde_json::Value = serde_json::from_slice(&line).ok()?;
    record["job"].as_str().map(str::to_owned)
}

/// A title as the name of a folder: letters and digits of any language, `.`, `_` and `-`, nothing that a file system
/// takes for something else.
fn folder_name(title: &str) -> String {
    let mut name = String::new();
    for c in title.chars() {
        let c = if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
        if c == '_' && name.ends_with('_') {
            continue;
        }
        if name.len() + c.len_utf8() > LONGEST_NAME {
            break;
        }
        name.push(c);
    }
    let name = name.trim_matches(|c| matches!(c, '.' | '-' | '_'));
    let stem = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let is_device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || stem.len() == 4
            && (stem.starts_with("COM") || stem.starts_with("LPT"))
            && stem.ends_with(|c: char| c.is_ascii_digit());
    if is_device { format!("{name}_") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_keys() {
        let takes = |globs: &[&str], key: &str| {
            let globs = globs.iter().map(|glob| (*glob).to_owned()).collect();
            match Takes::new(&KeyChoice::Globs(globs)).unwrap().selection() {
                Selection::Matching(takes) => takes(Some(key), 1),
                Selection::All | Selection::Keys(_) => panic!("globs match"),
            }
        };
        assert!(takes(&["ch01-*"], "ch01-0042") && takes(&["x", "a?c"], "abc") && takes(&["*"], "a\nb"));
        assert!(!takes(&["ch01"], "ch01-0042") && !takes(&["a.c"], "abc") && !takes(&["a?c"], "ac"));
    }

    #[test]
    fn a_title_becomes_one_harmless_folder() {
        let table = [
            ("audiobook-ch06", "audiobook-ch06"),
            ("Kapitel 1: Über", "Kapitel_1_Über"),
            ("../../etc", "etc"),
            ("-rf", "rf"),
            ("nul.txt", "nul.txt_"),
            ("com1", "com1_"),
            ("/", ""),
            ("a/b\\c", "a_b_c"),
        ];
        for (title, name) in table {
            assert_eq!(folder_name(title), name, "{title}");
        }
        assert_eq!(folder_name(&"ä".repeat(100)).len(), 60);
    }
}
