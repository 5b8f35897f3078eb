//! The person's own machine: folders, players, remembered documents.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::config::without_keys;
use crate::failure::{Exit, Failure};
use crate::text;
use crate::tui::event::{Event, FolderEntry};
use crate::tui::model::Seq;
use crate::tui::world::Here;

/// Reads a folder for the file picker: folders first, then files, by name; hidden ones are left out.
pub(super) async fn list_folder(here: Here, seq: Seq, folder: PathBuf) {
    let wanted = folder.clone();
    let entries = Here::blocking(move || entries(&wanted)).await;
    here.mailbox.tell(Event::FolderListed(seq, folder, entries));
}

fn entries(folder: &Path) -> Result<Vec<FolderEntry>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(format!("cannot read the folder {}: {error}", text::clean(&folder.display().to_string())))
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A dangling link, or a file that went away meanwhile, is not worth an error.
        let Ok(facts) = std::fs::metadata(entry.path()) else { continue };
        if !name.starts_with('.') {
            let (is_folder, bytes) = (facts.is_dir(), facts.len());
            entries.push(FolderEntry { name: text::clean(&name), path: entry.path(), is_folder, bytes });
        }
    }
    entries.sort_by(|a, b| b.is_folder.cmp(&a.is_folder).then_with(|| a.name.cmp(&b.name)));
    Ok(entries)
}

/// Programs that play a WAV file, and what they want to be told to do only that.
const PLAYERS: &[(&str, &[&str])] = &[
    ("pw-play", &[]),
    ("paplay", &[]),
    ("aplay", &["-q"]),
    ("afplay", &[]),
    ("ffplay", &["-nodisp", "-autoexit", "-loglevel", "quiet"]),
];

/// Plays a saved file. Over SSH, or without a player, the person gets a line that fetches the file instead.
pub(super) async fn play(here: Here, path: PathBuf, over_ssh: bool) {
    let told = Here::blocking(move || {
        let name = text::clean(&path.file_name().unwrap_or_default().to_string_lossy());
        let players = if over_ssh { &[] } else { PLAYERS };
        for (player, options) in players {
            let mut command = std::process::Command::new(player);
            let started = without_keys(&mut command)
                .args(*options)
                .arg(&path)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            if let Ok(mut child) = started {
                return match child.wait() {
                    Ok(status) if status.success() => Ok(format!("played {name}")),
                    Ok(_) | Err(_) => Err(Failure::new(format!("{player} could not play {name}"))),
                };
            }
        }
        Ok(format!("no player here; fetch it with: {}", scp_line(&path)))
    });
    here.mailbox.tell(Event::Noticed(told.await));
}

/// A line for the person's own machine that fetches a file from this one.
fn scp_line(path: &Path) -> String {
    #[cfg(unix)]
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let host = "HOST".to_owned();
    let quoted = path.display().to_string().replace('\'', r"'\''");
    text::clean(&format!("scp {host}:'{quoted}' ."))
}

/// Remembers a document in the state folder; says so when that fails, since somebody counts on it.
pub(super) async fn keep(here: Here, name: &'static str, document: serde_json::Result<serde_json::Value>) {
    let session = here.session.clone();
    let kept = Here::blocking(move || {
        let document = document.map_err(|error| Failure::new(format!("cannot write the {name}: {error}")))?;
        session.store.keep_document(name, &document).map_err(|error| Failure::from_error(Exit::Disk, &error))
    });
    if let Err(failure) = kept.await {
        here.mailbox.tell(Event::Noticed(Err(failure)));
    }
}
