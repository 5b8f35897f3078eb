//! The fields of the form: which there are, what they take, and which of them a draft has any use for.

use crate::script::Column;
use crate::script::Form as Written;
use crate::tui::model::form::{Draft, Form};

/// A field or a button of the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Field {
    /// The files and folders with the texts.
    #[default]
    Source,
    /// Shows or hides the columns of a table.
    Columns,
    /// The header that stands for a column.
    Column(Column),
    /// The model.
    Model,
    /// The voice.
    Voice,
    /// The language.
    Language,
    /// The display name.
    Name,
    /// Only some of the requests.
    Sample,
    /// Whether what a sample has sent is left out.
    Rest,
    /// Whether what is on the disk already is bought again.
    Again,
    /// How many jobs it becomes, and the most requests of one.
    Jobs,
    /// Shows or hides all that follows.
    More,
    /// The form of the sources.
    From,
    /// What is one text of plain text.
    By,
    /// How keys are made.
    KeyTemplate,
    /// The name of the first or second speaker.
    SpeakerName(usize),
    /// Their voice.
    SpeakerVoice(usize),
    /// How to speak.
    Style,
    /// A list of pronunciations.
    Pronounce,
    /// Whether headings are left unspoken.
    SkipHeadings,
    /// In the create call itself.
    Inline,
    /// The problems that the check has found, beside the requests.
    Problems,
    /// Submits.
    SubmitButton,
    /// Chooses a sample.
    SampleButton,
    /// Leaves.
    CancelButton,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Files and folders.
    Sources,
    /// One file.
    File,
    /// Any text.
    Text,
    /// One of a list, or what is typed.
    Choice,
    /// Yes or no.
    Switch,
    /// A list of problems.
    Problems,
    /// Nothing: it is pressed.
    Button,
}

impl Field {
    /// What it takes.
    pub fn kind(self) -> Kind {
        match self {
            Field::Source => Kind::Sources,
            Field::Pronounce => Kind::File,
            Field::Name | Field::KeyTemplate | Field::SpeakerName(_) | Field::Style => Kind::Text,
            Field::Column(_)
            | Field::Model
            | Field::Voice
            | Field::Language
            | Field::Sample
            | Field::Jobs
            | Field::From
            | Field::SpeakerVoice(_) => Kind::Choice,
            Field::Columns
            | Field::Rest
            | Field::Again
            | Field::More
            | Field::By
            | Field::SkipHeadings
            | Field::Inline => Kind::Switch,
            Field::Problems => Kind::Problems,
            Field::SubmitButton | Field::SampleButton | Field::CancelButton => Kind::Button,
        }
    }

    /// Whether its choices differ in a number that can be typed.
    pub fn is_number(self) -> bool {
        matches!(self, Field::Sample | Field::SampleButton | Field::Jobs)
    }

    /// Its name on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Field::Source => "Source",
            Field::Columns => "Columns",
            Field::Column(column) => match column {
                Column::Key => "  key",
                Column::Text => "  text",
                Column::Voice => "  voice",
                Column::Language => "  language",
                Column::Style => "  style",
                Column::Speaker => "  speaker",
            },
            Field::Model => "Model",
            Field::Voice => "Voice",
            Field::Language => "Language",
            Field::Name => "Name",
            Field::Sample | Field::SampleButton => "Sample",
            Field::Rest => "Rest",
            Field::Again => "Unchanged",
            Field::Jobs => "Jobs",
            Field::More => "More",
            Field::From => "Form",
            Field::By => "Requests",
            Field::KeyTemplate => "Keys",
            Field::SpeakerName(0) => "Speaker 1",
            Field::SpeakerName(_) => "Speaker 2",
            Field::SpeakerVoice(_) => "  voice",
            Field::Style => "Style",
            Field::Pronounce => "Pronounce",
            Field::SkipHeadings => "Headings",
            Field::Inline => "Inline",
            Field::Problems => "Problems",
            Field::SubmitButton => "Submit",
            Field::CancelButton => "Cancel",
        }
    }

    /// What the field holds as text; empty for what is no text.
    pub fn text(self, draft: &Draft) -> String {
        match self {
            Field::Source => draft.sources.first().cloned().unwrap_or_default(),
            _ => self.text_of(&mut draft.clone()).map(std::mem::take).unwrap_or_default(),
        }
    }

    /// Puts a text into the field.
    pub fn put(self, draft: &mut Draft, text: String) {
        match self {
            Field::Source => draft.sources = Some(text).filter(|path| !path.is_empty()).into_iter().collect(),
            Field::Column(column) if text.is_empty() => {
                draft.reading.columns.remove(column.word());
            }
            _ => {
                if let Some(value) = self.text_of(draft) {
                    *value = text;
                }
            }
        }
    }

    /// Turns a switch over.
    pub fn switch(self, draft: &mut Draft) {
        if self == Field::Rest {
            // All of it again is one press away as well: the sample stays in the list of jobs.
            draft.rest_of.clear();
        }
        if let Some(is_on) = self.switch_of(draft) {
            *is_on = !*is_on;
        }
    }

    /// What the field holds as text; `None` for what is not text.
    fn text_of(self, draft: &mut Draft) -> Option<&mut String> {
        let reading = &mut draft.reading;
        Some(match self {
            Field::Model => &mut draft.model,
            Field::Voice => &mut draft.voice,
            Field::Language => &mut draft.language,
            Field::Name => &mut draft.name,
            Field::Sample | Field::SampleButton => &mut draft.sample,
            Field::Jobs => &mut draft.most_requests,
            Field::From => &mut reading.from,
            Field::KeyTemplate => &mut reading.key_template,
            Field::SpeakerName(at) => &mut reading.speakers.get_mut(at)?.name,
            Field::SpeakerVoice(at) => &mut reading.speakers.get_mut(at)?.voice,
            Field::Style => &mut reading.style,
            Field::Pronounce => &mut reading.pronounce,
            Field::Column(column) => reading.columns.entry(column.word().to_owned()).or_default(),
            Field::Source
            | Field::Columns
            | Field::Rest
            | Field::Again
            | Field::More
            | Field::By
            | Field::SkipHeadings
            | Field::Inline
            | Field::Problems
            | Field::SubmitButton
            | Field::CancelButton => return None,
        })
    }

    /// What a switch stands on.
    fn switch_of(self, draft: &mut Draft) -> Option<&mut bool> {
        match self {
            Field::Columns => Some(&mut draft.shows_columns),
            Field::Again => Some(&mut draft.again),
            Field::More => Some(&mut draft.shows_more),
            Field::By => Some(&mut draft.reading.by_paragraph),
            Field::SkipHeadings => Some(&mut draft.reading.skip_headings),
            Field::Inline => Some(&mut draft.inline),
            Field::Source
            | Field::Column(_)
            | Field::Rest
            | Field::Jobs
            | Field::Model
            | Field::Voice
            | Field::Language
            | Field::Name
            | Field::Sample
            | Field::From
            | Field::KeyTemplate
            | Field::SpeakerName(_)
            | Field::SpeakerVoice(_)
            | Field::Style
            | Field::Pronounce
            | Field::Problems
            | Field::SubmitButton
            | Field::SampleButton
            | Field::CancelButton => None,
        }
    }
}

impl Form {
    /// The fields that stand in the form now, from top to bottom.
    pub fn fields(&self) -> Vec<Field> {
        let draft = &self.draft;
        let mut fields = vec![Field::Source];
        let seen = self.seen.as_deref();
        if seen.is_some_and(|seen| seen.has_table()) {
            fields.push(Field::Columns);
            if draft.shows_columns || self.lacks_text_column() {
                fields.extend(Column::ALL.map(Field::Column));
            }
        }
        fields.extend([Field::Model, Field::Voice, Field::Language, Field::Name, Field::Sample]);
        if !draft.rest_of.is_empty() {
            fields.push(Field::Rest);
        }
        if draft.again || self.shown_plan().is_some_and(|plan| plan.n_unchanged > 0) {
            fields.push(Field::Again);
        }
        if !draft.most_requests.is_empty()
            || draft.shows_more
            || self.shown_plan().is_some_and(|plan| plan.n_jobs() > 1)
        {
            fields.push(Field::Jobs);
        }
        fields.push(Field::More);
        if !draft.shows_more {
            return fields;
        }
        // Before anything is known of the sources, everything may apply to them.
        let is_any = |wanted: &[Written]| {
            seen.is_none_or(|seen| seen.forms.is_empty() || seen.forms.iter().any(|form| wanted.contains(form)))
        };
        let texts = [Written::Text, Written::Markdown, Written::Csv, Written::Tsv, Written::Captions, Written::Book];
        fields.push(Field::From);
        if is_any(&[Written::Text]) {
            fields.push(Field::By);
        }
        if is_any(&texts) {
            fields.push(Field::KeyTemplate);
            for at in 0..2 {
                fields.push(Field::SpeakerName(at));
                if draft.reading.speakers.get(at).is_some_and(|speaker| !speaker.name.trim().is_empty()) {
                    fields.push(Field::SpeakerVoice(at));
                }
            }
            fields.extend([Field::Style, Field::Pronounce]);
        }
        if is_any(&[Written::Markdown, Written::Book]) {
            fields.push(Field::SkipHeadings);
        }
        fields.push(Field::Inline);
        fields
    }

    /// The places where the focus can be, in the order of `Tab`: the fields, the problems if there are any, the buttons.
    pub fn stops(&self) -> Vec<Field> {
        let mut stops = self.fields();
        if self.n_problems() > 0 {
            stops.push(Field::Problems);
        }
        stops.extend([Field::SubmitButton, Field::SampleButton, Field::CancelButton]);
        stops
    }

    /// Whether a table has no column for what is spoken: nothing can be read before one is named.
    pub fn lacks_text_column(&self) -> bool {
        let named = self.draft.reading.columns.get(Column::Text.word()).is_some_and(|header| !header.trim().is_empty());
        let guessed = self.seen.as_deref().is_some_and(|seen| seen.guess(Column::Text).is_some());
        !named && !guessed && self.seen.as_deref().is_some_and(|seen| !seen.headers.is_empty())
    }
}
