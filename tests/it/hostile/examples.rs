//! Every line of the example results: its row, its verdict, and its file or its reason.

use std::path::PathBuf;

use serde_json::Value;

use super::case::sha256;
use super::check::{by_line, hashes};
use super::server::{JOB, Results, Server};
use crate::cli::program::{World, finish, samples};

fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/wire").join(name)
}

/// Key, verdict, file, seconds of it in hundredths, and a part of the reason. A dash is `null`.
type Row = (&'static str, &'static str, &'static str, u32, &'static str);

fn table() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (
            "output_mixed.jsonl",
            vec![
                ("ch01-0003", "ok", "ch01-0003.wav", 8, "-"),
                ("ch01-0001", "ok", "ch01-0001.wav", 4, "-"),
                ("ch01-0004", "ok", "ch01-0004.wav", 4, "-"),
                ("ch01-0002", "error", "-", 0, "An internal error has occurred."),
                ("ch01-0005", "error", "-", 0, "Deadline expired before operation could complete. (code 4)"),
                ("ch01-0006", "error", "-", 0, "Resource has been exhausted (e.g. check quota). (code 8)"),
                ("ch01-0007", "refused", "-", 0, "blocked: PROHIBITED_CONTENT"),
                ("ch01-0008", "empty", "-", 0, "no audio: OTHER"),
                ("ch01-0009", "empty", "-", 0, "no audio: OTHER"),
                ("ch01-0010", "truncated", "ch01-0010.wav", 12, "-"),
                ("ch01-0011", "empty", "-", 0, "text instead of audio: I'm sorry, I can only speak text."),
                ("ch01-0012", "ok", "ch01-0012.wav", 4, "-"),
                ("ch01-0013", "empty", "-", 0, "the audio is empty"),
                ("ch01-0001", "duplicate", "-", 0, "an earlier row with this key was saved"),
                ("-", "ok", "unmatched", 4, "-"),
                ("ch01-0014", "error", "-", 0, "neither an answer nor an error"),
            ],
        ),
        (
            "output_real_shape.jsonl",
            vec![
                ("request_1", "empty", "-", 0, "text instead of audio: AI learns patterns"),
                ("request_2", "empty", "-", 0, "text instead of audio: Quantum computers"),
            ],
        ),
        (
            "output_embed.jsonl",
            vec![
                ("request_1", "empty", "-", 0, "an embedding, not audio"),
                ("request_2", "empty", "-", 0, "an embedding, not audio"),
            ],
        ),
        (
            "get_succeeded_inline_mixed.json",
            vec![
                ("ch01-0001", "ok", "ch01-0001.wav", 4, "-"),
                ("ch01-0002", "error", "-", 0, "-"),
                ("-", "error", "-", 0, "Deadline expired before operation could complete. (code 4)"),
            ],
        ),
    ]
}

fn looks_like(name: &str, world: &World, rows: &[Row]) {
    let out = world.path("out");
    let records = by_line(&out);
    assert_eq!(records.len(), rows.len(), "{name}");
    let mut files = 0;
    for (line, (key, verdict, file, hundredths, reason)) in (1..).zip(rows) {
        let record = &records[&line];
        let text = |field: &str| record[field].as_str().unwrap_or("-");
        assert_eq!(text("key"), *key, "{name}: {record}");
        match *verdict {
            "duplicate" => assert_eq!(text("status"), "duplicate", "{name}: {record}"),
            verdict => assert_eq!(text("verdict"), verdict, "{name}: {record}"),
        }
        assert!(text("error").contains(reason) || *reason == "-", "{name}: {record}");
        if *file == "-" {
            assert!(record["file"] == Value::Null && text("status") != "saved", "{name}: {record}");
            continue;
        }
        files += 1;
        let expected = match *file {
            "unmatched" => format!("unmatched-{}.wav", &sha256(line.to_string().as_bytes())[..8]),
            file => file.to_owned(),
        };
        assert_eq!((text("file"), text("status")), (expected.as_str(), "saved"), "{name}: {record}");
        let path = out.join(expected);
        assert_eq!(record["sha256"], sha256(&std::fs::read(&path).unwrap()), "{name}: {record}");
        let samples = samples(&path);
        assert_eq!(samples.len() as u32 / 240, *hundredths, "{name}: {record}");
        assert!(samples.iter().any(|sample| sample.unsigned_abs() > 1_000), "{name}: {record}");
    }
    assert_eq!(hashes(&out).len(), files, "{name}");
    world.run(&["verify", "out"]).code(0);
}

#[test]
fn every_line_of_the_example_results_has_its_row_its_verdict_and_its_file_or_its_reason() {
    for (name, rows) in table() {
        let world = World::alone();
        let path = example(name);
        let told = world.run(&["save", path.to_str().unwrap(), "--out", "out", "--json"]).code(4).json();
        assert_eq!(told.len(), rows.len(), "{name}");
        looks_like(name, &world, &rows);
    }
}

#[test]
fn from_a_service_they_are_the_same() {
    for (name, rows) in table().into_iter().filter(|(name, _)| name.ends_with(".jsonl")) {
        let bytes = std::fs::read(example(name)).unwrap();
        let server = Server::start(Results::File { bytes, requests: rows.len() });
        let world = World::alone();
        finish(server.command(&world, &["save", JOB, "--out", "out"])).code(4);
        looks_like(name, &world, &rows);
    }
}

/// One job with every kind of result that the embedded service knows, as a file and inline.
#[test]
fn every_kind_of_result_that_the_embedded_service_knows_has_its_verdict_and_its_file_or_its_reason() {
    let kinds: Vec<(&str, &str, &str)> = vec![
        ("good", "saved", "ok"),
        ("silent", "saved", "silent"),
        ("quiet", "saved", "quiet"),
        ("clipped", "saved", "clipped"),
        ("noise", "saved", "noise"),
        ("max_tokens", "saved", "truncated"),
        ("truncated", "saved", "truncated"),
        ("two_parts", "saved", "ok"),
        ("wrong_format", "failed", "wrong-format"),
        ("other", "failed", "empty"),
        ("no_content", "failed", "empty"),
        ("empty_wav", "failed", "empty"),
        ("no_data", "failed", "empty"),
        ("odd_bytes", "failed", "error"),
        ("text", "failed", "empty"),
        ("blocked", "failed", "refused"),
        ("error", "failed", "error"),
        ("deadline", "failed", "error"),
        ("exhausted", "failed", "error"),
        ("no_key", "saved", "ok"),
        ("first_key", "duplicate", "ok"),
        ("neither", "failed", "error"),
        ("broken", "failed", "error"),
    ];
    // A broken item breaks the whole body; it is for files alone.
    let rules = |most: usize| -> String {
        let rule =
            |(n, (kind, _, _)): (usize, &(&str, &str, &str))| format!("{{ kind = \"{kind}\", lines = [{}] }}", n + 1);
        kinds.iter().take(most).enumerate().map(rule).collect::<Vec<_>>().join(", ")
    };
    let n = kinds.len();
    let inline = n - 1;
    let world = World::of(&format!(
        "[[job]]\nage = \"3h\"\nid = \"file1\"\nname = \"file\"\nkeys = \"k-##\"\nrequests = {n}\nseconds = 2.0\n\
         texts = [\"Two seconds are spoken.\"]\nresult = [{}]\n\
         [[job]]\nage = \"3h\"\nid = \"inline1\"\nname = \"inline\"\ninline = true\nkeys = \"k-##\"\nrequests = {inline}\n\
         seconds = 2.0\ntexts = [\"Two seconds are spoken.\"]\nresult = [{}]\n",
        rules(n),
        rules(inline)
    ));
    for (job, rows) in [("file1", n), ("inline1", inline)] {
        let told = world.run(&["save", job, "--out", job, "--json"]).code(4).json();
        assert_eq!(told.len(), rows, "{job}");
        let records = by_line(&world.path(job));
        for (line, (kind, status, verdict)) in (1..).zip(&kinds[..rows]) {
            let record = &records[&line];
            assert_eq!(record["status"], *status, "{job}, {kind}: {record}");
            assert_eq!(record["verdict"], *verdict, "{job}, {kind}: {record}");
            assert_eq!(record["file"].is_null(), *status != "saved", "{job}, {kind}: {record}");
            assert_eq!(record["error"].is_null(), *status == "saved", "{job}, {kind}: {record}");
        }
        let saved = kinds[..rows].iter().filter(|(_, status, _)| *status == "saved").count();
        assert_eq!(hashes(&world.path(job)).len(), saved, "{job}");
        world.run(&["verify", job]).code(0);
    }
}
