//! Reading JSON as the service does: names in camelCase or snake_case, both at once if need be.

use serde_json::{Map, Value};

/// A field by its camelCase name, however it is spelled.
pub fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    let found = object.get(name).or_else(|| {
        // This runs some dozen times for each of perhaps a million lines, so nothing is spelled anew in vain.
        let other = object.keys().any(|key| key.contains('_')).then(|| snake(name))?;
        object.get(&other)
    });
    found.filter(|value| !value.is_null())
}

/// A text field, empty ones left out as the service does.
pub fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    field(value, name)?.as_str().filter(|text| !text.is_empty())
}

/// A path of fields.
pub fn path<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().try_fold(value, |value, name| field(value, name))
}

/// The first name of an object that is none of `known`, as it was spelled.
pub fn unknown<'a>(object: &'a Map<String, Value>, known: &[&str]) -> Option<&'a str> {
    let is_known =
        |name: &str| known.contains(&name) || name.contains('_') && known.iter().any(|known| snake(known) == name);
    object.keys().map(String::as_str).find(|name| !is_known(name))
}

fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_spellings_are_one_field() {
        let mixed = json!({ "displayName": "a", "input_config": { "fileName": "files/x" } });
        assert_eq!(text(&mixed, "displayName"), Some("a"));
        assert_eq!(path(&mixed, &["inputConfig", "fileName"]).and_then(Value::as_str), Some("files/x"));
        let object = mixed.as_object().unwrap();
        assert_eq!(unknown(object, &["displayName", "inputConfig"]), None);
        assert_eq!(unknown(object, &["inputConfig"]), Some("displayName"));
    }
}
