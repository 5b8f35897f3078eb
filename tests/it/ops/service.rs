//! A service in memory: it does what a test tells it to, and counts what it is asked for.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gemtts_tui::api::error::{Certainty, Kind};
use gemtts_tui::api::{
    Download, Error, Fetched, Model, NewJob, Page, PageToken, Reader, Service, StoredFile, Upload, Writer,
};
use gemtts_tui::clock::{Clock, Timestamp};
use gemtts_tui::job::{FileName, Job, JobKind, JobName, JobState};
use gemtts_tui::ops::{Pace, Plan, Session};
use gemtts_tui::store::Store;

pub const NOW: &str = "2026-07-02T14:00:00Z";
pub const ORIGIN: &str = "http://127.0.0.1:9";

/// What becomes of the next create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Made and answered.
    Answered,
    /// Made so many times, and the answer is lost.
    Lost { made: usize },
    /// Fails for certain.
    Fails(Certainty),
    /// Refused for want of quota, with the seconds that the service asks to wait.
    NoRoom(Option<u64>),
    /// Made, and the answer never comes.
    Hangs,
}

#[derive(Default)]
pub struct World {
    pub jobs: Vec<Job>,
    /// So many more listings do not show what creates made.
    pub lists_lag: usize,
    /// Listings do not show what creates made before that moment.
    pub shown_from: Option<tokio::time::Instant>,
    pub fates: VecDeque<Fate>,
    pub cancel_fails: bool,
    /// What a cancel leads to at once; `None` leaves the job as it is.
    pub cancel_leads_to: Option<JobState>,
    /// The last page leads back to the first.
    pub in_circles: bool,
    pub page_size: usize,
    pub creates: Vec<NewJob>,
    pub uploads: usize,
    uploaded_bytes: u64,
    pub lists: usize,
    /// Pages of them.
    pub pages: usize,
    pub gets: usize,
    pub cancels: usize,
    pub deletes: usize,
    /// Reads that fail before one succeeds.
    pub reads_fail: usize,
    hidden: Vec<JobName>,
}

/// The service and a session with it, in folders of their own.
pub struct Bench {
    pub world: Arc<Mutex<World>>,
    pub session: Session,
    pub folder: tempfile::TempDir,
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Arc::new(Mutex::new(World { page_size: 100, ..World::default() }));
        let session = session(&world, folder.path().join("state"), folder.path().join("cache"));
        Bench { world, session, folder }
    }

    /// The program, started again on the same folders.
    pub fn restart(&mut self) {
        let clock = self.session.clock.clone();
        self.session = session(&self.world, self.folder.path().join("state"), self.folder.path().join("cache"));
        self.session.clock = clock;
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// A plan of two requests.
    pub fn plan(&self) -> Plan {
        let prepared = self.session.store.prepared_folder().join("plan.jsonl");
        let line = |key: &str| format!("{{\"key\":\"{key}\",\"request\":{{\"contents\":[]}}}}\n");
        let text = line("a") + &line("b");
        std::fs::write(&prepared, &text).unwrap();
        Plan {
            model: "m".into(),
            display_name: "ch01".into(),
            prepared,
            n_requests: 2,
            characters: 20,
            bytes: text.len() as u64,
            sha256: "ab".repeat(32),
            ..Plan::default()
        }
    }
}

fn session(world: &Arc<Mutex<World>>, state: PathBuf, cache: PathBuf) -> Session {
    let fake = Arc::new(Fake(world.clone()));
    let service = Service { reader: fake.clone(), writer: Some(fake) };
    let clock = Clock::fixed(NOW.parse().unwrap());
    let mut session = Session::new(service, Store::open(&state).unwrap(), clock, "default".into(), cache);
    session.pace = Pace {
        first: Duration::from_millis(1),
        most: Duration::from_millis(2),
        most_offline: Duration::from_millis(2),
        probes: [0, 1, 2].map(Duration::from_millis).to_vec(),
        probes_most: Duration::from_secs(20),
        output: Duration::from_millis(1),
        output_most: Duration::from_millis(20),
        ..Pace::default()
    };
    session
}

pub fn job(id: &str, state: JobState) -> Job {
    let time = |minute: i8| -> Option<Timestamp> { format!("2026-07-02T13:{minute:02}:00Z").parse().ok() };
    let minute = id.bytes().last().filter(u8::is_ascii_digit).map_or(0, |digit| digit - b'0') as i8;
    Job {
        name: JobName::parse(&format!("batches/{id}")).unwrap(),
        display_name: Some(format!("name of {id}")),
        kind: JobKind::GenerateContent,
        model: Some("models/m".into()),
        end_time: if state.is_terminal() { time(59) } else { None },
        state,
        counts: None,
        create_time: time(minute),
        update_time: time(minute),
        source: None,
        dest: None,
        error: None,
    }
}

pub fn error(kind: Kind, certainty: Certainty) -> Error {
    Error { message: format!("{kind:?} in a test").to_lowercase(), kind, certainty, retry_after: None, is_daily: false }
}

struct Fake(Arc<Mutex<World>>);

impl Fake {
    fn answer<T>(&self, answer: impl FnOnce(&mut World) -> Result<T, Error>) -> BoxFuture<'_, Result<T, Error>>
    where
        T: Send + 'static,
    {
        let answer = answer(&mut self.0.lock().unwrap());
        async move { answer }.boxed()
    }

    fn read<T>(&self, answer: impl FnOnce(&mut World) -> Result<T, Error>) -> BoxFuture<'_, Result<T, Error>>
    where
        T: Send + 'static,
    {
        self.answer(|world| match world.reads_fail.checked_sub(1) {
            Some(left) => {
                world.reads_fail = left;
                Err(error(Kind::Offline, Certainty::NotSent))
            }
            None => answer(world),
        })
    }
}

impl Reader for Fake {
    fn origin(&self) -> &str {
        ORIGIN
    }

    fn list_jobs<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Job>, Error>> {
        self.read(|world| {
            world.pages += 1;
            let from: usize = page.map_or(0, |page| page.0.parse().unwrap());
            if from == 0 {
                world.lists += 1;
                let is_early = world.shown_from.is_some_and(|from| tokio::time::Instant::now() < from);
                match world.lists_lag.checked_sub(1) {
                    Some(left) => world.lists_lag = left,
                    None if is_early => {}
                    None => world.hidden.clear(),
                }
            }
            let mut shown: Vec<Job> =
                world.jobs.iter().filter(|job| !world.hidden.contains(&job.name)).cloned().collect();
            shown.reverse();
            let to = (from + world.page_size).min(shown.len());
            let next = match to < shown.len() {
                true => Some(to),
                false => world.in_circles.then_some(0),
            };
            let next = next.map(|next| PageToken(next.to_string()));
            Ok(Page { items: shown[from..to].to_vec(), next, server_time: NOW.parse().ok() })
        })
    }

    fn get_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<Fetched<Job>, Error>> {
        self.read(|world| {
            world.gets += 1;
            let job = world.jobs.iter().find(|job| job.name == *name);
            let job = job.ok_or_else(|| error(Kind::NotFound, Certainty::Refused))?;
            Ok(Fetched { value: job.clone(), raw: serde_json::Value::Null, server_time: NOW.parse().ok() })
        })
    }

    fn list_files<'a>(&'a self, _: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<StoredFile>, Error>> {
        self.read(|_| Ok(Page { items: vec![], next: None, server_time: None }))
    }

    fn get_file<'a>(&'a self, name: &'a FileName) -> BoxFuture<'a, Result<StoredFile, Error>> {
        self.read(|world| match world.uploads {
            0 => Err(error(Kind::NotFound, Certainty::Refused)),
            _ => Ok(stored(name.clone(), world.uploaded_bytes)),
        })
    }

    fn list_models<'a>(&'a self, _: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Model>, Error>> {
        self.read(|_| Ok(Page { items: vec![], next: None, server_time: None }))
    }

    fn download<'a>(&'a self, _: &'a FileName, _: u64) -> BoxFuture<'a, Result<Download, Error>> {
        self.read(|_| Err(error(Kind::NotFound, Certainty::Refused)))
    }

    fn download_job<'a>(&'a self, _: &'a JobName) -> BoxFuture<'a, Result<Download, Error>> {
        self.read(|_| Err(error(Kind::NotFound, Certainty::Refused)))
    }
}

fn stored(name: FileName, size: u64) -> StoredFile {
    StoredFile {
        name,
        display_name: None,
        mime_type: None,
        size_bytes: Some(size),
        create_time: None,
        expiration_time: None,
        state: Some("ACTIVE".into()),
        source: None,
        sha256: None,
        error: None,
    }
}

impl Writer for Fake {
    fn upload<'a>(&'a self, upload: Upload<'a>) -> BoxFuture<'a, Result<StoredFile, Error>> {
        let size = std::fs::metadata(upload.path).unwrap().len();
        (upload.progress)(size, size);
        self.answer(|world| {
            world.uploads += 1;
            world.uploaded_bytes = size;
            Ok(stored(FileName::parse(&format!("files/up{}", world.uploads)).unwrap(), size))
        })
    }

    fn create_job<'a>(&'a self, new: &'a NewJob) -> BoxFuture<'a, Result<Job, Error>> {
        let mut world = self.0.lock().unwrap();
        world.creates.push(new.clone());
        let fate = world.fates.pop_front().unwrap_or(Fate::Answered);
        let made = match fate {
            Fate::Answered | Fate::Hangs => 1,
            Fate::Lost { made } => made,
            Fate::Fails(_) | Fate::NoRoom(_) => 0,
        };
        for _ in 0..made {
            let mut job = job(&format!("made{}", world.jobs.len()), JobState::Pending);
            job.display_name = Some(new.display_name.clone());
            world.hidden.push(job.name.clone());
            world.jobs.push(job);
        }
        let last = world.jobs.last().cloned();
        match fate {
            Fate::Answered => async move { Ok(last.expect("one was made")) }.boxed(),
            Fate::Lost { .. } => async { Err(error(Kind::TimedOut, Certainty::Unknown)) }.boxed(),
            Fate::Fails(certainty) => async move { Err(error(Kind::Invalid, certainty)) }.boxed(),
            Fate::NoRoom(seconds) => async move {
                let retry_after = seconds.map(Duration::from_secs);
                Err(Error { retry_after, ..error(Kind::Quota, Certainty::Refused) })
            }
            .boxed(),
            Fate::Hangs => std::future::pending().boxed(),
        }
    }

    fn cancel_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<(), Error>> {
        self.answer(|world| {
            world.cancels += 1;
            if let Some(state) = world.cancel_leads_to.clone() {
                let job = world.jobs.iter_mut().find(|job| job.name == *name).unwrap();
                job.state = state;
            }
            match world.cancel_fails {
                true => Err(error(Kind::Invalid, Certainty::Refused)),
                false => Ok(()),
            }
        })
    }

    fn delete_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<(), Error>> {
        self.answer(|world| {
            world.deletes += 1;
            world.jobs.retain(|job| job.name != *name);
            Ok(())
        })
    }

    fn delete_file<'a>(&'a self, _: &'a FileName) -> BoxFuture<'a, Result<(), Error>> {
        self.answer(|_| Ok(()))
    }
}
