//! The dashboard with a job of 100,000 keys: how soon it is open, and how soon a key is answered.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use gemtts_tui::text::thousands;
use pty_process::blocking::Command;

use crate::Bench;
use crate::disk::{fresh, remove};
use crate::material::{Results, Shape};
use crate::network::KEY;
use crate::server::{Server, TITLE};
use crate::table::{Goal, Table};
use crate::terminal::Terminal;
use crate::timing::{median, peak_so_far, quantile};

/// Keys that are timed, alone and while a save runs.
const TIMED: usize = 400;

/// Between two keys, as of somebody who types without a rest.
const PAUSE: Duration = Duration::from_millis(12);

/// What the dashboard needs at the most to begin a save, or to be done with one whose last row is written.
const LULL: Duration = Duration::from_millis(500);

/// A service with the job, and a home that has not seen it.
struct Desk<'a> {
    bench: &'a Bench,
    results: Results,
    server: Server,
}

impl<'a> Desk<'a> {
    fn new(bench: &'a Bench) -> Result<Self> {
        let results = bench.results(Shape::Small)?;
        let server = Server::start(&results.path, results.keys, results.keys - results.files.len())?;
        fresh(bench, "home")?;
        Ok(Desk { bench, results, server })
    }

    /// Starts the dashboard, and waits until the job is in its list.
    fn start(&self) -> Result<Terminal> {
        let command = Command::new(&self.bench.program).env_clear().current_dir(&self.bench.folder);
        let command = command.env("HOME", self.bench.folder.join("home")).env("TERM", "xterm-256color");
        let command = command.env("LANG", "C.UTF-8").env("GEMINI_API_KEY", KEY);
        let terminal = Terminal::start(command.env("GOOGLE_GEMINI_BASE_URL", &self.server.base_url))?;
        terminal.wait("the job in the list", |screen| screen.contents().contains(TITLE))?;
        Ok(terminal)
    }

    /// Opens the job: milliseconds to the first key on the screen, and to the last one in the list.
    fn open(&self, terminal: &Terminal) -> Result<(f64, f64)> {
        let began = std::time::Instant::now();
        let since = || began.elapsed().as_secs_f64() * 1000.0;
        terminal.send("\r")?;
        terminal.wait("the first key", |screen| screen.contents().contains("chapter-000000"))?;
        let first = since();
        let all = format!("{} done", thousands(self.results.keys as u64));
        terminal.wait("all keys", |screen| screen.rows(0, 200).next().is_some_and(|row| row.contains(&all)))?;
        Ok((first, since()))
    }

    fn work(&self, what: &str) -> String {
        format!("{what} {} keys", thousands(self.results.keys as u64))
    }

    fn clear(&self) -> Result<()> {
        remove(&self.bench.folder.join("home"))?;
        remove(&self.bench.folder.join(TITLE))
    }
}

/// Opens the job for the first time, from the service, and then from what was kept.
pub fn open(bench: &Bench, table: &mut Table) -> Result<()> {
    let desk = Desk::new(bench)?;
    let terminal = desk.start()?;
    let (first, all) = desk.open(&terminal)?;
    let work = desk.work("open in the dashboard, from the service,");
    table.number(
        &work,
        "first key on the screen",
        (first, "ms"),
        &format!("all keys: {:.2} s", all / 1000.0),
        Goal::None,
    );
    if let Some(peak) = peak_so_far(&terminal.child) {
        table.number(&work, "most memory of the dashboard", (peak, "MiB"), "", Goal::None);
    }
    drop(terminal);
    let (mut firsts, mut alls) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let terminal = desk.start()?;
        let (first, all) = desk.open(&terminal)?;
        firsts.push(first);
        alls.push(all / 1000.0);
    }
    let more = format!("all keys: {:.2} s", median(&alls));
    let work = desk.work("open in the dashboard, again, another process,");
    table.number(&work, "first key on the screen", (median(&firsts), "ms"), &more, Goal::AtMost(50.0));
    desk.clear()
}

/// Types into the list of keys, alone and while all of them are saved.
pub fn keys(bench: &Bench, table: &mut Table) -> Result<()> {
    let desk = Desk::new(bench)?;
    let terminal = desk.start()?;
    desk.open(&terminal)?;
    let mut alone = Vec::new();
    while alone.len() < TIMED / 2 {
        type_a_while(&terminal, &mut alone)?;
    }
    let (mut beside, out) = (Vec::new(), bench.folder.join(TITLE));
    while beside.len() < TIMED {
        if saved_rows(&out) >= desk.results.keys {
            // The bar of the last save has gone by then, and another one is not refused.
            std::thread::sleep(LULL);
            remove(&out)?;
        }
        if !out.exists() {
            terminal.send("S")?;
            std::thread::sleep(LULL);
            ensure!(out.exists(), "S does not save; the screen shows:\n{}", terminal.screen());
        }
        type_a_while(&terminal, &mut beside)?;
    }
    for (what, echoes, goal) in [("alone", &alone, Goal::None), ("while it saves", &beside, Goal::AtMost(16.0))] {
        let (slowest, most) = echoes.iter().fold(("", 0.0f64), |most, echo| if echo.1 > most.1 { *echo } else { most });
        let slowest = slowest.escape_default();
        let echoes: Vec<f64> = echoes.iter().map(|(_, took)| *took).collect();
        let more = format!("median {:.1} ms, most {most:.1} ms of {}, for “{slowest}”", median(&echoes), echoes.len());
        let work = desk.work(&format!("a key of the dashboard, {what}, among"));
        table.number(&work, "99th percentile to the screen", (quantile(&echoes, 0.99), "ms"), &more, goal);
    }
    drop(terminal);
    desk.clear()
}

/// Rows that a save has dealt with: the manifest gets a line for each.
fn saved_rows(folder: &Path) -> usize {
    let manifest = std::fs::read(folder.join("manifest.jsonl")).unwrap_or_default();
    memchr::memchr_iter(b'\n', &manifest).count()
}

/// Moves, sorts and filters, and notes how many milliseconds each key took to the screen.
fn type_a_while(terminal: &Terminal, echoes: &mut Vec<(&'static str, f64)>) -> Result<()> {
    // The bars above and below tell of the save as well; the list and what is beside it only answer keys.
    let list = |screen: &vt100::Screen| screen.rows(0, 200).skip(1).take(45).collect::<Vec<_>>().join("\n");
    for keys in ["j", "j", "j", "\x1b[6~", "G", "g", "3", "3", "0", "/7", "7", "7", "\x7f", "\x7f", "\x7f"] {
        echoes.push((keys, terminal.type_and_see(keys, list)?));
        std::thread::sleep(PAUSE);
    }
    // Leaves the filter, which is empty again, and changes nothing that could be waited for.
    terminal.send("\r")?;
    std::thread::sleep(PAUSE);
    terminal.send("g")?;
    std::thread::sleep(PAUSE);
    Ok(())
}
