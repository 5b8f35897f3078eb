//! Steps of campaigns, and what a person wants of them.

use crate::ops;
use crate::ops::Progress;
use crate::tui::event::Event;
use crate::tui::model::Seq;
use crate::tui::world::Here;

/// Takes the next step.
pub(super) async fn advance(here: Here, seq: Seq, id: String) {
    let progress = |progress: Progress| here.mailbox.tell(Event::SubmitProgressed(seq, progress));
    let advanced = ops::advance(&here.session, &id, &progress).await;
    here.mailbox.tell(Event::CampaignAdvanced(seq, advanced.map(Box::new)));
}

/// Submits no more parts for now.
pub(super) async fn pause(here: Here, id: String) {
    let changed = ops::pause_campaign(&here.session, &id).await;
    here.mailbox.tell(Event::CampaignChanged(changed.map(Box::new)));
}

/// Goes on.
pub(super) async fn resume(here: Here, id: String) {
    let changed = ops::resume_campaign(&here.session, &id).await;
    here.mailbox.tell(Event::CampaignChanged(changed.map(Box::new)));
}

/// Submits no more parts, ever. The steps that follow ask its live jobs to stop.
pub(super) async fn cancel(here: Here, id: String) {
    let changed = ops::cancel_campaign(&here.session, &id).await;
    here.mailbox.tell(Event::CampaignChanged(changed.map(Box::new)));
}
