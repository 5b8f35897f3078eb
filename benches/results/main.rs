//! How fast results are saved, opened and shown, beside what the same machine needs for less.
//!
//! Makes its own files, runs every baseline and the program in turns, and prints one Markdown table of ratios. It judges
//! nobody: a goal that is missed is a word in the table, not an exit code.

// The baselines are those of Unix: elsewhere it says so, and most of it has nothing to do.
#![cfg_attr(not(unix), allow(dead_code))]

mod index;
mod machine;
mod material;
mod table;
mod timing;

#[cfg(unix)]
mod dashboard;
#[cfg(unix)]
mod disk;
#[cfg(unix)]
mod floor;
#[cfg(unix)]
mod network;
#[cfg(unix)]
mod python;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod terminal;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};

use material::Shape;
use table::Table;

/// Where the files go, unless an option says it.
const FOLDER_VARIABLE: &str = "GEMTTS_BENCH_DIR";

/// Measures saving, downloading, opening and the screen, beside cp, cat, curl and Python.
///
/// `cargo bench --bench results -- --dir /dev/shm` runs everything; it takes about ten minutes and up to 4 GB.
/// Ratios are those of runs one after the other: nothing else should work on the machine meanwhile.
/// A file system that has just lost a hundred thousand files is slow for a while; a memory file system is not.
#[derive(Parser, Debug)]
#[command(name = "cargo bench --bench results --")]
struct Options {
    /// Only these rows; all without any
    #[arg(value_enum)]
    rows: Vec<Which>,
    /// A tenth of the keys and three rounds: to see that it works, not how fast it is
    #[arg(long)]
    quick: bool,
    /// Rounds in which everything runs once
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Where a temporary folder is made, and removed at the end [default: $GEMTTS_BENCH_DIR, or the system's]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// Another seed gives other lengths and other audio
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Another build of the program than the one that cargo has made for this
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Cargo says that this is a bench
    #[arg(long, hide = true)]
    bench: bool,
    /// Instead of everything else: reads a results file as the first opening of a job does
    #[arg(long, hide = true, value_name = "FILE")]
    index: Option<PathBuf>,
}

/// The rows of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Save 2,000 keys of 6 s
    Mid,
    /// Save 20 keys of 10 min
    Giant,
    /// Save 100,000 keys of 0.2 s
    Small,
    /// Download, keep and save
    Download,
    /// Read for the first opening
    Index,
    /// Open a job of 100,000 keys in the dashboard, the first and the second time
    Open,
    /// Keys of the dashboard while it saves
    Keys,
}

/// What all rows need.
struct Bench {
    program: PathBuf,
    folder: PathBuf,
    rounds: usize,
    /// Keys are divided by this.
    fewer: usize,
    seed: u64,
}

impl Bench {
    /// The results file of that shape, made now.
    fn results(&self, shape: Shape) -> Result<material::Results> {
        material::Results::make(&self.folder.join("results.jsonl"), shape, self.fewer, self.seed)
    }
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(path) = &options.index {
        return index::read(path);
    }
    let parent = options
        .dir
        .clone()
        .or_else(|| std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from))
        .unwrap_or_else(std::env::temp_dir);
    let room = if options.quick { 1 } else { 5 };
    let free = machine::free_gigabytes(&parent)?;
    ensure!(
        free.is_none_or(|free| free >= room),
        "{} has less than {room} GB left: choose another folder with --dir or {FOLDER_VARIABLE}",
        parent.display()
    );
    let folder = tempfile::Builder::new()
        .prefix("gemtts-bench-")
        .tempdir_in(&parent)
        .with_context(|| format!("cannot make a folder in {}", parent.display()))?;
    machine::remove_when_interrupted(folder.path())?;
    let bench = Bench {
        program: options.program.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_gemtts-tui"))),
        folder: folder.path().to_owned(),
        rounds: if options.quick { 3 } else { options.rounds.max(1) },
        fewer: if options.quick { 10 } else { 1 },
        seed: options.seed,
    };
    let mut table = Table::default();
    for which in Which::value_variants() {
        if options.rows.is_empty() || options.rows.contains(which) {
            eprintln!("{which:?} …");
            if let Err(error) = run(&bench, *which, &mut table) {
                table.missing(&format!("{which:?}").to_lowercase(), &format!("{error:#}"));
            }
        }
    }
    println!("{}\n\n{table}", machine::describe(folder.path(), &bench));
    folder.close().context("the folder of the bench cannot be removed")
}

#[cfg(unix)]
fn run(bench: &Bench, which: Which, table: &mut Table) -> Result<()> {
    match which {
        Which::Mid => disk::save(bench, Shape::Mid, table),
        Which::Giant => disk::save(bench, Shape::Giant, table),
        Which::Small => disk::save(bench, Shape::Small, table),
        Which::Download => network::download(bench, table),
        Which::Index => disk::index(bench, table),
        Which::Open => dashboard::open(bench, table),
        Which::Keys => dashboard::keys(bench, table),
    }
}

#[cfg(not(unix))]
fn run(bench: &Bench, _which: Which, _table: &mut Table) -> Result<()> {
    bench.results(Shape::Mid)?;
    anyhow::bail!("not run: the baselines are those of Unix")
}
