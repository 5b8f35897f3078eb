//! Every recorded example against what the service answers in the same situation: the same places, the same kinds.

use super::*;
use gemtts_tui::sim::{ResultKind, Rule};

fn rules(kinds: &[(u64, ResultKind)]) -> Vec<Rule> {
    kinds.iter().map(|(line, kind)| Rule { kind: *kind, keys: None, lines: Some(vec![*line]), share: None }).collect()
}

#[tokio::test]
async fn operations_look_as_recorded() {
    let sim =
        Sim::with("[timing]\npending = \"1s\"\nper_request = \"10s\"\nlongest_run = \"50s\"\nresults_lag = \"5s\"")
            .await;
    let file = sim.upload(&five_lines()).await;
    let created = sim.create(PRO, &file).await;
    same_shape("create", &created, &example_json("create_response_pending.json"));
    let path = format!("/v1beta/{}", created["name"].as_str().unwrap());
    sim.advance(12);
    same_shape("running", &sim.get(&path).await.ok(), &example_json("get_running.json"));
    sim.advance(40);
    same_shape("no results", &sim.get(&path).await.ok(), &example_json("get_succeeded_not_yet_populated.json"));
    sim.advance(5);
    let succeeded = sim.get(&path).await.ok();
    same_shape("succeeded", &succeeded, &example_json("get_succeeded_file.json"));
    let id = created["name"].as_str().unwrap().strip_prefix("batches/").unwrap();
    assert_eq!(id.len(), 36);
    assert_eq!(succeeded["response"]["responsesFile"], format!("files/batch-{id}"));
    let time = succeeded["metadata"]["createTime"].as_str().unwrap();
    assert_eq!(time.len(), "2026-07-02T14:40:59.019821594Z".len());
    same_shape("list", &sim.get("/v1beta/batches?pageSize=1").await.ok(), &example_json("list_last_page.json"));
    let update = json!({ "displayName": "book-ch01 (retake)" });
    let request = sim.request(Method::PATCH, &format!("{path}:updateGenerateContentBatch?updateMask=displayName"));
    let updated = Answer::read(request.body(update.to_string()).send().await.unwrap()).await.ok();
    assert_eq!(updated["displayName"], "book-ch01 (retake)");
    assert_eq!(updated.get("@type"), None, "a bare batch, not an operation");
}

#[tokio::test]
async fn unhappy_operations_look_as_recorded() {
    let sim = Sim::with(
        "[[job]]\nname = \"failed\"\nstate = \"failed\"\nage = \"9h\"\ntexts = [\"a\", \"b\"]\n\
         [[job]]\nname = \"cancelled\"\nstate = \"cancelled\"\nage = \"8h\"\n\
         [[job]]\nname = \"expired\"\nstate = \"expired\"\nage = \"50h\"\n\
         [[job]]\nname = \"all-failed\"\nage = \"7h\"\nresult = [{ kind = \"error\" }]\n\
         [[job]]\nname = \"embeddings\"\nage = \"1h\"\nkind = \"embeddings\"\nstate = \"pending\"\ntexts = [\"a\"]",
    )
    .await;
    let list = sim.get("/v1beta/batches?pageSize=100").await.ok();
    let table = [
        ("failed", "get_failed.json"),
        ("cancelled", "get_cancelled.json"),
        ("expired", "get_expired.json"),
        ("all-failed", "get_succeeded_all_failed.json"),
        ("embeddings", "create_embed_response.json"),
    ];
    for (title, name) in table {
        let job = list["operations"].as_array().unwrap().iter().find(|job| job["metadata"]["displayName"] == title);
        let (job, recorded) = (job.unwrap(), example_json(name));
        same_shape(title, job, &recorded);
        for path in ["/metadata/@type", "/metadata/state", "/error/code", "/error/message", "/done"] {
            assert_eq!(job.pointer(path), recorded.pointer(path), "{title} {path}");
        }
    }
    let first = sim.get("/v1beta/batches?pageSize=1").await.ok();
    assert!(first["nextPageToken"].is_string());
}

#[tokio::test]
async fn inline_results_look_as_recorded() {
    let mut scenario = Scenario::test().with_manual_clock();
    scenario.result = rules(&[(2, ResultKind::Error), (3, ResultKind::Deadline)]);
    let sim = Sim::start(scenario).await;
    let item = |key: Option<&str>| match key {
        Some(key) => json!({ "request": speech("Hello there."), "metadata": { "key": key } }),
        None => json!({ "request": speech("Hello there.") }),
    };
    let requests = [item(Some("ch01-0001")), item(Some("ch01-0002")), item(None)];
    let body =
        json!({ "batch": { "displayName": "ch01-inline", "inputConfig": { "requests": { "requests": requests } } } });
    let created = sim.post(&format!("/v1beta/models/{PRO}:batchGenerateContent"), &body).await.ok();
    let path = format!("/v1beta/{}", created["name"].as_str().unwrap());
    same_shape("running inline", &created, &example_json("get_running_inline.json"));
    sim.advance(60);
    let operation = sim.get(&path).await.ok();
    let recorded = example_json("get_succeeded_inline_mixed.json");
    same_shape("inline", &operation, &recorded);
    let pointer = "/metadata/output/inlinedResponses/inlinedResponses";
    let errors = |operation: &Value| operation.pointer(pointer).unwrap().as_array().unwrap()[1..].to_vec();
    assert_eq!(errors(&operation), errors(&recorded));
}

#[tokio::test]
async fn result_lines_look_as_recorded() {
    let kinds = [
        (1, 1, ResultKind::Good, "gemini-2.5-pro-preview-tts"),
        (2, 2, ResultKind::Good, "gemini-3.1-flash-tts-preview"),
        (3, 3, ResultKind::Good, "gemini-3.8-flash-tts"),
        (4, 4, ResultKind::Error, PRO),
        (5, 5, ResultKind::Deadline, PRO),
        (6, 6, ResultKind::Exhausted, PRO),
        (7, 7, ResultKind::Blocked, PRO),
        (8, 8, ResultKind::Other, PRO),
        (10, 10, ResultKind::MaxTokens, PRO),
        (11, 11, ResultKind::Text, PRO),
        (13, 13, ResultKind::EmptyWav, "gemini-3.8-flash-tts"),
        (15, 15, ResultKind::NoKey, PRO),
        (16, 16, ResultKind::Neither, PRO),
    ];
    let recorded: Vec<Value> =
        example("output_mixed.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut scenario = Scenario::test().with_manual_clock();
    scenario.result = rules(&kinds.map(|(line, _, kind, _)| (line, kind)));
    let sim = Sim::start(scenario).await;
    let lines: String = (1..=16).map(|n| line(&format!("ch01-{n:04}"), "Hello there.")).collect();
    for (number, example, kind, model) in kinds {
        let name = sim.finished(model, &lines).await;
        let ours = &sim.results(&name).await[number as usize - 1];
        let theirs = &recorded[example - 1];
        if kind == ResultKind::Text {
            // The example is made up and has less usage than any answer of the service that was ever seen.
            assert_eq!(ours["response"]["candidates"], theirs["response"]["candidates"]);
            continue;
        }
        same_shape(&format!("{kind:?}"), ours, theirs);
        for path in [
            "/error",
            "/status",
            "/response/promptFeedback",
            "/response/candidates/0/finishReason",
            "/response/candidates/0/content/parts/0/inlineData/mimeType",
            "/response/modelVersion",
        ] {
            assert_eq!(ours.pointer(path), theirs.pointer(path), "{kind:?} {path}");
        }
    }
}

#[tokio::test]
async fn the_order_of_members_changes_from_line_to_line() {
    let sim = Sim::held().await;
    let lines: String = (1..=60).map(|n| line(&format!("k{n}"), "Hi.")).collect();
    let name = sim.finished(PRO, &lines).await;
    let file = format!("/v1beta/files/batch-{}:download?alt=media", name.strip_prefix("batches/").unwrap());
    let text = sim.get(&file).await.text();
    let n_key_first = text.lines().filter(|line| line.starts_with("{\"key\"")).count();
    assert!((1..30).contains(&n_key_first), "mostly the response comes first: {n_key_first} of 60");
    let n_usage_first = text.lines().filter(|line| line.contains("{\"responseId\"")).count();
    assert!((5..55).contains(&n_usage_first), "{n_usage_first} of 60");
}

#[tokio::test]
async fn embeddings_look_as_recorded() {
    let sim = Sim::held().await;
    let line =
        |key: &str| json!({ "key": key, "request": { "content": { "parts": [{ "text": "sea" }] } } }).to_string();
    let file = sim.upload(&format!("{}\n{}\n", line("request_1"), line("request_2"))).await;
    let body = json!({ "batch": { "displayName": "emb", "inputConfig": { "fileName": file } } });
    let created = sim.post("/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent", &body).await.ok();
    same_shape("create", &created, &example_json("create_embed_response.json"));
    sim.advance(60);
    let results = sim.results(created["name"].as_str().unwrap()).await;
    let recorded: Vec<Value> =
        example("output_embed.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (ours, theirs) in results.iter().zip(&recorded) {
        same_shape("embedding", ours, theirs);
        assert_eq!(
            (&ours["key"], &ours["response"]["tokenCount"]),
            (&theirs["key"], &theirs["response"]["tokenCount"])
        );
    }
    assert_eq!(results.len(), recorded.len());
}

#[tokio::test]
async fn files_and_models_look_as_recorded() {
    let sim = Sim::held().await;
    let url = sim.open_upload(&json!({ "display_name": "apples.pdf" }), 4).await;
    let file = sim.chunk(&url, "upload, finalize", 0, b"abcd".to_vec()).await.ok();
    same_shape("file", &file, &example_json("file_response.json"));
    let created = file["file"]["createTime"].as_str().unwrap();
    assert_eq!(created.len(), "2026-06-17T14:13:00.159379Z".len());
    sim.finished(PRO, &five_lines()).await;
    let list = sim.get("/v1beta/files?pageSize=2").await.ok();
    same_shape("files", &list, &example_json("files_list.json"));
    let models = sim.get("/v1beta/models?pageSize=4").await.ok();
    let recorded = example_json("models_list_tts.json");
    same_shape("models", &models, &recorded);
    for theirs in recorded["models"].as_array().unwrap() {
        let ours = sim.get(&format!("/v1beta/{}", theirs["name"].as_str().unwrap())).await.ok();
        assert_eq!(&ours, theirs);
    }
    let all = sim.get("/v1beta/models?pageSize=1000").await.ok();
    assert_eq!(all.get("nextPageToken"), None);
}

#[tokio::test]
async fn single_calls_look_as_recorded() {
    let sim = Sim::held().await;
    let counted =
        sim.post("/v1beta/models/gemini-3.5-flash:countTokens", &example_json("count_tokens_request.json")).await;
    same_shape("countTokens", &counted.ok(), &example_json("count_tokens_response.json"));
    let table = [
        ("gemini-2.5-flash-preview-tts", "tts_response_2_5.json"),
        ("gemini-3.1-flash-tts-preview", "tts_response_3_1.json"),
        ("gemini-3.8-flash-tts", "tts_response_3_8.json"),
    ];
    for (model, name) in table {
        let request = example_json("tts_request.json");
        let ours = sim.post(&format!("/v1beta/models/{model}:generateContent"), &request).await.ok();
        let theirs = example_json(name);
        let mime = "/candidates/0/content/parts/0/inlineData/mimeType";
        assert_eq!(ours.pointer(mime), theirs.pointer(mime));
        // `responseId` is not in every answer of the service that stands before its candidates.
        same_shape(name, &ours, &theirs);
    }
}

#[tokio::test]
async fn refusals_are_word_for_word_those_of_the_service() {
    let sim = Sim::held().await;
    let flash = "gemini-2.5-flash-preview-tts";
    let generate = format!("/v1beta/models/{flash}:generateContent");
    let mut written = speech("Hello.");
    written["generationConfig"]["responseModalities"] = json!(["TEXT"]);
    let refused = sim.post(&generate, &written).await;
    assert_eq!((refused.status, refused.json()), (400, example_json("error_400_tts_modalities.json")));
    let mut instructed = speech("Hello.");
    instructed["system_instruction"] = json!({ "parts": [{ "text": "Be kind." }] });
    let refused = sim.post(&generate, &instructed).await;
    assert_eq!((refused.status, refused.json()), (400, example_json("error_400_tts_system_instruction.json")));

    let refused = sim.get("/v1beta/files/85nave4ld71j").await;
    assert_eq!((refused.status, refused.json()), (403, example_json("error_403_file.json")));
    let create = example_json("create_file_request.json");
    let refused = sim.post(&format!("/v1beta/models/{PRO}:batchGenerateContent"), &create).await;
    assert_eq!((refused.status, refused.json()), (404, example_json("error_404_input_file.json")));
    let refused = sim.post(&format!("/v1beta/models/{flash}:batchGenerateContent"), &create).await;
    let theirs = example("error_404_tts_batch.json").replace(PRO, flash);
    assert_eq!((refused.status, refused.json()), (404, serde_json::from_str(&theirs).unwrap()));
    let mut strange = create.clone();
    strange["batch"]["colour"] = json!("red");
    let message = sim.post(&format!("/v1beta/models/{PRO}:batchGenerateContent"), &strange).await.refused(400);
    assert!(message.contains("Unknown name \"colour\" at 'batch'"), "{message}");
}
