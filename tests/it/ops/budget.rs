//! What jobs share: places for downloads, one rate, room on the disk.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::StreamExt;
use futures_util::{FutureExt, TryFutureExt};
use gemtts_tui::api::{Download, Error, Fetched, Model, Page, PageToken, Reader, StoredFile};
use gemtts_tui::clock::Stopwatch;
use gemtts_tui::config::Transfer;
use gemtts_tui::failure::Exit;
use gemtts_tui::job::{FileName, Job, JobName};
use gemtts_tui::ops::{self, Budget, Disk, KeyChoice, Loss, Opening, Progress, SaveFrom, SaveOrder, Saving};
use gemtts_tui::sim::Call;
use tokio::sync::watch;

use super::whole::{Bench, wavs};

/// Two jobs that are over.
const TWO: &str = "[[job]]\nname = \"one\"\nid = \"one\"\nage = \"1h\"\ntexts = [\"One.\", \"Two.\"]\n\
    [[job]]\nname = \"two\"\nid = \"two\"\nage = \"1h\"\ntexts = [\"One.\", \"Two.\"]\n";

async fn listed(bench: &Bench, id: &str) -> Job {
    let jobs = ops::list(&bench.session, &|_| ()).await.unwrap().jobs;
    jobs.into_iter().find(|job| job.name.id() == id).unwrap()
}

/// A disk of that much room for everything.
fn disk(free: Arc<AtomicU64>) -> Budget {
    let look = move |_: &Path| Some(Disk { id: 1, free: free.load(Ordering::Relaxed) });
    Budget::on_disks(&Transfer::default(), look)
}

fn with_budget(mut bench: Bench, budget: Budget) -> Bench {
    bench.session = bench.session.clone().with_budget(budget);
    bench
}

fn copies(bench: &Bench) -> usize {
    let files = std::fs::read_dir(bench.session.cache.join("results")).into_iter().flatten().flatten();
    files.filter(|file| file.metadata().unwrap().len() > 0).count()
}

#[tokio::test]
async fn a_save_without_room_is_refused_before_anything_is_fetched() {
    let free = Arc::new(AtomicU64::new(1_000));
    let bench = with_budget(Bench::new("").await, disk(Arc::clone(&free)));
    let job = bench.job(4).await;
    let failure = bench.save(&job, KeyChoice::All).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Disk);
    let words = format!("no room to save {}: need ", job.title());
    assert!(failure.message.starts_with(&words) && failure.message.contains("have 1 kB in "), "{failure}");
    assert!(failure.hint.as_deref().unwrap().contains("--out"), "{failure:?}");
    assert_eq!((wavs(&bench.out()).len(), copies(&bench)), (0, 0));
    free.store(u64::MAX, Ordering::Relaxed);
    assert_eq!(bench.save(&job, KeyChoice::All).await.unwrap().saved, 4);
    assert!(copies(&bench) > 0);
    // All of it is there, so that nothing more is needed.
    free.store(0, Ordering::Relaxed);
    assert_eq!(bench.save(&job, KeyChoice::All).await.unwrap().skipped, 4);
}

#[tokio::test]
async fn where_only_the_audio_fits_there_is_no_copy() {
    let free = Arc::new(AtomicU64::new(u64::MAX));
    let bench = with_budget(Bench::new("").await, disk(Arc::clone(&free)));
    let (first, job) = (bench.job(4).await, bench.job(5).await);
    // How large they are is learned from a job like it.
    bench.open(&first).await.1.unwrap();
    let copy = std::fs::metadata(bench.open(&first).await.1.unwrap().path).unwrap().len();
    let before = copies(&bench);
    free.store(copy, Ordering::Relaxed);
    let opened = bench.open(&job).await.1.unwrap_err();
    assert_eq!(opened.exit, Exit::Disk);
    free.store(copy / 4 * 6, Ordering::Relaxed);
    assert_eq!(bench.save(&job, KeyChoice::All).await.unwrap().saved, 5);
    assert_eq!((wavs(&bench.out()).len(), copies(&bench)), (5, before));
}

/// A service whose downloads stand still until they are let go, and which counts those that are under way.
struct Gate {
    inner: Arc<dyn Reader>,
    open: watch::Receiver<bool>,
    under_way: Arc<Mutex<(usize, usize)>>,
}

impl Gate {
    fn held(&self, download: Download) -> Download {
        let (open, under_way) = (self.open.clone(), Arc::clone(&self.under_way));
        {
            let mut count = under_way.lock().unwrap_or_else(PoisonError::into_inner);
            count.0 += 1;
            count.1 = count.1.max(count.0);
        }
        let leaving = Leaving(under_way);
        let body = download.body.then(move |piece| {
            let (mut open, _leaving) = (open.clone(), &leaving);
            async move {
                open.wait_for(|open| *open).await.unwrap();
                piece
            }
        });
        Download { body: body.boxed(), ..download }
    }
}

struct Leaving(Arc<Mutex<(usize, usize)>>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 -= 1;
    }
}

impl Reader for Gate {
    fn origin(&self) -> &str {
        self.inner.origin()
    }
    fn list_jobs<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Job>, Error>> {
        self.inner.list_jobs(page)
    }
    fn get_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<Fetched<Job>, Error>> {
        self.inner.get_job(name)
    }
    fn list_files<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<StoredFile>, Error>> {
        self.inner.list_files(page)
    }
    fn get_file<'a>(&'a self, name: &'a FileName) -> BoxFuture<'a, Result<StoredFile, Error>> {
        self.inner.get_file(name)
    }
    fn list_models<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Model>, Error>> {
        self.inner.list_models(page)
    }
    fn download<'a>(&'a self, file: &'a FileName, from: u64) -> BoxFuture<'a, Result<Download, Error>> {
        self.inner.download(file, from).map_ok(|download| self.held(download)).boxed()
    }
    fn download_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<Download, Error>> {
        self.inner.download_job(name).map_ok(|download| self.held(download)).boxed()
    }
}

#[tokio::test]
async fn a_save_beyond_the_bound_waits_says_so_and_then_goes_on() {
    let mut bench = Bench::new(TWO).await;
    let (let_go, open) = watch::channel(false);
    let under_way = Arc::default();
    let gate = Gate { inner: bench.session.service.reader.clone(), open, under_way: Arc::clone(&under_way) };
    bench.session.service.reader = Arc::new(gate);
    let bench = with_budget(bench, Budget::new(&Transfer { downloads: 1, ..Transfer::default() }));
    let (one, two) = (listed(&bench, "one").await, listed(&bench, "two").await);
    let told: Mutex<Vec<bool>> = Mutex::default();
    let events = |event: Saving| {
        if let Saving::Progress(progress) = event {
            told.lock().unwrap().push(progress.is_waiting);
            // The one that has its place goes on only now that the other one is known to wait.
            if progress.is_waiting {
                let_go.send(true).unwrap();
            }
        }
    };
    let order = |job: &Job| {
        let folder = bench.out().join(job.name.id());
        SaveOrder { from: SaveFrom::Job(job.clone()), folder, keys: KeyChoice::All }
    };
    let (first, second) = (order(&one), order(&two));
    let (first, second) =
        tokio::join!(ops::save(&bench.session, &first, &events), ops::save(&bench.session, &second, &events));
    assert_eq!((first.unwrap().saved, second.unwrap().saved), (2, 2));
    assert_eq!(told.lock().unwrap().iter().filter(|is_waiting| **is_waiting).count(), 1);
    assert_eq!(*under_way.lock().unwrap(), (0, 1), "never two at once");
}

#[tokio::test]
async fn the_rate_holds_for_all_downloads_together() {
    let bench = Bench::new(TWO).await;
    let sizes = async |bench: &Bench| {
        let mut bytes = 0;
        for id in ["one", "two"] {
            bytes += std::fs::metadata(bench.open(&listed(bench, id).await).await.1.unwrap().path).unwrap().len();
        }
        bytes
    };
    let bytes = sizes(&bench).await;
    let rate = bytes * 2;
    let limited = Bench::new(TWO).await;
    let limited =
        with_budget(limited, Budget::new(&Transfer { downloads: 2, max_rate: Some(rate), ..Transfer::default() }));
    let (one, two) = (listed(&limited, "one").await, listed(&limited, "two").await);
    let watch = Stopwatch::start();
    let (one, two) = tokio::join!(limited.open(&one), limited.open(&two));
    assert_eq!((one.0.len(), two.0.len()), (2, 2));
    // Half a second for all of it, less what may be ahead of its time and the last pieces, which pay afterwards.
    assert!(watch.elapsed() >= Duration::from_millis(250), "{:?} for {bytes} bytes", watch.elapsed());
}

#[tokio::test]
async fn progress_counts_each_byte_once_and_every_key() {
    let bench = Bench::new("").await;
    let job = bench.job(6).await;
    let told: Mutex<Vec<Progress>> = Mutex::default();
    let events = |event: Saving| {
        if let Saving::Progress(progress) = event {
            told.lock().unwrap().push(progress);
        }
    };
    let order = SaveOrder { from: SaveFrom::Job(job.clone()), folder: bench.out(), keys: KeyChoice::All };
    let saved = ops::save(&bench.session, &order, &events).await.unwrap();
    let told = told.into_inner().unwrap();
    assert!(told.windows(2).all(|two| two[0].bytes <= two[1].bytes && two[0].keys <= two[1].keys), "{told:?}");
    assert!(told.iter().all(|progress| progress.of.is_none_or(|of| progress.bytes <= of)), "{told:?}");
    // With the index that the save has left there would be no bytes to tell of.
    std::fs::remove_file(super::index::file(&bench, "rows").unwrap()).unwrap();
    let rows = Mutex::new(Progress::default());
    let note = |event: Opening| match event {
        Opening::Progress(progress) => *rows.lock().unwrap() = progress,
        Opening::Rows(_) | Opening::Texts(_) | Opening::Reviewed(_) => {}
    };
    ops::open(&bench.session, &job, &note).await.unwrap();
    let last = *rows.lock().unwrap();
    assert_eq!((last.bytes, last.keys), (last.of.unwrap(), 6));
    assert!((last.seconds - saved.seconds).abs() < 0.01, "{last:?} {saved:?}");
}

#[tokio::test]
async fn a_namesake_at_another_service_counts_as_neither_saved_nor_cancelled() {
    let running = "[[job]]\nname = \"run\"\nid = \"run\"\nstate = \"running\"\nage = \"1h\"\ntexts = [\"One.\"]\n";
    let scenario = format!("{TWO}{running}");
    let (here, mut there) = (Bench::new(&scenario).await, Bench::new(&scenario).await);
    there.session.store = here.session.store.clone();
    let (job, namesake) = (listed(&here, "one").await, listed(&there, "one").await);
    here.save(&job, KeyChoice::All).await.unwrap();
    assert_eq!(ops::loss(&here.session, &job).await, Loss::Saved);
    assert!(matches!(ops::loss(&there.session, &namesake).await, Loss::Unsaved { saved: 0, .. }));
    let run = listed(&here, "run").await.name;
    ops::cancel(&here.session, &run).await.unwrap();
    assert!(!ops::asked_to_cancel(&there.session).contains(&run));
    let seen = ops::transitions_of(&there.session, &run).len();
    ops::wait(&here.session, std::slice::from_ref(&run), None, &|_, _| ()).await.unwrap();
    ops::list(&here.session, &|_| ()).await.unwrap();
    assert_eq!(ops::transitions_of(&there.session, &run).len(), seen, "what happened there is not said of this one");
    assert!(there.control().count(Call::Cancel) == 0);
}
