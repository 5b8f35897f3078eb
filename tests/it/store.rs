//! The state folder, as processes that come and go leave it.

use std::fs;

use gemtts_tui::clock::Timestamp;
use gemtts_tui::failure::{Exit, Failure};
use gemtts_tui::store::{Error, Intent, Store, Verdict};

fn intent(token: &str) -> Intent {
    Intent {
        token: token.into(),
        sha256: "ab".repeat(32),
        n_requests: 2,
        characters: 20,
        model: "m".into(),
        dollars: Some((0.1, 0.2)),
        origin: "https://example.org".into(),
        key_fingerprint: None,
        display_name: format!("x ~gt-{token}"),
        input_file: None,
        at: Timestamp::UNIX_EPOCH,
        retake_of: None,
        n_unchanged: 0,
        part_of: None,
        text_tokens: None,
    }
}

#[test]
fn an_intent_of_an_earlier_version_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let unpriced = Intent { dollars: None, ..intent("t1") };
    Store::open(folder.path()).unwrap().intend(&unpriced).unwrap();
    let written = fs::read_to_string(folder.path().join("intents.jsonl")).unwrap();
    assert!(!written.contains("dollars"), "{written}");
    assert_eq!(Store::open(folder.path()).unwrap().intent("t1").unwrap().unwrap().intent, unpriced);
}

#[test]
fn an_intent_without_a_verdict_is_open_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    Store::open(folder.path()).unwrap().intend(&intent("t1")).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert!(store.intent("t1").unwrap().unwrap().is_open());
    store.settle("t1", &Verdict::Unknown { message: "timeout".into() }).unwrap();
    assert!(store.intent("t1").unwrap().unwrap().is_open());
    store.settle("t1", &Verdict::Adopted { job: "batches/a".into() }).unwrap();
    assert!(!Store::open(folder.path()).unwrap().intent("t1").unwrap().unwrap().is_open());
}

#[test]
fn a_job_that_is_known_is_not_forgotten_for_a_later_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.intend(&intent("t1")).unwrap();
    store.settle("t1", &Verdict::Confirmed { job: "batches/a".into() }).unwrap();
    store.settle("t1", &Verdict::Unknown { message: "late".into() }).unwrap();
    assert_eq!(store.intent("t1").unwrap().unwrap().jobs(), ["batches/a"]);
}

#[test]
fn two_processes_see_what_the_other_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (Store::open(folder.path()).unwrap(), Store::open(folder.path()).unwrap());
    one.intend(&intent("t1")).unwrap();
    two.intend(&intent("t2")).unwrap();
    one.settle("t2", &Verdict::NotSent).unwrap();
    let tokens = |store: &Store| store.intents().unwrap().into_iter().map(|t| t.intent.token).collect::<Vec<_>>();
    assert_eq!((tokens(&one), tokens(&two)), (vec!["t1".into(), "t2".into()], vec!["t1".into(), "t2".into()]));
    assert!(!two.intent("t2").unwrap().unwrap().is_open());
}

#[test]
fn damage_is_told_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.intend(&intent("t1")).unwrap();
    store.intend(&intent("t2")).unwrap();
    let path = folder.path().join("intents.jsonl");
    let text = fs::read_to_string(&path).unwrap().replacen("t1", "tx", 1);
    fs::write(&path, &text).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.intents().unwrap().len(), 1);
    assert_eq!((store.damage().len(), store.damage()[0].lines), (1, 1));
    store.intend(&intent("t3")).unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with(&text));
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("a/state");
    let store = Store::open(&state).unwrap();
    store.intend(&intent("t1")).unwrap();
    store.keep_document("draft", &serde_json::json!({"voice": "Kore"})).unwrap();
    let mode = |path: std::path::PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(state.clone()), 0o700);
    assert_eq!(mode(state.join("intents.jsonl")), 0o600);
    assert_eq!(mode(state.join("documents/draft.json")), 0o600);
}

#[test]
fn a_journal_that_is_a_folder_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("cancels.jsonl")).unwrap();
    let store = Store::open(folder.path()).unwrap();
    let [trouble] = store.troubles() else { panic!("{:?}", store.troubles()) };
    assert!(trouble.to_string().contains("cancels.jsonl"), "{trouble}");
    let failure = Failure::from(store.wishes().unwrap_err());
    assert_eq!(failure.exit, Exit::Disk);
    assert!(failure.message.contains("cancels.jsonl"), "{failure}");
    assert_eq!(store.intents().unwrap(), [], "the others are as they were");
}

#[test]
fn documents_come_back_and_broken_ones_count_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.document("view-default").unwrap(), None);
    let view = serde_json::json!({"sort": "age"});
    store.keep_document("view-default", &view).unwrap();
    assert_eq!(store.document("view-default").unwrap(), Some(view));
    fs::write(folder.path().join("documents/view-default.json"), "{").unwrap();
    assert_eq!(store.document("view-default").unwrap(), None);
    store.keep_document("../../x", &serde_json::json!(1)).unwrap();
    assert_eq!(fs::read_dir(folder.path().join("documents")).unwrap().count(), 2);
}

#[test]
fn a_fingerprint_is_the_same_here_and_another_elsewhere() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Store::open(here.path()).unwrap();
    let print = store.fingerprint("AIza-secret").unwrap();
    assert_eq!(print, Store::open(here.path()).unwrap().fingerprint("AIza-secret").unwrap());
    assert_ne!(print, store.fingerprint("AIza-other").unwrap());
    assert_ne!(print, Store::open(there.path()).unwrap().fingerprint("AIza-secret").unwrap());
}

#[test]
fn prepared_requests_are_swept_after_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let path = store.prepared_folder().join("x.jsonl");
    fs::write(&path, "{}").unwrap();
    let written = Timestamp::try_from(fs::metadata(&path).unwrap().modified().unwrap()).unwrap();
    let hours = |hours: i64| written + jiff::SignedDuration::from_hours(hours);
    store.sweep(hours(23)).unwrap();
    assert!(path.exists());
    store.sweep(hours(25)).unwrap();
    assert!(!path.exists());
}

#[test]
fn a_held_lock_is_a_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let _lock = store.lock("job-a", "batches/a").unwrap();
    let error = store.lock("job-a", "batches/a").unwrap_err();
    assert!(matches!(error, Error::Held { .. }));
    assert_eq!(Failure::from(error).exit, Exit::Refused);
}

#[test]
fn many_first_starts_at_once_agree_on_a_fingerprint() {
    for found in [None, Some(&b"cut"[..])] {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            if let Some(bytes) = found {
                fs::write(folder.path().join("salt"), bytes).unwrap();
            }
            let start = std::sync::Barrier::new(4);
            let prints: Vec<String> = std::thread::scope(|scope| {
                let runs: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| {
                            let store = Store::open(folder.path()).unwrap();
                            start.wait();
                            store.fingerprint("AIza-secret").unwrap()
                        })
                    })
                    .collect();
                runs.into_iter().map(|run| run.join().unwrap()).collect()
            });
            assert!(prints.iter().all(|print| *print == prints[0]), "{prints:?}");
        }
    }
}
