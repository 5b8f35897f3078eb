//! A service of one job whose results are a file of this disk: enough of the protocol to list, get and download it.
//!
//! Plain threads on the loopback interface. The kernel sends the file, so the server costs as little as one can.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::{Timestamp, ToSpan};

/// The name of the job in lists.
pub const TITLE: &str = "bench-of-results";
/// The id of the job.
pub const JOB: &str = "batches/o6k1fq34vm2ou69wy5w72wqw56qjigbln6yy";
const FILE: &str = "files/batch-o6k1fq34vm2ou69wy5w72wqw56qjigbln6yy";

/// A server that runs until the process ends.
pub struct Server {
    pub base_url: String,
}

struct Site {
    job: String,
    results: PathBuf,
}

impl Server {
    /// Serves a job with that many keys and these results.
    pub fn start(results: &Path, keys: usize, failed: usize) -> Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port")?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let site = Arc::new(Site { job: job(keys, failed)?, results: results.to_owned() });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let site = site.clone();
                // A client that leaves early ends its connection, and nothing else.
                std::thread::spawn(move || site.talk(stream).ok());
            }
        });
        Ok(Server { base_url })
    }

    /// Where the results are.
    pub fn results_url(&self) -> String {
        format!("{}/download/v1beta/{FILE}:download?alt=media", self.base_url)
    }
}

fn job(keys: usize, failed: usize) -> Result<String> {
    let end = Timestamp::now().checked_sub(1.minute())?;
    let start = end.checked_sub(1.hour())?;
    let spoken = keys - failed;
    Ok(format!(
        r#"{{"name":"{JOB}","metadata":{{"@type":"type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch","model":"models/gemini-2.5-flash-preview-tts","displayName":"{TITLE}","inputConfig":{{"fileName":"files/9ipl31k7go00"}},"output":{{"responsesFile":"{FILE}"}},"createTime":"{start}","endTime":"{end}","updateTime":"{end}","batchStats":{{"requestCount":"{keys}","successfulRequestCount":"{spoken}","failedRequestCount":"{failed}"}},"state":"BATCH_STATE_SUCCEEDED","name":"{JOB}"}},"done":true,"response":{{"@type":"type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatchOutput","responsesFile":"{FILE}"}}}}"#
    ))
}

impl Site {
    fn talk(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut out = stream.try_clone()?;
        let mut lines = BufReader::new(stream).lines();
        loop {
            let Some(first) = lines.next().transpose()? else { return Ok(()) };
            let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
            let mut from = None;
            loop {
                let line = lines.next().transpose()?.unwrap_or_default().to_ascii_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(range) = line.strip_prefix("range: bytes=") {
                    from = range.split('-').next().and_then(|from| from.parse::<u64>().ok());
                }
            }
            let path = target.split('?').next().unwrap_or_default();
            if path.ends_with(":download") {
                self.send_results(&mut out, from)?;
            } else if path == format!("/v1beta/{JOB}") {
                send_json(&mut out, "200 OK", &self.job)?;
            } else if path == "/v1beta/batches" {
                send_json(&mut out, "200 OK", &format!(r#"{{"operations":[{}]}}"#, self.job))?;
            } else if path == "/v1beta/models" || path == "/v1beta/files" {
                send_json(&mut out, "200 OK", "{}")?;
            } else {
                send_json(&mut out, "404 Not Found", r#"{"error":{"code":404,"status":"NOT_FOUND"}}"#)?;
            }
        }
    }

    fn send_results(&self, out: &mut TcpStream, from: Option<u64>) -> io::Result<()> {
        let mut file = File::open(&self.results)?;
        let total = file.metadata()?.len();
        let begin = from.unwrap_or(0).min(total);
        file.seek(SeekFrom::Start(begin))?;
        let status = if from.is_some() { "206 Partial Content" } else { "200 OK" };
        let mut head = format!("HTTP/1.1 {status}\r\ncontent-type: application/jsonl\r\n");
        if from.is_some() {
            head += &format!("content-range: bytes {begin}-{}/{total}\r\n", total - 1);
        }
        head += &format!("content-length: {}\r\n\r\n", total - begin);
        out.write_all(head.as_bytes())?;
        io::copy(&mut file.take(total - begin), out).map(|_| ())
    }
}

fn send_json(out: &mut TcpStream, status: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    out.write_all((head + body).as_bytes())
}
