//! Holding the caps: when a plan is made, when it is submitted, and at the very moment before it counts as sent.

use super::Books;
use crate::failure::{Exit, Failure};
use crate::money::{Estimate, OverCap};
use crate::ops::session::on_disk;
use crate::ops::{Plan, Session};
use crate::store::{Error, Intent, Tracked};

/// The caps that a job would pass now. Blocks on the disk.
pub fn over_cap(session: &Session, estimate: Option<&Estimate>) -> Result<Option<OverCap>, Error> {
    if session.caps.is_empty() {
        return Ok(None);
    }
    let intents = session.store.intents()?;
    let books = Books::read(session, &intents)?;
    Ok(over(session, &books, &intents, adds(estimate.and_then(|estimate| estimate.dollars))))
}

/// What a job adds at most.
fn adds(dollars: Option<(f64, f64)>) -> Option<f64> {
    dollars.map(|(_, high)| high)
}

fn over(session: &Session, books: &Books, intents: &[Tracked], adds: Option<f64>) -> Option<OverCap> {
    session.caps.over(books.spent_today(intents).dollars, adds)
}

/// Refuses a plan that would pass a cap without anybody having agreed to it, before anything is uploaded for it.
pub async fn refuse_over_cap(session: &Session, plan: &Plan) -> Result<(), Failure> {
    let (ours, estimate) = (session.clone(), plan.estimate.clone());
    let now = on_disk(move || over_cap(&ours, estimate.as_ref())).await?;
    is_agreed(plan.agreed, now)
}

/// Writes an intent and waits until it is on the disk, unless the job would now pass a cap that nobody agreed to pass: of
/// two jobs at once, here or in another process, the second one sees the first. When this fails, nothing may be sent.
/// Blocks on the disk.
pub fn intend(session: &Session, agreed: Option<OverCap>, intent: &Intent) -> Result<(), Failure> {
    if session.caps.is_empty() {
        return Ok(session.store.intend(intent)?);
    }
    let books = Books::read(session, &session.store.intents()?)?;
    let mut outcome = Ok(());
    session.store.intend_if(intent, |intents| {
        outcome = is_agreed(agreed, over(session, &books, intents, adds(intent.dollars)));
        outcome.is_ok()
    })?;
    outcome
}

fn is_agreed(agreed: Option<OverCap>, now: Option<OverCap>) -> Result<(), Failure> {
    let Some(now) = now else { return Ok(()) };
    let hint = match agreed {
        Some(agreed) if agreed.covers(&now) => return Ok(()),
        Some(_) => "more was spent since you were asked; create it once more to be asked again",
        None => "create it once more to be asked whether it is meant, or pass --yes",
    };
    Err(Failure::with_exit(Exit::Refused, format!("refused: {}", now.sentence())).hint(hint))
}
