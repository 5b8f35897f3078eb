//! The voices that the service lists: the prebuilt ones, and a library of its own.
//!
//! The only list that is asked and answered in snake_case. Filters of one name may repeat, and then any of them will do;
//! filters of different names must all fit.

use serde_json::{Map, Value, json};

use super::page;
use super::refusal::Refusal;
use crate::sim::voice::VOICES;

/// Voices of the library, besides the prebuilt ones.
const LIBRARY: usize = 90;

/// The filters that the list knows, `search` apart.
const FILTERS: [&str; 8] = ["language_code", "region_code", "accent", "gender", "pitch", "persona", "context", "type"];

/// `GET voices`: 50 a page unless asked otherwise, 1000 at the most. `filters` are the other parameters.
pub fn list(size: Option<usize>, token: Option<&str>, filters: &[(String, String)]) -> Result<Value, Refusal> {
    let size = size.unwrap_or(50).clamp(1, 1_000);
    let after = token.map(page::read_token).transpose()?;
    let fitting: Vec<Value> = all().filter(|voice| fits(voice, filters)).collect();
    let first = match after {
        None => 0,
        Some(id) => fitting.iter().position(|voice| voice["id"] == id.as_str()).ok_or_else(page::bad_token)? + 1,
    };
    let rows: Vec<Value> = fitting.iter().skip(first).take(size).cloned().collect();
    let mut answer = json!({});
    if first + rows.len() < fitting.len()
        && let Some(last) = rows.last().and_then(|row| row["id"].as_str())
    {
        answer["next_page_token"] = json!(page::token(last));
    }
    if !rows.is_empty() {
        answer["voices"] = Value::Array(rows);
    }
    Ok(answer)
}

fn fits(voice: &Value, filters: &[(String, String)]) -> bool {
    let of = |name: &str| voice[name].as_str().unwrap_or_default().to_lowercase();
    let fits = |name: &&str| wants(filters, name).is_none_or(|values| values.contains(&of(name)));
    let names = || ["display_name", "description"].map(of);
    let is_found = wants(filters, "search")
        .is_none_or(|words| words.iter().any(|word| names().iter().any(|name| name.contains(word))));
    FILTERS.iter().all(fits) && is_found
}

/// The values of a filter in small letters; `None` when it was not sent.
fn wants(filters: &[(String, String)], name: &str) -> Option<Vec<String>> {
    let values = filters.iter().filter(|(filter, _)| filter == name).map(|(_, value)| value.to_lowercase());
    Some(values.collect::<Vec<_>>()).filter(|values| !values.is_empty())
}

fn all() -> impl Iterator<Item = Value> {
    let prebuilt = VOICES.iter().map(|(name, is_high)| {
        json!({
            "type": "prebuilt",
            "id": name,
            "display_name": name,
            "gender": if *is_high { "female" } else { "male" },
            "pitch": if *is_high { "high" } else { "low" },
        })
    });
    prebuilt.chain((0..LIBRARY).map(library))
}

fn library(n: usize) -> Value {
    const NAMES: [&str; 15] = [
        "Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Kaja", "Liang", "Mara",
        "Noor", "Otto",
    ];
    const MANNERS: [(&str, &str, &str); 6] = [
        ("the narrator", "narrator", "audiobook"),
        ("at the desk", "announcer", "news"),
        ("on the phone", "assistant", "customer service"),
        ("by the fire", "storyteller", "audiobook"),
        ("in class", "teacher", "e-learning"),
        ("on the air", "host", "podcast"),
    ];
    const LANGUAGES: [(&str, &str); 9] = [
        ("en-US", "US"),
        ("de-DE", "DE"),
        ("fr-FR", "FR"),
        ("es-ES", "ES"),
        ("it-IT", "IT"),
        ("pt-BR", "BR"),
        ("ja-JP", "JP"),
        ("ko-KR", "KR"),
        ("cmn-CN", "CN"),
    ];
    const GENDERS: [&str; 3] = ["female", "male", "neutral"];
    let (name, (manner, persona, context)) = (NAMES[n % NAMES.len()], MANNERS[n / NAMES.len() % MANNERS.len()]);
    let (language, region) = LANGUAGES[n % LANGUAGES.len()];
    let mut voice = Map::new();
    let mut add = |field: &str, value: &str| voice.insert(field.to_owned(), value.into());
    add("type", "prebuilt");
    add("id", &format!("voice_{:08x}", 0x5eed_0000 + 977 * n));
    add("display_name", &format!("{name} {manner}"));
    add("description", &format!("{} and clear, made for {context}", ["Warm", "Bright", "Low", "Soft"][n % 4]));
    add("language_code", language);
    add("region_code", region);
    add("gender", GENDERS[n % 3]);
    add("pitch", ["low", "medium", "high"][n % 3]);
    add("persona", persona);
    add("context", context);
    add("model", "models/gemini-3.8-flash-tts");
    Value::Object(voice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(answer: &Value) -> Vec<String> {
        let voices = answer["voices"].as_array().into_iter().flatten();
        voices.map(|voice| voice["id"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_pages_of_the_list_are_all_of_it() {
        let whole = ids(&list(Some(1_000), None, &[]).unwrap());
        assert_eq!(whole.len(), 30 + LIBRARY);
        let (mut walked, mut token, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = list(None, token.as_deref(), &[]).unwrap();
            walked.extend(ids(&page));
            pages += 1;
            token = page["next_page_token"].as_str().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        assert_eq!((walked, pages), (whole, 3));
        assert!(list(None, Some("nonsense"), &[]).is_err());
    }

    #[test]
    fn values_of_one_filter_are_joined_by_or_and_filters_by_and() {
        let count = |filters: &[(&str, &str)]| {
            let filters: Vec<(String, String)> =
                filters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            ids(&list(Some(1_000), None, &filters).unwrap()).len()
        };
        let (german, french) = (count(&[("language_code", "de-DE")]), count(&[("language_code", "fr-FR")]));
        assert!(german > 0 && french > 0);
        assert_eq!(count(&[("language_code", "de-DE"), ("language_code", "fr-fr")]), german + french);
        assert_eq!(count(&[("language_code", "de-DE"), ("gender", "nobody")]), 0);
        assert_eq!(count(&[("search", "kore")]), 1);
    }
}
