//! An open folder that results are saved into, and what is told of its rows.

use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc::{Receiver, Sender};

use crate::failure::Failure;
use crate::job::JobName;
use crate::ops::retake::takes_of;
use crate::ops::session::on_disk;
use crate::ops::{Progress, Session};
use crate::results::Judging;
use crate::save::{Progress as Done, Saver, Selection, Status};

use super::feed::{self, STEP};
use super::{SaveOrder, Saving};

/// So many events are told at once: to wake the other side for each one costs as much as writing a small file.
const MOST_TOLD: usize = 64;

/// An open folder, and what is told of its rows.
pub(super) struct Writing {
    pub(super) saver: Saver,
    pub(super) told: Receiver<Vec<Saving>>,
    /// The size of a file that is read from this disk: with it, rows tell how far it is.
    pub(super) size: Arc<OnceLock<u64>>,
    /// By what rows are judged.
    pub(super) judging: Judging,
}

impl Writing {
    /// Opens the folder. Rows up to a line that has been told already are not told again.
    pub(super) async fn open(
        session: &Session,
        what: &SaveOrder,
        job: Option<JobName>,
        (selection, judging): (Selection, Judging),
        told_before: u64,
    ) -> Result<Self, Failure> {
        let (tell, told) = feed::events();
        let size = Arc::new(OnceLock::new());
        let mut telling = Telling { tell, events: Vec::new(), size: Arc::clone(&size), at: 0 };
        let on_row = move |done: Done<'_>| {
            if done.row.line > told_before {
                telling.row(&done);
            }
            if done.is_last {
                telling.send();
            }
        };
        let folder = what.folder.clone();
        let judges = judging.clone();
        let ours = session.clone();
        let open = move || {
            let takes = job.as_ref().map(|job| takes_of(&ours, job)).transpose()?.unwrap_or_default();
            Ok::<_, Failure>(Saver::open_among(&folder, job, takes, selection, judges, Box::new(on_row))?)
        };
        let saver = on_disk(open).await?;
        let saver = if session.gives_way { saver.in_background() } else { saver };
        Ok(Writing { saver, told, size, judging })
    }
}

/// Gathers events and sends them on.
struct Telling {
    tell: Sender<Vec<Saving>>,
    events: Vec<Saving>,
    size: Arc<OnceLock<u64>>,
    at: u64,
}

impl Telling {
    fn row(&mut self, done: &Done<'_>) {
        let record = done.record;
        self.events.push(Saving::Row {
            key: record.key.clone(),
            file: record.file.clone(),
            verdict: record.verdict,
            status: match record.status {
                Status::Saved => "saved",
                Status::Failed => "failed",
                Status::Duplicate => "duplicate",
            },
            line: record.line,
            seconds: record.duration_seconds.unwrap_or(0.0),
        });
        let bytes = done.row.offset + done.row.length;
        if let Some(of) = self.size.get().copied()
            && bytes.saturating_sub(self.at) >= STEP
        {
            self.at = bytes;
            self.events.push(Saving::Progress(Progress { bytes, of: Some(of), ..Progress::default() }));
        }
        if self.events.len() >= MOST_TOLD {
            self.send();
        }
    }

    fn send(&mut self) {
        if self.events.is_empty() {
            return;
        }
        // Nobody listens any more when the caller was dropped; the files are of use all the same.
        let _ = self.tell.blocking_send(std::mem::take(&mut self.events));
    }
}
