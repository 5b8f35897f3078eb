//! The beginning of a campaign: its parts are made, kept and written down, and nothing is sent.

use super::divide::divide_now;
use super::status::{CampaignStatus, status_now};
use crate::failure::{Exit, Failure};
use crate::ops::create::{lock_id, repeat};
use crate::ops::list::is_our_key;
use crate::ops::session::on_disk;
use crate::ops::token::ulid;
use crate::ops::{Plan, Session, Unsent};
use crate::store::{self, Campaign, CampaignPart, Hold};

/// For how long the same content counts as a repeat, as for a single job.
const REPEAT_HOURS: i64 = 48;

/// Divides a plan and keeps its parts, so that [`super::advance`] can submit them. The prepared requests of the plan are
/// not needed any more then.
///
/// Content that was sent in the last 48 hours, as a whole or as one of the parts, is refused with [`Exit::Refused`] unless
/// somebody `agreed` to send it again.
pub async fn begin(session: &Session, plan: &Plan, agreed: bool) -> Result<CampaignStatus, Failure> {
    session.writer()?;
    if plan.has_errors() {
        return Err(Failure::new(format!("{} has errors and was not sent", plan.display_name)));
    }
    let (session, plan) = (session.clone(), plan.clone());
    on_disk(move || begin_now(&session, &plan, agreed)).await
}

fn begin_now(session: &Session, plan: &Plan, agreed: bool) -> Result<CampaignStatus, Failure> {
    // Held to the end, so that nobody begins with the same content at the same time.
    let _lock = session.store.lock(&lock_id(&plan.sha256), &format!("the create of {}", plan.display_name))?;
    let earlier = repeats(session, &plan.sha256, &plan.model)?;
    if let Some(earlier) = earlier.filter(|_| !agreed) {
        return Err(sent_before(&earlier));
    }
    let plans = divide_now(session, plan)?;
    // Whatever comes of it, nothing stays among the prepared requests.
    let _unsent: Vec<Unsent> = plans.iter().map(|part| Unsent::of(session, part)).collect();
    for part in plans.iter().filter(|_| !agreed) {
        if let Some(job) = repeat(session, &part.sha256, &part.model)?.job {
            return Err(sent_before(&format!("{}, as {job}", part.display_name)));
        }
    }
    let at = session.clock.now();
    let id = ulid(u64::try_from(at.as_millisecond()).unwrap_or(0), store::random()?);
    let campaign = Campaign {
        id: id.clone(),
        name: plan.display_name.clone(),
        model: plan.model.clone(),
        inline: plan.inline,
        sha256: plan.sha256.clone(),
        n_parts: plans.len() as u32,
        because: plan.jobs_because.clone(),
        origin: session.origin().to_owned(),
        key_fingerprint: session.key_fingerprint.clone(),
        repeat_agreed: agreed,
        cap_agreed: plan.agreed,
        retake_of: plan.retake_of.clone(),
        at,
    };
    let parts: Vec<CampaignPart> = plans.iter().zip(1..).map(|(plan, number)| part_of(&id, number, plan)).collect();
    let prepared: Vec<_> = plans.iter().map(|plan| plan.prepared.clone()).collect();
    session.store.begin_campaign(&campaign, &parts, &prepared)?;
    status_now(session, &id)
}

fn part_of(campaign: &str, number: u32, plan: &Plan) -> CampaignPart {
    let estimate = plan.estimate.clone().unwrap_or_default();
    CampaignPart {
        campaign: campaign.to_owned(),
        number,
        sha256: plan.sha256.clone(),
        bytes: plan.bytes,
        n_requests: plan.n_requests,
        characters: plan.characters,
        text_tokens: estimate.text_tokens,
        seconds: estimate.seconds,
        audio_tokens: estimate.audio_tokens,
        dollars: estimate.dollars,
        n_unchanged: plan.n_unchanged,
    }
}

/// The campaign of the last 48 hours that has the same content, in words; one that was cancelled before anything was sent
/// does not count. Blocks on the disk.
pub(in crate::ops) fn repeats(session: &Session, sha256: &str, model: &str) -> Result<Option<String>, store::Error> {
    let now = session.clock.now();
    let mut found = None;
    for tracked in session.store.campaigns()? {
        let campaign = &tracked.campaign;
        let is_same = campaign.sha256 == sha256
            && campaign.model == model
            && campaign.origin == session.origin()
            && is_our_key(session, campaign.key_fingerprint.as_deref())
            && now.duration_since(campaign.at).as_hours() < REPEAT_HOURS;
        if !is_same {
            continue;
        }
        let was_in_vain = matches!(tracked.hold, Hold::Cancelled { .. })
            && !session.store.intents()?.iter().any(|create| {
                let is_part = create.intent.part_of.as_ref().is_some_and(|part| part.campaign == campaign.id);
                is_part && (create.is_open() || !create.jobs().is_empty())
            });
        if !was_in_vain {
            found = Some(format!("the campaign {} ({})", campaign.name, campaign.id));
        }
    }
    Ok(found)
}

fn sent_before(earlier: &str) -> Failure {
    let message = format!("refused: the same content was sent within the last 48 hours: {earlier}");
    Failure::with_exit(Exit::Refused, message)
        .hint("create it once more to be asked whether it is meant, or pass --yes")
}
