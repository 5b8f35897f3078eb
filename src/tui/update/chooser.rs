//! The list of values for a field of the form: narrowed by what is typed, and free for values that nobody lists.

use crate::tui::model::{Choice, Field, Form, Line, choices_of};

/// Opens the choices of the focused field, with the current value selected.
pub fn open(form: &mut Form, typed: &str) {
    form.chooser = Some((Line::new(typed), 0));
    if !typed.is_empty() {
        return;
    }
    let current = form.focus.text(&form.draft);
    let catalog = &form.catalog;
    let wanted = match form.focus {
        _ if !current.is_empty() => current,
        Field::Model => catalog.default_model.clone(),
        Field::Voice => catalog.voices.default.clone(),
        Field::SpeakerVoice(at) => form.draft.reading.voice_of_speaker(at, catalog),
        // The button is for a sample: all requests are what Submit sends.
        Field::SampleButton => "5".to_owned(),
        _ => String::new(),
    };
    let row = form.choices().iter().position(|choice| choice.value == wanted).unwrap_or(0);
    form.chooser = Some((Line::default(), row));
}

/// The value that would be taken now; `None` while no list is open, or when it is empty.
pub fn chosen(form: &Form) -> Option<String> {
    let (typed, row) = form.chooser.as_ref()?;
    let typed = typed.text().trim();
    // Someone who types a whole value means it, whatever else its letters are part of; a number is part of every choice.
    let is_typed =
        |choice: &Choice| !typed.is_empty() && !form.focus.is_number() && choice.value.eq_ignore_ascii_case(typed);
    let exact = choices_of(form).into_iter().find(is_typed);
    exact.or_else(|| form.choices().into_iter().nth(*row)).map(|choice| choice.value)
}
