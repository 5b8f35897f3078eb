//! The rules by which audio is thought good or bad. Pure, with the thresholds in one place.

use super::{Limits, Sound, Verdict};

/// What is known about a piece of audio besides its sound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facts<'a> {
    /// `candidates[0].finishReason`.
    pub finish_reason: Option<&'a str>,
    /// Audio tokens that were billed.
    pub audio_tokens: Option<u64>,
    /// `modelVersion` of the answer.
    pub model: Option<&'a str>,
    /// Of the text that was to be spoken, where somebody knows it.
    pub letters: Option<Letters>,
}

/// How long a text is to be spoken, in letters: a character of a script that takes longer counts as several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Letters {
    /// Those that are surely spoken: no tags, no names of speakers, no instruction before a colon.
    pub least: u32,
    /// All of them.
    pub most: u32,
}

/// Silence before and after the speech is looked at as a share only from here on, in seconds: a word may have a second
/// before it and a second after.
const LEAST_SILENCE: f64 = 3.0;

/// A text of fewer letters than this is too short to tell from its length that it was cut.
const LEAST_LETTERS: u32 = 12;

/// What is wrong with audio that can be written, with the figures that say so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cause<'a> {
    /// There is not one sample.
    NoSamples,
    /// Nothing is heard: the level in dB.
    NoSound(f64),
    /// The service did not finish: its reason.
    Unfinished(&'a str),
    /// The spectrum is flat: how much so.
    Flat(f64),
    /// The level does not move: by how many dB it does.
    Steady(f64),
    /// Shorter than what was billed: seconds, and seconds billed.
    Cut(f64, f64),
    /// Too short for a word: seconds.
    Short(f64),
    /// Faster than anybody reads: letters, and seconds that sound.
    Fast(u32, f64),
    /// Longer than what was billed: seconds, and seconds billed.
    Unbilled(f64, f64),
    /// Slower than anybody reads: letters, and seconds.
    Slow(u32, f64),
    /// A silence that is too long: seconds, and where.
    Silence(f64, &'static str),
    /// Samples at full scale.
    Clipped(u64),
    /// Hardly heard: the level in dB.
    Quiet(f64),
}

impl Cause<'_> {
    /// The word for it.
    pub fn verdict(self) -> Verdict {
        match self {
            Cause::NoSamples => Verdict::Empty,
            Cause::NoSound(_) => Verdict::Silent,
            Cause::Flat(_) | Cause::Steady(_) => Verdict::Noise,
            Cause::Unfinished(_) | Cause::Cut(..) | Cause::Short(_) | Cause::Fast(..) => Verdict::Truncated,
            Cause::Unbilled(..) | Cause::Slow(..) | Cause::Silence(..) => Verdict::Runaway,
            Cause::Clipped(_) => Verdict::Clipped,
            Cause::Quiet(_) => Verdict::Quiet,
        }
    }
}

/// What to think of audio that can be written.
pub fn judge(sound: &Sound, facts: Facts<'_>, limits: &Limits) -> Verdict {
    cause(sound, facts, limits).map_or(Verdict::Ok, Cause::verdict)
}

/// What is wrong with audio that can be written; `None` for good audio.
///
/// The first rule that applies wins; the order runs from what makes the audio useless to what makes it worse.
pub fn cause<'a>(sound: &Sound, facts: Facts<'a>, limits: &Limits) -> Option<Cause<'a>> {
    let samples = sound.pcm_bytes / 2;
    if samples == 0 {
        return Some(Cause::NoSamples);
    }
    let level = level(sound);
    if level < limits.silent_db {
        return Some(Cause::NoSound(level));
    }
    let reason = facts.finish_reason.filter(|reason| !matches!(*reason, "" | "STOP" | "FINISH_REASON_UNSPECIFIED"));
    if let Some(reason) = reason {
        return Some(Cause::Unfinished(reason));
    }
    noise(sound, limits)
        .or_else(|| too_short(sound, facts, limits))
        .or_else(|| too_long(sound, facts, limits))
        .or_else(|| unpleasant(sound, limits))
}

/// The mean level without a constant offset: an offset moves no air.
fn level(sound: &Sound) -> f64 {
    let heard = &sound.texture;
    if heard.windows > 0 { sound.rms_db.min(heard.heard_db) } else { sound.rms_db }
}

/// The seconds that sound, as far as the three longest silences tell.
fn sounding(sound: &Sound) -> f64 {
    if sound.leading_silence >= sound.seconds {
        return 0.0;
    }
    (sound.seconds - sound.leading_silence - sound.trailing_silence - sound.longest_gap).max(0.0)
}

/// The share of samples at full scale from which on the flat tops are what makes a sound flat or steady.
const CRUSHED_SHARE: f64 = 0.05;

fn noise(sound: &Sound, limits: &Limits) -> Option<Cause<'static>> {
    if sound.clipped as f64 > CRUSHED_SHARE * (sound.pcm_bytes / 2) as f64 {
        return None;
    }
    if sound.noise >= limits.noise_flatness && sound.rms_db > limits.noise_db {
        return Some(Cause::Flat(sound.noise));
    }
    let texture = &sound.texture;
    // Of what is hardly louder than silence only the loudest moments are heard, and those are alike in speech as well.
    let is_heard = level(sound) >= limits.quiet_db;
    let is_steady = is_heard && texture.blocks >= 8 && texture.movement_db < limits.steady_db;
    (is_steady && sounding(sound) >= limits.steady_seconds).then_some(Cause::Steady(texture.movement_db))
}

/// Whether the tokens of a model are known to be so many a second. The models of 2.5 and 3.1 are.
fn knows_rate(facts: Facts<'_>) -> bool {
    facts.model.is_none_or(|model| model.contains("gemini-2.5") || model.contains("gemini-3.1"))
}

/// The seconds that were billed, when it is known.
pub(super) fn billed(facts: Facts<'_>, limits: &Limits) -> Option<f64> {
    facts.audio_tokens.filter(|tokens| *tokens > 0).map(|tokens| tokens as f64 / limits.tokens_per_second)
}

fn too_short(sound: &Sound, facts: Facts<'_>, limits: &Limits) -> Option<Cause<'static>> {
    let billed = billed(facts, limits);
    let missing_share = if knows_rate(facts) { limits.missing_share } else { limits.missing_share_unsure };
    if let Some(billed) = billed {
        let missing = billed - sound.seconds;
        if missing > billed * missing_share && missing > limits.missing_seconds {
            return Some(Cause::Cut(sound.seconds, billed));
        }
    }
    let shortest = limits.shortest_seconds;
    if sound.seconds < shortest && billed.is_none_or(|billed| billed > 2.0 * shortest) {
        return Some(Cause::Short(sound.seconds));
    }
    let letters = facts.letters?.least;
    let sounding = sounding(sound);
    // What is hardly louder than silence sounds for longer than can be told.
    let is_told = level(sound) >= limits.quiet_db || sounding > 0.0;
    let is_fast = f64::from(letters) > sounding * limits.fastest_letters_per_second;
    (letters >= LEAST_LETTERS && is_told && is_fast).then_some(Cause::Fast(letters, sounding))
}

fn too_long(sound: &Sound, facts: Facts<'_>, limits: &Limits) -> Option<Cause<'static>> {
    let seconds = sound.seconds;
    let runs_away =
        |expected: f64| seconds > expected * limits.runaway_times && seconds > expected + limits.runaway_seconds;
    if let Some(billed) = billed(facts, limits).filter(|billed| knows_rate(facts) && runs_away(*billed)) {
        return Some(Cause::Unbilled(seconds, billed));
    }
    if let Some(letters) = facts.letters
        && runs_away(f64::from(letters.most) / limits.slowest_letters_per_second)
    {
        return Some(Cause::Slow(letters.most, seconds));
    }
    if sounding(sound) == 0.0 {
        // Hardly louder than silence all the way: that is another rule.
        return None;
    }
    let silences = [
        (sound.leading_silence, "before the speech"),
        (sound.longest_gap, "within the speech"),
        (sound.trailing_silence, "after the speech"),
    ];
    if let Some((silence, place)) = silences.into_iter().find(|(silence, _)| *silence >= limits.silence_seconds) {
        return Some(Cause::Silence(silence, place));
    }
    let around = sound.leading_silence + sound.trailing_silence;
    let is_mostly_silent = around >= LEAST_SILENCE && around >= limits.silence_share * seconds;
    is_mostly_silent.then_some(Cause::Silence(around, "before and after the speech"))
}

fn unpleasant(sound: &Sound, limits: &Limits) -> Option<Cause<'static>> {
    let (clipped, samples) = (sound.clipped as f64, (sound.pcm_bytes / 2) as f64);
    if clipped >= limits.clipped_samples && clipped > samples * limits.clipped_share {
        return Some(Cause::Clipped(sound.clipped));
    }
    // The silence around it makes nothing quieter.
    let sounding = sounding(sound);
    let spread = if sounding > 0.0 { 10.0 * (sound.seconds / sounding).log10() } else { 0.0 };
    let level = level(sound) + spread;
    (level < limits.quiet_db).then_some(Cause::Quiet(level))
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
        let text = |n| Facts { letters: Some(Letters { least: n, most: n }), ..stop };
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
            ("hiss that is hardly heard", Sound { noise: 0.97, rms_db: -42.0, ..sound(6.0) }, tokens(150), Verdict::Ok),
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
