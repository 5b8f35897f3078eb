//! What a program writes to a terminal, taken apart.

/// A piece of the output.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// A character that is shown.
    Text(char),
    /// A control sequence: what stands between `ESC [` and its last letter, and that letter.
    Control(String, char),
    /// Anything else: other escapes, and control characters.
    Other(String),
}

/// Takes output apart.
pub fn pieces(bytes: &[u8]) -> Vec<Piece> {
    let text = std::str::from_utf8(bytes).expect("what is written is UTF-8");
    let mut pieces = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if character == '\x1b' && rest.next_if_eq(&'[').is_some() {
            let mut inside = String::new();
            let last = loop {
                match rest.next() {
                    Some(letter @ '\x40'..='\x7e') => break letter,
                    Some(other) => inside.push(other),
                    None => panic!("the output ends within a sequence"),
                }
            };
            pieces.push(Piece::Control(inside, last));
        } else if character == '\x1b' {
            pieces.push(Piece::Other(format!("\x1b{}", rest.peek().copied().unwrap_or_default())));
        } else if character.is_control() || is_invisible(character) {
            pieces.push(Piece::Other(character.to_string()));
        } else {
            pieces.push(Piece::Text(character));
        }
    }
    pieces
}

/// Characters that turn the direction of a line, or have no width at all.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Fails at the first thing on the wire that the dashboard has no business to write: it places the cursor, sets looks,
/// clears, and switches the modes below. Everything else would come from a stranger's text.
#[track_caller]
pub fn is_clean(bytes: &[u8]) {
    const MODES: &[&str] = &["?1049", "?25", "?2004", "?2026", "?1000", "?1002", "?1003", "?1004", "?1006"];
    for piece in pieces(bytes) {
        let fine = match &piece {
            Piece::Text(_) => true,
            Piece::Control(_, 'm') => true,
            Piece::Control(inside, 'H') => inside.chars().all(|letter| letter.is_ascii_digit() || letter == ';'),
            Piece::Control(inside, 'G' | 'X') => inside.chars().all(|letter| letter.is_ascii_digit()),
            Piece::Control(inside, 'J') => inside == "2",
            Piece::Control(inside, 'h' | 'l') => MODES.contains(&inside.as_str()),
            Piece::Control(..) | Piece::Other(_) => false,
        };
        assert!(fine, "{piece:?} on the wire");
    }
}

/// Whether output sets a colour. `39`, `49` and `59` take one back.
pub fn has_colour(bytes: &[u8]) -> bool {
    let is_colour = |number: &str| {
        let number: u8 = number.parse().unwrap_or(0);
        matches!(number, 30..=38 | 40..=48 | 58 | 90..=97 | 100..=107)
    };
    pieces(bytes)
        .iter()
        .any(|piece| matches!(piece, Piece::Control(inside, 'm') if inside.split([';', ':']).any(is_colour)))
}

#[test]
fn output_is_taken_apart() {
    let control = |inside: &str, last| Piece::Control(inside.to_owned(), last);
    assert_eq!(
        pieces("\x1b[?25lé\x1b]52\x07".as_bytes()),
        [
            control("?25", 'l'),
            Piece::Text('é'),
            Piece::Other("\x1b]".into()),
            Piece::Text(']'),
            Piece::Text('5'),
            Piece::Text('2'),
            Piece::Other("\x07".into()),
        ]
    );
    assert!(has_colour(b"\x1b[1;38;5;2m") && has_colour(b"\x1b[31m") && !has_colour(b"\x1b[0;1;7m\x1b[39;49m"));
    for foreign in ["\x1b]0;x\x07", "\x1b[6n", "\x1bP", "\u{9b}2J", "\u{202e}", "\x1b[?1049$p", "\x07"] {
        assert!(std::panic::catch_unwind(|| is_clean(foreign.as_bytes())).is_err(), "{foreign:?}");
    }
}
