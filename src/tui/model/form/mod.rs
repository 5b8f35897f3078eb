//! The form for a new job: what was typed, what is open, and what came of checking and sending it.

mod draft;
mod field;
mod problems;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::failure::Failure;
use crate::money::Catalog;
use crate::ops::{Glance, Plan, Progress};
use crate::request::Preview;
use crate::tui::event::FolderEntry;
use crate::tui::model::{Line, Seq};

pub use draft::{Draft, Mistake, ReadingDraft, SpeakerDraft};
pub use field::{Field, Kind};
pub use problems::{PreviewRow, preview_rows};

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
    /// What the sources look like, as soon as that is known.
    pub seen: Option<Box<Glance>>,
    /// The checked draft.
    pub plan: PlanState,
    /// The field that cannot be taken, when that is why the draft could not be checked.
    pub mistake: Option<Field>,
    /// How far the check is, while one is under way.
    pub checking: Checking,
    /// The submission.
    pub submit: SubmitState,
    /// When the service may take what it has refused for now.
    pub retry_at: Option<Timestamp>,
    /// Lines of the preview scrolled off at the top.
    pub scroll: usize,
    /// Which of the problems is selected, from the top of the preview.
    pub problem: usize,
}

/// A check that is under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checking {
    /// How far it is, in bytes of the sources.
    pub progress: Progress,
    /// The first requests, of sources so large that the rest takes a while.
    pub first: Vec<Preview>,
    /// What the check before came to. Shown until this one ends, so that a small change does not empty the screen.
    pub before: Option<Box<Plan>>,
}

impl SubmitState {
    /// The number of the submission that is under way.
    pub fn under_way(&self) -> Option<Seq> {
        match self {
            SubmitState::InFlight(seq, _) | SubmitState::Stopping(seq) => Some(*seq),
            SubmitState::Idle | SubmitState::WhenPlanned | SubmitState::Failed(_) => None,
        }
    }
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
            seen: None,
            plan: PlanState::None,
            mistake: None,
            checking: Checking::default(),
            submit: SubmitState::Idle,
            retry_at: None,
            scroll: 0,
            problem: 0,
        }
    }

    /// The draft with the text that is under edit: what a person would lose if it were forgotten now.
    pub fn typed_so_far(&self) -> Draft {
        let mut draft = self.draft.clone();
        if let Some(line) = &self.editing {
            self.focus.put(&mut draft, line.text().trim().to_owned());
        }
        draft
    }

    /// The plan that is on the screen: the checked draft, or the one before while this one is being checked.
    pub fn shown_plan(&self) -> Option<&Plan> {
        match &self.plan {
            PlanState::Ready(_, plan) => Some(plan),
            PlanState::InFlight(_) => self.checking.before.as_deref(),
            PlanState::None | PlanState::Failed(_) => None,
        }
    }

    /// Whether the keys act on the problems.
    pub fn focus_is_on_problems(&self) -> bool {
        self.focus == Field::Problems
    }

    /// How many problems can be selected.
    pub fn n_problems(&self) -> usize {
        self.shown_plan().map_or(0, |plan| plan.findings.len())
    }
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
    /// What was marked to be taken together, in this order. Only sources can be several.
    pub marks: Vec<PathBuf>,
    /// The request for the entries.
    pub seq: Seq,
}

impl Picker {
    /// The selected entry.
    pub fn selected(&self) -> Option<&FolderEntry> {
        self.shown().get(self.row).copied()
    }

    /// The folder that would be taken whole: the selected one, else the one that is listed.
    pub fn whole_folder(&self) -> &Path {
        match self.selected() {
            Some(entry) if entry.is_folder => &entry.path,
            Some(_) | None => &self.folder,
        }
    }
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
    /// The token of the lost create in whose place it is sent.
    pub in_place_of: Option<String>,
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
    /// To be stopped before anything is created; unless that comes too late.
    Stopping(Seq),
    /// Refused or failed, with nothing created.
    Failed(Failure),
}
