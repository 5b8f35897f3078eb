//! What a plan prepared on the disk, until it is sent or nobody wants it any more.

use std::fs;
use std::path::PathBuf;

use super::{Plan, Session};
use crate::store::Store;

/// Removes the prepared requests of a plan when it is dropped, in whatever way its owner comes to an end.
///
/// Requests that were submitted have moved to where they are kept, and are not touched.
#[derive(Debug)]
pub struct Unsent(Option<PathBuf>);

impl Unsent {
    /// Of a plan. What it names outside the folder for prepared requests is left alone.
    pub fn of(session: &Session, plan: &Plan) -> Self {
        Unsent(Some(plan.prepared.clone()).filter(|path| path.starts_with(session.store.prepared_folder())))
    }

    /// Of a file that has just been prepared.
    pub(super) fn at(path: PathBuf) -> Self {
        Unsent(Some(path))
    }

    /// Leaves the file to somebody else.
    pub(super) fn hand_over(mut self) {
        self.0 = None;
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // What cannot be removed now is swept away after a day.
            let _ = fs::remove_file(path);
            let _ = fs::remove_file(Store::texts_path(path));
            let _ = fs::remove_file(Store::unchanged_path(path));
        }
    }
}
