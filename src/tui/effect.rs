//! What is to be done: orders of the pure core to the shell, as plain data.

use std::path::PathBuf;
use std::sync::Arc;

use crate::api::StoredFile;
use crate::job::{Job, JobName};
use crate::money::Catalog;
use crate::ops::{Loss, Order, RetakeOrder};
use crate::tui::model::{Draft, JobsView, Seq};

/// An order to the shell. Each answers with an event, but for those that only change the terminal or the disk.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Walk the whole list: `JobsPaged`, then `JobsListed`.
    ListJobs(Seq),
    /// Fetch one job: `JobFetched`.
    FetchJob(Seq, JobName),
    /// Wait a moment, so that a dialog can be read before it is answered: `Unguarded`.
    Guard(Seq),
    /// Find out what a deletion would lose: `LossKnown`.
    CheckLoss(Seq, Vec<Job>),
    /// Write down that a job is to be stopped, and ask for it: `CancelAnswered`.
    CancelJob(JobName),
    /// Delete a job as it was when somebody agreed, to that loss: `JobDeleted`.
    DeleteJob(Box<Job>, Loss),
    /// Give a create up whose answer was lost, by its token: `GaveUp`.
    GiveUp(String),
    /// Take the next step of a campaign, by its id: `SubmitProgressed`, `CampaignAdvanced`.
    AdvanceCampaign(Seq, String),
    /// Submit no more parts of a campaign for now: `CampaignChanged`.
    PauseCampaign(String),
    /// Go on with it: `CampaignChanged`.
    ResumeCampaign(String),
    /// Submit no more parts, and cancel its live jobs: `CampaignChanged`.
    CancelCampaign(String),

    /// Fetch, keep and read the results of a job: `RowsArrived`, `OpeningProgressed`, `Opened`, `TextsLoaded`.
    OpenJob(Seq, Box<Job>),
    /// Read which files of a job are in a folder: `FilesKnown`, if there are any.
    ReadSaved(JobName, PathBuf),
    /// Stop that; nobody looks any more.
    StopOpening(Seq),
    /// Decode and save results: `SaveProgressed`, `RowSaved`, `SaveEnded`.
    Save(Seq, Box<Job>, SaveWhat),
    /// Save all results of a job unless they are saved already: `SaveProgressed`, `RowSaved`, `AutoSaved`.
    AutoSave(Seq, Box<Job>),
    /// Read the outline of the sound on one result line: `OutlineRead`. One at a time is under way.
    ReadOutline(Seq, Box<Job>, u64),
    /// Read one result line from the kept copy: `RawLine`.
    ReadRawLine(Seq, Box<Job>, u64),

    /// Check a draft: `Glanced` if its sources are there, `PlanProgressed`, then `Planned`.
    Plan(Seq, Order),
    /// Find out what of a job is to be taken again, and prepare it: `SubmitProgressed`, `RetakePlanned`.
    PlanRetake(Seq, Box<Job>, RetakeOrder),
    /// Prepare the requests of a create whose answer was lost, by its token, to be sent once more: `ResendPlanned`.
    PlanResend(Seq, String),
    /// A person has agreed that the plan of that number passes the caps that it names. Without this it is refused.
    AgreeToCap(Seq),
    /// Submit the plan that was made under that number, exactly once: `SubmitProgressed`, `Submitted`.
    Submit {
        /// Of this submission.
        seq: Seq,
        /// Of the plan.
        plan: Seq,
    },
    /// Stop that submission, as long as it is uploading: once a create may be on its way, nothing can take it back.
    StopSubmit(Seq),
    /// Drop what was prepared for the plans up to that number: nobody can submit them any more.
    DropPlan(Seq),
    /// Ask what the service offers, if that was not done for a day: `OfferCame`, if anything came.
    AskForOffer,
    /// Plan with this catalog from now on.
    UseCatalog(Arc<Catalog>),
    /// Read a folder for the file picker: `FolderListed`.
    ListFolder(Seq, PathBuf),

    /// List the stored files: `FilesListed`.
    ListFiles(Seq),
    /// Delete one as it was when somebody agreed: `FileDeleted`.
    DeleteFile(Box<StoredFile>),

    /// Put text into the clipboard of the terminal: `Noticed`.
    Copy(String),
    /// Play a saved file, or copy a line that fetches it: `Noticed`.
    Play(PathBuf),
    /// Switch mouse reporting.
    SetMouse(bool),
    /// Remember the form.
    KeepDraft(Draft),
    /// Remember sort and filter.
    KeepView(JobsView),
    /// Paint everything again.
    Repaint,
    /// Give the terminal back to the shell until we are continued.
    Suspend,
    /// Leave.
    Quit,
}

/// Which results to save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveWhat {
    /// All of them.
    All,
    /// Those on these lines.
    Lines(Vec<u64>),
}
