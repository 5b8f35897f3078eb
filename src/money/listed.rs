//! What a service says that it offers: it adds models and voices, corrects limits, and never takes anything away.
//!
//! A person's own word stands above it. What a list leaves out may be out of date, hidden from a key, or a new kind of
//! thing; so it is no reason to forget what is known.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::catalog::Catalog;
use super::model::{Batch, Model, id_of};
use super::origin::Origin;
use super::reading::name;
use super::voice::{Voice, VoiceKind, Voices};

/// What a service listed, as far as it was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Listed {
    /// Its models, those that do not speak among them.
    pub models: Option<Offer<ListedModel>>,
    /// Its voices; an empty offer of a service that has no such list.
    pub voices: Option<Offer<ListedVoice>>,
}

/// A list, and when it was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer<T> {
    /// By this machine's clock.
    pub at: Timestamp,
    /// In the service's order.
    pub items: Vec<T>,
}

impl<T> Offer<T> {
    /// The day of the list, in UTC.
    pub fn day(&self) -> Date {
        self.at.to_zoned(TimeZone::UTC).date()
    }
}

/// A model of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListedModel {
    /// With or without `models/`.
    pub id: String,
    /// Tokens of text in one request.
    pub input_token_limit: Option<u64>,
    /// Tokens of audio in one answer.
    pub output_token_limit: Option<u64>,
    /// Whether the list offers batches of it.
    pub takes_batches: bool,
}

/// A voice of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListedVoice {
    /// As it is sent.
    pub id: String,
    /// `prebuilt`, `prompted` or `replicated`.
    pub kind: Option<String>,
    /// For people.
    pub display_name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Such as `de-DE`.
    pub language_code: Option<String>,
    /// `female`, `male` or `neutral`.
    pub gender: Option<String>,
    /// When the service drops it.
    pub expire_time: Option<Timestamp>,
}

impl Catalog {
    /// The catalog, completed and corrected by what a service listed.
    pub fn with_listed(&self, listed: &Listed) -> Catalog {
        let mut catalog = self.clone();
        if let Some(models) = &listed.models {
            let origin = Origin::Listed(models.day());
            for model in &models.items {
                match catalog.models.iter_mut().find(|known| known.id == id_of(&model.id)) {
                    Some(known) => correct(known, model, &origin),
                    None if speaks(&model.id) => {
                        let mut new = Model::named(&model.id, &origin);
                        correct(&mut new, model, &origin);
                        catalog.models.push(new);
                    }
                    None => {}
                }
            }
            catalog.sort_models();
        }
        if let Some(voices) = &listed.voices {
            catalog.voices.complete(voices);
        }
        catalog
    }
}

/// Whether a model speaks. Lists do not say it otherwise than by the name; a name that could not stand in an address is
/// no model's.
fn speaks(id: &str) -> bool {
    let id = id_of(id);
    id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) && id.split('-').any(|word| word == "tts")
}

fn correct(known: &mut Model, listed: &ListedModel, origin: &Origin) {
    let origins = &mut known.origins;
    if let Some(tokens) = listed.input_token_limit.filter(|_| !origins.input_tokens.is_yours()) {
        (known.input_token_limit, origins.input_tokens) = (Some(tokens), origin.clone());
    }
    if let Some(tokens) = listed.output_token_limit.filter(|_| !origins.output_tokens.is_yours()) {
        (known.output_token_limit, origins.output_tokens) = (Some(tokens), origin.clone());
    }
    if origins.batch.is_yours() {
        return;
    }
    let (batch, note) = match (listed.takes_batches, known.batch) {
        (true, _) => (Batch::Yes, "the service lists it with batches"),
        // It ran once, or its page said so: the list alone is no proof of the opposite.
        (false, Batch::Yes) => (Batch::Disputed, "the service does not list it with batches"),
        // What is noted about it already says more.
        (false, Batch::No | Batch::Disputed) if known.batch_note.is_some() => return,
        (false, batch @ (Batch::No | Batch::Disputed)) => (batch, "the service does not list it with batches"),
    };
    (known.batch, known.batch_note, known.batch_evidence) = (batch, Some(note.into()), Some("real reply".into()));
    origins.batch = origin.clone();
}

impl Voices {
    fn complete(&mut self, listed: &Offer<ListedVoice>) {
        let origin = Origin::Listed(listed.day());
        let mut new = Vec::new();
        for voice in &listed.items {
            // A name that had to be cleaned would be sent as another one.
            let Some(id) = name(&voice.id).filter(|id| *id == voice.id) else { continue };
            let is_prebuilt = voice.kind.as_deref() == Some("prebuilt");
            // Nobody has shown a list yet: a prebuilt voice may stand in it under its name, or under an id beside it.
            let known = [Some(id.as_str()), voice.display_name.as_deref().filter(|_| is_prebuilt)];
            let known = known.into_iter().flatten().find(|known| self.get(known).is_some());
            match known.map(str::to_owned) {
                Some(known) => describe(self.entry(&known, &origin), voice, &origin),
                None => {
                    // The old field is known to take the thirty names alone.
                    let mut fresh = Voice { kind: VoiceKind::Library, ..Voice::named(&id, &origin) };
                    describe(&mut fresh, voice, &origin);
                    new.push(fresh);
                }
            }
        }
        self.all.extend(new);
        self.all.sort_by(|a, b| a.name.cmp(&b.name));
        self.all.dedup_by(|a, b| a.name == b.name);
    }
}

fn describe(voice: &mut Voice, listed: &ListedVoice, origin: &Origin) {
    let text = |text: &Option<String>| text.as_deref().and_then(name);
    if let Some(gender) = text(&listed.gender).filter(|_| !voice.gender_origin.is_yours()) {
        (voice.gender, voice.gender_origin) = (gender.to_lowercase(), origin.clone());
    }
    // One word of the official table says more in a list than a paragraph.
    let is_described = !voice.character.is_empty() && !matches!(voice.character_origin, Origin::Listed(_));
    if let Some(description) = text(&listed.description).filter(|_| !is_described) {
        (voice.character, voice.character_origin) = (description, origin.clone());
    }
    if voice.title.is_none() || !voice.origin.is_yours() {
        voice.title = text(&listed.display_name).filter(|title| *title != voice.name);
    }
    if voice.language.is_none() || !voice.origin.is_yours() {
        voice.language = text(&listed.language_code);
    }
    voice.expires = listed.expire_time;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Generation;

    fn noon() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn models(items: Vec<ListedModel>) -> Listed {
        Listed { models: Some(Offer { at: noon(), items }), voices: None }
    }

    fn voices(items: Vec<ListedVoice>) -> Listed {
        Listed { models: None, voices: Some(Offer { at: noon(), items }) }
    }

    fn model(id: &str, tokens: u64, takes_batches: bool) -> ListedModel {
        ListedModel { id: id.into(), input_token_limit: Some(tokens), output_token_limit: None, takes_batches }
    }

    #[test]
    fn a_list_adds_models_that_speak_corrects_limits_and_takes_nothing_away() {
        let before = Catalog::built_in();
        let after = before.with_listed(&models(vec![
            model("models/gemini-3.8-flash-tts", 32_768, true),
            model("models/gemini-2.5-flash-preview-tts", 8_192, false),
            model("models/gemini-3.1-flash-tts-preview", 8_192, false),
            model("models/gemini-4-tts", 65_536, true),
            model("models/gemini-4-flash", 1_048_576, true),
            model("models/x-tts/../../y", 1, true),
        ]));
        assert_eq!(after.models.len(), before.models.len() + 1);
        let table = [
            ("gemini-3.8-flash-tts", Some(32_768), Batch::Yes, "listed 2026-11-21", "listed 2026-11-21"),
            ("gemini-2.5-flash-preview-tts", Some(8_192), Batch::Disputed, "listed 2026-11-21", "built in, 2026-11-20"),
            ("gemini-3.1-flash-tts-preview", Some(8_192), Batch::Disputed, "listed 2026-11-21", "listed 2026-11-21"),
            ("gemini-4-tts", Some(65_536), Batch::Yes, "listed 2026-11-21", "listed 2026-11-21"),
            ("gemini-3.8-flash-lite-tts", Some(8_192), Batch::Yes, "built in, 2026-11-20", "built in, 2026-11-20"),
        ];
        for (id, tokens, batch, limit_from, batch_from) in table {
            let model = after.model(id).unwrap();
            assert_eq!((model.input_token_limit, model.batch), (tokens, batch), "{id}");
            assert_eq!(model.origins.input_tokens.to_string(), limit_from, "{id}");
            assert_eq!(model.origins.batch.to_string(), batch_from, "{id}");
        }
        let flash = after.model("gemini-3.8-flash-tts").unwrap();
        assert_eq!(flash.output_token_limit, Some(16_384), "what a list leaves out stays");
        assert_eq!(flash.prices, before.model(&flash.id).unwrap().prices);
        assert_eq!(after.model("gemini-4-tts").unwrap().generation, Generation::Unknown);
        assert_eq!(before.with_listed(&Listed::default()), *before);
    }

    #[test]
    fn a_persons_own_word_stands_above_the_list() {
        let mut catalog = (*Catalog::built_in()).clone();
        let yours = Origin::Yours("models.toml".into());
        let text = "[model.\"gemini-3.8-flash-tts\"]\ninput_token_limit = 4000\nbatch = \"no\"\n";
        catalog.add_models(text, &yours).unwrap();
        catalog.add_voices("[voice]\nKore = { gender = \"neutral\" }", &Origin::Yours("voices.toml".into())).unwrap();
        let listed = Listed {
            voices: voices(vec![ListedVoice {
                id: "Kore".into(),
                gender: Some("female".into()),
                ..ListedVoice::default()
            }])
            .voices,
            ..models(vec![model("gemini-3.8-flash-tts", 32_768, true)])
        };
        let after = catalog.with_listed(&listed);
        let flash = after.model("gemini-3.8-flash-tts").unwrap();
        assert_eq!((flash.input_token_limit, flash.batch), (Some(4_000), Batch::No));
        assert_eq!(after.voices.get("Kore").unwrap().gender, "neutral");
    }

    #[test]
    fn listed_voices_join_the_prebuilt_ones() {
        let voice = |id: &str, kind: &str, name: &str, gender: &str| ListedVoice {
            id: id.into(),
            kind: Some(kind.into()),
            display_name: Some(name.into()),
            description: Some("Warm \u{202e}and slow\u{1b}[31m".into()),
            language_code: Some("de-DE".into()),
            gender: Some(gender.into()),
            expire_time: Some(noon()),
        };
        let before = Catalog::built_in();
        let after = before.with_listed(&voices(vec![
            voice("Kore", "prebuilt", "Kore", "FEMALE"),
            voice("prebuilt-7", "prebuilt", "Puck", "neutral"),
            voice("voice_ab", "replicated", "Ann", "female"),
            voice("voice_ab", "replicated", "Ann again", "female"),
            voice("voice\u{1b}", "prompted", "Odd", "male"),
            voice("", "prompted", "Nameless", "male"),
        ]));
        assert_eq!(after.voices.len(), 31);
        let kore = after.voices.get("Kore").unwrap();
        assert_eq!((kore.character.as_str(), kore.kind, kore.gender.as_str()), ("Firm", VoiceKind::Prebuilt, "female"));
        assert_eq!(kore.gender_origin.to_string(), "listed 2026-11-21");
        assert_eq!(after.voices.get("Puck").unwrap().gender, "neutral");
        let ann = after.voices.get("voice_ab").unwrap();
        assert_eq!((ann.title.as_deref(), ann.kind), (Some("Ann"), VoiceKind::Library));
        assert_eq!(ann.character, "Warm ⟨U+202E⟩and slow␛[31m");
        assert_eq!(after.voices.called("ann").map(|voice| voice.name.as_str()), Some("voice_ab"));
        assert_eq!(after.with_listed(&voices(vec![])), after, "what is not listed any more stays");
        for name in after.voices.names() {
            assert!(after.voices.get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_list_of_another_build_is_read_as_far_as_it_can_be() {
        let text = r#"{"models":{"at":"2026-11-21T12:00:00Z","items":[{"id":"a-tts","new":1}]},"languages":{}}"#;
        let listed: Listed = serde_json::from_str(text).unwrap();
        assert_eq!(listed.models.as_ref().map(|models| models.items[0].id.as_str()), Some("a-tts"));
        assert_eq!(listed.models.map(|models| models.day()), Some(Date::constant(2026, 11, 21)));
        assert_eq!(listed.voices, None);
    }
}
