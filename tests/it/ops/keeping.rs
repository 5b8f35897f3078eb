//! What is kept of results and what is said of it: partial ones, cut ones, damaged ones, ones of another service.

use std::fs;
use std::path::PathBuf;

use gemtts_tui::job::{Dest, Job};
use gemtts_tui::ops::{self, KeyChoice, Loss, Order, SourceArg};
use gemtts_tui::sim::{Answer, Call, Fault};

use super::whole::{Bench, wavs};

/// A job that was cancelled half way, with its results in the answer to a GET.
const PARTIAL: &str = "[service]\ncancelled_keeps_output = true\n[[job]]\nname = \"half\"\nid = \"half\"\nage = \"1h\"\n\
    state = \"cancelled\"\ndone = 0.5\ninline = true\ntexts = [\"One.\", \"Two.\", \"Three.\", \"Four.\"]\n";

/// A job of the same name at any service.
const SAME: &str = "[[job]]\nname = \"same\"\nid = \"same\"\nage = \"1h\"\ntexts = [\"One.\", \"Two.\"]\n";

async fn listed(bench: &Bench, id: &str) -> Job {
    let jobs = ops::list(&bench.session, &|_| ()).await.unwrap().jobs;
    jobs.into_iter().find(|job| job.name.id() == id).unwrap()
}

fn keys(keys: &[&str]) -> KeyChoice {
    KeyChoice::Globs(keys.iter().map(|key| (*key).to_owned()).collect())
}

/// The one whole copy in the cache folder.
fn copy(bench: &Bench) -> PathBuf {
    let files = fs::read_dir(bench.session.cache.join("results")).unwrap().map(|entry| entry.unwrap().path());
    let mut copies = files.filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    let copy = copies.next().unwrap();
    assert_eq!(copies.next(), None);
    copy
}

#[tokio::test]
async fn partial_results_of_an_inline_job_count_as_something_to_lose() {
    let bench = Bench::new(PARTIAL).await;
    let job = listed(&bench, "half").await;
    assert_eq!(job.dest, None, "lists do not show inline results");
    let Loss::Unsaved { saved: 0, of } = ops::loss(&bench.session, &job).await else { panic!("there are results") };
    let saved = bench.save(&job, KeyChoice::All).await.unwrap();
    assert_eq!(of, Some(saved.saved + saved.failed));
    assert_eq!(ops::loss(&bench.session, &job).await, Loss::Saved);
    assert_eq!(ops::get(&bench.session, &job.name).await.unwrap().value.dest, Some(Dest::Inline));
}

#[tokio::test]
async fn what_cannot_be_looked_at_may_be_lost() {
    let bench = Bench::new(PARTIAL).await;
    let job = listed(&bench, "half").await;
    bench.control().add_fault(Fault::status(Call::Get, 403));
    assert!(matches!(ops::loss(&bench.session, &job).await, Loss::Unsaved { saved: 0, .. }));
}

#[tokio::test]
async fn a_choice_of_keys_from_results_that_were_cut_is_a_failure() {
    let bench = Bench::new("[service]\ncontent_length = false\n").await;
    let job = bench.job(6).await;
    let cut = Fault { answer: Answer::CutUnannounced, after_bytes: Some(300_000), ..Fault::on(Call::Download) };
    bench.control().add_fault(cut);
    for choice in [keys(&["*"]), KeyChoice::Lines(vec![1, 6])] {
        let failure = bench.save(&job, choice).await.unwrap_err();
        assert!(failure.message.contains("incomplete"), "{failure}");
    }
    assert!(!wavs(&bench.out()).is_empty(), "what came is saved all the same");
    let saved = bench.save(&job, KeyChoice::All).await.unwrap();
    assert_eq!(saved.expected, Some(6), "the gap shows in the counts");
    bench.control().clear_faults();
    assert_eq!(bench.save(&job, keys(&["*"])).await.unwrap().expected, None);
    assert_eq!(wavs(&bench.out()).len(), 6);
}

#[tokio::test]
async fn a_copy_of_one_service_is_not_taken_for_a_job_of_another_one() {
    let (one, mut other) = (Bench::new(SAME).await, Bench::new(SAME).await);
    other.session.cache = one.session.cache.clone();
    let (rows, kept) = one.open(&listed(&one, "same").await).await;
    assert_eq!((rows.len(), kept.unwrap().path), (2, copy(&one)));
    let (_, kept) = other.open(&listed(&other, "same").await).await;
    kept.unwrap();
    assert_eq!(other.control().count(Call::Download), 1, "its own results were fetched");
    let mut again = listed(&one, "same").await;
    again.create_time = again.create_time.map(|time| time + std::time::Duration::from_secs(60));
    one.open(&again).await.1.unwrap();
    assert_eq!(one.control().count(Call::Download), 2, "a later job with the same id is another job");
}

#[tokio::test]
async fn a_kept_copy_that_is_damaged_is_fetched_again_the_next_time() {
    let bench = Bench::new("").await;
    let job = bench.job(3).await;
    bench.open(&job).await.1.unwrap();
    let whole = fs::read(copy(&bench)).unwrap();
    // As a crash may leave it: the length is right, and the rest never got to the disk.
    let torn: Vec<u8> =
        whole.iter().enumerate().map(|(at, byte)| if at < whole.len() / 2 { *byte } else { 0 }).collect();
    fs::write(copy(&bench), &torn).unwrap();
    assert!(bench.open(&job).await.1.unwrap_err().message.contains("incomplete"));
    bench.open(&job).await.1.unwrap();
    fs::write(copy(&bench), &torn).unwrap();
    bench.save(&job, keys(&["*"])).await.unwrap_err();
    let saved = bench.save(&job, KeyChoice::All).await.unwrap();
    assert_eq!((saved.saved, saved.skipped), (2, 1), "the first row was good in the damaged copy too");
    assert_eq!(bench.control().count(Call::Download), 3);
}

/// Puts something in place of the copy that can be opened and not be read.
#[cfg(target_os = "linux")]
fn make_unreadable(bench: &Bench) {
    let copy = copy(bench);
    fs::remove_file(&copy).unwrap();
    std::os::unix::fs::symlink("/proc/self/mem", &copy).unwrap();
    let origin = copy.with_extension("origin");
    let mut known: serde_json::Value = serde_json::from_slice(&fs::read(&origin).unwrap()).unwrap();
    known["whole"] = 0.into();
    fs::write(&origin, known.to_string()).unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_kept_copy_that_cannot_be_read_is_fetched_again_the_next_time() {
    let bench = Bench::new("").await;
    let job = bench.job(3).await;
    for n_downloads in [1, 2] {
        bench.open(&job).await.1.unwrap();
        assert_eq!(bench.control().count(Call::Download), n_downloads);
        make_unreadable(&bench);
        bench.open(&job).await.1.unwrap_err();
    }
    bench.open(&job).await.1.unwrap();
    make_unreadable(&bench);
    bench.save(&job, KeyChoice::All).await.unwrap_err();
    assert_eq!(bench.save(&job, KeyChoice::All).await.unwrap().saved, 3);
}

#[tokio::test]
async fn names_are_the_same_from_the_service_and_from_the_disk() {
    let bench = Bench::new("").await;
    let path = bench.folder.path().join("requests.jsonl");
    let line = |key: &str| {
        format!(
            r#"{{"key":"{key}","request":{{"contents":[{{"parts":[{{"text":"This is {key} of a test."}}]}}],"generationConfig":{{"responseModalities":["AUDIO"],"speechConfig":{{"voiceConfig":{{"prebuiltVoiceConfig":{{"voiceName":"Kore"}}}}}}}}}}}}"#
        )
    };
    fs::write(&path, [line("A"), line("b"), line("a")].join("\n")).unwrap();
    let order = Order { sources: vec![SourceArg::Path(path)], voice: None, ..bench.order(1) };
    let plan = ops::plan(&bench.session, &order).await.unwrap();
    let job = bench.run(&plan).await;
    bench.save(&job, KeyChoice::All).await.unwrap();
    let from_service = wavs(&bench.out());
    fs::remove_dir_all(bench.out()).unwrap();
    bench.save(&job, KeyChoice::All).await.unwrap();
    assert_eq!(bench.control().count(Call::Download), 1);
    assert_eq!(wavs(&bench.out()), from_service);
    assert!(from_service.contains(&"b.wav".to_owned()) && !from_service.contains(&"A.wav".to_owned()));
}
