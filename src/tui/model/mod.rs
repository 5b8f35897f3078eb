//! Everything that the screen shows, as plain data. `update` changes it, `draw` reads it.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::clock::since;
use crate::failure::Failure;
use crate::tui::keys::Context;

mod auto_saves;
mod choices;
mod columns;
mod cursor;
mod dialog;
mod files;
mod form;
mod haystack;
mod jobs;
mod line;
mod notices;
mod results;
mod saved;
mod saves;

pub use auto_saves::AutoSaves;
pub use choices::{Choice, choices_of, say_sample};
pub use columns::{FILE_COLUMNS, JOB_COLUMNS, KEY_COLUMNS};
pub use cursor::{Cursor, Sort};
pub use dialog::{Button, Confirm, Guard, Overlay, Prompt, PromptKind, Target, TextPage, Verb};
pub use files::FilesScreen;
pub use form::{
    Checking, Draft, Field, Form, Kind, Mistake, Picker, PlanState, PreviewRow, ReadingDraft, SpeakerDraft,
    SubmitState, Submitting, preview_rows,
};
pub use haystack::Haystack;
pub use jobs::{Brake, Braking, Entry, EntryId, Jobs, JobsView, Samples, Tracked};
pub use line::Line;
pub use notices::{Level, Notice, Notices};
pub use results::{JobScreen, KeyScreen, Opening, Outlines, Pane, Tally};
pub use saved::{SavedFile, SavedFiles};
pub use saves::{Save, Saves};

/// The number of a request; an answer with a number that nobody waits for is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seq(pub u64);

/// The state of the dashboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The latest tick.
    pub now: Timestamp,
    /// Of the terminal.
    pub size: Size,
    /// What does not change while the program runs.
    pub setting: Setting,
    /// How it stands with the service.
    pub link: Link,
    /// The list of jobs: always there, whatever screen lies above it.
    pub jobs: Jobs,
    /// The screens above the list of jobs, the visible one last. Empty: the list itself is visible.
    pub screens: Vec<Screen>,
    /// Dialogs and prompts above the visible screen, the topmost last.
    pub overlays: Vec<Overlay>,
    /// What was said.
    pub notices: Notices,
    /// Saves and submissions that are under way.
    pub work: Vec<Work>,
    /// What each save that is under way saves, and saves that wait for one of the same job.
    pub saves: Saves,
    /// What is saved although nobody asked.
    pub auto_saves: AutoSaves,
    /// The submission that is under way: one at a time.
    pub submitting: Option<Submitting>,
    /// The form as it was left.
    pub draft: Draft,
    /// When it was asked what the service offers.
    pub offer_asked: Option<Timestamp>,
    /// Whether the terminal reports the mouse.
    pub mouse: bool,
    /// Whether the focused pane has all the room.
    pub zoomed: bool,
    /// Ctrl-c was pressed once.
    pub interrupted: bool,
    /// The last number given to a request.
    pub last_seq: Seq,
    /// In which times are shown; UTC until the shell says otherwise.
    pub zone: TimeZone,
}

/// Columns and rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// What was set at the start. Later only the pace of polling changes, by a command, and the catalog, by what the service
/// offers.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The profile's name.
    pub profile: String,
    /// The last characters of the key, or nothing.
    pub key_tail: String,
    /// The host that gets the requests.
    pub host: String,
    /// Whether that is Google's own.
    pub is_google: bool,
    /// Nothing can be changed.
    pub read_only: bool,
    /// Why, when it was no wish of the person: another dashboard is open, a journal is damaged. Said at the start.
    pub kept_back: Option<Failure>,
    /// Runs on the embedded service.
    pub demo: bool,
    /// Seconds between two listings, when the person set them.
    pub refresh: Option<u64>,
    /// The line to the terminal is thin: fewer frames, and fewer listings.
    pub low_bandwidth: bool,
    /// Where files are saved: the working directory.
    pub folder: std::path::PathBuf,
    /// By what results are thought good or bad.
    pub limits: crate::audio::Limits,
    /// Models, voices and languages to choose from.
    pub catalog: std::sync::Arc<crate::money::Catalog>,
}

/// How it stands with the service.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Whether a listing is under way.
    pub listing: Listing,
    /// When the list on the screen was complete; `None` before the first one.
    pub listed_at: Option<Timestamp>,
    /// The moment that the screen counts ages from. It stays behind `listed_at` for a while as long as every listing shows
    /// the same jobs, all of them over: then nothing is written to the terminal at all.
    pub shown_at: Option<Timestamp>,
    /// The list on the screen is what the last session knew: no listing of this one has come yet.
    pub is_restored: bool,
    /// When the next listing is due; `None` while one is under way or polling is frozen.
    pub next_poll: Option<Timestamp>,
    /// Polling is stopped by the person.
    pub frozen: bool,
    /// Listings that failed in a row, and why the last one did.
    pub trouble: Option<Trouble>,
    /// Whether the last walk saw every page.
    pub complete: bool,
    /// How far the service's clock is ahead of ours, in seconds.
    pub clock_ahead: i64,
    /// What the service asks of us at this moment, whichever call it was that it told so.
    pub paced: Option<Paced>,
}

/// A wait that the service asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paced {
    /// How long, from the moment at which it was asked for.
    pub asked: Duration,
    /// When it is over.
    pub until: Timestamp,
    /// It is the rest of a day whose quota is used up.
    pub is_daily: bool,
}

impl Paced {
    /// What is left of it; nothing when it is over, and when the clock was set back behind its beginning.
    pub fn left(&self, now: Timestamp) -> Option<Duration> {
        let left = since(now, self.until);
        (!left.is_zero() && left <= self.asked).then_some(left)
    }
}

/// Whether a listing is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// None is.
    Idle,
    /// This one is.
    InFlight(Seq),
}

/// Listings that failed in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// When the first of them did.
    pub since: Timestamp,
    /// How many.
    pub attempts: u32,
    /// Why the last one did.
    pub failure: Failure,
}

/// A screen above the list of jobs.
#[derive(Clone, Debug, PartialEq)]
pub enum Screen {
    /// One job: a row per key.
    Job(Box<JobScreen>),
    /// One key of the job below it.
    Key(KeyScreen),
    /// The form for a new job.
    Create(Box<Form>),
    /// The stored files.
    Files(FilesScreen),
    /// What was said so far; the number is the first line on the screen.
    Messages {
        /// Lines scrolled off at the top.
        scroll: usize,
    },
    /// The keys of the screen below it.
    Help {
        /// Lines scrolled off at the top.
        scroll: usize,
    },
}

/// Something under way that outlives the screen on which it began.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Its number.
    pub seq: Seq,
    /// What it is, for the footer: `saving ch06`.
    pub what: String,
    /// How far it is.
    pub progress: crate::ops::Progress,
    /// The job that it belongs to, when there is one.
    pub job: Option<crate::job::JobName>,
}

impl Model {
    /// An empty dashboard that has not asked for anything yet.
    pub fn new(setting: Setting, now: Timestamp, size: Size) -> Self {
        Model {
            now,
            size,
            setting,
            link: Link {
                listing: Listing::Idle,
                listed_at: None,
                shown_at: None,
                is_restored: false,
                next_poll: Some(now),
                frozen: false,
                trouble: None,
                complete: true,
                clock_ahead: 0,
                paced: None,
            },
            jobs: Jobs::default(),
            screens: Vec::new(),
            overlays: Vec::new(),
            notices: Notices::default(),
            work: Vec::new(),
            saves: Saves::default(),
            auto_saves: AutoSaves::default(),
            submitting: None,
            draft: Draft::default(),
            offer_asked: None,
            mouse: false,
            zoomed: false,
            interrupted: false,
            last_seq: Seq::default(),
            zone: TimeZone::UTC,
        }
    }

    /// A number for the next request.
    pub fn next_seq(&mut self) -> Seq {
        self.last_seq = Seq(self.last_seq.0 + 1);
        self.last_seq
    }

    /// What the keys mean now: the topmost thing that takes input.
    pub fn context(&self) -> Context {
        match self.overlays.last() {
            Some(Overlay::Confirm(confirm)) if confirm.typed.is_some() => return Context::TypedDialog,
            Some(Overlay::Confirm(_)) => return Context::Dialog,
            Some(Overlay::Prompt(_)) => return Context::Line,
            Some(Overlay::Page(_)) => return Context::Text,
            None => {}
        }
        match self.screens.last() {
            None => Context::Jobs,
            Some(Screen::Job(_)) => Context::Job,
            Some(Screen::Key(_)) => Context::Key,
            Some(Screen::Files(_)) => Context::Files,
            Some(Screen::Messages { .. } | Screen::Help { .. }) => Context::Text,
            Some(Screen::Create(form)) if form.picker.is_some() => Context::Picker,
            Some(Screen::Create(form)) if form.chooser.is_some() => Context::Choice,
            Some(Screen::Create(form)) if form.editing.is_some() => Context::Line,
            Some(Screen::Create(_)) => Context::Create,
        }
    }

    /// [`Model::job_screen`], to change it.
    pub fn job_screen_mut(&mut self) -> Option<&mut JobScreen> {
        self.screens.iter_mut().rev().find_map(|screen| match screen {
            Screen::Job(job) => Some(&mut **job),
            Screen::Key(_) | Screen::Create(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. } => {
                None
            }
        })
    }

    /// The job screen on the stack, visible or below the screen of one of its keys.
    pub fn job_screen(&self) -> Option<&JobScreen> {
        self.screens.iter().rev().find_map(|screen| match screen {
            Screen::Job(job) => Some(&**job),
            Screen::Key(_) | Screen::Create(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. } => {
                None
            }
        })
    }
}
