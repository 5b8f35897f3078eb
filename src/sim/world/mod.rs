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
pub use request::prompt_tokens;
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
