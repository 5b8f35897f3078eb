//! When the list is fetched, and what a failed listing changes.
//!
//! Every 10 seconds while a job is active, every 60 otherwise, never under 2; slower after failures, up to 5 minutes, and
//! never before the service wants it; slower from the beginning over a thin line.
//! Not at all while a person froze it or the service refuses the key.
//!
//! A create whose answer was lost is looked for at set times too, however slow the usual pace is.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock;
use crate::failure::{Exit, Failure};
use crate::tui::effect::Effect;
use crate::tui::event::Listed;
use crate::tui::model::{Entry, Level, Listing, Model, Seq, Trouble};
use crate::tui::update::{auto_save, campaigns, jobs, notices, resend};

const WHILE_ACTIVE: Duration = Duration::from_secs(10);
const OTHERWISE: Duration = Duration::from_secs(60);
/// Over a thin line.
const SLOWLY_WHILE_ACTIVE: Duration = Duration::from_secs(30);
const SLOWLY_OTHERWISE: Duration = Duration::from_secs(120);
const FLOOR: Duration = Duration::from_secs(2);
/// When a create whose answer was lost is looked for, from its sending. The first of them are done before its sender gives
/// the answer up, if the program lives that long.
const PROBES: [Duration; 7] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(120),
];
const SLOWEST: Duration = Duration::from_secs(300);
/// The service asks for five minutes at the most; what is longer is the rest of a day whose quota is used up. Then what
/// may still be read is looked at now and then.
const OUT_OF_QUOTA: Duration = Duration::from_secs(600);
const CANNOT_LIST: &str = "cannot list jobs";

/// It is that late now.
pub fn tick(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    model.now = now;
    notices::grow_old(model);
    if model.link.paced.is_some_and(|paced| paced.left(now).is_none()) {
        model.link.paced = None;
    }
    // A clock that was set back must not stop the polling until it has caught up.
    let is_absurd = |wait| wait > SLOWEST && wait > interval(model);
    let due = model.link.next_poll.is_some_and(|at| at <= now || is_absurd(clock::since(now, at)));
    let mut effects = if due { list(model) } else { Vec::new() };
    effects.extend(campaigns::tick(model));
    effects
}

/// Lists now, unless a listing is under way.
pub fn list(model: &mut Model) -> Vec<Effect> {
    match model.link.listing {
        Listing::InFlight(_) => Vec::new(),
        Listing::Idle => list_anew(model),
    }
}

/// Lists now; the answer of a listing that is under way will be dropped.
pub fn list_anew(model: &mut Model) -> Vec<Effect> {
    let seq = model.next_seq();
    model.link.listing = Listing::InFlight(seq);
    model.link.next_poll = None;
    vec![Effect::ListJobs(seq)]
}

/// A listing came to its end.
pub fn listed(model: &mut Model, seq: Seq, result: Result<Box<Listed>, Failure>) -> Vec<Effect> {
    if model.link.listing != Listing::InFlight(seq) {
        return Vec::new();
    }
    model.link.listing = Listing::Idle;
    let effects = match result {
        Ok(mut listed) => {
            let to_save = std::mem::take(&mut listed.to_save);
            if let Some(trouble) = model.link.trouble.take() {
                let waited = crate::text::age(clock::since(trouble.since, model.now));
                notices::settle(model, CANNOT_LIST);
                notices::say(model, Level::Info, format!("the service answers again, after {waited}"));
            }
            let mut effects = jobs::merge(model, *listed);
            resend::listed(model);
            effects.extend(campaigns::listed(model));
            effects.extend(auto_save::found(model, to_save));
            effects
        }
        Err(failure) => {
            failed(model, failure);
            Vec::new()
        }
    };
    schedule(model);
    effects
}

fn failed(model: &mut Model, failure: Failure) {
    // The list is old from now on, and shows how old.
    model.link.shown_at = None;
    let before = model.link.trouble.take();
    // One notice for the whole time that it is down; another one only when the reason becomes a key that is refused.
    let known =
        before.as_ref().is_some_and(|trouble| (trouble.failure.exit == Exit::Key) == (failure.exit == Exit::Key));
    if !known {
        notices::fail(model, CANNOT_LIST, &failure);
    }
    let since = before.as_ref().map_or(model.now, |trouble| trouble.since);
    let attempts = before.map_or(0, |trouble| trouble.attempts).saturating_add(1);
    model.link.trouble = Some(Trouble { since, attempts, failure });
}

/// Decides when the next listing is due.
pub fn schedule(model: &mut Model) {
    let refused = model.link.trouble.as_ref().is_some_and(|trouble| trouble.failure.exit == Exit::Key);
    let busy = model.link.listing != Listing::Idle;
    model.link.next_poll = if model.link.frozen || refused || busy { None } else { Some(next_look(model)) };
}

/// The next listing at the usual pace, or earlier when a lost create is to be looked for before that.
fn next_look(model: &Model) -> Timestamp {
    let usual = after(model, interval(model));
    let probe = |entry: &Entry| match entry {
        Entry::Lost(lost) => {
            let times = PROBES.iter().filter_map(|probe| lost.at.checked_add(*probe).ok());
            times.filter(|at| *at > model.now).min()
        }
        Entry::Job(_) | Entry::Campaign(_) => None,
    };
    let probes = model.jobs.entries.iter().filter_map(probe);
    probes.map(|at| at.max(after(model, FLOOR))).chain([usual]).min().unwrap_or(usual)
}

/// Makes the next listing come soon, after something that changed a job.
pub fn hurry(model: &mut Model) {
    let soon = after(model, FLOOR);
    if let Some(next) = &mut model.link.next_poll {
        *next = soon.min(*next);
    }
}

fn after(model: &Model, wait: Duration) -> Timestamp {
    model.now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// The time between two listings while nothing is wrong.
pub fn pace(model: &Model) -> Duration {
    let is_active = |entry: &Entry| match entry {
        Entry::Job(tracked) => tracked.is_active() && !model.jobs.missing.contains(&tracked.job.name),
        Entry::Lost(_) | Entry::Campaign(_) => true,
    };
    let is_thin = model.setting.low_bandwidth;
    match model.setting.refresh {
        Some(seconds) => Duration::from_secs(seconds).max(FLOOR),
        None => match (model.jobs.entries.iter().any(is_active), is_thin) {
            (true, false) => WHILE_ACTIVE,
            (true, true) => SLOWLY_WHILE_ACTIVE,
            (false, false) => OTHERWISE,
            (false, true) => SLOWLY_OTHERWISE,
        },
    }
}

fn interval(model: &Model) -> Duration {
    let usual = pace(model);
    let attempts = model.link.trouble.as_ref().map_or(0, |trouble| trouble.attempts);
    let doubled = usual.saturating_mul(1u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX));
    // A person who set a slower pace than our slowest keeps it.
    let ours = doubled.min(SLOWEST.max(usual));
    let asked = model.link.trouble.as_ref().and_then(|trouble| trouble.failure.retry_after);
    asked.map_or(ours, |asked| ours.max(asked.min(OUT_OF_QUOTA)))
}

/// Stops polling, or goes on.
pub fn freeze(model: &mut Model) -> Vec<Effect> {
    model.link.frozen = !model.link.frozen;
    model.link.shown_at = None;
    if model.link.frozen {
        model.link.next_poll = None;
        notices::say(model, Level::Info, "polling is frozen; f goes on");
        return Vec::new();
    }
    notices::say(model, Level::Info, "polling goes on");
    list(model)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobState;
    use crate::tui::event::Event;
    use crate::tui::model::Level;
    use crate::tui::update::testing::{
        answer, done, empty, job, listed, lost, press, said, seq_of, shown, three_jobs, tick, with_jobs,
    };
    use crate::tui::update::update;

    fn wait(model: &Model) -> Option<u64> {
        model.link.next_poll.map(|at| clock::since(model.now, at).as_secs())
    }

    fn fail(model: &mut Model, failure: Failure) {
        let Listing::InFlight(seq) = model.link.listing else { panic!("no listing is under way") };
        update(model, Event::JobsListed(seq, Err(failure)));
    }

    #[test]
    fn the_first_tick_lists_and_no_second_one_does_meanwhile() {
        let mut model = empty();
        assert_eq!(tick(&mut model, 0), [Effect::ListJobs(Seq(1))]);
        assert_eq!(tick(&mut model, 3_600), []);
        assert_eq!(press(&mut model, "r"), []);
    }

    #[test]
    fn the_pace_follows_the_jobs() {
        let table = [
            (vec![done("a")], None, 60),
            (vec![], None, 60),
            (vec![done("a"), job("b", JobState::Running)], None, 10),
            (vec![job("b", JobState::Other("PAUSED".into()))], None, 10),
            (vec![done("a")], Some(1), 2),
            (vec![done("a")], Some(900), 900),
            (vec![job("b", JobState::Running)], Some(30), 30),
        ];
        for (jobs, refresh, expected) in table {
            let mut model = empty();
            model.setting.refresh = refresh;
            tick(&mut model, 0);
            answer(&mut model, jobs.clone());
            assert_eq!(wait(&model), Some(expected), "{jobs:?} {refresh:?}");
            assert_eq!((tick(&mut model, 1), tick(&mut model, expected as i64 - 2)), (vec![], vec![]));
            assert_eq!(tick(&mut model, 1), [Effect::ListJobs(Seq(2))]);
        }
    }

    #[test]
    fn over_a_thin_line_the_service_is_asked_less_often() {
        for (jobs, refresh, expected) in [
            (vec![done("a")], None, 120),
            (vec![job("b", JobState::Running)], None, 30),
            (vec![job("b", JobState::Running)], Some(5), 5),
        ] {
            let mut model = empty();
            model.setting.low_bandwidth = true;
            model.setting.refresh = refresh;
            tick(&mut model, 0);
            answer(&mut model, jobs);
            assert_eq!((wait(&model), pace(&model).as_secs()), (Some(expected), expected));
        }
    }

    #[test]
    fn a_list_of_jobs_that_are_over_stays_as_it_was_shown_until_something_is_new_or_a_person_asks() {
        let mut model = with_jobs(vec![done("a"), done("b")]);
        let first = model.link.shown_at;
        assert_eq!(first, Some(model.now));
        let again = |model: &mut Model, seconds: i64, jobs: Vec<crate::job::Job>| {
            tick(model, seconds);
            answer(model, jobs);
            model.link.shown_at
        };
        for _ in 0..14 {
            assert_eq!(again(&mut model, 60, vec![done("a"), done("b")]), first);
            assert_eq!(model.link.listed_at, Some(model.now), "it was listed all the same");
        }
        let now = again(&mut model, 60, vec![done("a"), done("b")]);
        assert_eq!(now, Some(model.now), "after a quarter of an hour the times are brought up to date");
        let newer = again(&mut model, 60, vec![done("c"), done("a"), done("b")]);
        assert_eq!(newer, Some(model.now), "a new job");
        let fewer = again(&mut model, 60, vec![done("c"), done("b")]);
        assert_eq!(fewer, Some(model.now), "a job that is gone");
        tick(&mut model, 5);
        press(&mut model, "r");
        answer(&mut model, vec![done("c"), done("b")]);
        assert_eq!(model.link.shown_at, Some(model.now), "a person asked");
        for _ in 0..2 {
            let running = again(&mut model, 60, vec![job("d", JobState::Running), done("c"), done("b")]);
            assert_eq!(running, Some(model.now), "a job that runs");
        }
    }

    #[test]
    fn a_create_without_an_answer_is_looked_for_soon() {
        let mut model = empty();
        tick(&mut model, 0);
        let mut listed = listed(vec![done("a")]);
        listed.unconfirmed = vec![lost("T1")];
        update(&mut model, Event::JobsListed(Seq(1), Ok(Box::new(listed))));
        assert_eq!((wait(&model), shown(&model)), (Some(2), vec!["T1".into(), "a".into()]));
    }

    #[test]
    fn a_slow_pace_does_not_keep_a_lost_create_from_being_looked_for() {
        let mut model = empty();
        model.setting.refresh = Some(900);
        tick(&mut model, 0);
        let mut looks = Vec::new();
        for _ in 0..9 {
            let Listing::InFlight(seq) = model.link.listing else { panic!("no listing is under way") };
            looks.push(model.now.duration_since(lost("T1").at).as_secs());
            let listed = crate::tui::event::Listed { unconfirmed: vec![lost("T1")], ..listed(vec![]) };
            update(&mut model, Event::JobsListed(seq, Ok(Box::new(listed))));
            let seconds = wait(&model).unwrap();
            assert!(seconds >= 2);
            tick(&mut model, seconds as i64);
        }
        assert_eq!(looks, [0, 2, 5, 15, 30, 60, 120, 1_020, 1_920]);
    }

    #[test]
    fn failures_slow_the_polling_down_and_keep_the_list() {
        let mut model = three_jobs();
        for expected in [10, 20, 40, 80, 160, 300, 300] {
            let seconds = wait(&model).unwrap();
            tick(&mut model, seconds as i64);
            fail(&mut model, Failure::new("no route to host"));
            assert_eq!(wait(&model), Some(expected));
        }
        assert_eq!(shown(&model), ["intro", "ch01", "ch02"]);
        assert_eq!(said(&model), "cannot list jobs: no route to host");
        assert_eq!((model.notices.log.len(), model.overlays.len()), (1, 0), "one notice, no dialog");
        assert_eq!(model.link.trouble.as_ref().map(|trouble| trouble.attempts), Some(7));
        tick(&mut model, 300);
        answer(&mut model, vec![done("ch02")]);
        assert_eq!((wait(&model), model.link.trouble.is_none()), (Some(10), true), "jobs that left are looked for");
        assert!(said(&model).starts_with("the service answers again"), "{}", said(&model));
    }

    #[test]
    fn a_refused_key_stops_the_polling_until_a_person_asks() {
        let mut model = empty();
        tick(&mut model, 0);
        fail(&mut model, Failure::with_exit(Exit::Key, "the key was refused"));
        assert_eq!((wait(&model), tick(&mut model, 86_400)), (None, vec![]));
        assert_eq!(model.notices.flash.as_ref().map(|notice| notice.level), Some(Level::Bad));
        assert_eq!(press(&mut model, "r"), [Effect::ListJobs(Seq(2))]);
    }

    #[test]
    fn a_late_listing_is_dropped() {
        let mut model = three_jobs();
        press(&mut model, "R");
        let newer = press(&mut model, "R");
        update(&mut model, Event::JobsListed(Seq(2), Ok(Box::new(listed(vec![])))));
        assert_eq!(shown(&model).len(), 3);
        update(&mut model, Event::JobsListed(seq_of(&newer), Ok(Box::new(listed(vec![done("new")])))));
        assert!(shown(&model).contains(&"new".to_owned()));
        update(&mut model, Event::JobsPaged(seq_of(&newer), vec![done("late")]));
        assert!(!shown(&model).contains(&"late".to_owned()));
    }

    #[test]
    fn frozen_polling_waits_for_a_person() {
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "f"), []);
        assert_eq!(tick(&mut model, 86_400), []);
        assert_eq!(press(&mut model, "r").len(), 1, "asking works all the same");
        answer(&mut model, vec![]);
        assert_eq!(wait(&model), None);
        assert_eq!(press(&mut model, "f").len(), 1);
        answer(&mut model, vec![]);
        assert!(wait(&model).is_some());
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_stop_the_polling() {
        let mut model = with_jobs(vec![done("a")]);
        assert_eq!(tick(&mut model, -86_400), [Effect::ListJobs(Seq(2))]);
    }

    #[test]
    fn a_slow_pace_is_kept_at_every_tick() {
        let mut model = empty();
        model.setting.refresh = Some(900);
        tick(&mut model, 0);
        answer(&mut model, vec![done("a")]);
        for second in 1..900 {
            assert_eq!(tick(&mut model, 1), [], "second {second}");
        }
        assert_eq!(tick(&mut model, 1).len(), 1);
    }

    #[test]
    fn the_list_is_not_asked_for_before_the_service_wants_it() {
        let asked = |seconds| Failure {
            retry_after: Some(Duration::from_secs(seconds)),
            ..Failure::new("cannot list jobs: slow down")
        };
        // With a wait of the service, and of a day whose quota is used up.
        for (seconds, expected) in [(3, 10), (46, 46), (300, 300), (9 * 3_600, 600)] {
            let mut model = three_jobs();
            tick(&mut model, 10);
            fail(&mut model, asked(seconds));
            assert_eq!(wait(&model), Some(expected));
            for second in 1..expected {
                assert_eq!(tick(&mut model, 1), [], "second {second} of {expected}");
            }
            assert_eq!(tick(&mut model, 1).len(), 1, "reads go on");
        }
    }

    #[test]
    fn what_the_service_asks_for_is_forgotten_when_it_is_over() {
        let asked = Duration::from_secs(46);
        let paced = |model: &Model| crate::tui::model::Paced {
            asked,
            until: model.now.saturating_add(asked).unwrap(),
            is_daily: false,
        };
        for (seconds, stays) in [(0, true), (45, true), (46, false), (86_400 * 3, false), (-1, false)] {
            let mut model = with_jobs(vec![done("a")]);
            let event = Event::Paced(paced(&model));
            update(&mut model, event);
            tick(&mut model, seconds);
            assert_eq!(model.link.paced.is_some(), stays, "after {seconds} s");
        }
    }
}
