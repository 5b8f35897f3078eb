//! Results on their way to the screen and to the disk.

use std::path::Path;

use crate::job::Job;
use crate::ops;
use crate::ops::{KeyChoice, Opening, SaveFrom, SaveOrder, Saving};
use crate::tui::effect::SaveWhat;
use crate::tui::event::Event;
use crate::tui::model::Seq;
use crate::tui::world::Here;

/// Fetches, keeps and reads the results of a job; rows are told as they arrive.
pub(super) async fn open(here: Here, seq: Seq, job: Job) {
    let events = |event: Opening| {
        here.mailbox.tell(match event {
            Opening::Rows(rows) => Event::RowsArrived(seq, rows),
            Opening::Progress(progress) => Event::OpeningProgressed(seq, progress),
            Opening::Reviewed(review) => Event::Reviewed(seq, Box::new(review)),
        });
    };
    // A long list of texts takes longer to read than an index: the rows need not wait for them.
    let texts = async {
        let texts = ops::texts(&here.session, &job).await;
        if !texts.is_empty() {
            here.mailbox.tell(Event::TextsLoaded(job.name.clone(), texts));
        }
    };
    let (opened, ()) = tokio::join!(ops::open(&here.session, &job, &events), texts);
    here.mailbox.tell(Event::Opened(seq, opened.map(|_| ())));
}

/// Decodes and saves results into the folder that is named after the job.
pub(super) async fn save(here: Here, seq: Seq, job: Job, what: SaveWhat) {
    let order = SaveOrder {
        folder: ops::default_folder(&here.session, Path::new(""), &job),
        from: SaveFrom::Job(job),
        keys: match what {
            SaveWhat::All => KeyChoice::All,
            SaveWhat::Lines(lines) => KeyChoice::Lines(lines),
        },
    };
    let events = |event: Saving| match event {
        Saving::Progress(progress) => here.mailbox.tell(Event::SaveProgressed(seq, progress)),
        Saving::Row { line, file, .. } => here.mailbox.tell(Event::RowSaved(seq, line, file)),
        Saving::Renamed { line, file, .. } => here.mailbox.tell(Event::RowSaved(seq, line, Some(file))),
    };
    let saved = ops::save(&here.session, &order, &events).await;
    here.mailbox.tell(Event::SaveEnded(seq, saved));
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
