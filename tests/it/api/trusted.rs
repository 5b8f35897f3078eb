//! Whom the program trusts: servers of TLS that should not be trusted, and what a proxy sees.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::server::{Server, reply};
use crate::cli::program::{Ran, World, finish};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

/// A server that shows this certificate and answers every request with an empty list; and what it could read.
fn server_of_tls(certificate: &str, key: &str) -> (String, Receiver<Vec<u8>>) {
    let (certificate, key) = (std::fs::read(fixture(certificate)).unwrap(), std::fs::read(fixture(key)).unwrap());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], rustls::pki_types::PrivateKeyDer::Pkcs8(key.into()))
        .unwrap();
    let config = Arc::new(config);
    raw_server(move |stream| {
        let connection = rustls::ServerConnection::new(config.clone()).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, stream);
        let mut bytes = vec![0; 4096];
        let read = stream.read(&mut bytes).unwrap_or(0);
        let _ = stream.write_all(&reply(200, &[("content-type", "application/json")], "{}"));
        stream.conn.send_close_notify();
        let _ = stream.flush();
        bytes.truncate(read);
        bytes
    })
}

fn raw_server(serve: impl Fn(TcpStream) -> Vec<u8> + Send + 'static) -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = sender.send(serve(stream.unwrap()));
        }
    });
    (origin, receiver)
}

/// A server that knows TLS 1.0 and nothing newer: it answers any greeting with its own version.
fn server_of_old_tls() -> (String, Receiver<Vec<u8>>) {
    raw_server(|mut stream| {
        let mut greeting = vec![0; 16_384];
        let read = stream.read(&mut greeting).unwrap_or(0);
        assert!(read > 5 && greeting[0] == 22, "a greeting of TLS");
        // Version 3.1 is TLS 1.0: 32 bytes that should be random, no session, a cipher of its time, no compression.
        let hello = [&[2, 0, 0, 38, 3, 1][..], &[7; 32], &[0, 0xc0, 0x13, 0]].concat();
        let record = [&[22, 3, 1, 0, u8::try_from(hello.len()).unwrap()][..], &hello].concat();
        let _ = stream.write_all(&record);
        let mut rest = Vec::new();
        let _ = stream.take(4096).read_to_end(&mut rest);
        rest
    })
}

/// Lists the jobs there, trusting the authorities in this file.
fn list(world: &World, origin: &str, authorities: &Path) -> Ran {
    let mut command = world.command(&["list", "--json", "--base-url", origin]);
    let nowhere = world.home.path().join("no-certificates");
    std::fs::create_dir_all(&nowhere).unwrap();
    command.env("SSL_CERT_FILE", authorities).env("SSL_CERT_DIR", nowhere);
    command.env("SSLKEYLOGFILE", world.path("keys-of-tls"));
    finish(command)
}

#[test]
fn fault_62_a_certificate_that_is_not_right_is_refused_with_its_cause_in_one_line() {
    let world = World::alone();
    let authority = fixture("authority.pem");
    let empty = world.file("empty.pem", "");
    let untrusted = "signed by nobody whom this machine trusts; SSL_CERT_FILE can name other authorities";
    let table = [
        ("self-signed", server_of_tls("self-signed-certificate.der", "self-signed-key.der"), &authority, untrusted),
        ("an empty store", server_of_tls("good-certificate.der", "key.der"), &empty, untrusted),
        (
            "another host",
            server_of_tls("other-host-certificate.der", "key.der"),
            &authority,
            "its certificate is for another host",
        ),
        ("expired", server_of_tls("expired-certificate.der", "key.der"), &authority, "its certificate has expired"),
        ("TLS 1.0", server_of_old_tls(), &authority, "it speaks no TLS that is safe; 1.2 is the least"),
    ];
    for (case, (origin, read), authorities, cause) in table {
        let ran = list(&world, &origin, authorities).code(1);
        let line = ran.err.lines().find(|line| line.contains(cause)).unwrap_or_else(|| panic!("{case}: {ran:?}"));
        assert!(line.contains(&format!("cannot list jobs: {origin} cannot be trusted: ")), "{case}: {line}");
        // What arrived is a farewell of TLS at the most: no request, and so no key.
        let arrived = read.recv().unwrap();
        assert!(!String::from_utf8_lossy(&arrived).contains("HTTP"), "{case}");
        assert!(read.try_recv().is_err(), "{case}: it is not tried again");
    }
    // It is the certificates that were refused: with a good one the same command works.
    let (origin, read) = server_of_tls("good-certificate.der", "key.der");
    list(&world, &origin, &authority).code(0);
    assert!(String::from_utf8_lossy(&read.recv().unwrap()).contains("AIzaCANARY"));
    assert!(!world.path("keys-of-tls").exists(), "the secrets of a connection are written nowhere");
}

#[test]
fn fault_62_no_option_makes_tls_lax() {
    let world = World::alone();
    let help = world.run(&["--help"]).code(0).out.to_lowercase();
    for word in ["insecure", "skip-", "no-verify", "danger", "certificate"] {
        assert!(!help.contains(word), "{word}");
    }
    let forbidden = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("clippy.toml")).unwrap();
    for method in ["danger_accept_invalid_certs", "tls_danger_accept_invalid_hostnames", "tls_sslkeylogfile"] {
        assert!(forbidden.contains(&format!("\"reqwest::ClientBuilder::{method}\"")), "{method}");
    }
}

/// The names under which a system may know a proxy.
const PROXIES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

#[test]
fn fault_60_a_proxy_never_sees_what_goes_to_this_machine() {
    let proxy = Server::start(|exchange| exchange.json(200, "{}"));
    let service = Server::start(|exchange| exchange.json(200, "{}"));
    let world = World::alone();
    for host in ["127.0.0.1", "localhost"] {
        let base_url = service.origin.replace("127.0.0.1", host);
        for name in PROXIES {
            let before = service.seen().len();
            let mut command = world.command(&["list", "--json"]);
            command.env("GOOGLE_GEMINI_BASE_URL", &base_url).env(name, &proxy.origin);
            finish(command).code(0);
            assert_eq!((proxy.seen().len(), service.seen().len()), (0, before + 1), "{name} {host}");
        }
    }
}

#[test]
fn a_proxy_on_the_way_to_another_machine_learns_its_name_and_nothing_more() {
    let (seen, see) = channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut text = String::new();
            while stream.read_line(&mut text).unwrap_or(0) > 2 {}
            // What follows the promise of a way is the greeting of TLS.
            let _ = stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            let mut first = vec![0; 4096];
            let read = stream.read(&mut first).unwrap_or(0);
            first.truncate(read);
            let _ = seen.send((text, first));
        }
    });
    let world = World::alone();
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let mut command = world.command(&["delete", "abc", "--yes"]);
        // Its answer never comes, and what was not sent is not sent again and again for long.
        command.env("GOOGLE_GEMINI_BASE_URL", "https://gemini.invalid").env(name, &proxy);
        let ran = finish(command).code(1);
        assert!(ran.err.contains("gemini.invalid and not to Google"), "{ran:?}");
        let (text, first) = see.recv().unwrap();
        assert!(text.starts_with("CONNECT gemini.invalid:443 HTTP/1.1\r\n"), "{name}: {text}");
        assert!(!text.contains("AIza") && !text.to_lowercase().contains("goog"), "{name}: {text}");
        assert_eq!(first.first(), Some(&22), "{name}: nothing but TLS passes");
        assert!(!String::from_utf8_lossy(&first).contains("CANARY"), "{name}");
        while see.try_recv().is_ok() {}
    }
}
