//! Everything that goes wrong on request, and the counters that tell what really happened.

use super::*;
use gemtts_tui::sim::{Answer as Bad, Call, Fault};

async fn create(sim: &Sim, file: &str) -> reqwest::Result<Response> {
    let body = json!({ "batch": { "displayName": "x", "inputConfig": { "fileName": file } } });
    sim.request(Method::POST, &format!("/v1beta/models/{PRO}:batchGenerateContent")).body(body.to_string()).send().await
}

#[tokio::test]
async fn a_create_can_be_accepted_and_its_answer_lost() {
    let sim = Sim::held().await;
    let file = sim.upload(&five_lines()).await;
    sim.control().add_fault(Fault::lost_answer(Call::Create).nth(1));
    assert!(create(&sim, &file).await.is_err());
    assert_eq!((sim.control().count(Call::Create), sim.control().n_created()), (1, 1));
    assert_eq!(sim.get("/v1beta/batches?pageSize=9").await.ok()["operations"].as_array().unwrap().len(), 1);

    sim.control().add_fault(Fault { answer: Bad::Close, ..Fault::on(Call::Create) }.nth(2));
    assert!(create(&sim, &file).await.is_err());
    assert_eq!((sim.control().count(Call::Create), sim.control().n_created()), (2, 1), "closed before it was done");
    assert_eq!(create(&sim, &file).await.unwrap().status(), 200);
}

#[tokio::test]
async fn errors_have_the_words_of_the_service() {
    let sim = Sim::with("[[job]]\nname = \"one\"\nage = \"1h\"").await;
    let table = [
        (Fault::status(Call::List, 429), "error_429_batch.json"),
        (
            Fault { retry_delay: Some("37s".into()), per_day: true, ..Fault::status(Call::List, 429) },
            "error_429_retryinfo.json",
        ),
        (Fault::status(Call::List, 500), "error_500_internal.json"),
        (Fault::status(Call::List, 503), "error_503_unavailable.json"),
        (Fault::status(Call::List, 504), "error_504_deadline.json"),
        (
            Fault {
                answer: Bad::Array,
                message: Some("The service is currently unavailable.".into()),
                ..Fault::status(Call::List, 503)
            },
            "error_array_wrapped.json",
        ),
    ];
    for (fault, name) in table {
        sim.control().add_fault(fault.clone());
        let answer = sim.get("/v1beta/batches?pageSize=5").await;
        assert_eq!(Some(answer.status), fault.status, "{name}");
        assert_eq!(answer.json(), example_json(name), "{name}");
        sim.control().clear_faults();
    }
    assert_eq!(sim.get("/v1beta/batches?pageSize=5").await.status, 200);
}

#[tokio::test]
async fn bodies_can_be_cut_in_every_way() {
    let sim = Sim::held().await;
    let name = sim.finished(PRO, &five_lines()).await;
    let path = format!("/v1beta/files/batch-{}:download?alt=media", name.strip_prefix("batches/").unwrap());
    let whole = sim.get(&path).await.body;
    let cut = |answer| Fault { answer, after_bytes: Some(70_000), ..Fault::on(Call::Download) };

    sim.control().add_fault(cut(Bad::Cut));
    let response = sim.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(response.content_length(), Some(whole.len() as u64));
    assert!(response.bytes().await.is_err());
    sim.control().clear_faults();

    sim.control().add_fault(cut(Bad::CutUnannounced));
    let short = sim.get(&path).await;
    assert!(short.body == whole[..70_000]);
    sim.control().clear_faults();

    sim.control().add_fault(cut(Bad::Stall));
    let mut response = sim.request(Method::GET, &path).send().await.unwrap();
    let mut received = 0;
    while received < 70_000 {
        received += response.chunk().await.unwrap().unwrap().len();
    }
    let more = tokio::time::timeout(Duration::from_millis(50), response.chunk()).await;
    assert!(more.is_err(), "nothing comes any more");
    drop(response);
    sim.control().clear_faults();

    sim.control().add_fault(Fault { answer: Bad::Cut, ..Fault::on(Call::Get) });
    let response = sim.request(Method::GET, &format!("/v1beta/{name}")).send().await.unwrap();
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn proxies_can_answer_in_place_of_the_service() {
    let sim = Sim::held().await;
    sim.control().add_fault(Fault { answer: Bad::Html, ..Fault::on(Call::List) }.nth(1));
    sim.control().add_fault(Fault { answer: Bad::HtmlOk, ..Fault::on(Call::List) }.nth(2));
    sim.control().add_fault(Fault { answer: Bad::Empty, ..Fault::on(Call::List) }.nth(3));
    let bounce =
        Fault { answer: Bad::Redirect, location: Some("http://127.0.0.1:9/x".into()), ..Fault::on(Call::List) };
    sim.control().add_fault(bounce.nth(4));
    let html = sim.get("/v1beta/batches?pageSize=5").await;
    assert_eq!((html.status, html.header("content-type")), (502, "text/html; charset=UTF-8"));
    let html = sim.get("/v1beta/batches?pageSize=5").await;
    assert!(html.status == 200 && html.text().starts_with("<!DOCTYPE html>"));
    let empty = sim.get("/v1beta/batches?pageSize=5").await;
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let quiet =
        Client::builder().no_proxy().tls_certs_only([]).redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = format!("{}/v1beta/batches?pageSize=5&key=k", sim.running.base_url());
    let bounced = quiet.get(url).send().await.unwrap();
    assert_eq!(
        (bounced.status().as_u16(), bounced.headers()["location"].to_str().unwrap()),
        (307, "http://127.0.0.1:9/x")
    );
}

#[tokio::test]
async fn requests_are_logged_without_the_key() {
    let sim = Sim::held().await;
    sim.get("/v1beta/batches?pageSize=5&key=secret-in-query").await;
    sim.get("/v1beta/models").await;
    let requests = sim.control().requests();
    assert_eq!(requests.iter().map(|request| request.call).collect::<Vec<_>>(), [Call::List, Call::ModelsList]);
    assert!(requests[0].key_in_query && requests[0].key_in_header && !requests[1].key_in_query);
    assert_eq!((requests[0].query.as_str(), requests[1].header("x-goog-api-key")), ("pageSize=5", Some("[key]")));
    assert!(!format!("{requests:?}").contains("any-key") && !format!("{requests:?}").contains("secret"));
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_answers_that_never_come() {
    let sim = Sim::held().await;
    sim.control().add_fault(Fault { answer: Bad::Silence, ..Fault::on(Call::List) });
    let request = sim.request(Method::GET, "/v1beta/batches?pageSize=5");
    let waiting = tokio::spawn(request.send());
    while sim.control().count(Call::List) == 0 {
        tokio::task::yield_now().await;
    }
    let Sim { running, .. } = sim;
    tokio::time::timeout(Duration::from_secs(5), running.shutdown()).await.unwrap();
    assert!(waiting.await.unwrap().is_err());
}
