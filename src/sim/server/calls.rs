//! Each call: from parameters and bodies to the world, and from its answers to replies.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_RANGES, CONTENT_RANGE, RANGE};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::Shared;
use super::reply::{self, Reply};
use super::route::{Route, parameter, parameters};
use super::uploads::{Announced, GRANULARITY, LARGEST, discard};
use crate::sim::call::Call;
use crate::sim::world::{
    Flow, NewFile, PageRequest, Part, Refusal, Wanted, check_file_id, field, find_model, get_model, list_models,
    list_voices, prompt_tokens, text,
};

/// The largest body of a call that is not an upload: 20 MiB.
const LARGEST_BODY: usize = 20 * 1024 * 1024;

/// A request, understood.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which call.
    pub route: Route,
    /// As it came.
    pub query: String,
    /// As they came.
    pub headers: HeaderMap,
    /// `http://host`, as the caller calls it.
    pub origin: String,
}

impl Asked {
    /// A header that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn page(&self) -> Result<PageRequest, Refusal> {
        let get = |camel, snake| parameter(&self.query, camel).or_else(|| parameter(&self.query, snake));
        let size = match get("pageSize", "page_size").filter(|size| !size.is_empty()) {
            None => None,
            Some(size) => match size.parse::<i32>() {
                Ok(size) if size >= 0 => Some(size as usize).filter(|size| *size > 0),
                Ok(_) => return Err(Refusal::invalid("* page_size: must not be negative\n")),
                Err(_) => {
                    return Err(Refusal::invalid(format!("Invalid value at 'page_size' (TYPE_INT32), \"{size}\"")));
                }
            },
        };
        Ok(PageRequest { size, token: get("pageToken", "page_token").filter(|token| !token.is_empty()) })
    }
}

/// Does what was asked.
pub async fn call(shared: &Arc<Shared>, asked: Asked, body: Incoming) -> Result<Reply, Refusal> {
    let now = shared.now();
    let (id, version, origin) = (asked.route.id.as_str(), asked.route.version, asked.origin.as_str());
    let answer = match asked.route.call {
        Call::Create => return create(shared, &asked, body, "batchGenerateContent").await,
        Call::CreateEmbed => return create(shared, &asked, body, "asyncBatchEmbedContent").await,
        Call::UploadStart => return upload_start(shared, &asked, body).await,
        Call::UploadChunk => return upload_chunk(shared, &asked, body).await,
        Call::UploadQuery => return upload_query(shared, &asked).await,
        Call::UploadCancel => return upload_cancel(shared, &asked),
        Call::Download => return download(shared, &asked),
        Call::Get => {
            let parts = shared.world().get(now, id)?;
            return Ok(reply::flowing(Flow::new(parts), "application/json; charset=UTF-8", true));
        }
        Call::Generate => return generate(shared, &asked, body).await,
        Call::Update => {
            let body = json_body(body).await?;
            let mask = parameter(&asked.query, "updateMask").or_else(|| parameter(&asked.query, "update_mask"));
            shared.world().update(now, id, mask.as_deref(), &body)
        }
        Call::CountTokens => {
            let body = json_body(body).await?;
            find_model(id, version, "countTokens")?;
            count_tokens(&body)
        }
        Call::List => shared.world().list(now, &asked.page()?),
        Call::Cancel => shared.world().cancel(now, id),
        Call::Delete => shared.world().delete(id),
        Call::FilesList => shared.world().list_files(now, &asked.page()?, origin, version),
        Call::FilesGet => shared.world().file(now, id, origin, version),
        Call::FilesDelete => shared.world().delete_file(now, id),
        Call::ModelsList => {
            let page = asked.page()?;
            list_models(Some(offer_page(shared, &page)), page.token.as_deref())
        }
        Call::VoicesList if version != "v1beta" || !shared.world().service().voices => {
            Err(Refusal::new(404, "Method not found."))
        }
        Call::VoicesList => {
            let page = asked.page()?;
            list_voices(Some(offer_page(shared, &page)), page.token.as_deref(), &parameters(&asked.query))
        }
        Call::ModelsGet => get_model(id, version),
        Call::Unknown => Err(Refusal::new(404, "Method not found.")),
    };
    answer.map(|answer| reply::json(200, &answer))
}

/// How many models or voices go on a page: 50 unless asked otherwise.
fn offer_page(shared: &Shared, page: &PageRequest) -> usize {
    page.size.unwrap_or(50).min(shared.world().service().largest_offer)
}

async fn whole(body: Incoming) -> Result<Bytes, Refusal> {
    match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Refusal::invalid(format!("Request payload size exceeds the limit: {LARGEST_BODY} bytes.")))
        }
        Err(_) => Err(Refusal::new(499, "The request was interrupted.")),
    }
}

async fn json_body(body: Incoming) -> Result<Value, Refusal> {
    let bytes = whole(body).await?;
    if bytes.trim_ascii().is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(&bytes).map_err(|error| Refusal::invalid(format!("Invalid JSON payload received. {error}")))
}

async fn create(shared: &Arc<Shared>, asked: &Asked, body: Incoming, method: &str) -> Result<Reply, Refusal> {
    let bytes = whole(body).await?;
    let model = find_model(&asked.route.id, asked.route.version, method)?;
    let wanted = Wanted::read(&bytes)?;
    drop(bytes);
    let prepared = shared.world().prepare(shared.now(), model, wanted)?;
    // Reading a big input takes seconds; nobody else waits for it.
    let read = tokio::task::spawn_blocking(move || prepared.read()).await;
    let new = read.map_err(|_| Refusal::new(500, "The input could not be read."))?;
    let operation = shared.world().create(shared.now(), new)?;
    shared.journal().note_created();
    Ok(reply::json(200, &operation))
}

async fn generate(shared: &Arc<Shared>, asked: &Asked, body: Incoming) -> Result<Reply, Refusal> {
    let request = json_body(body).await?;
    let model = find_model(&asked.route.id, asked.route.version, "generateContent")?;
    let maker = shared.world().maker_now(model);
    match maker.answer_now(&request) {
        Ok(pieces) => {
            Ok(reply::flowing(Flow::new(vec![Part::Pieces(pieces)]), "application/json; charset=UTF-8", true))
        }
        Err(error) => Err(Refusal::invalid(error.message)),
    }
}

fn count_tokens(body: &Value) -> Result<Value, Refusal> {
    let request = field(body, "generateContentRequest").unwrap_or(body);
    let tokens = prompt_tokens(request);
    if tokens == 0 {
        return Err(Refusal::invalid("* CountTokensRequest.contents: contents is not specified\n"));
    }
    Ok(json!({
        "totalTokens": tokens,
        "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": tokens }],
    }))
}

fn download(shared: &Arc<Shared>, asked: &Asked) -> Result<Reply, Refusal> {
    let alt = parameter(&asked.query, "alt").or_else(|| parameter(&asked.query, "$alt"));
    if alt.as_deref() != Some("media") {
        return Err(Refusal::invalid("A download needs alt=media."));
    }
    let world = shared.world();
    let (range, announced) = (world.service().range, world.service().content_length);
    let flow = Flow::new(world.download(shared.now(), &asked.route.id)?);
    drop(world);
    let length = flow.len();
    let wanted = asked.headers.get(RANGE).filter(|_| range).and_then(|value| value.to_str().ok());
    let content_type = "application/octet-stream";
    let mut reply = match wanted.and_then(|wanted| byte_range(wanted, length)) {
        None => reply::flowing(flow, content_type, announced),
        Some(Err(())) => {
            let mut reply = reply::refuse(&Refusal::new(416, "Requested range not satisfiable"));
            let range = HeaderValue::from_str(&format!("bytes */{length}"));
            reply.headers_mut().extend(range.ok().map(|range| (CONTENT_RANGE, range)));
            return Ok(reply);
        }
        Some(Ok((start, end))) => {
            let mut reply = reply::flowing(flow.range(start, end), content_type, announced);
            *reply.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range = HeaderValue::from_str(&format!("bytes {start}-{}/{length}", end - 1));
            reply.headers_mut().extend(range.ok().map(|range| (CONTENT_RANGE, range)));
            reply
        }
    };
    if range {
        reply.headers_mut().insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    Ok(reply)
}

/// One range of bytes: start and the byte behind its end. `None` when it is not understood, which means all of it.
fn byte_range(header: &str, length: u64) -> Option<Result<(u64, u64), ()>> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let range = if first.is_empty() {
        let count: u64 = last.parse().ok()?;
        (length.saturating_sub(count), length)
    } else {
        let last = if last.is_empty() { u64::MAX } else { last.parse().ok()? };
        (first.parse().ok()?, last.saturating_add(1).min(length))
    };
    Some(if range.0 < range.1 { Ok(range) } else { Err(()) })
}

async fn upload_start(shared: &Arc<Shared>, asked: &Asked, body: Incoming) -> Result<Reply, Refusal> {
    let body = json_body(body).await?;
    if asked.header("x-goog-upload-protocol").is_none_or(|protocol| !protocol.eq_ignore_ascii_case("resumable")) {
        return Err(Refusal::invalid("Only resumable uploads are supported: X-Goog-Upload-Protocol: resumable"));
    }
    let file = field(&body, "file").unwrap_or(&Value::Null);
    let id = text(file, "name").map(|name| name.strip_prefix("files/").unwrap_or(name).to_owned());
    if let Some(id) = &id {
        check_file_id(id)?;
        shared.world().check_new_file(shared.now(), id)?;
    }
    let number = |text: &str| text.trim().parse::<u64>();
    let length = asked.header("x-goog-upload-header-content-length").map(number).transpose();
    let length = length.map_err(|_| Refusal::invalid("X-Goog-Upload-Header-Content-Length is not a number."))?;
    if length.is_some_and(|length| length > LARGEST) {
        return Err(Refusal::invalid(format!("File size exceeds the limit of {LARGEST} bytes.")));
    }
    let mime_type = asked.header("x-goog-upload-header-content-type").or_else(|| text(file, "mimeType"));
    let announced = Announced {
        id,
        display_name: text(file, "displayName").unwrap_or_default().to_owned(),
        mime_type: mime_type.unwrap_or("application/octet-stream").to_owned(),
        length,
    };
    let upload_id = shared.world().new_upload_id();
    shared.uploads.open(&upload_id, announced).map_err(broken)?;
    let url = format!(
        "{}/upload/{}/files?upload_id={upload_id}&upload_protocol=resumable",
        asked.origin, asked.route.version
    );
    Ok(reply::empty(&[
        ("x-guploader-uploadid", upload_id),
        ("x-goog-upload-status", "active".to_owned()),
        ("x-goog-upload-chunk-granularity", GRANULARITY.to_string()),
        ("x-goog-upload-control-url", url.clone()),
        ("x-goog-upload-url", url),
    ]))
}

fn broken(error: io::Error) -> Refusal {
    Refusal::new(500, format!("The file could not be stored: {error}"))
}

fn upload_id(asked: &Asked) -> Result<String, Refusal> {
    parameter(&asked.query, "upload_id").ok_or_else(|| Refusal::invalid("The upload_id is missing."))
}

fn no_upload() -> Refusal {
    Refusal::new(404, "The upload session was not found.")
}

async fn upload_chunk(shared: &Arc<Shared>, asked: &Asked, body: Incoming) -> Result<Reply, Refusal> {
    let session = shared.uploads.find(&upload_id(asked)?).ok_or_else(no_upload)?;
    let mut session = session.lock().await;
    if let Some(answer) = &session.answer {
        // The last chunk again: its answer was lost.
        let answer = finished(answer);
        discard(body).await;
        return Ok(answer);
    }
    let command = asked.header("x-goog-upload-command").unwrap_or_default().to_ascii_lowercase();
    let last = command.split(',').any(|word| word.trim() == "finalize");
    let offset = match asked.header("x-goog-upload-offset") {
        Some(offset) => offset.trim().parse().map_err(|_| Refusal::invalid("X-Goog-Upload-Offset is not a number."))?,
        None if command.trim() == "finalize" => session.received,
        None => return Err(Refusal::invalid("X-Goog-Upload-Offset is missing.")),
    };
    session.receive(offset, last, body).await?;
    if !last {
        return Ok(reply::empty(&[("x-goog-upload-status", "active".to_owned())]));
    }
    let (content, sha256) = session.finish().await.map_err(broken)?;
    let Announced { id, display_name, mime_type, .. } = session.announced.clone();
    let new = NewFile { id, display_name, mime_type, sha256, content };
    let added = shared.world().add_file(shared.now(), new, &asked.origin, asked.route.version);
    let answer = match added {
        Ok(answer) => answer,
        Err(refusal) => {
            // The name was taken while the bytes came; the session cannot be used for another one.
            shared.uploads.close(&upload_id(asked)?);
            return Err(refusal);
        }
    };
    let reply = finished(&answer);
    session.answer = Some(answer);
    Ok(reply)
}

fn finished(answer: &Value) -> Reply {
    let mut reply = reply::json(200, answer);
    reply.headers_mut().insert("x-goog-upload-status", HeaderValue::from_static("final"));
    reply
}

async fn upload_query(shared: &Arc<Shared>, asked: &Asked) -> Result<Reply, Refusal> {
    let session = shared.uploads.find(&upload_id(asked)?).ok_or_else(no_upload)?;
    let session = session.lock().await;
    let status = if session.answer.is_some() { "final" } else { "active" };
    Ok(reply::empty(&[
        ("x-goog-upload-status", status.to_owned()),
        ("x-goog-upload-size-received", session.received.to_string()),
        ("x-goog-upload-chunk-granularity", GRANULARITY.to_string()),
    ]))
}

fn upload_cancel(shared: &Arc<Shared>, asked: &Asked) -> Result<Reply, Refusal> {
    let id = upload_id(asked)?;
    shared.uploads.find(&id).ok_or_else(no_upload)?;
    shared.uploads.close(&id);
    Ok(reply::empty(&[("x-goog-upload-status", "cancelled".to_owned())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        for (header, answer) in [
            ("bytes=0-", Some(Ok((0, 100)))),
            ("bytes=10-19", Some(Ok((10, 20)))),
            ("bytes=-5", Some(Ok((95, 100)))),
            ("bytes=100-", Some(Err(()))),
            ("bytes=90-1000", Some(Ok((90, 100)))),
            ("bytes=a-", None),
            ("items=0-", None),
        ] {
            assert_eq!(byte_range(header, 100), answer, "{header}");
        }
    }
}
