//! The service without sockets and without a clock: what it holds, and what each call does to it.
//!
//! Pure: every call takes the time. Where a job stands is computed when somebody asks, so there is no background
//! work, and a test that moves the time sees exactly what a caller would have seen then.

mod batches;
mod blob;
mod file;
mod files;
mod input;
mod job;
mod json;
mod labels;
mod models;
mod output;
mod page;
mod recipe;
mod refusal;
mod request;
mod result;
mod sound;
mod start;
mod voices;
mod wanted;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::chance;
use super::scenario::{Rule, Service, Timing};

pub use blob::Blob;
pub use file::check_id as check_file_id;
pub use files::NewFile;
pub use json::{field, text};
pub use models::{find as find_model, get as get_model, list as list_models};
pub use output::{Flow, Part};
pub use page::PageRequest;
pub use refusal::Refusal;
pub use request::{prompt_tokens, refusal_of};
pub use start::requests;
pub use voices::list as list_voices;
pub use wanted::Wanted;

use result::Maker;

use file::File;
use job::Job;

/// Everything that the service holds.
#[derive(Debug)]
pub struct World {
    seed: u64,
    n_made: u64,
    timing: Timing,
    service: Service,
    rules: Vec<Rule>,
    jobs: HashMap<String, Job>,
    /// Ids by time of creation and order of arrival.
    job_order: BTreeMap<(Timestamp, u64), String>,
    files: HashMap<String, File>,
    file_order: BTreeMap<(Timestamp, u64), String>,
}

impl World {
    fn next_seed(&mut self) -> u64 {
        self.n_made += 1;
        chance::mix(self.seed ^ chance::mix(self.n_made))
    }

    /// An id that no job and no file has.
    fn new_id(&mut self, length: usize) -> String {
        loop {
            let id = chance::id(self.next_seed(), length);
            if !self.jobs.contains_key(&id) && !self.files.contains_key(&id) {
                return id;
            }
        }
    }

    /// The id of an upload session.
    pub fn new_upload_id(&mut self) -> String {
        chance::id(self.next_seed(), 64)
    }

    /// How the service behaves.
    pub fn service(&self) -> &Service {
        &self.service
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::sim::scenario::Scenario;

    fn start() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn create(world: &mut World, now: Timestamp, batch: Value) -> Result<Value, Refusal> {
        let wanted = Wanted::read(json!({ "batch": batch }).to_string().as_bytes())?;
        let model = find_model("gemini-2.5-pro-preview-tts", "v1beta", "batchGenerateContent")?;
        let new = world.prepare(now, model, wanted)?.read();
        world.create(now, new)
    }

    fn inline(title: &str) -> Value {
        let request = json!({ "contents": [{ "parts": [{ "text": "Hello." }] }],
                              "generation_config": { "response_modalities": ["AUDIO"] } });
        json!({ "display_name": title, "input_config": { "requests": { "requests": [{ "request": request }] } } })
    }

    fn states(world: &World, now: Timestamp) -> Vec<String> {
        let page = world.list(now, &PageRequest { size: Some(100), token: None }).unwrap();
        let jobs = page["operations"].as_array().cloned().unwrap_or_default();
        jobs.iter().map(|job| job["metadata"]["state"].as_str().unwrap().replace("BATCH_STATE_", "")).collect()
    }

    #[test]
    fn time_is_all_that_happens_between_two_calls() {
        let mut world = World::new(&Scenario::default(), start());
        create(&mut world, start(), inline("a")).unwrap();
        let at = |world: &World, seconds| states(world, start() + Duration::from_secs(seconds));
        assert_eq!(at(&world, 4), ["PENDING"]);
        assert_eq!(at(&world, 5), ["RUNNING"]);
        assert_eq!(at(&world, 15), ["SUCCEEDED"]);
        assert_eq!(at(&world, 4), ["PENDING"], "asking changes nothing");
    }

    #[test]
    fn a_quota_of_tokens_refuses_what_does_not_fit_until_a_job_is_over() {
        let mut scenario = Scenario::default();
        scenario.service.enqueued_tokens = Some(3);
        let mut world = World::new(&scenario, start());
        // Six letters are two tokens.
        create(&mut world, start(), inline("a")).unwrap();
        let refused = create(&mut world, start(), inline("b")).unwrap_err();
        assert_eq!((refused.code, refused.status), (429, "RESOURCE_EXHAUSTED"));
        let example = include_str!("../../../tests/fixtures/wire/error_429_batch.json");
        assert_eq!(refused.to_json(), serde_json::from_str::<Value>(example).unwrap());
        let over = start() + Duration::from_secs(15);
        create(&mut world, over, inline("b")).unwrap();
        assert_eq!(states(&world, over), ["PENDING", "SUCCEEDED"]);
        let cancelled = world.list(over, &PageRequest { size: Some(1), token: None }).unwrap()["operations"][0]["name"]
            .as_str()
            .map(|name| name.trim_start_matches("batches/").to_owned())
            .unwrap();
        world.cancel(over, &cancelled).unwrap();
        create(&mut world, over + Duration::from_secs(3), inline("c")).unwrap();
    }

    #[test]
    fn equal_worlds_make_equal_ids() {
        let names = || {
            let mut world = World::new(&Scenario::test(), start());
            (0..3).map(|_| create(&mut world, start(), inline("a")).unwrap()["name"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(), names());
        assert_ne!(names()[0], names()[1]);
    }

    #[test]
    fn a_create_needs_exactly_one_source() {
        let mut world = World::new(&Scenario::test(), start());
        for (batch, status) in [
            (json!({ "displayName": "none" }), 400),
            (json!({ "displayName": "empty", "inputConfig": { "requests": { "requests": [] } } }), 400),
            (json!({ "displayName": "gone", "inputConfig": { "fileName": "files/gone" } }), 404),
            (
                json!({ "displayName": "both", "inputConfig": { "fileName": "files/x",
                        "requests": inline("x")["input_config"]["requests"] } }),
                400,
            ),
        ] {
            assert_eq!(create(&mut world, start(), batch.clone()).unwrap_err().code, status, "{batch}");
        }
        assert_eq!(world.n_jobs(), 0);
    }

    #[test]
    fn every_job_is_at_the_start_what_its_scenario_says() {
        for (state, more) in [
            ("pending", ""),
            ("running", ""),
            ("running", "age = \"1s\"\nleft = \"5s\""),
            ("succeeded", ""),
            ("succeeded", "age = \"10s\""),
            ("succeeded", "took = \"2h\""),
            ("failed", ""),
            ("cancelled", ""),
            ("cancelled", "age = \"1m\"\ndone = 0.5"),
            ("expired", "age = \"48h\""),
        ] {
            let text = format!("[[job]]\nname = \"x\"\nstate = \"{state}\"\n{more}");
            let world = World::new(&Scenario::parse(&text).unwrap(), start());
            assert_eq!(states(&world, start()), [state.to_uppercase()], "{text}");
        }
    }

    #[test]
    fn the_jobs_of_a_scenario_have_the_past_they_say() {
        let scenario = Scenario::parse(
            "[[job]]\nname = \"stuck\"\nstate = \"pending\"\nage = \"26h\"\n\
             [[job]]\nname = \"old\"\nage = \"27h\"\ntook = \"1h\"\n\
             [[job]]\nname = \"gone\"\nstate = \"expired\"\nage = \"50h\"",
        )
        .unwrap();
        let world = World::new(&scenario, start());
        assert_eq!(states(&world, start()), ["PENDING", "SUCCEEDED", "EXPIRED"]);
        let later = start() + Duration::from_secs(22 * 3_600);
        assert_eq!(states(&world, later), ["EXPIRED", "SUCCEEDED", "EXPIRED"]);
    }
}
