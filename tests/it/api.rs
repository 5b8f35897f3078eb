//! The way to the service, against a server that misbehaves on purpose.

mod again;
mod changes;
mod downloads;
mod examples;
mod offers;
mod origins;
mod paths;
mod reads;
mod recorded;
mod resuming;
pub mod server;
#[cfg(unix)]
mod trusted;
mod uploads;

use std::sync::Arc;
use std::time::Duration;

use gemtts_tui::api::gemini::{Endpoint, Options, Timing, connect};
use gemtts_tui::api::retry::{Bucket, Policy};
use gemtts_tui::api::{Service, Writer};
use gemtts_tui::config::BaseUrl;
use gemtts_tui::job::{FileName, JobName};
use gemtts_tui::secret::ApiKey;

use server::Server;

/// No output of any test may hold it.
const CANARY: &str = "AIzaCANARY000000000000000000000000000000";

/// Waits that are over before anybody notices; limits that a busy machine still keeps.
fn quick() -> Timing {
    let policy =
        Policy { first: Duration::from_millis(1), longest: Duration::from_millis(4), budget: Duration::from_secs(5) };
    Timing { policy, look_again: Duration::from_millis(1), ..Timing::default() }
}

/// Limits that are over at once, for servers that say nothing.
fn impatient() -> Timing {
    let limit = Duration::from_millis(150);
    Timing { headers: limit, silence: limit, call: limit, ..quick() }
}

fn service_with(server: &Server, timing: Timing) -> Service {
    let endpoint = Endpoint { base: BaseUrl::parse(&server.origin).unwrap(), key: ApiKey::parse(CANARY).unwrap() };
    let options = Options { timing, bucket: Some(Arc::new(Bucket::full())), ..Options::default() };
    connect(&endpoint, &options).unwrap()
}

fn service(server: &Server) -> Service {
    service_with(server, quick())
}

fn writer(service: &Service) -> Arc<dyn Writer> {
    service.writer.clone().unwrap()
}

fn job_name(id: &str) -> JobName {
    JobName::parse_loose(id).unwrap()
}

fn file_name(id: &str) -> FileName {
    FileName::parse_loose(id).unwrap()
}

fn example(name: &str) -> String {
    let path = format!("{}/tests/fixtures/wire/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Fails when a text shows the key or the address of an upload session.
#[track_caller]
fn assert_no_secret(text: &str) {
    assert!(!text.contains("CANARY") && !text.contains("upload_id"), "{text}");
}

/// Bytes of which no part looks like another.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}
