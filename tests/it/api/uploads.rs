//! Uploads through breaks of the connection, and where their bytes may go.

use std::future::ready;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use gemtts_tui::api::error::Kind;
use gemtts_tui::api::{Error, StoredFile, Upload};

use super::server::{Server, reply};
use super::{CANARY, assert_no_secret, content, example, file_name, service, writer};

const MEGABYTE: usize = 1 << 20;

/// As behind a proxy: Google's own address comes back.
const SESSION: &str = "https://generativelanguage.googleapis.com/upload/session?upload_id=secret";

/// A service that keeps what is uploaded, and breaks when its script says so.
pub struct Store {
    pub server: Server,
    kept: Arc<Mutex<Vec<u8>>>,
}

/// What the store does with one piece before it behaves.
#[derive(Clone, Copy)]
pub enum Break {
    /// Takes so many bytes and closes.
    TakeAndClose(usize),
    /// Takes all bytes and answers this status.
    Status(u16),
    /// Takes all bytes and closes: the answer is lost.
    LoseAnswer,
    /// Forgets the session.
    Forget,
}

impl Store {
    pub fn start(mut breaks: Vec<Break>, state: &'static str) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let store = kept.clone();
        breaks.reverse();
        let mut is_final = false;
        let server = Server::start(move |exchange| {
            let command = exchange.request.header("x-goog-upload-command").to_owned();
            match (exchange.request.path().to_owned().as_str(), command.as_str()) {
                ("/upload/v1beta/files", "start") => {
                    store.lock().unwrap().clear();
                    let headers = [
                        ("x-goog-upload-status", "active"),
                        ("x-goog-upload-url", SESSION),
                        ("x-goog-upload-chunk-granularity", "262144"),
                    ];
                    exchange.answer(reply(200, &headers, ""));
                }
                ("/upload/session", "query") => {
                    let received = store.lock().unwrap().len().to_string();
                    let status = if is_final { "final" } else { "active" };
                    exchange.answer(reply(
                        200,
                        &[("x-goog-upload-status", status), ("x-goog-upload-size-received", &received)],
                        "",
                    ));
                }
                ("/upload/session", _) => {
                    let at: usize = exchange.request.header("x-goog-upload-offset").parse().unwrap();
                    let next = breaks.pop();
                    let most = if let Some(Break::TakeAndClose(most)) = next { most } else { usize::MAX };
                    exchange.read_body(most);
                    let mut kept = store.lock().unwrap();
                    assert_eq!(at, kept.len(), "a piece begins where the last one ended");
                    kept.extend_from_slice(&exchange.request.body);
                    is_final =
                        command.contains("finalize") && most == usize::MAX && !matches!(next, Some(Break::Status(_)));
                    let file = stored(&kept, state);
                    drop(kept);
                    match next {
                        Some(Break::TakeAndClose(_) | Break::LoseAnswer) => {}
                        Some(Break::Status(status)) => exchange.json(status, example("error_503_unavailable.json")),
                        Some(Break::Forget) => exchange.json(404, example("error_404_input_file.json")),
                        None if is_final => exchange.answer(reply(200, &[("x-goog-upload-status", "final")], file)),
                        None => exchange.answer(reply(200, &[("x-goog-upload-status", "active")], "")),
                    }
                }
                ("/v1beta/files", _) => {
                    let file = stored(&store.lock().unwrap(), "ACTIVE")
                        .replace("{\"file\":", "{\"files\":[")
                        .replace("}}", "}]}");
                    exchange.json(200, file);
                }
                _ => exchange.json(200, stored(&store.lock().unwrap(), "ACTIVE")),
            }
        });
        Store { server, kept }
    }
}

/// A file as the service tells it.
pub fn stored(bytes: &[u8], state: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hex);
    let size = bytes.len();
    format!(
        r#"{{"file":{{"name":"files/up1","displayName":"ch01","sizeBytes":"{size}","sha256Hash":"{hash}","state":"{state}","source":"UPLOADED"}}}}"#
    )
}

/// What the progress callback heard.
pub type Progress = Vec<(u64, u64)>;

/// An upload of a file of which nobody wants to know anything.
pub fn plain(path: &Path) -> Upload<'_> {
    Upload {
        path,
        display_name: "ch01",
        mime_type: "application/jsonl",
        sha256: None,
        session: None,
        begun: &|_| ready(()).boxed(),
        progress: &|_, _| {},
        processing: &|| {},
    }
}

/// Uploads these bytes.
pub async fn upload(server: &Server, bytes: &[u8]) -> (Result<StoredFile, Error>, Progress) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let taken = Mutex::new(Vec::new());
    let progress = |done, all| taken.lock().unwrap().push((done, all));
    let upload = Upload { progress: &progress, ..plain(file.path()) };
    let result = writer(&service(server)).upload(upload).await;
    (result, taken.into_inner().unwrap())
}

#[tokio::test]
async fn a_file_goes_up_in_pieces_and_the_session_sees_no_key() {
    let store = Store::start(vec![], "ACTIVE");
    let bytes = content(17 * MEGABYTE);
    let (file, progress) = upload(&store.server, &bytes).await;
    assert_eq!(file.unwrap().name, file_name("up1"));
    assert!(*store.kept.lock().unwrap() == bytes);
    let megabytes: Vec<u64> = progress.iter().map(|(done, _)| done >> 20).collect();
    assert_eq!(megabytes, [0, 8, 16, 17]);
    let seen = store.server.seen();
    let start = &seen[0];
    assert_eq!(start.header("x-goog-api-key"), CANARY);
    assert_eq!(start.header("x-goog-upload-protocol"), "resumable");
    assert_eq!(start.header("x-goog-upload-header-content-length"), (17 * MEGABYTE).to_string());
    assert_eq!(start.header("x-goog-upload-header-content-type"), "application/jsonl");
    assert_eq!(start.body, br#"{"file":{"display_name":"ch01"}}"#);
    let commands: Vec<&str> = seen[1..].iter().map(|request| request.header("x-goog-upload-command")).collect();
    assert_eq!(commands, ["upload", "upload", "upload, finalize"]);
    assert!(seen[1..].iter().all(|request| request.header("x-goog-api-key").is_empty()));
}

#[tokio::test]
async fn a_broken_piece_goes_on_where_the_service_stopped() {
    let breaks = [
        vec![Break::TakeAndClose(3 * MEGABYTE + 17)],
        vec![Break::TakeAndClose(0), Break::TakeAndClose(1), Break::TakeAndClose(5 * MEGABYTE)],
        vec![Break::Status(503), Break::Status(500)],
        vec![Break::LoseAnswer, Break::LoseAnswer],
        vec![Break::Forget],
    ];
    for (number, breaks) in breaks.into_iter().enumerate() {
        let store = Store::start(breaks, "ACTIVE");
        let bytes = content(9 * MEGABYTE + 5);
        let (file, progress) = upload(&store.server, &bytes).await;
        assert!(file.is_ok(), "{number}: {file:?}");
        assert!(*store.kept.lock().unwrap() == bytes, "{number}");
        assert_eq!(progress.last(), Some(&(bytes.len() as u64, bytes.len() as u64)), "{number}");
    }
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let store = Store::start(vec![], "ACTIVE");
    assert!(upload(&store.server, b"").await.0.is_ok());
    assert_eq!(store.server.seen()[1].header("x-goog-upload-command"), "upload, finalize");
}

#[tokio::test]
async fn a_file_is_waited_for_until_it_is_active() {
    let store = Store::start(vec![], "PROCESSING");
    assert_eq!(upload(&store.server, b"x").await.0.unwrap().state.as_deref(), Some("ACTIVE"));
    assert_eq!(store.server.count("GET", "/v1beta/files/up1"), 1);
    let store = Store::start(vec![], "FAILED");
    let error = upload(&store.server, b"x").await.0.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (Kind::Invalid, "the service could not process files/up1"));
}

/// A store that begins a session and then answers every piece and every query with these headers.
fn odd_store(status: &'static str) -> Server {
    Server::start(move |exchange| match exchange.request.header("x-goog-upload-command") {
        "start" => {
            exchange.answer(reply(200, &[("x-goog-upload-status", "active"), ("x-goog-upload-url", SESSION)], ""))
        }
        _ if status.is_empty() => exchange.answer(reply(200, &[], "")),
        _ => exchange.answer(reply(200, &[("x-goog-upload-status", status)], "")),
    })
}

#[tokio::test]
async fn fault_44_an_upload_that_does_not_end_is_a_clear_error() {
    let table = [
        ("active", "cannot upload ch01: the service took the last piece and did not end the upload"),
        ("cancelled", "cannot upload ch01: the service cancelled the upload"),
        ("", "cannot upload ch01: the answer to an upload does not say how it stands"),
    ];
    for (status, message) in table {
        let error = upload(&odd_store(status), b"abc").await.0.unwrap_err();
        assert_eq!(error.message, message);
        assert_no_secret(&format!("{error:?}"));
    }
}

#[tokio::test]
async fn an_upload_that_does_not_get_on_ends() {
    // Nothing is ever kept; and all that was kept is lost again each time.
    let tables: [&[&str]; 2] = [&["0"], &["8388608", "0"]];
    for received in tables {
        let mut received = received.iter().cycle();
        let server = Server::start(move |exchange| match exchange.request.header("x-goog-upload-command") {
            "start" => exchange.answer(reply(200, &[("x-goog-upload-url", SESSION)], "")),
            "query" => exchange.answer(reply(
                200,
                &[("x-goog-upload-status", "active"), ("x-goog-upload-size-received", "0")],
                "",
            )),
            _ if exchange.number > 60 => exchange.json(400, "{}"),
            _ => {
                let headers =
                    [("x-goog-upload-status", "active"), ("x-goog-upload-size-received", received.next().unwrap())];
                exchange.answer(reply(200, &headers, ""));
            }
        });
        let error = upload(&server, &content(17 * MEGABYTE)).await.0.unwrap_err();
        assert_eq!(error.message, "cannot upload ch01: the service took a piece and kept nothing of it");
        assert!(server.seen().len() < 30, "{}", server.seen().len());
    }
}

#[tokio::test]
async fn fault_15_an_input_of_2_gb_and_a_byte_is_refused_before_anything_is_sent() {
    let server = Server::start(|exchange| exchange.json(200, "{}"));
    let huge = tempfile::NamedTempFile::new().unwrap();
    huge.as_file().set_len((2 << 30) + 1).unwrap();
    let table = [
        (huge.path(), Kind::Invalid, "cannot upload x: it has 2.1 GB, and a file may have 2 GB"),
        (std::path::Path::new("/no/such/file.jsonl"), Kind::Disk, "cannot upload x: cannot read /no/such/file.jsonl: "),
    ];
    for (path, kind, message) in table {
        let upload = Upload { display_name: "x", ..plain(path) };
        let error = writer(&service(&server)).upload(upload).await.unwrap_err();
        assert_eq!(error.kind, kind);
        assert!(error.message.starts_with(message), "{error}");
    }
    assert_eq!(server.seen().len(), 0);
}
