//! `delete TOKEN`: gives up creates whose answer was lost, so that the same content may be sent again.
//!
//! Nothing at the service is deleted: nobody knows whether there is anything. A last look at the list comes first.

use super::args::Choice;
use super::choose;
use super::consent::{self, Answer};
use super::console::Console;
use super::json;
use crate::failure::{Exit, Failure};
use crate::ops::{self, Created, Session, Unconfirmed};
use crate::text;

/// The creates that the words name, each once; none when all words may name jobs. Both at once are refused.
pub async fn named(session: &Session, words: &[String]) -> Result<Vec<Unconfirmed>, Failure> {
    let mut creates: Vec<Unconfirmed> = Vec::new();
    let mut job = None;
    for word in words {
        match ops::find_lost(session, word).await? {
            Some(lost) if creates.contains(&lost) => {}
            Some(lost) => creates.push(lost),
            None => job = Some(word),
        }
    }
    match (creates.first(), job) {
        (Some(lost), Some(job)) => {
            let message = format!("{} is a create and {} a job", lost.token, text::clean_short(job, 64));
            Err(Failure::with_exit(Exit::Usage, message).hint("give up creates and delete jobs one after the other"))
        }
        (Some(_), None) | (None, _) => Ok(creates),
    }
}

/// Gives them up one after the other, but for those that the list shows by now.
pub async fn run(
    session: &Session,
    console: &Console,
    choice: &Choice,
    creates: &[Unconfirmed],
) -> Result<Exit, Failure> {
    if !choice.yes && !agreed(console, creates).await? {
        return Err(Failure::new("nothing was given up"));
    }
    let mut failures = Vec::new();
    for lost in creates {
        match give_up(session, lost).await {
            Ok(()) => tell(session, console, choice.json, lost),
            Err(failure) => {
                console.failure(&failure);
                failures.push(failure);
            }
        }
    }
    Ok(choose::first_failure(failures))
}

async fn give_up(session: &Session, lost: &Unconfirmed) -> Result<(), Failure> {
    match ops::reconcile(session, &lost.token).await? {
        Some(Created::Adopted(job) | Created::Confirmed(job)) => Err(listed(lost, job.name.as_str())),
        Some(Created::Duplicate(jobs)) => {
            let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
            Err(listed(lost, &names.join(" and ")))
        }
        Some(Created::Unknown(_) | Created::Begun(_)) | None => ops::give_up(session, &lost.token).await,
    }
}

fn listed(lost: &Unconfirmed, found: &str) -> Failure {
    Failure::new(format!("{} is in the list by now, as {found}: it was not given up", lost.token))
}

fn tell(session: &Session, console: &Console, as_json: bool, lost: &Unconfirmed) {
    if as_json {
        let mut value = json::unconfirmed(lost, &session.profile);
        value["outcome"] = "given-up".into();
        console.json(&value);
    } else {
        console.result(&format!("given up {}  {}", lost.token, text::clean_short(&lost.display_name, 60)));
    }
    console.talk("the same content may be sent again; should the job turn up after all, it is shown and is billed");
}

/// It is about money that may be spent twice, so the count of requests is typed.
async fn agreed(console: &Console, creates: &[Unconfirmed]) -> Result<bool, Failure> {
    for lost in creates {
        let name = text::clean_short(&lost.display_name, 60);
        let (requests, characters) =
            (text::count(lost.n_requests, "request"), text::count(lost.characters, "character"));
        console.talk(&format!("  {}  {name}  {requests}, {characters}", lost.token));
    }
    console.talk("the answer was lost: it may exist, and what is sent again may then be billed twice");
    let requests: u64 = creates.iter().map(|lost| lost.n_requests).sum();
    let requests = usize::try_from(requests).unwrap_or(usize::MAX);
    let question = match creates.len() {
        1 => "Give this create up?".to_owned(),
        several => format!("Give these {} up?", text::count(several as u64, "create")),
    };
    consent::ask(console, &question, Answer::Count(requests)).await
}
