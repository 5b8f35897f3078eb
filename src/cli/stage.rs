//! What a command stands on: settings, and the session that is opened from them when a command needs one.
//!
//! The only place that knows about `--demo`: an embedded service, folders that vanish, and nothing else different.

use std::sync::Arc;

use super::args::{self, Global};
use super::log::{self, Hidden};
use crate::clock::Clock;
use crate::config::{BaseUrl, ColorChoice, Env, Flags, Settings};
use crate::failure::{Exit, Failure};
use crate::ops::Session;
use crate::store::Store;

/// What the options, the environment and the configuration say, and an embedded service when they ask for one.
pub struct Stage {
    /// Everything that was decided.
    pub settings: Settings,
    hidden: Option<Hidden>,
    demo: Option<Demo>,
}

/// Lives as long as the command.
struct Demo {
    /// State, cache and configuration of the demo; removed at the end.
    _folder: tempfile::TempDir,
    _service: sim::Sim,
}
