//! A create whose answer was lost and that no listing shows: after a while a person may decide about it.
//!
//! Three ways out, and the one that changes nothing is focused: to keep waiting, to mark it as lost, or to send the same
//! once more in its place. The last one may be paid for twice, so the count of its requests is typed.

use std::time::Duration;

use crate::clock::since;
use crate::failure::Failure;
use crate::ops::{Plan, Progress, Unconfirmed};
use crate::text::{clean_short, count};
use crate::tui::effect::Effect;
use crate::tui::model::{Confirm, Entry, Level, Line, Model, Overlay, Seq, Submitting, Target, Verb, Work};
use crate::tui::update::{dialog, give_up, notices, retake, submit, work};

/// For so long a lost create is looked for before anybody is asked about it: a list may lag.
pub const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Whether a create has been looked for long enough to be decided about.
pub fn is_unresolved(model: &Model, lost: &Unconfirmed) -> bool {
    since(lost.at, model.now) >= PATIENCE
}

/// Says once of each create that it has been looked for long enough, after a listing that does not show it.
pub fn listed(model: &mut Model) {
    let is_news = |entry: &Entry| match entry {
        Entry::Lost(lost) if is_unresolved(model, lost) && !model.jobs.unresolved.contains(&lost.token) => {
            Some((lost.token.clone(), clean_short(&lost.display_name, 60)))
        }
        Entry::Lost(_) | Entry::Job(_) | Entry::Campaign(_) => None,
    };
    let news: Vec<(String, String)> = model.jobs.entries.iter().filter_map(is_news).collect();
    for (token, name) in news {
        model.jobs.unresolved.insert(token);
        let text = format!("{name} is still UNKNOWN after 5 minutes; D on its row offers what can be done");
        notices::say(model, Level::Bad, text);
    }
}

/// Asks what to do about it.
pub fn ask(model: &mut Model, lost: Unconfirmed) {
    dialog::ask(model, Verb::Unresolved, vec![Target::Lost(lost)], None, false);
}

/// It is to be marked as lost: asks for the count of its requests.
pub fn give_up(model: &mut Model, targets: Vec<Target>) -> Vec<Effect> {
    let lost = targets.into_iter().filter_map(lost_of).collect();
    give_up::confirm(model, lost);
    Vec::new()
}

fn lost_of(target: Target) -> Option<Unconfirmed> {
    let Target::Lost(lost) = target else { return None };
    Some(lost)
}

/// It is to be sent once more: prepares that, and asks for the count of its requests when it is known what it is.
pub fn prepare(model: &mut Model, targets: Vec<Target>) -> Vec<Effect> {
    let Some(lost) = targets.into_iter().find_map(lost_of) else { return Vec::new() };
    if submit::is_under_way(model) {
        return submit::say_wait(model);
    }
    let seq = model.next_seq();
    let (token, what) = (lost.token.clone(), format!("looking at {}", clean_short(&lost.display_name, 60)));
    dialog::ask(model, Verb::SendAgain, vec![Target::Again(seq, lost, None)], Some(seq), false);
    model.work.push(Work { seq, what, progress: Progress::default(), job: None });
    vec![Effect::PlanResend(seq, token)]
}

/// It is known what would be sent: shows it, or says why nothing can be.
pub fn planned(model: &mut Model, seq: Seq, result: Result<Box<Plan>, Failure>) -> Vec<Effect> {
    work::ended(model, seq);
    let is_waiting = |overlay: &Overlay| matches!(overlay, Overlay::Confirm(confirm) if confirm.checking == Some(seq));
    let Some(at) = model.overlays.iter().position(is_waiting) else {
        // Somebody left the question before it could be asked.
        return if result.is_ok() { retake::dropped(model) } else { Vec::new() };
    };
    let refused = match result.and_then(without_errors) {
        Ok(plan) => {
            if let Some(Overlay::Confirm(confirm)) = model.overlays.get_mut(at) {
                show(confirm, plan);
            }
            return Vec::new();
        }
        Err(failure) => failure,
    };
    model.overlays.remove(at);
    notices::fail(model, "nothing was sent again", &refused);
    retake::dropped(model)
}

fn without_errors(plan: Box<Plan>) -> Result<Box<Plan>, Failure> {
    match plan.findings.first().filter(|_| plan.has_errors()) {
        Some(finding) => Err(Failure { hint: finding.fix.clone(), ..Failure::new(clean_short(&finding.message, 160)) }),
        None => Ok(plan),
    }
}

fn show(confirm: &mut Confirm, made: Box<Plan>) {
    confirm.checking = None;
    confirm.typed = Some((made.n_requests, Line::default()));
    for target in &mut confirm.targets {
        if let Target::Again(_, _, plan) = target {
            *plan = Some(made);
            return;
        }
    }
}

/// After the count was typed.
pub fn send(model: &mut Model, targets: Vec<Target>) -> Vec<Effect> {
    if submit::is_under_way(model) {
        return submit::say_wait(model);
    }
    let again = targets.into_iter().find_map(|target| {
        let Target::Again(plan, lost, Some(made)) = target else { return None };
        Some((plan, lost, made))
    });
    let Some((plan, lost, made)) = again else { return Vec::new() };
    let seq = model.next_seq();
    let requests = count(made.n_requests, "request");
    let what = format!("submitting {} again, {requests}", clean_short(&lost.display_name, 60));
    let dollars = made.estimate.as_ref().and_then(|estimate| estimate.dollars);
    model.work.push(Work { seq, what, progress: Progress::default(), job: None });
    model.submitting = Some(Submitting { seq, draft: None, dollars, in_place_of: Some(lost.token) });
    // What it passes stands in the question that was answered.
    let agreed = made.over_cap.map(|_| Effect::AgreeToCap(plan));
    agreed.into_iter().chain([Effect::Submit { seq, plan }]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Job, JobState};
    use crate::money::OverCap;
    use crate::ops::Created;
    use crate::tui::event::{Event, Listed};
    use crate::tui::model::Button;
    use crate::tui::update::testing::{
        dialog, empty, job, listed, lost, plan, press, said, selected, seq_of, shown, three_jobs, tick, with_jobs,
    };
    use crate::tui::update::update;

    /// A listing that still does not show the create of seven requests, which is selected, so many seconds after it.
    fn waited(seconds: i64) -> Model {
        let mut model = with_jobs(vec![job("a", JobState::Failed)]);
        crate::tui::update::jobs::add_lost(&mut model, lost("T"));
        tick(&mut model, seconds);
        press(&mut model, "g");
        still_lost(&mut model);
        assert_eq!(selected(&model), "T");
        model
    }

    fn still_lost(model: &mut Model) {
        let seq = seq_of(&press(model, "R"));
        let answer = Listed { unconfirmed: vec![lost("T")], ..listed(vec![job("a", JobState::Failed)]) };
        update(model, Event::JobsListed(seq, Ok(Box::new(answer))));
    }

    fn verb(model: &Model) -> Option<Verb> {
        dialog(model).map(|confirm| confirm.verb)
    }

    /// The question what to do was answered with the third way, and what would be sent is known.
    fn prepared(plan: Plan) -> (Model, Seq) {
        let mut model = waited(300);
        let asked = press(&mut model, "D<Tab><Tab><Enter>");
        assert_eq!(
            (verb(&model), &asked[..]),
            (Some(Verb::SendAgain), &[Effect::PlanResend(seq_of(&asked), "T".into())][..])
        );
        assert_eq!(press(&mut model, "7y"), [], "nothing can be said yes to before it is known");
        update(&mut model, Event::ResendPlanned(seq_of(&asked), Ok(Box::new(plan))));
        (model, seq_of(&asked))
    }

    fn seven() -> Plan {
        Plan { n_requests: 7, in_place_of: Some("T".into()), ..plan("lost T") }
    }

    /// A dashboard that runs for so many seconds beside a list that shows the job of a lost create from one of them on.
    /// Gives when it looked, and what it did besides.
    fn lived(model: &mut Model, seconds: i64, shown_from: i64) -> (Vec<i64>, Vec<Effect>) {
        let (mut looks, mut others) = (Vec::new(), Vec::new());
        for second in 0..seconds {
            let mut effects = tick(model, i64::from(second > 0));
            while let Some(effect) = effects.pop() {
                let Effect::ListJobs(seq) = effect else {
                    others.push(effect);
                    continue;
                };
                looks.push(second);
                let found = || Job { display_name: Some("lost T ~gt-T".into()), ..job("found", JobState::Pending) };
                let answer = match second >= shown_from {
                    true => listed(vec![found()]),
                    false => Listed { unconfirmed: vec![lost("T")], ..listed(vec![]) },
                };
                effects.extend(update(model, Event::JobsListed(seq, Ok(Box::new(answer)))));
            }
        }
        (looks, others)
    }

    #[test]
    fn fault_2_what_the_list_shows_after_90_s_is_taken_over_by_the_look_at_120_s() {
        let mut model = empty();
        model.setting.refresh = Some(900);
        let (looks, others) = lived(&mut model, 200, 90);
        assert_eq!((looks, others), (vec![0, 2, 5, 15, 30, 60, 120], vec![]));
        assert_eq!((shown(&model), model.notices.unseen), (vec!["found".to_owned()], 0));
    }

    #[test]
    fn fault_3_a_day_of_looking_in_vain_does_nothing_but_look() {
        let mut model = empty();
        let (looks, others) = lived(&mut model, 86_400, i64::MAX);
        assert_eq!((others, shown(&model)), (vec![], vec!["T".to_owned()]));
        assert!((8_600..8_700).contains(&looks.len()), "every ten seconds: {}", looks.len());
        assert_eq!(model.notices.log.len(), 1, "said once");
    }

    #[test]
    fn fault_3_after_five_minutes_there_are_three_ways_out_and_waiting_is_focused() {
        let mut early = waited(299);
        assert_eq!(early.notices.unseen, 0);
        press(&mut early, "D");
        assert_eq!(verb(&early), Some(Verb::GiveUp), "it may still turn up, and only marking it as lost is offered");
        let mut model = waited(300);
        assert_eq!(said(&model), "lost T is still UNKNOWN after 5 minutes; D on its row offers what can be done");
        still_lost(&mut model);
        assert_eq!(model.notices.log.len(), 1, "said once");
        for (keys, focus) in [("", Button::Keep), ("<Tab>", Button::Do), ("<Tab><Tab>", Button::Other)] {
            let mut model = model.clone();
            press(&mut model, &format!("D{keys}"));
            assert_eq!(dialog(&model).map(|confirm| (confirm.verb, confirm.focus)), Some((Verb::Unresolved, focus)));
            assert_eq!(press(&mut model, "y"), [], "there is nothing to say yes to");
            assert_eq!(verb(&model), Some(Verb::Unresolved));
        }
        for keys in ["D<Enter>", "D<Esc>", "Dn", "D<Tab><Tab><Tab><Enter>", "D<S-Tab><S-Tab><S-Tab><Enter>"] {
            let mut model = model.clone();
            assert_eq!((press(&mut model, keys), dialog(&model)), (vec![], None), "{keys}: keeps waiting");
            assert_eq!(shown(&model), ["T", "a"], "{keys}");
        }
    }

    #[test]
    fn marking_it_as_lost_wants_the_count() {
        let mut model = waited(300);
        assert_eq!(press(&mut model, "D<Tab><Enter>"), []);
        assert_eq!(verb(&model), Some(Verb::GiveUp));
        assert_eq!(press(&mut model, "7<Enter>"), [Effect::GiveUp("T".into())]);
    }

    #[test]
    fn sending_it_again_wants_the_count_and_is_submitted_once() {
        let (mut model, seq) = prepared(seven());
        assert_eq!(press(&mut model, "y1<Enter>"), [], "neither a habit nor another number is an answer");
        let effects = press(&mut model, "<Back>7<Enter>");
        let submitted = seq_of(&effects);
        assert_eq!(effects, [Effect::Submit { seq: submitted, plan: seq }]);
        press(&mut model, "D");
        assert_eq!(press(&mut model, "<Tab><Tab><Enter>"), []);
        assert_eq!(said(&model), "a job is being submitted; wait for the answer");
        let made = Created::Confirmed(job("again", JobState::Pending));
        update(&mut model, Event::Submitted(submitted, Ok(Box::new(made))));
        assert_eq!(shown(&model), ["a", "again"], "its row is gone with it");
        assert_eq!(selected(&model), "again");
    }

    #[test]
    fn a_cap_that_it_passes_is_agreed_to_with_the_same_answer() {
        let over = OverCap { per_job: None, per_day: Some(25.0), spent_today: 24.0, adds: Some(2.3) };
        let (mut model, seq) = prepared(Plan { over_cap: Some(over), ..seven() });
        let effects = press(&mut model, "7<Enter>");
        assert!(
            matches!(effects[..], [Effect::AgreeToCap(agreed), Effect::Submit { plan, .. }] if agreed == seq && plan == seq)
        );
    }

    #[test]
    fn what_cannot_be_sent_again_says_why_and_what_was_prepared_goes_with_the_question() {
        let mut model = waited(300);
        let asked = press(&mut model, "D<Tab><Tab><Enter>");
        let failure = Failure::new("the requests of lost T are not on this machine any more");
        let effects = update(&mut model, Event::ResendPlanned(seq_of(&asked), Err(failure)));
        assert!(matches!(effects[..], [Effect::DropPlan(_)]), "{effects:?}");
        assert_eq!(
            (said(&model), dialog(&model)),
            ("nothing was sent again: the requests of lost T are not on this machine any more", None)
        );
        let (mut model, _) = prepared(seven());
        assert!(matches!(press(&mut model, "<Esc>")[..], [Effect::DropPlan(_)]));
        let mut model = three_jobs();
        let late = update(&mut model, Event::ResendPlanned(Seq(99), Ok(Box::new(seven()))));
        assert!(matches!(late[..], [Effect::DropPlan(_)]), "{late:?}");
    }
}
