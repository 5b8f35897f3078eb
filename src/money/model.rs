//! A speech model: its generation, its limits, whether it takes batches, and its prices with their dates.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::origin::Origin;

/// What is known about one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Without `models/`.
    pub id: String,
    /// Decides how a request is written.
    pub generation: Generation,
    /// Preview or stable.
    pub stage: Option<Stage>,
    /// The day it came out.
    pub released: Option<Date>,
    /// Tokens of text in one request.
    pub input_token_limit: Option<u64>,
    /// Tokens of audio in one answer.
    pub output_token_limit: Option<u64>,
    /// Where the limits come from.
    pub limits_evidence: Option<String>,
    /// Whether it takes batches.
    pub batch: Batch,
    /// Why we think so.
    pub batch_note: Option<String>,
    /// Where that comes from.
    pub batch_evidence: Option<String>,
    /// What to use when it is gone.
    pub replacement: Option<String>,
    /// The most tokens that may wait in batches of tiers 1, 2 and 3; `None` where nothing is published.
    pub enqueued_tokens: Option<[u64; 3]>,
    /// Prices, in the order of the data.
    pub prices: Vec<Price>,
    /// When it is said to end; the sources disagree.
    pub end_of_life: Vec<EndOfLife>,
    /// Where each figure comes from.
    pub origins: Origins,
}

/// Where the figures of a model come from. Of a figure that is absent, where it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// That there is such a model.
    pub model: Origin,
    /// [`Model::input_token_limit`].
    pub input_tokens: Origin,
    /// [`Model::output_token_limit`].
    pub output_tokens: Origin,
    /// [`Model::batch`].
    pub batch: Origin,
    /// [`Model::enqueued_tokens`].
    pub enqueued_tokens: Origin,
    /// [`Model::prices`].
    pub prices: Origin,
    /// [`Model::end_of_life`].
    pub end_of_life: Origin,
    /// [`Model::replacement`].
    pub replacement: Origin,
}

impl Origins {
    fn all(origin: &Origin) -> Origins {
        let origin = || origin.clone();
        Origins {
            model: origin(),
            input_tokens: origin(),
            output_tokens: origin(),
            batch: origin(),
            enqueued_tokens: origin(),
            prices: origin(),
            end_of_life: origin(),
            replacement: origin(),
        }
    }
}

impl Model {
    /// A model of which nothing is known but its id, and what the id tells.
    pub(super) fn named(id: &str, origin: &Origin) -> Model {
        Model {
            id: id_of(id).to_owned(),
            generation: Generation::of(id),
            stage: None,
            released: None,
            input_token_limit: None,
            output_token_limit: None,
            limits_evidence: None,
            batch: Batch::No,
            batch_note: None,
            batch_evidence: None,
            replacement: None,
            enqueued_tokens: None,
            prices: Vec::new(),
            end_of_life: Vec::new(),
            origins: Origins::all(origin),
        }
    }

    /// The price of a batch on that day. Of several that hold, the last one of the data counts.
    pub fn price_at(&self, day: Date) -> Option<BatchPrice> {
        let holds =
            |price: &&Price| price.from.is_none_or(|from| from <= day) && price.until.is_none_or(|until| day <= until);
        self.prices.iter().rfind(holds).map(|price| price.batch)
    }

    /// The next price after that day, with the day on which it begins.
    pub fn price_change_after(&self, day: Date) -> Option<(Date, BatchPrice)> {
        let begins = |price: &Price| price.from.filter(|from| *from > day).map(|from| (from, price.batch));
        self.prices.iter().filter_map(begins).min_by_key(|(from, _)| *from)
    }

    /// The earliest day on which anyone says that it ends.
    pub fn ends(&self) -> Option<Date> {
        self.end_of_life.iter().map(|end| end.day).min()
    }
}

/// The id of a model without `models/`.
pub(super) fn id_of(name: &str) -> &str {
    name.strip_prefix("models/").unwrap_or(name)
}

/// The families that want their requests written differently. Ordered by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Generation {
    /// Style in the text; a voice is optional.
    #[serde(rename = "2.5")]
    V2_5,
    /// Style in the text; a voice is needed.
    #[serde(rename = "3.1")]
    V3_1,
    /// Text is read verbatim; style stands beside it; no sampling settings.
    #[serde(rename = "3.8")]
    V3_8,
    /// A model of tomorrow. Requests are written as for 3.8, and only what holds for all generations is checked.
    #[serde(rename = "unknown")]
    Unknown,
}

impl Generation {
    /// What the id of a model tells, for models that are not in the data.
    pub fn of(model: &str) -> Generation {
        let id = id_of(model);
        let starts = |family: &str| {
            id.strip_prefix("gemini-")
                .and_then(|rest| rest.strip_prefix(family))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        if starts("2.5") {
            Generation::V2_5
        } else if starts("3.1") {
            Generation::V3_1
        } else if starts("3.8") {
            Generation::V3_8
        } else {
            Generation::Unknown
        }
    }

    /// `2.5`, `3.1`, `3.8` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Generation::V2_5 => "2.5",
            Generation::V3_1 => "3.1",
            Generation::V3_8 => "3.8",
            Generation::Unknown => "unknown",
        }
    }
}

/// How settled a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// May change or go at short notice.
    Preview,
    /// Kept.
    Stable,
}

/// Whether a model takes batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Batch {
    /// As far as anyone has seen.
    Yes,
    /// Nobody has seen one.
    No,
    /// The witnesses disagree.
    Disputed,
}

impl Batch {
    /// `yes`, `no` or `disputed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Batch::Yes => "yes",
            Batch::No => "no",
            Batch::Disputed => "disputed",
        }
    }
}

/// A price with the days on which it holds, the last one included; an open end has no announced date.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
    /// The price.
    pub batch: BatchPrice,
    /// Where it comes from.
    pub evidence: Option<String>,
}

/// The price of a batch, in US dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchPrice {
    /// Tokens of the text.
    pub text_in: f64,
    /// Tokens of the audio.
    pub audio_out: f64,
}

impl BatchPrice {
    /// What finished work cost, in US dollars. Answers without audio are billed by their tokens too.
    pub fn cost(self, prompt_tokens: u64, audio_tokens: u64) -> f64 {
        (prompt_tokens as f64 * self.text_in + audio_tokens as f64 * self.audio_out) / 1_000_000.0
    }
}

/// A day on which a model is said to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndOfLife {
    /// The day.
    pub day: Date,
    /// Who says so.
    pub source: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Catalog;
    use jiff::civil::date;

    #[test]
    fn a_price_holds_on_its_own_days() {
        let catalog = Catalog::built_in();
        let flash = catalog.model("gemini-3.8-flash-tts").unwrap();
        let table = [
            (date(2026, 9, 21), None),
            (date(2026, 9, 22), Some(4.5)),
            (date(2026, 12, 31), Some(4.5)),
            (date(2027, 1, 1), Some(9.0)),
            (date(2030, 6, 1), Some(9.0)),
        ];
        for (day, audio_out) in table {
            assert_eq!(flash.price_at(day).map(|price| price.audio_out), audio_out, "{day}");
        }
        let (from, next) = flash.price_change_after(date(2026, 11, 20)).unwrap();
        assert_eq!((from, next.audio_out), (date(2027, 1, 1), 9.0));
        assert_eq!(flash.price_change_after(date(2027, 1, 1)), None);
    }

    #[test]
    fn finished_work_costs_its_tokens() {
        let price = BatchPrice { text_in: 0.5, audio_out: 10.0 };
        assert!((price.cost(1_000_000, 1_500) - 0.515).abs() < 1e-9);
    }

    #[test]
    fn the_earliest_end_counts_and_ids_tell_the_generation() {
        let catalog = Catalog::built_in();
        assert_eq!(catalog.model("gemini-2.5-pro-preview-tts").unwrap().ends(), Some(date(2026, 11, 17)));
        let table = [
            ("gemini-2.5-pro-preview-tts", Generation::V2_5),
            ("models/gemini-3.1-flash-tts-preview", Generation::V3_1),
            ("gemini-3.8-flash-lite-tts", Generation::V3_8),
            ("gemini-3.85-tts", Generation::Unknown),
            ("gemini-4-tts", Generation::Unknown),
            ("", Generation::Unknown),
        ];
        for (id, generation) in table {
            assert_eq!(Generation::of(id), generation, "{id}");
        }
    }
}
