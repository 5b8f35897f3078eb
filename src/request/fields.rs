//! The fields of a request line: their camelCase names, their kinds, and where misplaced ones belong.
//!
//! The service reads camelCase and snake_case; we read both and write camelCase. Only fields whose meaning we know
//! are renamed: what a field of kind [`Kind::Any`] holds is passed on untouched.

use serde_json::{Map, Value};

use super::finding::Problem;
use super::rules;
use super::spelling::closest;

enum Kind {
    Any,
    Text,
    Texts,
    Object(&'static Shape),
    Objects(&'static Shape),
}

struct Shape {
    name: &'static str,
    fields: &'static [(&'static str, Kind)],
}

use Kind::{Any, Object, Objects, Text, Texts};

static LINE: Shape =
    Shape { name: "the line", fields: &[("key", Any), ("request", Object(&REQUEST)), ("metadata", Any)] };

static REQUEST: Shape = Shape {
    name: "request",
    fields: &[
        ("cachedContent", Any),
        ("contents", Objects(&CONTENT)),
        ("generationConfig", Object(&GENERATION)),
        ("model", Text),
        ("safetySettings", Any),
        ("serviceTier", Any),
        ("systemInstruction", Any),
        ("toolConfig", Any),
        ("tools", Any),
    ],
};

static CONTENT: Shape = Shape { name: "contents", fields: &[("parts", Objects(&PART)), ("role", Text)] };

static PART: Shape = Shape {
    name: "parts",
    fields: &[
        ("codeExecutionResult", Any),
        ("executableCode", Any),
        ("fileData", Any),
        ("functionCall", Any),
        ("functionResponse", Any),
        ("inlineData", Any),
        ("mediaResolution", Any),
        ("partMetadata", Any),
        ("speechMetadata", Object(&SPEECH_METADATA)),
        ("text", Text),
        ("thought", Any),
        ("thoughtSignature", Any),
        ("videoMetadata", Any),
    ],
};

static SPEECH_METADATA: Shape = Shape { name: "speechMetadata", fields: &[("speaker", Text), ("style", Text)] };

static GENERATION: Shape = Shape {
    name: "generationConfig",
    fields: &[
        ("_responseJsonSchema", Any),
        ("candidateCount", Any),
        ("enableEnhancedCivicAnswers", Any),
        ("frequencyPenalty", Any),
        ("imageConfig", Any),
        ("logprobs", Any),
        ("maxOutputTokens", Any),
        ("mediaResolution", Any),
        ("presencePenalty", Any),
        ("responseFormat", Object(&RESPONSE_FORMAT)),
        ("responseJsonSchema", Any),
        ("responseLogprobs", Any),
        ("responseMimeType", Any),
        ("responseModalities", Texts),
        ("responseSchema", Any),
        ("seed", Any),
        ("speechConfig", Object(&SPEECH)),
        ("stopSequences", Any),
        ("temperature", Any),
        ("thinkingConfig", Any),
        ("topK", Any),
        ("topP", Any),
    ],
};

static RESPONSE_FORMAT: Shape = Shape { name: "responseFormat", fields: &[("audio", Object(&AUDIO))] };

static AUDIO: Shape = Shape { name: "audio", fields: &[("mimeType", Text), ("sampleRate", Any)] };

static SPEECH: Shape = Shape {
    name: "speechConfig",
    fields: &[
        ("languageCode", Text),
        ("multiSpeakerVoiceConfig", Object(&MULTI_SPEAKER)),
        ("voiceConfig", Object(&VOICE)),
    ],
};

static MULTI_SPEAKER: Shape =
    Shape { name: "multiSpeakerVoiceConfig", fields: &[("speakerVoiceConfigs", Objects(&SPEAKER_VOICE))] };

static SPEAKER_VOICE: Shape =
    Shape { name: "speakerVoiceConfigs", fields: &[("speaker", Text), ("voiceConfig", Object(&VOICE))] };

static VOICE: Shape =
    Shape { name: "voiceConfig", fields: &[("prebuiltVoiceConfig", Object(&PREBUILT)), ("voice", Text)] };

static PREBUILT: Shape = Shape { name: "prebuiltVoiceConfig", fields: &[("voiceName", Text)] };

/// Where a field that stands in the wrong place is looked for, innermost last.
static HOMES: [&Shape; 8] =
    [&REQUEST, &GENERATION, &SPEECH, &VOICE, &PREBUILT, &MULTI_SPEAKER, &SPEECH_METADATA, &CONTENT];

/// What came of renaming.
#[derive(Default)]
pub(super) struct Renamed {
    /// What is wrong with the fields.
    pub problems: Vec<Problem>,
    /// The first field that was written in snake_case.
    pub snake_case: Option<String>,
}

/// Brings the fields of a line into camelCase, drops those that are `null`, and tells what is wrong with them.
pub(super) fn rename(line: &mut Map<String, Value>) -> Renamed {
    let mut renamed = Renamed::default();
    walk(line, &LINE, &mut renamed);
    renamed
}

fn walk(object: &mut Map<String, Value>, shape: &'static Shape, renamed: &mut Renamed) {
    for (name, mut value) in std::mem::take(object) {
        // For the service an explicit null is the same as no field at all; a key is ours to judge.
        if value.is_null() && name != "key" {
            continue;
        }
        let camel = camel_case(&name);
        let Some((known, kind)) = shape.fields.iter().find(|(known, _)| *known == camel) else {
            renamed.problems.push(stranger(&name, &camel, shape));
            object.insert(name, value);
            continue;
        };
        if *known != name {
            renamed.snake_case.get_or_insert(name);
        }
        match (kind, &mut value) {
            (Any, _) | (Text, Value::String(_)) => {}
            (Object(inner), Value::Object(fields)) => walk(fields, inner, renamed),
            (Objects(inner), Value::Array(items)) if items.iter().all(Value::is_object) => {
                for fields in items.iter_mut().filter_map(Value::as_object_mut) {
                    walk(fields, inner, renamed);
                }
            }
            (Texts, Value::Array(items)) if items.iter().all(Value::is_string) => {}
            (Text | Texts | Object(_) | Objects(_), value) => {
                renamed.problems.push(wrong_type(known, kind, value));
                // The rules that look at it later find nothing there, instead of something that it is not.
                continue;
            }
        }
        if object.insert((*known).to_owned(), value).is_some() {
            let problem = Problem::new(&rules::DUPLICATE_FIELD, format!("{known} stands twice in {}", shape.name));
            renamed.problems.push(problem.fix("keep the one in camelCase"));
        }
    }
}

fn wrong_type(name: &str, kind: &Kind, value: &Value) -> Problem {
    let expected = match kind {
        Any => "anything",
        Text => "a text",
        Texts => "a list of texts",
        Object(_) => "an object",
        Objects(_) => "a list of objects",
    };
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list of other things",
        Value::Object(_) => "an object",
    };
    Problem::new(&rules::WRONG_TYPE, format!("{name} must be {expected}, and is {is}"))
}

fn stranger(name: &str, camel: &str, shape: &'static Shape) -> Problem {
    let message = format!("no such field in {}: {}", shape.name, short(name));
    let names = |shape: &'static Shape| shape.fields.iter().map(|(name, _)| *name);
    if std::ptr::eq(shape, &LINE) {
        // The service takes and even echoes what else stands on a line, so this harms nothing.
        let message = format!("the service makes nothing of {} beside key and request", short(name));
        return match closest(camel, names(&LINE)) {
            Some(meant) => Problem::new(&rules::NO_SUCH_FIELD, message).fix(format!("write {meant}")),
            None => Problem::new(&rules::UNKNOWN_FIELD, message),
        };
    }
    let in_request = std::ptr::eq(shape, &REQUEST);
    if in_request && matches!(camel, "config" | "generateContentConfig") {
        return Problem::new(&rules::FLAT_CONFIG, message).fix("write generationConfig");
    }
    if let Some(home) = HOMES.iter().find(|home| names(home).any(|known| known == camel)) {
        let rule = if in_request { &rules::FLAT_CONFIG } else { &rules::NO_SUCH_FIELD };
        return Problem::new(rule, message).fix(format!("move it into {}", home.name));
    }
    match closest(camel, names(shape)) {
        Some(meant) => Problem::new(&rules::NO_SUCH_FIELD, message).fix(format!("write {meant}")),
        None => Problem::new(&rules::UNKNOWN_FIELD, message),
    }
}

fn short(name: &str) -> String {
    crate::text::clean_short(name, 60)
}

/// `voice_name` as `voiceName`. Underscores in front stay.
fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut after_underscore = false;
    for c in name.chars() {
        match c {
            '_' if !camel.is_empty() && !camel.ends_with('_') => after_underscore = true,
            c if after_underscore => {
                camel.extend(c.to_uppercase());
                after_underscore = false;
            }
            c => camel.push(c),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn renamed(line: Value) -> (Value, Vec<(&'static str, Option<String>)>) {
        let Value::Object(mut line) = line else { panic!("an object") };
        let problems = rename(&mut line).problems.into_iter().map(|problem| (problem.rule.id, problem.fix)).collect();
        (Value::Object(line), problems)
    }

    #[test]
    fn snake_case_becomes_camel_case_where_we_know_the_field() {
        let (line, problems) = renamed(json!({
            "key": "k",
            "request": {
                "generation_config": { "response_modalities": ["AUDIO"], "response_schema": { "my_field": 1 } },
                "safety_settings": [{ "some_thing": true }],
                "system_instruction": null,
            },
        }));
        assert_eq!(
            line.to_string(),
            r#"{"key":"k","request":{"generationConfig":{"responseModalities":["AUDIO"],"responseSchema":{"my_field":1}},"safetySettings":[{"some_thing":true}]}}"#
        );
        assert_eq!(problems, []);
        for (snake, camel) in
            [("voice_name", "voiceName"), ("_x_y", "_xY"), ("top_p", "topP"), ("a__b", "aB"), ("a", "a")]
        {
            assert_eq!(camel_case(snake), camel);
        }
    }

    #[test]
    fn a_field_in_the_wrong_place_is_told_its_home() {
        let table = [
            (json!({"request": {"temperature": 1}}), "flat-config", Some("move it into generationConfig")),
            (json!({"request": {"thinking_config": {}}}), "flat-config", Some("move it into generationConfig")),
            (json!({"request": {"voice_name": "Kore"}}), "flat-config", Some("move it into prebuiltVoiceConfig")),
            (json!({"request": {"config": {}}}), "flat-config", Some("write generationConfig")),
            (
                json!({"request": {"generationConfig": {"voiceConfig": {}}}}),
                "no-such-field",
                Some("move it into speechConfig"),
            ),
            (
                json!({"request": {"generationConfig": {"speechConfg": {}}}}),
                "no-such-field",
                Some("write speechConfig"),
            ),
            (json!({"request": {"generationConfig": {"brandNew": 1}}}), "unknown-field", None),
            (json!({"note": "mine"}), "unknown-field", None),
            (json!({"requests": {}}), "no-such-field", Some("write request")),
            (json!({"request": {"contents": "hi"}}), "wrong-type", None),
            (json!({"request": {"contents": ["hi"]}}), "wrong-type", None),
            (json!({"request": {"generationConfig": {"responseModalities": "AUDIO"}}}), "wrong-type", None),
            (json!({"request": {"contents": [{"parts": [{"text": 5}]}]}}), "wrong-type", None),
            (
                json!({"request": {"safetySettings": 1, "safety_settings": 2}}),
                "duplicate-field",
                Some("keep the one in camelCase"),
            ),
        ];
        for (line, rule, fix) in table {
            let shown = line.to_string();
            assert_eq!(renamed(line).1, [(rule, fix.map(str::to_owned))], "{shown}");
        }
    }
}
