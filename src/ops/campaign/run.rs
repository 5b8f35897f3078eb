//! Driving campaigns without a screen: listing, advancing what is ready, and waiting in between.

use std::time::Duration;

use super::advance::{Advance, Did, advance};
use super::next::Next;
use super::status::{CampaignStatus, PartState, campaign};
use crate::clock::since;
use crate::failure::Failure;
use crate::ops::list::list_jobs;
use crate::ops::wait::Follower;
use crate::ops::{Progress, Session};

/// How long a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// It submits what there is room for now.
    Once,
    /// No part waits, or only a person can go on.
    Submitted,
    /// The same, and no job is live. A create whose answer stays lost is not waited for.
    Over,
}

/// What a run tells on its way.
pub struct Telling<'a> {
    /// After everything that was done.
    pub advanced: &'a (dyn Fn(&Advance) + Send + Sync),
    /// Whenever a campaign was looked at.
    pub stands: &'a (dyn Fn(&CampaignStatus) + Send + Sync),
    /// Of uploads.
    pub progress: &'a (dyn Fn(Progress) + Send + Sync),
}

/// Advances campaigns until there is nothing to do for a run that lasts `until`, and says how they stand then.
///
/// What is known about jobs must not be old when this begins; between the steps the list is walked again and again, as
/// `wait` does. Reads that fail for the moment are tried again, ever more slowly.
pub async fn run_campaigns(
    session: &Session,
    ids: &[String],
    until: Until,
    telling: &Telling<'_>,
) -> Result<Vec<CampaignStatus>, Failure> {
    let mut follower = Follower::new(session);
    // The first wait of a follower is none, and what is known is fresh.
    follower.succeeded();
    loop {
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            all.push(advance_as_far_as_possible(session, id, telling).await?);
        }
        if all.iter().all(|status| is_enough(status, until)) {
            return Ok(all);
        }
        match nothing_but_time(session, &all) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => follower.wait().await,
        }
        while let Err(error) = list_jobs(session, &|_| ()).await {
            follower.failed(error, None, None)?;
            follower.wait().await;
        }
        follower.succeeded();
    }
}

async fn advance_as_far_as_possible(
    session: &Session,
    id: &str,
    telling: &Telling<'_>,
) -> Result<CampaignStatus, Failure> {
    loop {
        let status = campaign(session, id).await?;
        (telling.stands)(&status);
        // What nothing is to be done for is left alone: whoever only waits needs no lock.
        if !status.is_ready(session.clock.now()) {
            return Ok(status);
        }
        let advance = advance(session, id, telling.progress).await?;
        match advance.did {
            Did::Submitted(..) | Did::Refused(..) | Did::Cancelled(_) => (telling.advanced)(&advance),
            Did::Nothing => return Ok(advance.status),
            Did::Elsewhere(_) => {
                (telling.advanced)(&advance);
                return Ok(advance.status);
            }
        }
    }
}

fn is_enough(status: &CampaignStatus, until: Until) -> bool {
    let is_submitted = match status.next {
        Next::Paused | Next::Submitted | Next::Cancelled | Next::Over => true,
        Next::Submit(_) | Next::Cancel(_) | Next::Waits(_) => false,
    };
    let is_running = status.parts.iter().any(|part| match &part.state {
        PartState::Submitted { .. } => part.state.is_live(),
        PartState::Waiting | PartState::Unknown { .. } | PartState::GivenUp { .. } => false,
    });
    match until {
        Until::Once => true,
        Until::Submitted => is_submitted,
        Until::Over => is_submitted && !is_running,
    }
}

/// How long to wait when none of our jobs is live, so that only the passing of time makes room.
fn nothing_but_time(session: &Session, all: &[CampaignStatus]) -> Option<Duration> {
    if all.iter().any(|status| status.n_live() > 0 || status.n_live_of_model > 0) {
        return None;
    }
    let due = all.iter().filter_map(CampaignStatus::due).min()?;
    Some(since(session.clock.now(), due).clamp(session.pace.first, session.pace.most_offline.max(session.pace.first)))
}
