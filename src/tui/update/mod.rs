//! The only function that changes the model.
//!
//! Pure: no clock, no disk, no network, no tasks. It never waits and never fails; what must happen comes back as
//! effects. One file for each screen and subject.

use crate::tui::effect::Effect;
use crate::tui::event::Event;
use crate::tui::model::{Model, Size};

mod cancel;
mod chooser;
mod create;
mod cursor;
mod delete;
mod describe;
mod dialog;
mod files;
mod job;
mod jobs;
mod lists;
mod notices;
mod palette;
mod picker;
mod polling;
mod press;
mod prompt;
mod record;
mod rows;
mod saving;
mod screens;
mod submit;
mod text;
mod typing;
mod work;

#[cfg(test)]
mod testing;

/// Takes in what happened, and says what is to be done.
pub fn update(model: &mut Model, event: Event) -> Vec<Effect> {
    let effects = happened(model, event);
    lists::fit(model);
    effects
}

fn happened(model: &mut Model, event: Event) -> Vec<Effect> {
    match event {
        Event::Key(chord) => press::key(model, chord),
        Event::Pasted(text) => press::pasted(model, &text),
        Event::Resized(width, height) => {
            model.size = Size { width, height };
            Vec::new()
        }
        Event::Tick(now) => polling::tick(model, now),
        Event::Clicked(column, line) => press::clicked(model, column, line),
        Event::Scrolled(by) => press::scrolled(model, by),
        Event::Restored(restored) => jobs::restored(model, *restored),
        Event::JobsPaged(seq, page) => jobs::paged(model, seq, page),
        Event::JobsListed(seq, result) => polling::listed(model, seq, result),
        Event::JobFetched(seq, name, result) => job::fetched(model, seq, &name, result),
        Event::LossKnown(seq, losses) => dialog::loss_known(model, seq, &losses),
        Event::CancelAnswered(name, answer) => cancel::answered(model, &name, answer),
        Event::JobDeleted(name, answer) => delete::job_deleted(model, &name, answer),
        Event::RowsArrived(seq, rows) => job::rows_arrived(model, seq, rows),
        Event::OpeningProgressed(seq, progress) => job::progressed(model, seq, progress),
        Event::Opened(seq, result) => job::opened(model, seq, result),
        Event::TextsLoaded(name, texts) => job::texts_loaded(model, &name, texts),
        Event::SaveProgressed(seq, progress) => {
            work::progressed(model, seq, progress);
            Vec::new()
        }
        Event::RowSaved(seq, line, file) => saving::row_saved(model, seq, line, file),
        Event::SaveEnded(seq, result) => saving::ended(model, seq, result),
        Event::Planned(seq, result) => create::planned(model, seq, result),
        Event::SubmitProgressed(seq, progress) => submit::progressed(model, seq, progress),
        Event::Submitted(seq, result) => submit::submitted(model, seq, result),
        Event::FolderListed(seq, folder, result) => picker::listed(model, seq, folder, result),
        Event::FilesListed(seq, result) => files::listed(model, seq, result),
        Event::FileDeleted(name, answer) => delete::file_deleted(model, &name, answer),
        Event::RawLine(seq, result) => text::raw_line_read(model, seq, result),
        Event::Noticed(result) => {
            notices::noticed(model, result);
            Vec::new()
        }
    }
}
