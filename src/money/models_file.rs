//! `models.toml`: models with their prices and limits, the tiers, and how fast text is spoken.
//!
//! The data of this build and a file of the person are read alike. An entry that is known changes only what it names,
//! and a new one is added; a file with a mistake changes nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::catalog::{Catalog, Tier};
use super::estimate::{Pace, Paces};
use super::model::{Batch, BatchPrice, EndOfLife, Generation, Model, Price, Stage, id_of};
use super::origin::Origin;
use super::reading::{CatalogError, Count, Day, Dollars, Positive, name, read};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    as_of: Option<Day>,
    default: Option<String>,
    audio: Option<Audio>,
    limits: Option<Limits>,
    #[serde(default)]
    tier: Vec<TierEntry>,
    pace: Option<PaceTable>,
    #[serde(default)]
    model: BTreeMap<Spanned<String>, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Audio {
    tokens_per_second: Positive,
    #[serde(rename = "evidence")]
    _evidence: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    concurrent_batches: Option<Count>,
    input_file_bytes: Option<Count>,
    file_storage_bytes: Option<Count>,
    inline_request_bytes: Option<Count>,
    file_life_hours: Option<Count>,
    batch_target_hours: Option<Count>,
    batch_expiry_hours: Option<Count>,
    evidence: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierEntry {
    id: u8,
    needs: Option<String>,
    monthly_cap: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaceTable {
    evidence: Option<String>,
    alphabetic: Option<Spanned<PaceEntry>>,
    abjad: Option<Spanned<PaceEntry>>,
    brahmic: Option<Spanned<PaceEntry>>,
    han: Option<Spanned<PaceEntry>>,
    kana: Option<Spanned<PaceEntry>>,
    hangul: Option<Spanned<PaceEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaceEntry {
    slow: Option<Positive>,
    fast: Option<Positive>,
    characters_per_token: Option<Positive>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    generation: Option<Generation>,
    stage: Option<Stage>,
    released: Option<Day>,
    input_token_limit: Option<Count>,
    output_token_limit: Option<Count>,
    limits_evidence: Option<String>,
    batch: Option<Batch>,
    batch_note: Option<String>,
    batch_evidence: Option<String>,
    replacement: Option<String>,
    enqueued_tokens: Option<Enqueued>,
    price: Option<Vec<PriceEntry>>,
    retirement: Option<Vec<End>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceEntry {
    from: Option<Day>,
    until: Option<Spanned<Day>>,
    text_in: Dollars,
    audio_out: Dollars,
    evidence: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    date: Day,
    source: Option<String>,
}

/// The most tokens that may wait: one number for every tier, or one for each of the three.
struct Enqueued([u64; 3]);

impl<'de> Deserialize<'de> for Enqueued {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let wrong = |what: &str| {
            let words = "is not a number of tokens, nor three of them for the tiers 1 to 3";
            D::Error::custom(format!("enqueued_tokens = {what} {words}"))
        };
        let value = toml::Value::deserialize(from)?;
        let tokens = |value: &toml::Value| value.as_integer().and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
        let tiers = match &value {
            toml::Value::Array(tiers) => tiers.iter().map(tokens).collect::<Option<Vec<u64>>>(),
            toml::Value::Integer(_) => tokens(&value).map(|tokens| vec![tokens; 3]),
            toml::Value::String(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)
            | toml::Value::Table(_) => None,
        };
        let tiers = tiers.and_then(|tiers| <[u64; 3]>::try_from(tiers).ok());
        tiers.map(Enqueued).ok_or_else(|| wrong(&value.to_string()))
    }
}

/// Lays the file over the catalog. Everything that can fail comes first.
pub(super) fn lay_over(
    catalog: &mut Catalog,
    text: &str,
    origin: impl FnOnce(&Catalog) -> Origin,
) -> Result<(), CatalogError> {
    let file: File = read(text)?;
    let mut over = catalog.clone();
    if let Some(Day(as_of)) = file.as_of {
        over.as_of = as_of;
    }
    let origin = origin(&over);
    if let Some(default) = file.default.as_deref().and_then(name) {
        over.default_model = id_of(&default).to_owned();
    }
    if let Some(audio) = file.audio {
        over.audio_tokens_per_second = audio.tokens_per_second.0;
    }
    if let Some(limits) = file.limits {
        lay_limits(&mut over.limits, limits);
    }
    if let Some(paces) = file.pace {
        lay_paces(&mut over.paces, paces, text)?;
    }
    for entry in file.tier {
        lay_tier(&mut over.tiers, entry);
    }
    for (id, entry) in file.model {
        let Some(known) = name(id.get_ref()) else {
            return Err(CatalogError::at(text, id.span().start, "a model without a name"));
        };
        let at = match over.models.iter().position(|model| model.id == id_of(&known)) {
            Some(at) => at,
            None => {
                over.models.push(Model::named(&known, &origin));
                over.models.len() - 1
            }
        };
        lay_model(&mut over.models[at], entry, &origin, text)?;
    }
    over.sort_models();
    *catalog = over;
    Ok(())
}

/// Takes what is named in place of what is known.
fn take<T>(place: &mut T, named: Option<T>) {
    if let Some(named) = named {
        *place = named;
    }
}

fn lay_limits(limits: &mut super::Limits, named: Limits) {
    let count = |named: Option<Count>| named.map(|count| count.0);
    take(&mut limits.concurrent_batches, count(named.concurrent_batches));
    take(&mut limits.input_file_bytes, count(named.input_file_bytes));
    take(&mut limits.file_storage_bytes, count(named.file_storage_bytes));
    take(&mut limits.inline_request_bytes, count(named.inline_request_bytes));
    take(&mut limits.file_life_hours, count(named.file_life_hours));
    take(&mut limits.batch_target_hours, count(named.batch_target_hours));
    take(&mut limits.batch_expiry_hours, count(named.batch_expiry_hours));
    take(&mut limits.evidence, named.evidence);
}

fn lay_tier(tiers: &mut Vec<Tier>, named: TierEntry) {
    let at = match tiers.iter().position(|tier| tier.id == named.id) {
        Some(at) => at,
        None => {
            tiers.push(Tier { id: named.id, needs: String::new(), monthly_cap: String::new() });
            tiers.len() - 1
        }
    };
    take(&mut tiers[at].needs, named.needs.as_deref().and_then(name));
    take(&mut tiers[at].monthly_cap, named.monthly_cap.as_deref().and_then(name));
    tiers.sort_by_key(|tier| tier.id);
}

fn lay_paces(paces: &mut Paces, named: PaceTable, text: &str) -> Result<(), CatalogError> {
    take(&mut paces.evidence, named.evidence.as_deref().and_then(name));
    let table = [
        (&mut paces.alphabetic, named.alphabetic),
        (&mut paces.abjad, named.abjad),
        (&mut paces.brahmic, named.brahmic),
        (&mut paces.han, named.han),
        (&mut paces.kana, named.kana),
        (&mut paces.hangul, named.hangul),
    ];
    for (pace, named) in table {
        let Some(named) = named else { continue };
        let (at, named) = (named.span().start, named.into_inner());
        let number = |named: Option<Positive>| named.map(|number| number.0);
        take(&mut pace.slow, number(named.slow));
        take(&mut pace.fast, number(named.fast));
        take(&mut pace.characters_per_token, number(named.characters_per_token));
        let Pace { slow, fast, .. } = *pace;
        if slow > fast {
            return Err(CatalogError::at(text, at, &format!("slow ({slow}) is faster than fast ({fast})")));
        }
    }
    Ok(())
}

fn lay_model(model: &mut Model, named: Entry, origin: &Origin, text: &str) -> Result<(), CatalogError> {
    let Model { origins, .. } = model;
    take(&mut model.generation, named.generation);
    take(&mut model.stage, named.stage.map(Some));
    take(&mut model.released, named.released.map(|day| Some(day.0)));
    if let Some(Count(tokens)) = named.input_token_limit {
        (model.input_token_limit, origins.input_tokens) = (Some(tokens), origin.clone());
    }
    if let Some(Count(tokens)) = named.output_token_limit {
        (model.output_token_limit, origins.output_tokens) = (Some(tokens), origin.clone());
    }
    take(&mut model.limits_evidence, named.limits_evidence.as_deref().map(name));
    if let Some(batch) = named.batch {
        // What was noted about the old word does not hold for the new one.
        (model.batch, model.batch_note, model.batch_evidence) = (batch, None, None);
        origins.batch = origin.clone();
    }
    take(&mut model.batch_note, named.batch_note.as_deref().map(name));
    take(&mut model.batch_evidence, named.batch_evidence.as_deref().map(name));
    if let Some(replacement) = named.replacement.as_deref() {
        (model.replacement, origins.replacement) = (name(replacement).map(|id| id_of(&id).to_owned()), origin.clone());
    }
    if let Some(Enqueued(tiers)) = named.enqueued_tokens {
        (model.enqueued_tokens, origins.enqueued_tokens) = (Some(tiers), origin.clone());
    }
    if let Some(prices) = named.price {
        let prices = prices.into_iter().map(|entry| price(entry, text)).collect::<Result<_, _>>()?;
        (model.prices, origins.prices) = (prices, origin.clone());
    }
    if let Some(ends) = named.retirement {
        let end = |end: End| EndOfLife {
            day: end.date.0,
            source: end.source.as_deref().and_then(name).unwrap_or_else(|| origin.to_string()),
        };
        (model.end_of_life, origins.end_of_life) = (ends.into_iter().map(end).collect(), origin.clone());
    }
    Ok(())
}

fn price(entry: PriceEntry, text: &str) -> Result<Price, CatalogError> {
    let (from, until) = (entry.from.map(|day| day.0), entry.until.as_ref().map(|day| day.get_ref().0));
    if let (Some(from), Some(until), Some(at)) = (from, until, &entry.until)
        && until < from
    {
        let message = format!("a price that ends on {until} cannot begin on {from}");
        return Err(CatalogError::at(text, at.span().start, &message));
    }
    Ok(Price {
        from,
        until,
        batch: BatchPrice { text_in: entry.text_in.0, audio_out: entry.audio_out.0 },
        evidence: entry.evidence.as_deref().and_then(name),
    })
}
