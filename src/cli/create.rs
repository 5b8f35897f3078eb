//! `create` and `lint`: prepare, check, say what it may cost, submit.
//!
//! A create is sent at most once. When its answer is lost and the job is not found, the command ends with 5 and the
//! token by which every later listing goes on looking.

use super::args::{Create, Sources};
use super::campaigns;
use super::consent::{self, Answer};
use super::console::Console;
use super::json;
use super::wait;
use crate::failure::{Exit, Failure};
use crate::job::Job;
use crate::money::OverCap;
use crate::ops::{self, Created, Order, Plan, PlannedPart, Session, Unconfirmed};
use crate::request::{Fixes, Severity};
use crate::text;

/// Submits one job from all sources together, in their order.
pub async fn run(session: &Session, console: &Console, arguments: &Create) -> Result<Exit, Failure> {
    let mut order = order(&arguments.sources, arguments.name.clone(), arguments.inline);
    order.split = arguments.division.split();
    order.again = arguments.again;
    for word in &arguments.rest_of {
        order.rest_of.push(ops::find(session, word).await?);
    }
    let plan = ops::plan(session, &order).await?;
    // Whatever comes of it, a signal included, the next try prepares its own.
    let unsent = ops::Unsent::of(session, &plan);
    if arguments.dry_run {
        show(console, &plan, &session.profile, arguments.json);
        return Ok(if plan.has_errors() { Exit::Failed } else { Exit::Ok });
    }
    let telling = Telling { json: arguments.json, wait: arguments.wait };
    submit(session, console, &plan, unsent, arguments.yes || arguments.again, telling).await
}

/// Says what would be sent and sends it, after a question where one is due: as one job, or as several when it is too large
/// for one. Then tells what came of it, and waits for it when that was asked for.
pub async fn submit(
    session: &Session,
    console: &Console,
    plan: &Plan,
    unsent: ops::Unsent,
    yes: bool,
    telling: Telling,
) -> Result<Exit, Failure> {
    plan.findings.iter().for_each(|finding| console.talk(&finding.to_string()));
    if plan.has_errors() {
        let errors = plan.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        let failure = Failure::new(format!("nothing was sent: {} to mend", text::count(errors as u64, "error")));
        let fixes = Fixes::for_findings(&plan.findings);
        return Err(match fixes.is_empty() {
            true => failure,
            false => failure.hint(format!("what is found by these rules can be fixed in what is sent: --fix {fixes}")),
        });
    }
    console.talk(&summary(plan));
    // A create whose answer was lost is not sent again whatever is answered: submitting says so.
    let known = known(plan);
    if let (Some(known), None, false) = (&known, &plan.repeat_unconfirmed, yes) {
        agree_to_repeat(console, known).await?;
    }
    let agreed = agree_to_cap(console, plan.over_cap, yes).await?;
    let plan = &Plan { agreed, ..plan.clone() };
    let created = match plan.n_jobs() {
        1 => ops::submit(session, plan, &|progress| console.progress("uploading", progress)).await,
        _ => ops::begin(session, plan, yes || known.is_some()).await.map(|status| Created::Begun(Box::new(status))),
    };
    console.end_progress();
    drop(unsent);
    let created = created?;
    if let (Created::Confirmed(job) | Created::Adopted(job), Some(_)) = (&created, plan.sample) {
        console.talk(&format!("the rest of it: the same command with --rest-of {} in place of --sample", job.name));
    }
    tell(session, console, telling, created).await
}

/// How the outcome of a create is told.
#[derive(Clone, Copy, Debug)]
pub struct Telling {
    /// As one JSON object.
    pub json: bool,
    /// Once the job is over.
    pub wait: bool,
}

/// Tells what came of a create, and waits for the job when that was asked for.
async fn tell(session: &Session, console: &Console, arguments: Telling, created: Created) -> Result<Exit, Failure> {
    let (job, outcome) = match created {
        Created::Confirmed(job) => (job, "confirmed"),
        Created::Adopted(job) => {
            console.talk(&format!("the answer was lost; the job was found in the list: {}", job.name));
            (job, "adopted")
        }
        Created::Begun(status) => return campaigns::begun(session, console, &status, arguments).await,
        Created::Duplicate(jobs) => {
            if arguments.json {
                jobs.iter().for_each(|job| console.json(&json::outcome(job, &session.profile, "duplicate")));
            }
            return Err(duplicate(&jobs));
        }
        Created::Unknown(lost) => {
            if arguments.json {
                console.json(&json::unconfirmed(&lost, &session.profile));
            }
            return Err(unknown(&lost));
        }
    };
    if !arguments.json {
        console.result(job.name.as_str());
    }
    if !arguments.wait {
        if arguments.json {
            console.json(&json::outcome(&job, &session.profile, outcome));
        }
        return Ok(Exit::Ok);
    }
    let on_transition =
        |transition: &ops::Transition, job: &crate::job::Job| console.talk(&wait::line(transition, job));
    let jobs = ops::wait(session, &[job.name], None, &on_transition).await?;
    if arguments.json {
        jobs.iter().for_each(|job| console.json(&json::outcome(job, &session.profile, outcome)));
    }
    Ok(wait::exit(&jobs))
}

/// What `create` and `lint` take from the command line.
pub fn order(sources: &Sources, name: Option<String>, inline: bool) -> Order {
    Order {
        sources: sources.sources.clone(),
        model: sources.model.clone(),
        voice: sources.voice.clone(),
        language: sources.language.clone(),
        name,
        inline,
        sample: sources.sample,
        reading: sources.reading.options(),
        fixes: sources.fixes.clone().unwrap_or_default(),
        ..Order::default()
    }
}

/// `412 requests for gemini-…, 38 m 00 to 46 m 00 of audio, about $0.58 to $0.69`.
fn summary(plan: &Plan) -> String {
    let mut summary = unchanged(plan);
    summary.push_str(&format!(
        "{} for {} as \"{}\"",
        text::count(plan.n_requests, "request"),
        plan.model,
        text::clean_short(&plan.display_name, 60)
    ));
    if let Some(sample) = plan.sample {
        summary.push_str(&format!(", sample {sample}"));
    }
    if !plan.rest_of.is_empty() {
        summary.push_str(&format!(", without {} sent before", text::thousands(plan.n_sent_before)));
    }
    summary.push_str(&changes(plan.n_split, plan.n_pronounced, plan.n_fixed));
    if let Some(estimate) = &plan.estimate {
        let (low, high) = estimate.seconds;
        summary.push_str(&format!(", {} of audio", range(text::span(low), text::span(high))));
        if let Some(dollars) = estimate.dollars {
            summary.push_str(&format!(", {} at batch price", text::dollars_about("about", dollars)));
        }
    }
    if plan.n_jobs() > 1 {
        summary.push_str(&format!(", {} jobs ({})", plan.n_jobs(), plan.jobs_because));
    }
    summary
}

/// `412 unchanged since batches/o6k1, 7 to buy: `; empty when nothing is.
fn unchanged(plan: &Plan) -> String {
    let Some(most) = plan.unchanged.first() else { return String::new() };
    let since = match plan.unchanged.len() - 1 {
        0 => most.job.to_string(),
        more => format!("{} and {more} more", most.job),
    };
    let n = text::thousands(plan.n_unchanged);
    match plan.is_all_unchanged {
        true => format!("all {n} unchanged since {since}: "),
        false => format!("{n} unchanged since {since}, {} to buy: ", text::thousands(plan.n_requests)),
    }
}

/// `, 3 long texts split, 17 words by the list of pronunciations, 2 findings fixed`; empty when nothing was changed.
pub fn changes(n_split: u64, n_pronounced: u64, n_fixed: u64) -> String {
    let mut changes = String::new();
    if n_split > 0 {
        changes.push_str(&format!(", {} split", text::count(n_split, "long text")));
    }
    if n_pronounced > 0 {
        changes.push_str(&format!(", {} by the list of pronunciations", text::count(n_pronounced, "word")));
    }
    if n_fixed > 0 {
        changes.push_str(&format!(", {} fixed", text::count(n_fixed, "finding")));
    }
    changes
}

/// `38 m 00 to 46 m 00`; once when both ends read the same.
fn range(low: String, high: String) -> String {
    if low == high { low } else { format!("{low} to {high}") }
}

/// Tells a plan that is not sent.
pub fn show(console: &Console, plan: &Plan, profile: &str, json: bool) {
    if json {
        console.json(&json::plan(plan, profile));
        return;
    }
    plan.findings.iter().for_each(|finding| console.talk(&finding.to_string()));
    console.result(&summary(plan));
    let how = if plan.inline { "inline" } else { "as a file" };
    console.result(&format!("{} of JSONL {how}, sha256 {}", text::bytes(plan.bytes), plan.sha256));
    if let Some(estimate) = &plan.estimate {
        console.result(&format!("estimate: {}", text::clean(&estimate.basis)));
    }
    if let Some(over) = &plan.over_cap {
        console.result(&over.sentence());
    }
    for place in &plan.unchanged {
        let (n, folder) = (text::thousands(place.n), text::clean(&place.folder.display().to_string()));
        console.result(&format!("{n} unchanged since {}, in {folder}", place.job));
    }
    if plan.n_jobs() > 1 {
        console.result(&format!("{}: {}", text::count(plan.n_jobs() as u64, "job"), plan.jobs_because));
        for (part, number) in plan.parts.iter().zip(1..) {
            console.result(&part_line(part, number));
        }
    }
    if let Some(earlier) = plan.repeats().filter(|_| !plan.is_all_unchanged) {
        console.result(&format!("the same content was sent as {earlier}"));
    }
    if let Some(lost) = &plan.repeat_unconfirmed {
        console.result(&format!("the same content was sent as ~gt-{}, whose answer was lost", lost.token));
    }
    for request in &plan.preview {
        let voice = request.voice.as_deref().unwrap_or("-");
        console.result(&format!("{:>6}  {}  {}  {}", request.line, text::clean(&request.key), voice, request.text));
    }
    console.talk("nothing was sent");
}

/// What is known of content that would be bought a second time.
fn known(plan: &Plan) -> Option<String> {
    if let Some(most) = plan.unchanged.first().filter(|_| plan.is_all_unchanged) {
        let folder = text::clean(&most.folder.display().to_string());
        return Some(format!("the audio of all of it is on this disk already, made by {}, in {folder}", most.job));
    }
    let earlier = plan.repeats()?;
    Some(format!("the same content was sent as {earlier} within the last 48 hours"))
}

/// `  part 2: 316 requests, 24 980 tokens, 214 kB, about $0.29 to $0.35`.
fn part_line(part: &PlannedPart, number: usize) -> String {
    let dollars = part.estimate.dollars.map(|dollars| format!(", {}", text::dollars_about("about", dollars)));
    let dollars = dollars.unwrap_or_default();
    format!(
        "  part {number}: {}, {}, {}{dollars}",
        text::count(part.n_requests, "request"),
        text::count(part.estimate.text_tokens, "token"),
        text::bytes(part.bytes)
    )
}

/// A repeat of recent content is most often a second press of the same key, and would be paid for twice.
async fn agree_to_repeat(console: &Console, known: &str) -> Result<(), Failure> {
    let message = format!("refused: {known}");
    let refused = Failure::with_exit(Exit::Refused, message).hint("pass --yes to send it, and pay for it, again");
    if !console.can_ask() {
        return Err(refused);
    }
    console.talk(known);
    match consent::ask(console, "Send it, and pay for it, again?", Answer::Yes).await? {
        true => Ok(()),
        false => Err(Failure::new("nothing was sent")),
    }
}

/// What a person agrees to spend beyond a cap. Whoever says `--yes` agrees to whatever it comes to.
async fn agree_to_cap(console: &Console, over: Option<OverCap>, yes: bool) -> Result<Option<OverCap>, Failure> {
    if yes {
        return Ok(Some(OverCap::ANYTHING));
    }
    let Some(over) = over else { return Ok(None) };
    if !console.can_ask() {
        return Err(Failure::with_exit(Exit::Refused, format!("refused: {}", over.sentence()))
            .hint("pass --yes to send it all the same; the caps are in [spend] of the configuration"));
    }
    console.talk(&over.sentence());
    let answer = match over.to_type().map(usize::try_from) {
        Some(Ok(dollars)) => Answer::Count(dollars),
        Some(Err(_)) | None => Answer::Yes,
    };
    match consent::ask(console, "Send it all the same?", answer).await? {
        true => Ok(Some(over)),
        false => Err(Failure::new("nothing was sent")),
    }
}

/// A create that was doubled on its way. Which of the jobs is wanted is for a person to say.
pub fn duplicate(jobs: &[Job]) -> Failure {
    let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    let later = names.get(1..).unwrap_or_default().join(" ");
    Failure::with_exit(Exit::SomeBad, format!("one create came out as {} jobs: {}", jobs.len(), names.join(", "))).hint(
        format!("all of them are billed; nothing was cancelled: `gemtts-tui cancel {later}` stops what came later"),
    )
}

fn unknown(lost: &Unconfirmed) -> Failure {
    let name = text::clean_short(&lost.display_name, 60);
    let message = format!("the answer to the create of \"{name}\" was lost, and the job is not in the list yet");
    let hint = format!(
        "do not send it again: it may exist. Every `gemtts-tui list` goes on looking for it by its token ~gt-{}; if it \
         never turns up, `{}` gives it up",
        lost.token,
        lost.give_up_command()
    );
    Failure::with_exit(Exit::UnknownOutcome, message).hint(hint)
}
