//! What lies above a screen: dialogs that ask, prompts that take text, pages that tell.

use crate::tui::model::Line;

use crate::api::StoredFile;
use crate::job::Job;
use crate::money::OverCap;
use crate::ops::{CampaignStatus, Loss, Plan, Retake, Unconfirmed};
use crate::tui::model::Seq;

/// Above the visible screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    /// Asks before something is done that cannot be undone.
    Confirm(Box<Confirm>),
    /// Takes a filter or a command.
    Prompt(Prompt),
    /// Tells something long: a description, raw JSON.
    Page(TextPage),
}

/// Asks before something is done that cannot be undone. Its targets are frozen when it opens.
#[derive(Clone, Debug, PartialEq)]
pub struct Confirm {
    /// What will be done.
    pub verb: Verb,
    /// To what.
    pub targets: Vec<Target>,
    /// The question about losses that is still open; nothing can be confirmed before its answer.
    pub checking: Option<Seq>,
    /// The count that must be typed, when `y` is not enough, and what was typed.
    pub typed: Option<(u64, Line)>,
    /// Which button is focused; the harmless one at first.
    pub focus: Button,
    /// Whether keys count already.
    pub guard: Guard,
}

/// Keys that were meant for the screen below must not answer a dialog that has just opened: a held key, or a hand that was
/// faster than the eye. Only what leaves everything as it is counts from the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guard {
    /// It has just opened.
    #[default]
    Opened,
    /// The time runs.
    Running(Seq),
    /// Keys count.
    Over,
}

/// What a dialog would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Cancel jobs.
    CancelJobs,
    /// Delete jobs.
    DeleteJobs,
    /// Delete stored files.
    DeleteFiles,
    /// Submit content that was submitted already in the last 48 hours.
    SubmitAgain,
    /// Submit a job that would pass a cap.
    PassCap,
    /// Decide about a create whose answer was lost and that no listing shows: wait on, give it up, or send it once more.
    Unresolved,
    /// Give up creates whose answer was lost.
    GiveUp,
    /// Send the same once more in the place of a create whose answer was lost.
    SendAgain,
    /// Take keys of a job again.
    Retake,
    /// Cancel a campaign.
    CancelCampaign,
}

/// What a dialog would do it to.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A job, as it was when the dialog opened, and what its deletion would lose, once known.
    Job(Box<Job>, Option<Loss>),
    /// A stored file, as it was when the dialog opened.
    File(Box<StoredFile>),
    /// The plan of a new job, and the job that it repeats.
    Plan(Seq, String),
    /// The plan of a new job, its name, and the caps that it would pass.
    Cap(Seq, String, OverCap),
    /// A create whose answer was lost.
    Lost(Unconfirmed),
    /// The same, with the plan of what would be sent in its place, once it is there, and the number of that plan.
    Again(Seq, Unconfirmed, Option<Box<Plan>>),
    /// The keys of a job that would be taken again, once they are known, under the number of their plan.
    Retake(Seq, Box<Job>, Option<Box<Retake>>),
    /// A campaign, as it was when the dialog opened.
    Campaign(Box<CampaignStatus>),
}

/// A button of a dialog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Button {
    /// Changes nothing. Labelled `Cancel`.
    #[default]
    Keep,
    /// Does it.
    Do,
    /// Does the other thing that a dialog with three ways out offers.
    Other,
}

/// One line of text being typed at the bottom of the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// What the text is for.
    pub kind: PromptKind,
    /// What is typed so far.
    pub input: Line,
    /// What is wrong with it, when anything is.
    pub problem: Option<String>,
    /// What was there before; Esc brings it back.
    pub before: String,
}

/// What a prompt takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// A filter for the visible list; it works while it is typed.
    Filter,
    /// A command of the palette.
    Palette,
}

/// Something long to read.
#[derive(Clone, Debug, PartialEq)]
pub struct TextPage {
    /// Above the text.
    pub title: String,
    /// Clean lines; wrapped when drawn.
    pub lines: Vec<String>,
    /// Lines scrolled off at the top.
    pub scroll: usize,
    /// The request that will fill it, while it is under way.
    pub awaited: Option<Seq>,
}
