//! `models` and `voices`: what can be used, with the source and the age of every figure.
//!
//! Without `--refresh` no key and no network: the data of this build, the person's own files, and what the service
//! listed when it was asked last.

use std::sync::Arc;

use serde_json::{Value, json};

use super::args::Offer;
use super::console::Console;
use super::stage::{Key, Stage};
use super::table::{Column, Fit, table};
use crate::failure::{Exit, Failure};
use crate::money::{Batch, Catalog, Date, Model, Origin, Voice};
use crate::ops::{self, OfferPart};
use crate::text;

const MODELS: [Column; 8] = [
    Column { title: "MODEL", fit: Fit::Whole },
    Column { title: "BATCH", fit: Fit::Whole },
    Column { title: "TEXT IN", fit: Fit::Right },
    Column { title: "AUDIO OUT", fit: Fit::Right },
    Column { title: "$/M TEXT", fit: Fit::Right },
    Column { title: "$/M AUDIO", fit: Fit::Right },
    Column { title: "ENDS", fit: Fit::Whole },
    Column { title: "SOURCE", fit: Fit::Cut(12) },
];

const VOICES: [Column; 6] = [
    Column { title: "VOICE", fit: Fit::Whole },
    Column { title: "CALLED", fit: Fit::Cut(8) },
    Column { title: "CHARACTER", fit: Fit::Cut(12) },
    Column { title: "GENDER", fit: Fit::Whole },
    Column { title: "LANGUAGE", fit: Fit::Whole },
    Column { title: "SOURCE", fit: Fit::Cut(12) },
];

/// Models that can speak: limits in tokens, batch prices in US dollars for a million tokens, today.
pub async fn models(console: &Console, offer: Offer, stage: Stage, today: Date) -> Result<Exit, Failure> {
    let catalog = known(console, offer, stage, OfferPart::Models).await?;
    if offer.json {
        catalog.models.iter().for_each(|model| console.json(&model_json(&catalog, model, today)));
        return Ok(Exit::Ok);
    }
    let rows: Vec<Vec<String>> = catalog.models.iter().map(|model| model_row(model, today)).collect();
    console.result(&table(&MODELS, &rows, console.width()));
    let limits = catalog.models.iter().filter_map(|model| {
        let tokens = catalog.limits_for(&model.id, catalog.tier).enqueued_tokens?;
        Some(format!("{} {}", model.id, text::thousands(tokens)))
    });
    let limits = limits.collect::<Vec<_>>().join(", ");
    console
        .talk(&format!("default: {}; tokens that may wait in tier {}: {limits}", catalog.default_model, catalog.tier));
    Ok(Exit::Ok)
}

/// The voices.
pub async fn voices(console: &Console, offer: Offer, stage: Stage) -> Result<Exit, Failure> {
    let catalog = known(console, offer, stage, OfferPart::Voices).await?;
    if offer.json {
        catalog.voices.all.iter().for_each(|voice| console.json(&voice_json(&catalog, voice)));
        return Ok(Exit::Ok);
    }
    let rows: Vec<Vec<String>> = catalog.voices.all.iter().map(voice_row).collect();
    console.result(&table(&VOICES, &rows, console.width()));
    console.talk(&format!("default: {}", catalog.voices.default));
    Ok(Exit::Ok)
}

/// The catalog; asked for first, when that is wanted. What could not be had leaves what is known as it is.
async fn known(console: &Console, offer: Offer, stage: Stage, part: OfferPart) -> Result<Arc<Catalog>, Failure> {
    if !offer.asks() {
        return Ok(stage.catalog());
    }
    let opened = stage.opened(Key::Needed).await?;
    let catalog = ops::refresh_catalog(&opened.session, part).await?;
    if part == OfferPart::Voices && !is_listed(&catalog) {
        console.talk("this service lists no voices; those that are known stay");
    }
    Ok(catalog)
}

fn is_listed(catalog: &Catalog) -> bool {
    let of = |voice: &Voice| [voice.origin.clone(), voice.gender_origin.clone(), voice.character_origin.clone()];
    catalog.voices.all.iter().flat_map(of).any(|origin| matches!(origin, Origin::Listed(_)))
}

fn model_row(model: &Model, today: Date) -> Vec<String> {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let price = model.price_at(today);
    vec![
        model.id.clone(),
        model.batch.as_str().to_owned(),
        or_dash(model.input_token_limit.map(text::thousands)),
        or_dash(model.output_token_limit.map(text::thousands)),
        or_dash(price.map(|price| format!("{:.2}", price.text_in))),
        or_dash(price.map(|price| format!("{:.2}", price.audio_out))),
        or_dash(model.ends().map(|day| if day < today { format!("{day} (past)") } else { day.to_string() })),
        model_sources(model),
    ]
}

/// `built in, 2026-11-20`, and which figures come from elsewhere: `; text in, batch: listed 2026-11-21`.
fn model_sources(model: &Model) -> String {
    let origins = &model.origins;
    let figures = [
        ("batch", &origins.batch),
        ("text in", &origins.input_tokens),
        ("audio out", &origins.output_tokens),
        ("price", &origins.prices),
        ("tier limits", &origins.enqueued_tokens),
        ("end", &origins.end_of_life),
    ];
    sources(&origins.model, &figures)
}

fn sources(first: &Origin, figures: &[(&str, &Origin)]) -> String {
    let mut told = first.to_string();
    let mut others: Vec<(&Origin, Vec<&str>)> = Vec::new();
    for (figure, origin) in figures.iter().filter(|(_, origin)| *origin != first) {
        match others.iter_mut().find(|(known, _)| known == origin) {
            Some((_, figures)) => figures.push(figure),
            None => others.push((origin, vec![figure])),
        }
    }
    for (origin, figures) in others {
        told.push_str(&format!("; {}: {origin}", figures.join(", ")));
    }
    told
}

fn model_json(catalog: &Catalog, model: &Model, today: Date) -> Value {
    let price = |text_in: f64, audio_out: f64| json!({ "textIn": text_in, "audioOut": audio_out });
    let limits = catalog.limits_for(&model.id, catalog.tier);
    let origins = &model.origins;
    json!({
        "name": format!("models/{}", model.id),
        "default": model.id == catalog.default_model,
        "generation": model.generation.as_str(),
        "batch": match model.batch {
            Batch::Yes => json!(true),
            Batch::No => json!(false),
            Batch::Disputed => json!(null),
        },
        "batchNote": model.batch_note,
        "inputTokenLimit": model.input_token_limit,
        "outputTokenLimit": model.output_token_limit,
        "tier": catalog.tier,
        "enqueuedTokens": limits.enqueued_tokens,
        "concurrentBatches": limits.concurrent_batches,
        "dollarsPerMillionTokens": model.price_at(today).map(|now| price(now.text_in, now.audio_out)),
        "nextPrice": model.price_change_after(today).map(|(from, then)| {
            json!({ "from": from.to_string(), "dollarsPerMillionTokens": price(then.text_in, then.audio_out) })
        }),
        "ends": model.ends().map(|day| day.to_string()),
        "replacement": model.replacement,
        "source": origins.model.to_string(),
        "sources": {
            "batch": origins.batch.to_string(),
            "inputTokenLimit": origins.input_tokens.to_string(),
            "outputTokenLimit": origins.output_tokens.to_string(),
            "enqueuedTokens": origins.enqueued_tokens.to_string(),
            "dollarsPerMillionTokens": origins.prices.to_string(),
            "ends": origins.end_of_life.to_string(),
            "replacement": origins.replacement.to_string(),
        },
    })
}

fn voice_row(voice: &Voice) -> Vec<String> {
    let figures = [("character", &voice.character_origin), ("gender", &voice.gender_origin)];
    vec![
        voice.name.clone(),
        voice.title.clone().unwrap_or_default(),
        voice.character.clone(),
        voice.gender.clone(),
        voice.language.clone().unwrap_or_default(),
        sources(&voice.origin, &figures),
    ]
}

fn voice_json(catalog: &Catalog, voice: &Voice) -> Value {
    json!({
        "name": voice.name,
        "displayName": voice.title,
        "character": voice.character,
        "gender": voice.gender,
        "language": voice.language,
        "kind": voice.kind.as_str(),
        "expireTime": voice.expires.map(|time| time.to_string()),
        "default": voice.name == catalog.voices.default,
        "source": voice.origin.to_string(),
        "sources": {
            "character": voice.character_origin.to_string(),
            "gender": voice.gender_origin.to_string(),
        },
    })
}
