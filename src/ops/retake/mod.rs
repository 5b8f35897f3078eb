//! Retake: a new job of only the keys of a job that failed or sound wrong, from the requests that were sent.
//!
//! The requests of a create are kept for thirty days under its token. What is made of them is a [`Plan`] like any other:
//! it is checked, priced and submitted as every create is, at most once.

mod change;
mod found;
mod takes;

use std::collections::HashSet;
use std::io::Write;

use crate::audio::Verdict;
use crate::failure::{Exit, Failure};
use crate::job::{Job, JobName};
use crate::money::{Characters, Generation};
use crate::request::Facts;
use crate::script::{Form, SourceOptions, each_request, each_source_text};
use crate::store::Store;
use crate::text;

use super::session::on_disk;
use super::{Order, Plan, Progress, Session, SourceArg, Unsent, plan};
use change::{Case, change};
use found::{Found, find};

pub use change::{Change, What, Wrong};
pub(super) use takes::{all as takes_of, original};

/// Which keys are taken again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetakeOrder {
    /// These, whatever is thought of them; `None` takes those that failed or sound wrong.
    pub keys: Option<Vec<String>>,
    /// Those that the service refused as well.
    pub refused: bool,
}

/// A retake that could be submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Retake {
    /// Whose keys.
    pub of: JobName,
    /// What a person calls that job.
    pub title: String,
    /// What is taken again, in the order of the requests.
    pub takes: Vec<Take>,
    /// Requests of the job in all.
    pub n_requests: u64,
    /// Keys that the service refused and that are left out.
    pub n_refused: u64,
    /// Keys without a result of which nobody can tell whether they have one, as some results say no key.
    pub n_untold: u64,
    /// What would be sent; `None` when there is nothing to take again.
    pub plan: Option<Plan>,
}

/// A key that is taken again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// As sent, not cleaned.
    pub key: String,
    /// The beginning of its text, cleaned.
    pub text: String,
    /// Why it is taken again.
    pub wrong: Wrong,
    /// What is changed.
    pub change: Change,
}

/// Finds the keys of a job that are to be taken again, and prepares their requests. Fetches the results when they are not
/// kept; sends nothing else. The prepared requests belong to the caller, as those of [`plan`] do.
pub async fn retake(
    session: &Session,
    job: &Job,
    order: &RetakeOrder,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Retake, Failure> {
    let requests = requests(session, job).await?;
    let found = find(session, job, progress).await?;
    let (ours, whose, order) = (session.clone(), job.clone(), order.clone());
    let picked = on_disk(move || pick(&ours, &whose, &order, &found, &requests)).await?;
    let Picked { file, texts, takes, n_requests, n_refused, n_untold, model, inline, name, retake_of } = picked;
    let mut retake = Retake {
        of: job.name.clone(),
        title: job.title().to_owned(),
        takes,
        n_requests,
        n_refused,
        n_untold,
        plan: None,
    };
    if retake.takes.is_empty() {
        return Ok(retake);
    }
    let order = Order {
        sources: vec![SourceArg::Path(file.path().to_owned())],
        model: Some(model),
        name: Some(name),
        inline,
        // What is taken again is bought again, even where an earlier take of it is on the disk.
        again: true,
        reading: SourceOptions { from: Some(Form::Jsonl), ..SourceOptions::default() },
        ..Order::default()
    };
    let mut plan = plan(session, &order).await?;
    let unsent = Unsent::of(session, &plan);
    plan.retake_of = Some(retake_of);
    let (source, read_from) = (format!("requests of {}", text::clean_short(&retake.title, 60)), file.path().display());
    let read_from = text::clean(&read_from.to_string());
    plan.findings.iter_mut().filter(|finding| finding.source == read_from).for_each(|finding| {
        finding.source.clone_from(&source);
    });
    if let Some(texts) = texts.filter(|_| !plan.has_errors()) {
        let beside = Store::texts_path(&plan.prepared);
        let kept = on_disk(move || texts.persist(beside).map_err(|error| cannot_write(error.error))).await;
        kept.map(drop)?;
    }
    unsent.hand_over();
    retake.plan = Some(plan);
    Ok(retake)
}

/// The requests of a job that was created on this machine.
async fn requests(session: &Session, job: &Job) -> Result<std::path::PathBuf, Failure> {
    let path = job.token().map(|token| session.store.requests_path(token));
    let there = on_disk(move || Ok::<_, Failure>(path.filter(|path| path.is_file()))).await?;
    there.ok_or_else(|| {
        let message = format!("the requests of {} ({}) are not on this machine", job.title(), job.name);
        Failure::new(message).hint(
            "they are kept for 30 days where the job was created: retake it there, or make a new job of its sources with \
             `gemtts-tui create SOURCE`",
        )
    })
}

/// What was picked from the requests of a job.
struct Picked {
    file: tempfile::NamedTempFile,
    /// Their texts as they are written, where they are spoken otherwise.
    texts: Option<tempfile::NamedTempFile>,
    takes: Vec<Take>,
    n_requests: u64,
    n_refused: u64,
    n_untold: u64,
    model: String,
    inline: bool,
    name: String,
    retake_of: crate::store::RetakeOf,
}

/// Goes through the requests of a job and writes those that are to be sent again. Blocks; keeps what is picked.
fn pick(
    session: &Session,
    job: &Job,
    order: &RetakeOrder,
    found: &Found,
    requests: &std::path::Path,
) -> Result<Picked, Failure> {
    let (retake_of, name) = takes::next(session, job)?;
    let intent = job.token().map(|token| session.store.intent(token)).transpose()?.flatten().map(|made| made.intent);
    let of_job = job.model.as_deref().map(|model| model.strip_prefix("models/").unwrap_or(model).to_owned());
    let model = of_job.or_else(|| intent.as_ref().map(|intent| intent.model.clone()));
    let model = model.ok_or_else(|| Failure::new(format!("the service does not say which model {} used", job.name)))?;
    let settings =
        crate::request::Settings { model: model.clone(), ..crate::request::Settings::for_catalog(&session.catalog) };
    let generation = settings.generation(&session.catalog);
    let folder = session.store.prepared_folder();
    let part = || tempfile::Builder::new().suffix(".part").tempfile_in(&folder).map_err(cannot_write);
    let mut picking = Picking {
        session,
        generation,
        found,
        wanted: order.keys.as_ref().map(|keys| keys.iter().map(String::as_str).collect()),
        refused: order.refused,
        takes: Vec::new(),
        n_requests: 0,
        n_refused: 0,
        n_untold: 0,
    };
    let mut file = part()?;
    let mut writer = std::io::BufWriter::with_capacity(256 * 1024, file.as_file_mut());
    let mut written = Ok(());
    each_request(requests, |key, request| {
        if let (Some(line), Ok(())) = (picking.line(key, request), &written) {
            written = writer.write_all(&line);
        }
    })
    .map_err(|error| error.failure())?;
    written.and_then(|()| writer.flush()).map_err(cannot_write)?;
    drop(writer);
    let Picking { takes, n_requests, n_refused, n_untold, .. } = picking;
    let beside = Store::texts_path(requests);
    let texts = if beside.is_file() { Some(source_texts(&beside, &takes, part()?)?) } else { None };
    let inline = intent.is_some_and(|intent| intent.input_file.is_none());
    Ok(Picked { file, texts, takes, n_requests, n_refused, n_untold, model, inline, name, retake_of })
}

/// Copies the texts of what is taken again as their source has them.
fn source_texts(
    beside: &std::path::Path,
    takes: &[Take],
    mut file: tempfile::NamedTempFile,
) -> Result<tempfile::NamedTempFile, Failure> {
    let keys: HashSet<&str> = takes.iter().map(|take| take.key.as_str()).collect();
    let mut lines = Vec::new();
    each_source_text(beside, |key, text| {
        if keys.contains(key) {
            lines.extend(serde_json::json!({ "key": key, "text": text }).to_string().bytes());
            lines.push(b'\n');
        }
    })
    .map_err(|error| error.failure())?;
    file.write_all(&lines).map_err(cannot_write)?;
    Ok(file)
}

fn cannot_write(error: std::io::Error) -> Failure {
    Failure::with_exit(Exit::Disk, format!("cannot write prepared requests in the state folder: {error}"))
}

/// Decides about one request after the other.
struct Picking<'a> {
    session: &'a Session,
    generation: Generation,
    found: &'a Found,
    wanted: Option<HashSet<&'a str>>,
    refused: bool,
    takes: Vec<Take>,
    n_requests: u64,
    n_refused: u64,
    n_untold: u64,
}

impl Picking<'_> {
    /// The line to send for a request, if it is to be sent again.
    fn line(&mut self, key: &str, mut request: serde_json::Value) -> Option<Vec<u8>> {
        self.n_requests += 1;
        let (wrong, finish_reason) = self.found.wrong(key);
        if !self.is_wanted(key, wrong) {
            return None;
        }
        let facts = Facts::of(&request);
        let seconds = self.session.catalog.estimate(&Characters::of(&facts.text), None).seconds.1;
        let case = Case { wrong, finish_reason, generation: self.generation, seconds };
        let change = change(case, &mut request);
        let text = text::clean_short(facts.text.trim(), 200);
        self.takes.push(Take { key: key.to_owned(), text, wrong, change });
        let mut line = serde_json::json!({ "key": key, "request": request }).to_string().into_bytes();
        line.push(b'\n');
        Some(line)
    }

    fn is_wanted(&mut self, key: &str, wrong: Wrong) -> bool {
        if let Some(wanted) = &self.wanted {
            return wanted.contains(key);
        }
        match wrong {
            Wrong::Verdict(Verdict::Ok) => false,
            Wrong::Verdict(Verdict::Refused) => {
                self.n_refused += u64::from(!self.refused);
                self.refused
            }
            // One of the results that say no key may be its.
            Wrong::Missing if self.found.keyless > 0 => {
                self.n_untold += 1;
                false
            }
            Wrong::Missing
            | Wrong::Verdict(
                Verdict::Empty
                | Verdict::Silent
                | Verdict::Quiet
                | Verdict::Clipped
                | Verdict::Truncated
                | Verdict::Runaway
                | Verdict::Noise
                | Verdict::WrongFormat
                | Verdict::Error,
            ) => true,
        }
    }
}
