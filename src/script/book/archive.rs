//! The files inside an e-book, read in bounds: nothing is unpacked to the disk, and no path leads out of the archive.

use std::fs::File;
use std::io::{BufReader, Read};

use zip::ZipArchive;

/// The largest file that is read, unpacked. Chapters have some hundred kilobytes.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// All that is read of one book, unpacked.
const LARGEST_BOOK: u64 = 512 * 1024 * 1024;

/// The most files that a book may list.
const MOST_FILES: usize = 50_000;

/// An open archive.
pub(super) struct Archive {
    zip: ZipArchive<BufReader<File>>,
    /// Bytes that were unpacked.
    read: u64,
}

impl Archive {
    pub(super) fn open(file: File) -> Result<Archive, String> {
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| error.to_string())?;
        if zip.len() > MOST_FILES {
            return Err(format!("it lists {} files", zip.len()));
        }
        Ok(Archive { zip, read: 0 })
    }

    /// A file as text.
    pub(super) fn text(&mut self, path: &str) -> Result<String, String> {
        let entry = self.zip.by_name(path).map_err(|error| error.to_string())?;
        let most = LARGEST_FILE.min(LARGEST_BOOK - self.read);
        let mut bytes = Vec::new();
        // What the archive says about sizes may be wrong, so that the bytes themselves are counted.
        entry.take(most + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        self.read += (bytes.len() as u64).min(most);
        if bytes.len() as u64 > most {
            return Err(format!("it unpacks to more than {}", crate::text::bytes(most)));
        }
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            format!("byte {} of line {line}, 0x{:02x}, is no UTF-8", at + 1, error.as_bytes()[at])
        })
    }
}

/// The path of a link in a file of the archive, without what stands behind `#`; `None` when it leads out of it.
pub(super) fn resolve(file: &str, link: &str) -> Option<String> {
    let link = link.split(['#', '?']).next().unwrap_or_default();
    if link.is_empty() || link.starts_with('/') || link.contains(':') || link.contains('\\') {
        return None;
    }
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut path: Vec<String> = folder.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    for part in link.split('/') {
        match decoded(part)?.as_str() {
            "" | "." => {}
            ".." => {
                path.pop()?;
            }
            part if part.contains(['/', '\\', '\0']) => return None,
            part => path.push(part.to_owned()),
        }
    }
    Some(path.join("/"))
}

/// Takes `%20` and its like apart.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let escape = (*byte == b'%').then(|| after.get(..2)).flatten();
        let value = escape.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(value.unwrap_or(*byte));
        rest = if value.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_inside_the_archive() {
        let table = [
            ("OEBPS/content.opf", "text/ch%201.xhtml#start", Some("OEBPS/text/ch 1.xhtml")),
            ("OEBPS/text/nav.xhtml", "../ch2.xhtml", Some("OEBPS/ch2.xhtml")),
            ("content.opf", "./a//b.xhtml", Some("a/b.xhtml")),
            ("content.opf", "../../etc/passwd", None),
            ("a/content.opf", "%2e%2e/%2e%2e/x", None),
            ("content.opf", "a%2f..%2fb", None),
            ("content.opf", "/etc/passwd", None),
            ("content.opf", "file:x", None),
            ("content.opf", "#only", None),
            ("content.opf", "100%.xhtml", Some("100%.xhtml")),
        ];
        for (file, link, expected) in table {
            assert_eq!(resolve(file, link).as_deref(), expected, "{file} {link}");
        }
    }
}
