//! The fault matrix of reads: LB lists jobs, GB gets one, FG lists files, M lists models.
//!
//! A read is repeated or it fails, and then nothing is concluded from it; nothing that is known is forgotten.

use std::time::Duration;

use gemtts_tui::api::page;
use gemtts_tui::failure::Failure;
use gemtts_tui::job::{JobName, JobState};
use gemtts_tui::ops::{self, Session};

use super::matrix::{
    ABORTED, ALWAYS, BAD_KEY, IN_TROUBLE, INVALID, LATER, NOT_ALLOWED, NOT_FOUND, PAGE, PRECONDITION, SOON, TOMORROW,
};
use super::site::{Bad, Fault, On, Site};

const COLUMNS: [(&str, On); 4] = [("LB", On::List), ("GB", On::Get), ("FG", On::FilesList), ("M", On::Models)];

fn made() -> JobName {
    JobName::parse("batches/made0").unwrap()
}

/// A site with a running job whose `on` goes wrong so often.
fn site(on: On, times: usize, bad: Bad) -> Site {
    Site::with_job("BATCH_STATE_RUNNING", Some(Fault { on, times, is_done: true, bad }))
}

async fn read(session: &Session, on: On) -> Result<(), Failure> {
    match on {
        On::List => ops::list(session, &|_| ()).await.map(drop),
        On::Get => ops::get(session, &made()).await.map(drop),
        On::FilesList => ops::list_files(session).await.map(drop),
        On::Models => Ok(page::all_models(&*session.service.reader).await.map(drop)?),
        other => panic!("{other:?} is no read"),
    }
}

/// Reads once; the exit code, the requests, and what was said.
async fn play(site: &Site, on: On) -> (u8, usize, Option<Failure>) {
    let is_silent = matches!(site.world().fault, Some(Fault { bad: Bad::Silence, .. }));
    let session = site.session(is_silent);
    let failure = read(&session, on).await.err();
    assert_eq!(site.n_elsewhere(), 0, "another origin was talked to");
    let told = format!("{failure:?}");
    assert!(!told.contains("CANARY"), "{told}");
    (failure.as_ref().map_or(0, |failure| failure.exit.code()), site.n(on), failure)
}

#[tokio::test]
async fn reads_survive_what_passes() {
    let rows = [
        ("connected, silent", Bad::Silence),
        ("FIN after the full request", Bad::Close),
        ("429 with RetryInfo", Bad::Status(429, SOON)),
        ("408", Bad::Status(408, "{}")),
        ("500", Bad::Status(500, "{}")),
        ("502", Bad::Status(502, PAGE)),
        ("503", Bad::Status(503, IN_TROUBLE)),
        ("504", Bad::Status(504, "{}")),
        ("200 with HTML", Bad::Says(PAGE)),
        ("200 with nothing", Bad::Says("")),
        ("200 with truncated JSON", Bad::Says(r#"{"name":"batches/ma"#)),
        ("200 with gzip bytes", Bad::Says("\u{1f}\u{8b}\u{8}\0\0")),
        ("200 with an error envelope", Bad::Says(SOON)),
        ("Content-Length too long", Bad::Length(9)),
        ("Content-Length too short", Bad::Length(-9)),
        ("chunk cut", Bad::CutChunk),
    ];
    for (row, bad) in rows {
        for (column, on) in COLUMNS {
            let (exit, n, failure) = play(&site(on, 1, bad), on).await;
            assert_eq!((exit, n), (0, 2), "{column}: {row}, once: {failure:?}");
        }
    }
}

#[tokio::test]
async fn reads_that_never_go_well_end() {
    let rows = [
        ("FIN after the full request", Bad::Close, 5),
        ("429 with RetryInfo", Bad::Status(429, SOON), 5),
        ("503", Bad::Status(503, IN_TROUBLE), 5),
        ("chunk cut", Bad::CutChunk, 5),
        ("200 with HTML", Bad::Says(PAGE), 2),
        ("200 with nothing", Bad::Says(""), 2),
        ("3xx", Bad::Redirect, 1),
        ("body over the cap", Bad::Huge(17 << 20), 1),
        ("429 per-day quota", Bad::Status(429, TOMORROW), 1),
        ("429 with a wait that is too long", Bad::Status(429, LATER), 1),
        ("400 INVALID_ARGUMENT", Bad::Status(400, INVALID), 1),
        ("400 with a bad key", Bad::Status(400, BAD_KEY), 1),
        ("401", Bad::Status(401, "{}"), 1),
        ("403", Bad::Status(403, NOT_ALLOWED), 1),
        ("404", Bad::Status(404, NOT_FOUND), 1),
        ("409 ABORTED", Bad::Status(409, ABORTED), 1),
        ("412, FAILED_PRECONDITION", Bad::Status(400, PRECONDITION), 1),
    ];
    for (row, bad, requests) in rows {
        for (column, on) in COLUMNS {
            let (exit, n, failure) = play(&site(on, ALWAYS, bad), on).await;
            let is_key = matches!(row, "400 with a bad key" | "401" | "403");
            assert_eq!((exit, n), (if is_key { 3 } else { 1 }, requests), "{column}: {row}, always: {failure:?}");
            let failure = failure.unwrap();
            match row {
                "429 with a wait that is too long" => {
                    assert_eq!(failure.retry_after, Some(Duration::new(45, 837_906_927)), "{column}");
                }
                "429 per-day quota" if on == On::List => {
                    // Seven in the morning on the coast of the service.
                    assert_eq!(failure.retry_after, Some(Duration::from_secs(17 * 3600)), "{column}");
                }
                "200 with HTML" => assert!(failure.message.contains("unexpected answer from http://"), "{failure}"),
                "body over the cap" => assert!(failure.message.contains("larger than 16 MiB"), "{failure}"),
                "3xx" => assert!(failure.message.contains("unexpected redirect to http://"), "{failure}"),
                _ => {}
            }
        }
    }
    let (exit, n, _) = play(&site(On::List, ALWAYS, Bad::Silence), On::List).await;
    assert_eq!((exit, n), (1, 5), "LB: connected, silent, always");
}

#[tokio::test]
async fn reads_without_a_connection_keep_the_last_list() {
    let site = Site::with_job("BATCH_STATE_RUNNING", None);
    let session = site.session(false);
    let listed = ops::list(&session, &|_| ()).await.unwrap();
    let lost = site.lost_session();
    for (column, on) in COLUMNS {
        let failure = read(&lost, on).await.unwrap_err();
        assert!(failure.message.contains("no connection to http://127.0.0.1:"), "{column}: {failure}");
        assert_eq!((failure.exit.code(), failure.hint.is_some()), (1, true), "{column}");
    }
    // It is what the next start shows, whatever the last look came to.
    let known = session.store.known_jobs("default", session.service.reader.origin()).unwrap();
    assert_eq!(known.jobs, listed.jobs);
}

/// What the ledger and the last list say after a listing that does not show a job of ours.
async fn not_listed(row: &str, get: Option<Bad>) -> (Site, usize, bool, Vec<String>) {
    let mut site = Site::start(None);
    let session = site.session(false);
    let plan = site.plan(&session, false).await;
    ops::submit(&session, &plan, &|_| ()).await.unwrap();
    assert_eq!(ops::list(&session, &|_| ()).await.unwrap().jobs.len(), 1, "{row}");
    // The create is long over, so that only what was listed before makes anybody look for it.
    session.clock.advance(Duration::from_secs(86_400));
    site.world().hides_jobs = true;
    site.world().fault = get.map(|bad| Fault { on: On::Get, times: ALWAYS, is_done: true, bad });
    let listing = ops::list(&session, &|_| ()).await.unwrap();
    site.heal();
    let known = session.store.known_jobs("default", session.service.reader.origin()).unwrap();
    let n_known = known.jobs.len();
    assert_eq!((site.verdict(), site.world().creates.len()), ("confirmed", 1), "{row}: the ledger keeps its row");
    let states = ops::transitions_of(&session, &made()).iter().map(|change| change.to.word().to_owned()).collect();
    (site, n_known, listing.complete, states)
}

#[tokio::test]
async fn a_job_that_is_not_listed_is_asked_for_by_name() {
    let (_, known, complete, states) = not_listed("list []", None).await;
    assert_eq!((known, complete, states), (1, true, vec!["PENDING".to_owned()]), "LB: list []");
    // Only the service's own word says that it is not there; and then the timeline says so.
    let (_, known, complete, states) = not_listed("404", Some(Bad::Status(404, NOT_FOUND))).await;
    assert_eq!((known, complete), (0, true), "GB: 404");
    assert_eq!(states, ["PENDING", "MISSING"], "GB: 404");
    let unsure = [
        ("409 ABORTED", Bad::Status(409, ABORTED)),
        ("404 of a proxy", Bad::Status(404, PAGE)),
        ("412, FAILED_PRECONDITION", Bad::Status(400, PRECONDITION)),
        ("503", Bad::Status(503, IN_TROUBLE)),
        ("FIN after the full request", Bad::Close),
        ("200 with HTML", Bad::Says(PAGE)),
        ("429 per-day quota", Bad::Status(429, TOMORROW)),
        ("401", Bad::Status(401, "{}")),
    ];
    for (row, bad) in unsure {
        let (_, known, complete, states) = not_listed(row, Some(bad)).await;
        assert_eq!((known, complete, states), (1, false, vec!["PENDING".to_owned()]), "GB: {row}");
    }
}

#[tokio::test]
async fn a_job_that_was_missing_and_comes_back_is_listed_again() {
    let (site, _, _, _) = not_listed("404", Some(Bad::Status(404, NOT_FOUND))).await;
    site.world().hides_jobs = false;
    let session = site.session(false);
    assert_eq!(ops::list(&session, &|_| ()).await.unwrap().jobs[0].state, JobState::Pending);
    let states: Vec<String> =
        ops::transitions_of(&session, &made()).iter().map(|change| change.to.word().to_owned()).collect();
    assert_eq!(states, ["PENDING", "MISSING", "PENDING"]);
}

#[tokio::test]
async fn a_list_that_turns_in_a_circle_says_that_it_is_incomplete() {
    let job = r#"{"operations":[{"name":"batches/x","metadata":{"state":"BATCH_STATE_PENDING"}}],"nextPageToken":"a"}"#;
    let lists = [
        ("LB", On::List, job),
        ("FG", On::FilesList, r#"{"files":[{"name":"files/x"}],"nextPageToken":"a"}"#),
        ("M", On::Models, r#"{"models":[{"name":"models/x"}],"nextPageToken":"a"}"#),
    ];
    for (column, on, says) in lists {
        let site = site(on, ALWAYS, Bad::Says(says));
        let session = site.session(false);
        let is_complete = match on {
            On::List => ops::list(&session, &|_| ()).await.unwrap().complete,
            On::FilesList => page::all_files(&*session.service.reader).await.unwrap().complete,
            _ => page::all_models(&*session.service.reader).await.unwrap().complete,
        };
        assert_eq!((is_complete, site.n(on)), (false, 2), "{column}: same nextPageToken twice");
    }
}

#[tokio::test]
async fn an_unknown_state_field_or_type_is_shown_as_it_came() {
    let odd = r#"{"operations":[{"name":"batches/made0","new":{"x":[1]},"metadata":{"state":"BATCH_STATE_PAUSED_BY_TIDE","batchStats":{"requestCount":{}},"createTime":7}}]}"#;
    let site = site(On::List, ALWAYS, Bad::Says(odd));
    let listing = ops::list(&site.session(false), &|_| ()).await.unwrap();
    let job = &listing.jobs[0];
    assert_eq!((job.state.word(), job.state.is_terminal(), job.counts), ("PAUSED_BY_TIDE", false, None));
}

#[tokio::test]
async fn reads_need_no_writer_and_no_lock() {
    let site = Site::with_job("BATCH_STATE_RUNNING", None);
    let session = site.session(false);
    let _lock = session.store.lock("job-made0", "batches/made0").unwrap();
    for (column, on) in COLUMNS {
        read(&session, on).await.unwrap_or_else(|failure| panic!("{column}: lock held elsewhere: {failure}"));
        let read_only = session.clone().read_only("--read-only");
        read(&read_only, on).await.unwrap_or_else(|failure| panic!("{column}: read-only mode: {failure}"));
    }
}
