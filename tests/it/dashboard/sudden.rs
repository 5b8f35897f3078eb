//! Panics in the middle of a dashboard: the person sees a notice and goes on, or gets the terminal back.
//!
//! They are real ones, of a service that panics when it is asked and of a runtime that cannot do what is wanted of it; the
//! program has no way to be told to panic. Such things cannot be given to it from outside, so the test runs itself again in
//! a terminal, and there opens the dashboard with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gemtts_tui::api::{Download, Error, Fetched, Model, Page, PageToken, Reader, Service, StoredFile};
use gemtts_tui::clock::Clock;
use gemtts_tui::config::Multiplexer;
use gemtts_tui::job::{FileName, Job, JobKind, JobName, JobState};
use gemtts_tui::money::Catalog;
use gemtts_tui::ops::Session;
use gemtts_tui::store::Store;
use gemtts_tui::tui::model::Setting;
use gemtts_tui::tui::run::{Start, run};
use gemtts_tui::tui::theme::{Charset, Palette, Theme};
use pty_process::blocking::Command;

use super::leaving::is_given_back;
use crate::pty::Terminal;

/// Set in the run within.
const WITHIN: &str = "GEMTTS_TEST_WITHIN";

/// What a panic must not tell. The log has no part in these runs, so nobody else would black it out.
const SAID: &str = "a panic on purpose";

/// Lists one job, and panics whenever it is asked for anything else.
#[derive(Default)]
struct Panicking {
    listed: AtomicUsize,
}

fn job() -> Job {
    Job {
        name: JobName::parse("batches/abc").unwrap(),
        display_name: Some("chapter-one".into()),
        kind: JobKind::GenerateContent,
        model: None,
        state: JobState::Running,
        counts: None,
        create_time: None,
        update_time: None,
        end_time: None,
        source: None,
        dest: None,
        error: None,
    }
}

impl Reader for Panicking {
    fn origin(&self) -> &str {
        "http://127.0.0.1:9"
    }

    fn list_jobs<'a>(&'a self, _page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Job>, Error>> {
        self.listed.fetch_add(1, Ordering::SeqCst);
        async { Ok(Page { items: vec![job()], next: None, server_time: None }) }.boxed()
    }

    fn get_job<'a>(&'a self, _name: &'a JobName) -> BoxFuture<'a, Result<Fetched<Job>, Error>> {
        async { panic!("{SAID}") }.boxed()
    }

    fn list_files<'a>(&'a self, _page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<StoredFile>, Error>> {
        async { panic!("{SAID}") }.boxed()
    }

    fn get_file<'a>(&'a self, _name: &'a FileName) -> BoxFuture<'a, Result<StoredFile, Error>> {
        async { panic!("{SAID}") }.boxed()
    }

    fn list_models<'a>(&'a self, _page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Model>, Error>> {
        async { panic!("{SAID}") }.boxed()
    }

    fn download<'a>(&'a self, _file: &'a FileName, _from: u64) -> BoxFuture<'a, Result<Download, Error>> {
        async { panic!("{SAID}") }.boxed()
    }

    fn download_job<'a>(&'a self, _name: &'a JobName) -> BoxFuture<'a, Result<Download, Error>> {
        async { panic!("{SAID}") }.boxed()
    }
}

/// Opens the dashboard on this terminal. A runtime without a clock panics wherever something is waited for.
fn open_within(has_clock: bool) {
    let folder = tempfile::tempdir().unwrap();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_io();
    if has_clock {
        runtime.enable_time();
    }
    let runtime = runtime.build().unwrap();
    let service = Service { reader: Arc::new(Panicking::default()), writer: None };
    let store = Store::open(&folder.path().join("state")).unwrap();
    let session = Session::new(service, store, Clock::system(), "default".into(), folder.path().join("cache"));
    let setting = Setting {
        profile: "default".into(),
        key_tail: String::new(),
        host: "127.0.0.1:9".into(),
        is_google: false,
        read_only: false,
        demo: false,
        refresh: None,
        low_bandwidth: false,
        kept_back: None,
        folder: folder.path().to_owned(),
        limits: session.limits,
        catalog: Catalog::built_in(),
    };
    let theme = Theme::new(Palette::None, Charset::Ascii);
    let (multiplexer, session) = (Multiplexer::None, Arc::new(session));
    let start = Start { setting, theme, over_ssh: false, multiplexer, can_suspend: true, session };
    let exit = run(start, runtime.handle());
    runtime.shutdown_background();
    println!("left with {exit:?}.");
}

/// This test again, in a terminal.
fn again(test: &str) -> Terminal {
    let program = std::env::current_exe().unwrap();
    let command =
        Command::new(program).args(["--exact", test, "--nocapture"]).env(WITHIN, "1").env("RUST_BACKTRACE", "0");
    Terminal::start(command.env("TERM", "xterm-256color"), 100, 24)
}

#[test]
fn fault_61_a_dashboard_goes_on_after_a_panic_in_a_task() {
    if std::env::var_os(WITHIN).is_some() {
        return open_within(true);
    }
    let mut terminal = again("dashboard::sudden::fault_61_a_dashboard_goes_on_after_a_panic_in_a_task");
    terminal.wait_for("chapter-one");
    for _ in 0..3 {
        // The files of the account are asked for, and the task that asks comes to a sudden end.
        terminal.send("F");
        terminal.wait_for("an internal error ended a task");
        terminal.send("\x1b");
        terminal.wait("the list again", |screen| screen.contains("chapter-one") && !screen.contains("internal error"));
    }
    let screen = terminal.cells();
    assert!(screen.alternate_screen() && screen.bracketed_paste() && screen.hide_cursor(), "it is still a dashboard");
    // What the panic said would stand in the middle of the screen.
    assert!(!String::from_utf8_lossy(&terminal.bytes()).contains(SAID));
    terminal.send("?");
    terminal.wait_for("Help");
    terminal.send("q");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
    assert!(terminal.screen().contains("left with Ok(Ok)"), "{}", terminal.screen());
    assert!(is_given_back(&terminal.cells()));
}

#[test]
fn fault_61_a_panic_of_the_loop_gives_the_terminal_back_before_a_word_is_said() {
    if std::env::var_os(WITHIN).is_some() {
        return open_within(false);
    }
    let test = "dashboard::sudden::fault_61_a_panic_of_the_loop_gives_the_terminal_back_before_a_word_is_said";
    let mut terminal = again(test);
    terminal.wait_for("chapter-one");
    assert!(terminal.cells().alternate_screen());
    // Leaving waits a moment for the disk, on the thread of the loop.
    terminal.send("q");
    assert_ne!(terminal.end().code(), Some(0), "the panic went on to the test");
    assert!(is_given_back(&terminal.cells()));
    let bytes = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    let restored = bytes.rfind("\x1b[?1049l").unwrap();
    let told = bytes.rfind("panicked at").unwrap_or_else(|| panic!("{bytes}"));
    assert!(restored < told, "{bytes}");
}
