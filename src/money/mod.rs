//! What can be used and what it costs: models, voices, languages, prices with dates, limits, estimates.
//!
//! Pure: the facts are data files built into the program, the day comes from the caller, and a person's own files are
//! texts that [`Catalog::add_models`] and its like read. What the service lists completes them as [`Listed`]. Facts
//! age, so each knows its [`Origin`], and unknown models, voices and languages are never refused here.

mod account;
mod caps;
mod catalog;
mod estimate;
mod language;
mod learned;
mod listed;
mod model;
mod models_file;
mod origin;
mod reading;
mod voice;

pub use account::{Account, Billed, ByManner, Clip, Manner, Measured, Share, in_cents};
pub use caps::{Caps, OverCap};
pub use catalog::{Catalog, Limits, ModelLimits, Tier};
pub use estimate::{Characters, Estimate, Length, Pace, Paces, Script};
pub use language::{Language, LanguageCheck, LanguageList, Languages};
pub use learned::{Learned, ToSpeak};
pub use listed::{Listed, ListedModel, ListedVoice, Offer};
pub use model::{Batch, BatchPrice, EndOfLife, Generation, Model, Origins, Price, Stage};
pub use origin::Origin;
pub use reading::CatalogError;
pub use voice::{Voice, VoiceKind, Voices};

pub use jiff::civil::Date;
