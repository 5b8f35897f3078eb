//! The outline of a stretch of audio, drawn with braille dots, or with `|` where there is no Unicode.

use crate::audio::Peaks;

/// The lines of a waveform, the upper one first. Empty when there is nothing to draw or no room.
pub fn waveform(peaks: &Peaks, columns: usize, n_lines: usize, is_ascii: bool) -> Vec<String> {
    if peaks.0.is_empty() || columns == 0 || n_lines == 0 {
        return Vec::new();
    }
    if is_ascii { bars(peaks, columns, n_lines) } else { braille(peaks, columns, n_lines) }
}

/// The lowest and the highest sample of one of `n` equal stretches, as parts of full scale.
fn stretch(peaks: &Peaks, at: usize, n: usize) -> (f64, f64) {
    let all = &peaks.0;
    let from = at * all.len() / n;
    let to = ((at + 1) * all.len() / n).clamp(from + 1, all.len());
    let (low, high) =
        all[from..to].iter().fold((127, -127), |(low, high), pair| (pair.lowest.min(low), pair.highest.max(high)));
    (f64::from(low) / 127.0, f64::from(high) / 127.0)
}

/// The steps from the top that a stretch covers, of so many; always at least one, so that silence is a line.
fn covered((low, high): (f64, f64), steps: usize) -> std::ops::RangeInclusive<usize> {
    let step = |value: f64| (((1.0 - value) / 2.0 * steps as f64) as usize).min(steps - 1);
    let (top, bottom) = (step(high.max(low)), step(low.min(high)));
    top..=bottom
}

fn braille(peaks: &Peaks, columns: usize, n_lines: usize) -> Vec<String> {
    // Dots of a braille cell, from the top: left column, right column.
    const DOTS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    let mut cells = vec![vec![0u32; columns]; n_lines];
    for dot in 0..columns * 2 {
        for step in covered(stretch(peaks, dot, columns * 2), n_lines * 4) {
            cells[step / 4][dot / 2] |= DOTS[dot % 2][step % 4];
        }
    }
    // U+2800 is as wide as a space and drawn by every font that has the others.
    let glyph = |dots: &u32| char::from_u32(0x2800 + dots).expect("256 braille patterns follow U+2800");
    cells.iter().map(|line| line.iter().map(glyph).collect()).collect()
}

fn bars(peaks: &Peaks, columns: usize, n_lines: usize) -> Vec<String> {
    let mut cells = vec![vec![' '; columns]; n_lines];
    for column in 0..columns {
        let covered = covered(stretch(peaks, column, columns), n_lines);
        let sign = if covered.start() == covered.end() { '-' } else { '|' };
        for line in &mut cells[covered] {
            line[column] = sign;
        }
    }
    cells.iter().map(|line| line.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Peak;

    fn peaks(pairs: &[(i8, i8)]) -> Peaks {
        Peaks(pairs.iter().map(|(lowest, highest)| Peak { lowest: *lowest, highest: *highest, level: 0 }).collect())
    }

    #[test]
    fn silence_is_a_line_and_full_scale_fills_the_height() {
        assert_eq!(waveform(&peaks(&[(0, 0)]), 3, 1, false), ["⠤⠤⠤"]);
        assert_eq!(waveform(&peaks(&[(-127, 127)]), 2, 2, false), ["⣿⣿", "⣿⣿"]);
        assert_eq!(waveform(&peaks(&[(0, 0), (-127, 127)]), 2, 3, true), [" |", "-|", " |"]);
    }

    #[test]
    fn a_short_stretch_stands_out_in_few_columns() {
        let mut pairs = vec![(0, 0); 100];
        pairs[50] = (-127, 127);
        let lines = waveform(&peaks(&pairs), 4, 2, true);
        assert_eq!(lines.iter().filter(|line| line.contains('|')).count(), 2);
    }

    #[test]
    fn nothing_to_draw_and_nowhere_to_draw_it() {
        assert_eq!(waveform(&Peaks::default(), 9, 9, false), [""; 0]);
        assert_eq!(waveform(&peaks(&[(1, 1)]), 0, 9, true), [""; 0]);
        assert_eq!(waveform(&peaks(&[(127, -127)]), 500, 1, true).len(), 1);
    }
}
