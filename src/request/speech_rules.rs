//! Rules on the settings inside a request: modalities, voices, speakers, languages, sampling.
//!
//! They read camelCase JSON in which every known field has its kind, as `fields` leaves it.

use serde_json::Value;

use super::check::Context;
use super::facts::{parts, speaker_configs, texts, voice_of};
use super::finding::Problem;
use super::rules;
use super::spelling::closest;
use crate::money::{Catalog, Generation, LanguageCheck};
use crate::text::clean_short;

/// Checks a request before the job's settings are filled in.
pub(super) fn check(request: &Value, context: &Context) -> Vec<Problem> {
    let generation = &request["generationConfig"];
    let mut problems = Vec::new();
    problems.extend(check_model(request, context));
    if request.get("systemInstruction").is_some() {
        let problem = Problem::new(&rules::SYSTEM_INSTRUCTION, "speech models refuse systemInstruction");
        problems.push(problem.fix(match context.generation {
            Generation::V2_5 | Generation::V3_1 => "put it in front of the text",
            Generation::V3_8 | Generation::Unknown => "put the style into speechMetadata.style of the part",
        }));
    }
    problems.extend(check_modalities(&generation["responseModalities"]));
    problems.extend(check_sampling(generation, context.generation));
    problems.extend(check_newer_fields(request, context.generation));
    problems.extend(check_format(&generation["responseFormat"]["audio"], context.generation));
    problems.extend(check_voices(request, context));
    if let Some(code) = generation["speechConfig"]["languageCode"].as_str().filter(|code| !code.is_empty()) {
        problems.extend(check_language(code, context.catalog, context.generation));
    }
    problems
}

/// A voice that is none of the prebuilt ones, with the one that is meant.
pub(super) fn check_voice(voice: &str, context: &Context) -> Option<Problem> {
    let voices = &context.catalog.voices;
    if voices.get(voice).is_some_and(|voice| voice.suits(context.generation)) {
        return None;
    }
    let is_library = is_of_library(voice);
    match context.generation {
        Generation::V3_8 | Generation::Unknown if is_library => return None,
        Generation::V2_5 | Generation::V3_1 | Generation::V3_8 | Generation::Unknown => {}
    }
    let problem = Problem::new(&rules::UNKNOWN_VOICE, format!("unknown voice {}", clean_short(voice, 60))).near(voice);
    let called = voices.called(voice).filter(|voice| voice.suits(context.generation));
    let meant = called.map(|voice| voice.name.as_str()).or_else(|| closest(voice, voices.prebuilt_names()));
    Some(match meant {
        Some(meant) => problem.fix(format!("write {meant}")),
        None => problem.fix("see the names with `gemtts-tui voices`"),
    })
}

fn is_of_library(voice: &str) -> bool {
    voice.starts_with("voice_") || voice.starts_with("voicekey_")
}

/// A language code that no list for these models has, with the one that is meant.
pub(super) fn check_language(code: &str, catalog: &Catalog, generation: Generation) -> Option<Problem> {
    let LanguageCheck::NotListed { closest } = catalog.languages.check(code, generation) else { return None };
    let problem = Problem::new(&rules::UNKNOWN_LANGUAGE, format!("unknown language code {}", clean_short(code, 40)));
    Some(match closest {
        Some(meant) => problem.fix(format!("write {meant}, or leave it out")),
        None => problem.fix("leave it out: the models hear the language in the text"),
    })
}

fn check_model(request: &Value, context: &Context) -> Option<Problem> {
    let named = request["model"].as_str()?;
    let named = named.strip_prefix("models/").unwrap_or(named);
    if named.is_empty() || named == context.settings.model_id() {
        return None;
    }
    let named = clean_short(named, 60);
    let message = format!("the request is for {named}, the job for {}", clean_short(context.settings.model_id(), 60));
    Some(Problem::new(&rules::MODEL_MISMATCH, message).fix(format!("--model {named}, or take the field out")))
}

fn check_modalities(modalities: &Value) -> Option<Problem> {
    const FIX: &str = "write \"responseModalities\": [\"AUDIO\"] in generationConfig";
    let names: Vec<&str> = modalities.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if names == ["AUDIO"] {
        return None;
    }
    if names.is_empty() {
        return Some(Problem::new(&rules::MISSING_MODALITY, "the request does not ask for audio").fix(FIX));
    }
    if let Some(small) = names.iter().find(|name| name.eq_ignore_ascii_case("audio") && **name != "AUDIO") {
        return Some(
            Problem::new(&rules::LOWER_CASE_MODALITY, format!("the modality \"{small}\"")).fix("write \"AUDIO\""),
        );
    }
    let names = clean_short(&names.join(", "), 40);
    Some(Problem::new(&rules::WRONG_MODALITY, format!("the request asks for {names}, not for AUDIO alone")).fix(FIX))
}

fn check_sampling(config: &Value, generation: Generation) -> Option<Problem> {
    match generation {
        Generation::V3_8 => {
            let set: Vec<&str> =
                ["temperature", "topP", "topK"].into_iter().filter(|name| config.get(name).is_some()).collect();
            (!set.is_empty()).then(|| {
                let message = format!("the 3.8 models refuse {}", set.join(", "));
                Problem::new(&rules::SAMPLING_NOT_ALLOWED, message).fix("take it out")
            })
        }
        Generation::V2_5 | Generation::V3_1 => {
            // A number may come as text, as everywhere in this JSON.
            let temperature = &config["temperature"];
            let temperature = temperature.as_f64().or_else(|| temperature.as_str()?.parse().ok())?;
            (temperature <= 0.4).then(|| {
                let message = format!("temperature {temperature} is known to give no audio");
                Problem::new(&rules::LOW_TEMPERATURE, message).fix("use 1, which is the default")
            })
        }
        Generation::Unknown => None,
    }
}

fn check_newer_fields(request: &Value, generation: Generation) -> Option<Problem> {
    match generation {
        Generation::V2_5 | Generation::V3_1 => {}
        Generation::V3_8 | Generation::Unknown => return None,
    }
    let config = &request["generationConfig"];
    let new_voice = |voice: &Value| voice.get("voice").is_some();
    let speakers = speaker_configs(request).unwrap_or_default();
    let field = if parts(request).any(|part| part.get("speechMetadata").is_some()) {
        "speechMetadata"
    } else if config.get("responseFormat").is_some() {
        "responseFormat"
    } else if new_voice(&config["speechConfig"]["voiceConfig"])
        || speakers.iter().any(|speaker| new_voice(&speaker["voiceConfig"]))
    {
        "voiceConfig.voice"
    } else {
        return None;
    };
    let message = format!("{field} belongs to the 3.8 models, and the job is for {}", generation.as_str());
    Some(Problem::new(&rules::NEWER_FIELD, message).near(field.rsplit('.').next().unwrap_or(field)))
}

fn check_format(audio: &Value, generation: Generation) -> Option<Problem> {
    match generation {
        Generation::V3_8 | Generation::Unknown => {}
        Generation::V2_5 | Generation::V3_1 => return None,
    }
    let known = ["AUDIO_WAV", "AUDIO_L16", "AUDIO_MULAW", "AUDIO_ALAW"];
    let form = audio["mimeType"].as_str().filter(|form| !known.contains(form));
    if let Some(form) = form {
        let problem = Problem::new(&rules::AUDIO_FORMAT, format!("unknown audio format {}", clean_short(form, 40)));
        return Some(problem.fix("write AUDIO_WAV, or leave it out").near("mimeType"));
    }
    let rate = audio.get("sampleRate").filter(|rate| !matches!(rate.as_u64(), Some(24_000 | 16_000 | 8_000)))?;
    let message = format!("unknown sample rate {}", clean_short(&rate.to_string(), 20));
    Some(Problem::new(&rules::AUDIO_FORMAT, message).fix("write 24000, or leave it out").near("sampleRate"))
}

fn check_voices(request: &Value, context: &Context) -> Vec<Problem> {
    let speech = &request["generationConfig"]["speechConfig"];
    let mut problems = Vec::new();
    let Some(speakers) = speaker_configs(request) else {
        match voice_of(&speech["voiceConfig"]) {
            Some(voice) => problems.extend(check_voice(voice, context)),
            None if context.settings.voice.is_none() => {
                let fix = format!("--voice {}", context.catalog.voices.default);
                problems.push(no_voice("the request", context).fix(fix));
            }
            None => {}
        }
        return problems;
    };
    if speech.get("voiceConfig").is_some() {
        let message = "the request has voiceConfig and multiSpeakerVoiceConfig";
        problems.push(Problem::new(&rules::BOTH_VOICE_CONFIGS, message).fix("keep one of them"));
    }
    if speakers.len() > 2 {
        let message = format!("the request has {} speakers; two are the most", speakers.len());
        problems.push(Problem::new(&rules::TOO_MANY_SPEAKERS, message).fix("split the dialogue"));
    }
    if speakers.is_empty() {
        problems.push(no_voice("the dialogue", context).fix("add two speakers to speakerVoiceConfigs"));
    }
    for speaker in speakers {
        let name = clean_short(speaker["speaker"].as_str().unwrap_or_default(), 40);
        match voice_of(&speaker["voiceConfig"]) {
            Some(voice) if is_of_library(voice) => {
                let message = format!("the voice {} of «{name}» is none of the prebuilt ones", clean_short(voice, 40));
                problems.push(Problem::new(&rules::LIBRARY_VOICE, message).near("speakerVoiceConfigs"));
            }
            Some(voice) => problems.extend(check_voice(voice, context)),
            None => problems.push(no_voice(&format!("the speaker «{name}»"), context).fix("add its voiceConfig")),
        }
    }
    problems.extend(check_speakers(request, speakers, context.generation));
    problems
}

fn no_voice(who: &str, context: &Context) -> Problem {
    let rule = match context.generation {
        Generation::V3_1 => &rules::MISSING_VOICE,
        Generation::V2_5 | Generation::V3_8 | Generation::Unknown => &rules::DEFAULT_VOICE,
    };
    Problem::new(rule, format!("{who} names no voice"))
}

fn check_speakers(request: &Value, speakers: &[Value], generation: Generation) -> Vec<Problem> {
    let names: Vec<&str> = speakers.iter().map(|speaker| speaker["speaker"].as_str().unwrap_or_default()).collect();
    let mut problems = Vec::new();
    match generation {
        Generation::V2_5 | Generation::V3_1 => {
            for name in names {
                if name.is_empty() || !texts(request).any(|text| text.contains(name)) {
                    let shown = clean_short(name, 40);
                    let message = format!("the text does not name the speaker «{shown}»");
                    problems
                        .push(Problem::new(&rules::SPEAKER_NOT_IN_TEXT, message).fix(format!("write «{shown}: …»")));
                }
            }
        }
        Generation::V3_8 => {
            let spoken = parts(request).filter(|part| part["text"].is_string()).enumerate();
            for (at, part) in spoken {
                let number = at + 1;
                let message = match part["speechMetadata"]["speaker"].as_str() {
                    Some(name) if names.contains(&name) => continue,
                    Some(name) => format!("part {number} is spoken by «{}», who has no voice", clean_short(name, 40)),
                    None => format!("part {number} of the dialogue names no speaker"),
                };
                let problem = Problem::new(&rules::SPEAKER_MISSING, message);
                problems.push(problem.fix(format!("add \"speechMetadata\": {{\"speaker\": \"{}\"}}", first(&names))));
            }
        }
        Generation::Unknown => {}
    }
    problems
}

fn first(names: &[&str]) -> String {
    clean_short(names.first().copied().unwrap_or("…"), 40)
}
