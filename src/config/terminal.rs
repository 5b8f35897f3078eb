//! What the terminal can show, as far as the environment tells.
//!
//! Pure. Whether standard output is a terminal at all is not decided here.

use super::env::Env;

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// As the environment says.
    #[default]
    Auto,
    /// Even with `NO_COLOR`.
    Always,
    /// None at all.
    Never,
}

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// None; states are told apart by words and marks.
    None,
    /// The sixteen that every terminal has.
    Ansi16,
    /// 24 bits.
    True,
}

/// What stands between the program and the terminal, and keeps to itself what it is not told to pass on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Multiplexer {
    /// Nothing.
    #[default]
    None,
    /// tmux: it says so in `TMUX`, also through a shell that changed `TERM`.
    Tmux,
    /// GNU screen: it says so in `STY`, or calls the terminal `screen`.
    Screen,
}

/// The terminal, as the environment describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// How many colours to use.
    pub colors: Colors,
    /// Whether to draw with ASCII alone.
    pub ascii: bool,
    /// `TERM` is unset or `dumb`: no dashboard there.
    pub dumb: bool,
    /// Somebody sits at the other end of a wire.
    pub over_ssh: bool,
    /// What the terminal is seen through.
    pub multiplexer: Multiplexer,
}

impl Terminal {
    /// Reads `TERM`, `COLORTERM`, `NO_COLOR`, `LC_ALL`, `LC_CTYPE`, `LANG`, `SSH_CONNECTION`, `TMUX` and `STY`.
    pub fn from_env(env: &Env, ascii: bool, color: ColorChoice) -> Self {
        let term = env.get("TERM").unwrap_or("dumb");
        let dumb = term == "dumb";
        // GNU screen swallows 24-bit colour; `screen*` is also what an old tmux calls itself.
        let is_true = env.get("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit")
            && !term.starts_with("screen");
        let no_color = env.get("NO_COLOR").is_some() || dumb;
        let colors = match color {
            ColorChoice::Never => Colors::None,
            ColorChoice::Auto if no_color => Colors::None,
            ColorChoice::Auto | ColorChoice::Always if is_true => Colors::True,
            ColorChoice::Auto | ColorChoice::Always => Colors::Ansi16,
        };
        Terminal {
            colors,
            ascii: ascii || term == "linux" || !is_utf8(env),
            dumb,
            over_ssh: env.get("SSH_CONNECTION").is_some(),
            multiplexer: multiplexer(env, term),
        }
    }
}

/// The innermost one, as far as it can be told: what runs in tmux within screen has both variables.
fn multiplexer(env: &Env, term: &str) -> Multiplexer {
    match (env.get("TMUX"), env.get("STY")) {
        (Some(_), _) => Multiplexer::Tmux,
        (None, Some(_)) => Multiplexer::Screen,
        // Over SSH only the name of the terminal comes along.
        (None, None) if term.starts_with("tmux") => Multiplexer::Tmux,
        (None, None) if term.starts_with("screen") => Multiplexer::Screen,
        (None, None) => Multiplexer::None,
    }
}

/// The first of the three that is set decides; with none, the locale is POSIX, which is ASCII.
fn is_utf8(env: &Env) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| env.get(name));
    let says_utf8 = |locale: &str| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    };
    // Windows has no such variables, and its terminals take UTF-8.
    locale.map_or(cfg!(windows), says_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn terminal(variables: &[(&str, &str)], ascii: bool, color: ColorChoice) -> Terminal {
        Terminal::from_env(&Env::of(variables, Path::new("/nowhere")), ascii, color)
    }

    #[test]
    fn every_term_and_locale_has_its_colours_and_glyphs() {
        let terms = [
            ("xterm", Colors::True, false),
            ("xterm-256color", Colors::True, false),
            ("screen", Colors::Ansi16, false),
            ("screen-256color", Colors::Ansi16, false),
            ("tmux-256color", Colors::True, false),
            ("linux", Colors::True, true),
            ("vt100", Colors::True, false),
            ("dumb", Colors::None, false),
            ("", Colors::None, false),
        ];
        let locales =
            [("C", true), ("POSIX", true), ("en_US.UTF-8", false), ("zh_CN.GB18030", true), ("de_DE.utf8", false)];
        for (term, colors, term_ascii) in terms {
            for (locale, locale_ascii) in locales {
                let base = [("TERM", term), ("COLORTERM", "truecolor"), ("LANG", locale)];
                let seen = terminal(&base, false, ColorChoice::Auto);
                let expected = Terminal {
                    colors,
                    ascii: term_ascii || locale_ascii,
                    dumb: term.is_empty() || term == "dumb",
                    over_ssh: false,
                    multiplexer: seen.multiplexer,
                };
                assert_eq!(seen, expected, "{term} {locale}");
                let mut without = base.to_vec();
                without.push(("NO_COLOR", "1"));
                assert_eq!(terminal(&without, false, ColorChoice::Auto).colors, Colors::None, "{term}");
            }
        }
    }

    #[test]
    fn the_first_locale_variable_that_is_set_decides() {
        let xterm = ("TERM", "xterm");
        let table: [(&[(&str, &str)], bool); 4] = [
            (&[xterm], !cfg!(windows)),
            (&[xterm, ("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], true),
            (&[xterm, ("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8"), ("LANG", "C")], false),
            (&[xterm, ("LANG", "en_US.UTF-8")], false),
        ];
        for (variables, ascii) in table {
            assert_eq!(terminal(variables, false, ColorChoice::Auto).ascii, ascii, "{variables:?}");
        }
    }

    #[test]
    fn a_multiplexer_is_known_by_its_variable_or_by_what_it_calls_the_terminal() {
        let table: [(&[(&str, &str)], Multiplexer); 6] = [
            (&[("TERM", "xterm-256color")], Multiplexer::None),
            (&[("TERM", "tmux-256color")], Multiplexer::Tmux),
            (&[("TERM", "screen-256color")], Multiplexer::Screen),
            (&[("TERM", "screen-256color"), ("TMUX", "/tmp/tmux-0/default,1,0")], Multiplexer::Tmux),
            (&[("TERM", "xterm"), ("STY", "1.pts-0")], Multiplexer::Screen),
            (&[("TERM", "xterm"), ("TMUX", "")], Multiplexer::None),
        ];
        for (variables, expected) in table {
            assert_eq!(terminal(variables, false, ColorChoice::Auto).multiplexer, expected, "{variables:?}");
        }
    }

    #[test]
    fn options_win_over_the_environment() {
        let utf8 = [("TERM", "xterm"), ("LANG", "C.UTF-8"), ("NO_COLOR", "1"), ("SSH_CONNECTION", "1 2 3 4")];
        let seen = terminal(&utf8, true, ColorChoice::Always);
        assert_eq!(
            seen,
            Terminal {
                colors: Colors::Ansi16,
                ascii: true,
                dumb: false,
                over_ssh: true,
                multiplexer: Multiplexer::None
            }
        );
        let seen = terminal(&[("TERM", "xterm"), ("COLORTERM", "24bit")], false, ColorChoice::Never);
        assert_eq!(seen.colors, Colors::None);
        assert_eq!(terminal(&[("TERM", "xterm"), ("NO_COLOR", "")], false, ColorChoice::Auto).colors, Colors::Ansi16);
    }
}
