//! Waiting for jobs to be over.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::api;
use crate::clock::Stopwatch;
use crate::failure::{Exit, Failure};
use crate::job::{Job, JobName};
use crate::text;

use super::find::{explain, fetch};
use super::list::{list_jobs, transitions};
use super::{Session, Transition};

/// The most jobs that are asked for one by one; for more of them the list is cheaper.
const MOST_SINGLE: usize = 8;

/// How long the first look may take, whatever the time limit: a limit of nothing asks how things stand now.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// How long to leave a service alone whose quota of the day is used up. Reads may have a quota of their own, so that it
/// is asked again long before the day is over.
const OUT_OF_QUOTA: Duration = Duration::from_secs(600);

/// Waits until all jobs are over, and gives them back in the order of their names.
///
/// `on_transition` gets the state at first sight and every change. Reads that fail for the moment are tried again,
/// ever more slowly, without an end but `timeout`, which fails with [`Exit::TimedOut`]. However short that is, the jobs
/// are looked at once.
pub async fn wait(
    session: &Session,
    names: &[JobName],
    timeout: Option<Duration>,
    on_transition: &(dyn Fn(&Transition, &Job) + Send + Sync),
) -> Result<Vec<Job>, Failure> {
    let mut watch = Watch { session, names, on_transition, seen: HashMap::new(), follower: Follower::new(session) };
    let Some(timeout) = timeout else { return watch.until_over().await };
    let began = Stopwatch::start();
    let late = |_| Err(too_long(timeout));
    tokio::time::timeout(timeout.max(FIRST_LOOK), watch.look()).await.unwrap_or_else(late)?;
    if let Some(jobs) = watch.over() {
        return Ok(jobs);
    }
    let left = timeout.saturating_sub(began.elapsed());
    tokio::time::timeout(left, watch.until_over()).await.unwrap_or_else(|_| Err(too_long(timeout)))
}

/// Jobs that are waited for, and what was seen of them.
struct Watch<'a> {
    session: &'a Session,
    names: &'a [JobName],
    on_transition: &'a (dyn Fn(&Transition, &Job) + Send + Sync),
    seen: HashMap<JobName, Job>,
    follower: Follower<'a>,
}

impl Watch<'_> {
    async fn until_over(&mut self) -> Result<Vec<Job>, Failure> {
        loop {
            if let Some(jobs) = self.over() {
                return Ok(jobs);
            }
            self.follower.wait().await;
            self.look().await?;
        }
    }

    /// The jobs, once all of them are over.
    fn over(&self) -> Option<Vec<Job>> {
        let over = |name| self.seen.get(name).filter(|job| job.state.is_terminal()).cloned();
        self.names.iter().map(over).collect()
    }

    /// Looks at those that were not over, once.
    async fn look(&mut self) -> Result<(), Failure> {
        let is_open = |name: &&JobName| self.seen.get(*name).is_none_or(|job| !job.state.is_terminal());
        let open: Vec<JobName> = self.names.iter().filter(is_open).cloned().collect();
        match look(self.session, &open).await {
            Ok((jobs, server_time)) => {
                self.follower.succeeded();
                let last = |name: &JobName| self.seen.get(name).map(|job| job.state.clone());
                let changes = transitions(&last, &jobs, server_time.unwrap_or_else(|| self.session.clock.now()));
                self.seen.extend(jobs.into_iter().map(|job| (job.name.clone(), job)));
                for change in &changes {
                    (self.on_transition)(change, &self.seen[&change.job]);
                }
                Ok(())
            }
            Err((name, error)) => self.follower.failed(error, name.as_ref(), None),
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
        let asked = if error.is_daily { OUT_OF_QUOTA } else { error.retry_after.unwrap_or(Duration::ZERO) };
        self.wait = self.session.pace.after_failure(self.wait).max(asked);
        self.silent_for = self.silent_for.saturating_add(self.wait);
        Ok(())
    }

    pub(super) async fn wait(&self) {
        tokio::time::sleep(self.wait).await;
    }
}
