//! The files of one job that are on the disk, in few bytes: there may be a hundred thousand of them.

use std::collections::BTreeMap;

/// So many files are remembered. Nobody looks for the others one by one.
const MOST: usize = 1 << 20;

/// The first bytes of a checksum: enough to tell two takes apart.
type Beginning = [u8; 4];

/// The files of a job, by the line of the result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SavedFiles {
    places: BTreeMap<u64, Place>,
    /// Their names, one behind the other.
    names: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    start: u32,
    length: u16,
    sha256: Option<Beginning>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFile<'a> {
    /// In the folder.
    pub name: &'a str,
    /// The first eight hex digits of its SHA-256.
    pub sha256: Option<String>,
}

impl SavedFiles {
    /// Remembers a file, in place of an older one of the same line. Without a checksum it is the same file under another
    /// name.
    pub fn insert(&mut self, line: u64, name: &str, sha256: Option<&str>) {
        let is_same = self.get(line).is_some_and(|known| known.name == name);
        let known = || self.places.get(&line).and_then(|known| known.sha256);
        let sha256 = sha256.map_or_else(known, beginning);
        match self.places.get_mut(&line) {
            Some(known) if is_same => known.sha256 = sha256,
            Some(_) | None => {
                let (Ok(start), Ok(length)) = (u32::try_from(self.names.len()), u16::try_from(name.len())) else {
                    return;
                };
                if self.places.len() < MOST {
                    self.names.push_str(name);
                    self.places.insert(line, Place { start, length, sha256 });
                }
            }
        }
    }

    /// The file of a line.
    pub fn get(&self, line: u64) -> Option<SavedFile<'_>> {
        let Place { start, length, sha256 } = *self.places.get(&line)?;
        let start = start as usize;
        let sha256 = sha256.map(|bytes| format!("{:08x}", u32::from_be_bytes(bytes)));
        Some(SavedFile { name: self.names.get(start..start + usize::from(length))?, sha256 })
    }

    /// Takes the newer ones of another over.
    pub fn update(&mut self, newer: &SavedFiles) {
        for line in newer.places.keys() {
            if let Some(SavedFile { name, sha256 }) = newer.get(*line) {
                self.insert(*line, name, sha256.as_deref());
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

impl<'a> FromIterator<(u64, &'a str, Option<&'a str>)> for SavedFiles {
    fn from_iter<I: IntoIterator<Item = (u64, &'a str, Option<&'a str>)>>(files: I) -> Self {
        let mut saved = SavedFiles::default();
        files.into_iter().for_each(|(line, name, sha256)| saved.insert(line, name, sha256));
        saved
    }
}

fn beginning(sha256: &str) -> Option<Beginning> {
    let digits = sha256.get(..8).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    Some(u32::from_str_radix(digits, 16).ok()?.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_its_line_and_the_newest_one_holds() {
        let mut files = SavedFiles::default();
        files.insert(7, "ü.wav", Some("00c2aa119f2c"));
        files.insert(2, "b.wav", None);
        let shown = |files: &SavedFiles, line| files.get(line).map(|file| (file.name.to_owned(), file.sha256));
        let known = |name: &str, sha256: Option<&str>| Some((name.to_owned(), sha256.map(str::to_owned)));
        assert_eq!(shown(&files, 7), known("ü.wav", Some("00c2aa11")));
        assert_eq!((shown(&files, 2), shown(&files, 3)), (known("b.wav", None), None));
        let mut newer = SavedFiles::default();
        newer.insert(2, "b.wav", Some("ffffffff00"));
        newer.insert(7, "u~12.wav", None);
        newer.insert(9, &"long".repeat(20_000), None);
        files.update(&newer);
        assert_eq!(shown(&files, 2), known("b.wav", Some("ffffffff")));
        assert_eq!((shown(&files, 7), files.len()), (known("u~12.wav", Some("00c2aa11")), 2));
    }
}
