//! What many jobs at once may ask of a service that is in trouble, over many minutes that pass in a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use gemtts_tui::api::gemini::{self, Endpoint};
use gemtts_tui::api::retry::Bucket;
use gemtts_tui::api::{Download, Error, Fetched, Model, Page, PageToken, Reader, StoredFile};
use gemtts_tui::clock::Clock;
use gemtts_tui::config::BaseUrl;
use gemtts_tui::job::{FileName, Job, JobName};
use gemtts_tui::ops::{self, Session};
use gemtts_tui::secret::ApiKey;
use gemtts_tui::store::Store;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::service::NOW;

/// A service on this very thread, so that time which stands still stands still for it too. It always says that it is
/// overloaded, and counts how often it did.
async fn overloaded() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let count = count.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if stream.read(&mut byte).await.unwrap_or(0) == 0 {
                        return;
                    }
                    head.push(byte[0]);
                }
                count.fetch_add(1, Ordering::Relaxed);
                let body = r#"{"error":{"code":503,"status":"UNAVAILABLE","message":"overloaded"}}"#;
                let length = body.len();
                let answer = format!("HTTP/1.1 503 X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (origin, requests)
}

/// Counts how often somebody above the retry policy asks for a job.
struct Counted {
    reader: Arc<dyn Reader>,
    polls: AtomicUsize,
}

impl Reader for Counted {
    fn origin(&self) -> &str {
        self.reader.origin()
    }

    fn list_jobs<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Job>, Error>> {
        self.reader.list_jobs(page)
    }

    fn get_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<Fetched<Job>, Error>> {
        self.polls.fetch_add(1, Ordering::Relaxed);
        self.reader.get_job(name).boxed()
    }

    fn list_files<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<StoredFile>, Error>> {
        self.reader.list_files(page)
    }

    fn get_file<'a>(&'a self, name: &'a FileName) -> BoxFuture<'a, Result<StoredFile, Error>> {
        self.reader.get_file(name)
    }

    fn list_models<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Model>, Error>> {
        self.reader.list_models(page)
    }

    fn download<'a>(&'a self, file: &'a FileName, from: u64) -> BoxFuture<'a, Result<Download, Error>> {
        self.reader.download(file, from)
    }

    fn download_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<Download, Error>> {
        self.reader.download_job(name)
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_jobs_that_are_polled_through_ten_bad_minutes_retry_twenty_times_together() {
    let (origin, requests) = overloaded().await;
    let endpoint = Endpoint { base: BaseUrl::parse(&origin).unwrap(), key: ApiKey::parse("a-key-of-a-test").unwrap() };
    let bucket = Some(Arc::new(Bucket::full()));
    let mut way = gemini::connect(&endpoint, &gemini::Options { bucket, ..gemini::Options::default() }).unwrap();
    let counted = Arc::new(Counted { reader: way.reader, polls: AtomicUsize::new(0) });
    way.reader = counted.clone();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state")).unwrap();
    let clock = Clock::fixed(NOW.parse().unwrap());
    let session = Session::new(way, store, clock, "default".into(), folder.path().join("cache"));

    let names: Vec<JobName> = (0..50).map(|n| JobName::parse(&format!("batches/j{n}")).unwrap()).collect();
    let following = join_all(names.iter().map(|name| ops::follow(&session, name, &|_| ())));
    let gone = tokio::time::timeout(Duration::from_secs(600), following).await;
    assert!(gone.is_err(), "nobody gives up within ten minutes: {gone:?}");
    let (polls, requests) = (counted.polls.load(Ordering::Relaxed), requests.load(Ordering::Relaxed));
    assert!(requests <= polls + 20, "{requests} requests for {polls} polls");
    // And everybody keeps looking, ever more slowly: 2, 4, 8, … seconds.
    assert!((50 * 6..=50 * 12).contains(&polls), "{polls} polls of fifty jobs");
}
