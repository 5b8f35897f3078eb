//! What changes something: a create is sent once whatever happens, the rest may be repeated.

use gemtts_tui::api::error::{Certainty, Kind};
use gemtts_tui::api::gemini::{Endpoint, Options, connect};
use gemtts_tui::api::{Input, NewJob};
use gemtts_tui::config::BaseUrl;
use gemtts_tui::secret::ApiKey;

use super::server::{Exchange, Server, head, reply};
use super::{CANARY, assert_no_secret, example, file_name, impatient, job_name, service, service_with, writer};

fn new_job() -> NewJob {
    NewJob {
        model: "gemini-3.1-flash-tts-preview".into(),
        display_name: "ch01".into(),
        input: Input::File(file_name("x")),
    }
}

#[tokio::test]
async fn a_create_sends_what_the_example_shows() {
    let server = Server::start(|exchange| exchange.json(200, example("create_response_pending.json")));
    let job = writer(&service(&server)).create_job(&new_job()).await.unwrap();
    assert_eq!(job.name.id(), "7h9w4gzuqot3bb3fpd1e2nqcp980iwnmjs7n");
    let [request] = &server.seen()[..] else { panic!("one request") };
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/v1beta/models/gemini-3.1-flash-tts-preview:batchGenerateContent")
    );
    assert_eq!((request.header("x-goog-api-key"), request.header("content-type")), (CANARY, "application/json"));
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body, serde_json::json!({"batch": {"displayName": "ch01", "inputConfig": {"fileName": "files/x"}}}));
}

#[tokio::test]
async fn a_create_is_sent_exactly_once_for_every_fault() {
    type Fault = fn(&mut Exchange);
    let faults: [(&str, Fault, Certainty); 22] = [
        ("closed before the answer", |exchange| exchange.read_body(usize::MAX), Certainty::Unknown),
        ("closed before the body was read", |_| {}, Certainty::Unknown),
        ("silent", Exchange::stay_silent, Certainty::Unknown),
        ("408", |exchange| exchange.json(408, r#"{"error":{"code":408}}"#), Certainty::Unknown),
        ("500", |exchange| exchange.json(500, example("error_500_internal.json")), Certainty::Unknown),
        ("502", |exchange| exchange.answer(reply(502, &[], example("error_502.html"))), Certainty::Unknown),
        ("503", |exchange| exchange.json(503, example("error_503_unavailable.json")), Certainty::Unknown),
        ("504", |exchange| exchange.json(504, example("error_504_deadline.json")), Certainty::Unknown),
        ("307", |exchange| exchange.answer(reply(307, &[("location", "/v1beta/again")], "")), Certainty::Unknown),
        ("200 with HTML", |exchange| exchange.answer(reply(200, &[], "<html>hello</html>")), Certainty::Unknown),
        ("200 and nothing", |exchange| exchange.answer(reply(200, &[], "")), Certainty::Unknown),
        ("200 with {}", |exchange| exchange.json(200, "{}"), Certainty::Unknown),
        ("200 with another name", |exchange| exchange.json(200, r#"{"name":"../../x"}"#), Certainty::Unknown),
        (
            "a cut body",
            |exchange| exchange.answer([head(200, &[], 99), b"{\"name\":".to_vec()].concat()),
            Certainty::Unknown,
        ),
        ("a 404 page of a proxy", |exchange| exchange.answer(reply(404, &[], "<html>no</html>")), Certainty::Unknown),
        ("400", |exchange| exchange.json(400, example("error_400_api_key.json")), Certainty::Refused),
        ("403", |exchange| exchange.json(403, example("error_403_file.json")), Certainty::Refused),
        ("404", |exchange| exchange.json(404, example("error_404_tts_batch.json")), Certainty::Refused),
        ("409", |exchange| exchange.json(409, r#"{"error":{"code":409,"status":"ABORTED"}}"#), Certainty::Refused),
        ("429", |exchange| exchange.json(429, example("error_429_batch.json")), Certainty::Refused),
        (
            "200 with an error",
            |exchange| exchange.json(200, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#),
            Certainty::Refused,
        ),
        ("200 with an odd error", |exchange| exchange.json(200, r#"{"error":{"code":13}}"#), Certainty::Unknown),
    ];
    for (name, fault, certainty) in faults {
        let server = Server::start(fault);
        let timing = if name == "silent" { impatient() } else { super::quick() };
        let error = writer(&service_with(&server, timing)).create_job(&new_job()).await.unwrap_err();
        assert_eq!(error.certainty, certainty, "{name}: {error}");
        assert_eq!(server.wait_for(1), 1, "{name}");
        assert_no_secret(&format!("{error:?} {error}"));
    }
}

#[tokio::test]
async fn a_create_that_never_left_says_so() {
    let error = writer(&service(&Server::nowhere())).create_job(&new_job()).await.unwrap_err();
    assert_eq!((error.kind, error.certainty), (Kind::Offline, Certainty::NotSent));
}

#[tokio::test]
async fn a_create_follows_no_redirect_to_another_origin() {
    for status in [301, 302, 303, 307, 308] {
        let other = Server::start(|exchange| exchange.json(200, example("create_response_pending.json")));
        let target = format!("{}/v1beta", other.origin);
        let server = Server::start(move |exchange| exchange.answer(reply(status, &[("location", &target)], "")));
        let error = writer(&service(&server)).create_job(&new_job()).await.unwrap_err();
        assert_eq!((error.certainty, other.seen().len()), (Certainty::Unknown, 0));
        assert_eq!(error.message, format!("cannot create the job: unexpected redirect to {}", other.origin));
    }
}

#[tokio::test]
async fn a_read_only_session_has_no_writer() {
    let endpoint = Endpoint { base: BaseUrl::google(), key: ApiKey::parse(CANARY).unwrap() };
    let service = connect(&endpoint, &Options { read_only: true, ..Options::default() }).unwrap();
    assert!(service.writer.is_none());
    assert_eq!(service.reader.origin(), "https://generativelanguage.googleapis.com");
}

#[tokio::test]
async fn a_cancel_is_repeated_and_an_empty_answer_will_do() {
    let server = Server::start(|exchange| match exchange.number {
        0 => exchange.read_body(usize::MAX),
        1 => exchange.json(503, example("error_503_unavailable.json")),
        2 => exchange.json(200, example("cancel_response.json")),
        _ => exchange.answer(reply(200, &[], "")),
    });
    let writer = writer(&service(&server));
    writer.cancel_job(&job_name("x")).await.unwrap();
    writer.cancel_job(&job_name("x")).await.unwrap();
    assert_eq!(server.count("POST", "/v1beta/batches/x:cancel"), 4);
    assert!(server.seen().iter().all(|request| request.header("content-length") == "0"));
}

#[tokio::test]
async fn a_delete_of_what_is_gone_is_a_success() {
    let server = Server::start(|exchange| match exchange.number {
        0 => exchange.json(404, example("error_404_input_file.json")),
        1 => {}
        2 => exchange.json(400, example("error_400_batch_name.json")),
        _ => exchange.json(400, example("error_400_file_id_40.json")),
    });
    let writer = writer(&service(&server));
    writer.delete_job(&job_name("a")).await.unwrap();
    writer.delete_job(&job_name("b")).await.expect("the first delete may have worked");
    let error = writer.delete_file(&file_name("batch-c")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    let seen: Vec<String> =
        server.seen().iter().map(|request| format!("{} {}", request.method, request.target)).collect();
    let job = "DELETE /v1beta/batches/b";
    assert_eq!(seen, ["DELETE /v1beta/batches/a", job, job, "DELETE /v1beta/files/batch-c"]);
}
