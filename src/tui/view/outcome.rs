//! What the draft comes to: how much, how long, what it costs, what stands in the way, how far the sending is.

use ratatui::layout::Rect;

use crate::money::Estimate;
use crate::ops::Plan;
use crate::request::Severity;
use crate::text;
use crate::tui::action::Action;
use crate::tui::keys::{Context, bindings};
use crate::tui::model::{Form, Model, PlanState, SubmitState};
use crate::tui::view::pen::{Pen, Piece, piece};
use crate::tui::view::wrap::wrap;
use crate::tui::view::{footer, times};

/// The lines above the buttons, the most important ones when there is no room for all.
pub fn lines(pen: &Pen<'_>, model: &Model, form: &Form, place: Rect) -> Vec<Vec<Piece>> {
    let room = usize::from(place.width);
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    let theme = *pen.theme;
    let mut say = |text: &str, style| {
        lines.extend(wrap(text, room).into_iter().map(|line| vec![piece(line, style)]));
    };
    match &form.submit {
        SubmitState::Idle => {}
        SubmitState::WhenPlanned => say("Sends it as soon as it is checked.", theme.active()),
        SubmitState::InFlight(_, progress) if progress.is_creating => {
            return vec![vec![piece("Creating the job …", theme.active())]];
        }
        SubmitState::InFlight(_, progress) => {
            let word = if progress.is_processing { "" } else { "Uploading " };
            let mut line = vec![piece(word, theme.active())];
            line.extend(footer::progress(pen, *progress, 10));
            lines.push(line);
            let key = bindings(Context::Create).find(|binding| binding.action == Action::Back);
            let key = key.map(|binding| binding.chords[0].label()).unwrap_or_default();
            lines
                .push(vec![piece(format!("{key} stops it; what is uploaded counts for the next try."), theme.muted())]);
            return lines;
        }
        SubmitState::Stopping(_) => return vec![vec![piece("Stopping …", theme.active())]],
        SubmitState::Failed(failure) => {
            say(&failure.message, theme.bad());
            if let Some(hint) = &failure.hint {
                say(hint, theme.muted());
            }
            return lines;
        }
    }
    match &form.plan {
        PlanState::None => {}
        PlanState::InFlight(_) => {
            let mut line = vec![piece("Checking … ", theme.active())];
            line.extend(footer::progress(pen, form.checking.progress, 10));
            lines.push(line);
        }
        PlanState::Failed(failure) => {
            say(&failure.message, theme.bad());
            if let Some(hint) = &failure.hint {
                say(hint, theme.muted());
            }
        }
        PlanState::Ready(_, plan) => {
            // What forbids or questions sending it comes first: it is what must not fall off a small screen.
            if plan.has_errors() {
                let n_errors = plan.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
                say(&format!("Cannot be sent before {} fixed.", errors_are(n_errors as u64)), theme.bad());
            }
            if let Some(lost) = &plan.repeat_unconfirmed {
                let sent = times::clock(&model.zone, lost.at);
                let text = format!("the same content was sent at {sent} and the answer was lost: it may exist already");
                say(&format!("⚠ {text}"), theme.bad());
            }
            if let Some(repeated) = plan.repeats() {
                say(&format!("⚠ the same content as {repeated}, less than 48 hours ago"), theme.warn());
            }
            if let Some(over) = &plan.over_cap {
                say(&format!("⚠ {}", over.sentence()), theme.warn());
            }
            if let Some(estimate) = plan.estimate.as_ref().filter(|_| plan.n_requests > 0) {
                say(&estimated(estimate), theme.text());
            }
            for said in left_out(plan) {
                say(&said, theme.text());
            }
            if plan.n_jobs() > 1 {
                let why = text::clean(&plan.jobs_because);
                say(&format!("{}, one after the other: {why}", text::count(plan.n_jobs() as u64, "job")), theme.text());
            }
            if plan.n_requests > 0 {
                say(&amount(plan), theme.muted());
            }
            let estimate = plan.estimate.as_ref().filter(|_| plan.n_requests > 0);
            let basis = estimate.map(|estimate| wrap(&estimate.basis, room)).unwrap_or_default();
            // Half of it would tell something else.
            if lines.len() + basis.len() <= usize::from(place.height) {
                lines.extend(basis.into_iter().map(|line| vec![piece(line, theme.muted())]));
            }
        }
    }
    lines
}

/// What is not sent: `412 unchanged since batches/o6k1 and already on disk: 7 to buy`.
fn left_out(plan: &Plan) -> Vec<String> {
    let mut said = Vec::new();
    if plan.n_unchanged > 0 {
        let since = match plan.unchanged.as_slice() {
            [] => String::new(),
            [only] => format!(" since {}", only.job),
            [first, others @ ..] => {
                format!(" since {} and {}", first.job, text::count(others.len() as u64, "other job"))
            }
        };
        let n_unchanged = text::thousands(plan.n_unchanged);
        said.push(match plan.is_all_unchanged {
            true => format!("all {n_unchanged} unchanged{since} and already on disk: sending buys them again"),
            false => {
                format!(
                    "{n_unchanged} unchanged{since} and already on disk: {} to buy",
                    text::thousands(plan.n_requests)
                )
            }
        });
    }
    if plan.n_sent_before > 0 {
        let jobs: Vec<&str> = plan.rest_of.iter().map(|job| job.as_str()).collect();
        let n = text::thousands(plan.n_sent_before);
        said.push(format!("{n} sent before in {}: {} left", jobs.join(", "), text::thousands(plan.n_requests)));
    }
    said
}

/// `2 errors are`.
fn errors_are(n_errors: u64) -> String {
    format!("{} {}", text::count(n_errors, "error"), if n_errors == 1 { "is" } else { "are" })
}

/// `412 requests · 38 120 characters · 1.2 MB · 3 long texts split`.
fn amount(plan: &Plan) -> String {
    let mut said = vec![
        text::count(plan.n_requests, "request"),
        text::count(plan.characters, "character"),
        text::bytes(plan.bytes),
    ];
    if plan.n_split > 0 {
        said.push(format!("{} split", text::count(plan.n_split, "long text")));
    }
    if plan.n_pronounced > 0 {
        said.push(format!("{} by the list", text::count(plan.n_pronounced, "word")));
    }
    if plan.n_fixed > 0 {
        said.push(format!("{} fixed", text::count(plan.n_fixed, "problem")));
    }
    said.join(" · ")
}

/// `≈ 38–46 min of audio · ≈ $0.58–0.69 at the batch price`.
pub fn estimated(estimate: &Estimate) -> String {
    let (low, high) = (text::span(estimate.seconds.0), text::span(estimate.seconds.1));
    let audio = match low == high {
        true => format!("≈ {low} of audio"),
        false => format!("≈ {low} – {high} of audio"),
    };
    match estimate.dollars {
        Some(dollars) => {
            format!("{audio} · {} at the batch price", text::dollars_about("≈", dollars))
        }
        None => format!("{audio} · no price is known"),
    }
}
