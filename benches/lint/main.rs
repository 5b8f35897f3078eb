//! How fast sources are checked, beside what the same machine needs to count their lines.
//!
//! Makes its own files, runs `wc -l` and `gemtts-tui lint` in turns, and prints one Markdown table. It judges nobody.

#[path = "../results/timing.rs"]
// Of what the other bench measures, this one needs a part.
#[allow(dead_code)]
mod timing;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Parser;

use timing::{Contender, in_turns, median, peak, time};

/// Measures `lint` beside `wc -l`, for short and long lines of JSONL and CSV.
///
/// `cargo bench --bench lint -- --dir /dev/shm`; with `--size 2000` the files are as large as the service takes them.
#[derive(Parser, Debug)]
#[command(name = "cargo bench --bench lint --")]
struct Options {
    /// Megabytes of each file
    #[arg(long, default_value_t = 256)]
    size: u64,
    /// Rounds in which everything runs once
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Where a temporary folder is made, and removed at the end
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// Another build of the program than the one that cargo has made for this
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Only the files whose names hold this
    #[arg(long, value_name = "PART", default_value = "")]
    only: String,
    /// Cargo says that this is a bench
    #[arg(long, hide = true)]
    bench: bool,
}

/// One file: its name, and what a line of it looks like.
struct Shape {
    name: &'static str,
    header: &'static str,
    /// Characters of the text of a line.
    text: usize,
    line: fn(u64, &str) -> String,
}

const SHAPES: [Shape; 6] = [
    Shape { name: "short.jsonl", header: "", text: 60, line: jsonl },
    Shape { name: "long.jsonl", header: "", text: 6_000, line: jsonl },
    Shape { name: "snake.jsonl", header: "", text: 60, line: snake },
    Shape { name: "random-keys.jsonl", header: "", text: 60, line: random_keys },
    Shape { name: "short.csv", header: "key,text,voice,language\n", text: 60, line: csv },
    Shape { name: "long.csv", header: "key,text,voice,language\n", text: 6_000, line: csv },
];

fn jsonl(n: u64, text: &str) -> String {
    keyed(&format!("ch{:03}-{n:07}", n / 10_000), text)
}

fn random_keys(n: u64, text: &str) -> String {
    keyed(&format!("{:016x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635), text)
}

fn keyed(key: &str, text: &str) -> String {
    format!(
        r#"{{"key":"{key}","request":{{"contents":[{{"parts":[{{"text":"{text}"}}],"role":"user"}}],"generationConfig":{{"responseModalities":["AUDIO"],"speechConfig":{{"voiceConfig":{{"prebuiltVoiceConfig":{{"voiceName":"Kore"}}}}}}}}}}}}"#
    )
}

/// As other tools write it, which needs a close look at every line.
fn snake(n: u64, text: &str) -> String {
    jsonl(n, text).replace("generationConfig", "generation_config").replace("speechConfig", "speech_config")
}

fn csv(n: u64, text: &str) -> String {
    format!("ch{:03}-{n:07},\"{text}\",Kore,de-DE", n / 10_000)
}

/// Fills a file up to its size, and says how many lines it has.
fn fill(path: &Path, shape: &Shape, bytes: u64) -> Result<u64> {
    const PROSE: &str = "The ferry had been late every day that week, so nobody looked up when the bell rang twice. ";
    let prose = PROSE.repeat(shape.text / PROSE.len() + 2);
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(shape.header.as_bytes())?;
    let (mut written, mut n) = (shape.header.len() as u64, 0);
    while written < bytes {
        // Texts of different lengths, from a half to one and a half.
        let length = shape.text / 2 + (n as usize).wrapping_mul(2_654_435_761) % shape.text;
        let line = (shape.line)(n, &prose[..length]);
        writeln!(file, "{line}")?;
        written += line.len() as u64 + 1;
        n += 1;
    }
    file.flush()?;
    Ok(n)
}

fn main() -> Result<()> {
    let options = Options::parse();
    let program = options.program.clone().unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_gemtts-tui")));
    let parent = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new().prefix("gemtts-bench-").tempdir_in(&parent)?;
    println!("| file | lines | `wc -l` MB/s | `lint` MB/s | times `wc -l` | most memory, MiB |");
    println!("|---|---|---|---|---|---|");
    for shape in SHAPES.iter().filter(|shape| shape.name.contains(&options.only)) {
        let path = folder.path().join(shape.name);
        let n_lines = fill(&path, shape, options.size * 1_000_000).with_context(|| shape.name.to_owned())?;
        let lint = || {
            let mut command = Command::new(&program);
            command.arg("lint").arg(&path).env("HOME", folder.path()).env_remove("XDG_CONFIG_HOME");
            command
        };
        let contenders = vec![
            Contender::new("wc", || time(Command::new("wc").arg("-l").arg(&path), &[0])),
            Contender::new("lint", || time(&mut lint(), &[0])),
        ];
        let took = in_turns(options.rounds.max(1), contenders)?;
        let seconds = |which: usize| median(&took[which].iter().map(|took| took.seconds).collect::<Vec<_>>());
        let megabytes = path.metadata()?.len() as f64 / 1e6;
        let most = peak(&mut lint())?.map_or("unknown".to_owned(), |most| format!("{most:.0}"));
        println!(
            "| {} | {n_lines} | {:.0} | {:.0} | {:.1} | {most} |",
            shape.name,
            megabytes / seconds(0),
            megabytes / seconds(1),
            seconds(1) / seconds(0),
        );
        std::fs::remove_file(&path)?;
    }
    folder.close().context("the folder of the bench cannot be removed")
}
