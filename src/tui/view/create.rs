//! The form for a new job: fields on the left, what will be sent on the right, what it comes to below the fields.

use ratatui::layout::Rect;

use crate::money::{Catalog, Estimate};
use crate::ops::Plan;
use crate::text;
use crate::tui::layout;
use crate::tui::model::{Field, Form, Model, PlanState, SubmitState};
use crate::tui::view::pen::{Frame, Pen, Piece, pad, piece, row, skip};
use crate::tui::view::wrap::wrap;
use crate::tui::view::{footer, header, picker, preview, times, tiny};

/// The cells of the names of the fields.
const NAMES: u16 = 11;

/// The row of the buttons, where there is room for everything above them.
const BUTTONS_AT: u16 = 14;

/// The fields that hold something; the buttons stand below them.
const FIELDS: [Field; 7] =
    [Field::Source, Field::Model, Field::Voice, Field::Language, Field::Name, Field::Sample, Field::Inline];

/// Draws the form at any size.
pub fn draw(pen: &mut Pen<'_>, model: &Model, form: &Form) {
    let theme = *pen.theme;
    let area = pen.area();
    if layout::is_tiny(area.width, area.height) {
        return small(pen, model, form, area);
    }
    let (lines, place, preview_place) = layout::create(area);
    header::crumbs(pen, model, lines.header, Vec::new());
    let frame =
        Frame { title: vec![piece("New job", theme.title())], style: theme.focused_border(), ..Frame::default() };
    let inside = pad(pen.frame(place, &frame), 1);
    // The buttons stay where they are when what stands above them grows.
    let buttons_at = inside.height.saturating_sub(1).min(BUTTONS_AT);
    let focused = FIELDS.iter().position(|field| *field == form.focus).unwrap_or(0);
    let hidden = (focused + 1).saturating_sub(usize::from(buttons_at));
    for (at, field) in FIELDS.iter().skip(hidden).take(usize::from(buttons_at)).enumerate() {
        field_row(pen, form, *field, row(inside, at as u16));
    }
    let between = Rect {
        y: inside.y.saturating_add(FIELDS.len() as u16),
        height: buttons_at.saturating_sub(FIELDS.len() as u16),
        ..inside
    };
    for (at, line) in state(pen, model, form, usize::from(between.width)).iter().enumerate() {
        pen.line(row(between, at as u16), line);
    }
    buttons(pen, model, form, row(inside, buttons_at));
    preview::draw(pen, form, preview_place);
    picker::draw(pen, form, lines.body);
    footer::notice(pen, model, lines.notice);
    footer::hints(pen, model, lines.footer);
}

/// Where there is no room for a box: the focused field, and those around it.
fn small(pen: &mut Pen<'_>, model: &Model, form: &Form, area: Rect) {
    let (first, rows) = tiny::split(area);
    let title = vec![piece("New job", pen.theme.title())];
    tiny::top(pen, model, first, title);
    if picker::is_open(form) {
        return picker::list(pen, form, rows);
    }
    let at = Field::ALL.iter().position(|field| *field == form.focus).unwrap_or(0);
    let from = at.saturating_sub(usize::from(rows.height).saturating_sub(1));
    for (n, field) in Field::ALL.iter().skip(from).take(usize::from(rows.height)).enumerate() {
        field_row(pen, form, *field, row(rows, n as u16));
    }
}

fn field_row(pen: &mut Pen<'_>, form: &Form, field: Field, place: Rect) {
    let theme = *pen.theme;
    let is_focused = form.focus == field;
    let label = match field {
        Field::Source => "Source",
        Field::Model => "Model",
        Field::Voice => "Voice",
        Field::Language => "Language",
        Field::Name => "Name",
        Field::Sample => "Sample",
        Field::Inline => "Inline",
        Field::SubmitButton => "[ Submit ]",
        Field::CancelButton => "[ Cancel ]",
    };
    let sign = if is_focused { "▸" } else { " " };
    pen.text(place, &format!("{sign} {label}"), if is_focused { theme.title() } else { theme.muted() });
    let place = skip(place, NAMES);
    match &form.editing {
        Some(line) if is_focused => footer::line(pen, place, line),
        Some(_) | None => {
            let value = value(pen, form, field);
            let style = value.style;
            let taken = pen.line(place, &[value]);
            if is_focused {
                pen.restyle(Rect { width: taken.max(1).min(place.width), ..place }, style.patch(theme.selected()));
            }
        }
    }
}

/// What a field holds, or what is taken when it holds nothing.
fn value(pen: &Pen<'_>, form: &Form, field: Field) -> Piece {
    let theme = pen.theme;
    let draft = &form.draft;
    let catalog = Catalog::built_in();
    let (text, absent) = match field {
        Field::Source => (&draft.source, "a file: Enter picks one".to_owned()),
        Field::Model => (&draft.model, format!("{} (default)", catalog.default_model)),
        Field::Voice => (&draft.voice, format!("{} (default)", catalog.voices.default)),
        Field::Language => (&draft.language, "detected by the model".to_owned()),
        Field::Name => (&draft.name, "after the source".to_owned()),
        Field::Sample => (&draft.sample, "all requests".to_owned()),
        Field::Inline => {
            let text = if draft.inline { "[x] in the create call itself" } else { "[ ] uploaded as a file" };
            return piece(text, theme.text());
        }
        Field::SubmitButton | Field::CancelButton => return piece("", theme.text()),
    };
    match (text.is_empty(), field) {
        (true, _) => piece(absent, theme.muted()),
        (false, Field::Sample) => piece(format!("the first {} only", text::clean(text)), theme.text()),
        (false, Field::Voice) => {
            let known = catalog.voices.all.iter().find(|voice| voice.name == *text);
            let character = known.map(|voice| format!("  ({})", voice.character)).unwrap_or_default();
            piece(format!("{}{character}", text::clean(text)), theme.text())
        }
        (false, _) => piece(text::clean(text), theme.text()),
    }
}

/// What the draft comes to, or why it cannot be sent.
fn state(pen: &Pen<'_>, model: &Model, form: &Form, room: usize) -> Vec<Vec<Piece>> {
    let theme = *pen.theme;
    let mut lines: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut say = |text: &str, style| {
        lines.extend(wrap(text, room).into_iter().map(|line| vec![piece(line, style)]));
    };
    match &form.submit {
        SubmitState::Idle => {}
        SubmitState::WhenPlanned => {
            say("Sends it as soon as it is checked.", theme.active());
            return lines;
        }
        SubmitState::InFlight(_, progress) => {
            let mut line = vec![piece("Sending ", theme.active())];
            line.extend(footer::progress(pen, *progress, 10));
            return vec![Vec::new(), line];
        }
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
        PlanState::InFlight(_) => say("Checking …", theme.active()),
        PlanState::Failed(failure) => {
            say(&failure.message, theme.bad());
            if let Some(hint) = &failure.hint {
                say(hint, theme.muted());
            }
        }
        PlanState::Ready(_, plan) => {
            say(&amount(plan), theme.text());
            if let Some(estimate) = &plan.estimate {
                say(&estimated(estimate), theme.text());
            }
            if let Some(over) = &plan.over_cap {
                say(&format!("⚠ {}", over.sentence()), theme.warn());
            }
            if let Some(repeated) = &plan.repeat_of {
                say(&format!("⚠ the same content as {repeated}, less than 48 hours ago"), theme.warn());
            }
            if let Some(lost) = &plan.repeat_unconfirmed {
                let sent = times::clock(&model.zone, lost.at);
                let text = format!("the same content was sent at {sent} and the answer was lost: it may exist already");
                say(&format!("⚠ {text}"), theme.bad());
            }
            if plan.has_errors() {
                say("Cannot be sent before the errors are mended.", theme.bad());
            }
        }
    }
    lines
}

/// `412 requests · 38 120 characters · 1.2 MB`.
fn amount(plan: &Plan) -> String {
    format!(
        "{} · {} · {}",
        text::count(plan.n_requests, "request"),
        text::count(plan.characters, "character"),
        text::bytes(plan.bytes)
    )
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
            let (low, high) = (text::dollars(dollars.0), text::dollars(dollars.1));
            let price = if low == high { low } else { format!("{low}–{}", high.trim_start_matches('$')) };
            format!("{audio} · ≈ {price} at the batch price")
        }
        None => format!("{audio} · no price is known"),
    }
}

fn buttons(pen: &mut Pen<'_>, model: &Model, form: &Form, place: Rect) {
    let theme = *pen.theme;
    let cannot = model.setting.read_only
        || matches!(&form.plan, PlanState::Ready(_, plan) if plan.has_errors())
        || matches!(form.submit, SubmitState::InFlight(..));
    let mut pieces = Vec::new();
    for (field, label) in [(Field::SubmitButton, "Submit"), (Field::CancelButton, "Cancel")] {
        let is_focused = form.focus == field;
        let style = match (is_focused, field) {
            (true, _) => theme.selected(),
            (false, Field::SubmitButton) if cannot => theme.muted(),
            (false, _) => theme.text(),
        };
        pieces.push(piece(if is_focused { "▸" } else { " " }, theme.title()));
        pieces.push(piece(format!("[ {label} ]"), style));
        pieces.push(piece(" ", theme.text()));
    }
    if model.setting.read_only {
        pieces.push(piece("read-only", theme.warn()));
    }
    pen.line(place, &pieces);
}
