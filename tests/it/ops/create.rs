//! A create is sent at most once, whatever happens to it.

use std::time::Duration;

use gemtts_tui::api::Input;
use gemtts_tui::api::error::Certainty;
use gemtts_tui::failure::Exit;
use gemtts_tui::job::{JobState, split_token};
use gemtts_tui::ops::{self, Created, Order, Pace, Progress, SourceArg};
use tokio::time::Instant;

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

#[tokio::test(start_paused = true)]
async fn fault_1_a_lost_answer_is_adopted_within_3_s_of_the_list_showing_its_job() {
    for shown_after in [0, 100, 1_900, 2_100, 4_900] {
        let mut bench = Bench::new();
        bench.session.pace = Pace::default();
        let began = Instant::now();
        let shown = began + Duration::from_millis(shown_after);
        bench.world().fates = [Fate::Lost { made: 1 }].into();
        bench.world().shown_from = Some(shown);
        let created = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap();
        assert!(matches!(created, Created::Adopted(_)), "{shown_after}: {created:?}");
        let waited = Instant::now() - shown;
        assert!(waited <= Duration::from_secs(3), "{shown_after}: {waited:?}");
        assert_eq!(bench.world().creates.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn fault_1_whoever_does_not_wait_for_the_list_is_told_that_the_outcome_is_unknown() {
    let mut bench = Bench::new();
    bench.session.pace = Pace::default();
    bench.world().fates = [Fate::Lost { made: 1 }].into();
    bench.world().shown_from = Some(Instant::now() + Duration::from_secs(60));
    let began = Instant::now();
    let created = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap();
    assert!(matches!(created, Created::Unknown(_)), "{created:?}");
    assert_eq!((began.elapsed().as_secs(), bench.world().lists), (15, 4), "looks at 0, 2, 5 and 15 s");
}

#[tokio::test(start_paused = true)]
async fn fault_2_a_job_that_the_list_shows_after_90_s_is_adopted_by_the_next_look_and_not_sent_again() {
    let mut bench = Bench::new();
    bench.session.pace = Pace::default();
    bench.world().fates = [Fate::Lost { made: 1 }].into();
    let began = Instant::now();
    bench.world().shown_from = Some(began + Duration::from_secs(90));
    ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap();
    for look in [30, 60, 120] {
        assert_eq!(ops::unconfirmed(&bench.session).len(), 1, "before {look} s");
        tokio::time::sleep_until(began + Duration::from_secs(look)).await;
        ops::list(&bench.session, &|_| ()).await.unwrap();
    }
    assert_eq!((ops::unconfirmed(&bench.session), bench.world().creates.len()), (vec![], 1));
}

#[tokio::test]
async fn fault_3_a_list_that_stays_empty_for_24_h_leads_to_no_second_create() {
    let mut bench = Bench::new();
    bench.world().fates = [Fate::Lost { made: 0 }].into();
    let Created::Unknown(lost) = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap() else { panic!() };
    for hour in 0..24 {
        bench.restart();
        bench.session.clock.advance(Duration::from_secs(3600));
        ops::list(&bench.session, &|_| ()).await.unwrap();
        assert_eq!(ops::unconfirmed(&bench.session), std::slice::from_ref(&lost), "after {hour} h");
        let refused = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap_err();
        assert_eq!(refused.exit, Exit::Refused, "{refused}");
    }
    assert_eq!(bench.world().creates.len(), 1);
}

/// A session whose only create was lost, made of a source, so that its requests are kept.
async fn lost_for_good(made: usize) -> (Bench, gemtts_tui::ops::Unconfirmed) {
    let bench = Bench::new();
    let source = bench.folder.path().join("ch01.txt");
    std::fs::write(&source, "The first line.\nThe second line.\n").unwrap();
    let order = Order { sources: vec![SourceArg::Path(source)], voice: Some("Kore".into()), ..Order::default() };
    let plan = ops::plan(&bench.session, &order).await.unwrap();
    bench.world().fates = [Fate::Lost { made }].into();
    bench.world().lists_lag = 3;
    let Created::Unknown(lost) = ops::submit(&bench.session, &plan, &quiet).await.unwrap() else { panic!() };
    (bench, lost)
}

#[tokio::test]
async fn what_was_lost_is_sent_once_more_in_its_place_on_a_persons_word() {
    let (mut bench, lost) = lost_for_good(0).await;
    bench.restart();
    let plan = ops::plan_resend(&bench.session, &lost.token).await.unwrap();
    assert_eq!((plan.n_requests, plan.display_name.as_str(), plan.has_errors()), (2, "ch01", false));
    assert_eq!(bench.world().creates.len(), 1, "a plan sends nothing");
    let created = ops::submit(&bench.session, &plan, &quiet).await.unwrap();
    assert!(matches!(created, Created::Confirmed(_)), "{created:?}");
    let names: std::collections::BTreeSet<String> =
        bench.world().creates.iter().map(|create| create.display_name.clone()).collect();
    assert_eq!(names.len(), 2, "each intent has a token of its own and is sent once");
    assert_eq!(ops::unconfirmed(&bench.session), [], "the lost one was given up for it");
    let over = ops::plan_resend(&bench.session, &lost.token).await.unwrap_err();
    assert!(over.message.contains("was given up already"), "{over}");
}

#[tokio::test]
async fn what_turns_up_before_it_is_sent_once_more_is_taken_over() {
    let (bench, lost) = lost_for_good(1).await;
    bench.world().lists_lag = 0;
    let plan = ops::plan_resend(&bench.session, &lost.token).await.unwrap();
    let created = ops::submit(&bench.session, &plan, &quiet).await.unwrap();
    assert!(matches!(created, Created::Adopted(_)), "{created:?}");
    assert_eq!((bench.world().creates.len(), ops::unconfirmed(&bench.session)), (1, vec![]));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_or_does_not_end_keeps_it_from_being_sent_once_more() {
    let (bench, lost) = lost_for_good(0).await;
    let plan = ops::plan_resend(&bench.session, &lost.token).await.unwrap();
    bench.world().reads_fail = 1;
    let offline = ops::submit(&bench.session, &plan, &quiet).await.unwrap_err();
    assert!(offline.message.starts_with("the create was not sent"), "{offline}");
    bench.world().jobs.push(super::service::job("other", JobState::Running));
    bench.world().in_circles = true;
    let endless = ops::submit(&bench.session, &plan, &quiet).await.unwrap_err();
    assert!(endless.message.contains("does not come to an end"), "{endless}");
    assert_eq!((bench.world().creates.len(), ops::unconfirmed(&bench.session).len()), (1, 1));
}

#[tokio::test]
async fn the_same_content_is_a_repeat_for_48_h() {
    for (seconds, is_repeat) in [(48 * 3600 - 1, true), (48 * 3600, false)] {
        for is_lost in [false, true] {
            let bench = Bench::new();
            if is_lost {
                bench.world().fates = [Fate::Lost { made: 0 }].into();
            }
            ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap();
            bench.session.clock.advance(Duration::from_secs(seconds));
            let again = ops::submit(&bench.session, &bench.plan(), &quiet).await;
            assert_eq!(again.is_err(), is_repeat, "{seconds} s, lost: {is_lost}: {again:?}");
            assert_eq!(bench.world().creates.len(), if is_repeat { 1 } else { 2 });
        }
    }
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
async fn fault_13_a_create_that_was_doubled_is_reported_and_nothing_is_cancelled() {
    let bench = Bench::new();
    bench.world().fates = [Fate::Lost { made: 2 }].into();
    let created = ops::submit(&bench.session, &bench.plan(), &quiet).await.unwrap();
    let Created::Duplicate(jobs) = created else { panic!("{created:?}") };
    assert_eq!(jobs.iter().map(|job| job.name.id()).collect::<Vec<_>>(), ["made0", "made1"], "oldest first");
    assert_eq!(ops::unconfirmed(&bench.session), []);
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
