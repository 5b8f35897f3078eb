//! One request and its answer as a recording sees them; without one, the answer alone. The key is in neither.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Url};

use super::connection::root_cause;
use super::mask::{Mask, Masking};
use super::record::Exchange;

/// An answer whose head was read. Its body is read through here, so that a recording sees it.
pub struct Answered {
    response: reqwest::Response,
    masking: Masking,
    is_over: bool,
    exchange: Option<Exchange>,
}

impl Answered {
    /// The answer to a request, and what writes it down when there is a recording.
    pub(super) fn new(mut response: reqwest::Response, mask: &Mask, exchange: Option<Exchange>) -> Self {
        mask.headers(response.headers_mut());
        if let Some(exchange) = &exchange {
            exchange.head(response.status().as_u16(), response.headers());
        }
        Answered { response, masking: Masking::new(mask.clone()), is_over: false, exchange }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The announced length of the body.
    pub fn content_length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next piece of the body; `None` at its announced end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, reqwest::Error> {
        let chunk = self.next().await;
        if let Some(exchange) = &mut self.exchange {
            match &chunk {
                Ok(Some(bytes)) => exchange.piece(bytes),
                Ok(None) => exchange.end(),
                Err(error) => exchange.broken(&root_cause(error)),
            }
        }
        chunk
    }

    async fn next(&mut self) -> Result<Option<Bytes>, reqwest::Error> {
        while !self.is_over {
            let bytes = match self.response.chunk().await? {
                Some(bytes) => self.masking.push(bytes),
                None => {
                    self.is_over = true;
                    self.masking.finish()
                }
            };
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

/// A request for a recording: what of it is no secret.
pub struct Told<'a> {
    /// Where it goes.
    pub url: &'a Url,
    /// Besides the key.
    pub headers: &'a [(&'a str, String)],
    /// What is sent.
    pub body: &'a [u8],
}
