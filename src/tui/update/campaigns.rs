//! Campaigns: advanced by themselves after each listing, and paused, cancelled and looked into as one.
//!
//! What is to be done next was decided where their journals are; here is decided only when to ask for it: one step at a
//! time, on fresh knowledge, and not while a person froze the polling.

use crate::failure::Failure;
use crate::job::Job;
use crate::ops::{Advance, CampaignStatus, Created, Did, Next, NoRoom, PartState, Progress};
use crate::text::{clean, clean_short, count};
use crate::tui::effect::Effect;
use crate::tui::model::{Entry, EntryId, Level, Model, Seq, Target, Verb, Work};
use crate::tui::update::{dialog, jobs, lists, notices, polling, work};

/// What a campaign is called in a notice.
pub fn title(status: &CampaignStatus) -> String {
    clean_short(&status.name, 60)
}

/// The campaign that is selected in the list of jobs.
pub fn selected(model: &Model) -> Option<&CampaignStatus> {
    let Some(EntryId::Campaign(id)) = &model.jobs.cursor.selected else { return None };
    model.jobs.campaign(id).filter(|_| model.screens.is_empty())
}

/// Goes on with the first campaign that has something to do, unless one is under way.
pub fn advance(model: &mut Model) -> Vec<Effect> {
    let is_blind = model.link.trouble.is_some() || model.link.is_restored || model.link.listed_at.is_none();
    let is_held = model.setting.read_only || model.link.frozen || model.jobs.campaigns_rest;
    if is_blind || is_held || model.jobs.advancing.is_some() {
        return Vec::new();
    }
    let now = model.now;
    let ready = model.jobs.campaigns().find(|status| status.is_ready(now));
    let Some((id, what)) = ready.map(|status| {
        let what = match status.next {
            Next::Submit(number) => format!("submitting part {number} of {}", title(status)),
            Next::Cancel(_) => format!("cancelling {}", title(status)),
            Next::Waits(_) | Next::Paused | Next::Cancelled | Next::Submitted | Next::Over => title(status),
        };
        (status.id.clone(), what)
    }) else {
        return Vec::new();
    };
    let seq = model.next_seq();
    model.jobs.advancing = Some(seq);
    model.work.push(Work { seq, what, progress: Progress::default(), job: None });
    vec![Effect::AdvanceCampaign(seq, id)]
}

/// After a listing: what it told may have made room.
pub fn listed(model: &mut Model) -> Vec<Effect> {
    model.jobs.campaigns_rest = false;
    advance(model)
}

/// It is later now: a wait may be over.
pub fn tick(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    let is_due = |status: &CampaignStatus| status.due().is_some_and(|due| due <= now);
    if model.jobs.campaigns().any(is_due) { advance(model) } else { Vec::new() }
}

/// A step came to its end.
pub fn advanced(model: &mut Model, seq: Seq, result: Result<Box<Advance>, Failure>) -> Vec<Effect> {
    if model.jobs.advancing != Some(seq) {
        return Vec::new();
    }
    model.jobs.advancing = None;
    work::ended(model, seq);
    let Advance { did, status } = match result {
        Ok(advance) => *advance,
        Err(failure) => {
            // The next listing tries again.
            model.jobs.campaigns_rest = true;
            notices::fail(model, "a campaign cannot go on", &failure);
            return Vec::new();
        }
    };
    let (name, n_parts) = (title(&status), status.parts.len());
    let mut effects = Vec::new();
    match did {
        Did::Nothing => {}
        // Whoever is at it goes on with it; the next listing shows how far it came.
        Did::Elsewhere(_) => model.jobs.campaigns_rest = true,
        Did::Submitted(number, created) => {
            let dollars = status.parts.get(number as usize - 1).and_then(|part| part.dollars);
            match *created {
                Created::Confirmed(job) | Created::Adopted(job) => {
                    model.jobs.costs.extend(dollars.map(|dollars| (job.name.clone(), dollars)));
                    effects.extend(jobs::upsert(model, job));
                    notices::say(model, Level::Good, format!("{name}: part {number} of {n_parts} submitted"));
                }
                Created::Duplicate(found) => found.into_iter().for_each(|job| effects.extend(jobs::upsert(model, job))),
                Created::Unknown(lost) => {
                    jobs::add_lost(model, lost);
                    let said =
                        format!("{name}: the answer to part {number} was lost; it may exist and is not sent again");
                    notices::say(model, Level::Bad, said);
                }
                Created::Begun(_) => {}
            }
            polling::hurry(model);
        }
        Did::Refused(number, failure) => match &status.next {
            // One refusal for want of room is told; those that follow are told by the row.
            Next::Waits(NoRoom::Refused(waits)) if waits.times > 1 => {}
            Next::Waits(_) => {
                notices::say(model, Level::Info, format!("{name}: part {number} waits: {}", failure.message));
            }
            Next::Submit(_) | Next::Cancel(_) | Next::Paused | Next::Cancelled | Next::Submitted | Next::Over => {
                notices::fail(model, &format!("{name}: part {number} was not submitted"), &failure);
            }
        },
        Did::Cancelled(job) => {
            if let Some(tracked) = model.jobs.get_mut(&job) {
                tracked.cancelling = true;
            }
            polling::hurry(model);
        }
    }
    put(model, status);
    effects.extend(advance(model));
    effects
}

/// A campaign began, was paused, resumed or cancelled, or could not be.
pub fn changed(model: &mut Model, result: Result<Box<CampaignStatus>, Failure>) -> Vec<Effect> {
    match result {
        Ok(status) => {
            let name = title(&status);
            let said = match &status.next {
                Next::Paused => format!("{name} is paused: {} wait", count(status.n_waiting() as u64, "part")),
                Next::Cancel(_) | Next::Cancelled => format!("{name} is cancelled: no more parts are submitted"),
                Next::Over => format!("{name} is over"),
                Next::Submit(_) | Next::Waits(_) | Next::Submitted => format!("{name} goes on"),
            };
            notices::say(model, Level::Info, said);
            model.jobs.campaigns_rest = false;
            put(model, *status);
            advance(model)
        }
        Err(failure) => {
            notices::fail(model, "the campaign cannot be changed", &failure);
            Vec::new()
        }
    }
}

/// Puts a campaign into the list in the place of what was known of it; one that is over leaves it.
pub fn put(model: &mut Model, status: CampaignStatus) {
    let id = EntryId::Campaign(status.id.clone());
    let at = model.jobs.entries.iter().position(|entry| entry.id() == id);
    match (at, status.is_open()) {
        (Some(at), true) => model.jobs.entries[at] = Entry::Campaign(Box::new(status)),
        (Some(at), false) => drop(model.jobs.entries.remove(at)),
        (None, true) => model.jobs.entries.insert(0, Entry::Campaign(Box::new(status))),
        (None, false) => {}
    }
    jobs::rebuild(model, None);
}

/// Pauses the selected campaign, or lets it go on.
pub fn pause(model: &mut Model) -> Vec<Effect> {
    let Some(status) = selected(model) else {
        notices::say(model, Level::Info, "select a campaign to pause it, or to let it go on");
        return Vec::new();
    };
    let id = status.id.clone();
    let is_given_up = status.parts.iter().any(|part| matches!(part.state, PartState::GivenUp { .. }));
    let effect = match &status.next {
        Next::Paused => Some(Effect::ResumeCampaign(id)),
        Next::Submit(_) | Next::Waits(_) => Some(Effect::PauseCampaign(id)),
        Next::Submitted if is_given_up => Some(Effect::ResumeCampaign(id)),
        Next::Cancel(_) | Next::Cancelled | Next::Submitted | Next::Over => None,
    };
    match effect {
        Some(_) if model.setting.read_only => {
            notices::forbid(model, "no campaign can be changed");
            Vec::new()
        }
        Some(effect) => vec![effect],
        None => {
            notices::say(model, Level::Info, "no part waits: there is nothing to pause");
            Vec::new()
        }
    }
}

/// Pauses the campaigns of jobs that are being stopped, where parts wait.
pub fn pause_those_of(model: &Model, jobs: &[Job]) -> Vec<Effect> {
    let sends = |status: &&CampaignStatus| match status.next {
        Next::Submit(_) | Next::Waits(_) => status.jobs().any(|name| jobs.iter().any(|job| job.name == *name)),
        Next::Paused | Next::Submitted | Next::Cancel(_) | Next::Cancelled | Next::Over => false,
    };
    model.jobs.campaigns().filter(sends).map(|status| Effect::PauseCampaign(status.id.clone())).collect()
}

/// Asks whether to cancel the campaign that is selected or marked. False when none is meant.
pub fn ask_cancel(model: &mut Model) -> bool {
    if !model.screens.is_empty() {
        return false;
    }
    let cursor = &model.jobs.cursor;
    let is_meant = |id: &EntryId| match cursor.marks.is_empty() {
        true => cursor.selected.as_ref() == Some(id),
        false => cursor.marks.contains(id),
    };
    let meant: Vec<CampaignStatus> =
        model.jobs.campaigns().filter(|status| is_meant(&EntryId::Campaign(status.id.clone()))).cloned().collect();
    let n_marked = cursor.marks.len();
    let said = match meant.as_slice() {
        [] => return false,
        [_] if n_marked > 1 => "a campaign is cancelled by itself: mark nothing else".to_owned(),
        [status] if matches!(status.next, Next::Cancel(_) | Next::Cancelled) => {
            format!("{} is being cancelled already", title(status))
        }
        [status] => {
            let n_live = status.n_live() as u64;
            let target = vec![Target::Campaign(Box::new(status.clone()))];
            match n_live {
                0 | 1 => dialog::ask(model, Verb::CancelCampaign, target, None, false),
                n_live => dialog::ask_for(model, Verb::CancelCampaign, target, n_live),
            }
            return true;
        }
        _ => "campaigns are cancelled one by one: mark one alone".to_owned(),
    };
    notices::say(model, Level::Info, said);
    true
}

/// Shows the jobs of a campaign alone, by a filter that Esc takes away.
pub fn open(model: &mut Model, id: &str) -> Vec<Effect> {
    let Some(status) = model.jobs.campaign(id) else { return Vec::new() };
    // The number of a part stands in brackets behind the name of its campaign.
    let filter = format!("name:\"{} (\"", clean(&status.name).replace(['"', '\\'], ""));
    lists::filter_jobs(model, &filter);
    lists::keep_view(model)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobState;
    use crate::ops::PartStatus;
    use crate::store::{Hold, Waits};
    use crate::tui::event::{Event, Listed, Restored};
    use crate::tui::update::testing::{
        dialog, done, empty, job, listed, name, noon, press, said, selected as selected_name, seq_of, shown, tick,
    };
    use crate::tui::update::update;

    fn campaign(id: &str, states: &[PartState], next: Next) -> CampaignStatus {
        let part = |(state, number): (&PartState, u32)| PartStatus {
            number,
            n_requests: 100,
            characters: 4_000,
            bytes: 40_000,
            text_tokens: 1_000,
            dollars: Some((0.1, 0.2)),
            state: state.clone(),
        };
        CampaignStatus {
            id: id.into(),
            name: "book".into(),
            model: "m".into(),
            because: "25 000 enqueued tokens of tier 1".into(),
            at: noon(),
            parts: states.iter().zip(1..).map(part).collect(),
            hold: Hold::Free,
            next,
            n_live_of_model: 1,
        }
    }

    fn running(id: &str) -> PartState {
        PartState::Submitted { jobs: vec![name(id)], state: Some(JobState::Running) }
    }

    /// A list with a campaign that has one running job and two parts that wait.
    fn with_campaign(next: Next) -> (Model, Vec<Effect>) {
        let mut model = empty();
        let seq = seq_of(&tick(&mut model, 0));
        let status = campaign("C1", &[running("p1"), PartState::Waiting, PartState::Waiting], next);
        let mut part = job("p1", JobState::Running);
        part.display_name = Some("book (1 of 3)".into());
        let answer = Listed { campaigns: vec![status], ..listed(vec![part, done("other")]) };
        let effects = update(&mut model, Event::JobsListed(seq, Ok(Box::new(answer))));
        (model, effects)
    }

    fn advance_seq(effects: &[Effect]) -> Seq {
        let found = effects.iter().find_map(|effect| match effect {
            Effect::AdvanceCampaign(seq, _) => Some(*seq),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("{effects:?}"))
    }

    fn is_advance(effects: &[Effect]) -> bool {
        effects.iter().any(|effect| matches!(effect, Effect::AdvanceCampaign(..)))
    }

    fn full() -> Next {
        Next::Waits(NoRoom::Tokens { enqueued: 1_000, most: 1_500, wanted: 1_000 })
    }

    #[test]
    fn a_listing_sends_the_next_part_and_what_it_became_is_a_row_at_once() {
        let (mut model, effects) = with_campaign(Next::Submit(2));
        let seq = advance_seq(&effects);
        assert!(advance(&mut model).is_empty(), "one at a time");
        let status = campaign("C1", &[running("p1"), running("p2"), PartState::Waiting], full());
        let did = Did::Submitted(2, Box::new(Created::Confirmed(job("p2", JobState::Pending))));
        let after = update(&mut model, Event::CampaignAdvanced(seq, Ok(Box::new(Advance { did, status }))));
        assert!(!is_advance(&after), "there is no room now");
        assert_eq!(said(&model), "book: part 2 of 3 submitted");
        assert!(shown(&model).contains(&"p2".to_owned()));
        assert_eq!(model.jobs.costs[&name("p2")], (0.1, 0.2));
        assert!(model.work.is_empty());
    }

    #[test]
    fn nothing_is_sent_on_old_knowledge_or_against_the_will_of_a_person() {
        let status = campaign("C1", &[PartState::Waiting, PartState::Waiting], Next::Submit(1));
        let mut model = empty();
        let restored = Restored { campaigns: vec![status.clone()], listed_at: Some(noon()), ..Restored::default() };
        assert_eq!(update(&mut model, Event::Restored(Box::new(restored))), []);
        assert_eq!(shown(&model), ["C1"], "what waits is seen before the service answers, and without it");
        for is_frozen in [false, true] {
            let mut model = empty();
            (model.setting.read_only, model.link.frozen) = (!is_frozen, is_frozen);
            let seq = seq_of(&press(&mut model, "R"));
            let answer = Listed { campaigns: vec![status.clone()], ..listed(vec![]) };
            let effects = update(&mut model, Event::JobsListed(seq, Ok(Box::new(answer))));
            assert!(!is_advance(&effects), "{effects:?}");
        }
    }

    #[test]
    fn a_wait_that_is_over_is_noticed_by_the_clock() {
        let waits =
            Waits { until: noon() + jiff::SignedDuration::from_secs(90), because: "no".into(), times: 1, n_live: 1 };
        let (mut model, effects) = with_campaign(Next::Waits(NoRoom::Refused(waits)));
        assert!(!is_advance(&effects));
        model.link.next_poll = None;
        assert!(!is_advance(&tick(&mut model, 89)));
        assert!(is_advance(&tick(&mut model, 90)));
        assert!(!is_advance(&tick(&mut model, 91)), "one at a time");
    }

    #[test]
    fn what_fails_is_said_and_tried_again_only_after_a_listing() {
        let (mut model, effects) = with_campaign(Next::Submit(2));
        let failed = Event::CampaignAdvanced(advance_seq(&effects), Err(Failure::new("disk full")));
        assert_eq!(update(&mut model, failed), []);
        assert_eq!(said(&model), "a campaign cannot go on: disk full");
        assert!(!is_advance(&tick(&mut model, 1)));
        let seq = seq_of(&press(&mut model, "R"));
        let status = campaign("C1", &[running("p1"), PartState::Waiting], Next::Submit(2));
        let answer = Listed { campaigns: vec![status], ..listed(vec![]) };
        assert!(is_advance(&update(&mut model, Event::JobsListed(seq, Ok(Box::new(answer))))));
    }

    #[test]
    fn a_key_pauses_and_resumes_the_selected_campaign() {
        let (mut model, _) = with_campaign(full());
        press(&mut model, "g");
        assert_eq!(press(&mut model, "P"), [Effect::PauseCampaign("C1".into())]);
        let paused = campaign("C1", &[running("p1"), PartState::Waiting], Next::Paused);
        assert_eq!(update(&mut model, Event::CampaignChanged(Ok(Box::new(paused)))), []);
        assert_eq!(said(&model), "book is paused: 1 part wait");
        assert_eq!(press(&mut model, ":pause<Enter>"), [Effect::ResumeCampaign("C1".into())]);
        press(&mut model, "G");
        assert_eq!(press(&mut model, "P"), []);
        assert!(said(&model).starts_with("select a campaign"));
    }

    #[test]
    fn a_brake_on_its_jobs_keeps_the_next_parts_from_being_sent() {
        let (mut model, _) = with_campaign(full());
        put(&mut model, campaign("C1", &[running("p1"), running("p2"), PartState::Waiting], full()));
        let jobs = [job("p1", JobState::Running), job("other", JobState::Running)];
        assert_eq!(pause_those_of(&model, &jobs), [Effect::PauseCampaign("C1".into())]);
        assert_eq!(pause_those_of(&model, &jobs[1..]), []);
    }

    #[test]
    fn a_cancel_asks_once_for_all_and_wants_the_count_of_its_live_jobs() {
        let (mut model, _) = with_campaign(full());
        assert_eq!(press(&mut model, "g x"), []);
        assert!(dialog(&model).is_some_and(|confirm| confirm.typed.is_none()));
        assert_eq!(press(&mut model, "y"), [Effect::CancelCampaign("C1".into())]);
        put(&mut model, campaign("C1", &[running("p1"), running("p2"), PartState::Waiting], full()));
        press(&mut model, "x y");
        assert!(dialog(&model).is_some(), "two jobs are live");
        assert_eq!(press(&mut model, "2<Enter>"), [Effect::CancelCampaign("C1".into())]);
        model.setting.read_only = true;
        assert_eq!(press(&mut model, "x"), []);
        assert!(dialog(&model).is_none());
    }

    #[test]
    fn opened_it_is_a_filter_on_its_jobs_and_over_it_leaves_the_list() {
        let (mut model, _) = with_campaign(full());
        press(&mut model, "g<Enter>");
        let visible: Vec<String> = model
            .jobs
            .cursor
            .visible
            .iter()
            .map(|at| match model.jobs.entries[*at as usize].id() {
                EntryId::Job(name) => name.id().to_owned(),
                EntryId::Campaign(id) | EntryId::Lost(id) => id,
            })
            .collect();
        assert_eq!(visible, ["C1", "p1"]);
        press(&mut model, "<Esc>");
        assert_eq!(shown(&model).len(), 3);
        put(&mut model, campaign("C1", &[PartState::Submitted { jobs: vec![name("p1")], state: None }], Next::Over));
        assert_eq!(shown(&model).len(), 2);
        assert_ne!(selected_name(&model), "C1");
    }
}
