//! The fault matrix of X: asking for a job to be stopped. Twice is the same as once, and the job itself says how it ended.

use gemtts_tui::failure::Failure;
use gemtts_tui::job::{JobName, JobState};
use gemtts_tui::ops::{self, CancelAnswer};

use super::matrix::{
    ABORTED, ALWAYS, BAD_KEY, IN_TROUBLE, INVALID, LATER, NOT_ALLOWED, NOT_FOUND, PAGE, SOON, TOMORROW,
};
use super::site::{Bad, Fault, On, Site};

fn made() -> JobName {
    JobName::parse("batches/made0").unwrap()
}

fn site(on: On, times: usize, is_done: bool, bad: Bad) -> Site {
    Site::with_job("BATCH_STATE_RUNNING", Some(Fault { on, times, is_done, bad }))
}

/// How it ended, in a word, and whether the wish is still open.
async fn play(row: &str, site: &Site) -> (&'static str, bool, Option<Failure>) {
    let is_silent = matches!(site.world().fault, Some(Fault { bad: Bad::Silence, .. }));
    let session = site.session(is_silent);
    let answer = ops::cancel(&session, &made()).await;
    assert_eq!(site.n_elsewhere(), 0, "{row}: another origin was talked to");
    let told = format!("{answer:?}");
    assert!(!told.contains("CANARY"), "{row}: {told}");
    let is_open = ops::asked_to_cancel(&site.session(false)) == [made()];
    match answer {
        Ok(CancelAnswer::Asked) => ("asked", is_open, None),
        Ok(CancelAnswer::AlreadyOver(_)) => ("over", is_open, None),
        Ok(CancelAnswer::NotYet(failure)) => ("not yet", is_open, Some(failure)),
        Err(failure) if failure.exit.code() == 3 => ("key", is_open, Some(failure)),
        Err(failure) => ("failed", is_open, Some(failure)),
    }
}

#[tokio::test]
async fn a_cancel_is_asked_for_again_when_its_answer_is_lost() {
    let rows = [
        ("X: connected, silent", Bad::Silence),
        ("X: FIN after the full request", Bad::Close),
        ("X: 408", Bad::Status(408, "{}")),
        ("X: 500", Bad::Status(500, "{}")),
        ("X: 502", Bad::Status(502, PAGE)),
        ("X: 503", Bad::Status(503, IN_TROUBLE)),
        ("X: 504", Bad::Status(504, "{}")),
        ("X: 429 with RetryInfo", Bad::Status(429, SOON)),
        ("X: 200 with HTML", Bad::Says(PAGE)),
        ("X: 200 with truncated JSON", Bad::Says("{\"a")),
        ("X: 200 with gzip bytes", Bad::Says("\u{1f}\u{8b}\u{8}\0\0")),
        ("X: chunk cut", Bad::CutChunk),
    ];
    for (row, bad) in rows {
        // Done or not, the second request is answered, or refused because the first one has worked.
        for is_done in [false, true] {
            let site = site(On::Cancel, 1, is_done, bad);
            let (ended, _, failure) = play(row, &site).await;
            assert_eq!((ended, site.n(On::Cancel)), ("asked", 2), "{row}, done: {is_done}: {failure:?}");
            assert_eq!(site.world().state, Some("BATCH_STATE_CANCELLED"), "{row}, done: {is_done}");
            // The service agrees with the next listing.
            ops::list(&site.session(false), &|_| ()).await.unwrap();
            assert_eq!(ops::asked_to_cancel(&site.session(false)), [], "{row}");
        }
    }
}

#[tokio::test]
async fn a_cancel_that_nobody_answers_stays_a_wish() {
    let rows = [
        ("X: FIN after the full request", Bad::Close, 3),
        ("X: 503", Bad::Status(503, IN_TROUBLE), 3),
        ("X: 200 with HTML", Bad::Says(PAGE), 2),
        ("X: 3xx", Bad::Redirect, 1),
        ("X: body over the cap", Bad::Huge(17 << 20), 1),
    ];
    for (row, bad, requests) in rows {
        let mut site = site(On::Cancel, ALWAYS, false, bad);
        let (ended, is_open, failure) = play(row, &site).await;
        assert_eq!((ended, is_open, site.n(On::Cancel)), ("failed", true, requests), "{row}: {failure:?}");
        // After a restart the dashboard knows, and asks again.
        site.heal();
        let session = site.session(false);
        session.clock.advance(std::time::Duration::from_secs(61));
        assert_eq!(ops::cancels(&session).unanswered, [made()], "{row}");
        assert_eq!(ops::cancel(&session, &made()).await.unwrap(), CancelAnswer::Asked, "{row}");
    }
}

#[tokio::test]
async fn a_cancel_that_the_service_refuses_is_looked_into() {
    let rows = [
        ("X: 400 INVALID_ARGUMENT", Bad::Status(400, INVALID), "failed"),
        ("X: 400 with a bad key", Bad::Status(400, BAD_KEY), "key"),
        ("X: 401", Bad::Status(401, r#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#), "key"),
        ("X: 403", Bad::Status(403, NOT_ALLOWED), "key"),
        ("X: 404", Bad::Status(404, NOT_FOUND), "failed"),
        ("X: 409 ABORTED", Bad::Status(409, ABORTED), "failed"),
        ("X: 429 with a wait that is too long", Bad::Status(429, LATER), "failed"),
        ("X: 429 per-day quota", Bad::Status(429, TOMORROW), "failed"),
        ("X: 200 with an error envelope", Bad::Says(NOT_FOUND), "failed"),
    ];
    for (row, bad, expected) in rows {
        let running = site(On::Cancel, ALWAYS, false, bad);
        let (ended, is_open, failure) = play(row, &running).await;
        assert_eq!((ended, is_open, running.n(On::Cancel)), (expected, false, 1), "{row}: {failure:?}");
        // A job that was over when it was asked for says so itself.
        if expected == "failed" {
            let over = site(On::Cancel, ALWAYS, true, bad);
            over.world().cancel_makes = Some("BATCH_STATE_SUCCEEDED");
            assert_eq!(play(row, &over).await.0, "over", "{row}, and the job was over");
        }
    }
    let over = Site::with_job("BATCH_STATE_SUCCEEDED", None);
    assert_eq!((play("X: over", &over).await.0, over.n(On::Cancel)), ("over", 0), "it is looked at first");
}

#[tokio::test]
async fn a_cancel_that_never_left_is_no_wish() {
    let nowhere = Site::with_job("BATCH_STATE_RUNNING", None);
    let failure = ops::cancel(&nowhere.lost_session(), &made()).await.unwrap_err();
    assert_eq!((failure.exit.code(), nowhere.world().requests), (1, 0), "X: connect fails");
    // The service goes away between the look and the wish.
    let gone = site(On::Get, 1, true, Bad::Leave);
    let (ended, is_open, failure) = play("X: connect fails", &gone).await;
    assert_eq!((ended, is_open, gone.n(On::Cancel)), ("failed", false, 0), "{failure:?}");
}

#[tokio::test]
async fn a_cancel_that_was_killed_is_a_wish_after_the_restart() {
    for is_done in [false, true] {
        let mut site = site(On::Cancel, ALWAYS, is_done, Bad::Silence);
        let session = site.session(false);
        let asking = tokio::spawn(async move { ops::cancel(&session, &made()).await.map(drop) });
        while site.n(On::Cancel) == 0 {
            tokio::task::yield_now().await;
        }
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        site.heal();
        let session = site.session(false);
        assert_eq!(ops::asked_to_cancel(&session), [made()], "X: killed");
        ops::list(&session, &|_| ()).await.unwrap();
        let left = if is_done { vec![] } else { vec![made()] };
        assert_eq!(ops::asked_to_cancel(&session), left, "X: killed, done: {is_done}");
    }
}

#[tokio::test]
async fn a_cancel_is_refused_before_anything_is_sent() {
    let site = Site::with_job("BATCH_STATE_RUNNING", None);
    let session = site.session(false);
    let read_only = session.clone().read_only("--read-only");
    let failure = ops::cancel(&read_only, &made()).await.unwrap_err();
    assert_eq!((failure.exit.code(), site.world().requests), (7, 0), "X: read-only mode");
    let lock = session.store.lock("job-made0", "batches/made0").unwrap();
    let failure = ops::cancel(&session, &made()).await.unwrap_err();
    assert_eq!((failure.exit.code(), site.n(On::Cancel)), (7, 0), "X: lock held elsewhere");
    assert!(failure.message.contains(&format!("process {}", std::process::id())), "{failure}");
    drop(lock);
    assert_eq!(ops::cancel(&session, &made()).await.unwrap(), CancelAnswer::Asked);
    assert_eq!(ops::get(&session, &made()).await.unwrap().value.state, JobState::Cancelled);
}
