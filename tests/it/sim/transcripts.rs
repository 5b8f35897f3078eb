//! The recorded transcripts, replayed: the same requests get the same status lines and headers.

use super::*;

/// A request of a transcript, and the head of its reply where there is one.
struct Exchange {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
    reply: Vec<String>,
}

fn exchange(name: &str) -> Exchange {
    let text = example(name);
    let (request, reply) = text.split_once("\n---\n").unwrap_or((&text, ""));
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let method = first.next().unwrap().parse().unwrap();
    let path = first.next().unwrap().to_owned();
    let headers = lines.map(|line| line.split_once(": ").unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    let reply = reply.lines().take_while(|line| !line.is_empty()).map(str::to_owned).collect();
    Exchange { method, path, headers, body: body.trim_end().to_owned(), reply }
}

impl Exchange {
    /// Sends the request; `url` is what stands for the URL of an upload session.
    async fn replay(&self, sim: &Sim, url: &str) -> Answer {
        let path = if self.path.contains("upload_id") { url } else { &self.path };
        let mut request = sim.client.request(self.method.clone(), format!("{}{path}", sim.running.base_url()));
        for (name, value) in &self.headers {
            if !["host", "content-length"].contains(&name.to_ascii_lowercase().as_str()) {
                request = request.header(name, value.replace("<key>", "any-key"));
            }
        }
        let body = match self.body.strip_prefix('<').and_then(|body| body.strip_suffix(" bytes>")) {
            Some(length) => vec![b'x'; length.parse().unwrap()],
            None => self.body.clone().into_bytes(),
        };
        Answer::read(request.body(body).send().await.unwrap()).await
    }

    fn check(&self, sim: &Sim, answer: &Answer, session: &str) {
        let status = self.reply[0].split(' ').nth(1).unwrap();
        assert_eq!(answer.status.to_string(), status);
        for line in self.reply[1..].iter() {
            let (name, value) = line.split_once(": ").unwrap();
            let value = value
                .replace("https://generativelanguage.googleapis.com", &sim.running.base_url())
                .replace("<upload-id>", session);
            assert_eq!(answer.header(name), value, "{name}");
        }
    }
}

#[tokio::test]
async fn the_upload_transcripts_hold() {
    let sim = Sim::held().await;
    let start = exchange("upload_start.http");
    let answer = start.replay(&sim, "").await;
    let session = answer.header("x-guploader-uploadid").to_owned();
    start.check(&sim, &answer, &session);
    let url = answer.header("x-goog-upload-url").strip_prefix(&sim.running.base_url()).unwrap().to_owned();
    let finalize = exchange("upload_finalize.http");
    let answer = finalize.replay(&sim, &url).await;
    finalize.check(&sim, &answer, &session);
    let file = answer.json();
    same_shape("file", &file, &example_json("file_response.json"));
    assert_eq!((&file["file"]["sizeBytes"], &file["file"]["mimeType"]), (&json!("14560"), &json!("application/pdf")));

    let url = sim.open_upload(&json!({}), 10_000_000).await;
    let session = url.split_once("upload_id=").unwrap().1.split('&').next().unwrap();
    for name in ["upload_chunk.http", "upload_query.http"] {
        let step = exchange(name);
        let answer = step.replay(&sim, &url).await;
        step.check(&sim, &answer, session);
    }
}

#[tokio::test]
async fn every_recorded_call_is_known_in_both_versions() {
    let sim = Sim::held().await;
    let calls = example("all_calls.http");
    let lines: Vec<&str> = calls.lines().filter(|line| line.ends_with(" HTTP/1.1")).collect();
    assert!(lines.len() >= 20, "{}", lines.len());
    for line in lines {
        let mut words = line.split(' ');
        let method: Method = words.next().unwrap().parse().unwrap();
        let path = words.next().unwrap().strip_prefix("https://generativelanguage.googleapis.com").unwrap();
        for path in [path.to_owned(), path.replace("v1beta", "v1")] {
            let mut request = sim.request(method.clone(), &path);
            if path.starts_with("/upload/") {
                request = request.header("X-Goog-Upload-Command", "start");
            }
            let answer = Answer::read(request.body("{}").send().await.unwrap()).await;
            assert!(!answer.text().contains("Method not found"), "{method} {path}");
            assert!(answer.header("content-type").starts_with("application/json"), "{method} {path}");
        }
    }
}
