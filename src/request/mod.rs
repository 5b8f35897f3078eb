//! What one synthesis request is, the JSON it becomes, and the rules that find mistakes before they cost money.
//!
//! Pure: one line in, one line and its problems out. Files, line numbers and the order of lines belong to `script`.

mod check;
mod dialogue;
mod facts;
mod fields;
mod finding;
mod fixes;
mod glance;
mod identity;
mod json;
mod key;
mod letters;
mod locate;
mod mend;
mod pieces;
mod pronounce;
pub(crate) mod rules;
mod seen;
mod sentences;
mod speech;
mod speech_rules;
mod spelling;
mod split;
mod text_rules;

pub use check::{Checked, Context, check_line, check_settings, check_speakers, check_speech};
pub use dialogue::{Turn, groups, is_same, stranger, turns};
pub use facts::{Facts, Preview};
pub use finding::{Finding, Problem, Severity};
pub use fixes::{Fixes, UnknownFix};
pub use glance::{Glance, LastGood};
pub use identity::Identity;
pub use key::is_portable;
pub use letters::letters;
pub use pieces::LongText;
pub use pronounce::{PronunciationError, Pronunciations};
pub use rules::{RULES, Rule, rule};
#[cfg(test)]
pub(crate) use seen::MOST_WITH_PLACES;
pub use seen::{KeyPlace, Keys, Seen};
pub use speech::{Cast, Settings, Speaker, SpeechPart, SpeechRequest};
pub use spelling::closest;
pub use split::split;
pub use text_rules::{instruction, spoken_instruction};
