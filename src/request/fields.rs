//! The fields of a request line: their camelCase names, their kinds, and where misplaced ones belong.
//!
//! The service reads camelCase and snake_case; we read both and write camelCase. Only fields whose meaning we know
//! are renamed: what a field of kind [`Kind::Any`] holds is passed on untouched.

use serde_json::{Map, Value, json};

use super::finding::Problem;
use super::fixes::Fixes;
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

/// Brings the fields of a line into camelCase, drops those that are `null`, and tells what is wrong with them. What
/// the fixes cover is put right on the way.
pub(super) fn rename(line: &mut Map<String, Value>, fixes: &Fixes) -> Renamed {
    let mut walker = Walker { fixes, renamed: Renamed::default(), moves: Vec::new() };
    walker.walk(line, &LINE);
    // An object goes before the fields that belong into it.
    let depth = |misplaced: &Misplaced| path_of(misplaced.home).map_or(0, <[_]>::len);
    while let Some(next) = (0..walker.moves.len()).min_by_key(|at| depth(&walker.moves[*at])) {
        let misplaced = walker.moves.remove(next);
        walker.put(line, misplaced);
    }
    walker.renamed
}

/// A field that stands in the wrong place, and the place that it is moved to.
struct Misplaced {
    field: String,
    value: Value,
    home: &'static Shape,
    problem: Problem,
}

struct Walker<'f> {
    fixes: &'f Fixes,
    renamed: Renamed,
    moves: Vec<Misplaced>,
}

impl Walker<'_> {
    /// Moves a field to its home, unless that is taken.
    fn put(&mut self, line: &mut Map<String, Value>, misplaced: Misplaced) {
        let Misplaced { field, value, home, problem } = misplaced;
        let Some(Value::Object(request)) = line.get_mut("request") else { return };
        let mut at = request;
        for name in path_of(home).unwrap_or_default() {
            let inner = at.entry(*name).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = inner else { return };
            at = inner;
        }
        if at.contains_key(&camel_case(&field)) {
            self.renamed.problems.push(problem);
            return;
        }
        self.renamed.problems.push(problem.fixed(format!("it stands in {} now", home.name)));
        let mut moved = Map::from_iter([(field, value)]);
        self.walk(&mut moved, home);
        // What was moved may belong into what stands there by now.
        at.extend(moved);
    }

    fn walk(&mut self, object: &mut Map<String, Value>, shape: &'static Shape) {
        for (name, mut value) in std::mem::take(object) {
            // For the service an explicit null is the same as no field at all; a key is ours to judge.
            if value.is_null() && name != "key" {
                continue;
            }
            let camel = camel_case(&name);
            let known = shape.fields.iter().find(|(known, _)| *known == camel);
            let Some((known, kind)) = known.or_else(|| self.meant(&name, &camel, shape)) else {
                let stranger = stranger(&name, &camel, shape);
                match stranger.home.filter(|home| self.is_moved(&stranger.problem, shape, home)) {
                    Some(home) => {
                        let field = if is_config(shape, &camel) { "generationConfig".to_owned() } else { name };
                        self.moves.push(Misplaced { field, value, home, problem: stranger.problem });
                    }
                    None => {
                        self.renamed.problems.push(stranger.problem);
                        object.insert(name, value);
                    }
                }
                continue;
            };
            if *known != name && *known == camel {
                self.renamed.snake_case.get_or_insert(name);
            }
            if !kind.fits(&value) {
                let problem = wrong_type(known, kind, &value).near(known);
                let wrapped = self.fixes.has(&rules::WRONG_TYPE).then(|| wrap(known, kind, &value)).flatten();
                let Some(wrapped) = wrapped else {
                    self.renamed.problems.push(problem);
                    // The rules that look at it later find nothing there, instead of something that it is not.
                    continue;
                };
                self.renamed.problems.push(problem.fixed("it is one now"));
                value = wrapped;
            }
            match (kind, &mut value) {
                (Object(inner), Value::Object(fields)) => self.walk(fields, inner),
                (Objects(inner), Value::Array(items)) => {
                    items.iter_mut().filter_map(Value::as_object_mut).for_each(|fields| self.walk(fields, inner));
                }
                (Any | Text | Texts | Object(_) | Objects(_), _) => {}
            }
            if object.insert((*known).to_owned(), value).is_some() {
                let problem = Problem::new(&rules::DUPLICATE_FIELD, format!("{known} stands twice in {}", shape.name));
                self.renamed.problems.push(problem.fix("keep the one in camelCase").near(known));
            }
        }
    }

    /// The field that a misspelt one means, when such are mended.
    fn meant(&mut self, name: &str, camel: &str, shape: &'static Shape) -> Option<&'static (&'static str, Kind)> {
        if !self.fixes.has(&rules::NO_SUCH_FIELD) {
            return None;
        }
        let stranger = stranger(name, camel, shape);
        let meant = stranger.meant?;
        self.renamed.problems.push(stranger.problem.fixed(format!("it is {meant} now")));
        shape.fields.iter().find(|(known, _)| *known == meant)
    }

    /// Whether a field of this object is moved to that home: there must be one place only that can be meant.
    fn is_moved(&self, problem: &Problem, from: &'static Shape, home: &'static Shape) -> bool {
        let from_one_place = [&REQUEST, &GENERATION, &SPEECH].iter().any(|one| std::ptr::eq(*one, from));
        from_one_place && path_of(home).is_some() && self.fixes.has(problem.rule)
    }
}

/// The way from the request to an object that is there once.
fn path_of(home: &'static Shape) -> Option<&'static [&'static str]> {
    const WHOLE: [&str; 4] = ["generationConfig", "speechConfig", "voiceConfig", "prebuiltVoiceConfig"];
    const MULTI: [&str; 3] = ["generationConfig", "speechConfig", "multiSpeakerVoiceConfig"];
    let is = |shape: &'static Shape| std::ptr::eq(home, shape);
    let length = [&REQUEST, &GENERATION, &SPEECH, &VOICE, &PREBUILT].iter().position(|shape| is(shape));
    length.map(|length| &WHOLE[..length]).or_else(|| is(&MULTI_SPEAKER).then_some(&MULTI[..]))
}

impl Kind {
    fn fits(&self, value: &Value) -> bool {
        match (self, value) {
            (Any, _) | (Text, Value::String(_)) | (Object(_), Value::Object(_)) => true,
            (Objects(_), Value::Array(items)) => items.iter().all(Value::is_object),
            (Texts, Value::Array(items)) => items.iter().all(Value::is_string),
            (Text | Texts | Object(_) | Objects(_), _) => false,
        }
    }
}

/// A single value as the list that the field wants, and words as the objects that hold them, as the SDKs do it.
fn wrap(name: &str, kind: &Kind, value: &Value) -> Option<Value> {
    let part = |text: &Value| json!({ "text": text });
    let parts = |value: &Value| match value {
        Value::String(_) => Some(json!([part(value)])),
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_string) => {
            Some(items.iter().map(part).collect::<Value>())
        }
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    };
    match (kind, value) {
        (Texts, Value::String(_)) | (Objects(_), Value::Object(_)) => Some(json!([value])),
        (Objects(_), value) if name == "parts" => parts(value),
        (Objects(_), value) if name == "contents" => parts(value).map(|parts| json!([{ "parts": parts }])),
        (Text, Value::Number(number)) if name == "text" => Some(number.to_string().into()),
        (Any | Text | Texts | Object(_) | Objects(_), _) => None,
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

/// A field that its object does not have.
struct Stranger {
    problem: Problem,
    /// The field of the same object that is meant.
    meant: Option<&'static str>,
    /// The object that it belongs into.
    home: Option<&'static Shape>,
}

fn stranger(name: &str, camel: &str, shape: &'static Shape) -> Stranger {
    let message = format!("no such field in {}: {}", shape.name, short(name));
    let about = |rule, message: String| Problem::new(rule, message).near(name);
    let names = |shape: &'static Shape| shape.fields.iter().map(|(name, _)| *name);
    let is_line = std::ptr::eq(shape, &LINE);
    let in_request = std::ptr::eq(shape, &REQUEST);
    if is_config(shape, camel) {
        let problem = about(&rules::FLAT_CONFIG, message).fix("write generationConfig");
        return Stranger { problem, meant: None, home: Some(&REQUEST) };
    }
    // The service takes and even echoes what else stands on a line, so that such a field harms nothing.
    if let Some(home) = HOMES.iter().find(|home| !is_line && names(home).any(|known| known == camel)) {
        let rule = if in_request { &rules::FLAT_CONFIG } else { &rules::NO_SUCH_FIELD };
        let problem = about(rule, message).fix(format!("move it into {}", home.name));
        return Stranger { problem, meant: None, home: Some(*home) };
    }
    let message = match is_line {
        true => format!("the service makes nothing of {} beside key and request", short(name)),
        false => message,
    };
    let meant = closest(camel, names(shape));
    let problem = match meant {
        Some(meant) => about(&rules::NO_SUCH_FIELD, message).fix(format!("write {meant}")),
        None => about(&rules::UNKNOWN_FIELD, message),
    };
    Stranger { problem, meant, home: None }
}

/// What the SDKs call generationConfig.
fn is_config(shape: &'static Shape, camel: &str) -> bool {
    std::ptr::eq(shape, &REQUEST) && matches!(camel, "config" | "generateContentConfig")
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

    fn renamed(line: Value) -> (Value, Vec<(&'static str, Option<String>)>) {
        let Value::Object(mut line) = line else { panic!("an object") };
        let problems = rename(&mut line, &Fixes::default())
            .problems
            .into_iter()
            .map(|problem| (problem.rule.id, problem.fix))
            .collect();
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
