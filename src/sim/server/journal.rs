//! What was asked of the service: counters that never forget, and a log of the latest requests, for tests.

use std::collections::{HashMap, VecDeque};

use crate::sim::call::Call;

/// One request as the service saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Which call it was.
    pub call: Call,
    /// `GET` and so on.
    pub method: String,
    /// The path as it came, without the query.
    pub path: String,
    /// The query without the key.
    pub query: String,
    /// Names and values of the headers in lower case and in order, the key's value replaced.
    pub headers: Vec<(String, String)>,
    /// Whether a key came in the header.
    pub key_in_header: bool,
    /// Whether a key came in the query, where it does not belong.
    pub key_in_query: bool,
}

impl Recorded {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// The log keeps so many requests; older ones are only counted.
const KEPT: usize = 10_000;

/// Counters and log.
#[derive(Debug, Default)]
pub struct Journal {
    counts: HashMap<Call, u64>,
    created: u64,
    log: VecDeque<Recorded>,
}

impl Journal {
    /// Notes a request and says which of its kind it is, from 1.
    pub fn note(&mut self, request: Recorded) -> u64 {
        let count = self.counts.entry(request.call).or_default();
        *count += 1;
        let occurrence = *count;
        if self.log.len() == KEPT {
            self.log.pop_front();
        }
        self.log.push_back(request);
        occurrence
    }

    /// Notes that a job was made, whatever became of the answer.
    pub fn note_created(&mut self) {
        self.created += 1;
    }

    /// How many requests of a kind came.
    pub fn count(&self, call: Call) -> u64 {
        self.counts.get(&call).copied().unwrap_or(0)
    }

    /// How many jobs were made by callers.
    pub fn n_created(&self) -> u64 {
        self.created
    }

    /// The latest requests, oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        self.log.iter().cloned().collect()
    }
}
