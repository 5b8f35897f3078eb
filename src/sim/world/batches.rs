//! The calls on batches.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::input::{Input, Unreadable};
use super::job::{Job, Plan};
use super::json::{field, text};
use super::models::{Family, Model};
use super::output::Output;
use super::page::{self, PageRequest};
use super::wanted::{Source, Wanted};
use super::{Blob, Maker, Part, Refusal, World, chance};
use crate::sim::scenario::{Service, WithoutPageSize};

/// A create whose input is at hand but not read yet.
#[derive(Clone, Debug)]
pub struct Prepared {
    wanted: Wanted,
    id: String,
    blob: Blob,
    maker: Maker,
}

/// A create whose input has been read.
#[derive(Debug)]
pub struct NewJob {
    prepared: Prepared,
    input: Result<Arc<Input>, Unreadable>,
}

impl Prepared {
    /// Reads the requests. Slow for big files, so it is not done while the world is held.
    pub fn read(mut self) -> NewJob {
        let input = Input::read(self.blob.clone(), &mut self.maker);
        NewJob { prepared: self, input }
    }
}

impl World {
    /// The first step of a create: everything that can be refused at once.
    pub fn prepare(&mut self, now: Timestamp, model: &'static Model, wanted: Wanted) -> Result<Prepared, Refusal> {
        let (blob, inline) = match &wanted.source {
            Source::File(name) => (self.input_file(now, name)?, false),
            Source::Inline(items) => {
                let lines: Vec<String> = items.iter().map(Value::to_string).collect();
                (Blob::Memory(lines.join("\n").into()), true)
            }
        };
        let id = self.new_id(36);
        let maker = self.maker(model, &id, inline);
        Ok(Prepared { wanted, id, blob, maker })
    }

    /// What makes the results of a job by the rules of the scenario.
    pub(super) fn maker(&self, model: &'static Model, id: &str, inline: bool) -> Maker {
        let seed = chance::hash(&["job", id]);
        Maker { model, seed, seconds: None, rules: self.rules.clone(), first_key: None, inline }
    }

    /// What makes the answer of `:generateContent`.
    pub fn maker_now(&mut self, model: &'static Model) -> Maker {
        let seed = self.next_seed();
        Maker { seed, ..self.maker(model, "now", true) }
    }

    /// Whether the quota has room for so many more tokens of a model. A job gives its tokens back when it is over.
    fn has_room(&self, now: Timestamp, model: &Model, tokens: u64) -> bool {
        let Some(most) = self.service.enqueued_tokens else { return true };
        let live = self.jobs.values().filter(|job| job.maker.model.id == model.id && !job.at(now).state.is_over());
        let enqueued: u64 = live.filter_map(|job| job.input.as_ref()).map(|input| input.tokens).sum();
        enqueued + tokens <= most
    }

    /// The second step of a create: the job begins to live, if the quota has room for it.
    pub fn create(&mut self, now: Timestamp, new: NewJob) -> Result<Value, Refusal> {
        let NewJob { prepared: Prepared { wanted, id, maker, .. }, input } = new;
        let tokens = input.as_ref().map_or(0, |input| input.tokens);
        if !self.has_room(now, maker.model, tokens) {
            return Err(Refusal::no_quota());
        }
        let starts = now + self.timing.pending.0;
        let (input, failure) = match input {
            Ok(input) => (Some(input), None),
            Err(Unreadable { message }) => (None, Some((3, message))),
        };
        let n_requests = input.as_ref().map_or(0, |input| input.lines.len()) as u32;
        let run = self.timing.per_request.0.saturating_mul(n_requests);
        let run = run.min(self.timing.longest_run.0).max(self.timing.shortest_run.0);
        let ends = if failure.is_some() { starts } else { starts + run };
        let job = Job {
            id,
            display_name: wanted.display_name,
            priority: wanted.priority,
            input_file: match wanted.source {
                Source::File(name) => Some(name),
                Source::Inline(_) => None,
            },
            embeds: maker.model.family == Family::Embedding,
            input,
            maker,
            plan: Plan { created: now, starts: Some(starts), progress: (starts, 0.0), ends: Some(ends), failure },
            cancel_at: None,
            listed_from: now + self.timing.list_lag.0,
            results_lag: self.timing.results_lag.0,
            output: Arc::new(OnceLock::new()),
        };
        let mut operation = job.operation(now, &self.service, None);
        if !self.service.counts_at_create
            && let Some(metadata) = operation["metadata"].as_object_mut()
        {
            metadata.shift_remove("batchStats");
        }
        self.insert_job(job);
        Ok(operation)
    }

    /// Puts a job in its place.
    pub(super) fn insert_job(&mut self, job: Job) {
        self.n_made += 1;
        self.job_order.insert((job.plan.created, self.n_made), job.id.clone());
        self.jobs.insert(job.id.clone(), job);
    }

    fn job(&self, id: &str) -> Result<&Job, Refusal> {
        self.jobs.get(id).ok_or_else(Refusal::no_batch)
    }

    /// `GET batches/…`, with the results of inline jobs, twice, as the service sends them.
    pub fn get(&self, now: Timestamp, id: &str) -> Result<Vec<Part>, Refusal> {
        let job = self.job(id)?;
        let output = if job.maker.inline { job.output(now, &self.service) } else { None };
        let Some(output) = output else {
            return Ok(vec![Part::Bytes(pretty(&job.operation(now, &self.service, None)))]);
        };
        // The results are written between the pieces of an answer that has marks in their place.
        let mark = format!("results of {id} {}", chance::id(job.maker.seed, 36));
        let results = json!({ "inlinedResponses": { "inlinedResponses": [mark] } });
        let body = pretty(&job.operation(now, &self.service, Some(&results)));
        let text = String::from_utf8_lossy(&body).into_owned();
        let mut parts = Vec::new();
        for (n, piece) in text.split(&format!("\"{mark}\"")).enumerate() {
            if n > 0 {
                parts.push(Part::Results(Arc::clone(&output)));
            }
            parts.push(Part::Bytes(Bytes::from(piece.to_owned())));
        }
        Ok(parts)
    }

    /// `GET batches`, newest first, without the results of inline jobs.
    pub fn list(&self, now: Timestamp, request: &PageRequest) -> Result<Value, Refusal> {
        let size = match (request.size, self.service.list_without_page_size) {
            (Some(size), _) if size > 0 => size.min(self.service.largest_page),
            (_, WithoutPageSize::Empty) => return Ok(json!({})),
            (_, WithoutPageSize::Fifty) => 50.min(self.service.largest_page),
        };
        let before = match request.token.as_deref().map(page::read_token).transpose()? {
            None => (Timestamp::MAX, u64::MAX),
            Some(after) => {
                let (time, number) = after.split_once(' ').ok_or_else(page::bad_token)?;
                let time = time.parse().map_err(|_| page::bad_token())?;
                (time, number.parse().map_err(|_| page::bad_token())?)
            }
        };
        let mut operations = Vec::new();
        let mut last = None;
        let mut more = false;
        for (place, id) in self.job_order.range(..before).rev() {
            let Some(job) = self.jobs.get(id).filter(|job| job.listed_from <= now) else { continue };
            if operations.len() == size {
                more = true;
                break;
            }
            operations.push(job.operation(now, &self.service, None));
            last = Some(place);
        }
        let mut answer = json!({});
        if !operations.is_empty() {
            answer["operations"] = Value::Array(operations);
        }
        if let Some((time, number)) = last.filter(|_| more) {
            answer["nextPageToken"] = json!(page::token(&format!("{time} {number}")));
        }
        Ok(answer)
    }

    /// `POST batches/…:cancel`. It takes effect later, unless the job is over by then.
    pub fn cancel(&mut self, now: Timestamp, id: &str) -> Result<Value, Refusal> {
        let at = now + self.timing.cancel.0;
        let job = self.jobs.get_mut(id).ok_or_else(Refusal::no_batch)?;
        if job.at(now).state.is_over() {
            return Err(Refusal::precondition("The batch has already finished and cannot be cancelled."));
        }
        job.cancel_at.get_or_insert(at);
        Ok(json!({}))
    }

    /// `DELETE batches/…`. The job leaves the list at once.
    pub fn delete(&mut self, id: &str) -> Result<Value, Refusal> {
        self.jobs.remove(id).ok_or_else(Refusal::no_batch)?;
        self.job_order.retain(|_, other| other != id);
        Ok(json!({}))
    }

    /// `PATCH batches/…`: display name and priority.
    pub fn update(&mut self, now: Timestamp, id: &str, mask: Option<&str>, body: &Value) -> Result<Value, Refusal> {
        let job = self.jobs.get_mut(id).ok_or_else(Refusal::no_batch)?;
        let all = ["displayName", "priority"];
        let masked: Vec<&str> = mask.map_or(all.to_vec(), |mask| mask.split(',').map(str::trim).collect());
        for name in masked {
            match name {
                "displayName" | "display_name" => {
                    if let Some(text) = text(body, "displayName") {
                        text.clone_into(&mut job.display_name);
                    }
                }
                "priority" => {
                    if let Some(number) = field(body, "priority").and_then(Value::as_str) {
                        job.priority = Some(number.to_owned());
                    }
                }
                other => return Err(Refusal::invalid(format!("Update mask path '{other}' is not supported."))),
            }
        }
        Ok(job.batch(now, &self.service))
    }

    /// How many jobs there are.
    pub fn n_jobs(&self) -> usize {
        self.jobs.len()
    }
}

impl Job {
    /// The operation that stands for the job. `inlined` stands for the results of an inline job.
    fn operation(&self, now: Timestamp, service: &Service, inlined: Option<&Value>) -> Value {
        let moment = self.at(now);
        let file = || json!({ "responsesFile": format!("files/{}", self.output_file()) });
        let has_results = self.results_at(now, service).is_some();
        let results = match inlined {
            Some(results) => Some(results.clone()),
            None if self.maker.inline => None,
            None => has_results.then(file),
        };
        let mut operation = json!({
            "name": format!("batches/{}", self.id),
            "metadata": self.metadata(now, service, results.as_ref()),
        });
        if moment.state.is_over() {
            operation["done"] = json!(true);
        }
        if let Some(error) = self.error(moment) {
            operation["error"] = error;
        } else if let Some(results) = results {
            let kind = if self.embeds { "EmbedContentBatchOutput" } else { "GenerateContentBatchOutput" };
            let name = format!("type.googleapis.com/google.ai.generativelanguage.v1main.{kind}");
            let mut response = json!({ "@type": name });
            if let (Some(response), Some(results)) = (response.as_object_mut(), results.as_object()) {
                response.extend(results.clone());
            }
            operation["response"] = response;
        }
        operation
    }

    /// The results, once they are there.
    pub fn output(&self, now: Timestamp, service: &Service) -> Option<Arc<Output>> {
        let done = self.results_at(now, service)? as usize;
        if let Some(output) = self.output.get() {
            return Some(Arc::clone(output));
        }
        let input = self.input.clone()?;
        let separator = !self.maker.inline && service.final_newline;
        let output = Arc::new(Output::new(input, self.maker.clone(), done, separator).ok()?);
        Some(Arc::clone(self.output.get_or_init(|| output)))
    }

    /// The length of the results file, once it is there.
    pub fn output_length(&self, now: Timestamp, service: &Service) -> Option<u64> {
        self.output(now, service).map(|output| output.len())
    }
}

/// JSON as the service writes it, on many lines.
fn pretty(value: &Value) -> Bytes {
    serde_json::to_vec_pretty(value).unwrap_or_default().into()
}
