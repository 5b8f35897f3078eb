//! The key, and what is uploaded, go to one origin: whatever a service names instead gets not even a connection.

use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use gemtts_tui::api::error::Kind;
use gemtts_tui::api::{Input, NewJob};

use super::server::{Exchange, Server, reply};
use super::uploads::{Store, upload};
use super::{assert_no_secret, example, file_name, job_name, service, writer};

/// A place where nobody has any business; it counts who comes.
struct Recorder {
    port: u16,
    came: Arc<AtomicUsize>,
}

impl Recorder {
    fn start() -> Self {
        let listener = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("127.0.0.1:0")).unwrap();
        let recorder = Recorder { port: listener.local_addr().unwrap().port(), came: Arc::default() };
        let came = recorder.came.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                came.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
        recorder
    }

    /// How many came before us. Connections are taken in their order, so once we have been counted so have they.
    fn visitors(&self) -> usize {
        let us = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let _ = std::io::Read::read(&mut &us, &mut [0]);
        self.came.load(Ordering::SeqCst) - 1
    }

    /// Addresses that lead here, in all the ways in which one can be mistaken for another. Some libraries read some of
    /// them as the origin that is told, which is why they are refused and not read.
    fn spellings(&self, origin: &str) -> Vec<String> {
        let (here, base) = (self.port, origin.trim_start_matches("http://"));
        vec![
            format!("http://127.0.0.1:{here}/v1beta/x?upload_id=secret"),
            format!("https://127.0.0.1:{here}/v1beta/x"),
            format!("//127.0.0.1:{here}/v1beta/x"),
            format!("http://{base}@127.0.0.1:{here}/v1beta/x"),
            format!("http://generativelanguage.googleapis.com@127.0.0.1:{here}/x"),
            format!("http://127.0.0.1:{here}\\@{base}/x"),
            format!("http://localhost:{here}/x"),
            format!("http://2130706433:{here}/x"),
            format!("http://0x7f.1:{here}/x"),
            format!("http://[::ffff:127.0.0.1]:{here}/x"),
            format!("http:\\\\127.0.0.1:{here}\\x"),
            format!("\\\\127.0.0.1:{here}/x"),
            format!("https://generativelanguage.googleapis.com.localhost:{here}/x"),
            format!("http://127.0.0.1.:{here}/x"),
        ]
    }
}

fn new_job() -> NewJob {
    NewJob { model: "m".into(), display_name: "x".into(), input: Input::File(file_name("x")) }
}

#[tokio::test]
async fn an_upload_address_in_any_spelling_of_another_origin_gets_no_connection() {
    let recorder = Recorder::start();
    let probe = Server::start(|exchange| exchange.json(200, "{}"));
    for number in 0..recorder.spellings(&probe.origin).len() {
        let address = Arc::new(Mutex::new(String::new()));
        let told = address.clone();
        let server = Server::start(move |exchange| {
            let url = told.lock().unwrap().clone();
            exchange.answer(reply(200, &[("x-goog-upload-status", "active"), ("x-goog-upload-url", &url)], ""));
        });
        let spelled = recorder.spellings(&server.origin).swap_remove(number);
        address.lock().unwrap().clone_from(&spelled);
        let error = upload(&server, b"abc").await.0.unwrap_err();
        assert_eq!(error.kind, Kind::Unexpected, "{spelled}: {error}");
        assert!(error.message.starts_with("cannot upload ch01: the "), "{spelled}: {error}");
        assert_no_secret(&format!("{error:?}"));
        // Not a byte of the file went anywhere.
        assert_eq!(server.seen().len(), 1, "{spelled}");
    }
    assert_eq!(recorder.visitors(), 0);
}

#[tokio::test]
async fn a_redirect_in_any_spelling_of_another_origin_gets_no_connection() {
    let recorder = Recorder::start();
    let probe = Server::start(|exchange| exchange.json(200, "{}"));
    for number in 0..recorder.spellings(&probe.origin).len() {
        let address = Arc::new(Mutex::new(String::new()));
        let told = address.clone();
        let server = Server::start(move |exchange: &mut Exchange| {
            let status = [301, 302, 303, 307, 308][exchange.number % 5];
            let location = told.lock().unwrap().clone();
            exchange.answer(reply(status, &[("location", &location)], ""));
        });
        let spelled = recorder.spellings(&server.origin).swap_remove(number);
        address.lock().unwrap().clone_from(&spelled);
        let service = service(&server);
        let writer = writer(&service);
        let errors = [
            service.reader.list_jobs(None).await.err(),
            service.reader.get_job(&job_name("x")).await.err(),
            service.reader.download(&file_name("x"), 0).await.err(),
            service.reader.download(&file_name("x"), 7).await.err(),
            service.reader.download_job(&job_name("x")).await.err(),
            writer.create_job(&new_job()).await.err(),
            writer.cancel_job(&job_name("x")).await.err(),
            writer.delete_job(&job_name("x")).await.err(),
            writer.delete_file(&file_name("x")).await.err(),
            upload(&server, b"abc").await.0.err(),
        ];
        for (call, error) in errors.into_iter().enumerate() {
            let error = error.unwrap_or_else(|| panic!("{spelled}: call {call} went through"));
            assert!(error.message.contains("redirect"), "{spelled}: {error}");
            assert_no_secret(&error.message);
        }
    }
    assert_eq!(recorder.visitors(), 0);
}

#[tokio::test]
async fn a_piece_of_an_upload_follows_no_redirect() {
    let recorder = Recorder::start();
    let target = format!("http://127.0.0.1:{}/s", recorder.port);
    let server = Server::start(move |exchange| match exchange.request.header("x-goog-upload-command") {
        "start" => {
            let google = "https://generativelanguage.googleapis.com/s?upload_id=secret";
            exchange.answer(reply(200, &[("x-goog-upload-url", google)], ""));
        }
        _ => exchange.answer(reply(307, &[("location", &target)], "")),
    });
    let error = upload(&server, b"abc").await.0.unwrap_err();
    assert!(error.message.contains("unexpected redirect of an upload"), "{error}");
    assert_eq!(recorder.visitors(), 0);
}

#[tokio::test]
async fn results_are_asked_for_by_name_and_never_at_an_address() {
    let recorder = Recorder::start();
    for spelled in recorder.spellings("http://127.0.0.1:1") {
        let told = spelled.clone();
        let server = Server::start(move |exchange| {
            let (name, mut job) = ("batches/x", serde_json::json!({"done": true}));
            job["name"] = name.into();
            job["metadata"] = serde_json::json!({"state": "BATCH_STATE_SUCCEEDED", "output": {"responsesFile": told}});
            job["response"] = serde_json::json!({"responsesFile": told, "downloadUri": told, "uri": told});
            exchange.json(200, job.to_string());
        });
        let job = service(&server).reader.get_job(&job_name("x")).await.unwrap().value;
        assert_eq!(job.dest, None, "{spelled}");
        // A file tells of an address too; it is read from where the key goes all the same.
        let told = spelled.clone();
        let server = Server::start(move |exchange| match exchange.request.path().ends_with(":download") {
            true => exchange.answer(reply(200, &[], "row\n")),
            false => {
                let file = serde_json::json!({"name": "files/x", "uri": told, "downloadUri": told, "state": "ACTIVE"});
                exchange.json(200, file.to_string());
            }
        });
        let service = service(&server);
        assert!(service.reader.get_file(&file_name("x")).await.is_ok());
        assert!(service.reader.download(&file_name("x"), 0).await.is_ok());
        assert_eq!(server.seen().len(), 2, "{spelled}");
    }
    assert_eq!(recorder.visitors(), 0);
}

#[tokio::test]
async fn what_leads_to_the_recorder_is_counted() {
    let recorder = Recorder::start();
    assert_eq!(recorder.visitors(), 0);
    drop(TcpStream::connect(("127.0.0.1", recorder.port)).unwrap());
    assert_eq!(recorder.visitors(), 2, "the one before, and the first look");
    let store = Store::start(vec![], "ACTIVE");
    assert!(upload(&store.server, b"abc").await.0.is_ok(), "the address of Google itself is the base in disguise");
}

#[tokio::test]
async fn a_service_that_says_the_key_back_is_not_listened_to() {
    let key = super::CANARY;
    let list = example("list_page1.json").replacen("\"displayName\": \"", &format!("\"displayName\": \"{key} "), 1);
    let file = "{\"key\":\"CUT\"}\n".replace("CUT", key).repeat(500);
    let (told, rows) = (list.clone(), file.clone());
    let server = Server::start(move |exchange| {
        let headers = [("etag", key), ("content-type", "application/json"), ("x-said", key)];
        let body = if exchange.request.path().ends_with(":download") { &rows } else { &told };
        exchange.answer(reply(200, &headers, body));
    });
    let service = service(&server);
    let page = service.reader.list_jobs(None).await.unwrap();
    let shown = page.items[0].display_name.clone().unwrap_or_default();
    assert!(shown.starts_with(&"*".repeat(key.len())), "{shown}");
    assert_no_secret(&format!("{page:?}"));
    let mut body = service.reader.download(&file_name("x"), 0).await.unwrap().body;
    let mut bytes = Vec::new();
    while let Some(piece) = futures_util::StreamExt::next(&mut body).await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(bytes.len(), file.len(), "offsets stay true");
    assert_eq!(String::from_utf8(bytes).unwrap(), file.replace(key, &"*".repeat(key.len())));
}
