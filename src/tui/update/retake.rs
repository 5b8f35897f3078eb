//! Retake: which keys are meant, the question with what is changed in them, and the submission after a yes.

use crate::failure::Failure;
use crate::job::Job;
use crate::ops::{Progress, Retake, RetakeOrder};
use crate::text::clean_short;
use crate::tui::effect::Effect;
use crate::tui::model::{Confirm, JobScreen, Level, Line, Model, Overlay, Screen, Seq, Submitting, Target, Verb, Work};
use crate::tui::update::{dialog, job, jobs, notices, submit, work};

/// Asks whether to take keys again: on the screen of a job the marked ones, else those that failed or sound wrong; on the
/// screen of a key that one; in the list those of the selected job.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    if model.setting.read_only {
        notices::forbid(model, "no job can be created");
        return Vec::new();
    }
    if submit::is_under_way(model) {
        return submit::say_wait(model);
    }
    let Some(job) = job::current(model).cloned() else { return Vec::new() };
    if !job.state.is_terminal() {
        let text = format!("{} is {}: it can be retaken when it is over", jobs::title(&job), job.state.word());
        notices::say(model, Level::Info, text);
        return Vec::new();
    }
    let keys = match model.screens.last() {
        Some(Screen::Job(screen)) if !screen.cursor.marks.is_empty() => Some(marked(screen)),
        Some(Screen::Key(_)) => Some(job::current_row(model).and_then(|row| row.key).into_iter().collect()),
        Some(Screen::Job(_) | Screen::Create(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. })
        | None => None,
    };
    if keys.as_ref().is_some_and(Vec::is_empty) {
        notices::say(model, Level::Info, "nothing to retake: the result says no key");
        return Vec::new();
    }
    let seq = model.next_seq();
    let target = Target::Retake(seq, Box::new(job.clone()), None);
    dialog::ask(model, Verb::Retake, vec![target], Some(seq), false);
    let what = format!("looking at {}", clean_short(job.title(), 60));
    model.work.push(Work { seq, what, progress: Progress::default(), job: None });
    vec![Effect::PlanRetake(seq, Box::new(job), RetakeOrder { keys, refused: false })]
}

fn marked(screen: &JobScreen) -> Vec<String> {
    let rows = screen.cursor.marks.iter().filter_map(|line| screen.rows.index_of(*line));
    rows.filter_map(|at| screen.rows.key(at)).filter(|key| !key.is_empty()).map(str::to_owned).collect()
}

/// It is known what would be taken again: shows it, or says why nothing can be.
pub fn planned(model: &mut Model, seq: Seq, result: Result<Box<Retake>, Failure>) -> Vec<Effect> {
    work::ended(model, seq);
    let is_waiting = |overlay: &Overlay| matches!(overlay, Overlay::Confirm(confirm) if confirm.checking == Some(seq));
    let Some(at) = model.overlays.iter().position(is_waiting) else {
        // Somebody left the question before it could be asked.
        return if result.is_ok() { dropped(model) } else { Vec::new() };
    };
    let refused = match result {
        Ok(retake) => match why_not(&retake) {
            None => {
                if let Some(Overlay::Confirm(confirm)) = model.overlays.get_mut(at) {
                    show(confirm, retake);
                }
                return Vec::new();
            }
            Some(failure) => failure,
        },
        Err(failure) => failure,
    };
    model.overlays.remove(at);
    notices::fail(model, "no retake", &refused);
    dropped(model)
}

fn show(confirm: &mut Confirm, made: Box<Retake>) {
    confirm.checking = None;
    let over = made.plan.as_ref().and_then(|plan| plan.over_cap);
    // Over a cap the dollars are typed, as they are for any other job.
    confirm.typed = over.and_then(|over| over.to_type()).map(|dollars| (dollars, Line::default()));
    for target in &mut confirm.targets {
        if let Target::Retake(_, _, retake) = target {
            *retake = Some(made);
            return;
        }
    }
}

/// What forbids to submit it.
fn why_not(retake: &Retake) -> Option<Failure> {
    let title = clean_short(&retake.title, 60);
    let Some(plan) = &retake.plan else {
        let failure = Failure::new(format!("there is nothing to mend in {title}"));
        return Some(match retake.n_refused {
            0 => failure,
            _ => failure.hint("what the service refused is left out; mark it to take it again all the same"),
        });
    };
    if let Some(finding) = plan.findings.first().filter(|_| plan.has_errors()) {
        let failure = Failure::new(format!("{title}: {}", clean_short(&finding.message, 160)));
        return Some(Failure { hint: finding.fix.clone(), ..failure });
    }
    let lost = plan.repeat_unconfirmed.as_ref()?;
    let name = clean_short(&lost.display_name, 60);
    let failure = Failure::new(format!("the same requests were sent as {name}, and the answer was lost"));
    Some(failure.hint("they may be a job already; wait until it turns up in the list, or give it up there with D"))
}

/// Drops what was prepared for a question that nobody answers any more.
pub fn dropped(model: &mut Model) -> Vec<Effect> {
    vec![Effect::DropPlan(model.next_seq())]
}

/// After a yes.
pub fn submit(model: &mut Model, targets: Vec<Target>) -> Vec<Effect> {
    if submit::is_under_way(model) {
        return submit::say_wait(model);
    }
    let mut retakes = targets.into_iter().filter_map(|target| {
        let Target::Retake(seq, job, Some(retake)) = target else { return None };
        Some((seq, job, retake))
    });
    let Some((plan, job, retake)) = retakes.next() else { return Vec::new() };
    let seq = model.next_seq();
    begin(model, seq, &job, &retake);
    let over = retake.plan.as_ref().and_then(|plan| plan.over_cap);
    over.map(|_| Effect::AgreeToCap(plan)).into_iter().chain([Effect::Submit { seq, plan }]).collect()
}

fn begin(model: &mut Model, seq: Seq, job: &Job, retake: &Retake) {
    let name = retake.plan.as_ref().map_or(job.title(), |plan| &plan.display_name);
    let what = format!("submitting {}", clean_short(name, 60));
    let dollars = retake.plan.as_ref().and_then(|plan| plan.estimate.as_ref()).and_then(|estimate| estimate.dollars);
    model.work.push(Work { seq, what, progress: Progress::default(), job: None });
    model.submitting = Some(Submitting { seq, draft: None, dollars, in_place_of: None });
    // The marks have done their work; left behind they would be what the next key is about.
    if let Some(screen) = model.job_screen_mut() {
        screen.cursor.marks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Verdict;
    use crate::job::JobState;
    use crate::money::OverCap;
    use crate::ops::{Created, Plan};
    use crate::tui::event::Event;
    use crate::tui::model::Button;
    use crate::tui::update::testing::{
        dialog, done, job, lost, press, retaken, row, said, selected, seq_of, three_jobs, with_jobs,
    };
    use crate::tui::update::update;

    fn asked(model: &mut Model, keys: &str) -> (Seq, RetakeOrder) {
        match &press(model, keys)[..] {
            [.., Effect::PlanRetake(seq, _, order)] => (*seq, order.clone()),
            effects => panic!("{effects:?}"),
        }
    }

    fn answer(model: &mut Model, seq: Seq, plan: Option<Plan>) -> Vec<Effect> {
        update(model, Event::RetakePlanned(seq, Ok(Box::new(Retake { plan, ..retaken("a") }))))
    }

    #[test]
    fn a_retake_is_submitted_once_after_a_look_at_what_it_is() {
        let mut model = with_jobs(vec![done("a"), done("b")]);
        let (seq, order) = asked(&mut model, "t");
        assert_eq!(order, RetakeOrder::default());
        assert_eq!(press(&mut model, "y"), [], "nothing is sent before it is known what");
        assert_eq!(answer(&mut model, seq, retaken("a").plan), []);
        assert_eq!(dialog(&model).map(|confirm| confirm.focus), Some(Button::Keep));
        let sent = press(&mut model, "y");
        let [Effect::Submit { seq: submission, plan }] = sent[..] else { panic!("{sent:?}") };
        assert_eq!(plan, seq);
        assert_eq!(press(&mut model, "t"), []);
        assert_eq!(said(&model), "a job is being submitted; wait for the answer");
        let draft = model.draft.clone();
        let made = Created::Confirmed(job("a-again", JobState::Pending));
        update(&mut model, Event::Submitted(submission, Ok(Box::new(made))));
        assert_eq!((selected(&model), said(&model)), ("a-again", "a-again submitted: 40 requests"));
        assert!(model.submitting.is_none() && model.work.is_empty());
        assert_eq!(model.draft, draft, "what was typed for another job stays");
    }

    #[test]
    fn the_marked_keys_are_taken_else_what_is_bad_and_on_a_key_that_one() {
        let mut model = with_jobs(vec![done("a")]);
        let opened = press(&mut model, "<Enter>");
        let seq = seq_of(&opened);
        let rows = [row(1, Verdict::Ok), row(2, Verdict::Empty), row(3, Verdict::Ok)].iter().collect();
        update(&mut model, Event::RowsArrived(seq, rows));
        update(&mut model, Event::Opened(seq, Ok(())));
        assert_eq!(asked(&mut model, "t").1.keys, None);
        press(&mut model, "<Esc>");
        let key = |line: u64| row(line, Verdict::Ok).key.unwrap();
        assert_eq!(asked(&mut model, "g <Space> G <Space> t").1.keys, Some(vec![key(1), key(3)]));
        press(&mut model, "<Esc> A g j <Enter>");
        assert_eq!(asked(&mut model, "t").1.keys, Some(vec![key(2)]));
    }

    #[test]
    fn whoever_says_no_leaves_nothing_prepared() {
        for no in ["n", "<Esc>", "<Enter>"] {
            let mut model = with_jobs(vec![done("a")]);
            let (seq, _) = asked(&mut model, "t");
            answer(&mut model, seq, retaken("a").plan);
            let effects = press(&mut model, no);
            assert!(matches!(effects[..], [Effect::DropPlan(_)]), "{no}: {effects:?}");
            assert_eq!((dialog(&model), model.submitting.is_none()), (None, true), "{no}");
        }
        let mut model = with_jobs(vec![done("a")]);
        let (seq, _) = asked(&mut model, "t");
        press(&mut model, "<Esc>");
        assert!(matches!(answer(&mut model, seq, retaken("a").plan)[..], [Effect::DropPlan(_)]));
        assert_eq!((dialog(&model), model.work.len()), (None, 0));
    }

    #[test]
    fn a_retake_over_a_cap_wants_the_dollars_typed() {
        let over = OverCap { per_job: Some(0.5), per_day: None, spent_today: 0.0, adds: Some(0.7) };
        let mut model = with_jobs(vec![done("a")]);
        let (seq, _) = asked(&mut model, "t");
        answer(&mut model, seq, Some(Plan { over_cap: Some(over), ..retaken("a").plan.unwrap() }));
        assert_eq!(press(&mut model, "y"), []);
        let sent = press(&mut model, "1 <Enter>");
        assert!(
            matches!(sent[..], [Effect::AgreeToCap(agreed), Effect::Submit { plan, .. }] if agreed == seq && plan == seq)
        );
    }

    #[test]
    fn what_cannot_be_retaken_says_why() {
        let repeat = Plan { repeat_unconfirmed: Some(lost("T")), ..retaken("a").plan.unwrap() };
        for (plan, expected) in [(None, "nothing to mend in a"), (Some(repeat), "the answer was lost")] {
            let mut model = with_jobs(vec![done("a")]);
            let (seq, _) = asked(&mut model, "t");
            answer(&mut model, seq, plan);
            assert_eq!(dialog(&model), None);
            assert!(said(&model).contains(expected), "{}", said(&model));
        }
        let mut model = with_jobs(vec![done("a")]);
        let (seq, _) = asked(&mut model, "t");
        update(&mut model, Event::RetakePlanned(seq, Err(Failure::new("they are not on this machine"))));
        assert_eq!((dialog(&model), said(&model)), (None, "no retake: they are not on this machine"));
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "t"), []);
        assert_eq!(said(&model), "intro is RUNNING: it can be retaken when it is over");
        let mut model = with_jobs(vec![done("a")]);
        model.setting.read_only = true;
        assert_eq!((press(&mut model, "t"), said(&model)), (vec![], "read-only: no job can be created"));
    }
}
