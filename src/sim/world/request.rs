//! Reading one request, by the rules of its model.
//!
//! The messages are the service's own where they are known.

use serde_json::Value;

use super::json::{field, path, text, unknown};
use super::models::{Family, MODELS, Model};
use crate::sim::voice;

/// What one request wants to be spoken or written.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// Voice and text, in order.
    pub turns: Vec<(String, String)>,
    /// In which wrapping.
    pub encoding: Encoding,
    /// Samples a second.
    pub rate: u32,
    /// What the text costs.
    pub prompt_tokens: u64,
}

/// The wrapping of audio, which is also its MIME type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Raw PCM as the 2.5 models name it.
    L16Codec,
    /// Raw PCM as the 3.1 model names it.
    L16Channels,
    /// A whole RIFF file.
    Wav,
}

impl Encoding {
    /// The MIME type that the service writes.
    pub fn mime(self, rate: u32) -> String {
        match self {
            Encoding::L16Codec => format!("audio/L16;codec=pcm;rate={rate}"),
            Encoding::L16Channels => format!("audio/l16; rate={rate}; channels=1"),
            Encoding::Wav => "audio/wav".to_owned(),
        }
    }
}

/// Why a request fails while its job goes on. The code is gRPC's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// A gRPC status code.
    pub code: i32,
    /// For people.
    pub message: String,
}

impl LineError {
    fn invalid(message: impl Into<String>) -> Self {
        LineError { code: 3, message: message.into() }
    }
}

const REQUEST_FIELDS: [&str; 10] = [
    "contents",
    "generationConfig",
    "systemInstruction",
    "model",
    "tools",
    "toolConfig",
    "safetySettings",
    "cachedContent",
    "labels",
    "serviceTier",
];
const CONFIG_FIELDS: [&str; 21] = [
    "candidateCount",
    "stopSequences",
    "maxOutputTokens",
    "temperature",
    "topP",
    "topK",
    "seed",
    "responseMimeType",
    "responseSchema",
    "_responseJsonSchema",
    "responseJsonSchema",
    "presencePenalty",
    "frequencyPenalty",
    "responseLogprobs",
    "logprobs",
    "responseModalities",
    "speechConfig",
    "thinkingConfig",
    "imageConfig",
    "mediaResolution",
    "responseFormat",
];
const SPEECH_FIELDS: [&str; 3] = ["voiceConfig", "multiSpeakerVoiceConfig", "languageCode"];
const CONTENT_FIELDS: [&str; 2] = ["parts", "role"];
const PART_FIELDS: [&str; 8] = [
    "text",
    "inlineData",
    "fileData",
    "thought",
    "thoughtSignature",
    "partMetadata",
    "mediaResolution",
    "speechMetadata",
];

/// The first field that the service does not know, with the place it stands at.
pub fn unknown_field(request: &Value) -> Option<(String, String)> {
    let check = |value: Option<&Value>, known: &[&str], at: &str| {
        let name = unknown(value?.as_object()?, known)?;
        Some((name.to_owned(), at.to_owned()))
    };
    let config = field(request, "generationConfig");
    let speech = config.and_then(|config| field(config, "speechConfig"));
    check(Some(request), &REQUEST_FIELDS, "")
        .or_else(|| check(config, &CONFIG_FIELDS, "generation_config"))
        .or_else(|| check(speech, &SPEECH_FIELDS, "generation_config.speech_config"))
        .or_else(|| {
            contents(request).iter().enumerate().find_map(|(n, content)| {
                check(Some(content), &CONTENT_FIELDS, &format!("contents[{n}]")).or_else(|| {
                    parts(content)
                        .iter()
                        .enumerate()
                        .find_map(|(m, part)| check(Some(part), &PART_FIELDS, &format!("contents[{n}].parts[{m}]")))
                })
            })
        })
}

/// What the service says to a request of a batch that it refuses; `None` when it takes it.
pub fn refusal_of(model: &str, request: &Value) -> Option<String> {
    let Some(model) = MODELS.iter().find(|known| known.id == model) else { return Some("no such model".to_owned()) };
    read(model, request).err().map(|error| error.message)
}

/// Reads a request of a line or an item.
pub fn read(model: &Model, request: &Value) -> Result<Wish, LineError> {
    if !request.is_object() {
        return Err(LineError::invalid("request is not a JSON object"));
    }
    if let Some((name, at)) = unknown_field(request) {
        let place = if at.is_empty() { String::new() } else { format!(" at '{at}'") };
        return Err(LineError::invalid(format!("no such field: '{name}'{place}")));
    }
    let texts = texts(request);
    if texts.iter().all(|part| part.text.trim().is_empty()) {
        return Err(LineError::invalid("* GenerateContentRequest.contents: contents is not specified\n"));
    }
    let prompt_tokens = texts.iter().map(|part| count_tokens(part.text)).sum::<u64>().max(1);
    if prompt_tokens > model.input_limit() {
        return Err(LineError::invalid(format!(
            "The input token count ({prompt_tokens}) exceeds the maximum number of tokens allowed ({}).",
            model.input_limit()
        )));
    }
    let mut wish = Wish { turns: Vec::new(), encoding: Encoding::L16Codec, rate: 24_000, prompt_tokens };
    if !model.family.is_speech() {
        wish.turns = texts.iter().map(|part| (String::new(), part.text.to_owned())).collect();
        return Ok(wish);
    }
    check_speech(model, request)?;
    let (encoding, rate) = format(model, request)?;
    let cast = cast(model, request)?;
    wish.turns = cast.turns(&texts);
    Ok(Wish { encoding, rate, ..wish })
}

fn check_speech(model: &Model, request: &Value) -> Result<(), LineError> {
    if field(request, "systemInstruction").is_some() {
        return Err(LineError::invalid("Developer instruction is not enabled for this model"));
    }
    let config = field(request, "generationConfig").unwrap_or(&Value::Null);
    let modalities: Vec<&str> = field(config, "responseModalities")
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    for (n, modality) in modalities.iter().enumerate() {
        if !["AUDIO", "TEXT", "IMAGE", "MODALITY_UNSPECIFIED"].contains(modality) {
            return Err(LineError::invalid(format!(
                "Invalid value at 'generation_config.response_modalities[{n}]' \
                 (type.googleapis.com/google.ai.generativelanguage.v1beta.GenerationConfig.Modality), \"{modality}\""
            )));
        }
    }
    if modalities != ["AUDIO"] {
        let asked = if modalities.is_empty() { "TEXT".to_owned() } else { modalities.join(", ") };
        return Err(LineError::invalid(format!(
            "The requested combination of response modalities ({asked}) is not supported by the model. models/{} \
             accepts the following combination of response modalities:\n* AUDIO\n",
            model.id
        )));
    }
    let has_sampling = ["temperature", "topP", "topK"].iter().any(|name| field(config, name).is_some());
    if model.family == Family::Speech38 && has_sampling {
        return Err(LineError::invalid("Request contains an invalid argument."));
    }
    Ok(())
}

fn format(model: &Model, request: &Value) -> Result<(Encoding, u32), LineError> {
    let usual = match model.family {
        Family::Speech31 => Encoding::L16Channels,
        Family::Speech38 => Encoding::Wav,
        Family::Speech25 | Family::Text | Family::Embedding => Encoding::L16Codec,
    };
    let Some(audio) = path(request, &["generationConfig", "responseFormat", "audio"]) else {
        return Ok((usual, 24_000));
    };
    if model.family != Family::Speech38 {
        return Err(LineError::invalid("Audio response format is not supported by this model."));
    }
    let encoding = match text(audio, "mimeType") {
        None | Some("AUDIO_WAV") => Encoding::Wav,
        Some("AUDIO_L16") => Encoding::L16Codec,
        Some(other) => return Err(LineError::invalid(format!("Audio mime type {other} is not supported."))),
    };
    match field(audio, "sampleRate").map(|rate| rate.as_u64()) {
        None => Ok((encoding, 24_000)),
        Some(Some(rate @ (24_000 | 16_000 | 8_000))) => Ok((encoding, rate as u32)),
        Some(_) => Err(LineError::invalid("Audio sample rate must be one of 24000, 16000, 8000.")),
    }
}

/// Who speaks.
enum Cast {
    One(String),
    Several(Vec<(String, String)>),
}

fn cast(model: &Model, request: &Value) -> Result<Cast, LineError> {
    let speech = path(request, &["generationConfig", "speechConfig"]).unwrap_or(&Value::Null);
    let several = path(speech, &["multiSpeakerVoiceConfig", "speakerVoiceConfigs"]).and_then(Value::as_array);
    let one = field(speech, "voiceConfig");
    if several.is_some() && one.is_some() {
        return Err(LineError::invalid("voice_config and multi_speaker_voice_config are mutually exclusive."));
    }
    if let Some(speakers) = several {
        if speakers.len() > 2 || speakers.is_empty() {
            return Err(LineError::invalid("The number of enabled_voices must equal 2."));
        }
        let speakers = speakers.iter().map(|speaker| {
            let name = text(speaker, "speaker").unwrap_or_default().to_owned();
            let voice = voice_of(model, field(speaker, "voiceConfig"))?;
            Ok((name, voice.unwrap_or_else(|| "Kore".to_owned())))
        });
        return Ok(Cast::Several(speakers.collect::<Result<_, LineError>>()?));
    }
    match voice_of(model, one)? {
        Some(voice) => Ok(Cast::One(voice)),
        None if model.family == Family::Speech31 => Err(LineError::invalid("Request contains an invalid argument.")),
        None => Ok(Cast::One("Kore".to_owned())),
    }
}

fn voice_of(model: &Model, config: Option<&Value>) -> Result<Option<String>, LineError> {
    let Some(config) = config else { return Ok(None) };
    let library = text(config, "voice").filter(|_| model.family == Family::Speech38);
    let prebuilt = path(config, &["prebuiltVoiceConfig", "voiceName"]).and_then(Value::as_str);
    let Some(name) = library.or(prebuilt).filter(|name| !name.is_empty()) else { return Ok(None) };
    let is_library = library.is_some() && (name.starts_with("voice_") || name.starts_with("voicekey_"));
    if !is_library && !voice::is_voice(name) {
        let known: Vec<String> = voice::VOICES.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        return Err(LineError::invalid(format!(
            "Voice name {name} is not supported. Allowed voice names are: {}",
            known.join(", ")
        )));
    }
    Ok(Some(name.to_owned()))
}

impl Cast {
    /// Who says what: by the speaker of a part, or by lines that begin with a speaker's name and a colon.
    fn turns(&self, texts: &[Spoken<'_>]) -> Vec<(String, String)> {
        match self {
            Cast::One(voice) => texts.iter().map(|part| (voice.clone(), part.text.to_owned())).collect(),
            Cast::Several(speakers) => {
                let mut turns = Vec::new();
                let mut voice = speakers[0].1.clone();
                for part in texts {
                    if let Some((_, named)) = speakers.iter().find(|(name, _)| Some(name.as_str()) == part.speaker) {
                        voice.clone_from(named);
                    }
                    for line in part.text.lines().filter(|line| !line.trim().is_empty()) {
                        let named = speakers.iter().find_map(|(name, voice)| {
                            let rest = line.trim_start().strip_prefix(name.as_str())?.strip_prefix(':')?;
                            (!name.is_empty()).then_some((voice, rest))
                        });
                        let said = match named {
                            Some((named, rest)) => {
                                voice.clone_from(named);
                                rest
                            }
                            None => line,
                        };
                        turns.push((voice.clone(), said.to_owned()));
                    }
                }
                turns
            }
        }
    }
}

struct Spoken<'a> {
    text: &'a str,
    speaker: Option<&'a str>,
}

fn texts(request: &Value) -> Vec<Spoken<'_>> {
    contents(request)
        .iter()
        .flat_map(parts)
        .filter_map(|part| {
            let speaker = path(part, &["speechMetadata", "speaker"]).and_then(Value::as_str);
            Some(Spoken { text: text(part, "text")?, speaker })
        })
        .collect()
}

fn contents(request: &Value) -> &[Value] {
    field(request, "contents").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn parts(content: &Value) -> &[Value] {
    field(content, "parts").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// All the text of a request, or of anything else with `contents`.
pub fn prompt_tokens(request: &Value) -> u64 {
    texts(request).iter().map(|part| count_tokens(part.text)).sum()
}

/// The text of an embedding request.
pub fn embedded_text(request: &Value) -> String {
    let content = field(request, "content").unwrap_or(&Value::Null);
    parts(content).iter().filter_map(|part| text(part, "text")).collect::<Vec<_>>().join(" ")
}

/// About as many tokens as the service counts: four letters each, an ideograph each.
pub fn count_tokens(text: &str) -> u64 {
    let wide = text.chars().filter(|c| u32::from(*c) > 0x2e00).count();
    let narrow = text.chars().count() - wide;
    (wide + narrow.div_ceil(4)) as u64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::models::MODELS;
    use super::*;

    fn model(id: &str) -> &'static Model {
        MODELS.iter().find(|model| model.id == id).unwrap()
    }

    fn request(config: Value) -> Value {
        json!({ "contents": [{ "parts": [{ "text": "Hello." }] }], "generationConfig": config })
    }

    fn kore() -> Value {
        json!({ "voiceConfig": { "prebuiltVoiceConfig": { "voiceName": "Kore" } } })
    }

    #[test]
    fn each_model_has_its_own_rules() {
        let good = json!({ "responseModalities": ["AUDIO"], "speechConfig": kore() });
        let mut warm = good.clone();
        warm["temperature"] = json!(1);
        let mute = json!({ "responseModalities": ["AUDIO"] });
        let written = json!({ "responseModalities": ["TEXT"], "speechConfig": kore() });
        let lower = json!({ "responseModalities": ["audio"], "speechConfig": kore() });
        let flat = json!({ "responseModalities": ["AUDIO"], "voiceName": "Kore" });
        let table = [
            ("gemini-2.5-pro-preview-tts", &good, ""),
            ("gemini-2.5-pro-preview-tts", &warm, ""),
            ("gemini-2.5-pro-preview-tts", &mute, ""),
            ("gemini-3.1-flash-tts-preview", &mute, "Request contains an invalid argument."),
            ("gemini-3.8-flash-tts", &warm, "Request contains an invalid argument."),
            ("gemini-3.8-flash-tts", &good, ""),
            ("gemini-3.1-flash-tts-preview", &written, "combination of response modalities (TEXT)"),
            ("gemini-3.1-flash-tts-preview", &lower, "Invalid value at"),
            ("gemini-3.1-flash-tts-preview", &flat, "no such field: 'voiceName' at 'generation_config'"),
        ];
        for (id, config, part) in table {
            let message = read(model(id), &request(config.clone())).err().map(|e| e.message).unwrap_or_default();
            assert!(message.contains(part) && message.is_empty() == part.is_empty(), "{id} {config}: {message}");
        }
    }

    #[test]
    fn a_developer_instruction_is_refused() {
        let mut request = request(json!({ "responseModalities": ["AUDIO"], "speechConfig": kore() }));
        request["systemInstruction"] = json!({ "parts": [{ "text": "Be kind." }] });
        let error = read(model("gemini-2.5-pro-preview-tts"), &request).unwrap_err();
        assert_eq!(error, LineError { code: 3, message: "Developer instruction is not enabled for this model".into() });
    }

    #[test]
    fn two_speakers_take_turns() {
        let speaker = |name: &str, voice: &str| {
            json!({ "speaker": name,
                    "voice_config": { "prebuilt_voice_config": { "voice_name": voice } } })
        };
        let request = json!({
            "contents": [{ "parts": [{ "text": "TTS this:\nJoe: How are you?\nJane: Fine." }] }],
            "generation_config": { "response_modalities": ["AUDIO"], "speech_config": {
                "multi_speaker_voice_config": { "speaker_voice_configs": [speaker("Joe", "Puck"), speaker("Jane", "Kore")] }
            } },
        });
        let wish = read(model("gemini-2.5-pro-preview-tts"), &request).unwrap();
        let voices: Vec<&str> = wish.turns.iter().map(|(voice, _)| voice.as_str()).collect();
        assert_eq!(voices, ["Puck", "Puck", "Kore"]);
        assert_eq!(wish.turns[2].1, " Fine.");
    }

    #[test]
    fn the_format_that_was_asked_for_is_used() {
        let config = json!({ "responseModalities": ["AUDIO"],
                             "responseFormat": { "audio": { "mimeType": "AUDIO_L16", "sampleRate": 8000 } } });
        let wish = read(model("gemini-3.8-flash-tts"), &request(config)).unwrap();
        assert_eq!((wish.encoding.mime(wish.rate).as_str(), wish.rate), ("audio/L16;codec=pcm;rate=8000", 8_000));
    }
}
