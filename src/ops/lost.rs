//! Creates whose answer was lost, as a person names them, and the way out for one that never turns up.

use super::create::lock_id;
use super::list::{is_ours, to_unconfirmed};
use super::session::on_disk;
use super::{Session, Unconfirmed};
use crate::failure::Failure;
use crate::job::split_token;
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
        // Whoever held the lock until now may have learned what became of it.
        match ours.store.intent(&token)? {
            Some(tracked) if tracked.is_open() => Ok(ours.store.settle(&token, &Verdict::GivenUp)?),
            Some(tracked) => Err(settled(&tracked)),
            None => Err(nobody(&token)),
        }
    })
    .await
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
