//! `delete`: deletes jobs, unless that would lose results. A token in place of a job gives a lost create up.

use futures_util::stream::{self, StreamExt};

use super::args::Delete;
use super::choose::{self, AT_ONCE};
use super::consent::{self, Answer};
use super::console::Console;
use super::give_up;
use super::json;
use crate::failure::{Exit, Failure};
use crate::job::Job;
use crate::ops::{self, Loss, Session};
use crate::text;

/// Deletes all of the jobs, or none when the results of one would be lost and nobody allowed it.
pub async fn run(session: &Session, console: &Console, arguments: &Delete) -> Result<Exit, Failure> {
    let choice = &arguments.choice;
    if !choice.yes {
        consent::must_be_able_to_ask(console, "delete")?;
    }
    let creates = give_up::named(session, &choice.jobs).await?;
    if !creates.is_empty() {
        return give_up::run(session, console, choice, &creates).await;
    }
    let jobs = choose::jobs(session, console, choice, |_| true).await?;
    if jobs.is_empty() {
        console.talk("nothing to delete: no job matches");
        return Ok(Exit::Ok);
    }
    let look = |job: Job| async move {
        let loss = ops::loss(session, &job).await;
        (job, loss)
    };
    let jobs: Vec<(Job, Loss)> = stream::iter(jobs).map(look).buffered(AT_ONCE).collect().await;
    let unsaved: Vec<String> = jobs.iter().filter_map(|(job, loss)| unsaved(job, *loss)).collect();
    if !unsaved.is_empty() && !arguments.unsaved {
        unsaved.iter().for_each(|line| console.talk(&format!("  {line}")));
        let jobs = text::count(unsaved.len() as u64, "job");
        let message = format!("refused: the results of {jobs} are not on this disk; nothing was deleted");
        let hint = "save them first (`gemtts-tui save JOB`), or pass --unsaved to lose them";
        return Err(Failure::with_exit(Exit::Refused, message).hint(hint));
    }
    if !choice.yes && !agreed(console, &jobs, unsaved.len()).await? {
        return Err(Failure::new("nothing was deleted"));
    }
    // As they were shown: what has changed since then is left alone.
    let delete = |(job, loss): &(Job, Loss)| {
        let (job, loss) = (job.clone(), *loss);
        async move { ops::delete_as_agreed(session, &job, loss).await.map(|()| job) }
    };
    let mut outcomes = stream::iter(&jobs).map(delete).buffer_unordered(AT_ONCE);
    let mut failures = Vec::new();
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok(job) if choice.json => console.json(&json::outcome(&job, &session.profile, "deleted")),
            Ok(job) => console.result(&format!("deleted {}  {}", job.name, text::clean_short(job.title(), 60))),
            Err(failure) => {
                console.failure(&failure);
                failures.push(failure);
            }
        }
    }
    Ok(choose::first_failure(failures))
}

/// A line about what would be lost, when something would.
fn unsaved(job: &Job, loss: Loss) -> Option<String> {
    match loss {
        Loss::Nothing | Loss::Saved => None,
        Loss::Unsaved { saved, of } => {
            let of = of.map_or_else(|| "an unknown number of".to_owned(), text::thousands);
            Some(format!("{}: {} of {of} results are saved", choose::line(job), text::thousands(saved)))
        }
    }
}

async fn agreed(console: &Console, jobs: &[(Job, Loss)], n_unsaved: usize) -> Result<bool, Failure> {
    for (job, loss) in jobs {
        console.talk(&format!("  {}", unsaved(job, *loss).unwrap_or_else(|| choose::line(job))));
    }
    let answer = if n_unsaved > 0 || jobs.len() > 1 { Answer::Count(jobs.len()) } else { Answer::Yes };
    let question = match jobs.len() {
        1 => "Delete this job?".to_owned(),
        n_jobs => format!("Delete these {}?", text::count(n_jobs as u64, "job")),
    };
    consent::ask(console, &question, answer).await
}
