//! What is known about one key: its waveform, its measures, what was billed, where it was saved, what it says.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::audio::{Facts as AudioFacts, Limits, Sound, Spots, Verdict, why};
use crate::results::Row;
use crate::text;
use crate::tui::model::{JobScreen, Model, Pane};
use crate::tui::theme::{Theme, verdict_glyph};
use crate::tui::view::job;
use crate::tui::view::pen::{Frame, Pen, Piece, pad, piece, row};
use crate::tui::view::sound_map::{self, Outline};
use crate::tui::view::wrap::wrap;

/// Lines of the picture of a key's sound above its facts.
const MAP_LINES: usize = 5;

/// Draws the pane beside or below the keys of a job.
pub fn pane(pen: &mut Pen<'_>, model: &Model, screen: &JobScreen, place: Rect) {
    let theme = *pen.theme;
    let selected = selected(screen);
    let title = selected.as_ref().map_or_else(|| "No key selected".to_owned(), job::name);
    let style = if screen.pane == Pane::Detail { theme.focused_border() } else { theme.border() };
    let inside =
        pad(pen.frame(place, &Frame { title: vec![piece(title, theme.title())], style, ..Frame::default() }), 1);
    let Some(result) = &selected else { return };
    let room = usize::from(inside.width);
    let mut all = Vec::new();
    if let Some(sound) = &result.sound {
        all = sound_map::lines(
            &theme,
            sound,
            Outline::of(screen, result.line),
            room,
            MAP_LINES.min(inside.height.into()),
        );
    }
    all.extend(lines(&theme, model, screen, result, room));
    for (y, line) in (0..inside.height).zip(&all) {
        pen.line(row(inside, y), line);
    }
}

/// The selected key. Looks where the cursor says it is before it looks everywhere.
fn selected(screen: &JobScreen) -> Option<Row> {
    let line = screen.cursor.selected?;
    let at = screen.cursor.visible.get(screen.cursor.row).and_then(|index| screen.rows.get(*index as usize));
    at.filter(|row| row.line == line).or_else(|| screen.row(line))
}

/// Everything about a key but its waveform, wrapped.
pub fn lines(theme: &Theme, model: &Model, screen: &JobScreen, result: &Row, room: usize) -> Vec<Vec<Piece>> {
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    let verdict = theme.verdict(result.verdict);
    let mut first = vec![piece(format!("{} {}", verdict_glyph(result.verdict), result.verdict.as_str()), verdict)];
    if let Some(sound) = &result.sound {
        first.push(piece(format!("  {}", text::span(sound.seconds)), theme.text()));
        first.push(piece(format!("  {}", format(sound)), theme.muted()));
    }
    lines.push(first);
    if let Some(reason) = job::reason(result) {
        lines.extend(wrap(&reason, room).into_iter().map(|line| vec![piece(line, theme.bad())]));
    } else if let Some(reason) = reason(result) {
        lines.extend(wrap(&reason, room).into_iter().map(|line| vec![piece(line, verdict)]));
    }
    let mut say = |said: &str, style: Style| {
        lines.extend(wrap(said, room).into_iter().map(|line| vec![piece(line, style)]));
    };
    if let Some(sound) = &result.sound {
        let noise = format!("{:.0} %", sound.noise * 100.0);
        say(&format!("peak {}  mean {}  noise {noise}", level(sound.peak_db), level(sound.rms_db)), theme.text());
        let peaks = screen.peaks(result.line);
        let spots = peaks.map(|peaks| Spots::of(sound, peaks)).unwrap_or_default();
        if sound.clipped > 0 {
            say(&clipped(sound, spots), theme.text());
        }
        say(&silence(sound, spots), theme.text());
    }
    if let Some(tokens) = result.tokens.audio {
        // The service bills 25 tokens for a second of audio; a difference means that audio is missing.
        let billed = text::span(tokens as f64 / 25.0);
        say(&format!("{}: {billed} billed", text::count(tokens, "audio token")), theme.text());
    }
    if let Some(finish) = &result.finish_reason {
        lines.push(vec![piece("finish ", theme.muted()), piece(text::clean_short(finish, 64), theme.text())]);
    }
    match (screen.files.get(&result.line), model.jobs.saved.get(&screen.name)) {
        (Some(file), _) => lines.push(vec![piece("saved  ", theme.good()), piece(text::clean(file), theme.text())]),
        (None, Some(folder)) => {
            let folder = text::clean(&folder.to_string_lossy());
            lines.push(vec![piece("job saved to ", theme.good()), piece(folder, theme.text())]);
        }
        (None, None) => {}
    }
    let (length, offset) = (text::thousands(result.length), text::thousands(result.offset));
    let place = format!("line {} of the results, {length} bytes from byte {offset} on", text::thousands(result.line));
    lines.extend(wrap(&place, room).into_iter().map(|line| vec![piece(line, theme.muted())]));
    if result.key.as_ref().is_none_or(String::is_empty) {
        let said = "It has no key: only its place tells which request it answers, and that is not verified.";
        lines.extend(wrap(said, room).into_iter().map(|line| vec![piece(line, theme.warn())]));
    }
    if let Some(head) = screen.texts.get(result.key.as_deref().unwrap_or_default()) {
        lines.push(Vec::new());
        if let Some(voice) = &head.voice {
            lines.push(vec![piece("voice ", theme.muted()), piece(voice.as_str(), theme.text())]);
        }
        lines.extend(wrap(&head.text, room).into_iter().map(|line| vec![piece(line, theme.text())]));
    }
    lines
}

/// Why a verdict is not `ok`: `0.4 s of audio for 155 tokens (6.2 s)`.
fn reason(result: &Row) -> Option<String> {
    let facts = AudioFacts {
        finish_reason: result.finish_reason.as_deref(),
        audio_tokens: result.tokens.audio,
        ..AudioFacts::default()
    };
    match result.verdict {
        Verdict::Ok => None,
        verdict => why(verdict, result.sound.as_ref()?, facts, &Limits::default()),
    }
}

/// `1 204 samples clipped, first at 0:01.2`.
fn clipped(sound: &Sound, spots: Spots) -> String {
    let said = format!("{} clipped", text::count(sound.clipped, "sample"));
    match spots.clipped {
        Some(at) if sound.clipped == 1 => format!("{said}, at {}", text::clock_seconds(at)),
        Some(at) => format!("{said}, first at {}", text::clock_seconds(at)),
        None => said,
    }
}

/// `silence 0.1 s before, 0.3 s after, longest within 0.9 s at 0:02.1`.
fn silence(sound: &Sound, spots: Spots) -> String {
    if sound.leading_silence >= sound.seconds {
        return "silence from start to end".to_owned();
    }
    let (before, after) = (sound.leading_silence, sound.trailing_silence);
    let within = match (sound.longest_gap, spots.longest_gap) {
        (gap, _) if gap < 0.05 => "none within".to_owned(),
        (gap, Some(at)) => format!("longest within {gap:.1} s at {}", text::clock_seconds(at)),
        (gap, None) => format!("longest within {gap:.1} s"),
    };
    format!("silence {before:.1} s before, {after:.1} s after, {within}")
}

/// `24 kHz mono`.
fn format(sound: &Sound) -> String {
    let channels = match sound.format.channels {
        1 => "mono".to_owned(),
        2 => "stereo".to_owned(),
        n => format!("{n} channels"),
    };
    let rate = f64::from(sound.format.sample_rate) / 1000.0;
    if rate.fract() == 0.0 { format!("{rate:.0} kHz {channels}") } else { format!("{rate:.1} kHz {channels}") }
}

fn level(db: f64) -> String {
    if db.is_finite() { format!("{db:.1} dB").replace('-', "−") } else { "none".to_owned() }
}
