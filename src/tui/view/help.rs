//! The keys of the screen below, from the table that the program itself reads.

use crate::tui::action::Action;
use crate::tui::keys::{Binding, Context, bindings};
use crate::tui::model::{Model, Screen};
use crate::tui::theme::Theme;
use crate::tui::view::pen::{Pen, Piece, piece};
use crate::tui::view::wrap::wrap;
use crate::tui::view::{footer, text};

/// The contexts that share most of their keys.
const LOOKING: [Context; 5] = [Context::Jobs, Context::Job, Context::Key, Context::Files, Context::Text];

/// The keys of a line take that many cells.
const KEYS_WIDTH: usize = 16;

/// Draws the help.
pub fn draw(pen: &mut Pen<'_>, model: &Model, scroll: usize) {
    let theme = *pen.theme;
    let area = pen.area();
    let lines = lines(&theme, model, usize::from(area.width.saturating_sub(4)));
    let title = vec![piece("Help", theme.title()), piece(format!("  {}", below(model).title()), theme.text())];
    text::whole(pen, model, title, &lines, scroll);
}

/// The context whose keys are explained: of the screen below the help.
fn below(model: &Model) -> Context {
    let screen = model.screens.iter().rev().find(|screen| !matches!(screen, Screen::Help { .. }));
    match screen {
        None => Context::Jobs,
        Some(Screen::Job(_)) => Context::Job,
        Some(Screen::Key(_)) => Context::Key,
        Some(Screen::Files(_)) => Context::Files,
        Some(Screen::Create(_)) => Context::Create,
        Some(Screen::Messages { .. } | Screen::Help { .. }) => Context::Text,
    }
}

/// The lines of the help: what is special about the screen, what holds everywhere, dialogs and typing.
pub fn lines(theme: &Theme, model: &Model, room: usize) -> Vec<Vec<Piece>> {
    let context = below(model);
    let is_common = |binding: &Binding| LOOKING.iter().all(|context| binding.contexts.contains(context));
    let mut lines = Vec::new();
    let own = bindings(context).filter(|binding| !is_common(binding));
    section(theme, model, room, context.title(), own, &mut lines);
    if LOOKING.contains(&context) {
        section(theme, model, room, "Everywhere", bindings(context).filter(|b| is_common(b)), &mut lines);
    }
    let sections: &[Context] = match context {
        Context::Create => &[Context::Line, Context::Choice, Context::Picker, Context::Dialog],
        Context::Jobs | Context::Files => &[Context::Dialog, Context::TypedDialog, Context::Line],
        Context::Job
        | Context::Key
        | Context::Text
        | Context::Dialog
        | Context::TypedDialog
        | Context::Line
        | Context::Choice
        | Context::Picker => &[],
    };
    for context in sections {
        section(theme, model, room, context.title(), bindings(*context), &mut lines);
    }
    lines
}

fn section<'a>(
    theme: &Theme,
    model: &Model,
    room: usize,
    title: &str,
    rows: impl Iterator<Item = &'a Binding>,
    lines: &mut Vec<Vec<Piece>>,
) {
    if !lines.is_empty() {
        lines.push(Vec::new());
    }
    lines.push(vec![piece(title, theme.title())]);
    let mut shown: Vec<(String, &Binding)> = Vec::new();
    for binding in rows {
        let keys = binding.chords.iter().map(|chord| chord.label()).collect::<Vec<_>>().join(" ");
        match shown.last_mut() {
            // `1` to `9` say the same nine times.
            Some((first, last)) if last.help == binding.help && is_digit(&keys) => *first = joined(first, &keys),
            // `Tab` and `Shift-Tab` between two buttons lead to the same one.
            Some((first, last)) if last.help == binding.help => *first = format!("{first} {keys}"),
            Some(_) | None => shown.push((keys, binding)),
        }
    }
    for (keys, binding) in shown {
        let forbidden = model.setting.read_only && footer::changes(binding.action);
        let style = if forbidden { theme.muted() } else { theme.text() };
        let help = match (forbidden, binding.action) {
            (true, _) => format!("{} (read-only)", binding.help),
            (false, Action::Freeze) if model.link.frozen => format!("{} (frozen now)", binding.help),
            (false, _) => binding.help.to_owned(),
        };
        // The width of the terminal's likeness counts: `↓` is `Down` without Unicode.
        let keys_width = crate::text::width(&theme.plain(&keys));
        let padding = " ".repeat(KEYS_WIDTH.saturating_sub(keys_width).max(1));
        for (n, help) in wrap(&help, room.saturating_sub(KEYS_WIDTH + 2)).into_iter().enumerate() {
            lines.push(match n {
                0 => vec![
                    piece(format!("  {keys}{padding}"), if forbidden { theme.muted() } else { theme.key() }),
                    piece(help, style),
                ],
                _ => vec![piece(" ".repeat(KEYS_WIDTH + 2), style), piece(help, style)],
            });
        }
    }
}

fn is_digit(keys: &str) -> bool {
    keys.len() == 1 && keys.bytes().all(|b| b.is_ascii_digit())
}

/// `1 … 9`: the first of a row of keys, and the last one so far.
fn joined(first: &str, next: &str) -> String {
    let start = first.split(' ').next().unwrap_or(first);
    format!("{start} … {next}")
}
