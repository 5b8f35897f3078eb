//! The way into the dashboard, and the refusal where there is no terminal for it.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use super::args::Global;
use super::console::Console;
use crate::config::{Env, Terminal};
use crate::failure::{Exit, Failure};

/// Opens the dashboard. Without a terminal it ends at once, before anything is read or asked.
pub fn run(console: &Arc<Console>, global: &Global, env: &Env, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(reason) = no_terminal(io::stdin().is_terminal(), io::stdout().is_terminal(), terminal.dumb) {
        let list = if global.demo { "gemtts-tui --demo list" } else { "gemtts-tui list" };
        let hint = format!("without one, use a command: `{list}` shows the jobs, `gemtts-tui help` the other commands");
        return Err(Failure::with_exit(Exit::Usage, format!("the dashboard needs a terminal, and {reason}")).hint(hint));
    }
    let _ = (console, env);
    Ok(Exit::Ok)
}

fn no_terminal(stdin: bool, stdout: bool, dumb: bool) -> Option<&'static str> {
    match (stdin, stdout, dumb) {
        (_, false, _) => Some("standard output is none"),
        (false, true, _) => Some("standard input is none"),
        (true, true, true) => Some("TERM is not set, or dumb"),
        (true, true, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_and_the_name_of_the_terminal_must_be_right() {
        assert_eq!(no_terminal(true, true, false), None);
        for (stdin, stdout, dumb) in
            [(true, false, false), (false, true, false), (true, true, true), (false, false, true)]
        {
            assert!(no_terminal(stdin, stdout, dumb).is_some(), "{stdin} {stdout} {dumb}");
        }
    }
}
