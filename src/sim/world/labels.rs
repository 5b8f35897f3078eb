//! What a result carries besides its answer: the key or the metadata, and whatever else stood beside the request.

use serde_json::{Value, json};

use super::json::{field, text};

/// The key of a result, and the members that go with it.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// As text; empty when there is none.
    pub key: String,
    members: Vec<(String, String)>,
}

impl Labels {
    /// Those of a request.
    pub fn of(line: &Value, inline: bool) -> Self {
        let Some(object) = line.as_object() else { return Labels::default() };
        let mut labels = Labels::default();
        if inline {
            if let Some(metadata) = field(line, "metadata") {
                labels.key = text(metadata, "key").unwrap_or_default().to_owned();
                labels.members.push(("metadata".to_owned(), metadata.to_string()));
            }
            return labels;
        }
        if let Some(key) = object.get("key") {
            labels.key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            labels.members.push(("key".to_owned(), key.to_string()));
        }
        for (name, value) in object {
            // Seen: members that nobody knows come back, scalars whole and lists empty.
            match value {
                _ if name == "key" || name == "request" => {}
                Value::Array(_) => labels.members.push((name.clone(), "[]".to_owned())),
                Value::Object(_) => labels.members.push((name.clone(), "{}".to_owned())),
                scalar => labels.members.push((name.clone(), scalar.to_string())),
            }
        }
        labels
    }

    /// A key and nothing else.
    pub fn with_key(key: &str, inline: bool) -> Self {
        let member = if inline {
            ("metadata".to_owned(), json!({ "key": key }).to_string())
        } else {
            ("key".to_owned(), Value::from(key).to_string())
        };
        Labels { key: key.to_owned(), members: vec![member] }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members, each with a comma in front.
    pub fn json(&self) -> String {
        self.members.iter().map(|(name, value)| format!(",{}:{value}", Value::from(name.as_str()))).collect()
    }
}
