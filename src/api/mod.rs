//! The service, as the rest of the program sees it: one trait to read, one to change.
//!
//! This floor alone talks to the network. It knows values and nothing above it.
//! A read-only program holds no [`Writer`], so that no mutating call can be reached at all: what it holds can be asked,
//!
//! ```
//! # use gemtts_tui::{api::Reader, job::JobName};
//! async fn look(reader: &dyn Reader, job: &JobName) -> bool {
//!     reader.get_job(job).await.is_ok()
//! }
//! ```
//!
//! and whoever would change something with it has no program:
//!
//! ```compile_fail,E0599
//! # use gemtts_tui::{api::Reader, job::JobName};
//! async fn change(reader: &dyn Reader, job: &JobName) -> bool {
//!     reader.cancel_job(job).await.is_ok()
//! }
//! ```

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use crate::job::{FileName, Job, JobName};
use crate::money::ListedVoice;
use crate::secret::SessionAddress;

mod again;
mod answered;
mod call;
mod client;
mod connection;
mod cut;
mod download;
pub mod error;
pub mod gemini;
mod mask;
pub mod pacing;
pub mod page;
mod record;
pub mod refusal;
pub mod retry;
mod tls;
mod upload;
pub mod wire;

pub use error::Error;
pub use pacing::Pacing;
pub use record::Recorder;

/// What every backend can be asked. All of it may be repeated without harm; the retry policy lives below this trait.
pub trait Reader: Send + Sync {
    /// The origin that gets the key: scheme, host and port.
    fn origin(&self) -> &str;

    /// One page of jobs, newest first. Always sends a page size: without one the service has answered with nothing.
    fn list_jobs<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Job>, Error>>;

    /// One job, with the service's own JSON beside it. Inline results are cut out of that JSON.
    fn get_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<Fetched<Job>, Error>>;

    /// One page of stored files.
    fn list_files<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<StoredFile>, Error>>;

    /// One stored file. Refused by the service for output files, whose ids are longer than 40 characters.
    fn get_file<'a>(&'a self, name: &'a FileName) -> BoxFuture<'a, Result<StoredFile, Error>>;

    /// One page of models.
    fn list_models<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Model>, Error>>;

    /// One page of voices. [`error::Kind::NotFound`] of a service that has no such list.
    fn list_voices<'a>(&'a self, _page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<ListedVoice>, Error>> {
        let error = Error {
            message: "this service lists no voices".to_owned(),
            kind: error::Kind::NotFound,
            certainty: error::Certainty::NotSent,
            retry_after: None,
            is_daily: false,
        };
        Box::pin(std::future::ready(Err(error)))
    }

    /// The bytes of a results file from an offset on. Has no total time limit.
    fn download<'a>(&'a self, file: &'a FileName, from: u64) -> BoxFuture<'a, Result<Download, Error>>;

    /// The whole answer to a GET of a job with inline results, as bytes: it may be larger than memory.
    fn download_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<Download, Error>>;
}

/// What changes something at the service.
pub trait Writer: Send + Sync {
    /// Uploads a file in resumable chunks and waits until the service calls it ACTIVE.
    fn upload<'a>(&'a self, upload: Upload<'a>) -> BoxFuture<'a, Result<StoredFile, Error>>;

    /// Sends a create, at most once: no layer repeats it. [`Error::certainty`] tells what is known when it fails.
    fn create_job<'a>(&'a self, job: &'a NewJob) -> BoxFuture<'a, Result<Job, Error>>;

    /// Asks for a job to be stopped. The service agrees later, or not.
    fn cancel_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<(), Error>>;

    /// Deletes a job. One that is gone already is a success.
    fn delete_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<(), Error>>;

    /// Deletes a stored file. One that is gone already is a success.
    fn delete_file<'a>(&'a self, name: &'a FileName) -> BoxFuture<'a, Result<(), Error>>;
}

/// The way to the service that a session holds.
#[derive(Clone)]
pub struct Service {
    /// Always there.
    pub reader: Arc<dyn Reader>,
    /// Absent in a read-only session.
    pub writer: Option<Arc<dyn Writer>>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// May be empty although more pages follow.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<PageToken>,
    /// The service's clock, from the `Date` header.
    pub server_time: Option<Timestamp>,
}

/// Where a page of a list begins. Opaque.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageToken(pub String);

/// A value, and the JSON that it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched<T> {
    /// What we understood.
    pub value: T,
    /// What the service said.
    pub raw: serde_json::Value,
    /// The service's clock, from the `Date` header.
    pub server_time: Option<Timestamp>,
}

/// A file in the service's storage. It lives for 48 hours.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredFile {
    /// `files/ID`.
    pub name: FileName,
    /// What its creator called it.
    pub display_name: Option<String>,
    /// As the creator declared it.
    pub mime_type: Option<String>,
    /// In bytes; absent for an empty file.
    pub size_bytes: Option<u64>,
    /// When the upload ended.
    pub create_time: Option<Timestamp>,
    /// When the service drops it.
    pub expiration_time: Option<Timestamp>,
    /// `ACTIVE`, `PROCESSING`, `FAILED`.
    pub state: Option<String>,
    /// `UPLOADED`, `GENERATED`.
    pub source: Option<String>,
    /// Lower-case hex digits; the service sends them in base64.
    pub sha256: Option<String>,
    /// What went wrong with it, in the service's words, when its state is `FAILED`.
    pub error: Option<String>,
}

impl StoredFile {
    /// What several files take together, in bytes, as far as the service says. Absurd sizes add up to the largest number.
    pub fn total_size(files: &[StoredFile]) -> u64 {
        files.iter().filter_map(|file| file.size_bytes).fold(0, u64::saturating_add)
    }

    /// The file as scripts see it, without the fields that only a session knows.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "name": self.name.as_str(),
            "displayName": self.display_name,
            "mimeType": self.mime_type,
            "sizeBytes": self.size_bytes,
            "createTime": self.create_time.map(|time| time.to_string()),
            "expirationTime": self.expiration_time.map(|time| time.to_string()),
            "state": self.state,
            "source": self.source,
            "sha256": self.sha256,
        })
    }
}

/// A model, as the service lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// `models/ID`.
    pub name: String,
    /// For people.
    pub display_name: Option<String>,
    /// In tokens.
    pub input_token_limit: Option<u64>,
    /// In tokens.
    pub output_token_limit: Option<u64>,
    /// `generateContent`, `batchGenerateContent`, ….
    pub methods: Vec<String>,
}

/// Bytes on their way.
pub struct Download {
    /// The offset of the first byte; differs from the one asked for when the service starts over.
    pub from: u64,
    /// The size of the whole file, when the service says it.
    pub total: Option<u64>,
    /// The bytes. Ends with an error when the connection ends before the announced length.
    pub body: BoxStream<'static, Result<Bytes, Error>>,
}

/// A file to upload.
pub struct Upload<'a> {
    /// On this disk.
    pub path: &'a Path,
    /// Shown in the Files API.
    pub display_name: &'a str,
    /// `application/jsonl` for the requests of a batch.
    pub mime_type: &'a str,
    /// SHA-256 of what the file held when it was made, in lower-case hex digits. A file that holds anything else by now
    /// is not uploaded to its end. `None` takes it as it is.
    pub sha256: Option<&'a str>,
    /// A session of an earlier run, of the same content at the same origin with the same key: the service is asked how
    /// far it came, and the upload goes on from there. One that the service does not know any more is passed over.
    pub session: Option<&'a UploadSession>,
    /// Called with every session that is begun, and awaited before its first byte goes out.
    pub begun: &'a (dyn Fn(UploadSession) -> BoxFuture<'static, ()> + Send + Sync),
    /// Called with the bytes that the service has taken, and all of them.
    pub progress: &'a (dyn Fn(u64, u64) + Send + Sync),
    /// Called once when all bytes are there and the service still works on them.
    pub processing: &'a (dyn Fn() + Send + Sync),
}

/// An upload session: an address that takes the pieces of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadSession {
    /// Where the pieces go. Needs no key.
    pub address: SessionAddress,
    /// How large they are, in bytes.
    pub piece: u64,
}

/// What a create sends.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Without `models/`.
    pub model: String,
    /// Shown in every list; carries our token, by which a lost create is found again.
    pub display_name: String,
    /// The requests.
    pub input: Input,
}

/// The requests of a new job.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// An uploaded JSONL file.
    File(FileName),
    /// The requests themselves: `(key, request)`, at most 20 MB together.
    Inline(Vec<(String, serde_json::Value)>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_sizes_add_up_without_an_overflow() {
        let file = |size_bytes| StoredFile {
            name: FileName::parse("files/a").unwrap(),
            display_name: None,
            mime_type: None,
            size_bytes,
            create_time: None,
            expiration_time: None,
            state: None,
            source: None,
            sha256: None,
            error: None,
        };
        let total =
            |sizes: &[Option<u64>]| StoredFile::total_size(&sizes.iter().copied().map(file).collect::<Vec<_>>());
        assert_eq!(total(&[Some(2), None, Some(3)]), 5);
        assert_eq!(total(&[Some(u64::MAX), Some(1), Some(u64::MAX)]), u64::MAX);
    }
}
