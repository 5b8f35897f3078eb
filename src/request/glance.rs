//! A quick look at a line of JSONL: nearly every line of a large file is in its usual form and good, and needs no tree
//! of values to see that.
//!
//! Whatever is unusual or doubtful is left to [`super::check_line`], which has the last word on every problem.

use std::borrow::Cow;

use serde::Deserialize;

use super::check::Context;
use super::facts::Preview;
use super::key::is_portable;
use super::speech::{Cast, SpeechPart, SpeechRequest};
use super::{speech_rules, text_rules};
use crate::money::Characters;
use crate::text::{clean, clean_short};

/// A good line in its usual form: one text and one voice.
#[derive(Debug)]
pub struct Glance<'l> {
    /// As it stands in the input.
    pub key: Cow<'l, str>,
    /// Of the text.
    pub characters: Characters,
    text: Cow<'l, str>,
    role: Option<Cow<'l, str>>,
    voice: Option<Cow<'l, str>>,
    language: Option<Cow<'l, str>>,
}

/// What was good a line ago is most often good again.
#[derive(Clone, Debug, Default)]
pub struct LastGood {
    voice: String,
    language: String,
    /// Whether it was told that fields are in snake_case.
    pub knows_snake_case: bool,
}

impl<'l> Glance<'l> {
    /// Reads a line; `None` when it has to be looked at closely. One with fields in snake_case is looked at closely until
    /// somebody was told of them.
    pub fn of(line: &'l str, context: &Context<'l>, last: &mut LastGood) -> Option<Glance<'l>> {
        if !last.knows_snake_case && has_snake_case(line) {
            return None;
        }
        let Line { key, request } = serde_json::from_str(line).ok()?;
        let Request { contents: [Content { parts: [Part { text }], role }], generation_config } = request;
        let Config { speech_config, response_modalities: [modality] } = generation_config;
        let Speech { language_code, voice_config } = speech_config;
        let voice = voice_config.map(|config| config.prebuilt_voice_config.voice_name);
        let language = language_code.map(|code| code.0);
        if modality.0 != "AUDIO" || !is_portable(&key) {
            return None;
        }
        let voice = match voice {
            Some(voice) if !voice.is_empty() && last.voice == voice => Some(voice),
            Some(voice) => {
                context.catalog.voices.get(&voice)?;
                last.voice = voice.clone().into_owned();
                Some(voice)
            }
            // A voice of the library is written otherwise.
            None => {
                let voice = context.settings.voice.as_deref()?;
                context.catalog.voices.get(voice)?;
                Some(Cow::Borrowed(voice))
            }
        };
        let language = match language {
            Some(code) if !code.is_empty() && last.language == code => Some(code),
            Some(code) if code.is_empty() => return None,
            Some(code) => {
                if speech_rules::check_language(&code, context.catalog, context.generation).is_some() {
                    return None;
                }
                last.language = code.clone().into_owned();
                Some(code)
            }
            None => context.settings.language.as_deref().map(Cow::Borrowed),
        };
        let characters = Characters::of(&text);
        if !text_rules::check(&text, &characters, context).is_empty() {
            return None;
        }
        Some(Glance { key, characters, text, role: role.map(|role| role.0), voice, language })
    }

    /// The same look at a request that was made of a text.
    pub fn of_speech(request: &'l SpeechRequest, context: &Context<'l>) -> Option<Glance<'l>> {
        let ([SpeechPart { text, speaker: None }], Cast::One(voice)) = (request.parts.as_slice(), &request.cast) else {
            return None;
        };
        let has_style = request.style.as_deref().is_some_and(|style| !style.trim().is_empty());
        context.catalog.voices.get(voice)?;
        // The language of the job is checked with the job.
        let of_job = request.language == context.settings.language;
        let doubt = |code: &str| speech_rules::check_language(code, context.catalog, context.generation).is_some();
        if has_style || !is_portable(&request.key) || !of_job && request.language.as_deref().is_some_and(doubt) {
            return None;
        }
        let characters = Characters::of(text);
        text_rules::check(text, &characters, context).is_empty().then(|| Glance {
            key: Cow::Borrowed(&request.key),
            characters,
            text: Cow::Borrowed(text),
            role: Some(Cow::Borrowed("user")),
            voice: Some(Cow::Borrowed(voice)),
            language: request.language.as_deref().map(Cow::Borrowed),
        })
    }

    /// What a preview shows of it.
    pub fn preview(&self, source: &str, line: u64) -> Preview {
        Preview {
            source: source.to_owned(),
            line,
            key: self.key.clone().into_owned(),
            voice: self.voice.as_deref().map(clean),
            language: self.language.as_deref().map(clean),
            text: clean_short(self.text.trim(), 200),
        }
    }

    /// The voice and the language where they are given, not cleaned, and the characters of the text.
    pub fn spoken(&self) -> (Option<&str>, Option<&str>, Characters) {
        (self.voice.as_deref(), self.language.as_deref(), self.characters)
    }

    /// Writes the line as it is sent: the same bytes as those of [`super::check_line`].
    pub fn write(&self, out: &mut Vec<u8>) {
        put(out, r#"{"key":"#, &self.key);
        put(out, r#","request":{"contents":[{"parts":[{"text":"#, &self.text);
        out.extend_from_slice(b"}]");
        if let Some(role) = &self.role {
            put(out, r#","role":"#, role);
        }
        out.extend_from_slice(br#"}],"generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{"#);
        if let Some(language) = &self.language {
            put(out, r#""languageCode":"#, language);
        }
        if let Some(voice) = &self.voice {
            let comma: &[u8] = if self.language.is_some() { b"," } else { b"" };
            out.extend_from_slice(comma);
            put(out, r#""voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"#, voice);
            out.extend_from_slice(b"}}");
        }
        out.extend_from_slice(b"}}}}");
    }

    /// How many bytes [`Glance::write`] writes.
    pub fn length(&self) -> u64 {
        const AROUND: usize = r#"{"key":,"request":{"contents":[{"parts":[{"text":}]}],"generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{}}}}"#.len();
        let field = |name: &str, text: &Option<Cow<str>>| text.as_ref().map_or(0, |text| name.len() + length(text));
        let voice = r#""voiceConfig":{"prebuiltVoiceConfig":{"voiceName":}}"#;
        let comma = usize::from(self.language.is_some() && self.voice.is_some());
        let fields = field(r#","role":"#, &self.role)
            + field(r#""languageCode":"#, &self.language)
            + field(voice, &self.voice)
            + comma;
        (AROUND + length(&self.key) + length(&self.text) + fields) as u64
    }
}

/// Whether any field of the usual form may be written in snake_case.
fn has_snake_case(line: &str) -> bool {
    let ends = ["_config\"", "_modalities\"", "_name\"", "_code\""];
    memchr::memchr(b'_', line.as_bytes()).is_some() && ends.iter().any(|end| line.contains(end))
}

fn put(out: &mut Vec<u8>, before: &str, text: &str) {
    out.extend_from_slice(before.as_bytes());
    serde_json::to_writer(out, text).expect("a text in memory can be written");
}

/// The bytes of a text as JSON, quotes included.
fn length(text: &str) -> usize {
    match text.bytes().any(|b| b < b' ' || b == b'"' || b == b'\\') {
        true => serde_json::to_string(text).map_or(0, |json| json.len()),
        false => text.len() + 2,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'l> {
    #[serde(borrow)]
    key: Cow<'l, str>,
    #[serde(borrow)]
    request: Request<'l>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Request<'l> {
    #[serde(borrow)]
    contents: [Content<'l>; 1],
    #[serde(borrow)]
    #[serde(alias = "generation_config")]
    generation_config: Config<'l>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content<'l> {
    #[serde(borrow)]
    parts: [Part<'l>; 1],
    #[serde(borrow)]
    role: Option<Text<'l>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part<'l> {
    #[serde(borrow)]
    text: Cow<'l, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Config<'l> {
    #[serde(borrow)]
    #[serde(alias = "response_modalities")]
    response_modalities: [Text<'l>; 1],
    #[serde(borrow)]
    #[serde(alias = "speech_config")]
    speech_config: Speech<'l>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Speech<'l> {
    #[serde(borrow)]
    #[serde(alias = "language_code")]
    language_code: Option<Text<'l>>,
    #[serde(borrow)]
    #[serde(alias = "voice_config")]
    voice_config: Option<VoiceConfig<'l>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct VoiceConfig<'l> {
    #[serde(borrow)]
    #[serde(alias = "prebuilt_voice_config")]
    prebuilt_voice_config: Prebuilt<'l>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Prebuilt<'l> {
    #[serde(borrow)]
    #[serde(alias = "voice_name")]
    voice_name: Cow<'l, str>,
}

/// A text inside something else, which would be copied without this.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'l>(#[serde(borrow)] Cow<'l, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Catalog;
    use crate::request::{Settings, check_line, check_speech};
    use proptest::prelude::*;

    /// Lines that are mostly in the usual form, and sometimes a little off.
    fn any_line() -> impl Strategy<Value = String> {
        let or = |usual: &'static str, others: Vec<&'static str>| prop_oneof![4 => Just(usual), 1 => prop::sample::select(others)];
        let text = prop_oneof![
            Just("\"Hello, \\u00e4 \\\"you\\\"\\n\"".to_owned()),
            "\\PC{0,20}".prop_map(|text| serde_json::to_string(&text).unwrap()),
            Just("\"Say so: hi [sigh]\"".to_owned()),
            Just(format!("\"{}\"", "word ".repeat(2_000))),
        ];
        let role = or(r#","role":"user""#, vec!["", r#","role":null"#, r#","role":5"#, r#","role":"a\tb""#]);
        let voice = or(
            r#""voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}"#,
            vec![
                "",
                r#""voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kora"}}"#,
                r#""voiceConfig":{"voice":"Kore"}"#,
                r#""voice_config":{"prebuilt_voice_config":{"voice_name":"Kore"}}"#,
                r#""voiceConfig":null"#,
            ],
        );
        let language = or("", vec![r#""languageCode":"de-DE","#, r#""languageCode":"","#, r#""languageCode":"xx","#]);
        let modality = or(r#"["AUDIO"]"#, vec!["[]", r#"["audio"]"#, r#"["AUDIO","TEXT"]"#, "\"AUDIO\"", "null"]);
        let key = or("\"k\"", vec!["\"\"", "\"a/b\"", "5", "null", "\"\\u006b\""]);
        let more = or("", vec![r#","model":"models/x""#, r#","temperature":1"#, r#","contents":[]"#]);
        (text, role, voice, language, modality, key, more).prop_map(
            |(text, role, voice, language, modality, key, more)| {
                format!(
                    r#" {{"request":{{"contents":[{{"parts":[{{"text":{text}}}]{role}}}], "generationConfig":{{"speechConfig":{{{language}{voice}}},"responseModalities":{modality}}}{more}}},"key":{key}}}"#
                )
            },
        )
    }

    proptest! {
        #[test]
        fn a_glance_says_what_a_close_look_says(line in any_line()) {
            let catalog = Catalog::built_in();
            let plain = Settings::for_catalog(&catalog);
            let old = Settings {
                model: "gemini-3.1-flash-tts-preview".into(), voice: Some("Puck".into()), language: Some("fr-FR".into()), style: None,
            };
            for settings in [plain, old] {
                let context = Context::new(&settings, &catalog);
                let close = check_line(&line, &context, &String::new);
                let told = LastGood { knows_snake_case: true, ..LastGood::default() };
                if let Some(glance) = Glance::of(&line, &context, &mut LastGood::default()) {
                    prop_assert_eq!(&close.snake_case, &None);
                    prop_assert!(Glance::of(&line, &context, &mut told.clone()).is_some_and(|it| it.text == glance.text));
                }
                let Some(glance) = Glance::of(&line, &context, &mut told.clone()) else { continue };
                prop_assert_eq!(&close.problems, &[]);
                let mut written = Vec::new();
                glance.write(&mut written);
                prop_assert_eq!(String::from_utf8_lossy(&written), close.line.unwrap().to_string());
                prop_assert_eq!(glance.length(), written.len() as u64);
                prop_assert_eq!(glance.characters, close.facts.characters);
                prop_assert_eq!(glance.preview("a", 3), close.facts.preview("a", 3, &close.key.unwrap()));
            }
        }
    }

    proptest! {
        #[test]
        fn a_glance_at_a_text_says_what_a_close_look_says(
            text in "\\PC{0,30}|[ -~\n\t]{0,30}", key in "k|a b|", voice in "Kore|Kora", language in prop::option::of("de-DE|xx|fr-FR"),
            style in prop::option::of(" |calm"),
        ) {
            let catalog = Catalog::built_in();
            let settings = Settings { language: Some("fr-FR".into()), ..Settings::for_catalog(&catalog) };
            let context = Context::new(&settings, &catalog);
            let parts = vec![SpeechPart { text, speaker: None }];
            let request = SpeechRequest { key, parts, cast: Cast::One(voice), language, style };
            let close = check_speech(&request, &context);
            if let Some(glance) = Glance::of_speech(&request, &context) {
                prop_assert_eq!(&close.problems, &[]);
                let mut written = Vec::new();
                glance.write(&mut written);
                prop_assert_eq!(String::from_utf8_lossy(&written), close.line.unwrap().to_string());
                prop_assert_eq!(glance.length(), written.len() as u64);
                prop_assert_eq!(glance.characters, close.facts.characters);
                prop_assert_eq!(glance.preview("a", 3), close.facts.preview("a", 3, &close.key.unwrap()));
            } else {
                let has_style = request.style.as_deref().is_some_and(|style| style == "calm");
                prop_assert!(has_style || !close.problems.is_empty());
            }
        }
    }

    #[test]
    fn the_usual_line_needs_no_close_look() {
        let catalog = Catalog::built_in();
        let settings = Settings::for_catalog(&catalog);
        let context = Context::new(&settings, &catalog);
        let line = r#"{"key":"k","request":{"contents":[{"parts":[{"text":"Hi"}],"role":"user"}],"generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}}}}"#;
        assert!(Glance::of(line, &context, &mut LastGood::default()).is_some());
        assert!(Glance::of(&line.replace("Kore", "Kora"), &context, &mut LastGood::default()).is_none());
    }
}
