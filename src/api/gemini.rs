//! The Gemini API: what each call of [`Reader`] and [`Writer`] is on the wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::call::Call;
use super::connection::{Answer, Connection};
use super::error::{Certainty, Error, Kind};
use super::pacing::Pacing;
use super::record::Recorder;
use super::refusal::{Failed, Subject};
use super::retry::{Bucket, Class, Fault};
use super::upload::Uploaded;
use super::wire::{self, Object, Seen};
use super::{Download, Fetched, Input, Model, NewJob, Page, PageToken, Reader, Service, StoredFile, Upload, Writer};
use super::{download, upload};
use crate::config::BaseUrl;
use crate::job::{FileName, Job, JobName};
use crate::money::ListedVoice;
use crate::secret::ApiKey;
use crate::text::clean_short;

pub use super::client::Timing;

/// The service refuses larger requests.
const LARGEST_CREATE: usize = 20_000_000;
/// Lists are asked for in pages of this size; without one the service has answered with nothing.
const PAGE_SIZE: &str = "100";
/// Pages of files that are searched for a file whose name was lost.
const PAGES_SEARCHED: usize = 3;

/// Where requests go, and with what.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The only address that gets the key.
    pub base: BaseUrl,
    /// The key.
    pub key: ApiKey,
}

/// How the service is reached.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Gives no [`Writer`] at all.
    pub read_only: bool,
    /// How long things may take.
    pub timing: Timing,
    /// The allowance for retries; `None` takes the one that the whole process shares.
    pub bucket: Option<Arc<Bucket>>,
    /// Writes every exchange down.
    pub recorder: Option<Arc<Recorder>>,
    /// Where calls write down what the service asks for; `None` when nobody looks.
    pub pacing: Option<Arc<Pacing>>,
}

/// Prepares the way to the service. Connects to nothing yet.
pub fn connect(endpoint: &Endpoint, options: &Options) -> Result<Service, Error> {
    let bucket = options.bucket.clone();
    let connection = Connection::new(&endpoint.base, &endpoint.key, options.timing, bucket)?;
    let pacing = options.pacing.clone().unwrap_or_default();
    let connection = Arc::new(connection.recorded(options.recorder.clone()).paced(pacing));
    let writer: Option<Arc<dyn Writer>> = match options.read_only {
        true => None,
        false => Some(Arc::new(GeminiWriter { connection: connection.clone() })),
    };
    Ok(Service { reader: Arc::new(Gemini { connection }), writer })
}

/// The reading half.
struct Gemini {
    connection: Arc<Connection>,
}

/// The changing half; exists in sessions that may change something.
struct GeminiWriter {
    connection: Arc<Connection>,
}

impl Reader for Gemini {
    fn origin(&self) -> &str {
        self.connection.base().origin()
    }

    fn list_jobs<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Job>, Error>> {
        let call = list("cannot list jobs", "/v1beta/batches", PAGE_SIZE, page);
        list_page(&self.connection, call, "operations", |value| wire::job(value, Seen::Listed)).boxed()
    }

    fn get_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<Fetched<Job>, Error>> {
        async move {
            let mut call = Call::get(format!("cannot get {name}"), format!("/v1beta/{name}"));
            call.subject = Subject::Job;
            let Answer { value: raw, server_time } =
                self.connection.repeat(Class::Read, || self.connection.large_json(&call)).await?;
            let value = wire::job(&raw, Seen::Whole).ok_or_else(|| not_a(&call, "job"))?;
            Ok(Fetched { value, raw, server_time })
        }
        .boxed()
    }

    fn list_files<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<StoredFile>, Error>> {
        list_files(&self.connection, page).boxed()
    }

    fn get_file<'a>(&'a self, name: &'a FileName) -> BoxFuture<'a, Result<StoredFile, Error>> {
        get_file(&self.connection, name).boxed()
    }

    fn list_models<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Model>, Error>> {
        let call = list("cannot list models", "/v1beta/models", "1000", page);
        list_page(&self.connection, call, "models", wire::model).boxed()
    }

    fn list_voices<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<ListedVoice>, Error>> {
        // This list alone is asked and answered in snake_case.
        let mut call = Call::get("cannot list voices", "/v1beta/voices");
        call.query.push(("page_size", "1000".to_owned()));
        if let Some(PageToken(token)) = page {
            call.query.push(("page_token", token.clone()));
        }
        list_page(&self.connection, call, "voices", wire::voice).boxed()
    }

    fn download<'a>(&'a self, file: &'a FileName, from: u64) -> BoxFuture<'a, Result<Download, Error>> {
        download::file(self.connection.clone(), file, from).boxed()
    }

    fn download_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<Download, Error>> {
        download::job(self.connection.clone(), name).boxed()
    }
}

impl Writer for GeminiWriter {
    fn upload<'a>(&'a self, upload: Upload<'a>) -> BoxFuture<'a, Result<StoredFile, Error>> {
        async move {
            let uploaded = upload::send(&self.connection, &upload).await?;
            let file = match &uploaded.file {
                Some(file) => file.clone(),
                None => self.find(&upload, &uploaded).await?,
            };
            // What came of it would be billed as something that nobody meant: it goes, and its owner starts again.
            let differs = file.sha256.as_ref().is_some_and(|sha256| *sha256 != uploaded.sha256)
                || file.size_bytes.is_some_and(|size| size != uploaded.size);
            if differs {
                let deleted = match self.delete_file(&file.name).await {
                    Ok(()) => "was deleted",
                    Err(_) => "could not be deleted",
                };
                let message = format!("{} does not hold the bytes that were uploaded, and {deleted}", file.name);
                return Err(Failed::last(Kind::Unexpected, Certainty::Unknown, message).error);
            }
            self.ready(file, upload.processing).await
        }
        .boxed()
    }

    fn create_job<'a>(&'a self, job: &'a NewJob) -> BoxFuture<'a, Result<Job, Error>> {
        async move {
            let call = create(job)?;
            // No retry and no redirect: the service may have created a job before it fell silent.
            let answer = self.connection.json(&call).await.map_err(|failed| failed.error)?;
            wire::job(&answer.value, Seen::Whole).ok_or_else(|| not_a(&call, "job"))
        }
        .boxed()
    }

    fn cancel_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<(), Error>> {
        async move {
            let mut call = Call::new(Method::POST, format!("cannot cancel {name}"), format!("/v1beta/{name}:cancel"));
            call.may_be_empty = true;
            self.connection.repeat(Class::Repeatable, || self.connection.json(&call)).await.map(drop)
        }
        .boxed()
    }

    fn delete_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<(), Error>> {
        let call = Call::new(Method::DELETE, format!("cannot delete {name}"), format!("/v1beta/{name}"));
        self.delete(call).boxed()
    }

    fn delete_file<'a>(&'a self, name: &'a FileName) -> BoxFuture<'a, Result<(), Error>> {
        let mut call = Call::new(Method::DELETE, format!("cannot delete {name}"), format!("/v1beta/{name}"));
        call.subject = Subject::File;
        self.delete(call).boxed()
    }
}

impl GeminiWriter {
    async fn delete(&self, mut call: Call) -> Result<(), Error> {
        call.may_be_empty = true;
        // When the answer to a delete was lost, the next one is refused because the first has worked.
        let may_be_gone = AtomicBool::new(false);
        let once = || async {
            let failed = match self.connection.json(&call).await {
                Ok(_) => return Ok(()),
                Err(failed) => failed,
            };
            match failed.fault {
                // The page of a proxy that knows no such path has deleted nothing.
                Fault::Status(404) if failed.error.certainty == Certainty::Refused => Ok(()),
                // A name that it does not know is malformed to the service, and a file that is gone forbidden.
                Fault::Status(400 | 403) if failed.error.kind != Kind::Key && may_be_gone.load(Ordering::Relaxed) => {
                    Ok(())
                }
                _ => {
                    may_be_gone.fetch_or(failed.error.certainty == Certainty::Unknown, Ordering::Relaxed);
                    Err(failed)
                }
            }
        };
        self.connection.repeat(Class::Repeatable, once).await
    }

    /// The file of an upload that ended without its answer reaching us: the newest of this size and content. Its name may
    /// be that of an earlier run, which began the upload.
    async fn find(&self, upload: &Upload<'_>, uploaded: &Uploaded) -> Result<StoredFile, Error> {
        let name = clean_short(upload.display_name, 1024);
        let mut found: Vec<StoredFile> = Vec::new();
        let mut page = None;
        for _ in 0..PAGES_SEARCHED {
            let listed = list_files(&self.connection, page.as_ref()).await?;
            found.extend(listed.items.into_iter().filter(|file| {
                file.sha256.as_ref() == Some(&uploaded.sha256) && file.size_bytes.unwrap_or(0) == uploaded.size
            }));
            page = listed.next;
            if page.is_none() {
                break;
            }
        }
        found.into_iter().max_by_key(|file| file.create_time).ok_or_else(|| {
            let message = format!("the upload of {name} ended, but the service did not name the file");
            Failed::last(Kind::Unexpected, Certainty::Unknown, message).error
        })
    }

    /// A batch may only use a file that is ACTIVE.
    async fn ready(&self, mut file: StoredFile, processing: &(dyn Fn() + Send + Sync)) -> Result<StoredFile, Error> {
        if matches!(file.state.as_deref(), Some(state) if state != "ACTIVE" && state != "FAILED") {
            processing();
        }
        let timing = self.connection.timing;
        let name = file.name.clone();
        let wait = async {
            loop {
                match file.state.as_deref() {
                    None | Some("ACTIVE") => return Ok(file),
                    Some("FAILED") => {
                        let said = file.error.as_deref().map(|said| format!(": {}", self.connection.quote(said)));
                        let message = format!("the service could not process {name}{}", said.unwrap_or_default());
                        return Err(Failed::last(Kind::Invalid, Certainty::Refused, message).error);
                    }
                    Some(_) => tokio::time::sleep(timing.look_again).await,
                }
                file = get_file(&self.connection, &name).await?;
            }
        };
        timeout(timing.ready, wait).await.unwrap_or_else(|_| {
            let message = format!("{name} is still being processed after {} s", timing.ready.as_secs_f32());
            Err(Failed::last(Kind::TimedOut, Certainty::Unknown, message).error)
        })
    }
}

fn list(what: &str, path: &str, size: &str, page: Option<&PageToken>) -> Call {
    let mut call = Call::get(what, path);
    call.query.push(("pageSize", size.to_owned()));
    if let Some(PageToken(token)) = page {
        call.query.push(("pageToken", token.clone()));
    }
    call
}

async fn list_page<T>(
    connection: &Connection,
    call: Call,
    member: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Page<T>, Error> {
    let Answer { value, server_time } = connection.repeat(Class::Read, || connection.json(&call)).await?;
    let list = Object::of(&value).ok_or_else(|| not_a(&call, "list"))?;
    let elements = list.elements(member);
    let items: Vec<T> = elements.iter().filter_map(read).collect();
    if items.len() < elements.len() {
        // One odd element must not hide the others.
        tracing::warn!(path = call.path, left_out = elements.len() - items.len(), "elements without a usable name");
    }
    Ok(Page { items, next: wire::next_page(list).map(PageToken), server_time })
}

async fn list_files(connection: &Connection, page: Option<&PageToken>) -> Result<Page<StoredFile>, Error> {
    let call = list("cannot list files", "/v1beta/files", PAGE_SIZE, page);
    list_page(connection, call, "files", wire::stored_file).await
}

async fn get_file(connection: &Connection, name: &FileName) -> Result<StoredFile, Error> {
    let mut call = Call::get(format!("cannot get {name}"), format!("/v1beta/{name}"));
    call.subject = Subject::File;
    let answer = connection.repeat(Class::Read, || connection.json(&call)).await?;
    wire::stored_file(&answer.value).ok_or_else(|| not_a(&call, "file"))
}

fn create(job: &NewJob) -> Result<Call, Error> {
    let what = "cannot create the job";
    let refused = |words: String| Failed::last(Kind::Invalid, Certainty::NotSent, format!("{what}: {words}")).error;
    let model = job.model.strip_prefix("models/").unwrap_or(&job.model);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if model.is_empty() || model.starts_with('.') || !model.chars().all(is_plain) {
        return Err(refused(format!("{} is not the name of a model", clean_short(model, 80))));
    }
    let input = match &job.input {
        Input::File(name) => json!({ "fileName": name.as_str() }),
        Input::Inline(requests) => {
            let keyed = |(key, request): &(String, Value)| json!({ "request": request, "metadata": { "key": key } });
            // Twice, as the schema has it: a list object with a member of the same name.
            json!({ "requests": { "requests": requests.iter().map(keyed).collect::<Vec<_>>() } })
        }
    };
    let body = json!({ "batch": { "displayName": job.display_name, "inputConfig": input } }).to_string();
    if body.len() > LARGEST_CREATE {
        let size = crate::text::bytes(body.len() as u64);
        return Err(refused(format!("the requests are {size}, and at most 20 MB go inline; upload them as a file")));
    }
    let mut call = Call::new(Method::POST, what, format!("/v1beta/models/{model}:batchGenerateContent"));
    call.headers.push(("content-type", "application/json".to_owned()));
    call.body = Bytes::from(body);
    Ok(call)
}

fn not_a(call: &Call, thing: &str) -> Error {
    let message = format!("{}: the answer of the service is not a {thing}", call.what);
    Failed::last(Kind::Unexpected, Certainty::Unknown, message).error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_job(model: &str, input: Input) -> NewJob {
        NewJob { model: model.into(), display_name: "ch01 ~gt-X".into(), input }
    }

    #[test]
    fn a_create_is_what_the_schema_says() {
        let file = Input::File(FileName::parse("files/85nave4ld71j").unwrap());
        let call = create(&new_job("gemini-3.1-flash-tts-preview", file)).unwrap();
        assert_eq!(call.path, "/v1beta/models/gemini-3.1-flash-tts-preview:batchGenerateContent");
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!(
            body,
            json!({"batch": {"displayName": "ch01 ~gt-X", "inputConfig": {"fileName": "files/85nave4ld71j"}}})
        );

        let inline = Input::Inline(vec![("k1".into(), json!({"contents": []}))]);
        let body: Value = serde_json::from_slice(&create(&new_job("models/m", inline)).unwrap().body).unwrap();
        let requests = &body["batch"]["inputConfig"]["requests"]["requests"];
        assert_eq!(*requests, json!([{"request": {"contents": []}, "metadata": {"key": "k1"}}]));
    }

    #[test]
    fn what_cannot_be_sent_is_refused_before_it_is_sent() {
        for model in ["", "..", "a/b", "m?key=1", "models/", "m:generateContent"] {
            let error = create(&new_job(model, Input::Inline(vec![]))).err().unwrap();
            assert_eq!((error.kind, error.certainty), (Kind::Invalid, Certainty::NotSent), "{model}");
        }
        let huge = Input::Inline(vec![("k".into(), json!({"text": "x".repeat(LARGEST_CREATE)}))]);
        let error = create(&new_job("m", huge)).err().unwrap();
        assert_eq!(error.certainty, Certainty::NotSent);
    }
}
