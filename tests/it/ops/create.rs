//! A create is sent at most once, whatever happens to it.

use std::time::Duration;

use gemtts_tui::api::Input;
use gemtts_tui::api::error::Certainty;
use gemtts_tui::failure::Exit;
use gemtts_tui::job::{JobState, split_token};
use gemtts_tui::ops::{self, Created, Progress};

use super::service::{Bench, Fate};

fn quiet(_: Progress) {}

#[tokio::test]
async fn a_create_is_confirmed_and_its_token_is_in_the_name_that_is_sent() {
    let bench = Bench::new();
    let plan = bench.plan();
    let Created::Confirmed(job) = ops::submit(&bench.session, &plan, &quiet).await.unwrap() else { panic!() };
    let world = bench.world();
    assert_eq!(world.creates.len(), 1);
    assert!(matches!(&world.creates[0].input, Input::File(file) if file.as_str() == "files/up1"));
    let (words, token) = split_token(&world.creates[0].display_name);
    assert_eq!((words, token.map(str::len)), ("ch01", Some(26)));
    assert_eq!(job.title(), "ch01");
    assert!(!plan.prepared.exists());
    drop(world);
    assert_eq!(ops::unconfirmed(&bench.session), []);
    assert_eq!(ops::transitions_of(&bench.session, &job.name).len(), 1);
}

#[tokio::test]
async fn what_a_job_may_cost_survives_a_restart() {
    let mut bench = Bench::new();
    let estimate = gemtts_tui::money::Estimate {
        characters: 20,
        seconds: (1.0, 2.0),
        text_tokens: 5,
        audio_tokens: (25.0, 50.0),
        dollars: Some((0.01, 0.02)),
        basis: "a test".into(),
    };
    let plan = gemtts_tui::ops::Plan { estimate: Some(estimate), ..bench.plan() };
    let Created::Confirmed(job) = ops::submit(&bench.session, &plan, &quiet).await.unwrap() else { panic!() };
    let unpriced = gemtts_tui::ops::Plan { sha256: "cd".repeat(32), ..bench.plan() };
    ops::submit(&bench.session, &unpriced, &quiet).await.unwrap();
    bench.restart();
    assert_eq!(ops::costs(&bench.session).into_iter().collect::<Vec<_>>(), [(job.name, (0.01, 0.02))]);
}

#[tokio::test]
async fn an_inline_create_carries_its_requests_and_uploads_nothing() {
    let bench = Bench::new();
    let plan = gemtts_tui::ops::Plan { inline: true, ..bench.plan() };
    ops::submit(&bench.session, &plan, &quiet).await.unwrap();
    let world = bench.world();
    assert_eq!(world.uploads, 0);
    let Input::Inline(requests) = &world.creates[0].input else { panic!() };
    assert_eq!(requests.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[tokio::test]
async fn a_lost_create_is_adopted_once_the_list_shows_it() {
    let bench = Bench::new();
    bench.world().fates = [Fate::Lost { made: 1 }].into();
    bench.world().lists_lag = 1;
    let created = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap();
    assert!(matches!(created, Created::Adopted(_)), "{created:?}");
    assert_eq!(bench.world().creates.len(), 1);
    assert_eq!(ops::unconfirmed(&bench.session), []);
}

#[tokio::test]
async fn a_create_that_the_list_shows_late_is_unknown_until_a_listing_adopts_it() {
    let mut bench = Bench::new();
    bench.world().fates = [Fate::Lost { made: 1 }].into();
    bench.world().lists_lag = 5;
    let Created::Unknown(lost) = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap() else { panic!() };
    assert_eq!((lost.display_name.as_str(), lost.n_requests), ("ch01", 2));
    bench.restart();
    assert_eq!(ops::unconfirmed(&bench.session), [lost]);
    for _ in 0..2 {
        ops::list(&bench.session, &|_| ()).await.unwrap();
        assert_eq!(ops::unconfirmed(&bench.session).len(), 1);
    }
    ops::list(&bench.session, &|_| ()).await.unwrap();
    assert_eq!(ops::unconfirmed(&bench.session), []);
    assert_eq!(bench.world().creates.len(), 1);
}

#[tokio::test]
async fn unknown_never_becomes_sent_until_a_person_gives_it_up() {
    let mut bench = Bench::new();
    bench.world().fates = [Fate::Lost { made: 0 }].into();
    let Created::Unknown(lost) = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap() else { panic!() };
    bench.restart();
    bench.session.clock.advance(Duration::from_secs(24 * 3600));
    let refused = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap_err();
    assert_eq!(refused.exit, Exit::Refused, "{refused}");
    assert_eq!(bench.world().creates.len(), 1);
    ops::give_up(&bench.session, &lost.token).await.unwrap();
    assert!(ops::give_up(&bench.session, &lost.token).await.is_err());
    assert_eq!(ops::unconfirmed(&bench.session), []);
    let created = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap();
    assert!(matches!(created, Created::Confirmed(_)));
    assert_eq!(bench.world().creates.len(), 2);
}

#[tokio::test]
async fn a_create_that_is_given_up_in_the_middle_is_unknown_and_adopted_later() {
    let bench = Bench::new();
    bench.world().fates = [Fate::Hangs].into();
    let session = bench.session.clone();
    let plan = bench.plan();
    let submitting = tokio::spawn(async move { ops::submit(&session, &plan, &quiet).await });
    while bench.world().creates.is_empty() {
        tokio::task::yield_now().await;
    }
    // Under way in this very process: not yet something to worry about.
    assert_eq!(ops::unconfirmed(&bench.session), []);
    submitting.abort();
    assert!(submitting.await.unwrap_err().is_cancelled());
    assert_eq!(ops::unconfirmed(&bench.session).len(), 1);
    ops::list(&bench.session, &|_| ()).await.unwrap();
    assert_eq!(ops::unconfirmed(&bench.session), []);
}

#[tokio::test]
async fn a_definite_no_is_a_failure_that_keeps_the_upload_for_the_next_try() {
    for certainty in [Certainty::NotSent, Certainty::Refused] {
        let bench = Bench::new();
        bench.world().fates = [Fate::Fails(certainty)].into();
        let failure = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap_err();
        assert!(failure.message.contains("invalid in a test"), "{failure}");
        assert_eq!(ops::unconfirmed(&bench.session), []);
        assert_eq!(bench.world().lists, 0, "there is nothing to look for");
        ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap();
        let world = bench.world();
        assert_eq!((world.uploads, world.creates.len()), (1, 2), "{certainty:?}");
    }
}

#[tokio::test]
async fn an_intent_that_cannot_be_written_sends_nothing() {
    let bench = Bench::new();
    let state = bench.session.store.folder().join("intents.jsonl");
    std::fs::create_dir(&state).unwrap();
    let plan = gemtts_tui::ops::Plan { inline: true, ..bench.plan() };
    let failure = ops::submit(&bench.session, &plan, &quiet).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Disk, "{failure}");
    assert_eq!(bench.world().creates.len(), 0);
}

#[tokio::test]
async fn of_two_programs_with_the_same_content_one_sends_it() {
    let bench = Bench::new();
    bench.world().fates = [Fate::Hangs].into();
    let (first, second) = (bench.session.clone(), bench.session.clone());
    let plan = bench.plan();
    let submitting = tokio::spawn({
        let plan = plan.clone();
        async move { ops::submit(&first, &plan, &quiet).await }
    });
    while bench.world().creates.is_empty() {
        tokio::task::yield_now().await;
    }
    let refused = ops::submit(&second, &plan, &quiet).await.unwrap_err();
    assert_eq!(refused.exit, Exit::Refused);
    assert!(refused.message.contains(&format!("process {}", std::process::id())), "{refused}");
    submitting.abort();
}

#[tokio::test]
async fn content_that_was_sent_since_the_plan_was_made_is_not_sent_again_unasked() {
    let bench = Bench::new();
    let plan = bench.plan();
    let Created::Confirmed(job) = ops::submit(&bench.session, &plan, &quiet).await.unwrap() else { panic!() };
    let refused = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap_err();
    assert_eq!(refused.exit, Exit::Refused, "{refused}");
    let asked = gemtts_tui::ops::Plan { repeat_of: Some(job.name.clone()), ..bench.plan() };
    ops::submit(&bench.session, &asked, &quiet).await.unwrap();
    assert_eq!(bench.world().creates.len(), 2);
}

#[tokio::test]
async fn content_of_a_job_that_failed_is_no_repeat() {
    let bench = Bench::new();
    ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap();
    bench.world().jobs[0].state = JobState::Failed;
    ops::list(&bench.session, &|_| ()).await.unwrap();
    ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap();
    assert_eq!(bench.world().creates.len(), 2);
}

#[tokio::test]
async fn a_create_that_was_doubled_is_reported_and_nothing_is_cancelled() {
    let bench = Bench::new();
    bench.world().fates = [Fate::Lost { made: 2 }].into();
    let failure = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap_err();
    assert_eq!(failure.exit, Exit::SomeBad);
    assert!(failure.message.contains("batches/made0, batches/made1"), "{failure}");
    let duplicates = ops::duplicates(&bench.session);
    assert_eq!(duplicates.len(), 1);
    assert_eq!(duplicates[0].1.len(), 2);
    assert_eq!(bench.world().cancels, 0);
}

#[tokio::test]
async fn a_read_only_session_sends_nothing() {
    let bench = Bench::new();
    let session = bench.session.clone().read_only("--read-only");
    let failure = ops::submit(&session, &bench.plan(), &quiet).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Refused);
    assert!(failure.message.contains("--read-only"));
    assert_eq!(bench.world().uploads, 0);
}
