//! The list of values for a field of the form: narrowed by what is typed, and free for values that nobody lists.

use crate::tui::model::{Choice, Field, Form, Line, choices_of};

/// Opens the choices of the focused field, with the current value selected.
pub fn open(form: &mut Form, typed: &str) {
    form.chooser = Some((Line::new(typed), 0));
    if !typed.is_empty() {
        return;
    }
    let catalog = &form.catalog;
    let (current, default) = match form.focus {
        Field::Model => (&form.draft.model, catalog.default_model.as_str()),
        Field::Voice => (&form.draft.voice, catalog.voices.default.as_str()),
        Field::Language => (&form.draft.language, ""),
        Field::Source | Field::Name | Field::Sample | Field::Inline | Field::SubmitButton | Field::CancelButton => {
            return;
        }
    };
    let wanted = if current.is_empty() { default.to_owned() } else { current.clone() };
    let row = form.choices().iter().position(|choice| choice.value == wanted).unwrap_or(0);
    form.chooser = Some((Line::default(), row));
}

/// The value that would be taken now; `None` while no list is open, or when it is empty.
pub fn chosen(form: &Form) -> Option<String> {
    let (typed, row) = form.chooser.as_ref()?;
    let typed = typed.text().trim();
    // Someone who types a whole value means it, whatever else its letters are part of.
    let is_typed = |choice: &Choice| !typed.is_empty() && choice.value.eq_ignore_ascii_case(typed);
    let exact = choices_of(form.focus, &form.catalog).into_iter().find(is_typed);
    exact.or_else(|| form.choices().into_iter().nth(*row)).map(|choice| choice.value)
}
