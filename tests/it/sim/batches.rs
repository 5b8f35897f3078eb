//! Batches: their lives, lists, cancels and results.

use super::*;

async fn state(sim: &Sim, name: &str) -> String {
    let operation = sim.get(&format!("/v1beta/{name}")).await.ok();
    operation["metadata"]["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_job_is_pending_then_running_then_over() {
    let sim = Sim::with("[timing]\npending = \"5s\"\nper_request = \"4s\"\nresults_lag = \"2s\"").await;
    let file = sim.upload(&five_lines()).await;
    let name = sim.create(PRO, &file).await["name"].as_str().unwrap().to_owned();
    assert_eq!(state(&sim, &name).await, "BATCH_STATE_PENDING");
    sim.advance(9);
    let running = sim.get(&format!("/v1beta/{name}")).await.ok();
    assert_eq!(running["metadata"]["state"], "BATCH_STATE_RUNNING");
    assert_eq!(
        running["metadata"]["batchStats"],
        json!({ "requestCount": "5", "successfulRequestCount": "1", "pendingRequestCount": "4" })
    );
    assert_eq!(running.get("done"), None);
    sim.advance(16);
    let over = sim.get(&format!("/v1beta/{name}")).await.ok();
    assert_eq!((&over["done"], &over["metadata"]["state"]), (&json!(true), &json!("BATCH_STATE_SUCCEEDED")));
    assert_eq!(over.get("response"), None, "success comes before the results");
    sim.advance(2);
    assert_eq!(sim.results(&name).await.len(), 5);
}

#[tokio::test]
async fn a_malformed_line_fails_the_job_and_a_bad_request_only_its_line() {
    let sim = Sim::held().await;
    let name = sim.finished(PRO, &format!("{}oops\n", line("a", "Hello."))).await;
    let failed = sim.get(&format!("/v1beta/{name}")).await.ok();
    assert_eq!(failed["metadata"]["state"], "BATCH_STATE_FAILED");
    assert_eq!(failed["error"]["code"], 3);
    assert!(failed["error"]["message"].as_str().unwrap().contains("line 2"));

    let mut instructed = speech("Hello.");
    instructed["systemInstruction"] = json!({ "parts": [{ "text": "Be kind." }] });
    let bad = json!({ "key": "b", "request": instructed, "chapter": 7, "tags": ["x"] });
    let name = sim.finished(PRO, &format!("{}{bad}\n", line("a", "Hello."))).await;
    let operation = sim.get(&format!("/v1beta/{name}")).await.ok();
    let counts = json!({ "requestCount": "2", "successfulRequestCount": "1", "failedRequestCount": "1" });
    assert_eq!(operation["metadata"]["batchStats"], counts);
    let results = sim.results(&name).await;
    let message = "Developer instruction is not enabled for this model";
    assert_eq!(results[1]["error"], json!({ "code": 3, "message": message }));
    assert_eq!((&results[1]["key"], &results[1]["chapter"], &results[1]["tags"]), (&json!("b"), &json!(7), &json!([])));
}

#[tokio::test]
async fn a_cancel_is_heeded_later_and_only_once() {
    let sim =
        Sim::with("[timing]\npending = \"1s\"\nper_request = \"10s\"\nlongest_run = \"50s\"\ncancel = \"4s\"").await;
    let file = sim.upload(&five_lines()).await;
    let name = sim.create(PRO, &file).await["name"].as_str().unwrap().to_owned();
    sim.advance(22);
    assert_eq!(
        sim.post(&format!("/v1beta/{name}:cancel"), &json!({})).await.ok(),
        example_json("cancel_response.json")
    );
    assert_eq!(state(&sim, &name).await, "BATCH_STATE_RUNNING");
    sim.advance(4);
    let over = sim.get(&format!("/v1beta/{name}")).await.ok();
    assert_eq!(over["metadata"]["state"], "BATCH_STATE_CANCELLED");
    let counts = json!({ "requestCount": "5", "successfulRequestCount": "2", "pendingRequestCount": "3" });
    assert_eq!(over["metadata"]["batchStats"], counts);
    assert_eq!(over["metadata"].get("output"), None);
    let again = sim.post(&format!("/v1beta/{name}:cancel"), &json!({})).await;
    again.refused(400);
    assert_eq!(again.json()["error"]["status"], "FAILED_PRECONDITION");
}

#[tokio::test]
async fn a_deleted_job_leaves_the_list_at_once() {
    let sim = Sim::held().await;
    let name = sim.finished(PRO, &five_lines()).await;
    assert_eq!(sim.delete(&format!("/v1beta/{name}")).await.ok(), json!({}));
    assert_eq!(sim.get("/v1beta/batches?pageSize=9").await.ok(), example_json("list_empty.json"));
    for answer in [sim.get(&format!("/v1beta/{name}")).await, sim.delete(&format!("/v1beta/{name}")).await] {
        answer.refused(400);
        assert_eq!(answer.json(), example_json("error_400_batch_name.json"));
    }
}

#[tokio::test]
async fn five_thousand_jobs_are_walked_newest_first() {
    let sim = Sim::with("many_jobs = 5000").await;
    let mut names = BTreeSet::new();
    let mut states = BTreeSet::new();
    let mut last = String::from("3");
    let mut token = String::new();
    let mut n_pages = 0;
    loop {
        let page = sim.get(&format!("/v1beta/batches?pageSize=500&pageToken={token}")).await.ok();
        n_pages += 1;
        for operation in page["operations"].as_array().unwrap() {
            let created = operation["metadata"]["createTime"].as_str().unwrap().to_owned();
            assert!(created <= last, "{created} after {last}");
            last = created;
            assert!(names.insert(operation["name"].as_str().unwrap().to_owned()));
            states.insert(operation["metadata"]["state"].as_str().unwrap().to_owned());
        }
        match page.get("nextPageToken") {
            Some(next) => token = next.as_str().unwrap().replace('=', "%3D").replace('+', "%2B"),
            None => break,
        }
    }
    assert_eq!((names.len(), n_pages), (5_000, 50), "a page has a hundred jobs at the most");
    assert_eq!(states.len(), 6, "{states:?}");
}

#[tokio::test]
async fn a_page_token_stays_right_while_jobs_come_and_go() {
    let sim = Sim::with("[[job]]\nname = \"old-#\"\ncopies = 6\nage = \"1h\"").await;
    let first = sim.get("/v1beta/batches?pageSize=3").await.ok();
    let token = first["nextPageToken"].as_str().unwrap().replace('=', "%3D").replace('+', "%2B");
    sim.delete(&format!("/v1beta/{}", first["operations"][2]["name"].as_str().unwrap())).await.ok();
    let file = sim.upload(&five_lines()).await;
    sim.create(PRO, &file).await;
    let second = sim.get(&format!("/v1beta/batches?pageSize=3&pageToken={token}")).await.ok();
    let titles: Vec<_> =
        second["operations"].as_array().unwrap().iter().map(|job| job["metadata"]["displayName"].clone()).collect();
    assert_eq!(titles, [json!("old-4"), json!("old-5"), json!("old-6")]);
    assert_eq!(second.get("nextPageToken"), None);
}

#[tokio::test]
async fn a_list_without_a_page_size_is_empty_unless_the_scenario_says_otherwise() {
    let job = "[[job]]\nname = \"one\"\nage = \"1h\"";
    assert_eq!(Sim::with(job).await.get("/v1beta/batches").await.ok(), json!({}));
    let sim = Sim::with(&format!("{job}\n[service]\nlist_without_page_size = \"fifty\"")).await;
    assert_eq!(sim.get("/v1beta/batches").await.ok()["operations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_new_job_may_be_missing_from_the_list_for_a_while() {
    let sim = Sim::with("[timing]\nlist_lag = \"90s\"").await;
    let file = sim.upload(&five_lines()).await;
    let name = sim.create(PRO, &file).await["name"].as_str().unwrap().to_owned();
    assert_eq!(sim.get("/v1beta/batches?pageSize=5").await.ok(), json!({}));
    assert_eq!(sim.get(&format!("/v1beta/{name}")).await.status, 200);
    sim.advance(90);
    assert_eq!(sim.get("/v1beta/batches?pageSize=5").await.ok()["operations"][0]["name"], name);
}

#[tokio::test]
async fn inline_results_come_twice_in_a_get_and_never_in_a_list() {
    let sim = Sim::held().await;
    let request = example_json("create_inline_tts_request.json");
    let created = sim.post(&format!("/v1beta/models/{PRO}:batchGenerateContent"), &request).await.ok();
    assert_eq!(created["metadata"].get("inputConfig"), None);
    sim.advance(60);
    let name = created["name"].as_str().unwrap();
    let operation = sim.get(&format!("/v1beta/{name}")).await.ok();
    let items = operation["response"]["inlinedResponses"]["inlinedResponses"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[1]["metadata"]["key"], "ch01-0002");
    assert_eq!(operation["metadata"]["output"]["inlinedResponses"]["inlinedResponses"], json!(items));
    let listed = &sim.get("/v1beta/batches?pageSize=5").await.ok()["operations"][0];
    assert_eq!((listed.get("response"), listed["metadata"].get("output")), (None, None));
}

#[tokio::test]
async fn a_cancelled_job_may_keep_what_was_done() {
    let sim = Sim::with(
        "[timing]\npending = \"1s\"\nper_request = \"10s\"\nlongest_run = \"50s\"\ncancel = \"4s\"\n\
         [service]\ncancelled_keeps_output = true",
    )
    .await;
    let file = sim.upload(&five_lines()).await;
    let name = sim.create(PRO, &file).await["name"].as_str().unwrap().to_owned();
    sim.advance(22);
    sim.post(&format!("/v1beta/{name}:cancel"), &json!({})).await.ok();
    sim.advance(4);
    let operation = sim.get(&format!("/v1beta/{name}")).await.ok();
    same_shape("get_cancelled_partial", &operation, &example_json("get_cancelled_partial.json"));
    let file = operation["metadata"]["output"]["responsesFile"].as_str().unwrap();
    let text = sim.get(&format!("/v1beta/{file}:download?alt=media")).await.text();
    let codes: Vec<i64> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["error"]["code"].as_i64().unwrap_or(0))
        .collect();
    assert_eq!(codes, [0, 0, 1, 1, 1]);
}

#[tokio::test]
async fn speech_comes_in_the_form_of_its_model() {
    let sim = Sim::held().await;
    let mut asked = speech("A short line, read aloud.");
    asked["generationConfig"]["responseFormat"] = json!({ "audio": { "mimeType": "AUDIO_L16", "sampleRate": 16000 } });
    let asked = json!({ "key": "asked", "request": asked }).to_string();
    let usual = line("usual", "A short line, read aloud.");
    let table = [
        ("gemini-2.5-pro-preview-tts", usual.clone(), "audio/L16;codec=pcm;rate=24000", 48_000, 0),
        ("gemini-3.1-flash-tts-preview", usual.clone(), "audio/l16; rate=24000; channels=1", 48_000, 0),
        ("gemini-3.8-flash-tts", usual, "audio/wav", 48_000, 44),
        ("gemini-3.8-flash-lite-tts", asked, "audio/L16;codec=pcm;rate=16000", 32_000, 0),
    ];
    for (model, lines, mime, bytes_per_second, header) in table {
        let name = sim.finished(model, &lines).await;
        let result = &sim.results(&name).await[0]["response"];
        let audio = &result["candidates"][0]["content"]["parts"][0]["inlineData"];
        assert_eq!(audio["mimeType"], mime, "{model}");
        let tokens = result["usageMetadata"]["candidatesTokenCount"].as_u64().unwrap() as usize;
        let length = audio["data"].as_str().unwrap().len() / 4 * 3;
        assert!(length.abs_diff(tokens * bytes_per_second / 25 + header) <= 2, "{model}: {length}, {tokens} tokens");
        assert_eq!(&audio["data"].as_str().unwrap()[..5] == "UklGR", header == 44, "{model}");
    }
}

#[tokio::test]
async fn the_demo_moves_while_somebody_watches() {
    let sim = Sim::start(Scenario::demo().with_manual_clock()).await;
    let states = async |seconds: u64| {
        sim.advance(seconds);
        let list = sim.get("/v1beta/batches?pageSize=100").await.ok();
        let jobs = list["operations"].as_array().unwrap().clone();
        move |title: &str| {
            let job = jobs.iter().find(|job| job["metadata"]["displayName"] == title).unwrap();
            job["metadata"]["state"].as_str().unwrap().strip_prefix("BATCH_STATE_").unwrap().to_owned()
        }
    };
    let at_start = states(0).await;
    assert_eq!(at_start("prompts-museum-en"), "PENDING");
    assert_eq!(at_start("nightly-prompts-fr"), "PENDING");
    assert_eq!(at_start("voice-test"), "FAILED");
    assert_eq!(at_start("everything-es-wrong-voice"), "CANCELLED");
    assert_eq!(at_start("lexicon-it-complete"), "EXPIRED");
    assert_eq!(states(12).await("prompts-museum-en"), "RUNNING");
    let later = states(40).await;
    assert_eq!((later("prompts-museum-en"), later("audiobook-ch07")), ("SUCCEEDED".into(), "SUCCEEDED".into()));
    assert_eq!(later("audiobook-ch08"), "RUNNING");

    let file = sim.upload(&five_lines()).await;
    let name = sim.create(NEW, &file).await["name"].as_str().unwrap().to_owned();
    for (seconds, expected) in [(4, "PENDING"), (3, "RUNNING"), (14, "SUCCEEDED")] {
        sim.advance(seconds);
        assert_eq!(state(&sim, &name).await, format!("BATCH_STATE_{expected}"));
    }
}
