//! A small job before the large one, and the rest after it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gemtts_tui::failure::{Exit, Failure};
use gemtts_tui::job::JobName;
use gemtts_tui::ops::{self, Order, Plan, Sample, SourceArg};
use gemtts_tui::store::{Intent, Verdict};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::whole::Bench;

/// The lines of a prepared file, in their order.
fn lines(prepared: &Path) -> Vec<String> {
    fs::read_to_string(prepared).unwrap().lines().map(str::to_owned).collect()
}

fn keys(plan: &Plan) -> Vec<String> {
    let key = |line: String| serde_json::from_str::<Value>(&line).unwrap()["key"].as_str().unwrap().to_owned();
    lines(&plan.prepared).into_iter().map(key).collect()
}

fn book(bench: &Bench, texts: &[String]) -> Order {
    let path = bench.folder.path().join("book.txt");
    fs::write(&path, texts.iter().map(|text| format!("{text}\n")).collect::<String>()).unwrap();
    Order { sources: vec![SourceArg::Path(path)], voice: Some("Kore".into()), ..Order::default() }
}

async fn plan(bench: &Bench, order: &Order) -> Result<Plan, Failure> {
    let plan = ops::plan(&bench.session, order).await?;
    assert!(!plan.has_errors(), "{:?}", plan.findings);
    Ok(plan)
}

/// Writes down that a plan became a job, as submitting it does.
fn sent(bench: &Bench, plan: &Plan, n: usize) -> JobName {
    let (store, token) = (&bench.session.store, format!("{n:026}"));
    let job = JobName::parse(&format!("batches/job{n}")).unwrap();
    let intent = Intent {
        token: token.clone(),
        sha256: plan.sha256.clone(),
        n_requests: plan.n_requests,
        characters: plan.characters,
        model: plan.model.clone(),
        dollars: None,
        origin: bench.session.service.reader.origin().to_owned(),
        key_fingerprint: bench.session.key_fingerprint.clone(),
        display_name: plan.display_name.clone(),
        input_file: None,
        at: bench.session.clock.now(),
        retake_of: None,
        part_of: None,
        text_tokens: None,
        n_unchanged: plan.n_unchanged,
    };
    store.intend(&intent).unwrap();
    store.settle(&token, &Verdict::Confirmed { job: job.to_string() }).unwrap();
    store.keep_requests(&plan.prepared, &token).unwrap();
    store.requests_are_sent(&plan.prepared);
    job
}

fn texts(n: usize) -> Vec<String> {
    (1..=n).map(|n| format!("This is line number {n}{}.", " and on".repeat(n % 7))).collect()
}

#[tokio::test]
async fn a_sample_is_chosen_in_the_order_of_its_source_and_can_be_made_again() {
    let bench = Bench::new("").await;
    let order = book(&bench, &texts(40));
    let of = |sample: &str| Order { sample: Some(sample.parse().unwrap()), ..order.clone() };
    let first = plan(&bench, &of("3")).await.unwrap();
    assert_eq!(first.preview.iter().map(|line| line.line).collect::<Vec<_>>(), [1, 2, 3]);
    let longest = plan(&bench, &of("longest:5")).await.unwrap();
    assert_eq!(longest.preview.iter().map(|line| line.line).collect::<Vec<_>>(), [6, 13, 20, 27, 34]);
    let random = plan(&bench, &of("random:5")).await.unwrap();
    let Some(Sample::Random { n: 5, seed: Some(seed) }) = random.sample else { panic!("{:?}", random.sample) };
    let again = plan(&bench, &of(&format!("random:5:{seed}"))).await.unwrap();
    assert_eq!((again.sample, &again.sha256, again.n_requests), (random.sample, &random.sha256, 5));
    let more = plan(&bench, &of("random:100:1")).await.unwrap();
    assert_eq!((more.n_requests, more.sha256), (40, plan(&bench, &order).await.unwrap().sha256));
}

#[tokio::test]
async fn what_is_wrong_behind_the_sample_is_said_when_all_is_read() {
    let bench = Bench::new("").await;
    let path = bench.folder.path().join("book.jsonl");
    let good = r#"{"key":"a","request":{"contents":[{"parts":[{"text":"A long enough text."}]}],"generationConfig":{"responseModalities":["AUDIO"]}}}"#;
    fs::write(&path, format!("{good}\nnot json\n")).unwrap();
    let order = Order { sources: vec![SourceArg::Path(path)], voice: Some("Kore".into()), ..Order::default() };
    for (sample, is_wrong) in [("1", false), ("longest:1", true), ("random:1", true)] {
        let order = Order { sample: Some(sample.parse().unwrap()), ..order.clone() };
        let plan = ops::plan(&bench.session, &order).await.unwrap();
        assert_eq!(plan.has_errors(), is_wrong, "{sample}");
        assert!(!is_wrong || !plan.prepared.exists());
    }
}

#[tokio::test]
async fn the_rest_of_a_job_needs_its_requests_and_some_of_them() {
    let bench = Bench::new("").await;
    let order = book(&bench, &texts(9));
    let sample = plan(&bench, &Order { sample: Some(Sample::Longest(4)), ..order.clone() }).await.unwrap();
    let job = sent(&bench, &sample, 1);
    let rest = Order { rest_of: vec![job.clone()], ..order.clone() };
    let planned = plan(&bench, &rest).await.unwrap();
    assert_eq!((planned.n_requests, planned.n_sent_before, &planned.rest_of), (5, 4, &vec![job.clone()]));
    let two = plan(&bench, &Order { sample: Some(Sample::First(2)), ..rest.clone() }).await.unwrap();
    assert_eq!(keys(&two), keys(&planned)[..2]);

    let other_voice = Order { voice: Some("Puck".into()), ..rest.clone() };
    let refused = plan(&bench, &other_voice).await.unwrap_err();
    assert!(refused.message.contains("not the rest of it") && refused.hint.is_some(), "{refused:?}");
    let unknown = Order { rest_of: vec![JobName::parse("batches/nowhere").unwrap()], ..order.clone() };
    let refused = plan(&bench, &unknown).await.unwrap_err();
    assert!(refused.message.contains("batches/nowhere are not on this machine"), "{refused:?}");

    let last = sent(&bench, &planned, 2);
    let nothing = Order { rest_of: vec![job.clone(), last], ..order.clone() };
    let refused = plan(&bench, &nothing).await.unwrap_err();
    assert_eq!((refused.exit, refused.message.contains("nothing is left")), (Exit::Failed, true), "{refused:?}");
    // Nothing that was prepared for a refusal stays.
    let left = fs::read_dir(bench.session.store.prepared_folder()).unwrap().map(|entry| entry.unwrap().path());
    let left: Vec<_> = left.filter(|path| *path != two.prepared).collect();
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn texts_that_are_spoken_otherwise_stay_with_their_requests() {
    let bench = Bench::new("").await;
    let words = bench.folder.path().join("words.tsv");
    fs::write(&words, "line\tlyne\n").unwrap();
    let mut order = book(&bench, &texts(9));
    order.reading.pronounce = Some(words);
    let plan = plan(&bench, &Order { sample: Some(Sample::Longest(2)), ..order }).await.unwrap();
    let beside = lines(&plan.prepared.with_extension("texts"));
    assert_eq!(beside.len(), 2);
    for (line, (written, shown)) in lines(&plan.prepared).iter().zip(beside.iter().zip(&plan.preview)) {
        assert!(line.contains("This is lyne number") && written.contains("This is line number"), "{line} {written}");
        assert!(shown.text.starts_with("This is line number"), "{shown:?}");
    }
}

/// What a plan is, as far as it adds up.
fn amounts(plan: &Plan) -> [u64; 3] {
    [plan.n_requests, plan.characters, plan.bytes]
}

#[test]
fn a_sample_and_the_rest_are_all_and_nothing_twice() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = runtime.block_on(Bench::new(""));
    let n = std::cell::Cell::new(0);
    let samples = prop::sample::select(vec!["first", "longest", "random"]);
    let cases = (prop::collection::vec("[a-c]{1,3}( [a-c]{1,9}){0,9}", 2..24), samples, 1..24_u64, any::<u32>());
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&cases, |(texts, way, size, seed)| {
        runtime.block_on(async {
            let order = book(&bench, &texts);
            let whole = plan(&bench, &order).await.unwrap();
            let size = size.min(whole.n_requests - 1).max(1);
            let seed = if way == "random" { format!(":{seed}") } else { String::new() };
            let sample = format!("{way}:{size}{seed}").parse().unwrap();
            let sample = plan(&bench, &Order { sample: Some(sample), ..order.clone() }).await.unwrap();
            prop_assert_eq!(sample.n_requests, size);
            n.set(n.get() + 1);
            let (sent_lines, sent_amounts) = (lines(&sample.prepared), amounts(&sample));
            let job = sent(&bench, &sample, n.get());
            let rest = plan(&bench, &Order { rest_of: vec![job], ..order.clone() }).await.unwrap();
            let rest_lines = lines(&rest.prepared);
            let all: BTreeSet<&String> = sent_lines.iter().chain(&rest_lines).collect();
            prop_assert_eq!(all.len(), sent_lines.len() + rest_lines.len(), "nothing is sent twice");
            let whole_lines = lines(&whole.prepared);
            prop_assert_eq!(all, whole_lines.iter().collect::<BTreeSet<_>>());
            for part in [&sent_lines, &rest_lines] {
                let in_order: Vec<&String> = whole_lines.iter().filter(|line| part.contains(line)).collect();
                prop_assert_eq!(in_order, part.iter().collect::<Vec<_>>(), "in the order of the source");
            }
            for (at, whole) in amounts(&whole).into_iter().enumerate() {
                prop_assert_eq!(sent_amounts[at] + amounts(&rest)[at], whole);
            }
            let seconds = |plan: &Plan| plan.estimate.as_ref().unwrap().seconds.1;
            prop_assert!((seconds(&sample) + seconds(&rest) - seconds(&whole)).abs() < 0.01);
            Ok(())
        })
    });
    ran.unwrap();
}
