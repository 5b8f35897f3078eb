//! Opening a source: a file or standard input, and which form it has.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use super::error::Error;

/// Where texts come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceArg {
    /// A file, a named pipe or a device.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

impl SourceArg {
    /// Reads an argument: `-` is standard input.
    pub fn parse(argument: &OsStr) -> SourceArg {
        match argument == "-" {
            true => SourceArg::Stdin,
            false => SourceArg::Path(argument.into()),
        }
    }

    /// What keys and display names are made of: the file name without its ending.
    pub fn stem(&self) -> &str {
        match self {
            SourceArg::Path(path) => path.file_stem().and_then(OsStr::to_str).unwrap_or("text"),
            SourceArg::Stdin => "stdin",
        }
    }
}

impl fmt::Display for SourceArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceArg::Path(path) => path.display().fmt(f),
            SourceArg::Stdin => f.write_str("-"),
        }
    }
}

/// What a source is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One request a line, as the service takes them.
    Jsonl,
    /// One text a line.
    Text,
    /// Tables, chapters, captions, books: not read yet.
    Csv,
    /// See [`Form::Csv`].
    Markdown,
    /// See [`Form::Csv`].
    Captions,
    /// See [`Form::Csv`].
    Epub,
}

impl Form {
    /// What the ending of a name says.
    fn of_name(path: &Path) -> Option<Form> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "jsonl" | "ndjson" | "json" => Some(Form::Jsonl),
            "txt" | "text" => Some(Form::Text),
            "csv" | "tsv" => Some(Form::Csv),
            "md" | "markdown" => Some(Form::Markdown),
            "srt" | "vtt" => Some(Form::Captions),
            "epub" => Some(Form::Epub),
            _ => None,
        }
    }

    /// What the first bytes say: objects and lists are JSON, all else is text.
    fn of_content(head: &[u8]) -> Form {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{' | b'[') => Form::Jsonl,
            Some(_) | None => Form::Text,
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Form::Jsonl => "JSONL",
            Form::Text => "plain text",
            Form::Csv => "a table",
            Form::Markdown => "Markdown",
            Form::Captions => "a file of captions",
            Form::Epub => "an e-book",
        }
    }

    /// What to do with a source in a form that is not read.
    pub(super) fn way_out(self) -> Option<&'static str> {
        match self {
            Form::Jsonl | Form::Text => None,
            Form::Csv | Form::Markdown | Form::Captions | Form::Epub => {
                Some("turn it into a .txt file with one text a line, or into a .jsonl file")
            }
        }
    }
}

/// A source that can be read.
pub(super) struct Opened {
    /// Jsonl or Text.
    pub form: Form,
    /// From its first byte.
    pub reader: Box<dyn BufRead>,
}

/// How many bytes decide what a source is.
const HEAD: u64 = 8 * 1024;

/// Opens a source and looks at its first bytes.
pub(super) fn open(argument: &SourceArg) -> Result<Opened, Error> {
    let name = || argument.to_string();
    match argument {
        SourceArg::Stdin => look(io::stdin(), None, name()),
        SourceArg::Path(path) => {
            let cannot = |source| Error::Open { name: name(), source };
            // Asked before opening, because opening a folder succeeds and only reading it fails.
            if path.metadata().map_err(cannot)?.is_dir() {
                return Err(Error::Folder { name: name() });
            }
            look(File::open(path).map_err(cannot)?, Form::of_name(path), name())
        }
    }
}

fn look(mut bytes: impl Read + 'static, by_name: Option<Form>, name: String) -> Result<Opened, Error> {
    if let Some(form @ (Form::Csv | Form::Markdown | Form::Captions | Form::Epub)) = by_name {
        return Err(Error::Form { name, form });
    }
    // A pipe gives what it has, so one read may be too little to judge by, and there is no going back.
    let mut head = Vec::new();
    if let Err(source) = bytes.by_ref().take(HEAD).read_to_end(&mut head) {
        return Err(Error::Read { name, source });
    }
    if let Some(what) = binary(&head) {
        return Err(Error::Binary { name, what });
    }
    let form = by_name.unwrap_or_else(|| Form::of_content(&head));
    let rest = BufReader::with_capacity(256 * 1024, bytes);
    Ok(Opened { form, reader: Box::new(Cursor::new(head).chain(rest)) })
}

fn binary(head: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 8] = [
        (b"\xff\xfe", "it is UTF-16, save it as UTF-8"),
        (b"\xfe\xff", "it is UTF-16, save it as UTF-8"),
        (b"PK\x03\x04", "it is a zip archive, such as an office document or an e-book"),
        (b"%PDF", "it is a PDF"),
        (b"RIFF", "it is audio or video"),
        (b"ID3", "it is audio"),
        (b"\x1f\x8b", "it is compressed, unpack it first"),
        (b"{\\rtf", "it is rich text"),
    ];
    let magic = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what);
    magic.or_else(|| head.contains(&0).then_some("it has bytes of zero"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_comes_from_the_name_and_else_from_the_content() {
        let table = [
            ("a.jsonl", "plain", Form::Jsonl),
            ("a.JSON", "", Form::Jsonl),
            ("a.txt", "{\"key\"", Form::Text),
            ("a", "  \n{\"key\"", Form::Jsonl),
            ("a", "\u{feff}{", Form::Jsonl),
            ("a.log", "Hello", Form::Text),
            ("a", "", Form::Text),
        ];
        for (name, content, form) in table {
            let opened = look(Cursor::new(content), Form::of_name(Path::new(name)), name.into());
            assert_eq!(opened.ok().map(|opened| opened.form), Some(form), "{name} {content}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_name_and_a_way_out() {
        let table: [(&str, &[u8], &str); 6] = [
            ("a.txt", b"a\0b", "bytes of zero"),
            ("a.txt", b"\xff\xfeh\0", "UTF-16"),
            ("a.jsonl", b"%PDF-1.4", "PDF"),
            ("book", b"PK\x03\x04...", "zip"),
            ("a.csv", b"a,b", "a table"),
            ("a.epub", b"PK\x03\x04", "an e-book"),
        ];
        for (name, content, part) in table {
            let refused = look(Cursor::new(content.to_vec()), Form::of_name(Path::new(name)), name.into());
            let failure = refused.err().expect(name).failure();
            assert!(failure.message.contains(part) && failure.message.contains(name), "{}", failure.message);
            assert!(failure.hint.is_some(), "{name}");
        }
    }
}
