//! Listing jobs: every page, and what the list tells about creates, cancels and states.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::api::error::{Certainty, Kind};
use crate::api::page::{self, Walk};
use crate::api::{self, Reader};
use crate::failure::Failure;
use crate::job::{Job, JobName, JobState};
use crate::store::{Tracked, Verdict, Wished};

use super::session::on_disk;
use super::{Listing, Session, Transition, Unconfirmed, quota};

/// The most jobs that are asked for one by one because the list does not show them. What one listing finds gone is not
/// asked for by the next, so that many of them are worked off over some listings.
const MOST_MISSING: usize = 20;

/// How long a new job may take to show in the list.
const FRESH_MINUTES: i64 = 10;

/// Lists all jobs, newest first. `on_page` gets the jobs of each page as it comes.
///
/// On the way, creates whose answer was lost are looked for, transitions are recorded, cancels that the service agreed
/// to are closed, and jobs that should be there but are not listed are asked for by name.
pub async fn list(session: &Session, on_page: &(dyn Fn(&[Job]) + Send + Sync)) -> Result<Listing, Failure> {
    list_jobs(session, on_page).await.map_err(|error| quota::paced(session, error))
}

/// [`list`], for callers who decide by the kind of the failure.
pub(super) async fn list_jobs(
    session: &Session,
    on_page: &(dyn Fn(&[Job]) + Send + Sync),
) -> Result<Listing, api::Error> {
    let mut listing = walk_all(session.service.reader.as_ref(), on_page).await?;
    session.heard_time(listing.server_time);
    let missing = missing(session, &listing).await;
    let mut gone = Vec::new();
    for (at, name) in missing.iter().enumerate() {
        if at == MOST_MISSING {
            listing.complete = false;
            break;
        }
        match session.service.reader.get_job(name).await {
            Ok(fetched) => listing.jobs.push(fetched.value),
            Err(error) if is_gone(&error) => gone.push(name.clone()),
            Err(_) => listing.complete = false,
        }
    }
    sort(&mut listing.jobs);
    // A full disk must not hide what the service says: the next listing writes what this one could not.
    if let Err(failure) = take_in(session, &listing, gone).await {
        tracing::warn!(%failure, "the listing could not be recorded");
    }
    Ok(listing)
}

/// The recorded timeline of a job, oldest first.
pub fn transitions_of(session: &Session, job: &JobName) -> Vec<Transition> {
    or_nothing(session.store.transitions_of(session.origin(), job))
}

/// Creates of this session's key and service whose answer was lost and that no list has shown yet, oldest first.
///
/// A create that is under way at this moment, here or in another process, is not among them.
pub fn unconfirmed(session: &Session) -> Vec<Unconfirmed> {
    let tracked = or_nothing(session.store.intents());
    let open = tracked.iter().filter(|tracked| tracked.is_open() && is_ours(session, tracked));
    open.filter(|tracked| !session.store.is_locked(&super::create::lock_id(&tracked.intent.sha256)))
        .map(to_unconfirmed)
        .collect()
}

/// Cancels that were asked for, from one look at the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cancels {
    /// Jobs of this service whose cancel was asked for, with whichever key, and that it has not called over yet. Survives
    /// a restart.
    pub asked: Vec<JobName>,
    /// Those of this key that were asked for more than a minute ago and that did not happen: perhaps nobody ever heard of
    /// them, because the link broke or the program was killed.
    pub unanswered: Vec<JobName>,
}

/// The cancels that were asked for and are not over.
pub fn cancels(session: &Session) -> Cancels {
    let now = session.clock.now();
    let mut cancels = Cancels::default();
    // Two keys of one project see the same jobs, so the key does not matter to who only looks.
    for wished in or_nothing(session.store.wishes()).into_iter().filter(|wished| is_origin(session, wished)) {
        let is_ours = wished.key_fingerprint == session.key_fingerprint;
        if is_ours && now.duration_since(wished.at).as_secs() > PATIENCE {
            cancels.unanswered.push(wished.job.clone());
        }
        cancels.asked.push(wished.job);
    }
    cancels
}

/// [`Cancels::asked`], for those who need no more.
pub fn asked_to_cancel(session: &Session) -> Vec<JobName> {
    cancels(session).asked
}

/// What is damaged in the journals, as a failure to be told. Every record that can be read counts all the same.
pub fn damage(session: &Session) -> Option<Failure> {
    let damage = session.store.damage();
    let first = damage.first()?;
    let lines: u64 = damage.iter().map(|damage| damage.lines).sum();
    let (path, number) = (crate::text::clean(&first.path.display().to_string()), first.first);
    let said = match damage.len() {
        1 => format!("{} of {path} cannot be read, the first is line {number}", crate::text::count(lines, "line")),
        n => format!(
            "{} of {n} journals cannot be read, the first is line {number} of {path}",
            crate::text::count(lines, "line")
        ),
    };
    let hint = "what they said is not known here; they stay where they are, and `gemtts-tui doctor` names them";
    Some(Failure::new(said).hint(hint))
}

/// Seconds that a cancel is given before it is asked for again.
const PATIENCE: i64 = 60;

fn is_origin(session: &Session, wished: &Wished) -> bool {
    wished.origin == session.origin()
}

/// Creates that came out as more than one job: the token and its jobs, oldest first. Nothing is cancelled for it.
pub fn duplicates(session: &Session) -> Vec<(String, Vec<JobName>)> {
    let several = |tracked: Tracked| match &tracked.verdict {
        Some(Verdict::Duplicate { jobs }) => {
            Some((tracked.intent.token, jobs.iter().filter_map(|job| JobName::parse(job)).collect()))
        }
        None
        | Some(
            Verdict::NotSent
            | Verdict::Rejected { .. }
            | Verdict::Unknown { .. }
            | Verdict::Confirmed { .. }
            | Verdict::Adopted { .. }
            | Verdict::GivenUp,
        ) => None,
    };
    let tracked = or_nothing(session.store.intents()).into_iter();
    tracked.filter(|tracked| is_ours(session, tracked)).filter_map(several).collect()
}

/// What jobs that were created on this machine may cost, low and high in dollars, where that was known when they were.
pub fn costs(session: &Session) -> BTreeMap<JobName, (f64, f64)> {
    let mut costs = BTreeMap::new();
    for tracked in or_nothing(session.store.intents()).into_iter().filter(|tracked| is_ours(session, tracked)) {
        if let Some(dollars) = tracked.intent.dollars {
            costs.extend(tracked.jobs().iter().filter_map(|job| JobName::parse(job)).map(|job| (job, dollars)));
        }
    }
    costs
}

pub(super) fn to_unconfirmed(tracked: &Tracked) -> Unconfirmed {
    let intent = &tracked.intent;
    Unconfirmed {
        token: intent.token.clone(),
        display_name: crate::job::split_token(&intent.display_name).0.to_owned(),
        model: intent.model.clone(),
        n_requests: intent.n_requests,
        characters: intent.characters,
        at: intent.at,
    }
}

/// Whether a create went to this session's service, with its key as far as that is known.
pub(super) fn is_ours(session: &Session, tracked: &Tracked) -> bool {
    is_our_key(session, tracked.intent.key_fingerprint.as_deref()) && tracked.intent.origin == session.origin()
}

pub(super) fn is_our_key(session: &Session, theirs: Option<&str>) -> bool {
    match (theirs, &session.key_fingerprint) {
        (Some(theirs), Some(ours)) => theirs == ours,
        (None, _) | (_, None) => true,
    }
}

/// Whether a failed read proves that there is no such job with this key: only the service's own words do. The page of a
/// proxy that knows no such path proves nothing.
pub(super) fn is_gone(error: &api::Error) -> bool {
    error.kind == Kind::NotFound && error.certainty == Certainty::Refused
}

/// Records what a look at some jobs tells: transitions, and cancels that are over.
pub(super) async fn observe(session: &Session, jobs: &[Job], server_time: Option<Timestamp>) -> Vec<Transition> {
    session.heard_time(server_time);
    let now = server_time.unwrap_or_else(|| session.clock.now());
    let (ours, jobs) = (session.clone(), jobs.to_vec());
    let recorded = on_disk(move || record(&ours, &jobs, now, Vec::new())).await;
    recorded.unwrap_or_else(|failure| {
        tracing::warn!(%failure, "a change of state could not be recorded");
        Vec::new()
    })
}

fn record(
    session: &Session,
    jobs: &[Job],
    now: Timestamp,
    mut over: Vec<JobName>,
) -> Result<Vec<Transition>, crate::store::Error> {
    let (store, origin) = (&session.store, session.origin());
    let found = store.record_transitions(origin, |last| {
        let mut found = transitions(last, jobs, now);
        found.extend(gone_missing(last, &over, now));
        found
    })?;
    over.extend(jobs.iter().filter(|job| job.state.is_terminal()).map(|job| job.name.clone()));
    store.end_wishes(origin, &over)?;
    Ok(found)
}

/// Walks every page. A job that two pages show, because the list moved on meanwhile, is kept once.
pub(super) async fn walk_all(
    reader: &dyn Reader,
    on_page: &(dyn Fn(&[Job]) + Send + Sync),
) -> Result<Listing, api::Error> {
    let seen = |jobs: &[Job]| {
        on_page(jobs);
        Walk::On
    };
    let page::Listing { items: mut jobs, complete, server_time } = page::all_jobs(reader, seen).await?;
    sort(&mut jobs);
    Ok(Listing { jobs, complete, server_time })
}

fn sort(jobs: &mut [Job]) {
    jobs.sort_by(|a, b| b.create_time.cmp(&a.create_time).then_with(|| a.name.cmp(&b.name)));
}

/// Jobs that should be in the list and are not: just created, running a moment ago, or being cancelled.
async fn missing(session: &Session, listing: &Listing) -> Vec<JobName> {
    let listed: HashSet<JobName> = listing.jobs.iter().map(|job| job.name.clone()).collect();
    let ours = session.clone();
    let expected = on_disk(move || {
        let (store, now) = (&ours.store, ours.clock.now());
        let mut expected = store.live_jobs(&ours.profile, ours.origin())?;
        // Another key may see other jobs: what it does not see is not gone.
        let is_ours_to_end =
            |wished: &Wished| is_origin(&ours, wished) && is_our_key(&ours, wished.key_fingerprint.as_deref());
        expected.extend(store.wishes()?.into_iter().filter(is_ours_to_end).map(|wished| wished.job));
        for tracked in store.intents()? {
            let is_recent = now.duration_since(tracked.intent.at).as_mins() < FRESH_MINUTES;
            if is_recent && is_ours(&ours, &tracked) {
                expected.extend(tracked.jobs().iter().filter_map(|job| JobName::parse(job)));
            }
        }
        expected.retain(|job| !listed.contains(job));
        expected.sort();
        expected.dedup();
        let mut missing = Vec::new();
        for job in expected {
            // What was over when last seen may have been deleted since, by us or by somebody else.
            if !store.last_state(ours.origin(), &job)?.is_some_and(|state| state.is_terminal()) {
                missing.push(job);
            }
        }
        Ok::<_, crate::store::Error>(missing)
    });
    expected.await.unwrap_or_else(|failure| {
        tracing::warn!(%failure, "the state folder cannot be read");
        Vec::new()
    })
}

pub(super) async fn take_in(session: &Session, listing: &Listing, gone: Vec<JobName>) -> Result<(), Failure> {
    let (session, listing) = (Arc::new(session.clone()), listing.clone());
    on_disk(move || {
        let now = session.clock.now();
        record(&session, &listing.jobs, listing.server_time.unwrap_or(now), gone.clone())?;
        let ours: Vec<Tracked> =
            session.store.intents()?.into_iter().filter(|tracked| is_ours(&session, tracked)).collect();
        for (token, verdict) in verdicts(&ours, &listing.jobs, listing.complete) {
            session.store.settle(&token, &verdict)?;
        }
        if listing.complete {
            session.store.remember_jobs(&session.profile, session.origin(), &listing.jobs, now)?;
        } else {
            session.store.forget_jobs(&session.profile, session.origin(), &gone)?;
        }
        Ok::<_, crate::store::Error>(())
    })
    .await
}

/// What a list of jobs tells about creates, by our tokens. Absence tells nothing.
pub(super) fn verdicts(tracked: &[Tracked], jobs: &[Job], complete: bool) -> Vec<(String, Verdict)> {
    let mut by_token: HashMap<&str, Vec<&Job>> = HashMap::new();
    for job in jobs {
        if let Some(token) = job.token() {
            by_token.entry(token).or_default().push(job);
        }
    }
    let mut verdict = |tracked: &Tracked| {
        let jobs = by_token.get_mut(tracked.intent.token.as_str())?;
        jobs.sort_by_key(|job| job.create_time);
        let verdict = match (jobs.as_slice(), &tracked.verdict) {
            ([_], Some(Verdict::Confirmed { .. } | Verdict::Adopted { .. })) => return None,
            // One of the two may be on a page that was not read.
            ([_], Some(Verdict::Duplicate { .. })) if !complete => return None,
            ([job], _) => Verdict::Adopted { job: job.name.to_string() },
            (jobs, _) => Verdict::Duplicate { jobs: jobs.iter().map(|job| job.name.to_string()).collect() },
        };
        Some((tracked.intent.token.clone(), verdict))
    };
    tracked.iter().filter_map(&mut verdict).collect()
}

/// What changed between the last look at some jobs and this one.
pub(super) fn transitions(
    last: &dyn Fn(&JobName) -> Option<JobState>,
    jobs: &[Job],
    now: Timestamp,
) -> Vec<Transition> {
    let transition = |job: &Job| {
        let from = last(&job.name);
        let is_late = from.as_ref().is_some_and(|from| from.is_terminal()) && !job.state.is_terminal();
        // What is over stays over: such an answer was under way while a newer one overtook it.
        if from.as_ref() == Some(&job.state) || is_late {
            return None;
        }
        let told = match (&job.state, &from) {
            (JobState::Succeeded | JobState::Failed | JobState::Cancelled | JobState::Expired, _) => job.end_time,
            (JobState::Pending, None) => job.create_time,
            (JobState::Pending, Some(_)) | (JobState::Running | JobState::Other(_), _) => None,
        };
        Some(Transition { job: job.name.clone(), from, to: job.state.clone(), at: told.unwrap_or(now) })
    };
    jobs.iter().filter_map(transition).collect()
}

/// The last word on jobs that the service does not know any more, although they were not over when it last spoke of them.
fn gone_missing(last: &dyn Fn(&JobName) -> Option<JobState>, gone: &[JobName], now: Timestamp) -> Vec<Transition> {
    let missing = |job: &JobName| {
        let from = last(job).filter(|from| !from.is_terminal() && *from != JobState::missing())?;
        Some(Transition { job: job.clone(), from: Some(from), to: JobState::missing(), at: now })
    };
    gone.iter().filter_map(missing).collect()
}

fn or_nothing<T>(read: Result<Vec<T>, crate::store::Error>) -> Vec<T> {
    read.unwrap_or_else(|error| {
        tracing::warn!(%error, "the state folder cannot be read");
        Vec::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobKind;

    fn job(state: JobState) -> Job {
        let time = |time: &str| time.parse().ok();
        Job {
            name: JobName::parse("batches/a").unwrap(),
            display_name: None,
            kind: JobKind::GenerateContent,
            model: None,
            end_time: if state.is_terminal() { time("2026-01-01T02:00:00Z") } else { None },
            state,
            counts: None,
            create_time: time("2026-01-01T01:00:00Z"),
            update_time: None,
            source: None,
            dest: None,
            error: None,
        }
    }

    #[test]
    fn a_change_is_seen_once_and_dated_by_the_service_where_it_tells() {
        use JobState::{Cancelled, Other, Pending, Running, Succeeded};
        let paused = || Other("JOB_STATE_PAUSED".into());
        let table = [
            (None, Pending, Some("2026-01-01T01:00:00Z")),
            (None, Running, Some("2026-01-01T03:00:00Z")),
            (None, Succeeded, Some("2026-01-01T02:00:00Z")),
            (Some(Pending), Pending, None),
            (Some(Pending), Running, Some("2026-01-01T03:00:00Z")),
            (Some(Running), paused(), Some("2026-01-01T03:00:00Z")),
            (Some(paused()), Cancelled, Some("2026-01-01T02:00:00Z")),
            // An answer that a newer one overtook.
            (Some(Succeeded), Running, None),
        ];
        for (from, to, at) in table {
            let seen = transitions(&|_| from.clone(), &[job(to.clone())], "2026-01-01T03:00:00Z".parse().unwrap());
            let expected = at.map(|at| Transition {
                job: JobName::parse("batches/a").unwrap(),
                from: from.clone(),
                to: to.clone(),
                at: at.parse().unwrap(),
            });
            assert_eq!(seen, Vec::from_iter(expected), "{from:?} to {to:?}");
        }
    }
}
