//! One step of a campaign: at most one part is submitted, or one job of it cancelled.

use std::time::Duration;

use super::divide::name_of_part;
use super::next::Next;
use super::status::{CampaignStatus, campaign, status_now, tidy};
use crate::api::error::Kind;
use crate::failure::Failure;
use crate::job::JobName;
use crate::money::Estimate;
use crate::ops::create::{Stopped, Why, attempt, repeat};
use crate::ops::session::on_disk;
use crate::ops::{CancelAnswer, Created, Plan, Progress, Session, cancel};
use crate::store::{self, Hold, Lock, PartOf, Waits};

/// What a step did, and how the campaign stands after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Advance {
    /// What was done.
    pub did: Did,
    /// How it stands now.
    pub status: CampaignStatus,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq)]
pub enum Did {
    /// There was nothing to do.
    Nothing,
    /// Somebody else is at it: this process or another, as it wrote itself down.
    Elsewhere(String),
    /// The part of this number was submitted.
    Submitted(u32, Box<Created>),
    /// The part of this number was not submitted: the campaign waits or is paused, and says why.
    Refused(u32, Failure),
    /// A job of a cancelled campaign was asked to stop, or was over.
    Cancelled(JobName),
}

/// Does what is to be done next, if anything is. One at a time does so for a campaign, in whichever process.
///
/// `progress` is that of an upload. A refusal of the service is no failure here: it is written down, and the campaign waits
/// or is paused. Dropping the future leaves nothing half done: a part of it that may have been sent is UNKNOWN.
pub async fn advance(
    session: &Session,
    id: &str,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Advance, Failure> {
    session.writer()?;
    let _lock = match lock(session, id) {
        Ok(lock) => lock,
        Err(store::Error::Held { holder, .. }) => {
            return Ok(Advance { did: Did::Elsewhere(holder), status: campaign(session, id).await? });
        }
        Err(error) => return Err(error.into()),
    };
    // Only what is decided under the lock holds: whoever had it before may have submitted a part.
    let status = look(session, id).await?;
    let did = match status.next.clone() {
        Next::Submit(number) => submit(session, &status, number, progress).await?,
        Next::Cancel(job) => match cancel(session, &job).await? {
            CancelAnswer::Asked | CancelAnswer::AlreadyOver(_) => Did::Cancelled(job),
            // The next step asks again.
            CancelAnswer::NotYet(failure) => return Err(failure),
        },
        Next::Waits(_) | Next::Paused | Next::Cancelled | Next::Submitted | Next::Over => Did::Nothing,
    };
    Ok(Advance { did, status: look(session, id).await? })
}

fn lock(session: &Session, id: &str) -> Result<Lock, store::Error> {
    let id: String = id.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    session.store.lock(&format!("campaign-{id}"), "the campaign")
}

/// How it stands; on the way, requests are put where they belong. To be called under the lock.
async fn look(session: &Session, id: &str) -> Result<CampaignStatus, Failure> {
    let (ours, id) = (session.clone(), id.to_owned());
    on_disk(move || {
        let status = status_now(&ours, &id)?;
        tidy(&ours, &status);
        Ok::<_, Failure>(status)
    })
    .await
}

async fn submit(
    session: &Session,
    status: &CampaignStatus,
    number: u32,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Did, Failure> {
    let plan = plan_of(session, status, number).await?;
    let stopped = match attempt(session, &plan, progress).await {
        Ok(created) => {
            let (ours, id) = (session.clone(), status.id.clone());
            on_disk(move || ours.store.end_wait_of_campaign(&id)).await?;
            return Ok(Did::Submitted(number, Box::new(created)));
        }
        Err(stopped) => stopped,
    };
    let (ours, id, kind) = (session.clone(), status.id.clone(), after(&stopped));
    let before = status.hold.clone();
    let failure = stopped.failure;
    let message = failure.message.clone();
    let n_live = status.n_live_of_model;
    on_disk(move || match kind {
        After::Wait(asked) => {
            let now = ours.clock.now();
            let times = match before {
                Hold::Waits(waits) => waits.times.saturating_add(1),
                Hold::Free | Hold::Paused { .. } | Hold::Cancelled { .. } => 1,
            };
            let wait = ours.pace.after_no_room(times).max(asked.unwrap_or_default());
            let until = now.saturating_add(jiff::SignedDuration::try_from(wait).unwrap_or_default()).unwrap_or(now);
            ours.store.campaign_waits(&id, &Waits { until, because: message, times, n_live })
        }
        After::Pause => ours.store.pause_campaign(&id, Some(&message), ours.clock.now()),
        After::Leave => Ok(()),
    })
    .await?;
    Ok(Did::Refused(number, failure))
}

/// What a part that was not submitted means for its campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// It may go later, by itself.
    Wait(Option<Duration>),
    /// Time does not mend it: a person decides.
    Pause,
    /// Nothing: a person has just decided, or somebody else is at it.
    Leave,
}

fn after(stopped: &Stopped) -> After {
    match &stopped.why {
        Why::Service(Kind::Quota | Kind::Offline | Kind::TimedOut | Kind::Server, asked) => After::Wait(*asked),
        Why::Service(
            Kind::Key | Kind::NotFound | Kind::Invalid | Kind::Conflict | Kind::Unexpected | Kind::Disk,
            _,
        ) => After::Pause,
        // A cap, a repeat, a full disk of ours.
        Why::Ours => After::Pause,
        Why::Held | Why::Unwanted => After::Leave,
    }
}

/// The plan of a part, from what is kept of it.
async fn plan_of(session: &Session, status: &CampaignStatus, number: u32) -> Result<Plan, Failure> {
    let (ours, id, name) = (session.clone(), status.id.clone(), status.name.clone());
    on_disk(move || {
        let Some(tracked) = ours.store.campaign(&id)? else { return Err(super::wish::unknown(&id)) };
        let campaign = tracked.campaign;
        let Some(part) = tracked.parts.get(number as usize - 1) else { return Err(super::wish::unknown(&id)) };
        let earlier = match campaign.repeat_agreed {
            true => repeat(&ours, &part.sha256, &campaign.model)?.job,
            false => None,
        };
        Ok(Plan {
            model: campaign.model.clone(),
            display_name: name_of_part(&name, number as usize, tracked.parts.len()),
            prepared: ours.store.part_path(&id, number),
            inline: campaign.inline,
            n_requests: part.n_requests,
            characters: part.characters,
            bytes: part.bytes,
            sha256: part.sha256.clone(),
            estimate: Some(Estimate {
                characters: part.characters,
                seconds: part.seconds,
                text_tokens: part.text_tokens,
                audio_tokens: part.audio_tokens,
                dollars: part.dollars,
                ..Estimate::default()
            }),
            repeat_of: earlier,
            agreed: campaign.cap_agreed,
            n_unchanged: part.n_unchanged,
            retake_of: campaign.retake_of.clone(),
            part_of: Some(PartOf { campaign: id, number }),
            ..Plan::default()
        })
    })
    .await
}

/// Refuses a part whose campaign was paused or cancelled while it was uploaded. Asked right before its intent is written;
/// after that it counts as sent. Blocks on the disk.
pub(in crate::ops) fn refuse_unless_wanted(session: &Session, part_of: &PartOf) -> Result<(), Failure> {
    let hold = session.store.campaign(&part_of.campaign)?.map(|tracked| tracked.hold);
    let what = match hold {
        Some(Hold::Free | Hold::Waits(_)) => return Ok(()),
        Some(Hold::Paused { .. }) => "paused",
        Some(Hold::Cancelled { .. }) => "cancelled",
        None => "gone",
    };
    Err(Failure::new(format!("part {} was not sent: the campaign is {what}", part_of.number)))
}
