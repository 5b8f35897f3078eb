//! From meaning to looks: the view names a state or a verdict, the theme answers with a style and a glyph.
//!
//! Every glyph and every sign is written once, in Unicode; a terminal without Unicode gets it through
//! [`Theme::plain`], the one table of replacements. No state is told by colour alone: it has a glyph and a word.

use std::borrow::Cow;

use ratatui::style::{Color, Modifier, Style};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::audio::Verdict;
use crate::config::{Colors, Terminal};
use crate::job::JobState;
use crate::ops::Next;
use crate::tui::model::{Entry, Level};

/// Which colours the terminal can show, or a person wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// Bold, dim and reverse only.
    None,
    /// The sixteen colours that the person chose for their terminal.
    #[default]
    Ansi16,
    /// 24 bits a colour.
    TrueColor,
}

/// Which characters the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// Everything.
    #[default]
    Unicode,
    /// Nothing above 0x7e.
    Ascii,
}

/// How meanings look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// Colours.
    pub palette: Palette,
    /// Characters.
    pub charset: Charset,
}

/// How a row of the list of jobs stands: the states of the service and ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A create whose answer was lost.
    Unknown,
    /// We asked to cancel it; the service has not agreed yet.
    Cancelling,
    /// Waits to run.
    Pending,
    /// Runs.
    Running,
    /// Over.
    Succeeded,
    /// Over without results.
    Failed,
    /// Stopped.
    Cancelled,
    /// Given up by the service.
    Expired,
    /// A state that this program does not know.
    Foreign,
}

impl Standing {
    /// All of them.
    pub const ALL: [Standing; 9] = [
        Standing::Unknown,
        Standing::Cancelling,
        Standing::Pending,
        Standing::Running,
        Standing::Succeeded,
        Standing::Failed,
        Standing::Cancelled,
        Standing::Expired,
        Standing::Foreign,
    ];

    /// Of a row of the list.
    pub fn of(entry: &Entry) -> Self {
        match entry {
            Entry::Lost(_) => Standing::Unknown,
            Entry::Campaign(status) => match status.next {
                Next::Submit(_) | Next::Submitted => Standing::Running,
                Next::Waits(_) => Standing::Pending,
                Next::Paused => Standing::Foreign,
                Next::Cancel(_) | Next::Cancelled => Standing::Cancelling,
                Next::Over => Standing::Succeeded,
            },
            Entry::Job(tracked) if tracked.cancelling && !tracked.job.state.is_terminal() => Standing::Cancelling,
            Entry::Job(tracked) => Standing::of_state(&tracked.job.state),
        }
    }

    /// Of a state alone.
    pub fn of_state(state: &JobState) -> Self {
        match state {
            JobState::Pending => Standing::Pending,
            JobState::Running => Standing::Running,
            JobState::Succeeded => Standing::Succeeded,
            JobState::Failed => Standing::Failed,
            JobState::Cancelled => Standing::Cancelled,
            JobState::Expired => Standing::Expired,
            JobState::Other(_) => Standing::Foreign,
        }
    }

    /// One cell that tells the states apart without their words. No character here is of doubtful width.
    pub fn glyph(self) -> &'static str {
        match self {
            Standing::Unknown => "?",
            Standing::Cancelling => "◌",
            Standing::Pending => "◔",
            Standing::Running => "●",
            Standing::Succeeded => "✓",
            Standing::Failed => "✗",
            Standing::Cancelled => "⊘",
            Standing::Expired => "◷",
            Standing::Foreign => "•",
        }
    }
}

/// The shades of one meaning in the three palettes.
struct Shade {
    ansi: Color,
    rgb: (u8, u8, u8),
}

const GREEN: Shade = Shade { ansi: Color::Green, rgb: (120, 190, 110) };
const RED: Shade = Shade { ansi: Color::Red, rgb: (235, 100, 95) };
const YELLOW: Shade = Shade { ansi: Color::Yellow, rgb: (225, 180, 80) };
const CYAN: Shade = Shade { ansi: Color::Cyan, rgb: (95, 185, 200) };
const MAGENTA: Shade = Shade { ansi: Color::Magenta, rgb: (195, 130, 215) };

impl Theme {
    /// A theme for a terminal.
    pub fn new(palette: Palette, charset: Charset) -> Self {
        Theme { palette, charset }
    }

    /// The theme for what the environment says of a terminal.
    pub fn of(terminal: &Terminal) -> Self {
        let palette = match terminal.colors {
            Colors::None => Palette::None,
            Colors::Ansi16 => Palette::Ansi16,
            Colors::True => Palette::TrueColor,
        };
        Theme::new(palette, if terminal.ascii { Charset::Ascii } else { Charset::Unicode })
    }

    /// Whether only ASCII may be printed.
    pub fn is_ascii(&self) -> bool {
        self.charset == Charset::Ascii
    }

    fn coloured(&self, shade: &Shade) -> Style {
        match self.palette {
            Palette::None => Style::new(),
            Palette::Ansi16 => Style::new().fg(shade.ansi),
            Palette::TrueColor => Style::new().fg(Color::Rgb(shade.rgb.0, shade.rgb.1, shade.rgb.2)),
        }
    }

    /// Ordinary text.
    pub fn text(&self) -> Style {
        Style::new()
    }

    /// What matters less: column heads, units, what is over. Dim, because bright black vanishes in some schemes.
    pub fn muted(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Titles, names, the key in a hint.
    pub fn title(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// It went well.
    pub fn good(&self) -> Style {
        self.coloured(&GREEN)
    }

    /// It failed.
    pub fn bad(&self) -> Style {
        self.coloured(&RED).add_modifier(Modifier::BOLD)
    }

    /// It needs a look.
    pub fn warn(&self) -> Style {
        self.coloured(&YELLOW).add_modifier(Modifier::BOLD)
    }

    /// It is under way.
    pub fn active(&self) -> Style {
        self.coloured(&CYAN)
    }

    /// The selected row, the focused field or button, the cell under the cursor.
    pub fn selected(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The selected row of a pane that has not the focus.
    pub fn selected_elsewhere(&self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    /// The sign of a marked row.
    pub fn marked(&self) -> Style {
        self.coloured(&MAGENTA).add_modifier(Modifier::BOLD)
    }

    /// A word that must not be overlooked: another host, read-only, frozen.
    pub fn chip(&self) -> Style {
        self.coloured(&YELLOW).add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// The border of a pane.
    pub fn border(&self) -> Style {
        self.muted()
    }

    /// The border of the pane that the keys act on.
    pub fn focused_border(&self) -> Style {
        self.coloured(&CYAN)
    }

    /// The border of a dialog that would destroy something.
    pub fn danger_border(&self) -> Style {
        self.coloured(&RED)
    }

    /// A key in the footer and in help.
    pub fn key(&self) -> Style {
        self.coloured(&CYAN).add_modifier(Modifier::BOLD)
    }

    /// The filled part of a bar, a waveform, a sparkline.
    pub fn bar(&self) -> Style {
        self.coloured(&CYAN)
    }

    /// A state.
    pub fn state(&self, standing: Standing) -> Style {
        match standing {
            Standing::Unknown | Standing::Cancelling => self.warn(),
            Standing::Pending => self.coloured(&YELLOW),
            Standing::Running => self.active(),
            Standing::Succeeded => self.good(),
            Standing::Failed => self.bad(),
            Standing::Expired => self.coloured(&RED),
            Standing::Cancelled | Standing::Foreign => self.muted(),
        }
    }

    /// A verdict about audio.
    pub fn verdict(&self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Ok => self.good(),
            Verdict::Quiet | Verdict::Clipped | Verdict::Truncated | Verdict::Runaway | Verdict::Noise => self.warn(),
            Verdict::Empty | Verdict::Silent | Verdict::WrongFormat | Verdict::Refused | Verdict::Error => self.bad(),
        }
    }

    /// A notice.
    pub fn level(&self, level: Level) -> Style {
        match level {
            Level::Good => self.good(),
            Level::Info => self.text(),
            Level::Bad => self.bad(),
        }
    }

    /// Text as this terminal can show it: unchanged, or in ASCII.
    ///
    /// Signs get a likeness, letters lose their accents, and everything else becomes one `?` a character.
    pub fn plain<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.charset == Charset::Unicode || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut plain = String::with_capacity(text.len());
        for grapheme in text.graphemes(true) {
            match grapheme {
                _ if grapheme.is_ascii() => plain.push_str(grapheme),
                _ => plain.push_str(likeness(grapheme).unwrap_or_else(|| unaccented(grapheme))),
            }
        }
        Cow::Owned(plain)
    }
}

/// One cell that tells good, doubtful and missing audio apart.
pub fn verdict_glyph(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "✓",
        Verdict::Quiet | Verdict::Clipped | Verdict::Truncated | Verdict::Runaway | Verdict::Noise => "!",
        Verdict::Empty | Verdict::Silent | Verdict::WrongFormat | Verdict::Refused | Verdict::Error => "✗",
    }
}

/// One cell before a notice.
pub fn level_glyph(level: Level) -> &'static str {
    match level {
        Level::Good => "✓",
        Level::Info => "·",
        Level::Bad => "⚠",
    }
}

/// What stands for a sign on a terminal without Unicode.
fn likeness(sign: &str) -> Option<&'static str> {
    Some(match sign {
        "●" => "*",
        "◌" => "~",
        "◔" => "o",
        "✓" => "+",
        "✗" => "x",
        "⊘" => "/",
        "◷" => "%",
        "•" => ".",
        "▸" => ">",
        "✱" => "#",
        "⚠" => "!",
        "↑" => "Up",
        "↓" => "Down",
        "←" => "Left",
        "→" => "Right",
        "▲" => "^",
        "▼" => "v",
        "╭" | "╮" | "╰" | "╯" | "├" | "┤" | "┼" => "+",
        "─" | "–" | "−" | "‐" | "‑" => "-",
        "—" => "--",
        "│" => "|",
        "╌" => "_",
        "∞" => "inf",
        "█" | "▇" => "#",
        "▆" => "*",
        "▅" => "+",
        "▄" | "▌" => "=",
        "▃" => "-",
        "▂" => ".",
        "▁" => "_",
        "░" => ".",
        "·" => "-",
        "…" => "...",
        "≈" => "~",
        "×" => "x",
        "≤" => "<=",
        "≥" => ">=",
        "‘" | "’" => "'",
        "“" | "”" | "„" | "«" | "»" => "\"",
        "\u{a0}" | "\u{202f}" | "\u{2009}" => " ",
        "⟨" => "<",
        "⟩" => ">",
        "ß" => "ss",
        _ => return None,
    })
}

/// The letter below an accent, or a question mark.
fn unaccented(grapheme: &str) -> &'static str {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let base = grapheme.nfd().next().filter(char::is_ascii_alphabetic);
    base.and_then(|letter| LETTERS.find(letter)).map_or("?", |at| &LETTERS[at..=at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_state_has_a_glyph_of_its_own_in_both_charsets() {
        for charset in [Charset::Unicode, Charset::Ascii] {
            let theme = Theme::new(Palette::None, charset);
            let glyphs = Standing::ALL.map(|standing| theme.plain(standing.glyph()).into_owned());
            for (at, glyph) in glyphs.iter().enumerate() {
                assert_eq!(crate::text::width(glyph), 1, "{glyph}");
                assert!(!glyphs[..at].contains(glyph), "{glyph} stands for two states");
            }
        }
    }

    #[test]
    fn ascii_keeps_what_can_be_kept() {
        let theme = Theme::new(Palette::None, Charset::Ascii);
        let table = [
            ("live · 14:02", "live - 14:02"),
            ("Auf Wiederhören…", "Auf Wiederhoren..."),
            ("日本 ch1", "?? ch1"),
            ("👩‍👩‍👧 x", "? x"),
            ("≈ $3.01 – “hm”", "~ $3.01 - \"hm\""),
        ];
        for (from, to) in table {
            assert_eq!(theme.plain(from), to);
        }
        assert_eq!(Theme::default().plain("日本"), "日本");
    }

    #[test]
    fn without_colours_nothing_is_coloured() {
        let theme = Theme::new(Palette::None, Charset::Unicode);
        for standing in Standing::ALL {
            assert_eq!(theme.state(standing).fg, None);
        }
        for verdict in Verdict::ALL {
            assert_eq!(theme.verdict(verdict).fg, None);
        }
    }

    proptest! {
        #[test]
        fn plain_text_is_ascii(text in any::<String>()) {
            prop_assert!(Theme::new(Palette::None, Charset::Ascii).plain(&text).is_ascii());
        }
    }
}
