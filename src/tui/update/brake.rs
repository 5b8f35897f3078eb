//! The brake: many jobs stopped at once, and watched until each of them is over.
//!
//! A brake has no state of its own beyond which jobs it is about; the list says how they stand. What was asked for before
//! the link broke, or before the program ended, stands in the journal and is asked for again.

use std::collections::BTreeSet;

use crate::failure::Failure;
use crate::filter::Filter;
use crate::job::{Job, JobName};
use crate::text::count;
use crate::tui::effect::Effect;
use crate::tui::model::{Brake, Braking, Entry, Level, Model, Target, Tracked, Verb};
use crate::tui::update::record::EntryRecord;
use crate::tui::update::{campaigns, cancel, dialog, lists, notices, prompt};

/// `:stop FILTER`: asks about every live job that the filter finds, whether the list shows it or not.
pub fn stop(model: &mut Model, text: &str) -> Vec<Effect> {
    if model.setting.read_only {
        return prompt::problem(model, "read-only: no job can be cancelled".to_owned());
    }
    if text.is_empty() {
        return prompt::problem(model, "stop takes a filter, as in: stop state:running age:<6h".to_owned());
    }
    let filter = match Filter::parse(text) {
        Ok(filter) => filter,
        Err(error) => return prompt::problem(model, error.to_string()),
    };
    let now = lists::service_time(model);
    let is_meant = |tracked: &Tracked, entry: &Entry| {
        tracked.is_active()
            && !model.jobs.asking.contains(&tracked.job.name)
            && filter.matches(&EntryRecord::of(entry, &model.jobs.doubts, now))
    };
    let targets: Vec<Target> = model
        .jobs
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Job(tracked) if is_meant(tracked, entry) => Some(Target::Job(Box::new(tracked.job.clone()), None)),
            Entry::Job(_) | Entry::Lost(_) | Entry::Campaign(_) => None,
        })
        .collect();
    if targets.is_empty() {
        return prompt::problem(model, "no live job matches: nothing to stop".to_owned());
    }
    let typed = targets.len() > 1;
    dialog::ask(model, Verb::CancelJobs, targets, None, typed);
    Vec::new()
}

/// Asks the service to stop these jobs. More than one are watched together until each of them is over.
pub fn begin(model: &mut Model, jobs: Vec<Job>) -> Vec<Effect> {
    if jobs.len() > 1 {
        watch(model, jobs.iter().map(|job| job.name.clone()));
    }
    let mut effects = Vec::new();
    if jobs.len() > 1 {
        // A campaign must not send the next parts while those before are being stopped.
        effects.extend(campaigns::pause_those_of(model, &jobs));
    }
    effects.extend(jobs.iter().map(|job| cancel::ask_service(model, job)));
    effects
}

fn watch(model: &mut Model, names: impl Iterator<Item = JobName>) {
    let brake = model.jobs.brake.get_or_insert_with(Brake::default);
    for name in names {
        brake.refused.remove(&name);
        brake.jobs.insert(name);
    }
}

/// Cancels that the service has not heard of, and those that an earlier session asked for and that it has not agreed to
/// for long: now that it answers they are asked for again.
pub fn resume(model: &mut Model, unanswered: Vec<JobName>) -> Vec<Effect> {
    if model.setting.read_only {
        return Vec::new();
    }
    let unheard = std::mem::take(&mut model.jobs.unheard);
    let is_new = |name: &&JobName| !model.jobs.asked.contains(*name);
    let is_active = |name: &&JobName| model.jobs.get(name).is_some_and(Tracked::is_active);
    let jobs: BTreeSet<JobName> = unanswered.iter().filter(is_new).chain(&unheard).filter(is_active).cloned().collect();
    if jobs.is_empty() {
        return Vec::new();
    }
    notices::settle(model, UNHEARD);
    let said = format!(
        "asking again to cancel {}: it was asked for before and did not happen",
        count(jobs.len() as u64, "job")
    );
    notices::say(model, Level::Info, said);
    let jobs: Vec<Job> = jobs.iter().filter_map(|name| Some(model.jobs.get(name)?.job.clone())).collect();
    begin(model, jobs)
}

/// How a notice begins that tells of cancels which the service has not heard of.
const UNHEARD: &str = "not asked yet";

/// The service is out of reach, or its answer was lost. The next listing finds out, and asks again.
pub fn unheard(model: &mut Model, name: &JobName, failure: &Failure) {
    // One notice for all of them: the link is the same.
    if model.jobs.unheard.is_empty() {
        notices::fail(
            model,
            UNHEARD,
            &failure.clone().hint("it stays written down, and is asked again when the service answers"),
        );
    }
    model.jobs.unheard.insert(name.clone());
}

/// The service would not cancel a job.
pub fn refused(model: &mut Model, name: &JobName) {
    if let Some(brake) = model.jobs.brake.as_mut().filter(|brake| brake.jobs.contains(name)) {
        brake.refused.insert(name.clone());
    }
}

/// Ends a brake of which nothing is open any more, and says how it came out.
pub fn settle(model: &mut Model) {
    let Some(braking) = model.jobs.braking().filter(Braking::is_over) else { return };
    model.jobs.brake = None;
    let level = if braking.refused > 0 { Level::Bad } else { Level::Good };
    notices::say(model, level, format!("the brake is over: {}", said(&braking)));
}

/// `3 asked · 4 cancelling · 4 cancelled · 1 too late`.
pub fn said(braking: &Braking) -> String {
    let all = [
        (braking.asked, "asked"),
        (braking.cancelling, "cancelling"),
        (braking.cancelled, "cancelled"),
        (braking.too_late, "too late"),
        (braking.refused, "refused"),
    ];
    let parts = all.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{} {word}", crate::text::thousands(*n)));
    parts.collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobState;
    use crate::ops::CancelAnswer;
    use crate::tui::event::{Event, Listed};
    use crate::tui::model::Overlay;
    use crate::tui::update::testing::{dialog, done, job, list, listed, name, press, said as told, with_jobs, word};
    use crate::tui::update::update;

    fn nightly() -> Model {
        let named = |id: &str, state, display: &str| Job { display_name: Some(display.into()), ..job(id, state) };
        with_jobs(vec![
            named("a", JobState::Running, "nightly-de"),
            named("b", JobState::Pending, "nightly-fr"),
            named("c", JobState::Succeeded, "nightly-it"),
            named("d", JobState::Running, "book"),
        ])
    }

    fn asked(effects: &[Effect]) -> Vec<&str> {
        let names = effects.iter().filter_map(|effect| match effect {
            Effect::CancelJob(name) => Some(name.id()),
            _ => None,
        });
        names.collect()
    }

    fn problem(model: &Model) -> Option<&str> {
        match model.overlays.last() {
            Some(Overlay::Prompt(prompt)) => prompt.problem.as_deref(),
            Some(Overlay::Confirm(_) | Overlay::Page(_)) | None => None,
        }
    }

    #[test]
    fn stop_asks_about_the_live_jobs_that_a_filter_finds_whatever_the_list_shows() {
        let mut model = nightly();
        press(&mut model, "/book<Enter> :stop<Space>name:~nightly<Enter>");
        let frozen: Vec<_> = dialog(&model).unwrap().targets.iter().collect();
        assert_eq!(frozen.len(), 2, "{frozen:?}");
        assert_eq!(press(&mut model, "y"), [], "the count is typed");
        assert_eq!(asked(&press(&mut model, "2<Enter>")), ["a", "b"]);
        assert_eq!((word(&model, "a"), word(&model, "d")), ("CANCELLING", "RUNNING"));
    }

    #[test]
    fn what_cannot_be_stopped_is_said_in_the_line() {
        let table = [
            (":stop<Enter>", "stop takes a filter, as in: stop state:running age:<6h"),
            (":stop<Space>name:nothing<Enter>", "no live job matches: nothing to stop"),
            (":stop<Space>state:succeeded<Enter>", "no live job matches: nothing to stop"),
            (":stop<Space>stat:x<Enter>", "there is no column 'stat'"),
        ];
        for (keys, expected) in table {
            let mut model = nightly();
            assert_eq!(press(&mut model, keys), [], "{keys}");
            assert!(problem(&model).is_some_and(|said| said.starts_with(expected)), "{keys}: {:?}", problem(&model));
        }
        let mut model = nightly();
        model.setting.read_only = true;
        assert_eq!(press(&mut model, ":stop<Space>nightly<Enter>"), []);
        assert!(problem(&model).is_some_and(|said| said.starts_with("read-only")));
    }

    #[test]
    fn a_brake_is_watched_until_every_job_is_over() {
        let mut model = nightly();
        press(&mut model, ":stop<Space>nightly<Enter> 2<Enter>");
        let open = |model: &Model| model.jobs.braking().map(|braking| said(&braking));
        assert_eq!(open(&model).as_deref(), Some("2 asked"));
        update(&mut model, Event::CancelAnswered(name("a"), Ok(Box::new(CancelAnswer::Asked))));
        assert_eq!(open(&model).as_deref(), Some("1 asked · 1 cancelling"));
        let over = done("b");
        update(&mut model, Event::CancelAnswered(name("b"), Ok(Box::new(CancelAnswer::AlreadyOver(over)))));
        assert_eq!(open(&model).as_deref(), Some("1 cancelling · 1 too late"));
        list(&mut model, vec![job("a", JobState::Running), done("b")]);
        assert!(open(&model).is_some(), "a listing that shows it running ends nothing");
        list(&mut model, vec![job("a", JobState::Cancelled), done("b")]);
        assert_eq!(open(&model), None);
        assert_eq!(told(&model), "the brake is over: 1 cancelled · 1 too late");
    }

    #[test]
    fn a_refused_cancel_ends_the_watch_over_its_job_and_stays_to_be_read() {
        let mut model = nightly();
        press(&mut model, ":stop<Space>nightly<Enter> 2<Enter>");
        update(&mut model, Event::CancelAnswered(name("a"), Err(Failure::new("no permission"))));
        update(&mut model, Event::CancelAnswered(name("b"), Ok(Box::new(CancelAnswer::Asked))));
        list(&mut model, vec![job("a", JobState::Running), job("b", JobState::Cancelled)]);
        assert_eq!(model.jobs.brake, None);
        assert_eq!(told(&model), "the brake is over: 1 cancelled · 1 refused");
        assert!(model.notices.unseen >= 1);
    }

    #[test]
    fn a_brake_over_a_link_that_breaks_goes_on_with_the_next_listing() {
        let mut model = nightly();
        press(&mut model, ":stop<Space>nightly<Enter> 2<Enter>");
        let open = |model: &Model| model.jobs.braking().map(|braking| said(&braking));
        for id in ["a", "b"] {
            let gone = Failure::new("no connection");
            update(&mut model, Event::CancelAnswered(name(id), Ok(Box::new(CancelAnswer::NotYet(gone)))));
        }
        assert_eq!(open(&model).as_deref(), Some("2 asked"), "nothing is refused, and nothing is over");
        assert_eq!((told(&model), model.notices.unseen), ("not asked yet: no connection", 1), "one line for all");
        assert_eq!(word(&model, "a"), "CANCELLING");
        let both = vec![job("a", JobState::Running), job("b", JobState::Running)];
        assert_eq!(asked(&list(&mut model, both.clone())), ["a", "b"]);
        for id in ["a", "b"] {
            update(&mut model, Event::CancelAnswered(name(id), Ok(Box::new(CancelAnswer::Asked))));
        }
        assert_eq!(asked(&list(&mut model, both)), [] as [&str; 0], "the service has heard of them");
        list(&mut model, vec![job("a", JobState::Cancelled), done("b")]);
        assert_eq!(told(&model), "the brake is over: 1 cancelled · 1 too late");
    }

    #[test]
    fn what_an_earlier_session_asked_for_is_asked_for_again_once() {
        let mut model = nightly();
        let again = |model: &mut Model| {
            let seq = crate::tui::update::testing::seq_of(&crate::tui::update::polling::list_anew(model));
            let mut listed: Listed = listed(vec![job("a", JobState::Running), job("c", JobState::Succeeded)]);
            listed.cancelling = vec![name("a")];
            listed.unanswered = vec![name("a"), name("c"), name("gone")];
            update(model, Event::JobsListed(seq, Ok(Box::new(listed))))
        };
        assert_eq!(asked(&again(&mut model)), ["a"]);
        assert_eq!(asked(&again(&mut model)), [] as [&str; 0], "once a session");
        let mut model = nightly();
        model.setting.read_only = true;
        assert_eq!(asked(&again(&mut model)), [] as [&str; 0]);
    }
}
