//! A voice of the list of voices, which the service writes in snake_case.

use serde_json::Value;

use super::Object;
use crate::money::ListedVoice;

/// Reads a voice; `None` when it has no id.
pub fn voice(value: &Value) -> Option<ListedVoice> {
    let voice = Object::of(value)?;
    Some(ListedVoice {
        id: voice.text("id")?,
        kind: voice.text("type").map(|kind| kind.to_lowercase()),
        display_name: voice.text("displayName"),
        description: voice.text("description"),
        language_code: voice.text("languageCode"),
        gender: voice.text("gender"),
        expire_time: voice.time("expireTime"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_unknown_is_ignored_and_what_drives_a_terminal_is_made_visible() {
        let read = voice(&json!({
            "type": "REPLICATED", "id": "voice_ab", "display_name": "Ann\u{1b}]52;c;AAAA\u{7}", "pitch": "low",
            "description": "slow\u{202e}", "language_code": "de-DE", "gender": "FEMALE", "persona": { "age": 40 },
            "context": [1, 2], "model": null, "expire_time": "2026-12-01T00:00:00Z", "of_tomorrow": [{}],
        }))
        .unwrap();
        assert_eq!(read.display_name.as_deref(), Some("Ann␛]52;c;AAAA␇"));
        assert_eq!(read.description.as_deref(), Some("slow⟨U+202E⟩"));
        assert_eq!((read.kind.as_deref(), read.gender.as_deref()), (Some("replicated"), Some("FEMALE")));
        assert_eq!(read.expire_time.map(|time| time.to_string()).as_deref(), Some("2026-12-01T00:00:00Z"));
        for odd in [json!({}), json!({ "id": 3 }), json!("Kore"), json!(null), json!({ "id": "" })] {
            assert_eq!(voice(&odd), None, "{odd}");
        }
        let bare = voice(&json!({ "id": "voice_x", "gender": 1, "expire_time": "soon", "display_name": [] })).unwrap();
        assert_eq!(bare, ListedVoice { id: "voice_x".into(), ..ListedVoice::default() });
    }
}
