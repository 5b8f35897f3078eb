//! Runs things in turns, and says how long they took and how much memory they needed.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long something took.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    pub seconds: f64,
    /// Seconds of all processors; known of commands, where the system tells.
    pub cpu: Option<f64>,
}

/// One of those that run in turns.
pub struct Contender<'a> {
    pub name: &'static str,
    /// In each round, or only in the first: what takes half a minute does so again.
    pub is_slow: bool,
    /// Runs it once.
    pub run: Box<dyn FnMut() -> Result<Took> + 'a>,
}

impl<'a> Contender<'a> {
    pub fn new(name: &'static str, run: impl FnMut() -> Result<Took> + 'a) -> Self {
        Contender { name, is_slow: false, run: Box::new(run) }
    }
}

/// What each contender took, round by round. Every second round goes backwards, so that nobody always comes first.
pub fn in_turns(rounds: usize, mut contenders: Vec<Contender<'_>>) -> Result<Vec<Vec<Took>>> {
    let mut rounds_of = vec![Vec::new(); contenders.len()];
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..contenders.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for at in order {
            let contender = &mut contenders[at];
            if contender.is_slow && round > 0 {
                continue;
            }
            let took = (contender.run)().with_context(|| contender.name.to_owned())?;
            eprintln!("  round {} {}: {:.3} s", round + 1, contender.name, took.seconds);
            rounds_of[at].push(took);
        }
    }
    Ok(rounds_of)
}

/// Runs a command to its end. It must end with one of these codes.
pub fn time(command: &mut Command, codes: &[i32]) -> Result<Took> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (began, before) = (Instant::now(), cpu_of_children());
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    let seconds = began.elapsed().as_secs_f64();
    let cpu = cpu_of_children().zip(before).map(|(after, before)| after - before);
    match status.code() {
        Some(code) if codes.contains(&code) => Ok(Took { seconds, cpu }),
        _ => bail!("{command:?} ended with {status}"),
    }
}

/// What all commands that have ended took of the processors, in seconds.
fn cpu_of_children() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // In hundredths. The name of the program stands in brackets and may hold anything; the 14th and 15th word behind it are meant.
    let mut words = stat.rsplit_once(')')?.1.split_whitespace().skip(13);
    let (user, system): (f64, f64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((user + system) / 100.0)
}

/// Runs a command to its end and says the most memory that it had, in MiB; `None` where the system does not tell.
pub fn peak(command: &mut Command) -> Result<Option<f64>> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    let mut most = None;
    while child.try_wait()?.is_none() {
        most = peak_so_far(&child).or(most);
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(most)
}

/// The most memory that a process had so far, in MiB. The kernel counts, so nothing between two looks is missed.
pub fn peak_so_far(child: &Child) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// The middle of some numbers.
pub fn median(numbers: &[f64]) -> f64 {
    quantile(numbers, 0.5)
}

/// The number below which this share of them lies.
pub fn quantile(numbers: &[f64], share: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if share == 0.5 && n % 2 == 0 => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
        n => sorted[((n as f64 * share).ceil() as usize).clamp(1, n) - 1],
    }
}
