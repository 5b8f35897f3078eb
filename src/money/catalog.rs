//! All facts in one value: built in, and replaced piece by piece by a person's own file.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use jiff::civil::Date;
use serde::Deserialize;

use super::estimate::Paces;
use super::language::Languages;
use super::model::{Model, RawModel, id_of};
use super::voice::Voices;

const MODELS: &str = include_str!("data/models.toml");
const VOICES: &str = include_str!("data/voices.toml");
const LANGUAGES: &str = include_str!("data/languages.toml");

/// The first tier that batches have quotas in, and what is assumed of those who do not say theirs.
const LOWEST_TIER: u8 = 1;

/// Models, voices, languages and limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    /// The day on which the facts about models were true; shown beside every figure.
    pub as_of: Date,
    /// The model of a job when nobody chooses one.
    pub default_model: String,
    /// Newest generation first.
    pub models: Vec<Model>,
    /// The prebuilt voices, by name.
    pub voices: Voices,
    /// The codes for `languageCode`.
    pub languages: Languages,
    /// What the service takes and keeps.
    pub limits: Limits,
    /// The paid tiers, lowest first.
    pub tiers: Vec<Tier>,
    /// The tier that the person is in, as far as we were told; the lowest one otherwise.
    pub tier: u8,
    /// Tokens of audio in a second.
    pub audio_tokens_per_second: f64,
    /// How fast text is spoken.
    pub paces: Paces,
}

/// What the service takes and keeps. Sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Batches of a project that are not over.
    pub concurrent_batches: u64,
    /// One input file.
    pub input_file_bytes: u64,
    /// All files of a project.
    pub file_storage_bytes: u64,
    /// A create call with its requests inside.
    pub inline_request_bytes: u64,
    /// How long an uploaded file lives.
    pub file_life_hours: u64,
    /// When the service wants to be done.
    pub batch_target_hours: u64,
    /// When it gives up.
    pub batch_expiry_hours: u64,
    /// Where the figures come from.
    pub evidence: String,
}

/// What the service takes of one model in one tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelLimits {
    /// Tokens that may wait in all live batches of the model together; `None` where nothing is published.
    pub enqueued_tokens: Option<u64>,
    /// Batches of the project that are not over, of all models together.
    pub concurrent_batches: u64,
    /// Bytes of one input file.
    pub input_file_bytes: u64,
    /// Bytes of a create call with its requests inside.
    pub inline_request_bytes: u64,
    /// Tokens of text in one request; `None` for a model that nobody told us of.
    pub input_tokens: Option<u64>,
    /// Tokens of audio in one answer.
    pub output_tokens: Option<u64>,
}

/// A tier of quota.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// 1 to 3.
    pub id: u8,
    /// What it takes to be in it.
    pub needs: String,
    /// The most that a month may cost, in words.
    pub monthly_cap: String,
}

/// A data file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Not TOML, or not our fields. The cause names the line.
    #[error("the {what} data cannot be read")]
    Parse {
        /// `models`, `voices` or `languages`.
        what: &'static str,
        /// What the parser says.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A field that does not mean anything.
    #[error("the models data names {name}, which {reason}")]
    Meaning {
        /// The model or field.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModels {
    as_of: Option<toml::value::Datetime>,
    default: Option<String>,
    audio: Option<RawAudio>,
    limits: Option<Limits>,
    #[serde(default)]
    tier: Vec<Tier>,
    pace: Option<Paces>,
    #[serde(default)]
    model: BTreeMap<String, RawModel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAudio {
    tokens_per_second: f64,
    #[serde(rename = "evidence")]
    _evidence: Option<String>,
}

impl Catalog {
    /// The facts that the program was built with.
    pub fn built_in() -> Arc<Catalog> {
        static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
            Arc::new(Catalog::parse(MODELS, VOICES, LANGUAGES).expect("a test reads the data files of this build"))
        });
        Arc::clone(&CATALOG)
    }

    /// Reads three complete data files.
    pub fn parse(models: &str, voices: &str, languages: &str) -> Result<Catalog, CatalogError> {
        let raw: RawModels = read("models", models)?;
        let missing =
            |name: &str| CatalogError::Meaning { name: name.to_owned(), reason: "is missing in it".to_owned() };
        let as_of = raw.as_of.as_ref().ok_or_else(|| missing("as_of"))?;
        let mut catalog = Catalog {
            as_of: date(as_of).ok_or_else(|| missing("a day in as_of"))?,
            default_model: raw.default.clone().ok_or_else(|| missing("default"))?,
            models: Vec::new(),
            voices: read("voices", voices)?,
            languages: read("languages", languages)?,
            limits: raw.limits.clone().ok_or_else(|| missing("limits"))?,
            tiers: Vec::new(),
            tier: LOWEST_TIER,
            audio_tokens_per_second: raw.audio.as_ref().ok_or_else(|| missing("audio"))?.tokens_per_second,
            paces: raw.pace.clone().ok_or_else(|| missing("pace"))?,
        };
        catalog.add(raw)?;
        Ok(catalog)
    }

    /// Reads a person's own file of the form of `models.toml`: what it says replaces what we know.
    ///
    /// A model is replaced as a whole, by its id; tables that the file leaves out stay as they are.
    pub fn add_models(&mut self, text: &str) -> Result<(), CatalogError> {
        self.add(read("models", text)?)
    }

    fn add(&mut self, raw: RawModels) -> Result<(), CatalogError> {
        // Everything that can fail comes first, so that a file with a mistake changes nothing.
        let models = raw.model.into_iter().map(|(id, raw)| raw.model(&id)).collect::<Result<Vec<_>, _>>()?;
        if let Some(as_of) = raw.as_of.as_ref().and_then(date) {
            self.as_of = as_of;
        }
        if let Some(default) = raw.default {
            self.default_model = default;
        }
        if let Some(audio) = raw.audio {
            self.audio_tokens_per_second = audio.tokens_per_second;
        }
        if let Some(limits) = raw.limits {
            self.limits = limits;
        }
        if let Some(paces) = raw.pace {
            self.paces = paces;
        }
        if !raw.tier.is_empty() {
            self.tiers = raw.tier;
        }
        for model in models {
            self.models.retain(|known| known.id != model.id);
            self.models.push(model);
        }
        self.models.sort_by(|a, b| b.generation.cmp(&a.generation).then_with(|| a.id.cmp(&b.id)));
        Ok(())
    }

    /// The model of this id, with or without `models/` before it.
    pub fn model(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.id == id_of(id))
    }

    /// What the service takes of a model in a tier; the tier that the person is in is [`Catalog::tier`].
    ///
    /// A tier that has no figure of its own is given the one of the highest tier below it, and a free project that of
    /// the lowest: nothing is published for it.
    pub fn limits_for(&self, model: &str, tier: u8) -> ModelLimits {
        let model = self.model(model);
        let enqueued = model.and_then(|model| model.enqueued_tokens.as_ref());
        ModelLimits {
            enqueued_tokens: enqueued.map(|tiers| tiers[usize::from(tier.clamp(LOWEST_TIER, tiers.len() as u8)) - 1]),
            concurrent_batches: self.limits.concurrent_batches,
            input_file_bytes: self.limits.input_file_bytes,
            inline_request_bytes: self.limits.inline_request_bytes,
            input_tokens: model.and_then(|model| model.input_token_limit),
            output_tokens: model.and_then(|model| model.output_token_limit),
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, CatalogError> {
    toml::from_str(text).map_err(|source| CatalogError::Parse { what, source: Box::new(source) })
}

/// A TOML date as a day; `None` when it is only a time.
pub(super) fn date(raw: &toml::value::Datetime) -> Option<Date> {
    let day = raw.date?;
    Date::new(i16::try_from(day.year).ok()?, i8::try_from(day.month).ok()?, i8::try_from(day.day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Batch, Generation};

    #[test]
    fn the_built_in_facts_hang_together() {
        let catalog = Catalog::built_in();
        let default = catalog.model(&catalog.default_model).expect("the default is a model");
        assert_eq!((default.batch, default.generation), (Batch::Yes, Generation::V3_8));
        assert!(default.end_of_life.is_empty(), "the default is not about to go");
        assert_eq!(catalog.voices.len(), 30);
        assert!(catalog.voices.get(&catalog.voices.default).is_some());
        for model in &catalog.models {
            assert!(model.price_at(catalog.as_of).is_some(), "{} has a price on the day of the data", model.id);
            if let Some(replacement) = &model.replacement {
                assert!(catalog.model(replacement).is_some(), "{} is replaced by a model we know", model.id);
            }
        }
        assert_eq!(catalog.models[0].generation, Generation::V3_8, "newest first");
        assert_eq!(
            catalog.model("models/gemini-2.5-flash-preview-tts").map(|model| model.batch),
            Some(Batch::Disputed)
        );
        assert_eq!(catalog.limits.input_file_bytes, 2_000_000_000);
    }

    #[test]
    fn limits_go_by_model_and_tier() {
        let catalog = Catalog::built_in();
        let table = [
            ("gemini-2.5-pro-preview-tts", 0, Some(25_000)),
            ("gemini-2.5-pro-preview-tts", 1, Some(25_000)),
            ("models/gemini-2.5-pro-preview-tts", 2, Some(100_000)),
            ("gemini-2.5-pro-preview-tts", 3, Some(1_000_000)),
            ("gemini-2.5-pro-preview-tts", 9, Some(1_000_000)),
            ("gemini-3.8-flash-tts", 1, None),
            ("gemini-9-tts", 1, None),
        ];
        for (model, tier, enqueued) in table {
            let limits = catalog.limits_for(model, tier);
            assert_eq!((limits.enqueued_tokens, limits.concurrent_batches), (enqueued, 100), "{model} in tier {tier}");
        }
        assert_eq!(catalog.limits_for("gemini-3.8-flash-tts", 1).input_tokens, Some(8_192));
        assert_eq!(catalog.limits_for("gemini-9-tts", 1).input_tokens, None);
    }

    #[test]
    fn a_persons_own_file_replaces_one_model_and_keeps_the_rest() {
        let mut catalog = (*Catalog::built_in()).clone();
        let n_models = catalog.models.len();
        catalog
            .add_models(
                "as_of = 2027-03-01\n[model.\"gemini-3.8-flash-tts\"]\ngeneration = \"3.8\"\nbatch = \"yes\"\n\
                 price = [{ text_in = 1.0, audio_out = 7.5 }]\n",
            )
            .unwrap();
        let model = catalog.model("gemini-3.8-flash-tts").unwrap();
        assert_eq!(model.price_at(catalog.as_of).map(|price| price.audio_out), Some(7.5));
        assert_eq!(model.input_token_limit, None);
        assert_eq!(catalog.models.len(), n_models);
        assert_eq!(catalog.as_of.to_string(), "2027-03-01");
    }

    #[test]
    fn a_data_file_with_a_mistake_is_refused_with_its_place() {
        let mut catalog = (*Catalog::built_in()).clone();
        let before = catalog.clone();
        let table = [
            ("[model.x]\ngeneration = \"3.8\"\nbatch = \"maybe\"", "maybe"),
            ("[model.x]\nprices = 3", "prices"),
            (
                "default = \"x\"\n[model.a]\ngeneration = \"3.8\"\nbatch = \"no\"\n[model.b]\ngeneration = \"3.8\"\n\
              batch = \"no\"\nprice = [{ text_in = -1.0, audio_out = 1.0 }]",
                "a price of b",
            ),
            ("[[tier]]\nid = 1", "needs"),
            ("as_of = ", "line 1"),
        ];
        for (text, part) in table {
            let failure = crate::failure::Failure::from_error(
                crate::failure::Exit::Failed,
                &catalog.add_models(text).expect_err(text),
            );
            assert!(failure.message.contains(part), "{text}: {}", failure.message);
        }
        assert_eq!(catalog, before);
    }
}
