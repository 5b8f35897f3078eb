//! Submitting a new job: once for each plan, however often a key repeats.

use crate::clock::since;
use crate::failure::Failure;
use crate::ops::{Created, Plan, Progress};
use crate::request::Severity;
use crate::text::{age, clean_short, count};
use crate::tui::effect::Effect;
use crate::tui::model::{
    Draft, EntryId, Field, Form, Level, Model, PlanState, Seq, SubmitState, Submitting, Target, Verb, Work,
};
use crate::tui::update::{campaigns, create, dialog, jobs, notices, picker, polling, screens, work};

/// Whether a submission is under way, from this form or from one that was left.
pub fn is_under_way(model: &Model) -> bool {
    model.submitting.is_some()
}

/// Says that one submission must end before the next one.
pub fn say_wait(model: &mut Model) -> Vec<Effect> {
    notices::say(model, Level::Info, "a job is being submitted; wait for the answer");
    Vec::new()
}

/// Takes the text under edit, and submits.
pub fn press(model: &mut Model) -> Vec<Effect> {
    let Some(form) = create::form(model) else { return Vec::new() };
    let mut effects = if form.picker.is_some() { picker::close(model) } else { create::take(model) };
    effects.extend(begin(model));
    effects
}

fn begin(model: &mut Model) -> Vec<Effect> {
    if model.setting.read_only {
        notices::forbid(model, "no job can be created");
        return Vec::new();
    }
    if is_under_way(model) {
        return say_wait(model);
    }
    let now = model.now;
    let Some(form) = create::form(model) else { return Vec::new() };
    let is_refused = matches!(form.submit, SubmitState::Failed(_));
    if let Some(at) = form.retry_at.filter(|at| *at > now && is_refused) {
        let left = age(since(now, at));
        notices::say(model, Level::Info, format!("the service asks to wait; try again in {left}"));
        return Vec::new();
    }
    match form.plan.clone() {
        PlanState::None => {
            form.focus = Field::Source;
            notices::say(model, Level::Info, "choose the file with the texts first");
            Vec::new()
        }
        PlanState::InFlight(_) => {
            form.submit = SubmitState::WhenPlanned;
            Vec::new()
        }
        // A plan is good for one submission; and what could not be read then may be there now.
        PlanState::Failed(_) => when_planned_anew(model),
        PlanState::Ready(..) if is_refused => when_planned_anew(model),
        PlanState::Ready(_, plan) if plan.has_errors() => {
            say_error(model, &plan);
            create::plan(model)
        }
        PlanState::Ready(_, plan) if plan.repeat_unconfirmed.is_some() => {
            let name = plan.repeat_unconfirmed.map(|lost| clean_short(&lost.display_name, 60)).unwrap_or_default();
            let text = format!("not submitted: the same texts were sent as {name}, and the answer was lost");
            let hint =
                "they may be a job already; wait until it turns up in the list, or give it up there with D".to_owned();
            notices::fail(model, "", &Failure::new(text).hint(hint));
            create::plan(model)
        }
        PlanState::Ready(seq, plan) => match repeated(&plan) {
            Some(job) => {
                dialog::ask(model, Verb::SubmitAgain, vec![Target::Plan(seq, job)], None, false);
                Vec::new()
            }
            None => within_caps(model, seq, &plan),
        },
    }
}

/// What has its content already: sent lately, or on the disk whole.
fn repeated(plan: &Plan) -> Option<String> {
    let on_disk = plan.unchanged.first().filter(|_| plan.is_all_unchanged).map(|unchanged| unchanged.job.to_string());
    plan.repeats().or(on_disk)
}

fn when_planned_anew(model: &mut Model) -> Vec<Effect> {
    let effects = create::plan(model);
    if let Some(form) = create::form(model) {
        form.submit = SubmitState::WhenPlanned;
    }
    effects
}

fn say_error(model: &mut Model, plan: &Plan) {
    let is_error = |finding: &&crate::request::Finding| finding.severity == Severity::Error;
    let Some(finding) = plan.findings.iter().find(is_error) else { return };
    let place = match finding.line {
        0 => clean_short(&finding.source, 60),
        line => format!("{} line {line}", clean_short(&finding.source, 60)),
    };
    let failure = Failure { hint: finding.fix.clone(), ..Failure::new(clean_short(&finding.message, 160)) };
    notices::fail(model, &format!("not submitted: {place}"), &failure);
}

/// The plan is ready, or never will be: goes on with a submission that waited for it.
pub fn planned(model: &mut Model) -> Vec<Effect> {
    let Some(form) = create::form(model).filter(|form| form.submit == SubmitState::WhenPlanned) else {
        return Vec::new();
    };
    form.submit = SubmitState::Idle;
    match form.plan.clone() {
        PlanState::Failed(failure) => {
            notices::fail(model, "not submitted", &failure);
            Vec::new()
        }
        // The answer to this press is the notice; checking again is for the next one.
        PlanState::Ready(_, plan) if plan.has_errors() => {
            say_error(model, &plan);
            Vec::new()
        }
        PlanState::None | PlanState::InFlight(_) | PlanState::Ready(..) => begin(model),
    }
}

/// After the question whether to submit the same content again.
pub fn again(model: &mut Model, targets: &[Target]) -> Vec<Effect> {
    let Some(form) = create::form(model) else { return Vec::new() };
    match (&form.plan, targets) {
        (PlanState::Ready(seq, plan), [Target::Plan(asked, _)]) if seq == asked => {
            let (seq, plan) = (*seq, plan.clone());
            within_caps(model, seq, &plan)
        }
        _ => {
            notices::say(model, Level::Info, "the form was changed since; submit again");
            Vec::new()
        }
    }
}

/// Sends a plan, or asks first when it would pass a cap. The dollars are typed where they are known.
fn within_caps(model: &mut Model, seq: Seq, plan: &Plan) -> Vec<Effect> {
    let Some(over) = plan.over_cap else { return send(model, seq) };
    let target = Target::Cap(seq, clean_short(&plan.display_name, 60), over);
    match over.to_type() {
        Some(dollars) => dialog::ask_for(model, Verb::PassCap, vec![target], dollars),
        None => dialog::ask(model, Verb::PassCap, vec![target], None, false),
    }
    Vec::new()
}

/// After the question whether to pass a cap.
pub fn over_cap(model: &mut Model, targets: &[Target]) -> Vec<Effect> {
    let Some(form) = create::form(model) else { return Vec::new() };
    match (&form.plan, targets) {
        (PlanState::Ready(seq, plan), [Target::Cap(asked, _, over)])
            if seq == asked && plan.over_cap == Some(*over) =>
        {
            let seq = *seq;
            let sent = send(model, seq);
            // The agreement goes before what it is for.
            if sent.is_empty() { sent } else { [vec![Effect::AgreeToCap(seq)], sent].concat() }
        }
        _ => {
            notices::say(model, Level::Info, "the form was changed since; submit again");
            Vec::new()
        }
    }
}

fn send(model: &mut Model, plan: Seq) -> Vec<Effect> {
    if is_under_way(model) {
        return say_wait(model);
    }
    let seq = model.next_seq();
    let Some(form) = create::form(model) else { return Vec::new() };
    let PlanState::Ready(_, ready) = &form.plan else { return Vec::new() };
    let what = format!("submitting {}", clean_short(&ready.display_name, 60));
    form.submit = SubmitState::InFlight(seq, Progress::default());
    let draft = form.draft.clone();
    let dollars = ready.estimate.as_ref().and_then(|estimate| estimate.dollars);
    model.work.push(Work { seq, what, progress: Progress::default(), job: None });
    model.submitting = Some(Submitting { seq, draft: Some(draft.clone()), dollars, in_place_of: None });
    vec![Effect::KeepDraft(draft), Effect::Submit { seq, plan }]
}

fn waiting(model: &mut Model, seq: Seq) -> Option<&mut Form> {
    create::form_for(model, |form| form.submit.under_way() == Some(seq))
}

/// How far the upload is.
pub fn progressed(model: &mut Model, seq: Seq, progress: Progress) -> Vec<Effect> {
    work::progressed(model, seq, progress);
    if let Some(form) = waiting(model, seq)
        && let SubmitState::InFlight(..) = form.submit
    {
        form.submit = SubmitState::InFlight(seq, progress);
    }
    Vec::new()
}

/// Stops the upload of the visible form, if one is under way. `None` when there is nothing left to stop.
pub fn stop(model: &mut Model) -> Option<Vec<Effect>> {
    let form = create::form(model)?;
    match form.submit {
        SubmitState::InFlight(seq, progress) if !progress.is_creating => {
            form.submit = SubmitState::Stopping(seq);
            Some(vec![Effect::StopSubmit(seq)])
        }
        SubmitState::InFlight(..)
        | SubmitState::Stopping(_)
        | SubmitState::Idle
        | SubmitState::WhenPlanned
        | SubmitState::Failed(_) => None,
    }
}

/// The upload was stopped because somebody wanted that: the form is as it was.
fn stopped(model: &mut Model, seq: Seq) -> Vec<Effect> {
    notices::say(model, Level::Info, "the upload was stopped; nothing was submitted");
    if let Some(form) = waiting(model, seq) {
        form.submit = SubmitState::Idle;
    }
    // What was prepared went with the submission.
    create::plan(model)
}

/// The job was created, or was not, or nobody knows.
pub fn submitted(model: &mut Model, seq: Seq, result: Result<Box<Created>, Failure>) -> Vec<Effect> {
    let Some(submitting) = model.submitting.take_if(|submitting| submitting.seq == seq) else { return Vec::new() };
    let Submitting { draft, dollars, in_place_of, .. } = submitting;
    work::ended(model, seq);
    let created = match result {
        Ok(created) => *created,
        Err(_) if waiting(model, seq).is_some_and(|form| form.submit == SubmitState::Stopping(seq)) => {
            return stopped(model, seq);
        }
        Err(failure) => {
            notices::fail(model, "nothing was submitted", &failure);
            // Up to whole seconds: a countdown from 46 s does not begin at 45.
            let seconds = failure.retry_after.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
            let wait = seconds.and_then(|wait| i64::try_from(wait).ok()).map(jiff::SignedDuration::from_secs);
            let retry_at = wait.and_then(|wait| model.now.checked_add(wait).ok());
            if let Some(form) = waiting(model, seq) {
                form.retry_at = retry_at;
                form.submit = SubmitState::Failed(failure);
            }
            return Vec::new();
        }
    };
    // It was given up for this one, or turned up in the last look.
    in_place_of.iter().for_each(|token| jobs::remove_lost(model, token));
    let next = draft.as_ref().map(|draft| next_draft(draft, &created));
    let rest = next.as_ref().is_some_and(|next| !next.sources.is_empty());
    let mut effects = match (&draft, &next) {
        (Some(draft), Some(next)) => forget(model, seq, draft, next),
        (_, _) => Vec::new(),
    };
    let is_watched = waiting(model, seq).is_some() || model.screens.is_empty();
    if waiting(model, seq).is_some() {
        // What was submitted is not kept as a draft a second time.
        effects.extend(screens::home(model).into_iter().filter(|effect| !matches!(effect, Effect::KeepDraft(_))));
        if let Some(next) = next {
            model.draft = next;
        }
    }
    let (id, level, text) = match created {
        Created::Confirmed(job) | Created::Adopted(job) => {
            let size = job.counts.map(|counts| format!(": {}", count(counts.requests, "request"))).unwrap_or_default();
            let rest = if rest { "; the form is ready for the rest" } else { "" };
            let text = format!("{} submitted{size}{rest}", jobs::title(&job));
            let id = EntryId::Job(job.name.clone());
            model.jobs.costs.extend(dollars.map(|dollars| (job.name.clone(), dollars)));
            effects.extend(jobs::upsert(model, job));
            (id, Level::Good, text)
        }
        Created::Begun(status) => {
            let n_parts = count(status.parts.len() as u64, "job");
            let text = format!("{}: {n_parts}, submitted one after the other", campaigns::title(&status));
            let id = EntryId::Campaign(status.id.clone());
            campaigns::put(model, *status);
            effects.extend(campaigns::advance(model));
            (id, Level::Good, text)
        }
        Created::Duplicate(found) => {
            // Told like any other that a list shows: with both names, and with what can be done.
            let ids: Vec<EntryId> = found.iter().map(|job| EntryId::Job(job.name.clone())).collect();
            for job in found {
                effects.extend(jobs::upsert(model, job));
            }
            if let Some(later) = ids.into_iter().nth(1).filter(|_| is_watched) {
                jobs::select(model, later);
            }
            polling::hurry(model);
            return effects;
        }
        Created::Unknown(lost) => {
            let name = clean_short(&lost.display_name, 60);
            let id = EntryId::Lost(lost.token.clone());
            jobs::add_lost(model, lost);
            let text =
                format!("{name}: the answer was lost; it may exist, so do not submit it again while it is UNKNOWN");
            (id, Level::Bad, text)
        }
    };
    if is_watched {
        jobs::select(model, id);
    }
    notices::say(model, level, text);
    polling::hurry(model);
    effects
}

/// What the form holds next: the rest, when this was a sample; else nothing that belonged to this job alone.
fn next_draft(submitted: &Draft, created: &Created) -> Draft {
    match created {
        Created::Confirmed(job) | Created::Adopted(job) if !submitted.sample.is_empty() => {
            submitted.rest_after(&job.name)
        }
        Created::Confirmed(_)
        | Created::Adopted(_)
        | Created::Begun(_)
        | Created::Duplicate(_)
        | Created::Unknown(_) => submitted.for_the_next(),
    }
}

/// Puts the next draft in the place of the one that was submitted, unless a person has changed it meanwhile.
fn forget(model: &mut Model, seq: Seq, submitted: &Draft, next: &Draft) -> Vec<Effect> {
    let is_open = waiting(model, seq).is_some();
    if !is_open && model.draft != *submitted {
        return Vec::new();
    }
    model.draft = next.clone();
    vec![Effect::KeepDraft(next.clone())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobState;
    use crate::money::OverCap;
    use crate::ops::{Order, SourceArg, Unchanged};
    use crate::request::Finding;
    use crate::tui::event::Event;
    use crate::tui::model::Button;
    use crate::tui::update::testing::{
        dialog, form, job, lost, name, plan, press, said, selected, seq_of, shown, three_jobs, tick,
    };
    use crate::tui::update::update;

    const TO_SUBMIT: &str = "<Tab><Tab><Tab><Tab><Tab><Tab><Tab>";

    fn planned(model: &mut Model, asked: &[Effect], plan: Plan) -> Vec<Effect> {
        update(model, Event::Planned(seq_of(asked), Ok(Box::new(plan))))
    }

    /// The form with a source that was checked, and the number of its plan.
    fn ready(plan: Plan) -> (Model, Seq) {
        let mut model = three_jobs();
        let asked = press(&mut model, "n a.csv<Enter>");
        let seq = seq_of(&asked);
        assert_eq!(planned(&mut model, &asked, plan), []);
        (model, seq)
    }

    fn submits(effects: &[Effect]) -> Vec<Seq> {
        let plan = |effect: &Effect| match effect {
            Effect::Submit { plan, .. } => Some(*plan),
            _ => None,
        };
        effects.iter().filter_map(plan).collect()
    }

    fn with_error() -> Plan {
        let finding = Finding {
            source: "a.csv".into(),
            line: 9,
            column: 0,
            key: None,
            severity: Severity::Error,
            rule: "duplicate-key",
            message: "key is used twice".into(),
            fix: Some("rename one".into()),
            fixed: false,
        };
        Plan { findings: vec![finding], ..plan("a") }
    }

    #[test]
    fn fault_6_a_held_key_submits_once() {
        for keys in ["<C-s>", "<Enter>"] {
            let (mut model, seq) = ready(plan("a"));
            press(&mut model, TO_SUBMIT);
            assert_eq!(form(&model).focus, Field::SubmitButton);
            assert_eq!(submits(&press(&mut model, &keys.repeat(20))), [seq], "{keys}");
        }
    }

    #[test]
    fn ctrl_s_takes_the_text_under_edit_and_waits_for_its_plan() {
        let mut model = three_jobs();
        press(&mut model, "n a.csv");
        let asked = press(&mut model, &"<C-s>".repeat(20));
        let order = Order { sources: vec![SourceArg::Path("a.csv".into())], ..Order::default() };
        assert_eq!(asked, [Effect::Plan(seq_of(&asked), order)]);
        assert_eq!(submits(&planned(&mut model, &asked, plan("a"))), [seq_of(&asked)]);
        assert_eq!(press(&mut model, "<C-s>"), []);
    }

    #[test]
    fn a_created_job_is_selected_in_the_list() {
        let (mut model, _) = ready(plan("a"));
        let effects = press(&mut model, "<C-s>");
        assert_eq!(model.work[0].what, "submitting a");
        let created = Created::Confirmed(job("fresh", JobState::Pending));
        let effects = update(&mut model, Event::Submitted(seq_of(&effects), Ok(Box::new(created))));
        assert!(matches!(&effects[..], [Effect::KeepDraft(draft)] if draft.sources.is_empty()), "{effects:?}");
        assert_eq!((model.screens.len(), model.work.len(), selected(&model)), (0, 0, "fresh"));
        assert_eq!(said(&model), "fresh submitted: 40 requests");
        let effects = crate::tui::update::testing::list(&mut model, vec![]);
        assert!(shown(&model).contains(&"fresh".into()), "a list may not show it yet");
        assert!(effects.iter().any(|effect| matches!(effect, Effect::FetchJob(_, asked) if *asked == name("fresh"))));
    }

    #[test]
    fn a_lost_answer_leaves_an_unknown_row_and_a_warning() {
        let (mut model, _) = ready(plan("a"));
        let effects = press(&mut model, "<C-s>");
        let unknown = Created::Unknown(lost("T"));
        update(&mut model, Event::Submitted(seq_of(&effects), Ok(Box::new(unknown))));
        assert_eq!((selected(&model), shown(&model)[0].as_str()), ("T", "T"));
        assert!(said(&model).contains("the answer was lost"), "{}", said(&model));
        assert_eq!(model.notices.unseen, 1);
    }

    #[test]
    fn fault_13_a_doubled_create_is_told_with_both_names_and_nothing_is_cancelled_unasked() {
        let (mut model, _) = ready(plan("a"));
        let effects = press(&mut model, "<C-s>");
        let named = |id: &str, minute: i64| crate::job::Job {
            display_name: Some("a ~gt-01ARYZ6S4100000000000000AB".into()),
            create_time: job(id, JobState::Pending).create_time.map(|at| at + jiff::SignedDuration::from_mins(minute)),
            ..job(id, JobState::Pending)
        };
        let found = vec![named("made0", 1), named("made1", 2)];
        let effects = update(&mut model, Event::Submitted(seq_of(&effects), Ok(Box::new(Created::Duplicate(found)))));
        let cancels = |effects: &[Effect]| effects.iter().filter(|it| matches!(it, Effect::CancelJob(_))).count();
        assert_eq!((cancels(&effects), model.screens.len(), selected(&model)), (0, 0, "made1"));
        assert_eq!(
            said(&model),
            "DUPLICATE: one create of a came out as batches/made0 and batches/made1, both billed; :stop \
             doubt:duplicate cancels the later one"
        );
        assert_eq!(model.notices.unseen, 1, "told once");
        assert_eq!(press(&mut model, ":stop<Space>doubt:duplicate<Enter>"), []);
        let asked = dialog(&model).unwrap();
        assert!(matches!(&asked.targets[..], [Target::Job(later, _)] if later.name == name("made1")), "{asked:?}");
        assert_eq!(press(&mut model, "y"), [Effect::CancelJob(name("made1"))]);
    }

    #[test]
    fn a_refused_create_stays_in_the_form_and_is_checked_again_before_the_next_try() {
        let (mut model, _) = ready(plan("a"));
        let effects = press(&mut model, "<C-s>");
        update(&mut model, Event::Submitted(seq_of(&effects), Err(Failure::new("the quota is used up"))));
        assert_eq!(said(&model), "nothing was submitted: the quota is used up");
        assert!(matches!(form(&model).submit, SubmitState::Failed(_)));
        let again = press(&mut model, "<C-s><C-s>");
        assert!(matches!(again[..], [Effect::Plan(..)]), "{again:?}");
        assert_eq!(submits(&planned(&mut model, &again, plan("a"))), [seq_of(&again)]);
    }

    #[test]
    fn errors_are_told_and_nothing_is_sent() {
        let (mut model, _) = ready(with_error());
        let effects = press(&mut model, "<C-s>");
        assert_eq!((submits(&effects), said(&model)), (vec![], "not submitted: a.csv line 9: key is used twice"));
        assert_eq!(form(&model).focus, Field::Source);
        assert!(matches!(effects[..], [Effect::Plan(..)]), "the file may have been mended meanwhile");
        press(&mut model, "<C-s>");
        assert_eq!(planned(&mut model, &effects, with_error()), []);
        assert_eq!(model.notices.unseen, 2);
    }

    #[test]
    fn without_a_source_there_is_nothing_to_send() {
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "n <Tab><Tab> <C-s>"), []);
        assert_eq!((said(&model), form(&model).focus), ("choose the file with the texts first", Field::Source));
    }

    #[test]
    fn the_same_content_again_is_asked_about() {
        let repeat = Plan { repeat_of: Some(name("old")), ..plan("a") };
        let (mut model, seq) = ready(repeat.clone());
        assert_eq!(press(&mut model, "<C-s>"), []);
        assert_eq!(
            dialog(&model).map(|confirm| confirm.targets.clone()),
            Some(vec![Target::Plan(seq, "batches/old".into())])
        );
        assert_eq!(submits(&press(&mut model, "n <C-s> y y <C-s>")), [seq]);
    }

    const OVER: OverCap = OverCap { per_job: None, per_day: Some(25.0), spent_today: 24.0, adds: Some(2.3) };

    /// What is sent: the agreement, then the plan that it is for.
    fn agreed(effects: &[Effect]) -> Option<(Seq, Seq)> {
        match effects {
            [Effect::AgreeToCap(agreed), .., Effect::Submit { plan, .. }] => Some((*agreed, *plan)),
            _ => None,
        }
    }

    #[test]
    fn over_a_cap_the_dollars_are_typed_before_anything_is_sent() {
        let (mut model, seq) = ready(Plan { over_cap: Some(OVER), ..plan("a") });
        assert_eq!(press(&mut model, "<C-s>"), []);
        let asked = dialog(&model).unwrap();
        assert_eq!((asked.verb, asked.focus), (Verb::PassCap, Button::Keep));
        assert_eq!(asked.targets, [Target::Cap(seq, "a".into(), OVER)]);
        assert_eq!(press(&mut model, "y 2 <Enter>"), [], "neither a habit nor a wrong number answers");
        assert_eq!(said(&model), "type 3 to confirm, Esc to leave everything as it is");
        assert_eq!(press(&mut model, "<Esc>"), []);
        assert_eq!(dialog(&model), None);
        assert_eq!(agreed(&press(&mut model, "<C-s> 3 <Enter>")), Some((seq, seq)));
        assert_eq!(press(&mut model, "<C-s>"), []);
    }

    #[test]
    fn what_nobody_can_price_is_answered_with_y() {
        let over = OverCap { adds: None, ..OVER };
        let (mut model, seq) = ready(Plan { over_cap: Some(over), ..plan("a") });
        assert_eq!(press(&mut model, "<C-s> <Enter> <C-s> n"), []);
        assert_eq!(agreed(&press(&mut model, "<C-s> y")), Some((seq, seq)));
    }

    #[test]
    fn a_repeat_over_a_cap_is_asked_about_twice() {
        let both = Plan { repeat_of: Some(name("old")), over_cap: Some(OVER), ..plan("a") };
        let (mut model, seq) = ready(both);
        assert_eq!(press(&mut model, "<C-s> y"), []);
        assert_eq!(dialog(&model).map(|confirm| confirm.verb), Some(Verb::PassCap));
        assert_eq!(agreed(&press(&mut model, "3 <Enter>")), Some((seq, seq)));
    }

    #[test]
    fn what_may_exist_already_is_not_sent_again() {
        let (mut model, _) = ready(Plan { repeat_unconfirmed: Some(lost("T")), ..plan("a") });
        assert_eq!(submits(&press(&mut model, "<C-s>")), []);
        assert!(said(&model).contains("the answer was lost"), "{}", said(&model));
    }

    #[test]
    fn a_form_that_was_left_submits_on_and_blocks_a_second_submission() {
        let (mut model, _) = ready(plan("a"));
        let seq = seq_of(&press(&mut model, "<C-s>"));
        press(&mut model, ":jobs<Enter>");
        let asked = press(&mut model, "n");
        planned(&mut model, &asked, plan("a"));
        assert_eq!(press(&mut model, "<C-s>"), []);
        assert_eq!(said(&model), "a job is being submitted; wait for the answer");
        update(&mut model, Event::SubmitProgressed(seq, Progress { bytes: 5, of: Some(9), ..Progress::default() }));
        assert_eq!(model.work[0].progress.bytes, 5);
        let created = Created::Adopted(job("fresh", JobState::Pending));
        update(&mut model, Event::Submitted(seq, Ok(Box::new(created.clone()))));
        assert_eq!((model.screens.len(), shown(&model).len()), (1, 4), "a person is not taken out of a new form");
        update(&mut model, Event::Submitted(seq, Ok(Box::new(created))));
        assert_eq!(shown(&model).len(), 4, "a second answer to one submission is dropped");
    }

    #[test]
    fn esc_stops_an_upload_and_keeps_the_form() {
        let (mut model, _) = ready(plan("a"));
        let seq = seq_of(&press(&mut model, "<C-s>"));
        update(&mut model, Event::SubmitProgressed(seq, Progress { bytes: 5, of: Some(9), ..Progress::default() }));
        assert_eq!(press(&mut model, "<Esc>"), [Effect::StopSubmit(seq)]);
        assert_eq!(form(&model).submit, SubmitState::Stopping(seq));
        let effects = update(&mut model, Event::Submitted(seq, Err(Failure::new("stopped"))));
        assert!(matches!(effects[..], [Effect::Plan(..)]), "what was prepared went with the upload");
        assert_eq!((said(&model), model.notices.unseen), ("the upload was stopped; nothing was submitted", 0));
        assert_eq!((form(&model).draft.sources.len(), &form(&model).submit), (1, &SubmitState::Idle));
    }

    #[test]
    fn a_create_that_is_on_its_way_is_never_stopped() {
        let (mut model, _) = ready(plan("a"));
        let seq = seq_of(&press(&mut model, "<C-s>"));
        update(&mut model, Event::SubmitProgressed(seq, Progress { is_creating: true, ..Progress::default() }));
        let effects = press(&mut model, "<Esc>");
        assert!(matches!(&effects[..], [Effect::KeepDraft(_)]), "{effects:?}");
        assert!(model.screens.is_empty() && is_under_way(&model));
        // Asked in time, and yet too late: the job is there, and that is what is told.
        let (mut model, _) = ready(plan("a"));
        let seq = seq_of(&press(&mut model, "<C-s><Esc>"));
        update(&mut model, Event::Submitted(seq, Ok(Box::new(Created::Confirmed(job("fresh", JobState::Pending))))));
        assert_eq!((model.screens.len(), selected(&model)), (0, "fresh"));
    }

    #[test]
    fn fault_9_a_wait_that_is_asked_for_is_counted_down_and_another_job_need_not_wait() {
        let (mut model, _) = ready(plan("a"));
        let seq = seq_of(&press(&mut model, "<C-s>"));
        let wait = Some(std::time::Duration::new(45, 837_906_927));
        let failure = Failure { retry_after: wait, ..Failure::new("the quota is used up") };
        update(&mut model, Event::Submitted(seq, Err(failure)));
        assert_eq!(press(&mut model, "<C-s>"), []);
        assert_eq!(said(&model), "the service asks to wait; try again in 46 s");
        let mut other = model.clone();
        assert_eq!(tick(&mut model, 45).iter().filter(|effect| matches!(effect, Effect::Submit { .. })).count(), 0);
        assert_eq!(submits(&press(&mut model, "<C-s><Enter>")), [], "not a second too early");
        assert_eq!(said(&model), "the service asks to wait; try again in 1 s");
        tick(&mut model, 1);
        assert!(
            matches!(press(&mut model, "<C-s>")[..], [Effect::Plan(..)]),
            "it is tried again when the time is over"
        );
        press(&mut other, "<Tab><Tab><Tab><Tab>b<Enter>");
        assert_eq!(form(&other).submit, SubmitState::Idle);
        assert_eq!(form(&other).retry_at, None);
    }

    #[test]
    fn what_is_on_the_disk_whole_is_asked_about() {
        let on_disk = Unchanged { job: name("old"), folder: "/home/ann/book/old".into(), n: 40 };
        let whole = Plan { n_unchanged: 40, is_all_unchanged: true, unchanged: vec![on_disk.clone()], ..plan("a") };
        let (mut model, seq) = ready(whole);
        assert_eq!(press(&mut model, "<C-s>"), []);
        let asked = dialog(&model).map(|confirm| confirm.targets.clone());
        assert_eq!(asked, Some(vec![Target::Plan(seq, "batches/old".into())]));
        let (mut model, seq) = ready(Plan { n_unchanged: 7, unchanged: vec![on_disk], ..plan("a") });
        assert_eq!(submits(&press(&mut model, "<C-s>")), [seq], "some of it is left out without a question");
    }

    #[test]
    fn after_a_sample_the_form_is_ready_for_the_rest() {
        let (mut model, _) = ready(plan("a"));
        press(&mut model, "<Tab><Tab><Tab><Tab><Tab>");
        assert_eq!(form(&model).focus, Field::Sample);
        let asked = press(&mut model, "3<Enter>");
        planned(&mut model, &asked, plan("a"));
        let seq = seq_of(&press(&mut model, "<C-s>"));
        update(&mut model, Event::Submitted(seq, Ok(Box::new(Created::Confirmed(job("fresh", JobState::Pending))))));
        assert_eq!(said(&model), "fresh submitted: 40 requests; the form is ready for the rest");
        let asked = press(&mut model, "n");
        let [Effect::Plan(_, order)] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!((order.sample, order.rest_of.clone()), (None, vec![name("fresh")]));
        let mut other = model.clone();
        press(&mut other, "b.csv<Enter>");
        assert_eq!(form(&other).draft.rest_of, Vec::<String>::new(), "another source has no rest");
        planned(&mut model, &asked, plan("a"));
        let seq = seq_of(&press(&mut model, "<C-s>"));
        update(&mut model, Event::Submitted(seq, Ok(Box::new(Created::Confirmed(job("rest", JobState::Pending))))));
        assert!(model.draft.sources.is_empty() && model.draft.rest_of.is_empty(), "{:?}", model.draft);
    }
}
