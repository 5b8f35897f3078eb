//! The embedded service, spoken to over raw HTTP: its shapes are those of the recorded examples.

mod batches;
mod demo;
mod faults;
mod files;
mod hostile;
mod shapes;
mod transcripts;

use std::collections::BTreeSet;
use std::time::Duration;

use gemtts_tui::sim::{Control, Options, Running, Scenario, serve};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

const PRO: &str = "gemini-2.5-pro-preview-tts";
const NEW: &str = "gemini-3.8-flash-tts";

/// A running service and somebody who talks to it.
struct Sim {
    running: Running,
    client: Client,
}

/// An answer, read to its end.
struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The JSON of a success.
    fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// The message of a refusal.
    fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()["error"]["message"].as_str().unwrap().to_owned()
    }
}

impl Sim {
    async fn start(scenario: Scenario) -> Self {
        // The client is built with a TLS library that wants a provider even for plain HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let running = serve(Options::new(scenario)).await.unwrap();
        let client = Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        Sim { running, client }
    }

    /// An empty service whose time stands still.
    async fn held() -> Self {
        Self::start(Scenario::test().with_manual_clock()).await
    }

    /// A service whose time stands still, with this added to the scenario of the tests.
    async fn with(toml: &str) -> Self {
        Self::start(Scenario::parse(&format!("clock = \"manual\"\nstart = \"2026-11-20T12:00:00Z\"\n{toml}")).unwrap())
            .await
    }

    fn control(&self) -> Control {
        self.running.control()
    }

    fn advance(&self, seconds: u64) {
        self.control().advance(Duration::from_secs(seconds));
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.running.base_url())).header("x-goog-api-key", "any-key")
    }

    async fn get(&self, path: &str) -> Answer {
        Answer::read(self.request(Method::GET, path).send().await.unwrap()).await
    }

    async fn delete(&self, path: &str) -> Answer {
        Answer::read(self.request(Method::DELETE, path).send().await.unwrap()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::read(self.request(Method::POST, path).body(body.to_string()).send().await.unwrap()).await
    }

    /// Opens an upload session and answers its URL without the origin.
    async fn open_upload(&self, file: &Value, length: usize) -> String {
        let request = self
            .request(Method::POST, "/upload/v1beta/files")
            .header("X-Goog-Upload-Protocol", "resumable")
            .header("X-Goog-Upload-Command", "start")
            .header("X-Goog-Upload-Header-Content-Length", length)
            .header("X-Goog-Upload-Header-Content-Type", "application/jsonl")
            .body(json!({ "file": file }).to_string());
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.header("x-goog-upload-url").strip_prefix(&self.running.base_url()).unwrap().to_owned()
    }

    async fn chunk(&self, url: &str, command: &str, offset: usize, bytes: Vec<u8>) -> Answer {
        // The URL is a secret of its own: no key here.
        let request = self
            .client
            .post(format!("{}{url}", self.running.base_url()))
            .header("X-Goog-Upload-Command", command)
            .header("X-Goog-Upload-Offset", offset)
            .body(bytes);
        Answer::read(request.send().await.unwrap()).await
    }

    /// Uploads a file and answers its name.
    async fn upload(&self, text: &str) -> String {
        let url = self.open_upload(&json!({ "display_name": "input" }), text.len()).await;
        let answer = self.chunk(&url, "upload, finalize", 0, text.as_bytes().to_vec()).await;
        answer.ok()["file"]["name"].as_str().unwrap().to_owned()
    }

    /// Creates a job from a file and answers its operation.
    async fn create(&self, model: &str, file: &str) -> Value {
        let body = json!({ "batch": { "displayName": "book-ch01", "inputConfig": { "fileName": file } } });
        self.post(&format!("/v1beta/models/{model}:batchGenerateContent"), &body).await.ok()
    }

    /// A job from these lines that has come to its end; answers its name.
    async fn finished(&self, model: &str, lines: &str) -> String {
        let file = self.upload(lines).await;
        let operation = self.create(model, &file).await;
        self.advance(60);
        operation["name"].as_str().unwrap().to_owned()
    }

    /// The result lines of a job.
    async fn results(&self, name: &str) -> Vec<Value> {
        let operation = self.get(&format!("/v1beta/{name}")).await.ok();
        let file = operation["response"]["responsesFile"].as_str().unwrap_or_else(|| panic!("{operation}"));
        let answer = self.get(&format!("/v1beta/{file}:download?alt=media")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A recorded example.
fn example(name: &str) -> String {
    let path = format!("{}/tests/fixtures/wire/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A recorded example of JSON.
fn example_json(name: &str) -> Value {
    serde_json::from_str(&example(name)).unwrap()
}

/// All the places of a document, with the kind of value at each; the elements of a list are one place.
fn shape(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, path: &str, places: &mut BTreeSet<String>) {
        let kind = match value {
            Value::Object(object) => {
                for (name, value) in object {
                    walk(value, &format!("{path}.{name}"), places);
                }
                "object"
            }
            Value::Array(list) => {
                for value in list {
                    walk(value, &format!("{path}[]"), places);
                }
                "list"
            }
            Value::String(_) => "text",
            Value::Number(_) => "number",
            Value::Bool(_) => "bool",
            Value::Null => "null",
        };
        places.insert(format!("{path}: {kind}"));
    }
    let mut places = BTreeSet::new();
    walk(value, "", &mut places);
    places
}

#[track_caller]
fn same_shape(name: &str, ours: &Value, theirs: &Value) {
    let (ours, theirs) = (shape(ours), shape(theirs));
    let extra: Vec<_> = ours.difference(&theirs).collect();
    let missing: Vec<_> = theirs.difference(&ours).collect();
    assert!(extra.is_empty() && missing.is_empty(), "{name}: too much {extra:?}, missing {missing:?}");
}

/// A line of input.
fn line(key: &str, text: &str) -> String {
    json!({ "key": key, "request": speech(text) }).to_string() + "\n"
}

fn speech(text: &str) -> Value {
    json!({
        "contents": [{ "parts": [{ "text": text }], "role": "user" }],
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": { "voiceConfig": { "prebuiltVoiceConfig": { "voiceName": "Kore" } } },
        },
    })
}

/// Five lines of input.
fn five_lines() -> String {
    (1..=5).map(|n| line(&format!("ch01-{n:04}"), "The lamp had gone out again.")).collect()
}
