//! What several jobs share: places for downloads, one rate for all of them, room on the disk, names of folders.
//!
//! A session and its clones have one budget, so that whatever is saved, opened or kept at the same time counts together.
//! Another process has its own; the disk itself shows what that one has written.

mod disk;
mod largest;
mod metered;
mod rate;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::api::{self, Download, Reader};
use crate::clock::Stopwatch;
use crate::config::Transfer;
use crate::failure::{Exit, Failure};
use crate::job::JobName;
use crate::text;

pub use disk::Disk;

/// The bytes that are free where a folder lies, or will lie once it is made. `None` where the system does not tell.
pub fn free_bytes(folder: &std::path::Path) -> Option<u64> {
    disk::look(folder).map(|disk| disk.free)
}
use disk::Ledger;
pub(super) use disk::audio_in;
use metered::Metered;
use rate::{Flow, Rate, Turn};

/// How the disks of this machine are looked at.
type Look = Box<dyn Fn(&Path) -> Option<Disk> + Send + Sync>;

/// What several jobs share. Cheap to clone; all clones are one budget.
#[derive(Clone)]
pub struct Budget(Arc<Inner>);

struct Inner {
    downloads: usize,
    largest: Option<u64>,
    slots: Arc<Semaphore>,
    meter: Option<Arc<Meter>>,
    ledger: Mutex<Ledger>,
    look: Look,
    folders: Mutex<HashMap<PathBuf, JobName>>,
    /// Who writes into a folder now; those that nobody waits for any more are swept out by the next one.
    writers: Mutex<HashMap<PathBuf, Weak<tokio::sync::Mutex<()>>>>,
}

impl Default for Budget {
    fn default() -> Self {
        Budget::new(&Transfer::default())
    }
}

impl std::fmt::Debug for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget").field("downloads", &self.0.downloads).finish_non_exhaustive()
    }
}

impl Budget {
    /// The budget that the configuration allows, on the disks of this machine.
    pub fn new(transfer: &Transfer) -> Self {
        Self::on_disks(transfer, disk::look)
    }

    /// The same on disks that somebody else looks at, so that a full one is a test and no accident.
    pub fn on_disks(transfer: &Transfer, look: impl Fn(&Path) -> Option<Disk> + Send + Sync + 'static) -> Self {
        Budget(Arc::new(Inner {
            downloads: transfer.downloads.max(1),
            largest: transfer.max_result,
            slots: Arc::new(Semaphore::new(transfer.downloads.max(1))),
            meter: transfer.max_rate.map(|per_second| Arc::new(Meter::new(per_second))),
            ledger: Mutex::default(),
            look: Box::new(look),
            folders: Mutex::default(),
            writers: Mutex::default(),
        }))
    }

    /// How many downloads run at once.
    pub fn downloads(&self) -> usize {
        self.0.downloads
    }

    /// A reader whose downloads keep to the rate. Without a rate it is the same reader, and costs nothing.
    pub(super) fn metered(&self, reader: Arc<dyn Reader>) -> Arc<dyn Reader> {
        match &self.0.meter {
            Some(meter) => Arc::new(Metered::new(reader, Arc::clone(meter))),
            None => reader,
        }
    }

    /// A place for one download, in the order in which they are asked for. `on_wait` gets `true` when it has to wait
    /// for another download to end, and `false` when that is over.
    pub(super) async fn slot(&self, on_wait: &(dyn Fn(bool) + Send + Sync)) -> Slot {
        if let Ok(permit) = Arc::clone(&self.0.slots).try_acquire_owned() {
            return Slot { _permit: permit };
        }
        on_wait(true);
        let permit = Arc::clone(&self.0.slots).acquire_owned().await;
        on_wait(false);
        Slot { _permit: permit.expect("nobody closes the places") }
    }

    /// The download, which ends with an error before it becomes larger than the results of one job may be; of so many
    /// requests, where that is known.
    pub(super) fn within(&self, download: Download, n_requests: Option<u64>) -> Result<Download, api::Error> {
        let most = self.0.largest.unwrap_or_else(|| largest::of_a_job(download.total, n_requests));
        largest::within(download, most)
    }

    /// Room for that many bytes in a folder, until the promise is dropped. When there is none, tells how much there is.
    /// A disk that does not tell what is free has room for everything.
    pub(super) fn reserve(&self, folder: &Path, bytes: u64) -> Result<Reservation, NoRoom> {
        let Some(disk) = (self.0.look)(folder) else {
            return Ok(Reservation { budget: self.clone(), number: None, bytes });
        };
        match self.ledger().promise(disk, bytes) {
            Ok(number) => Ok(Reservation { budget: self.clone(), number: Some(number), bytes }),
            Err(have) => Err(NoRoom { folder: folder.to_owned(), need: Need::Reckoned(bytes), have: Some(have) }),
        }
    }

    /// What is told when a disk turned out to be full on the way.
    pub(super) fn ran_out(&self, folder: &Path, need: Need) -> NoRoom {
        NoRoom { folder: folder.to_owned(), need, have: (self.0.look)(folder).map(|disk| disk.free) }
    }

    /// Whether what is removed from one folder makes room in the other.
    pub(super) fn is_one_disk(&self, one: &Path, other: &Path) -> bool {
        let id = |folder| (self.0.look)(folder).map(|disk: Disk| disk.id);
        id(one).is_some_and(|one| id(other) == Some(one))
    }

    /// Whether a folder is this job's: the first one that asks for it gets it, as long as the process runs. Two jobs of
    /// one title that are saved at the same time would both find it empty on the disk.
    pub(super) fn claims(&self, folder: &Path, job: &JobName) -> bool {
        let mut folders = self.0.folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.entry(folder.to_owned()).or_insert_with(|| job.clone()) == job
    }

    /// A turn at writing into a folder, by its whole path, in the order in which they are asked for: a retake goes to the
    /// folder of its original, and both may be saved at once. `on_wait` is told as in [`Budget::slot`].
    pub(super) async fn turn_at(&self, folder: PathBuf, on_wait: &(dyn Fn(bool) + Send + Sync)) -> FolderTurn {
        let turns = {
            let mut writers = self.0.writers.lock().unwrap_or_else(PoisonError::into_inner);
            writers.retain(|_, turns| turns.strong_count() > 0);
            let turns = writers.get(&folder).and_then(Weak::upgrade).unwrap_or_default();
            writers.insert(folder, Arc::downgrade(&turns));
            turns
        };
        if let Ok(turn) = Arc::clone(&turns).try_lock_owned() {
            return FolderTurn { _turn: turn };
        }
        on_wait(true);
        let turn = turns.lock_owned().await;
        on_wait(false);
        FolderTurn { _turn: turn }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place for one download; free again when it is dropped.
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
}

impl Slot {
    /// The download, with its place: free again when its last byte was read, or when it is dropped.
    pub(super) fn with(self, download: Download) -> Download {
        let both = (download.body, self);
        let next = |(mut body, slot): (BoxStream<'static, _>, Slot)| async move {
            let piece = body.next().await?;
            Some((piece, (body, slot)))
        };
        Download { body: stream::unfold(both, next).boxed(), ..download }
    }
}

/// A turn at writing into a folder; the next one's when it is dropped.
pub(super) struct FolderTurn {
    _turn: tokio::sync::OwnedMutexGuard<()>,
}

/// Room on a disk that was promised; free again when it is dropped.
#[must_use]
pub(super) struct Reservation {
    budget: Budget,
    number: Option<u64>,
    bytes: u64,
}

impl Reservation {
    /// So much of the work is done, of so much: what it has written is seen on the disk itself.
    pub(super) fn done(&self, part: u64, of: u64) {
        let Some(number) = self.number else { return };
        let left = u128::from(self.bytes) * u128::from(of.saturating_sub(part)) / u128::from(of.max(1));
        self.budget.ledger().left(number, u64::try_from(left).unwrap_or(u64::MAX));
    }

    /// So much is still to be written, as far as it can be reckoned.
    pub(super) fn left(&self) -> u64 {
        self.number.and_then(|number| self.budget.ledger().of(number)).unwrap_or(self.bytes)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.budget.ledger().end(number);
        }
    }
}

/// There is no room on a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoRoom {
    folder: PathBuf,
    need: Need,
    /// `None` where the system does not tell.
    have: Option<u64>,
}

/// How many bytes are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// For all that is still to be written.
    Reckoned(u64),
    /// For what was at hand; nobody knows what else there is.
    AtLeast(u64),
}

impl NoRoom {
    /// The refusal of what was to be done.
    pub(super) fn failure(&self, what: &str) -> Failure {
        let (least, need) = match self.need {
            Need::Reckoned(need) => ("", need),
            Need::AtLeast(need) => ("at least ", need),
        };
        let folder = self.folder.display();
        let need = format!("no room {what}: need {least}{}", text::bytes(need));
        let message = match self.have {
            Some(have) => format!("{need}, have {} in {folder}", text::bytes(have)),
            None => format!("{need} in {folder}"),
        };
        Failure::with_exit(Exit::Disk, message)
    }
}

/// The rate, and the way to wait for it.
struct Meter {
    rate: Mutex<Rate>,
    /// Told whenever somebody passed or left: whoever is first now was not before.
    moved: Notify,
    since: Stopwatch,
}

impl Meter {
    fn new(per_second: u64) -> Self {
        Meter { rate: Mutex::new(Rate::new(per_second)), moved: Notify::new(), since: Stopwatch::start() }
    }

    fn rate(&self) -> MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until so many bytes may pass. What is asked for and not waited for any more holds nobody up.
    async fn pass(&self, flow: Flow, bytes: u64) {
        self.rate().ask(flow, bytes);
        let _asked = Asked { meter: self, flow };
        loop {
            // Made before the look, so that nothing that happens after it is missed.
            let moved = self.moved.notified();
            let now = self.since.elapsed();
            let turn = self.rate().turn(flow, now);
            match turn {
                Turn::Now => return,
                Turn::Behind => moved.await,
                Turn::At(at) => {
                    tokio::select! {
                        () = moved => {}
                        () = tokio::time::sleep(at.saturating_sub(now)) => {}
                    }
                }
            }
        }
    }

    fn leave(&self, flow: Flow) {
        self.rate().leave(flow);
        self.moved.notify_waiters();
    }
}

struct Asked<'a> {
    meter: &'a Meter,
    flow: Flow,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.meter.rate().withdraw(self.flow);
        self.meter.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(free: u64) -> Budget {
        Budget::on_disks(&Transfer { downloads: 1, ..Transfer::default() }, move |_| Some(Disk { id: 1, free }))
    }

    #[test]
    fn a_reservation_is_told_with_what_it_needs_and_ends_with_its_holder() {
        let budget = budget(1_000_000);
        let first = budget.reserve(Path::new("/a"), 600_000).unwrap();
        let refused = budget.reserve(Path::new("/b"), 500_000).err().unwrap().failure("to save ch01");
        assert_eq!(refused.message, "no room to save ch01: need 500 kB, have 400 kB in /b");
        assert_eq!(refused.exit, Exit::Disk);
        first.done(1, 2);
        assert_eq!(first.left(), 300_000);
        let second = budget.reserve(Path::new("/b"), 700_000).unwrap();
        drop((first, second));
        assert!(budget.reserve(Path::new("/b"), 1_000_000).is_ok());
    }

    #[test]
    fn a_disk_that_runs_out_on_the_way_is_told_in_the_same_words() {
        let table = [
            (Need::Reckoned(2_500_000), "no room to save ch01: need 2.5 MB, have 400 kB in /b"),
            (Need::AtLeast(960_000), "no room to save ch01: need at least 960 kB, have 400 kB in /b"),
        ];
        for (need, expected) in table {
            assert_eq!(budget(400_000).ran_out(Path::new("/b"), need).failure("to save ch01").message, expected);
        }
        let silent = Budget::on_disks(&Transfer::default(), |_| None);
        let told = silent.ran_out(Path::new("/b"), Need::AtLeast(44)).failure("to save ch01");
        assert_eq!((told.message.as_str(), told.exit), ("no room to save ch01: need at least 44 B in /b", Exit::Disk));
        assert!(!silent.is_one_disk(Path::new("/a"), Path::new("/b")));
        assert!(budget(1).is_one_disk(Path::new("/a"), Path::new("/b")));
    }

    #[test]
    fn a_disk_that_does_not_tell_has_room() {
        let budget = Budget::on_disks(&Transfer::default(), |_| None);
        budget.reserve(Path::new("/a"), u64::MAX).unwrap().done(1, 2);
    }

    #[tokio::test]
    async fn a_place_is_given_back_with_the_last_byte_and_waiting_is_told() {
        use futures_util::FutureExt;
        let budget = budget(0);
        let told = Mutex::new(Vec::new());
        let on_wait = |is_waiting| told.lock().unwrap().push(is_waiting);
        let piece = || Ok(bytes::Bytes::from_static(b"x"));
        let body = stream::iter([piece()]).boxed();
        let mut held = budget.slot(&on_wait).await.with(Download { from: 0, total: None, body });
        assert_eq!(*told.lock().unwrap(), [] as [bool; 0]);
        let mut second = Box::pin(budget.slot(&on_wait));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(held.body.next().await.is_some());
        assert!(second.as_mut().now_or_never().is_none());
        assert!(held.body.next().await.is_none());
        let second = second.await;
        assert_eq!(*told.lock().unwrap(), [true, false]);
        drop(second);
        drop(budget.slot(&on_wait).now_or_never().expect("it is free again"));
    }

    #[tokio::test]
    async fn a_folder_belongs_to_the_job_that_was_first() {
        let budget = budget(0);
        let job = |id: &str| JobName::parse(&format!("batches/{id}")).unwrap();
        assert!(budget.claims(Path::new("ch01"), &job("a")));
        assert!(!budget.claims(Path::new("ch01"), &job("b")));
        assert!(budget.clone().claims(Path::new("ch01"), &job("a")));
    }

    #[tokio::test]
    async fn of_two_that_wait_for_the_rate_one_that_gives_up_holds_nobody_up() {
        use futures_util::FutureExt;
        let meter = Arc::new(Meter::new(1_000));
        let one = meter.rate().join();
        let two = meter.rate().join();
        // Paid for a hundred seconds: whoever asks now waits.
        meter.pass(one, 100_000).await;
        let mut first = Box::pin(meter.pass(two, 1));
        assert!(first.as_mut().now_or_never().is_none());
        drop(first);
        meter.rate().ask(one, 1);
        assert!(matches!(meter.rate().turn(one, meter.since.elapsed()), Turn::At(_)), "nobody is before it");
    }
}
