//! Faults of a create on a real socket, each with what it must come to. The whole column of creates is in `matrix`.

use std::time::Duration;

use gemtts_tui::failure::Failure;
use gemtts_tui::ops::{self, Created, Progress, Session};

use super::site::{Bad, Fault, On, Site};

fn quiet(_: Progress) {}

fn site(on: On, times: usize, is_done: bool, bad: Bad) -> Site {
    Site::start(Some(Fault { on, times, is_done, bad }))
}

async fn submit(site: &Site, session: &Session) -> Result<Created, Failure> {
    let plan = site.plan(session, false).await;
    ops::submit(session, &plan, &quiet).await
}

/// The answer is lost, and the list shows no job: what is left is one create and an open line in the ledger, however often
/// the program is started again, looks and is told to submit.
async fn is_unknown_for_good(what: &str, site: &mut Site) {
    site.world().hides_jobs = true;
    let created = submit(site, &site.session(false)).await;
    assert!(matches!(created, Ok(Created::Unknown(_))), "{what}: {created:?}");
    site.heal();
    for _ in 0..3 {
        let session = site.session(false);
        ops::list(&session, &|_| ()).await.unwrap();
        let refused = submit(site, &session).await.unwrap_err();
        assert_eq!(refused.exit.code(), 7, "{what}: {refused}");
    }
    assert_eq!((site.verdict(), site.world().creates.len(), site.n_elsewhere()), ("unknown", 1, 0), "{what}");
}

#[tokio::test]
async fn fault_8_a_503_is_unknown_and_never_sent_again() {
    let busy = r#"{"error":{"code":503,"status":"UNAVAILABLE","message":"The model is overloaded."}}"#;
    for (what, body) in [("of the service", busy), ("of a proxy", "<html>503</html>"), ("without a word", "")] {
        is_unknown_for_good(what, &mut site(On::Create, usize::MAX, false, Bad::Status(503, body))).await;
    }
}

#[tokio::test]
async fn fault_9_a_429_is_told_with_its_wait_and_sent_again_only_by_hand() {
    let later = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"slow down","details":[
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"45.837906927s"}]}}"#;
    let mut site = site(On::Create, 1, false, Bad::Status(429, later));
    let failure = submit(&site, &site.session(false)).await.unwrap_err();
    assert_eq!(failure.retry_after, Some(Duration::new(45, 837_906_927)));
    assert_eq!((site.verdict(), site.world().creates.len()), ("rejected", 1), "nothing is sent by itself");
    site.heal();
    let again = submit(&site, &site.session(false)).await;
    assert!(matches!(again, Ok(Created::Confirmed(_))), "{again:?}");
    let world = site.world();
    assert_eq!((world.starts, world.creates.len()), (1, 2), "the upload is used again");
}

#[tokio::test]
async fn fault_10_nothing_follows_a_redirect_of_a_create() {
    for is_done in [false, true] {
        let mut site = site(On::Create, usize::MAX, is_done, Bad::Redirect);
        is_unknown_for_good(&format!("done: {is_done}"), &mut site).await;
    }
}

#[tokio::test]
async fn fault_11_a_refused_stream_after_the_job_was_made_is_no_reason_to_send_it_again() {
    let mut site = site(On::Create, usize::MAX, true, Bad::RefusedStream);
    is_unknown_for_good("REFUSED_STREAM", &mut site).await;
    site.world().hides_jobs = false;
    ops::list(&site.session(false), &|_| ()).await.unwrap();
    assert_eq!((site.verdict(), site.world().creates.len()), ("adopted", 1));
}

#[tokio::test]
async fn fault_12_a_200_that_names_no_job_is_unknown_and_its_name_is_never_used() {
    let table = [
        ("nothing in it", Bad::Says("{}")),
        ("HTML", Bad::Says("<!DOCTYPE html><html><body>Sign in</body></html>")),
        ("17 MiB of JSON", Bad::Huge(17 << 20)),
        ("a path", Bad::Says(r#"{"name":"../../x"}"#)),
        ("a path behind a prefix", Bad::Says(r#"{"name":"batches/../../x"}"#)),
        ("an address", Bad::Says(r#"{"name":"http://127.0.0.1:9/x"}"#)),
        ("a query", Bad::Says(r#"{"name":"batches/x?key=1"}"#)),
        ("129 characters", Bad::Says(LONG_NAME)),
    ];
    for (what, bad) in table {
        let mut site = site(On::Create, usize::MAX, false, bad);
        is_unknown_for_good(what, &mut site).await;
        let world = site.world();
        let is_usual = |it: &&String| it.contains("/batches?") || it.contains("/models/") || it.contains("/files");
        let asked: Vec<&String> =
            world.targets.iter().filter(|it| !is_usual(it) && !it.contains(" /session?")).collect();
        assert_eq!(asked, Vec::<&String>::new(), "{what}");
    }
}

/// `batches/` and more characters than a name may have.
const LONG_NAME: &str = concat!(
    r#"{"name":"batches/"#,
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    r#""}"#
);

#[tokio::test]
async fn fault_45_a_file_is_waited_for_until_it_is_ready_and_no_create_is_sent_before() {
    let waiting = |looks| {
        let site = Site::start(None);
        site.world().processing = looks;
        site
    };
    // As many looks as there are in ten minutes.
    let slow = waiting(300);
    let told = std::sync::atomic::AtomicBool::new(false);
    let session = slow.session(false);
    let plan = slow.plan(&session, false).await;
    let progress = |progress: Progress| {
        told.fetch_or(progress.is_processing, std::sync::atomic::Ordering::Relaxed);
        assert!(!progress.is_creating || slow.world().processing == 0, "a create before the file is ready");
    };
    assert!(matches!(ops::submit(&session, &plan, &progress).await, Ok(Created::Confirmed(_))));
    assert!(told.into_inner(), "whoever waits is told for what");
    assert!(slow.world().looks_at_file >= 299);

    let endless = waiting(usize::MAX);
    let late = submit(&endless, &endless.session_until_ready(Duration::from_millis(50))).await.unwrap_err();
    assert!(late.message.contains("files/up1 is still being processed after"), "{late}");
    assert_eq!((endless.verdict(), endless.world().creates.len()), ("none", 0));

    let failed = r#"{"name":"files/up1","state":"FAILED","error":{"code":3,"message":"not a JSONL"}}"#;
    let refused = site(On::FilesGet, usize::MAX, false, Bad::Says(failed));
    refused.world().processing = 3;
    let failure = submit(&refused, &refused.session(false)).await.unwrap_err();
    assert!(failure.message.contains("could not process files/up1: not a JSONL"), "{failure}");
    assert_eq!((refused.verdict(), refused.world().creates.len()), ("none", 0));
}

#[tokio::test]
async fn a_conflict_is_looked_up_once_at_once() {
    let conflict = r#"{"error":{"code":409,"status":"ALREADY_EXISTS","message":"there is one"}}"#;
    let made = site(On::Create, usize::MAX, true, Bad::Status(409, conflict));
    let created = submit(&made, &made.session(false)).await;
    assert!(matches!(created, Ok(Created::Adopted(_))), "{created:?}");
    assert_eq!((made.verdict(), made.counted()), ("adopted", (1, 1)));

    let refused = site(On::Create, usize::MAX, false, Bad::Status(409, conflict));
    let failure = submit(&refused, &refused.session(false)).await.unwrap_err();
    assert!(failure.message.contains("there is one"), "{failure}");
    assert_eq!((refused.verdict(), refused.counted()), ("rejected", (1, 1)));
}
