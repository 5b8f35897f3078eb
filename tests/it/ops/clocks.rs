//! Our clock and that of the service differ by days: ages, expiry and what is remembered go by the service's.

use std::time::Duration;

use gemtts_tui::clock::{Clock, Timestamp};
use gemtts_tui::job::JobName;
use gemtts_tui::ops::{self, Created, KeyChoice, SaveFrom, SaveOrder, Session};

use super::matrix::{ALWAYS, NOT_FOUND};
use super::service::NOW;
use super::site::{Bad, Fault, On, Site};

/// What the service's clock shows: two hours and two days behind the end of its job, which was at [`NOW`].
const LATER: &str = "Sat, 04 Jul 2026 16:00:00 GMT";

/// The same session on a machine whose clock is off by so many hours.
fn off_by(session: Session, hours: i64) -> Session {
    let now: Timestamp = "2026-07-04T16:00:00Z".parse().unwrap();
    Session { clock: Clock::fixed(now + jiff::SignedDuration::from_hours(hours)), ..session }
}

#[tokio::test]
async fn expiry_goes_by_the_clock_of_the_service() {
    for hours in [-72, 0, 72] {
        let site = Site::with_job(
            "BATCH_STATE_SUCCEEDED",
            Some(Fault { on: On::Download, times: ALWAYS, is_done: false, bad: Bad::Status(404, NOT_FOUND) }),
        );
        site.world().date = Some(LATER);
        let session = off_by(site.session(false), hours);
        let job = ops::get(&session, &JobName::parse("batches/made0").unwrap()).await.unwrap().value;
        assert_eq!(session.service_now().to_string(), "2026-07-04T16:00:00Z", "{hours} h");
        let order =
            SaveOrder { from: SaveFrom::Job(job), folder: site.folder.path().join("out"), keys: KeyChoice::All };
        let failure = ops::save(&session, &order, &|_| ()).await.unwrap_err();
        assert!(failure.message.ends_with("for batches/made0 that was 2 h 00 ago"), "{hours} h: {failure}");
    }
}

#[tokio::test]
async fn a_create_without_an_answer_is_found_whatever_our_clock_says() {
    for hours in [-72, 0, 72] {
        let mut site = Site::start(Some(Fault { on: On::Create, times: ALWAYS, is_done: true, bad: Bad::Close }));
        site.world().hides_jobs = true;
        site.world().date = Some(LATER);
        let session = off_by(site.session(false), hours);
        let plan = site.plan(&session, false).await;
        let created = ops::submit(&session, &plan, &|_| ()).await;
        assert!(matches!(created, Ok(Created::Unknown(_))), "{hours} h: {created:?}");
        site.heal();
        site.world().hides_jobs = false;
        ops::list(&session, &|_| ()).await.unwrap();
        assert_eq!((site.verdict(), site.world().creates.len()), ("adopted", 1), "{hours} h");
    }
}

#[tokio::test]
async fn a_clock_that_jumps_loses_no_job_and_no_wish() {
    let site = Site::with_job("BATCH_STATE_RUNNING", None);
    let session = site.session(false);
    ops::list(&session, &|_| ()).await.unwrap();
    let made = JobName::parse("batches/made0").unwrap();
    ops::cancel(&session, &made).await.unwrap();
    site.world().state = Some("BATCH_STATE_RUNNING");
    for hours in [-72, 72] {
        let now: Timestamp = NOW.parse().unwrap();
        let there = Session { clock: Clock::fixed(now + jiff::SignedDuration::from_hours(hours)), ..session.clone() };
        assert_eq!(ops::list(&there, &|_| ()).await.unwrap().jobs.len(), 1, "{hours} h");
        assert_eq!(ops::asked_to_cancel(&there), std::slice::from_ref(&made), "{hours} h");
        // One minute on either clock is what a cancel is given, and a clock that went back gives it more.
        let is_old = hours > 0;
        assert_eq!(ops::cancels(&there).unanswered.is_empty(), !is_old, "{hours} h");
    }
}

#[tokio::test]
async fn a_quota_of_the_day_ends_when_the_day_of_the_service_does() {
    let daily = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"used up","details":[{"violations":[{"quotaId":"ReadsPerDay"}]}]}}"#;
    for hours in [-72, 5, 72] {
        let mut site = Site::with_job("BATCH_STATE_RUNNING", None);
        site.world().date = Some(LATER);
        let session = off_by(site.session(false), hours);
        ops::list(&session, &|_| ()).await.unwrap();
        site.world().fault = Some(Fault { on: On::List, times: ALWAYS, is_done: false, bad: Bad::Status(429, daily) });
        let failure = ops::list(&session, &|_| ()).await.unwrap_err();
        // It is nine in the morning on its coast.
        assert_eq!(failure.retry_after, Some(Duration::from_secs(15 * 3600)), "{hours} h: {failure}");
        site.heal();
    }
}
