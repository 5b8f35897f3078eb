//! Reads: where the key goes, what is repeated, and how a long list ends.

use std::time::Duration;

use gemtts_tui::api::error::Kind;
use gemtts_tui::api::page::{Walk, all_jobs};
use gemtts_tui::job::Job;

use super::server::{Exchange, Server, head, reply};
use super::{CANARY, assert_no_secret, example, file_name, impatient, job_name, service, service_with};

#[tokio::test]
async fn the_key_is_in_one_header_and_in_no_url() {
    let server = Server::start(|exchange| exchange.json(200, "{}"));
    service(&server).reader.list_jobs(None).await.unwrap();
    let [request] = &server.seen()[..] else { panic!("one request") };
    assert_eq!(request.header("x-goog-api-key"), CANARY);
    assert!(!request.target.contains("CANARY"));
    assert_eq!(request.headers.values().filter(|value| value.contains("CANARY")).count(), 1);
    assert_eq!((request.header("referer"), request.header("accept-encoding")), ("", ""));
}

#[tokio::test]
async fn a_redirect_to_another_origin_gets_nothing() {
    for status in [301, 302, 303, 307, 308] {
        let other = Server::start(|exchange| exchange.json(200, "{}"));
        let target = format!("{}/v1beta/batches?key=x", other.origin);
        let server = Server::start(move |exchange| exchange.answer(reply(status, &[("location", &target)], "")));
        let error = service(&server).reader.list_jobs(None).await.unwrap_err();
        assert_eq!(error.kind, Kind::Unexpected);
        assert_eq!(error.message, format!("cannot list jobs: unexpected redirect to {}", other.origin));
        assert_eq!((server.seen().len(), other.seen().len()), (1, 0), "{status}");
    }
}

#[tokio::test]
async fn a_get_follows_three_redirects_within_its_origin() {
    let hops = |most: usize| {
        Server::start(move |exchange: &mut Exchange| match exchange.number < most {
            true => exchange.answer(reply(307, &[("location", &format!("/hop{}", exchange.number))], "")),
            false => exchange.json(200, "{}"),
        })
    };
    let server = hops(3);
    service(&server).reader.list_jobs(None).await.unwrap();
    assert_eq!(server.seen().iter().filter(|request| request.header("x-goog-api-key") == CANARY).count(), 4);
    let server = hops(4);
    let error = service(&server).reader.list_jobs(None).await.unwrap_err();
    assert_eq!((error.message.as_str(), server.seen().len()), ("cannot list jobs: more than 3 redirects", 4));
}

#[tokio::test]
async fn a_read_survives_what_passes() {
    type Fault = fn(&mut Exchange);
    let faults: [(&str, Fault); 8] = [
        ("closed before the answer", |_| {}),
        ("429", |exchange| exchange.json(429, example("error_429_batch.json"))),
        ("500", |exchange| exchange.json(500, example("error_500_internal.json"))),
        ("502", |exchange| exchange.answer(reply(502, &[], example("error_502.html")))),
        ("503", |exchange| exchange.json(503, example("error_array_wrapped.json"))),
        ("504", |exchange| exchange.json(504, example("error_504_deadline.json"))),
        ("a cut body", |exchange| exchange.answer([head(200, &[], 1000), b"{\"operations\":[".to_vec()].concat())),
        ("a cut chunk", |exchange| {
            exchange.answer("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n9\r\n{\"a\":")
        }),
    ];
    for (name, fault) in faults {
        let server =
            Server::start(move |exchange| if exchange.number < 4 { fault(exchange) } else { exchange.json(200, "{}") });
        let listed = service(&server).reader.list_jobs(None).await;
        assert!(listed.is_ok(), "{name}: {listed:?}");
        assert_eq!(server.seen().len(), 5, "{name}");

        let server = Server::start(fault);
        let error = service(&server).reader.list_jobs(None).await.unwrap_err();
        assert_eq!(server.seen().len(), 5, "{name}: five attempts and no more");
        assert_no_secret(&format!("{error:?}"));
    }
}

#[tokio::test]
async fn what_does_not_pass_is_asked_once() {
    let table = [
        (400, example("error_400_api_key.json"), Kind::Key, 1),
        (401, r#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#.into(), Kind::Key, 1),
        (403, r#"{"error":{"code":403,"status":"PERMISSION_DENIED"}}"#.into(), Kind::Key, 1),
        (404, example("error_404_input_file.json"), Kind::NotFound, 1),
        (429, example("error_429_retryinfo.json"), Kind::Quota, 1),
        (200, "<html>wrong</html>".into(), Kind::Unexpected, 2),
        (200, "".into(), Kind::Unexpected, 2),
        (200, "[]".into(), Kind::Unexpected, 2),
        (200, r#"{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}"#.into(), Kind::NotFound, 1),
        (200, "{\"operations\":[".into(), Kind::Unexpected, 2),
    ];
    for (status, body, kind, requests) in table {
        let text = body.clone();
        let server = Server::start(move |exchange| exchange.json(status, &text));
        let error = service(&server).reader.list_jobs(None).await.unwrap_err();
        assert_eq!((error.kind, server.seen().len()), (kind, requests), "{status} {body}: {error:?}");
        assert_no_secret(&format!("{error:?} {error}"));
    }
}

#[tokio::test]
async fn a_file_that_is_gone_is_not_a_bad_key() {
    let server = Server::start(|exchange| exchange.json(403, example("error_403_file.json")));
    let error = service(&server).reader.get_file(&file_name("x")).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
    assert!(
        error
            .message
            .starts_with("cannot get files/x: the file has expired, was deleted, or belongs to another project")
    );
    let error = service(&server).reader.list_files(None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Key);
}

#[tokio::test]
async fn silence_ends_a_read() {
    let server = Server::start(Exchange::stay_silent);
    let error = service_with(&server, impatient()).reader.list_jobs(None).await.unwrap_err();
    assert_eq!((error.kind, server.wait_for(5)), (Kind::TimedOut, 5));
}

#[tokio::test]
async fn nobody_there_means_offline() {
    let gone = Server::nowhere();
    let error = service(&gone).reader.list_jobs(None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Offline);
    assert!(error.message.starts_with(&format!("cannot list jobs: no connection to {}: ", gone.origin)), "{error}");
}

#[tokio::test]
async fn the_service_may_ask_for_a_pause_that_we_leave_to_the_caller() {
    let body = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"45.837906927s"}]}}"#;
    let server = Server::start(move |exchange| exchange.json(429, body));
    let error = service(&server).reader.list_jobs(None).await.unwrap_err();
    assert_eq!((error.retry_after, server.seen().len()), (Some(Duration::new(45, 837_906_927)), 1));
}

#[tokio::test]
async fn fifty_readers_cannot_make_a_storm() {
    let server = Server::start(|exchange| exchange.json(503, example("error_503_unavailable.json")));
    let reader = service(&server).reader;
    let mut last = String::new();
    for _ in 0..50 {
        last = reader.list_jobs(None).await.unwrap_err().message;
    }
    assert_eq!(server.seen().len(), 50 + 20);
    assert!(last.ends_with("; not tried again: too many retries lately"), "{last}");
}

#[tokio::test]
async fn a_list_is_walked_to_its_end() {
    let server = Server::start(|exchange| match exchange.number {
        0 => exchange.json(200, r#"{"operations":[{"name":"batches/a"},{"name":"../../x"},5],"nextPageToken":"t&1"}"#),
        1 => exchange.json(200, r#"{"nextPageToken":"t2"}"#),
        _ => exchange.json(200, r#"{"operations":[{"name":"batches/a"},{"name":"batches/b"}],"nextPageToken":""}"#),
    });
    let listing = all_jobs(&*service(&server).reader, |_| Walk::On).await.unwrap();
    let ids: Vec<&str> = listing.items.iter().map(|job| job.name.id()).collect();
    assert_eq!((ids, listing.complete), (vec!["a", "b"], true));
    assert_eq!(server.seen()[1].target, "/v1beta/batches?pageSize=100&pageToken=t%261");
}

#[tokio::test]
async fn a_walk_stops_early_only_when_asked() {
    let walked = async |enough_at: &str| {
        let server = Server::start(|exchange| match exchange.number {
            0 => {
                exchange.json(200, r#"{"operations":[{"name":"batches/a"},{"name":"batches/b"}],"nextPageToken":"t"}"#)
            }
            _ => exchange.json(200, r#"{"operations":[{"name":"batches/b"},{"name":"batches/c"}]}"#),
        });
        let mut pages = Vec::new();
        let seen = |jobs: &[Job]| {
            pages.push(jobs.len());
            if jobs.iter().any(|job| job.name.id() == enough_at) { Walk::Enough } else { Walk::On }
        };
        let listing = all_jobs(&*service(&server).reader, seen).await.unwrap();
        (pages, listing.items.len(), listing.complete)
    };
    assert_eq!(walked("a").await, (vec![2], 2, false));
    assert_eq!(walked("c").await, (vec![2, 1], 3, true));
    assert_eq!(walked("x").await, (vec![2, 1], 3, true));
}

#[tokio::test]
async fn a_list_that_turns_in_a_circle_is_incomplete() {
    let server =
        Server::start(|exchange| exchange.json(200, r#"{"operations":[{"name":"batches/a"}],"nextPageToken":"t"}"#));
    let listing = all_jobs(&*service(&server).reader, |_| Walk::On).await.unwrap();
    assert_eq!((listing.items.len(), listing.complete, server.seen().len()), (1, false, 2));
}

#[tokio::test]
async fn the_clock_of_the_service_is_read() {
    let server = Server::start(|exchange| {
        exchange.answer(reply(200, &[("date", "Sat, 21 Nov 2026 12:00:00 GMT")], "{}"));
    });
    let page = service(&server).reader.list_jobs(None).await.unwrap();
    assert_eq!(page.server_time.unwrap().to_string(), "2026-11-21T12:00:00Z");
}

#[tokio::test]
async fn an_answer_without_end_is_left() {
    let server = Server::start(|exchange| {
        let length = 40 << 20;
        exchange.answer(head(200, &[], length));
        for _ in 0..40 {
            exchange.answer(vec![b' '; 1 << 20]);
        }
    });
    let error = service(&server).reader.list_jobs(None).await.unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (Kind::Unexpected, "cannot list jobs: the answer is larger than 16 MiB")
    );
}

#[tokio::test]
async fn an_inline_job_larger_than_any_cap_is_read() {
    let server = Server::start(|exchange| {
        let (before, after) = (
            r#"{"name":"batches/x","done":true,"response":{"inlinedResponses":{"inlinedResponses":[{"data":""#,
            r#""}]}}}"#,
        );
        exchange.answer(head(200, &[], before.len() + after.len() + (40 << 20)));
        exchange.answer(before);
        for _ in 0..40 {
            exchange.answer(vec![b'A'; 1 << 20]);
        }
        exchange.answer(after);
    });
    let fetched = service(&server).reader.get_job(&job_name("x")).await.unwrap();
    assert_eq!(fetched.value.state.word(), "SUCCEEDED");
    assert_eq!(fetched.raw["response"]["inlinedResponses"]["inlinedResponses"][0], "1 result left out");
}

#[tokio::test]
async fn fault_42_an_encoding_that_was_not_asked_for_is_refused() {
    let server = Server::start(|exchange| exchange.answer(reply(200, &[("content-encoding", "gzip")], "\u{1f}\u{8b}")));
    let error = service(&server).reader.list_jobs(None).await.unwrap_err();
    assert_eq!(error.message, "cannot list jobs: unexpected content encoding gzip");
}
