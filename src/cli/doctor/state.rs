//! The folders of the program, and what the state folder tells: journals, locks, what was left open or behind.

use std::fs;
use std::path::Path;

use super::check::Check;
use crate::clock::since;
use crate::config::Folders;
use crate::failure::{Exit, Failure};
use crate::ops::{self, CampaignStatus, Next, Session};
use crate::store::{self, Store};
use crate::text;

/// With less than this a save of a few hundred results may stop half-way.
const LITTLE: u64 = 100_000_000;

/// So many things are named; of the others only their number is told.
const NAMED: usize = 3;

/// The folders themselves. The state folder is opened by whoever has a store, and told by [`state`].
pub fn folders(folders: &Folders) -> Vec<Check> {
    let mut cache = folder("cache", &folders.cache);
    let (n_files, bytes) = size_of(&folders.cache.join("results"));
    if n_files > 0 {
        cache.detail +=
            &format!(", kept copies of results take {} in {}", text::bytes(bytes), text::count(n_files, "file"));
    }
    vec![folder("state", &folders.state), cache]
}

/// What the state folder tells.
pub fn state(session: &Session) -> Vec<Check> {
    let store = &session.store;
    let mut checks = journals(store);
    checks.extend(locks(store));
    checks.push(campaigns(session));
    checks.push(uploads(session));
    checks.push(left_behind(session));
    checks
}

/// Whether files can be made in a folder, or it can be made itself; how much room there is, and who may look into it.
fn folder(what: &'static str, path: &Path) -> Check {
    let shown = shown(path);
    let there = path.ancestors().find(|folder| folder.exists()).unwrap_or(path);
    let tried = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(there);
    if let Err(error) = tried {
        let failure = Failure::with_exit(Exit::Disk, format!("{shown} cannot be written into: {error}"));
        return Check::problem(what, &failure.hint("it must be a folder of your own with free space"));
    }
    let free = ops::free_bytes(path);
    let room = free.map_or_else(String::new, |free| format!(", {} free", text::bytes(free)));
    let detail = format!("{shown}{room}");
    if there != path {
        return Check::good(what, format!("{detail}, made when it is needed"));
    }
    match open_to_others(path) {
        true => Check::note(what, format!("{detail}, others may look into it; run: chmod 700 '{shown}'")),
        false if free.is_some_and(|free| free < LITTLE) => Check::note(what, format!("{detail}: that is little")),
        false => Check::good(what, detail),
    }
}

#[cfg(unix)]
fn open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> bool {
    false
}

/// Files below a folder and their bytes.
fn size_of(folder: &Path) -> (u64, u64) {
    let mut size = (0, 0);
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => open.push(entry.path()),
                Ok(metadata) => size = (size.0 + 1, size.1 + metadata.len()),
                // It went away meanwhile.
                Err(_) => {}
            }
        }
    }
    size
}

fn journals(store: &Store) -> Vec<Check> {
    let mut checks: Vec<Check> = store
        .troubles()
        .iter()
        .map(|error| {
            let failure = Failure { hint: error.hint(), ..Failure::from_error(Exit::Disk, error) };
            let said = format!("{failure}; nothing can be changed at the service until it can be read");
            Check::problem("journals", &Failure { message: said, ..failure })
        })
        .collect();
    checks.extend(store.damage().iter().map(|damage| {
        let lines = text::count(damage.lines, "line");
        let path = shown(&damage.path);
        let what = format!(
            "{lines} of {path} cannot be read, the first is line {}; they were left where they are",
            damage.first
        );
        Check::note("journals", what)
    }));
    if checks.is_empty() {
        checks.push(Check::good("journals", "whole"));
    }
    checks
}

fn locks(store: &Store) -> Vec<Check> {
    // Taken before it is asked who holds any, so that this one is not among them.
    let works = store.lock("doctor", "a lock").map(drop);
    if let Err(error @ store::Error::NoLocks { .. }) = works {
        return vec![Check::problem("locks", &error.into())];
    }
    let holders = store.holders();
    if holders.is_empty() {
        return vec![Check::good("locks", "nobody holds any")];
    }
    let tell = |holder: &store::Holder| Check::note("locks", format!("{} is held by {}", holder.lock, holder.who));
    holders.iter().map(tell).collect()
}

fn campaigns(session: &Session) -> Check {
    let all = match ops::campaigns(session) {
        Ok(all) => all,
        Err(error) => return Check::problem("campaigns", &error.into()),
    };
    let waiting: Vec<String> = all.iter().filter_map(waits).collect();
    match waiting.is_empty() {
        true => Check::good("campaigns", "none waits"),
        false => Check::note("campaigns", format!("{}; `gemtts-tui campaigns run` goes on with them", some(&waiting))),
    }
}

/// Why parts of a campaign were not sent yet, when there are such parts.
fn waits(status: &CampaignStatus) -> Option<String> {
    let why = match &status.next {
        Next::Submit(number) => format!("part {number} of {} is to be sent", status.parts.len()),
        Next::Waits(_) => "waits for room".to_owned(),
        Next::Paused => "is paused".to_owned(),
        Next::Cancel(_) | Next::Cancelled | Next::Submitted | Next::Over => return None,
    };
    Some(format!("{} {why}", text::clean_short(&status.name, 40)))
}

fn uploads(session: &Session) -> Check {
    let now = session.clock.now();
    let tell = |upload: &store::UnderWay| {
        let (name, age) = (text::clean_short(&upload.display_name, 40), text::age(since(upload.at, now)));
        format!("{name} ({}, begun {age} ago)", text::bytes(upload.size))
    };
    let unfinished: Vec<String> = session.store.uploads_under_way().iter().map(tell).collect();
    match unfinished.is_empty() {
        true => Check::good("uploads", "none is unfinished"),
        false => Check::note("uploads", format!("{}; the same create again goes on with it", some(&unfinished))),
    }
}

fn left_behind(session: &Session) -> Check {
    let files: Vec<String> = session.store.left_behind(session.clock.now()).iter().map(|path| shown(path)).collect();
    match files.is_empty() {
        true => Check::good("temporary", "no file was left behind"),
        false => {
            Check::note("temporary", format!("{} of killed programs; the next create sweeps them away", some(&files)))
        }
    }
}

/// The first few, and how many more there are.
fn some(all: &[String]) -> String {
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// A path as a line shows it.
fn shown(path: &Path) -> String {
    text::clean(&path.display().to_string())
}
