//! What a person wants of a campaign, and which campaign they mean.

use super::status::{CampaignStatus, PartState, campaigns, status_now};
use crate::failure::{Exit, Failure};
use crate::ops::Session;
use crate::ops::session::on_disk;
use crate::text;

/// The most candidates that an error names.
const MOST_CANDIDATES: usize = 10;

/// The campaign that a word names: its id, a unique beginning of it, or its display name when only one has it.
pub async fn find_campaign(session: &Session, word: &str) -> Result<CampaignStatus, Failure> {
    let (ours, word) = (session.clone(), word.to_owned());
    on_disk(move || {
        let all = campaigns(&ours)?;
        let upper = word.to_ascii_uppercase();
        let mut found: Vec<CampaignStatus> =
            all.iter().filter(|one| one.id == upper || one.name == word).cloned().collect();
        // Of several with one name the open one is meant.
        if found.len() > 1 && found.iter().filter(|one| one.is_open()).count() == 1 {
            found.retain(CampaignStatus::is_open);
        }
        if found.is_empty() && !word.is_empty() {
            found = all.into_iter().filter(|one| one.id.starts_with(&upper)).collect();
        }
        match found.len() {
            0 => Err(unknown(&word)),
            1 => Ok(found.remove(0)),
            _ => Err(ambiguous(&word, &found)),
        }
    })
    .await
}

pub(super) fn unknown(word: &str) -> Failure {
    Failure::new(format!("there is no campaign {}", text::clean_short(word, 128)))
        .hint("`gemtts-tui campaigns` lists those of this profile")
}

fn ambiguous(word: &str, found: &[CampaignStatus]) -> Failure {
    let named: Vec<String> = found
        .iter()
        .rev()
        .take(MOST_CANDIDATES)
        .map(|one| format!("{} ({})", one.id, text::clean(&one.name)))
        .collect();
    let message = format!("{} means {} campaigns: {}", text::clean_short(word, 128), found.len(), named.join(", "));
    Failure::with_exit(Exit::Usage, message).hint("give the whole id")
}

/// Submits no more parts for now. Jobs that were submitted go on.
pub async fn pause_campaign(session: &Session, id: &str) -> Result<CampaignStatus, Failure> {
    change(session, id, |session, id| Ok(session.store.pause_campaign(id, None, session.clock.now())?)).await
}

/// Goes on after a pause, and tries again at once after a refusal. Parts whose create was given up are sent again.
pub async fn resume_campaign(session: &Session, id: &str) -> Result<CampaignStatus, Failure> {
    change(session, id, |session, id| {
        let mut again = Vec::new();
        for part in status_now(session, id)?.parts {
            let PartState::GivenUp { token } = part.state else { continue };
            if !session.store.part_path(id, part.number).exists() {
                session.store.bring_part_back(id, part.number, &token)?;
            }
            again.push(token);
        }
        Ok(session.store.free_campaign(id, again)?)
    })
    .await
}

/// Submits no more parts, ever. From here on [`super::advance`] asks each of its live jobs to stop, those that turn up
/// later included.
pub async fn cancel_campaign(session: &Session, id: &str) -> Result<CampaignStatus, Failure> {
    change(session, id, |session, id| Ok(session.store.cancel_campaign(id, session.clock.now())?)).await
}

async fn change(
    session: &Session,
    id: &str,
    change: impl FnOnce(&Session, &str) -> Result<(), Failure> + Send + 'static,
) -> Result<CampaignStatus, Failure> {
    session.writer()?;
    let (ours, id) = (session.clone(), id.to_owned());
    on_disk(move || {
        // What belongs to another key or service is not changed from here.
        status_now(&ours, &id)?;
        change(&ours, &id)?;
        status_now(&ours, &id)
    })
    .await
}
