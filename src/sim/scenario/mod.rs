//! What the service is like: its jobs at the start, how fast time works on them, and what goes wrong.
//!
//! Pure data, read from TOML. A field that nobody knows is an error that names it, so a typing mistake in a fault
//! cannot turn a test into one that always passes.
//!
//! ```toml
//! clock = "manual"                 # time stands still until a test moves it
//! many_jobs = 232                  # besides those below
//!
//! [timing]
//! pending = "2s"
//! results_lag = "10s"              # SUCCEEDED comes before the results
//!
//! [[job]]
//! name = "audiobook-ch07"
//! state = "running"
//! age = "2h 4m"
//! done = 0.64
//! left = "38s"                     # absent: it never ends
//! keys = "ch07-####"
//! requests = 96
//! texts = ["Taken in turn.", "As often as needed."]
//! result = [{ kind = "silent", keys = "ch07-00*", share = 0.1 }]
//!
//! [[fault]]                        # the create is accepted and its answer lost
//! on = "create"
//! nth = 1
//! processed = true
//! answer = "close"
//! ```

mod fault;
mod job;
mod span;

use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

pub use fault::{Answer, Fault};
pub use job::{JobSpec, ResultKind, Rule, StartState, TextKind};
pub use span::Span;

/// The scenario of `--demo`: a dozen jobs in all states, in several languages.
const DEMO: &str = include_str!("demo.toml");
/// The scenario of the tests: nothing there, everything fast.
const TEST: &str = include_str!("test.toml");

/// A whole scenario. Every field has a default; `Scenario::default()` is an empty service at a demo's pace.
#[derive(Clone, Debug, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// Whether time runs by itself.
    pub clock: ClockKind,
    /// The time on the service's clock when it starts; absent means the time it is.
    pub start: Option<Timestamp>,
    /// Changes ids and everything else that looks random.
    pub seed: u64,
    /// So many jobs besides those of `[[job]]`: mostly finished, some live, four requests each.
    pub many_jobs: u32,
    /// Keys that are refused, besides `bad` and everything that begins with `invalid`.
    pub refused_keys: Vec<String>,
    /// How long things take.
    pub timing: Timing,
    /// How the service behaves where its documents are silent.
    pub service: Service,
    /// What results are like; the first rule that fits wins, none means good audio.
    pub result: Vec<Rule>,
    /// Jobs that are there at the start.
    pub job: Vec<JobSpec>,
    /// What goes wrong.
    pub fault: Vec<Fault>,
}

/// Whether time runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// As fast as the machine's clock, times the speed.
    #[default]
    Real,
    /// It stands still until a test moves it.
    Manual,
}

/// How long things take, in the service's own time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timing {
    /// From create to the first request.
    pub pending: Span,
    /// For each request of a job.
    pub per_request: Span,
    /// No job runs for less.
    pub shortest_run: Span,
    /// No job runs for more.
    pub longest_run: Span,
    /// From a cancel to `CANCELLED`.
    pub cancel: Span,
    /// From `SUCCEEDED` to the appearance of the results.
    pub results_lag: Span,
    /// How long an uploaded file is `PROCESSING`.
    pub file_processing: Span,
    /// How long a new job is missing from the list.
    pub list_lag: Span,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            pending: Span::seconds(5),
            per_request: Span::seconds(3),
            shortest_run: Span::seconds(10),
            longest_run: Span::seconds(25),
            cancel: Span::seconds(3),
            results_lag: Span::ZERO,
            file_processing: Span::ZERO,
            list_lag: Span::ZERO,
        }
    }
}

/// How the service behaves where its documents are silent or where it was seen to differ.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Service {
    /// What a list without `pageSize` answers.
    pub list_without_page_size: WithoutPageSize,
    /// The largest page of the list of batches, whatever was asked for.
    pub largest_page: usize,
    /// Whether downloads honour `Range`.
    pub range: bool,
    /// Whether downloads say how long they are; without, they are chunked.
    pub content_length: bool,
    /// Whether cancelled jobs keep what was done.
    pub cancelled_keeps_output: bool,
    /// Whether the answer to a create has counts.
    pub counts_at_create: bool,
    /// `BATCH_STATE_`, or `JOB_STATE_` as the documents have it.
    pub state_prefix: String,
    /// Whether the last line of a results file ends with a newline.
    pub final_newline: bool,
    /// The largest page of the lists of models and voices, whatever was asked for.
    pub largest_offer: usize,
    /// Whether there is a list of voices; older services answer 404.
    pub voices: bool,
    /// The most tokens of text that may be in the jobs of one model that are not over; absent means no limit.
    pub enqueued_tokens: Option<u64>,
}

impl Default for Service {
    fn default() -> Self {
        Service {
            list_without_page_size: WithoutPageSize::Empty,
            largest_page: 100,
            range: true,
            content_length: true,
            cancelled_keeps_output: false,
            counts_at_create: true,
            state_prefix: "BATCH_STATE_".to_owned(),
            final_newline: true,
            largest_offer: 1_000,
            voices: true,
            enqueued_tokens: None,
        }
    }
}

/// What a list without `pageSize` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutPageSize {
    /// `{}`, as seen in August 2025.
    Empty,
    /// A page of fifty, as seen in January 2026.
    Fifty,
}

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read the scenario {path}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML, or a field is unknown or of the wrong type. The source names line and field.
    #[error("the scenario is wrong")]
    Parse(#[source] Box<toml::de::Error>),
    /// A job contradicts itself.
    #[error("job {name:?} of the scenario: {reason}")]
    Job {
        /// Its display name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Scenario {
    /// Reads a scenario.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Scenario = toml::from_str(text).map_err(|error| ScenarioError::Parse(Box::new(error)))?;
        for job in &scenario.job {
            job.check().map_err(|reason| ScenarioError::Job { name: job.name.clone(), reason })?;
        }
        Ok(scenario)
    }

    /// Reads a scenario from a file.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ScenarioError::Read { path: path.display().to_string(), source })?;
        Self::parse(&text)
    }

    /// The scenario of `--demo`.
    pub fn demo() -> Self {
        Self::parse(DEMO).expect("a unit test reads the built-in demo")
    }

    /// The scenario of tests: an empty service that does everything within a fraction of a second.
    pub fn test() -> Self {
        Self::parse(TEST).expect("a unit test reads the built-in test scenario")
    }

    /// The same with a clock that only [`Control::advance`](super::Control::advance) moves.
    pub fn with_manual_clock(mut self) -> Self {
        self.clock = ClockKind::Manual;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_scenarios_are_right() {
        let demo = Scenario::demo();
        assert!(demo.job.len() >= 12, "{}", demo.job.len());
        assert!(demo.start.is_none());
        assert_eq!(Scenario::test().job, []);
    }

    #[test]
    fn an_unknown_field_is_named() {
        for (text, word) in [
            ("sped = 3", "sped"),
            ("[[fault]]\non = \"create\"\nstatsu = 503", "statsu"),
            ("[[fault]]\non = \"creat\"", "creat"),
            ("[timing]\npending = \"soon\"", "soon"),
            ("[[job]]\nname = \"x\"\nstate = \"expired\"\nage = \"3h\"", "48 hours"),
            ("[[job]]\nname = \"x\"\nage = \"3h\"\ntook = \"4h\"", "took longer"),
        ] {
            let error = Scenario::parse(text).unwrap_err();
            let full = crate::failure::Failure::from_error(crate::failure::Exit::Usage, &error).message;
            assert!(full.contains(word), "{text}: {full}");
        }
    }

    #[test]
    fn the_example_at_the_top_is_right() {
        let source = include_str!("mod.rs");
        let example: String = source
            .lines()
            .skip_while(|line| *line != "//! ```toml")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| line.trim_start_matches("//!").to_owned() + "\n")
            .collect();
        let scenario = Scenario::parse(&example).unwrap();
        assert_eq!((scenario.clock, scenario.many_jobs, scenario.job.len()), (ClockKind::Manual, 232, 1));
        assert_eq!(scenario.fault, [Fault::lost_answer(crate::sim::Call::Create).nth(1)]);
    }

    #[test]
    fn many_jobs_are_one_line() {
        assert_eq!(Scenario::parse("many_jobs = 5000").unwrap().many_jobs, 5000);
    }
}
