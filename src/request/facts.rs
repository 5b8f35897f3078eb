//! What a person wants to know of a request: its text, its voice, its language.

use serde_json::Value;

use crate::money::Characters;
use crate::text::{clean, clean_short};

/// One request, as a preview shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The file in which it stands, as findings name it. Cleaned.
    pub source: String,
    /// In its source, counted from 1.
    pub line: u64,
    /// The key under which its result will come back. Not cleaned.
    pub key: String,
    /// The voice, or the speakers' voices. Cleaned.
    pub voice: Option<String>,
    /// The language, when one is given. Cleaned.
    pub language: Option<String>,
    /// The beginning of the text, cleaned, of at most 200 characters.
    pub text: String,
}

/// What stands in a request, read from its camelCase JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// All text, one line for each part. Not cleaned.
    pub text: String,
    /// The voice, or the voices of a dialogue joined with ` + `. Not cleaned.
    pub voice: Option<String>,
    /// The language code. Not cleaned.
    pub language: Option<String>,
    /// Of the text.
    pub characters: Characters,
}

impl Facts {
    /// What a preview shows of it.
    pub fn preview(&self, source: &str, line: u64, key: &str) -> Preview {
        Preview {
            source: source.to_owned(),
            line,
            key: key.to_owned(),
            voice: self.voice.as_deref().map(clean),
            language: self.language.as_deref().map(clean),
            text: clean_short(self.text.trim(), 200),
        }
    }

    /// Reads a request.
    pub fn of(request: &Value) -> Facts {
        let speech = &request["generationConfig"]["speechConfig"];
        let mut text = String::new();
        for (at, part) in texts(request).enumerate() {
            if at > 0 {
                text.push('\n');
            }
            text.push_str(part);
        }
        let voices: Vec<&str> = match speaker_configs(request) {
            Some(speakers) => speakers.iter().filter_map(|speaker| voice_of(&speaker["voiceConfig"])).collect(),
            None => voice_of(&speech["voiceConfig"]).into_iter().collect(),
        };
        Facts {
            characters: Characters::of(&text),
            text,
            voice: (!voices.is_empty()).then(|| voices.join(" + ")),
            language: speech["languageCode"].as_str().map(str::to_owned),
        }
    }
}

/// The text parts of a request, in order.
pub(super) fn texts(request: &Value) -> impl Iterator<Item = &str> {
    parts(request).filter_map(|part| part["text"].as_str())
}

/// All parts of a request, in order.
pub(super) fn parts(request: &Value) -> impl Iterator<Item = &Value> {
    let contents = request["contents"].as_array().into_iter().flatten();
    contents.flat_map(|content| content["parts"].as_array().into_iter().flatten())
}

/// The speakers of a dialogue; `None` when the request is none.
pub(super) fn speaker_configs(request: &Value) -> Option<&[Value]> {
    let config = request["generationConfig"]["speechConfig"].get("multiSpeakerVoiceConfig")?;
    Some(config["speakerVoiceConfigs"].as_array().map_or(&[], Vec::as_slice))
}

/// The voice that a `voiceConfig` names.
pub(super) fn voice_of(config: &Value) -> Option<&str> {
    let name = config["prebuiltVoiceConfig"]["voiceName"].as_str().or_else(|| config["voice"].as_str())?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_voices_and_language_are_read_from_a_request() {
        let request = json!({
            "contents": [{ "parts": [{ "text": "One." }, { "inlineData": {} }] }, { "parts": [{ "text": "Two." }] }],
            "generationConfig": { "speechConfig": { "languageCode": "en-US", "multiSpeakerVoiceConfig": {
                "speakerVoiceConfigs": [
                    { "speaker": "A", "voiceConfig": { "prebuiltVoiceConfig": { "voiceName": "Kore" } } },
                    { "speaker": "B", "voiceConfig": { "voice": "voice_1" } },
                ],
            } } },
        });
        let facts = Facts::of(&request);
        assert_eq!((facts.text.as_str(), facts.voice.as_deref()), ("One.\nTwo.", Some("Kore + voice_1")));
        assert_eq!((facts.language.as_deref(), facts.characters.total()), (Some("en-US"), 9));
        assert_eq!(Facts::of(&json!(null)), Facts::default());
    }
}
