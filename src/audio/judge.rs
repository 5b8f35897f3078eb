//! The rules by which audio is thought good or bad. Pure, with the thresholds in one place.

use super::{Sound, Verdict};

/// The thresholds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Below this mean level nothing is heard.
    pub silent_db: f64,
    /// Below this mean level it is hardly heard.
    pub quiet_db: f64,
    /// The share of samples at full scale that makes it distorted.
    pub clipped_share: f64,
    /// Fewer samples than this at full scale are not heard.
    pub clipped_least: u64,
    /// Audio tokens in a second of audio: 25 for the models of 2.5 and 3.1, by the documents and by real replies.
    pub tokens_per_second: f64,
    /// How much shorter than its tokens audio may be, as a share, before it counts as cut.
    pub missing_share: f64,
    /// And in seconds.
    pub missing_seconds: f64,
    /// The same share for models whose token rate is not known: a published cost of 3.8 does not fit 25 a second.
    pub missing_share_unsure: f64,
    /// Audio so many times longer than its tokens runs away.
    pub runaway_times: f64,
    /// And by at least so many seconds.
    pub runaway_seconds: f64,
    /// The fewest characters that are spoken in a second, in any language.
    pub slowest_chars: f64,
    /// The share of noise that is not speech any more.
    pub noise_share: f64,
    /// Noise softer than this is breath or a bad microphone, not swapped bytes.
    pub noise_db: f64,
    /// Shorter audio than this, in seconds, holds no word.
    pub shortest: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            silent_db: -60.0,
            quiet_db: -45.0,
            clipped_share: 0.001,
            clipped_least: 24,
            tokens_per_second: 25.0,
            missing_share: 0.05,
            missing_seconds: 0.3,
            missing_share_unsure: 0.5,
            runaway_times: 1.5,
            runaway_seconds: 2.0,
            slowest_chars: 3.0,
            noise_share: 0.9,
            noise_db: -20.0,
            shortest: 0.05,
        }
    }
}

/// What is known about a piece of audio besides its sound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facts<'a> {
    /// `candidates[0].finishReason`.
    pub finish_reason: Option<&'a str>,
    /// Audio tokens that were billed.
    pub audio_tokens: Option<u64>,
    /// `modelVersion` of the answer.
    pub model: Option<&'a str>,
    /// Characters of the text that was to be spoken, where somebody knows it.
    pub text_chars: Option<u64>,
}

/// What to think of audio that can be written.
///
/// The first rule that applies wins; the order runs from what makes the audio useless to what makes it worse.
pub fn judge(sound: &Sound, facts: Facts<'_>, limits: &Limits) -> Verdict {
    let finished = match facts.finish_reason {
        None | Some("" | "STOP" | "FINISH_REASON_UNSPECIFIED") => true,
        Some(_) => false,
    };
    let billed_seconds = facts.audio_tokens.filter(|n| *n > 0).map(|n| n as f64 / limits.tokens_per_second);
    let knows_rate = facts.model.is_none_or(|model| model.contains("gemini-2.5") || model.contains("gemini-3.1"));
    let missing_share = if knows_rate { limits.missing_share } else { limits.missing_share_unsure };
    let is_cut = billed_seconds.is_some_and(|billed| {
        let missing = billed - sound.seconds;
        missing > billed * missing_share && missing > limits.missing_seconds
    });
    let is_too_short =
        sound.seconds < limits.shortest && billed_seconds.is_none_or(|billed| billed > 2.0 * limits.shortest);
    let runs_away = |expected: f64| {
        sound.seconds > expected * limits.runaway_times && sound.seconds > expected + limits.runaway_seconds
    };
    let samples = sound.pcm_bytes / 2;

    if samples == 0 {
        Verdict::Empty
    } else if sound.rms_db < limits.silent_db {
        Verdict::Silent
    } else if !finished {
        Verdict::Truncated
    } else if sound.noise >= limits.noise_share && sound.rms_db > limits.noise_db {
        Verdict::Noise
    } else if is_cut || is_too_short {
        Verdict::Truncated
    } else if knows_rate && billed_seconds.is_some_and(runs_away)
        || facts.text_chars.is_some_and(|n| runs_away(n as f64 / limits.slowest_chars))
    {
        Verdict::Runaway
    } else if sound.clipped >= limits.clipped_least && sound.clipped as f64 > samples as f64 * limits.clipped_share {
        Verdict::Clipped
    } else if sound.rms_db < limits.quiet_db {
        Verdict::Quiet
    } else {
        Verdict::Ok
    }
}

/// What to think of an answer without audio, by the service's reason for it.
///
/// `OTHER` is a failure that a retake often mends; the reasons named here are a refusal, and it will refuse again.
pub fn judge_absence(block_reason: Option<&str>, finish_reason: Option<&str>) -> Verdict {
    match (block_reason, finish_reason) {
        (Some(_), _) => Verdict::Refused,
        (
            None,
            Some(
                "SAFETY"
                | "RECITATION"
                | "LANGUAGE"
                | "BLOCKLIST"
                | "PROHIBITED_CONTENT"
                | "SPII"
                | "IMAGE_SAFETY"
                | "IMAGE_PROHIBITED_CONTENT"
                | "IMAGE_RECITATION",
            ),
        ) => Verdict::Refused,
        (None, Some(_) | None) => Verdict::Empty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(seconds: f64) -> Sound {
        Sound { pcm_bytes: (seconds * 48_000.0) as u64, seconds, peak_db: -3.0, rms_db: -20.0, ..Sound::default() }
    }

    #[test]
    fn each_rule_has_its_verdict() {
        let stop = Facts { finish_reason: Some("STOP"), ..Facts::default() };
        let tokens = |n| Facts { audio_tokens: Some(n), ..stop };
        let model = |model, n| Facts { model: Some(model), ..tokens(n) };
        let reason = |reason| Facts { finish_reason: Some(reason), ..Facts::default() };
        let text = |n| Facts { text_chars: Some(n), ..stop };
        let table = [
            ("good", sound(6.0), tokens(150), Verdict::Ok),
            ("nothing known", sound(6.0), Facts::default(), Verdict::Ok),
            ("one token, and as short as that", sound(0.04), tokens(1), Verdict::Ok),
            ("no samples", sound(0.0), stop, Verdict::Empty),
            ("silence", Sound { rms_db: f64::NEG_INFINITY, ..sound(10.0) }, tokens(250), Verdict::Silent),
            ("nearly silence", Sound { rms_db: -61.0, ..sound(10.0) }, stop, Verdict::Silent),
            ("soft", Sound { rms_db: -50.0, ..sound(10.0) }, stop, Verdict::Quiet),
            ("clipped", Sound { clipped: 2_000, ..sound(10.0) }, stop, Verdict::Clipped),
            ("a few clipped", Sound { clipped: 20, ..sound(0.5) }, stop, Verdict::Ok),
            ("token limit", sound(6.0), reason("MAX_TOKENS"), Verdict::Truncated),
            ("rest in another answer", sound(6.0), reason("CONTINUATION"), Verdict::Truncated),
            ("broken off", sound(6.0), reason("OTHER"), Verdict::Truncated),
            ("6 % missing", sound(9.4), tokens(250), Verdict::Truncated),
            ("4 % missing", sound(9.6), tokens(250), Verdict::Ok),
            ("10 % missing, but 0.1 s", sound(0.9), tokens(25), Verdict::Ok),
            ("another token rate", sound(6.0), model("gemini-3.8-flash-tts", 240), Verdict::Ok),
            ("another token rate, cut", sound(2.0), model("gemini-3.8-flash-tts", 240), Verdict::Truncated),
            ("known token rate, cut", sound(6.0), model("gemini-3.1-flash-tts-preview", 240), Verdict::Truncated),
            ("20 ms of 1 s", sound(0.02), stop, Verdict::Truncated),
            ("twice its tokens", sound(12.1), tokens(150), Verdict::Runaway),
            ("twice its tokens, but short", sound(2.0), tokens(25), Verdict::Ok),
            ("a minute for a word", sound(60.0), text(6), Verdict::Runaway),
            ("a minute for a page", sound(60.0), text(900), Verdict::Ok),
            ("loud noise", Sound { noise: 0.97, rms_db: -4.8, ..sound(6.0) }, tokens(150), Verdict::Noise),
            ("soft hiss", Sound { noise: 0.97, rms_db: -30.0, ..sound(6.0) }, tokens(150), Verdict::Ok),
        ];
        for (name, sound, facts, verdict) in table {
            assert_eq!(judge(&sound, facts, &Limits::default()), verdict, "{name}");
        }
    }

    #[test]
    fn a_refusal_is_told_from_a_failure() {
        let table = [
            (Some("PROHIBITED_CONTENT"), None, Verdict::Refused),
            (Some("OTHER"), None, Verdict::Refused),
            (None, Some("SAFETY"), Verdict::Refused),
            (None, Some("RECITATION"), Verdict::Refused),
            (None, Some("OTHER"), Verdict::Empty),
            (None, Some("STOP"), Verdict::Empty),
            (None, None, Verdict::Empty),
        ];
        for (block, finish, verdict) in table {
            assert_eq!(judge_absence(block, finish), verdict, "{block:?} {finish:?}");
        }
    }
}
