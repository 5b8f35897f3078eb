//! What the service asks of us, told as soon as any call hears of it.

use jiff::Timestamp;

use crate::api::pacing::Asked;
use crate::clock::since;
use crate::ops::next_reset;
use crate::tui::event::Event;
use crate::tui::model::Paced;
use crate::tui::world::Here;

/// Tells every change, for as long as the dashboard lives. Between two of them it sleeps.
pub(super) async fn tell(here: Here) {
    let mut asked = here.session.pacing.watch();
    loop {
        let now = here.session.clock.now();
        if let Some(paced) = paced(*asked.borrow_and_update(), now) {
            here.mailbox.tell(Event::Paced(paced));
        }
        // Whoever could ask for anything is gone with the session.
        if asked.changed().await.is_err() {
            return;
        }
    }
}

/// The end of a day outlasts every other wait.
fn paced(asked: Asked, now: Timestamp) -> Option<Paced> {
    if let Some(found) = asked.day_used_up {
        let began = now.saturating_sub(found.elapsed()).unwrap_or(now);
        let until = next_reset(began);
        return Some(Paced { asked: since(began, until), until, is_daily: true }).filter(|_| until > now);
    }
    let wait = asked.wait?;
    let until = now.saturating_add(wait.left()).unwrap_or(now);
    (!wait.left().is_zero()).then_some(Paced { asked: wait.asked, until, is_daily: false })
}
