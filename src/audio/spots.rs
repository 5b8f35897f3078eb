//! Where things stand in audio, as far as its outline tells: to the stretch, which is a hundredth of it or so. Pure.

use super::{Peak, Peaks, Sound};

/// Where what a person wants to hear first stands, in seconds from the start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spots {
    /// The beginning of the longest silence between two sounds. `None` when there is none, or when it is too short to
    /// be told from its surroundings.
    pub longest_gap: Option<f64>,
    /// The first stretch with a sample at full scale.
    pub clipped: Option<f64>,
}

impl Spots {
    /// Looks for them.
    pub fn of(sound: &Sound, peaks: &Peaks) -> Spots {
        let Peaks(peaks) = peaks;
        let stretches = Peaks::stretches(sound.pcm_bytes / 2);
        if peaks.is_empty() || stretches == 0.0 {
            return Spots::default();
        }
        let each = sound.seconds / stretches;
        let clipped = peaks.iter().position(|peak| peak.is_clipped()).map(|at| at as f64 * each);
        // A stretch at the edge of a gap sounds in part, so that a gap may look shorter than it is by two of them.
        let fits = |length: usize| (length as f64 * each - sound.longest_gap).abs() <= 2.0 * each;
        let gap = longest_gap(peaks).filter(|(_, length)| fits(*length));
        Spots { longest_gap: gap.map(|(at, _)| at as f64 * each), clipped }
    }
}

/// The longest run of silent stretches with sound on both sides: its beginning and its length.
fn longest_gap(peaks: &[Peak]) -> Option<(usize, usize)> {
    let first = peaks.iter().position(|peak| !peak.is_silent())?;
    let last = peaks.iter().rposition(|peak| !peak.is_silent())?;
    let mut longest: Option<(usize, usize)> = None;
    let mut run: Option<(usize, usize)> = None;
    for (at, peak) in peaks.iter().enumerate().take(last).skip(first) {
        run = peak.is_silent().then(|| run.map_or((at, 1), |(from, length)| (from, length + 1)));
        if let Some((_, length)) = run
            && longest.is_none_or(|(_, most)| length > most)
        {
            longest = run;
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{Format, Meter};

    /// Tones and silences by turns, in seconds, beginning with a tone.
    fn heard(turns: &[f64], clipped_at: Option<f64>) -> Sound {
        let mut samples = Vec::new();
        for (at, seconds) in turns.iter().enumerate() {
            let loud = if at % 2 == 0 { 9_000.0 } else { 0.0 };
            samples.extend((0..(seconds * 24_000.0) as usize).map(|n| ((n as f64 / 8.0).sin() * loud) as i16));
        }
        if let Some(at) = clipped_at {
            samples[(at * 24_000.0) as usize] = i16::MAX;
        }
        let mut meter = Meter::default();
        meter.push(&samples.iter().flat_map(|sample| sample.to_le_bytes()).collect::<Vec<u8>>());
        meter.finish(Format::default()).unwrap()
    }

    #[test]
    fn the_longest_gap_stands_where_it_is() {
        for (turns, expected) in [
            (&[1.0, 0.3, 1.0, 0.8, 2.0][..], Some(2.3)),
            (&[0.0, 2.0, 1.0, 0.5, 1.0, 3.0][..], Some(3.0)),
            (&[20.0, 3.0, 40.0, 2.0, 9.0][..], Some(20.0)),
            (&[4.0][..], None),
            (&[0.0, 4.0][..], None),
            (&[0.0, 1.0, 1.0, 2.0][..], None),
        ] {
            let sound = heard(turns, None);
            let found = Spots::of(&sound, &sound.peaks).longest_gap;
            let near = sound.seconds / 64.0;
            let agrees = match (found, expected) {
                (Some(found), Some(expected)) => f64::abs(found - expected) <= near,
                (found, expected) => found == expected,
            };
            assert!(agrees, "{turns:?}: {found:?}, not {expected:?}");
        }
    }

    #[test]
    fn a_gap_that_no_stretch_holds_stands_nowhere() {
        // A stretch of five minutes is seconds long.
        let sound = heard(&[150.0, 0.2, 150.0], None);
        assert!(sound.longest_gap > 0.19);
        assert_eq!(Spots::of(&sound, &sound.peaks).longest_gap, None);
    }

    #[test]
    fn the_first_clipped_sample_is_found() {
        let sound = heard(&[3.0], Some(1.5));
        assert!(Spots::of(&sound, &sound.peaks).clipped.is_some_and(|at| (1.45..=1.5).contains(&at)));
        let calm = heard(&[3.0], None);
        assert_eq!(Spots::of(&calm, &calm.peaks).clipped, None);
        assert_eq!(Spots::of(&sound, &Peaks::default()), Spots::default());
    }
}
