//! The file picker: a path that is typed, and the entries of the folder that it has reached.
//!
//! The input holds the last part of the path; `/` goes into the folder of that name, and Backspace at its beginning
//! comes back out. A path that is typed to its end is taken as it is, whether its folder could be listed or not.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::tui::effect::Effect;
use crate::tui::event::FolderEntry;
use crate::tui::keys::Edit;
use crate::tui::model::{Field, Form, Kind, Line, Model, Picker, Screen, Seq};
use crate::tui::update::create::{form, set};
use crate::tui::update::typing;

/// Opens the picker on the folder of the current file, or where one was chosen last. Several sources are marked.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let here = model.setting.folder.clone();
    let Some(form) = form(model) else { return Vec::new() };
    let current = form.focus.text(&form.draft);
    let folder = match Path::new(&current).parent() {
        Some(parent) => here.join(parent),
        None => here.join(&form.draft.folder),
    };
    let marks = match form.focus.kind() {
        Kind::Sources if form.draft.sources.len() > 1 => {
            form.draft.sources.iter().map(|path| here.join(path)).collect()
        }
        _ => Vec::new(),
    };
    list(model, folder, Line::default(), marks)
}

/// Goes to a folder.
fn list(model: &mut Model, folder: PathBuf, input: Line, marks: Vec<PathBuf>) -> Vec<Effect> {
    let seq = model.next_seq();
    let Some(form) = form(model) else { return Vec::new() };
    form.picker = Some(Picker { folder: folder.clone(), input, entries: None, row: 0, marks, seq });
    vec![Effect::ListFolder(seq, folder)]
}

/// What is marked, for the folder that comes next.
fn marks(model: &mut Model) -> Vec<PathBuf> {
    form(model).and_then(|form| form.picker.as_ref()).map(|picker| picker.marks.clone()).unwrap_or_default()
}

/// The entries of a folder. Those of one that was left are dropped.
pub fn listed(model: &mut Model, seq: Seq, folder: PathBuf, result: Result<Vec<FolderEntry>, Failure>) -> Vec<Effect> {
    for screen in &mut model.screens {
        if let Screen::Create(form) = screen
            && let Some(picker) = form.picker.as_mut().filter(|picker| picker.seq == seq)
        {
            picker.folder = folder;
            picker.entries = Some(result);
            picker.row = 0;
            return Vec::new();
        }
    }
    Vec::new()
}

/// A key in the input.
pub fn edit(model: &mut Model, edit: Edit) -> Vec<Effect> {
    let Some(picker) = form(model).and_then(|form| form.picker.as_mut()) else { return Vec::new() };
    let at_start = picker.input.before_cursor().is_empty();
    match edit {
        Edit::Insert('/') => into(model),
        Edit::DeleteBack if at_start => out(model),
        _ => {
            typing::apply(&mut picker.input, edit);
            picker.row = 0;
            Vec::new()
        }
    }
}

/// `/`: goes into the folder that was typed; alone it is the root.
fn into(model: &mut Model) -> Vec<Effect> {
    let Some(picker) = form(model).and_then(|form| form.picker.as_ref()) else { return Vec::new() };
    let name = picker.input.text();
    let folder = match name {
        "" => PathBuf::from("/"),
        "." => picker.folder.clone(),
        ".." => picker.folder.parent().unwrap_or(&picker.folder).to_owned(),
        _ => picker.folder.join(name),
    };
    let marks = marks(model);
    list(model, folder, Line::default(), marks)
}

/// Comes out of a folder; its name can be edited again.
fn out(model: &mut Model) -> Vec<Effect> {
    let Some(picker) = form(model).and_then(|form| form.picker.as_ref()) else { return Vec::new() };
    let (folder, rest) = (picker.folder.clone(), picker.input.text().to_owned());
    let Some(parent) = folder.parent() else { return Vec::new() };
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut input = Line::new(name);
    if !rest.is_empty() {
        input.insert(&rest);
    }
    let marks = marks(model);
    list(model, parent.to_owned(), input, marks)
}

/// A pasted path: everything up to its last `/` is a folder.
pub fn paste(model: &mut Model, text: &str) {
    let Some(picker) = form(model).and_then(|form| form.picker.as_mut()) else { return };
    picker.row = 0;
    picker.input.insert(text);
}

/// Space: marks what is selected, or takes the mark away; a blank that belongs to a name is typed.
pub fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(form) = form(model) else { return Vec::new() };
    let takes_several = form.focus.kind() == Kind::Sources;
    let Some(picker) = &mut form.picker else { return Vec::new() };
    let typed = picker.input.text().to_lowercase();
    let with_blank = format!("{typed} ");
    let is_name = |entry: &&FolderEntry| !typed.is_empty() && entry.name.to_lowercase().contains(&with_blank);
    let belongs_to_a_name = picker.shown().iter().any(is_name);
    let path = picker.selected().map(|entry| entry.path.clone());
    match path.filter(|_| takes_several && !belongs_to_a_name) {
        Some(path) => {
            match picker.marks.iter().position(|marked| *marked == path) {
                Some(at) => drop(picker.marks.remove(at)),
                None => picker.marks.push(path),
            }
            // The next one is likely the next to be marked.
            picker.row = (picker.row + 1).min(picker.shown().len().saturating_sub(1));
            Vec::new()
        }
        None => edit(model, Edit::Insert(' ')),
    }
}

/// Enter: goes into a folder, or takes a file, or everything that is marked.
pub fn take(model: &mut Model) -> Vec<Effect> {
    let marks = marks(model);
    match choice(model) {
        Some((path, true)) if !marks.contains(&path) => list(model, path, Line::default(), marks),
        Some(_) | None if !marks.is_empty() => take_paths(model, marks),
        Some((path, _)) => take_paths(model, vec![path]),
        None => Vec::new(),
    }
}

/// Takes the selected folder, else the one that is listed, with everything in it; what is marked comes along.
pub fn take_folder(model: &mut Model) -> Vec<Effect> {
    let Some(form) = form(model) else { return Vec::new() };
    let Some(picker) = form.picker.as_ref().filter(|_| form.focus == Field::Source) else { return Vec::new() };
    let (folder, mut paths) = (picker.whole_folder().to_owned(), picker.marks.clone());
    if !paths.contains(&folder) {
        paths.push(folder);
    }
    take_paths(model, paths)
}

/// Tab: takes what is marked, else a file that was typed or chosen; else leaves the field as it was.
pub fn close(model: &mut Model) -> Vec<Effect> {
    let is_untouched = form(model)
        .and_then(|form| form.picker.as_ref())
        .is_none_or(|picker| picker.input.text().is_empty() && picker.row == 0);
    let marks = marks(model);
    let effects = match choice(model) {
        Some(_) | None if !marks.is_empty() => take_paths(model, marks),
        Some((path, false)) if !is_untouched => take_paths(model, vec![path]),
        Some(_) | None => Vec::new(),
    };
    if let Some(form) = form(model) {
        form.picker = None;
    }
    effects
}

/// The path that would be taken now, and whether it is a folder.
fn choice(model: &mut Model) -> Option<(PathBuf, bool)> {
    let picker = form(model)?.picker.as_ref()?;
    let typed = picker.input.text().trim();
    let as_typed = picker.folder.join(typed);
    let shown = picker.shown();
    // Someone who types a whole name means it, whatever else its letters are part of.
    let exact = shown.iter().find(|entry| !typed.is_empty() && (entry.name == typed || entry.path == as_typed));
    if let Some(entry) = exact.or_else(|| shown.get(picker.row)) {
        return Some((entry.path.clone(), entry.is_folder));
    }
    (!typed.is_empty()).then_some((as_typed, false))
}

fn take_paths(model: &mut Model, paths: Vec<PathBuf>) -> Vec<Effect> {
    let here = model.setting.folder.clone();
    let short = |path: &Path| match path.strip_prefix(&here) {
        Ok(rest) if rest.as_os_str().is_empty() => ".".to_owned(),
        Ok(rest) => rest.to_string_lossy().into_owned(),
        Err(_) => path.to_string_lossy().into_owned(),
    };
    let texts: Vec<String> = paths.iter().map(|path| short(path)).collect();
    let Some(Form { picker, focus, .. }) = form(model) else { return Vec::new() };
    let (folder, focus) = (picker.take().map(|picker| short(&picker.folder)), *focus);
    set(model, |draft| {
        draft.folder = folder.unwrap_or_default();
        match focus {
            Field::Source => draft.sources = texts,
            _ => focus.put(draft, texts.into_iter().next().unwrap_or_default()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::event::Event;
    use crate::tui::update::testing::{form as form_of, press, seq_of, three_jobs};
    use crate::tui::update::update;

    const HERE: &str = "/home/ann/book";

    fn entry(folder: &str, name: &str, is_folder: bool) -> FolderEntry {
        FolderEntry { name: name.into(), path: Path::new(folder).join(name), is_folder, bytes: 1 }
    }

    /// The picker on the working directory, which holds `parts/`, `a.csv` and `a.csv.old`.
    fn opened() -> Model {
        let mut model = three_jobs();
        let effects = press(&mut model, "n <Enter>");
        assert_eq!(effects, [Effect::ListFolder(seq_of(&effects), HERE.into())]);
        let entries = vec![entry(HERE, "parts", true), entry(HERE, "a.csv.old", false), entry(HERE, "a.csv", false)];
        update(&mut model, Event::FolderListed(seq_of(&effects), HERE.into(), Ok(entries)));
        model
    }

    fn folder(model: &Model) -> &Path {
        form_of(model).picker.as_ref().map(|picker| picker.folder.as_path()).expect("the picker is open")
    }

    #[test]
    fn what_is_typed_narrows_and_enter_takes_a_file() {
        let table = [
            ("a.csv<Enter>", "a.csv"),
            ("old<Enter>", "a.csv.old"),
            ("CSV<Enter>", "a.csv.old"),
            ("<Down><Down><Enter>", "a.csv"),
            ("csv<Down><Tab>", "a.csv"),
            ("new.csv<Enter>", "new.csv"),
            ("/tmp/x/b.jsonl<Enter>", "/tmp/x/b.jsonl"),
            ("parts/ch<Space>1.csv<Tab>", "parts/ch 1.csv"),
            ("../other.csv<Enter>", "/home/ann/other.csv"),
            ("<Tab>", ""),
            ("a.cs<Esc>", ""),
            ("<Space><Down><Space><Enter>", "parts + a.csv"),
            ("csv<Space><Space><Space><Enter>", "a.csv.old"),
            ("csv<Space><Space><Tab>", "a.csv.old + a.csv"),
            ("<C-f>", "parts"),
            ("<Down><C-f>", "."),
            ("<Down><Space><Up><Up><C-f>", "a.csv.old + parts"),
        ];
        for (keys, expected) in table {
            let mut model = opened();
            press(&mut model, keys);
            assert_eq!(
                (form_of(&model).draft.sources.join(" + ").as_str(), &form_of(&model).picker),
                (expected, &None),
                "{keys}"
            );
        }
    }

    #[test]
    fn enter_opens_a_folder_and_backspace_comes_out_of_it() {
        let mut model = opened();
        let effects = press(&mut model, "<Enter>");
        assert_eq!(effects, [Effect::ListFolder(seq_of(&effects), "/home/ann/book/parts".into())]);
        let effects = press(&mut model, "<Back>");
        assert_eq!(effects, [Effect::ListFolder(seq_of(&effects), HERE.into())]);
        assert_eq!(form_of(&model).picker.as_ref().map(|picker| picker.input.text()), Some("parts"));
        press(&mut model, "<C-u>/");
        assert_eq!(folder(&model), Path::new("/"));
    }

    #[test]
    fn entries_of_a_folder_that_was_left_are_dropped() {
        let mut model = opened();
        let slow = press(&mut model, "<Enter>");
        press(&mut model, "<Back>");
        let late = vec![entry("/home/ann/book/parts", "late.csv", false)];
        update(&mut model, Event::FolderListed(seq_of(&slow), "/home/ann/book/parts".into(), Ok(late)));
        assert_eq!(
            (folder(&model), form_of(&model).picker.as_ref().unwrap().entries.is_none()),
            (Path::new(HERE), true)
        );
    }

    #[test]
    fn a_folder_that_cannot_be_read_takes_nothing_away_from_typing() {
        let mut model = opened();
        let effects = press(&mut model, "locked/");
        let failure = Failure::new("permission denied");
        update(&mut model, Event::FolderListed(seq_of(&effects), "/home/ann/book/locked".into(), Err(failure)));
        press(&mut model, "a.csv<Enter>");
        assert_eq!(form_of(&model).draft.sources, ["locked/a.csv"]);
    }

    #[test]
    fn a_pasted_path_is_taken_whole() {
        let mut model = opened();
        update(&mut model, Event::Pasted("/srv/texts/a.csv\n".into()));
        press(&mut model, "<Enter>");
        assert_eq!(form_of(&model).draft.sources, ["/srv/texts/a.csv"]);
    }

    #[test]
    fn the_picker_begins_where_the_source_is() {
        let mut model = three_jobs();
        press(&mut model, "n parts/x.csv<Enter>");
        let effects = press(&mut model, "<Enter>");
        assert_eq!(effects, [Effect::ListFolder(seq_of(&effects), "/home/ann/book/parts".into())]);
    }

    #[test]
    fn several_sources_are_marked_when_the_picker_comes_back() {
        let mut model = opened();
        press(&mut model, "csv<Space><Space><Enter>");
        assert_eq!(form_of(&model).draft.sources, ["a.csv.old", "a.csv"]);
        for keys in ["<Enter>", "x", "<Back>"] {
            press(&mut model, keys);
            let picker = form_of(&model).picker.as_ref().expect(keys);
            assert_eq!(picker.marks, [Path::new(HERE).join("a.csv.old"), Path::new(HERE).join("a.csv")], "{keys}");
            press(&mut model, "<Esc>");
        }
        assert_eq!(form_of(&model).draft.sources.len(), 2, "and nothing is lost on the way out");
    }

    #[test]
    fn the_picker_begins_where_something_was_chosen_last() {
        let mut model = opened();
        press(&mut model, "parts/b.csv<Enter>");
        press(&mut model, "<C-u><Enter>");
        assert!(form_of(&model).draft.sources.is_empty());
        let effects = press(&mut model, "<Enter>");
        assert_eq!(effects, [Effect::ListFolder(seq_of(&effects), "/home/ann/book/parts".into())]);
    }
}
