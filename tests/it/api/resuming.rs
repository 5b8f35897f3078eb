//! Uploads that a later run goes on with, and content that is not what was meant.

use std::future::ready;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use gemtts_tui::api::error::Kind;
use gemtts_tui::api::gemini::Timing;
use gemtts_tui::api::{Upload, UploadSession};
use gemtts_tui::secret::SessionAddress;

use super::server::{Exchange, Server, reply};
use super::uploads::{Store, plain, stored, upload};
use super::{assert_no_secret, content, example, file_name, impatient, quick, service, service_with, writer};

const MEGABYTE: usize = 1 << 20;

fn file_of(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

fn earlier(address: &str, piece: u64) -> UploadSession {
    UploadSession { address: SessionAddress::new(address), piece }
}

/// What the service may say of content: base64 of hex digits, base64 of the bytes, hex digits.
fn hashes(bytes: &[u8]) -> [String; 3] {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    [base64(hex.as_bytes()), base64(digest.as_ref()), hex]
}

/// The files that a service has, when it has this one.
fn listed(bytes: &[u8]) -> String {
    stored(bytes, "ACTIVE").replace(r#"{"file":"#, r#"{"files":["#).replace("}}", "}]}")
}

#[tokio::test]
async fn other_bytes_than_ours_are_noticed_in_every_encoding_and_deleted() {
    let table = [(&b"abc"[..], true), (b"abd", false)];
    for ((content, is_right), at) in table.into_iter().flat_map(|case| (0..3).map(move |at| (case, at))) {
        for delete in [200, 500] {
            let hash = &hashes(content)[at];
            let file = format!(r#"{{"file":{{"name":"files/up1","sha256Hash":"{hash}","sizeBytes":"3"}}}}"#);
            let server = Server::start(move |exchange| match exchange.request.method.as_str() {
                "DELETE" => exchange.json(delete, "{}"),
                _ if exchange.request.header("x-goog-upload-command") == "start" => {
                    exchange.answer(reply(
                        200,
                        &[("x-goog-upload-url", "https://generativelanguage.googleapis.com/s")],
                        "",
                    ));
                }
                _ => exchange.answer(reply(200, &[("x-goog-upload-status", "final")], &file)),
            });
            let uploaded = upload(&server, b"abc").await.0;
            if is_right {
                assert!(uploaded.is_ok(), "{uploaded:?}");
                assert_eq!(server.count("DELETE", ""), 0);
                continue;
            }
            let became = if delete == 200 { "was deleted" } else { "could not be deleted" };
            let expected = format!("files/up1 does not hold the bytes that were uploaded, and {became}");
            assert_eq!(uploaded.unwrap_err().message, expected);
            assert!(server.count("DELETE", "/v1beta/files/up1") >= 1);
        }
    }
}

#[tokio::test]
async fn a_file_that_was_changed_since_it_was_checked_is_not_ended() {
    let store = Store::start(vec![], "ACTIVE");
    let file = file_of(&content(9 * MEGABYTE));
    let checked = "0".repeat(64);
    let upload = Upload { sha256: Some(&checked), ..plain(file.path()) };
    let error = writer(&service(&store.server)).upload(upload).await.unwrap_err();
    assert_eq!(error.kind, Kind::Disk);
    assert!(error.message.ends_with(" was changed since it was checked"), "{error}");
    let seen = store.server.seen();
    assert!(seen.iter().all(|request| !request.header("x-goog-upload-command").contains("finalize")));
}

/// A service that keeps every byte once and dies after so many of them, once or for ever.
struct Fragile {
    server: Server,
    kept: Arc<Mutex<Vec<u8>>>,
    /// So many bytes are still taken before the break; it never comes at the largest number.
    left: Arc<Mutex<usize>>,
}

impl Fragile {
    fn start(left: usize, breaks_once: bool) -> Self {
        let (kept, left) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(left)));
        let (store, until) = (kept.clone(), left.clone());
        let mut is_over = false;
        let mut is_dead = false;
        let server = Server::start(move |exchange| {
            let (mut kept, mut left) = (store.lock().unwrap(), until.lock().unwrap());
            let command = exchange.request.header("x-goog-upload-command").to_owned();
            is_dead &= *left == 0;
            if is_dead {
                return;
            }
            let received = kept.len().to_string();
            match command.as_str() {
                "query" => {
                    let status = if is_over { "final" } else { "active" };
                    let headers = [("x-goog-upload-status", status), ("x-goog-upload-size-received", &received)];
                    exchange.answer(reply(200, &headers, ""));
                }
                "" => exchange.json(200, listed(&kept)),
                _ => {
                    assert_eq!(exchange.request.header("x-goog-upload-offset"), received, "each byte is sent on once");
                    let announced: usize = exchange.request.header("content-length").parse().unwrap();
                    let taken = announced.min(*left);
                    exchange.read_body(taken);
                    kept.extend_from_slice(&exchange.request.body);
                    if taken < announced {
                        (*left, is_dead) = if breaks_once { (usize::MAX, false) } else { (0, true) };
                        return;
                    }
                    *left -= if *left == usize::MAX { 0 } else { taken };
                    is_over = command.contains("finalize");
                    let status = if is_over { "final" } else { "active" };
                    let body = if is_over { stored(&kept, "ACTIVE") } else { String::new() };
                    exchange.answer(reply(200, &[("x-goog-upload-status", status)], body));
                }
            }
        });
        Fragile { server, kept, left }
    }
}

#[tokio::test]
async fn an_upload_cut_at_any_byte_goes_on_in_this_run_and_in_the_next() {
    const PIECE: u64 = 64;
    let bytes = content(4 * PIECE as usize + 17);
    let file = file_of(&bytes);
    for (cut, in_this_run) in (0..bytes.len()).flat_map(|cut| [(cut, true), (cut, false)]) {
        let fragile = Fragile::start(cut, in_this_run);
        // Small pieces are those of an earlier session: a new one has millions of bytes in each.
        let session = earlier(&format!("{}/s?upload_id=secret", fragile.server.origin), PIECE);
        let upload = || Upload { session: Some(&session), ..plain(file.path()) };
        let mut timing = quick();
        if !in_this_run {
            timing.policy.budget = Duration::ZERO;
        }
        let service = service_with(&fragile.server, timing);
        let first = writer(&service).upload(upload()).await;
        if in_this_run {
            first.unwrap();
        } else {
            let error = first.unwrap_err();
            assert_eq!(error.kind, Kind::Offline, "{cut}: {error}");
            assert_no_secret(&format!("{error:?}"));
            *fragile.left.lock().unwrap() = usize::MAX;
            writer(&service).upload(upload()).await.unwrap();
        }
        assert!(*fragile.kept.lock().unwrap() == bytes, "{cut}");
        assert_eq!(fragile.server.count("POST", "/upload/v1beta/files"), 0, "{cut}: no other session was begun");
    }
}

type Answer = Box<dyn Fn(&mut Exchange) + Send>;

fn says(status: u16, headers: &'static [(&'static str, &'static str)], body: &str) -> Answer {
    let body = body.to_owned();
    Box::new(move |exchange| exchange.answer(reply(status, headers, &body)))
}

#[tokio::test]
async fn an_upload_of_an_earlier_run_is_asked_for_and_another_begun_only_when_it_is_gone() {
    let bytes = content(MEGABYTE + 1);
    let file = file_of(&bytes);
    let anew = &["start", "upload, finalize"][..];
    // What the service says to the query, and the commands that follow it.
    let table: [(&str, Answer, &[&str]); 11] = [
        (
            "half of it is there",
            says(200, &[("x-goog-upload-status", "active"), ("x-goog-upload-size-received", "524288")], ""),
            &["upload, finalize"],
        ),
        (
            "all of it is there and it was not ended",
            says(200, &[("x-goog-upload-status", "active"), ("x-goog-upload-size-received", "1048577")], ""),
            &["upload, finalize"],
        ),
        (
            "more than all is there",
            says(200, &[("x-goog-upload-status", "active"), ("x-goog-upload-size-received", "1048578")], ""),
            anew,
        ),
        ("it does not say how much", says(200, &[("x-goog-upload-status", "active")], ""), anew),
        ("forgotten", says(404, &[], &example("error_404_input_file.json")), anew),
        ("gone", says(410, &[], "{}"), anew),
        ("refused", says(400, &[], &example("error_400_api_key.json")), anew),
        ("cancelled", says(200, &[("x-goog-upload-status", "cancelled")], ""), anew),
        ("a page", says(200, &[], "<html>"), anew),
        (
            "over, and it names the file",
            says(200, &[("x-goog-upload-status", "final")], &stored(&bytes, "ACTIVE")),
            &[],
        ),
        ("over, and the list names the file", says(200, &[("x-goog-upload-status", "final")], ""), &[""]),
    ];
    for (name, answer, expected) in table {
        let all = bytes.clone();
        let server = Server::start(move |exchange| match exchange.request.header("x-goog-upload-command") {
            "query" => answer(exchange),
            "start" => exchange.answer(reply(
                200,
                &[("x-goog-upload-url", "https://generativelanguage.googleapis.com/new?upload_id=secret")],
                "",
            )),
            "" => exchange.json(200, listed(&all)),
            _ => exchange.answer(reply(200, &[("x-goog-upload-status", "final")], stored(&all, "ACTIVE"))),
        });
        let session = earlier("https://generativelanguage.googleapis.com/old?upload_id=secret", 8 << 20);
        let begun = Mutex::new(0);
        let count = |_| {
            *begun.lock().unwrap() += 1;
            ready(()).boxed()
        };
        let sha256 = &hashes(&bytes)[2];
        let upload = Upload { session: Some(&session), sha256: Some(sha256), begun: &count, ..plain(file.path()) };
        assert_eq!(writer(&service(&server)).upload(upload).await.unwrap().name, file_name("up1"), "{name}");
        let seen = server.seen();
        assert_eq!(seen[0].target, "/old?upload_id=secret", "{name}");
        let commands = seen.iter().map(|request| request.header("x-goog-upload-command"));
        assert_eq!(commands.filter(|command| *command != "query").collect::<Vec<_>>(), expected, "{name}");
        // The key goes where it always goes, and never to a session.
        let is_session = |target: &str| target.starts_with("/old") || target.starts_with("/new");
        let mut keys = seen.iter().map(|request| (&request.target, request.header("x-goog-api-key")));
        assert!(keys.all(|(target, key)| is_session(target) == key.is_empty()), "{name}");
        assert_eq!(*begun.lock().unwrap() == 1, expected == anew, "{name}");
    }
}

#[tokio::test]
async fn a_service_that_cannot_be_asked_leaves_the_earlier_upload_as_it_is() {
    let file = file_of(b"abc");
    let session = earlier("https://generativelanguage.googleapis.com/old?upload_id=secret", 8 << 20);
    let upload = || Upload { session: Some(&session), ..plain(file.path()) };
    let error = writer(&service(&Server::nowhere())).upload(upload()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Offline);
    let silent = Server::start(|exchange| exchange.stay_silent());
    let mut timing = impatient();
    timing.policy.budget = Duration::ZERO;
    let error = writer(&service_with(&silent, timing)).upload(upload()).await.unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut);
    assert!(silent.seen().iter().all(|request| request.header("x-goog-upload-command") == "query"));
}

#[tokio::test]
async fn a_file_that_is_never_ready_is_told_and_is_an_error_in_the_end() {
    let table = [
        (
            r#"{"name":"files/up1","state":"FAILED","error":{"code":13,"message":"not a JSONL"}}"#,
            Kind::Invalid,
            "the service could not process files/up1: not a JSONL",
        ),
        (
            r#"{"name":"files/up1","state":"PROCESSING"}"#,
            Kind::TimedOut,
            "files/up1 is still being processed after 0.15 s",
        ),
    ];
    for (answer, kind, message) in table {
        let server = Server::start(move |exchange| match exchange.request.header("x-goog-upload-command") {
            "start" => {
                exchange.answer(reply(200, &[("x-goog-upload-url", "https://generativelanguage.googleapis.com/s")], ""))
            }
            "" => exchange.json(200, answer),
            _ => exchange.answer(reply(200, &[("x-goog-upload-status", "final")], stored(b"x", "PROCESSING"))),
        });
        let file = file_of(b"x");
        let told = Mutex::new(0);
        let upload = Upload { processing: &|| *told.lock().unwrap() += 1, ..plain(file.path()) };
        let timing = Timing { ready: Duration::from_millis(150), ..quick() };
        let error = writer(&service_with(&server, timing)).upload(upload).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (kind, message));
        assert_eq!(*told.lock().unwrap(), 1);
    }
}

#[test]
fn the_address_of_a_session_is_not_printed() {
    let session = earlier("https://generativelanguage.googleapis.com/old?upload_id=secret", 8 << 20);
    let upload = Upload { session: Some(&session), ..plain(Path::new("x")) };
    assert_no_secret(&format!("{session:?} {:?}", upload.session));
}
