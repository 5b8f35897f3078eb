//! The look at all results of a job together, once its last row is there; and what its rows are judged by before.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::failure::Failure;
use crate::job::Job;
use crate::ops::session::on_disk;
use crate::ops::texts::{self, Known};
use crate::ops::{Session, Texts};
use crate::results::review::{Heard, Review, review};
use crate::results::{Judging, PackedRows};

/// By what the results of a job are judged: the limits of the session, and the texts if the job was made on this machine.
pub(super) async fn judging(session: &Session, job: &Job) -> Judging {
    Judging { limits: session.limits, texts: texts::known(session, job, false).await.lengths }
}

/// [`judging`], and the beginnings of those texts.
pub(super) async fn judging_and_heads(session: &Session, job: &Job) -> (Judging, Texts) {
    let Known { heads, lengths } = texts::known(session, job, true).await;
    (Judging { limits: session.limits, texts: lengths }, heads)
}

/// Keeps of every row what the review needs, while the rows go by.
#[derive(Debug, Default)]
pub(super) struct Reviewing(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    rows: Vec<Heard>,
    unordered: u64,
}

impl Reviewing {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next rows.
    pub(super) fn rows(&self, rows: &PackedRows) {
        let mut seen = self.seen();
        for row in rows.views() {
            seen.unordered += u64::from(row.key.is_none() && row.sound.is_some());
            seen.rows.push(Heard::of(row.line, row.key, row.sound.as_ref(), row.tokens, row.verdict));
        }
    }

    /// Looks at all rows that went by. A hundred thousand of them take a moment, so another thread does it.
    pub(super) async fn finish(&self, judging: Judging) -> Review {
        let Seen { rows, unordered } = std::mem::take(&mut *self.seen());
        let work = move || Ok::<_, Failure>(Review { unordered, ..review(rows, &judging) });
        on_disk(work).await.unwrap_or_else(|failure| {
            tracing::warn!(%failure, "the results could not be looked at together");
            Review::default()
        })
    }
}
