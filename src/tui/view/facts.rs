//! What is known about one key: its waveform, its measures, what was billed, where it was saved, what it says.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::audio::{Facts as AudioFacts, Sound, Spots, Verdict, why};
use crate::results::Row;
use crate::text;
use crate::tui::model::{JobScreen, Model, Pane, SavedFile};
use crate::tui::theme::{Theme, verdict_glyph};
use crate::tui::view::job;
use crate::tui::view::pen::{Frame, Pen, Piece, pad, piece, row};
use crate::tui::view::sound_map::{self, Outline};
use crate::tui::view::wrap::wrap;

/// Lines of the picture of a key's sound above its facts: at least, and at most.
const MAP_LINES: (usize, usize) = (5, 9);

/// Lines that the facts need beside the beginning of a text.
const FACTS_LINES: usize = 15;

/// Draws the pane beside or below the keys of a job.
pub fn pane(pen: &mut Pen<'_>, model: &Model, screen: &JobScreen, place: Rect) {
    let theme = *pen.theme;
    let selected = selected(screen);
    let title = selected.as_ref().map_or_else(|| "No key selected".to_owned(), job::name);
    let style = if screen.pane == Pane::Detail { theme.focused_border() } else { theme.border() };
    let inside =
        pad(pen.frame(place, &Frame { title: vec![piece(title, theme.title())], style, ..Frame::default() }), 1);
    let Some(result) = &selected else { return };
    let (room, height) = (usize::from(inside.width), usize::from(inside.height));
    let mut all = Vec::new();
    if let Some(sound) = &result.sound {
        let n_lines = height.saturating_sub(FACTS_LINES).clamp(MAP_LINES.0, MAP_LINES.1).min(height);
        all = sound_map::lines(&theme, sound, Outline::of(screen, result.line), room, n_lines);
    }
    all.extend(verdict(&theme, model, screen, result, room));
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

/// What is thought of a key, and why: what a person wants to know before all else.
pub fn verdict(theme: &Theme, model: &Model, screen: &JobScreen, result: &Row, room: usize) -> Vec<Vec<Piece>> {
    let style = theme.verdict(result.verdict);
    let mut first = vec![piece(format!("{} {}", verdict_glyph(result.verdict), result.verdict.as_str()), style)];
    if let Some(sound) = &result.sound {
        first.push(piece(format!("  {}", text::span(sound.seconds)), theme.text()));
        first.push(piece(format!("  {}", format(sound)), theme.muted()));
    }
    let reason = job::reason(result).map(|reason| (reason, theme.bad()));
    let reason = reason.or_else(|| Some((self::reason(model, screen, result)?, style)));
    let mut lines = vec![first];
    if let Some((reason, style)) = reason {
        lines.extend(wrap(&reason, room).into_iter().map(|line| vec![piece(line, style)]));
    }
    lines
}

/// Everything else about a key but the picture of its sound, wrapped.
pub fn lines(theme: &Theme, model: &Model, screen: &JobScreen, result: &Row, room: usize) -> Vec<Vec<Piece>> {
    let mut lines: Vec<Vec<Piece>> = Vec::new();
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
    // What the reason says already is not said again.
    if let Some(tokens) = result
        .tokens
        .audio
        .filter(|_| tokens(model, result).is_none_or(|said| reason(model, screen, result) != Some(said)))
    {
        // The service bills 25 tokens for a second of audio; a difference means that audio is missing.
        let billed = text::span(tokens as f64 / 25.0);
        say(&format!("{}: {billed} billed", text::count(tokens, "audio token")), theme.text());
    }
    if let Some(finish) = &result.finish_reason {
        lines.push(vec![piece("finish ", theme.muted()), piece(text::clean_short(finish, 64), theme.text())]);
    }
    match (screen.files.get(result.line), model.jobs.saved.get(&screen.name)) {
        (Some(file), _) => lines.extend(saved(theme, &file, room)),
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
        if let Some(voice) = head.voice {
            lines.push(vec![piece("voice ", theme.muted()), piece(voice, theme.text())]);
        }
        lines.extend(wrap(head.text, room).into_iter().map(|line| vec![piece(line, theme.text())]));
    }
    lines
}

/// `saved  ch06-0042.wav  sha256 9f2c41ab…`, in two lines where one is too short.
fn saved(theme: &Theme, file: &SavedFile<'_>, room: usize) -> Vec<Vec<Piece>> {
    let name = text::clean(file.name);
    let Some(sha256) = &file.sha256 else {
        return vec![vec![piece("saved  ", theme.good()), piece(name, theme.text())]];
    };
    let digest = [piece("sha256 ", theme.muted()), piece(format!("{sha256}…"), theme.text())];
    let is_one_line = "saved    sha256 ".len() + text::width(&name) + sha256.len() < room;
    let mut lines = vec![vec![piece("saved  ", theme.good()), piece(name, theme.text())]];
    match lines.first_mut() {
        Some(line) if is_one_line => {
            line.push(piece("  ", theme.text()));
            line.extend(digest);
        }
        Some(_) | None => lines.push(digest.into()),
    }
    lines
}

/// Why a verdict is not `ok`: `0.4 s of audio for 155 tokens (6.2 s)`.
fn reason(model: &Model, screen: &JobScreen, result: &Row) -> Option<String> {
    if let Some(change) = screen.review.changes.iter().find(|change| change.line == result.line) {
        return Some(change.why());
    }
    match result.verdict {
        Verdict::Ok => None,
        verdict => why(verdict, result.sound.as_ref()?, facts_of(result), &model.setting.limits),
    }
}

/// The audio against its tokens, as a reason would say it.
fn tokens(model: &Model, result: &Row) -> Option<String> {
    why(Verdict::Ok, result.sound.as_ref()?, facts_of(result), &model.setting.limits)
}

fn facts_of(result: &Row) -> AudioFacts<'_> {
    AudioFacts {
        finish_reason: result.finish_reason.as_deref(),
        audio_tokens: result.tokens.audio,
        ..AudioFacts::default()
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

/// `silence 0.1 s before, 0.3 s after, 0.9 s within at 0:02.1`.
fn silence(sound: &Sound, spots: Spots) -> String {
    // A gap that is told as 0.0 s stands nowhere.
    let at =
        spots.longest_gap.filter(|_| sound.longest_gap >= 0.05).map(|at| format!(" at {}", text::clock_seconds(at)));
    format!("silence {}{}", sound.silences(), at.unwrap_or_default())
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
