//! Planning a create: sources are read, checked and prepared, and nothing is sent.

use std::fs;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::tz::TimeZone;

use crate::failure::{Exit, Failure};
use crate::money::Catalog;
use crate::request::{Finding, Settings, Severity};
use crate::script::{BytesRead, Options, prepare};
use crate::store::Store;

use super::campaign;
use super::create::repeat;
use super::list::to_unconfirmed;
use super::session::on_disk;
use super::token::ulid;
use super::unchanged::{Choice, Chosen, choose};
use super::{Order, Plan, Session, Unsent};

/// So many findings are kept: more of them nobody reads, and a source may have millions of lines.
const MOST_FINDINGS: usize = 10_000;

/// Checks an order and prepares what would be sent, as one JSONL in the state folder. Errors in the requests are
/// findings of the plan; a source that cannot be read at all is a failure.
///
/// Dropping the future stops the work and removes what it has written.
pub async fn plan(session: &Session, order: &Order) -> Result<Plan, Failure> {
    plan_watched(session, order, Arc::default()).await
}

/// [`plan`], for somebody who shows how far the reading is.
pub async fn plan_watched(session: &Session, order: &Order, progress: Arc<BytesRead>) -> Result<Plan, Failure> {
    let stop = StopWhenDropped(Arc::default());
    let (session, order, stopped) = (session.clone(), order.clone(), Arc::clone(&stop.0));
    let (plan, prepared) = on_disk(move || make(&session, &order, Watch { stop: stopped, progress })).await?;
    prepared.hand_over();
    Ok(plan)
}

/// Tells the disk thread that nobody waits for the plan any more.
struct StopWhenDropped(Arc<AtomicBool>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What the disk thread shares with those who wait for it.
struct Watch {
    stop: Arc<AtomicBool>,
    progress: Arc<BytesRead>,
}

fn make(session: &Session, order: &Order, watch: Watch) -> Result<(Plan, Unsent), Failure> {
    let now = session.clock.now();
    if let Err(error) = session.store.sweep(now) {
        tracing::warn!(%error, "old prepared requests could not be swept away");
    }
    let settings = settings(order, &session.catalog);
    let model = settings.model_id().to_owned();
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut options = Options::new(settings, Arc::clone(&session.catalog), today);
    (options.stop, options.progress) = (Arc::clone(&watch.stop), watch.progress);
    options.reading = order.reading.clone();
    options.fixes = order.fixes.clone();
    let choice = Choice::of(session, order, &model)?;
    let sample = choice.sample();
    options.sample = choice.enough();
    options.notes_lines = choice.may_leave_out();
    // What goes inline is not too large before it is known what that is.
    options.inline = order.inline && !choice.may_leave_out();

    let folder = session.store.prepared_folder();
    let cannot = |error: std::io::Error| {
        Failure::with_exit(Exit::Disk, format!("cannot write prepared requests in {}: {error}", folder.display()))
    };
    let mut file = tempfile::Builder::new().suffix(".part").tempfile_in(&folder).map_err(cannot)?;
    let mut findings = Findings::default();
    let mut writer = BufWriter::with_capacity(256 * 1024, file.as_file_mut());
    // Texts that are spoken otherwise than they are written are kept beside the requests, to be shown.
    let mut texts = match order.reading.pronounce {
        Some(_) => Some(tempfile::Builder::new().suffix(".part").tempfile_in(&folder).map_err(cannot)?),
        None => None,
    };
    let mut texts_writer = texts.as_mut().map(|file| BufWriter::new(file.as_file_mut()));
    let prepared = prepare(
        &order.sources,
        &options,
        &mut writer,
        texts_writer.as_mut().map(|writer| writer as &mut dyn Write),
        &mut |finding| findings.take(finding),
    )
    .map_err(|error| error.failure())?;
    writer.flush().map_err(cannot)?;
    drop(writer);
    if let Some(writer) = &mut texts_writer {
        writer.flush().map_err(cannot)?;
    }
    drop(texts_writer);
    let id = ulid(u64::try_from(now.as_millisecond()).unwrap_or(0), crate::store::random()?);
    let path = folder.join(format!("{id}.jsonl"));
    file.persist(&path).map_err(|error| cannot(error.error))?;
    // Should nobody wait for the plan any more, the file goes with it.
    let unsent = Unsent::at(path.clone());
    if let Some(texts) = texts {
        texts.persist(Store::texts_path(&path)).map_err(|error| cannot(error.error))?;
    }
    let (prepared, chosen) = if choice.may_leave_out() && !prepared.has_errors() {
        options.inline = order.inline;
        choose(session, choice, &options, &path, prepared, &mut |finding| findings.take(finding))?
    } else {
        (prepared, Chosen::default())
    };

    let repeat = repeat(session, &prepared.sha256, &model)?;
    let mut plan = Plan {
        model,
        display_name: display_name(order),
        prepared: path,
        inline: order.inline,
        n_requests: prepared.n_requests,
        characters: prepared.characters,
        bytes: prepared.bytes,
        sha256: prepared.sha256,
        n_split: prepared.n_split,
        n_pronounced: prepared.n_pronounced,
        n_fixed: prepared.n_fixed,
        findings: findings.in_order(),
        preview: prepared.preview,
        estimate: Some(prepared.estimate),
        repeat_of: repeat.job.or_else(|| chosen.made_by().cloned()),
        repeat_unconfirmed: repeat.unconfirmed.as_ref().map(to_unconfirmed),
        sample,
        rest_of: order.rest_of.clone(),
        n_sent_before: chosen.n_sent_before,
        n_unchanged: chosen.n_unchanged,
        unchanged: chosen.unchanged,
        is_all_unchanged: chosen.is_all_unchanged,
        ..Plan::default()
    };
    if !plan.has_errors() {
        campaign::measure(session, &mut plan, &order.split, &watch.stop)?;
    }
    if plan.n_jobs() > 1 {
        plan.repeat_of_campaign = campaign::repeats(session, &plan.sha256, &plan.model)?;
    }
    if plan.has_errors() {
        // It will never be sent: the disk can have its room back.
        let _ = fs::remove_file(&plan.prepared);
        let _ = fs::remove_file(Store::texts_path(&plan.prepared));
        let _ = fs::remove_file(Store::unchanged_path(&plan.prepared));
    }
    Ok((plan, unsent))
}

pub(super) fn settings(order: &Order, catalog: &Catalog) -> Settings {
    let default = Settings::for_catalog(catalog);
    Settings {
        model: order.model.clone().unwrap_or(default.model),
        voice: order.voice.clone().or(default.voice),
        language: order.language.clone().or(default.language),
        style: order.reading.style.clone().or(default.style),
    }
}

fn display_name(order: &Order) -> String {
    match (&order.name, order.sources.first()) {
        (Some(name), _) => name.trim().to_owned(),
        (None, Some(source)) => source.stem().to_owned(),
        (None, None) => String::new(),
    }
}

/// Findings, errors and warnings apart, so that many warnings never hide an error.
#[derive(Default)]
struct Findings {
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
}

impl Findings {
    fn take(&mut self, finding: Finding) {
        let list = match finding.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if list.len() < MOST_FINDINGS {
            list.push(finding);
        }
    }

    fn in_order(mut self) -> Vec<Finding> {
        self.errors.append(&mut self.warnings);
        self.errors
    }
}
