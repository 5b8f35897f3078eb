//! The form for a new job: fields, what will be sent beside or below them, what it comes to, and the buttons.

use ratatui::layout::Rect;

use crate::clock::since;
use crate::text;
use crate::tui::layout;
use crate::tui::model::{Field, Form, Kind, Model, PlanState, SubmitState};
use crate::tui::view::pen::{Frame, Pen, pad, piece, row};
use crate::tui::view::{fields, footer, header, outcome, picker, preview, tiny};

/// Draws the form at any size.
pub fn draw(pen: &mut Pen<'_>, model: &Model, form: &Form) {
    let theme = *pen.theme;
    let area = pen.area();
    if layout::is_tiny(area.width, area.height) {
        return small(pen, model, form, area);
    }
    let places = layout::create(area);
    header::crumbs(pen, model, places.lines.header, Vec::new());
    let is_in_preview = form.focus == Field::Problems;
    let style = if is_in_preview { theme.border() } else { theme.focused_border() };
    let stops = form.fields();
    let shown = usize::from(places.form.height.saturating_sub(2)).max(1);
    let (top, n_below) = fields::window(form, &stops, shown);
    let bottom = match (top, n_below) {
        (0, 0) => Vec::new(),
        (above, 0) => vec![piece(format!("{above} above"), theme.muted())],
        (0, below) => vec![piece(format!("{below} below"), theme.muted())],
        (above, below) => vec![piece(format!("{above} above · {below} below"), theme.muted())],
    };
    let frame = Frame { title: vec![piece("New job", theme.title())], bottom, style, ..Frame::default() };
    let inside = pad(pen.frame(places.form, &frame), 1);
    for (at, field) in stops.iter().skip(top).take(shown).enumerate() {
        fields::draw(pen, form, *field, row(inside, at as u16));
    }
    preview::draw(pen, form, places.preview);
    let outcome = pad(places.outcome, 1);
    let facts = Rect { height: outcome.height.saturating_sub(1), ..outcome };
    for (at, line) in outcome::lines(pen, model, form, facts).iter().enumerate() {
        pen.line(row(facts, at as u16), line);
    }
    buttons(pen, model, form, row(outcome, outcome.height.saturating_sub(1)));
    picker::draw(pen, form, places.lines.body);
    footer::notice(pen, model, places.lines.notice);
    footer::hints(pen, model, places.lines.footer);
}

/// Where there is no room for a box: the focused field, and those around it.
fn small(pen: &mut Pen<'_>, model: &Model, form: &Form, area: Rect) {
    let (first, rows) = tiny::split(area);
    let title = vec![piece("New job", pen.theme.title())];
    tiny::top(pen, model, first, title);
    if picker::is_open(form) {
        return picker::list(pen, form, rows);
    }
    let stops = form.stops();
    let at = stops.iter().position(|field| *field == form.focus).unwrap_or(0);
    let from = at.saturating_sub(usize::from(rows.height).saturating_sub(1));
    for (n, field) in stops.iter().skip(from).take(usize::from(rows.height)).enumerate() {
        let place = row(rows, n as u16);
        match field.kind() {
            Kind::Button => fields::button(pen, form, *field, &label(model, form, *field), place),
            Kind::Sources | Kind::File | Kind::Text | Kind::Choice | Kind::Switch | Kind::Problems => {
                fields::draw(pen, form, *field, place);
            }
        }
    }
}

/// What stands on a button.
fn label(model: &Model, form: &Form, button: Field) -> String {
    let word = button.label();
    match (button, &form.submit) {
        (Field::SubmitButton, SubmitState::InFlight(..) | SubmitState::Stopping(_)) => "Submitting".to_owned(),
        (Field::SubmitButton, SubmitState::Failed(_)) if must_wait(model, form) => {
            let left = form.retry_at.map(|at| text::age(since(model.now, at))).unwrap_or_default();
            format!("{word} in {left}")
        }
        (Field::SubmitButton, _) => match form.shown_plan() {
            Some(plan) if plan.n_jobs() > 1 => format!("{word} {} jobs", plan.n_jobs()),
            Some(plan) if plan.sample.is_some() => format!("{word} {} only", plan.n_requests),
            Some(plan) if !plan.rest_of.is_empty() => format!("{word} the rest"),
            Some(_) | None => word.to_owned(),
        },
        _ => word.to_owned(),
    }
}

/// Whether the service asked to wait, and the time is not over.
fn must_wait(model: &Model, form: &Form) -> bool {
    matches!(form.submit, SubmitState::Failed(_)) && form.retry_at.is_some_and(|at| at > model.now)
}

fn buttons(pen: &mut Pen<'_>, model: &Model, form: &Form, place: Rect) {
    let theme = *pen.theme;
    let cannot = model.setting.read_only
        || matches!(&form.plan, PlanState::Ready(_, plan) if plan.has_errors())
        || form.submit.under_way().is_some()
        || must_wait(model, form);
    let mut pieces = Vec::new();
    for field in [Field::SubmitButton, Field::SampleButton, Field::CancelButton] {
        let is_focused = form.focus == field;
        let style = match (is_focused, field) {
            (true, _) => theme.selected(),
            (false, Field::SubmitButton) if cannot => theme.muted(),
            (false, _) => theme.text(),
        };
        pieces.push(piece(if is_focused { "▸" } else { " " }, theme.title()));
        pieces.push(piece(format!("[ {} ]", label(model, form, field)), style));
        pieces.push(piece(" ", theme.text()));
    }
    if model.setting.read_only {
        pieces.push(piece("read-only", theme.warn()));
    } else if !model.setting.is_google && !model.setting.demo {
        // The last thing that is read before texts, key and money go there.
        pieces.push(piece(format!("to {}", model.setting.host), theme.warn()));
    }
    pen.line(place, &pieces);
}
