//! Quick fixes of a request: what each rule writes in the place of what it found.
//!
//! They work on camelCase JSON in which every known field has its kind, as `fields` leaves it. Whether a fix was enough
//! is told by the rules themselves, which are asked again afterwards.

use serde_json::{Value, json};

use super::check::Context;
use super::dialogue::turns;
use super::facts::{speaker_configs, voice_of};
use super::finding::Problem;
use super::rules::Rule;
use super::speech::{Speaker, voice_config};
use super::text_rules::{instruction, known_tag};
use crate::money::Generation;
use crate::text::clean_short;

/// Mends a request as far as its fixes go, and gives everything that was and is wrong with it.
pub(super) fn settle(
    request: &mut Value,
    context: &Context,
    check: &mut dyn FnMut(&Value) -> Vec<Problem>,
) -> Vec<Problem> {
    let mut problems = check(request);
    let mut fixed: Vec<Problem> = Vec::new();
    let mut tried: Vec<&'static Rule> = Vec::new();
    // What is mended may bring something else to light, which has its turn in the next round.
    while let Some(rule) = problems
        .iter()
        .map(|problem| problem.rule)
        .find(|rule| rule.fix.is_some() && context.fixes.has(rule) && !tried.contains(rule))
    {
        tried.push(rule);
        let Some(done) = mend(rule, request, context) else { continue };
        let left = check(request);
        let gone = problems.into_iter().filter(|problem| problem.rule == rule && !left.contains(problem));
        fixed.extend(gone.map(|problem| problem.fixed(&done)));
        problems = left;
    }
    fixed.append(&mut problems);
    fixed
}

/// Puts right what the rule found and tells what was done; `None` when nobody can know what is meant.
pub(super) fn mend(rule: &Rule, request: &mut Value, context: &Context) -> Option<String> {
    match rule.id {
        "system-instruction" => system_instruction(request, context),
        "missing-modality" | "wrong-modality" | "lower-case-modality" => {
            request["generationConfig"]["responseModalities"] = json!(["AUDIO"]);
            Some("it asks for AUDIO now".to_owned())
        }
        "sampling-not-allowed" => without(request, &["temperature", "topP", "topK"]),
        "low-temperature" => without(request, &["temperature"]),
        "missing-voice" | "default-voice" => name_voice(request, context),
        "unknown-voice" => spell_voices(request, context),
        "both-voice-configs" => keep_one(request),
        "speaker-missing" => part_speakers(request),
        "spoken-instruction" => spoken_instruction(request, context),
        "tag-form" => tags(request, context),
        _ => None,
    }
}

fn without(request: &mut Value, names: &[&str]) -> Option<String> {
    let config = request["generationConfig"].as_object_mut()?;
    let removed: Vec<&str> = names.iter().copied().filter(|name| config.shift_remove(*name).is_some()).collect();
    (!removed.is_empty()).then(|| format!("{} taken out", removed.join(", ")))
}

fn system_instruction(request: &mut Value, context: &Context) -> Option<String> {
    let style = words_of(request.get("systemInstruction")?)?;
    let style = style.trim();
    if !style.is_empty() && !set_style(request, style, context) {
        return None;
    }
    request.as_object_mut()?.shift_remove("systemInstruction");
    Some(match (style.is_empty(), context.generation) {
        (true, _) => "it is left out".to_owned(),
        (false, Generation::V2_5 | Generation::V3_1) => "it stands in front of the text now".to_owned(),
        (false, Generation::V3_8 | Generation::Unknown) => "it is the style now".to_owned(),
    })
}

/// The words of an instruction, as text or as content of text alone; `None` when there is anything else in it.
fn words_of(instruction: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().or_else(|| value.get("text")?.as_str()).map(str::to_owned);
    match instruction {
        Value::String(words) => Some(words.clone()),
        Value::Object(content) if content.is_empty() => Some(String::new()),
        Value::Object(content) => match content.get("parts") {
            Some(Value::Array(parts)) => {
                parts.iter().map(text).collect::<Option<Vec<String>>>().map(|all| all.join("\n"))
            }
            Some(part) => text(part),
            None => text(instruction),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// Writes the style where models of the job's generation read it. False when there is one already, or no text.
fn set_style(request: &mut Value, style: &str, context: &Context) -> bool {
    let is_dialogue = speaker_configs(request).is_some();
    let mut spoken: Vec<&mut Value> = parts_mut(request).filter(|part| part["text"].is_string()).collect();
    match context.generation {
        Generation::V2_5 | Generation::V3_1 => {
            let Some(Value::String(text)) = spoken.first_mut().map(|part| &mut part["text"]) else { return false };
            let between = if is_dialogue { "\n" } else { " " };
            *text = format!("{}:{between}{text}", style.trim_end_matches([':', '.', ' ']));
            true
        }
        Generation::V3_8 | Generation::Unknown => {
            let has_style = |part: &&mut Value| part.get("speechMetadata").is_some_and(|it| it.get("style").is_some());
            if spoken.is_empty() || spoken.iter().any(has_style) {
                return false;
            }
            spoken.into_iter().for_each(|part| part["speechMetadata"]["style"] = style.into());
            true
        }
    }
}

fn spoken_instruction(request: &mut Value, context: &Context) -> Option<String> {
    let first = parts_mut(request).find(|part| part["text"].is_string())?;
    let text = first["text"].as_str()?;
    let (style, rest) = instruction(text)?;
    let (style, rest) = (style.to_owned(), rest.to_owned());
    let before = std::mem::replace(&mut first["text"], rest.into());
    if set_style(request, &style, context) {
        return Some(format!("the style is «{}» now", clean_short(&style, 40)));
    }
    let first = parts_mut(request).find(|part| part["text"].is_string())?;
    first["text"] = before;
    None
}

/// The voice of the job for a request of one voice. Two speakers with one voice would be worse than none.
fn name_voice(request: &mut Value, context: &Context) -> Option<String> {
    if speaker_configs(request).is_some() {
        return None;
    }
    let voice = context.settings.voice.as_ref().unwrap_or(&context.catalog.voices.default);
    request["generationConfig"]["speechConfig"]["voiceConfig"] =
        voice_config(voice, context.generation, context.catalog);
    Some(format!("the voice is {} now", clean_short(voice, 40)))
}

/// Voices that differ from known ones in upper and lower case alone. A slip may mean any of several.
fn spell_voices(request: &mut Value, context: &Context) -> Option<String> {
    let known = |voice: &str| context.catalog.voices.names().find(|name| name.eq_ignore_ascii_case(voice));
    let speech = &mut request["generationConfig"]["speechConfig"];
    let mut written: Vec<String> = Vec::new();
    let mut spell = |config: &mut Value| {
        let Some(name) = voice_of(config).and_then(known).map(str::to_owned) else { return };
        *config = voice_config(&name, context.generation, context.catalog);
        written.push(name);
    };
    if let Some(config) = speech.get_mut("voiceConfig") {
        spell(config);
    }
    let speakers = speech.get_mut("multiSpeakerVoiceConfig").and_then(|config| config.get_mut("speakerVoiceConfigs"));
    for speaker in speakers.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(config) = speaker.get_mut("voiceConfig") {
            spell(config);
        }
    }
    (!written.is_empty()).then(|| format!("written {} now", written.join(" and ")))
}

/// A dialogue whose speakers have their voices needs no other; one without speakers is none.
fn keep_one(request: &mut Value) -> Option<String> {
    let speakers = speaker_configs(request)?;
    let (left_out, kept) = if speakers.is_empty() {
        ("multiSpeakerVoiceConfig", "the one voice is kept")
    } else if speakers.iter().all(|speaker| voice_of(&speaker["voiceConfig"]).is_some()) {
        ("voiceConfig", "the speakers are kept")
    } else {
        return None;
    };
    request["generationConfig"]["speechConfig"].as_object_mut()?.shift_remove(left_out);
    Some(kept.to_owned())
}

/// Lines of `Name: text` as parts that name their speaker, as 3.8 wants them.
fn part_speakers(request: &mut Value) -> Option<String> {
    let names = speaker_configs(request)?.iter().map(|speaker| speaker["speaker"].as_str().unwrap_or_default());
    let speakers: Vec<Speaker> = names.map(|name| Speaker { name: name.to_owned(), voice: String::new() }).collect();
    for content in request["contents"].as_array_mut()? {
        let Some(parts) = content["parts"].as_array_mut() else { continue };
        let mut parted = Vec::with_capacity(parts.len());
        for part in parts.iter() {
            let has_speaker = part.get("speechMetadata").is_some_and(|it| it.get("speaker").is_some());
            let Some(text) = part["text"].as_str().filter(|_| !has_speaker) else {
                parted.push(part.clone());
                continue;
            };
            for turn in turns(text, &speakers) {
                let mut part = part.clone();
                part["text"] = turn.text.into();
                part["speechMetadata"]["speaker"] = speakers[turn.speaker?].name.as_str().into();
                parted.push(part);
            }
        }
        *parts = parted;
    }
    Some("each line is a part of its speaker now".to_owned())
}

/// Tags that are known, in the form of the job's models, up to the first one that may be anything.
fn tags(request: &mut Value, context: &Context) -> Option<String> {
    let (from, to) = match context.generation {
        Generation::V3_8 => (('[', ']'), ('<', '>')),
        Generation::V2_5 | Generation::V3_1 => (('<', '>'), ('[', ']')),
        Generation::Unknown => return None,
    };
    let mut first = None;
    for part in parts_mut(request) {
        let Value::String(text) = &mut part["text"] else { continue };
        while let Some(tag) = known_tag(text, from.0, from.1).map(str::to_owned) {
            *text = text.replacen(&format!("{}{tag}{}", from.0, from.1), &format!("{}{tag}{}", to.0, to.1), 1);
            first.get_or_insert(format!("written {}{tag}{} now", to.0, to.1));
        }
    }
    first
}

fn parts_mut(request: &mut Value) -> impl Iterator<Item = &mut Value> {
    let contents = request["contents"].as_array_mut().into_iter().flatten();
    contents.flat_map(|content| content["parts"].as_array_mut().into_iter().flatten())
}
