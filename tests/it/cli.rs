//! The commands as scripts run them: words, JSON and exit codes, against the embedded service.

mod alone;
mod asking;
mod campaigns;
mod changing;
mod creating;
mod doctor;
mod escapes;
mod guarding;
mod killed;
mod lifeline;
mod offer;
mod piped;
pub mod program;
mod reading;
mod recording;
mod retaking;
mod saving;
mod secrets;
mod several;
mod sources;
mod spending;
mod unchanged;
