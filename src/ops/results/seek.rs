//! Where chosen rows stand in a kept copy, as far as its index tells: so that a key of a large job is read alone.

use crate::failure::Failure;
use crate::ops::Session;
use crate::ops::session::on_disk;
use crate::save::{Given, Selection};

use super::KeyChoice;
use super::choice::Takes;
use super::index::{self, Damaged, IndexReader};
use super::keep::Place;

/// The rows that were chosen.
pub(super) struct Chosen {
    /// In the order of their lines.
    pub(super) rows: Vec<Given>,
    /// Rows of the copy that were not chosen.
    pub(super) others: u64,
}

/// The places of the chosen rows; `None` when all are meant, and when no index tells.
pub(super) async fn chosen(session: &Session, place: &Place, keys: &KeyChoice) -> Result<Option<Chosen>, Failure> {
    let wanted = match Takes::new(keys)? {
        Takes::All => return Ok(None),
        takes @ (Takes::Keys(_) | Takes::Lines(_)) => takes.selection(),
    };
    let (place, rules) = (place.clone(), index::rules(session));
    on_disk(move || {
        let Some(reader) = IndexReader::open(&place, rules) else { return Ok(None) };
        Ok::<_, Failure>(match find(reader, &wanted) {
            Ok(chosen) => Some(chosen),
            Err(Damaged) => {
                index::drop_index(&place);
                None
            }
        })
    })
    .await
}

fn find(mut reader: IndexReader, wanted: &Selection) -> Result<Chosen, Damaged> {
    let mut chosen = Chosen { rows: Vec::new(), others: 0 };
    while let Some(rows) = reader.next()? {
        let before = chosen.rows.len();
        chosen.rows.extend(rows.views().filter(|row| wanted.takes(row.key, row.line)).map(|row| Given::of(&row)));
        chosen.others += (rows.len() - (chosen.rows.len() - before)) as u64;
    }
    Ok(chosen)
}
