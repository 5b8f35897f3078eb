//! One request, before it is sent.

use bytes::Bytes;
use reqwest::Method;

use super::refusal::Subject;

/// One request.
pub struct Call {
    /// For messages: `cannot list jobs`.
    pub what: String,
    /// What a refusal means.
    pub subject: Subject,
    /// GET, POST or DELETE.
    pub method: Method,
    /// From the first slash; goes into logs.
    pub path: String,
    /// Goes nowhere but into the URL.
    pub query: Vec<(&'static str, String)>,
    /// Besides the key.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or nothing.
    pub body: Bytes,
    /// Whether a success may say nothing at all: a cancel or a delete.
    pub may_be_empty: bool,
}

impl Call {
    /// A GET.
    pub fn get(what: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(Method::GET, what, path)
    }

    /// A request without a body.
    pub fn new(method: Method, what: impl Into<String>, path: impl Into<String>) -> Self {
        Call {
            what: what.into(),
            subject: Subject::Other,
            method,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            may_be_empty: false,
        }
    }
}
