//! What a field of the form can be set to, and which entries of a folder fit what is typed.
//!
//! `update` and `draw` must agree on these lists, because the selected choice is a place in them.

use crate::money::Catalog;
use crate::tui::event::FolderEntry;
use crate::tui::model::{Field, Form, Picker};

/// One choice of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What the field is set to.
    pub value: String,
    /// What is known about it, for people.
    pub note: String,
}

impl Choice {
    fn new(value: &str, note: &str) -> Self {
        Choice { value: value.to_owned(), note: note.to_owned() }
    }

    /// How well a choice fits what is typed, the best first; `None` when it does not.
    fn rank(&self, typed: &str) -> Option<u8> {
        if self.value.to_lowercase().starts_with(&typed.to_lowercase()) {
            Some(0)
        } else if contains(&self.value, typed) {
            Some(1)
        } else {
            contains(&self.note, typed).then_some(2)
        }
    }
}

/// Everything that a field of the form can be set to; empty for fields that hold free text.
pub fn choices_of(field: Field, catalog: &Catalog) -> Vec<Choice> {
    match field {
        Field::Model => catalog
            .models
            .iter()
            .map(|model| {
                let is_default = model.id == catalog.default_model;
                Choice::new(&model.id, if is_default { "default" } else { model.batch.as_str() })
            })
            .collect(),
        Field::Voice => catalog.voices.all.iter().map(|voice| Choice::new(&voice.name, &voice.described())).collect(),
        Field::Language => {
            let detected = Choice::new("", "detected by the model");
            let named = catalog.languages.all.iter().map(|language| Choice::new(&language.code, &language.name));
            std::iter::once(detected).chain(named).collect()
        }
        Field::Source | Field::Name | Field::Sample | Field::Inline | Field::SubmitButton | Field::CancelButton => {
            Vec::new()
        }
    }
}

impl Form {
    /// The choices of the open chooser that fit what is typed in it, best first, and last what is typed itself: a value that
    /// nobody lists may still be one. Empty while none is open.
    pub fn choices(&self) -> Vec<Choice> {
        let Some((typed, _)) = &self.chooser else { return Vec::new() };
        let typed = typed.text().trim();
        let mut choices = choices_of(self.focus, &self.catalog);
        if !typed.is_empty() {
            choices.retain(|choice| choice.rank(typed).is_some());
            choices.sort_by_key(|choice| choice.rank(typed));
        }
        if !typed.is_empty() && !choices.iter().any(|choice| choice.value.eq_ignore_ascii_case(typed)) {
            choices.push(Choice::new(typed, "as typed"));
        }
        choices
    }
}

impl Picker {
    /// The entries that fit what is typed, in the order of the folder.
    pub fn shown(&self) -> Vec<&FolderEntry> {
        match &self.entries {
            Some(Ok(entries)) => {
                entries.iter().filter(|entry| contains(&entry.name, self.input.text().trim())).collect()
            }
            Some(Err(_)) | None => Vec::new(),
        }
    }
}

/// Whether a text holds another one, whatever their case.
fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}
