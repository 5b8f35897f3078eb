//! The voices: thirty prebuilt names that every speech model knows, and those of the library of the 3.8 models.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use toml::Spanned;

use super::model::Generation;
use super::origin::Origin;
use super::reading::{CatalogError, Day, name, read};

/// The voices, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voices {
    /// The voice of a text when nobody chooses one. The service itself names none.
    pub default: String,
    /// In the order of their names.
    pub all: Vec<Voice>,
}

/// One voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// As it is sent.
    pub name: String,
    /// What people call it, when that is another name.
    pub title: Option<String>,
    /// How it sounds: one word of the service, or more of them; empty when nobody said.
    pub character: String,
    /// `female`, `male` or `neutral`; empty when nobody said.
    pub gender: String,
    /// The language that it was made for.
    pub language: Option<String>,
    /// Which models know it.
    pub kind: VoiceKind,
    /// When the service drops it.
    pub expires: Option<Timestamp>,
    /// Where its name comes from.
    pub origin: Origin,
    /// Where its character comes from.
    pub character_origin: Origin,
    /// Where its gender comes from.
    pub gender_origin: Origin,
}

/// Which models know a voice, and in which field it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VoiceKind {
    /// Every speech model, by its name.
    Prebuilt,
    /// The 3.8 models and later, by its id.
    Library,
}

impl VoiceKind {
    /// `prebuilt` or `library`.
    pub fn as_str(self) -> &'static str {
        match self {
            VoiceKind::Prebuilt => "prebuilt",
            VoiceKind::Library => "library",
        }
    }

    /// What the form of a name tells: the ids of the library begin with a word of their own.
    pub fn of(name: &str) -> VoiceKind {
        match name.starts_with("voice_") || name.starts_with("voicekey_") {
            true => VoiceKind::Library,
            false => VoiceKind::Prebuilt,
        }
    }
}

impl Voice {
    /// A voice of which nothing is known but its name.
    pub(super) fn named(name: &str, origin: &Origin) -> Voice {
        Voice {
            name: name.to_owned(),
            title: None,
            character: String::new(),
            gender: String::new(),
            language: None,
            kind: VoiceKind::of(name),
            expires: None,
            origin: origin.clone(),
            character_origin: origin.clone(),
            gender_origin: origin.clone(),
        }
    }

    /// What is known of it, for people: its other name, its language, how it sounds.
    pub fn described(&self) -> String {
        let known = [self.title.as_deref(), self.language.as_deref(), Some(self.character.as_str())];
        let known: Vec<&str> = known.into_iter().flatten().filter(|word| !word.is_empty()).collect();
        known.join(", ")
    }

    /// Whether models of this generation know it.
    pub fn suits(&self, generation: Generation) -> bool {
        match (self.kind, generation) {
            (VoiceKind::Prebuilt, _) | (VoiceKind::Library, Generation::V3_8 | Generation::Unknown) => true,
            (VoiceKind::Library, Generation::V2_5 | Generation::V3_1) => false,
        }
    }
}

impl Voices {
    /// The voice of exactly this name.
    pub fn get(&self, name: &str) -> Option<&Voice> {
        self.place(name).ok().map(|at| &self.all[at])
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.all.binary_search_by(|voice| voice.name.as_str().cmp(name))
    }

    /// The voice of exactly this name, made if there is none.
    pub(super) fn entry(&mut self, name: &str, origin: &Origin) -> &mut Voice {
        let at = match self.place(name) {
            Ok(at) => at,
            Err(at) => {
                self.all.insert(at, Voice::named(name, origin));
                at
            }
        };
        &mut self.all[at]
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|voice| voice.name.as_str())
    }

    /// The names that a person may misspell; ids of the library are copied, and there may be thousands of them.
    pub fn prebuilt_names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter(|voice| voice.kind == VoiceKind::Prebuilt).map(|voice| voice.name.as_str())
    }

    /// The voice that people call so, in any case.
    pub fn called(&self, title: &str) -> Option<&Voice> {
        let is_title = |voice: &&Voice| voice.title.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(title));
        self.all.iter().find(is_title)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Lays a file of the form of `voices.toml` over them: an entry that is known changes only what it names, and a new
    /// one is added. A file with a mistake changes nothing.
    pub(super) fn lay_over(&mut self, text: &str, origin: &Origin) -> Result<(), CatalogError> {
        let file: File = read(text)?;
        let mut over = self.clone();
        if let Some(default) = file.default.as_deref().and_then(name) {
            over.default = default;
        }
        for (voice, entry) in file.voice {
            let Some(known) = name(voice.get_ref()) else {
                return Err(CatalogError::at(text, voice.span().start, "a voice without a name"));
            };
            let voice = over.entry(&known, origin);
            if let Some(character) = &entry.character {
                (voice.character, voice.character_origin) = (name(character).unwrap_or_default(), origin.clone());
            }
            if let Some(gender) = &entry.gender {
                (voice.gender, voice.gender_origin) = (name(gender).unwrap_or_default(), origin.clone());
            }
            if let Some(title) = &entry.title {
                voice.title = name(title);
            }
            if let Some(language) = &entry.language {
                voice.language = name(language);
            }
            if let Some(kind) = entry.kind {
                voice.kind = kind;
            }
        }
        *self = over;
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "as_of")]
    _as_of: Option<Day>,
    default: Option<String>,
    #[serde(rename = "name_evidence")]
    _name_evidence: Option<String>,
    #[serde(rename = "gender_evidence")]
    _gender_evidence: Option<String>,
    #[serde(default)]
    voice: BTreeMap<Spanned<String>, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    character: Option<String>,
    gender: Option<String>,
    title: Option<String>,
    language: Option<String>,
    kind: Option<VoiceKind>,
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn a_persons_own_voices_are_laid_over_the_known_ones() {
        let mut voices = Catalog::built_in().voices.clone();
        let origin = Origin::Yours("voices.toml".into());
        let text = "default = \"Puck\"\n[voice]\nKore = { character = \"Stern\" }\n\
                    voice_ab12 = { title = \"Our \u{202e}narrator\", gender = \"female\" }\n";
        voices.lay_over(text, &origin).unwrap();
        let kore = voices.get("Kore").unwrap();
        assert_eq!((kore.character.as_str(), kore.gender.as_str()), ("Stern", "female"));
        assert_eq!((kore.character_origin.is_yours(), kore.gender_origin.is_yours()), (true, false));
        let ours = voices.get("voice_ab12").unwrap();
        assert_eq!((ours.kind, ours.title.as_deref()), (VoiceKind::Library, Some("Our ⟨U+202E⟩narrator")));
        assert!(ours.suits(Generation::V3_8) && !ours.suits(Generation::V3_1));
        assert_eq!((voices.len(), voices.default.as_str()), (31, "Puck"));

        let before = voices.clone();
        for (text, line, word) in [
            ("[voice]\nKore = { tone = \"Firm\" }", 2, "tone"),
            ("[voice]\n\nx = { kind = \"odd\" }", 3, "odd"),
            ("[voice]\n\"\" = { gender = \"male\" }", 2, "without a name"),
        ] {
            let error = voices.lay_over(text, &origin).expect_err(text);
            assert_eq!((error.line, error.message.contains(word)), (line, true), "{text}: {error}");
        }
        assert_eq!(voices, before);
    }
}
