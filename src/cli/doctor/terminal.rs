//! What the terminal can show, and whether copied text reaches it.

use super::check::Check;
use crate::cli::console::Console;
use crate::config::{Colors, Env, Multiplexer, Terminal};
use crate::text::clean_short;
use crate::tui::term;

/// The smallest terminal that shows every screen.
const SMALLEST: (u16, u16) = (40, 10);

/// Size, colours, locale, and what lies between the program and the terminal.
pub fn checks(console: &Console, terminal: &Terminal, env: &Env) -> Vec<Check> {
    let size = console.width().and_then(|_| term::size());
    vec![screen(terminal, env, console.width().is_some(), size), clipboard(terminal, env)]
}

fn screen(terminal: &Terminal, env: &Env, is_terminal: bool, size: Option<(u16, u16)>) -> Check {
    let colors = match terminal.colors {
        Colors::None => "no colours",
        Colors::Ansi16 => "16 colours",
        Colors::True => "24-bit colours",
    };
    let glyphs = if terminal.ascii { "ASCII" } else { "UTF-8" };
    let wire = if terminal.over_ssh { ", over SSH" } else { "" };
    let within = match within(terminal) {
        Some(name) => format!(", in {name}"),
        None => String::new(),
    };
    let about = format!("{}, {glyphs} by {}, {colors}{wire}{within}", named(env, "TERM"), locale(env));
    match (is_terminal, size) {
        (false, _) => Check::note("terminal", format!("{about}, standard output is none: no dashboard here")),
        (true, _) if terminal.dumb => Check::note("terminal", format!("{about}: no dashboard here")),
        (true, None) => Check::note("terminal", format!("{about}, its size is not known")),
        (true, Some((width, height))) if width < SMALLEST.0 || height < SMALLEST.1 => Check::note(
            "terminal",
            format!("{about}, {width}x{height}: too small, the dashboard needs {}x{}", SMALLEST.0, SMALLEST.1),
        ),
        (true, Some((width, height))) => Check::good("terminal", format!("{about}, {width}x{height}")),
    }
}

/// Copied text goes to the terminal as OSC 52, and never comes back: whether it arrived cannot be asked.
fn clipboard(terminal: &Terminal, env: &Env) -> Check {
    let is_console = env.get("TERM") == Some("linux");
    match terminal.multiplexer {
        _ if terminal.dumb || is_console => Check::note("clipboard", "none: nothing can be copied here"),
        Multiplexer::Screen => Check::note("clipboard", "copied text goes out as OSC 52, and GNU screen may keep it"),
        Multiplexer::Tmux => {
            Check::note("clipboard", "copied text goes out as OSC 52; tmux passes it on with: set -g set-clipboard on")
        }
        Multiplexer::None => {
            Check::good("clipboard", "copied text goes out as OSC 52, which the terminal has to allow")
        }
    }
}

/// What runs between the program and the terminal, when something does.
fn within(terminal: &Terminal) -> Option<&'static str> {
    match terminal.multiplexer {
        Multiplexer::Tmux => Some("tmux"),
        Multiplexer::Screen => Some("GNU screen"),
        Multiplexer::None => None,
    }
}

/// The variable that decides about the locale, and what it says.
fn locale(env: &Env) -> String {
    let deciding = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find(|name| env.get(name).is_some());
    named(env, deciding.unwrap_or("LANG"))
}

fn named(env: &Env, name: &str) -> String {
    match env.get(name) {
        Some(value) => format!("{name}={}", clean_short(value, 40)),
        None => format!("{name} unset"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::check::Status;
    use super::*;
    use crate::config::ColorChoice;

    fn look(variables: &[(&str, &str)], is_terminal: bool, size: Option<(u16, u16)>) -> [Check; 2] {
        let env = Env::of(variables, Path::new("/x"));
        let terminal = Terminal::from_env(&env, false, ColorChoice::Auto);
        [screen(&terminal, &env, is_terminal, size), clipboard(&terminal, &env)]
    }

    type Variables = &'static [(&'static str, &'static str)];
    type Size = Option<(u16, u16)>;

    #[test]
    fn a_terminal_is_told_with_what_is_wrong_with_it() {
        const GOOD: (&str, &str) = ("TERM", "xterm-256color");
        const UTF8: (&str, &str) = ("LANG", "C.UTF-8");
        let big = Some((120, 32));
        let table: [(Variables, bool, Size, bool, &str); 7] = [
            (&[GOOD, UTF8], true, big, true, "TERM=xterm-256color, UTF-8 by LANG=C.UTF-8, 16 colours, 120x32"),
            (&[GOOD, ("LC_ALL", "C"), UTF8], true, big, true, "ASCII by LC_ALL=C"),
            (&[GOOD], true, big, true, "ASCII by LANG unset"),
            (&[GOOD, UTF8, ("NO_COLOR", "1"), ("SSH_CONNECTION", "x")], true, big, true, "no colours, over SSH"),
            (&[GOOD, UTF8], true, Some((39, 32)), false, "39x32: too small"),
            (&[GOOD, UTF8], false, None, false, "standard output is none: no dashboard here"),
            (&[("TERM", "dumb"), UTF8], true, big, false, "TERM=dumb"),
        ];
        for (variables, is_terminal, size, is_good, part) in table {
            let [screen, _] = look(variables, is_terminal, size);
            assert_eq!(screen.status == Status::Good, is_good, "{screen:?}");
            assert!(screen.detail.contains(part), "{part}: {screen:?}");
        }
    }

    #[test]
    fn what_swallows_copied_text_is_named() {
        let table: [(Variables, bool, &str); 5] = [
            (&[("TERM", "xterm")], true, "OSC 52"),
            (&[("TERM", "tmux-256color"), ("TMUX", "/tmp/tmux")], false, "set-clipboard on"),
            (&[("TERM", "screen"), ("STY", "1.pts")], false, "GNU screen"),
            (&[("TERM", "linux")], false, "none"),
            (&[("TERM", "dumb")], false, "none"),
        ];
        for (variables, is_good, part) in table {
            let [_, clipboard] = look(variables, true, Some((80, 24)));
            assert_eq!(clipboard.status == Status::Good, is_good, "{clipboard:?}");
            assert!(clipboard.detail.contains(part), "{part}: {clipboard:?}");
        }
    }
}
