//! How a person moves, marks, filters and sorts: once, for the jobs, the keys and the files.
//!
//! Pure. Selection and marks are identities; what is visible is a list of indices that is kept here and read by `draw`.

use std::collections::BTreeSet;

use crate::filter::Filter;
use crate::tui::action::Motion;
use crate::tui::model::{Cursor, Sort};
use crate::tui::update::sorting::{Value, merge, sorted};

/// The rows below a cursor.
pub trait Rows {
    /// What a row is known by.
    type Id: Ord + Clone;

    /// How many there are, whatever the filter says.
    fn count(&self) -> usize;

    /// What a row is known by.
    fn id(&self, index: usize) -> Self::Id;

    /// Whether a row is that one; cheaper than a copy of its identity.
    fn is(&self, index: usize, id: &Self::Id) -> bool;

    /// Where the row is that is known by this.
    fn index_of(&self, id: &Self::Id) -> Option<usize> {
        (0..self.count()).find(|index| self.is(*index, id))
    }

    /// Whether it failed or looks bad.
    fn is_bad(&self, index: usize) -> bool;

    /// The indices of the rows that pass, in their own order.
    fn passing(&self, filter: &Filter, from: usize) -> Vec<u32>;

    /// What a column is sorted by; columns are counted from 1.
    fn value(&self, column: u8, index: usize) -> Value<'_>;

    /// The heads of the columns.
    fn columns(&self) -> &'static [&'static str];
}

/// A cursor over rows, on a page of so many lines.
pub struct List<'a, R: Rows> {
    /// Where the person is.
    pub cursor: &'a mut Cursor<R::Id>,
    /// The rows.
    pub rows: R,
    /// How many rows the screen has room for.
    pub page: usize,
}

/// What can be done to the visible list, whatever it lists.
pub trait AnyList {
    /// Filters and sorts again, and finds the selection again. False when what was selected is gone altogether.
    fn rebuild(&mut self) -> bool;
    /// Takes in the rows from an index on, which were added at the end.
    fn extend(&mut self, from: usize);
    /// Moves the selection.
    fn go(&mut self, motion: Motion);
    /// Selects a row, counted among all that are visible; the last one when there are not so many.
    fn select_row(&mut self, row: usize);
    /// Scrolls so that the selection is on the screen.
    fn fit(&mut self);
    /// Marks or unmarks the selected row, and stays there: a mark that moved on would make `Space j Space` leave a
    /// row out, and what is marked may be deleted.
    fn mark(&mut self);
    /// Marks from the last mark to the selected row.
    fn mark_range(&mut self);
    /// Marks what is visible.
    fn mark_visible(&mut self);
    /// Inverts the marks of what is visible.
    fn mark_invert(&mut self);
    /// Removes every mark. False when there was none.
    fn mark_none(&mut self) -> bool;
    /// Shows only what is bad, or everything again.
    fn only_bad(&mut self);
    /// The filter, as typed.
    fn filter(&self) -> String;
    /// Shows what passes. The text must be a filter.
    fn set_filter(&mut self, filter: &str);
    /// Shows everything again. False when everything was visible.
    fn clear_filter(&mut self) -> bool;
    /// Sorts by a column, or as the list came. False when there is no such column.
    fn sort(&mut self, sort: Option<Sort>) -> bool;
    /// How it is sorted.
    fn sorted(&self) -> Option<Sort>;
    /// The heads of the columns.
    fn columns(&self) -> &'static [&'static str];
}

impl<R: Rows> List<'_, R> {
    /// The rows with these indices that are visible, sorted.
    fn shown(&self, from: usize) -> Vec<u32> {
        let filter = Filter::parse(&self.cursor.filter).unwrap_or_default();
        let mut shown = if filter.is_empty() {
            (from as u32..self.rows.count() as u32).collect()
        } else {
            self.rows.passing(&filter, from)
        };
        if self.cursor.only_bad {
            shown.retain(|index| self.rows.is_bad(*index as usize));
        }
        match self.cursor.sort {
            Some(sort) => sorted(&self.rows, sort, shown),
            None => shown,
        }
    }

    fn select_index(&mut self, row: usize) {
        self.cursor.row = row.min(self.cursor.visible.len().saturating_sub(1));
        self.cursor.selected = self.cursor.visible.get(self.cursor.row).map(|index| self.rows.id(*index as usize));
    }

    /// The identities of so many visible rows, in their own order: a set is made of those at one go.
    fn ids(&self, rows: impl std::ops::RangeBounds<usize>) -> BTreeSet<R::Id> {
        let (from, until) = (rows.start_bound().cloned(), rows.end_bound().cloned());
        let mut indices = self.cursor.visible.get((from, until)).unwrap_or_default().to_vec();
        indices.sort_unstable();
        indices.into_iter().map(|index| self.rows.id(index as usize)).collect()
    }

    fn visible_row_of(&self, id: &R::Id) -> Option<usize> {
        let index = self.rows.index_of(id)?;
        let is_it = |row: &usize| self.cursor.visible.get(*row).is_some_and(|there| *there as usize == index);
        // Most often nothing is hidden and nothing is sorted, or the row is where it was.
        let likely = [index, self.cursor.row].into_iter().find(is_it);
        likely.or_else(|| self.cursor.visible.iter().position(|there| *there as usize == index))
    }
}

impl<R: Rows> AnyList for List<'_, R> {
    fn rebuild(&mut self) -> bool {
        self.cursor.visible = self.shown(0);
        let Some(selected) = self.cursor.selected.clone() else {
            self.select_index(self.cursor.row);
            return true;
        };
        if let Some(row) = self.visible_row_of(&selected) {
            self.cursor.row = row;
            return true;
        }
        self.select_index(self.cursor.row);
        self.rows.index_of(&selected).is_some()
    }

    fn extend(&mut self, from: usize) {
        let new = self.shown(from);
        match self.cursor.sort {
            None => self.cursor.visible.extend(new),
            Some(sort) => {
                let old = std::mem::take(&mut self.cursor.visible);
                self.cursor.visible = merge(&self.rows, sort, old, &new);
                if let Some(row) = self.cursor.selected.clone().and_then(|id| self.visible_row_of(&id)) {
                    self.cursor.row = row;
                }
            }
        }
        if self.cursor.selected.is_none() {
            self.select_index(0);
        }
    }

    fn go(&mut self, motion: Motion) {
        let (row, last) = (self.cursor.row, self.cursor.visible.len().saturating_sub(1));
        let half = (self.page / 2).max(1);
        let row = match motion {
            Motion::Up => row.saturating_sub(1),
            Motion::Down => row + 1,
            Motion::First => 0,
            Motion::Last => last,
            Motion::HalfUp => row.saturating_sub(half),
            Motion::HalfDown => row + half,
            Motion::PageUp => row.saturating_sub(self.page),
            Motion::PageDown => row + self.page,
        };
        self.select_index(row);
    }

    fn select_row(&mut self, row: usize) {
        self.select_index(row);
    }

    fn fit(&mut self) {
        let cursor = &mut *self.cursor;
        let furthest = cursor.visible.len().saturating_sub(self.page);
        cursor.top = cursor.top.min(furthest).min(cursor.row).max((cursor.row + 1).saturating_sub(self.page));
    }

    fn mark(&mut self) {
        let Some(id) = self.cursor.selected.clone() else { return };
        if !self.cursor.marks.remove(&id) {
            self.cursor.marks.insert(id.clone());
        }
        self.cursor.anchor = Some(id);
    }

    fn mark_range(&mut self) {
        let anchor = self.cursor.anchor.as_ref().and_then(|id| self.visible_row_of(id)).unwrap_or(self.cursor.row);
        let (from, to) = (anchor.min(self.cursor.row), anchor.max(self.cursor.row));
        let mut range = self.ids(from..(to + 1).min(self.cursor.visible.len()));
        self.cursor.marks.append(&mut range);
        self.cursor.anchor = self.cursor.selected.clone();
    }

    fn mark_visible(&mut self) {
        let mut ids = self.ids(..);
        self.cursor.marks.append(&mut ids);
    }

    fn mark_invert(&mut self) {
        // What is marked and hidden stays marked; of what is visible, the marked and the unmarked change places.
        self.cursor.marks = self.cursor.marks.symmetric_difference(&self.ids(..)).cloned().collect();
    }

    fn mark_none(&mut self) -> bool {
        self.cursor.anchor = None;
        !std::mem::take(&mut self.cursor.marks).is_empty()
    }

    fn only_bad(&mut self) {
        self.cursor.only_bad = !self.cursor.only_bad;
        self.rebuild();
    }

    fn filter(&self) -> String {
        self.cursor.filter.clone()
    }

    fn set_filter(&mut self, filter: &str) {
        if self.cursor.filter != filter {
            filter.clone_into(&mut self.cursor.filter);
            self.rebuild();
        }
    }

    fn clear_filter(&mut self) -> bool {
        if self.cursor.filter.is_empty() && !self.cursor.only_bad {
            return false;
        }
        self.cursor.only_bad = false;
        self.cursor.filter.clear();
        self.rebuild();
        true
    }

    fn sort(&mut self, sort: Option<Sort>) -> bool {
        if sort.is_some_and(|sort| sort.column == 0 || usize::from(sort.column) > self.rows.columns().len()) {
            return false;
        }
        self.cursor.sort = sort;
        self.rebuild();
        true
    }

    fn sorted(&self) -> Option<Sort> {
        self.cursor.sort
    }

    fn columns(&self) -> &'static [&'static str] {
        self.rows.columns()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that are numbers, known by themselves.
    struct Numbers(Vec<i32>);

    impl Rows for Numbers {
        type Id = i32;
        fn count(&self) -> usize {
            self.0.len()
        }
        fn id(&self, index: usize) -> i32 {
            self.0[index]
        }
        fn is(&self, index: usize, id: &i32) -> bool {
            self.0[index] == *id
        }
        fn is_bad(&self, index: usize) -> bool {
            self.0[index] < 0
        }
        fn passing(&self, filter: &Filter, from: usize) -> Vec<u32> {
            let wanted = filter.to_string();
            (from..self.0.len()).filter(|at| self.0[*at].to_string().contains(&wanted)).map(|at| at as u32).collect()
        }
        fn value(&self, _column: u8, index: usize) -> Value<'_> {
            if self.0[index] == 0 { Value::Nothing } else { Value::Number(f64::from(self.0[index])) }
        }
        fn columns(&self) -> &'static [&'static str] {
            &["NUMBER"]
        }
    }

    fn with<T>(cursor: &mut Cursor<i32>, numbers: &[i32], run: impl FnOnce(&mut List<'_, Numbers>) -> T) -> T {
        run(&mut List { cursor, rows: Numbers(numbers.to_vec()), page: 4 })
    }

    fn seen(cursor: &Cursor<i32>, numbers: &[i32]) -> Vec<i32> {
        cursor.visible.iter().map(|index| numbers[*index as usize]).collect()
    }

    #[test]
    fn the_selection_stays_on_the_same_thing_when_rows_move() {
        let mut cursor = Cursor::default();
        with(&mut cursor, &[1, 2, 3], |list| list.rebuild());
        with(&mut cursor, &[1, 2, 3], |list| list.go(Motion::Down));
        assert!(with(&mut cursor, &[3, 1, 9, 2], |list| list.rebuild()));
        assert_eq!((cursor.selected, cursor.row), (Some(2), 3));
        assert!(!with(&mut cursor, &[3, 1, 9], |list| list.rebuild()), "what was selected is gone");
        assert_eq!((cursor.selected, cursor.row), (Some(9), 2));
        assert!(!with(&mut cursor, &[], |list| list.rebuild()));
        assert_eq!(cursor.selected, None);
    }

    #[test]
    fn what_is_unknown_is_sorted_last_in_both_directions() {
        let numbers = [3, 0, -1, 2];
        let mut cursor = Cursor::default();
        for (reversed, expected) in [(false, [-1, 2, 3, 0]), (true, [3, 2, -1, 0])] {
            assert!(with(&mut cursor, &numbers, |list| list.sort(Some(Sort { column: 1, reversed }))));
            assert_eq!(seen(&cursor, &numbers), expected);
        }
        assert!(!with(&mut cursor, &numbers, |list| list.sort(Some(Sort { column: 2, reversed: false }))));
    }

    #[test]
    fn rows_that_arrive_late_are_sorted_in() {
        let numbers = [5, 1, 9, 4, 0, 7, 1, 12];
        for reversed in [false, true] {
            let mut cursor = Cursor { sort: Some(Sort { column: 1, reversed }), ..Cursor::default() };
            with(&mut cursor, &numbers[..3], |list| list.rebuild());
            with(&mut cursor, &numbers, |list| list.extend(3));
            let mut whole = Cursor { sort: cursor.sort, ..Cursor::default() };
            with(&mut whole, &numbers, |list| list.rebuild());
            assert_eq!(cursor.visible, whole.visible);
            assert_eq!(numbers[cursor.visible[cursor.row] as usize], cursor.selected.unwrap());
        }
    }

    #[test]
    fn the_page_follows_the_selection() {
        let numbers: Vec<i32> = (1..=10).collect();
        let mut cursor = Cursor::default();
        with(&mut cursor, &numbers, |list| list.rebuild());
        let steps = [
            (Motion::PageDown, 5, 1),
            (Motion::Down, 6, 2),
            (Motion::Last, 10, 6),
            (Motion::HalfUp, 8, 6),
            (Motion::First, 1, 0),
            (Motion::Up, 1, 0),
        ];
        for (motion, selected, top) in steps {
            with(&mut cursor, &numbers, |list| {
                list.go(motion);
                list.fit();
            });
            assert_eq!((cursor.selected, cursor.top), (Some(selected), top), "{motion:?}");
        }
    }

    #[test]
    fn marks_outlive_the_filter_and_a_range_ends_at_the_selection() {
        let numbers = [10, 21, 12, 31, 14];
        let mut cursor = Cursor::default();
        with(&mut cursor, &numbers, |list| {
            list.rebuild();
            list.mark();
            list.set_filter("1");
            list.set_filter("2");
            list.mark_visible();
        });
        assert_eq!(seen(&cursor, &numbers), [21, 12]);
        assert_eq!(Vec::from_iter(cursor.marks.clone()), [10, 12, 21]);
        with(&mut cursor, &numbers, |list| {
            assert!(list.clear_filter() && list.mark_none() && !list.mark_none() && !list.clear_filter());
            list.go(Motion::First);
            list.mark();
            list.go(Motion::Down);
            list.go(Motion::Down);
            list.go(Motion::Down);
            list.mark_range();
            list.mark_invert();
        });
        assert_eq!(Vec::from_iter(cursor.marks.clone()), [14]);
    }
}
