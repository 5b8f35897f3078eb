//! What the service asks of us, told as soon as any call hears of it.

use std::time::Duration;

use jiff::Timestamp;

use crate::api::pacing::Asked;
use crate::clock::{Stopwatch, since};
use crate::ops::next_reset;
use crate::tui::event::Event;
use crate::tui::model::Paced;
use crate::tui::world::Here;

/// Tells every change, for as long as the dashboard lives. Between two of them it sleeps.
pub(super) async fn tell(here: Here) {
    let mut asked = here.session.pacing.watch();
    loop {
        let (now, service_now) = (here.session.clock.now(), here.session.service_now());
        if let Some(paced) = paced(*asked.borrow_and_update(), now, service_now) {
            here.mailbox.tell(Event::Paced(paced));
        }
        // Whoever could ask for anything is gone with the session.
        if asked.changed().await.is_err() {
            return;
        }
    }
}

/// The end of a day outlasts every other wait. The day is the service's, whatever our own clock says.
fn paced(asked: Asked, now: Timestamp, service_now: Timestamp) -> Option<Paced> {
    let day = asked.day_used_up.map(|found| day_of(found, service_now)).filter(|(_, left)| !left.is_zero());
    let wait = asked.wait.map(|wait| (wait.asked, wait.left())).filter(|(_, left)| !left.is_zero());
    let (asked, left) = day.or(wait)?;
    let until = now.saturating_add(left).unwrap_or(now);
    Some(Paced { asked, until, is_daily: day.is_some() })
}

/// The rest of a day from the moment at which its quota was found used up, and what is left of that.
fn day_of(found: Stopwatch, service_now: Timestamp) -> (Duration, Duration) {
    let elapsed = found.elapsed();
    let began = service_now.saturating_sub(elapsed).unwrap_or(service_now);
    let whole = since(began, next_reset(began));
    (whole, whole.saturating_sub(elapsed))
}
