//! Saving without being asked: quietly, a few jobs at a time, never against a person.
//!
//! A listing says what no save holds. Nothing is begun while polling is frozen, the service is out of reach, or the disk was
//! full; nor for a job that a person deletes, or is being asked about. What failed is tried again, ever later, and not for
//! ever.

use std::time::Duration;

use jiff::Timestamp;

use crate::failure::{Exit, Failure};
use crate::job::{Job, JobName};
use crate::ops::{AutoSaved, Saved};
use crate::text::{count, span, thousands};
use crate::tui::effect::{Effect, SaveWhat};
use crate::tui::model::{Level, Model, Overlay, Save, Seq, Target, Verb};
use crate::tui::update::{jobs, notices, saving, work};

/// So many are saved at once: one place for downloads stays free for what a person asks for.
const AT_ONCE: usize = 2;

/// After so many tries a job is left to a person, and to the next session.
const MOST_TRIES: u32 = 5;

/// So many names are told; the others are counted.
const MOST_NAMES: usize = 3;

/// A listing says which jobs no save holds.
pub fn found(model: &mut Model, wanted: Vec<JobName>) -> Vec<Effect> {
    model.auto_saves.wanted = wanted;
    go_on(model)
}

/// Begins as many as may run now.
pub fn go_on(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    while let Some(job) = next(model) {
        effects.extend(saving::begin(model, Save { job: Box::new(job), what: SaveWhat::All, is_unasked: true }));
    }
    effects
}

/// How a job that no save holds stands, in words, when it is to be saved by itself.
pub fn standing(model: &Model, name: &JobName) -> Option<&'static str> {
    let auto = &model.auto_saves;
    if model.saves.running.values().any(|save| save.job.name == *name) {
        return Some("being saved");
    }
    if !auto.wanted.contains(name) || auto.done.contains(name) {
        return None;
    }
    Some(match (auto.is_paused, auto.tries.contains_key(name)) {
        (true, _) => "not saved: the disk is full, s goes on",
        (false, true) => "not saved: it is tried again",
        (false, false) => "to be saved",
    })
}

fn next(model: &Model) -> Option<Job> {
    let auto = &model.auto_saves;
    let is_at_rest = auto.is_paused || model.link.frozen || model.link.trouble.is_some();
    if is_at_rest || model.saves.running.values().filter(|save| save.is_unasked).count() >= AT_ONCE {
        return None;
    }
    let name = auto.wanted.iter().find(|name| may_begin(model, name))?;
    model.jobs.get(name).map(|tracked| tracked.job.clone())
}

fn may_begin(model: &Model, name: &JobName) -> bool {
    let auto = &model.auto_saves;
    let is_due = auto.tries.get(name).is_none_or(|(_, again)| *again <= model.now);
    let mut saves = model.saves.running.values().chain(&model.saves.waiting);
    let is_being_saved = saves.any(|save| save.job.name == *name);
    let is_going = model.jobs.deleted.contains(name) || model.jobs.deleting.contains(name);
    let is_there = model.jobs.get(name).is_some();
    is_due && is_there && !auto.done.contains(name) && !is_being_saved && !is_going && !is_asked_about(model, name)
}

/// Whether a dialog asks whether to delete it.
fn is_asked_about(model: &Model, name: &JobName) -> bool {
    model.overlays.iter().any(|overlay| match overlay {
        Overlay::Confirm(confirm) if confirm.verb == Verb::DeleteJobs => {
            confirm.targets.iter().any(|target| matches!(target, Target::Job(job, _) if job.name == *name))
        }
        Overlay::Confirm(_) | Overlay::Prompt(_) | Overlay::Page(_) => false,
    })
}

/// A save that nobody asked for came to its end.
pub fn ended(model: &mut Model, seq: Seq, result: Result<AutoSaved, Failure>) -> Vec<Effect> {
    let Some(save) = model.saves.running.remove(&seq) else { return Vec::new() };
    work::ended(model, seq);
    let (name, title) = (save.job.name.clone(), jobs::title(&save.job));
    match result {
        Ok(AutoSaved::Saved(saved)) => {
            saving::remember(model, &save, &saved);
            notices::settle(model, &cannot(&title));
            model.auto_saves.untold.push((title, saved));
            is_done(model, &name);
        }
        Ok(AutoSaved::Already(folder)) => {
            model.jobs.folders.insert(name.clone(), folder.clone());
            model.jobs.saved.insert(name.clone(), folder);
            is_done(model, &name);
        }
        Ok(AutoSaved::Nothing) => is_done(model, &name),
        // The next look at the journal tells what came of it.
        Ok(AutoSaved::Elsewhere) => {
            let again = later(model, Duration::from_secs(60));
            model.auto_saves.tries.insert(name.clone(), (0, again));
        }
        Err(failure) => failed(model, &name, &title, failure),
    }
    let mut effects = saving::next(model, &name);
    effects.extend(go_on(model));
    if !model.saves.running.values().any(|save| save.is_unasked) {
        tell(model);
    }
    effects
}

fn is_done(model: &mut Model, name: &JobName) {
    model.auto_saves.tries.remove(name);
    model.auto_saves.done.insert(name.clone());
}

fn cannot(title: &str) -> String {
    format!("cannot save {title} by itself")
}

fn failed(model: &mut Model, name: &JobName, title: &str, failure: Failure) {
    if failure.exit == Exit::Disk {
        let is_news = !model.auto_saves.is_paused;
        model.auto_saves.is_paused = true;
        if is_news {
            let hint = "nothing is saved by itself any more; make room, then s saves the job and the others follow";
            notices::fail(model, &cannot(title), &failure.hint(hint));
        }
        return;
    }
    let tried = model.auto_saves.tries.get(name).map_or(0, |(tried, _)| *tried) + 1;
    if tried == 1 {
        let hint = failure.hint.clone().unwrap_or_else(|| "it is tried again; s saves it now".to_owned());
        notices::fail(model, &cannot(title), &failure.hint(hint));
    }
    if tried == MOST_TRIES {
        is_done(model, name);
        return;
    }
    // A minute, five, twenty-five, two hours.
    let again = later(model, Duration::from_secs(60 * 5u64.pow(tried - 1)));
    model.auto_saves.tries.insert(name.clone(), (tried, again));
}

fn later(model: &Model, wait: Duration) -> Timestamp {
    model.now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Says what was saved, in one line however many jobs it were.
fn tell(model: &mut Model) {
    let untold = std::mem::take(&mut model.auto_saves.untold);
    match untold.as_slice() {
        [] => {}
        [(title, saved)] => {
            let (level, text) = saving::told(model, title, &SaveWhat::All, saved);
            notices::say(model, level, text);
        }
        several => {
            let (level, text) = told(several);
            notices::say(model, level, text);
        }
    }
}

fn told(several: &[(String, Saved)]) -> (Level, String) {
    let good: u64 = several.iter().map(|(_, saved)| saved.saved + saved.skipped).sum();
    let all: u64 =
        several.iter().map(|(_, saved)| saved.expected.unwrap_or(saved.saved + saved.skipped + saved.failed)).sum();
    let seconds = several.iter().map(|(_, saved)| saved.seconds).sum();
    let names: Vec<&str> = several.iter().take(MOST_NAMES).map(|(title, _)| title.as_str()).collect();
    let others = match several.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        others => format!(" and {}", count(others as u64, "other")),
    };
    let (jobs, names) = (count(several.len() as u64, "job"), names.join(", "));
    let (good_of, audio) = (format!("{} of {}", thousands(good), thousands(all)), span(seconds));
    let level = if good == 0 { Level::Bad } else { Level::Good };
    (level, format!("{jobs} saved: {names}{others} ({good_of}, {audio} of audio)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobState;
    use crate::ops::Loss;
    use crate::tui::event::{Event, Listed};
    use crate::tui::model::Listing;
    use crate::tui::update::testing::{done, empty, job, listed, name, press, said, seq_of, tick, with_jobs};
    use crate::tui::update::update;

    /// A listing of these jobs, of which those are to be saved.
    fn lists(model: &mut Model, jobs: Vec<Job>, to_save: &[&str]) -> Vec<Effect> {
        press(model, "R");
        let Listing::InFlight(seq) = model.link.listing else { panic!("no listing is under way") };
        let to_save = to_save.iter().map(|id| name(id)).collect();
        update(model, Event::JobsListed(seq, Ok(Box::new(Listed { to_save, ..listed(jobs) }))))
    }

    fn jobs(ids: &[&str]) -> Vec<Job> {
        ids.iter().map(|id| done(id)).collect()
    }

    fn begun(effects: &[Effect]) -> Vec<&str> {
        let begun = effects.iter().filter_map(|effect| match effect {
            Effect::AutoSave(_, job) => Some(job.name.id()),
            _ => None,
        });
        begun.collect()
    }

    fn saved() -> Saved {
        Saved { folder: "ch".into(), saved: 40, seconds: 60.0, expected: Some(40), ..Saved::default() }
    }

    fn ends(model: &mut Model, effects: &[Effect], result: Result<AutoSaved, Failure>) -> Vec<Effect> {
        update(model, Event::AutoSaved(seq_of(effects), result.map(Box::new)))
    }

    fn failure(exit: Exit) -> Failure {
        Failure::with_exit(exit, "it broke")
    }

    #[test]
    fn a_job_that_is_over_is_saved_once_and_told_in_one_quiet_line() {
        let mut model = with_jobs(vec![job("a", JobState::Running)]);
        let first = lists(&mut model, jobs(&["a"]), &["a"]);
        assert_eq!(begun(&first), ["a"]);
        assert_eq!(standing(&model, &name("a")), Some("being saved"));
        assert!(begun(&lists(&mut model, jobs(&["a"]), &["a"])).is_empty(), "it is under way");
        assert!(ends(&mut model, &first, Ok(AutoSaved::Saved(saved()))).is_empty());
        assert_eq!(said(&model), "a saved to ./ch (40 of 40, 1 m 00 of audio)");
        assert!(model.overlays.is_empty() && model.notices.unseen == 0);
        assert!(model.jobs.saved.contains_key(&name("a")));
        assert!(
            begun(&lists(&mut model, jobs(&["a"]), &["a"])).is_empty(),
            "once a session, whatever the journal says"
        );
    }

    #[test]
    fn fifty_at_once_are_saved_a_few_at_a_time_and_told_together() {
        let ids: Vec<String> = (0..50).map(|number| format!("j{number:02}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut model = with_jobs(jobs(&ids));
        let mut under_way = lists(&mut model, jobs(&ids), &ids);
        let mut n = 0;
        while let [first, ..] = under_way[..].to_vec().as_slice() {
            let n_running = model.saves.running.len();
            assert!(n_running <= AT_ONCE, "{n_running}");
            under_way.remove(0);
            let next = ends(&mut model, std::slice::from_ref(first), Ok(AutoSaved::Saved(saved())));
            under_way.extend(next);
            n += 1;
        }
        assert_eq!(n, 50);
        assert_eq!(said(&model), "50 jobs saved: j00, j01, j02 and 47 others (2 000 of 2 000, 50 m 00 of audio)");
        let told = model.notices.log.iter().filter(|notice| notice.text.contains("saved")).count();
        assert_eq!(told, 1);
    }

    #[test]
    fn nothing_is_begun_against_a_person() {
        type Meanwhile = fn(&mut Model);
        let table: [(&str, Meanwhile); 6] = [
            ("frozen", |model| drop(press(model, "f"))),
            ("a deletion is asked about", |model| drop(press(model, "D"))),
            ("it is being deleted", |model| {
                model.jobs.deleting.insert(name("a"));
            }),
            ("it was deleted", |model| {
                model.jobs.deleted.insert(name("a"));
            }),
            ("a person saves it", |model| drop(press(model, "s"))),
            ("the disk is full", |model| model.auto_saves.is_paused = true),
        ];
        for (why, meanwhile) in table {
            let mut model = with_jobs(jobs(&["a"]));
            press(&mut model, "R");
            let Listing::InFlight(seq) = model.link.listing else { panic!("no listing is under way") };
            meanwhile(&mut model);
            let answer = Listed { to_save: vec![name("a")], ..listed(jobs(&["a"])) };
            let effects = update(&mut model, Event::JobsListed(seq, Ok(Box::new(answer))));
            assert!(begun(&effects).is_empty(), "{why}: {effects:?}");
        }
    }

    #[test]
    fn what_the_last_session_knew_begins_nothing() {
        let mut model = empty();
        let restored = crate::tui::event::Restored { jobs: jobs(&["a"]), ..Default::default() };
        assert!(begun(&update(&mut model, Event::Restored(Box::new(restored)))).is_empty());
        tick(&mut model, 0);
        let Listing::InFlight(seq) = model.link.listing else { panic!("no listing is under way") };
        assert!(begun(&update(&mut model, Event::JobsPaged(seq, jobs(&["a"])))).is_empty());
    }

    #[test]
    fn a_deletion_that_is_not_wanted_after_all_lets_it_go_on() {
        let mut model = with_jobs(jobs(&["a"]));
        press(&mut model, "D");
        assert!(begun(&tick(&mut model, 0)).is_empty());
        model.auto_saves.wanted = vec![name("a")];
        press(&mut model, "<Esc>");
        assert_eq!(begun(&lists(&mut model, jobs(&["a"]), &["a"])), ["a"]);
        let mut model = with_jobs(jobs(&["a"]));
        let asked = press(&mut model, "D");
        update(&mut model, Event::LossKnown(seq_of(&asked), vec![(name("a"), Loss::Saved)]));
        press(&mut model, "y");
        update(&mut model, Event::JobDeleted(name("a"), Err(failure(Exit::Refused))));
        assert_eq!(begun(&lists(&mut model, jobs(&["a"]), &["a"])), ["a"]);
    }

    #[test]
    fn what_failed_is_said_once_and_tried_again_ever_later_but_not_for_ever() {
        let mut model = with_jobs(jobs(&["a"]));
        let mut minutes = 0;
        let mut tries = Vec::new();
        while minutes < 24 * 60 {
            let effects = lists(&mut model, jobs(&["a"]), &["a"]);
            if !begun(&effects).is_empty() {
                tries.push(minutes);
                ends(&mut model, &effects, Err(failure(Exit::Failed)));
            }
            tick(&mut model, 60);
            minutes += 1;
        }
        assert_eq!(tries, [0, 1, 6, 31, 156]);
        let told = model.notices.log.iter().filter(|notice| notice.text.starts_with("cannot save a by itself")).count();
        assert_eq!(told, 1);
    }

    #[test]
    fn a_full_disk_pauses_it_until_a_person_saves() {
        let mut model = with_jobs(jobs(&["a", "b", "c"]));
        let first = lists(&mut model, jobs(&["a", "b", "c"]), &["a", "b", "c"]);
        assert_eq!(begun(&first), ["a", "b"]);
        for effect in &first {
            let next = ends(&mut model, std::slice::from_ref(effect), Err(failure(Exit::Disk)));
            assert!(next.is_empty());
        }
        assert_eq!(said(&model), "cannot save a by itself: it broke", "and not once more for b");
        assert!(begun(&lists(&mut model, jobs(&["a", "b", "c"]), &["a", "b", "c"])).is_empty());
        assert_eq!(standing(&model, &name("c")), Some("not saved: the disk is full, s goes on"));
        let by_hand = press(&mut model, "s");
        assert!(matches!(&by_hand[..], [Effect::Save(..)]), "{by_hand:?}");
        let others = update(&mut model, Event::SaveEnded(seq_of(&by_hand), Ok(saved())));
        assert_eq!(begun(&others).len(), 2, "the others follow: {others:?}");
    }

    #[test]
    fn what_somebody_else_saves_is_left_to_them_without_a_word() {
        let mut model = with_jobs(jobs(&["a", "b", "c"]));
        let ids = ["a", "b", "c"];
        let effects = lists(&mut model, jobs(&ids), &ids);
        let third = ends(&mut model, &effects[..1], Ok(AutoSaved::Elsewhere));
        ends(&mut model, &effects[1..], Ok(AutoSaved::Already("/there/b".into())));
        ends(&mut model, &third, Ok(AutoSaved::Nothing));
        assert_eq!(model.jobs.saved.get(&name("b")), Some(&"/there/b".into()));
        assert!(begun(&lists(&mut model, jobs(&ids), &ids)).is_empty());
        tick(&mut model, 61);
        assert_eq!(begun(&lists(&mut model, jobs(&ids), &ids)), ["a"], "it may have given up");
        assert_eq!(model.notices.unseen, 0);
    }

    #[test]
    fn a_read_only_session_saves_too() {
        let mut model = with_jobs(jobs(&["a"]));
        model.setting.read_only = true;
        assert_eq!(begun(&lists(&mut model, jobs(&["a"]), &["a"])), ["a"]);
    }
}
