//! Text under edit: keys and pastes.

use crate::tui::keys::Edit;
use crate::tui::model::Line;

/// Does to a line what a key means there.
pub fn apply(line: &mut Line, edit: Edit) {
    match edit {
        Edit::Insert(c) => line.insert(c.encode_utf8(&mut [0; 4])),
        Edit::DeleteBack => line.delete_back(),
        Edit::Delete => line.delete(),
        Edit::DeleteWord => line.delete_word(),
        Edit::DeleteToStart => line.delete_to_start(),
        Edit::Left => line.left(),
        Edit::Right => line.right(),
        Edit::Home => line.home(),
        Edit::End => line.end(),
    }
}

/// Whether a key would put in something that is not a digit.
pub fn is_foreign_to_numbers(edit: Edit) -> bool {
    matches!(edit, Edit::Insert(c) if !c.is_ascii_digit())
}
