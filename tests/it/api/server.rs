//! A server that misbehaves on purpose: plain threads and sockets, so that every byte is ours.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Lower-case names.
    pub headers: BTreeMap<String, String>,
    /// As far as the script has read it.
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }
}

/// One connection, in the hands of the script.
pub struct Exchange {
    stream: BufReader<TcpStream>,
    pub request: Request,
    /// Counted over all connections, from 0.
    pub number: usize,
    held: Arc<Mutex<Vec<TcpStream>>>,
    seen: Arc<(Mutex<Vec<Request>>, Condvar)>,
    /// An answer that is given when nobody listens any more.
    pub last_words: Option<Vec<u8>>,
}

impl Exchange {
    /// Reads the body as far as it goes, or at most so many bytes of it.
    pub fn read_body(&mut self, most: usize) {
        let announced: usize = self.request.header("content-length").parse().unwrap_or(0);
        let mut body = vec![0; announced.min(most)];
        self.stream.read_exact(&mut body).unwrap();
        self.request.body = body;
        // Before the answer: a client that has it may look at once.
        self.seen.0.lock().unwrap()[self.number] = self.request.clone();
    }

    /// Reads the body and answers with these bytes.
    pub fn answer(&mut self, bytes: impl AsRef<[u8]>) {
        if self.request.body.is_empty() {
            self.read_body(usize::MAX);
        }
        // The client may have left; that is its right.
        let _ = self.stream.get_mut().write_all(bytes.as_ref());
    }

    /// Answers with a status and a JSON body.
    pub fn json(&mut self, status: u16, body: impl AsRef<str>) {
        self.answer(reply(status, &[("content-type", "application/json")], body.as_ref()));
    }

    /// Reads the request and says nothing until the test ends.
    pub fn stay_silent(&mut self) {
        if self.request.body.is_empty() {
            self.read_body(usize::MAX);
        }
        self.held.lock().unwrap().push(self.stream.get_ref().try_clone().unwrap());
    }
}

/// A whole answer with the right length.
pub fn reply(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = head(status, headers, body.len());
    bytes.extend_from_slice(body);
    bytes
}

/// The head of an answer that announces so many bytes.
pub fn head(status: u16, headers: &[(&str, &str)], length: usize) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// The server. Its threads end with the process; its port is its own.
pub struct Server {
    pub origin: String,
    seen: Arc<(Mutex<Vec<Request>>, Condvar)>,
}

impl Server {
    /// Runs the script once for every connection, one after another.
    pub fn start(script: impl FnMut(&mut Exchange) + Send + 'static) -> Self {
        Self::listen("127.0.0.1:0", script)
    }

    /// The same at an address that a server has left.
    pub fn listen(address: &str, mut script: impl FnMut(&mut Exchange) + Send + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<(Mutex<Vec<Request>>, Condvar)> = Arc::default();
        let record = seen.clone();
        let held = Arc::new(Mutex::new(Vec::new()));
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let mut stream = BufReader::new(stream);
                let Some(request) = read_head(&mut stream) else { continue };
                let number = {
                    let mut seen = record.0.lock().unwrap();
                    seen.push(request.clone());
                    record.1.notify_all();
                    seen.len() - 1
                };
                let seen = record.clone();
                let mut exchange = Exchange { stream, request, number, held: held.clone(), seen, last_words: None };
                script(&mut exchange);
                if let Some(words) = exchange.last_words.take() {
                    drop(listener);
                    exchange.answer(words);
                    return;
                }
            }
        });
        Server { origin, seen }
    }

    /// A server that somebody else runs.
    pub fn at(origin: String) -> Self {
        Server { origin, seen: Arc::default() }
    }

    /// An address at which nobody listens.
    pub fn nowhere() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::at(format!("http://{}", listener.local_addr().unwrap()))
    }

    /// Everything that arrived so far.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.0.lock().unwrap().clone()
    }

    /// Waits until so many requests arrived, for a client that may leave before the server has looked.
    pub fn wait_for(&self, requests: usize) -> usize {
        let (seen, arrived) = &*self.seen;
        let limit = Duration::from_secs(20);
        arrived.wait_timeout_while(seen.lock().unwrap(), limit, |seen| seen.len() < requests).unwrap().0.len()
    }

    /// How often a method was used on a path that contains this.
    pub fn count(&self, method: &str, part: &str) -> usize {
        self.seen().iter().filter(|request| request.method == method && request.target.contains(part)).count()
    }
}

fn read_head(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let mut request = Request { method: words.next()?.into(), target: words.next()?.into(), ..Request::default() };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                request.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
            None => return Some(request),
        }
    }
}
