//! What happened: at the keyboard, on the clock, and in the world after an effect.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::api::StoredFile;
use crate::audio::Peaks;
use crate::failure::Failure;
use crate::job::{FileName, Job, JobName};
use crate::money::Catalog;
use crate::ops::{
    Advance, AutoSaved, CampaignStatus, CancelAnswer, Created, Glance, Listing, Loss, Plan, Progress, Retake, Saved,
    Spending, Transition, Unconfirmed,
};
pub use crate::ops::{TextHead, Texts};
use crate::results::PackedRows;
use crate::results::review::Review;
use crate::tui::keys::Chord;
use crate::tui::model::{Draft, JobsView, Paced, SavedFiles, Seq};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A key was pressed.
    Key(Chord),
    /// Text was pasted; it never reaches a key binding.
    Pasted(String),
    /// The terminal has a new size: columns, rows.
    Resized(u16, u16),
    /// It is that late now.
    Tick(Timestamp),
    /// A mouse button went down on a cell: column, row.
    Clicked(u16, u16),
    /// The wheel was turned; positive is down.
    Scrolled(i16),

    /// What the last session knew, from the state folder.
    Restored(Box<Restored>),
    /// What the ledger says now.
    Spent(Box<Spending>),
    /// One more page of a listing that is under way; only for the first one, so that a screen stands early.
    JobsPaged(Seq, Vec<Job>),
    /// A listing came to its end.
    JobsListed(Seq, Result<Box<Listed>, Failure>),
    /// One job was fetched, with the service's own JSON.
    JobFetched(Seq, JobName, Result<Box<(Job, String)>, Failure>),
    /// The service has no such job with this key.
    JobMissing(Seq, JobName),

    /// A dialog has been open long enough to be read.
    Unguarded(Seq),
    /// What the deletion of jobs would lose.
    LossKnown(Seq, Vec<(JobName, Loss)>),
    /// The service's answer to a cancel.
    CancelAnswered(JobName, Result<Box<CancelAnswer>, Failure>),
    /// The service's answer to a deletion.
    JobDeleted(JobName, Result<(), Failure>),
    /// A create whose answer was lost was given up, by its token, or could not be.
    GaveUp(String, Result<(), Failure>),
    /// A step of a campaign came to its end.
    CampaignAdvanced(Seq, Result<Box<Advance>, Failure>),
    /// A campaign was paused, resumed or cancelled, or could not be.
    CampaignChanged(Result<Box<CampaignStatus>, Failure>),

    /// More results of the job that is being opened.
    RowsArrived(Seq, PackedRows),
    /// More bytes of them.
    OpeningProgressed(Seq, Progress),
    /// What all of them together have shown, when that is anything.
    Reviewed(Seq, Box<Review>),
    /// They are complete, or will not come.
    Opened(Seq, Result<(), Failure>),
    /// The beginnings of the texts of a job that we made, by key.
    TextsLoaded(JobName, Texts),
    /// So many keys of a job were not sent, as their audio was on this disk.
    UnchangedKnown(JobName, u64),

    /// The files that earlier saves of a job have left.
    FilesKnown(JobName, SavedFiles),

    /// How far a save is.
    SaveProgressed(Seq, Progress),
    /// A result line was saved or could not be: line, file name in the folder, its SHA-256.
    RowSaved(Seq, u64, Option<(String, Option<String>)>),
    /// A save came to its end.
    SaveEnded(Seq, Result<Saved, Failure>),
    /// A save that nobody asked for came to its end.
    AutoSaved(Seq, Result<Box<AutoSaved>, Failure>),

    /// What the sources of a new job look like.
    Glanced(Seq, Box<Glance>),
    /// How far the check of a new job is, in bytes of its sources.
    PlanProgressed(Seq, Progress),
    /// The draft of a new job was checked.
    Planned(Seq, Result<Box<Plan>, Failure>),
    /// What of a job would be taken again.
    RetakePlanned(Seq, Result<Box<Retake>, Failure>),
    /// What would be sent in the place of a create whose answer was lost.
    ResendPlanned(Seq, Result<Box<Plan>, Failure>),
    /// How far the upload of a new job is, or the download for a retake.
    SubmitProgressed(Seq, Progress),
    /// A new job was submitted, or was not.
    Submitted(Seq, Result<Box<Created>, Failure>),
    /// What can be chosen from, after the service said what it offers.
    OfferCame(Arc<Catalog>),
    /// The entries of a folder, for the file picker: folders first.
    FolderListed(Seq, PathBuf, Result<Vec<FolderEntry>, Failure>),

    /// The stored files.
    FilesListed(Seq, Result<Vec<StoredFile>, Failure>),
    /// The service's answer to the deletion of a file.
    FileDeleted(FileName, Result<(), Failure>),
    /// The outline of the sound on a result line, if it has one.
    OutlineRead(Seq, u64, Result<Option<Peaks>, Failure>),
    /// One result line as the service sent it, audio cut short.
    RawLine(Seq, Result<String, Failure>),

    /// The service asks for a wait, or gives nothing more today.
    Paced(Paced),

    /// Something worth a notice came from the shell: a copied text, a player that is missing.
    Noticed(Result<String, Failure>),
}

/// What the state folder held at the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restored {
    /// The last known list.
    pub jobs: Vec<Job>,
    /// When it was fetched.
    pub listed_at: Option<Timestamp>,
    /// Every recorded transition.
    pub transitions: Vec<Transition>,
    /// Jobs that we asked to cancel, not yet confirmed.
    pub cancelling: Vec<JobName>,
    /// Creates whose answer was lost.
    pub unconfirmed: Vec<Unconfirmed>,
    /// Campaigns, oldest first.
    pub campaigns: Vec<CampaignStatus>,
    /// Folders into which jobs were saved whole.
    pub saved: BTreeMap<JobName, PathBuf>,
    /// Folders into which anything of a job was saved.
    pub folders: BTreeMap<JobName, PathBuf>,
    /// What jobs that were created here may cost, low and high in dollars.
    pub costs: BTreeMap<JobName, (f64, f64)>,
    /// The form as it was left.
    pub draft: Option<Draft>,
    /// Sort and filter as they were left.
    pub view: Option<JobsView>,
}

/// A complete listing and what it changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// All jobs.
    pub listing: Listing,
    /// What changed since the one before.
    pub transitions: Vec<Transition>,
    /// Jobs that we asked to cancel, not yet confirmed.
    pub cancelling: Vec<JobName>,
    /// Those among them that were asked for more than a minute ago.
    pub unanswered: Vec<JobName>,
    /// Creates whose answer was lost and that are not in the list.
    pub unconfirmed: Vec<Unconfirmed>,
    /// Campaigns, oldest first.
    pub campaigns: Vec<CampaignStatus>,
    /// Jobs that no save holds and that are to be saved by themselves; those whose results go first come first.
    pub to_save: Vec<JobName>,
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderEntry {
    /// Its name, cleaned; opened by [`FolderEntry::path`].
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Its size in bytes, for files.
    pub bytes: u64,
}
