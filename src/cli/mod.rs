//! The commands: every verb of the dashboard for scripts, and the way into the dashboard.
//!
//! Parses, opens what a command needs, runs it until it ends, a signal comes or nobody reads any more, and says how it
//! ended. No rules about jobs or money live here: they are in `ops` and below.

mod args;
mod cancel;
mod catalog;
mod choose;
mod console;
mod consent;
mod create;
mod dashboard;
mod delete;
mod doctor;
mod files;
mod generated;
mod get;
mod harden;
mod json;
mod keys;
mod lint;
mod list;
mod log;
mod save;
mod signal;
mod sim;
mod stage;
mod table;
mod wait;

use std::ffi::OsString;
use std::time::Duration;

use clap::Parser;
use tokio::runtime::Runtime;

use crate::clock::Clock;
use crate::config::{Env, Terminal};
use crate::failure::{Exit, Failure};
use args::{Arguments, FilesVerb, Verb};
use console::{Console, Look};
use stage::Stage;

/// How long work on the disk may take to come to its end once a command is called off.
const GRACE: Duration = Duration::from_secs(2);

/// Runs the command line to its end. Messages have been written when this returns.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    harden::harden();
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        // Help and version come this way too, with a code of 0.
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    let env = Env::from_process();
    let terminal = Terminal::from_env(&env, false, arguments.global.color.into());
    let console = Console::new(Look { ascii: arguments.global.ascii, ascii_terminal: terminal.ascii });
    let exit = match &arguments.verb {
        None => dashboard::run(&arguments.global, &env, &terminal),
        Some(verb) => command(&arguments, verb, &env, &console),
    };
    match exit.and_then(|exit| console.failed().map_or(Ok(exit), Err)) {
        Ok(exit) => exit,
        Err(failure) => {
            // Whoever sent a signal, or stopped to read, knows why.
            if !matches!(failure.exit, Exit::Signal(_)) {
                console.failure(&failure);
            }
            failure.exit
        }
    }
}
