//! Why a verdict was given, in one sentence that names the rule and the figures. Pure.

use super::judge::{Facts, Limits};
use super::{Sound, Verdict};

/// The sentence. `None` where there is nothing to say that the service has not said itself: no audio, a refusal, an
/// error.
///
/// `facts` and `limits` are those that the verdict was given by; what is not among the facts is not named.
pub fn why(verdict: Verdict, sound: &Sound, facts: Facts<'_>, limits: &Limits) -> Option<String> {
    let said = match verdict {
        Verdict::Ok => against_tokens(sound, facts, limits)?,
        Verdict::Empty | Verdict::WrongFormat | Verdict::Refused | Verdict::Error => return None,
        Verdict::Silent if sound.peak_db == f64::NEG_INFINITY => {
            format!("{} in which every sample is zero", seconds(sound.seconds))
        }
        Verdict::Silent => {
            format!("mean level {}, below {}", level(sound.rms_db), level(limits.silent_db))
        }
        Verdict::Quiet => format!("mean level {}, below {}", level(sound.rms_db), level(limits.quiet_db)),
        Verdict::Clipped => {
            let share = sound.clipped as f64 / (sound.pcm_bytes / 2).max(1) as f64;
            let (share, limit) = (per_cent(share), per_cent(limits.clipped_share));
            format!("{share} of the samples are at full scale, more than {limit}")
        }
        Verdict::Truncated => truncated(sound, facts, limits),
        Verdict::Runaway => runaway(sound, facts, limits),
        Verdict::Noise => {
            let (share, limit) = (per_cent(sound.noise), per_cent(limits.noise_share));
            format!("{share} of what sounds is like white noise, at least {limit}; mean level {}", level(sound.rms_db))
        }
    };
    Some(said)
}

/// The rules of truncation in the order of the judge.
fn truncated(sound: &Sound, facts: Facts<'_>, limits: &Limits) -> String {
    match facts.finish_reason {
        None | Some("" | "STOP" | "FINISH_REASON_UNSPECIFIED") => {}
        Some(reason) => return format!("the service stopped it: finish reason {reason}"),
    }
    match against_tokens(sound, facts, limits) {
        Some(said) if !is_a_blink(sound, limits) || billed(facts, limits) > 2.0 * limits.shortest => said,
        Some(_) | None => format!("{:.0} ms of audio hold no word", sound.seconds * 1000.0),
    }
}

fn is_a_blink(sound: &Sound, limits: &Limits) -> bool {
    sound.seconds < limits.shortest
}

fn billed(facts: Facts<'_>, limits: &Limits) -> f64 {
    facts.audio_tokens.unwrap_or(0) as f64 / limits.tokens_per_second
}

/// Against the tokens where those tell of it, else against the text.
fn runaway(sound: &Sound, facts: Facts<'_>, limits: &Limits) -> String {
    let runs_away = |expected: f64| {
        sound.seconds > expected * limits.runaway_times && sound.seconds > expected + limits.runaway_seconds
    };
    match (against_tokens(sound, facts, limits), facts.text_chars) {
        (Some(said), _) if runs_away(billed(facts, limits)) => said,
        (_, Some(chars)) => {
            let longest = seconds(chars as f64 / limits.slowest_chars);
            format!("{} of audio for {chars} characters ({longest} at the slowest)", seconds(sound.seconds))
        }
        (Some(_) | None, None) => format!("{} of audio are far more than its text needs", seconds(sound.seconds)),
    }
}

/// `0.4 s of audio for 155 tokens (6.2 s)`.
fn against_tokens(sound: &Sound, facts: Facts<'_>, limits: &Limits) -> Option<String> {
    let tokens = facts.audio_tokens.filter(|tokens| *tokens > 0)?;
    let noun = if tokens == 1 { "token" } else { "tokens" };
    Some(format!("{} of audio for {tokens} {noun} ({})", seconds(sound.seconds), seconds(billed(facts, limits))))
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
    use crate::audio::judge;

    fn sound(seconds: f64) -> Sound {
        Sound { pcm_bytes: (seconds * 48_000.0) as u64, seconds, peak_db: -3.0, rms_db: -20.0, ..Sound::default() }
    }

    #[test]
    fn every_verdict_on_audio_names_its_figures() {
        let stop = Facts { finish_reason: Some("STOP"), ..Facts::default() };
        let tokens = |n| Facts { audio_tokens: Some(n), ..stop };
        let reason = |reason| Facts { finish_reason: Some(reason), audio_tokens: Some(250), ..Facts::default() };
        let text = |n| Facts { text_chars: Some(n), ..stop };
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
            (sound(0.02), stop, "truncated: 20 ms of audio hold no word"),
            (sound(24.8), tokens(155), "runaway: 24.8 s of audio for 155 tokens (6.2 s)"),
            (sound(60.0), text(6), "runaway: 1 m 00 of audio for 6 characters (2.0 s at the slowest)"),
            (
                sound(60.0),
                Facts { audio_tokens: Some(1_500), ..text(6) },
                "runaway: 1 m 00 of audio for 6 characters (2.0 s at the slowest)",
            ),
            (
                Sound { noise: 0.97, rms_db: -4.8, ..sound(6.0) },
                tokens(150),
                "noise: 97 % of what sounds is like white noise, at least 90 %; mean level −4.8 dB",
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
