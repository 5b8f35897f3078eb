//! What jobs were sent, for the rest after a sample.

use std::collections::HashMap;

use crate::failure::Failure;
use crate::job::JobName;
use crate::ops::Session;
use crate::ops::list::is_ours;
use crate::request::Identity;
use crate::script::each_request;
use crate::store::{Store, Tracked};

use super::line::each_line;

/// The lines of some jobs, by content and key: some forty bytes for each.
pub(super) struct Sent {
    lines: HashMap<Identity, u32>,
    jobs: Vec<JobName>,
    found: Vec<bool>,
}

impl Sent {
    /// Reads what the jobs were sent, and what was left out of them because it was on the disk. Blocks.
    pub(super) fn of(session: &Session, jobs: &[JobName]) -> Result<Sent, Failure> {
        let mut sent = Sent { lines: HashMap::new(), jobs: jobs.to_vec(), found: vec![false; jobs.len()] };
        for (at, job) in (0..).zip(jobs) {
            sent.read(session, job, at)?;
        }
        Ok(sent)
    }

    fn read(&mut self, session: &Session, job: &JobName, at: u32) -> Result<(), Failure> {
        let is_of_it = |create: &Tracked| create.jobs().iter().any(|made| made == job.as_str());
        let creates = session.store.intents()?.into_iter();
        let made = creates.rev().find(|create| is_ours(session, create) && is_of_it(create));
        let kept = made.map(|made| (session.store.requests_path(&made.intent.token), made.intent.model));
        let Some((requests, model)) = kept.filter(|(requests, _)| requests.is_file()) else {
            let message = format!("the requests of {job} are not on this machine: nobody can tell what the rest is");
            return Err(Failure::new(message).hint(
                "they are kept for 30 days where the job was created: create the rest there, or leave --rest-of out",
            ));
        };
        each_request(&requests, |key, request| {
            self.lines.insert(Identity::of(&model, request).with_key(key), at);
        })
        .map_err(|error| error.failure())?;
        let unchanged = Store::unchanged_path(&requests);
        if unchanged.is_file() {
            each_line(&unchanged, |line| {
                self.lines.insert(line.identity.with_key(line.record.key.as_deref().unwrap_or_default()), at);
                Ok::<_, std::io::Error>(())
            })
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", unchanged.display())))?;
        }
        Ok(())
    }

    /// Whether no job was named.
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Whether one of the jobs has a line.
    pub(super) fn has(&mut self, identity: Identity, key: &str) -> bool {
        if self.lines.is_empty() {
            return false;
        }
        let Some(at) = self.lines.get(&identity.with_key(key)) else { return false };
        self.found[*at as usize] = true;
        true
    }

    /// Refuses a rest of a job that none of the lines was sent to: it would buy everything.
    pub(super) fn refuse_strangers(&self) -> Result<(), Failure> {
        let Some((job, _)) = self.jobs.iter().zip(&self.found).find(|(_, found)| !**found) else { return Ok(()) };
        let message = format!("none of these requests was sent to {job}: this is not the rest of it");
        Err(Failure::new(message).hint(
            "source, model, voice, style and keys must be those of that job; without --rest-of everything is sent",
        ))
    }
}
