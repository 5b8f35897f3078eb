//! Lists above the form: the values of a field, and the files of a folder.

use ratatui::layout::Rect;

use crate::script::Form as Written;
use crate::text;
use crate::tui::action::Action;
use crate::tui::keys::{Context, bindings};
use crate::tui::layout;
use crate::tui::model::{Field, Form, Line, Picker};
use crate::tui::view::footer;
use crate::tui::view::pen::{Frame, Pen, Piece, pad, piece, row, skip};

/// One line of a list: what is chosen, and what is known about it.
struct Item {
    name: String,
    note: String,
    is_marked: bool,
}

/// An open list: what it is called, what is typed above it, its lines, and which one is selected.
struct List<'a> {
    title: String,
    typed: &'a Line,
    items: Vec<Item>,
    selected: usize,
    /// What stands in the place of lines when there are none.
    empty: String,
    /// What stands on the lower edge: what will be taken.
    taken: String,
}

/// Whether a list is open.
pub fn is_open(form: &Form) -> bool {
    form.chooser.is_some() || form.picker.is_some()
}

/// Draws the open list over a part of the form, if one is open.
pub fn draw(pen: &mut Pen<'_>, form: &Form, body: Rect) {
    let Some(open) = open(form) else { return };
    let theme = *pen.theme;
    let place = layout::middle(body, 72.min(body.width.saturating_sub(4)), body.height.saturating_sub(2).min(22));
    pen.clear(place);
    let frame = Frame {
        title: vec![piece(open.title.as_str(), theme.title())],
        style: theme.focused_border(),
        bottom: match open.taken.is_empty() {
            true => Vec::new(),
            false => vec![piece(open.taken.as_str(), theme.text())],
        },
        ..Frame::default()
    };
    let inside = pad(pen.frame(place, &frame), 1);
    lines(pen, &open, inside);
}

/// Draws the open list into a place of its own.
pub fn list(pen: &mut Pen<'_>, form: &Form, place: Rect) {
    if let Some(open) = open(form) {
        lines(pen, &open, place);
    }
}

fn open(form: &Form) -> Option<List<'_>> {
    if let Some(picker) = &form.picker {
        return Some(folder(picker, form.focus == Field::Source));
    }
    let (typed, selected) = form.chooser.as_ref()?;
    let items = form.choices().into_iter().map(|choice| match choice.value.is_empty() {
        true => Item { name: choice.note, note: String::new(), is_marked: false },
        false => Item { name: choice.value, note: choice.note, is_marked: false },
    });
    let title = form.focus.label().trim();
    let title = match form.focus {
        Field::Column(_) => format!("Column {title}"),
        Field::SpeakerVoice(_) => "Voice".to_owned(),
        _ => title.to_owned(),
    };
    let empty = "Nothing fits. Enter takes what is typed.".to_owned();
    Some(List { title, typed, items: items.collect(), selected: *selected, empty, taken: String::new() })
}

fn folder(picker: &Picker, takes_folders: bool) -> List<'_> {
    let items = picker.shown().into_iter().map(|entry| Item {
        name: if entry.is_folder { format!("{}/", entry.name) } else { entry.name.clone() },
        note: match (entry.is_folder, Written::of_name(&entry.path)) {
            (true, _) => String::new(),
            (false, Some(form)) => format!("{}  {:>8}", form.title(), text::bytes(entry.bytes)),
            (false, None) => format!("{:>8}", text::bytes(entry.bytes)),
        },
        is_marked: picker.marks.contains(&entry.path),
    });
    let empty = match &picker.entries {
        None => "Reading the folder …".to_owned(),
        Some(Err(failure)) => failure.message.clone(),
        Some(Ok(entries)) if entries.is_empty() => "The folder is empty.".to_owned(),
        Some(Ok(_)) => "Nothing fits. Enter takes what is typed as a path.".to_owned(),
    };
    let title = text::fit_left(&text::clean(&picker.folder.to_string_lossy()), 60);
    let key = bindings(Context::Picker).find(|binding| binding.action == Action::TakeFolder);
    let taken = match (picker.marks.len(), key.filter(|_| takes_folders)) {
        (0, Some(binding)) => {
            let folder = picker.whole_folder().file_name().unwrap_or_default().to_string_lossy();
            format!("{} takes the folder {}/", binding.chords[0].label(), text::clean(&folder))
        }
        (0, None) => String::new(),
        (1, _) => "1 marked: Enter takes it".to_owned(),
        (n, _) => format!("{n} marked: Enter takes them"),
    };
    List { title, typed: &picker.input, items: items.collect(), selected: picker.row, empty, taken }
}

fn lines(pen: &mut Pen<'_>, open: &List<'_>, place: Rect) {
    let theme = *pen.theme;
    let first = row(place, 0);
    let taken = pen.text(first, "> ", theme.key());
    footer::line(pen, skip(first, taken), open.typed);
    let rows = Rect { y: place.y.saturating_add(1), height: place.height.saturating_sub(1), ..place };
    if open.items.is_empty() {
        pen.text(row(rows, 0), &open.empty, theme.muted());
        return;
    }
    let height = usize::from(rows.height).max(1);
    // The selected line stays in sight, with as many lines before it as fit.
    let top = (open.selected + 1).saturating_sub(height).min(open.items.len().saturating_sub(height));
    for (at, item) in open.items.iter().enumerate().skip(top).take(height) {
        let place = row(rows, (at - top) as u16);
        let is_selected = at == open.selected;
        let pieces: Vec<Piece> = vec![
            piece(if is_selected { "▸" } else { " " }, theme.title()),
            piece(if item.is_marked { "•" } else { " " }, if item.is_marked { theme.marked() } else { theme.text() }),
            piece(item.name.as_str(), if item.is_marked { theme.marked() } else { theme.text() }),
        ];
        // What is chosen is never covered by what is known about it.
        let room = place.width.saturating_sub(pen.width(&item.name).saturating_add(4));
        let note = pen.width(&item.note).min(room);
        pen.line(Rect { width: place.width.saturating_sub(note + 2), ..place }, &pieces);
        pen.right(Rect { x: place.right() - note, width: note, ..place }, &item.note, theme.muted());
        if is_selected {
            pen.restyle(place, theme.selected());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::money::{Catalog, Listed, ListedVoice, Offer};
    use crate::tui::model::{Field, Line, Model};
    use crate::tui::theme::Charset;
    use crate::tui::view::samples;
    use crate::tui::view::tests::{plain_snapshot, snapshot, text_of_screen};

    /// The voices of the library, above the form.
    fn library(width: u16, height: u16, typed: &str) -> Model {
        let voice = |id: &str, name: &str, description: &str| ListedVoice {
            id: id.into(),
            display_name: Some(name.into()),
            description: Some(description.into()),
            language_code: Some("en-US".into()),
            ..ListedVoice::default()
        };
        let items = vec![
            voice(
                "voice_5eed03d1",
                "Ada the narrator",
                "Warm and clear, made for audiobooks that go on for many hours",
            ),
            voice("voice_5eed07a2", "Bruno\u{1b}]0;x\u{7} on the \u{202e}phone", "Low"),
            voice("voicekey_0123456789abcdef0123456789abcdef", "Chiara", ""),
        ];
        let listed = Listed { models: None, voices: Some(Offer { at: samples::now(), items }) };
        let mut model = samples::empty(width, height);
        model.setting.catalog = Arc::new(Catalog::built_in().with_listed(&listed));
        samples::form(model, |form| {
            form.focus = Field::Voice;
            form.draft.voice = "voice_5eed03d1".into();
            form.chooser = Some((Line::new(typed), 1));
        })
    }

    #[test]
    fn voices_of_the_library_show_their_names_beside_their_ids() {
        snapshot("create_library_40x10", &library(40, 10, "voice"));
        plain_snapshot("create_library_ascii_40x10", &library(40, 10, "voice"), Charset::Ascii);
    }

    #[test]
    fn a_long_note_leaves_the_name_whole() {
        for width in [40, 60, 80, 200] {
            let text = text_of_screen(&library(width, 24, "voice"));
            for part in ["voice_5eed03d1  ", "voice_5eed07a2  ", "voice_5eed03d1  Ada"] {
                assert!(text.contains(part), "{width}: {text}");
            }
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{width}");
        }
    }
}
