//! A key's sound as a picture: its waveform, how loud it is from end to end, and a time axis below both.

use crate::audio::{Drawing, Mark, Peaks, Sound};
use crate::text;
use crate::tui::model::JobScreen;
use crate::tui::theme::Theme;
use crate::tui::view::pen::{Piece, piece};

/// Steps between two times on the axis, in seconds.
const STEPS: [u32; 11] = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];

/// Cells from one time to the next at the least.
const STEP_CELLS: f64 = 12.0;

/// What is known of an outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outline<'a> {
    /// All of it.
    Here(&'a Peaks),
    /// It is on its way.
    Awaited,
    /// It was asked for, and there is none.
    Missing,
}

impl Outline<'_> {
    /// Of a result line.
    pub fn of(screen: &JobScreen, line: u64) -> Outline<'_> {
        match screen.peaks(line) {
            Some(peaks) => Outline::Here(peaks),
            None if screen.outlines.knows(line) => Outline::Missing,
            None => Outline::Awaited,
        }
    }
}

/// So many lines of a picture: the waveform has what the loudness and the axis leave, and gives way first.
///
/// Without an outline, which may be on its way, the axis stands below a quiet `…`.
pub fn lines(theme: &Theme, sound: &Sound, outline: Outline<'_>, cells: usize, n_lines: usize) -> Vec<Vec<Piece>> {
    let n_wave = n_lines.saturating_sub(2);
    let mut lines: Vec<Vec<Piece>> = Vec::with_capacity(n_lines);
    match outline {
        Outline::Here(peaks) => {
            let drawing = Drawing { peaks, samples: sound.pcm_bytes / 2, cells, is_ascii: theme.is_ascii() };
            let wave = if n_wave == 0 { Vec::new() } else { drawing.waveform(n_wave) };
            lines.extend(wave.into_iter().map(|line| vec![piece(line, theme.bar())]));
            if n_lines > 0 {
                lines.push(loudness(theme, &drawing.loudness()));
            }
        }
        Outline::Awaited | Outline::Missing => {
            lines.resize(n_lines.saturating_sub(1).max(n_lines.min(1)), Vec::new());
            let middle = lines.len().saturating_sub(1) / 2;
            if let Some(line) = lines.get_mut(middle) {
                let said = if outline == Outline::Awaited { "…" } else { "no outline of its sound is kept" };
                line.push(piece(said, theme.muted()));
            }
        }
    }
    if n_lines > 1 {
        lines.push(vec![piece(axis(sound.seconds, cells), theme.muted())]);
    }
    lines
}

/// Neighbours of one meaning are one piece.
fn loudness(theme: &Theme, marks: &[Mark]) -> Vec<Piece> {
    let style = |mark: Mark| match mark {
        Mark::Silence => theme.muted(),
        Mark::Loudness(_) => theme.bar(),
        Mark::Clipped => theme.bad(),
    };
    let runs = marks.chunk_by(|one, two| style(*one) == style(*two));
    runs.map(|run| {
        let signs: String = run.iter().map(|mark| mark.sign(theme.is_ascii())).collect();
        piece(signs, style(run[0]))
    })
    .collect()
}

/// `0:00        0:02        0:04   0:05.9`: a time begins where it stands, but for the last one, which ends there.
fn axis(seconds: f64, cells: usize) -> String {
    let last = text::clock_seconds(seconds);
    let mut axis = String::from("0:00");
    if cells < axis.len() + 1 + last.len() {
        return if cells >= last.len() { format!("{last:>cells$}") } else { String::new() };
    }
    let step = STEPS.into_iter().find(|step| f64::from(*step) / seconds * cells as f64 >= STEP_CELLS);
    for time in step.into_iter().flat_map(|step| (1u32..).map(move |n| n.saturating_mul(step))) {
        let at = (f64::from(time) / seconds * cells as f64) as usize;
        let said = format!("{}:{:02}", time / 60, time % 60);
        // What would touch the last time says nothing that it does not.
        if at.saturating_add(said.len() + last.len() + 2) > cells {
            break;
        }
        axis = format!("{axis:at$}{said}");
    }
    let room = cells - last.len();
    format!("{axis:room$}{last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_where_they_are() {
        let table = [
            (5.94, 40, "0:00         0:02         0:04    0:05.9"),
            (0.4, 40, "0:00                              0:00.4"),
            (71.3, 40, "0:00            0:30              1:11.3"),
            (5.94, 12, "0:00  0:05.9"),
            (5.94, 8, "  0:05.9"),
            (5.94, 5, ""),
            (7_200.0, 40, "0:00                60:00       120:00.0"),
            (0.0, 20, "0:00          0:00.0"),
        ];
        for (seconds, cells, expected) in table {
            assert_eq!(axis(seconds, cells), expected, "{seconds} s in {cells}");
        }
    }
}
