//! What is odd about jobs that are not over, seen from the list alone: creates that were doubled, twins, and jobs that
//! take longer than theirs do.
//!
//! A doubt is pointed out and never acted upon: jobs of other programs with the same key are in the list too.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use super::{Job, JobName, JobState, Source};

/// Jobs that were created further apart are no accident.
const TOGETHER: Duration = Duration::from_secs(15 * 60);
/// So many finished jobs of a model make a habit.
const HABIT: usize = 5;
/// So many times longer than the middle one of them is odd.
const TIMES_LONGER: u32 = 3;
/// The service's own goal for a batch (official documents).
pub const PROMISED: Duration = Duration::from_secs(24 * 3600);
/// What is over within that time is never slow.
const SHORT: Duration = Duration::from_secs(3600);

/// What is odd about a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It came of the same create as that earlier one, which was doubled on its way: both carry its token.
    Duplicate(JobName),
    /// It has the same input file as an earlier one, or the same name, model and number of requests, and was created just
    /// after it.
    Twin(JobName),
    /// It is not over after the time in which the service promises to be done.
    Stuck,
    /// It runs for much longer than the jobs of its model did: the usual time.
    Slow(Duration),
}

impl Doubt {
    /// One word, as filters and the list have it.
    pub fn word(&self) -> &'static str {
        match self {
            Doubt::Duplicate(_) => "duplicate",
            Doubt::Twin(_) => "twin",
            Doubt::Stuck => "stuck",
            Doubt::Slow(_) => "slow",
        }
    }
}

/// The jobs that are not over and have something odd, as of a time by the service's clock.
pub fn doubts<'a>(jobs: impl Iterator<Item = &'a Job> + Clone, now: Timestamp) -> BTreeMap<JobName, Doubt> {
    let mut doubts = late(jobs.clone(), now);
    // That something may be paid twice is worth more than that it takes long.
    doubts.extend(twins(jobs.clone()));
    doubts.extend(duplicates(jobs));
    doubts
}

fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or(Duration::ZERO)
}

fn is_live(job: &Job) -> bool {
    !job.state.is_terminal()
}

/// Whether a job has brought results, or may still.
fn counts(job: &Job) -> bool {
    match job.state {
        JobState::Pending | JobState::Running | JobState::Succeeded | JobState::Other(_) => true,
        JobState::Failed | JobState::Cancelled | JobState::Expired => false,
    }
}

/// What makes two jobs the same: their input file, or what anybody can see of them.
#[derive(PartialEq, Eq, Hash)]
enum Likeness<'a> {
    File(Option<&'a str>, &'a str),
    Looks(Option<&'a str>, &'a str, u64),
}

fn twins<'a>(jobs: impl Iterator<Item = &'a Job>) -> BTreeMap<JobName, Doubt> {
    let mut alike: HashMap<Likeness<'a>, Vec<(Timestamp, &'a Job)>> = HashMap::new();
    for job in jobs.filter(|job| counts(job)) {
        let (Some(created), model) = (job.create_time, job.model.as_deref()) else { continue };
        if let Some(Source::File(file)) = &job.source {
            alike.entry(Likeness::File(model, file.as_str())).or_default().push((created, job));
        }
        if let Some(counts) = job.counts {
            let looks = Likeness::Looks(model, job.title(), counts.requests);
            alike.entry(looks).or_default().push((created, job));
        }
    }
    let mut twins = BTreeMap::new();
    for mut group in alike.into_values().filter(|group| group.len() > 1) {
        group.sort_by_key(|(created, job)| (*created, &job.name));
        for pair in group.windows(2) {
            let ((first, earlier), (second, later)) = (pair[0], pair[1]);
            if is_live(later) && between(first, second) <= TOGETHER {
                twins.insert(later.name.clone(), Doubt::Twin(earlier.name.clone()));
            }
        }
    }
    twins
}

/// Jobs of one create, however far apart: their token says so, and nothing else has it.
fn duplicates<'a>(jobs: impl Iterator<Item = &'a Job>) -> BTreeMap<JobName, Doubt> {
    let mut by_token: HashMap<&str, Vec<&'a Job>> = HashMap::new();
    for job in jobs {
        if let Some(token) = job.token() {
            by_token.entry(token).or_default().push(job);
        }
    }
    let mut duplicates = BTreeMap::new();
    for mut group in by_token.into_values().filter(|group| group.len() > 1) {
        group.sort_by_key(|job| (job.create_time, &job.name));
        let first = group[0];
        let later = group[1..].iter().filter(|job| is_live(job));
        duplicates.extend(later.map(|job| (job.name.clone(), Doubt::Duplicate(first.name.clone()))));
    }
    duplicates
}

fn late<'a>(jobs: impl Iterator<Item = &'a Job> + Clone, now: Timestamp) -> BTreeMap<JobName, Doubt> {
    let mut took: HashMap<&str, Vec<Duration>> = HashMap::new();
    for job in jobs.clone().filter(|job| job.state == JobState::Succeeded) {
        if let (Some(model), Some(created), Some(end)) = (job.model.as_deref(), job.create_time, job.end_time) {
            took.entry(model).or_default().push(between(created, end));
        }
    }
    let usual: HashMap<&str, Duration> = took
        .into_iter()
        .filter(|(_, times)| times.len() >= HABIT)
        .map(|(model, mut times)| {
            times.sort_unstable();
            (model, times[times.len() / 2])
        })
        .collect();
    let odd = |job: &Job| {
        let usual = *usual.get(job.model.as_deref()?)?;
        let age = between(job.create_time?, now);
        (age > SHORT && age > usual.saturating_mul(TIMES_LONGER)).then_some(Doubt::Slow(usual))
    };
    let is_stuck = |job: &Job| job.create_time.is_some_and(|made| between(made, now) > PROMISED);
    let doubt = |job: &Job| if is_stuck(job) { Some(Doubt::Stuck) } else { odd(job) };
    jobs.filter(|job| is_live(job)).filter_map(|job| Some((job.name.clone(), doubt(job)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Counts, FileName, JobKind};

    const NOW: &str = "2026-07-02T12:00:00Z";

    fn job(id: &str, state: JobState, minutes_old: i64) -> Job {
        let now: Timestamp = NOW.parse().unwrap();
        Job {
            name: JobName::parse(&format!("batches/{id}")).unwrap(),
            display_name: Some(id.to_owned()),
            kind: JobKind::GenerateContent,
            model: Some("models/m".to_owned()),
            state,
            counts: Some(Counts { requests: 4, succeeded: 0, failed: 0, pending: 4 }),
            create_time: now.checked_sub(jiff::SignedDuration::from_mins(minutes_old)).ok(),
            update_time: None,
            end_time: None,
            source: None,
            dest: None,
            error: None,
        }
    }

    fn named(name: &str, job: Job) -> Job {
        Job { display_name: Some(name.to_owned()), ..job }
    }

    fn from_file(id: &str, job: Job) -> Job {
        Job { source: FileName::parse(id).map(Source::File), ..job }
    }

    fn found(jobs: &[Job]) -> Vec<(String, &'static str)> {
        let doubts = doubts(jobs.iter(), NOW.parse().unwrap());
        doubts.iter().map(|(name, doubt)| (name.id().to_owned(), doubt.word())).collect()
    }

    #[test]
    fn the_later_of_two_that_look_alike_is_the_twin() {
        let pair = |state| [named("x", job("a", JobState::Running, 10)), named("x", job("b", state, 5))];
        assert_eq!(found(&pair(JobState::Running)), [("b".to_owned(), "twin")]);
        assert_eq!(found(&pair(JobState::Pending)), [("b".to_owned(), "twin")]);
        assert_eq!(found(&pair(JobState::Succeeded)), [], "what is over cannot be stopped");
        let after_a_failure = [named("x", job("a", JobState::Failed, 10)), named("x", job("b", JobState::Running, 5))];
        assert_eq!(found(&after_a_failure), [], "a new try of what failed is meant");
        let far_apart = [named("x", job("a", JobState::Running, 100)), named("x", job("b", JobState::Running, 5))];
        assert_eq!(found(&far_apart), []);
        let parts =
            [named("x (1 of 2)", job("a", JobState::Running, 2)), named("x (2 of 2)", job("b", JobState::Running, 1))];
        assert_eq!(found(&parts), []);
    }

    #[test]
    fn one_input_file_for_two_jobs_is_a_twin_whatever_they_are_called() {
        let jobs = [
            from_file("files/f", job("a", JobState::Succeeded, 10)),
            from_file("files/f", job("b", JobState::Running, 5)),
            from_file("files/g", job("c", JobState::Running, 5)),
        ];
        assert_eq!(found(&jobs), [("b".to_owned(), "twin")]);
    }

    #[test]
    fn two_jobs_with_one_token_are_duplicates_however_far_apart_they_are() {
        let name = "x ~gt-01ARYZ6S4100000000000000AB";
        let pair = |state| [named(name, job("b", state, 500)), named(name, job("a", JobState::Pending, 5))];
        assert_eq!(found(&pair(JobState::Running)), [("a".to_owned(), "duplicate")]);
        assert_eq!(
            found(&pair(JobState::Failed)),
            [("a".to_owned(), "duplicate")],
            "one create, whatever became of it"
        );
        let together = [named(name, job("a", JobState::Running, 5)), named(name, job("b", JobState::Running, 4))];
        assert_eq!(found(&together), [("b".to_owned(), "duplicate")], "worse than a twin");
        let over = [named(name, job("a", JobState::Running, 5)), named(name, job("b", JobState::Cancelled, 4))];
        assert_eq!(found(&over), [], "there is nothing left to stop");
    }

    #[test]
    fn a_job_is_stuck_when_the_promised_day_is_over() {
        assert_eq!(found(&[job("a", JobState::Pending, 24 * 60)]), []);
        assert_eq!(found(&[job("a", JobState::Pending, 24 * 60 + 1)]), [("a".to_owned(), "stuck")]);
        assert_eq!(found(&[job("a", JobState::Expired, 50 * 60)]), []);
    }

    #[test]
    fn a_job_is_slow_by_the_habit_of_its_model_alone() {
        let done = |n: i64, minutes: i64| {
            let mut job = job(&format!("d{n}"), JobState::Succeeded, 5_000 + 100 * n);
            job.end_time = job.create_time.unwrap().checked_add(jiff::SignedDuration::from_mins(minutes)).ok();
            job
        };
        let mut jobs: Vec<Job> = (0..4).map(|n| done(n, 30)).collect();
        jobs.push(job("live", JobState::Running, 120));
        assert_eq!(found(&jobs), [], "four make no habit");
        jobs.push(done(4, 30));
        assert_eq!(found(&jobs), [("live".to_owned(), "slow")]);
        jobs.last_mut().unwrap().model = Some("models/other".to_owned());
        assert_eq!(found(&jobs), []);
        let short: Vec<Job> = (0..5).map(|n| done(n, 1)).chain([job("live", JobState::Running, 50)]).collect();
        assert_eq!(found(&short), [], "what is done within the hour is never slow");
    }
}
