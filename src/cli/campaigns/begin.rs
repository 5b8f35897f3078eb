//! A campaign is begun by `create`, and driven by whatever command stays for it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::super::console::Console;
use super::super::create::{Telling, duplicate};
use super::super::{json, wait};
use super::tell;
use crate::failure::{Exit, Failure};
use crate::ops::{self, Advance, CampaignStatus, Created, Did, Next, PartState, Session, Until};
use crate::store::Hold;
use crate::text;

/// Submits what there is room for of a campaign that has just begun; with `wait` it stays until everything is over.
pub async fn begun(
    session: &Session,
    console: &Console,
    status: &CampaignStatus,
    telling: Telling,
) -> Result<Exit, Failure> {
    // How much room there is depends on what is live.
    ops::list(session, &|_| ()).await.map_err(|failure| kept(status, failure))?;
    let until = if telling.wait { Until::Over } else { Until::Once };
    let ids = [status.id.clone()];
    let all = drive(session, console, &ids, until, telling.json).await.map_err(|failure| kept(status, failure))?;
    for status in &all {
        if telling.json {
            console.json(&tell::object(status, session));
        }
        waiting(session, console, status);
    }
    if !telling.wait || exit(&all) != Exit::Ok {
        return Ok(exit(&all));
    }
    let mut jobs = Vec::new();
    for name in all.iter().flat_map(CampaignStatus::jobs) {
        jobs.push(ops::get(session, name).await?.value);
    }
    Ok(wait::exit(&jobs))
}

/// The requests are kept: whoever reads of a failure must not create them again.
fn kept(status: &CampaignStatus, failure: Failure) -> Failure {
    let hint = format!("the campaign is kept; `gemtts-tui campaigns run {}` goes on with it", status.id);
    Failure { hint: Some(hint), ..failure }
}

/// Advances campaigns and tells what happens: names of jobs as results, everything else as talk.
pub async fn drive(
    session: &Session,
    console: &Console,
    ids: &[String],
    until: Until,
    json: bool,
) -> Result<Vec<CampaignStatus>, Failure> {
    let last: Mutex<HashMap<String, String>> = Mutex::default();
    let stands = |status: &CampaignStatus| {
        let said = format!("{}: {}", text::clean_short(&status.name, 60), status.counts().join(", "));
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.insert(status.id.clone(), said.clone()).as_ref() != Some(&said) {
            console.end_progress();
            console.talk(&said);
        }
    };
    let advanced = |advance: &Advance| {
        console.end_progress();
        told(session, console, advance, json);
    };
    let progress = |progress| console.progress("uploading", progress);
    let telling = ops::Telling { advanced: &advanced, stands: &stands, progress: &progress };
    let all = ops::run_campaigns(session, ids, until, &telling).await;
    console.end_progress();
    all
}

fn told(session: &Session, console: &Console, advance: &Advance, json: bool) {
    match &advance.did {
        Did::Submitted(number, created) => match &**created {
            Created::Confirmed(job) | Created::Adopted(job) => {
                let outcome = if matches!(**created, Created::Confirmed(_)) { "confirmed" } else { "adopted" };
                match json {
                    true => {
                        let mut job = json::outcome(job, &session.profile, outcome);
                        job["campaign"] = advance.status.id.as_str().into();
                        job["part"] = (*number).into();
                        console.json(&job);
                    }
                    false => console.result(job.name.as_str()),
                }
            }
            // A part is one job.
            Created::Begun(_) => {}
            Created::Duplicate(jobs) => {
                if json {
                    jobs.iter().for_each(|job| console.json(&json::outcome(job, &session.profile, "duplicate")));
                }
                console.failure(&duplicate(jobs));
            }
            Created::Unknown(lost) => {
                if json {
                    console.json(&json::unconfirmed(lost, &session.profile));
                }
                console.talk(&format!(
                    "the answer to part {number} was lost; it may exist, and every listing looks for it by its token ~gt-{}",
                    lost.token
                ));
            }
        },
        Did::Refused(number, failure) => {
            console.talk(&format!("part {number} was not submitted: {failure}"));
            failure.hint.iter().for_each(|hint| console.talk(&format!("hint: {hint}")));
        }
        Did::Cancelled(job) => console.talk(&format!("asked to cancel {job}")),
        Did::Elsewhere(holder) => {
            console.talk(&format!("{} is driven by {holder}", text::clean_short(&advance.status.name, 60)));
        }
        Did::Nothing => {}
    }
}

/// Says how many parts wait, why, and what goes on with them.
pub fn waiting(session: &Session, console: &Console, status: &CampaignStatus) {
    let parts = text::count(status.n_waiting() as u64, "part");
    let reason = status.reason(session.clock.now());
    match (&status.next, reason) {
        (Next::Paused, reason) => {
            let reason = reason.unwrap_or_default();
            console.talk(&format!("{parts} of {} wait; {reason}", text::count(status.parts.len() as u64, "part")));
            console.talk(&format!("`gemtts-tui campaigns resume {}` goes on with them", status.id));
        }
        (Next::Waits(_) | Next::Submit(_), reason) => {
            let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            console.talk(&format!("{parts} of {} wait{reason}", text::count(status.parts.len() as u64, "part")));
            console.talk(&format!(
                "an open dashboard goes on with them, and so does `gemtts-tui campaigns run {}`",
                status.id
            ));
        }
        (Next::Cancel(_) | Next::Cancelled | Next::Submitted | Next::Over, _) => {}
    }
}

/// 5 when an answer is lost, 1 when a refusal paused a campaign, else 0: to wait for room is nothing bad.
pub fn exit(all: &[CampaignStatus]) -> Exit {
    let is_unknown =
        |status: &CampaignStatus| status.parts.iter().any(|part| matches!(part.state, PartState::Unknown { .. }));
    let is_refused = |status: &CampaignStatus| {
        status.next == Next::Paused && matches!(status.hold, Hold::Paused { because: Some(_), .. })
    };
    if all.iter().any(is_unknown) {
        Exit::UnknownOutcome
    } else if all.iter().any(is_refused) {
        Exit::Failed
    } else {
        Exit::Ok
    }
}
