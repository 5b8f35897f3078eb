//! The prebuilt voices: thirty names that every speech model knows.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The prebuilt voices, by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "RawVoices")]
pub struct Voices {
    /// The voice of a text when nobody chooses one. The service itself names none.
    pub default: String,
    /// In the order of their names.
    pub all: Vec<Voice>,
}

/// One voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// As the service spells it.
    pub name: String,
    /// One word of the service.
    pub character: String,
    /// `female` or `male`, as others report it.
    pub gender: String,
}

impl Voices {
    /// The voice of exactly this name.
    pub fn get(&self, name: &str) -> Option<&Voice> {
        self.all.binary_search_by(|voice| voice.name.as_str().cmp(name)).ok().map(|at| &self.all[at])
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|voice| voice.name.as_str())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVoices {
    #[serde(rename = "as_of")]
    _as_of: toml::value::Datetime,
    default: String,
    #[serde(rename = "name_evidence")]
    _name_evidence: String,
    #[serde(rename = "gender_evidence")]
    _gender_evidence: String,
    voice: BTreeMap<String, RawVoice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVoice {
    character: String,
    gender: String,
}

impl From<RawVoices> for Voices {
    fn from(raw: RawVoices) -> Voices {
        let voice = |(name, raw): (String, RawVoice)| Voice { name, character: raw.character, gender: raw.gender };
        Voices { default: raw.default, all: raw.voice.into_iter().map(voice).collect() }
    }
}

#[cfg(test)]
mod tests {
    use crate::money::Catalog;

    #[test]
    fn a_voice_is_found_by_its_exact_name() {
        let catalog = Catalog::built_in();
        assert_eq!(catalog.voices.get("Kore").map(|voice| voice.character.as_str()), Some("Firm"));
        assert_eq!(catalog.voices.get("kore"), None);
        for name in catalog.voices.names() {
            assert!(catalog.voices.get(name).is_some(), "{name}");
        }
    }
}
