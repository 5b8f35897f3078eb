//! What the demo has to show: every verdict, results without keys, results that moved to the next key.

use std::collections::BTreeSet;
use std::convert::Infallible;

use gemtts_tui::audio::Verdict;
use gemtts_tui::results::{Form, Parser, Row, Sink};
use gemtts_tui::sim::Scenario;

use super::Sim;

/// Keeps the rows.
#[derive(Default)]
struct Rows(Vec<Row>);

impl Sink for Rows {
    type Error = Infallible;

    fn audio(&mut self, _samples: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }

    fn row(&mut self, row: Row) -> Result<(), Infallible> {
        self.0.push(row);
        Ok(())
    }
}

/// The display name without a token behind it.
fn title_of(job: &serde_json::Value) -> &str {
    job["metadata"]["displayName"].as_str().unwrap().split(" ~gt-").next().unwrap()
}

/// The rows of a job of the demo.
async fn rows(sim: &Sim, title: &str) -> Vec<Row> {
    let list = sim.get("/v1beta/batches?pageSize=100").await.ok();
    let jobs = list["operations"].as_array().unwrap();
    let job = jobs.iter().find(|job| title_of(job) == title).unwrap();
    let name = job["name"].as_str().unwrap();
    let answer = sim.get(&format!("/v1beta/{name}")).await;
    let (form, body) = match answer.json()["response"]["responsesFile"].as_str() {
        Some(file) => (Form::Lines, sim.get(&format!("/v1beta/{file}:download?alt=media")).await.body),
        None => (Form::Inline, answer.body),
    };
    let mut rows = Rows::default();
    let mut parser = Parser::new(form);
    parser.push(&body, &mut rows).unwrap();
    parser.finish(&mut rows).unwrap();
    rows.0
}

#[tokio::test]
async fn the_demo_has_a_key_of_every_verdict() {
    let sim = Sim::start(Scenario::demo().with_manual_clock()).await;
    let rows = rows(&sim, "casting-en").await;
    let found: BTreeSet<Verdict> = rows.iter().map(|row| row.verdict).collect();
    assert_eq!(found, BTreeSet::from(Verdict::ALL));
    let bad = rows.iter().filter(|row| row.is_bad()).count();
    assert_eq!((rows.len(), bad), (16, 10), "one of each, and the others are good");
}

#[tokio::test]
async fn the_demo_has_results_without_keys() {
    let sim = Sim::start(Scenario::demo().with_manual_clock()).await;
    let rows = rows(&sim, "greetings-inline").await;
    assert_eq!(rows.iter().map(|row| row.key.as_deref()).collect::<Vec<_>>(), [None; 4]);
}

#[tokio::test]
async fn the_demo_has_results_that_moved_to_the_next_key() {
    let sim = Sim::start(Scenario::demo().with_manual_clock()).await;
    let rows = rows(&sim, "audiobook-ch05-shifted").await;
    let seconds: Vec<f64> = rows.iter().map(|row| row.sound.as_ref().unwrap().seconds).collect();
    // The 17th text is a single word, and so is nothing but the 18th clip.
    assert!(seconds[17] < 1.0 && seconds[16] > 3.0 && seconds[18] > 6.0, "{seconds:?}");
    assert!(rows.iter().all(|row| row.verdict == Verdict::Ok), "nothing else is wrong with them");
}
