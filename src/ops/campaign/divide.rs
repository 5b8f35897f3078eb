//! From one plan to several: where it is cut is found while it is planned, and done when it is submitted.
//!
//! Both read the prepared requests as a stream and hold one line at a time, however large they are.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::atomic::AtomicBool;

use ring::digest::{Context, SHA256};
use serde::Deserialize;

use super::sizes::{Cutter, Sizes};
use crate::failure::{Exit, Failure};
use crate::ops::session::on_disk;
use crate::ops::token::ulid;
use crate::ops::{Plan, PlannedPart, Session, Split, Unsent};
use crate::request::{Problem, rules};
use crate::script::each_measured;
use crate::store::Store;

/// Nobody means more jobs than that, and the service takes a hundred at a time.
const MOST_PARTS: usize = 1_000;

/// So many requests that are too large are told.
const MOST_FINDINGS: usize = 100;

/// Finds out how many jobs a plan becomes, and writes it into the plan. A request that is too large for a chosen size is
/// an error among its findings. Blocks on the disk.
pub(in crate::ops) fn measure(
    session: &Session,
    plan: &mut Plan,
    split: &Split,
    stop: &AtomicBool,
) -> Result<(), Failure> {
    let catalog = &session.catalog;
    let sizes = Sizes::of(catalog, &plan.model, split, plan.inline);
    let whole = plan.estimate.clone().unwrap_or_default();
    if !sizes.may_be_over(plan.n_requests, plan.bytes, whole.text_tokens) {
        return Ok(());
    }
    let mut cutter = Cutter::new(catalog, &sizes);
    let mut too_large = Vec::new();
    each_measured(&plan.prepared, stop, |line| {
        if let Some(message) = cutter.take(line.bytes, line.characters)
            && too_large.len() < MOST_FINDINGS
        {
            let problem = Problem::new(&rules::REQUEST_TOO_LARGE, message);
            let problem = problem.fix("choose a larger size for a job, or split its text");
            too_large.push(problem.found("the size of a job", 0, Some(line.key)));
        }
    })
    .map_err(|error| error.failure())?;
    if cutter.n_parts() > MOST_PARTS {
        let message = format!("these sizes would make more than {MOST_PARTS} jobs");
        return Err(Failure::with_exit(Exit::Usage, message).hint("choose larger ones"));
    }
    plan.findings.splice(0..0, too_large);
    if cutter.n_parts() > 1 {
        (plan.parts, plan.jobs_because) = cutter.finish(&whole);
    }
    Ok(())
}

/// A plan for every job that a plan becomes, in order: each has its own prepared requests and their sum, its own amounts,
/// and its number in its name. Not one line is lost, split or changed. A plan that is one job comes back as it is.
///
/// The prepared requests of the plan itself stay. When this fails nothing of the others does.
pub async fn divide(session: &Session, plan: &Plan) -> Result<Vec<Plan>, Failure> {
    let (session, plan) = (session.clone(), plan.clone());
    on_disk(move || divide_now(&session, &plan)).await
}

pub(super) fn divide_now(session: &Session, plan: &Plan) -> Result<Vec<Plan>, Failure> {
    if plan.parts.is_empty() {
        return Ok(vec![plan.clone()]);
    }
    let cannot = |error: io::Error| {
        Failure::with_exit(Exit::Disk, format!("cannot divide the prepared requests into jobs: {error}"))
    };
    let mut whole = File::open(&plan.prepared).map_err(cannot)?;
    let texts = Store::texts_path(&plan.prepared);
    let mut texts = match texts.exists() {
        true => Some(Texts::new(File::open(&texts).map_err(cannot)?)),
        false => None,
    };
    let (mut plans, mut unsent) = (Vec::new(), Vec::new());
    for (part, number) in plan.parts.iter().zip(1..) {
        let now = u64::try_from(session.clock.now().as_millisecond()).unwrap_or(0);
        let id = ulid(now, crate::store::random()?);
        let path = session.store.prepared_folder().join(format!("{id}.jsonl"));
        unsent.push(Unsent::at(path.clone()));
        let mut file = BufWriter::with_capacity(256 * 1024, File::create_new(&path).map_err(cannot)?);
        whole.seek(SeekFrom::Start(part.from)).map_err(cannot)?;
        let sha256 = copy(&mut (&whole).take(part.bytes), part, &mut file).map_err(cannot)?;
        file.flush().map_err(cannot)?;
        if let Some(texts) = &mut texts {
            texts.copy_those_of(&path).map_err(cannot)?;
        }
        // What is not sent belongs to the whole: one of its jobs has to have it.
        let has_unchanged = number == 1 && plan.n_unchanged > 0 && !plan.is_all_unchanged;
        if has_unchanged {
            session.store.give_unchanged(&plan.prepared, &path)?;
        }
        plans.push(Plan {
            display_name: name_of_part(&plan.display_name, number, plan.parts.len()),
            prepared: path,
            n_requests: part.n_requests,
            characters: part.characters,
            bytes: part.bytes,
            sha256,
            estimate: plan.estimate.as_ref().map(|_| part.estimate.clone()),
            n_unchanged: if has_unchanged { plan.n_unchanged } else { 0 },
            // These are about the whole.
            unchanged: Vec::new(),
            is_all_unchanged: false,
            findings: Vec::new(),
            preview: Vec::new(),
            parts: Vec::new(),
            jobs_because: String::new(),
            ..plan.clone()
        });
    }
    unsent.into_iter().for_each(Unsent::hand_over);
    Ok(plans)
}

/// `NAME (2 of 5)`.
pub(super) fn name_of_part(name: &str, number: usize, n_parts: usize) -> String {
    format!("{name} ({number} of {n_parts})").trim_start().to_owned()
}

/// Copies the lines of a part and gives their SHA-256. Fewer bytes than were planned mean that somebody changed the file.
fn copy(from: &mut dyn Read, part: &PlannedPart, to: &mut dyn Write) -> io::Result<String> {
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; 256 * 1024];
    let (mut copied, mut last) = (0, 0);
    loop {
        let n = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        digest.update(&buffer[..n]);
        to.write_all(&buffer[..n])?;
        (copied, last) = (copied + n as u64, buffer[n - 1]);
    }
    if copied != part.bytes || last != b'\n' {
        return Err(io::Error::other("they were changed since they were checked"));
    }
    Ok(digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The texts as their source has them, in the order of the requests; not every request has one.
struct Texts {
    lines: io::Lines<BufReader<File>>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Keyed {
    key: String,
}

impl Texts {
    fn new(file: File) -> Self {
        Texts { lines: BufReader::new(file).lines(), next: None }
    }

    /// Writes the texts of the requests in a part beside it.
    fn copy_those_of(&mut self, part: &std::path::Path) -> io::Result<()> {
        let mut to = BufWriter::new(File::create_new(Store::texts_path(part))?);
        for line in BufReader::new(File::open(part)?).lines() {
            let wanted: Keyed = serde_json::from_str(&line?)?;
            if self.next.is_none() {
                self.next = self.lines.next().transpose()?;
            }
            let Some(text) = &self.next else { break };
            if serde_json::from_str::<Keyed>(text)?.key == wanted.key {
                writeln!(to, "{text}")?;
                self.next = None;
            }
        }
        to.flush()
    }
}
