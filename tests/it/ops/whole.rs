//! The use cases against the embedded service, over a real connection.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use gemtts_tui::api::gemini::{self, Endpoint};
use gemtts_tui::clock::Clock;
use gemtts_tui::config::BaseUrl;
use gemtts_tui::failure::Exit;
use gemtts_tui::job::{Dest, Job, JobState};
use gemtts_tui::ops::{
    self, Created, KeyChoice, Loss, Opening, Order, Pace, Plan, Progress, SaveFrom, SaveOrder, Saved, Saving, Session,
    SourceArg,
};
use gemtts_tui::results::Row;
use gemtts_tui::secret::ApiKey;
use gemtts_tui::sim::{self, Answer, Call, Control, Fault, Scenario};
use gemtts_tui::store::Store;

pub(super) struct Bench {
    pub(super) session: Session,
    service: sim::Running,
    pub(super) folder: tempfile::TempDir,
}

impl Bench {
    pub(super) async fn new(more: &str) -> Self {
        let quick = "start = \"2026-11-20T12:00:00Z\"\n[timing]\npending = \"5ms\"\nper_request = \"1ms\"\n\
            shortest_run = \"5ms\"\nlongest_run = \"20ms\"\ncancel = \"5ms\"\n";
        let scenario = Scenario::parse(&format!("{quick}{more}")).unwrap();
        let service = sim::serve(sim::Options::new(scenario)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint {
            base: BaseUrl::parse(&service.base_url()).unwrap(),
            key: ApiKey::parse("a-key-of-a-test").unwrap(),
        };
        let way = gemini::connect(&endpoint, &gemini::Options::default()).unwrap();
        let store = Store::open(&folder.path().join("state")).unwrap();
        let clock = Clock::fixed("2026-11-20T12:00:01Z".parse().unwrap());
        let mut session = Session::new(way, store, clock, "default".into(), folder.path().join("cache"));
        session.pace = Pace {
            first: Duration::from_millis(5),
            most: Duration::from_millis(20),
            most_offline: Duration::from_millis(50),
            probes: [0, 20, 50].map(Duration::from_millis).to_vec(),
            probes_most: Duration::from_secs(20),
            output: Duration::from_millis(10),
            output_most: Duration::from_secs(20),
            ..Pace::default()
        };
        Bench { session: session.with_key(&endpoint.key).unwrap(), service, folder }
    }

    pub(super) fn control(&self) -> Control {
        self.service.control()
    }

    pub(super) fn order(&self, lines: usize) -> Order {
        let path = self.folder.path().join("book.txt");
        let text: Vec<String> = (1..=lines).map(|line| format!("This is line number {line} of a test.\n")).collect();
        std::fs::write(&path, text.concat()).unwrap();
        Order { sources: vec![SourceArg::Path(path)], voice: Some("Kore".into()), ..Order::default() }
    }

    async fn plan(&self, lines: usize) -> Plan {
        let plan = ops::plan(&self.session, &self.order(lines)).await.unwrap();
        assert!(!plan.has_errors(), "{:?}", plan.findings);
        plan
    }

    /// A job that is over.
    pub(super) async fn job(&self, lines: usize) -> Job {
        let plan = self.plan(lines).await;
        self.run(&plan).await
    }

    pub(super) async fn run(&self, plan: &Plan) -> Job {
        let created = ops::submit(&self.session, plan, &quiet).await.unwrap();
        let Created::Confirmed(job) = created else { panic!("{created:?}") };
        ops::wait(&self.session, &[job.name], None, &|_, _| ()).await.unwrap().remove(0)
    }

    pub(super) fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    pub(super) async fn save(&self, job: &Job, keys: KeyChoice) -> Result<Saved, gemtts_tui::failure::Failure> {
        let order = SaveOrder { from: SaveFrom::Job(job.clone()), folder: self.out(), keys };
        ops::save(&self.session, &order, &|_| ()).await
    }

    pub(super) async fn open(&self, job: &Job) -> (Vec<Row>, Result<ops::Kept, gemtts_tui::failure::Failure>) {
        let rows = Mutex::new(vec![]);
        let note = |event: Opening| match event {
            Opening::Rows(more) => rows.lock().unwrap().extend(more),
            Opening::Texts(_) | Opening::Progress(_) | Opening::Reviewed(_) => {}
        };
        let opened = ops::open(&self.session, job, &note).await;
        (rows.into_inner().unwrap(), opened)
    }
}

impl Bench {
    /// Waits until no run saves into the output folder any more.
    pub(super) fn wait_for_folder(&self) {
        let manifest = std::fs::File::open(self.out().join("manifest.jsonl")).unwrap();
        let (free, is_free) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            manifest.lock_shared().unwrap();
            drop(manifest);
            let _ = free.send(());
        });
        is_free.recv_timeout(Duration::from_secs(60)).expect("the folder is given back");
    }

    /// Waits on the locks whose names begin so, as another process would, until they are given back.
    pub(super) fn wait_until_unlocked(&self, prefix: &str) {
        let locks = std::fs::read_dir(self.folder.path().join("state/locks")).unwrap().map(|entry| entry.unwrap());
        for lock in locks.filter(|lock| lock.file_name().to_str().unwrap().starts_with(prefix)) {
            // One that is gone meanwhile was given back.
            let Ok(file) = std::fs::File::open(lock.path()) else { continue };
            let (free, is_free) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                file.lock_shared().unwrap();
                drop(file);
                let _ = free.send(());
            });
            is_free.recv_timeout(Duration::from_secs(60)).expect("the lock is given back");
        }
    }
}

fn quiet(_: Progress) {}

pub(super) fn wavs(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".wav")).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_text_that_is_spoken_otherwise_is_shown_as_it_is_written() {
    let bench = Bench::new("").await;
    let list = bench.folder.path().join("words.tsv");
    std::fs::write(&list, "line\trow\n").unwrap();
    let mut order = bench.order(2);
    order.reading.pronounce = Some(list);
    let n_prepared = || std::fs::read_dir(bench.session.store.prepared_folder()).unwrap().count();
    let dropped = ops::plan(&bench.session, &order).await.unwrap();
    assert_eq!((dropped.n_pronounced, n_prepared()), (2, 2), "the requests, and the texts beside them");
    drop(ops::Unsent::of(&bench.session, &dropped));
    assert_eq!(n_prepared(), 0);

    let plan = ops::plan(&bench.session, &order).await.unwrap();
    assert!(std::fs::read_to_string(&plan.prepared).unwrap().contains("This is row number 2"));
    let job = bench.run(&plan).await;
    let texts = Mutex::new(ops::Texts::default());
    let note = |event| {
        if let Opening::Texts(more) = event {
            *texts.lock().unwrap() = more;
        }
    };
    ops::open(&bench.session, &job, &note).await.unwrap();
    let texts = texts.into_inner().unwrap();
    assert!(texts.all().any(|(_, head)| head.text.contains("This is line number 2")), "{texts:?}");
    assert_eq!(n_prepared(), 0);
}

#[tokio::test]
async fn a_job_is_planned_sent_waited_for_opened_saved_and_deleted() {
    let bench = Bench::new("").await;
    let plan = bench.plan(5).await;
    assert_eq!((plan.n_requests, plan.display_name.as_str(), &plan.repeat_of), (5, "book", &None));
    assert!(plan.estimate.is_some() && plan.preview.len() == 5);
    let job = bench.run(&plan).await;
    assert_eq!(job.state, JobState::Succeeded);

    let (rows, kept) = bench.open(&job).await;
    let kept = kept.unwrap();
    assert_eq!((rows.len(), kept.expected), (5, Some(5)));
    assert!(kept.path.exists());
    assert_eq!(bench.control().count(Call::Download), 1);
    assert_eq!(bench.open(&job).await.0, rows);
    let texts = Mutex::new(vec![]);
    let note = |event: Opening| {
        if let Opening::Texts(more) = event {
            texts.lock().unwrap().push(more);
        }
    };
    ops::open(&bench.session, &job, &note).await.unwrap();
    let texts = texts.into_inner().unwrap();
    assert_eq!((texts.len(), texts[0].len()), (1, 5));
    assert!(texts[0].all().any(|(_, head)| head.text.contains("line number 3") && head.voice == Some("Kore")));
    let raw = ops::raw_line(&bench.session, &job, 3).await.unwrap();
    assert!(raw.contains("inlineData") && raw.contains(" more\"") && raw.len() < 2_000, "{raw}");

    assert_eq!(ops::loss(&bench.session, &job).await, Loss::Unsaved { saved: 0, of: Some(5) });
    let saved = bench.save(&job, KeyChoice::All).await.unwrap();
    assert_eq!((saved.saved, saved.failed, saved.expected), (5, 0, Some(5)));
    assert_eq!(wavs(&bench.out()).len(), 5);
    assert_eq!(bench.control().count(Call::Download), 1, "the kept copy was used");
    assert_eq!(ops::loss(&bench.session, &job).await, Loss::Saved);

    let victim = bench.out().join(&wavs(&bench.out())[2]);
    std::fs::write(&victim, b"RIFF").unwrap();
    assert_eq!(ops::loss(&bench.session, &job).await, Loss::Unsaved { saved: 4, of: Some(5) });
    std::fs::remove_file(&victim).unwrap();
    let again = bench.save(&job, KeyChoice::All).await.unwrap();
    assert_eq!((again.saved, again.skipped), (1, 4));

    ops::delete(&bench.session, &job.name).await.unwrap();
    assert_eq!(ops::list(&bench.session, &|_| ()).await.unwrap().jobs, []);
}

#[tokio::test]
async fn a_save_downloads_once_tells_every_row_and_keeps_the_copy() {
    let bench = Bench::new("").await;
    let job = bench.job(40).await;
    let events = Mutex::new((0, 0));
    let order = SaveOrder { from: SaveFrom::Job(job.clone()), folder: bench.out(), keys: KeyChoice::All };
    let note = |event: Saving| match event {
        Saving::Progress(_) => events.lock().unwrap().0 += 1,
        Saving::Renamed { file, .. } => panic!("no two keys want {file}"),
        Saving::Unchanged { key, .. } => panic!("all were sent, {key:?} too"),
        Saving::WithoutCopy => panic!("there is room for a copy"),
        Saving::Row { status, file, .. } => {
            assert!(status == "saved" && file.is_some());
            events.lock().unwrap().1 += 1;
        }
    };
    let saved = ops::save(&bench.session, &order, &note).await.unwrap();
    assert_eq!((saved.saved, saved.expected), (40, Some(40)));
    let (n_progress, n_rows) = events.into_inner().unwrap();
    assert!(n_progress > 0);
    assert_eq!(n_rows, 40);
    let (rows, _) = bench.open(&job).await;
    assert_eq!((rows.len(), bench.control().count(Call::Download)), (40, 1));
    assert_eq!(ops::loss(&bench.session, &job).await, Loss::Saved);
}

#[tokio::test]
async fn inline_results_are_opened_and_saved_like_others() {
    let bench = Bench::new("").await;
    let order = Order { inline: true, ..bench.order(3) };
    let plan = ops::plan(&bench.session, &order).await.unwrap();
    let job = bench.run(&plan).await;
    let listed = ops::list(&bench.session, &|_| ()).await.unwrap().jobs.remove(0);
    let (rows, kept) = bench.open(&listed).await;
    assert_eq!((rows.len(), kept.unwrap().form), (3, gemtts_tui::results::Form::Inline));
    assert_eq!(bench.save(&job, KeyChoice::All).await.unwrap().saved, 3);
    assert!(ops::raw_line(&bench.session, &listed, 2).await.unwrap().contains("inlineData"));
    assert_eq!(ops::get(&bench.session, &job.name).await.unwrap().value.dest, Some(Dest::Inline));
}

#[tokio::test]
async fn only_the_keys_that_were_asked_for_are_saved() {
    let bench = Bench::new("").await;
    let job = bench.job(12).await;
    let (rows, _) = bench.open(&job).await;
    let key = rows[4].key.clone().unwrap();
    let saved = bench.save(&job, KeyChoice::Globs(vec![key])).await.unwrap();
    assert_eq!((saved.saved, saved.expected), (1, None));
    assert_eq!(bench.save(&job, KeyChoice::Lines(vec![1, 5])).await.unwrap().saved, 1);
    let failure = bench.save(&job, KeyChoice::Globs(vec!["nothing-*".into()])).await.unwrap_err();
    assert!(failure.message.contains("nothing-*"), "{failure}");
    assert_eq!(ops::loss(&bench.session, &job).await, Loss::Unsaved { saved: 2, of: Some(12) });
}

#[tokio::test]
async fn bad_rows_are_told_and_do_not_stop_a_save() {
    let bench =
        Bench::new("[[result]]\nkind = \"error\"\nlines = [2]\n[[result]]\nkind = \"silent\"\nlines = [3]\n").await;
    let job = bench.job(4).await;
    let saved = bench.save(&job, KeyChoice::All).await.unwrap();
    assert_eq!((saved.saved, saved.failed, saved.suspect, saved.expected), (3, 1, 1, Some(4)));
    assert_eq!(ops::loss(&bench.session, &job).await, Loss::Saved);
}

#[tokio::test]
async fn fault_36_a_cut_that_no_length_shows_is_seen_by_the_rows() {
    let bench = Bench::new("[service]\ncontent_length = false\n").await;
    let job = bench.job(6).await;
    let cut = Fault { answer: Answer::CutUnannounced, after_bytes: Some(300_000), ..Fault::on(Call::Download) };
    bench.control().add_fault(cut);
    let (rows, opened) = bench.open(&job).await;
    let failure = opened.unwrap_err();
    assert!(failure.message.contains("incomplete") && failure.message.contains("of 6 rows"), "{failure}");
    assert!(!rows.is_empty() && rows.len() < 6);
    bench.control().clear_faults();
    let (rows, opened) = bench.open(&job).await;
    opened.unwrap();
    assert_eq!(rows.len(), 6);
}

#[tokio::test]
async fn an_opening_that_was_stopped_goes_on_where_it_was() {
    let bench = Bench::new("").await;
    let job = bench.job(6).await;
    let stall = Fault { answer: Answer::Stall, after_bytes: Some(300_000), ..Fault::on(Call::Download) };
    bench.control().add_fault(stall);
    let (session, stopped) = (bench.session.clone(), job.clone());
    let (some, mut came) = tokio::sync::mpsc::unbounded_channel();
    let opening = tokio::spawn(async move {
        let note = |event: Opening| {
            if let Opening::Rows(_) = event {
                some.send(()).unwrap();
            }
        };
        ops::open(&session, &stopped, &note).await
    });
    came.recv().await.unwrap();
    opening.abort();
    assert!(opening.await.unwrap_err().is_cancelled());
    bench.control().clear_faults();
    // The thread that keeps the part gives its lock back when it has noticed.
    bench.wait_until_unlocked("results-");
    let (rows, kept) = bench.open(&job).await;
    let kept = kept.unwrap();
    assert_eq!(rows.len(), 6);
    let ranged = bench.control().requests().into_iter().filter(|request| request.header("range").is_some()).count();
    assert_eq!(ranged, 1, "it went on from the part");
    let folder = tempfile::tempdir().unwrap();
    let order = SaveOrder { from: SaveFrom::File(kept.path), folder: folder.path().to_owned(), keys: KeyChoice::All };
    assert_eq!(ops::save(&bench.session, &order, &|_| ()).await.unwrap().saved, 6);
}

#[tokio::test]
async fn a_save_waits_for_output_that_comes_late_and_an_opening_says_so() {
    let bench = Bench::new("results_lag = \"150ms\"\n").await;
    let job = bench.job(2).await;
    assert_eq!(job.dest, None);
    let failure = bench.open(&job).await.1.unwrap_err();
    assert!(failure.message.contains("no output yet"), "{failure}");
    assert_eq!(bench.save(&job, KeyChoice::All).await.unwrap().saved, 2);
}

#[tokio::test]
async fn a_job_without_results_says_why_and_has_nothing_to_lose() {
    let job = "[[job]]\nname = \"x\"\nid = \"broken\"\nstate = \"failed\"\nage = \"1h\"\ntook = \"1m\"\nerror = \"it broke\"\nrequests = 2\n";
    let bench = Bench::new(job).await;
    let name = ops::find(&bench.session, "bro").await.unwrap();
    let job = ops::get(&bench.session, &name).await.unwrap().value;
    let failure = bench.save(&job, KeyChoice::All).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Failed);
    assert!(failure.message.contains("FAILED") && failure.message.contains("it broke"), "{failure}");
    assert_eq!(ops::loss(&bench.session, &job).await, Loss::Nothing);
}

#[tokio::test]
async fn a_lost_answer_to_a_create_leads_to_one_job() {
    let faults: [(Fault, &str); 4] = [
        (Fault::lost_answer(Call::Create), "the connection was closed"),
        (Fault { processed: true, ..Fault::status(Call::Create, 503) }, "503"),
        (Fault { processed: true, answer: Answer::HtmlOk, ..Fault::on(Call::Create) }, "a web page"),
        (Fault { processed: true, answer: Answer::BadName, ..Fault::on(Call::Create) }, "a name that is none"),
    ];
    for (fault, what) in faults {
        let bench = Bench::new("").await;
        bench.control().add_fault(fault);
        let plan = bench.plan(2).await;
        let created = ops::submit(&bench.session, &plan, &quiet).await.unwrap();
        assert!(matches!(created, Created::Adopted(_)), "{what}: {created:?}");
        assert_eq!((bench.control().n_created(), bench.control().count(Call::Create)), (1, 1), "{what}");
    }
}

#[tokio::test]
async fn a_create_that_came_to_nothing_stays_unknown_and_is_not_sent_again() {
    let bench = Bench::new("").await;
    bench.control().add_fault(Fault::status(Call::Create, 503));
    let plan = bench.plan(2).await;
    let created = ops::submit(&bench.session, &plan, &quiet).await.unwrap();
    let Created::Unknown(lost) = created else { panic!("{created:?}") };
    assert_eq!(ops::reconcile(&bench.session, &lost.token).await.unwrap(), None);
    let plan = bench.plan(2).await;
    assert_eq!(plan.repeat_unconfirmed.as_ref(), Some(&lost));
    assert_eq!(ops::submit(&bench.session, &plan, &quiet).await.unwrap_err().exit, Exit::Refused);
    assert_eq!(bench.control().count(Call::Create), 1);
}

#[tokio::test]
async fn a_refused_create_tells_the_words_of_the_service() {
    let bench = Bench::new("").await;
    bench.control().add_fault(Fault { message: Some("no such voice".into()), ..Fault::status(Call::Create, 400) });
    let plan = bench.plan(2).await;
    let failure = ops::submit(&bench.session, &plan, &quiet).await.unwrap_err();
    assert!(failure.message.contains("no such voice"), "{failure}");
    bench.control().clear_faults();
    ops::submit(&bench.session, &plan, &quiet).await.unwrap();
    assert_eq!(bench.control().count(Call::UploadStart), 1, "the upload was used again");
}

#[tokio::test]
async fn the_same_content_is_a_repeat_and_other_content_is_not() {
    let bench = Bench::new("").await;
    let job = bench.job(2).await;
    assert_eq!(bench.plan(2).await.repeat_of, Some(job.name));
    assert_eq!(bench.plan(3).await.repeat_of, None);
    bench.session.clock.advance(Duration::from_secs(49 * 3600));
    assert_eq!(bench.plan(2).await.repeat_of, None);
}

#[tokio::test]
async fn a_plan_with_errors_keeps_nothing_and_is_not_sent() {
    let bench = Bench::new("").await;
    let path = bench.folder.path().join("bad.jsonl");
    std::fs::write(&path, "{\"key\":\"a\"}\n").unwrap();
    let order = Order { sources: vec![SourceArg::Path(path)], ..bench.order(1) };
    let plan = ops::plan(&bench.session, &order).await.unwrap();
    assert!(plan.has_errors() && !plan.prepared.exists());
    assert!(ops::submit(&bench.session, &plan, &quiet).await.is_err());
    assert_eq!(bench.control().requests().len(), 0);
    let missing = Order { sources: vec![SourceArg::Path("nowhere.txt".into())], ..bench.order(1) };
    assert!(ops::plan(&bench.session, &missing).await.unwrap_err().message.contains("nowhere.txt"));
    assert_eq!(std::fs::read_dir(bench.session.store.prepared_folder()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_running_job_is_cancelled_and_followed_to_its_end() {
    let bench = Bench::new("").await;
    let slow = "[[job]]\nname = \"x\"\nid = \"slow\"\nstate = \"running\"\nrequests = 2\nleft = \"1h\"\n";
    drop(bench);
    let bench = Bench::new(slow).await;
    let name = ops::find(&bench.session, "slow").await.unwrap();
    assert!(matches!(ops::cancel(&bench.session, &name).await.unwrap(), ops::CancelAnswer::Asked));
    let job = ops::follow(&bench.session, &name, &|_| ()).await.unwrap();
    assert_eq!(job.state, JobState::Cancelled);
    assert_eq!(ops::asked_to_cancel(&bench.session), []);
}

#[tokio::test]
async fn files_are_listed_and_output_files_are_not_deleted() {
    let bench = Bench::new("").await;
    let job = bench.job(2).await;
    let files = ops::list_files(&bench.session).await.unwrap();
    assert!(!files.is_empty());
    let Some(Dest::File(output)) = job.dest else { panic!("{job:?}") };
    assert!(ops::delete_file(&bench.session, &output).await.is_err());
    let input = files.iter().find(|file| file.name.id().len() <= 40).unwrap();
    ops::delete_file(&bench.session, &input.name).await.unwrap();
}

#[test]
fn use_cases_can_run_as_tasks_of_their_own() {
    fn is_send<T: Send>(_: impl Fn(&'static Session, &'static Job, &'static SaveOrder) -> T) {}
    is_send(|session, job, _| ops::open(session, job, &|_| ()));
    is_send(|session, job, _| ops::loss(session, job));
    is_send(|session, _, order| ops::save(session, order, &|_| ()));
    is_send(|session, job, _| ops::follow(session, &job.name, &|_| ()));
    is_send(|session, job, _| ops::wait(session, std::slice::from_ref(&job.name), None, &|_, _| ()));
    is_send(|session, _, _| ops::list(session, &|_| ()));
}
