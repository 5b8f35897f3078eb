//! Waiting for jobs to be over.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::api;
use crate::failure::{Exit, Failure};
use crate::job::{Job, JobName};
use crate::text;

use super::find::{explain, fetch};
use super::list::{list_jobs, transitions};
use super::{Session, Transition};

/// The most jobs that are asked for one by one; for more of them the list is cheaper.
const MOST_SINGLE: usize = 8;

/// Waits until all jobs are over, and gives them back in the order of their names.
///
/// `on_transition` gets the state at first sight and every change. Reads that fail for the moment are tried again,
/// ever more slowly, without an end but `timeout`, which fails with [`Exit::TimedOut`].
pub async fn wait(
    session: &Session,
    names: &[JobName],
    timeout: Option<Duration>,
    on_transition: &(dyn Fn(&Transition, &Job) + Send + Sync),
) -> Result<Vec<Job>, Failure> {
    let watch = watch(session, names, on_transition);
    match timeout {
        None => watch.await,
        Some(timeout) => tokio::time::timeout(timeout, watch).await.unwrap_or_else(|_| Err(too_long(timeout))),
    }
}

async fn watch(
    session: &Session,
    names: &[JobName],
    on_transition: &(dyn Fn(&Transition, &Job) + Send + Sync),
) -> Result<Vec<Job>, Failure> {
    let mut seen: HashMap<JobName, Job> = HashMap::new();
    let mut follower = Follower::new(session);
    loop {
        let is_open = |name: &&JobName| seen.get(*name).is_none_or(|job| !job.state.is_terminal());
        let open: Vec<JobName> = names.iter().filter(is_open).cloned().collect();
        if open.is_empty() {
            return Ok(names.iter().map(|name| seen[name].clone()).collect());
        }
        follower.wait().await;
        match look(session, &open).await {
            Ok((jobs, server_time)) => {
                follower.succeeded();
                let last = |name: &JobName| seen.get(name).map(|job| job.state.clone());
                let changes = transitions(&last, &jobs, server_time.unwrap_or_else(|| session.clock.now()));
                seen.extend(jobs.into_iter().map(|job| (job.name.clone(), job)));
                for change in &changes {
                    on_transition(change, &seen[&change.job]);
                }
            }
            Err((name, error)) => follower.failed(error, name.as_ref(), None)?,
        }
    }
}

/// The jobs as they are now, and the service's clock. A failure says which job it is about.
async fn look(
    session: &Session,
    names: &[JobName],
) -> Result<(Vec<Job>, Option<Timestamp>), (Option<JobName>, api::Error)> {
    let (mut jobs, mut server_time) = (Vec::new(), None);
    let mut left: Vec<&JobName> = names.iter().collect();
    if names.len() > MOST_SINGLE {
        let listing = list_jobs(session, &|_| ()).await.map_err(|error| (None, error))?;
        server_time = listing.server_time;
        jobs.extend(listing.jobs.into_iter().filter(|job| names.contains(&job.name)));
        let listed: HashSet<&JobName> = jobs.iter().map(|job| &job.name).collect();
        left.retain(|name| !listed.contains(name));
    }
    for name in left {
        let fetched = fetch(session, name).await.map_err(|error| (Some(name.clone()), error))?;
        server_time = fetched.server_time.or(server_time);
        jobs.push(fetched.value);
    }
    Ok((jobs, server_time))
}

fn too_long(timeout: Duration) -> Failure {
    let message = format!("waited {} and the jobs are not over yet", text::span(timeout.as_secs_f64()));
    Failure::with_exit(Exit::TimedOut, message)
}

/// When to look again: at once, then soon, then less often, and hardly ever while the service cannot be reached.
pub(super) struct Follower<'a> {
    session: &'a Session,
    wait: Duration,
    silent_for: Duration,
}

impl<'a> Follower<'a> {
    pub(super) fn new(session: &'a Session) -> Self {
        Follower { session, wait: Duration::ZERO, silent_for: Duration::ZERO }
    }

    pub(super) fn succeeded(&mut self) {
        if !self.silent_for.is_zero() {
            (self.wait, self.silent_for) = (Duration::ZERO, Duration::ZERO);
        }
        self.wait = self.session.pace.after(self.wait);
    }

    /// Passes the failure on unless it may be gone the next time, and the silence has not lasted too long.
    pub(super) fn failed(
        &mut self,
        error: api::Error,
        name: Option<&JobName>,
        longest: Option<Duration>,
    ) -> Result<(), Failure> {
        if !error.is_retryable() || longest.is_some_and(|longest| self.silent_for >= longest) {
            return Err(match name {
                Some(name) => explain(error, name),
                None => error.into(),
            });
        }
        let asked = error.retry_after.unwrap_or(Duration::ZERO);
        self.wait = self.session.pace.after_failure(self.wait).max(asked);
        self.silent_for = self.silent_for.saturating_add(self.wait);
        Ok(())
    }

    pub(super) async fn wait(&self) {
        tokio::time::sleep(self.wait).await;
    }
}
