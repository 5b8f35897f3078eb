//! What is known about one key: its waveform, its measures, what was billed, where it was saved, what it says.

use ratatui::layout::Rect;

use crate::audio::{Peaks, Sound};
use crate::results::Row;
use crate::text;
use crate::tui::model::{JobScreen, Model, Pane};
use crate::tui::theme::{Theme, verdict_glyph};
use crate::tui::view::job;
use crate::tui::view::pen::{Frame, Pen, Piece, pad, piece, row};
use crate::tui::view::waveform::waveform;
use crate::tui::view::wrap::wrap;

/// Draws the pane beside or below the keys of a job.
pub fn pane(pen: &mut Pen<'_>, model: &Model, screen: &JobScreen, place: Rect) {
    let theme = *pen.theme;
    let selected = selected(screen);
    let title = selected.as_ref().map_or_else(|| "No key selected".to_owned(), job::name);
    let style = if screen.pane == Pane::Detail { theme.focused_border() } else { theme.border() };
    let inside =
        pad(pen.frame(place, &Frame { title: vec![piece(title, theme.title())], style, ..Frame::default() }), 1);
    let Some(result) = &selected else { return };
    let wave = Rect { height: 4.min(inside.height), ..inside };
    let mut y = 0;
    if let Some(sound) = &result.sound {
        wave_rows(pen, sound, screen.peaks(result.line), wave);
        y = wave.height;
    }
    for line in lines(&theme, model, screen, result, usize::from(inside.width)) {
        pen.line(row(inside, y), &line);
        y += 1;
    }
}

/// The selected key. Looks where the cursor says it is before it looks everywhere.
fn selected(screen: &JobScreen) -> Option<Row> {
    let line = screen.cursor.selected?;
    let at = screen.cursor.visible.get(screen.cursor.row).and_then(|index| screen.rows.get(*index as usize));
    at.filter(|row| row.line == line).or_else(|| screen.row(line))
}

/// Draws a waveform with the time below it: the last row of the place.
pub fn wave_rows(pen: &mut Pen<'_>, sound: &Sound, peaks: Option<&Peaks>, place: Rect) {
    let theme = *pen.theme;
    let n_lines = usize::from(place.height.saturating_sub(1)).max(1);
    let wave = peaks.map(|peaks| waveform(peaks, usize::from(place.width), n_lines, theme.is_ascii()));
    for (at, line) in wave.unwrap_or_default().iter().enumerate() {
        pen.text(row(place, at as u16), line, theme.bar());
    }
    if place.height > 1 {
        let times = row(place, place.height - 1);
        pen.text(times, "0:00", theme.muted());
        pen.right(times, &text::clock_seconds(sound.seconds), theme.muted());
    }
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
    }
    if let Some(sound) = &result.sound {
        let clipped =
            if sound.clipped > 0 { format!("  {} clipped", text::thousands(sound.clipped)) } else { String::new() };
        lines.push(vec![piece(
            format!("peak {}  mean {}{clipped}", level(sound.peak_db), level(sound.rms_db)),
            theme.text(),
        )]);
        let silence = format!("silence {}", sound.silences());
        lines.extend(wrap(&silence, room).into_iter().map(|line| vec![piece(line, theme.text())]));
    }
    if let Some(tokens) = result.tokens.audio {
        // The service bills 25 tokens for a second of audio; a difference means that audio is missing.
        let billed = text::span(tokens as f64 / 25.0);
        lines.push(vec![piece(format!("{} audio tokens: {billed} billed", text::thousands(tokens)), theme.text())]);
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
    if let Some(head) = screen.texts.get(result.key.as_deref().unwrap_or_default()) {
        lines.push(Vec::new());
        if let Some(voice) = head.voice {
            lines.push(vec![piece("voice ", theme.muted()), piece(voice, theme.text())]);
        }
        lines.extend(wrap(head.text, room).into_iter().map(|line| vec![piece(line, theme.text())]));
    }
    lines
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
