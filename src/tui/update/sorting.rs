//! Sorting a hundred thousand rows between two keystrokes: by one number each, and by the whole value only where
//! these are equal.
//!
//! Pure.

use std::cmp::Ordering;

use crate::tui::model::Sort;
use crate::tui::update::cursor::Rows;

/// What a column is sorted by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A number, a time, a length.
    Number(f64),
    /// A text; upper and lower case are the same.
    Text(&'a str),
    /// Nothing is known: sorted behind everything else, in both directions.
    Nothing,
}

impl<'a> Value<'a> {
    /// A number, if there is one.
    pub fn number(number: Option<f64>) -> Self {
        number.map_or(Value::Nothing, Value::Number)
    }

    /// A text, if there is one.
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Value::Nothing, Value::Text)
    }

    /// Which of two values comes first on the screen.
    pub fn order(&self, other: &Self, reversed: bool) -> Ordering {
        let order = match (self, other) {
            (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
            (Value::Text(a), Value::Text(b)) => order_of_texts(a, b),
            (Value::Number(_), Value::Text(_)) => Ordering::Less,
            (Value::Text(_), Value::Number(_)) => Ordering::Greater,
            (Value::Nothing, Value::Nothing) => return Ordering::Equal,
            (Value::Nothing, Value::Number(_) | Value::Text(_)) => return Ordering::Greater,
            (Value::Number(_) | Value::Text(_), Value::Nothing) => return Ordering::Less,
        };
        if reversed { order.reverse() } else { order }
    }
}

fn order_of_texts(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        let [a, b] = [a, b].map(|text| text.bytes().map(|byte| byte.to_ascii_lowercase()));
        a.cmp(b)
    } else {
        a.to_lowercase().cmp(&b.to_lowercase())
    }
}

/// The rows with these indices, which ascend, in the order of a sort. Equal ones stay in their own order.
pub fn sorted<R: Rows>(rows: &R, sort: Sort, shown: Vec<u32>) -> Vec<u32> {
    let value = |index: u32| rows.value(sort.column, index as usize);
    // Keys of one job often begin alike, and what they all begin with tells nothing.
    let ends = [shown.first(), shown.last()].map(|index| index.map(|index| value(*index)));
    let mut beginning = match ends {
        [Some(Value::Text(a)), Some(Value::Text(b))] => common(&lower(a), &lower(b)).to_vec(),
        _ => Vec::new(),
    };
    let (mut ranked, nothing) = loop {
        match rank_all(&shown, value, &beginning, sort.reversed) {
            Ok(ranked) => break ranked,
            Err(shorter) => beginning.truncate(shorter),
        }
    };
    ranked.sort_unstable();
    for run in ranked.chunk_by_mut(|(a, _), (b, _)| a == b) {
        let rank = run[0].0;
        if run.len() > 1
            && is_cut(if sort.reversed { !rank } else { rank })
            && matches!(value(run[0].1), Value::Text(_))
        {
            run.sort_by(|(_, a), (_, b)| value(*a).order(&value(*b), sort.reversed));
        }
    }
    ranked.into_iter().map(|(_, index)| index).chain(nothing).collect()
}

/// A number for each row whose order is that of the values, and the rows without a value; or how much shorter the common
/// beginning of all texts is than was thought.
#[allow(clippy::type_complexity, reason = "it is taken apart where it is made")]
fn rank_all<'a>(
    shown: &[u32],
    value: impl Fn(u32) -> Value<'a>,
    beginning: &[u8],
    reversed: bool,
) -> Result<(Vec<(u64, u32)>, Vec<u32>), usize> {
    let mut ranked = Vec::with_capacity(shown.len());
    let mut nothing = Vec::new();
    for index in shown {
        let rank = match value(*index) {
            Value::Number(number) => rank_of_number(number),
            Value::Text(text) if text.is_ascii() => {
                let (first, rest) = text.as_bytes().split_at(beginning.len().min(text.len()));
                if !first.eq_ignore_ascii_case(beginning) {
                    return Err(common(&lower(text), beginning).len());
                }
                rank_of_text(rest)
            }
            Value::Text(text) => {
                let text = lower(text);
                rank_of_text(text.strip_prefix(beginning).ok_or_else(|| common(&text, beginning).len())?)
            }
            Value::Nothing => {
                nothing.push(*index);
                continue;
            }
        };
        ranked.push((if reversed { !rank } else { rank }, *index));
    }
    Ok((ranked, nothing))
}

fn lower(text: &str) -> Vec<u8> {
    text.to_lowercase().into_bytes()
}

fn common<'a>(a: &'a [u8], b: &[u8]) -> &'a [u8] {
    let length = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    &a[..length]
}

/// In the order of [`f64::total_cmp`].
fn rank_of_number(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// So many bytes of a text are in its rank; the last one says how many there are.
const IN_RANK: usize = 7;

/// The first bytes, and whether there are more: then the rank does not tell all.
fn rank_of_text(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let kept = text.len().min(IN_RANK);
    bytes[..kept].copy_from_slice(&text[..kept]);
    bytes.make_ascii_lowercase();
    bytes[IN_RANK] = text.len().min(IN_RANK + 1) as u8;
    u64::from_be_bytes(bytes)
}

fn is_cut(rank: u64) -> bool {
    rank as u8 as usize > IN_RANK
}

/// Puts sorted new rows into sorted old ones. Looks at few of the old ones, so that a stream of batches into a long
/// sorted list costs little more than its copy.
pub fn merge<R: Rows>(rows: &R, sort: Sort, old: Vec<u32>, new: &[u32]) -> Vec<u32> {
    let mut merged = Vec::with_capacity(old.len() + new.len());
    let mut taken = 0;
    for index in new {
        let value = rows.value(sort.column, *index as usize);
        let is_before = |other: &u32| {
            let other = rows.value(sort.column, *other as usize);
            other.order(&value, sort.reversed) != Ordering::Greater
        };
        // Rows mostly come in an order that has something to do with the sort: the next one belongs near the last.
        let mut step = 1;
        while taken + step < old.len() && is_before(&old[taken + step]) {
            step *= 2;
        }
        let from = taken + if step > 1 { step / 2 } else { 0 };
        let within = &old[from..old.len().min(taken + step + 1)];
        let until = from + within.partition_point(is_before);
        merged.extend_from_slice(&old[taken..until]);
        merged.push(*index);
        taken = until;
    }
    merged.extend_from_slice(&old[taken..]);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;
    use proptest::prelude::*;

    #[derive(Debug)]
    enum Cell {
        Number(f64),
        Text(String),
        Nothing,
    }

    struct Cells(Vec<Cell>);

    impl Rows for Cells {
        type Id = usize;
        fn count(&self) -> usize {
            self.0.len()
        }
        fn id(&self, index: usize) -> usize {
            index
        }
        fn is(&self, index: usize, id: &usize) -> bool {
            index == *id
        }
        fn is_bad(&self, _: usize) -> bool {
            false
        }
        fn passing(&self, _: &Filter, from: usize) -> Vec<u32> {
            (from as u32..self.0.len() as u32).collect()
        }
        fn value(&self, _: u8, index: usize) -> Value<'_> {
            match &self.0[index] {
                Cell::Number(number) => Value::Number(*number),
                Cell::Text(text) => Value::Text(text),
                Cell::Nothing => Value::Nothing,
            }
        }
        fn columns(&self) -> &'static [&'static str] {
            &["CELL"]
        }
    }

    fn as_it_should_be(rows: &Cells, sort: Sort) -> Vec<u32> {
        let mut all: Vec<u32> = (0..rows.count() as u32).collect();
        all.sort_by(|a, b| rows.value(1, *a as usize).order(&rows.value(1, *b as usize), sort.reversed));
        all
    }

    fn any_cells() -> impl Strategy<Value = Vec<Cell>> {
        let numbers = prop_oneof![Just(0.0), Just(-0.0), -1e3..1e3f64, Just(f64::NEG_INFINITY)].prop_map(Cell::Number);
        let texts = "(ch|Ch|CH-0|ch-00000|Äch|ch-0000000\u{0}{0,2})?[a-bA-B0-1\u{0}Ä]{0,4}".prop_map(Cell::Text);
        let or_nothing = |cell: BoxedStrategy<Cell>| prop_oneof![5 => cell, 1 => Just(()).prop_map(|()| Cell::Nothing)];
        prop_oneof![
            prop::collection::vec(or_nothing(numbers.boxed()), 0..40),
            prop::collection::vec(or_nothing(texts.boxed()), 0..40),
        ]
    }

    proptest! {
        #[test]
        fn the_short_way_leads_where_the_long_one_does(cells in any_cells(), reversed: bool, first in 0..41usize) {
            let sort = Sort { column: 1, reversed };
            let rows = Cells(cells);
            let all = as_it_should_be(&rows, sort);
            prop_assert_eq!(&sorted(&rows, sort, (0..rows.count() as u32).collect()), &all);
            let first = first.min(rows.count()) as u32;
            let old = sorted(&rows, sort, (0..first).collect());
            let new = sorted(&rows, sort, (first..rows.count() as u32).collect());
            prop_assert_eq!(merge(&rows, sort, old, &new), all);
        }
    }
}
