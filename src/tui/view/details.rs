//! What is known about the selected job, below the list: where it came from, how it went, what becomes of it.

use std::time::Duration;

use jiff::Timestamp;
use ratatui::layout::Rect;

use crate::clock::since;
use crate::job::{Doubt, Job, Source};
use crate::ops::Unconfirmed;
use crate::text;
use crate::tui::model::{Entry, EntryId, Model, Tracked};
use crate::tui::rate;
use crate::tui::update::{auto_save_standing, is_unresolved};
use crate::tui::view::pen::{Frame, Pen, Piece, pad, piece, row};
use crate::tui::view::{bars, campaigns, job_facts, lost, times};

/// Draws the details of the selected job, and its pace where that has a place of its own.
pub fn draw(pen: &mut Pen<'_>, model: &Model, place: Rect, pace_place: Option<Rect>) {
    let entry = selected(model);
    let title = match entry {
        Some(Entry::Job(tracked)) => tracked.job.title(),
        Some(Entry::Lost(lost)) => &lost.display_name,
        Some(Entry::Campaign(status)) => &status.name,
        None => "No job selected",
    };
    let frame = Frame { title: vec![piece(title, pen.theme.title())], style: pen.theme.border(), ..Frame::default() };
    let inside = pad(pen.frame(place, &frame), 1);
    let lines = match entry {
        Some(Entry::Job(tracked)) => job_lines(pen, model, tracked, pace_place.is_none()),
        Some(Entry::Lost(lost)) => lost_lines(pen, model, lost),
        Some(Entry::Campaign(status)) => campaigns::lines(pen, model, status),
        None => Vec::new(),
    };
    for (at, line) in lines.iter().enumerate() {
        pen.line(row(inside, at as u16), line);
    }
    if let Some(place) = pace_place {
        let tracked = entry.and_then(|entry| match entry {
            Entry::Job(tracked) => Some(&**tracked),
            Entry::Lost(_) | Entry::Campaign(_) => None,
        });
        pace(pen, tracked, place);
    }
}

/// The selected row. Looks where the cursor says it is before it looks everywhere.
pub fn selected(model: &Model) -> Option<&Entry> {
    let cursor = &model.jobs.cursor;
    let id = cursor.selected.as_ref()?;
    let row = cursor.visible.get(cursor.row).and_then(|index| model.jobs.entries.get(*index as usize));
    row.filter(|entry| is(entry, id)).or_else(|| model.jobs.entries.iter().find(|entry| is(entry, id)))
}

/// Whether a row is known by that, without making a copy of what it is known by.
pub fn is(entry: &Entry, id: &EntryId) -> bool {
    match (entry, id) {
        (Entry::Job(tracked), EntryId::Job(name)) => tracked.job.name == *name,
        (Entry::Lost(lost), EntryId::Lost(token)) => lost.token == *token,
        (Entry::Campaign(status), EntryId::Campaign(id)) => status.id == *id,
        (Entry::Job(_) | Entry::Lost(_) | Entry::Campaign(_), _) => false,
    }
}

fn job_lines(pen: &Pen<'_>, model: &Model, tracked: &Tracked, with_pace: bool) -> Vec<Vec<Piece>> {
    let theme = *pen.theme;
    let job = &tracked.job;
    let mut lines = vec![vec![piece(job.name.as_str(), theme.muted())], timeline(pen, model, tracked)];
    let mut from = vec![source(job)];
    if let Some(counts) = job.counts {
        from.push(text::count(counts.requests, "request"));
    }
    if with_pace && let Some(pace) = rate::per_minute(&tracked.samples) {
        from.push(format!("{pace:.1} a minute"));
    }
    lines.push(vec![piece(from.join(" · "), theme.text())]);
    if let Some(doubt) = model.jobs.doubts.get(&job.name) {
        lines.extend(odd(model, job, doubt).into_iter().map(|said| vec![piece(said, theme.warn())]));
    }
    if let Some(error) = &job.error {
        lines.push(vec![piece(job_facts::error(error), theme.bad())]);
    }
    if let Some(folder) = model.jobs.saved.get(&job.name) {
        let folder = text::clean(&folder.to_string_lossy());
        lines.push(vec![piece("saved to ", theme.good()), piece(folder, theme.text())]);
    }
    if let Some(paid) = model.jobs.paid(&job.name) {
        let style = if paid.n_unusable > 0 { theme.warn() } else { theme.text() };
        lines.push(vec![piece(job_facts::paid(paid), style)]);
    }
    let is_saved = model.jobs.saved.contains_key(&job.name);
    if !is_saved && let Some(standing) = auto_save_standing(model, &job.name) {
        lines.push(vec![piece(standing, theme.active())]);
    }
    if let Some(end) = job_facts::kept_until(job) {
        let until = times::day_and_clock(&model.zone, end);
        let (said, style) = match end > times::as_of(model) {
            true => {
                let left = since(times::as_of(model), end);
                let style = if !is_saved && left < job_facts::SOON { theme.warn() } else { theme.muted() };
                (format!("results are kept until about {until}, {} left (of 48 h)", job_facts::whole(left)), style)
            }
            false => (format!("results are probably gone since {until} (after 48 h)"), theme.muted()),
        };
        lines.push(vec![piece(said, style)]);
    }
    lines
}

/// What is odd about a job, in a line or two.
fn odd(model: &Model, job: &Job, doubt: &Doubt) -> Vec<String> {
    match doubt {
        // The name takes a line of its own: whole, it is what a person compares.
        Doubt::Duplicate(first) => vec![
            format!("⚠ DUPLICATE of {first}"),
            "One create, two jobs, both billed: x cancels this later one.".to_owned(),
        ],
        Doubt::Twin(other) => vec![format!("⚠ looks like {other}, created just before it: both are billed")],
        Doubt::Stuck => {
            let age = job.create_time.map_or(Duration::ZERO, |made| times::age_of(model, made));
            let left = job_facts::whole(job_facts::TWO_DAYS.saturating_sub(age));
            vec![format!("⚠ not over after the promised day; given up after two, in {left}")]
        }
        Doubt::Slow(usual) => vec![format!("⚠ most jobs of its model took {} or less", text::age(*usual))],
    }
}

fn lost_lines(pen: &Pen<'_>, model: &Model, lost: &Unconfirmed) -> Vec<Vec<Piece>> {
    let theme = pen.theme;
    let sent =
        format!("sent {} · {}", times::day_and_clock(&model.zone, lost.at), text::count(lost.n_requests, "request"));
    vec![
        vec![piece(format!("token {}", lost.token), theme.muted())],
        vec![piece(sent, theme.text())],
        vec![piece("The answer to its create was lost: it may exist, and must not be sent again.", theme.warn())],
        match is_unresolved(model, lost) {
            true => vec![piece(lost::UNRESOLVED, theme.warn())],
            false => vec![piece("Every listing looks for it by its token; D gives it up.", theme.muted())],
        },
    ]
}

/// Where the requests of a job came from.
pub fn source(job: &Job) -> String {
    match &job.source {
        Some(Source::File(file)) => format!("from {file}"),
        Some(Source::Inline) => "inline requests".to_owned(),
        None => "source not told".to_owned(),
    }
}

/// `PENDING 14:02 ─ 3 m ─▸ RUNNING 14:05 ─ 2 h 01 …`.
pub fn timeline(pen: &Pen<'_>, model: &Model, tracked: &Tracked) -> Vec<Piece> {
    let theme = *pen.theme;
    let mut stations: Vec<(String, Timestamp)> = Vec::new();
    match model.jobs.timelines.get(&tracked.job.name) {
        Some(seen) if !seen.is_empty() => {
            // A job that we first saw when it ran already still began when it was created.
            let created = tracked.job.create_time.filter(|created| *created < seen[0].at);
            stations.extend(created.map(|at| ("created".to_owned(), at)));
            // What it did already when it was first seen began nobody knows when; with a later station known, that
            // moment says nothing.
            let is_guess = created.is_some() && seen[0].from.is_none() && seen.len() > 1;
            stations.extend(
                seen.iter()
                    .skip(usize::from(is_guess))
                    .map(|transition| (transition.to.word().to_owned(), transition.at)),
            );
        }
        Some(_) | None => {
            // Nothing was recorded: the service itself tells the beginning and the end.
            stations.extend(tracked.job.create_time.map(|at| ("created".to_owned(), at)));
            let over = tracked.job.end_time.map(|at| (tracked.job.state.word().to_owned(), at));
            stations.extend(over);
        }
    }
    let mut pieces = Vec::new();
    // A job that ran already when it was first seen began to run nobody knows when: not at that moment.
    if let [(created, at), (word, first_seen)] = stations.as_slice()
        && created == "created"
        && *word == tracked.job.state.word()
        && tracked.is_active()
    {
        let age = text::age(since(*at, times::as_of(model)));
        return vec![
            piece(format!("{created} "), theme.text()),
            piece(format!("{} ─ {age} … ", moment(model, *at)), theme.muted()),
            piece(word.as_str(), theme.text()),
            piece(format!(" when first seen, {}", moment(model, *first_seen)), theme.muted()),
        ];
    }
    for (at, (word, since_then)) in stations.iter().enumerate() {
        pieces.push(piece(format!("{word} "), theme.text()));
        pieces.push(piece(moment(model, *since_then), theme.muted()));
        let lasted = |until: Timestamp| text::age(since(*since_then, until));
        match stations.get(at + 1) {
            Some((_, next)) => pieces.push(piece(format!(" ─ {} ─▸ ", lasted(*next)), theme.muted())),
            None if tracked.is_active() => {
                pieces.push(piece(format!(" ─ {} …", lasted(times::as_of(model))), theme.muted()));
            }
            None => {}
        }
    }
    pieces
}

/// A moment of the last day by the clock alone, any other with its day.
fn moment(model: &Model, at: Timestamp) -> String {
    match since(at, times::as_of(model)).as_secs() {
        0..72_000 => times::clock(&model.zone, at),
        _ => times::day_and_clock(&model.zone, at),
    }
}

fn pace(pen: &mut Pen<'_>, tracked: Option<&Tracked>, place: Rect) {
    let theme = *pen.theme;
    let pace = tracked.and_then(|tracked| rate::per_minute(&tracked.samples));
    let mut frame =
        Frame { title: vec![piece("Requests per minute", theme.title())], style: theme.border(), ..Frame::default() };
    if let Some(pace) = pace {
        frame.right = vec![piece(format!("{pace:.1}/m"), theme.text())];
    }
    let inside = pad(pen.frame(place, &frame), 1);
    let Some(tracked) = tracked.filter(|_| pace.is_some()) else {
        let said = match tracked {
            Some(tracked) if !tracked.is_active() => match whole_pace(&tracked.job) {
                Some(pace) if pace < 0.05 => "less than one in twenty minutes, from its creation to its end".to_owned(),
                Some(pace) => format!("{pace:.1} a minute from its creation to its end"),
                None => "nothing was done".to_owned(),
            },
            Some(_) => "nothing moved while we watched".to_owned(),
            None => String::new(),
        };
        pen.text(row(inside, 0), &said, theme.muted());
        return;
    };
    let history = rate::history(&tracked.samples, usize::from(inside.width));
    for (at, line) in bars::chart(&history, usize::from(inside.height)).iter().enumerate() {
        pen.text(row(inside, at as u16), line, theme.bar());
    }
}

/// Requests a minute of a job that is over, from its creation to its end.
fn whole_pace(job: &Job) -> Option<f64> {
    let minutes = since(job.create_time?, job.end_time?).as_secs_f64() / 60.0;
    let n_done = job.counts.map(|counts| counts.done()).filter(|n_done| *n_done > 0)?;
    (minutes > 0.0).then(|| n_done as f64 / minutes)
}
