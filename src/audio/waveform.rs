//! The outline of audio as text: its waveform, and how loud it is from end to end. Pure.
//!
//! Nothing is decoded for it: the stretches that were kept while the audio streamed by are all that is drawn. Columns
//! stand for equal times, so that a waveform, a line of loudness and a time axis fit above one another.

use super::{Peak, Peaks};

/// What is drawn, and how wide.
#[derive(Clone, Copy, Debug)]
pub struct Drawing<'a> {
    /// The outline.
    pub peaks: &'a Peaks,
    /// How many samples it stands for, all channels counted.
    pub samples: u64,
    /// The width, in cells.
    pub cells: usize,
    /// Whether there is nothing but ASCII.
    pub is_ascii: bool,
}

/// What a cell of the line of loudness says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing is heard.
    Silence,
    /// So loud, from 1 to 8 in steps of 6 dB; 8 is within 6 dB of full scale.
    Loudness(u8),
    /// A sample stands at full scale.
    Clipped,
}

impl Mark {
    /// The sign for it; every one of them is told from the others without colour.
    pub fn sign(self, is_ascii: bool) -> char {
        match (self, is_ascii) {
            (Mark::Silence, false) => '╌',
            (Mark::Silence, true) => '_',
            (Mark::Clipped, _) => '!',
            (Mark::Loudness(level), true) => char::from(b'0' + level.clamp(1, 8)),
            (Mark::Loudness(level), false) => {
                ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][usize::from(level.clamp(1, 8)) - 1]
            }
        }
    }
}

impl Drawing<'_> {
    /// The waveform in so many rows, the upper one first: in braille two columns and four dots a cell, in ASCII two
    /// steps a cell.
    ///
    /// One row shows levels that rise from the bottom; more rows show the waveform around its middle. Full scale fills
    /// the height, whatever the clip: a quiet one looks quiet. All cells are blank when there is no outline.
    pub fn waveform(&self, rows: usize) -> Vec<String> {
        match self.is_ascii {
            true => self.ascii(rows),
            false => self.braille(rows),
        }
    }

    /// How loud each cell is. Empty when there is no outline.
    pub fn loudness(&self) -> Vec<Mark> {
        let mark = |peak: Peak| match peak {
            peak if peak.is_clipped() => Mark::Clipped,
            peak if peak.is_silent() => Mark::Silence,
            peak => Mark::Loudness((i16::from(peak.level) / 6 + 8).clamp(1, 8) as u8),
        };
        self.columns(self.cells).map(mark).collect()
    }

    fn braille(&self, rows: usize) -> Vec<String> {
        let dots = self.dots(self.cells * 2, rows * 4, rows == 1);
        // The dots of a cell by column and row, as bits of the code point.
        const BITS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        self.text(rows, |cell, row| {
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

    fn ascii(&self, rows: usize) -> Vec<String> {
        if rows == 1 {
            const LEVELS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];
            let dots = self.dots(self.cells, LEVELS.len(), true);
            let level = |cell: usize| dots.0.get(cell).map_or(0, |(first, _)| LEVELS.len() - first);
            return self.text(1, |cell, _| level(cell).checked_sub(1).map_or(' ', |level| LEVELS[level]));
        }
        let dots = self.dots(self.cells, rows * 2, false);
        self.text(rows, |cell, row| match (dots.has(cell, row * 2), dots.has(cell, row * 2 + 1)) {
            (true, true) => '#',
            (true, false) => '"',
            (false, true) => '_',
            (false, false) => ' ',
        })
    }

    fn text(&self, rows: usize, cell: impl Fn(usize, usize) -> char) -> Vec<String> {
        (0..rows).map(|row| (0..self.cells).map(|at| cell(at, row)).collect()).collect()
    }

    fn dots(&self, columns: usize, height: usize, from_bottom: bool) -> Dots {
        let dots = |part: i8, height: usize| (usize::from(part.unsigned_abs()) * height + 63) / 127;
        let column = |Peak { lowest, highest, level: _ }: Peak| {
            if from_bottom {
                let level = dots(lowest, height).max(dots(highest, height)).clamp(1, height);
                return (height - level, height);
            }
            // Silence is a line, which stands above the middle.
            let middle = height / 2;
            let up = dots(highest.max(0), middle).clamp(1, middle);
            (middle - up, middle + dots(lowest.min(0), height - middle).min(height - middle))
        };
        if height == 0 { Dots(Vec::new()) } else { Dots(self.columns(columns).map(column).collect()) }
    }

    /// The outline over so many equal times.
    fn columns(&self, n: usize) -> impl Iterator<Item = Peak> {
        let Peaks(peaks) = self.peaks;
        let stretches = Peaks::stretches(self.samples).min(peaks.len() as f64);
        let n = if stretches > 0.0 { n } else { 0 };
        let edge = move |column: usize| column as f64 * stretches / n as f64;
        (0..n).map(move |column| {
            let (from, to) = (edge(column), edge(column + 1));
            let first = (from as usize).min(peaks.len() - 1);
            // An edge that falls between two stretches must not reach into the next one by an error of rounding.
            let end = ((to - 1e-6).ceil() as usize).clamp(first + 1, peaks.len());
            let power = |at: usize| {
                let part = (to.min((at + 1) as f64) - from.max(at as f64)).max(1e-9);
                (part, part * 10f64.powf(f64::from(peaks[at].level) / 10.0))
            };
            let (length, sum) = (first..end).map(power).fold((0.0, 0.0), |sum, more| (sum.0 + more.0, sum.1 + more.1));
            Peak {
                lowest: peaks[first..end].iter().fold(127, |lowest, peak| peak.lowest.min(lowest)),
                highest: peaks[first..end].iter().fold(-127, |highest, peak| peak.highest.max(highest)),
                level: (10.0 * (sum / length).log10()).round().clamp(-128.0, 0.0) as i8,
            }
        })
    }
}

/// For each column the first dot from the top that is set, and the first below it that is not.
struct Dots(Vec<(usize, usize)>);

impl Dots {
    fn has(&self, column: usize, dot: usize) -> bool {
        self.0.get(column).is_some_and(|(first, end)| (*first..*end).contains(&dot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn peaks(pairs: impl IntoIterator<Item = (i8, i8)>) -> Peaks {
        Peaks(pairs.into_iter().map(|(lowest, highest)| Peak { lowest, highest, level: -20 }).collect())
    }

    fn levels(levels: &[i8]) -> Peaks {
        Peaks(levels.iter().map(|level| Peak { lowest: 0, highest: 0, level: *level }).collect())
    }

    fn ramp() -> Peaks {
        peaks((0..=127i8).map(|level| (-level, level)))
    }

    /// A drawing of an outline all of whose stretches are whole.
    fn drawing(peaks: &Peaks, cells: usize, is_ascii: bool) -> Drawing<'_> {
        Drawing { peaks, samples: peaks.0.len() as u64 * 128, cells, is_ascii }
    }

    fn line(peaks: &Peaks, cells: usize, is_ascii: bool) -> String {
        drawing(peaks, cells, is_ascii).loudness().into_iter().map(|mark| mark.sign(is_ascii)).collect()
    }

    #[test]
    fn levels_rise_and_fall_with_the_sound() {
        let ramp = ramp();
        let braille = |rows| drawing(&ramp, 16, false).waveform(rows);
        assert_eq!(braille(1), ["⣀⣀⣀⣀⣀⣀⣤⣤⣤⣤⣶⣶⣶⣶⣿⣿"]);
        assert_eq!(braille(2), ["⣀⣀⣀⣀⣀⣀⣤⣤⣤⣤⣶⣶⣶⣶⣿⣿", "⠀⠀⠉⠉⠉⠉⠛⠛⠛⠛⠿⠿⠿⠿⣿⣿"]);
        assert_eq!(braille(3), ["⠀⠀⠀⠀⠀⠀⢀⣀⣀⣤⣤⣤⣶⣶⣾⣿", "⠒⠶⠶⠶⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿", "⠀⠀⠀⠀⠀⠀⠈⠉⠉⠛⠛⠛⠿⠿⢿⣿"]);
        assert_eq!(drawing(&ramp, 16, true).waveform(1), ["___..::--==++**#"]);
        assert_eq!(drawing(&ramp, 16, true).waveform(2), ["____________####", "    \"\"\"\"\"\"\"\"####"]);
    }

    #[test]
    fn silence_is_a_line_and_nothing_is_nothing() {
        let silence = peaks([(0, 0); 9]);
        assert_eq!(drawing(&silence, 4, false).waveform(1), ["⣀⣀⣀⣀"]);
        assert_eq!(drawing(&silence, 4, false).waveform(3), ["⠀⠀⠀⠀", "⠒⠒⠒⠒", "⠀⠀⠀⠀"]);
        assert_eq!(drawing(&silence, 4, true).waveform(1), ["____"]);
        let nothing = Peaks::default();
        assert_eq!(drawing(&nothing, 3, false).waveform(1), ["⠀⠀⠀"]);
        assert_eq!(drawing(&nothing, 3, true).waveform(2), ["   ", "   "]);
        assert_eq!(drawing(&nothing, 3, true).waveform(1), ["   "]);
        assert_eq!(drawing(&nothing, 3, true).loudness(), []);
    }

    #[test]
    fn a_click_is_seen_however_narrow_the_picture() {
        let mut pairs = vec![(0, 0); 128];
        pairs[77] = (0, 127);
        let peaks = peaks(pairs);
        for cells in 1..70 {
            let wave = drawing(&peaks, cells, false).waveform(1).concat();
            assert!((1..=2).contains(&wave.chars().filter(|c| *c != '⣀').count()), "{cells}: {wave}");
            let loudness = line(&peaks, cells, true);
            assert!((1..=2).contains(&loudness.matches('!').count()), "{cells}: {loudness}");
        }
    }

    #[test]
    fn loudness_has_eight_steps_above_silence() {
        let steps = levels(&[-128, -51, -50, -48, -42, -36, -30, -24, -18, -12, -6, -1, 0]);
        assert_eq!(line(&steps, 13, false), "╌╌▁▁▁▂▃▄▅▆▇██");
        assert_eq!(line(&steps, 13, true), "__11123456788");
    }

    #[test]
    fn a_column_is_as_loud_as_the_mean_of_its_time() {
        let table: [(&[i8], usize, &str); 4] = [
            (&[-20, -20, -20, -20], 1, "5"),
            (&[-128, -128, -20, -20], 2, "_5"),
            (&[-20, -128], 3, "55_"),
            (&[-20], 5, "55555"),
        ];
        for (given, cells, expected) in table {
            assert_eq!(line(&levels(given), cells, true), expected, "{given:?} in {cells}");
        }
    }

    #[test]
    fn the_last_stretch_takes_no_more_room_than_its_time() {
        // 129 windows are 64 stretches of two and half a one.
        let mut all = vec![-128i8; 65];
        all[64] = -20;
        let outline = levels(&all);
        let drawn = |cells| {
            let drawing = Drawing { peaks: &outline, samples: 129 * 128, cells, is_ascii: true };
            drawing.loudness().into_iter().filter(|mark| *mark != Mark::Silence).count()
        };
        assert_eq!((drawn(129), drawn(258)), (1, 2));
    }

    proptest! {
        #[test]
        fn the_picture_has_the_size_that_was_asked_for(
            pairs in proptest::collection::vec((-127i8..=0, 0i8..=127), 0..129), cells in 0usize..50, rows in 0usize..9,
            samples in 0u64..20_000,
        ) {
            let peaks = peaks(pairs);
            for is_ascii in [false, true] {
                for samples in [samples, peaks.0.len() as u64 * 128] {
                    let drawing = Drawing { peaks: &peaks, samples, cells, is_ascii };
                    let picture = drawing.waveform(rows);
                    prop_assert_eq!(picture.len(), rows);
                    prop_assert!(picture.iter().all(|line| line.chars().count() == cells));
                    let n_marks = drawing.loudness().len();
                    prop_assert_eq!(n_marks, if peaks.0.is_empty() || samples == 0 { 0 } else { cells });
                }
            }
        }
    }
}
