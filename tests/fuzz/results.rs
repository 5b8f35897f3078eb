//! Results: any bytes, cut anywhere, give the rows that they give as a whole; a row that is cut out gives itself; nothing
//! that is kept of a row grows with the input; and audio is what its base64 says, or there is none.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gemtts_tui::results::{Form, Outcome, Parser, Row, Sink, Totals};

/// What a parser found.
#[derive(Debug, Default, PartialEq)]
struct Found {
    rows: Vec<Row>,
    /// The samples before each row.
    audio: Vec<Vec<u8>>,
    pending: Vec<u8>,
}

impl Sink for Found {
    type Error = std::convert::Infallible;

    fn audio(&mut self, samples: &[u8]) -> Result<(), Self::Error> {
        self.pending.extend_from_slice(samples);
        Ok(())
    }

    fn row(&mut self, row: Row) -> Result<(), Self::Error> {
        // What came of a row that cannot be used does not count, and how much of it came depends on the cuts.
        let audio = std::mem::take(&mut self.pending);
        self.audio.push(if row.outcome == Outcome::Audio { audio } else { Vec::new() });
        self.rows.push(row);
        Ok(())
    }
}

/// The first byte says what the rest is, the next four how it is cut.
pub fn results(bytes: &[u8]) {
    let Some(([what, cut @ ..], bytes)) = bytes.split_first_chunk::<5>() else { return };
    let seed = u32::from_le_bytes(*cut);
    let form = [Form::Lines, Form::Inline, Form::One][usize::from(*what) % 3];
    match what / 3 % 4 {
        0 | 1 => any(form, bytes, seed),
        2 => {
            let body = wrapped(form, bytes);
            any(form, &body, seed);
        }
        _ => speech(form, bytes, seed),
    }
}

/// Any bytes at all.
fn any(form: Form, bytes: &[u8], seed: u32) {
    let (whole, totals) = read(form, [bytes]);
    assert_eq!(totals.bytes, bytes.len() as u64);
    assert_eq!(totals.rows, whole.rows.len() as u64);
    for pieces in [cut_at_random(bytes, seed), bytes.chunks(1).collect()] {
        let (found, again) = read(form, pieces);
        assert_eq!((&found, &again), (&whole, &totals));
    }
    let mut end = 0;
    for (row, audio) in whole.rows.iter().zip(&whole.audio) {
        assert!(row.offset >= end || form == Form::One, "{row:?} begins before {end}");
        end = row.offset + row.length;
        assert!(end <= totals.bytes, "{row:?} ends behind {}", totals.bytes);
        bounded(row);
        if row.outcome == Outcome::Audio {
            let sound = row.sound.as_ref().expect("what was decoded was measured");
            assert_eq!(sound.pcm_bytes, audio.len() as u64);
            assert!(sound.pcm_bytes % 2 == 0 && sound.pcm_bytes > 0);
            // Where it lies is enough to find it again.
            let piece = &bytes[row.offset as usize..end as usize];
            let mut alone = Found::default();
            let mut parser = Parser::starting_at(Form::One, row.line, row.offset);
            let Ok(()) = parser.push(piece, &mut alone);
            let Ok(_) = parser.finish(&mut alone);
            assert_eq!((alone.rows.as_slice(), &alone.audio[0]), (std::slice::from_ref(row), audio));
        }
    }
    // A limit of length makes rows bad, and loses none.
    let mut short = Found::default();
    let mut parser = Parser::new(form).with_most_row_bytes(64);
    let Ok(()) = parser.push(bytes, &mut short);
    let Ok(_) = parser.finish(&mut short);
    assert_eq!(short.rows.len(), whole.rows.len());
    for (short, whole) in short.rows.iter().zip(&whole.rows) {
        assert_eq!((short.offset, short.length), (whole.offset, whole.length));
        assert!(whole.length <= 64 || matches!(short.outcome, Outcome::Malformed { .. }), "{short:?}");
    }
}

fn read<'a>(form: Form, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Found, Totals) {
    let (mut found, mut parser) = (Found::default(), Parser::new(form));
    for piece in pieces {
        let Ok(()) = parser.push(piece, &mut found);
    }
    let Ok(totals) = parser.finish(&mut found);
    found.pending.clear();
    (found, totals)
}

/// Pieces of lengths that a seed gives, mostly short.
fn cut_at_random(mut bytes: &[u8], mut seed: u32) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let most = if seed & 3 == 0 { 4096 } else { 16 };
        let (piece, rest) = bytes.split_at((1 + (seed >> 16) as usize % most).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// Nothing that is kept of a row has the length of the input.
fn bounded(row: &Row) {
    // Bytes that are no text take three as a sign for them.
    assert!(row.key.as_ref().is_none_or(|key| key.len() <= 3 * 65_536));
    assert!(row.finish_reason.as_ref().is_none_or(|reason| reason.chars().count() <= 201));
    let said = match &row.outcome {
        Outcome::Audio => "",
        Outcome::NoAudio { reason } | Outcome::Malformed { reason } => reason,
        Outcome::Error { message, .. } => message,
    };
    assert!(said.chars().count() <= 512, "{said:?}");
    assert!(!said.chars().any(char::is_control), "{said:?}");
}

/// The bytes as a line or an item, where one is expected.
fn wrapped(form: Form, item: &[u8]) -> Vec<u8> {
    match form {
        Form::Lines => [b"{\"key\":\"a\"}\n", item, b"\n{\"key\":\"z\",\"error\":{\"code\":13}}\n"].concat(),
        Form::One => item.to_vec(),
        Form::Inline => {
            let (head, tail) = (br#"{"metadata":{"output":{"inlinedResponses":{"inlinedResponses":["#, b"]}}}}");
            [&head[..], item, &tail[..]].concat()
        }
    }
}

/// A row with audio whose samples, or whose base64, are the bytes.
fn speech(form: Form, bytes: &[u8], seed: u32) {
    let is_raw = seed & 1 == 0;
    let data = match is_raw {
        true => bytes.iter().copied().filter(|byte| *byte >= b' ' && !b"\"\\".contains(byte)).collect(),
        false => STANDARD.encode(bytes).into_bytes(),
    };
    let mime = ["audio/L16;codec=pcm;rate=24000", "audio/wav", "audio/l16; rate=8000; channels=2"];
    let mime = mime[(seed >> 1) as usize % mime.len()];
    let item = [
        br#"{"key":"k","response":{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":""#,
        mime.as_bytes(),
        br#"","data":""#,
        &data,
        br#""}}]},"finishReason":"STOP"}]}}"#,
    ]
    .concat();
    let body = match form {
        Form::Lines => [&item[..], b"\n"].concat(),
        Form::One | Form::Inline => wrapped(form, &item),
    };
    any(form, &body, seed);
    let (found, _) = read(form, [&body[..]]);
    let ([row], [audio]) = (found.rows.as_slice(), found.audio.as_slice()) else {
        panic!("one item gives one row: {found:?}");
    };
    if row.outcome == Outcome::Audio {
        let samples = STANDARD.decode(&data).expect("what is audio is base64");
        assert!(samples.ends_with(audio) || samples.starts_with(b"RIFF"), "other samples than were sent");
        assert!(samples.starts_with(b"RIFF") || audio.len() == samples.len(), "shorter than what was sent");
    } else if let Ok(samples) = STANDARD.decode(&data) {
        let is_bare = mime != "audio/wav" && !samples.starts_with(b"RIFF");
        let frame = if mime.ends_with("channels=2") { 4 } else { 2 };
        assert!(!is_bare || samples.is_empty() || samples.len() % frame != 0, "audio was refused: {row:?}");
    }
}
