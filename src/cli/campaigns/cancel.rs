//! `campaigns cancel`: no more parts, and an end to the jobs that are live.

use futures_util::stream::{self, StreamExt};

use super::super::args::Cancelling;
use super::super::choose::{self, AT_ONCE};
use super::super::consent::{self, Answer};
use super::super::console::Console;
use super::super::{cancel, json};
use super::{refresh, tell};
use crate::failure::{Exit, Failure};
use crate::job::Job;
use crate::ops::{self, Session};
use crate::text;

/// Cancels a campaign, and follows each of its live jobs until the service agrees.
pub async fn run(session: &Session, console: &Console, arguments: &Cancelling, json: bool) -> Result<Exit, Failure> {
    session.writer()?;
    if !arguments.yes {
        consent::must_be_able_to_ask(console, "campaigns cancel")?;
    }
    refresh(session, console).await;
    let status = ops::find_campaign(session, &arguments.named.campaign).await?;
    let mut live: Vec<Job> = Vec::new();
    for part in status.parts.iter().filter(|part| part.state.is_live()) {
        let ops::PartState::Submitted { jobs, .. } = &part.state else { continue };
        for name in jobs {
            live.push(ops::get(session, name).await?.value);
        }
    }
    live.retain(|job| !job.state.is_terminal());
    if !arguments.yes {
        live.iter().for_each(|job| console.talk(&format!("  {}", choose::line(job))));
        let waiting = match status.n_waiting() {
            0 => String::new(),
            n => format!(" and never submit {}", text::count(n as u64, "waiting part")),
        };
        let jobs = text::count(live.len() as u64, "live job");
        let question = format!("Cancel {jobs} of {}{waiting}?", text::clean_short(&status.name, 60));
        let answer = if live.len() > 1 { Answer::Count(live.len()) } else { Answer::Yes };
        if !consent::ask(console, &question, answer).await? {
            return Err(Failure::new("nothing was cancelled"));
        }
    }
    // From here on nothing more is sent, and whoever drives campaigns goes on with this if it is broken off.
    ops::cancel_campaign(session, &status.id).await?;
    cancel::intend(session, &live).await?;
    let mut outcomes = stream::iter(&live).map(|job| cancel::cancel(session, console, job)).buffer_unordered(AT_ONCE);
    let mut failures = Vec::new();
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok((job, outcome)) if json => console.json(&json::outcome(&job, &session.profile, outcome)),
            Ok((job, _)) => console.result(&choose::line(&job)),
            Err(failure) => {
                console.failure(&failure);
                failures.push(failure);
            }
        }
    }
    let status = ops::advance(session, &status.id, &|_| ()).await?.status;
    if json {
        console.json(&tell::object(&status, session));
    } else {
        console.talk(&format!("{}: {}", text::clean_short(&status.name, 60), tell::stands(session, &status)));
    }
    Ok(choose::first_failure(failures))
}
