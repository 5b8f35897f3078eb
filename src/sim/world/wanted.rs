//! The body of a create, read and checked as far as that can be done without the world.

use serde_json::Value;

use super::json::{field, path, text, unknown};
use super::refusal::Refusal;
use super::request::unknown_field;

/// What a create asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// As its creator gives it; may be empty.
    pub display_name: String,
    /// An int64 as text, when it was sent.
    pub priority: Option<String>,
    /// Where the requests are.
    pub source: Source,
}

/// Where the requests of a new job are.
#[derive(Clone, Debug)]
pub enum Source {
    /// In this file.
    File(String),
    /// Here.
    Inline(Vec<Value>),
}

const BATCH_FIELDS: [&str; 6] = ["displayName", "inputConfig", "model", "name", "priority", "webhookConfig"];

impl Wanted {
    /// Reads the body of a create.
    pub fn read(body: &[u8]) -> Result<Self, Refusal> {
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| Refusal::invalid(format!("Invalid JSON payload received. {error}")))?;
        let object = body.as_object().ok_or_else(|| Refusal::invalid("Invalid value (Object)"))?;
        if let Some(name) = unknown(object, &["batch", "model"]) {
            return Err(Refusal::unknown_name(name, ""));
        }
        let batch = field(&body, "batch").and_then(Value::as_object);
        let batch =
            batch.ok_or_else(|| Refusal::invalid("* BatchGenerateContentRequest.batch: batch is required\n"))?;
        if let Some(name) = unknown(batch, &BATCH_FIELDS) {
            return Err(Refusal::unknown_name(name, "batch"));
        }
        let batch = &body["batch"];
        let config = field(batch, "inputConfig").unwrap_or(&Value::Null);
        if let Some(name) = config.as_object().and_then(|config| unknown(config, &["fileName", "requests"])) {
            return Err(Refusal::unknown_name(name, "batch.input_config"));
        }
        let requests = path(config, &["requests", "requests"]).and_then(Value::as_array);
        let source = match (text(config, "fileName"), requests) {
            (Some(name), None) => Source::File(name.to_owned()),
            (None, Some(requests)) if !requests.is_empty() => {
                check_items(requests)?;
                Source::Inline(requests.clone())
            }
            (Some(_), Some(_)) => {
                return Err(Refusal::invalid(
                    "Invalid value at 'batch.input_config' (oneof), oneof field 'source' is already set.",
                ));
            }
            (None, _) => {
                return Err(Refusal::invalid("* BatchGenerateContentRequest.batch.input_config: input is required\n"));
            }
        };
        let priority = match field(batch, "priority") {
            None => None,
            Some(Value::String(number)) if number.parse::<i64>().is_ok() => Some(number.clone()),
            Some(Value::Number(number)) if number.is_i64() => Some(number.to_string()),
            Some(_) => return Err(Refusal::invalid("Invalid value at 'batch.priority' (TYPE_INT64)")),
        };
        Ok(Wanted { display_name: text(batch, "displayName").unwrap_or_default().to_owned(), priority, source })
    }
}

fn check_items(requests: &[Value]) -> Result<(), Refusal> {
    for (n, item) in requests.iter().enumerate() {
        let at = format!("batch.input_config.requests.requests[{n}]");
        let object = item.as_object().ok_or_else(|| Refusal::invalid(format!("Invalid value at '{at}' (Object)")))?;
        if let Some(name) = unknown(object, &["request", "metadata"]) {
            return Err(Refusal::unknown_name(name, &at));
        }
        let Some(request) = field(item, "request").filter(|request| request.is_object()) else {
            return Err(Refusal::invalid(format!("* {at}.request: request is required\n")));
        };
        // Embedding requests have `content` and are few; their fields are not checked.
        if field(request, "content").is_none()
            && let Some((name, place)) = unknown_field(request)
        {
            let at = if place.is_empty() { format!("{at}.request") } else { format!("{at}.request.{place}") };
            return Err(Refusal::unknown_name(&name, &at));
        }
    }
    Ok(())
}
