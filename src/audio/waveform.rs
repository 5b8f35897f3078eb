//! The outline of a waveform as text, for terminals with and without braille. Pure.

use super::Peaks;

/// The waveform in braille, `cells` wide and `rows` high; two columns and four dots a cell.
///
/// One row shows levels that rise from the bottom; more rows show the waveform around its middle. Full scale fills the
/// height, whatever the clip: a quiet one looks quiet.
pub fn waveform(peaks: &Peaks, cells: usize, rows: usize) -> Vec<String> {
    let dots = Dots::of(peaks, cells * 2, rows * 4, rows == 1);
    // The dots of a cell by column and row, as bits of the code point.
    const BITS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    text(cells, rows, |cell, row| {
        let mut code = 0x2800;
        for (column, bits) in BITS.iter().enumerate() {
            for (dot, bit) in bits.iter().enumerate() {
                if dots.has(cell * 2 + column, row * 4 + dot) {
                    code |= bit;
                }
            }
        }
        char::from_u32(code).expect("all 256 patterns are characters")
    })
}

/// The same in ASCII, for terminals that have nothing else: one row shows levels as ever denser characters, more rows
/// have two steps a cell.
pub fn waveform_ascii(peaks: &Peaks, cells: usize, rows: usize) -> Vec<String> {
    if rows == 1 {
        const LEVELS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];
        let dots = Dots::of(peaks, cells, LEVELS.len(), true);
        let level = |cell: usize| match LEVELS.len() - dots.0[cell].0 {
            0 => ' ',
            level => LEVELS[level - 1],
        };
        return text(cells, 1, |cell, _| level(cell));
    }
    let dots = Dots::of(peaks, cells, rows * 2, false);
    text(cells, rows, |cell, row| match (dots.has(cell, row * 2), dots.has(cell, row * 2 + 1)) {
        (true, true) => '#',
        (true, false) => '"',
        (false, true) => '_',
        (false, false) => ' ',
    })
}

fn text(cells: usize, rows: usize, cell: impl Fn(usize, usize) -> char) -> Vec<String> {
    (0..rows).map(|row| (0..cells).map(|at| cell(at, row)).collect()).collect()
}

/// For each column the first dot from the top that is set, and the first below it that is not.
struct Dots(Vec<(usize, usize)>);

impl Dots {
    fn of(peaks: &Peaks, columns: usize, height: usize, from_bottom: bool) -> Dots {
        let Peaks(peaks) = peaks;
        let column = |column: usize| {
            if peaks.is_empty() || height == 0 {
                return (height, height);
            }
            let first = column * peaks.len() / columns;
            let last = ((column + 1) * peaks.len()).div_ceil(columns).max(first + 1).min(peaks.len());
            let (lowest, highest) = peaks[first..last]
                .iter()
                .fold((0, 0), |(lowest, highest): (i8, i8), peak| (lowest.min(peak.lowest), highest.max(peak.highest)));
            let dots = |level: i8, height: usize| (usize::from(level.unsigned_abs()) * height + 63) / 127;
            if from_bottom {
                let level = dots(lowest, height).max(dots(highest, height)).clamp(1, height);
                return (height - level, height);
            }
            // Silence is a line, which stands above the middle.
            let middle = height / 2;
            let up = dots(highest, middle).clamp(1, middle);
            (middle - up, middle + dots(lowest, height - middle).min(height - middle))
        };
        Dots((0..columns).map(column).collect())
    }

    fn has(&self, column: usize, dot: usize) -> bool {
        self.0.get(column).is_some_and(|(first, end)| (*first..*end).contains(&dot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Peak;
    use proptest::prelude::*;

    fn peaks(pairs: impl IntoIterator<Item = (i8, i8)>) -> Peaks {
        Peaks(pairs.into_iter().map(|(lowest, highest)| Peak { lowest, highest, level: -20 }).collect())
    }

    fn ramp() -> Peaks {
        peaks((0..=127i8).map(|level| (-level, level)))
    }

    #[test]
    fn levels_rise_and_fall_with_the_sound() {
        assert_eq!(waveform(&ramp(), 16, 1), ["⣀⣀⣀⣀⣀⣀⣤⣤⣤⣤⣶⣶⣶⣶⣿⣿"]);
        assert_eq!(waveform(&ramp(), 16, 2), ["⣀⣀⣀⣀⣀⣀⣤⣤⣤⣤⣶⣶⣶⣶⣿⣿", "⠀⠀⠉⠉⠉⠉⠛⠛⠛⠛⠿⠿⠿⠿⣿⣿"]);
        assert_eq!(waveform(&ramp(), 16, 3), ["⠀⠀⠀⠀⠀⠀⢀⣀⣀⣤⣤⣤⣶⣶⣾⣿", "⠒⠶⠶⠶⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿", "⠀⠀⠀⠀⠀⠀⠈⠉⠉⠛⠛⠛⠿⠿⢿⣿"]);
        assert_eq!(waveform_ascii(&ramp(), 16, 1), ["___..::--==++**#"]);
        assert_eq!(waveform_ascii(&ramp(), 16, 2), ["____________####", "    \"\"\"\"\"\"\"\"####"]);
    }

    #[test]
    fn silence_is_a_line_and_nothing_is_nothing() {
        let silence = peaks([(0, 0); 9]);
        assert_eq!(waveform(&silence, 4, 1), ["⣀⣀⣀⣀"]);
        assert_eq!(waveform(&silence, 4, 3), ["⠀⠀⠀⠀", "⠒⠒⠒⠒", "⠀⠀⠀⠀"]);
        assert_eq!(waveform_ascii(&silence, 4, 1), ["____"]);
        assert_eq!(waveform(&Peaks::default(), 3, 1), ["⠀⠀⠀"]);
        assert_eq!(waveform_ascii(&Peaks::default(), 3, 2), ["   ", "   "]);
    }

    #[test]
    fn a_click_is_seen_however_narrow_the_picture() {
        let mut pairs = vec![(0, 0); 128];
        pairs[77] = (0, 127);
        for cells in 1..70 {
            let line = &waveform(&peaks(pairs.clone()), cells, 1)[0];
            assert_eq!(
                line.chars().filter(|c| *c != '⣀').count().clamp(1, 2),
                line.chars().filter(|c| *c != '⣀').count()
            );
        }
    }

    proptest! {
        #[test]
        fn the_picture_has_the_size_that_was_asked_for(
            pairs in proptest::collection::vec((-127i8..=0, 0i8..=127), 0..130), cells in 0usize..50, rows in 0usize..9
        ) {
            let peaks = peaks(pairs);
            for picture in [waveform(&peaks, cells, rows), waveform_ascii(&peaks, cells, rows)] {
                prop_assert_eq!(picture.len(), rows);
                prop_assert!(picture.iter().all(|line| line.chars().count() == cells));
            }
        }
    }
}
