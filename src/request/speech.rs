//! One synthesis request as values, and the JSON that it becomes for each generation of models.

use serde_json::{Map, Value, json};

use crate::money::{Catalog, Generation, VoiceKind};

/// What holds for a whole job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// With or without `models/`.
    pub model: String,
    /// For requests that name none. `None` leaves such requests of a JSONL file as they are; text gets the default.
    pub voice: Option<String>,
    /// For requests that name none. The models hear the language in the text, so none is needed.
    pub language: Option<String>,
    /// How to speak, for text without instructions of its own. JSONL requests keep their text as it is.
    pub style: Option<String>,
}

impl Settings {
    /// The settings of somebody who chose nothing.
    pub fn for_catalog(catalog: &Catalog) -> Settings {
        Settings { model: catalog.default_model.clone(), voice: None, language: None, style: None }
    }

    /// The id of the model, without `models/`.
    pub fn model_id(&self) -> &str {
        self.model.strip_prefix("models/").unwrap_or(&self.model)
    }

    /// How requests are written for the model.
    pub fn generation(&self, catalog: &Catalog) -> Generation {
        catalog.model(&self.model).map_or_else(|| Generation::of(&self.model), |model| model.generation)
    }
}

/// One thing to speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeechRequest {
    /// What the result will be matched by.
    pub key: String,
    /// What to say, in order.
    pub parts: Vec<SpeechPart>,
    /// Who says it.
    pub cast: Cast,
    /// Such as `de-DE`.
    pub language: Option<String>,
    /// How to say it.
    pub style: Option<String>,
}

/// A stretch of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeechPart {
    /// Without the name of the speaker.
    pub text: String,
    /// Who says it, in a dialogue.
    pub speaker: Option<String>,
}

/// The voices of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cast {
    /// One voice for all of it.
    One(String),
    /// A dialogue; the service takes two speakers.
    Dialogue(Vec<Speaker>),
}

/// One speaker of a dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// As the parts name them.
    pub name: String,
    /// Their voice.
    pub voice: String,
}

impl SpeechRequest {
    /// The line of a JSONL file: `{"key":…,"request":…}`.
    pub fn to_line(&self, generation: Generation, catalog: &Catalog) -> Value {
        json!({ "key": self.key, "request": self.to_json(generation, catalog) })
    }

    /// The request in camelCase. A model of tomorrow is spoken to like the newest that we know.
    pub fn to_json(&self, generation: Generation, catalog: &Catalog) -> Value {
        let parts = match generation {
            Generation::V2_5 | Generation::V3_1 => self.parts_with_style_in_the_text(),
            Generation::V3_8 | Generation::Unknown => self.parts_with_style_beside(),
        };
        let mut speech = Map::new();
        if let Some(language) = &self.language {
            speech.insert("languageCode".into(), language.as_str().into());
        }
        match &self.cast {
            Cast::One(voice) => {
                speech.insert("voiceConfig".into(), voice_config(voice, generation, catalog));
            }
            Cast::Dialogue(speakers) => {
                let config = |speaker: &Speaker| {
                    let voice = voice_config(&speaker.voice, generation, catalog);
                    json!({ "speaker": speaker.name, "voiceConfig": voice })
                };
                let configs: Vec<Value> = speakers.iter().map(config).collect();
                speech.insert("multiSpeakerVoiceConfig".into(), json!({ "speakerVoiceConfigs": configs }));
            }
        }
        json!({
            "contents": [{ "parts": parts, "role": "user" }],
            "generationConfig": { "responseModalities": ["AUDIO"], "speechConfig": speech },
        })
    }

    fn parts_with_style_in_the_text(&self) -> Vec<Value> {
        let line = |part: &SpeechPart| match &part.speaker {
            Some(speaker) => format!("{speaker}: {}", part.text),
            None => part.text.clone(),
        };
        let mut texts: Vec<String> = self.parts.iter().map(line).collect();
        if matches!(self.cast, Cast::Dialogue(_)) {
            texts = vec![texts.join("\n")];
        }
        if let (Some(style), Some(first)) = (self.style(), texts.first_mut()) {
            let between = if matches!(self.cast, Cast::Dialogue(_)) { "\n" } else { " " };
            *first = format!("{}:{between}{first}", style.trim_end_matches([':', '.', ' ']));
        }
        texts.into_iter().map(|text| json!({ "text": text })).collect()
    }

    fn parts_with_style_beside(&self) -> Vec<Value> {
        let part = |part: &SpeechPart| {
            let mut beside = Map::new();
            if let Some(speaker) = &part.speaker {
                beside.insert("speaker".into(), speaker.as_str().into());
            }
            if let Some(style) = self.style() {
                beside.insert("style".into(), style.into());
            }
            match beside.is_empty() {
                true => json!({ "text": part.text }),
                false => json!({ "speechMetadata": beside, "text": part.text }),
            }
        };
        self.parts.iter().map(part).collect()
    }

    fn style(&self) -> Option<&str> {
        self.style.as_deref().map(str::trim).filter(|style| !style.is_empty())
    }
}

/// The prebuilt voices have one form on all models; voices of the library of 3.8 need its new field.
pub(super) fn voice_config(voice: &str, generation: Generation, catalog: &Catalog) -> Value {
    let is_prebuilt = catalog.voices.get(voice).is_some_and(|voice| voice.kind == VoiceKind::Prebuilt);
    match generation {
        Generation::V3_8 | Generation::Unknown if !is_prebuilt => json!({ "voice": voice }),
        Generation::V2_5 | Generation::V3_1 | Generation::V3_8 | Generation::Unknown => {
            json!({ "prebuiltVoiceConfig": { "voiceName": voice } })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(style: Option<&str>) -> SpeechRequest {
        SpeechRequest {
            key: "k".into(),
            parts: vec![SpeechPart { text: "Hello!".into(), speaker: None }],
            cast: Cast::One("Kore".into()),
            language: None,
            style: style.map(str::to_owned),
        }
    }

    #[test]
    fn a_plain_request_is_the_same_for_every_generation() {
        let expected = r#"{"key":"k","request":{"contents":[{"parts":[{"text":"Hello!"}],"role":"user"}],"generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}}}}"#;
        for generation in [Generation::V2_5, Generation::V3_1, Generation::V3_8, Generation::Unknown] {
            assert_eq!(hello(None).to_line(generation, &Catalog::built_in()).to_string(), expected);
        }
    }

    #[test]
    fn style_goes_into_the_text_of_old_models_and_beside_that_of_new_ones() {
        let catalog = Catalog::built_in();
        let request = hello(Some("Say cheerfully:"));
        let parts = |generation| request.to_json(generation, &catalog)["contents"][0]["parts"].to_string();
        assert_eq!(parts(Generation::V3_1), r#"[{"text":"Say cheerfully: Hello!"}]"#);
        assert_eq!(parts(Generation::V3_8), r#"[{"speechMetadata":{"style":"Say cheerfully:"},"text":"Hello!"}]"#);
    }

    #[test]
    fn two_speakers_are_named_in_the_text_or_beside_it() {
        let catalog = Catalog::built_in();
        let part = |speaker: &str, text: &str| SpeechPart { text: text.into(), speaker: Some(speaker.into()) };
        let speaker = |name: &str, voice: &str| Speaker { name: name.into(), voice: voice.into() };
        let request = SpeechRequest {
            parts: vec![part("Joe", "How are you?"), part("Jane", "Well!")],
            cast: Cast::Dialogue(vec![speaker("Joe", "Kore"), speaker("Jane", "voice_9")]),
            language: Some("en-US".into()),
            ..hello(None)
        };
        let old = request.to_json(Generation::V2_5, &catalog);
        assert_eq!(old["contents"][0]["parts"].to_string(), r#"[{"text":"Joe: How are you?\nJane: Well!"}]"#);
        let new = request.to_json(Generation::V3_8, &catalog);
        assert_eq!(
            new["contents"][0]["parts"].to_string(),
            r#"[{"speechMetadata":{"speaker":"Joe"},"text":"How are you?"},{"speechMetadata":{"speaker":"Jane"},"text":"Well!"}]"#
        );
        assert_eq!(
            new["generationConfig"]["speechConfig"].to_string(),
            r#"{"languageCode":"en-US","multiSpeakerVoiceConfig":{"speakerVoiceConfigs":[{"speaker":"Joe","voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}},{"speaker":"Jane","voiceConfig":{"voice":"voice_9"}}]}}"#
        );
    }

    /// What the service is sent for one text, by generation, number of speakers, style and language: the parts, and what
    /// the settings of the speech hold besides the voices.
    #[test]
    fn each_generation_gets_style_speakers_and_language_in_its_own_place() {
        let part =
            |speaker: Option<&str>, text: &str| SpeechPart { text: text.into(), speaker: speaker.map(str::to_owned) };
        let speaker = |name: &str, voice: &str| Speaker { name: name.into(), voice: voice.into() };
        let request = |is_dialogue: bool, style: Option<&str>, language: Option<&str>| SpeechRequest {
            parts: match is_dialogue {
                true => vec![part(Some("Joe"), "How are you?"), part(Some("Jane"), "Well!")],
                false => vec![part(None, "Hello!")],
            },
            cast: match is_dialogue {
                true => Cast::Dialogue(vec![speaker("Joe", "Kore"), speaker("Jane", "Puck")]),
                false => Cast::One("Kore".into()),
            },
            language: language.map(str::to_owned),
            ..hello(style)
        };
        let old = |text: &str| json!([{ "text": text }]);
        let beside = |text: &str, beside: Value| json!({ "speechMetadata": beside, "text": text });
        let style = Some("Calm and slow");
        // One voice or two, the style, what 2.5 and 3.1 are sent, and what 3.8 and later are sent.
        let table = [
            (false, None, old("Hello!"), old("Hello!")),
            (
                false,
                style,
                old("Calm and slow: Hello!"),
                json!([beside("Hello!", json!({ "style": "Calm and slow" }))]),
            ),
            (
                true,
                None,
                old("Joe: How are you?\nJane: Well!"),
                json!([
                    beside("How are you?", json!({ "speaker": "Joe" })),
                    beside("Well!", json!({ "speaker": "Jane" })),
                ]),
            ),
            (
                true,
                style,
                old("Calm and slow:\nJoe: How are you?\nJane: Well!"),
                json!([
                    beside("How are you?", json!({ "speaker": "Joe", "style": "Calm and slow" })),
                    beside("Well!", json!({ "speaker": "Jane", "style": "Calm and slow" })),
                ]),
            ),
        ];
        let catalog = Catalog::built_in();
        let voice = |name: &str| json!({ "prebuiltVoiceConfig": { "voiceName": name } });
        for (is_dialogue, style, old_parts, new_parts) in table {
            for generation in [Generation::V2_5, Generation::V3_1, Generation::V3_8, Generation::Unknown] {
                for language in [None, Some("de-DE")] {
                    let sent = request(is_dialogue, style, language).to_json(generation, &catalog);
                    let case = format!("{} {is_dialogue} {style:?} {language:?}", generation.as_str());
                    let parts = match generation {
                        Generation::V2_5 | Generation::V3_1 => &old_parts,
                        Generation::V3_8 | Generation::Unknown => &new_parts,
                    };
                    assert_eq!(sent["contents"], json!([{ "parts": parts, "role": "user" }]), "{case}");
                    let mut speech = match is_dialogue {
                        true => json!({ "multiSpeakerVoiceConfig": { "speakerVoiceConfigs": [
                            { "speaker": "Joe", "voiceConfig": voice("Kore") },
                            { "speaker": "Jane", "voiceConfig": voice("Puck") },
                        ] } }),
                        false => json!({ "voiceConfig": voice("Kore") }),
                    };
                    if let Some(language) = language {
                        speech["languageCode"] = language.into();
                    }
                    // Nothing else: no sampling, which 3.8 refuses, and no system instruction, which all of them refuse.
                    let config = json!({ "responseModalities": ["AUDIO"], "speechConfig": speech });
                    assert_eq!(sent["generationConfig"], config, "{case}");
                    assert_eq!(sent.as_object().map(Map::len), Some(2), "{case}");
                }
            }
        }
    }
}
