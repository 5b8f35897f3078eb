//! `wait`: until jobs are over; prints each transition.

use super::args::Wait;
use super::choose;
use super::console::Console;
use super::json;
use super::save;
use crate::failure::{Exit, Failure};
use crate::job::{Job, JobState};
use crate::ops::{self, Session, Transition};
use crate::text;

/// Waits, and saves when that was asked for.
pub async fn run(session: &Session, console: &Console, arguments: &Wait) -> Result<Exit, Failure> {
    let names = choose::named(session, &arguments.jobs).await?;
    let on_transition = |transition: &Transition, job: &Job| match arguments.json {
        true => console.json(&json::transition(transition, job, &session.profile)),
        false => console.result(&line(transition, job)),
    };
    let jobs = ops::wait(session, &names, arguments.timeout, &on_transition).await?;
    let exit = exit(&jobs);
    let Some(folder) = &arguments.save else { return Ok(exit) };
    let mut exits = save::Exits::new(exit);
    let n_jobs = jobs.len();
    let mut ready = Vec::with_capacity(n_jobs);
    for job in jobs {
        match ops::with_results(session, &job).await {
            Ok(job) => ready.extend(job),
            Err(failure) => {
                console.failure(&failure);
                exits.add(Err(failure));
            }
        }
    }
    let orders = save::orders(session, folder, n_jobs, ready);
    // The JSON of `wait` is about transitions; what was saved is told on standard error.
    Ok(save::all(session, console, orders, save::Tell::Talk, exits).await)
}

/// `2026-07-02 14:41:31 UTC  batches/abc  ch01  PENDING -> RUNNING`.
pub fn line(transition: &Transition, job: &Job) -> String {
    let at = transition.at.strftime("%Y-%m-%d %H:%M:%S UTC");
    let to = text::clean(transition.to.word());
    let states = match &transition.from {
        Some(from) => format!("{} -> {to}", text::clean(from.word())),
        None => to,
    };
    format!("{at}  {}  {}  {states}", job.name, text::clean_short(job.title(), 60))
}

/// 0 when every job succeeded without failed requests.
pub fn exit(jobs: &[Job]) -> Exit {
    let is_good = |job: &Job| job.state == JobState::Succeeded && job.counts.is_none_or(|counts| counts.failed == 0);
    if jobs.iter().all(is_good) { Exit::Ok } else { Exit::SomeBad }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Counts, JobKind, JobName};

    fn job(state: JobState, failed: Option<u64>) -> Job {
        Job {
            name: JobName::parse("batches/abc").unwrap(),
            display_name: Some("ch01".into()),
            kind: JobKind::GenerateContent,
            model: None,
            state,
            counts: failed.map(|failed| Counts { requests: 4, succeeded: 4 - failed, failed, pending: 0 }),
            create_time: None,
            update_time: None,
            end_time: None,
            source: None,
            dest: None,
            error: None,
        }
    }

    #[test]
    fn only_jobs_that_succeeded_whole_are_good() {
        let table = [
            (vec![job(JobState::Succeeded, Some(0)), job(JobState::Succeeded, None)], Exit::Ok),
            (vec![job(JobState::Succeeded, Some(0)), job(JobState::Succeeded, Some(1))], Exit::SomeBad),
            (vec![job(JobState::Failed, None)], Exit::SomeBad),
            (vec![job(JobState::Cancelled, Some(0))], Exit::SomeBad),
            (vec![job(JobState::Expired, None), job(JobState::Succeeded, None)], Exit::SomeBad),
        ];
        for (jobs, expected) in table {
            assert_eq!(exit(&jobs), expected, "{jobs:?}");
        }
    }

    #[test]
    fn a_transition_is_one_line() {
        let job = job(JobState::Running, None);
        let at = "2026-07-02T14:41:31.5Z".parse().unwrap();
        let mut transition =
            Transition { job: job.name.clone(), from: Some(JobState::Pending), to: JobState::Running, at };
        assert_eq!(line(&transition, &job), "2026-07-02 14:41:31 UTC  batches/abc  ch01  PENDING -> RUNNING");
        transition.from = None;
        assert_eq!(line(&transition, &job), "2026-07-02 14:41:31 UTC  batches/abc  ch01  RUNNING");
    }
}
