//! A way to the service whose downloads keep to one rate together: it wraps the body of every one of them.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use futures_util::{FutureExt, TryFutureExt};

use crate::api::{Download, Error, Fetched, Model, Page, PageToken, Reader, StoredFile};
use crate::job::{FileName, Job, JobName};
use crate::money::ListedVoice;

use super::Meter;
use super::rate::Flow;

/// Passes everything on, and downloads no faster than the meter lets them.
pub(super) struct Metered {
    inner: Arc<dyn Reader>,
    meter: Arc<Meter>,
}

impl Metered {
    pub(super) fn new(inner: Arc<dyn Reader>, meter: Arc<Meter>) -> Self {
        Metered { inner, meter }
    }

    fn metered(&self, download: Download) -> Download {
        let meter = Arc::clone(&self.meter);
        let flow = meter.rate().join();
        let body = Body { body: download.body, rest: Bytes::new(), flow, meter };
        Download { body: stream::unfold(body, Body::next).boxed(), ..download }
    }
}

/// One download on its way.
struct Body {
    body: BoxStream<'static, Result<Bytes, Error>>,
    /// What came and has not passed yet.
    rest: Bytes,
    flow: Flow,
    meter: Arc<Meter>,
}

impl Body {
    async fn next(mut self) -> Option<(Result<Bytes, Error>, Body)> {
        if self.rest.is_empty() {
            match self.body.next().await? {
                Ok(bytes) => self.rest = bytes,
                Err(error) => return Some((Err(error), self)),
            }
        }
        let size = self.rest.len().min(self.meter.rate().most_at_once());
        self.meter.pass(self.flow, size as u64).await;
        let piece = self.rest.split_to(size);
        Some((Ok(piece), self))
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.meter.leave(self.flow);
    }
}

impl Reader for Metered {
    fn origin(&self) -> &str {
        self.inner.origin()
    }

    fn list_jobs<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Job>, Error>> {
        self.inner.list_jobs(page)
    }

    fn get_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<Fetched<Job>, Error>> {
        self.inner.get_job(name)
    }

    fn list_files<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<StoredFile>, Error>> {
        self.inner.list_files(page)
    }

    fn get_file<'a>(&'a self, name: &'a FileName) -> BoxFuture<'a, Result<StoredFile, Error>> {
        self.inner.get_file(name)
    }

    fn list_models<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Model>, Error>> {
        self.inner.list_models(page)
    }

    fn list_voices<'a>(&'a self, page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<ListedVoice>, Error>> {
        self.inner.list_voices(page)
    }

    fn download<'a>(&'a self, file: &'a FileName, from: u64) -> BoxFuture<'a, Result<Download, Error>> {
        self.inner.download(file, from).map_ok(|download| self.metered(download)).boxed()
    }

    fn download_job<'a>(&'a self, name: &'a JobName) -> BoxFuture<'a, Result<Download, Error>> {
        self.inner.download_job(name).map_ok(|download| self.metered(download)).boxed()
    }
}
