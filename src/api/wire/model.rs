//! A model of the list of models.

use serde_json::Value;

use super::Object;
use crate::api::Model;
use crate::text::clean_short;

/// Reads a model; `None` when it has no name.
pub fn model(value: &Value) -> Option<Model> {
    let model = Object::of(value)?;
    let methods = model.elements("supportedGenerationMethods").iter().filter_map(Value::as_str);
    Some(Model {
        name: model.text("name")?,
        display_name: model.text("displayName"),
        input_token_limit: model.number("inputTokenLimit"),
        output_token_limit: model.number("outputTokenLimit"),
        methods: methods.map(|method| clean_short(method, 64)).collect(),
    })
}
