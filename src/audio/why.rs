//! Why a verdict was given, in one sentence that names the rule and the figures. Pure.

use super::judge::{Cause, Facts, billed, cause};
use super::{Limits, Sound, Verdict};

/// The sentence. `None` where there is nothing to say that the service has not said itself: no audio, a refusal, an
/// error.
///
/// `facts` and `limits` are those that the verdict was given by; what is not among the facts is not named.
pub fn why(verdict: Verdict, sound: &Sound, facts: Facts<'_>, limits: &Limits) -> Option<String> {
    let found = cause(sound, facts, limits).filter(|cause| cause.verdict() == verdict);
    let said = match (verdict, found) {
        (Verdict::Ok, _) => against_tokens(sound, facts, limits)?,
        (Verdict::Empty | Verdict::WrongFormat | Verdict::Refused | Verdict::Error, _) => return None,
        (_, Some(cause)) => of_cause(cause, sound, facts, limits),
        // It was given by what is not known here: the text, the rest of the set, another model.
        (Verdict::Silent | Verdict::Quiet, None) => format!("mean level {}", level(sound.rms_db)),
        (Verdict::Clipped, None) => format!("{} samples are at full scale", sound.clipped),
        (Verdict::Truncated, None) => format!("{} of audio are far less than its text needs", seconds(sound.seconds)),
        (Verdict::Runaway, None) => format!("{} of audio are far more than its text needs", seconds(sound.seconds)),
        (Verdict::Noise, None) => format!("{} of white noise in what sounds", per_cent(sound.noise)),
    };
    Some(said)
}

fn of_cause(cause: Cause<'_>, sound: &Sound, facts: Facts<'_>, limits: &Limits) -> String {
    let audio = || format!("{} of audio", seconds(sound.seconds));
    match cause {
        Cause::NoSamples => "there are no samples".to_owned(),
        Cause::NoSound(_) if sound.peak_db == f64::NEG_INFINITY => {
            format!("{} in which every sample is zero", seconds(sound.seconds))
        }
        Cause::NoSound(db) => format!("mean level {}, below {}", level(db), level(limits.silent_db)),
        Cause::Quiet(db) => format!("mean level {}, below {}", level(db), level(limits.quiet_db)),
        Cause::Clipped(samples) => {
            let share = samples as f64 / (sound.pcm_bytes / 2).max(1) as f64;
            let (share, limit) = (per_cent(share), per_cent(limits.clipped_share));
            format!("{share} of the samples are at full scale, more than {limit}")
        }
        Cause::Flat(flatness) => {
            let (flat, limit) = (per_cent(flatness), per_cent(limits.noise_flatness));
            format!("its spectrum is {flat} flat, as noise is from {limit} on; mean level {}", level(sound.rms_db))
        }
        Cause::Steady(db) => {
            format!(
                "one steady sound: its level moves by {db:.1} dB, and that of speech by more than {:.1} dB",
                limits.steady_db
            )
        }
        Cause::Unfinished(reason) => format!("the service stopped it: finish reason {reason}"),
        Cause::Cut(..) | Cause::Unbilled(..) => against_tokens(sound, facts, limits).unwrap_or_else(audio),
        Cause::Short(length) => format!("{:.0} ms of audio hold no word", length * 1000.0),
        Cause::Fast(letters, sounding) => format!(
            "{} of sound for a text of {letters} letters ({} at the fastest)",
            seconds(sounding),
            seconds(f64::from(letters) / limits.fastest_letters_per_second)
        ),
        Cause::Slow(letters, _) => format!(
            "{} for a text of {letters} letters ({} at the slowest)",
            audio(),
            seconds(f64::from(letters) / limits.slowest_letters_per_second)
        ),
        Cause::Silence(length, place) => format!("{} of silence {place}", seconds(length)),
    }
}

/// `0.4 s of audio for 155 tokens (6.2 s)`.
fn against_tokens(sound: &Sound, facts: Facts<'_>, limits: &Limits) -> Option<String> {
    let (tokens, billed) = (facts.audio_tokens?, billed(facts, limits)?);
    let noun = if tokens == 1 { "token" } else { "tokens" };
    Some(format!("{} of audio for {tokens} {noun} ({})", seconds(sound.seconds), seconds(billed)))
}

/// Tenths, and hundredths where a tenth says nothing.
fn seconds(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 0.1 => format!("{seconds:.2} s"),
        seconds if seconds < 59.95 => format!("{seconds:.1} s"),
        seconds => crate::text::span(seconds),
    }
}

fn level(db: f64) -> String {
    if db.is_finite() { format!("{db:.1} dB").replace('-', "−") } else { "−∞ dB".to_owned() }
}

/// As few digits as tell it from nothing.
fn per_cent(share: f64) -> String {
    let share = share * 100.0;
    if share >= 10.0 || share.fract() == 0.0 { format!("{share:.0} %") } else { format!("{share:.1} %") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{Letters, judge};

    fn sound(seconds: f64) -> Sound {
        Sound { pcm_bytes: (seconds * 48_000.0) as u64, seconds, peak_db: -3.0, rms_db: -20.0, ..Sound::default() }
    }

    #[test]
    fn every_verdict_on_audio_names_its_figures() {
        let stop = Facts { finish_reason: Some("STOP"), ..Facts::default() };
        let tokens = |n| Facts { audio_tokens: Some(n), ..stop };
        let reason = |reason| Facts { finish_reason: Some(reason), audio_tokens: Some(250), ..Facts::default() };
        let text = |n| Facts { letters: Some(Letters { least: n, most: n }), ..stop };
        let silence = Sound { peak_db: f64::NEG_INFINITY, rms_db: f64::NEG_INFINITY, ..sound(10.0) };
        let table = [
            (sound(6.2), tokens(155), "ok: 6.2 s of audio for 155 tokens (6.2 s)"),
            (sound(6.2), stop, "ok: –"),
            (silence, stop, "silent: 10.0 s in which every sample is zero"),
            (Sound { rms_db: -61.0, ..sound(10.0) }, stop, "silent: mean level −61.0 dB, below −60.0 dB"),
            (Sound { rms_db: -50.0, ..sound(10.0) }, stop, "quiet: mean level −50.0 dB, below −45.0 dB"),
            (
                Sound { clipped: 9_600, ..sound(10.0) },
                stop,
                "clipped: 4 % of the samples are at full scale, more than 0.1 %",
            ),
            (
                Sound { clipped: 300, ..sound(10.0) },
                stop,
                "clipped: 0.1 % of the samples are at full scale, more than 0.1 %",
            ),
            (sound(6.0), reason("MAX_TOKENS"), "truncated: the service stopped it: finish reason MAX_TOKENS"),
            (sound(0.4), tokens(155), "truncated: 0.4 s of audio for 155 tokens (6.2 s)"),
            (sound(0.02), tokens(25), "truncated: 0.02 s of audio for 25 tokens (1.0 s)"),
            (sound(1.0), text(90), "truncated: 1.0 s of sound for a text of 90 letters (2.0 s at the fastest)"),
            (
                Sound { trailing_silence: 14.2, ..sound(20.0) },
                tokens(500),
                "runaway: 14.2 s of silence after the speech",
            ),
            (sound(0.02), stop, "truncated: 20 ms of audio hold no word"),
            (sound(24.8), tokens(155), "runaway: 24.8 s of audio for 155 tokens (6.2 s)"),
            (sound(60.0), text(6), "runaway: 1 m 00 of audio for a text of 6 letters (2.0 s at the slowest)"),
            (
                sound(60.0),
                Facts { audio_tokens: Some(1_500), ..text(6) },
                "runaway: 1 m 00 of audio for a text of 6 letters (2.0 s at the slowest)",
            ),
            (
                Sound { noise: 0.97, rms_db: -4.8, ..sound(6.0) },
                tokens(150),
                "noise: its spectrum is 97 % flat, as noise is from 75 % on; mean level −4.8 dB",
            ),
        ];
        for (sound, facts, expected) in table {
            let limits = Limits::default();
            let verdict = judge(&sound, facts, &limits);
            let said = why(verdict, &sound, facts, &limits).unwrap_or_else(|| "–".into());
            assert_eq!(format!("{}: {said}", verdict.as_str()), expected);
        }
    }

    #[test]
    fn every_verdict_can_be_asked_for_whatever_is_known() {
        for verdict in Verdict::ALL {
            let said = why(verdict, &Sound::default(), Facts::default(), &Limits::default());
            let is_own = matches!(
                verdict,
                Verdict::Silent
                    | Verdict::Quiet
                    | Verdict::Clipped
                    | Verdict::Truncated
                    | Verdict::Runaway
                    | Verdict::Noise
            );
            assert_eq!(said.is_some(), is_own, "{verdict:?}: {said:?}");
        }
    }
}
