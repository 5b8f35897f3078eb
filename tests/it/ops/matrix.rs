//! The fault matrix: every fault of every call on the way from a plan to a job, with what it must come to.
//!
//! A case is named after the row of the matrix and its column: US begins an upload, UP sends its pieces, FG looks at the
//! file, C creates. Whatever happens, no create is sent twice under one token, nothing reaches another origin, no secret
//! is told, and the ledger says what is so.

use std::collections::BTreeSet;
use std::time::Duration;

use gemtts_tui::failure::Failure;
use gemtts_tui::ops::{self, Created, Progress, Session};

use super::site::{Bad, Fault, KEY, On, Site};

fn quiet(_: Progress) {}

/// As often as it is tried.
pub const ALWAYS: usize = usize::MAX;

pub const INVALID: &str = r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"no such field"}}"#;
pub const PRECONDITION: &str = r#"{"error":{"code":400,"status":"FAILED_PRECONDITION","message":"not now"}}"#;
pub const BAD_KEY: &str = r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"API key not valid.","details":[{"reason":"API_KEY_INVALID"}]}}"#;
pub const NOT_ALLOWED: &str = r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no"}}"#;
pub const NOT_FOUND: &str = r#"{"error":{"code":404,"status":"NOT_FOUND","message":"no"}}"#;
pub const ABORTED: &str = r#"{"error":{"code":409,"status":"ABORTED","message":"no"}}"#;
pub const TOO_LARGE: &str = r#"{"error":{"code":413,"status":"INVALID_ARGUMENT","message":"no"}}"#;
pub const SOON: &str =
    r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"slow down","details":[{"retryDelay":"0.002s"}]}}"#;
pub const LATER: &str = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"slow down","details":[{"retryDelay":"45.837906927s"}]}}"#;
pub const TOMORROW: &str = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"used up","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel"}]},{"retryDelay":"37s"}]}}"#;
pub const IN_TROUBLE: &str = r#"{"error":{"code":503,"status":"UNAVAILABLE","message":"overloaded"}}"#;
pub const PAGE: &str = "<html><title>502 Bad Gateway</title></html>";

/// What a case comes to.
#[derive(Clone, Copy, Debug)]
struct Comes {
    /// The code that a command ends with.
    exit: u8,
    /// Creates that arrive.
    creates: usize,
    /// What the ledger says.
    verdict: &'static str,
    /// What it says after a list, once the service is well again.
    later: &'static str,
}

/// A job, as if nothing had happened.
const JOB: Comes = Comes { exit: 0, creates: 1, verdict: "confirmed", later: "confirmed" };
/// Nothing was sent.
const NOTHING: Comes = Comes { exit: 1, creates: 0, verdict: "none", later: "none" };
/// The service refused.
const REFUSED: Comes = Comes { exit: 1, creates: 1, verdict: "rejected", later: "rejected" };
/// Nobody knows, and the service never got to it.
const LOST: Comes = Comes { exit: 5, creates: 1, verdict: "unknown", later: "unknown" };
/// Nobody knows, and the service has it.
const FOUND: Comes = Comes { exit: 5, creates: 1, verdict: "unknown", later: "adopted" };

const KEY_REFUSED: Comes = Comes { exit: 3, ..NOTHING };

fn exit(submitted: &Result<Created, Failure>) -> u8 {
    match submitted {
        Ok(Created::Confirmed(_) | Created::Adopted(_) | Created::Begun(_)) => 0,
        Ok(Created::Duplicate(_)) => 4,
        Ok(Created::Unknown(_)) => 5,
        Err(failure) => failure.exit.code(),
    }
}

async fn submit(site: &Site, session: &Session) -> Result<Created, Failure> {
    let plan = site.plan(session, false).await;
    ops::submit(session, &plan, &quiet).await
}

/// Files of the state folder that hold the address of an upload session, apart from the one that is there for it.
fn leaks(site: &Site) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![site.folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            let is_its_place = path.parent().unwrap().ends_with("uploads");
            if text.contains(KEY) || (text.contains("upload_id") && !is_its_place) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

fn n_under_way(site: &Site) -> usize {
    std::fs::read_dir(site.folder.path().join("state/uploads")).unwrap().count()
}

/// Plays one case from the first press to the list after the restart, and the next try where there is one.
async fn play(row: &str, mut site: Site, comes: Comes) -> (Site, Option<Failure>) {
    let is_silent = matches!(site.world().fault, Some(Fault { bad: Bad::Silence, .. }));
    site.world().hides_jobs = true;
    let submitted = submit(&site, &site.session(is_silent)).await;
    assert_eq!(exit(&submitted), comes.exit, "{row}: {submitted:?}");
    assert_eq!(site.world().creates.len(), comes.creates, "{row}");
    assert_eq!(site.verdict(), comes.verdict, "{row}");
    let told = format!("{submitted:?}");
    assert!(!told.contains("CANARY") && !told.contains("upload_id"), "{row}: {told}");

    site.heal();
    site.world().hides_jobs = false;
    let session = site.session(false);
    ops::list(&session, &|_| ()).await.unwrap();
    assert_eq!(site.verdict(), comes.later, "{row}, after a list");
    let is_open = ops::unconfirmed(&session).len() == 1;
    assert_eq!(is_open, comes.later == "unknown", "{row}");
    if comes.later == "unknown" {
        // Whoever presses again sends nothing.
        let refused = submit(&site, &session).await.unwrap_err();
        assert_eq!((refused.exit.code(), site.world().creates.len()), (7, 1), "{row}: {refused}");
    }
    assert_eq!(site.n_elsewhere(), 0, "{row}: another origin was talked to");
    assert_eq!(leaks(&site), Vec::<String>::new(), "{row}");
    let once: BTreeSet<String> = site.world().creates.iter().cloned().collect();
    assert_eq!(once.len(), site.world().creates.len(), "{row}: a create was sent twice");
    if comes.exit == 0 || comes.exit == 5 {
        assert_eq!(n_under_way(&site), 0, "{row}: an upload that is over is remembered");
    }
    (site, submitted.err())
}

/// The next try, after a fault that is over: one job comes of it, whatever was before.
async fn next_try(row: &str, site: &Site) {
    let again = submit(site, &site.session(false)).await;
    assert!(matches!(again, Ok(Created::Confirmed(_))), "{row}: {again:?}");
    let world = site.world();
    assert_eq!(world.jobs.len(), 1, "{row}");
    let prepared = std::str::from_utf8(&world.kept).unwrap();
    assert_eq!(prepared.lines().count(), 3, "{row}: the file is whole");
    drop(world);
    assert_eq!(n_under_way(site), 0, "{row}");
}

fn site(on: On, times: usize, is_done: bool, bad: Bad) -> Site {
    Site::start(Some(Fault { on, times, is_done, bad }))
}

#[tokio::test]
async fn create_whose_answer_says_nothing_certain() {
    let table = [
        ("C: connected, silent", Bad::Silence),
        ("C: reset after the full request", Bad::Reset),
        ("C: FIN after the full request", Bad::Close),
        ("C: HTTP/2 REFUSED_STREAM", Bad::RefusedStream),
        ("C: 408", Bad::Status(408, r#"{"error":{"code":408}}"#)),
        ("C: 412 without the status of the service", Bad::Status(412, "{}")),
        ("C: 500", Bad::Status(500, r#"{"error":{"code":500,"status":"INTERNAL"}}"#)),
        ("C: 502 with HTML", Bad::Status(502, PAGE)),
        ("C: 503", Bad::Status(503, IN_TROUBLE)),
        ("C: 504", Bad::Status(504, r#"{"error":{"code":504,"status":"DEADLINE_EXCEEDED"}}"#)),
        ("C: 404 of a proxy", Bad::Status(404, PAGE)),
        ("C: 3xx", Bad::Redirect),
        ("C: 200 with HTML", Bad::Says(PAGE)),
        ("C: 200 with nothing", Bad::Says("")),
        ("C: 200 with {}", Bad::Says("{}")),
        ("C: 200 with truncated JSON", Bad::Says(r#"{"name":"batches/ma"#)),
        ("C: 200 with gzip bytes", Bad::Says("\u{1f}\u{8b}\u{8}\0\0")),
        ("C: 200 with an error that is not definite", Bad::Says(r#"{"error":{"code":13,"message":"x"}}"#)),
        ("C: body over the cap", Bad::Huge(17 << 20)),
        ("C: a name that is no name", Bad::Says(r#"{"name":"../../x"}"#)),
    ];
    for (row, bad) in table {
        for (is_done, comes) in [(false, LOST), (true, FOUND)] {
            play(&format!("{row}, done: {is_done}"), site(On::Create, ALWAYS, is_done, bad), comes).await;
        }
    }
    let cut = [
        ("C: Content-Length too long", Bad::Length(9)),
        ("C: Content-Length too short", Bad::Length(-9)),
        ("C: chunk cut", Bad::CutChunk),
    ];
    for (row, bad) in cut {
        play(row, site(On::Create, ALWAYS, true, bad), FOUND).await;
    }
}

#[tokio::test]
async fn create_whose_answer_is_lost_and_whose_job_the_list_shows_at_once() {
    for bad in [Bad::Close, Bad::Reset, Bad::Status(503, IN_TROUBLE), Bad::Redirect, Bad::Huge(17 << 20)] {
        let site = site(On::Create, ALWAYS, true, bad);
        let created = submit(&site, &site.session(false)).await;
        assert!(matches!(created, Ok(Created::Adopted(_))), "{bad:?}: {created:?}");
        assert_eq!((site.world().creates.len(), site.verdict(), site.n_elsewhere()), (1, "adopted", 0), "{bad:?}");
    }
}

#[tokio::test]
async fn create_that_the_service_refuses() {
    let key = Comes { exit: 3, ..REFUSED };
    let table = [
        ("C: 400 INVALID_ARGUMENT", Bad::Status(400, INVALID), REFUSED),
        ("C: 400 with a bad key", Bad::Status(400, BAD_KEY), key),
        ("C: FAILED_PRECONDITION", Bad::Status(400, PRECONDITION), REFUSED),
        ("C: 401", Bad::Status(401, r#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#), key),
        ("C: 403", Bad::Status(403, NOT_ALLOWED), key),
        ("C: 404", Bad::Status(404, NOT_FOUND), REFUSED),
        ("C: 409", Bad::Status(409, ABORTED), REFUSED),
        ("C: 413", Bad::Status(413, TOO_LARGE), REFUSED),
        ("C: 429 with RetryInfo", Bad::Status(429, LATER), REFUSED),
        ("C: 429 per-day quota", Bad::Status(429, TOMORROW), REFUSED),
        ("C: 200 with an error envelope", Bad::Says(SOON), REFUSED),
    ];
    for (row, bad, comes) in table {
        let (site, failure) = play(row, site(On::Create, ALWAYS, false, bad), comes).await;
        let failure = failure.unwrap();
        let hint = failure.hint.clone().unwrap_or_default();
        match row {
            "C: 429 with RetryInfo" => {
                assert_eq!(failure.retry_after, Some(Duration::new(45, 837_906_927)));
                assert!(hint.starts_with("the service asks to wait "), "{hint}");
            }
            "C: 429 per-day quota" => {
                // It is seven in the morning on the coast of the service.
                assert_eq!(failure.retry_after, Some(Duration::from_secs(17 * 3600)));
                assert!(hint.contains("midnight Pacific time"), "{hint}");
            }
            "C: 200 with an error envelope" => assert_eq!(failure.retry_after, Some(Duration::from_millis(2))),
            _ => assert_eq!(failure.retry_after, None, "{row}"),
        }
        // What was uploaded is used again: the second try uploads nothing.
        let tokens = site.world().creates.clone();
        let again = submit(&site, &site.session(false)).await;
        assert!(matches!(again, Ok(Created::Confirmed(_))), "{row}: {again:?}");
        let world = site.world();
        assert_eq!((world.starts, world.creates.len(), world.jobs.len()), (1, 2, 1), "{row}");
        assert_ne!(world.creates[1], tokens[0], "{row}: each create has a token of its own");
    }
}

#[tokio::test]
async fn create_that_never_left() {
    // The service goes away between the upload and the create.
    let (row, comes) = ("C: connect fails", Comes { exit: 1, creates: 0, verdict: "not sent", later: "not sent" });
    let (site, _) = play(row, site(On::UploadPiece, 1, true, Bad::Leave), comes).await;
    let again = submit(&site, &site.session(false)).await;
    assert!(matches!(again, Ok(Created::Confirmed(_))), "{again:?}");
    let counts = {
        let world = site.world();
        (world.starts, world.creates.len())
    };
    assert_eq!(counts, (1, 1));

    let site = Site::start(None);
    let session = site.lost_session();
    let plan = site.plan(&session, true).await;
    let failure = ops::submit(&session, &plan, &quiet).await.unwrap_err();
    assert_eq!((failure.exit.code(), site.verdict(), site.world().requests), (1, "not sent", 0));
}

#[tokio::test]
async fn beginning_an_upload() {
    let once = [
        ("US: connected, silent", Bad::Silence),
        ("US: reset after the full request", Bad::Reset),
        ("US: FIN after the full request", Bad::Close),
        ("US: 429 with RetryInfo", Bad::Status(429, SOON)),
        ("US: 408", Bad::Status(408, "{}")),
        ("US: 500", Bad::Status(500, "{}")),
        ("US: 502", Bad::Status(502, PAGE)),
        ("US: 503", Bad::Status(503, IN_TROUBLE)),
        ("US: 504", Bad::Status(504, "{}")),
    ];
    for (row, bad) in once {
        let (healed, _) = play(&format!("{row}, once"), site(On::UploadStart, 1, false, bad), JOB).await;
        assert_eq!(healed.world().starts, 2, "{row}");
        let (healed, _) = play(&format!("{row}, always"), site(On::UploadStart, ALWAYS, false, bad), NOTHING).await;
        assert_eq!(healed.world().starts, 3, "{row}");
        next_try(row, &healed).await;
    }
    let at_once = [
        ("US: 400 INVALID_ARGUMENT", Bad::Status(400, INVALID), NOTHING),
        ("US: 400 with a bad key", Bad::Status(400, BAD_KEY), KEY_REFUSED),
        ("US: 401", Bad::Status(401, "{}"), KEY_REFUSED),
        ("US: 403", Bad::Status(403, NOT_ALLOWED), KEY_REFUSED),
        ("US: 409", Bad::Status(409, ABORTED), NOTHING),
        ("US: 413", Bad::Status(413, TOO_LARGE), NOTHING),
        ("US: 429 per-day quota", Bad::Status(429, TOMORROW), NOTHING),
        ("US: 3xx", Bad::Redirect, NOTHING),
        ("US: 200 with HTML", Bad::Says(PAGE), NOTHING),
        ("US: 200 with nothing", Bad::Says(""), NOTHING),
        ("US: 200 with an error envelope", Bad::Says(NOT_ALLOWED), KEY_REFUSED),
        // Not a byte goes there, and none to anywhere else.
        ("US: upload address off-origin", Bad::Elsewhere, NOTHING),
    ];
    for (row, bad, comes) in at_once {
        let (healed, failure) = play(row, site(On::UploadStart, ALWAYS, false, bad), comes).await;
        assert_eq!(healed.world().starts, 1, "{row}");
        let is_daily = row.contains("per-day");
        assert_eq!(failure.unwrap().retry_after.is_some(), is_daily, "{row}");
        next_try(row, &healed).await;
    }

    let alone = Site::start(None);
    let session = alone.lost_session();
    let plan = alone.plan(&session, false).await;
    let failure = ops::submit(&session, &plan, &quiet).await.unwrap_err();
    assert_eq!((failure.exit.code(), alone.verdict(), alone.world().requests), (1, "none", 0), "US: connect fails");
}

#[tokio::test]
async fn sending_the_pieces_of_an_upload() {
    let broken = [
        ("UP: connected, silent", Bad::Silence),
        ("UP: reset after the full request", Bad::Reset),
        ("UP: FIN after the full request", Bad::Close),
        ("UP: 429 with RetryInfo", Bad::Status(429, SOON)),
        ("UP: 408", Bad::Status(408, "{}")),
        ("UP: 500", Bad::Status(500, "{}")),
        ("UP: 502", Bad::Status(502, PAGE)),
        ("UP: 503", Bad::Status(503, IN_TROUBLE)),
        ("UP: 504", Bad::Status(504, "{}")),
        ("UP: 3xx", Bad::Redirect),
        ("UP: 200 with HTML", Bad::Says(PAGE)),
        ("UP: 200 with nothing", Bad::Says("")),
        ("UP: body over the cap", Bad::Huge(2 << 20)),
    ];
    for (row, bad) in broken {
        for is_done in [false, true] {
            // A torn request was not read to its end, so nothing can have been done about it.
            if is_done && matches!(bad, Bad::Reset) {
                continue;
            }
            let row = format!("{row}, once, done: {is_done}");
            let (healed, _) = play(&row, site(On::UploadPiece, 1, is_done, bad), JOB).await;
            let world = healed.world();
            assert_eq!((world.starts, world.queries), (1, 1), "{row}: it was asked for and gone on with");
        }
        let (healed, _) = play(&format!("{row}, always"), site(On::UploadPiece, ALWAYS, false, bad), NOTHING).await;
        let is_kept = n_under_way(&healed) == 1;
        next_try(row, &healed).await;
        // What may still be good goes on in the next run; what made no sense is begun anew.
        assert_eq!(healed.world().starts, if is_kept { 1 } else { 2 }, "{row}");
        let is_nonsense = matches!(bad, Bad::Redirect | Bad::Says(_) | Bad::Huge(_));
        assert_eq!(is_kept, !is_nonsense, "{row}");
    }
    let at_once = [
        ("UP: 400 INVALID_ARGUMENT", Bad::Status(400, INVALID), false),
        ("UP: 401", Bad::Status(401, "{}"), true),
        ("UP: 413", Bad::Status(413, TOO_LARGE), false),
        ("UP: 429 per-day quota", Bad::Status(429, TOMORROW), true),
    ];
    for (row, bad, is_kept) in at_once {
        let comes = if row == "UP: 401" { KEY_REFUSED } else { NOTHING };
        let (healed, _) = play(row, site(On::UploadPiece, ALWAYS, false, bad), comes).await;
        assert_eq!(n_under_way(&healed), usize::from(is_kept), "{row}");
        next_try(row, &healed).await;
        assert_eq!(healed.world().starts, if is_kept { 1 } else { 2 }, "{row}");
    }
    let (gone, _) = play("UP: 404", site(On::UploadPiece, 1, false, Bad::Status(404, NOT_FOUND)), JOB).await;
    assert_eq!(gone.world().starts, 2, "UP: 404: another session is begun");
    // The service goes away as soon as the session is there, and comes back.
    let (back, _) = play("UP: connect fails", site(On::UploadStart, 1, true, Bad::Leave), NOTHING).await;
    next_try("UP: connect fails", &back).await;
    assert_eq!(back.world().starts, 1, "UP: connect fails");
}

#[tokio::test]
async fn looking_at_the_file_until_it_is_ready() {
    let in_the_making = |times, bad| {
        let site = site(On::FilesGet, times, false, bad);
        site.world().processing = 3;
        site
    };
    let broken = [
        ("FG: connected, silent", Bad::Silence),
        ("FG: FIN after the full request", Bad::Close),
        ("FG: 429 with RetryInfo", Bad::Status(429, SOON)),
        ("FG: 500", Bad::Status(500, "{}")),
        ("FG: 502", Bad::Status(502, PAGE)),
        ("FG: 503", Bad::Status(503, IN_TROUBLE)),
        ("FG: 200 with HTML", Bad::Says(PAGE)),
        ("FG: 200 with nothing", Bad::Says("")),
        ("FG: chunk cut", Bad::CutChunk),
    ];
    for (row, bad) in broken {
        play(&format!("{row}, once"), in_the_making(1, bad), JOB).await;
        let (healed, _) = play(&format!("{row}, always"), in_the_making(ALWAYS, bad), NOTHING).await;
        next_try(row, &healed).await;
    }
    let at_once = [
        ("FG: 400", Bad::Status(400, INVALID)),
        ("FG: 403", Bad::Status(403, NOT_ALLOWED)),
        ("FG: 404", Bad::Status(404, NOT_FOUND)),
        ("FG: 429 per-day quota", Bad::Status(429, TOMORROW)),
        ("FG: 3xx", Bad::Redirect),
        ("FG: body over the cap", Bad::Huge(17 << 20)),
        ("FG: the file has failed", Bad::Says(r#"{"name":"files/up1","state":"FAILED"}"#)),
    ];
    for (row, bad) in at_once {
        let (healed, _) = play(row, in_the_making(ALWAYS, bad), NOTHING).await;
        next_try(row, &healed).await;
    }
    let key = in_the_making(ALWAYS, Bad::Status(401, "{}"));
    play("FG: 401", key, KEY_REFUSED).await;
}

#[tokio::test]
async fn a_list_that_tells_too_little_proves_nothing() {
    let circle = r#"{"operations":[{"name":"batches/other","metadata":{"state":"BATCH_STATE_PENDING"}}],"nextPageToken":"again"}"#;
    for (row, bad) in [("list []", Bad::Says("{}")), ("the same nextPageToken twice", Bad::Says(circle))] {
        let mut lost = site(On::Create, ALWAYS, true, Bad::Close);
        lost.world().hides_jobs = true;
        let created = submit(&lost, &lost.session(false)).await;
        assert_eq!(exit(&created), 5, "{row}");
        lost.world().fault = Some(Fault { on: On::List, times: ALWAYS, is_done: false, bad });
        for _ in 0..3 {
            let _ = ops::list(&lost.session(false), &|_| ()).await;
            assert_eq!(lost.verdict(), "unknown", "{row}");
        }
        lost.heal();
        lost.world().hides_jobs = false;
        ops::list(&lost.session(false), &|_| ()).await.unwrap();
        assert_eq!((lost.verdict(), lost.world().creates.len()), ("adopted", 1), "{row}");
    }
}

/// Lets a submission run until the service has seen a call, and ends it there, as a kill does.
async fn killed(site: &Site, until: impl Fn(&super::site::World) -> bool) {
    let session = site.session(false);
    let plan = site.plan(&session, false).await;
    let submitting = tokio::spawn(async move { ops::submit(&session, &plan, &quiet).await.map(drop) });
    while !until(&site.world()) {
        assert!(!submitting.is_finished());
        tokio::task::yield_now().await;
    }
    submitting.abort();
    assert!(submitting.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn ended_in_the_middle() {
    // In the first call there is nothing to keep.
    let mut us = site(On::UploadStart, ALWAYS, true, Bad::Silence);
    killed(&us, |world| world.starts == 1).await;
    us.heal();
    assert_eq!((us.verdict(), n_under_way(&us)), ("none", 0), "US: killed");
    next_try("US: killed", &us).await;

    // The bytes that arrived are not sent again.
    for is_done in [true, false] {
        let mut up = site(On::UploadPiece, ALWAYS, is_done, Bad::Silence);
        killed(&up, |world| world.fault.is_some_and(|fault| fault.times < ALWAYS)).await;
        up.heal();
        assert_eq!((up.verdict(), n_under_way(&up)), ("none", 1), "UP: killed");
        next_try("UP: killed", &up).await;
        let world = up.world();
        assert_eq!((world.starts, world.queries), (1, 1), "UP: killed, done: {is_done}");
    }

    for is_done in [true, false] {
        let mut create = site(On::Create, ALWAYS, is_done, Bad::Silence);
        killed(&create, |world| world.creates.len() == 1).await;
        create.heal();
        assert_eq!(create.verdict(), "open", "C: killed");
        let token = create.tracked().unwrap().intent.token;
        let kept = create.session(false).store.requests_path(&token);
        let lines = std::fs::read_to_string(kept).unwrap();
        assert_eq!(lines.lines().count(), 3, "C: killed: the texts are there for whoever adopts it");
        ops::list(&create.session(false), &|_| ()).await.unwrap();
        assert_eq!(create.verdict(), if is_done { "adopted" } else { "open" }, "C: killed, done: {is_done}");
        assert_eq!(create.world().creates.len(), 1);
    }
}

// The service holds its world while it reads a piece, so whoever sends must not be the one who looks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_of_many_pieces_that_was_killed_sends_what_is_missing() {
    let mut up = site(On::UploadPiece, ALWAYS, true, Bad::SilenceLater);
    let line = format!("{{\"key\":\"k\",\"request\":{{\"contents\":[\"{}\"]}}}}\n", "x".repeat(1_000));
    let content = line.repeat(17_500);
    let digest = ring::digest::digest(&ring::digest::SHA256, content.as_bytes());
    let sha256: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let plan = |session: &Session| {
        let prepared = session.store.prepared_folder().join("large.jsonl");
        std::fs::write(&prepared, &content).unwrap();
        let (bytes, sha256) = (content.len() as u64, sha256.clone());
        ops::Plan { model: "m".into(), display_name: "large".into(), prepared, bytes, sha256, ..ops::Plan::default() }
    };
    let session = up.session(false);
    let first = plan(&session);
    let submitting = tokio::spawn(async move { ops::submit(&session, &first, &quiet).await.map(drop) });
    while up.world().fault.is_none_or(|fault| fault.times >= ALWAYS - 1) {
        tokio::task::yield_now().await;
    }
    submitting.abort();
    assert!(submitting.await.unwrap_err().is_cancelled());
    up.heal();
    assert_eq!((up.verdict(), n_under_way(&up)), ("none", 1));

    let told = std::sync::Mutex::new(Vec::new());
    let session = up.session(false);
    let progress = |progress: Progress| told.lock().unwrap().push(progress.bytes >> 20);
    let created = ops::submit(&session, &plan(&session), &progress).await;
    assert!(matches!(created, Ok(Created::Confirmed(_))), "{created:?}");
    // Two pieces of eight megabytes were there: the answer to the second was lost, and its bytes were not.
    assert_eq!(told.into_inner().unwrap()[..2], [16, content.len() as u64 >> 20]);
    let world = up.world();
    assert_eq!((world.starts, world.queries, world.creates.len()), (1, 1, 1));
    assert!(world.kept == content.as_bytes());
}

#[tokio::test]
async fn refused_before_anything_is_sent() {
    let site = Site::start(None);
    let session = site.session(false);
    let plan = site.plan(&session, false).await;
    let read_only = session.clone().read_only("--read-only");
    let failure = ops::submit(&read_only, &plan, &quiet).await.unwrap_err();
    assert_eq!((failure.exit.code(), site.world().requests), (7, 0), "read-only mode");

    let lock = session.store.lock(&format!("create-{}", plan.sha256), "the create").unwrap();
    let failure = ops::submit(&session, &plan, &quiet).await.unwrap_err();
    assert_eq!((failure.exit.code(), site.world().requests), (7, 0), "lock held elsewhere");
    assert!(failure.message.contains(&format!("process {}", std::process::id())), "{failure}");
    drop(lock);
    assert!(matches!(ops::submit(&session, &plan, &quiet).await, Ok(Created::Confirmed(_))));
}

#[tokio::test]
async fn the_same_source_prepared_again_is_the_same_content() {
    let site = Site::start(None);
    let mut seen = BTreeSet::new();
    for _ in 0..5 {
        let session = site.session(false);
        let plan = site.plan(&session, false).await;
        seen.insert((plan.sha256.clone(), std::fs::read(&plan.prepared).unwrap()));
        session.clock.advance(Duration::from_secs(100_000));
    }
    assert_eq!(seen.len(), 1);
}
