//! The first line: who talks to whom, and whether what is below can be believed.
//!
//! Nothing in it ticks: it shows when the list was made, and an age only when the list is old.

use ratatui::layout::Rect;

use crate::clock::since;
use crate::failure::Exit;
use crate::text;
use crate::tui::model::{Model, Overlay, Screen};
use crate::tui::view::pen::{Pen, Piece, pad, piece, skip};
use crate::tui::view::times;

/// A part of the header that gives way when there is no room: the higher the rank, the longer it stays.
struct Part {
    rank: u8,
    pieces: Vec<Piece>,
}

/// Ranks from here on never give way.
const STAYS: u8 = 9;

/// So many cells of the way to a screen are worth more than any fact about what is on it.
const LEAST_WAY: u16 = 24;

/// The first line above the list of jobs.
pub fn full(pen: &mut Pen<'_>, model: &Model, place: Rect) {
    let theme = *pen.theme;
    let setting = &model.setting;
    let mut left = vec![Part { rank: 5, pieces: vec![piece("gemtts-tui", theme.title()), piece("  ", theme.text())] }];
    if !setting.demo {
        left.push(Part { rank: 6, pieces: vec![piece(setting.profile.as_str(), theme.text())] });
    }
    if !setting.key_tail.is_empty() && !setting.demo {
        left.push(Part { rank: 3, pieces: vec![piece(format!("key …{}", setting.key_tail), theme.muted())] });
    }
    match (setting.is_google, setting.demo) {
        (true, _) => left.push(Part { rank: 1, pieces: vec![piece(setting.host.as_str(), theme.muted())] }),
        (false, true) => {
            left.push(Part { rank: STAYS, pieces: vec![piece(" demo ", theme.chip())] });
            left.push(Part { rank: 1, pieces: vec![piece(setting.host.as_str(), theme.muted())] });
        }
        (false, false) => {
            left.push(Part { rank: STAYS, pieces: vec![piece(format!(" {} ", setting.host), theme.chip())] });
        }
    }
    let mut right = link(pen, model);
    if let Some(every) = every(model) {
        // When nothing comes any more, the next try is worth more than who asks.
        let rank = if model.link.trouble.is_some() { 6 } else { 2 };
        right.push(Part { rank, pieces: vec![piece(every, theme.muted())] });
    }
    both(pen, pad(place, 1), left, right);
}

/// The first line of every other screen: the way here, what is worth knowing at the right, and any trouble.
pub fn crumbs(pen: &mut Pen<'_>, model: &Model, place: Rect, right: Vec<Piece>) {
    let theme = *pen.theme;
    let mut way = vec![piece("Jobs", theme.muted())];
    for (at, screen) in model.screens.iter().enumerate() {
        let style = if at + 1 == model.screens.len() { theme.title() } else { theme.muted() };
        way.push(piece(" ▸ ", theme.muted()));
        way.push(piece(name(model, screen), style));
    }
    if let Some(Overlay::Page(page)) = model.overlays.last() {
        way.push(piece(" ▸ ", theme.muted()));
        way.push(piece(page.title.as_str(), theme.title()));
    }
    let mut trouble: Vec<Part> = Vec::new();
    if model.setting.demo {
        trouble.push(Part { rank: 2, pieces: vec![piece(" demo ", theme.chip())] });
    } else if !model.setting.is_google {
        trouble.push(Part { rank: STAYS, pieces: vec![piece(format!(" {} ", model.setting.host), theme.chip())] });
    }
    // A quiet link needs no word here.
    trouble.extend(link(pen, model).into_iter().filter(|part| part.rank == STAYS && !is_quiet(model, part)));
    let place = pad(place, 1);
    let shown = if trouble.is_empty() { 0 } else { both(pen, place, Vec::new(), trouble).saturating_add(2) };
    let room = Rect { width: place.width.saturating_sub(shown), ..place };
    let facts = pen.total(&right);
    let way_width = pen.total(&way);
    if way_width.saturating_add(facts).saturating_add(2) <= room.width {
        pen.line_right(room, &right);
        pen.line(Rect { width: room.width - facts, ..room }, &way);
    } else {
        // What is known about it gives way from the right; its state, which comes first, stays where the way to it can
        // still be read.
        let facts: Vec<Piece> = (1..=right.len())
            .rev()
            .filter(|n| n % 2 == 1)
            .map(|n| right[..n].to_vec())
            .find(|facts| pen.total(facts).saturating_add(2).saturating_add(LEAST_WAY.min(way_width)) <= room.width)
            .unwrap_or_default();
        let taken = pen.line_right(room, &facts);
        let gap = if facts.is_empty() { 0 } else { 2 };
        pen.line(Rect { width: room.width.saturating_sub(taken + gap), ..room }, &way);
    }
}

/// What a screen is called in the way to it.
fn name(model: &Model, screen: &Screen) -> String {
    match screen {
        Screen::Job(job) => match model.jobs.get(&job.name) {
            Some(tracked) => tracked.job.title().to_owned(),
            None => job.name.id().to_owned(),
        },
        Screen::Key(key) => {
            let row = model.job_screen().and_then(|job| job.row(key.line));
            row.map_or_else(|| format!("line {}", key.line), |row| super::job::name(&row))
        }
        Screen::Create(_) => "New job".to_owned(),
        Screen::Files(_) => "Files".to_owned(),
        Screen::Messages { .. } => "Messages".to_owned(),
        Screen::Help { .. } => "Help".to_owned(),
    }
}

fn is_quiet(model: &Model, part: &Part) -> bool {
    model.link.trouble.is_none()
        && !model.link.frozen
        && part.pieces.iter().all(|p| p.text == "live" || p.text == "loading")
}

/// Whether the list can be believed, and of when it is.
fn link(pen: &Pen<'_>, model: &Model) -> Vec<Part> {
    let theme = *pen.theme;
    let link = &model.link;
    let zone = &model.zone;
    let stays = |text: String, style| Part { rank: STAYS, pieces: vec![piece(text, style)] };
    let mut parts = Vec::new();
    if model.setting.read_only {
        parts.push(stays(" read-only ".to_owned(), theme.chip()));
    }
    match &link.trouble {
        Some(trouble) if trouble.failure.exit == Exit::Key => {
            parts.push(stays("✗ key refused".to_owned(), theme.bad()));
        }
        _ if times::pace(model).is_some() => {
            parts.extend(times::pace(model).map(|words| stays(format!("⚠ {words}"), theme.warn())));
        }
        Some(trouble) => {
            // Who asked for a wait is there.
            let word = if trouble.failure.retry_after.is_some() { "slowed down" } else { "offline" };
            parts.push(stays(format!("⚠ {word} since {}", times::clock(zone, trouble.since)), theme.warn()));
        }
        None if link.frozen => parts.push(stays("frozen".to_owned(), theme.warn())),
        None if link.listed_at.is_none() || link.is_restored => parts.push(stays("loading".to_owned(), theme.active())),
        None => parts.push(stays("live".to_owned(), theme.good())),
    }
    if let Some(at) = link.listed_at {
        let old = since(at, model.now).as_secs() / 60;
        let shown = times::as_of(model);
        let is_stale = link.trouble.is_some() || link.frozen || link.is_restored;
        let text = match is_stale && old > 0 {
            true => format!("list of {}, {} old", times::clock(zone, shown), text::age(since(at, model.now))),
            false => format!("listed {}", times::clock(zone, shown)),
        };
        parts.push(Part { rank: 7, pieces: vec![piece(text, theme.text())] });
    }
    if !link.complete {
        parts.push(Part { rank: 8, pieces: vec![piece("⚠ list incomplete", theme.warn())] });
    }
    parts
}

/// When the next listing comes.
fn every(model: &Model) -> Option<String> {
    if model.link.frozen {
        return None;
    }
    if model.link.trouble.is_some() {
        let next = model.link.next_poll?;
        return Some(format!("next try {}", times::clock_seconds(&model.zone, next)));
    }
    // The same rule by which `update` plans the next listing.
    Some(format!("every {} s", crate::tui::update::pace(model).as_secs()))
}

/// Writes parts at both ends; the lowest ranks give way until the rest fits. Returns the cells that the right end took.
fn both(pen: &mut Pen<'_>, place: Rect, mut left: Vec<Part>, mut right: Vec<Part>) -> u16 {
    loop {
        let (left_pieces, right_pieces) = (joined(pen, &left), joined(pen, &right));
        let gap = if left_pieces.is_empty() || right_pieces.is_empty() { 0 } else { 2 };
        let wanted = pen.total(&left_pieces).saturating_add(pen.total(&right_pieces)).saturating_add(gap);
        let lowest = left.iter().chain(&right).map(|part| part.rank).filter(|rank| *rank < STAYS).min();
        match lowest {
            Some(rank) if wanted > place.width => {
                left.retain(|part| part.rank != rank);
                right.retain(|part| part.rank != rank);
            }
            Some(_) | None => {
                // What is left matters more at the right: whether the list is alive.
                let taken = pen.line_right(place, &right_pieces);
                let room = place.width.saturating_sub(taken.saturating_add(gap));
                pen.line(Rect { width: room, ..skip(place, 0) }, &left_pieces);
                return taken;
            }
        }
    }
}

/// The pieces of all parts, with dots between them but not behind white space.
fn joined(pen: &Pen<'_>, parts: &[Part]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for part in parts {
        if pieces.last().is_some_and(|last| !last.text.trim().is_empty()) {
            pieces.push(piece(" · ", pen.theme.muted()));
        }
        pieces.extend(part.pieces.iter().cloned());
    }
    pieces
}
