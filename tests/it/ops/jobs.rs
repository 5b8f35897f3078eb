//! Listing, finding, cancelling, deleting and waiting.

use std::sync::Mutex;
use std::time::Duration;

use gemtts_tui::failure::Exit;
use gemtts_tui::job::{Job, JobName, JobState};
use gemtts_tui::ops::{self, CancelAnswer, Transition};

use super::service::{Bench, job};

fn name(id: &str) -> JobName {
    JobName::parse(&format!("batches/{id}")).unwrap()
}

fn ids(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.name.id()).collect()
}

#[tokio::test]
async fn every_page_is_walked_and_jobs_are_shown_newest_first() {
    let bench = Bench::new();
    bench.world().page_size = 2;
    bench.world().jobs = ["j1", "j4", "j2", "j5", "j3"].map(|id| job(id, JobState::Running)).to_vec();
    let pages = Mutex::new(vec![]);
    let listing = ops::list(&bench.session, &|jobs| pages.lock().unwrap().push(jobs.len())).await.unwrap();
    assert_eq!(ids(&listing.jobs), ["j5", "j4", "j3", "j2", "j1"]);
    assert_eq!((listing.complete, pages.into_inner().unwrap()), (true, vec![2, 2, 1]));
}

#[tokio::test]
async fn a_list_that_leads_in_circles_ends_and_is_called_incomplete() {
    let bench = Bench::new();
    bench.world().page_size = 1;
    bench.world().in_circles = true;
    bench.world().jobs = ["j1", "j2"].map(|id| job(id, JobState::Running)).to_vec();
    let listing = ops::list(&bench.session, &|_| ()).await.unwrap();
    assert_eq!((listing.jobs.len(), listing.complete), (2, false));
}

#[tokio::test]
async fn an_empty_list_does_not_hide_a_job_that_was_running() {
    let bench = Bench::new();
    bench.world().jobs = ["j1", "j2"].map(|id| job(id, JobState::Running)).to_vec();
    ops::list(&bench.session, &|_| ()).await.unwrap();
    bench.world().jobs.remove(0);
    bench.world().page_size = 0;
    let listing = ops::list(&bench.session, &|_| ()).await.unwrap();
    assert_eq!((ids(&listing.jobs), listing.complete), (vec!["j2"], false));
}

#[tokio::test]
async fn transitions_are_recorded_once_and_survive_a_restart() {
    let mut bench = Bench::new();
    bench.world().jobs = vec![job("j1", JobState::Pending)];
    ops::list(&bench.session, &|_| ()).await.unwrap();
    bench.world().jobs[0] = job("j1", JobState::Succeeded);
    ops::list(&bench.session, &|_| ()).await.unwrap();
    ops::get(&bench.session, &name("j1")).await.unwrap();
    bench.restart();
    ops::list(&bench.session, &|_| ()).await.unwrap();
    let timeline = ops::transitions_of(&bench.session, &name("j1"));
    let told: Vec<_> = timeline.iter().map(|change| (change.to.word(), change.at.to_string())).collect();
    assert_eq!(
        told,
        [("PENDING", "2026-07-02T13:01:00Z".to_owned()), ("SUCCEEDED", "2026-07-02T13:59:00Z".to_owned())]
    );
}

#[tokio::test]
async fn the_last_listing_is_there_after_a_restart() {
    let mut bench = Bench::new();
    bench.world().jobs = vec![job("j1", JobState::Pending), job("j2", JobState::Failed)];
    let listing = ops::list(&bench.session, &|_| ()).await.unwrap();
    bench.restart();
    let known = bench.session.store.known_jobs("default", super::service::ORIGIN).unwrap();
    assert_eq!(known.jobs, listing.jobs);
}

#[tokio::test]
async fn a_job_is_found_by_name_id_and_unique_prefix() {
    let bench = Bench::new();
    bench.world().jobs = ["abc1", "abc2", "abd"].map(|id| job(id, JobState::Running)).to_vec();
    for (word, found) in [("batches/abc1", "abc1"), ("abc2", "abc2"), ("abd", "abd"), ("batches/abd", "abd")] {
        assert_eq!(ops::find(&bench.session, word).await.unwrap(), name(found), "{word}");
    }
    let ambiguous = ops::find(&bench.session, "abc").await.unwrap_err();
    assert_eq!(ambiguous.exit, Exit::Usage);
    assert!(ambiguous.message.contains("batches/abc1") && ambiguous.message.contains("batches/abc2"), "{ambiguous}");
    assert_eq!(ops::find(&bench.session, "").await.unwrap_err().exit, Exit::Usage, "no name at all");
    for word in ["x", "a b", "../abc1", "files/abc1"] {
        assert_eq!(ops::find(&bench.session, word).await.unwrap_err().exit, Exit::Failed, "{word}");
    }
}

#[tokio::test]
async fn a_cancel_is_a_wish_that_outlives_the_program_and_ends_with_the_job() {
    let mut bench = Bench::new();
    bench.world().jobs = vec![job("j1", JobState::Running)];
    assert_eq!(ops::cancel(&bench.session, &name("j1")).await.unwrap(), CancelAnswer::Asked);
    bench.restart();
    ops::list(&bench.session, &|_| ()).await.unwrap();
    assert_eq!(ops::asked_to_cancel(&bench.session), [name("j1")]);
    bench.world().jobs[0] = job("j1", JobState::Cancelled);
    let seen = Mutex::new(vec![]);
    let note = |job: &Job| seen.lock().unwrap().push(job.state.clone());
    assert_eq!(ops::follow(&bench.session, &name("j1"), &note).await.unwrap().state, JobState::Cancelled);
    assert_eq!(seen.into_inner().unwrap(), [JobState::Cancelled]);
    assert_eq!(ops::asked_to_cancel(&bench.session), []);
}

#[tokio::test]
async fn a_cancel_that_did_not_happen_is_told_after_a_minute() {
    let bench = Bench::new();
    bench.world().jobs = vec![job("j1", JobState::Running)];
    ops::cancel(&bench.session, &name("j1")).await.unwrap();
    assert_eq!(ops::cancels(&bench.session).unanswered, [], "the service has just been asked");
    bench.session.clock.advance(Duration::from_secs(61));
    assert_eq!(ops::cancels(&bench.session).unanswered, [name("j1")]);
    let other = gemtts_tui::ops::Session { key_fingerprint: Some("bb".into()), ..bench.session.clone() };
    assert_eq!(ops::cancels(&other).unanswered, [], "another key may not see the job");
    bench.world().jobs[0] = job("j1", JobState::Cancelled);
    ops::list(&bench.session, &|_| ()).await.unwrap();
    assert_eq!(ops::cancels(&bench.session).unanswered, []);
}

#[tokio::test]
async fn a_job_that_is_over_is_not_asked_to_stop() {
    let bench = Bench::new();
    bench.world().jobs = vec![job("j1", JobState::Succeeded)];
    let answer = ops::cancel(&bench.session, &name("j1")).await.unwrap();
    assert!(matches!(answer, CancelAnswer::AlreadyOver(_)));
    assert_eq!(bench.world().cancels, 0);
}

#[tokio::test]
async fn a_refused_cancel_looks_again_before_it_fails() {
    let bench = Bench::new();
    bench.world().jobs = vec![job("j1", JobState::Running), job("j2", JobState::Running)];
    bench.world().cancel_fails = true;
    let failure = ops::cancel(&bench.session, &name("j1")).await.unwrap_err();
    assert!(failure.message.contains("batches/j1"), "{failure}");
    assert_eq!(ops::asked_to_cancel(&bench.session), []);
    bench.world().cancel_leads_to = Some(JobState::Succeeded);
    let answer = ops::cancel(&bench.session, &name("j2")).await.unwrap();
    assert!(matches!(answer, CancelAnswer::AlreadyOver(job) if job.state == JobState::Succeeded));
}

#[tokio::test]
async fn a_live_job_is_not_deleted_and_a_gone_one_is_a_success() {
    let bench = Bench::new();
    bench.world().jobs = vec![job("j1", JobState::Running), job("j2", JobState::Failed)];
    let refused = ops::delete(&bench.session, &name("j1")).await.unwrap_err();
    assert_eq!((refused.exit, refused.hint.is_some()), (Exit::Refused, true));
    assert_eq!(bench.world().deletes, 0);
    ops::delete(&bench.session, &name("j2")).await.unwrap();
    ops::delete(&bench.session, &name("j2")).await.unwrap();
    assert_eq!(bench.world().jobs.len(), 1);
}

#[tokio::test]
async fn what_another_holds_is_refused_by_name() {
    let bench = Bench::new();
    bench.world().jobs = vec![job("j1", JobState::Failed)];
    let _lock = bench.session.store.lock("job-j1", "batches/j1").unwrap();
    let refused = ops::delete(&bench.session, &name("j1")).await.unwrap_err();
    assert_eq!(refused.exit, Exit::Refused);
    assert!(refused.message.contains("process "), "{refused}");
}

#[tokio::test]
async fn waiting_reports_every_change_and_ends_when_all_are_over() {
    let bench = Bench::new();
    bench.world().jobs = vec![job("j1", JobState::Pending), job("j2", JobState::Failed)];
    bench.world().reads_fail = 3;
    let seen = Mutex::new(vec![]);
    let names = [name("j2"), name("j1")];
    let note = |change: &Transition, job: &Job| {
        assert_eq!(change.to, job.state);
        seen.lock().unwrap().push(format!("{} {}", change.job.id(), change.to.word()));
        if change.to == JobState::Pending {
            bench.world().jobs[0].state = JobState::Succeeded;
        }
    };
    let jobs = ops::wait(&bench.session, &names, None, &note).await.unwrap();
    assert_eq!(ids(&jobs), ["j2", "j1"]);
    assert_eq!(seen.into_inner().unwrap(), ["j2 FAILED", "j1 PENDING", "j1 SUCCEEDED"]);
}

#[tokio::test]
async fn many_jobs_are_waited_for_through_the_list() {
    let bench = Bench::new();
    bench.world().jobs = (0..20).map(|id| job(&format!("j{id}"), JobState::Succeeded)).collect();
    let names: Vec<JobName> = (0..20).map(|id| name(&format!("j{id}"))).collect();
    assert_eq!(ops::wait(&bench.session, &names, None, &|_, _| ()).await.unwrap().len(), 20);
    let world = bench.world();
    assert_eq!((world.lists, world.gets), (1, 0));
}

#[tokio::test]
async fn waiting_ends_at_its_limit() {
    let bench = Bench::new();
    bench.world().jobs = vec![job("j1", JobState::Pending)];
    let limit = Some(Duration::from_millis(20));
    let failure = ops::wait(&bench.session, &[name("j1")], limit, &|_, _| ()).await.unwrap_err();
    assert_eq!(failure.exit, Exit::TimedOut);
}

#[tokio::test]
async fn waiting_for_a_job_that_is_not_there_fails() {
    let bench = Bench::new();
    let failure = ops::wait(&bench.session, &[name("j1")], None, &|_, _| ()).await.unwrap_err();
    assert!(failure.message.contains("batches/j1"), "{failure}");
}

#[tokio::test]
async fn many_jobs_that_another_machine_deleted_are_forgotten_after_some_listings() {
    let mut bench = Bench::new();
    bench.world().jobs = (10..36).map(|id| job(&format!("j{id}"), JobState::Running)).collect();
    ops::list(&bench.session, &|_| ()).await.unwrap();
    bench.world().jobs.truncate(1);
    assert!(!ops::list(&bench.session, &|_| ()).await.unwrap().complete);
    // What the first listing learned outlives the program.
    bench.restart();
    let listing = ops::list(&bench.session, &|_| ()).await.unwrap();
    assert_eq!((ids(&listing.jobs), listing.complete), (vec!["j10"], true));
    let gets = bench.world().gets;
    assert!(ops::list(&bench.session, &|_| ()).await.unwrap().complete);
    assert_eq!((gets, bench.world().gets), (25, 25));
}

#[tokio::test]
async fn a_listing_of_another_key_keeps_the_wishes_of_the_first() {
    let bench = Bench::new();
    bench.world().jobs = vec![job("j1", JobState::Running)];
    let first = gemtts_tui::ops::Session { key_fingerprint: Some("aa".into()), ..bench.session.clone() };
    ops::cancel(&first, &name("j1")).await.unwrap();
    // The other key sees other jobs.
    let elsewhere = Bench::new();
    let second = gemtts_tui::ops::Session {
        service: elsewhere.session.service.clone(),
        profile: "other".into(),
        key_fingerprint: Some("bb".into()),
        ..bench.session.clone()
    };
    assert!(ops::list(&second, &|_| ()).await.unwrap().complete);
    assert_eq!((ops::asked_to_cancel(&first), elsewhere.world().gets), (vec![name("j1")], 0));
    // The key that asked finds out that the job is gone.
    bench.world().jobs.clear();
    ops::list(&first, &|_| ()).await.unwrap();
    assert_eq!(ops::asked_to_cancel(&first), []);
}
