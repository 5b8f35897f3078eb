//! The journals side by side: creates, what became of them, and what they came to.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::Paid;
use crate::job::{Job, JobName, JobState};
use crate::money::Billed;
use crate::ops::Session;
use crate::ops::list::{is_our_key, is_ours};
use crate::store::{Accounted, Error, Tracked, Verdict};

/// Everything that is known about the costs of this session's jobs, apart from the creates themselves.
pub(super) struct Books {
    session: Session,
    today: Date,
    /// What jobs came to whose results were read.
    accounts: HashMap<JobName, Known>,
    /// The last known states of the jobs of our creates.
    states: HashMap<JobName, JobState>,
    /// Which part of the requests of jobs that are over was done.
    done: HashMap<JobName, f64>,
}

/// What is known of a job whose results were read.
struct Known {
    model: Option<String>,
    created: Timestamp,
    useful: Billed,
    unusable: Billed,
    paid: Option<Paid>,
    is_whole: bool,
}

impl Known {
    fn of(accounted: &Accounted) -> Known {
        Known {
            model: accounted.model.clone(),
            created: accounted.created.unwrap_or(accounted.read_at),
            useful: accounted.useful(),
            unusable: accounted.unusable(),
            paid: Paid::of(accounted),
            is_whole: accounted.is_whole,
        }
    }
}

/// What one job costs, as far as anybody can say.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bill {
    /// On which day of the local calendar it was created.
    pub day: Date,
    /// Without `models/`.
    pub model: Option<String>,
    /// Whether the service may still be at work on it, as far as we know.
    pub is_in_flight: bool,
    /// What its results were billed for, as far as they were read.
    pub useful: Billed,
    pub unusable: Billed,
    /// What that is in US dollars.
    pub paid: Option<Paid>,
    /// What is still to come, low and high, where nothing better is known.
    pub expected: (f64, f64),
    /// Nobody knows what it costs.
    pub is_unpriced: bool,
}

impl Bill {
    /// What counts against a cap.
    fn dollars(&self) -> f64 {
        self.paid.map_or(0.0, |paid| paid.dollars()) + self.expected.1
    }
}

/// What a day has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Spent {
    /// In US dollars.
    pub dollars: f64,
}

impl Books {
    /// Reads the journals. Blocks on the disk.
    pub(super) fn read(session: &Session, intents: &[Tracked]) -> Result<Books, Error> {
        let origin = session.origin();
        let mut accounts = HashMap::new();
        session.store.each_accounted(origin, |job, accounted| {
            if is_our_key(session, accounted.key_fingerprint.as_deref()) {
                accounts.insert(job.clone(), Known::of(accounted));
            }
        })?;
        let ours = intents.iter().filter(|tracked| is_ours(session, tracked));
        let jobs: Vec<JobName> = ours.flat_map(jobs_of).collect();
        let mut states = HashMap::new();
        for (job, mut timeline) in jobs.iter().zip(session.store.timelines_of(origin, &jobs)?) {
            states.extend(timeline.pop().map(|last| (job.clone(), last.to)));
        }
        let is_open = |job: &JobName| !accounts.contains_key(job) && states.get(job).is_some_and(JobState::is_terminal);
        // The last listing is only read when it can tell something.
        let done = match jobs.iter().any(is_open) {
            true => session.store.known_jobs(&session.profile, origin)?.jobs.iter().filter_map(part_done).collect(),
            false => HashMap::new(),
        };
        let today = session.clock.now().to_zoned(session.zone.clone()).date();
        Ok(Books { session: session.clone(), today, accounts, states, done })
    }

    /// The day that it is now, where the person is.
    pub(super) fn today(&self) -> Date {
        self.today
    }

    /// What jobs came to whose results were read and whose price is known.
    pub(super) fn paid(&self) -> BTreeMap<JobName, Paid> {
        self.accounts.iter().filter_map(|(job, known)| Some((job.clone(), known.paid?))).collect()
    }

    /// What the jobs that were created today come to.
    pub(super) fn spent_today(&self, intents: &[Tracked]) -> Spent {
        let bills = self.bills(intents).into_iter().filter(|bill| bill.day == self.today);
        Spent { dollars: bills.map(|bill| bill.dollars()).sum() }
    }

    /// What every job costs: those of our creates, and others whose results were read here.
    pub(super) fn bills(&self, intents: &[Tracked]) -> Vec<Bill> {
        let mut bills = Vec::new();
        let mut told: HashSet<JobName> = HashSet::new();
        for tracked in intents.iter().filter(|tracked| is_ours(&self.session, tracked)) {
            if tracked.is_open() {
                bills.push(self.bill_of_create(tracked, None));
            }
            for job in jobs_of(tracked) {
                if told.insert(job.clone()) {
                    bills.push(self.bill_of_create(tracked, Some(&job)));
                }
            }
        }
        let others = self.accounts.iter().filter(|(job, _)| !told.contains(job));
        bills.extend(others.map(|(_, known)| self.bill_of_others(known)));
        bills
    }

    fn bill_of_create(&self, tracked: &Tracked, job: Option<&JobName>) -> Bill {
        let intent = &tracked.intent;
        let known = job.and_then(|job| self.accounts.get(job));
        let paid = known.and_then(|known| known.paid);
        let estimate = intent.dollars.unwrap_or((0.0, 0.0));
        let state = job.and_then(|job| self.states.get(job));
        let is_in_flight = state.is_none_or(|state| !state.is_terminal()) && known.is_none_or(|known| !known.is_whole);
        let expected = match (known, job) {
            (Some(known), _) if known.is_whole => (0.0, 0.0),
            (Some(_), _) => {
                let paid = paid.map_or(0.0, |paid| paid.dollars());
                ((estimate.0 - paid).max(0.0), (estimate.1 - paid).max(0.0))
            }
            (None, Some(job)) if !is_in_flight => self.left_behind(job, estimate),
            (None, _) => estimate,
        };
        let is_unpriced = match known {
            Some(known) if known.is_whole => paid.is_none(),
            Some(_) | None => intent.dollars.is_none(),
        };
        Bill {
            day: self.day(intent.at),
            model: Some(intent.model.clone()),
            is_in_flight,
            useful: known.map(|known| known.useful).unwrap_or_default(),
            unusable: known.map(|known| known.unusable).unwrap_or_default(),
            paid,
            expected,
            is_unpriced,
        }
    }

    fn bill_of_others(&self, known: &Known) -> Bill {
        Bill {
            day: self.day(known.created),
            model: known.model.clone(),
            is_in_flight: false,
            useful: known.useful,
            unusable: known.unusable,
            paid: known.paid,
            expected: (0.0, 0.0),
            is_unpriced: known.paid.is_none(),
        }
    }

    /// What a job that is over costs while nobody has read its results. What was not done is not billed; a job that failed
    /// as a whole has done nothing that the list would not tell.
    fn left_behind(&self, job: &JobName, (low, high): (f64, f64)) -> (f64, f64) {
        let part = match (self.done.get(job), self.states.get(job)) {
            (Some(part), _) => *part,
            (None, Some(JobState::Failed)) => 0.0,
            (
                None,
                Some(
                    JobState::Pending
                    | JobState::Running
                    | JobState::Succeeded
                    | JobState::Cancelled
                    | JobState::Expired
                    | JobState::Other(_),
                )
                | None,
            ) => 1.0,
        };
        (low * part, high * part)
    }

    fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.session.zone.clone()).date()
    }
}

/// The jobs of a create that count: what a person gave up, and what never left, came to nothing.
fn jobs_of(tracked: &Tracked) -> Vec<JobName> {
    match tracked.verdict {
        Some(Verdict::NotSent | Verdict::Rejected { .. } | Verdict::GivenUp) => Vec::new(),
        None
        | Some(
            Verdict::Unknown { .. } | Verdict::Confirmed { .. } | Verdict::Adopted { .. } | Verdict::Duplicate { .. },
        ) => tracked.jobs().iter().filter_map(|job| JobName::parse(job)).collect(),
    }
}

/// Which part of its requests was done when a job was over.
fn part_done(job: &Job) -> Option<(JobName, f64)> {
    let counts = job.counts.filter(|counts| job.state.is_terminal() && counts.requests > 0)?;
    Some((job.name.clone(), (counts.done() as f64 / counts.requests as f64).min(1.0)))
}
