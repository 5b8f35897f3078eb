//! Where a person is in a list: by identity, so that a refresh never moves them to another thing.

use std::collections::BTreeSet;

/// Selection, marks, filter, sort and scroll of one list. `Id` is a name or a key, never a row number.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor<Id: Ord> {
    /// What is selected; `None` while the list is empty.
    pub selected: Option<Id>,
    /// Where the selection was among the visible rows: the neighbour takes over when the selected thing is gone.
    pub row: usize,
    /// The first visible row on the screen.
    pub top: usize,
    /// What is marked. Marks survive refresh and filter.
    pub marks: BTreeSet<Id>,
    /// Where the last mark was set; a range begins there.
    pub anchor: Option<Id>,
    /// The text of the filter; empty shows everything.
    pub filter: String,
    /// Only what failed or looks bad.
    pub only_bad: bool,
    /// `None` is the default order.
    pub sort: Option<Sort>,
    /// Indices of the rows that pass the filter, in the order of the screen. Kept by `update`, read by `draw`.
    pub visible: Vec<u32>,
}

/// A sort by one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// Counted from 1, as the keys do.
    pub column: u8,
    /// From large to small, or from Z to A.
    pub reversed: bool,
}

impl<Id: Ord> Default for Cursor<Id> {
    fn default() -> Self {
        Cursor {
            selected: None,
            row: 0,
            top: 0,
            marks: BTreeSet::new(),
            anchor: None,
            filter: String::new(),
            only_bad: false,
            sort: None,
            visible: Vec::new(),
        }
    }
}
