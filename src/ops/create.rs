//! Creating a job, at most once.
//!
//! The service has no way to say "the same create again": whoever sends twice pays twice. So the intent goes to the disk
//! before the one POST, and from then on it counts as sent until an answer, or the list of jobs, says otherwise:
//!
//! ```text
//! prepared → uploaded → requests kept, INTENT on disk → one POST → confirmed
//!                ↑                                         ├→ not sent, refused ─┐
//!                └─────────────────────────────────────────┼─────────────────────┘
//!                                                          └→ unknown → adopted by its token, duplicate when two jobs
//!                                                                    carry it, or given up by a person
//! ```
//!
//! Nothing leads from *unknown* back to the POST. A program that is killed anywhere after the intent starts again in
//! *unknown*, and so does a future of [`submit`] that is dropped.

use crate::api::error::Certainty;
use crate::api::{self, Input, NewJob};
use crate::clock::since;
use crate::failure::{Exit, Failure};
use crate::job::{Job, JobName, with_token};
use crate::store::{Intent, Tracked, Verdict};
use crate::text;

use super::ledger::{intend, refuse_over_cap};
use super::list::{is_ours, observe, take_in, to_unconfirmed, walk_all};
use super::lost::give_up_for_good;
use super::quota;
use super::session::on_disk;
use super::token::ulid;
use super::upload;
use super::{Created, Plan, Progress, Session};

/// For how long the same content counts as a repeat: a job that has not run by then is given up by the service.
const REPEAT_HOURS: i64 = 48;

/// Uploads the plan, unless it goes inline, and sends its create once.
///
/// When the answer is lost, the list is searched for the job for a few seconds: [`Created::Adopted`] when it is there,
/// else [`Created::Unknown`]; then every later listing goes on looking. A 409 may mean that the job is there: the list is
/// looked at once. A definite refusal, and a create that never left,
/// are failures; the upload is kept for the next try. A create whose content was sent meanwhile, or that may have been
/// sent and is unconfirmed, is refused with [`Exit::Refused`].
pub async fn submit(
    session: &Session,
    plan: &Plan,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Created, Failure> {
    attempt(session, plan, progress).await.map_err(|stopped| stopped.failure)
}

/// A create that came to nothing.
pub(super) struct Stopped {
    /// For people.
    pub(super) failure: Failure,
    /// What stopped it, for whoever may try again later.
    pub(super) why: Why,
}

/// What stopped a create.
pub(super) enum Why {
    /// The service, or the way to it, and how long it asks to wait.
    Service(api::error::Kind, Option<std::time::Duration>),
    /// Somebody else has the same content in hand.
    Held,
    /// The campaign that it is a part of was paused or cancelled.
    Unwanted,
    /// A rule of ours.
    Ours,
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Stopped { failure, why: Why::Ours }
    }
}

impl From<crate::store::Error> for Stopped {
    fn from(error: crate::store::Error) -> Self {
        let why = if matches!(error, crate::store::Error::Held { .. }) { Why::Held } else { Why::Ours };
        Stopped { failure: error.into(), why }
    }
}

/// [`submit`], for callers who decide by what stopped it.
pub(super) async fn attempt(
    session: &Session,
    plan: &Plan,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Created, Stopped> {
    let writer = session.writer()?.clone();
    if plan.has_errors() {
        return Err(Failure::new(format!("{} has errors and was not sent", plan.display_name)).into());
    }
    // Held to the end, so that nobody sends the same content at the same time.
    let _lock = session.store.lock(&lock_id(&plan.sha256), &format!("the create of {}", plan.display_name))?;
    if let Some(created) = turned_up(session, plan).await? {
        return Ok(created);
    }
    refuse_a_repeat(session, plan).await?;
    refuse_over_cap(session, plan).await?;
    let input = upload::input(session, writer.as_ref(), plan, progress).await?;
    // Whoever stops a submission by dropping it does so before this.
    progress(Progress { bytes: plan.bytes, of: Some(plan.bytes), is_creating: true, ..Progress::default() });
    let intent = intent(session, plan, &input)?;
    // An upload takes its time, and a person may have changed their mind meanwhile.
    if let Some(part_of) = plan.part_of.clone() {
        let ours = session.clone();
        let wanted = on_disk(move || super::campaign::refuse_unless_wanted(&ours, &part_of)).await;
        wanted.map_err(|failure| Stopped { failure, why: Why::Unwanted })?;
    }
    let job = NewJob { model: plan.model.clone(), display_name: intent.display_name.clone(), input };
    // Should the program be killed from here on, the job that turns up later has its texts, and can be taken again.
    let written = match keep_requests(session, plan, &intent.token).await {
        Ok(()) => write_down(session, plan, &intent).await,
        Err(failure) => Err(failure),
    };
    if let Err(failure) = written {
        unkeep_requests(session, plan, &intent.token).await;
        return Err(failure.into());
    }
    let created = match writer.create_job(&job).await {
        Ok(job) => {
            // The service has it. If this cannot be written down, the next listing finds it by its token.
            settle(session, &intent.token, Verdict::Confirmed { job: job.name.to_string() }).await;
            observe(session, std::slice::from_ref(&job), None).await;
            Created::Confirmed(job)
        }
        Err(error) => match without_answer(session, &intent, error).await {
            Ok(created) => created,
            Err(stopped) => {
                unkeep_requests(session, plan, &intent.token).await;
                return Err(stopped);
            }
        },
    };
    let (store, prepared) = (session.store.clone(), plan.prepared.clone());
    let _ = on_disk(move || {
        store.requests_are_sent(&prepared);
        Ok::<_, Failure>(())
    })
    .await;
    Ok(created)
}

/// Looks for a create whose answer was lost in the whole list of jobs: [`Created::Adopted`] or [`Created::Duplicate`] when
/// it is there. `None` proves nothing.
pub async fn reconcile(session: &Session, token: &str) -> Result<Option<Created>, Failure> {
    Ok(look_for(session, token).await?.created)
}

/// Keeps what is about to be sent: texts to show beside the results, and requests to make again. A job without them would
/// be paid for and could not be mended, so a disk that does not take them forbids it.
async fn keep_requests(session: &Session, plan: &Plan, token: &str) -> Result<(), Failure> {
    let (store, prepared, token) = (session.store.clone(), plan.prepared.clone(), token.to_owned());
    on_disk(move || store.keep_requests(&prepared, &token).map_err(unsent)).await
}

async fn unkeep_requests(session: &Session, plan: &Plan, token: &str) {
    let (store, prepared, token) = (session.store.clone(), plan.prepared.clone(), token.to_owned());
    let _ = on_disk(move || {
        store.requests_are_unsent(&prepared, &token);
        Ok::<_, Failure>(())
    })
    .await;
}

/// The id of the lock under which content is sent.
pub(super) fn lock_id(sha256: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric();
    format!("create-{}", sha256.chars().filter(is_plain).take(64).collect::<String>())
}

/// What the journal knows about the same content in the last 48 hours.
#[derive(Debug, Default)]
pub(super) struct Repeat {
    /// The latest job that was not in vain.
    pub(super) job: Option<JobName>,
    /// The latest create whose answer was lost.
    pub(super) unconfirmed: Option<Tracked>,
}

/// Looks for the same content in the journal of creates. Blocks on the disk.
pub(super) fn repeat(session: &Session, sha256: &str, model: &str) -> Result<Repeat, crate::store::Error> {
    let now = session.clock.now();
    let mut repeat = Repeat::default();
    for tracked in session.store.intents()? {
        let intent = &tracked.intent;
        let is_same = intent.sha256 == sha256 && intent.model == model && is_ours(session, &tracked);
        if !is_same || now.duration_since(intent.at).as_hours() >= REPEAT_HOURS {
            continue;
        }
        if tracked.is_open() {
            repeat.unconfirmed = Some(tracked);
            continue;
        }
        for job in tracked.jobs().iter().filter_map(|job| JobName::parse(job)) {
            if !was_in_vain(session, &job)? {
                repeat.job = Some(job);
            }
        }
    }
    Ok(repeat)
}

/// Whether a job ended without results, so that sending its content again is what anybody would do.
fn was_in_vain(session: &Session, job: &JobName) -> Result<bool, crate::store::Error> {
    use crate::job::JobState::{Cancelled, Expired, Failed, Other, Pending, Running, Succeeded};
    Ok(match session.store.last_state(session.origin(), job)? {
        Some(Failed | Cancelled | Expired) => true,
        Some(Pending | Running | Succeeded | Other(_)) | None => false,
    })
}

/// Holds the lock's promise: what was sent since the plan was made, and what may have been sent, is not sent again.
async fn refuse_a_repeat(session: &Session, plan: &Plan) -> Result<(), Failure> {
    let (ours, sha256, model) = (session.clone(), plan.sha256.clone(), plan.model.clone());
    let repeat = on_disk(move || repeat(&ours, &sha256, &model)).await?;
    let is_replaced = |tracked: &Tracked| plan.in_place_of.as_ref() == Some(&tracked.intent.token);
    if let Some(tracked) = repeat.unconfirmed.filter(|tracked| !is_replaced(tracked)) {
        let age = text::ago(since(tracked.intent.at, session.clock.now()));
        let message = format!(
            "the same content was sent {age} and the answer was lost: it may exist as {} and was not sent again",
            tracked.intent.display_name
        );
        return Err(Failure::with_exit(Exit::Refused, message).hint(format!(
            "every listing looks for it; to send it again all the same, first give it up: `{}`",
            to_unconfirmed(&tracked).give_up_command()
        )));
    }
    match repeat.job {
        Some(job) if plan.repeat_of.as_ref() != Some(&job) => {
            Err(Failure::with_exit(Exit::Refused, format!("the same content was sent meanwhile as {job}"))
                .hint("create it once more to be asked whether it is meant"))
        }
        Some(_) | None => Ok(()),
    }
}

fn intent(session: &Session, plan: &Plan, input: &Input) -> Result<Intent, Failure> {
    let at = session.clock.now();
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or(0);
    let token = ulid(milliseconds, crate::store::random()?);
    Ok(Intent {
        sha256: plan.sha256.clone(),
        n_requests: plan.n_requests,
        characters: plan.characters,
        model: plan.model.clone(),
        origin: session.origin().to_owned(),
        key_fingerprint: session.key_fingerprint.clone(),
        display_name: with_token(&plan.display_name, &token),
        dollars: plan.estimate.as_ref().and_then(|estimate| estimate.dollars),
        input_file: match input {
            Input::File(file) => Some(file.to_string()),
            Input::Inline(_) => None,
        },
        token,
        at,
        retake_of: plan.retake_of.clone(),
        // Counted when it is written down.
        n_unchanged: 0,
        part_of: plan.part_of.clone(),
        text_tokens: plan.estimate.as_ref().map(|estimate| estimate.text_tokens),
    })
}

async fn write_down(session: &Session, plan: &Plan, intent: &Intent) -> Result<(), Failure> {
    let (ours, mut intent, plan) = (session.clone(), intent.clone(), plan.clone());
    on_disk(move || {
        // Before the intent: a job of which nobody knows its other keys must not come into being. Of the parts of a plan
        // one has the list.
        intent.n_unchanged = ours.store.n_unchanged(&plan.prepared).map_err(unsent)?;
        if intent.n_unchanged > 0 {
            ours.store.keep_unchanged(&plan.prepared, &intent.token).map_err(unsent)?;
        } else if plan.n_unchanged > 0 && !plan.is_all_unchanged && plan.part_of.is_none() {
            return Err(Failure::new("the create was not sent: the list of what is unchanged is gone")
                .hint("create it once more"));
        }
        if let Some(lost) = &plan.in_place_of {
            give_up_for_good(&ours, lost).map_err(unsent)?;
        }
        intend(&ours, plan.agreed, &intent).map_err(|failure| {
            // The line may be there, though nobody knows for how long: say that it came to nothing, as far as one can.
            let _ = ours.store.settle(&intent.token, &Verdict::NotSent);
            unsent(failure)
        })
    })
    .await
}

fn unsent(error: impl Into<Failure>) -> Failure {
    let failure: Failure = error.into();
    Failure { message: format!("the create was not sent: {}", failure.message), ..failure }
}

async fn settle(session: &Session, token: &str, verdict: Verdict) {
    let (store, token) = (session.store.clone(), token.to_owned());
    if let Err(failure) = on_disk(move || store.settle(&token, &verdict)).await {
        tracing::warn!(%failure, "what became of a create could not be written down");
    }
}

/// A create that got no job in return: definite, or a search in the list.
async fn without_answer(session: &Session, intent: &Intent, error: api::Error) -> Result<Created, Stopped> {
    match error.certainty {
        Certainty::NotSent => {
            settle(session, &intent.token, Verdict::NotSent).await;
            Err(stopped(session, "the create was not sent", error))
        }
        Certainty::Refused => {
            // A refusal because there is such a job already may be about this very create, sent again by something on its
            // way: one look tells.
            if error.kind == api::error::Kind::Conflict
                && let Ok(Seen { created: Some(created), .. }) = look_for(session, &intent.token).await
            {
                return Ok(created);
            }
            settle(session, &intent.token, Verdict::Rejected { message: error.message.clone() }).await;
            Err(stopped(session, "the service refused the job", error))
        }
        Certainty::Unknown => {
            settle(session, &intent.token, Verdict::Unknown { message: error.message }).await;
            Ok(search(session, intent).await)
        }
    }
}

/// A failed call as what stopped a create.
pub(super) fn stopped(session: &Session, what: &str, error: api::Error) -> Stopped {
    let kind = error.kind;
    let failure = quota::explained(session, what, error);
    Stopped { why: Why::Service(kind, failure.retry_after), failure }
}

/// Looks for the job for a while: most lost answers belong to a create that went through.
async fn search(session: &Session, intent: &Intent) -> Created {
    let probes = &session.pace.probes;
    let probing = async {
        let mut waited = std::time::Duration::ZERO;
        for probe in probes {
            tokio::time::sleep(probe.saturating_sub(waited)).await;
            waited = *probe;
            // A look that failed proves nothing, as one that found nothing does.
            if let Ok(Seen { created: Some(created), .. }) = look_for(session, &intent.token).await {
                return Some(created);
            }
        }
        None
    };
    let found = tokio::time::timeout(session.pace.probes_most, probing).await.ok().flatten();
    found.unwrap_or_else(|| {
        let tracked = Tracked { intent: intent.clone(), verdict: None };
        Created::Unknown(to_unconfirmed(&tracked))
    })
}

/// What a look at the whole list showed of a create.
struct Seen {
    /// What came of it; `None` proves nothing.
    created: Option<Created>,
    /// Whether the list came to its end.
    is_complete: bool,
}

async fn look_for(session: &Session, token: &str) -> Result<Seen, Failure> {
    let listing = walk_all(session.service.reader.as_ref(), &|_| ()).await?;
    if let Err(failure) = take_in(session, &listing, Vec::new()).await {
        tracing::warn!(%failure, "the listing could not be recorded");
    }
    let is_complete = listing.complete;
    let mut jobs: Vec<Job> = listing.jobs.into_iter().filter(|job| job.token() == Some(token)).collect();
    jobs.sort_by_key(|job| job.create_time);
    let created = match jobs.len() {
        0 => None,
        1 => Some(Created::Adopted(jobs.remove(0))),
        _ => Some(Created::Duplicate(jobs)),
    };
    Ok(Seen { created, is_complete })
}

/// The last look before something is sent in the place of a create whose answer was lost: what has turned up is not sent
/// again, whatever a person said before.
async fn turned_up(session: &Session, plan: &Plan) -> Result<Option<Created>, Failure> {
    let Some(token) = &plan.in_place_of else { return Ok(None) };
    let seen = look_for(session, token).await.map_err(unsent)?;
    match seen {
        Seen { created: None, is_complete: false } => {
            Err(unsent(Failure::new("the list of jobs does not come to an end, so the lost one may be in it")))
        }
        Seen { created, .. } => Ok(created),
    }
}
