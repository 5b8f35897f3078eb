//! Acting on what was shown, stopping over a link that breaks, and saving without being asked.

use std::sync::Mutex;
use std::time::Duration;

use gemtts_tui::config::{AutoSave, Saving as Wanted};
use gemtts_tui::failure::Exit;
use gemtts_tui::job::{Counts, Dest, FileName, Job, JobName, JobState};
use gemtts_tui::ops::{self, AutoSaved, CancelAnswer, Loss};
use gemtts_tui::store::{Intent, SavedTo, Verdict};

use super::service::{Bench, NOW, ORIGIN, job};

fn name(id: &str) -> JobName {
    JobName::parse(&format!("batches/{id}")).unwrap()
}

#[tokio::test]
async fn a_job_that_changed_since_the_question_is_not_deleted() {
    let bench = Bench::new();
    let shown = job("j1", JobState::Cancelled);
    let cases: [(&str, Job); 3] = [
        ("it was CANCELLED and is SUCCEEDED", job("j1", JobState::Succeeded)),
        ("RUNNING", job("j1", JobState::Running)),
        (
            "its results are elsewhere",
            Job { dest: FileName::parse("files/out").map(Dest::File), ..job("j1", JobState::Cancelled) },
        ),
    ];
    for (said, now) in cases {
        bench.world().jobs = vec![now];
        let refused = ops::delete_as_agreed(&bench.session, &shown, Loss::Nothing).await.unwrap_err();
        assert!(refused.exit == Exit::Refused && refused.message.contains(said), "{said}: {refused}");
        assert_eq!((bench.world().deletes, bench.world().jobs.len()), (0, 1), "{said}");
    }
    bench.world().jobs = vec![shown.clone(), job("j2", JobState::Cancelled)];
    ops::delete_as_agreed(&bench.session, &shown, Loss::Nothing).await.unwrap();
    assert_eq!(bench.world().jobs, [job("j2", JobState::Cancelled)], "the one that was named, and no other");
    ops::delete_as_agreed(&bench.session, &shown, Loss::Nothing).await.unwrap();
}

#[tokio::test]
async fn results_that_went_from_the_disk_since_the_question_are_not_deleted_at_the_service() {
    let bench = Bench::new();
    let done = Job { dest: FileName::parse("files/out").map(Dest::File), ..job("j1", JobState::Succeeded) };
    bench.world().jobs = vec![done.clone()];
    let refused = ops::delete_as_agreed(&bench.session, &done, Loss::Saved).await.unwrap_err();
    assert!(refused.message.contains("not on this disk any more"), "{refused}");
    assert_eq!(bench.world().deletes, 0);
    // Somebody typed the count, and knows.
    let agreed = Loss::Unsaved { saved: 0, of: None };
    ops::delete_as_agreed(&bench.session, &done, agreed).await.unwrap();
    assert_eq!(bench.world().deletes, 1);
}

#[tokio::test]
async fn a_brake_that_loses_the_link_stands_in_the_journal_and_is_told_again() {
    let mut bench = Bench::new();
    bench.world().jobs = ["j1", "j2", "j3"].map(|id| job(id, JobState::Running)).to_vec();
    let names = ["j1", "j2", "j3"].map(name);
    ops::intend_to_cancel(&bench.session, &names).await.unwrap();
    assert!(matches!(ops::cancel_or_wait(&bench.session, &names[0]).await.unwrap(), CancelAnswer::Asked));
    bench.world().reads_fail = 1;
    let lost = ops::cancel_or_wait(&bench.session, &names[1]).await.unwrap();
    assert!(matches!(&lost, CancelAnswer::NotYet(failure) if failure.message.contains("batches/j2")), "{lost:?}");
    // Killed before the third: none of them is forgotten.
    bench.restart();
    assert_eq!(ops::asked_to_cancel(&bench.session), names);
    bench.session.clock.advance(Duration::from_secs(61));
    assert_eq!(ops::cancels(&bench.session).unanswered, names);
    bench.world().cancel_leads_to = Some(JobState::Cancelled);
    bench.world().reads_fail = 3;
    let answers = Mutex::new(vec![]);
    let note = |answer: &CancelAnswer| {
        answers.lock().unwrap().push(match answer {
            CancelAnswer::Asked => "asked",
            CancelAnswer::AlreadyOver(_) => "over",
            CancelAnswer::NotYet(_) => "not yet",
        });
    };
    for name in &names {
        let stopped = ops::stop(&bench.session, name, &note).await.unwrap();
        assert_eq!(stopped.job.state, JobState::Cancelled);
    }
    assert_eq!(answers.into_inner().unwrap(), ["not yet", "not yet", "not yet", "asked", "asked", "asked"]);
    assert_eq!(ops::asked_to_cancel(&bench.session), []);
}

#[tokio::test]
async fn a_cancel_that_cannot_be_is_forgotten() {
    let bench = Bench::new();
    ops::intend_to_cancel(&bench.session, &[name("gone")]).await.unwrap();
    let failure = ops::cancel_or_wait(&bench.session, &name("gone")).await.unwrap_err();
    assert!(failure.message.contains("batches/gone"), "{failure}");
    assert_eq!(ops::asked_to_cancel(&bench.session), []);
}

#[tokio::test]
async fn a_read_only_session_intends_nothing() {
    let bench = Bench::new();
    let session = bench.session.clone().read_only("--read-only");
    assert_eq!(ops::intend_to_cancel(&session, &[name("j1")]).await.unwrap_err().exit, Exit::Refused);
    assert_eq!(ops::asked_to_cancel(&session), []);
}

/// Writes down that a job was created here.
fn made_here(bench: &Bench, token: &str, job: &str) {
    let intent: Intent = serde_json::from_value(serde_json::json!({
        "token": token, "at": NOW, "sha256": "ab", "display_name": "x", "model": "m", "n_requests": 1, "characters": 1,
        "origin": ORIGIN, "key_fingerprint": null, "input_file": null,
    }))
    .unwrap();
    bench.session.store.intend(&intent).unwrap();
    bench.session.store.settle(token, &Verdict::Confirmed { job: format!("batches/{job}") }).unwrap();
}

#[tokio::test]
async fn what_no_save_holds_is_to_be_saved_and_only_what_was_made_here_unless_told_otherwise() {
    let mut bench = Bench::new();
    let done = |id: &str| Job {
        dest: FileName::parse("files/out").map(Dest::File),
        counts: Some(Counts { requests: 4, succeeded: 4, failed: 0, pending: 0 }),
        ..job(id, JobState::Succeeded)
    };
    let ours_by_token = Job { display_name: Some("x ~gt-01JD0000000000000000000002".into()), ..done("j2") };
    let jobs = [done("j1"), ours_by_token, done("theirs"), job("j4", JobState::Running), done("j5")];
    made_here(&bench, "01JD0000000000000000000001", "j1");
    made_here(&bench, "01JD0000000000000000000002", "other");
    made_here(&bench, "01JD0000000000000000000005", "j5");
    let saved = |job: &str, is_whole| SavedTo {
        job: format!("batches/{job}"),
        folder: "/somewhere".into(),
        n_files: 1,
        of: Some(4),
        is_whole,
        at: NOW.parse().unwrap(),
        origin: Some(ORIGIN.into()),
    };
    bench.session.store.saved(&saved("j1", false)).unwrap();
    bench.session.store.saved(&saved("j5", true)).unwrap();
    bench.session.saving = Wanted::default();
    bench.restart();
    let to_save = |auto| {
        let session = ops::Session { saving: Wanted { auto, folder: None }, ..bench.session.clone() };
        let names = ops::to_save(&session, &jobs, NOW.parse().unwrap());
        names.iter().map(|name| name.id().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(to_save(AutoSave::Off), [] as [&str; 0]);
    assert_eq!(to_save(AutoSave::Ours), ["j1", "j2"]);
    assert_eq!(to_save(AutoSave::All), ["j1", "j2", "theirs"]);
    // Whole by another dashboard since the listing, or in the hands of one.
    bench.session.store.saved(&saved("j1", true)).unwrap();
    let already = ops::auto_save(&bench.session, &jobs[0], &|_| ()).await.unwrap();
    assert_eq!(already, AutoSaved::Already("/somewhere".into()));
    let _lock = bench.session.store.lock("save-j2", "batches/j2").unwrap();
    assert_eq!(ops::auto_save(&bench.session, &jobs[1], &|_| ()).await.unwrap(), AutoSaved::Elsewhere);
    let none = job("j6", JobState::Expired);
    bench.world().jobs = vec![none.clone()];
    assert_eq!(ops::auto_save(&bench.session, &none, &|_| ()).await.unwrap(), AutoSaved::Nothing);
}
