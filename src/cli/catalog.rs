//! `models` and `voices`: what can be used, from the data that the program carries with it. No key, no network.

use serde_json::{Value, json};

use super::args::Offer;
use super::console::Console;
use super::table::{Column, Fit, table};
use crate::money::{Batch, Catalog, Date, Model};
use crate::text;

const MODELS: [Column; 7] = [
    Column { title: "MODEL", fit: Fit::Whole },
    Column { title: "BATCH", fit: Fit::Whole },
    Column { title: "TEXT IN", fit: Fit::Right },
    Column { title: "AUDIO OUT", fit: Fit::Right },
    Column { title: "$/M TEXT", fit: Fit::Right },
    Column { title: "$/M AUDIO", fit: Fit::Right },
    Column { title: "ENDS", fit: Fit::Whole },
];

const VOICES: [Column; 3] = [
    Column { title: "VOICE", fit: Fit::Whole },
    Column { title: "CHARACTER", fit: Fit::Whole },
    Column { title: "GENDER", fit: Fit::Whole },
];

/// Models that can speak: limits in tokens, batch prices in US dollars for a million tokens, today.
pub fn models(console: &Console, offer: Offer, today: Date) {
    let catalog = Catalog::built_in();
    if offer.json {
        catalog.models.iter().for_each(|model| console.json(&model_json(&catalog, model, today)));
        return;
    }
    let rows: Vec<Vec<String>> = catalog.models.iter().map(|model| model_row(model, today)).collect();
    console.result(&table(&MODELS, &rows, console.width()));
    console.talk(&format!("default: {}; limits and prices as known on {}", catalog.default_model, catalog.as_of));
}

/// The prebuilt voices.
pub fn voices(console: &Console, offer: Offer) {
    let catalog = Catalog::built_in();
    if offer.json {
        for voice in &catalog.voices.all {
            console.json(&json!({
                "name": voice.name,
                "character": voice.character,
                "gender": voice.gender,
                "default": voice.name == catalog.voices.default,
            }));
        }
        return;
    }
    let row = |voice: &crate::money::Voice| vec![voice.name.clone(), voice.character.clone(), voice.gender.clone()];
    let rows: Vec<Vec<String>> = catalog.voices.all.iter().map(row).collect();
    console.result(&table(&VOICES, &rows, console.width()));
    console.talk(&format!("default: {}", catalog.voices.default));
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
        or_dash(model.ends().map(|day| day.to_string())),
    ]
}

fn model_json(catalog: &Catalog, model: &Model, today: Date) -> Value {
    let price = |text_in: f64, audio_out: f64| json!({ "textIn": text_in, "audioOut": audio_out });
    json!({
        "name": format!("models/{}", model.id),
        "default": model.id == catalog.default_model,
        "generation": model.generation.as_str(),
        "batch": match model.batch {
            Batch::Yes => json!(true),
            Batch::No => json!(false),
            Batch::Disputed => json!(null),
        },
        "inputTokenLimit": model.input_token_limit,
        "outputTokenLimit": model.output_token_limit,
        "dollarsPerMillionTokens": model.price_at(today).map(|now| price(now.text_in, now.audio_out)),
        "nextPrice": model.price_change_after(today).map(|(from, then)| {
            json!({ "from": from.to_string(), "dollarsPerMillionTokens": price(then.text_in, then.audio_out) })
        }),
        "ends": model.ends().map(|day| day.to_string()),
        "replacement": model.replacement,
    })
}
