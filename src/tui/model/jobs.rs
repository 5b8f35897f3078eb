//! The list of jobs, with what only we know about them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::job::{Doubt, Job, JobName, JobState};
use crate::ops::{CampaignStatus, Paid, Spending, Transition, Unconfirmed};
use crate::tui::model::{Cursor, Seq, Sort};

/// The list of jobs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Jobs {
    /// In the default order: newest first, before them creates without an answer, and campaigns before all others.
    pub entries: Vec<Entry>,
    /// Where the person is.
    pub cursor: Cursor<EntryId>,
    /// Recorded transitions by job, oldest first.
    pub timelines: BTreeMap<JobName, Vec<Transition>>,
    /// Folders into which jobs were saved.
    pub saved: BTreeMap<JobName, PathBuf>,
    /// Folders into which anything of a job was saved, were it one key.
    pub folders: BTreeMap<JobName, PathBuf>,
    /// Rows that are no good, for jobs whose results were read to their end in this session.
    pub bad: BTreeMap<JobName, u64>,
    /// Jobs that we know to exist although no listing has shown them yet, or the last one did not.
    pub unlisted: BTreeSet<JobName>,
    /// Jobs that were not over and that the service does not know any more, with this key. They stay until a person takes
    /// them off.
    pub missing: BTreeSet<JobName>,
    /// Jobs that we deleted: a listing that began before may still show them.
    pub deleted: BTreeSet<JobName>,
    /// Jobs whose deletion was sent and not answered yet.
    pub deleting: BTreeSet<JobName>,
    /// Tokens of creates that were given up, for the same reason.
    pub given_up: BTreeSet<String>,
    /// Tokens of creates of which it was said that they have been looked for long enough.
    pub unresolved: BTreeSet<String>,
    /// Cancels that were sent and not answered yet.
    pub asking: BTreeSet<JobName>,
    /// Cancels that this session asked for, whatever came of them.
    pub asked: BTreeSet<JobName>,
    /// Cancels that the service has not heard of: it was out of reach. They stand in the journal.
    pub unheard: BTreeSet<JobName>,
    /// Jobs that are being stopped together, until each of them is over.
    pub brake: Option<Brake>,
    /// What is odd about jobs that are not over.
    pub doubts: BTreeMap<JobName, Doubt>,
    /// US dollars that jobs may cost in all, low and high, for those whose estimate we know.
    pub costs: BTreeMap<JobName, (f64, f64)>,
    /// What the ledger says: what jobs came to, and what the day has cost.
    pub spending: Spending,
    /// The step of a campaign that is under way: one at a time.
    pub advancing: Option<Seq>,
    /// A step failed, or somebody else is at it: nothing is tried before the next listing.
    pub campaigns_rest: bool,
}

impl Jobs {
    /// The job of that name, with what we saw of it.
    pub fn get(&self, name: &JobName) -> Option<&Tracked> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Job(tracked) if tracked.job.name == *name => Some(&**tracked),
            Entry::Job(_) | Entry::Lost(_) | Entry::Campaign(_) => None,
        })
    }

    /// The campaigns that are not over, in the order of the list.
    pub fn campaigns(&self) -> impl Iterator<Item = &CampaignStatus> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Campaign(status) => Some(&**status),
            Entry::Job(_) | Entry::Lost(_) => None,
        })
    }

    /// The campaign of that id.
    pub fn campaign(&self, id: &str) -> Option<&CampaignStatus> {
        self.campaigns().find(|status| status.id == id)
    }

    /// What a job came to, once its results were read.
    pub fn paid(&self, name: &JobName) -> Option<&Paid> {
        self.spending.paid.get(name)
    }

    /// [`Jobs::get`], to change it.
    pub fn get_mut(&mut self, name: &JobName) -> Option<&mut Tracked> {
        self.entries.iter_mut().find_map(|entry| match entry {
            Entry::Job(tracked) if tracked.job.name == *name => Some(&mut **tracked),
            Entry::Job(_) | Entry::Lost(_) | Entry::Campaign(_) => None,
        })
    }
}

/// Jobs that are being stopped together. How each of them stands is what the list says of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Brake {
    /// Which jobs.
    pub jobs: BTreeSet<JobName>,
    /// Those that the service would not cancel.
    pub refused: BTreeSet<JobName>,
}

/// How many of the jobs of a brake stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Braking {
    /// Being asked for, or about to be.
    pub asked: u64,
    /// The service has agreed to try.
    pub cancelling: u64,
    /// Over, as wished.
    pub cancelled: u64,
    /// Over before it could be stopped, or gone.
    pub too_late: u64,
    /// The service would not.
    pub refused: u64,
}

impl Braking {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.asked + self.cancelling + self.cancelled + self.too_late + self.refused
    }

    /// Whether every job is over, or will not be stopped.
    pub fn is_over(&self) -> bool {
        self.asked + self.cancelling == 0
    }
}

impl Jobs {
    /// How far the brake is.
    pub fn braking(&self) -> Option<Braking> {
        let brake = self.brake.as_ref()?;
        let mut braking = Braking::default();
        // One pass over the list, which may be long, and not one for each job.
        let listed = self.entries.iter().filter_map(|entry| match entry {
            Entry::Job(tracked) if brake.jobs.contains(&tracked.job.name) => Some(&tracked.job),
            Entry::Job(_) | Entry::Lost(_) | Entry::Campaign(_) => None,
        });
        for job in listed {
            let count = match job.state {
                JobState::Cancelled => &mut braking.cancelled,
                JobState::Succeeded | JobState::Failed | JobState::Expired => &mut braking.too_late,
                JobState::Other(_) if self.missing.contains(&job.name) => &mut braking.too_late,
                JobState::Pending | JobState::Running | JobState::Other(_) => {
                    let is_asked = self.asking.contains(&job.name) || self.unheard.contains(&job.name);
                    match (brake.refused.contains(&job.name), is_asked) {
                        (true, _) => &mut braking.refused,
                        (false, true) => &mut braking.asked,
                        (false, false) => &mut braking.cancelling,
                    }
                }
            };
            *count += 1;
        }
        // Those that are gone from the list.
        braking.too_late += (brake.jobs.len() as u64).saturating_sub(braking.total());
        Some(braking)
    }
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A job of the service.
    Job(Box<Tracked>),
    /// A create whose answer was lost; its state is `UNKNOWN`.
    Lost(Unconfirmed),
    /// Several jobs that are handled as one, until all of them are over.
    Campaign(Box<CampaignStatus>),
}

/// What a row is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryId {
    /// The id of a campaign.
    Campaign(String),
    /// The token of a create without an answer.
    Lost(String),
    /// A job's name.
    Job(JobName),
}

/// A job of the service, and what we saw of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracked {
    /// As last listed or fetched.
    pub job: Job,
    /// We asked to cancel it and the service has not agreed yet.
    pub cancelling: bool,
    /// How its counts moved while we watched.
    pub samples: Samples,
}

/// What we saw of a job's progress: `(when, requests done)`, at most [`Samples::MOST`], oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples(pub VecDeque<(Timestamp, u64)>);

impl Samples {
    /// Enough for an hour of polls every ten seconds.
    pub const MOST: usize = 360;

    /// Remembers what was done at a time; the oldest sample makes room.
    pub fn push(&mut self, at: Timestamp, done: u64) {
        if self.0.len() == Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back((at, done));
    }

    /// Requests a second over the whole time that we watched; `None` before anything moved.
    pub fn rate(&self) -> Option<f64> {
        let (first, last) = (self.0.front()?, self.0.back()?);
        let seconds = crate::clock::since(first.0, last.0).as_secs_f64();
        let done = last.1.checked_sub(first.1)?;
        (seconds > 0.0 && done > 0).then(|| done as f64 / seconds)
    }
}

/// Sort and filter of the list, kept from one session to the next.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct JobsView {
    /// Column and direction; absent is the default order.
    pub sort: Option<(u8, bool)>,
    /// The text of the filter.
    pub filter: String,
}

impl JobsView {
    /// The sort as the cursor holds it.
    pub fn sort(&self) -> Option<Sort> {
        self.sort.map(|(column, reversed)| Sort { column, reversed })
    }
}

impl Tracked {
    /// The word in the STATE column.
    pub fn word(&self) -> &str {
        if self.cancelling && !self.job.state.is_terminal() { "CANCELLING" } else { self.job.state.word() }
    }

    /// How long it will still run at the pace that we saw, for the LEFT column and for sorting by it.
    pub fn left(&self) -> Option<Duration> {
        let counts = self.job.counts.filter(|_| self.is_active())?;
        let rate = self.samples.rate()?;
        Duration::try_from_secs_f64(counts.requests.saturating_sub(counts.done()) as f64 / rate).ok()
    }

    /// Whether a person should look at it: it failed, or requests in it did.
    pub fn is_bad(&self) -> bool {
        let failed = self.job.counts.is_some_and(|counts| counts.failed > 0);
        failed || matches!(self.job.state, JobState::Failed | JobState::Expired)
    }

    /// Whether the service may still change it.
    pub fn is_active(&self) -> bool {
        match self.job.state {
            JobState::Pending | JobState::Running | JobState::Other(_) => true,
            JobState::Succeeded | JobState::Failed | JobState::Cancelled | JobState::Expired => false,
        }
    }
}

impl Entry {
    /// What the row is known by.
    pub fn id(&self) -> EntryId {
        match self {
            Entry::Job(tracked) => EntryId::Job(tracked.job.name.clone()),
            Entry::Lost(lost) => EntryId::Lost(lost.token.clone()),
            Entry::Campaign(status) => EntryId::Campaign(status.id.clone()),
        }
    }
}
