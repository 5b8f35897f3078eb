//! The journal of creates: what was about to be sent, and what became of it.
//!
//! An intent on the disk counts as sent until a verdict says otherwise, so that no crash can lead to a second send.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::journal::View;

/// A create that may have been sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Our token in the display name.
    pub token: String,
    /// SHA-256 of the prepared JSONL, lower-case hex.
    pub sha256: String,
    /// Requests in it.
    pub n_requests: u64,
    /// Characters of text in it.
    pub characters: u64,
    /// Without `models/`.
    pub model: String,
    /// What it may cost, low and high, when that was known. Journals of earlier versions do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dollars: Option<(f64, f64)>,
    /// The origin that it was meant for.
    pub origin: String,
    /// Which key it was meant for, when the session says.
    pub key_fingerprint: Option<String>,
    /// As sent: with the token.
    pub display_name: String,
    /// `files/ID`; `None` for inline requests.
    pub input_file: Option<String>,
    /// Just before it was sent, by this machine's clock.
    pub at: Timestamp,
    /// Whose requests it makes again, when it is a retake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retake_of: Option<RetakeOf>,
    /// Which part of which campaign it is, when it is one. What became of a part is read here and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<PartOf>,
    /// Tokens of text in it, as far as they were known: what counts against the limit of a tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_tokens: Option<u64>,
    /// Requests that are not among them because their audio was on the disk: it belongs to the job all the same.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_unchanged: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Which part of which campaign a create is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartOf {
    /// The id of the campaign.
    pub campaign: String,
    /// From 1.
    pub number: u32,
}

/// Whose requests a retake makes again. Its origin is that of its intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetakeOf {
    /// `batches/ID` of the job that was no retake itself.
    pub job: String,
    /// Which retake of that job, from 1.
    pub number: u32,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Verdict {
    /// It never left this machine.
    NotSent,
    /// The service refused it.
    Rejected {
        /// In the service's words.
        message: String,
    },
    /// The answer was lost.
    Unknown {
        /// How.
        message: String,
    },
    /// The service answered with the job.
    Confirmed {
        /// `batches/ID`.
        job: String,
    },
    /// The answer was lost, and the job was found in the list.
    Adopted {
        /// `batches/ID`.
        job: String,
    },
    /// More than one job carries the token.
    Duplicate {
        /// `batches/ID` of each, oldest first.
        jobs: Vec<String>,
    },
    /// A person gave it up.
    GivenUp,
}

/// An intent and its latest verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracked {
    /// What was about to be sent.
    pub intent: Intent,
    /// `None` when the program ended before there was one.
    pub verdict: Option<Verdict>,
}

impl Tracked {
    /// Whether nobody knows if the service has it.
    pub fn is_open(&self) -> bool {
        match self.verdict {
            None | Some(Verdict::Unknown { .. }) => true,
            Some(
                Verdict::NotSent
                | Verdict::Rejected { .. }
                | Verdict::Confirmed { .. }
                | Verdict::Adopted { .. }
                | Verdict::Duplicate { .. }
                | Verdict::GivenUp,
            ) => false,
        }
    }

    /// The jobs that came of it, oldest first.
    pub fn jobs(&self) -> &[String] {
        match &self.verdict {
            Some(Verdict::Confirmed { job } | Verdict::Adopted { job }) => std::slice::from_ref(job),
            Some(Verdict::Duplicate { jobs }) => jobs,
            None | Some(Verdict::NotSent | Verdict::Rejected { .. } | Verdict::Unknown { .. } | Verdict::GivenUp) => {
                &[]
            }
        }
    }
}

/// An uploaded input that a refused or unsent create left behind: the next try need not upload it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    /// SHA-256 of its content, lower-case hex.
    pub sha256: String,
    /// The origin that has it.
    pub origin: String,
    /// Which key it was uploaded with, when the session says.
    pub key_fingerprint: Option<String>,
    /// `files/ID`.
    pub file: String,
    /// When the upload ended, by this machine's clock.
    pub at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(super) enum Record {
    Uploaded(Uploaded),
    Intent(Intent),
    Verdict { token: String, verdict: Verdict },
}

/// All creates, oldest first.
#[derive(Debug, Default)]
pub(super) struct Intents {
    tracked: Vec<Tracked>,
    by_token: HashMap<String, usize>,
    pub(super) uploads: HashMap<String, Uploaded>,
}

impl Intents {
    pub(super) fn all(&self) -> &[Tracked] {
        &self.tracked
    }

    pub(super) fn get(&self, token: &str) -> Option<&Tracked> {
        self.by_token.get(token).map(|at| &self.tracked[*at])
    }
}

impl View for Intents {
    type Record = Record;
    const FILE: &'static str = "intents.jsonl";
    const DURABLE: bool = true;

    fn apply(&mut self, record: Record) {
        match record {
            Record::Uploaded(uploaded) => {
                self.uploads.insert(uploaded.sha256.clone(), uploaded);
            }
            Record::Intent(intent) => {
                self.by_token.insert(intent.token.clone(), self.tracked.len());
                self.tracked.push(Tracked { intent, verdict: None });
            }
            Record::Verdict { token, verdict } => {
                if let Some(at) = self.by_token.get(&token) {
                    self.tracked[*at].verdict = Some(verdict);
                }
            }
        }
    }
}
