//! What the ledger says, told when it has changed.

use crate::ops;
use crate::tui::event::Event;
use crate::tui::world::Here;

/// Reads the ledger and tells what it says, unless that was told already.
pub(super) async fn tell(here: &Here) {
    // One reading after the other, so that the last one that is told is the latest.
    let mut last = here.spending.lock().await;
    let ours = here.clone();
    // The reading cannot fail: what cannot be read is told as nothing, and the log says why.
    let Ok(spending) = Here::blocking(move || Ok(ops::spending(&ours.session))).await else { return };
    if last.as_ref() != Some(&spending) {
        *last = Some(spending.clone());
        here.mailbox.tell(Event::Spent(Box::new(spending)));
    }
}
