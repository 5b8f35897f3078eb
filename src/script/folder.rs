//! A folder as a source: the files in it and below it that can be read, in the order in which people count.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::source::Form;

/// More files than this are hardly the chapters of one job.
const MOST_FILES: usize = 10_000;

/// How deep folders may lie in one another.
const DEEPEST: usize = 16;

/// What was found in a folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Files of forms that can be read.
    pub files: Vec<PathBuf>,
    /// Other files, without the hidden ones.
    pub unread: Vec<PathBuf>,
}

/// Looks through a folder and the folders in it. What begins with a dot is left out; links to folders are not followed,
/// because they may lead back.
pub(super) fn files_of(folder: &Path) -> Result<Found, Error> {
    let mut found = Found::default();
    look_into(folder, folder, 0, &mut found)?;
    if found.files.is_empty() {
        return Err(Error::EmptyFolder { name: folder.display().to_string() });
    }
    Ok(found)
}

fn look_into(top: &Path, folder: &Path, depth: usize, found: &mut Found) -> Result<(), Error> {
    let cannot = |source| Error::Open { name: folder.display().to_string(), source };
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push((entry.path(), entry.file_type().map_err(cannot)?));
        }
        if entries.len() + found.files.len() + found.unread.len() > MOST_FILES {
            return Err(Error::FullFolder { name: top.display().to_string(), most: MOST_FILES });
        }
    }
    entries.sort_by(|one, other| natural(&name(&one.0), &name(&other.0)));
    for (path, kind) in entries {
        if kind.is_dir() {
            if depth < DEEPEST {
                look_into(top, &path, depth + 1, found)?;
            }
        } else if Form::of_name(&path).is_some() && path.is_file() {
            found.files.push(path);
        } else {
            found.unread.push(path);
        }
    }
    Ok(())
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Compares names as people do: `ch2` comes before `ch10`, and letters count before their case.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut a, mut b) = (one, other);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else {
            return a.len().cmp(&b.len()).then_with(|| one.cmp(other));
        };
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (m, n) = (number(&mut a), number(&mut b));
            // Without zeros in front the longer number is the larger one.
            m.len().cmp(&n.len()).then_with(|| m.cmp(n))
        } else {
            (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
            x.to_lowercase().cmp(y.to_lowercase())
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Takes the digits off the front, without zeros.
fn number<'n>(text: &mut &'n str) -> &'n str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    digits.trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_as_people_count() {
        let mut names = ["ch10.txt", "Ch2.txt", "ch1.txt", "ch01b.txt", "ch1.md", "b", "a10", "a9", "ch", "é"];
        names.sort_by(|one, other| natural(one, other));
        assert_eq!(names, ["a9", "a10", "b", "ch", "ch1.md", "ch1.txt", "ch01b.txt", "Ch2.txt", "ch10.txt", "é"]);
    }

    #[test]
    fn a_folder_gives_its_files_in_order_without_hidden_ones() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "x").unwrap();
        };
        for name in ["b2.txt", "b10.md", "a/2.csv", "a/1.srt", ".hidden.txt", ".git/x.txt", "cover.png", "README"] {
            make(name);
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        let found = files_of(folder.path()).unwrap();
        let names = |paths: &[PathBuf]| -> Vec<String> {
            let below = |path: &PathBuf| path.strip_prefix(folder.path()).unwrap().to_string_lossy().replace('\\', "/");
            paths.iter().map(below).filter(|name| name != "loop").collect()
        };
        assert_eq!(names(&found.files), ["a/1.srt", "a/2.csv", "b2.txt", "b10.md"]);
        assert_eq!(names(&found.unread), ["cover.png", "README"]);
        let empty = tempfile::tempdir().unwrap();
        fs::write(empty.path().join("a.png"), "x").unwrap();
        assert!(matches!(files_of(empty.path()), Err(Error::EmptyFolder { .. })));
    }
}
