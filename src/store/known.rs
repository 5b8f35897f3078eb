//! The last listing on disk, so that the program starts with something to show when there is no network.
//!
//! The form is [`Job::to_json`]: what scripts see is what is kept.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::job::{Counts, Dest, FileName, Job, JobError, JobKind, JobName, JobState, Source};

use super::{Durability, Error, LARGEST_DOCUMENT, files, hex, sha256};

/// Jobs as they were at a moment of the past.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Newest first.
    pub jobs: Vec<Job>,
    /// When they were listed, by this machine's clock; `None` when nothing was ever listed.
    pub at: Option<Timestamp>,
}

impl Known {
    /// Reads what [`Known::to_bytes`] wrote, as far as it can be read: this is a cache, and the next listing replaces it.
    /// Whatever the bytes are, it does not fail.
    pub fn from_bytes(bytes: &[u8]) -> Known {
        let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return Known::default() };
        let jobs = document["jobs"].as_array().map_or(&[][..], Vec::as_slice);
        Known { jobs: jobs.iter().filter_map(job).collect(), at: time(&document["at"]) }
    }

    /// The jobs and their moment as JSON: each job in the form of [`Job::to_json`].
    pub fn to_bytes(&self) -> Vec<u8> {
        document(&jobs_to_bytes(&self.jobs), self.at)
    }
}

/// How old the document may become when nothing changes: an offline start shows its age.
const OLDEST_MINUTES: i64 = 5;

/// The documents, one for each profile and origin, and what this process wrote to them last.
#[derive(Debug)]
pub(super) struct Listings {
    folder: PathBuf,
    last: Mutex<HashMap<PathBuf, Last>>,
}

#[derive(Debug)]
struct Last {
    sum: [u8; 32],
    at: Timestamp,
    live: Vec<JobName>,
}

impl Listings {
    pub(super) fn open(folder: PathBuf) -> Self {
        Listings { folder, last: Mutex::default() }
    }

    fn path(&self, profile: &str, origin: &str) -> PathBuf {
        let id = hex(&sha256(format!("{profile}\n{origin}").as_bytes())[..8]);
        self.folder.join(format!("known-{id}.json"))
    }

    pub(super) fn load(&self, profile: &str, origin: &str) -> Result<Known, Error> {
        let bytes = files::read(&self.path(profile, origin), LARGEST_DOCUMENT)?;
        Ok(bytes.map_or_else(Known::default, |bytes| Known::from_bytes(&bytes)))
    }

    pub(super) fn live(&self, profile: &str, origin: &str) -> Result<Vec<JobName>, Error> {
        let path = self.path(profile, origin);
        if let Some(last) = self.last.lock().unwrap_or_else(PoisonError::into_inner).get(&path) {
            return Ok(last.live.clone());
        }
        Ok(live(&self.load(profile, origin)?.jobs))
    }

    pub(super) fn keep(&self, profile: &str, origin: &str, jobs: &[Job], at: Timestamp) -> Result<(), Error> {
        let path = self.path(profile, origin);
        let listed = jobs_to_bytes(jobs);
        let sum = sha256(&listed);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = last
            .get(&path)
            .is_none_or(|last| last.sum != sum || at.duration_since(last.at).as_mins().abs() >= OLDEST_MINUTES);
        if is_news {
            files::replace(&path, &document(&listed, Some(at)), Durability::Cached)?;
            last.insert(path, Last { sum, at, live: live(jobs) });
        }
        Ok(())
    }

    /// Takes jobs off the document, whatever else changed. Its age stays: the others were not seen again.
    pub(super) fn forget(&self, profile: &str, origin: &str, gone: &[JobName]) -> Result<(), Error> {
        let path = self.path(profile, origin);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.get_mut(&path) {
            last.live.retain(|job| !gone.contains(job));
        }
        let Known { mut jobs, at: Some(at) } = self.load(profile, origin)? else { return Ok(()) };
        let n_before = jobs.len();
        jobs.retain(|job| !gone.contains(&job.name));
        if jobs.len() == n_before {
            return Ok(());
        }
        let listed = jobs_to_bytes(&jobs);
        files::replace(&path, &document(&listed, Some(at)), Durability::Cached)?;
        if let Some(last) = last.get_mut(&path) {
            last.sum = sha256(&listed);
        }
        Ok(())
    }
}

fn live(jobs: &[Job]) -> Vec<JobName> {
    jobs.iter().filter(|job| !job.state.is_terminal()).map(|job| job.name.clone()).collect()
}

fn jobs_to_bytes(jobs: &[Job]) -> Vec<u8> {
    let jobs: Vec<Value> = jobs.iter().map(Job::to_json).collect();
    serde_json::to_vec(&jobs).expect("a JSON value can be written")
}

fn document(jobs: &[u8], at: Option<Timestamp>) -> Vec<u8> {
    let at = json!(at.map(|at| at.to_string()));
    [format!("{{\"at\":{at},\"jobs\":").as_bytes(), jobs, b"}"].concat()
}

fn job(value: &Value) -> Option<Job> {
    Some(Job {
        name: JobName::parse(value["name"].as_str()?)?,
        display_name: text(&value["displayName"]),
        kind: match value["kind"].as_str() {
            Some("embedContent") => JobKind::EmbedContent,
            Some(_) | None => JobKind::GenerateContent,
        },
        model: text(&value["model"]),
        state: JobState::from_wire(value["state"].as_str()?),
        counts: counts(&value["batchStats"]),
        create_time: time(&value["createTime"]),
        update_time: time(&value["updateTime"]),
        end_time: time(&value["endTime"]),
        source: place(&value["source"], Source::File, Source::Inline),
        dest: place(&value["dest"], Dest::File, Dest::Inline),
        error: error(&value["error"]),
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn counts(value: &Value) -> Option<Counts> {
    Some(Counts {
        requests: value["requestCount"].as_u64()?,
        succeeded: value["successfulRequestCount"].as_u64()?,
        failed: value["failedRequestCount"].as_u64()?,
        pending: value["pendingRequestCount"].as_u64()?,
    })
}

fn place<T>(value: &Value, file: impl FnOnce(FileName) -> T, inline: T) -> Option<T> {
    match value["fileName"].as_str() {
        Some(name) => FileName::parse(name).map(file),
        None => (value["inline"] == true).then_some(inline),
    }
}

fn error(value: &Value) -> Option<JobError> {
    let code = i32::try_from(value["code"].as_i64()?).ok()?;
    Some(JobError { code, message: text(&value["message"])? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_come_back_as_they_were() {
        let at: Timestamp = "2026-07-02T14:40:59.019821594Z".parse().unwrap();
        let full = Job {
            name: JobName::parse("batches/a").unwrap(),
            display_name: Some("ch01".into()),
            kind: JobKind::EmbedContent,
            model: Some("models/m".into()),
            state: JobState::Other("JOB_STATE_PAUSED".into()),
            counts: Some(Counts { requests: 4, succeeded: 3, failed: 1, pending: 0 }),
            create_time: Some(at),
            update_time: Some(at),
            end_time: Some(at),
            source: Some(Source::Inline),
            dest: FileName::parse("files/batch-a").map(Dest::File),
            error: Some(JobError { code: 13, message: "trouble".into() }),
        };
        let bare = Job {
            name: JobName::parse("batches/b").unwrap(),
            display_name: None,
            kind: JobKind::GenerateContent,
            model: None,
            state: JobState::Pending,
            counts: None,
            create_time: None,
            update_time: None,
            end_time: None,
            source: None,
            dest: None,
            error: None,
        };
        let jobs = [full, bare];
        let known = Known { jobs: jobs.to_vec(), at: Some(at) };
        assert_eq!(Known::from_bytes(&known.to_bytes()), known);
    }

    #[test]
    fn a_broken_document_is_an_empty_one() {
        for bytes in [&b""[..], b"{", b"[]", b"{\"jobs\":[{\"name\":\"../x\"}]}"] {
            assert_eq!(Known::from_bytes(bytes), Known::default());
        }
    }
}
