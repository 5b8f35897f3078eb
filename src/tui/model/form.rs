//! The form for a new job.

use std::path::PathBuf;
use std::sync::Arc;

use crate::tui::model::Line;

use crate::failure::Failure;
use crate::money::Catalog;
use crate::ops::{Plan, Progress};
use crate::tui::event::FolderEntry;
use crate::tui::model::Seq;

/// What a person typed, kept when they leave and come back.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Draft {
    /// A path.
    pub source: String,
    /// Without `models/`; empty takes the default.
    pub model: String,
    /// Empty takes the default.
    pub voice: String,
    /// Empty lets the model detect it.
    pub language: String,
    /// The display name; empty takes the stem of the source.
    pub name: String,
    /// Only the first so many requests; empty is all of them.
    pub sample: String,
    /// Sends the requests in the create call itself.
    pub inline: bool,
}

/// The form for a new job.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// What can be chosen from.
    pub catalog: Arc<Catalog>,
    /// What is typed.
    pub draft: Draft,
    /// Which field or button has the focus.
    pub focus: Field,
    /// The text under edit in the focused field; `None` while it is not being edited.
    pub editing: Option<Line>,
    /// An open list of choices: the filter that was typed, and the selected choice.
    pub chooser: Option<(Line, usize)>,
    /// The open file picker.
    pub picker: Option<Picker>,
    /// The checked draft.
    pub plan: PlanState,
    /// The submission.
    pub submit: SubmitState,
    /// Lines of the preview scrolled off at the top.
    pub scroll: usize,
}

impl Form {
    /// A form with this typed in, of which nothing has been checked or sent.
    pub fn new(draft: Draft, catalog: Arc<Catalog>) -> Self {
        Form {
            catalog,
            draft,
            focus: Field::Source,
            editing: None,
            chooser: None,
            picker: None,
            plan: PlanState::None,
            submit: SubmitState::Idle,
            scroll: 0,
        }
    }
}

/// A field or a button of the form, from top to bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The file with the texts.
    #[default]
    Source,
    /// The model.
    Model,
    /// The voice.
    Voice,
    /// The language.
    Language,
    /// The display name.
    Name,
    /// Only the first so many.
    Sample,
    /// In the create call itself.
    Inline,
    /// Submits.
    SubmitButton,
    /// Leaves.
    CancelButton,
}

impl Field {
    /// All of them, in the order of `Tab`.
    pub const ALL: [Field; 9] = [
        Field::Source,
        Field::Model,
        Field::Voice,
        Field::Language,
        Field::Name,
        Field::Sample,
        Field::Inline,
        Field::SubmitButton,
        Field::CancelButton,
    ];
}

/// The file picker: a path that can be typed, and the entries of its folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Picker {
    /// The folder that is listed.
    pub folder: PathBuf,
    /// What is typed: narrows the entries, or is a path of its own.
    pub input: Line,
    /// Folders first; `None` while they are being read.
    pub entries: Option<Result<Vec<FolderEntry>, Failure>>,
    /// The selected entry among those that fit what is typed.
    pub row: usize,
    /// The request for the entries.
    pub seq: Seq,
}

/// The checked draft.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum PlanState {
    /// Nothing to check yet.
    #[default]
    None,
    /// Being checked.
    InFlight(Seq),
    /// Checked; may hold findings that forbid sending it.
    Ready(Seq, Box<Plan>),
    /// Could not be checked.
    Failed(Failure),
}

/// A submission that is under way, whether its form is still open or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Submitting {
    /// Its number.
    pub seq: Seq,
    /// What it was made from, when that was the form.
    pub draft: Option<Draft>,
    /// What it may cost in US dollars, low and high.
    pub dollars: Option<(f64, f64)>,
}

/// The submission.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SubmitState {
    /// Not begun.
    #[default]
    Idle,
    /// To begin as soon as the plan is ready.
    WhenPlanned,
    /// Under way: exactly one at a time.
    InFlight(Seq, Progress),
    /// Refused or failed, with nothing created.
    Failed(Failure),
}
