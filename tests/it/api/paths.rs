//! Which way requests take: TLS that nobody vouches for, proxies, and what a log may hold.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use gemtts_tui::api::error::{Certainty, Kind};
use gemtts_tui::api::page::{Walk, all_jobs};
use gemtts_tui::api::{Input, NewJob};

use super::server::{Server, reply};
use super::uploads::{Store, upload};
use super::{assert_no_secret, example, file_name, service, writer};

/// A server that shows a certificate which nobody vouches for, and reports what it could read behind it.
fn self_signed() -> (Server, Receiver<Vec<u8>>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls");
    let certificate = std::fs::read(format!("{folder}/self-signed-certificate.der")).unwrap();
    let key = std::fs::read(format!("{folder}/self-signed-key.der")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], rustls::pki_types::PrivateKeyDer::Pkcs8(key.into()))
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut bytes = vec![0; 4096];
            let read = stream.read(&mut bytes).unwrap_or(0);
            bytes.truncate(read);
            sender.send(bytes).unwrap();
        }
    });
    (Server::at(origin), receiver)
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_key() {
    let (server, read) = self_signed();
    let job = NewJob { model: "m".into(), display_name: "x".into(), input: Input::File(file_name("x")) };
    let error = writer(&service(&server)).create_job(&job).await.unwrap_err();
    assert_eq!((error.kind, error.certainty), (Kind::Offline, Certainty::NotSent), "{error}");
    assert!(error.message.contains("certificate"), "{error}");
    assert_eq!(read.recv().unwrap(), b"");
}

#[tokio::test]
async fn a_server_without_tls_gets_nothing_readable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::at(format!("https://{}", listener.local_addr().unwrap()));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let record = heard.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = vec![0; 4096];
            let read = stream.read(&mut bytes).unwrap_or(0);
            record.lock().unwrap().extend_from_slice(&bytes[..read]);
            let _ = stream.write_all(&reply(200, &[], "{}"));
        }
    });
    let error = service(&server).reader.list_jobs(None).await.unwrap_err();
    assert_eq!((error.kind, error.certainty), (Kind::Offline, Certainty::NotSent), "{error}");
    assert_no_secret(&String::from_utf8_lossy(&heard.lock().unwrap()));
}

/// The environment of a process cannot be changed from within safely, so the test runs another test in a child.
#[test]
fn this_machine_is_reached_without_a_proxy() {
    let proxy = Server::start(|exchange| exchange.json(200, "{}"));
    let test = "api::reads::the_key_is_in_one_header_and_in_no_url";
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test]);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"] {
        child.env(name, &proxy.origin);
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = child.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    assert_eq!(proxy.seen().len(), 0);
}

/// A log that a test can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_fullest_log_holds_no_secret() {
    let log = Log::default();
    let writer_of_log = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_writer(move || writer_of_log.clone())
        .finish();
    // While there is but one subscriber, a line that another thread reaches first is switched off for all of them.
    let second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing::subscriber::set_default(subscriber);

    let listed = Server::start(|exchange| match exchange.number {
        0 => exchange.json(500, r#"{"error":{"message":"AIzaCANARY000000000000000000000000000000"}}"#),
        _ => exchange.json(200, r#"{"operations":[],"nextPageToken":"AIzaCANARY000000000000000000000000000000"}"#),
    });
    all_jobs(&*service(&listed).reader, |_| Walk::On).await.unwrap();
    let store = Store::start(vec![], "ACTIVE");
    upload(&store.server, b"abc").await.0.unwrap();
    let refused = Server::start(|exchange| exchange.json(400, example("error_400_api_key.json")));
    writer(&service(&refused)).delete_file(&file_name("x")).await.unwrap_err();

    drop((guard, second));
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for expected in ["/v1beta/batches", "/upload/v1beta/files", "/v1beta/files/x", "status=400", "trying again"] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    assert_no_secret(&text);
    assert!(!text.contains("pageSize") && !text.contains("secret"), "{text}");
}
