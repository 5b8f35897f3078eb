//! What a recording must not hold: neither the key nor the way into an upload session, however the service tells it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use gemtts_tui::api::Recorder;
use gemtts_tui::api::gemini::{Endpoint, Options, connect};
use gemtts_tui::clock::Clock;
use gemtts_tui::config::BaseUrl;
use gemtts_tui::secret::ApiKey;

use super::server::{Server, reply};
use super::uploads::{plain, stored};
use super::{CANARY, quick, writer};

#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<u8>>>);

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_recording_holds_no_address_of_an_upload_in_any_header() {
    let server = Server::start(|exchange| match exchange.request.header("x-goog-upload-command") {
        "start" => {
            // The secret of the session, in every place where the service writes it.
            let url = "https://generativelanguage.googleapis.com/upload/v1beta/files?upload_id=HUSH1&upload_protocol=resumable";
            let headers = [
                ("x-goog-upload-status", "active"),
                ("x-goog-upload-url", url),
                ("x-goog-upload-control-url", "https://h/upload?upload_id=HUSH2&x=1"),
                ("location", "https://h/upload?Upload_Id=HUSH3"),
                ("x-guploader-uploadid", "HUSH4"),
                ("x-seen", CANARY),
            ];
            exchange.answer(reply(200, &headers, ""));
        }
        _ => {
            let headers = [("x-goog-upload-status", "final"), ("x-guploader-uploadid", "HUSH5")];
            exchange.answer(reply(200, &headers, stored(b"abc", "ACTIVE")));
        }
    });
    let tape = Tape::default();
    let endpoint = Endpoint { base: BaseUrl::parse(&server.origin).unwrap(), key: ApiKey::parse(CANARY).unwrap() };
    let recorder = Recorder::begin(Box::new(tape.clone()), &endpoint.key, &server.origin, &Clock::system());
    let options = Options { timing: quick(), recorder: Some(Arc::new(recorder)), ..Options::default() };
    let service = connect(&endpoint, &options).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"abc").unwrap();
    writer(&service).upload(plain(file.path())).await.unwrap();
    drop(service);

    let told = String::from_utf8(tape.0.lock().unwrap().clone()).unwrap();
    assert!(told.contains("x-goog-upload-url") && told.contains("upload_protocol=resumable"), "{told}");
    assert!(!told.contains("HUSH"), "{told}");
    assert!(!told.contains("CANARY"), "{told}");
    // The piece did go to the session, secret and all.
    assert_eq!(server.count("POST", "upload_id=HUSH1"), 1);
}
