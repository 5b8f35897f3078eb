//! What the numbers were measured on.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::Bench;

/// The machine, the file system and the rounds, in one sentence.
pub fn describe(folder: &Path, bench: &Bench) -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let fewer = if bench.fewer > 1 { ", a tenth of the keys" } else { "" };
    format!(
        "{}, {cores} cores, {}, files on {}; {} rounds{fewer}, seed {}.",
        processor(),
        system(),
        file_system(folder),
        bench.rounds,
        bench.seed
    )
}

fn processor() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = told.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let level = ["avx512vbmi", "avx2", "asimd"].into_iter().find(|flag| told.split_whitespace().any(|it| it == *flag));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model.trim());
    level.map_or(model.to_owned(), |level| format!("{model} ({level})"))
}

#[cfg(unix)]
fn system() -> String {
    let name = rustix::system::uname();
    format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy())
}

#[cfg(not(unix))]
fn system() -> String {
    std::env::consts::OS.to_owned()
}

/// The kind of file system that holds a folder.
fn file_system(folder: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let holding = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (point, kind) = (PathBuf::from(words.next()?), words.next()?);
        folder.starts_with(&point).then(|| (point.components().count(), kind))
    });
    holding.max_by_key(|(depth, _)| *depth).map_or("an unknown file system", |(_, kind)| kind).to_owned()
}

/// How much room a folder has; `None` where nobody tells.
pub fn free_gigabytes(folder: &Path) -> Result<Option<u64>> {
    #[cfg(unix)]
    {
        let stat = rustix::fs::statvfs(folder)?;
        Ok(Some(stat.f_bavail * stat.f_frsize / 1_000_000_000))
    }
    #[cfg(not(unix))]
    {
        folder.metadata()?;
        Ok(None)
    }
}

/// Leaves nothing behind after Ctrl-C either.
pub fn remove_when_interrupted(folder: &Path) -> Result<()> {
    let folder = folder.to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            // The children got the signal too; what they still write is seen at the second look.
            for _ in 0..2 {
                let _ = std::fs::remove_dir_all(&folder);
                std::thread::sleep(std::time::Duration::from_millis(200));
            }
            std::process::exit(130);
        }
    });
    Ok(())
}
