//! Creates whose answer was lost, as a person names them, and the two ways out for one that never turns up: to give it up,
//! and to send the same once more in its place.

use super::create::lock_id;
use super::list::{is_ours, to_unconfirmed};
use super::plan::plan;
use super::session::on_disk;
use super::{Order, Plan, Session, SourceArg, Unconfirmed, Unsent};
use crate::failure::Failure;
use crate::job::split_token;
use crate::script::{Form, SourceOptions};
use crate::store::{Tracked, Verdict};
use crate::text;

/// The create that a word names by its token: 26 characters as `doctor` and `list` show them, with or without `~gt-` or
/// `gt-`. `None` when the word is none of our tokens and may name a job.
///
/// A create that is settled, and a marked token that this session never sent, are failures.
pub async fn find_lost(session: &Session, word: &str) -> Result<Option<Unconfirmed>, Failure> {
    let bare = word.strip_prefix("~gt-").or_else(|| word.strip_prefix("gt-"));
    let is_marked = bare.is_some();
    let token = bare.unwrap_or(word).to_owned();
    if split_token(&format!("~gt-{token}")).1.is_none() {
        return if is_marked { Err(nobody(&token)) } else { Ok(None) };
    }
    let ours = session.clone();
    on_disk(move || match ours.store.intent(&token)?.filter(|tracked| is_ours(&ours, tracked)) {
        Some(tracked) if tracked.is_open() => Ok(Some(to_unconfirmed(&tracked))),
        Some(tracked) => Err(settled(&tracked)),
        None if is_marked => Err(nobody(&token)),
        None => Ok(None),
    })
    .await
}

/// Takes a create whose answer was lost for not sent, on a person's word: the same content may be sent again then.
/// Should its job turn up in a list after all, it is adopted.
pub async fn give_up(session: &Session, token: &str) -> Result<(), Failure> {
    let (ours, token) = (session.clone(), token.to_owned());
    on_disk(move || {
        let Some(before) = ours.store.intent(&token)? else { return Err(nobody(&token)) };
        let _lock = ours.store.lock(&lock_id(&before.intent.sha256), "this create")?;
        give_up_for_good(&ours, &token)
    })
    .await
}

/// [`give_up`], for whoever holds the lock of its content. Blocks on the disk.
pub(super) fn give_up_for_good(session: &Session, token: &str) -> Result<(), Failure> {
    // Whoever held the lock until now may have learned what became of it.
    match session.store.intent(token)? {
        Some(tracked) if tracked.is_open() => Ok(session.store.settle(token, &Verdict::GivenUp)?),
        Some(tracked) => Err(settled(&tracked)),
        None => Err(nobody(token)),
    }
}

/// Prepares the requests of a create whose answer was lost to be sent once more, in its place. Sends nothing: what is made
/// is a [`Plan`] like any other, which belongs to the caller, and [`super::submit`] looks for the lost one a last time.
pub async fn plan_resend(session: &Session, token: &str) -> Result<Plan, Failure> {
    let (ours, wanted) = (session.clone(), token.to_owned());
    let (intent, requests) = on_disk(move || {
        let tracked = ours.store.intent(&wanted)?.filter(|tracked| is_ours(&ours, tracked));
        let tracked = tracked.ok_or_else(|| nobody(&wanted))?;
        if !tracked.is_open() {
            return Err(settled(&tracked));
        }
        if tracked.intent.part_of.is_some() {
            return Err(Failure::new("a part of a campaign is sent by its campaign alone")
                .hint("mark it as lost, and go on with the campaign: what was given up is sent again"));
        }
        let requests = ours.store.requests_path(&wanted);
        if !requests.is_file() {
            let name = text::clean_short(split_token(&tracked.intent.display_name).0, 60);
            return Err(Failure::new(format!("the requests of {name} are not on this machine any more"))
                .hint("mark it as lost, and make a new job of its sources"));
        }
        Ok((tracked.intent, requests))
    })
    .await?;
    let order = Order {
        sources: vec![SourceArg::Path(requests.clone())],
        model: Some(intent.model.clone()),
        name: Some(split_token(&intent.display_name).0.to_owned()),
        inline: intent.input_file.is_none(),
        // Whatever lies on the disk by now: the same is sent, and nothing else.
        again: true,
        reading: SourceOptions { from: Some(Form::Jsonl), ..SourceOptions::default() },
        ..Order::default()
    };
    let mut plan = plan(session, &order).await?;
    let unsent = Unsent::of(session, &plan);
    if plan.sha256 != intent.sha256 || plan.n_jobs() > 1 {
        return Err(Failure::new(format!("what would be sent is not what was sent as {}", plan.display_name))
            .hint("mark it as lost, and make a new job of its sources"));
    }
    plan.in_place_of = Some(token.to_owned());
    plan.repeat_unconfirmed = plan.repeat_unconfirmed.filter(|lost| lost.token != token);
    plan.retake_of = intent.retake_of;
    let (store, prepared) = (session.store.clone(), plan.prepared.clone());
    on_disk(move || store.give_beside(&requests, &prepared)).await?;
    unsent.hand_over();
    Ok(plan)
}

fn nobody(token: &str) -> Failure {
    Failure::new(format!("there is no create {}", text::clean_short(token, 64)))
        .hint("`gemtts-tui doctor` lists the creates whose outcome is open")
}

fn settled(tracked: &Tracked) -> Failure {
    let token = &tracked.intent.token;
    let became = match (tracked.jobs(), &tracked.verdict) {
        ([], Some(Verdict::GivenUp)) => "was given up already".to_owned(),
        ([], _) => "is settled already: it came to nothing".to_owned(),
        (jobs, _) => format!("is settled already: it became {}", jobs.join(", ")),
    };
    Failure::new(format!("the create {token} {became}"))
}
