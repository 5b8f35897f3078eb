//! Saving while a copy is made: what is there early, what a stop leaves, and a copy that cannot be made.

use std::sync::Arc;

use gemtts_tui::ops::{self, KeyChoice, SaveFrom, SaveOrder, Saving};
use gemtts_tui::sim::{Answer, Call, Fault};

use super::whole::{Bench, wavs};

/// The folder of the copies.
fn copies(bench: &Bench) -> Vec<String> {
    let files = std::fs::read_dir(bench.session.cache.join("results")).unwrap();
    files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn rows_are_saved_before_all_bytes_have_come_and_a_stopped_save_goes_on() {
    let bench = Bench::new("").await;
    let job = bench.job(6).await;
    let stall = Fault { answer: Answer::Stall, after_bytes: Some(400_000), ..Fault::on(Call::Download) };
    bench.control().add_fault(stall);
    let (session, order) = (
        bench.session.clone(),
        SaveOrder { from: SaveFrom::Job(job.clone()), folder: bench.out(), keys: KeyChoice::All },
    );
    let (some, mut came) = tokio::sync::mpsc::unbounded_channel();
    let saving = tokio::spawn(async move {
        let note = |event: Saving| {
            if let Saving::Row { file, .. } = event {
                some.send(file.unwrap()).unwrap();
            }
        };
        ops::save(&session, &order, &note).await
    });
    let first = came.recv().await.unwrap();
    assert!(wavs(&bench.out()).contains(&first), "it has its name although more is to come");
    saving.abort();
    assert!(saving.await.unwrap_err().is_cancelled());
    bench.control().clear_faults();
    // The threads that keep and save give their locks back when they have noticed.
    bench.wait_until_unlocked("results-");
    bench.wait_for_folder();
    let early = wavs(&bench.out()).len() as u64;
    assert!((1..6).contains(&early), "{early}");
    let saved = bench.save(&job, KeyChoice::All).await.unwrap();
    assert_eq!((saved.saved, saved.skipped), (6 - early, early));
    let ranged = bench.control().requests().into_iter().filter(|request| request.header("range").is_some()).count();
    assert_eq!(ranged, 1, "it went on from the part");
    let (rows, kept) = bench.open(&job).await;
    assert_eq!((rows.len(), kept.unwrap().path.exists()), (6, true));
    assert_eq!(bench.control().count(Call::Download), 2, "the copy is whole");
}

#[tokio::test]
async fn a_download_that_breaks_leaves_its_whole_rows_saved_and_is_a_failure() {
    let bench = Bench::new("").await;
    let job = bench.job(6).await;
    let cut = Fault { answer: Answer::Cut, after_bytes: Some(400_000), times: Some(1), ..Fault::on(Call::Download) };
    bench.control().add_fault(cut);
    bench.control().add_fault(Fault::status(Call::Download, 403));
    let failure = bench.save(&job, KeyChoice::All).await.unwrap_err();
    let early = wavs(&bench.out()).len() as u64;
    assert!((1..6).contains(&early), "{early}: {failure}");
    assert_eq!(
        ops::loss(&bench.session, &job).await,
        ops::Loss::Unsaved { saved: early, of: Some(6) },
        "what is missing is known"
    );
    bench.control().clear_faults();
    let saved = bench.save(&job, KeyChoice::All).await.unwrap();
    assert_eq!((saved.saved, saved.skipped, saved.failed), (6 - early, early, 0));
    assert_eq!(ops::loss(&bench.session, &job).await, ops::Loss::Saved);
}

/// What is always full stands in the place of the copy.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn results_that_cannot_be_kept_are_saved_all_the_same() {
    let bench = Bench::new("").await;
    let job = bench.job(4).await;
    bench.open(&job).await.1.unwrap();
    let copy = copies(&bench).into_iter().find(|name| name.ends_with(".jsonl")).unwrap();
    let path = bench.session.cache.join("results").join(&copy);
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/full", path.with_extension("part")).unwrap();
    let rows = Arc::new(std::sync::Mutex::new(Vec::new()));
    let note = |event: Saving| {
        if let Saving::Row { line, .. } = event {
            rows.lock().unwrap().push(line);
        }
    };
    let order = SaveOrder { from: SaveFrom::Job(job.clone()), folder: bench.out(), keys: KeyChoice::All };
    let saved = ops::save(&bench.session, &order, &note).await.unwrap();
    assert_eq!((saved.saved, saved.skipped, saved.expected), (4, 0, Some(4)));
    assert_eq!(*rows.lock().unwrap(), [1, 2, 3, 4]);
    assert!(!copies(&bench).contains(&copy));
}
