//! The last two lines: what was said or is being typed, and the keys that mean something here.

use ratatui::layout::Rect;

use crate::ops::Progress;
use crate::text;
use crate::tui::action::Action;
use crate::tui::keys::{Binding, Context, bindings};
use crate::tui::model::{Line, Model, Overlay, Prompt, PromptKind, Screen, Work};
use crate::tui::theme::level_glyph;
use crate::tui::update::{Chosen, braking_said, chosen, commands_fitting, has_results};
use crate::tui::view::bars;
use crate::tui::view::pen::{Pen, Piece, pad, piece, skip};

/// The last line but one: a prompt, else a notice, else what is under way.
pub fn notice(pen: &mut Pen<'_>, model: &Model, place: Rect) {
    if let Some(Overlay::Prompt(prompt)) = model.overlays.last() {
        return typing(pen, prompt, place);
    }
    let theme = *pen.theme;
    let place = pad(place, 1);
    let mut room = place;
    let badge = badge(pen, model);
    let badge_width = pen.total(&badge);
    if badge_width > 0 && badge_width <= place.width {
        pen.line_right(place, &badge);
        room.width -= (badge_width + 2).min(room.width);
    }
    let shown = model.notices.flash.as_ref().or(model.notices.standing.as_ref());
    let pieces = match (shown, model.work.first()) {
        (Some(notice), _) => {
            let style = theme.level(notice.level);
            let mut pieces = vec![piece(level_glyph(notice.level), style), piece(" ", style)];
            pieces.push(piece(notice.text.as_str(), style));
            if let Some(hint) = &notice.hint {
                pieces.push(piece(format!(" — {hint}"), theme.muted()));
            }
            pieces
        }
        (None, Some(work)) if model.jobs.brake.is_none() => under_way(pen, work, model.work.len() - 1),
        (None, _) => match model.jobs.braking() {
            Some(braking) => vec![
                piece(format!("stopping {}  ", text::count(braking.total(), "job")), theme.warn()),
                piece(braking_said(&braking), theme.text()),
            ],
            None => return,
        },
    };
    pen.line(room, &pieces);
}

/// `⚠ 2 messages L` while there are bad ones that nobody looked at.
fn badge(pen: &Pen<'_>, model: &Model) -> Vec<Piece> {
    if model.notices.unseen == 0 {
        return Vec::new();
    }
    let said = format!("⚠ {}", text::count(model.notices.unseen as u64, "message"));
    let mut badge = vec![piece(said, pen.theme.warn())];
    let context = model.context();
    if let Some(binding) = bindings(context).find(|binding| binding.action == Action::Messages) {
        badge.push(piece(" ", pen.theme.text()));
        badge.push(piece(binding.chords[0].label(), pen.theme.key()));
    }
    badge
}

fn under_way(pen: &Pen<'_>, work: &Work, n_others: usize) -> Vec<Piece> {
    let mut pieces = vec![piece(format!("{}  ", work.what), pen.theme.active())];
    pieces.extend(progress(pen, work.progress, 10));
    if n_others > 0 {
        pieces.push(piece(format!("  and {n_others} more"), pen.theme.muted()));
    }
    pieces
}

/// `████▌░░░░░ 45 %  312 MB of 371 MB · 1 021 keys · 1 h 42 of audio`, the bytes alone when nobody knows how many there
/// are, or what has to end before anything comes.
pub fn progress(pen: &Pen<'_>, progress: Progress, cells: usize) -> Vec<Piece> {
    let theme = pen.theme;
    if progress.is_waiting {
        return vec![piece("waiting for a download to end", theme.muted())];
    }
    if progress.is_processing {
        return vec![piece("uploaded; the service is processing the file", theme.muted())];
    }
    let mut pieces = Vec::new();
    match progress.of.filter(|of| *of > 0) {
        None if progress.bytes == 0 => {}
        None => pieces.push(piece(text::bytes(progress.bytes), theme.text())),
        Some(of) => {
            let (full, empty) = bars::bar(progress.bytes, of, cells);
            let (bytes, whole) = (text::bytes(progress.bytes), text::bytes(of));
            let said = format!(" {} %  {bytes} of {whole}", bars::per_cent(progress.bytes, of));
            pieces.extend([piece(full, theme.bar()), piece(empty, theme.muted()), piece(said, theme.text())]);
        }
    }
    if progress.keys > 0 {
        let (keys, audio) = (text::count(progress.keys, "key"), text::span(progress.seconds));
        pieces.push(piece(format!(" · {keys} · {audio} of audio"), theme.text()));
    }
    pieces
}

/// A filter or a command while it is typed.
fn typing(pen: &mut Pen<'_>, prompt: &Prompt, place: Rect) {
    let theme = *pen.theme;
    let sign = match prompt.kind {
        PromptKind::Filter => "/",
        PromptKind::Palette => ":",
    };
    let place = pad(place, 1);
    let mut room = place;
    if let Some(problem) = &prompt.problem {
        // The text that is typed keeps at least half of the line.
        let taken = pen.width(problem).min(place.width / 2);
        pen.text(Rect { x: place.right() - taken, width: taken, ..place }, problem, theme.bad());
        room.width -= (taken + 2).min(room.width);
    }
    let typed = pen.width(prompt.input.text());
    if prompt.kind == PromptKind::Palette && prompt.problem.is_none() {
        let commands: Vec<&str> = commands_fitting(prompt.input.text()).collect();
        // Beside what is typed, never in its place.
        let place = skip(room, typed.saturating_add(4));
        pen.text(place, &commands.join("  "), theme.muted());
        room.width -= place.width;
    }
    let taken = pen.text(room, sign, theme.key());
    line(pen, skip(room, taken), &prompt.input);
}

/// A line of text under edit; the cell under the cursor is reversed. Long text scrolls so that the cursor is seen.
pub fn line(pen: &mut Pen<'_>, place: Rect, line: &Line) {
    if place.is_empty() {
        return;
    }
    let theme = *pen.theme;
    let before = pen.theme.plain(line.before_cursor()).into_owned();
    let before = text::fit_left(&before, usize::from(place.width - 1));
    let after = crate::text::clean(&line.text()[line.before_cursor().len()..]);
    let taken = pen.text(Rect { width: place.width - 1, ..place }, &before, theme.text());
    let rest = skip(place, taken);
    pen.text(rest, if after.is_empty() { " " } else { &after }, theme.text());
    let under = after.chars().next().map_or(1, |c| pen.width(&c.to_string()).max(1));
    pen.restyle(Rect { width: under.min(rest.width), ..rest }, theme.selected());
}

/// The last line: the way out at the right, then as many whole hints as there is room for.
pub fn hints(pen: &mut Pen<'_>, model: &Model, place: Rect) {
    let context = model.context();
    let place = pad(place, 1);
    // A prompt shares its keys with the fields of the form, but there is nothing to submit.
    let is_form = !matches!(model.overlays.last(), Some(Overlay::Prompt(_)));
    let shown = |binding: &&Binding| {
        let is_forbidden = model.setting.read_only && changes(binding.action);
        !binding.hint.is_empty()
            && !is_forbidden
            && !is_idle(model, binding.action)
            && (binding.action != Action::Back || can_go_back(model, context))
            && (binding.action != Action::Submit || is_form)
            && is_of_use(model, binding.action)
    };
    // The way out is laid down first, so that no screen is too narrow to leave it.
    let (mut ways_out, mut others): (Vec<&Binding>, Vec<&Binding>) =
        bindings(context).filter(shown).partition(|binding| is_exit(binding.action));
    // How to learn more stands first, and leaving altogether last.
    ways_out.sort_by_key(|binding| (binding.action != Action::Help, binding.action == Action::Quit));
    let exits = as_many_as_fit(pen, model, &ways_out, place.width);
    let taken = pen.line_right(place, &exits);
    // What belongs to the whole program rather than to this screen comes last.
    others.sort_by_key(|binding| matches!(binding.action, Action::Palette | Action::Submit));
    let room = place.width.saturating_sub(taken.saturating_add(2));
    let hints = as_many_as_fit(pen, model, &others, room);
    pen.line(Rect { width: room, ..place }, &hints);
}

/// Whole hints, from the first one on, up to the first that does not fit.
fn as_many_as_fit(pen: &Pen<'_>, model: &Model, bindings: &[&Binding], room: u16) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for binding in bindings {
        let hint = hint(pen, model, binding, !pieces.is_empty());
        if pen.total(&pieces).saturating_add(pen.total(&hint)) > room {
            break;
        }
        pieces.extend(hint);
    }
    pieces
}

fn hint(pen: &Pen<'_>, model: &Model, binding: &Binding, spaced: bool) -> Vec<Piece> {
    let theme = pen.theme;
    let mut pieces = Vec::new();
    if spaced {
        pieces.push(piece("  ", theme.text()));
    }
    pieces.push(piece(binding.chords[0].label(), theme.key()));
    pieces.push(piece(format!(" {}", words(model, binding)), theme.text()));
    pieces
}

/// What a key does here. That it saves less than all is better known before than after.
fn words(model: &Model, binding: &Binding) -> String {
    let hint = || binding.hint.to_owned();
    match model.screens.last() {
        Some(Screen::Job(screen)) if binding.action == Action::SaveAll => match chosen(screen) {
            Chosen::All => hint(),
            Chosen::Marked => format!("save {} marked", text::thousands(screen.cursor.marks.len() as u64)),
            Chosen::Visible => format!("save these {}", text::thousands(screen.cursor.visible.len() as u64)),
        },
        Some(_) | None => hint(),
    }
}

/// Whether there is anything for an action of the form to act on.
fn is_of_use(model: &Model, action: Action) -> bool {
    let Some(Screen::Create(form)) = model.screens.last() else { return true };
    match action {
        Action::NextProblem => form.n_problems() > 0,
        Action::FixAll => {
            form.shown_plan().is_some_and(|plan| !crate::request::Fixes::for_findings(&plan.findings).is_empty())
        }
        // Only sources can be folders, and only they can be several.
        Action::Mark | Action::TakeFolder => form.focus == crate::tui::model::Field::Source,
        _ => true,
    }
}

/// Whether a key would only say that there is nothing for it here. On the list of jobs it does not depend on the row, so
/// that nothing moves with the selection.
fn is_idle(model: &Model, action: Action) -> bool {
    if !model.overlays.is_empty() {
        return false;
    }
    match model.screens.last() {
        None if matches!(action, Action::Filter | Action::OnlyBad) => model.jobs.entries.is_empty(),
        None => {
            let is_about_a_row = matches!(
                action,
                Action::Open
                    | Action::CancelJobs
                    | Action::Delete
                    | Action::Save
                    | Action::SaveAll
                    | Action::Mark
                    | Action::Retake
                    | Action::Describe
                    | Action::Raw
            );
            is_about_a_row && model.jobs.cursor.visible.is_empty()
        }
        Some(Screen::Job(screen)) => {
            let Some(job) = model.jobs.get(&screen.name).map(|tracked| &tracked.job) else { return false };
            let is_about_a_row =
                matches!(action, Action::Open | Action::Mark | Action::Filter | Action::OnlyBad | Action::Play);
            let needs_results = matches!(action, Action::Save | Action::SaveAll | Action::Retake);
            (is_about_a_row && screen.rows.is_empty())
                || (needs_results && !has_results(job))
                || (action == Action::CancelJobs && job.state.is_terminal())
                || (action == Action::Delete && !job.state.is_terminal())
        }
        Some(Screen::Key(_) | Screen::Create(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. }) => {
            false
        }
    }
}

/// Whether an action leads away from here, or tells how.
fn is_exit(action: Action) -> bool {
    matches!(action, Action::Help | Action::Quit | Action::Back | Action::No)
}

/// Whether there is anything to step back from.
fn can_go_back(model: &Model, context: Context) -> bool {
    let cursor = &model.jobs.cursor;
    context != Context::Jobs || !cursor.filter.is_empty() || !cursor.marks.is_empty() || cursor.only_bad
}

/// Whether an action asks the service to change something, which a read-only session cannot.
pub fn changes(action: Action) -> bool {
    matches!(action, Action::New | Action::CancelJobs | Action::Retake | Action::Delete | Action::Submit)
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;

    use super::*;
    use crate::tui::theme::{Charset, Palette, Theme};

    #[test]
    fn progress_is_told_in_bytes_keys_and_seconds() {
        let theme = Theme::new(Palette::None, Charset::Unicode);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 1));
        let pen = Pen::new(&mut buffer, &theme);
        let text = |told: Progress| progress(&pen, told, 4).into_iter().map(|piece| piece.text).collect::<String>();
        let half = Progress { bytes: 5_000_000, of: Some(10_000_000), ..Progress::default() };
        let rows = Progress { keys: 1_021, seconds: 6_120.0, ..half };
        assert!(text(half).ends_with(" 50 %  5.0 MB of 10 MB"), "{}", text(half));
        assert!(text(rows).ends_with(" 50 %  5.0 MB of 10 MB · 1 021 keys · 1 h 42 of audio"), "{}", text(rows));
        assert_eq!(text(Progress { is_waiting: true, ..half }), "waiting for a download to end");
        assert_eq!(text(Progress::default()), "");
    }
}
