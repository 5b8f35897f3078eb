//! How a campaign stands, put together from its journal, the journal of creates and what is known of jobs.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::next::{Next, Room, next};
use crate::failure::Failure;
use crate::job::{JobName, JobState};
use crate::ops::Session;
use crate::ops::create::lock_id;
use crate::ops::list::{is_our_key, is_ours};
use crate::ops::session::on_disk;
use crate::store::{self, Hold, Tracked, TrackedCampaign, Verdict};

/// How long a job counts that no listing shows: by then it would be listed, or it is gone.
const FRESH_MINUTES: i64 = 10;

/// A campaign as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct CampaignStatus {
    /// A ULID.
    pub id: String,
    /// The display name, without the numbers of its parts.
    pub name: String,
    /// Without `models/`.
    pub model: String,
    /// Why it is several jobs: `25 000 enqueued tokens of tier 1`.
    pub because: String,
    /// When it began.
    pub at: Timestamp,
    /// All of them, in their order.
    pub parts: Vec<PartStatus>,
    /// What a person, or a refusal, said about going on.
    pub hold: Hold,
    /// What is to be done next.
    pub next: Next,
    /// Our own jobs of its model that are live or may be, those of other campaigns and of none included.
    pub n_live_of_model: u64,
}

/// A part as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct PartStatus {
    /// From 1.
    pub number: u32,
    /// Requests in it.
    pub n_requests: u64,
    /// Characters of text in it.
    pub characters: u64,
    /// Size of its requests in bytes.
    pub bytes: u64,
    /// Tokens of text in it.
    pub text_tokens: u64,
    /// What it may cost, low and high, when that is known.
    pub dollars: Option<(f64, f64)>,
    /// What became of it.
    pub state: PartState,
}

/// What became of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartState {
    /// It was not sent.
    Waiting,
    /// It was sent and the answer was lost: it may exist, and is never sent again by itself.
    Unknown {
        /// Of its create.
        token: String,
    },
    /// The service has it.
    Submitted {
        /// One; more when the create was doubled on its way.
        jobs: Vec<JobName>,
        /// Where the first of them that is live stands, else the first; `None` when it is not at the service any more.
        state: Option<JobState>,
    },
    /// A person gave up its create, and has not said that it is to be sent again.
    GivenUp {
        /// Of its create.
        token: String,
    },
}

impl PartState {
    /// Whether the service may still work on it, or may have it.
    pub fn is_live(&self) -> bool {
        match self {
            PartState::Unknown { .. } => true,
            PartState::Submitted { state, .. } => state.as_ref().is_some_and(|state| !state.is_terminal()),
            PartState::Waiting | PartState::GivenUp { .. } => false,
        }
    }
}

impl CampaignStatus {
    /// All its jobs, in the order of the parts.
    pub fn jobs(&self) -> impl Iterator<Item = &JobName> {
        self.parts.iter().flat_map(|part| match &part.state {
            PartState::Submitted { jobs, .. } => jobs.as_slice(),
            PartState::Waiting | PartState::Unknown { .. } | PartState::GivenUp { .. } => &[],
        })
    }

    /// Requests of all parts.
    pub fn n_requests(&self) -> u64 {
        self.parts.iter().map(|part| part.n_requests).sum()
    }

    /// How many parts the service has, or may have.
    pub fn n_submitted(&self) -> usize {
        let is_sent =
            |part: &&PartStatus| matches!(part.state, PartState::Submitted { .. } | PartState::Unknown { .. });
        self.parts.iter().filter(is_sent).count()
    }

    /// How many parts are to be sent.
    pub fn n_waiting(&self) -> usize {
        self.parts.iter().filter(|part| part.state == PartState::Waiting).count()
    }

    /// How many parts the service may still work on.
    pub fn n_live(&self) -> usize {
        self.parts.iter().filter(|part| part.state.is_live()).count()
    }

    /// Whether a person should still see it: parts wait, or its jobs are not over.
    pub fn is_open(&self) -> bool {
        match self.next {
            Next::Over => false,
            Next::Submit(_) | Next::Cancel(_) | Next::Waits(_) | Next::Paused | Next::Cancelled | Next::Submitted => {
                true
            }
        }
    }
}

/// All campaigns of this session's service and key, oldest first. Blocks on the disk.
pub fn campaigns(session: &Session) -> Result<Vec<CampaignStatus>, store::Error> {
    let tracked: Vec<TrackedCampaign> =
        session.store.campaigns()?.into_iter().filter(|tracked| is_our_campaign(session, tracked)).collect();
    if tracked.is_empty() {
        return Ok(Vec::new());
    }
    let facts = Facts::gather(session)?;
    Ok(tracked.into_iter().map(|tracked| facts.status(tracked)).collect())
}

/// One campaign by its id.
pub async fn campaign(session: &Session, id: &str) -> Result<CampaignStatus, Failure> {
    let (ours, id) = (session.clone(), id.to_owned());
    on_disk(move || status_now(&ours, &id)).await
}

pub(super) fn status_now(session: &Session, id: &str) -> Result<CampaignStatus, Failure> {
    let tracked = session.store.campaign(id)?.filter(|tracked| is_our_campaign(session, tracked));
    let tracked = tracked.ok_or_else(|| super::wish::unknown(id))?;
    Ok(Facts::gather(session)?.status(tracked))
}

fn is_our_campaign(session: &Session, tracked: &TrackedCampaign) -> bool {
    let campaign = &tracked.campaign;
    campaign.origin == session.origin() && is_our_key(session, campaign.key_fingerprint.as_deref())
}

/// What all campaigns are judged by.
pub(super) struct Facts {
    now: Timestamp,
    /// Creates of this session, by part.
    by_part: HashMap<(String, u32), Vec<Tracked>>,
    /// Where jobs stand that are at the service, as far as we know.
    states: HashMap<JobName, JobState>,
    /// Tokens of our own creates that are live or may be, and their number, by model.
    enqueued: BTreeMap<String, (u64, u64)>,
    /// Jobs that are live, of whichever model.
    n_live: u64,
    asked_to_cancel: Vec<JobName>,
    catalog: std::sync::Arc<crate::money::Catalog>,
}

impl Facts {
    fn gather(session: &Session) -> Result<Facts, store::Error> {
        let (store, origin, now) = (&session.store, session.origin(), session.clock.now());
        let known = store.known_jobs(&session.profile, origin)?;
        let mut states: HashMap<JobName, JobState> =
            known.jobs.iter().map(|job| (job.name.clone(), job.state.clone())).collect();
        let (mut by_part, mut enqueued) = (HashMap::<_, Vec<Tracked>>::new(), BTreeMap::<String, (u64, u64)>::new());
        for tracked in store.intents()?.into_iter().filter(|tracked| is_ours(session, tracked)) {
            let intent = &tracked.intent;
            let is_fresh = now.duration_since(intent.at).as_mins() < FRESH_MINUTES;
            let mut n_live = u64::from(tracked.is_open());
            for job in tracked.jobs().iter().filter_map(|job| JobName::parse(job)) {
                // A look at the job itself may be newer than the last listing, and what is over stays over. What is not
                // listed counts for as long as a new job may take to show.
                let last = store.last_state(origin, &job)?;
                let is_over = last.as_ref().is_some_and(|last| last.is_terminal());
                let is_new = is_fresh && !states.contains_key(&job);
                if let Some(last) = last.filter(|_| is_over || is_new) {
                    states.insert(job.clone(), last);
                } else if is_new {
                    states.insert(job.clone(), JobState::Pending);
                }
                n_live += u64::from(states.get(&job).is_some_and(|state| !state.is_terminal()));
            }
            if n_live > 0 {
                // Journals of earlier versions know the characters only.
                let tokens = intent.text_tokens.unwrap_or(intent.characters.div_ceil(4));
                let of_model = enqueued.entry(intent.model.clone()).or_default();
                *of_model = (of_model.0 + tokens * n_live, of_model.1 + n_live);
            }
            if let Some(part_of) = &intent.part_of {
                by_part.entry((part_of.campaign.clone(), part_of.number)).or_default().push(tracked);
            }
        }
        let n_live = states.values().filter(|state| !state.is_terminal()).count() as u64;
        let asked_to_cancel = crate::ops::asked_to_cancel(session);
        Ok(Facts {
            now,
            by_part,
            states,
            enqueued,
            n_live,
            asked_to_cancel,
            catalog: std::sync::Arc::clone(&session.catalog),
        })
    }

    /// How many of our own jobs of a model are live, or may be.
    fn n_live_of(&self, model: &str) -> u64 {
        self.enqueued.get(model).map_or(0, |(_, n_live)| *n_live)
    }

    fn status(&self, tracked: TrackedCampaign) -> CampaignStatus {
        let TrackedCampaign { campaign, parts, hold, again } = tracked;
        let parts: Vec<PartStatus> = parts
            .into_iter()
            .map(|part| {
                let creates = self.by_part.get(&(campaign.id.clone(), part.number));
                let last = creates.and_then(|creates| creates.last());
                PartStatus {
                    number: part.number,
                    n_requests: part.n_requests,
                    characters: part.characters,
                    bytes: part.bytes,
                    text_tokens: part.text_tokens,
                    dollars: part.dollars,
                    state: self.state(last, |token| again.contains(token)),
                }
            })
            .collect();
        let limits = self.catalog.limits_for(&campaign.model, self.catalog.tier);
        let room = Room {
            enqueued: self.enqueued.get(&campaign.model).map_or(0, |(tokens, _)| *tokens),
            most_enqueued: limits.enqueued_tokens,
            n_live: self.n_live,
            most_live: limits.concurrent_batches,
            n_live_of_model: self.n_live_of(&campaign.model),
        };
        let next = next(&parts, &hold, &room, &self.asked_to_cancel, self.now);
        CampaignStatus {
            id: campaign.id,
            name: campaign.name,
            model: campaign.model,
            because: campaign.because,
            at: campaign.at,
            parts,
            hold,
            next,
            n_live_of_model: room.n_live_of_model,
        }
    }

    /// What the last create of a part says.
    fn state(&self, last: Option<&Tracked>, is_wanted_again: impl Fn(&str) -> bool) -> PartState {
        let Some(tracked) = last else { return PartState::Waiting };
        let token = &tracked.intent.token;
        match &tracked.verdict {
            None | Some(Verdict::Unknown { .. }) => PartState::Unknown { token: token.clone() },
            Some(Verdict::NotSent | Verdict::Rejected { .. }) => PartState::Waiting,
            Some(Verdict::GivenUp) if is_wanted_again(token) => PartState::Waiting,
            Some(Verdict::GivenUp) => PartState::GivenUp { token: token.clone() },
            Some(Verdict::Confirmed { .. } | Verdict::Adopted { .. } | Verdict::Duplicate { .. }) => {
                let jobs: Vec<JobName> = tracked.jobs().iter().filter_map(|job| JobName::parse(job)).collect();
                let states = jobs.iter().filter_map(|job| self.states.get(job));
                let state = states.clone().find(|state| !state.is_terminal()).or(states.clone().next()).cloned();
                PartState::Submitted { jobs, state }
            }
        }
    }
}

/// Puts the requests of parts where they belong: those that were submitted beside all others that were, and those that
/// nobody will send away. A crash may have come before either. Blocks on the disk.
pub(super) fn tidy(session: &Session, status: &CampaignStatus) {
    let is_cancelled = matches!(status.hold, Hold::Cancelled { .. });
    let store = &session.store;
    let Ok(intents) = store.intents() else { return };
    for part in &status.parts {
        let path = store.part_path(&status.id, part.number);
        if !path.exists() {
            continue;
        }
        match &part.state {
            PartState::Submitted { .. } => {
                let is_it = |tracked: &&Tracked| {
                    let part_of = tracked.intent.part_of.as_ref();
                    part_of.is_some_and(|it| it.campaign == status.id && it.number == part.number)
                };
                let Some(tracked) = intents.iter().rfind(is_it) else { continue };
                // Whoever holds the lock is about to do this.
                if store.is_locked(&lock_id(&tracked.intent.sha256)) {
                    continue;
                }
                if !store.requests_path(&tracked.intent.token).exists()
                    && let Err(error) = store.keep_requests(&path, &tracked.intent.token)
                {
                    tracing::warn!(%error, "the requests of a part could not be kept");
                }
                store.drop_part(&status.id, part.number);
            }
            PartState::Waiting if is_cancelled => store.drop_part(&status.id, part.number),
            PartState::Waiting | PartState::Unknown { .. } | PartState::GivenUp { .. } => {}
        }
    }
    if status.n_waiting() == 0 || is_cancelled {
        store.drop_campaign_folder(&status.id);
    }
}
