//! `retake`: a new job of the keys of a job that failed or sound wrong, after what is changed in them was told.
//!
//! From the plan on it is a create like any other: asked about, sent and looked for in the same way.

use super::args;
use super::console::Console;
use super::create;
use super::json;
use crate::failure::{Exit, Failure};
use crate::ops::{self, Retake, RetakeOrder, Session, Take};
use crate::text;

/// So many keys are told before a retake is sent; `--dry-run` tells all of them.
const MOST_TOLD: usize = 20;

/// Submits one job of what is to be taken again.
pub async fn run(session: &Session, console: &Console, arguments: &args::Retake) -> Result<Exit, Failure> {
    if !arguments.dry_run {
        // Said before results are fetched for nothing.
        session.writer()?;
    }
    let name = ops::find(session, &arguments.job).await?;
    let job = ops::get(session, &name).await?.value;
    let order = RetakeOrder { keys: None, refused: arguments.refused };
    let made = ops::retake(session, &job, &order, &|progress| console.progress("results", progress)).await;
    console.end_progress();
    let retake = made?;
    left_out(&retake).iter().for_each(|line| console.talk(line));
    let Some(plan) = &retake.plan else {
        console.talk(&format!(
            "nothing to retake: {} of {} left nothing to mend",
            text::count(retake.n_requests, "request"),
            text::clean_short(&retake.title, 60)
        ));
        return Ok(Exit::Ok);
    };
    // Whatever comes of it, a signal included, the next try prepares its own.
    let unsent = ops::Unsent::of(session, plan);
    if arguments.json {
        retake.takes.iter().for_each(|take| console.json(&json::take(take)));
    }
    if arguments.dry_run {
        if !arguments.json {
            retake.takes.iter().flat_map(lines).for_each(|line| console.result(&line));
            create::show(console, plan, &session.profile, false);
        }
        return Ok(if plan.has_errors() { Exit::Failed } else { Exit::Ok });
    }
    if !arguments.json {
        retake.takes.iter().take(MOST_TOLD).flat_map(lines).for_each(|line| console.talk(&line));
        if let Some(n_more @ 1..) = retake.takes.len().checked_sub(MOST_TOLD) {
            console.talk(&format!("… and {} more: `--dry-run` shows all", text::thousands(n_more as u64)));
        }
    }
    let telling = create::Telling { json: arguments.json, wait: arguments.wait };
    create::submit(session, console, plan, unsent, arguments.yes, telling).await
}

/// What is not taken again though it is not good, and why.
fn left_out(retake: &Retake) -> Vec<String> {
    let mut lines = Vec::new();
    if retake.n_refused > 0 {
        let refused = text::count(retake.n_refused, "key");
        lines.push(format!("{refused} that the service refused left out; --refused takes them as well"));
    }
    if retake.n_untold > 0 {
        let untold = text::count(retake.n_untold, "key");
        lines.push(format!("{untold} without a result left out: some results say no key, and may be theirs"));
    }
    lines
}

/// A key and what is wrong with it, what is changed as a diff, and why.
fn lines(take: &Take) -> Vec<String> {
    let key = text::clean_short(&take.key, 80);
    let mut lines = vec![format!("{key}  {}  {}", take.wrong.word(), text::clean_short(&take.text, 60))];
    if let (Some(before), Some(after)) = (&take.change.before, &take.change.after) {
        lines.push(format!("  - {before}"));
        lines.push(format!("  + {after}"));
    }
    lines.push(format!("    {}: {}", take.change.what.word(), take.change.reason));
    lines
}
