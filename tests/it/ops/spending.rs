//! What was spent: written down while results are read, learned from, and held below the caps.

use std::time::Duration;

use gemtts_tui::clock::Clock;
use gemtts_tui::failure::Exit;
use gemtts_tui::job::{Job, JobName, JobState};
use gemtts_tui::money::{Caps, Estimate, OverCap};
use gemtts_tui::ops::{self, Created, KeyChoice, Order, Plan, Progress, SaveFrom, SaveOrder, Session};
use gemtts_tui::store::{Accounted, Verdict};
use jiff::tz::TimeZone;

use super::service::{Bench as Memory, Fate};
use super::whole::Bench;

fn quiet(_: Progress) {}

/// A plan of other content for every name, with this estimate.
fn plan(bench: &Memory, name: &str, dollars: Option<(f64, f64)>) -> Plan {
    let prepared = bench.session.store.prepared_folder().join(format!("{name}.jsonl"));
    let plan = bench.plan();
    std::fs::copy(&plan.prepared, &prepared).unwrap();
    let estimate = Some(Estimate { dollars, ..Estimate::default() });
    Plan { prepared, display_name: name.into(), sha256: format!("{name:0>64}"), estimate, ..plan }
}

fn capped(bench: &mut Memory, per_job: Option<f64>, per_day: Option<f64>) {
    bench.session.caps = Caps { per_job, per_day };
}

async fn submit(bench: &Memory, plan: &Plan) -> Result<JobName, (Exit, String)> {
    match ops::submit(&bench.session, plan, &quiet).await {
        Ok(Created::Confirmed(job)) => Ok(job.name),
        Ok(other) => panic!("{other:?}"),
        Err(failure) => Err((failure.exit, failure.message)),
    }
}

/// What a job came to, in a record with nothing else in it.
fn accounted(job: &JobName, session: &Session, useful: f64, is_whole: bool) -> Accounted {
    use gemtts_tui::money::{Account, BatchPrice, Clip};
    let mut account = Account::new(25.0);
    let clip = Clip {
        is_useful: true,
        prompt_tokens: Some(0),
        audio_tokens: Some((useful * 1e5).round() as u64),
        seconds: 1.0,
        characters: None,
    };
    account.take(None, None, &clip);
    Accounted {
        job: job.to_string(),
        origin: session.service.reader.origin().to_owned(),
        key_fingerprint: None,
        model: Some("m".into()),
        created: Some(session.clock.now()),
        read_at: session.clock.now(),
        n_results: 1,
        is_whole,
        priced_on: "2026-07-02".parse().unwrap(),
        price: Some(BatchPrice { text_in: 1.0, audio_out: 10.0 }),
        shares: account.shares(),
    }
}

#[tokio::test]
async fn nothing_is_sent_over_a_cap_before_somebody_has_agreed() {
    let table = [
        ("below both", (Some(5.0), Some(25.0)), Some((1.0, 5.0)), None),
        ("reached exactly", (None, Some(5.0)), Some((1.0, 5.0)), None),
        ("over that for a job", (Some(5.0), None), Some((1.0, 5.01)), Some("the cap of $5.00 for a job")),
        ("over that for a day", (None, Some(4.0)), Some((3.0, 5.0)), Some("the cap of $4.00 for a day")),
        ("of unknown price", (None, Some(25.0)), None, Some("no price is known")),
        ("of unknown price, uncapped", (None, None), None, None),
    ];
    for (name, (per_job, per_day), dollars, refused) in table {
        let mut bench = Memory::new();
        capped(&mut bench, per_job, per_day);
        let plan = plan(&bench, "a", dollars);
        let outcome = submit(&bench, &plan).await;
        match refused {
            None => assert!(outcome.is_ok(), "{name}: {outcome:?}"),
            Some(part) => {
                let (exit, message) = outcome.unwrap_err();
                assert!(exit == Exit::Refused && message.contains(part), "{name}: {message}");
                assert_eq!(bench.world().creates.len(), 0, "{name}");
                assert_eq!(bench.world().uploads, 0, "{name}");
                assert_eq!(bench.session.store.intents().unwrap(), [], "{name}");
                let over = bench.session.caps.over(0.0, dollars.map(|(_, high)| high));
                let agreed = Plan { agreed: over, ..plan };
                assert!(submit(&bench, &agreed).await.is_ok(), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn what_was_agreed_to_is_not_what_it_is_meanwhile() {
    let mut bench = Memory::new();
    capped(&mut bench, None, Some(5.0));
    let late = plan(&bench, "late", Some((1.0, 6.0)));
    let agreed = bench.session.caps.over(0.0, Some(6.0));
    let late = Plan { agreed, over_cap: agreed, ..late };
    submit(&bench, &plan(&bench, "early", Some((1.0, 2.0)))).await.unwrap();
    let (exit, message) = submit(&bench, &late).await.unwrap_err();
    assert_eq!(exit, Exit::Refused);
    assert!(message.contains("this adds up to $6.00 to the $2.00 of today"), "{message}");
    assert!(submit(&bench, &Plan { agreed: Some(OverCap::ANYTHING), ..late }).await.is_ok());
}

#[tokio::test]
async fn of_jobs_at_once_only_those_that_fit_are_sent() {
    let mut bench = Memory::new();
    capped(&mut bench, None, Some(10.0));
    let plans: Vec<Plan> = (0..6).map(|n| plan(&bench, &format!("p{n}"), Some((3.0, 4.0)))).collect();
    // Another process would open the folder for itself.
    let other = Session {
        store: gemtts_tui::store::Store::open(bench.session.store.folder()).unwrap(),
        ..bench.session.clone()
    };
    let sessions = [&bench.session, &other];
    let all = plans.iter().enumerate().map(|(n, plan)| ops::submit(sessions[n % 2], plan, &quiet));
    let outcomes = futures_util::future::join_all(all).await;
    let refused =
        outcomes.iter().filter(|outcome| outcome.as_ref().is_err_and(|failure| failure.exit == Exit::Refused));
    assert_eq!((outcomes.iter().filter(|outcome| outcome.is_ok()).count(), refused.count()), (2, 4));
    assert_eq!(bench.world().creates.len(), 2);
    assert_eq!(bench.session.store.intents().unwrap().len(), 2, "what was refused counts as never sent");
}

#[tokio::test]
async fn a_day_is_one_of_the_local_calendar() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let new_york = TimeZone::get("America/New_York").unwrap();
    let table = [
        // Before and after midnight in Berlin, which is 22:00 in UTC.
        (&berlin, "2026-07-02T21:59:59Z", "2026-07-02T22:00:00Z", false),
        (&berlin, "2026-07-02T22:00:00Z", "2026-07-03T21:59:59Z", true),
        (&TimeZone::UTC, "2026-07-02T21:59:59Z", "2026-07-02T22:00:00Z", true),
        (&TimeZone::UTC, "2026-07-02T23:59:59Z", "2026-07-03T00:00:00Z", false),
        (&new_york, "2026-07-03T03:59:59Z", "2026-07-03T04:00:00Z", false),
        // The day on which summer time ends has 25 hours, and that on which it begins 23.
        (&berlin, "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", true),
        (&berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", false),
        (&berlin, "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", true),
        (&berlin, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", false),
        // The same hour comes twice.
        (&berlin, "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", true),
    ];
    for (zone, first, second, is_same_day) in table {
        let mut bench = Memory::new();
        capped(&mut bench, None, Some(5.0));
        bench.session.zone = zone.clone();
        bench.session.clock = Clock::fixed(first.parse().unwrap());
        submit(&bench, &plan(&bench, "a", Some((2.0, 3.0)))).await.unwrap();
        bench.session.clock = Clock::fixed(second.parse().unwrap());
        let spent = ops::spending(&bench.session).today;
        assert_eq!(spent, if is_same_day { 3.0 } else { 0.0 }, "{first} {second}");
        let outcome = submit(&bench, &plan(&bench, "b", Some((2.0, 3.0)))).await;
        assert_eq!(outcome.is_err(), is_same_day, "{first} {second}");
    }
}

#[tokio::test]
async fn what_counts_is_what_is_known_else_the_upper_end_of_the_estimate() {
    let estimate = Some((2.0, 3.0));
    let over = |state: JobState, done: u64| (state, Some(done));
    let table = [
        ("under way", None, None, 3.0),
        ("over, and nobody has read its results", Some((JobState::Succeeded, None)), None, 3.0),
        ("over, and all of it read", Some((JobState::Succeeded, None)), Some((1.25, true)), 1.25),
        ("over, and a part of it read", Some((JobState::Succeeded, None)), Some((1.25, false)), 3.0),
        ("a part that is more than was expected", Some((JobState::Succeeded, None)), Some((4.5, false)), 4.5),
        ("failed as a whole", Some((JobState::Failed, None)), None, 0.0),
        ("cancelled half way", Some(over(JobState::Cancelled, 1)), None, 1.5),
        ("cancelled, and nobody knows when", Some((JobState::Cancelled, None)), None, 3.0),
        ("expired before anything was done", Some(over(JobState::Expired, 0)), None, 0.0),
    ];
    for (name, ended, read, expected) in table {
        let bench = Memory::new();
        let job = submit(&bench, &plan(&bench, "a", estimate)).await.unwrap();
        if let Some((state, done)) = ended {
            {
                let mut world = bench.world();
                world.lists_lag = 0;
                let made = world.jobs.last_mut().unwrap();
                made.state = state;
                made.counts = done.map(|done| gemtts_tui::job::Counts {
                    requests: 2,
                    succeeded: done,
                    failed: 0,
                    pending: 2 - done,
                });
            }
            ops::list(&bench.session, &|_| ()).await.unwrap();
        }
        if let Some((useful, is_whole)) = read {
            bench.session.store.account(&accounted(&job, &bench.session, useful, is_whole)).unwrap();
        }
        let today = ops::spending(&bench.session).today;
        assert!((today - expected).abs() < 1e-9, "{name}: {today}");
    }
}

#[tokio::test]
async fn creates_that_came_to_nothing_cost_nothing_and_lost_ones_may() {
    let refused = Fate::Fails(gemtts_tui::api::error::Certainty::Refused);
    for (fate, given_up, expected) in
        [(refused, false, 0.0), (Fate::Lost { made: 0 }, false, 3.0), (Fate::Lost { made: 0 }, true, 0.0)]
    {
        let bench = Memory::new();
        bench.world().fates = [fate].into();
        let _ = ops::submit(&bench.session, &plan(&bench, "a", Some((2.0, 3.0))), &quiet).await;
        if given_up {
            let token = bench.session.store.intents().unwrap()[0].intent.token.clone();
            bench.session.store.settle(&token, &Verdict::GivenUp).unwrap();
        }
        assert_eq!(ops::spending(&bench.session).today, expected, "{fate:?} {given_up}");
    }
}

#[tokio::test]
async fn days_and_models_add_up_to_all_of_it() {
    let mut bench = Memory::new();
    let at = |bench: &mut Memory, time: &str| bench.session.clock = Clock::fixed(time.parse().unwrap());
    at(&mut bench, "2026-07-01T12:00:00Z");
    let first = submit(&bench, &plan(&bench, "a", Some((2.0, 3.0)))).await.unwrap();
    bench.session.store.account(&accounted(&first, &bench.session, 2.5, true)).unwrap();
    at(&mut bench, "2026-07-02T12:00:00Z");
    submit(&bench, &plan(&bench, "b", Some((1.0, 2.0)))).await.unwrap();
    let other = Plan { model: "n".into(), ..plan(&bench, "c", None) };
    submit(&bench, &other).await.unwrap();
    // Made elsewhere, and read here.
    let elsewhere = JobName::parse("batches/elsewhere").unwrap();
    bench.session.store.account(&accounted(&elsewhere, &bench.session, 0.5, true)).unwrap();

    let outlays = ops::outlays(&bench.session, 2).unwrap();
    let shown: Vec<_> = outlays
        .iter()
        .map(|((day, model), outlay)| (day.to_string(), model.clone().unwrap(), outlay.jobs, outlay.useful))
        .collect();
    let day = |day: i8| format!("2026-07-0{day}");
    let expected = [(day(2), "m".into(), 2, 0.5), (day(2), "n".into(), 1, 0.0), (day(1), "m".into(), 1, 2.5)];
    assert_eq!(shown, expected);
    assert_eq!((outlays[0].1.in_flight, outlays[1].1.unpriced), ((1.0, 2.0), 1));
    assert_eq!(ops::outlays(&bench.session, 1).unwrap().len(), 2, "yesterday is not today");
    assert_eq!(ops::spending(&bench.session).today, 2.5);
    assert_eq!(ops::spending(&bench.session).paid.len(), 2);
}

/// Of eight results the last one is silent and the one before an error.
const BAD_END: &str = "[[result]]\nkind = \"error\"\nlines = [7]\n[[result]]\nkind = \"silent\"\nlines = [8]\n";

fn record(bench: &Bench, job: &Job) -> Option<Accounted> {
    bench.session.store.accounted(bench.session.service.reader.origin(), &job.name).unwrap()
}

fn save(bench: &Bench, job: &Job, keys: KeyChoice) -> SaveOrder {
    SaveOrder { from: SaveFrom::Job(job.clone()), folder: bench.folder.path().join("out"), keys }
}

#[tokio::test]
async fn whoever_opens_or_saves_results_writes_down_what_they_came_to() {
    let bench = Bench::new(BAD_END).await;
    let job = bench.job(8).await;
    assert_eq!(record(&bench, &job), None);
    ops::save(&bench.session, &save(&bench, &job, KeyChoice::Lines(vec![1, 2])), &|_| ()).await.unwrap();
    let some = record(&bench, &job).unwrap();
    assert!(!some.is_whole && some.useful().clips == 2, "{some:?}");
    ops::open(&bench.session, &job, &|_| ()).await.unwrap();
    let opened = record(&bench, &job).unwrap();
    assert_eq!((opened.n_results, opened.is_whole), (8, true));
    assert_eq!((opened.useful().clips, opened.unusable().clips), (6, 1), "an error is not billed");
    let [share] = &opened.shares[..] else { panic!("{opened:?}") };
    assert_eq!((share.manner.voice.as_str(), share.measured.clips), ("Kore", 6));
    assert_eq!(share.measured.characters.total(), 6 * "This is line number 1 of a test.".len() as u64);
    assert!(share.measured.seconds > 1.0 && share.measured.token_seconds > 1.0, "{share:?}");
    let (useful, unusable) = opened.dollars().unwrap();
    assert!(useful > 0.0 && unusable > 0.0 && opened.price.is_some(), "{opened:?}");
    // The same again, and less, change nothing; the tokens of a save are those of an opening.
    for keys in [KeyChoice::All, KeyChoice::Globs(vec!["*-0001".into()])] {
        ops::save(&bench.session, &save(&bench, &job, keys), &|_| ()).await.unwrap();
        assert_eq!(record(&bench, &job).as_ref(), Some(&opened));
    }
    let spending = ops::spending(&bench.session);
    let paid = spending.paid[&job.name];
    assert!((paid.dollars() - useful - unusable).abs() < 1e-12 && paid.n_unusable == 1, "{paid:?}");
    assert!((spending.today - paid.dollars()).abs() < 1e-12, "what is known takes the place of the estimate");
}

#[tokio::test]
async fn a_plan_learns_from_what_was_spoken_before() {
    let bench = Bench::new("").await;
    let order = |text: &str| {
        let path = bench.folder.path().join("next.txt");
        std::fs::write(&path, text).unwrap();
        Order { sources: vec![gemtts_tui::ops::SourceArg::Path(path)], voice: Some("Kore".into()), ..Order::default() }
    };
    let next = "Another line of about the same length.\n";
    let before = ops::plan(&bench.session, &order(next)).await.unwrap().estimate.unwrap();
    assert!(before.basis.starts_with("13–17 characters a second"), "{}", before.basis);
    let job = bench.job(24).await;
    ops::save(&bench.session, &save(&bench, &job, KeyChoice::All), &|_| ()).await.unwrap();
    let after = ops::plan(&bench.session, &order(next)).await.unwrap().estimate.unwrap();
    assert!(after.basis.starts_with("learned from 24 clips of Kore, "), "{}", after.basis);
    let measured = record(&bench, &job).unwrap().shares[0].measured;
    let rate = measured.seconds / measured.characters.total() as f64;
    let expected = rate * after.characters as f64;
    assert!(after.seconds.0 < expected && expected < after.seconds.1, "{expected}: {after:?}");
    // A voice that nobody has heard yet takes the pace of the others in its script.
    let other = Order { voice: Some("Puck".into()), ..order(next) };
    let basis = ops::plan(&bench.session, &other).await.unwrap().estimate.unwrap().basis;
    assert!(basis.starts_with("learned from 24 clips of alphabetic script in all voices"), "{basis}");
}

#[tokio::test]
async fn a_retake_is_held_by_the_caps_too() {
    let mut bench = Bench::new(BAD_END).await;
    let job = bench.job(8).await;
    bench.session.caps = Caps { per_job: Some(0.0), per_day: None };
    let retake = ops::retake(&bench.session, &job, &ops::RetakeOrder::default(), &quiet).await.unwrap();
    let plan = retake.plan.unwrap();
    let over = plan.over_cap.expect("whatever it costs is over nothing");
    assert_eq!((over.per_job, over.per_day), (Some(0.0), None));
    let refused = ops::submit(&bench.session, &plan, &quiet).await.unwrap_err();
    assert_eq!(refused.exit, Exit::Refused);
    let agreed = Plan { agreed: Some(over), ..plan };
    bench.session.clock.advance(Duration::from_secs(1));
    assert!(matches!(ops::submit(&bench.session, &agreed, &quiet).await, Ok(Created::Confirmed(_))));
}
