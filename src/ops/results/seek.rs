//! Where chosen rows stand in a kept copy, as far as its index tells: so that a key of a large job is read alone.

use crate::failure::Failure;
use crate::ops::Session;
use crate::ops::session::on_disk;
use crate::results::review::Heard;
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
    /// What they say about the set that the chosen ones belong to; nothing where no texts are known.
    pub(super) heard: Vec<Heard>,
}

/// The places of the chosen rows; `None` when all are meant, and when no index tells.
pub(super) async fn chosen(
    session: &Session,
    place: &Place,
    keys: &KeyChoice,
    has_texts: bool,
) -> Result<Option<Chosen>, Failure> {
    let wanted = match Takes::new(keys)? {
        Takes::All => return Ok(None),
        takes @ (Takes::Keys(_) | Takes::Lines(_)) => takes.selection(),
    };
    let (place, rules) = (place.clone(), index::rules(session));
    on_disk(move || {
        let Some(reader) = IndexReader::open(&place, rules) else { return Ok(None) };
        Ok::<_, Failure>(match find(reader, &wanted, has_texts) {
            Ok(chosen) => Some(chosen),
            Err(Damaged) => {
                index::drop_index(&place);
                None
            }
        })
    })
    .await
}

fn find(mut reader: IndexReader, wanted: &Selection, has_texts: bool) -> Result<Chosen, Damaged> {
    let mut chosen = Chosen { rows: Vec::new(), others: 0, heard: Vec::new() };
    while let Some(rows) = reader.next()? {
        for row in rows.views() {
            if wanted.takes(row.key, row.line) {
                chosen.rows.push(Given::of(&row));
                continue;
            }
            chosen.others += 1;
            if has_texts {
                let heard = Heard::of(row.line, row.key, row.sound.as_ref(), row.tokens, row.verdict);
                chosen.heard.push(heard);
            }
        }
    }
    Ok(chosen)
}
