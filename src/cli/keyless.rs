//! The service of a command that may run without a key: every call fails as the missing key does.
//!
//! `save` of a file that is on disk and `create --dry-run` never call it; should they, the message and the exit code
//! are those of any command that needs a key.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use crate::api::error::{Certainty, Kind};
use crate::api::{Download, Error, Fetched, Model, Page, PageToken, Reader, Service, StoredFile};
use crate::job::{FileName, Job, JobName};
use crate::money::ListedVoice;

/// A service that answers nothing, at this origin.
pub fn service(origin: &str) -> Service {
    Service { reader: Arc::new(Keyless { origin: origin.to_owned() }), writer: None }
}

struct Keyless {
    origin: String,
}

impl Keyless {
    fn refused<T: Send + 'static>(&self) -> BoxFuture<'_, Result<T, Error>> {
        let error = Error {
            message: "this command was started without a key".to_owned(),
            kind: Kind::Key,
            certainty: Certainty::NotSent,
            retry_after: None,
            is_daily: false,
        };
        ready(Err(error)).boxed()
    }
}

impl Reader for Keyless {
    fn origin(&self) -> &str {
        &self.origin
    }

    fn list_jobs<'a>(&'a self, _page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Job>, Error>> {
        self.refused()
    }

    fn get_job<'a>(&'a self, _name: &'a JobName) -> BoxFuture<'a, Result<Fetched<Job>, Error>> {
        self.refused()
    }

    fn list_files<'a>(&'a self, _page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<StoredFile>, Error>> {
        self.refused()
    }

    fn get_file<'a>(&'a self, _name: &'a FileName) -> BoxFuture<'a, Result<StoredFile, Error>> {
        self.refused()
    }

    fn list_models<'a>(&'a self, _page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<Model>, Error>> {
        self.refused()
    }

    fn list_voices<'a>(&'a self, _page: Option<&'a PageToken>) -> BoxFuture<'a, Result<Page<ListedVoice>, Error>> {
        self.refused()
    }

    fn download<'a>(&'a self, _file: &'a FileName, _from: u64) -> BoxFuture<'a, Result<Download, Error>> {
        self.refused()
    }

    fn download_job<'a>(&'a self, _name: &'a JobName) -> BoxFuture<'a, Result<Download, Error>> {
        self.refused()
    }
}
