//! The fault matrix of DB and DF: deleting a job, deleting a file. Whatever is gone already is a success.

use gemtts_tui::failure::Failure;
use gemtts_tui::job::{FileName, JobName};
use gemtts_tui::ops::{self, Session};

use super::matrix::{
    ABORTED, ALWAYS, BAD_KEY, IN_TROUBLE, INVALID, LATER, NOT_ALLOWED, NOT_FOUND, PAGE, PRECONDITION, SOON, TOMORROW,
};
use super::site::{Bad, Fault, On, Site};

const COLUMNS: [(&str, On); 2] = [("DB", On::DeleteJob), ("DF", On::DeleteFile)];

fn made() -> JobName {
    JobName::parse("batches/made0").unwrap()
}

fn site(on: On, times: usize, is_done: bool, bad: Bad) -> Site {
    Site::with_job("BATCH_STATE_CANCELLED", Some(Fault { on, times, is_done, bad }))
}

async fn delete(session: &Session, on: On) -> Result<(), Failure> {
    match on {
        On::DeleteJob => ops::delete(session, &made()).await,
        _ => ops::delete_file(session, &FileName::parse("files/up1").unwrap()).await,
    }
}

/// The exit code, the requests, and what was said.
async fn play(site: &Site, on: On) -> (u8, usize, Option<Failure>) {
    let is_silent = matches!(site.world().fault, Some(Fault { bad: Bad::Silence, .. }));
    let failure = delete(&site.session(is_silent), on).await.err();
    assert_eq!(site.n_elsewhere(), 0, "another origin was talked to");
    assert!(!format!("{failure:?}").contains("CANARY"), "{failure:?}");
    (failure.as_ref().map_or(0, |failure| failure.exit.code()), site.n(on), failure)
}

#[tokio::test]
async fn a_deletion_is_repeated_when_its_answer_is_lost() {
    let rows = [
        ("connected, silent", Bad::Silence),
        ("FIN after the full request", Bad::Close),
        ("408", Bad::Status(408, "{}")),
        ("500", Bad::Status(500, "{}")),
        ("502", Bad::Status(502, PAGE)),
        ("503", Bad::Status(503, IN_TROUBLE)),
        ("504", Bad::Status(504, "{}")),
        ("200 with HTML", Bad::Says(PAGE)),
        ("200 with truncated JSON", Bad::Says("{\"a")),
        ("chunk cut", Bad::CutChunk),
    ];
    for (row, bad) in rows {
        for (column, on) in COLUMNS {
            // What was deleted by the first request is not found, or forbidden, to the second.
            for is_done in [false, true] {
                let site = site(on, 1, is_done, bad);
                let (exit, n, failure) = play(&site, on).await;
                assert_eq!((exit, n), (0, 2), "{column}: {row}, done: {is_done}: {failure:?}");
                assert!(site.world().is_deleted, "{column}: {row}, done: {is_done}");
            }
        }
    }
    for (column, on) in COLUMNS {
        let (exit, n, failure) = play(&site(on, 1, false, Bad::Status(429, SOON)), on).await;
        assert_eq!((exit, n), (0, 2), "{column}: 429 with RetryInfo: {failure:?}");
    }
}

#[tokio::test]
async fn a_deletion_that_never_goes_well_ends() {
    let rows = [
        ("FIN after the full request", Bad::Close, 1, 3),
        ("503", Bad::Status(503, IN_TROUBLE), 1, 3),
        ("200 with HTML", Bad::Says(PAGE), 1, 2),
        ("3xx", Bad::Redirect, 1, 1),
        ("body over the cap", Bad::Huge(17 << 20), 1, 1),
        ("400 INVALID_ARGUMENT", Bad::Status(400, INVALID), 1, 1),
        ("400 with a bad key", Bad::Status(400, BAD_KEY), 3, 1),
        ("401", Bad::Status(401, "{}"), 3, 1),
        ("409 ABORTED", Bad::Status(409, ABORTED), 1, 1),
        ("412, FAILED_PRECONDITION", Bad::Status(400, PRECONDITION), 1, 1),
        ("429 with a wait that is too long", Bad::Status(429, LATER), 1, 1),
        ("429 per-day quota", Bad::Status(429, TOMORROW), 1, 1),
        ("200 with an error envelope", Bad::Says(ABORTED), 1, 1),
    ];
    for (row, bad, code, requests) in rows {
        for (column, on) in COLUMNS {
            let mut site = site(on, ALWAYS, false, bad);
            let (exit, n, failure) = play(&site, on).await;
            assert_eq!((exit, n), (code, requests), "{column}: {row}: {failure:?}");
            assert!(!site.world().is_deleted, "{column}: {row}");
            site.heal();
            delete(&site.session(false), on).await.unwrap_or_else(|failure| panic!("{column}: {row}: {failure}"));
        }
    }
}

#[tokio::test]
async fn what_is_gone_already_is_deleted() {
    for (column, on) in COLUMNS {
        let (exit, n, failure) = play(&site(on, ALWAYS, true, Bad::Status(404, NOT_FOUND)), on).await;
        assert_eq!((exit, n), (0, 1), "{column}: 404: {failure:?}");
        // A page says nothing about a job or a file.
        let (exit, n, failure) = play(&site(on, ALWAYS, false, Bad::Status(404, PAGE)), on).await;
        assert_eq!((exit, n), (1, 1), "{column}: 404 of a proxy: {failure:?}");
    }
    // A job that is gone when it is looked at is asked to go all the same, which is the same once more.
    let gone = Site::with_job("BATCH_STATE_CANCELLED", None);
    gone.world().is_deleted = true;
    assert_eq!(play(&gone, On::DeleteJob).await.0, 0, "DB: 404 at the look");
}

#[tokio::test]
async fn a_file_that_is_forbidden_is_not_ours_or_expired() {
    let site = site(On::DeleteFile, ALWAYS, false, Bad::Status(403, NOT_ALLOWED));
    let (exit, n, failure) = play(&site, On::DeleteFile).await;
    assert_eq!((exit, n), (1, 1), "DF: 403: {failure:?}");
    let message = failure.unwrap().message;
    assert!(message.contains("the file has expired, was deleted, or belongs to another project"), "{message}");
    let job = super::site::Site::with_job(
        "BATCH_STATE_CANCELLED",
        Some(Fault { on: On::DeleteJob, times: ALWAYS, is_done: false, bad: Bad::Status(403, NOT_ALLOWED) }),
    );
    assert_eq!(play(&job, On::DeleteJob).await.0, 3, "DB: 403 is about the key");
}

#[tokio::test]
async fn a_deletion_is_refused_before_anything_is_sent() {
    let live = Site::with_job("BATCH_STATE_RUNNING", None);
    let failure = delete(&live.session(false), On::DeleteJob).await.unwrap_err();
    assert_eq!((failure.exit.code(), live.n(On::DeleteJob)), (7, 0), "DB: the job is not over");
    assert!(failure.hint.unwrap().contains("cancel it first"));

    let site = Site::with_job("BATCH_STATE_CANCELLED", None);
    let session = site.session(false);
    let output = FileName::parse(&format!("files/batch-{}", "x".repeat(40))).unwrap();
    let failure = ops::delete_file(&session, &output).await.unwrap_err();
    assert_eq!((failure.exit.code(), site.world().requests), (1, 0), "DF: a name of more than 40 characters");
    for (column, on) in COLUMNS {
        let read_only = session.clone().read_only("--read-only");
        let failure = delete(&read_only, on).await.unwrap_err();
        assert_eq!((failure.exit.code(), site.world().requests), (7, 0), "{column}: read-only mode");
        let failure = delete(&site.lost_session(), on).await.unwrap_err();
        assert_eq!((failure.exit.code(), site.world().requests), (1, 0), "{column}: connect fails");
    }
    let lock = session.store.lock("job-made0", "batches/made0").unwrap();
    let failure = delete(&session, On::DeleteJob).await.unwrap_err();
    assert_eq!((failure.exit.code(), site.n(On::DeleteJob)), (7, 0), "DB: lock held elsewhere");
    drop(lock);
    delete(&session, On::DeleteJob).await.unwrap();
}

#[tokio::test]
async fn a_deletion_that_was_killed_is_done_or_can_be_done_again() {
    for (column, on) in COLUMNS {
        for is_done in [false, true] {
            let mut site = site(on, ALWAYS, is_done, Bad::Silence);
            let session = site.session(false);
            let deleting = tokio::spawn(async move { delete(&session, on).await });
            while site.n(on) == 0 {
                tokio::task::yield_now().await;
            }
            deleting.abort();
            assert!(deleting.await.unwrap_err().is_cancelled());
            site.heal();
            let again = delete(&site.session(false), on).await;
            match (on, is_done) {
                // The service calls a file that is gone forbidden, and nobody remembers having asked.
                (On::DeleteFile, true) => assert!(again.unwrap_err().message.contains("was deleted"), "{column}"),
                _ => again.unwrap_or_else(|failure| panic!("{column}: killed, done: {is_done}: {failure}")),
            }
            assert!(site.world().is_deleted, "{column}: killed, done: {is_done}");
        }
    }
}
