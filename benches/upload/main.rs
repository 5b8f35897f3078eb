//! How fast a file goes up, beside `curl` with the same pieces to the same server.
//!
//! The server reads and forgets, on the loopback interface: what is measured is what the sender needs. Runs in turns and
//! prints one line of ratios; it judges nobody.

#![cfg_attr(not(unix), allow(dead_code))]

use std::future::ready;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use futures_util::FutureExt;
use gemtts_tui::api::gemini::{self, Endpoint};
use gemtts_tui::api::{Service, Upload};
use gemtts_tui::config::BaseUrl;
use gemtts_tui::secret::ApiKey;

/// What the service asks for, and what everybody sends at once.
const PIECE: usize = 8 << 20;

/// Measures uploads beside curl.
#[derive(Parser, Debug)]
#[command(name = "cargo bench --bench upload --")]
struct Options {
    /// Megabytes to upload
    #[arg(long, default_value_t = 200)]
    megabytes: usize,
    /// Rounds in which everybody runs once
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Given by cargo, and of no meaning here
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    let material = Material::make(folder.path(), options.megabytes)?;
    let base_url = serve()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let endpoint = Endpoint { base: BaseUrl::parse(&base_url)?, key: ApiKey::parse("a-key-of-a-bench")? };
    let service = gemini::connect(&endpoint, &gemini::Options::default())?;
    let before = memory("VmRSS");
    let (mut ours, mut curls, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=options.rounds {
        let took = [
            timed(|| runtime.block_on(upload(&service, &material)))?,
            timed(|| curl(&base_url, &material))?,
            timed(|| material.hash().map(drop))?,
        ];
        // The first round fills the caches.
        if round > 0 {
            ours.push(took[0]);
            curls.push(took[1]);
            hashes.push(took[2]);
        }
    }
    let (ours, curls, hash) = (median(ours), median(curls), median(hashes));
    let rate = |seconds: f64| options.megabytes as f64 * 1.048_576 / seconds;
    println!("| {} MiB in pieces of 8 MiB | seconds | MB/s |", options.megabytes);
    println!("|---|---|---|");
    println!("| curl | {curls:.3} | {:.0} |", rate(curls));
    println!("| upload, hashed on the way | {ours:.3} | {:.0} |", rate(ours));
    println!("| reading and hashing alone | {hash:.3} | {:.0} |", rate(hash));
    println!("share of curl's speed: {:.2}", curls / ours);
    if let (Some(before), Some(peak)) = (before, memory("VmHWM")) {
        println!("memory: {before} kB before, {peak} kB at the most");
    }
    Ok(())
}

/// A file, and the pieces of it for those who cannot send a part of a file.
struct Material {
    path: PathBuf,
    pieces: Vec<PathBuf>,
    sha256: String,
}

impl Material {
    fn make(folder: &Path, megabytes: usize) -> Result<Self> {
        let path = folder.join("requests.jsonl");
        let mut whole = std::fs::File::create(&path)?;
        let (mut pieces, mut left, mut seed) = (Vec::new(), megabytes << 20, 1u64);
        while left > 0 {
            let length = left.min(PIECE);
            let mut bytes = Vec::with_capacity(length);
            while bytes.len() < length {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                bytes.extend_from_slice(&seed.to_le_bytes());
            }
            bytes.truncate(length);
            whole.write_all(&bytes)?;
            let piece = folder.join(format!("piece-{}", pieces.len()));
            std::fs::write(&piece, &bytes)?;
            pieces.push(piece);
            left -= length;
        }
        let mut material = Material { path, pieces, sha256: String::new() };
        material.sha256 = material.hash()?;
        Ok(material)
    }

    fn hash(&self) -> Result<String> {
        let mut file = std::fs::File::open(&self.path)?;
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok(digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect());
            }
            digest.update(&buffer[..read]);
        }
    }
}

async fn upload(service: &Service, material: &Material) -> Result<()> {
    let writer = service.writer.as_ref().context("a service that can be written to")?;
    let upload = Upload {
        path: &material.path,
        display_name: "bench",
        mime_type: "application/jsonl",
        sha256: Some(&material.sha256),
        session: None,
        begun: &|_| ready(()).boxed(),
        progress: &|_, _| {},
        processing: &|| {},
    };
    writer.upload(upload).await?;
    Ok(())
}

fn curl(base_url: &str, material: &Material) -> Result<()> {
    let mut curl = Command::new("curl");
    for (at, piece) in material.pieces.iter().enumerate() {
        if at > 0 {
            curl.arg("--next");
        }
        let command = if at + 1 == material.pieces.len() { "upload, finalize" } else { "upload" };
        curl.args(["-s", "-f", "-X", "POST", "-H", "Expect:", "-o", "/dev/null"]);
        curl.arg("-H").arg(format!("x-goog-upload-command: {command}"));
        curl.arg("-H").arg(format!("x-goog-upload-offset: {}", at * PIECE));
        curl.arg("-T").arg(piece).arg(format!("{base_url}/session"));
    }
    let status = curl.stdin(Stdio::null()).status().context("curl is needed to compare with")?;
    ensure!(status.success(), "curl failed: {status}");
    Ok(())
}

fn timed(run: impl FnOnce() -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    run()?;
    Ok(began.elapsed().as_secs_f64())
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A figure of this process in kB, where the system tells.
fn memory(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.split_whitespace().next()?.parse().ok())
}

/// A service that takes every piece and keeps none. Runs until the process ends.
fn serve() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let session = format!("{base_url}/session");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let session = session.clone();
            // A client that leaves ends its connection, and nothing else.
            std::thread::spawn(move || talk(stream, &session).ok());
        }
    });
    Ok(base_url)
}

fn talk(stream: TcpStream, session: &str) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut input = BufReader::with_capacity(256 << 10, stream);
    loop {
        let (mut length, mut command, mut line) = (0u64, String::new(), String::new());
        loop {
            line.clear();
            if input.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let lower = line.trim_end().to_ascii_lowercase();
            if lower.is_empty() {
                break;
            }
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if let Some(value) = lower.strip_prefix("x-goog-upload-command:") {
                command = value.trim().to_owned();
            }
        }
        std::io::copy(&mut (&mut input).take(length), &mut std::io::sink())?;
        let (headers, body) = match command.as_str() {
            "start" => (format!("x-goog-upload-status: active\r\nx-goog-upload-url: {session}\r\n"), ""),
            "upload" => ("x-goog-upload-status: active\r\n".to_owned(), ""),
            _ => ("x-goog-upload-status: final\r\n".to_owned(), r#"{"file":{"name":"files/up1","state":"ACTIVE"}}"#),
        };
        write!(out, "HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())?;
    }
}
