//! The commands as scripts run them: words, JSON and exit codes, against the embedded service.

mod alone;
mod asking;
mod campaigns;
mod changing;
mod doctor;
mod escapes;
mod guarding;
mod killed;
mod offer;
pub mod program;
mod reading;
mod recording;
mod retaking;
mod saving;
mod several;
mod sources;
mod spending;
mod unchanged;
