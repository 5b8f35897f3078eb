//! The world at its beginning: the jobs of a scenario, with the past they would have had.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::file::File;
use super::input::Input;
use super::job::{Job, Plan};
use super::models::{Family, MODELS, Model};
use super::{Blob, Maker, World, chance};
use crate::sim::scenario::{JobSpec, Scenario, Span, StartState, TextKind};

/// The model of jobs that name none.
const USUAL_MODEL: &str = "gemini-3.1-flash-tts-preview";
/// What jobs say that were given nothing to say.
const FILLER: [&str; 4] = [
    "The lamp on the landing had gone out again, and nobody went to see why.",
    "Please hold the line. The next free member of our staff will be with you shortly.",
    "It rained all night, and in the morning the valley was a lake.",
    "Turn left at the old mill, then follow the river until you hear the bells.",
];

impl World {
    /// A world at `now`, as its scenario wants it.
    pub fn new(scenario: &Scenario, now: Timestamp) -> Self {
        let mut world = World {
            seed: chance::mix(scenario.seed),
            n_made: 0,
            timing: scenario.timing.clone(),
            service: scenario.service.clone(),
            rules: scenario.result.clone(),
            jobs: HashMap::new(),
            job_order: BTreeMap::new(),
            files: HashMap::new(),
            file_order: BTreeMap::new(),
        };
        for spec in &scenario.job {
            for copy in 1..=spec.copies.unwrap_or(1).max(1) {
                let spec = numbered(spec, copy);
                world.add_job(now, &spec, None);
            }
        }
        world.add_many(now, scenario.many_jobs);
        world
    }

    fn add_job(&mut self, now: Timestamp, spec: &JobSpec, shared: Option<&(Arc<Input>, Maker)>) {
        let model = model_of(spec);
        let id = if spec.id.is_empty() { self.new_id(36) } else { spec.id.clone() };
        // Real times have nine digits that are not all zeros.
        let odd = Duration::from_nanos(self.next_seed() % 999_999_937);
        let created = before(now, age(spec)).checked_sub(odd).unwrap_or(now).min(now);
        let mut maker = self.maker(model, &id, spec.inline);
        maker.seconds = spec.seconds;
        maker.rules.splice(0..0, spec.result.iter().cloned());
        let (input, blob) = match shared {
            Some((input, shared)) => {
                maker.seed = shared.seed;
                maker.first_key.clone_from(&shared.first_key);
                (Some(Arc::clone(input)), None)
            }
            None => {
                let blob = Blob::Memory(lines(spec, model).into());
                (Input::read(blob.clone(), &mut maker).ok(), Some(blob))
            }
        };
        let input_file = (!spec.inline).then(|| {
            let file = self.new_id(12);
            // The upload of a job older than 48 hours is gone, so only newer ones are kept.
            if let Some(content) = blob {
                let uploaded = created.checked_sub(Duration::from_millis(2_715)).unwrap_or(created);
                self.insert_file(File {
                    id: file.clone(),
                    display_name: format!("{}.jsonl", spec.name),
                    mime_type: "application/jsonl".to_owned(),
                    created: uploaded,
                    active_from: uploaded,
                    sha256: sha256(&content),
                    content,
                });
            }
            format!("files/{file}")
        });
        let mut plan = plan(spec, now, created);
        if let Some((code, message)) = &plan.failure {
            plan.failure = Some((*code, message.clone()));
        }
        let cancel_at = (spec.state == StartState::Cancelled).then(|| created + took(spec));
        self.insert_job(Job {
            id,
            display_name: spec.name.clone(),
            priority: None,
            input_file,
            embeds: model.family == Family::Embedding,
            input,
            maker,
            plan,
            cancel_at,
            listed_from: created,
            results_lag: self.timing.results_lag.0,
            output: Arc::new(OnceLock::new()),
        });
    }

    /// Jobs by the thousand: mostly over, spread over a month, all with the same few requests.
    fn add_many(&mut self, now: Timestamp, n_jobs: u32) {
        let mut shared: HashMap<&str, (Arc<Input>, Maker)> = HashMap::new();
        for n in 0..n_jobs {
            let chance = chance::mix(u64::from(n) ^ 0x6a0b);
            let state = match chance % 100 {
                0..=1 => StartState::Running,
                2..=3 => StartState::Pending,
                4..=6 => StartState::Failed,
                7..=9 => StartState::Cancelled,
                10..=11 => StartState::Expired,
                _ => StartState::Succeeded,
            };
            let minutes = u64::from(n) * 43_200 / u64::from(n_jobs) + 1;
            let age = match state {
                StartState::Running | StartState::Pending => minutes % 600 + 1,
                StartState::Expired => minutes + 2_881,
                StartState::Succeeded | StartState::Failed | StartState::Cancelled => minutes + 30,
            };
            let spec = JobSpec {
                name: format!("job-{:05}", n + 1),
                model: ["gemini-3.1-flash-tts-preview", "gemini-2.5-pro-preview-tts", "gemini-3.8-flash-tts"]
                    [(chance >> 32) as usize % 3]
                    .to_owned(),
                state,
                age: Span::seconds(age * 60),
                took: Some(Span::seconds(60 + (chance >> 40) % 1_500)),
                left: (state == StartState::Running).then(|| Span::hours(1 + (chance >> 50) % 12)),
                done: if state == StartState::Running { 0.25 } else { 0.0 },
                keys: "line-##".to_owned(),
                ..JobSpec::default()
            };
            let model = model_of(&spec);
            if !shared.contains_key(model.id) {
                let mut maker = self.maker(model, "many", false);
                let blob = Blob::Memory(lines(&spec, model).into());
                let input = Input::read(blob, &mut maker).expect("the built-in requests are right");
                shared.insert(model.id, (input, maker));
            }
            let shared = shared[model.id].clone();
            self.add_job(now, &spec, Some(&shared));
        }
    }
}

fn model_of(spec: &JobSpec) -> &'static Model {
    let wanted = match (spec.model.as_str(), spec.kind) {
        ("", TextKind::Speech) => USUAL_MODEL,
        ("", TextKind::Embeddings) => "gemini-embedding-001",
        (id, _) => id.strip_prefix("models/").unwrap_or(id),
    };
    // Jobs of models that are gone are still listed; here they are listed under the usual one.
    MODELS.iter().find(|model| model.id == wanted).unwrap_or(&MODELS[2])
}

fn numbered(spec: &JobSpec, copy: u32) -> JobSpec {
    let mut spec = spec.clone();
    if spec.copies.is_some() {
        spec.name = spec.name.replace('#', &copy.to_string());
        spec.age = Span(spec.age.0 + Duration::from_secs(60 * u64::from(copy - 1)));
        if copy > 1 {
            spec.id.clear();
        }
    }
    spec
}

fn before(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// How long a job that is over took.
fn took(spec: &JobSpec) -> Duration {
    const USUAL: Duration = Duration::from_secs(1_140);
    spec.took.map_or(if spec.age.0.is_zero() { USUAL } else { USUAL.min(spec.age.0) }, |span| span.0)
}

/// How long ago a job was created; one that is over cannot be younger than it took.
fn age(spec: &JobSpec) -> Duration {
    if spec.state.is_over() { spec.age.0.max(took(spec)) } else { spec.age.0 }
}

fn plan(spec: &JobSpec, now: Timestamp, created: Timestamp) -> Plan {
    // A finished job waited for a fifth of its time; the rest is a guess that nobody can check.
    let waited = created + took(spec) / 5;
    let over = created + took(spec);
    let mut plan = Plan { created, starts: Some(waited), progress: (waited, 0.0), ends: Some(over), failure: None };
    match spec.state {
        StartState::Succeeded => {}
        StartState::Failed => {
            let message = spec.error.clone().unwrap_or_else(|| super::result::INTERNAL.to_owned());
            plan.failure = Some((spec.error_code.unwrap_or(13), message));
        }
        StartState::Cancelled => {
            plan.progress = (over, spec.done);
            plan.starts = (spec.done > 0.0).then_some(waited);
            plan.ends = None;
        }
        StartState::Expired => {
            plan.starts = None;
            plan.ends = None;
        }
        StartState::Pending => {
            let starts = spec.starts_in.map(|span| now + span.0);
            plan.starts = starts;
            plan.progress = (starts.unwrap_or(created), 0.0);
            plan.ends = starts.and_then(|starts| Some(starts + spec.left?.0));
        }
        StartState::Running => {
            plan.starts = Some(waited.min(before(now, Duration::from_secs(1))).max(created));
            plan.progress = (now, spec.done);
            plan.ends = spec.left.map(|left| now + left.0);
        }
    }
    plan
}

/// The requests of a job of the scenario, as the lines of the file that its maker has sent.
pub fn requests(spec: &JobSpec) -> String {
    lines(spec, model_of(spec))
}

/// The requests of a job of the scenario as lines of an input file, or as inline items.
fn lines(spec: &JobSpec, model: &Model) -> String {
    let texts: Vec<&str> =
        if spec.texts.is_empty() { FILLER.to_vec() } else { spec.texts.iter().map(String::as_str).collect() };
    let n_requests = spec.requests.unwrap_or(texts.len());
    let mut lines = String::new();
    for n in 0..n_requests {
        let text = texts[n % texts.len()];
        let voice = if spec.voices.is_empty() { "Kore" } else { &spec.voices[n % spec.voices.len()] };
        let request = if model.family == Family::Embedding {
            json!({ "content": { "parts": [{ "text": text }] } })
        } else if model.family == Family::Text {
            json!({ "contents": [{ "parts": [{ "text": text }], "role": "user" }] })
        } else {
            let mut speech = json!({ "voiceConfig": { "prebuiltVoiceConfig": { "voiceName": voice } } });
            if let Some(language) = &spec.language {
                speech["languageCode"] = json!(language);
            }
            json!({
                "contents": [{ "parts": [{ "text": text }], "role": "user" }],
                "generationConfig": { "responseModalities": ["AUDIO"], "speechConfig": speech },
            })
        };
        let key = spec.key(n as u64 + 1);
        let line = match (spec.keyless, spec.inline) {
            (true, _) => json!({ "request": request }),
            (false, true) => json!({ "request": request, "metadata": { "key": key } }),
            (false, false) => json!({ "key": key, "request": request }),
        };
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    lines
}

/// SHA-256 in lowercase hex.
fn sha256(blob: &Blob) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for piece in blob.pieces().map_while(Result::ok) {
        context.update(&piece);
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
