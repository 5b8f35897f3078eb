//! The commands as scripts run them: words, JSON and exit codes, against the embedded service.

mod alone;
mod asking;
mod changing;
pub mod program;
mod reading;
mod retaking;
mod saving;
mod several;
mod spending;
