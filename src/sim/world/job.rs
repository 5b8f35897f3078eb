//! One job: where it stands is a function of the time, so nothing has to tick.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::input::Input;
use super::output::Output;
use super::result::Maker;
use crate::sim::scenario::Service;

/// The service gives up on a job after so long.
pub const LIFE: Duration = Duration::from_secs(48 * 3_600);

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Without `batches/`.
    pub id: String,
    /// As its creator gave it.
    pub display_name: String,
    /// An int64 as text, when it was sent.
    pub priority: Option<String>,
    /// `files/…` for jobs from a file.
    pub input_file: Option<String>,
    /// Embeddings have type names of their own.
    pub embeds: bool,
    /// The requests; `None` when they could not be read.
    pub input: Option<Arc<Input>>,
    /// Makes the results.
    pub maker: Maker,
    /// When everything happens by itself.
    pub plan: Plan,
    /// When a cancel takes effect.
    pub cancel_at: Option<Timestamp>,
    /// Missing from lists before that.
    pub listed_from: Timestamp,
    /// From success to results.
    pub results_lag: Duration,
    /// Made when they are first asked for.
    pub output: Arc<OnceLock<Arc<Output>>>,
}

/// When everything happens, if nobody interferes.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The job is made.
    pub created: Timestamp,
    /// The first request begins; `None` when that never happens.
    pub starts: Option<Timestamp>,
    /// From when, and from which share, the requests are worked off at an even pace.
    pub progress: (Timestamp, f64),
    /// The last request is over; `None` when that never happens.
    pub ends: Option<Timestamp>,
    /// Why it fails at its end, if it does: gRPC code and message.
    pub failure: Option<(i32, String)>,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waiting.
    Pending,
    /// Under way.
    Running,
    /// Over.
    Succeeded,
    /// Over without results.
    Failed,
    /// Stopped on request.
    Cancelled,
    /// Given up.
    Expired,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Pending => "PENDING",
            State::Running => "RUNNING",
            State::Succeeded => "SUCCEEDED",
            State::Failed => "FAILED",
            State::Cancelled => "CANCELLED",
            State::Expired => "EXPIRED",
        }
    }

    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        match self {
            State::Pending | State::Running => false,
            State::Succeeded | State::Failed | State::Cancelled | State::Expired => true,
        }
    }
}

/// A job at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// Requests that are over.
    pub done: u64,
}

impl Job {
    /// Where it stands at `now`.
    pub fn at(&self, now: Timestamp) -> Moment {
        let expires = self.plan.created + LIFE;
        let ends = self.plan.ends.filter(|ends| *ends < expires);
        let last = ends.unwrap_or(expires);
        let (state, since) = match self.cancel_at {
            Some(at) if at <= now && at < last => (State::Cancelled, at),
            _ if last <= now => match (ends, &self.plan.failure) {
                (None, _) => (State::Expired, expires),
                (Some(ends), Some(_)) => (State::Failed, ends),
                (Some(ends), None) => (State::Succeeded, ends),
            },
            _ => match self.plan.starts.filter(|starts| *starts <= now) {
                Some(starts) => (State::Running, starts),
                None => (State::Pending, self.plan.created),
            },
        };
        let done = match state {
            State::Pending => 0,
            State::Running => self.done_at(now),
            State::Cancelled | State::Expired => self.done_at(since),
            State::Succeeded | State::Failed => self.n_requests(),
        };
        Moment { state, since, done }
    }

    /// How many requests it has; 0 when they could not be read.
    pub fn n_requests(&self) -> u64 {
        self.input.as_ref().map_or(0, |input| input.lines.len() as u64)
    }

    fn done_at(&self, now: Timestamp) -> u64 {
        let Some(starts) = self.plan.starts.filter(|starts| *starts <= now) else { return 0 };
        let (from, share) = self.plan.progress;
        let from = from.max(starts);
        let share = match self.plan.ends {
            Some(ends) if ends > from => {
                let passed = now.duration_since(from).as_secs_f64() / ends.duration_since(from).as_secs_f64();
                share + (1.0 - share) * passed.clamp(0.0, 1.0)
            }
            Some(_) => 1.0,
            None => share,
        };
        // A hair above, or a share such as 0.29 of 100 would come out as 28.
        ((self.n_requests() as f64 * share + 1e-9) as u64).min(self.n_requests())
    }

    /// How many of its requests have results, once it is over and they are there.
    pub fn results_at(&self, now: Timestamp, service: &Service) -> Option<u64> {
        let moment = self.at(now);
        match moment.state {
            State::Succeeded => (moment.since + self.results_lag <= now).then_some(moment.done),
            State::Cancelled => (service.cancelled_keeps_output && moment.done > 0).then_some(moment.done),
            State::Pending | State::Running | State::Failed | State::Expired => None,
        }
    }

    /// The id of its results file.
    pub fn output_file(&self) -> String {
        format!("batch-{}", self.id)
    }

    /// The `metadata` of its operation. `results` is what stands for the results, when they are there.
    pub fn metadata(&self, now: Timestamp, service: &Service, results: Option<&Value>) -> Value {
        let kind = if self.embeds { "EmbedContentBatch" } else { "GenerateContentBatch" };
        let mut metadata =
            json!({ "@type": format!("type.googleapis.com/google.ai.generativelanguage.v1main.{kind}") });
        self.describe(&mut metadata, self.at(now), service, results);
        metadata
    }

    /// The bare batch, as `update` answers it.
    pub fn batch(&self, now: Timestamp, service: &Service) -> Value {
        let mut batch = json!({});
        self.describe(&mut batch, self.at(now), service, None);
        batch
    }

    /// Adds everything known of it, in the order in which the service was seen to write it.
    fn describe(&self, json: &mut Value, moment: Moment, service: &Service, results: Option<&Value>) {
        json["model"] = json!(format!("models/{}", self.maker.model.id));
        if !self.display_name.is_empty() {
            json["displayName"] = json!(self.display_name);
        }
        if let Some(file) = &self.input_file {
            json["inputConfig"] = json!({ "fileName": file });
        }
        if let Some(results) = results {
            json["output"] = results.clone();
        }
        json["createTime"] = json!(stamp(self.plan.created));
        let updated = match moment.state {
            State::Pending => self.plan.created,
            State::Running => self.last_progress(moment),
            State::Succeeded | State::Failed | State::Cancelled | State::Expired => {
                json["endTime"] = json!(stamp(moment.since));
                // Seen: the update comes some nanoseconds before the end.
                moment.since.checked_sub(Duration::from_nanos(27)).unwrap_or(moment.since)
            }
        };
        json["updateTime"] = json!(stamp(updated));
        if self.n_requests() > 0 {
            json["batchStats"] = self.stats(moment, service);
        }
        if let Some(priority) = self.priority.as_deref().filter(|priority| *priority != "0") {
            json["priority"] = json!(priority);
        }
        json["state"] = json!(format!("{}{}", service.state_prefix, moment.state.word()));
        json["name"] = json!(format!("batches/{}", self.id));
    }

    fn stats(&self, moment: Moment, service: &Service) -> Value {
        let all = self.n_requests();
        let failures = self.input.as_ref().map_or(0, |input| input.failures_before(moment.done));
        let succeeded = moment.done - failures;
        let (succeeded, failed) = match moment.state {
            State::Failed => (0, all),
            // The results then hold a line for every request, and the stopped ones are errors there.
            State::Cancelled if service.cancelled_keeps_output && moment.done > 0 => (succeeded, all - succeeded),
            State::Pending | State::Running | State::Succeeded | State::Cancelled | State::Expired => {
                (succeeded, failures)
            }
        };
        let counts = [
            ("requestCount", all),
            ("successfulRequestCount", succeeded),
            ("failedRequestCount", failed),
            ("pendingRequestCount", all - succeeded - failed),
        ];
        // Counts are text, and zeros are left out.
        counts.into_iter().filter(|(_, n)| *n > 0).map(|(name, n)| (name.to_owned(), json!(n.to_string()))).collect()
    }

    /// When the last of the requests that are done was over.
    fn last_progress(&self, moment: Moment) -> Timestamp {
        let (from, share) = self.plan.progress;
        let from = from.max(moment.since);
        let Some(ends) = self.plan.ends.filter(|ends| *ends > from && share < 1.0) else { return from };
        let done = moment.done as f64 / self.n_requests().max(1) as f64;
        let part = ((done - share) / (1.0 - share)).clamp(0.0, 1.0);
        let whole = ends.duration_since(from).as_secs_f64();
        Duration::try_from_secs_f64(whole * part).map_or(from, |passed| from + passed)
    }

    /// The `error` of its operation, when it is over without success.
    pub fn error(&self, moment: Moment) -> Option<Value> {
        let (code, message) = match moment.state {
            State::Pending | State::Running | State::Succeeded => return None,
            State::Cancelled => (1, "The operation was cancelled."),
            State::Expired => (4, "Deadline expired before operation could complete."),
            State::Failed => {
                let (code, message) = self.plan.failure.as_ref()?;
                (*code, message.as_str())
            }
        };
        Some(json!({ "code": code, "message": message }))
    }
}

/// A time as batches have it: nine digits.
pub fn stamp(time: Timestamp) -> String {
    format!("{time:.9}")
}

#[cfg(test)]
mod tests {
    use super::super::blob::Blob;
    use super::super::models::MODELS;
    use super::*;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + n).unwrap()
    }

    fn job(starts: Option<i64>, ends: Option<i64>) -> Job {
        let mut maker =
            Maker { model: &MODELS[1], seed: 1, seconds: None, rules: Vec::new(), first_key: None, inline: false };
        let line = r#"{"request":{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"responseModalities":["AUDIO"]}}}"#;
        let input = Input::read(Blob::Memory([line; 10].join("\n").into()), &mut maker).unwrap();
        let plan = Plan {
            created: second(0),
            starts: starts.map(second),
            progress: (second(starts.unwrap_or(0)), 0.0),
            ends: ends.map(second),
            failure: None,
        };
        Job {
            id: "x".into(),
            display_name: "d".into(),
            priority: None,
            input_file: None,
            embeds: false,
            input: Some(input),
            maker,
            plan,
            cancel_at: None,
            listed_from: second(0),
            results_lag: Duration::from_secs(3),
            output: Arc::default(),
        }
    }

    #[test]
    fn a_job_lives_by_the_clock() {
        let job = job(Some(5), Some(25));
        let at = |n| (job.at(second(n)).state, job.at(second(n)).done);
        assert_eq!(at(0), (State::Pending, 0));
        assert_eq!(at(5), (State::Running, 0));
        assert_eq!(at(11), (State::Running, 3));
        assert_eq!(at(25), (State::Succeeded, 10));
        let service = Service::default();
        assert_eq!(job.results_at(second(27), &service), None, "success comes before the results");
        assert_eq!(job.results_at(second(28), &service), Some(10));
    }

    #[test]
    fn a_job_that_never_ends_expires() {
        for stuck in [job(None, None), job(Some(5), None)] {
            assert!(!stuck.at(second(48 * 3_600 - 1)).state.is_over());
            assert_eq!(stuck.at(second(48 * 3_600)).state, State::Expired);
        }
    }

    #[test]
    fn a_cancel_may_come_too_late() {
        let early = Job { cancel_at: Some(second(15)), ..job(Some(5), Some(25)) };
        assert_eq!(early.at(second(14)).state, State::Running);
        assert_eq!((early.at(second(99)).state, early.at(second(99)).done), (State::Cancelled, 5));
        let late = Job { cancel_at: Some(second(25)), ..job(Some(5), Some(25)) };
        assert_eq!(late.at(second(99)).state, State::Succeeded);
    }

    #[test]
    fn counts_are_text_and_zeros_are_left_out() {
        let job = job(Some(5), Some(25));
        let stats = |n| job.batch(second(n), &Service::default())["batchStats"].clone();
        assert_eq!(stats(0), json!({ "requestCount": "10", "pendingRequestCount": "10" }));
        let running = json!({ "requestCount": "10", "successfulRequestCount": "1", "pendingRequestCount": "9" });
        assert_eq!(stats(7), running);
        assert_eq!(stats(30), json!({ "requestCount": "10", "successfulRequestCount": "10" }));
    }
}
