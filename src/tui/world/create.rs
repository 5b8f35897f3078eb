//! Plans and submissions.

use std::sync::PoisonError;

use crate::failure::Failure;
use crate::ops;
use crate::ops::{Order, Plan, Progress};
use crate::tui::event::Event;
use crate::tui::model::Seq;
use crate::tui::world::Here;

/// Checks a draft, and keeps the plan for its submission. The plan before is of no use any more.
pub(super) async fn plan(here: Here, seq: Seq, order: Order) {
    let planned = ops::plan(&here.session, &order).await;
    if let Ok(plan) = &planned
        && let Some((_, unused)) = keep(&here, seq, plan.clone())
    {
        ops::discard(&here.session, &unused).await;
    }
    here.mailbox.tell(Event::Planned(seq, planned.map(Box::new)));
}

/// Keeps the newer of two plans, whichever came out first, and gives the other back.
fn keep(here: &Here, seq: Seq, plan: Plan) -> Option<(Seq, Plan)> {
    let mut kept = here.plan.lock().unwrap_or_else(PoisonError::into_inner);
    match &*kept {
        Some((newer, _)) if *newer > seq => Some((seq, plan)),
        Some(_) | None => kept.replace((seq, plan)),
    }
}

/// Submits the plan of that number. It is taken, so that it cannot be submitted twice whatever the screen asks for.
pub(super) async fn submit(here: Here, seq: Seq, number: Seq) {
    let plan = here.plan.lock().unwrap_or_else(PoisonError::into_inner).take_if(|(made, _)| *made == number);
    let submitted = match plan {
        Some((_, plan)) => {
            let progress = |progress: Progress| here.mailbox.tell(Event::SubmitProgressed(seq, progress));
            ops::submit(&here.session, &plan, &progress).await.map(Box::new)
        }
        None => Err(Failure::new("this draft was submitted already, or changed since it was checked")),
    };
    here.mailbox.tell(Event::Submitted(seq, submitted));
}
