//! The outline of one key's sound, without decoding it again.

use crate::audio::Peaks;
use crate::failure::Failure;
use crate::job::Job;
use crate::ops::Session;
use crate::ops::session::on_disk;

use super::index;
use super::keep::Place;

/// The outline of a result line, counted from 1 as in [`Row::line`](crate::results::Row::line), from the index of the
/// kept copy, or from the one that is being written. `None` when there is no sound, or no index yet.
pub async fn outline(session: &Session, job: &Job, line: u64) -> Result<Option<Peaks>, Failure> {
    let places = Place::either(session, job);
    let session = session.clone();
    on_disk(move || {
        let found = places.iter().find_map(|place| index::line_place(&session, place, line));
        Ok::<_, Failure>(found.and_then(|found| found.peaks))
    })
    .await
}
