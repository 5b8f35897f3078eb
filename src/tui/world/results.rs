//! Results on their way to the screen and to the disk.

use std::path::PathBuf;

use crate::job::{Job, JobName};
use crate::ops;
use crate::ops::{KeyChoice, Opening, SaveFrom, SaveOrder, Saving};
use crate::tui::effect::SaveWhat;
use crate::tui::event::Event;
use crate::tui::model::{SavedFiles, Seq};
use crate::tui::world::{Here, spending};

/// Fetches, keeps and reads the results of a job; rows are told as they arrive.
pub(super) async fn open(here: Here, seq: Seq, job: Job) {
    let events = |event: Opening| {
        here.mailbox.tell(match event {
            Opening::Rows(rows) => Event::RowsArrived(seq, rows),
            Opening::Texts(texts) => Event::TextsLoaded(job.name.clone(), texts),
            Opening::Progress(progress) => Event::OpeningProgressed(seq, progress),
            Opening::Reviewed(review) => Event::Reviewed(seq, Box::new(review)),
        });
    };
    let n = ops::unchanged_keys(&here.session, &job).await;
    if n > 0 {
        here.mailbox.tell(Event::UnchangedKnown(job.name.clone(), n));
    }
    let opened = ops::open(&here.session, &job, &events).await;
    here.mailbox.tell(Event::Opened(seq, opened.map(|_| ())));
    spending::tell(&here).await;
}

/// Reads which files of a job are in a folder.
pub(super) async fn saved(here: Here, name: JobName, folder: PathBuf) {
    let job = name.clone();
    let read = Here::blocking(move || {
        let mut files = SavedFiles::default();
        ops::each_saved(&folder, &job, |line, file, sha256| files.insert(line, file, sha256))?;
        Ok(files)
    });
    match read.await {
        Ok(files) if files.is_empty() => {}
        Ok(files) => here.mailbox.tell(Event::FilesKnown(name, files)),
        // A folder that was moved or removed is nothing to tell a person who only looks at a job.
        Err(failure) => tracing::debug!(%failure, "the files of a job are not where they were saved"),
    }
}

/// Decodes and saves results into the folder that is named after the job.
pub(super) async fn save(here: Here, seq: Seq, job: Job, what: SaveWhat) {
    let title = crate::text::clean_short(job.title(), 60);
    let order = SaveOrder {
        folder: ops::screen_folder(&here.session, &job),
        from: SaveFrom::Job(job),
        keys: match what {
            SaveWhat::All => KeyChoice::All,
            SaveWhat::Lines(lines) => KeyChoice::Lines(lines),
        },
    };
    let saved = ops::save(&here.session, &order, &|event| tell(&here, seq, &title, event)).await;
    here.mailbox.tell(Event::SaveEnded(seq, saved));
    spending::tell(&here).await;
}

/// The same of all results, unless they are saved already.
pub(super) async fn auto_save(here: Here, seq: Seq, job: Job) {
    let title = crate::text::clean_short(job.title(), 60);
    let saved = ops::auto_save(&here.session, &job, &|event| tell(&here, seq, &title, event)).await;
    here.mailbox.tell(Event::AutoSaved(seq, saved.map(Box::new)));
    spending::tell(&here).await;
}

/// Tells what happens while results are saved.
fn tell(here: &Here, seq: Seq, title: &str, event: Saving) {
    match event {
        Saving::Progress(progress) => here.mailbox.tell(Event::SaveProgressed(seq, progress)),
        Saving::Row { line, file, sha256, .. } => {
            here.mailbox.tell(Event::RowSaved(seq, line, file.map(|file| (file, sha256))));
        }
        // It has no row among the results of the job; the summary counts it.
        Saving::Unchanged { .. } => {}
        Saving::WithoutCopy => {
            let said = format!("no room for a copy beside the audio: {title} is fetched again and saved without one");
            here.mailbox.tell(Event::Noticed(Ok(said)));
        }
        Saving::Renamed { line, file, .. } => here.mailbox.tell(Event::RowSaved(seq, line, Some((file, None)))),
    }
}

/// Reads the outline of the sound on one result line from the index of the kept copy.
pub(super) async fn outline(here: Here, seq: Seq, job: Job, line: u64) {
    let outline = ops::outline(&here.session, &job, line).await;
    here.mailbox.tell(Event::OutlineRead(seq, line, outline));
}

/// Reads one result line from the kept copy, audio cut short.
pub(super) async fn raw_line(here: Here, seq: Seq, job: Job, line: u64) {
    let raw = ops::raw_line(&here.session, &job, line).await;
    here.mailbox.tell(Event::RawLine(seq, raw));
}
