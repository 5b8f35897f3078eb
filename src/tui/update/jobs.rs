//! What the service says about jobs, merged with what we know, so that nothing on the screen jumps or is forgotten.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock;
use crate::filter::Filter;
use crate::job::{Doubt, Job, JobName, JobState, doubts};
use crate::ops::{CampaignStatus, Transition, Unconfirmed};
use crate::text::{clean_short, thousands};
use crate::tui::effect::Effect;
use crate::tui::event::{Listed, Restored};
use crate::tui::model::{Entry, EntryId, Level, Listing, Model, Samples, Seq, Tracked};
use crate::tui::update::cursor::AnyList;
use crate::tui::update::{brake, job, lists, notices};

/// Jobs that left the list although they were not over are looked for one by one, at most so many a listing.
const LOOKED_FOR: usize = 16;

/// A list on which nothing happens keeps its times for so long: over a thin line every byte counts, and nobody reads them.
const CALM: Duration = Duration::from_secs(15 * 60);

/// What a job is called in a notice.
pub fn title(job: &Job) -> String {
    clean_short(job.title(), 60)
}

/// Takes in a complete listing, or as much of it as came.
pub fn merge(model: &mut Model, listed: Listed) -> Vec<Effect> {
    let Listed { listing, transitions, cancelling, unanswered, unconfirmed, campaigns, to_save: _ } = listed;
    model.link.listed_at = Some(model.now);
    model.link.is_restored = false;
    model.link.complete = listing.complete;
    if let Some(server) = listing.server_time {
        model.link.clock_ahead = server.duration_since(model.now).as_secs();
    }
    // These tell of every step, so they come before what we find by comparing.
    transitions.into_iter().for_each(|transition| remember(model, transition));
    let selected = selected_title(model);
    let mut known: HashMap<JobName, Box<Tracked>> = HashMap::new();
    for entry in std::mem::take(&mut model.jobs.entries) {
        if let Entry::Job(tracked) = entry {
            known.insert(tracked.job.name.clone(), tracked);
        }
    }
    let mut is_calm = unconfirmed.is_empty();
    let is_open = |lost: &Unconfirmed| !model.jobs.given_up.contains(&lost.token);
    let mut entries: Vec<Entry> = unconfirmed.into_iter().filter(is_open).map(Entry::Lost).collect();
    entries.extend(open_campaigns(campaigns));
    for job in listing.jobs {
        if model.jobs.deleted.contains(&job.name) {
            continue;
        }
        model.jobs.unlisted.remove(&job.name);
        model.jobs.missing.remove(&job.name);
        let before = known.remove(&job.name);
        is_calm &= before.as_ref().is_some_and(|before| before.job == job && !before.is_active());
        let mut tracked = track(model, before, job);
        tracked.cancelling = tracked.cancelling || cancelling.contains(&tracked.job.name);
        entries.push(Entry::Job(tracked));
    }
    is_calm &= known.is_empty() && entries.iter().all(|entry| matches!(entry, Entry::Job(_)));
    if !(is_calm && model.link.shown_at.is_some_and(|at| at <= model.now && clock::since(at, model.now) < CALM)) {
        model.link.shown_at = Some(model.now);
    }
    let looked_for = keep_the_missing(model, listing.complete, known, &mut entries);
    entries.sort_by_key(default_order);
    follow_found(model, &entries);
    model.jobs.entries = entries;
    rebuild(model, selected);
    let mut effects: Vec<Effect> =
        looked_for.into_iter().map(|name| Effect::FetchJob(model.next_seq(), name)).collect();
    effects.extend(brake::resume(model, unanswered));
    effects.extend(job::open_when_ready(model));
    effects
}

/// Jobs that are not in the list any more: those that were not over, and those that no list has shown yet, stay.
/// Gives the names of those whose absence proves nothing and that must be asked for one by one.
fn keep_the_missing(
    model: &mut Model,
    complete: bool,
    missing: HashMap<JobName, Box<Tracked>>,
    entries: &mut Vec<Entry>,
) -> Vec<JobName> {
    let mut looked_for = Vec::new();
    for (name, tracked) in missing {
        if model.jobs.missing.contains(&name) {
            entries.push(Entry::Job(tracked));
        } else if complete && (tracked.is_active() || model.jobs.unlisted.contains(&name)) {
            model.jobs.unlisted.insert(name.clone());
            looked_for.push(name);
            entries.push(Entry::Job(tracked));
        } else if !complete {
            entries.push(Entry::Job(tracked));
        }
    }
    looked_for.sort();
    looked_for.truncate(LOOKED_FOR);
    looked_for
}

/// Campaigns, which parts may wait in; creates without an answer; then the newest jobs. Those whose age the service does
/// not tell come last.
fn default_order(entry: &Entry) -> (u8, Reverse<Option<Timestamp>>) {
    match entry {
        Entry::Campaign(status) => (0, Reverse(Some(status.at))),
        Entry::Lost(lost) => (1, Reverse(Some(lost.at))),
        Entry::Job(tracked) => {
            let created = tracked.job.create_time;
            (if created.is_some() { 2 } else { 3 }, Reverse(created))
        }
    }
}

fn open_campaigns(campaigns: Vec<CampaignStatus>) -> impl Iterator<Item = Entry> {
    // The newest first.
    campaigns.into_iter().rev().filter(CampaignStatus::is_open).map(|status| Entry::Campaign(Box::new(status)))
}

/// A create whose answer was lost and that was selected has been found: the selection goes on to its job.
fn follow_found(model: &mut Model, entries: &[Entry]) {
    let Some(EntryId::Lost(token)) = &model.jobs.cursor.selected else { return };
    let found = entries.iter().find(|entry| match entry {
        Entry::Campaign(_) => false,
        Entry::Lost(lost) => lost.token == *token,
        Entry::Job(tracked) => tracked.job.display_name.as_ref().is_some_and(|name| name.contains(token.as_str())),
    });
    if let Some(entry) = found {
        model.jobs.cursor.selected = Some(entry.id());
    }
}

/// Takes in one job that was created, fetched or found.
pub fn upsert(model: &mut Model, job: Job) -> Vec<Effect> {
    if model.jobs.deleted.contains(&job.name) {
        return Vec::new();
    }
    let selected = selected_title(model);
    match model.jobs.entries.iter().position(|entry| entry.id() == EntryId::Job(job.name.clone())) {
        Some(at) => {
            let before = match model.jobs.entries.remove(at) {
                Entry::Job(tracked) => Some(tracked),
                Entry::Lost(_) | Entry::Campaign(_) => None,
            };
            let tracked = track(model, before, job);
            model.jobs.entries.insert(at, Entry::Job(tracked));
        }
        None => {
            model.jobs.unlisted.insert(job.name.clone());
            let tracked = track(model, None, job);
            model.jobs.entries.push(Entry::Job(tracked));
            model.jobs.entries.sort_by_key(default_order);
        }
    }
    rebuild(model, selected);
    job::open_when_ready(model)
}

/// Takes in a job that was fetched; one that left the list meanwhile does not come back by it.
pub fn upsert_known(model: &mut Model, job: Job) -> Vec<Effect> {
    if model.jobs.get(&job.name).is_some() { upsert(model, job) } else { Vec::new() }
}

/// Whether nothing will become of a job any more.
pub fn is_over(model: &Model, job: &Job) -> bool {
    job.state.is_terminal() || model.jobs.missing.contains(&job.name)
}

/// Marks a job that the service does not know any more, unless it was over. It stays in the list. Whether that is news.
pub fn mark_missing(model: &mut Model, name: &JobName) -> bool {
    let now = model.now;
    let Some(tracked) = model.jobs.get_mut(name).filter(|tracked| tracked.is_active()) else { return false };
    let from = std::mem::replace(&mut tracked.job.state, JobState::missing());
    tracked.cancelling = false;
    if from == JobState::missing() {
        return false;
    }
    model.jobs.unlisted.remove(name);
    model.jobs.missing.insert(name.clone());
    remember(model, Transition { job: name.clone(), from: Some(from), to: JobState::missing(), at: now });
    rebuild(model, None);
    true
}

/// The first page of a listing that goes on: nothing is taken away before its end.
pub fn paged(model: &mut Model, seq: Seq, page: Vec<Job>) -> Vec<Effect> {
    if model.link.listing != Listing::InFlight(seq) {
        return Vec::new();
    }
    let listed = Listed {
        listing: crate::ops::Listing { jobs: page, complete: false, server_time: None },
        transitions: Vec::new(),
        cancelling: Vec::new(),
        unanswered: Vec::new(),
        unconfirmed: lost(model),
        campaigns: model.jobs.campaigns().cloned().collect::<Vec<_>>().into_iter().rev().collect(),
        to_save: Vec::new(),
    };
    let link = &model.link;
    let (listed_at, shown_at) = (link.listed_at, link.shown_at);
    let (is_restored, complete) = (link.is_restored, link.complete);
    let effects = merge(model, listed);
    // The list as a whole is not newer than before.
    let link = &mut model.link;
    (link.listed_at, link.shown_at) = (listed_at, shown_at);
    (link.is_restored, link.complete) = (is_restored, complete);
    effects
}

fn lost(model: &Model) -> Vec<Unconfirmed> {
    let lost = model.jobs.entries.iter().filter_map(|entry| match entry {
        Entry::Lost(lost) => Some(lost.clone()),
        Entry::Job(_) | Entry::Campaign(_) => None,
    });
    lost.collect()
}

/// A create whose answer was lost.
pub fn add_lost(model: &mut Model, lost: Unconfirmed) {
    let id = EntryId::Lost(lost.token.clone());
    model.jobs.entries.retain(|entry| entry.id() != id);
    let n_campaigns = model.jobs.campaigns().count();
    model.jobs.entries.insert(n_campaigns, Entry::Lost(lost));
    rebuild(model, None);
}

/// Takes a create whose answer was lost out of the list.
pub fn remove_lost(model: &mut Model, token: &str) {
    let id = EntryId::Lost(token.to_owned());
    model.jobs.given_up.insert(token.to_owned());
    model.jobs.entries.retain(|entry| entry.id() != id);
    model.jobs.cursor.marks.remove(&id);
    rebuild(model, None);
}

/// Takes a job out of the list, and everything that was known of it.
pub fn remove(model: &mut Model, name: &JobName) {
    let id = EntryId::Job(name.clone());
    model.jobs.entries.retain(|entry| entry.id() != id);
    model.jobs.cursor.marks.remove(&id);
    model.jobs.unlisted.remove(name);
    model.jobs.missing.remove(name);
    rebuild(model, None);
}

/// Selects a job and shows it, whatever the filter says.
pub fn select(model: &mut Model, id: EntryId) {
    let mut list = lists::jobs(model);
    list.cursor.selected = Some(id.clone());
    list.rebuild();
    if list.cursor.selected.as_ref() != Some(&id) {
        list.clear_filter();
        list.cursor.selected = Some(id);
        list.rebuild();
    }
}

/// What the last session knew. A listing that came earlier is newer and stays.
pub fn restored(model: &mut Model, restored: Restored) -> Vec<Effect> {
    model.jobs.saved.extend(restored.saved);
    model.jobs.folders.extend(restored.folders);
    // What was estimated in this session is newer.
    for (job, dollars) in restored.costs {
        model.jobs.costs.entry(job).or_insert(dollars);
    }
    if let Some(draft) = restored.draft {
        model.draft = draft;
    }
    for transition in restored.transitions {
        remember(model, transition);
    }
    if let Some(view) = restored.view {
        model.jobs.cursor.sort = view.sort().filter(|sort| (1..=9).contains(&sort.column));
        if Filter::parse(&view.filter).is_ok() {
            model.jobs.cursor.filter = view.filter;
        }
    }
    if model.link.listed_at.is_none() {
        model.link.listed_at = restored.listed_at;
        model.link.is_restored = true;
        let known = |tracked: Job| {
            let cancelling = restored.cancelling.contains(&tracked.name);
            Entry::Job(Box::new(Tracked { job: tracked, cancelling, samples: Samples::default() }))
        };
        let lost = restored.unconfirmed.into_iter().map(Entry::Lost);
        let campaigns = open_campaigns(restored.campaigns);
        model.jobs.entries = campaigns.chain(lost).chain(restored.jobs.into_iter().map(known)).collect();
    }
    rebuild(model, None);
    Vec::new()
}

/// A job as it is now, with what we saw of it before. Says when it is over.
fn track(model: &mut Model, before: Option<Box<Tracked>>, mut job: Job) -> Box<Tracked> {
    let Some(mut tracked) = before else {
        let samples = Samples::default();
        let cancelling = model.jobs.asking.contains(&job.name);
        let mut tracked = Box::new(Tracked { job, cancelling, samples });
        sample(&mut tracked, model.now);
        return tracked;
    };
    // A job that is over stays so: an answer that was on its way for long may tell of an earlier time.
    if tracked.job.state.is_terminal() && !job.state.is_terminal() {
        return tracked;
    }
    // Lists leave out where inline jobs come from and go to, and do not say it twice.
    job.source = job.source.or_else(|| tracked.job.source.clone());
    job.dest = job.dest.or_else(|| tracked.job.dest.clone());
    let from = std::mem::replace(&mut tracked.job, job).state;
    sample(&mut tracked, model.now);
    if from != tracked.job.state {
        say_over(model, &tracked.job);
        let at = tracked.job.end_time.filter(|_| tracked.job.state.is_terminal()).unwrap_or(model.now);
        let transition =
            Transition { job: tracked.job.name.clone(), from: Some(from), to: tracked.job.state.clone(), at };
        remember(model, transition);
    }
    if tracked.job.state.is_terminal() {
        tracked.cancelling = false;
    }
    tracked
}

fn sample(tracked: &mut Tracked, now: jiff::Timestamp) {
    let Some(counts) = tracked.job.counts else { return };
    let moved = tracked.samples.0.back().is_none_or(|(_, done)| *done != counts.done());
    if tracked.is_active() || (moved && !tracked.samples.0.is_empty()) {
        tracked.samples.push(now, counts.done());
    }
}

fn remember(model: &mut Model, transition: Transition) {
    let timeline = model.jobs.timelines.entry(transition.job.clone()).or_default();
    if timeline.last().is_none_or(|last| last.to != transition.to) {
        timeline.push(transition);
    }
}

fn say_over(model: &mut Model, job: &Job) {
    let name = title(job);
    let word = job.state.word().to_owned();
    let done = job.counts.map(|counts| {
        let failed = if counts.failed > 0 { format!(", {} failed", thousands(counts.failed)) } else { String::new() };
        format!("{} of {}{failed}", thousands(counts.succeeded), thousands(counts.requests))
    });
    let detail = match (&job.error, done) {
        // The error of a job that was cancelled says only that it was.
        (Some(error), _) if job.state != JobState::Cancelled => format!(": {}", clean_short(&error.message, 160)),
        (_, Some(done)) => format!(": {done}"),
        (_, None) => String::new(),
    };
    let level = match &job.state {
        JobState::Succeeded if job.counts.is_some_and(|counts| counts.failed > 0) => Level::Info,
        JobState::Succeeded => Level::Good,
        JobState::Failed | JobState::Expired => Level::Bad,
        JobState::Cancelled => Level::Info,
        JobState::Pending | JobState::Running | JobState::Other(_) => return,
    };
    notices::say(model, level, format!("{name} {word}{detail}"));
}

fn selected_title(model: &Model) -> Option<String> {
    match model.jobs.cursor.selected.as_ref()? {
        EntryId::Job(name) => model.jobs.get(name).map(|tracked| title(&tracked.job)),
        EntryId::Lost(_) | EntryId::Campaign(_) => None,
    }
}

/// Says of creates that were doubled which jobs came of them, once, and what can be done. Nothing is cancelled for it.
fn tell_duplicates(model: &mut Model, before: &BTreeMap<JobName, Doubt>) {
    let is_news = |(later, doubt): (&JobName, &Doubt)| match doubt {
        Doubt::Duplicate(first) if before.get(later) != Some(doubt) => Some((first.clone(), later.clone())),
        Doubt::Duplicate(_) | Doubt::Twin(_) | Doubt::Stuck | Doubt::Slow(_) => None,
    };
    let news: Vec<(JobName, JobName)> = model.jobs.doubts.iter().filter_map(is_news).collect();
    for (first, later) in news {
        let name = model.jobs.get(&first).map(|tracked| title(&tracked.job)).unwrap_or_default();
        let text = format!(
            "DUPLICATE: one create of {name} came out as {first} and {later}, both billed; :stop doubt:duplicate cancels \
             the later one"
        );
        notices::say(model, Level::Bad, text);
    }
}

/// Finds everything again after the entries changed. Says so when the selected job is gone.
pub fn rebuild(model: &mut Model, selected: Option<String>) {
    let jobs = model.jobs.entries.iter().filter_map(|entry| match entry {
        Entry::Job(tracked) => Some(&tracked.job),
        Entry::Lost(_) | Entry::Campaign(_) => None,
    });
    let doubts = doubts(jobs, lists::service_time(model));
    let before = std::mem::replace(&mut model.jobs.doubts, doubts);
    tell_duplicates(model, &before);
    let is_there = lists::jobs(model).rebuild();
    if let (false, Some(name)) = (is_there, selected) {
        notices::say(model, Level::Info, format!("{name} is gone from the list"));
    }
    if !model.jobs.cursor.marks.is_empty() {
        let ids: std::collections::BTreeSet<EntryId> = model.jobs.entries.iter().map(Entry::id).collect();
        model.jobs.cursor.marks.retain(|id| ids.contains(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Counts, Dest, JobError};
    use crate::tui::event::Event;
    use crate::tui::model::JobsView;
    use crate::tui::update::testing::{
        answer, done, empty, job, list, listed, lost, name, press, said, selected, shown, three_jobs, tick, with_jobs,
        word,
    };
    use crate::tui::update::update;

    fn at(mut job: Job, minute: i64) -> Job {
        job.create_time = Some(crate::tui::update::testing::noon() + jiff::SignedDuration::from_mins(minute));
        job
    }

    #[test]
    fn the_selection_keeps_its_job_when_the_list_reorders() {
        let mut model = three_jobs();
        press(&mut model, "j");
        assert_eq!(selected(&model), "ch01");
        list(&mut model, vec![at(done("newer"), 5), done("ch02"), job("ch01", JobState::Pending)]);
        assert_eq!((selected(&model), shown(&model)[0].as_str()), ("ch01", "newer"));
    }

    #[test]
    fn when_the_selected_job_is_gone_its_neighbour_takes_over_and_it_is_said() {
        let mut model = with_jobs(vec![done("a"), done("b"), done("c")]);
        press(&mut model, "j");
        list(&mut model, vec![done("a"), done("c")]);
        assert_eq!((selected(&model), said(&model)), ("c", "b is gone from the list"));
        list(&mut model, vec![]);
        assert_eq!(selected(&model), "");
    }

    #[test]
    fn a_job_that_was_not_over_does_not_leave_the_list_unasked() {
        let mut model = three_jobs();
        let effects = list(&mut model, vec![done("ch02")]);
        let fetched = |effect: &Effect| matches!(effect, Effect::FetchJob(..));
        assert_eq!((shown(&model).len(), effects.iter().filter(|effect| fetched(effect)).count()), (3, 2));
        // An answer that says nothing about the job takes nothing away.
        let busy = crate::failure::Failure::new("the service is overloaded");
        update(&mut model, Event::JobFetched(Seq(99), name("intro"), Err(busy)));
        assert_eq!((shown(&model).len(), word(&model, "intro")), (3, "RUNNING"));
    }

    #[test]
    fn a_job_that_the_service_does_not_know_any_more_stays_and_is_marked() {
        let mut model = three_jobs();
        list(&mut model, vec![done("ch02")]);
        update(&mut model, Event::JobMissing(Seq(99), name("intro")));
        assert_eq!((shown(&model).len(), word(&model, "intro")), (3, "MISSING"));
        assert!(said(&model).starts_with("intro is not found with this key any more"), "{}", said(&model));
        // It is not looked for again, and it is not stopped; a listing that shows it ends that.
        let effects = list(&mut model, vec![done("ch02")]);
        let intro = |effect: &Effect| matches!(effect, Effect::FetchJob(_, job) if *job == name("intro"));
        assert!(!effects.iter().any(intro), "{effects:?}");
        assert_eq!(press(&mut model, "x"), []);
        assert!(model.overlays.is_empty() && said(&model).contains("MISSING already"), "{}", said(&model));
        list(&mut model, vec![job("intro", JobState::Running), done("ch02")]);
        assert_eq!((word(&model, "intro"), model.jobs.missing.len()), ("RUNNING", 0));
        // Or a person takes it off the list.
        list(&mut model, vec![done("ch02")]);
        update(&mut model, Event::JobMissing(Seq(99), name("intro")));
        assert!(matches!(&press(&mut model, "D y")[..], [Effect::DeleteJob(job, _)] if job.name == name("intro")));
        update(&mut model, Event::JobDeleted(name("intro"), Ok(())));
        assert_eq!((shown(&model).contains(&"intro".to_owned()), model.jobs.missing.len()), (false, 0));
    }

    #[test]
    fn an_incomplete_listing_takes_nothing_away() {
        let mut model = with_jobs(vec![done("a"), done("b")]);
        press(&mut model, "R");
        let mut part = listed(vec![done("b")]);
        part.listing.complete = false;
        let Listing::InFlight(seq) = model.link.listing else { panic!() };
        assert_eq!(update(&mut model, Event::JobsListed(seq, Ok(Box::new(part)))), []);
        assert_eq!((shown(&model).len(), model.link.complete), (2, false));
    }

    #[test]
    fn the_first_page_shows_before_the_rest_of_five_thousand() {
        let mut model = empty();
        tick(&mut model, 0);
        let all: Vec<Job> = (0..5_000).map(|number| at(done(&format!("j{number}")), -number)).collect();
        update(&mut model, Event::JobsPaged(Seq(1), all[..100].to_vec()));
        assert_eq!((shown(&model).len(), model.link.listed_at), (100, None));
        press(&mut model, "jj");
        answer(&mut model, all);
        assert_eq!((shown(&model).len(), selected(&model)), (5_000, "j2"));
    }

    #[test]
    fn what_is_over_is_said_once_and_bad_ends_stay() {
        let mut model = with_jobs(vec![job("a", JobState::Running), job("b", JobState::Running)]);
        let counts = Some(Counts { requests: 1_268, succeeded: 1_266, failed: 2, pending: 0 });
        let error = Some(JobError { code: 3, message: "Developer instruction is not enabled".into() });
        let a = Job { counts, ..job("a", JobState::Succeeded) };
        let b = Job { error, counts: None, ..job("b", JobState::Failed) };
        list(&mut model, vec![a.clone(), b.clone()]);
        list(&mut model, vec![a, b]);
        let texts: Vec<&str> = model.notices.log.iter().map(|notice| notice.text.as_str()).collect();
        assert_eq!(texts, ["a SUCCEEDED: 1 266 of 1 268, 2 failed", "b FAILED: Developer instruction is not enabled"]);
        tick(&mut model, 60);
        assert_eq!(said(&model), "b FAILED: Developer instruction is not enabled");
    }

    #[test]
    fn a_timeline_holds_each_step_once() {
        let mut model = with_jobs(vec![job("a", JobState::Pending)]);
        press(&mut model, "R");
        let mut answer = listed(vec![job("a", JobState::Succeeded)]);
        let step = |from, to| Transition { job: name("a"), from: Some(from), to, at: model.now };
        answer.transitions =
            vec![step(JobState::Pending, JobState::Running), step(JobState::Running, JobState::Succeeded)];
        let Listing::InFlight(seq) = model.link.listing else { panic!() };
        update(&mut model, Event::JobsListed(seq, Ok(Box::new(answer))));
        let steps: Vec<&str> = model.jobs.timelines[&name("a")].iter().map(|step| step.to.word()).collect();
        assert_eq!(steps, ["RUNNING", "SUCCEEDED"]);
    }

    #[test]
    fn progress_is_sampled_while_a_job_is_watched() {
        let mut model = with_jobs(vec![job("a", JobState::Running)]);
        tick(&mut model, 60);
        let counts = Some(Counts { requests: 40, succeeded: 18, failed: 0, pending: 22 });
        answer(&mut model, vec![Job { counts, ..job("a", JobState::Running) }]);
        let tracked = model.jobs.get(&name("a")).unwrap();
        assert_eq!(tracked.samples.0.iter().map(|(_, done)| *done).collect::<Vec<_>>(), [12, 18]);
        assert_eq!(tracked.left().map(|left| left.as_secs()), Some(220));
    }

    #[test]
    fn a_job_that_is_over_stays_so_and_keeps_what_a_list_leaves_out() {
        let inline = Job { dest: Some(Dest::Inline), ..done("a") };
        let mut model = with_jobs(vec![inline]);
        list(&mut model, vec![Job { dest: None, ..done("a") }]);
        assert_eq!(model.jobs.get(&name("a")).unwrap().job.dest, Some(Dest::Inline));
        list(&mut model, vec![job("a", JobState::Running)]);
        assert_eq!(word(&model, "a"), "SUCCEEDED");
    }

    #[test]
    fn a_lost_create_that_is_found_keeps_the_selection() {
        let mut model = empty();
        tick(&mut model, 0);
        let mut first = listed(vec![done("a")]);
        first.unconfirmed = vec![lost("TOKEN")];
        update(&mut model, Event::JobsListed(Seq(1), Ok(Box::new(first))));
        assert_eq!(selected(&model), "TOKEN");
        let found = Job { display_name: Some("ch01 ~gt-TOKEN".into()), ..job("found", JobState::Pending) };
        list(&mut model, vec![done("a"), found]);
        assert_eq!(selected(&model), "found");
    }

    #[test]
    fn the_last_session_is_shown_until_the_service_answers() {
        let mut model = empty();
        let restored = Restored {
            jobs: vec![job("a", JobState::Running), done("b")],
            listed_at: Some(model.now),
            cancelling: vec![name("a")],
            unconfirmed: vec![lost("T")],
            costs: [(name("a"), (0.1, 0.2)), (name("b"), (0.3, 0.4))].into(),
            view: Some(JobsView { sort: Some((2, true)), filter: "state:".into() }),
            ..Restored::default()
        };
        model.jobs.costs.insert(name("b"), (0.5, 0.6));
        update(&mut model, Event::Restored(Box::new(restored.clone())));
        assert_eq!(model.jobs.costs[&name("a")], (0.1, 0.2), "what jobs may cost survives a restart");
        assert_eq!(model.jobs.costs[&name("b")], (0.5, 0.6), "what this session knows is newer");
        assert_eq!((shown(&model), word(&model, "a")), (vec!["T".into(), "b".into(), "a".into()], "CANCELLING"));
        assert!(model.link.is_restored, "it is not live yet");
        tick(&mut model, 1);
        answer(&mut model, vec![done("new")]);
        update(&mut model, Event::Restored(Box::new(restored)));
        assert!(shown(&model).contains(&"new".to_owned()), "what came from the service is newer");
        assert!(!model.link.is_restored);
    }

    #[test]
    fn any_state_of_tomorrow_is_shown_as_it_came() {
        for state in ["BATCH_STATE_PAUSED", "", "überholt", "JOB_STATE_"] {
            let mut model = with_jobs(vec![job("a", JobState::from_wire(state))]);
            list(&mut model, vec![job("a", JobState::from_wire(state))]);
            assert_eq!(word(&model, "a"), JobState::from_wire(state).word());
        }
    }
}
