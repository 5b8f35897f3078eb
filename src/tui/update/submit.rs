//! Submitting a new job: once for each plan, however often a key repeats.

use crate::failure::Failure;
use crate::ops::{Created, Plan, Progress};
use crate::request::Severity;
use crate::text::{clean_short, count};
use crate::tui::effect::Effect;
use crate::tui::model::{
    Draft, EntryId, Field, Form, Level, Model, PlanState, Screen, Seq, SubmitState, Target, Verb, Work,
};
use crate::tui::update::{create, dialog, jobs, notices, picker, polling, screens, work};

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
        notices::say(model, Level::Info, "read-only: no job can be created");
        return Vec::new();
    }
    if is_under_way(model) {
        return say_wait(model);
    }
    let Some(form) = create::form(model) else { return Vec::new() };
    let is_refused = matches!(form.submit, SubmitState::Failed(_));
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
        PlanState::Ready(seq, plan) => match plan.repeat_of {
            Some(job) => {
                dialog::ask(model, Verb::SubmitAgain, vec![Target::Plan(seq, job.to_string())], None, false);
                Vec::new()
            }
            None => send(model, seq),
        },
    }
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
        (PlanState::Ready(seq, _), [Target::Plan(asked, _)]) if seq == asked => {
            let seq = *seq;
            send(model, seq)
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
    model.work.push(Work { seq, what, progress: Progress::default(), job: None });
    model.submitting = Some((seq, draft.clone()));
    vec![Effect::KeepDraft(draft), Effect::Submit { seq, plan }]
}

fn waiting(model: &mut Model, seq: Seq) -> Option<&mut Form> {
    model.screens.iter_mut().find_map(|screen| match screen {
        Screen::Create(form) if matches!(form.submit, SubmitState::InFlight(waiting, _) if waiting == seq) => {
            Some(&mut **form)
        }
        Screen::Create(_)
        | Screen::Job(_)
        | Screen::Key(_)
        | Screen::Files(_)
        | Screen::Messages { .. }
        | Screen::Help { .. } => None,
    })
}

/// How far the upload is.
pub fn progressed(model: &mut Model, seq: Seq, progress: Progress) -> Vec<Effect> {
    work::progressed(model, seq, progress);
    if let Some(form) = waiting(model, seq) {
        form.submit = SubmitState::InFlight(seq, progress);
    }
    Vec::new()
}

/// The job was created, or was not, or nobody knows.
pub fn submitted(model: &mut Model, seq: Seq, result: Result<Box<Created>, Failure>) -> Vec<Effect> {
    let Some((_, draft)) = model.submitting.take_if(|(waiting, _)| *waiting == seq) else { return Vec::new() };
    work::ended(model, seq);
    let created = match result {
        Ok(created) => *created,
        Err(failure) => {
            notices::fail(model, "nothing was submitted", &failure);
            if let Some(form) = waiting(model, seq) {
                form.submit = SubmitState::Failed(failure);
            }
            return Vec::new();
        }
    };
    let mut effects = forget(model, seq, &draft);
    let is_watched = waiting(model, seq).is_some() || model.screens.is_empty();
    if waiting(model, seq).is_some() {
        // What was submitted is not kept as a draft a second time.
        effects.extend(screens::home(model).into_iter().filter(|effect| !matches!(effect, Effect::KeepDraft(_))));
        forget_draft(model, &draft);
    }
    let (id, level, text) = match created {
        Created::Confirmed(job) | Created::Adopted(job) => {
            let size = job.counts.map(|counts| format!(": {}", count(counts.requests, "request"))).unwrap_or_default();
            let text = format!("{} submitted{size}", jobs::title(&job));
            let id = EntryId::Job(job.name.clone());
            effects.extend(jobs::upsert(model, job));
            (id, Level::Good, text)
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

/// Clears what belongs to that job alone from the draft, unless a person has changed it meanwhile.
fn forget(model: &mut Model, seq: Seq, submitted: &Draft) -> Vec<Effect> {
    let is_open = waiting(model, seq).is_some();
    if !is_open && model.draft != *submitted {
        return Vec::new();
    }
    forget_draft(model, submitted);
    vec![Effect::KeepDraft(model.draft.clone())]
}

fn forget_draft(model: &mut Model, submitted: &Draft) {
    let (model_id, voice, language) = (submitted.model.clone(), submitted.voice.clone(), submitted.language.clone());
    model.draft = Draft { model: model_id, voice, language, ..Draft::default() };
}
