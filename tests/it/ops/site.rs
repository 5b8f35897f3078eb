//! A service of one upload and its jobs on a real socket, which fails as a test says and counts what it is asked for.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use gemtts_tui::api::gemini::{self, Endpoint, Timing};
use gemtts_tui::api::retry::{Bucket, Policy};
use gemtts_tui::clock::Clock;
use gemtts_tui::config::BaseUrl;
use gemtts_tui::ops::{Order, Pace, Plan, Session, SourceArg};
use gemtts_tui::secret::ApiKey;
use gemtts_tui::store::{Store, Tracked, Verdict};
use serde_json::{Value, json};

use super::service::NOW;
use crate::api::server::{Exchange, Server, head, reply};

pub const KEY: &str = "AIzaCANARY000000000000000000000000000000";

/// An empty SETTINGS frame, and RST_STREAM of stream 1 with REFUSED_STREAM.
const REFUSED_STREAM: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7];

/// The calls on the way from a plan to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    UploadStart,
    UploadPiece,
    UploadQuery,
    FilesGet,
    FilesList,
    Create,
    List,
    Get,
    Cancel,
    DeleteJob,
    DeleteFile,
    Download,
    Models,
    Other,
}

/// What a caller gets in place of the usual answer.
#[derive(Clone, Copy, Debug)]
pub enum Bad {
    /// Everything is read, and the connection ends.
    Close,
    /// All but a byte is read, and the connection is torn.
    Reset,
    /// Everything is read, and nothing is said.
    Silence,
    /// The same from the second call on.
    SilenceLater,
    /// A status and a body.
    Status(u16, &'static str),
    /// 307 to another origin.
    Redirect,
    /// 200 and a body.
    Says(&'static str),
    /// 200 with the usual body up to its last part, and then nothing.
    Stall,
    /// 200 and so many bytes of white space before a brace.
    Huge(usize),
    /// 200 with the usual body, and a length that is too large by so much, or too small.
    Length(isize),
    /// 200 with half of the usual body in chunks, and the end of the connection.
    CutChunk,
    /// What a peer of HTTP/2 says: this stream was refused, as if it had not been looked at.
    RefusedStream,
    /// An address of an upload that is somewhere else.
    Elsewhere,
    /// The usual answer, and then nobody listens any more.
    Leave,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub on: On,
    /// So often, from the first call on.
    pub times: usize,
    /// Whether the service did what was asked.
    pub is_done: bool,
    pub bad: Bad,
}

#[derive(Default)]
pub struct World {
    pub fault: Option<Fault>,
    pub kept: Vec<u8>,
    is_ended: bool,
    /// So many looks at the file find it in the making.
    pub processing: usize,
    pub starts: usize,
    pub queries: usize,
    pub lists: usize,
    pub looks_at_file: usize,
    /// Method and target of every request.
    pub targets: Vec<String>,
    /// The display names of all creates that arrived.
    pub creates: Vec<String>,
    /// The display names of the jobs that there are.
    pub jobs: Vec<String>,
    /// Lists do not show jobs.
    pub hides_jobs: bool,
    pub requests: usize,
    /// Every call that arrived, in its order.
    pub calls: Vec<On>,
    /// The state of all jobs; they wait when there is none.
    pub state: Option<&'static str>,
    /// What a cancel makes of them, when that is not that they are cancelled.
    pub cancel_makes: Option<&'static str>,
    /// Jobs and files are there no more.
    pub is_deleted: bool,
    /// What a job that succeeded has made.
    pub results: Vec<u8>,
    /// How many results it is said to have made; the lines of the file when there is none.
    pub n_results: Option<usize>,
    /// A job that succeeded does not say yet where its results are.
    pub hides_results: bool,
    /// Downloads end with the connection, and nothing else tells how long they are.
    pub hides_length: bool,
    /// What the clock of the service shows in the head of every answer.
    pub date: Option<&'static str>,
}

/// The service, another one that nobody may talk to, and a state folder.
pub struct Site {
    world: Arc<Mutex<World>>,
    server: Server,
    elsewhere: Arc<Server>,
    pub folder: tempfile::TempDir,
}

impl Site {
    pub fn start(fault: Option<Fault>) -> Self {
        let world = Arc::new(Mutex::new(World { fault, ..World::default() }));
        let elsewhere = Arc::new(Server::start(|exchange| exchange.json(200, "{}")));
        let server = Server::start(script(world.clone(), elsewhere.origin.clone()));
        Site { world, server, elsewhere, folder: tempfile::tempdir().unwrap() }
    }

    /// The same with one job, in this state.
    pub fn with_job(state: &'static str, fault: Option<Fault>) -> Self {
        let site = Site::start(fault);
        site.world().jobs.push("ch01".to_owned());
        site.world().state = Some(state);
        site
    }

    /// How often something was asked for.
    pub fn n(&self, on: On) -> usize {
        self.world().calls.iter().filter(|call| **call == on).count()
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Creates and lists that arrived.
    pub fn counted(&self) -> (usize, usize) {
        let world = self.world();
        (world.creates.len(), world.lists)
    }

    /// Requests that went to the other origin.
    pub fn n_elsewhere(&self) -> usize {
        self.elsewhere.seen().len()
    }

    /// All is well from now on, and somebody listens again if nobody did.
    pub fn heal(&mut self) {
        let fault = self.world().fault.take();
        if matches!(fault, Some(Fault { bad: Bad::Leave, .. })) {
            let address = self.server.origin.strip_prefix("http://").unwrap().to_owned();
            self.server = Server::listen(&address, script(self.world.clone(), self.elsewhere.origin.clone()));
        }
    }

    /// A session with it, as a program that was just started has it.
    pub fn session(&self, is_impatient: bool) -> Session {
        let limit = Duration::from_millis(150);
        let timing = match is_impatient {
            true => Timing { headers: limit, silence: limit, call: limit, ..Timing::default() },
            false => Timing::default(),
        };
        self.session_at(&self.server.origin, timing)
    }

    /// A session that waits so long for a file to be ready.
    pub fn session_until_ready(&self, ready: Duration) -> Session {
        self.session_at(&self.server.origin, Timing { ready, ..Timing::default() })
    }

    /// Where it listens.
    pub fn origin(&self) -> String {
        self.server.origin.clone()
    }

    /// A session with an address at which nobody listens.
    pub fn lost_session(&self) -> Session {
        self.session_at(&Server::nowhere().origin, Timing::default())
    }

    fn session_at(&self, origin: &str, timing: Timing) -> Session {
        let policy = Policy {
            first: Duration::from_millis(1),
            longest: Duration::from_millis(4),
            budget: Duration::from_secs(5),
        };
        let timing = Timing { policy, look_again: Duration::from_millis(1), ..timing };
        let endpoint = Endpoint { base: BaseUrl::parse(origin).unwrap(), key: ApiKey::parse(KEY).unwrap() };
        let options = gemini::Options { timing, bucket: Some(Arc::new(Bucket::full())), ..gemini::Options::default() };
        let way = gemini::connect(&endpoint, &options).unwrap();
        let store = Store::open(&self.folder.path().join("state")).unwrap();
        let clock = Clock::fixed(NOW.parse().unwrap());
        let mut session = Session::new(way, store, clock, "default".into(), self.folder.path().join("cache"));
        session.pace = Pace { probes: vec![Duration::ZERO], probes_most: Duration::from_secs(20), ..Pace::default() };
        session.with_key(&endpoint.key).unwrap()
    }

    /// A plan of three lines.
    pub async fn plan(&self, session: &Session, inline: bool) -> Plan {
        let path = self.folder.path().join("ch01.txt");
        std::fs::write(&path, "The first line.\nThe second line.\nThe third line.\n").unwrap();
        let order =
            Order { sources: vec![SourceArg::Path(path)], voice: Some("Kore".into()), inline, ..Order::default() };
        let plan = gemtts_tui::ops::plan(session, &order).await.unwrap();
        assert!(!plan.has_errors(), "{:?}", plan.findings);
        plan
    }

    /// The only create of the ledger, as it is on the disk.
    pub fn tracked(&self) -> Option<Tracked> {
        let mut all = Store::open(&self.folder.path().join("state")).unwrap().intents().unwrap();
        assert!(all.len() <= 1, "{all:?}");
        all.pop()
    }

    /// What the ledger says of the only create, in a word.
    pub fn verdict(&self) -> &'static str {
        match self.tracked().map(|tracked| tracked.verdict) {
            None => "none",
            Some(None) => "open",
            Some(Some(Verdict::NotSent)) => "not sent",
            Some(Some(Verdict::Rejected { .. })) => "rejected",
            Some(Some(Verdict::Unknown { .. })) => "unknown",
            Some(Some(Verdict::Confirmed { .. })) => "confirmed",
            Some(Some(Verdict::Adopted { .. })) => "adopted",
            Some(Some(Verdict::Duplicate { .. })) => "duplicate",
            Some(Some(Verdict::GivenUp)) => "given up",
        }
    }
}

fn call(exchange: &Exchange) -> On {
    let request = &exchange.request;
    match (request.method.as_str(), request.path(), request.header("x-goog-upload-command")) {
        ("POST", "/upload/v1beta/files", _) => On::UploadStart,
        ("POST", "/session", "query") => On::UploadQuery,
        ("POST", "/session", _) => On::UploadPiece,
        ("GET", "/v1beta/files", _) => On::FilesList,
        ("GET", "/v1beta/batches", _) => On::List,
        ("GET", "/v1beta/models", _) => On::Models,
        ("GET", path, _) if path.ends_with(":download") => On::Download,
        ("GET", path, _) if path.starts_with("/v1beta/batches/") => On::Get,
        ("POST", path, _) if path.ends_with(":cancel") => On::Cancel,
        ("DELETE", path, _) if path.starts_with("/v1beta/batches/") => On::DeleteJob,
        ("DELETE", path, _) if path.starts_with("/v1beta/files/") => On::DeleteFile,
        ("GET", path, _) if path.starts_with("/v1beta/files/") => On::FilesGet,
        ("POST", path, _) if path.ends_with(":batchGenerateContent") => On::Create,
        _ => On::Other,
    }
}

fn script(world: Arc<Mutex<World>>, elsewhere: String) -> impl FnMut(&mut Exchange) + Send + 'static {
    move |exchange| {
        let mut world = world.lock().unwrap();
        world.requests += 1;
        world.targets.push(format!("{} {}", exchange.request.method, exchange.request.target));
        let on = call(exchange);
        world.calls.push(on);
        let fault = world.fault.as_mut().filter(|fault| fault.on == on && fault.times > 0).map(|fault| {
            fault.times -= 1;
            *fault
        });
        let unread = usize::from(matches!(fault, Some(Fault { bad: Bad::Reset, .. })));
        let announced: usize = exchange.request.header("content-length").parse().unwrap_or(0);
        exchange.read_body(announced.saturating_sub(unread));
        world.count(on, exchange);
        let usual = match fault {
            Some(fault) if !fault.is_done => None,
            Some(_) | None => Some(dated(world.answer(on, exchange), world.date)),
        };
        let Some(fault) = fault else { return exchange.answer(usual.unwrap_or_default()) };
        misbehave(exchange, fault, usual, &elsewhere);
    }
}

/// The answer with the time of the service in its head.
fn dated(answer: Vec<u8>, date: Option<&str>) -> Vec<u8> {
    let Some(date) = date else { return answer };
    let at = answer.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    [&answer[..at], format!("date: {date}\r\n").as_bytes(), &answer[at..]].concat()
}

fn misbehave(exchange: &mut Exchange, fault: Fault, usual: Option<Vec<u8>>, elsewhere: &str) {
    let (bad, is_first) = (fault.bad, fault.times == usize::MAX - 1);
    let body = || {
        let usual = usual.clone().unwrap_or_default();
        let at = usual.windows(4).position(|end| end == b"\r\n\r\n").map_or(usual.len(), |at| at + 4);
        usual[at..].to_vec()
    };
    match bad {
        Bad::Close | Bad::Reset => {}
        Bad::Silence => exchange.stay_silent(),
        Bad::SilenceLater if is_first => exchange.answer(usual.unwrap_or_default()),
        Bad::SilenceLater => exchange.stay_silent(),
        Bad::Status(status, body) => exchange.json(status, body),
        Bad::Redirect => exchange.answer(reply(307, &[("location", &format!("{elsewhere}/v1beta/again"))], "")),
        Bad::Says(body) => exchange.answer(reply(200, &[], body)),
        Bad::Huge(spaces) => exchange.answer(reply(200, &[], " ".repeat(spaces) + "{}")),
        Bad::Length(more) => {
            let body = body();
            let length = body.len().checked_add_signed(more).unwrap();
            exchange.answer([head(200, &[], length), body].concat());
        }
        Bad::CutChunk => {
            let body = body();
            let start = format!("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n", body.len());
            exchange.answer([start.as_bytes(), &body[..body.len() / 2]].concat());
        }
        Bad::RefusedStream => exchange.answer(REFUSED_STREAM),
        Bad::Elsewhere => {
            let url = format!("{elsewhere}/session?upload_id=secret");
            exchange.answer(reply(200, &[("x-goog-upload-status", "active"), ("x-goog-upload-url", &url)], ""));
        }
        Bad::Stall => {
            let body = body();
            exchange.answer([head(200, &[], body.len()), body[..body.len() * 7 / 8].to_vec()].concat());
            exchange.stay_silent();
        }
        Bad::Leave => exchange.last_words = usual,
    }
}

impl World {
    fn count(&mut self, on: On, exchange: &Exchange) {
        match on {
            On::UploadStart => self.starts += 1,
            On::UploadQuery => self.queries += 1,
            On::Create => {
                // Of a torn request the last byte is missing.
                let body = String::from_utf8_lossy(&exchange.request.body).into_owned();
                let name = body.split(r#""displayName":""#).nth(1).and_then(|rest| rest.split('"').next());
                self.creates.push(name.unwrap().to_owned());
            }
            On::List => self.lists += 1,
            On::FilesGet => self.looks_at_file += 1,
            On::UploadPiece
            | On::FilesList
            | On::Get
            | On::Cancel
            | On::DeleteJob
            | On::DeleteFile
            | On::Download
            | On::Models
            | On::Other => {}
        }
    }

    /// Does what was asked, and answers as the service does.
    fn answer(&mut self, on: On, exchange: &Exchange) -> Vec<u8> {
        let ok = |value: &Value| reply(200, &[("content-type", "application/json")], value.to_string());
        match on {
            On::UploadStart => {
                (self.kept, self.is_ended) = (Vec::new(), false);
                let url = "https://generativelanguage.googleapis.com/session?upload_id=secret";
                reply(200, &[("x-goog-upload-status", "active"), ("x-goog-upload-url", url)], "")
            }
            On::UploadQuery => {
                let status = if self.is_ended { "final" } else { "active" };
                let received = self.kept.len().to_string();
                let headers = [("x-goog-upload-status", status), ("x-goog-upload-size-received", &received)];
                reply(200, &headers, "")
            }
            On::UploadPiece => {
                let at: usize = exchange.request.header("x-goog-upload-offset").parse().unwrap();
                assert_eq!(at, self.kept.len(), "a piece begins where the last one ended");
                self.kept.extend_from_slice(&exchange.request.body);
                self.is_ended = exchange.request.header("x-goog-upload-command").contains("finalize");
                let status = if self.is_ended { "final" } else { "active" };
                reply(200, &[("x-goog-upload-status", status)], json!({ "file": self.file() }).to_string())
            }
            On::FilesGet => {
                self.processing = self.processing.saturating_sub(1);
                ok(&self.file())
            }
            On::FilesList => ok(&json!({ "files": [self.file()] })),
            On::Create => {
                let name = self.creates.last().unwrap().clone();
                self.jobs.push(name);
                ok(&self.job(self.jobs.len() - 1))
            }
            On::List if self.hides_jobs || self.is_deleted || self.jobs.is_empty() => ok(&json!({})),
            On::List => {
                let jobs: Vec<Value> = (0..self.jobs.len()).map(|at| self.job(at)).collect();
                ok(&json!({ "operations": jobs }))
            }
            On::Get => match (0..self.jobs.len()).find(|at| exchange.request.path().ends_with(&format!("/made{at}"))) {
                Some(at) if !self.is_deleted => ok(&self.job(at)),
                Some(_) | None => refusal(404, "NOT_FOUND"),
            },
            On::Cancel if self.state.is_some_and(|state| state != "BATCH_STATE_RUNNING") => {
                refusal(400, "FAILED_PRECONDITION")
            }
            On::Cancel => {
                self.state = self.cancel_makes.or(Some("BATCH_STATE_CANCELLED"));
                ok(&json!({}))
            }
            On::DeleteJob if self.is_deleted => refusal(404, "NOT_FOUND"),
            // To the service a file that is gone is one that nobody may see.
            On::DeleteFile if self.is_deleted => refusal(403, "PERMISSION_DENIED"),
            On::DeleteJob | On::DeleteFile => {
                self.is_deleted = true;
                ok(&json!({}))
            }
            On::Download => self.download(exchange.request.header("range")),
            On::Models => ok(&json!({ "models": [{ "name": "models/m", "displayName": "A model" }] })),
            On::Other => refusal(404, "NOT_FOUND"),
        }
    }

    /// The results from an offset on, or all of them.
    fn download(&self, range: &str) -> Vec<u8> {
        let from: Option<usize> = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-')?.parse().ok());
        let all = self.results.len();
        match from {
            None if self.hides_length => [&b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\n"[..], &self.results].concat(),
            None => reply(200, &[], &self.results),
            Some(from) if from < all => {
                let range = format!("bytes {from}-{}/{all}", all - 1);
                reply(206, &[("content-range", &range)], &self.results[from..])
            }
            Some(_) => reply(416, &[("content-range", &format!("bytes */{all}"))], ""),
        }
    }

    fn file(&self) -> Value {
        let digest = ring::digest::digest(&ring::digest::SHA256, &self.kept);
        let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hex);
        let state = if self.processing > 0 { "PROCESSING" } else { "ACTIVE" };
        json!({ "name": "files/up1", "sizeBytes": self.kept.len().to_string(), "sha256Hash": hash, "state": state })
    }

    fn job(&self, at: usize) -> Value {
        let name = format!("batches/made{at}");
        let state = self.state.unwrap_or("BATCH_STATE_PENDING");
        let mut job = json!({
            "name": name,
            "metadata": {
                "model": "models/m",
                "displayName": self.jobs[at],
                "createTime": NOW,
                "state": state,
                "name": name,
            },
        });
        if state == "BATCH_STATE_SUCCEEDED" {
            let lines = self.results.iter().filter(|byte| **byte == b'\n').count();
            let n = self.n_results.unwrap_or(lines).to_string();
            job["metadata"]["endTime"] = json!(NOW);
            job["metadata"]["inputConfig"] = json!({ "fileName": "files/up1" });
            job["metadata"]["batchStats"] = json!({ "requestCount": n, "successfulRequestCount": n });
            if !self.hides_results {
                job["metadata"]["output"] = json!({ "responsesFile": format!("files/batch-made{at}") });
            }
        }
        job
    }
}

/// The service's own way to say no.
fn refusal(code: u16, status: &str) -> Vec<u8> {
    let body = json!({ "error": { "code": code, "status": status, "message": "no" } });
    reply(code, &[("content-type", "application/json")], body.to_string())
}
