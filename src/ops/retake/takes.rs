//! Which jobs are takes of the same requests: a job, and the retakes of it that were made on this machine.

use std::collections::HashSet;

use crate::job::{Job, JobName};
use crate::ops::Session;
use crate::ops::list::is_ours;
use crate::store::{Error, RetakeOf, Tracked};

/// What stands between the title of a job and the number of its retake.
const MARK: &str = " retake ";

/// Whose requests a retake of this job makes again, and what it will be called. Blocks on the disk.
pub(super) fn next(session: &Session, job: &Job) -> Result<(RetakeOf, String), Error> {
    let creates = creates(session)?;
    let earlier = retake_of(&creates, job);
    let original = earlier.map_or(job.name.as_str(), |earlier| &earlier.job).to_owned();
    let of_it = creates.iter().filter_map(|create| create.intent.retake_of.as_ref()).filter(|of| of.job == original);
    let number = of_it.map(|of| of.number).max().unwrap_or(0).saturating_add(1);
    let title = match earlier {
        Some(of) => job.title().strip_suffix(&format!("{MARK}{}", of.number)).unwrap_or(job.title()),
        None => job.title(),
    };
    let name = format!("{title}{MARK}{number}");
    Ok((RetakeOf { job: original, number }, name))
}

/// The job whose requests this one makes again, when it is a retake that was made on this machine. Blocks on the disk.
pub(crate) fn original(session: &Session, job: &Job) -> Result<Option<JobName>, Error> {
    Ok(retake_of(&creates(session)?, job).and_then(|of| JobName::parse(&of.job)))
}

/// All takes of the requests of this job, itself among them; empty when there are no others. Blocks on the disk.
pub(crate) fn all(session: &Session, job: &JobName) -> Result<HashSet<String>, Error> {
    let creates = creates(session)?;
    let made = creates.iter().find(|create| create.jobs().iter().any(|made| made == job.as_str()));
    let earlier = made.and_then(|create| create.intent.retake_of.as_ref());
    let original = earlier.map_or(job.as_str(), |of| &of.job);
    let is_take = |create: &&Tracked| create.intent.retake_of.as_ref().is_some_and(|of| of.job == original);
    let mut takes: HashSet<String> = creates.iter().filter(is_take).flat_map(Tracked::jobs).cloned().collect();
    if !takes.is_empty() {
        takes.extend([original.to_owned(), job.to_string()]);
    }
    Ok(takes)
}

fn creates(session: &Session) -> Result<Vec<Tracked>, Error> {
    Ok(session.store.intents()?.into_iter().filter(|create| is_ours(session, create)).collect())
}

fn retake_of<'a>(creates: &'a [Tracked], job: &Job) -> Option<&'a RetakeOf> {
    let token = job.token()?;
    creates.iter().find(|create| create.intent.token == token)?.intent.retake_of.as_ref()
}
