//! Every recorded answer is read without loss.

use gemtts_tui::job::{Dest, Job, JobKind, Source};
use serde_json::{Value, json};

use super::server::Server;
use super::{example, file_name, job_name, service};

async fn got(name: &'static str) -> (Job, Value) {
    let server = Server::start(move |exchange| exchange.json(200, example(name)));
    let fetched = service(&server).reader.get_job(&job_name("x")).await.unwrap();
    (fetched.value, fetched.raw)
}

#[tokio::test]
async fn every_job_says_what_its_example_says() {
    let file = |name: &str| json!({ "fileName": name });
    let input = file("files/85nave4ld71j");
    let inline = json!({ "inline": true });
    let stats = |requests: u64, succeeded: u64, failed: u64, pending: u64| json!({"requestCount": requests, "successfulRequestCount": succeeded, "failedRequestCount": failed, "pendingRequestCount": pending});
    let ours = file("files/batch-7h9w4gzuqot3bb3fpd1e2nqcp980iwnmjs7n");
    let theirs = file("files/batch-o6k1fq34vm2ou69wy5w72wqw56qjigbln6yy");
    let none = Value::Null;
    let table = [
        ("create_response_pending.json", "PENDING", stats(5, 0, 0, 5), &input, &none, None),
        ("create_embed_response.json", "PENDING", stats(2, 0, 0, 2), &input, &none, None),
        ("get_running.json", "RUNNING", stats(4, 1, 0, 3), &input, &none, None),
        ("get_running_inline.json", "RUNNING", stats(2, 0, 0, 2), &inline, &none, None),
        ("get_succeeded_file.json", "SUCCEEDED", stats(4, 4, 0, 0), &file("files/9ipl31k7go00"), &theirs, None),
        ("get_succeeded_all_failed.json", "SUCCEEDED", stats(4, 0, 4, 0), &input, &theirs, None),
        (
            "get_succeeded_not_yet_populated.json",
            "SUCCEEDED",
            stats(4, 4, 0, 0),
            &file("files/9ipl31k7go00"),
            &none,
            None,
        ),
        ("get_failed.json", "FAILED", stats(5, 0, 5, 0), &input, &none, Some(13)),
        ("get_cancelled.json", "CANCELLED", stats(5, 0, 0, 5), &input, &none, Some(1)),
        ("get_cancelled_partial.json", "CANCELLED", stats(5, 2, 3, 0), &input, &ours, Some(1)),
        ("get_expired.json", "EXPIRED", stats(5, 0, 0, 5), &input, &none, Some(4)),
        ("get_job_state_prefix.json", "SUCCEEDED", stats(5, 5, 0, 0), &input, &ours, None),
        ("get_unknown_state.json", "SOMETHING_NEW", stats(5, 0, 0, 0), &input, &none, None),
        ("update_response.json", "PENDING", stats(5, 0, 0, 5), &input, &none, None),
    ];
    for (name, word, stats, source, dest, code) in table {
        let (job, raw) = got(name).await;
        let original: Value = serde_json::from_str(&example(name)).unwrap();
        assert_eq!(raw, original, "{name}");
        let seen = job.to_json();
        assert_eq!(job.state.word(), word, "{name}");
        assert_eq!((&seen["batchStats"], &seen["source"], &seen["dest"]), (&stats, source, dest), "{name}");
        assert_eq!(seen["error"]["code"].as_i64(), code, "{name}");
        assert_eq!(job.kind == JobKind::EmbedContent, name.contains("embed"), "{name}");
        let metadata = original.get("metadata").unwrap_or(&original);
        for field in ["displayName", "model", "createTime", "updateTime", "endTime"] {
            assert_eq!(seen[field], *metadata.get(field).unwrap_or(&Value::Null), "{name} {field}");
        }
        assert_eq!(seen["name"], original["name"], "{name}");
    }
}

#[tokio::test]
async fn an_inline_job_is_read_without_its_results() {
    let (job, raw) = got("get_succeeded_inline_mixed.json").await;
    assert_eq!((job.source, job.dest), (Some(Source::Inline), Some(Dest::Inline)));
    assert_eq!(job.counts.unwrap().failed, job.counts.unwrap().requests - job.counts.unwrap().succeeded);
    let left_out = json!(["4 results left out"]);
    let original: Value = serde_json::from_str(&example("get_succeeded_inline_mixed.json")).unwrap();
    let n = original["response"]["inlinedResponses"]["inlinedResponses"].as_array().unwrap().len();
    assert_eq!(
        raw["metadata"]["output"]["inlinedResponses"]["inlinedResponses"],
        raw["response"]["inlinedResponses"]["inlinedResponses"]
    );
    let seen = &raw["response"]["inlinedResponses"]["inlinedResponses"];
    assert_eq!(seen[0].as_str().unwrap(), left_out[0].as_str().unwrap().replace('4', &n.to_string()));
    assert!(raw.to_string().len() < 2_000);
}

#[tokio::test]
async fn lists_are_read() {
    let lists = ["list_page1.json", "list_last_page.json", "list_empty.json"];
    let server = Server::start(move |exchange| exchange.json(200, example(lists[exchange.number])));
    let reader = service(&server).reader;
    let first = reader.list_jobs(None).await.unwrap();
    let ids: Vec<&str> = first.items.iter().map(|job| job.name.id()).collect();
    assert_eq!(ids, ["7h9w4gzuqot3bb3fpd1e2nqcp980iwnmjs7n", "8a1ncmjuti43dj83t8cykt3c2sfd0qscn2mf"]);
    assert_eq!(first.items[1].display_name.as_deref(), Some("Large Batch Example"));
    let last = reader.list_jobs(first.next.as_ref()).await.unwrap();
    assert_eq!((last.items.len(), last.next), (1, None));
    let empty = reader.list_jobs(None).await.unwrap();
    assert_eq!((empty.items.len(), empty.next), (0, None));
    let targets: Vec<String> = server.seen().into_iter().map(|request| request.target).collect();
    assert_eq!(
        targets,
        [
            "/v1beta/batches?pageSize=100",
            "/v1beta/batches?pageSize=100&pageToken=Cg5leGFtcGxlLXBhZ2UtMg%3D%3D",
            "/v1beta/batches?pageSize=100"
        ]
    );
}

#[tokio::test]
async fn files_are_read_bare_and_wrapped() {
    let server = Server::start(|exchange| {
        let is_list = exchange.request.path() == "/v1beta/files";
        exchange.json(200, example(if is_list { "files_list.json" } else { "file_response.json" }));
    });
    let reader = service(&server).reader;
    let page = reader.list_files(None).await.unwrap();
    assert_eq!(page.items.len(), 2);
    assert_eq!(page.items[1].name, file_name("batch-o6k1fq34vm2ou69wy5w72wqw56qjigbln6yy"));
    assert_eq!((page.items[1].source.as_deref(), page.items[1].size_bytes), (Some("GENERATED"), Some(48_211)));
    let file = reader.get_file(&file_name("lyznmka9w110")).await.unwrap();
    assert_eq!(file.sha256.as_deref(), Some("2a97516c354b68848cdbd8f54a226a0a55b21ed138e207ad6c5cbb9c00aa5aea"));
    assert_eq!((file.size_bytes, file.state.as_deref()), (Some(14_560), Some("ACTIVE")));
    assert_eq!(file.expiration_time.unwrap().to_string(), "2026-06-19T14:12:59.403313302Z");
    assert_eq!(
        (file.display_name.as_deref(), file.mime_type.as_deref()),
        (Some("apples.pdf"), Some("application/pdf"))
    );
}

#[tokio::test]
async fn models_are_read_with_what_they_can() {
    let server = Server::start(|exchange| exchange.json(200, example("models_list_tts.json")));
    let page = service(&server).reader.list_models(None).await.unwrap();
    let batch: Vec<(&str, bool)> = page
        .items
        .iter()
        .map(|model| (model.name.as_str(), model.methods.iter().any(|method| method == "batchGenerateContent")))
        .collect();
    assert!(batch.contains(&("models/gemini-2.5-flash-preview-tts", false)));
    assert!(batch.contains(&("models/gemini-3.1-flash-tts-preview", true)));
    assert_eq!((page.items[0].input_token_limit, page.items[0].output_token_limit), (Some(8_192), Some(16_384)));
}
