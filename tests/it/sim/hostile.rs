//! Requests that no client of ours would send: each gets an answer or a closed connection, and the service goes on.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes as they are and reads what comes, up to the end of the connection.
async fn raw(sim: &Sim, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(sim.running.addr).await.unwrap();
    // The service may close before everything is written; what it said before that is what counts.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.expect("an end");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn garbage_is_survived() {
    let sim = Sim::held().await;
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let post = |path: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nx-goog-api-key: k\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nx-goog-api-key: k\r\nConnection: close\r\n\r\n");
    let create = "/v1beta/models/gemini-2.5-pro-preview-tts:batchGenerateContent";
    let table: Vec<(String, &str)> = vec![
        ("\0\0\0\0\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), ""),
        (get("/"), "404"),
        (get("/v1beta/%ff%00/%"), "404"),
        (get("/v1beta/batches/%2e%2e%2f%2e%2e"), "400"),
        (get("/v1beta/batches?pageSize=-1"), "400"),
        (get("/v1beta/batches?pageSize=99999999999999999999"), "400"),
        (get("/v1beta/batches?pageSize=2147483647&pageToken=AAAA"), "400"),
        (get("/v1beta/batches?pageSize=5&pageToken=CgZhIGIgYyA%3D"), "400"),
        (get("/v1beta/files?pageToken=CgN4IHk%3D"), "400"),
        (get("/v1beta/batches?pagesize=5"), "400"),
        (get("/v1beta/files/x:download"), "400"),
        (get(&format!("/v1beta/files/{}", "x".repeat(5_000))), "400"),
        (post(create, ""), "400"),
        (post(create, &deep), "400"),
        (post(create, "\"text\""), "400"),
        (post(create, "{\"batch\":[]}"), "400"),
        (post(create, "{\"batch\":{\"inputConfig\":{\"requests\":{\"requests\":[7]}}}}"), "400"),
        (post(create, "{\"batch\":{\"displayName\":\"x\",\"colour\":1}}"), "400"),
        (post(create, "{\"batch\":{\"priority\":\"high\",\"inputConfig\":{\"fileName\":\"files/x\"}}}"), "400"),
        (post("/v1beta/models/%F0%9F%8C%8D:batchGenerateContent", "{}"), "404"),
        (post("/upload/v1beta/files?upload_id=nosuch", "x"), "404"),
        (post(create, &"x".repeat(21 * 1024 * 1024)), ""),
    ];
    for (request, status) in table {
        let answer = raw(&sim, request.as_bytes()).await;
        let start: String = request.chars().take(70).collect();
        if status.is_empty() {
            continue;
        }
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{start:?}: {answer:?}");
        // What hyper itself refuses has no body.
        assert!(answer.contains("\"error\"") || answer.contains("content-length: 0"), "{start:?}: {answer:?}");
    }
    assert_eq!(sim.get("/v1beta/models").await.status, 200);
}

#[tokio::test]
async fn a_broken_upload_can_be_taken_up_at_the_last_granule() {
    let sim = Sim::held().await;
    let size = 20 * 1024 * 1024;
    let content: Vec<u8> = (0..size).map(|n| (n / 3) as u8).collect();
    let url = sim.open_upload(&json!({}), size).await;
    let head = format!(
        "POST {url} HTTP/1.1\r\nHost: x\r\nX-Goog-Upload-Command: upload, finalize\r\nX-Goog-Upload-Offset: 0\r\n\
         Content-Length: {size}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(sim.running.addr).await.unwrap();
    stream.write_all(&[head.as_bytes(), &content[..10_000_000]].concat()).await.unwrap();
    drop(stream);
    // The query waits for the chunk, which ends when the service sees the end of the connection.
    let query = sim.chunk(&url, "query", 0, Vec::new()).await;
    assert_eq!(query.header("x-goog-upload-status"), "active");
    let received: usize = query.header("x-goog-upload-size-received").parse().unwrap();
    assert_eq!(received, 8 * 1024 * 1024);
    let file = sim.chunk(&url, "upload, finalize", received, content[received..].to_vec()).await.ok()["file"].clone();
    assert_eq!(file["sizeBytes"], size.to_string());
}

#[tokio::test]
async fn keys_are_asked_for() {
    let sim = Sim::with("refused_keys = [\"yesterday\"]").await;
    let base = sim.running.base_url();
    let ask = async |key: Option<&str>| {
        let request = sim.client.get(format!("{base}/v1beta/models"));
        let request = if let Some(key) = key { request.header("x-goog-api-key", key) } else { request };
        Answer::read(request.send().await.unwrap()).await
    };
    for key in ["bad", "invalid-key", "yesterday"] {
        let answer = ask(Some(key)).await;
        assert_eq!(answer.status, 400, "a refused key is 400, not 401");
        assert_eq!(answer.json(), example_json("error_400_api_key.json"));
    }
    assert!(ask(None).await.refused(403).contains("unregistered callers"));
    assert_eq!(ask(Some("good")).await.status, 200);
    let in_query = sim.client.get(format!("{base}/v1/models?key=good")).send().await.unwrap();
    assert_eq!(in_query.status(), 200);
}
