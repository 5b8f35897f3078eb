//! What is under way beside the screens: saves and submissions, with their progress in the footer.

use crate::ops::Progress;
use crate::tui::model::{Model, Seq};

/// How far it is. Something that ended already is not begun again by a late word.
pub fn progressed(model: &mut Model, seq: Seq, progress: Progress) {
    if let Some(work) = model.work.iter_mut().find(|work| work.seq == seq) {
        work.progress = progress;
    }
}

/// It came to its end.
pub fn ended(model: &mut Model, seq: Seq) {
    model.work.retain(|work| work.seq != seq);
}
