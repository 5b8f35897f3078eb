//! A campaign sends each of its parts at most once, in order, when there is room, over every restart.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use gemtts_tui::api::error::Certainty;
use gemtts_tui::failure::Exit;
use gemtts_tui::job::JobState;
use gemtts_tui::ops::{
    self, CampaignStatus, Created, Did, Next, NoRoom, Order, PartState, Plan, Progress, SourceArg, Split,
};
use gemtts_tui::store::Store;
use proptest::prelude::*;

use super::service::{Bench, Fate};

const MODEL: &str = "gemini-2.5-pro-preview-tts";

fn quiet(_: Progress) {}

/// Texts of forty characters, which are ten tokens each.
fn texts(n: usize) -> String {
    (0..n).map(|n| format!("{n:0>39}.\n")).collect()
}

/// So many tokens may be enqueued.
fn limit(bench: &mut Bench, tokens: u64) {
    let catalog = Arc::make_mut(&mut bench.session.catalog);
    let model = catalog.models.iter_mut().find(|model| model.id == MODEL).unwrap();
    model.enqueued_tokens = Some([tokens; 3]);
}

async fn plan(bench: &Bench, texts: &str, split: Split) -> Plan {
    let source = bench.folder.path().join("book.txt");
    fs::write(&source, texts).unwrap();
    let order = Order { sources: vec![SourceArg::Path(source)], model: Some(MODEL.into()), split, ..Order::default() };
    let plan = ops::plan(&bench.session, &order).await.unwrap();
    assert!(!plan.has_errors(), "{:?}", plan.findings);
    plan
}

/// A campaign of five texts in three parts of 20, 20 and 10 tokens, for which 20 may be enqueued.
async fn begun() -> (Bench, String) {
    let mut bench = Bench::new();
    limit(&mut bench, 20);
    let plan = plan(&bench, &texts(5), Split::default()).await;
    assert_eq!((plan.n_jobs(), plan.jobs_because.as_str()), (3, "20 enqueued tokens of tier 1"));
    let unsent = ops::Unsent::of(&bench.session, &plan);
    let status = ops::begin(&bench.session, &plan, false).await.unwrap();
    drop(unsent);
    assert_eq!((status.n_waiting(), status.next), (3, Next::Submit(1)));
    (bench, status.id)
}

fn restart(bench: &mut Bench) {
    bench.restart();
    limit(bench, 20);
}

async fn advance(bench: &Bench, id: &str) -> (Did, CampaignStatus) {
    let advance = ops::advance(&bench.session, id, &quiet).await.unwrap();
    (advance.did, advance.status)
}

/// The service is done with everything, and the list says so.
async fn all_done(bench: &Bench) {
    bench.world().jobs.iter_mut().for_each(|job| job.state = JobState::Succeeded);
    ops::list(&bench.session, &|_| ()).await.unwrap();
}

fn names(bench: &Bench) -> Vec<String> {
    let name = |name: &String| name.split(" ~gt-").next().unwrap().to_owned();
    bench.world().creates.iter().map(|create| name(&create.display_name)).collect()
}

fn full(enqueued: u64, wanted: u64) -> Next {
    Next::Waits(NoRoom::Tokens { enqueued, most: 20, wanted })
}

#[tokio::test]
async fn each_part_goes_when_there_is_room_for_it_whoever_is_there_then() {
    let (mut bench, id) = begun().await;
    for (number, wanted) in [(1, 20), (2, 10)] {
        let (did, status) = advance(&bench, &id).await;
        assert!(matches!(did, Did::Submitted(n, _) if n == number), "{did:?}");
        assert_eq!(status.next, full(20, wanted));
        assert_eq!(advance(&bench, &id).await.0, Did::Nothing);
        restart(&mut bench);
        assert_eq!(advance(&bench, &id).await, (Did::Nothing, status.clone()), "a restart changes nothing");
        all_done(&bench).await;
    }
    let (_, status) = advance(&bench, &id).await;
    assert_eq!((status.next, status.parts[2].state.word()), (Next::Submitted, "PENDING"));
    all_done(&bench).await;
    let status = ops::campaign(&bench.session, &id).await.unwrap();
    assert_eq!((status.next.clone(), status.is_open()), (Next::Over, false));
    assert_eq!(status.counts(), ["3 of 3 submitted", "3 done"]);
    assert_eq!(names(&bench), ["book (1 of 3)", "book (2 of 3)", "book (3 of 3)"]);
    let left = |folder: &str| fs::read_dir(bench.session.store.folder().join(folder)).unwrap().count();
    assert_eq!((left("campaigns"), left("prepared"), left("requests")), (0, 0, 3));
}

#[tokio::test]
async fn a_lost_answer_keeps_its_room_and_its_part_is_sent_again_only_when_a_person_says_so_twice() {
    let (mut bench, id) = begun().await;
    bench.world().fates = [Fate::Lost { made: 0 }].into();
    let (did, status) = advance(&bench, &id).await;
    let Did::Submitted(1, created) = did else { panic!("{did:?}") };
    let Created::Unknown(lost) = *created else { panic!("{created:?}") };
    assert_eq!(status.next, full(20, 20));
    restart(&mut bench);
    bench.session.clock.advance(Duration::from_secs(24 * 3600));
    ops::list(&bench.session, &|_| ()).await.unwrap();
    assert_eq!(advance(&bench, &id).await.1.next, full(20, 20));

    ops::give_up(&bench.session, &lost.token).await.unwrap();
    let (did, status) = advance(&bench, &id).await;
    assert!(matches!(did, Did::Submitted(2, _)), "the next part, not the one that was given up: {did:?}");
    assert_eq!(status.parts[0].state, PartState::GivenUp { token: lost.token.clone() });
    all_done(&bench).await;
    ops::resume_campaign(&bench.session, &id).await.unwrap();
    let (did, _) = advance(&bench, &id).await;
    assert!(matches!(did, Did::Submitted(1, _)), "{did:?}");
    assert_eq!(names(&bench), ["book (1 of 3)", "book (2 of 3)", "book (1 of 3)"]);
}

#[tokio::test]
async fn a_program_that_ends_in_the_middle_of_a_create_leaves_a_part_that_the_list_finds() {
    let (mut bench, id) = begun().await;
    bench.world().fates = [Fate::Hangs].into();
    let (session, hanging) = (bench.session.clone(), id.clone());
    let task = tokio::spawn(async move { ops::advance(&session, &hanging, &quiet).await });
    while bench.world().creates.is_empty() {
        tokio::task::yield_now().await;
    }
    let (did, _) = advance(&bench, &id).await;
    assert!(matches!(did, Did::Elsewhere(_)), "one at a time: {did:?}");
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    restart(&mut bench);
    let (did, status) = advance(&bench, &id).await;
    assert_eq!((did, status.parts[0].state.word()), (Did::Nothing, "UNKNOWN"));
    ops::list(&bench.session, &|_| ()).await.unwrap();
    let (did, status) = advance(&bench, &id).await;
    assert_eq!((did, status.parts[0].state.word()), (Did::Nothing, "PENDING"));
    all_done(&bench).await;
    advance(&bench, &id).await;
    assert_eq!(names(&bench), ["book (1 of 3)", "book (2 of 3)"]);
}

#[tokio::test]
async fn no_room_is_waited_for_ever_longer_and_a_job_that_ends_ends_the_wait() {
    let mut bench = Bench::new();
    bench.session.pace.no_room = Duration::from_secs(60);
    let tokens = Split { max_requests: Some(1), ..Split::default() };
    let plan = plan(&bench, &texts(3), tokens).await;
    let id = ops::begin(&bench.session, &plan, false).await.unwrap().id;
    advance(&bench, &id).await;
    ops::list(&bench.session, &|_| ()).await.unwrap();
    let mut waited = Vec::new();
    for seconds in [None, Some(10), Some(900)] {
        bench.world().fates = [Fate::NoRoom(seconds)].into();
        let (did, status) = advance(&bench, &id).await;
        assert!(matches!(did, Did::Refused(2, _)), "{did:?}");
        let Next::Waits(NoRoom::Refused(waits)) = &status.next else { panic!("{status:?}") };
        assert!(waits.because.contains("quota in a test"), "{waits:?}");
        assert!(status.reason(bench.session.clock.now()).unwrap().starts_with("waits, next try in "));
        let wait = waits.until.duration_since(bench.session.clock.now()).as_secs();
        waited.push(wait);
        assert_eq!(advance(&bench, &id).await.0, Did::Nothing, "not before its time");
        bench.restart();
        bench.session.clock.advance(Duration::from_secs(wait as u64));
    }
    assert_eq!(waited, [60, 120, 900], "doubled, and what the service asks for when that is longer");
    bench.world().fates = [Fate::NoRoom(None)].into();
    advance(&bench, &id).await;
    all_done(&bench).await;
    let (did, _) = advance(&bench, &id).await;
    assert!(matches!(did, Did::Submitted(2, _)), "a job is over: {did:?}");
    assert_eq!(ops::campaign(&bench.session, &id).await.unwrap().hold, gemtts_tui::store::Hold::Free);
}

#[tokio::test]
async fn a_definite_no_pauses_until_a_person_resumes() {
    let (mut bench, id) = begun().await;
    bench.world().fates = [Fate::Fails(Certainty::Refused)].into();
    let (did, status) = advance(&bench, &id).await;
    assert!(matches!(did, Did::Refused(1, _)), "{did:?}");
    let now = bench.session.clock.now();
    assert_eq!(status.next, Next::Paused);
    assert!(status.reason(now).unwrap().starts_with("paused: the service refused the job: invalid in a test"));
    restart(&mut bench);
    assert_eq!(advance(&bench, &id).await.0, Did::Nothing);
    assert_eq!(ops::resume_campaign(&bench.session, &id).await.unwrap().next, Next::Submit(1));
    assert!(matches!(advance(&bench, &id).await.0, Did::Submitted(1, _)));
    assert_eq!(bench.world().uploads, 1, "the upload is used again");
}

#[tokio::test]
async fn a_pause_and_a_cancel_reach_a_part_while_it_is_uploaded() {
    for is_cancel in [false, true] {
        let (bench, id) = begun().await;
        let (store, now) = (bench.session.store.clone(), bench.session.clock.now());
        let meanwhile = |_: Progress| match is_cancel {
            true => store.cancel_campaign(&id, now).unwrap(),
            false => store.pause_campaign(&id, None, now).unwrap(),
        };
        let advance = ops::advance(&bench.session, &id, &meanwhile).await.unwrap();
        assert!(matches!(advance.did, Did::Refused(1, _)), "{advance:?}");
        let world = bench.world();
        assert_eq!((world.uploads, world.creates.len()), (1, 0));
        drop(world);
        assert_eq!(advance.status.next, if is_cancel { Next::Over } else { Next::Paused });
    }
}

#[tokio::test]
async fn many_sessions_at_once_send_every_part_once() {
    let mut bench = Bench::new();
    limit(&mut bench, 1_000);
    let one_each = Split { max_requests: Some(1), ..Split::default() };
    let plan = plan(&bench, &texts(8), one_each).await;
    let id = ops::begin(&bench.session, &plan, false).await.unwrap().id;
    let mut tasks = Vec::new();
    for _ in 0..4 {
        // As another process has it: nothing is shared but the folder.
        let mut session = bench.session.clone();
        session.store = Store::open(bench.session.store.folder()).unwrap();
        let id = id.clone();
        tasks.push(tokio::spawn(async move {
            loop {
                let advance = ops::advance(&session, &id, &quiet).await.unwrap();
                if advance.status.n_waiting() == 0 {
                    return;
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let expected: Vec<String> = (1..=8).map(|number| format!("book ({number} of 8)")).collect();
    assert_eq!(names(&bench), expected);
}

#[tokio::test]
async fn a_cancel_keeps_what_waits_and_asks_what_is_live_and_what_turns_up_later() {
    let (mut bench, id) = begun().await;
    bench.world().fates = [Fate::Lost { made: 1 }].into();
    bench.world().lists_lag = 5;
    let (_, status) = advance(&bench, &id).await;
    assert_eq!(status.parts[0].state.word(), "UNKNOWN");
    let status = ops::cancel_campaign(&bench.session, &id).await.unwrap();
    assert_eq!(status.next, Next::Cancelled);
    restart(&mut bench);
    for _ in 0..6 {
        ops::list(&bench.session, &|_| ()).await.unwrap();
    }
    let (did, status) = advance(&bench, &id).await;
    assert!(matches!(did, Did::Cancelled(_)), "{did:?}");
    assert_eq!((status.next, bench.world().cancels), (Next::Cancelled, 1));
    assert_eq!(advance(&bench, &id).await.0, Did::Nothing, "it is asked once");
    bench.world().jobs.iter_mut().for_each(|job| job.state = JobState::Cancelled);
    ops::list(&bench.session, &|_| ()).await.unwrap();
    let (_, status) = advance(&bench, &id).await;
    assert_eq!(status.next, Next::Over);
    assert_eq!(status.counts(), ["1 of 3 submitted", "1 cancelled", "2 not sent"]);
    assert_eq!(fs::read_dir(bench.session.store.folder().join("campaigns")).unwrap().count(), 0);
    assert!(ops::resume_campaign(&bench.session, &id).await.unwrap().next == Next::Over, "a cancel is for good");
}

#[tokio::test]
async fn the_same_content_within_two_days_is_agreed_to_first() {
    let (bench, id) = begun().await;
    advance(&bench, &id).await;
    let again = plan(&bench, &texts(5), Split::default()).await;
    assert_eq!(again.repeats(), Some(format!("the campaign book ({id})")));
    let refused = ops::begin(&bench.session, &again, false).await.unwrap_err();
    assert_eq!(refused.exit, Exit::Refused);
    // Another whole that begins with the same part.
    let longer = plan(&bench, &texts(6), Split::default()).await;
    assert_eq!(longer.repeats(), None);
    let refused = ops::begin(&bench.session, &longer, false).await.unwrap_err();
    assert!(refused.message.contains("book (1 of 3), as batches/"), "{refused}");
    assert_eq!(fs::read_dir(bench.session.store.folder().join("campaigns")).unwrap().count(), 1);
    all_done(&bench).await;
    let agreed = ops::begin(&bench.session, &again, true).await.unwrap();
    assert!(matches!(advance(&bench, &agreed.id).await.0, Did::Submitted(1, _)));
}

#[tokio::test]
async fn a_campaign_is_found_by_what_a_person_knows_of_it() {
    let (bench, id) = begun().await;
    for word in [id.as_str(), &id[..12], &id.to_lowercase(), "book"] {
        assert_eq!(ops::find_campaign(&bench.session, word).await.unwrap().id, id, "{word}");
    }
    for word in ["", "boo", "ZZ"] {
        assert_eq!(ops::find_campaign(&bench.session, word).await.unwrap_err().exit, Exit::Failed, "{word}");
    }
}

#[tokio::test]
async fn a_request_over_a_chosen_size_is_an_error_that_names_its_key() {
    let bench = Bench::new();
    let source = bench.folder.path().join("book.txt");
    fs::write(&source, format!("{}{}\n", texts(3), "x".repeat(400))).unwrap();
    let split = Split { max_tokens: Some(50), ..Split::default() };
    let order = Order { sources: vec![SourceArg::Path(source)], split, ..Order::default() };
    let plan = ops::plan(&bench.session, &order).await.unwrap();
    let found: Vec<_> = plan.findings.iter().map(|finding| (finding.rule, finding.key.is_some())).collect();
    assert_eq!(found, [("request-too-large", true)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn parts_joined_are_the_whole_and_all_amounts_add_up(
        lines in prop::collection::vec("[a-zA-Zäöü ,.!]{1,60}x", 1..40),
        max_requests in prop::option::of(1u64..9),
        max_bytes in prop::option::of(700u64..3_000),
        max_tokens in prop::option::of(20u64..60),
        pronounced in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let bench = Bench::new();
        let (source, words) = (bench.folder.path().join("book.txt"), bench.folder.path().join("words.tsv"));
        fs::write(&source, lines.join("\n")).unwrap();
        fs::write(&words, "a\teh\n").unwrap();
        let mut order = Order {
            sources: vec![SourceArg::Path(source)],
            split: Split { max_requests, max_bytes, max_tokens },
            ..Order::default()
        };
        order.reading.pronounce = pronounced.then_some(words);
        let plan = runtime.block_on(ops::plan(&bench.session, &order)).unwrap();
        prop_assume!(!plan.has_errors());
        let parts = runtime.block_on(ops::divide(&bench.session, &plan)).unwrap();
        prop_assert_eq!(parts.len(), plan.n_jobs());
        let read = |plan: &Plan| fs::read(&plan.prepared).unwrap();
        let sha256 = |bytes: &[u8]| -> String {
            let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
            digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
        };
        for part in &parts {
            let bytes = read(part);
            prop_assert_eq!(bytes.len() as u64, part.bytes);
            prop_assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count() as u64, part.n_requests);
            prop_assert_eq!(sha256(&bytes), part.sha256.clone());
            prop_assert!(bytes.ends_with(b"\n"));
            prop_assert!(max_requests.is_none_or(|most| part.n_requests <= most));
            prop_assert!(max_bytes.is_none_or(|most| part.bytes <= most));
        }
        prop_assert_eq!(parts.iter().flat_map(read).collect::<Vec<u8>>(), read(&plan));
        prop_assert_eq!(parts.iter().map(|part| part.characters).sum::<u64>(), plan.characters);
        prop_assert_eq!(parts.iter().map(|part| part.n_requests).sum::<u64>(), plan.n_requests);
        let texts = |plan: &Plan| fs::read(Store::texts_path(&plan.prepared)).unwrap_or_default();
        prop_assert_eq!(parts.iter().flat_map(texts).collect::<Vec<u8>>(), texts(&plan));
        let high = |plan: &Plan| plan.estimate.as_ref().unwrap().seconds.1;
        prop_assert!((parts.iter().map(high).sum::<f64>() - high(&plan)).abs() < 1e-6);
    }
}
