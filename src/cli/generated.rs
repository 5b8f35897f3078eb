//! What the program tells about itself: completions and the manual page, from the same tables that it runs by.

use std::io;

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::args::Arguments;

/// The completion script of a shell.
pub fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    script
}

/// The manual: one page for the program and one for every command, to be read with `man -l -`.
pub fn manual() -> Vec<u8> {
    let mut pages = Vec::new();
    write_manual(&mut pages).expect("a Vec takes every write");
    pages
}

fn write_manual(pages: &mut Vec<u8>) -> io::Result<()> {
    let mut command = Arguments::command();
    command.build();
    Man::new(command.clone()).title("GEMTTS-TUI").render(pages)?;
    section("ENVIRONMENT", ENVIRONMENT).to_writer(pages)?;
    section("EXIT STATUS", EXIT_STATUS).to_writer(pages)?;
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        let title = format!("gemtts-tui-{}", verb.get_name()).to_uppercase();
        Man::new(verb.clone()).title(title).render(pages)?;
    }
    Ok(())
}

fn section(title: &str, entries: &[(&str, &str)]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for (term, meaning) in entries {
        roff.control("TP", []);
        roff.text([roman(*term)]);
        roff.text([roman(*meaning)]);
    }
    roff
}

const ENVIRONMENT: &[(&str, &str)] = &[
    ("GOOGLE_API_KEY, GEMINI_API_KEY", "The key; the first wins when both are set."),
    ("GOOGLE_GEMINI_BASE_URL", "Another endpoint: a proxy, a test server."),
    ("NO_COLOR, COLORTERM, TERM, LC_ALL, LC_CTYPE, LANG", "What the terminal can show."),
    ("XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME", "Where configuration, journals and downloads are kept."),
];

const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "Everything asked for was done."),
    ("1", "An operation failed."),
    ("2", "The command line is wrong, or there is no terminal where one is needed."),
    ("3", "The key was refused or is missing."),
    ("4", "Done, but some items failed or look bad."),
    ("5", "The outcome of a create is unknown; it is looked for by the next command that lists."),
    ("6", "The disk is full or a folder cannot be written."),
    ("7", "Refused: read-only, locked by another instance, or it would hurt without a confirmation."),
    ("124", "Waited too long."),
    ("128+n", "Ended by signal n."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_page_and_its_completion() {
        let manual = String::from_utf8(manual()).unwrap();
        for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
            let script = String::from_utf8(completions(shell)).unwrap();
            for verb in Arguments::command().get_subcommands() {
                assert!(script.contains(verb.get_name()), "{shell} {}", verb.get_name());
            }
        }
        for verb in Arguments::command().get_subcommands() {
            assert!(manual.contains(&format!("gemtts\\-tui\\-{}", verb.get_name())), "{}", verb.get_name());
        }
        assert!(manual.contains("EXIT STATUS") && manual.contains("GEMINI_API_KEY"));
    }
}
