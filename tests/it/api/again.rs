//! Every method of the service meets every list of faults: how often it is sent, and how it ends.
//!
//! A list holds one instruction for each request; the last one holds for all that follow.

use std::sync::Arc;

use gemtts_tui::api::error::Error;
use gemtts_tui::api::{Input, NewJob, Service};

use super::server::{Exchange, Server, reply};
use super::{assert_no_secret, file_name, impatient, job_name, quick, service_with, writer};

/// What the service does with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Do {
    Answer,
    Close,
    Silence,
    Status(u16),
    Html,
}
use Do::{Answer, Close, Html, Silence, Status};

/// What repeating means, and so how often it is done.
#[derive(Clone, Copy, Debug)]
enum Class {
    Read,
    Repeatable,
    Once,
}

const METHODS: [(&str, Class); 12] = [
    ("list jobs", Class::Read),
    ("get job", Class::Read),
    ("list files", Class::Read),
    ("get file", Class::Read),
    ("list models", Class::Read),
    ("list voices", Class::Read),
    ("download", Class::Read),
    ("download job", Class::Read),
    ("cancel job", Class::Repeatable),
    ("delete job", Class::Repeatable),
    ("delete file", Class::Repeatable),
    ("create job", Class::Once),
];

async fn call(service: &Service, method: &str) -> Result<(), Error> {
    let (reader, writer) = (&service.reader, writer(service));
    match method {
        "list jobs" => reader.list_jobs(None).await.map(drop),
        "get job" => reader.get_job(&job_name("x")).await.map(drop),
        "list files" => reader.list_files(None).await.map(drop),
        "get file" => reader.get_file(&file_name("x")).await.map(drop),
        "list models" => reader.list_models(None).await.map(drop),
        "list voices" => reader.list_voices(None).await.map(drop),
        "download" => reader.download(&file_name("x"), 0).await.map(drop),
        "download job" => reader.download_job(&job_name("x")).await.map(drop),
        "cancel job" => writer.cancel_job(&job_name("x")).await,
        "delete job" => writer.delete_job(&job_name("x")).await,
        "delete file" => writer.delete_file(&file_name("x")).await,
        _ => {
            let input = Input::File(file_name("x"));
            let new = NewJob { model: "m".into(), display_name: "ch01".into(), input };
            writer.create_job(&new).await.map(drop)
        }
    }
}

fn perform(exchange: &mut Exchange, what: Do) {
    match what {
        // Whatever was asked for: a job, a file, an empty list.
        Answer if exchange.request.path().contains("/files/") => exchange.json(200, r#"{"name":"files/x"}"#),
        Answer => exchange.json(200, r#"{"name":"batches/x","metadata":{"state":"BATCH_STATE_PENDING"}}"#),
        Close => exchange.read_body(usize::MAX),
        Silence => exchange.stay_silent(),
        Status(status) => exchange.json(status, r#"{"error":{"message":"no"}}"#),
        Html => exchange.answer(reply(200, &[("content-type", "text/html")], "<html>no</html>")),
    }
}

#[tokio::test]
async fn every_method_meets_every_list_of_faults() {
    // The list, and what becomes of reads, of changes that may be repeated, and of creates.
    type Ends = [(bool, usize); 3];
    let table: [(&[Do], Ends); 16] = [
        (&[Answer], [(true, 1), (true, 1), (true, 1)]),
        (&[Status(503), Answer], [(true, 2), (true, 2), (false, 1)]),
        (&[Status(503), Close, Answer], [(true, 3), (true, 3), (false, 1)]),
        (&[Close, Status(500), Status(502), Answer], [(true, 4), (false, 3), (false, 1)]),
        (&[Status(504), Status(504), Close, Status(408), Answer], [(true, 5), (false, 3), (false, 1)]),
        (&[Status(429), Answer], [(true, 2), (true, 2), (false, 1)]),
        (&[Status(503)], [(false, 5), (false, 3), (false, 1)]),
        (&[Close], [(false, 5), (false, 3), (false, 1)]),
        (&[Silence, Answer], [(true, 2), (true, 2), (false, 1)]),
        (&[Html, Answer], [(true, 2), (true, 2), (false, 1)]),
        (&[Html], [(false, 2), (false, 2), (false, 1)]),
        (&[Status(400), Answer], [(false, 1), (false, 1), (false, 1)]),
        (&[Status(401), Answer], [(false, 1), (false, 1), (false, 1)]),
        (&[Status(409), Answer], [(false, 1), (false, 1), (false, 1)]),
        (&[Status(501), Answer], [(false, 1), (false, 1), (false, 1)]),
        (&[Status(503), Status(409), Answer], [(false, 2), (false, 2), (false, 1)]),
    ];
    for (instructions, expected) in table {
        let timing = if instructions.contains(&Silence) { impatient() } else { quick() };
        for (method, class) in METHODS {
            let list: Arc<[Do]> = instructions.into();
            let server = Server::start(move |exchange| {
                let at = exchange.number.min(list.len() - 1);
                perform(exchange, list[at]);
            });
            let ended = call(&service_with(&server, timing), method).await;
            let expected = match class {
                Class::Read => expected[0],
                Class::Repeatable => expected[1],
                Class::Once => expected[2],
            };
            let seen = server.wait_for(expected.1);
            assert_eq!((ended.is_ok(), seen), expected, "{method}: {instructions:?}: {ended:?}");
            assert_no_secret(&format!("{ended:?}"));
        }
    }
}
