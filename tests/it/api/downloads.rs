//! Downloads through breaks of the connection.

use std::time::Duration;

use futures_util::StreamExt;
use gemtts_tui::api::error::Kind;
use gemtts_tui::api::gemini::Timing;
use gemtts_tui::api::{Download, Error};

use super::server::{Exchange, Request, Server, head, reply};
use super::{assert_no_secret, content, example, file_name, impatient, job_name, service, service_with};

async fn collect(mut download: Download) -> (Vec<u8>, Option<Error>) {
    let mut bytes = Vec::new();
    while let Some(piece) = download.body.next().await {
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(error) => return (bytes, Some(error)),
        }
    }
    (bytes, None)
}

/// The offset that a request asks for.
fn offset(request: &Request) -> Option<usize> {
    request.header("range").strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

/// The right answer to a range.
fn partial(whole: &[u8], from: usize, sent: usize) -> Vec<u8> {
    let range = format!("bytes {from}-{}/{}", whole.len() - 1, whole.len());
    let mut bytes = head(206, &[("content-range", &range)], whole.len() - from);
    bytes.extend_from_slice(&whole[from..(from + sent).min(whole.len())]);
    bytes
}

#[tokio::test]
async fn fault_34_a_download_resumes_where_it_broke() {
    let whole = content(100_000);
    let body = whole.clone();
    let server = Server::start(move |exchange| match offset(&exchange.request) {
        None => exchange.answer([head(200, &[("etag", "\"1\"")], body.len()), body[..10].to_vec()].concat()),
        Some(from) => exchange.answer(partial(&body, from, 40_000)),
    });
    let download = service(&server).reader.download(&file_name("batch-x"), 0).await.unwrap();
    assert_eq!((download.from, download.total), (0, Some(100_000)));
    let (bytes, error) = collect(download).await;
    assert_eq!((bytes == whole, error), (true, None));
    let ranges: Vec<Option<usize>> = server.seen().iter().map(offset).collect();
    assert_eq!(ranges, [None, Some(10), Some(40_010), Some(80_010)]);
    assert_eq!(server.seen()[0].target, "/v1beta/files/batch-x:download?alt=media");
}

#[tokio::test]
async fn fault_39_a_download_that_cannot_resume_starts_over_and_repeats_nothing() {
    type Answer = fn(&mut Exchange, &[u8]);
    let answers: [(&str, Answer); 4] = [
        ("200", |exchange, body| exchange.answer(reply(200, &[], body))),
        ("206 of another range", |exchange, body| {
            exchange.answer(reply(206, &[("content-range", "bytes 0-9/100000")], &body[..10]))
        }),
        ("206 without a range", |exchange, _| exchange.answer(reply(206, &[], "wrong"))),
        ("416 with a page", |exchange, _| exchange.answer(reply(416, &[], "<html>no</html>"))),
    ];
    for (name, answer) in answers {
        let whole = content(100_000);
        let body = whole.clone();
        let server = Server::start(move |exchange| match (exchange.number, offset(&exchange.request)) {
            (0, _) => exchange.answer([head(200, &[], body.len()), body[..60_000].to_vec()].concat()),
            (_, Some(_)) => answer(exchange, &body),
            (_, None) => exchange.answer(reply(200, &[], &body)),
        });
        let download = service(&server).reader.download(&file_name("batch-x"), 0).await.unwrap();
        let (bytes, error) = collect(download).await;
        assert_eq!((bytes == whole, error), (true, None), "{name}");
    }
}

#[tokio::test]
async fn a_download_from_an_offset_says_where_it_begins() {
    let whole = content(1_000);
    let body = whole.clone();
    let ranges = Server::start(move |exchange| {
        let from = offset(&exchange.request).unwrap();
        match from < body.len() {
            true => exchange.answer(partial(&body, from, body.len())),
            false => exchange.answer(reply(416, &[("content-range", "bytes */1000")], "")),
        }
    });
    let reader = service(&ranges).reader;
    let download = reader.download(&file_name("batch-x"), 400).await.unwrap();
    assert_eq!((download.from, download.total), (400, Some(1_000)));
    assert_eq!(collect(download).await, (whole[400..].to_vec(), None));
    let at_end = reader.download(&file_name("batch-x"), 1_000).await.unwrap();
    assert_eq!((at_end.from, at_end.total), (1_000, Some(1_000)));
    assert_eq!(collect(at_end).await, (Vec::new(), None));

    let body = whole.clone();
    let no_ranges = Server::start(move |exchange| exchange.answer(reply(200, &[], &body)));
    let download = service(&no_ranges).reader.download(&file_name("batch-x"), 400).await.unwrap();
    assert_eq!(download.from, 0);
    assert_eq!(collect(download).await, (whole, None));
}

#[tokio::test]
async fn a_rest_that_ends_before_its_announced_total_is_a_break() {
    let whole = content(1_000);
    let body = whole.clone();
    let server = Server::start(move |exchange| match offset(&exchange.request).unwrap() {
        // Its own length is right, but it is not all of the range that it announces.
        400 => exchange.answer(reply(206, &[("content-range", "bytes 400-999/1000")], &body[400..500])),
        from => exchange.answer(partial(&body, from, body.len())),
    });
    let download = service(&server).reader.download(&file_name("batch-x"), 400).await.unwrap();
    assert_eq!(collect(download).await, (whole[400..].to_vec(), None));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn fault_39_a_file_that_changes_under_a_download_is_noticed() {
    let server = Server::start(|exchange| match offset(&exchange.request) {
        None => exchange.answer([head(200, &[("etag", "\"1\"")], 100), vec![b'a'; 10]].concat()),
        Some(_) => exchange.answer(reply(200, &[("etag", "\"2\"")], vec![b'b'; 100])),
    });
    let download = service(&server).reader.download(&file_name("batch-x"), 0).await.unwrap();
    let (bytes, error) = collect(download).await;
    assert_eq!(bytes, vec![b'a'; 10]);
    assert_eq!(error.unwrap().message, "cannot download files/batch-x: the file changed while it was read");
}

#[tokio::test]
async fn fault_34_a_download_that_always_breaks_ends_after_five_breaks() {
    let server = Server::start(|exchange| match offset(&exchange.request) {
        None => exchange.answer([head(200, &[], 100), vec![b'a'; 10]].concat()),
        Some(from) => exchange.answer(partial(&[b'a'; 100], from, 0)),
    });
    let download = service(&server).reader.download(&file_name("batch-x"), 0).await.unwrap();
    let (bytes, error) = collect(download).await;
    assert_eq!((bytes.len(), server.seen().len()), (10, 5));
    let message = error.unwrap().message;
    assert!(message.starts_with("cannot download files/batch-x: the answer was cut off: "), "{message}");
}

#[tokio::test]
async fn fault_40_silence_in_a_download_is_a_break() {
    let whole = content(1_000);
    let body = whole.clone();
    let server = Server::start(move |exchange| match offset(&exchange.request) {
        None => {
            exchange.answer([head(200, &[], body.len()), body[..300].to_vec()].concat());
            exchange.stay_silent();
        }
        Some(from) => exchange.answer(partial(&body, from, body.len())),
    });
    let download = service_with(&server, impatient()).reader.download(&file_name("batch-x"), 0).await.unwrap();
    assert_eq!(collect(download).await, (whole, None));
}

/// So many bytes of a chunked body, and then the end of the connection.
fn cut_chunks(bytes: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n", bytes.len() + 5);
    [head.as_bytes(), bytes].concat()
}

#[tokio::test]
async fn fault_35_a_download_whose_chunk_was_cut_resumes_there() {
    let whole = content(1_000);
    let body = whole.clone();
    let server = Server::start(move |exchange| match offset(&exchange.request) {
        None => exchange.answer(cut_chunks(&body[..10])),
        Some(from) => exchange.answer(partial(&body, from, body.len())),
    });
    let download = service(&server).reader.download(&file_name("batch-x"), 0).await.unwrap();
    assert_eq!((download.from, download.total), (0, None));
    assert_eq!(collect(download).await, (whole, None));
    let server = Server::start(|exchange| exchange.answer(cut_chunks(b"")));
    let download = service(&server).reader.download(&file_name("batch-x"), 0).await.unwrap();
    let (bytes, error) = collect(download).await;
    assert_eq!((bytes.len(), error.unwrap().kind, server.seen().len()), (0, Kind::Offline, 5));
}

#[tokio::test]
async fn fault_40_a_slow_download_has_no_total_limit_and_a_silent_one_says_that_it_stalled() {
    // Every piece comes well within the limit, and all of them take several times as long.
    let limit = Duration::from_millis(1_000);
    let timing = Timing { headers: limit, silence: limit, call: limit, ..super::quick() };
    let server = Server::start(|exchange| {
        exchange.answer(head(200, &[], 60));
        for _ in 0..60 {
            std::thread::sleep(Duration::from_millis(40));
            exchange.answer(b"x");
        }
    });
    let download = service_with(&server, timing).reader.download(&file_name("batch-x"), 0).await.unwrap();
    assert_eq!(collect(download).await, (vec![b'x'; 60], None));
    assert_eq!(server.seen().len(), 1);
    let silent = Server::start(|exchange| {
        exchange.answer([head(200, &[], 100), vec![b'a'; 10]].concat());
        exchange.stay_silent();
    });
    let mut timing = impatient();
    timing.policy.budget = Duration::ZERO;
    let download = service_with(&silent, timing).reader.download(&file_name("batch-x"), 0).await.unwrap();
    let (bytes, error) = collect(download).await;
    let error = error.unwrap();
    assert_eq!((bytes.len(), error.kind), (10, Kind::TimedOut), "what came before is kept");
    assert!(error.message.contains("stalled: nothing came from http://127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn fault_43_a_download_address_elsewhere_gets_no_request() {
    let other = Server::start(|exchange| exchange.answer(reply(200, &[], "stolen\n")));
    let host = other.origin.strip_prefix("http://").unwrap().to_owned();
    let spellings = [
        format!("http://{host}/x"),
        format!("//{host}/x"),
        format!("files/..//{host}/x"),
        format!("files/@{host}"),
        format!("files/x@{host}/"),
        format!("files/x?u=http://{host}"),
        format!("files/x#//{host}"),
        format!("\\\\{host}\\x"),
        format!("http:{host}"),
        format!("files/%2e%2e%2f%2f{host}"),
    ];
    for file in spellings {
        let body = serde_json::json!({"name": "batches/x", "done": true, "metadata": {
            "state": "BATCH_STATE_SUCCEEDED", "output": {"responsesFile": file}}, "response": {"responsesFile": file}});
        let server = Server::start(move |exchange| exchange.json(200, body.to_string()));
        let job = service(&server).reader.get_job(&job_name("x")).await.unwrap().value;
        assert_eq!(job.dest, None, "{file}: no name of a file");
        assert_eq!(gemtts_tui::job::FileName::parse_loose(&file).filter(|name| name.as_str().contains(&host)), None);
    }
    // A redirect of the download itself leads nowhere either.
    let target = format!("http://{host}/x");
    let server = Server::start(move |exchange| exchange.answer(reply(302, &[("location", &target)], "")));
    service(&server).reader.download(&file_name("batch-x"), 0).await.err().unwrap();
    assert_eq!(other.seen().len(), 0);
}

#[tokio::test]
async fn a_download_refuses_what_is_not_the_file() {
    let table = [
        (reply(200, &[("content-encoding", "gzip")], "x"), Kind::Unexpected, 1),
        (reply(200, &[("content-type", "text/html; charset=utf-8")], "<html>"), Kind::Unexpected, 2),
        (reply(403, &[], example("error_403_file.json")), Kind::NotFound, 2),
        (reply(302, &[("location", "http://127.0.0.1:1/x?upload_id=1")], ""), Kind::Unexpected, 1),
    ];
    for (answer, kind, requests) in table {
        let server = Server::start(move |exchange| exchange.answer(&answer));
        let error = service(&server).reader.download(&file_name("batch-x"), 0).await.err().unwrap();
        assert_eq!((error.kind, server.seen().len()), (kind, requests), "{error}");
        assert_no_secret(&format!("{error:?}"));
    }
}

#[tokio::test]
async fn the_other_download_path_is_tried_when_the_first_is_not_there() {
    let server = Server::start(|exchange| match exchange.request.path().starts_with("/download/") {
        true => exchange.answer(reply(200, &[], "lines\n")),
        false => exchange.answer(reply(404, &[], "<html>no such path</html>")),
    });
    let download = service(&server).reader.download(&file_name("batch-x"), 0).await.unwrap();
    assert_eq!(collect(download).await, (b"lines\n".to_vec(), None));
    assert_eq!(server.count("GET", "/download/v1beta/files/batch-x:download?alt=media"), 1);
}

#[tokio::test]
async fn the_body_of_an_inline_job_comes_as_it_is_and_a_cut_is_an_error() {
    let text = example("get_succeeded_inline_mixed.json");
    let body = text.clone();
    let server = Server::start(move |exchange| match exchange.number {
        0 => exchange.json(200, &body),
        _ => exchange.answer([head(200, &[], body.len()), body.as_bytes()[..100].to_vec()].concat()),
    });
    let reader = service(&server).reader;
    let download = reader.download_job(&job_name("x")).await.unwrap();
    assert_eq!(collect(download).await, (text.into_bytes(), None));
    let (bytes, error) = collect(reader.download_job(&job_name("x")).await.unwrap()).await;
    assert_eq!((bytes.len(), error.unwrap().kind, server.seen().len()), (100, Kind::Offline, 2));
}

#[tokio::test]
async fn an_absurd_length_is_a_length() {
    let server = Server::start(|exchange| {
        let length = u64::MAX - 15;
        exchange
            .answer(format!("HTTP/1.1 206 X\r\ncontent-range: bytes 400-999/*\r\ncontent-length: {length}\r\n\r\n"));
    });
    let download = service(&server).reader.download(&file_name("batch-x"), 400).await.unwrap();
    assert_eq!((download.from, download.total), (400, Some(u64::MAX)));
}
