//! Files: uploads in pieces, names, pages, expiry, downloads.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn an_upload_in_chunks_is_the_file_that_was_sent() {
    let sim = Sim::held().await;
    let content: Vec<u8> = (0..17 * MIB + 3).map(|n| (n / 7) as u8).collect();
    let url = sim.open_upload(&json!({ "display_name": "big" }), content.len()).await;
    for n in 0..2 {
        let answer = sim.chunk(&url, "upload", n * 8 * MIB, content[n * 8 * MIB..][..8 * MIB].to_vec()).await;
        assert_eq!((answer.status, answer.header("x-goog-upload-status")), (200, "active"));
        let query = sim.chunk(&url, "query", 0, Vec::new()).await;
        assert_eq!(query.header("x-goog-upload-size-received"), ((n + 1) * 8 * MIB).to_string());
    }
    let last = sim.chunk(&url, "upload, finalize", 16 * MIB, content[16 * MIB..].to_vec()).await;
    assert_eq!(last.header("x-goog-upload-status"), "final");
    let file = last.ok()["file"].clone();
    assert_eq!(file["sizeBytes"], content.len().to_string());
    let digest = ring::digest::digest(&ring::digest::SHA256, &content);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(STANDARD.decode(file["sha256Hash"].as_str().unwrap()).unwrap(), hex.as_bytes());

    let again = sim.chunk(&url, "upload, finalize", 16 * MIB, content[16 * MIB..].to_vec()).await;
    assert_eq!(again.ok()["file"]["name"], file["name"], "the last chunk may be repeated when its answer was lost");
    assert_eq!(sim.chunk(&url, "query", 0, Vec::new()).await.header("x-goog-upload-status"), "final");
}

#[tokio::test]
async fn chunks_must_follow_each_other_and_be_whole_granules() {
    let sim = Sim::held().await;
    let url = sim.open_upload(&json!({}), 9 * MIB).await;
    let message = sim.chunk(&url, "upload", 0, vec![0; MIB]).await.refused(400);
    assert!(message.contains("multiple of 8388608"), "{message}");
    let message = sim.chunk(&url, "upload", 5, vec![0; 8 * MIB]).await.refused(400);
    assert!(message.contains("X-Goog-Upload-Offset is 5, but 0"), "{message}");
    let message = sim.chunk(&url, "upload, finalize", 0, vec![0; MIB]).await.refused(400);
    assert!(message.contains("were announced"), "{message}");
    let cancelled = sim.chunk(&url, "cancel", 0, Vec::new()).await;
    assert_eq!(cancelled.header("x-goog-upload-status"), "cancelled");
    sim.chunk(&url, "query", 0, Vec::new()).await.refused(404);
}

#[tokio::test]
async fn an_empty_file_has_no_size() {
    let sim = Sim::held().await;
    let url = sim.open_upload(&json!({}), 0).await;
    let file = sim.chunk(&url, "upload, finalize", 0, Vec::new()).await.ok()["file"].clone();
    assert_eq!(file.get("sizeBytes"), None);
    assert_eq!(file.get("displayName"), None);
    assert_eq!(file["state"], "ACTIVE");
}

#[tokio::test]
async fn a_chosen_name_is_taken_once() {
    let sim = Sim::held().await;
    let url = sim.open_upload(&json!({ "name": "files/gt-01" }), 2).await;
    assert_eq!(sim.chunk(&url, "upload, finalize", 0, vec![1, 2]).await.ok()["file"]["name"], "files/gt-01");
    let start = |name: &str| {
        sim.request(Method::POST, "/upload/v1beta/files")
            .header("X-Goog-Upload-Protocol", "resumable")
            .header("X-Goog-Upload-Command", "start")
            .body(json!({ "file": { "name": name } }).to_string())
    };
    let taken = Answer::read(start("files/gt-01").send().await.unwrap()).await;
    taken.refused(409);
    assert_eq!(taken.json()["error"]["status"], "ALREADY_EXISTS");
    for bad in ["files/-a", "files/A", &format!("files/{}", "a".repeat(41))] {
        Answer::read(start(bad).send().await.unwrap()).await.refused(400);
    }
}

#[tokio::test]
async fn files_come_in_pages_of_ten() {
    let sim = Sim::held().await;
    for _ in 0..23 {
        sim.upload("{}").await;
        sim.advance(1);
    }
    let mut names = Vec::new();
    let mut sizes = Vec::new();
    let mut token = String::new();
    loop {
        let page = sim.get(&format!("/v1beta/files?pageToken={token}")).await.ok();
        let files = page["files"].as_array().unwrap();
        sizes.push(files.len());
        names.extend(files.iter().map(|file| file["name"].as_str().unwrap().to_owned()));
        match page.get("nextPageToken") {
            Some(next) => token = next.as_str().unwrap().replace('=', "%3D").replace('+', "%2B"),
            None => break,
        }
    }
    assert_eq!(sizes, [10, 10, 3]);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 23);
}

#[tokio::test]
async fn a_file_lives_for_48_hours() {
    let sim = Sim::held().await;
    let name = sim.upload("{}").await;
    sim.advance(48 * 3_600 - 1);
    assert_eq!(sim.get(&format!("/v1beta/{name}")).await.ok()["name"], name);
    sim.advance(1);
    let id = name.strip_prefix("files/").unwrap();
    let expected = format!("You do not have permission to access the File {id} or it may not exist.");
    assert_eq!(sim.get(&format!("/v1beta/{name}")).await.refused(403), expected);
    assert_eq!(sim.get("/v1beta/files").await.ok(), json!({}));
    let body = json!({ "batch": { "displayName": "late", "inputConfig": { "fileName": name } } });
    let path = format!("/v1beta/models/{PRO}:batchGenerateContent");
    assert_eq!(sim.post(&path, &body).await.refused(404), "Requested entity was not found.");
}

#[tokio::test]
async fn a_file_that_is_still_processed_cannot_be_used() {
    let sim = Sim::with("[timing]\nfile_processing = \"5s\"").await;
    let name = sim.upload(&five_lines()).await;
    assert_eq!(sim.get(&format!("/v1beta/{name}")).await.ok()["state"], "PROCESSING");
    let body = json!({ "batch": { "displayName": "early", "inputConfig": { "fileName": name } } });
    let path = format!("/v1beta/models/{PRO}:batchGenerateContent");
    let early = sim.post(&path, &body).await;
    early.refused(400);
    assert_eq!(early.json()["error"]["status"], "FAILED_PRECONDITION");
    sim.advance(5);
    sim.post(&path, &body).await.ok();
}

#[tokio::test]
async fn results_can_be_downloaded_and_uploads_cannot() {
    let sim = Sim::held().await;
    let input = sim.upload(&five_lines()).await;
    sim.get(&format!("/v1beta/{input}:download?alt=media")).await.refused(400);
    let name = sim.create(PRO, &input).await["name"].as_str().unwrap().to_owned();
    let output = format!("files/batch-{}", name.strip_prefix("batches/").unwrap());
    sim.get(&format!("/v1beta/{output}:download?alt=media")).await.refused(403);
    sim.advance(60);

    let whole = sim.get(&format!("/v1beta/{output}:download?alt=media")).await;
    assert_eq!(whole.header("content-length"), whole.body.len().to_string());
    assert_eq!(whole.body.last(), Some(&b'\n'));
    let docs_form = sim.get(&format!("/download/v1beta/{output}:download?alt=media")).await;
    assert!(docs_form.body == whole.body);

    let range = sim.request(Method::GET, &format!("/v1/{output}:download?alt=media")).header("range", "bytes=100000-");
    let rest = Answer::read(range.send().await.unwrap()).await;
    assert_eq!(rest.status, 206);
    let length = whole.body.len();
    assert_eq!(rest.header("content-range"), format!("bytes 100000-{}/{length}", length - 1));
    assert!(rest.body == whole.body[100_000..]);

    for method in [Method::GET, Method::DELETE] {
        let answer = Answer::read(sim.request(method, &format!("/v1beta/{output}")).send().await.unwrap()).await;
        assert_eq!(answer.json(), example_json("error_400_file_id_40.json"));
    }
    sim.advance(48 * 3_600);
    sim.get(&format!("/v1beta/{output}:download?alt=media")).await.refused(403);
}

#[tokio::test]
async fn downloads_can_be_without_length_and_without_ranges() {
    let sim = Sim::with("[service]\nrange = false\ncontent_length = false\nfinal_newline = false").await;
    let name = sim.finished(PRO, &five_lines()).await;
    let output = format!("/v1beta/files/batch-{}", name.strip_prefix("batches/").unwrap());
    let request = sim.request(Method::GET, &format!("{output}:download?alt=media")).header("range", "bytes=9-");
    let whole = Answer::read(request.send().await.unwrap()).await;
    assert_eq!((whole.status, whole.header("content-length")), (200, ""));
    assert_eq!(whole.header("transfer-encoding"), "chunked");
    assert_eq!(whole.body.last(), Some(&b'}'));
    assert_eq!(whole.text().lines().count(), 5);
}
