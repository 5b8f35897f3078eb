//! The question about a retake: a line for each key with what is wrong and what is changed, why, and what it costs.

use ratatui::style::Style;

use crate::ops::{Retake, Take, What};
use crate::text;
use crate::tui::model::{Confirm, Target};
use crate::tui::view::outcome::estimated;
use crate::tui::view::pen::{Pen, Piece, piece};

/// Keys above that number are counted, not shown.
pub const MOST_KEYS: usize = 10;

/// Reasons above that number are left out; keys that share one are many.
const MOST_REASONS: usize = 3;

/// The cells of a verdict.
const VERDICT: usize = 12;

fn made(confirm: &Confirm) -> Option<&Retake> {
    confirm.targets.iter().find_map(|target| {
        let Target::Retake(_, _, made) = target else { return None };
        made.as_deref()
    })
}

/// `Retake 3 keys of ch01?`
pub fn question(confirm: &Confirm) -> String {
    let title = confirm.targets.iter().find_map(|target| {
        let Target::Retake(_, job, _) = target else { return None };
        Some(text::clean_short(job.title(), 60))
    });
    let title = title.unwrap_or_default();
    match made(confirm) {
        Some(made) => format!("Retake {} of {title}?", text::count(made.takes.len() as u64, "key")),
        None => format!("Retake {title}?"),
    }
}

/// The button that does it.
pub fn deed(confirm: &Confirm) -> String {
    match made(confirm) {
        Some(made) => format!("Yes, retake {}", text::count(made.takes.len() as u64, "key")),
        None => "Yes, retake".to_owned(),
    }
}

/// The keys, what is wrong with each, and what is changed.
pub fn takes(pen: &Pen<'_>, made: &Retake, room: usize, most: usize) -> Vec<Vec<Piece>> {
    let theme = *pen.theme;
    let shown = &made.takes[..made.takes.len().min(most)];
    let key = |take: &Take| theme.plain(&text::clean(&take.key)).into_owned();
    let widest = shown.iter().map(|take| text::width(&key(take))).max().unwrap_or(0).min(room / 3);
    let padded = |text: &str, cells: usize| {
        let fitted = text::fit(text, cells);
        let padding = " ".repeat(cells.saturating_sub(text::width(&fitted)) + 2);
        format!("{fitted}{padding}")
    };
    let line = |take: &Take| {
        let (change, style) = diff(take);
        let style = if style { theme.active() } else { theme.muted() };
        vec![
            piece(padded(&key(take), widest), theme.title()),
            piece(padded(take.wrong.word(), VERDICT), theme.bad()),
            piece(theme.plain(&change).into_owned(), style),
        ]
    };
    let mut lines: Vec<Vec<Piece>> = shown.iter().map(line).collect();
    let n_others = made.takes.len() - shown.len();
    if n_others > 0 {
        lines.push(vec![piece(format!("and {} more", text::thousands(n_others as u64)), theme.text())]);
    }
    lines
}

/// What is changed, and whether anything is.
fn diff(take: &Take) -> (String, bool) {
    match (&take.change.before, &take.change.after, take.change.what) {
        (Some(before), Some(after), _) => (format!("{before} → {after}"), true),
        (_, _, What::Split) => ("the same again; better split".to_owned(), false),
        (_, _, What::Again | What::Temperature) => ("the same again".to_owned(), false),
    }
}

/// What it costs, why, and what is left out.
pub fn consequences(pen: &Pen<'_>, confirm: &Confirm) -> Vec<(String, Style)> {
    let theme = *pen.theme;
    let Some(made) = made(confirm) else {
        return vec![("Looking at what failed or sounds wrong …".to_owned(), theme.active())];
    };
    let mut said = Vec::new();
    if let Some(plan) = &made.plan {
        let amount = format!("{} of {}", text::count(plan.n_requests, "request"), text::thousands(made.n_requests));
        said.push(match &plan.estimate {
            Some(estimate) => (format!("{amount} · {}", estimated(estimate)), theme.text()),
            None => (amount, theme.text()),
        });
        if let Some(over) = &plan.over_cap {
            said.push((format!("It is {}.", over.sentence()), theme.warn()));
        }
        if let Some(repeated) = &plan.repeat_of {
            let text = format!("The same requests were sent as {repeated}, less than 48 hours ago: billed again.");
            said.push((text, theme.warn()));
        }
    }
    let mut reasons: Vec<&str> = Vec::new();
    for take in &made.takes {
        if !reasons.contains(&take.change.reason) {
            reasons.push(take.change.reason);
        }
    }
    said.extend(reasons.iter().take(MOST_REASONS).map(|reason| ((*reason).to_owned(), theme.text())));
    if made.n_refused > 0 {
        let refused = text::count(made.n_refused, "key");
        said.push((format!("{refused} that the service refused left out; mark them to take them too."), theme.muted()));
    }
    if made.n_untold > 0 {
        let untold = text::count(made.n_untold, "key");
        said.push((format!("{untold} left out: some results say no key, and may be theirs."), theme.muted()));
    }
    said
}
