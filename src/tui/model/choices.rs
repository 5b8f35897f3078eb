//! What a field of the form can be set to, and which entries of a folder fit what is typed.
//!
//! `update` and `draw` must agree on these lists, because the selected choice is a place in them.

use crate::script::{Column, Form as Written};
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
pub fn choices_of(form: &Form) -> Vec<Choice> {
    let catalog = &form.catalog;
    match form.focus {
        Field::Model => catalog
            .models
            .iter()
            .map(|model| {
                let is_default = model.id == catalog.default_model;
                Choice::new(&model.id, if is_default { "default" } else { model.batch.as_str() })
            })
            .collect(),
        Field::Voice | Field::SpeakerVoice(_) => {
            catalog.voices.all.iter().map(|voice| Choice::new(&voice.name, &voice.character)).collect()
        }
        Field::Language => {
            let detected = Choice::new("", "detected by the model");
            let named = catalog.languages.all.iter().map(|language| Choice::new(&language.code, &language.name));
            std::iter::once(detected).chain(named).collect()
        }
        Field::From => {
            let by_itself = Choice::new("", "as the names and the contents say");
            let forms = Written::ALL.iter().map(|form| Choice::new(form.word(), form.title()));
            std::iter::once(by_itself).chain(forms).collect()
        }
        Field::Column(column) => headers(form, column),
        Field::Sample | Field::SampleButton => samples(form),
        Field::Source
        | Field::Columns
        | Field::Name
        | Field::More
        | Field::By
        | Field::KeyTemplate
        | Field::SpeakerName(_)
        | Field::Style
        | Field::Pronounce
        | Field::SkipHeadings
        | Field::Inline
        | Field::Problems
        | Field::SubmitButton
        | Field::CancelButton => Vec::new(),
    }
}

/// The headers of the table, and what each of them means already.
fn headers(form: &Form, column: Column) -> Vec<Choice> {
    let Some(seen) = form.seen.as_deref() else { return Vec::new() };
    let guess = match seen.guess(column) {
        Some(header) => format!("{header}, by its name"),
        None => "none".to_owned(),
    };
    let meaning = |header: &String| {
        let named = form.draft.reading.columns.iter().find(|(_, named)| named.eq_ignore_ascii_case(header));
        let guessed = || Column::ALL.into_iter().find(|own| seen.guess(*own) == Some(header)).map(Column::word);
        named.map(|(column, _)| column.as_str()).or_else(guessed).unwrap_or_default().to_owned()
    };
    let headers = seen.headers.iter().filter(|header| !header.is_empty());
    std::iter::once(Choice::new("", &guess)).chain(headers.map(|header| Choice::new(header, &meaning(header)))).collect()
}

/// All requests, or some of them: as many as were typed, else five.
fn samples(form: &Form) -> Vec<Choice> {
    let typed = form.chooser.as_ref().map(|(line, _)| line.text().trim()).filter(|typed| !typed.is_empty());
    let n = typed.unwrap_or("5");
    let mut samples = vec![Choice::new(n, &format!("the first {n}"))];
    if typed.is_none() {
        samples.insert(0, Choice::new("", "all requests"));
    }
    samples
}

impl Form {
    /// The choices of the open chooser that fit what is typed in it, best first, and last what is typed itself: a value that
    /// nobody lists may still be one. Empty while none is open.
    pub fn choices(&self) -> Vec<Choice> {
        let Some((typed, _)) = &self.chooser else { return Vec::new() };
        let typed = typed.text().trim();
        let mut choices = choices_of(self);
        let takes_only_listed = matches!(self.focus, Field::Sample | Field::SampleButton | Field::From);
        if matches!(self.focus, Field::Sample | Field::SampleButton) {
            // What is typed is a number in each of them.
            return choices;
        }
        if !typed.is_empty() {
            choices.retain(|choice| choice.rank(typed).is_some());
            choices.sort_by_key(|choice| choice.rank(typed));
        }
        let is_listed = choices.iter().any(|choice| choice.value.eq_ignore_ascii_case(typed));
        if !typed.is_empty() && !is_listed && !takes_only_listed {
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
