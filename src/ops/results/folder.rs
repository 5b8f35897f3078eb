//! The folder that the results of a job go to when nobody names one. Looks at the disk, and writes nothing.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::job::Job;
use crate::ops::Session;
use crate::ops::retake::original;
use crate::save::MANIFEST;

use super::bring::absolute;

/// The longest name of a folder, in bytes.
const LONGEST_NAME: usize = 60;

/// The folder of a job's results below another one: named after the job, and after its id as well when a folder of that
/// name holds results of another job, or is going to hold them. Looks at the disk.
///
/// A retake goes to the folder that its original was saved to last, unless a folder was named to save below.
pub fn default_folder(session: &Session, below: &Path, job: &Job) -> PathBuf {
    if below.as_os_str().is_empty()
        && let Some(folder) = folder_of_original(session, job)
    {
        return folder;
    }
    let name = folder_name(job.title());
    let name = if name.is_empty() { folder_name(job.name.id()) } else { name };
    let is_free = |folder: &PathBuf| {
        let holds = job_of_first_record(&folder.join(MANIFEST));
        let is_ours = |holds: String| holds == job.name.as_str() && !is_of_another_service(session, folder, job);
        holds.is_none_or(is_ours) && session.budget.claims(folder, &job.name)
    };
    let short: String = job.name.id().chars().take(8).collect();
    let names = [name.clone(), format!("{name}-{short}")].map(|name| below.join(name));
    names.into_iter().find(is_free).unwrap_or_else(|| below.join(format!("{name}-{}", folder_name(job.name.id()))))
}

/// Where the job was saved that this one is a retake of, when that is still there.
pub(in crate::ops) fn folder_of_original(session: &Session, job: &Job) -> Option<PathBuf> {
    let original = original(session, job).ok()??;
    let saves = session.store.saves_of(session.origin(), &original).ok()?;
    saves.into_iter().rev().map(|saved| saved.folder).find(|folder| folder.join(MANIFEST).is_file())
}

/// Whether a folder holds the job of that name of another service, as the journal tells: the manifest knows no origin.
fn is_of_another_service(session: &Session, folder: &Path, job: &Job) -> bool {
    let folder = absolute(folder);
    match session.store.origins_saved_to(&job.name, &folder) {
        Ok(origins) => !origins.is_empty() && !origins.iter().any(|origin| origin == session.origin()),
        Err(error) => {
            tracing::warn!(%error, "nobody can tell whose results a folder holds");
            false
        }
    }
}

fn job_of_first_record(manifest: &Path) -> Option<String> {
    let mut line = Vec::new();
    BufReader::new(fs::File::open(manifest).ok()?).take(1 << 16).read_until(b'\n', &mut line).ok()?;
    let record: serde_json::Value = serde_json::from_slice(&line).ok()?;
    record["job"].as_str().map(str::to_owned)
}

/// A title as the name of a folder: letters and digits of any language, `.`, `_` and `-`, nothing that a file system
/// takes for something else.
fn folder_name(title: &str) -> String {
    let mut name = String::new();
    for c in title.chars() {
        let c = if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
        if c == '_' && name.ends_with('_') {
            continue;
        }
        if name.len() + c.len_utf8() > LONGEST_NAME {
            break;
        }
        name.push(c);
    }
    let name = name.trim_matches(|c| matches!(c, '.' | '-' | '_'));
    let stem = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let is_device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || stem.len() == 4
            && (stem.starts_with("COM") || stem.starts_with("LPT"))
            && stem.ends_with(|c: char| c.is_ascii_digit());
    if is_device { format!("{name}_") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_one_harmless_folder() {
        let table = [
            ("audiobook-ch06", "audiobook-ch06"),
            ("Kapitel 1: Über", "Kapitel_1_Über"),
            ("../../etc", "etc"),
            ("-rf", "rf"),
            ("nul.txt", "nul.txt_"),
            ("com1", "com1_"),
            ("/", ""),
            ("a/b\\c", "a_b_c"),
        ];
        for (title, name) in table {
            assert_eq!(folder_name(title), name, "{title}");
        }
        assert_eq!(folder_name(&"ä".repeat(100)).len(), 60);
    }
}
