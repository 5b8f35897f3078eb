//! The stored files of the service.

use crate::api::StoredFile;
use crate::failure::Failure;
use crate::job::FileName;
use crate::tui::effect::Effect;
use crate::tui::model::{FilesScreen, Model, Screen, Seq};
use crate::tui::update::cursor::AnyList;
use crate::tui::update::{lists, notices};

fn screen(model: &mut Model) -> Option<&mut FilesScreen> {
    model.screens.iter_mut().rev().find_map(|screen| match screen {
        Screen::Files(files) => Some(files),
        Screen::Job(_) | Screen::Key(_) | Screen::Create(_) | Screen::Messages { .. } | Screen::Help { .. } => None,
    })
}

/// Lists the files again, unless a listing is under way.
pub fn list(model: &mut Model) -> Vec<Effect> {
    if screen(model).is_none_or(|screen| screen.listing.is_some()) {
        return Vec::new();
    }
    let seq = model.next_seq();
    if let Some(screen) = screen(model) {
        screen.listing = Some(seq);
    }
    vec![Effect::ListFiles(seq)]
}

/// The stored files, or why they did not come; the files of the last listing stay then.
pub fn listed(model: &mut Model, seq: Seq, result: Result<Vec<StoredFile>, Failure>) -> Vec<Effect> {
    let Some(screen) = screen(model).filter(|screen| screen.listing == Some(seq)) else { return Vec::new() };
    screen.listing = None;
    match result {
        Ok(files) => {
            screen.cursor.marks.retain(|name| files.iter().any(|file| file.name == *name));
            screen.files = Some(files);
            screen.failure = None;
        }
        Err(failure) => {
            screen.failure = Some(failure.clone());
            notices::fail(model, "cannot list the files", &failure);
        }
    }
    rebuild(model);
    Vec::new()
}

/// Takes a file out of the list.
pub fn remove(model: &mut Model, name: &FileName) {
    let Some(screen) = screen(model) else { return };
    if let Some(files) = &mut screen.files {
        files.retain(|file| file.name != *name);
    }
    screen.cursor.marks.remove(name);
    rebuild(model);
}

/// Finds the selection again, also while another screen lies above.
fn rebuild(model: &mut Model) {
    let now = lists::service_time(model);
    if let Some(screen) = screen(model) {
        lists::files(screen, now, 1).rebuild();
    }
}

/// The selected file.
pub fn current(model: &Model) -> Option<&StoredFile> {
    let Some(Screen::Files(screen)) = model.screens.last() else { return None };
    let name = screen.cursor.selected.as_ref()?;
    screen.files.as_ref()?.iter().find(|file| file.name == *name)
}

/// The files that a verb means: the marked ones, else the selected one; as they were listed.
pub fn meant(model: &Model) -> Vec<StoredFile> {
    let Some(Screen::Files(screen)) = model.screens.last() else { return Vec::new() };
    let is_meant = |name: &FileName| match screen.cursor.marks.is_empty() {
        true => screen.cursor.selected.as_ref() == Some(name),
        false => screen.cursor.marks.contains(name),
    };
    screen.files.iter().flatten().filter(|file| is_meant(&file.name)).cloned().collect()
}
