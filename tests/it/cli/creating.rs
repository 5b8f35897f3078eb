//! Creates by the program itself: killed at the worst moments, raced, and refused before anything is sent.

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gemtts_tui::sim::{Call, Scenario};
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};

use super::program::{Ran, World, finish};
use crate::api::server::{Exchange, Server};

const LINES: &str = "The first line to be spoken.\nThe second line to be spoken.\n";
const INLINE: [&str; 3] = ["create", "a.txt", "--inline"];

/// Waits for something that tells nobody when it comes.
#[track_caller]
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < until, "waited for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A command in a world without a service of its own, at that address.
fn at(world: &World, origin: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = world.command(arguments);
    command.env("GOOGLE_GEMINI_BASE_URL", origin);
    command
}

fn start(world: &World, origin: &str) -> Child {
    at(world, origin, &INLINE).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
}

fn kill(mut child: Child) {
    rustix::process::kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
}

fn ledger(world: &World) -> String {
    let path = world.path(".local/state/gemtts-tui/intents.jsonl");
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The job that a create asks for, as the service tells it.
fn made(exchange: &mut Exchange, number: usize) -> Value {
    exchange.read_body(usize::MAX);
    let body: Value = serde_json::from_slice(&exchange.request.body).unwrap();
    job(&format!("batches/made{number}"), body["batch"]["displayName"].as_str().unwrap(), "BATCH_STATE_PENDING")
}

fn job(name: &str, title: &str, state: &str) -> Value {
    let made = "2026-07-02T14:00:00Z";
    let metadata = json!({"model": "models/m", "displayName": title, "createTime": made, "state": state, "name": name});
    json!({ "name": name, "metadata": metadata })
}

/// A service that makes jobs and lists them; `before` runs between the making and the answer.
fn service(address: &str, jobs: &Arc<Mutex<Vec<Value>>>, before: impl Fn() + Send + 'static) -> Server {
    let jobs = Arc::clone(jobs);
    Server::listen(address, move |exchange| {
        if exchange.request.method == "POST" {
            let number = jobs.lock().unwrap().len();
            let made = made(exchange, number);
            jobs.lock().unwrap().push(made.clone());
            before();
            exchange.json(200, made.to_string());
        } else {
            let jobs = jobs.lock().unwrap().clone();
            exchange.json(200, json!({ "operations": jobs }).to_string());
        }
    })
}

#[test]
fn fault_4_killed_between_the_intent_on_the_disk_and_the_first_byte_it_is_unknown_and_not_sent_again() {
    let world = World::alone();
    world.file("a.txt", LINES);
    // An address whose queue of connections is full: a connection to it is asked for and never made.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let _in_runtime = runtime.enter();
    let full = socket.listen(1).unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        waiting.push(stream);
        assert!(waiting.len() < 100, "the queue does not fill");
    }
    let origin = format!("http://{address}");
    let child = start(&world, &origin);
    eventually("the intent", || ledger(&world).contains(r#""step":"intent""#));
    kill(child);
    drop((waiting, full));

    let jobs = Arc::default();
    let server = service(&address.to_string(), &jobs, || ());
    finish(at(&world, &origin, &["list"])).code(0);
    let doctor = finish(at(&world, &origin, &["doctor", "--json"]));
    assert!(doctor.out.contains(r#""state":"UNKNOWN""#), "{doctor:?}");
    finish(at(&world, &origin, &INLINE)).code(7).says("the answer was lost");
    assert_eq!(server.count("POST", ""), 0, "a create that may have been sent is not sent by a restart");
}

#[cfg(target_os = "linux")]
#[test]
fn fault_5_killed_between_the_answer_and_the_journal_it_is_adopted_by_the_restart() {
    let world = World::alone();
    world.file("a.txt", LINES);
    let journal = world.path(".local/state/gemtts-tui/intents.jsonl");
    // Whoever appends locks the journal: the answer comes, and cannot be written down.
    let held: Arc<Mutex<Option<std::fs::File>>> = Arc::default();
    let hold = {
        let held = Arc::clone(&held);
        move || {
            let file = std::fs::File::open(&journal).unwrap();
            file.lock().unwrap();
            *held.lock().unwrap() = Some(file);
        }
    };
    let jobs = Arc::default();
    let server = service("127.0.0.1:0", &jobs, hold);
    let child = start(&world, &server.origin);
    let id = child.id();
    let waits = |line: &str| line.contains("->") && line.split_whitespace().any(|word| word == id.to_string());
    eventually("a lock that is waited for", || std::fs::read_to_string("/proc/locks").unwrap().lines().any(waits));
    kill(child);
    held.lock().unwrap().take();
    assert!(!ledger(&world).contains("confirmed"));

    finish(at(&world, &server.origin, &["list"])).code(0);
    assert!(ledger(&world).contains(r#""is":"adopted","job":"batches/made0""#), "{}", ledger(&world));
    finish(at(&world, &server.origin, &INLINE)).code(7);
    assert_eq!((server.count("POST", ""), jobs.lock().unwrap().len()), (1, 1));
}

#[test]
fn fault_14_ours_behind_4_999_others_is_found_in_51_requests_and_little_memory() {
    let world = World::alone();
    world.file("a.txt", LINES);
    let (ours, lists, posts) =
        (Arc::new(Mutex::new(None)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (id, peak) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU64::new(0)));
    let server = {
        let (ours, lists, posts) = (Arc::clone(&ours), Arc::clone(&lists), Arc::clone(&posts));
        let (id, peak) = (Arc::clone(&id), Arc::clone(&peak));
        Server::start(move |exchange| {
            if exchange.request.method == "POST" {
                posts.fetch_add(1, Ordering::Relaxed);
                *ours.lock().unwrap() = Some(made(exchange, 0));
                return; // The answer is lost.
            }
            lists.fetch_add(1, Ordering::Relaxed);
            assert!(exchange.request.target.contains("pageSize=100"), "{}", exchange.request.target);
            let page = exchange.request.target.split("pageToken=").nth(1).unwrap_or("0");
            let page: usize = page.split('&').next().unwrap().parse().unwrap();
            let mut jobs: Vec<Value> = (page * 100..(page * 100 + 100).min(4_999))
                .map(|n| job(&format!("batches/other{n}"), &format!("other {n}"), "BATCH_STATE_SUCCEEDED"))
                .collect();
            let is_last = page == 49;
            if is_last {
                jobs.extend(ours.lock().unwrap().clone());
                let status = std::fs::read_to_string(format!("/proc/{}/status", id.load(Ordering::Relaxed)));
                let line = status
                    .ok()
                    .and_then(|status| status.lines().find_map(|line| line.strip_prefix("VmHWM:").map(str::to_owned)));
                let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
                peak.fetch_max(kilobytes.unwrap_or(0), Ordering::Relaxed);
            }
            let mut answer = json!({ "operations": jobs });
            if !is_last {
                answer["nextPageToken"] = (page + 1).to_string().into();
            }
            exchange.json(200, answer.to_string());
        })
    };
    let child = at(&world, &server.origin, &INLINE).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    id.store(child.id(), Ordering::Relaxed);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.out.trim()), (0, "batches/made0"), "{ran:?}");
    let lists = lists.load(Ordering::Relaxed);
    assert!(lists <= 51, "{lists} requests");
    assert_eq!(posts.load(Ordering::Relaxed), 1);
    let peak = peak.load(Ordering::Relaxed);
    assert!(peak <= 64 * 1024, "{peak} kB");
}

/// A line that is good, but for what is put in the place of its key and text.
fn line(key: &str, text: &str) -> String {
    format!(
        r#"{{{key}"request":{{"contents":[{{"parts":[{{"text":"{text}"}}]}}],"generationConfig":{{"responseModalities":["AUDIO"],"speechConfig":{{"voiceConfig":{{"prebuiltVoiceConfig":{{"voiceName":"Kore"}}}}}}}}}}}}"#
    ) + "\n"
}

#[test]
fn fault_15_sources_that_are_wrong_are_refused_by_their_lines_before_anything_is_sent() {
    let world = World::of("");
    let good = line(r#""key":"a","#, "Hello.");
    let refused = [
        ("a key twice", format!("{good}{good}"), "bad.jsonl:2", "duplicate-key"),
        ("no key", format!("{good}{}", line("", "Hello.")), "bad.jsonl:2", "missing-key"),
        ("no text", format!("{good}{}", line(r#""key":"b","#, "")), "bad.jsonl:2", "empty-text"),
        ("a modality in small letters", good.replace("AUDIO", "audio"), "bad.jsonl:1", "lower-case-modality"),
        ("no rows", String::new(), "bad.jsonl", "no-requests"),
        ("blank lines alone", "\n\n".to_owned(), "bad.jsonl", "no-requests"),
        ("half a line", format!("{good}{}", &good[..40]), "bad.jsonl:2", "broken-json"),
    ];
    for (what, content, place, rule) in refused {
        world.file("bad.jsonl", &content);
        let ran = world.run(&["create", "bad.jsonl", "--yes"]).code(1).says(place).says(&format!("[{rule}]"));
        assert_eq!(ran.out, "", "{what}");
        world.run(&["lint", "bad.jsonl"]).code(1);
    }
    assert_eq!(world.control().requests().len(), 0, "nothing was sent for any of them");
    // What means the same when it is written otherwise is mended with a word about it.
    let snake =
        good.replace("generationConfig", "generation_config").replace("responseModalities", "response_modalities");
    let mended = [
        ("a byte order mark", format!("\u{feff}{good}"), "byte-order-mark"),
        ("CRLF", good.replace('\n', "\r\n"), "carriage-return"),
        ("snake case", snake, "snake-case"),
        ("no final newline", good.trim_end().to_owned(), "missing-final-newline"),
    ];
    for (what, content, rule) in mended {
        world.file("odd.jsonl", &content);
        let ran = world.run(&["create", "odd.jsonl", "--dry-run"]).code(0).says("warning").says(&format!("[{rule}]"));
        assert!(ran.out.contains("1 request"), "{what}: {ran:?}");
    }
    assert_eq!(world.control().requests().len(), 0);
}

#[test]
fn fault_16_a_low_temperature_is_a_warning_and_no_block() {
    let world = World::of("");
    let cold = |temperature: &str| {
        line(r#""key":"a","#, "Hello.").replace("{\"response", &format!("{{\"temperature\":{temperature},\"response"))
    };
    for temperature in ["0", "0.4"] {
        world.file("cold.jsonl", &cold(temperature));
        let arguments = ["lint", "cold.jsonl", "--model", "gemini-2.5-pro-preview-tts", "--json"];
        let found = world.run(&arguments).code(0).json();
        let found = found.iter().find(|it| it["rule"] == "low-temperature").expect(temperature);
        assert_eq!((found["severity"].as_str(), found["line"].as_u64()), (Some("warning"), Some(1)));
        assert!(found["message"].as_str().unwrap().contains("audio"), "{found}");
    }
    world.file("warm.jsonl", &cold("0.5"));
    let warm = world.run(&["lint", "warm.jsonl", "--model", "gemini-2.5-pro-preview-tts"]).code(0);
    assert!(!warm.out.contains("low-temperature") && !warm.err.contains("low-temperature"), "{warm:?}");
    world.run(&["create", "cold.jsonl", "--model", "gemini-2.5-pro-preview-tts", "--yes"]).code(0);
    assert_eq!(world.control().n_created(), 1);
}

#[test]
fn of_many_programs_that_race_for_one_create_one_sends_it() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    let race = || world.command(&["create", "a.txt"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let racers: Vec<Child> = (0..6).map(|_| race()).collect();
    let ends: Vec<Ran> = racers.into_iter().map(|child| Ran::from(child.wait_with_output().unwrap())).collect();
    let codes: Vec<i32> = ends.iter().map(|ran| ran.code).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{ends:?}");
    assert_eq!(codes.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([0, 7]), "{ends:?}");
    assert_eq!((world.control().n_created(), world.control().count(Call::Create)), (1, 1));
}
