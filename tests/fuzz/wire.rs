//! Answers of the service: whatever JSON comes, reading it does not fail, what is taken from it is harmless, and what is
//! kept of it comes back as it was.

// Each target is a program of its own, and the test of the corpus reads all of them.
#[allow(clippy::duplicate_mod)]
#[path = "harmless.rs"]
mod harmless;

use std::time::Duration;

use gemtts_tui::api::StoredFile;
use gemtts_tui::api::error::Certainty;
use gemtts_tui::api::refusal::{Headers, Refusal, Subject};
use gemtts_tui::api::retry::{asked_wait, http_date};
use gemtts_tui::api::wire::{self, Object, Seen};
use gemtts_tui::job::Job;
use gemtts_tui::secret::ApiKey;
use gemtts_tui::store::Known;
use harmless::is_harmless;
use serde_json::Value;

const KEY: &str = "AIzaCANARY000000000000000000000000000000";
/// No text of an answer is kept at more than this many characters and an ellipsis.
const LONGEST: usize = 1024;

/// The first two bytes are an HTTP status; the rest is the body of the answer.
pub fn wire(bytes: &[u8]) {
    let Some((status, body)) = bytes.split_first_chunk() else { return };
    refusal(100 + u16::from_le_bytes(*status) % 500, body);
    let text = String::from_utf8_lossy(body);
    let wait = asked_wait(Some(&text), Some(&text), http_date("Sat, 21 Nov 2026 12:00:00 GMT"));
    assert!(wait.is_none_or(|wait| wait <= Duration::from_secs(300)), "{wait:?}");
    // What was kept on the disk may be anything too.
    let known = Known::from_bytes(body);
    assert_eq!(Known::from_bytes(&known.to_bytes()), known);

    let Ok(value) = serde_json::from_slice::<Value>(body) else { return };
    answer(&value);
    if let Some(list) = Object::of(&value) {
        let _ = wire::next_page(list);
        for name in ["operations", "batches", "files", "models", "voices"] {
            list.elements(name).iter().for_each(answer);
        }
    }
    if let Some(refused) = Refusal::in_success(&value) {
        told(&refused);
    }
}

/// Reads one thing as everything that it might be.
fn answer(value: &Value) {
    for seen in [Seen::Listed, Seen::Whole] {
        if let Some(job) = wire::job(value, seen) {
            kept(job, seen);
        }
    }
    if let Some(file) = wire::stored_file(value) {
        let texts = [&file.display_name, &file.mime_type, &file.state, &file.source, &file.sha256, &file.error];
        texts.into_iter().flatten().for_each(|text| harmless(text, LONGEST));
        assert!(file.sha256.as_ref().is_none_or(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit())));
        assert!(is_name(file.name.id(), 160));
        let _ = StoredFile::total_size(&[file.clone(), file]);
    }
    if let Some(model) = wire::model(value) {
        model.methods.iter().for_each(|method| harmless(method, 64));
        [Some(model.name), model.display_name].iter().flatten().for_each(|text| harmless(text, LONGEST));
    }
    if let Some(voice) = wire::voice(value) {
        let more = [voice.kind, voice.display_name, voice.description, voice.language_code, voice.gender];
        // Some capital letters are two small ones.
        [Some(voice.id)].iter().chain(&more).flatten().for_each(|text| harmless(text, 3 * LONGEST));
    }
}

/// A job is harmless, and both ways of keeping it give the same job again.
fn kept(job: Job, seen: Seen) {
    assert!(is_name(job.name.id(), 128));
    let error = job.error.as_ref().map(|error| &error.message);
    [job.display_name.as_ref(), job.model.as_ref(), error]
        .into_iter()
        .flatten()
        .for_each(|text| harmless(text, LONGEST));
    harmless(job.state.as_str(), 64);
    assert!(is_harmless(job.title()) && is_harmless(job.state.word()));
    if let Some(counts) = job.counts {
        assert!(counts.done() <= counts.requests && counts.requests > 0);
    }

    let known = Known { jobs: vec![job.clone()], at: job.create_time };
    assert_eq!(Known::from_bytes(&known.to_bytes()), known);
    // Our own JSON is also an answer that a script may feed back; where results are that are no file it says in other
    // words than the service.
    let json = job.to_json();
    let again = wire::job(&serde_json::from_str(&json.to_string()).expect("what was written"), seen).expect("a job");
    assert_eq!(again.name, job.name);
    assert_eq!((&again.display_name, &again.model, &again.state), (&job.display_name, &job.model, &job.state));
    assert_eq!((again.counts, again.create_time, again.end_time), (job.counts, job.create_time, job.end_time));
    assert_eq!(again.error, job.error);
}

fn refusal(status: u16, body: &[u8]) {
    told(&Refusal::read(status, body));
}

/// What a person is told of a refusal.
fn told(refusal: &Refusal) {
    let key = ApiKey::parse(KEY).expect("a key");
    for subject in [Subject::File, Subject::Other] {
        let failed = refusal.failed("cannot list jobs", subject, &key, Headers::default());
        let message = &failed.error.message;
        harmless(message, 200 + 40 + 120);
        assert!(message.starts_with("cannot list jobs") && !message.contains(KEY), "{message:?}");
        assert!(failed.error.retry_after.is_none_or(|wait| wait <= Duration::from_secs(300)));
        assert!(failed.error.certainty != Certainty::NotSent);
    }
}

fn harmless(text: &str, most: usize) {
    assert!(is_harmless(text), "{text:?}");
    assert!(text.chars().count() <= most + 1, "{} characters of {most}", text.chars().count());
}

fn is_name(id: &str, longest: usize) -> bool {
    (1..=longest).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
