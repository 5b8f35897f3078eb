//! The state folder: what this program must not forget.
//!
//! Journals that only grow, documents that are replaced as a whole, and one lock per mutating action. Several processes
//! may use one folder at once; none of them can corrupt it, whenever it is killed. Everything here blocks on the disk:
//! asynchronous callers come through a blocking task.

mod campaigns;
mod contents;
mod error;
mod files;
mod history;
mod intents;
mod journal;
mod known;
mod ledger;
mod lines;
mod lock;
mod offers;
mod requests;
mod sweep;
mod uploads;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::job::{Job, JobName, JobState, Transition};
use campaigns::Campaigns;
use files::Durability;
use history::{Saves, Seen, Timelines, Wish, Wishes};
use intents::{Intents, Record};
use journal::Journal;
use known::Listings;
use ledger::Ledger;

pub use campaigns::{Campaign, CampaignPart, Hold, TrackedCampaign, Waits};
pub use contents::{Clip, Contents};
pub use error::Error;
pub use files::{create_folder, sweep};
pub use history::{SavedTo, Wished};
pub use intents::{Intent, PartOf, RetakeOf, Tracked, Uploaded, Verdict};
pub use known::Known;
pub use ledger::Accounted;
pub use lines::JournalLines;
pub use lock::{Lock, Locking};
pub use uploads::UnderWay;

/// Seconds within which a wish for the same is the same wish.
const SAME_WISH: i64 = 5;

/// The largest document that is read back.
const LARGEST_DOCUMENT: u64 = 64 << 20;

/// The state folder of one user. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    locking: Locking,
    /// Journals that could not be read when the folder was opened.
    troubles: Vec<Error>,
    intents: Journal<Intents>,
    timelines: Journal<Timelines>,
    wishes: Journal<Wishes>,
    saves: Journal<Saves>,
    campaigns: Journal<Campaigns>,
    known: Listings,
    ledger: Journal<Ledger>,
}

/// Lines of a journal that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The journal.
    pub path: PathBuf,
    /// How many lines.
    pub lines: u64,
    /// The first of them, counted from 1.
    pub first: u64,
}

/// Somebody who does something to the state folder at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name of the lock: `dashboard`, or the id of an action.
    pub lock: String,
    /// Who it is, as they wrote themselves down.
    pub who: String,
}

impl Store {
    /// Opens the state folder, creating it for its owner alone, and reads its journals.
    ///
    /// A journal that cannot be read keeps nobody from opening the folder: [`Store::troubles`] tells of it, and whatever
    /// needs it fails.
    pub fn open(folder: &Path) -> Result<Store, Error> {
        Store::open_with(folder, Locking::Needed)
    }

    /// The same, for a person who may know better about locks.
    pub fn open_with(folder: &Path, locking: Locking) -> Result<Store, Error> {
        files::create_folder(folder)?;
        files::refuse_unless_private(folder, &std::fs::metadata(folder).map_err(Error::read(folder))?)?;
        for name in ["locks", "prepared", "requests", "uploads", "campaigns", "documents"] {
            files::create_folder(&folder.join(name))?;
        }
        let mut troubles = Vec::new();
        Ok(Store(Arc::new(Inner {
            folder: folder.to_owned(),
            locking,
            intents: Journal::open(folder, locking, &mut troubles),
            timelines: Journal::open(folder, locking, &mut troubles),
            wishes: Journal::open(folder, locking, &mut troubles),
            saves: Journal::open(folder, locking, &mut troubles),
            campaigns: Journal::open(folder, locking, &mut troubles),
            known: Listings::open(folder.join("documents")),
            ledger: Journal::open(folder, locking, &mut troubles),
            troubles,
        })))
    }

    /// Takes the lock of the one dashboard that may change things, in a folder that need not be there yet.
    /// `about_us` tells others who has it, beyond process and machine.
    pub fn lock_dashboard(folder: &Path, about_us: &str) -> Result<Lock, Error> {
        files::create_folder(folder)?;
        lock::take(dashboard_path(folder), "the dashboard", about_us, Locking::Needed)
    }

    /// Who holds locks at this moment: the dashboard first, then actions by name.
    pub fn holders(&self) -> Vec<Holder> {
        let dashboard = lock::holder_of(&dashboard_path(&self.0.folder));
        let dashboard = dashboard.map(|who| Holder { lock: "dashboard".to_owned(), who });
        let holder = |path: PathBuf| {
            let lock = path.file_stem()?.to_str().map(crate::text::clean)?;
            Some(Holder { lock, who: lock::holder_of(&path)? })
        };
        let mut actions: Vec<Holder> = files::paths_in(&self.0.folder.join("locks")).filter_map(holder).collect();
        actions.sort_by(|a, b| a.lock.cmp(&b.lock));
        dashboard.into_iter().chain(actions).collect()
    }

    /// Journals that could not be read when the folder was opened: nothing that depends on them is right.
    pub fn troubles(&self) -> &[Error] {
        &self.0.troubles
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Lines of journals that could not be read and were passed over. They stay in their files.
    pub fn damage(&self) -> Vec<Damage> {
        let inner = &*self.0;
        let all = [
            inner.intents.damage(),
            inner.timelines.damage(),
            inner.wishes.damage(),
            inner.saves.damage(),
            inner.ledger.damage(),
            inner.campaigns.damage(),
        ];
        all.into_iter().flatten().collect()
    }

    /// Takes the lock of an action at once, or fails with [`Error::Held`]. `id` becomes part of a file name and must be
    /// made of letters, digits, `-` and `_`; `subject` is for people.
    pub fn lock(&self, id: &str, subject: &str) -> Result<Lock, Error> {
        lock::take(self.lock_path(id), subject, "", self.0.locking)
    }

    /// Whether anybody, in this process or another, holds the lock of an action.
    pub fn is_locked(&self, id: &str) -> bool {
        lock::is_held(&self.lock_path(id))
    }

    fn lock_path(&self, id: &str) -> PathBuf {
        self.0.folder.join("locks").join(format!("{id}.lock"))
    }

    /// All creates of the past, oldest first.
    pub fn intents(&self) -> Result<Vec<Tracked>, Error> {
        self.0.intents.look(|intents| intents.all().to_vec())
    }

    /// One create of the past.
    pub fn intent(&self, token: &str) -> Result<Option<Tracked>, Error> {
        self.0.intents.look(|intents| intents.get(token).cloned())
    }

    /// Writes an intent and waits until it is on the disk. From here on the create counts as sent.
    /// When this fails, nothing may be sent.
    pub fn intend(&self, intent: &Intent) -> Result<(), Error> {
        self.0.intents.append(|_| vec![Record::Intent(intent.clone())])
    }

    /// Writes what became of an intent. A job that is known is never forgotten again, and what was given up stays so
    /// unless its job turns up.
    pub fn settle(&self, token: &str, verdict: &Verdict) -> Result<(), Error> {
        self.0.intents.append(|intents| {
            let had_jobs = intents.get(token).is_some_and(|tracked| !tracked.jobs().is_empty());
            let brings_jobs = match verdict {
                Verdict::Confirmed { .. } | Verdict::Adopted { .. } | Verdict::Duplicate { .. } => true,
                Verdict::NotSent | Verdict::Rejected { .. } | Verdict::Unknown { .. } | Verdict::GivenUp => false,
            };
            let is_news = intents.get(token).is_some_and(|tracked| tracked.verdict.as_ref() != Some(verdict));
            if !is_news || (had_jobs && !brings_jobs) {
                return Vec::new();
            }
            vec![Record::Verdict { token: token.to_owned(), verdict: verdict.clone() }]
        })
    }

    /// The latest upload of this content.
    pub fn upload_of(&self, sha256: &str) -> Result<Option<Uploaded>, Error> {
        self.0.intents.look(|intents| intents.uploads.get(sha256).cloned())
    }

    /// Remembers an upload.
    pub fn uploaded(&self, uploaded: &Uploaded) -> Result<(), Error> {
        self.0.intents.append(|_| vec![Record::Uploaded(uploaded.clone())])
    }

    /// Compares what is known of jobs at an origin with what `decide` sees, and records the transitions that it finds.
    pub fn record_transitions(
        &self,
        origin: &str,
        decide: impl FnOnce(&dyn Fn(&JobName) -> Option<JobState>) -> Vec<Transition>,
    ) -> Result<Vec<Transition>, Error> {
        let mut found = Vec::new();
        self.0.timelines.append(|timelines| {
            found = decide(&|job| timelines.last(origin, job).cloned());
            found.iter().map(|transition| Seen::of(origin, transition)).collect()
        })?;
        Ok(found)
    }

    /// The recorded timeline of a job at an origin, oldest first.
    pub fn transitions_of(&self, origin: &str, job: &JobName) -> Result<Vec<Transition>, Error> {
        Ok(self.timelines_of(origin, [job])?.concat())
    }

    /// The recorded timelines of several jobs at an origin, in their order, from one look at the journal.
    pub fn timelines_of<'a>(
        &self,
        origin: &str,
        jobs: impl IntoIterator<Item = &'a JobName>,
    ) -> Result<Vec<Vec<Transition>>, Error> {
        self.0.timelines.look(|timelines| jobs.into_iter().map(|job| timelines.of(origin, job).to_vec()).collect())
    }

    /// The state that a job at an origin was last seen in.
    pub fn last_state(&self, origin: &str, job: &JobName) -> Result<Option<JobState>, Error> {
        self.0.timelines.look(|timelines| timelines.last(origin, job).cloned())
    }

    /// Remembers that cancels are asked for. What is remembered for a few seconds already is not written again.
    pub fn wish_cancelled(&self, wished: &[Wished]) -> Result<(), Error> {
        self.0.wishes.append(|wishes| {
            let is_fresh = |wished: &&Wished| {
                let known = wishes.open.get(&(wished.origin.clone(), wished.job.clone()));
                known.is_none_or(|known| {
                    known.key_fingerprint != wished.key_fingerprint
                        || wished.at.duration_since(known.at).as_secs().abs() >= SAME_WISH
                })
            };
            wished.iter().filter(is_fresh).map(Wish::from).collect()
        })
    }

    /// The wishes for these jobs at an origin are over: fulfilled, or without object.
    pub fn end_wishes(&self, origin: &str, jobs: &[JobName]) -> Result<(), Error> {
        let is_open = |wishes: &Wishes, job: &JobName| wishes.open.contains_key(&(origin.to_owned(), job.clone()));
        if self.0.wishes.look(|wishes| !jobs.iter().any(|job| is_open(wishes, job)))? {
            return Ok(());
        }
        self.0.wishes.append(|wishes| {
            let open = jobs.iter().filter(|job| is_open(wishes, job));
            open.map(|job| Wish::Over { job: job.as_str().to_owned(), origin: Some(origin.to_owned()) }).collect()
        })
    }

    /// Cancels that were asked for and are not over.
    pub fn wishes(&self) -> Result<Vec<Wished>, Error> {
        self.0.wishes.look(|wishes| wishes.open.values().cloned().collect())
    }

    /// Remembers a folder that results were saved to.
    pub fn saved(&self, saved: &SavedTo) -> Result<(), Error> {
        self.0.saves.append(|_| vec![saved.clone()])
    }

    /// The folders that results of a job at an origin were saved to, latest last.
    pub fn saves_of(&self, origin: &str, job: &JobName) -> Result<Vec<SavedTo>, Error> {
        Ok(self.saves_of_all(origin, [job])?.concat())
    }

    /// The same of several jobs, in their order, from one look at the journal.
    pub fn saves_of_all<'a>(
        &self,
        origin: &str,
        jobs: impl IntoIterator<Item = &'a JobName>,
    ) -> Result<Vec<Vec<SavedTo>>, Error> {
        self.0.saves.look(|saves| jobs.into_iter().map(|job| saves.of(origin, job).to_vec()).collect())
    }

    /// The origins whose job of that name was saved to that folder.
    pub fn origins_saved_to(&self, job: &JobName, folder: &Path) -> Result<Vec<String>, Error> {
        self.0.saves.look(|saves| saves.origins_of(job, folder))
    }

    /// The jobs of the last listing of this profile at this origin.
    pub fn known_jobs(&self, profile: &str, origin: &str) -> Result<Known, Error> {
        self.0.known.load(profile, origin)
    }

    /// Remembers the jobs of a listing; does nothing when they are what is remembered already, unless minutes have passed.
    pub fn remember_jobs(&self, profile: &str, origin: &str, jobs: &[Job], at: Timestamp) -> Result<(), Error> {
        self.0.known.keep(profile, origin, jobs, at)
    }

    /// Takes jobs that are gone off what is remembered of a listing. A listing that was not complete replaces nothing, and
    /// without this the next one would look for the same jobs again.
    pub fn forget_jobs(&self, profile: &str, origin: &str, gone: &[JobName]) -> Result<(), Error> {
        if gone.is_empty() {
            return Ok(());
        }
        self.0.known.forget(profile, origin, gone)
    }

    /// The jobs of the last listing that were not over then.
    pub fn live_jobs(&self, profile: &str, origin: &str) -> Result<Vec<JobName>, Error> {
        self.0.known.live(profile, origin)
    }

    /// A small document that a front end keeps: `draft`, `view-PROFILE`. Only letters, digits, `-` and `_` of its name
    /// count. `None` when there is none, or when it is not JSON any more.
    pub fn document(&self, name: &str) -> Result<Option<Value>, Error> {
        let bytes = files::read(&self.document_path(name), LARGEST_DOCUMENT)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Replaces a small document.
    pub fn keep_document(&self, name: &str, document: &Value) -> Result<(), Error> {
        let bytes = serde_json::to_vec(document).expect("a JSON value can be written");
        files::replace(&self.document_path(name), &bytes, Durability::Synced)
    }

    fn document_path(&self, name: &str) -> PathBuf {
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        self.0.folder.join("documents").join(format!("{}.json", name.chars().map(safe).collect::<String>()))
    }

    /// A short name for a secret that differs from installation to installation and does not lead back to it.
    pub fn fingerprint(&self, secret: &str) -> Result<String, Error> {
        let salt = self.salt()?;
        Ok(hex(&sha256(&[&salt, secret.as_bytes()].concat())[..4]))
    }

    fn salt(&self) -> Result<Vec<u8>, Error> {
        let path = self.0.folder.join("salt");
        let find = || Ok::<_, Error>(files::read(&path, 64)?.filter(|salt| salt.len() == 32));
        if let Some(salt) = find()? {
            return Ok(salt);
        }
        // Of several first starts at once one makes the salt and the others wait for it: with two salts, one of them
        // would not know its own records again.
        let lock_path = self.lock_path("salt");
        let lock = files::private().create(true).append(true).open(&lock_path).map_err(Error::write(&lock_path))?;
        lock.lock().or_else(|error| lock::spared(&lock_path, error, self.0.locking))?;
        if let Some(salt) = find()? {
            return Ok(salt);
        }
        let salt = random::<32>()?;
        files::replace(&path, &salt, Durability::Synced)?;
        Ok(salt.to_vec())
    }
}

fn dashboard_path(folder: &Path) -> PathBuf {
    folder.join("dashboard.lock")
}

/// Random bytes from the system.
pub fn random<const N: usize>() -> Result<[u8; N], Error> {
    use ring::rand::SecureRandom;
    let mut bytes = [0; N];
    ring::rand::SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(bytes)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
