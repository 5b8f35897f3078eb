//! Parses, runs, maps the outcome to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(gemtts_tui::cli::run(std::env::args_os()).code())
}
