//! What a plan can learn from the ledger.

use crate::money::{Catalog, Generation, Learned};
use crate::ops::Session;

/// What jobs of the same generation of models came to at this service. A model of a generation that nobody knows learns
/// from itself alone. Blocks on the disk.
pub fn learned(session: &Session, model: &str) -> Learned {
    let generation = generation(&session.catalog, model);
    let is_alike = |other: &str| match generation {
        Generation::V2_5 | Generation::V3_1 | Generation::V3_8 => {
            self::generation(&session.catalog, other) == generation
        }
        Generation::Unknown => other == model,
    };
    let mut pieces = Vec::new();
    let read = session.store.each_accounted(session.origin(), |_, accounted| {
        if accounted.model.as_deref().is_some_and(is_alike) {
            pieces.extend(accounted.shares.iter().map(|share| (share.manner.clone(), share.measured)));
        }
    });
    if let Err(error) = read {
        // An estimate from the built-in paces is better than none.
        tracing::warn!(%error, "the ledger cannot be read, and the estimate rests on nothing of it");
    }
    Learned::new(pieces)
}

fn generation(catalog: &Catalog, model: &str) -> Generation {
    catalog.model(model).map_or_else(|| Generation::of(model), |model| model.generation)
}
