//! Creates whose answer was lost, in dialogs: what each way out means, and what it may cost.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::clock::since;
use crate::text;
use crate::tui::model::{Button, Confirm, Model, Target};
use crate::tui::view::pen::{Pen, Piece, piece};
use crate::tui::view::times;

/// What is said of a create that was looked for long enough, in place of that it is looked for.
pub const UNRESOLVED: &str = "No listing shows it. D: keep waiting, mark it as lost, or submit it again.";

/// A sentence of a dialog and how it looks.
type Said = (String, Style);

/// `What about ch07?`
pub fn question(confirm: &Confirm) -> String {
    match confirm.targets.first() {
        Some(Target::Lost(lost)) => {
            format!("{} is still UNKNOWN: what now?", text::clean_short(&lost.display_name, 40))
        }
        Some(_) | None => "Still UNKNOWN: what now?".to_owned(),
    }
}

/// The three ways out of a create that no listing shows, one sentence for each.
pub fn ways_out(pen: &Pen<'_>, model: &Model, confirm: &Confirm) -> Vec<Said> {
    let theme = pen.theme;
    let Some(Target::Lost(lost)) = confirm.targets.first() else { return Vec::new() };
    let (sent, waited) = (times::clock(&model.zone, lost.at), text::age(since(lost.at, model.now)));
    let amount = amount(lost.n_requests, lost.characters);
    vec![
        (format!("Sent at {sent}. The answer was lost, and for {waited} no listing has shown it."), theme.warn()),
        ("Keep waiting: every listing goes on looking, and shows it as a job if it turns up.".to_owned(), theme.text()),
        ("Mark as lost: the same content may be submitted again; nothing is cancelled.".to_owned(), theme.text()),
        (format!("Submit again: {amount} are sent once more and may be billed twice."), theme.text()),
    ]
}

/// What it means to give creates up: nothing at the service changes, but money may be spent twice.
pub fn given_up(pen: &Pen<'_>, confirm: &Confirm) -> Vec<Said> {
    let theme = pen.theme;
    let (mut n_requests, mut n_characters) = (0, 0);
    for target in &confirm.targets {
        if let Target::Lost(lost) = target {
            n_requests += lost.n_requests;
            n_characters += lost.characters;
        }
    }
    let (requests, characters) = (text::count(n_requests, "request"), text::count(n_characters, "character"));
    vec![
        (
            format!("The answer was lost: it may exist. Sent again, {requests} with {characters} may be billed twice."),
            theme.warn(),
        ),
        ("Giving it up only lets the same content be sent again; nothing is cancelled.".to_owned(), theme.text()),
        ("If it turns up in a listing after all, it is shown as a job.".to_owned(), theme.text()),
    ]
}

/// What it means to send the same once more.
pub fn sent_again(pen: &Pen<'_>, confirm: &Confirm) -> Vec<Said> {
    let theme = pen.theme;
    let Some(Target::Again(_, lost, plan)) = confirm.targets.first() else { return Vec::new() };
    let Some(plan) = plan else { return vec![("Preparing what was sent …".to_owned(), theme.active())] };
    let dollars = plan.estimate.as_ref().and_then(|estimate| estimate.dollars);
    let dollars = dollars.map(|(low, high)| format!(", about {} to {}", text::dollars(low), text::dollars(high)));
    let amount = amount(lost.n_requests, lost.characters);
    let mut said = vec![(
        format!("The first one may exist: {amount}{} may be billed twice.", dollars.unwrap_or_default()),
        theme.bad(),
    )];
    if let Some(over) = &plan.over_cap {
        let sentence = over.sentence();
        said.push((format!("{}{}.", sentence[..1].to_uppercase(), &sentence[1..]), theme.warn()));
    }
    said.push((
        "The list is looked at a last time: if it is there by then, it is taken over and nothing is sent.".to_owned(),
        theme.text(),
    ));
    said
}

fn amount(n_requests: u64, characters: u64) -> String {
    format!("{} with {}", text::count(n_requests, "request"), text::count(characters, "character"))
}

/// Three buttons, or, where there is no room for them, the focused one.
pub fn buttons(pen: &mut Pen<'_>, confirm: &Confirm, place: Rect) {
    let theme = *pen.theme;
    let labels = [(Button::Keep, "Keep waiting"), (Button::Do, "Mark as lost"), (Button::Other, "Submit again")];
    let button = |(which, label): (Button, &str)| match confirm.focus == which {
        true => piece(format!("[ {label} ]"), theme.selected()),
        false => piece(format!("  {label}  "), theme.text()),
    };
    let all: Vec<Piece> = labels.into_iter().map(button).collect();
    if pen.total(&all) <= place.width {
        pen.line_right(place, &all);
        return;
    }
    let focused = labels.into_iter().filter(|(which, _)| *which == confirm.focus).map(button);
    let one: Vec<Piece> = focused.chain([piece(" Tab", theme.key())]).collect();
    pen.line_right(place, &one);
}
