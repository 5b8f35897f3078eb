//! The tape language of the VHS recorder, as far as our tape may use it. An unknown word is an error, because the
//! recorder itself would stop there.

/// One step of a tape.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Type(String),
    Press(Key),
    Wait(Where, String),
    Screenshot(String),
    Set(String, String),
    Output(String),
    Require(String),
    Env(String, String),
    Sleep,
    Hide,
    Show,
}

/// Where a wait looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Where {
    Screen,
    Line,
}

/// A key that a tape can press.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Key {
    Enter,
    Tab,
    Escape,
    Space,
    Backspace,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Ctrl(char),
}

impl Key {
    /// What a terminal sends for it.
    pub fn bytes(self) -> String {
        match self {
            Key::Enter => "\r".into(),
            Key::Tab => "\t".into(),
            Key::Escape => "\x1b".into(),
            Key::Space => " ".into(),
            Key::Backspace => "\x7f".into(),
            Key::Up => "\x1b[A".into(),
            Key::Down => "\x1b[B".into(),
            Key::Right => "\x1b[C".into(),
            Key::Left => "\x1b[D".into(),
            Key::PageUp => "\x1b[5~".into(),
            Key::PageDown => "\x1b[6~".into(),
            Key::Ctrl(c) => char::from(c.to_ascii_uppercase() as u8 & 0x1f).to_string(),
        }
    }
}

const SETTINGS: &[&str] = &[
    "Shell",
    "FontSize",
    "FontFamily",
    "Width",
    "Height",
    "Padding",
    "Margin",
    "Theme",
    "TypingSpeed",
    "Framerate",
    "PlaybackSpeed",
    "CursorBlink",
    "WaitTimeout",
    "WindowBar",
];

/// Reads a whole tape; the error names the line.
pub fn parse(tape: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for (number, line) in tape.lines().enumerate() {
        let mut words = Words { rest: line };
        while let Some(word) = words.word() {
            let read = step(&word, &mut words, &mut steps);
            read.map_err(|problem| format!("line {}: {problem}", number + 1))?;
        }
    }
    Ok(steps)
}

fn step(word: &str, words: &mut Words<'_>, steps: &mut Vec<Step>) -> Result<(), String> {
    let (name, time) = word.split_once('@').map_or((word, None), |(name, time)| (name, Some(time)));
    if let Some(time) = time {
        duration(time)?;
    }
    let key = |key: Key, words: &mut Words<'_>| vec![Step::Press(key); words.count()];
    let found = match name {
        "Type" => vec![Step::Type(words.quoted()?)],
        "Sleep" => {
            duration(&words.needed("a time")?)?;
            vec![Step::Sleep]
        }
        "Wait" | "Wait+Line" => vec![Step::Wait(Where::Line, words.pattern()?)],
        "Wait+Screen" => vec![Step::Wait(Where::Screen, words.pattern()?)],
        "Screenshot" => vec![Step::Screenshot(words.needed("a file")?)],
        "Output" => vec![Step::Output(words.needed("a file")?)],
        "Require" => vec![Step::Require(words.needed("a program")?)],
        "Env" => vec![Step::Env(words.needed("a name")?, words.quoted()?)],
        "Set" => {
            let setting = words.needed("a setting")?;
            if !SETTINGS.contains(&setting.as_str()) {
                return Err(format!("no setting is called {setting:?}"));
            }
            vec![Step::Set(setting, words.value()?)]
        }
        "Hide" => vec![Step::Hide],
        "Show" => vec![Step::Show],
        "Enter" => key(Key::Enter, words),
        "Tab" => key(Key::Tab, words),
        "Escape" => key(Key::Escape, words),
        "Space" => key(Key::Space, words),
        "Backspace" => key(Key::Backspace, words),
        "Up" => key(Key::Up, words),
        "Down" => key(Key::Down, words),
        "Left" => key(Key::Left, words),
        "Right" => key(Key::Right, words),
        "PageUp" => key(Key::PageUp, words),
        "PageDown" => key(Key::PageDown, words),
        other => match other.strip_prefix("Ctrl+").map(|key| key.chars().collect::<Vec<_>>()).as_deref() {
            Some([letter]) if letter.is_ascii_alphabetic() => vec![Step::Press(Key::Ctrl(letter.to_ascii_lowercase()))],
            Some(_) | None => return Err(format!("no command is called {other:?}")),
        },
    };
    steps.extend(found);
    Ok(())
}

fn duration(text: &str) -> Result<(), String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[number.len()..];
    let fits = number.parse::<f64>().is_ok() && ["", "ms", "s", "m"].contains(&unit);
    if fits { Ok(()) } else { Err(format!("{text:?} is no time")) }
}

struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    /// The next word outside quotes; nothing at the end of the line or before a comment.
    fn word(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        if self.rest.is_empty() || self.rest.starts_with('#') {
            return None;
        }
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(word.to_owned())
    }

    fn needed(&mut self, what: &str) -> Result<String, String> {
        self.word().ok_or_else(|| format!("{what} is missing"))
    }

    /// Text between quotes of one kind; there are no escapes.
    fn quoted(&mut self) -> Result<String, String> {
        self.rest = self.rest.trim_start();
        let quote =
            self.rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')).ok_or("a quoted text is missing")?;
        let body = &self.rest[1..];
        let end = body.find(quote).ok_or("the quote is not closed")?;
        self.rest = &body[end + 1..];
        Ok(body[..end].to_owned())
    }

    fn value(&mut self) -> Result<String, String> {
        if self.rest.trim_start().starts_with(['"', '\'', '`']) { self.quoted() } else { self.needed("a value") }
    }

    /// A pattern between slashes; `\/` is a slash.
    fn pattern(&mut self) -> Result<String, String> {
        let body = self.rest.trim_start().strip_prefix('/').ok_or("a pattern between slashes is missing")?;
        let mut pattern = String::new();
        let mut chars = body.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '/' => {
                    self.rest = &body[at + 1..];
                    return Ok(pattern);
                }
                '\\' if body[at + 1..].starts_with('/') => {
                    chars.next();
                    pattern.push('/');
                }
                c => pattern.push(c),
            }
        }
        Err("the pattern is not closed".to_owned())
    }

    /// How often a key is pressed: a number behind it, else once.
    fn count(&mut self) -> usize {
        let rest = self.rest.trim_start();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let Ok(count) = rest[..digits].parse() else { return 1 };
        self.rest = &rest[digits..];
        count
    }
}
