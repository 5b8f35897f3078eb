//! What a field of the form can be set to, and which entries of a folder fit what is typed.
//!
//! `update` and `draw` must agree on these lists, because the selected choice is a place in them.

use crate::ops::Sample;
use crate::script::{Column, Form as Written};
use crate::text::{count, thousands};
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
            catalog.voices.all.iter().map(|voice| Choice::new(&voice.name, &voice.described())).collect()
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
        Field::Jobs => jobs(form),
        Field::Source
        | Field::Columns
        | Field::Rest
        | Field::Again
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
    std::iter::once(Choice::new("", &guess))
        .chain(headers.map(|header| Choice::new(header, &meaning(header))))
        .collect()
}

/// The number that is typed in the open chooser.
fn typed_number(form: &Form) -> Option<u64> {
    form.chooser.as_ref().and_then(|(line, _)| line.text().trim().parse().ok()).filter(|n| *n > 0)
}

/// All requests, or some of them: as many as were typed, else five. What is chosen already comes first.
fn samples(form: &Form) -> Vec<Choice> {
    let typed = typed_number(form);
    let n = typed.unwrap_or(5);
    let ways = [Sample::First(n), Sample::Longest(n), Sample::Random { n, seed: None }];
    let mut samples: Vec<Choice> =
        ways.into_iter().map(|way| Choice::new(&way.to_string(), &say_sample(way))).collect();
    if typed.is_none() {
        let current = form.draft.sample.as_str();
        let is_other = !current.is_empty() && !samples.iter().any(|sample| sample.value == current);
        if let Some(other) = current.parse().ok().filter(|_| is_other) {
            samples.insert(0, Choice::new(current, &say_sample(other)));
        }
        samples.insert(0, Choice::new("", "all requests"));
    }
    samples
}

/// A sample in words.
pub fn say_sample(sample: Sample) -> String {
    let n = thousands(sample.size());
    match sample {
        Sample::First(_) => format!("the first {n}"),
        Sample::Longest(_) => format!("the {n} longest"),
        Sample::Random { .. } => format!("{n} at random"),
    }
}

/// As few jobs as the service allows, or at most so many requests in each of them.
fn jobs(form: &Form) -> Vec<Choice> {
    let at_most = |n: u64| Choice::new(&n.to_string(), &format!("at most {} in a job", count(n, "request")));
    match typed_number(form) {
        Some(n) => vec![at_most(n)],
        None => {
            let mut choices = vec![Choice::new("", "as few jobs as the service allows")];
            let current = form.draft.most_requests.parse().ok();
            choices.extend(
                current
                    .into_iter()
                    .chain([100, 1_000, 10_000].into_iter().filter(|n| Some(*n) != current))
                    .map(at_most),
            );
            choices
        }
    }
}

impl Form {
    /// The choices of the open chooser that fit what is typed in it, best first, and last what is typed itself: a value that
    /// nobody lists may still be one. Empty while none is open.
    pub fn choices(&self) -> Vec<Choice> {
        let Some((typed, _)) = &self.chooser else { return Vec::new() };
        let typed = typed.text().trim();
        let mut choices = choices_of(self);
        if self.focus.is_number() {
            // What is typed is the number in each of them.
            return choices;
        }
        if !typed.is_empty() {
            choices.retain(|choice| choice.rank(typed).is_some());
            choices.sort_by_cached_key(|choice| choice.rank(typed));
        }
        let is_listed = choices.iter().any(|choice| choice.value.eq_ignore_ascii_case(typed));
        if !typed.is_empty() && !is_listed && self.focus != Field::From {
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
