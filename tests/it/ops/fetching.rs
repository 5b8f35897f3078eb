//! The fault matrix of DL: fetching results. Whatever happens on the way, what is saved is what the service has, or it is
//! not there; and the next try makes it whole.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gemtts_tui::failure::Failure;
use gemtts_tui::job::JobName;
use gemtts_tui::ops::{self, KeyChoice, Pace, SaveFrom, SaveOrder, Saved, Session};

use super::matrix::{
    ABORTED, ALWAYS, BAD_KEY, IN_TROUBLE, INVALID, LATER, NOT_ALLOWED, NOT_FOUND, PAGE, PRECONDITION, SOON, TOMORROW,
};
use super::site::{Bad, Fault, On, Site};

/// So many results.
const ROWS: usize = 4;

/// A results file: every row holds half a second of a tone of its own.
fn results(rows: usize) -> Vec<u8> {
    let mut file = String::new();
    for row in 1..=rows {
        let tone = |n: usize| ((n as f64 * 0.02 * row as f64).sin() * 12_000.0) as i16;
        let pcm: Vec<u8> = (0..12_000).flat_map(|n| tone(n).to_le_bytes()).collect();
        let data = STANDARD.encode(pcm);
        let part = format!(r#"{{"inlineData":{{"mimeType":"audio/L16;codec=pcm;rate=24000","data":"{data}"}}}}"#);
        let candidate = format!(r#"{{"content":{{"parts":[{part}],"role":"model"}},"finishReason":"STOP"}}"#);
        writeln!(file, r#"{{"key":"k{row}","response":{{"candidates":[{candidate}]}}}}"#).unwrap();
    }
    file.into_bytes()
}

fn site(fault: Option<Fault>) -> Site {
    let site = Site::with_job("BATCH_STATE_SUCCEEDED", fault);
    site.world().results = results(ROWS);
    site
}

fn bad(times: usize, bad: Bad) -> Site {
    site(Some(Fault { on: On::Download, times, is_done: true, bad }))
}

async fn save(site: &Site, session: &Session) -> Result<Saved, Failure> {
    let job = ops::get(session, &JobName::parse("batches/made0").unwrap()).await?.value;
    let order = SaveOrder { from: SaveFrom::Job(job), folder: site.folder.path().join("out"), keys: KeyChoice::All };
    ops::save(session, &order, &|_| ()).await
}

/// The files that are there under their final names.
fn files(site: &Site) -> BTreeMap<String, Vec<u8>> {
    let Ok(folder) = std::fs::read_dir(site.folder.path().join("out")) else { return BTreeMap::new() };
    let wavs = folder.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "wav"));
    wavs.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())).collect()
}

/// What an undisturbed save leaves.
async fn right() -> BTreeMap<String, Vec<u8>> {
    let site = site(None);
    let saved = save(&site, &site.session(false)).await.unwrap();
    assert_eq!((saved.saved, saved.failed, saved.expected), (ROWS as u64, 0, Some(ROWS as u64)));
    files(&site)
}

/// Saves through a fault, then once more when all is well. What was there under its final name was right at any moment.
async fn play(row: &str, mut site: Site, right: &BTreeMap<String, Vec<u8>>) -> (u8, usize, Option<Failure>) {
    let is_silent = matches!(site.world().fault, Some(Fault { bad: Bad::Silence, .. }));
    let saved = save(&site, &site.session(is_silent)).await;
    let n = site.n(On::Download);
    // Rows that did not come are told, also where a file ended as if it were whole.
    let has_gap = saved.as_ref().is_ok_and(|saved| saved.expected > Some(saved.saved));
    let failure = saved.err();
    assert_eq!(site.n_elsewhere(), 0, "{row}: another origin was talked to");
    assert!(!format!("{failure:?}").contains("CANARY"), "{row}: {failure:?}");
    for (name, bytes) in files(&site) {
        assert!(right[&name] == bytes, "{row}: {name} is not what the service has");
    }
    if failure.is_none() && !has_gap {
        assert!(files(&site) == *right, "{row}: files are missing");
    }
    site.heal();
    save(&site, &site.session(false)).await.unwrap_or_else(|failure| panic!("{row}, the next try: {failure}"));
    assert!(files(&site) == *right, "{row}, the next try: files are missing");
    (failure.as_ref().map_or(if has_gap { 4 } else { 0 }, |failure| failure.exit.code()), n, failure)
}

#[tokio::test]
async fn a_download_survives_what_passes() {
    let right = right().await;
    let rows = [
        ("DL: connected, silent", Bad::Silence, 2),
        ("DL: FIN after the full request", Bad::Close, 2),
        ("DL: 429 with RetryInfo", Bad::Status(429, SOON), 2),
        ("DL: 408", Bad::Status(408, "{}"), 2),
        ("DL: 500", Bad::Status(500, "{}"), 2),
        ("DL: 502", Bad::Status(502, PAGE), 2),
        ("DL: 503", Bad::Status(503, IN_TROUBLE), 2),
        ("DL: 504", Bad::Status(504, "{}"), 2),
        ("DL: chunk cut", Bad::CutChunk, 2),
        // The service may know only one of the two paths to a file.
        ("DL: 404", Bad::Status(404, NOT_FOUND), 2),
    ];
    for (row, bad_answer, requests) in rows {
        let (exit, n, failure) = play(row, bad(1, bad_answer), &right).await;
        assert_eq!((exit, n), (0, requests), "{row}, once: {failure:?}");
    }
}

#[tokio::test]
async fn a_download_that_never_goes_well_leaves_nothing_wrong_behind() {
    let right = right().await;
    let rows = [
        ("DL: FIN after the full request", Bad::Close, 1, 5),
        ("DL: 503", Bad::Status(503, IN_TROUBLE), 1, 5),
        ("DL: 3xx", Bad::Redirect, 1, 1),
        ("DL: 400 INVALID_ARGUMENT", Bad::Status(400, INVALID), 1, 1),
        ("DL: 400 with a bad key", Bad::Status(400, BAD_KEY), 3, 1),
        ("DL: 401", Bad::Status(401, "{}"), 3, 1),
        ("DL: 403", Bad::Status(403, NOT_ALLOWED), 1, 2),
        ("DL: 404", Bad::Status(404, NOT_FOUND), 1, 2),
        ("DL: 409 ABORTED", Bad::Status(409, ABORTED), 1, 1),
        ("DL: 412, FAILED_PRECONDITION", Bad::Status(400, PRECONDITION), 1, 1),
        ("DL: 429 with a wait that is too long", Bad::Status(429, LATER), 1, 1),
        ("DL: 429 per-day quota", Bad::Status(429, TOMORROW), 1, 1),
        ("DL: Content-Length too long", Bad::Length(9), 1, 2),
        ("DL: Content-Length too short", Bad::Length(-9), 4, 1),
        ("DL: 200 with truncated JSON", Bad::Says(r#"{"key":"k1","resp"#), 4, 1),
        ("DL: 200 with gzip bytes", Bad::Says("\u{1f}\u{8b}\u{8}\0\0"), 4, 1),
        ("DL: 200 with nothing", Bad::Says(""), 4, 1),
        ("DL: 200 with HTML", Bad::Says(PAGE), 4, 1),
    ];
    for (row, bad_answer, code, requests) in rows {
        let (exit, n, failure) = play(row, bad(ALWAYS, bad_answer), &right).await;
        assert_eq!((exit, n), (code, requests), "{row}, always: {failure:?}");
        let Some(failure) = failure else { continue };
        match row {
            "DL: 403" | "DL: 404" => {
                let words = "the file has expired, was deleted, or belongs to another project";
                assert!(failure.message.contains(words), "{row}: {failure}");
            }
            "DL: 429 with a wait that is too long" => {
                assert_eq!(failure.retry_after, Some(Duration::new(45, 837_906_927)));
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_download_that_never_began() {
    let site = site(None);
    let session = site.session(false);
    let job = ops::get(&session, &JobName::parse("batches/made0").unwrap()).await.unwrap().value;
    let order = SaveOrder { from: SaveFrom::Job(job), folder: site.folder.path().join("out"), keys: KeyChoice::All };
    let failure = ops::save(&site.lost_session(), &order, &|_| ()).await.unwrap_err();
    assert!(failure.message.contains("no connection to http://127.0.0.1:"), "DL: connect fails: {failure}");
    assert_eq!((files(&site).len(), site.n(On::Download)), (0, 0), "DL: connect fails");
    // A session that may change nothing saves: it writes only here.
    let saved = ops::save(&session.clone().read_only("--read-only"), &order, &|_| ()).await.unwrap();
    assert_eq!(saved.saved, ROWS as u64, "DL: read-only mode");
}

#[tokio::test]
async fn an_old_job_without_its_file_says_when_the_service_dropped_it() {
    for (row, status, body) in [("DL: 403", 403, NOT_ALLOWED), ("DL: 404", 404, NOT_FOUND)] {
        let site = bad(ALWAYS, Bad::Status(status, body));
        let session = site.session(false);
        session.clock.advance(Duration::from_secs(50 * 3_600));
        let failure = save(&site, &session).await.unwrap_err();
        assert!(
            failure
                .message
                .ends_with("the service drops results after 48 hours, for batches/made0 that was 2 h 00 ago"),
            "{row}: {failure}"
        );
    }
}

#[tokio::test]
async fn a_job_that_succeeded_without_a_file_is_waited_for_and_then_says_so() {
    let site = site(None);
    site.world().hides_results = true;
    let mut session = site.session(false);
    session.pace = Pace { output: Duration::from_millis(1), output_most: Duration::from_millis(10), ..session.pace };
    let failure = save(&site, &session).await.unwrap_err();
    assert!(failure.message.contains("succeeded but shows no output after"), "{failure}");
    assert_eq!((site.n(On::Get), site.n(On::Download)), (12, 0), "SUCCEEDED without a file");
    // One that comes meanwhile is saved.
    session.pace = Pace { output_most: Duration::from_secs(60), ..session.pace };
    let ours = session.clone();
    let order = ops::get(&session, &JobName::parse("batches/made0").unwrap()).await.unwrap().value;
    let out = site.folder.path().join("out");
    let saving = tokio::spawn(async move {
        let order = SaveOrder { from: SaveFrom::Job(order), folder: out, keys: KeyChoice::All };
        ops::save(&ours, &order, &|_| ()).await
    });
    let before = site.n(On::Get);
    while site.n(On::Get) < before + 3 {
        tokio::task::yield_now().await;
    }
    site.world().hides_results = false;
    assert_eq!(saving.await.unwrap().unwrap().saved, ROWS as u64, "SUCCEEDED without a file yet");
}

#[tokio::test]
async fn a_file_of_another_number_of_rows_than_the_job_says_is_saved_and_told() {
    for said in [ROWS + 2, ROWS - 1] {
        let site = site(None);
        site.world().n_results = Some(said);
        let saved = save(&site, &site.session(false)).await.unwrap();
        assert_eq!((saved.saved, saved.expected), (ROWS as u64, Some(said as u64)), "stats say {said}");
    }
}

#[tokio::test]
async fn a_file_with_too_few_rows_is_asked_for_again_by_the_next_save() {
    let whole = results(ROWS);
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for is_opened in [false, true] {
        let site = site(None);
        site.world().n_results = Some(ROWS);
        site.world().results.truncate(first);
        let session = site.session(false);
        if is_opened {
            let job = ops::get(&session, &JobName::parse("batches/made0").unwrap()).await.unwrap().value;
            ops::open(&session, &job, &|_| ()).await.unwrap();
        }
        let saved = save(&site, &session).await.unwrap();
        assert_eq!((saved.saved, saved.expected), (1, Some(ROWS as u64)), "opened before: {is_opened}");
        site.world().results = whole.clone();
        let saved = save(&site, &session).await.unwrap();
        assert_eq!(saved.saved + saved.skipped, ROWS as u64, "opened before: {is_opened}");
    }
}

#[tokio::test]
async fn a_download_that_was_killed_goes_on_where_it_was() {
    let right = right().await;
    // All but the end of the file is there, and then nothing comes any more.
    let mut site = bad(ALWAYS, Bad::Stall);
    let session = site.session(false);
    let job = ops::get(&session, &JobName::parse("batches/made0").unwrap()).await.unwrap().value;
    let (out, first) = (site.folder.path().join("out"), site.folder.path().join("out/k1.wav"));
    let saving = tokio::spawn(async move {
        let order = SaveOrder { from: SaveFrom::Job(job), folder: out, keys: KeyChoice::All };
        ops::save(&session, &order, &|_| ()).await.map(drop)
    });
    while !first.exists() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    saving.abort();
    assert!(saving.await.unwrap_err().is_cancelled());
    for (name, bytes) in files(&site) {
        assert!(right[&name] == bytes, "DL: killed: {name} is not what the service has");
    }
    site.heal();
    // Whoever wrote lets go of the folder when the disk is done with it.
    let session = site.session(false);
    let mut saved = save(&site, &session).await;
    while saved.as_ref().is_err_and(|failure| failure.exit.code() == 7) {
        tokio::task::yield_now().await;
        saved = save(&site, &session).await;
    }
    saved.unwrap();
    assert!(files(&site) == right, "DL: killed");
}

#[tokio::test]
async fn faults_37_38_a_file_that_ends_too_early_at_a_line_end_is_caught_by_its_rows() {
    let right = right().await;
    let whole = results(ROWS);
    let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').map(|at| at + 1).collect();
    for (what, announced) in [("37: the connection ends it", false), ("38: its length is too small", true)] {
        let site = site(None);
        // The file of the service ends behind its second line.
        site.world().results.truncate(ends[1]);
        site.world().n_results = Some(ROWS);
        site.world().hides_length = !announced;
        let saved = save(&site, &site.session(false)).await.unwrap();
        assert_eq!((saved.saved, saved.expected), (2, Some(ROWS as u64)), "{what}: two of four are told");
        assert!(files(&site).iter().all(|(name, bytes)| right[name] == *bytes), "{what}");
        let known = site.session(false).store.saves_of(&site.origin(), &JobName::parse("batches/made0").unwrap());
        assert!(known.unwrap().iter().all(|save| !save.is_whole), "{what}: nothing counts as saved");
    }
}
