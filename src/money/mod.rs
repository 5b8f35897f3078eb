//! What can be used and what it costs: models, voices, languages, prices with dates, limits, estimates.
//!
//! Pure: the facts are data files built into the program, the day comes from the caller, and a person's own file is
//! text that [`Catalog::add_models`] reads. Facts age, so unknown models, voices and languages are never refused here.

mod account;
mod caps;
mod catalog;
mod estimate;
mod language;
mod learned;
mod model;
mod voice;

pub use account::{Account, Billed, ByManner, Clip, Manner, Measured, Share, in_cents};
pub use caps::{Caps, OverCap};
pub use catalog::{Catalog, CatalogError, Limits, ModelLimits, Tier};
pub use estimate::{Characters, Estimate, Length, Pace, Paces, Script};
pub use language::{Language, LanguageCheck, LanguageList, Languages};
pub use learned::{Learned, ToSpeak};
pub use model::{Batch, BatchPrice, EndOfLife, Generation, Model, Price, Stage};
pub use voice::{Voice, Voices};

pub use jiff::civil::Date;
