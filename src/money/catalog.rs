//! All facts in one value: built in, overlaid by a person's own files, and completed by what the service lists.

use std::sync::{Arc, LazyLock};

use jiff::civil::Date;

use super::estimate::Paces;
use super::language::Languages;
use super::model::{Model, id_of};
use super::models_file;
use super::origin::Origin;
use super::reading::CatalogError;
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// 1 to 3.
    pub id: u8,
    /// What it takes to be in it.
    pub needs: String,
    /// The most that a month may cost, in words.
    pub monthly_cap: String,
}

impl Catalog {
    /// The facts that the program was built with.
    pub fn built_in() -> Arc<Catalog> {
        static CATALOG: LazyLock<Arc<Catalog>> =
            LazyLock::new(|| Arc::new(Catalog::read_built_in().expect("a test reads the data files of this build")));
        Arc::clone(&CATALOG)
    }

    fn read_built_in() -> Result<Catalog, CatalogError> {
        let mut catalog = Catalog {
            as_of: Date::ZERO,
            default_model: String::new(),
            models: Vec::new(),
            voices: Voices::default(),
            languages: Languages::default(),
            limits: Limits::default(),
            tiers: Vec::new(),
            tier: LOWEST_TIER,
            audio_tokens_per_second: 0.0,
            paces: Paces::unknown(),
        };
        models_file::lay_over(&mut catalog, MODELS, |catalog| Origin::BuiltIn(catalog.as_of))?;
        let origin = Origin::BuiltIn(catalog.as_of);
        catalog.voices.lay_over(VOICES, &origin)?;
        catalog.languages.lay_over(LANGUAGES, &origin)?;
        Ok(catalog)
    }

    /// Lays a person's own `models.toml` over what is known: an entry with a known id changes only the fields that it
    /// names, any other entry is added. A file with a mistake changes nothing.
    pub fn add_models(&mut self, text: &str, origin: &Origin) -> Result<(), CatalogError> {
        models_file::lay_over(self, text, |_| origin.clone())
    }

    /// The same with a person's own `voices.toml`.
    pub fn add_voices(&mut self, text: &str, origin: &Origin) -> Result<(), CatalogError> {
        self.voices.lay_over(text, origin)
    }

    /// The same with a person's own `languages.toml`.
    pub fn add_languages(&mut self, text: &str, origin: &Origin) -> Result<(), CatalogError> {
        self.languages.lay_over(text, origin)
    }

    /// Newest generation first, then by name.
    pub(super) fn sort_models(&mut self) {
        self.models.sort_by(|a, b| b.generation.cmp(&a.generation).then_with(|| a.id.cmp(&b.id)));
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

    fn yours() -> Origin {
        Origin::Yours("models.toml".into())
    }

    #[test]
    fn an_entry_of_a_person_changes_only_what_it_names() {
        let mut catalog = (*Catalog::built_in()).clone();
        let before = catalog.clone();
        let text = "as_of = 2027-03-01\n[limits]\nconcurrent_batches = 7\n[[tier]]\nid = 2\nneeds = \"luck\"\n\
                    [pace.han]\nslow = 3\n[model.\"gemini-3.8-flash-tts\"]\n\
                    price = [{ text_in = 1, audio_out = 7.5 }]\nenqueued_tokens = 500_000\n";
        catalog.add_models(text, &yours()).unwrap();
        let (old, new) = (&before.models[0].clone(), catalog.model("gemini-3.8-flash-tts").unwrap());
        let old = before.model(&new.id).unwrap_or(old);
        assert_eq!(new.price_at(catalog.as_of).map(|price| price.audio_out), Some(7.5));
        assert_eq!((new.input_token_limit, new.batch), (old.input_token_limit, Batch::Yes));
        assert_eq!(catalog.limits_for(&new.id, 2).enqueued_tokens, Some(500_000));
        assert_eq!(catalog.models.len(), before.models.len());
        assert_eq!(
            [&new.origins.prices, &new.origins.enqueued_tokens, &new.origins.batch].map(ToString::to_string),
            ["your models.toml", "your models.toml", "built in, 2026-11-20"]
        );
        let limits = Limits { concurrent_batches: 7, ..before.limits.clone() };
        assert_eq!(catalog.limits, limits);
        assert_eq!(catalog.tiers[1].needs, "luck");
        assert_eq!(catalog.tiers[1].monthly_cap, before.tiers[1].monthly_cap);
        assert_eq!((catalog.paces.han.slow, catalog.paces.han.fast), (3.0, before.paces.han.fast));
        assert_eq!(catalog.voices, before.voices);
    }

    #[test]
    fn a_new_entry_is_added_with_what_its_name_tells() {
        let mut catalog = (*Catalog::built_in()).clone();
        let n_models = catalog.models.len();
        let text = "default = \"models/gemini-3.8-ultra-tts\"\n[model.\"models/gemini-3.8-ultra-tts\"]\nbatch = \"yes\"\n\
                    [model.\"x\\u001b]52;c;AAAA\"]\n";
        catalog.add_models(text, &yours()).unwrap();
        let model = catalog.model("gemini-3.8-ultra-tts").unwrap();
        assert_eq!((model.generation, model.batch, model.input_token_limit), (Generation::V3_8, Batch::Yes, None));
        assert_eq!(model.price_at(catalog.as_of), None);
        assert_eq!(catalog.default_model, "gemini-3.8-ultra-tts");
        assert_eq!(catalog.models.len(), n_models + 2);
        assert!(catalog.models.iter().all(|model| !model.id.contains('\u{1b}')), "names can be shown");
    }

    #[test]
    fn a_data_file_with_a_mistake_changes_nothing_and_names_its_line_and_the_word() {
        let mut catalog = (*Catalog::built_in()).clone();
        let before = catalog.clone();
        let table = [
            ("[model.x]\ngeneration = \"3.8\"\nbatch = \"maybe\"", 3, "maybe"),
            ("[model.x]\n\nprise = 3", 3, "prise"),
            ("default = \"x\"\n[model.b]\nprice = [\n{ text_in = -1.0, audio_out = 1.0 }]", 4, "-1"),
            ("[model.b]\nprice = [{ text_in = nan, audio_out = 1.0 }]", 2, "NaN"),
            ("[model.b]\nprice = [{ text_in = 1.0 }]", 2, "audio_out"),
            (
                "[model.b]\nprice = [{ from = 2027-01-02,\nuntil = 2027-01-01, text_in = 1, audio_out = 1 }]",
                3,
                "2027-01-01",
            ),
            ("[model.b]\n\nreleased = \"2027-01-01\"", 3, "without quotes"),
            ("[model.b]\nreleased = 10:00:00", 2, "no day"),
            ("[model.b]\ninput_token_limit = 0", 2, "above 0"),
            ("[model.b]\nenqueued_tokens = [1, 2]", 2, "three of them"),
            ("[[tier]]\nneeds = \"luck\"", 1, "id"),
            ("[pace]\n[pace.han]\nslow = 9", 2, "faster"),
            ("\n[limits]\nbatches = 9", 3, "batches"),
            ("as_of = ", 1, ""),
            ("[model.\" \"]", 1, "without a name"),
        ];
        for (text, line, word) in table {
            let error = catalog.add_models(text, &yours()).expect_err(text);
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.message.contains(word), "{text}: {error}");
        }
        assert_eq!(catalog, before);
    }
}
