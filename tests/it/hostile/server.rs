//! A service that answers with these bytes and no others: one job that is over, and its results.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;

use serde_json::json;

use crate::cli::program::World;

/// How results are served.
pub enum Results {
    /// As a results file, with the number of requests that the job announces.
    File { bytes: Vec<u8>, requests: usize },
    /// As inline items.
    Inline { items: Vec<Vec<u8>> },
    /// As a file and as inline items.
    Both { bytes: Vec<u8>, items: Vec<Vec<u8>> },
    /// Not at all: the job was cancelled before there were any.
    Nothing,
}

/// The service. Its threads end with the process; its port is its own.
pub struct Server {
    origin: String,
}

/// The id of its job.
pub const JOB: &str = "hostile1";

impl Server {
    pub fn start(results: Results) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let results = Arc::new(results);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let results = results.clone();
                std::thread::spawn(move || serve(stream, &results));
            }
        });
        Server { origin }
    }

    /// A command that talks to it.
    pub fn command(&self, world: &World, arguments: &[&str]) -> Command {
        let mut command = world.command(arguments);
        command.env("GOOGLE_GEMINI_BASE_URL", &self.origin);
        command
    }
}

fn serve(stream: TcpStream, results: &Results) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut target = None;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            target = target.or_else(|| line.split(' ').nth(1).map(str::to_owned));
        }
        let target = target.unwrap_or_default();
        let body = body(&target, results);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Fri, 20 Nov 2026 12:00:00 GMT\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let stream = reader.get_mut();
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).is_err() {
            return;
        }
    }
}

fn body(target: &str, results: &Results) -> Vec<u8> {
    let (requests, output) = match results {
        Results::File { bytes, .. } | Results::Both { bytes, .. } if target.contains(":download") => {
            return bytes.clone();
        }
        Results::File { requests, .. } => (*requests, json!({ "responsesFile": format!("files/batch-{JOB}") })),
        Results::Inline { items } => (items.len(), json!({ "inlinedResponses": { "inlinedResponses": ["@"] } })),
        Results::Both { items, .. } => (
            items.len(),
            json!({
                "responsesFile": format!("files/batch-{JOB}"),
                "inlinedResponses": { "inlinedResponses": ["@"] },
            }),
        ),
        Results::Nothing => (2, json!({})),
    };
    let job = json!({
        "name": format!("batches/{JOB}"),
        "metadata": {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
            "model": "models/gemini-2.5-pro-preview-tts",
            "displayName": "hostile",
            "output": output,
            "createTime": "2026-11-20T11:00:00.000000001Z",
            "endTime": "2026-11-20T11:30:00.000000001Z",
            "updateTime": "2026-11-20T11:30:00.000000001Z",
            "batchStats": { "requestCount": requests.to_string(), "successfulRequestCount": requests.to_string() },
            "state": if matches!(results, Results::Nothing) { "BATCH_STATE_CANCELLED" } else { "BATCH_STATE_SUCCEEDED" },
            "name": format!("batches/{JOB}"),
        },
        "done": true,
        "response": output,
    });
    if target.contains(&format!("batches/{JOB}")) {
        let items = match results {
            Results::File { .. } | Results::Nothing => Vec::new(),
            Results::Inline { items } | Results::Both { items, .. } => items.join(&b", "[..]),
        };
        return fill(&job.to_string(), &items);
    }
    // A list shows jobs without their inline results.
    let mut listed = job;
    for place in ["metadata", "response"] {
        let output = match place {
            "metadata" => &mut listed[place]["output"],
            _ => &mut listed[place],
        };
        output.as_object_mut().expect("an output").remove("inlinedResponses");
    }
    json!({ "operations": [listed] }).to_string().into_bytes()
}

/// The text with the items in place of every mark.
fn fill(text: &str, items: &[u8]) -> Vec<u8> {
    let pieces: Vec<&[u8]> = text.split("\"@\"").map(str::as_bytes).collect();
    pieces.join(items)
}
