//! The stored files of the Files API.

use crate::api::StoredFile;
use crate::failure::Failure;
use crate::job::FileName;
use crate::tui::model::{Cursor, Seq};

/// The stored files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilesScreen {
    /// The listing that is under way.
    pub listing: Option<Seq>,
    /// As listed; `None` before the first answer.
    pub files: Option<Vec<StoredFile>>,
    /// Why the last listing failed.
    pub failure: Option<Failure>,
    /// Where the person is.
    pub cursor: Cursor<FileName>,
}
