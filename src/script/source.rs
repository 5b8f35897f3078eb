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
}

impl Form {
    /// What the ending of a name says, as far as it says anything.
    fn of_name(path: &Path) -> Option<Result<Form, UnreadForm>> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "jsonl" | "ndjson" | "json" => Some(Ok(Form::Jsonl)),
            "txt" | "text" => Some(Ok(Form::Text)),
            "csv" | "tsv" => Some(Err(UnreadForm::Table)),
            "md" | "markdown" => Some(Err(UnreadForm::Markdown)),
            "srt" | "vtt" => Some(Err(UnreadForm::Captions)),
            "epub" => Some(Err(UnreadForm::Book)),
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
}

/// Forms that hold texts but cannot be taken for lines of text: refused, rather than spoken with their markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadForm {
    /// CSV and TSV.
    Table,
    /// Chapters with headings.
    Markdown,
    /// SRT and VTT.
    Captions,
    /// EPUB.
    Book,
}

impl UnreadForm {
    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            UnreadForm::Table => "a table",
            UnreadForm::Markdown => "Markdown",
            UnreadForm::Captions => "a file of captions",
            UnreadForm::Book => "an e-book",
        }
    }
}

/// A source that can be read.
pub(super) struct Opened {
    /// From its name, else from its first bytes.
    pub form: Form,
    /// From its first byte.
    pub reader: Box<dyn BufRead>,
}

/// How many bytes decide what a source is.
const HEAD: u64 = 8 * 1024;

/// Whether a source can be opened at all, as far as its name and its place on the disk tell.
pub(super) fn look_at(argument: &SourceArg) -> Result<(), Error> {
    let SourceArg::Path(path) = argument else { return Ok(()) };
    let name = || argument.to_string();
    // Opening a folder succeeds on some systems, and only reading it fails.
    if path.metadata().map_err(|source| Error::Open { name: name(), source })?.is_dir() {
        return Err(Error::Folder { name: name() });
    }
    match Form::of_name(path) {
        Some(Err(form)) => Err(Error::Form { name: name(), form }),
        Some(Ok(_)) | None => Ok(()),
    }
}

/// Opens a source and looks at its first bytes.
pub(super) fn open(argument: &SourceArg) -> Result<Opened, Error> {
    look_at(argument)?;
    let name = argument.to_string();
    match argument {
        SourceArg::Stdin => look(io::stdin(), None, name),
        SourceArg::Path(path) => match File::open(path) {
            Ok(file) => look(file, Form::of_name(path).and_then(Result::ok), name),
            Err(source) => Err(Error::Open { name, source }),
        },
    }
}

fn look(mut bytes: impl Read + 'static, by_name: Option<Form>, name: String) -> Result<Opened, Error> {
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
    const MAGIC: [(&[u8], &str); 6] = [
        (b"\xff\xfe", "it is UTF-16, save it as UTF-8"),
        (b"\xfe\xff", "it is UTF-16, save it as UTF-8"),
        (b"PK\x03\x04", "it is a zip archive, such as an office document or an e-book"),
        (b"%PDF", "it is a PDF"),
        (b"\x1f\x8b", "it is compressed, unpack it first"),
        (b"{\\rtf", "it is rich text"),
    ];
    let magic = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what);
    magic.or_else(|| head.contains(&0).then_some("it has bytes of zero"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked_at(name: &str, content: &[u8]) -> Result<Opened, Error> {
        look(Cursor::new(content.to_vec()), Form::of_name(Path::new(name)).and_then(Result::ok), name.into())
    }

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
            let opened = looked_at(name, content.as_bytes());
            assert_eq!(opened.ok().map(|opened| opened.form), Some(form), "{name} {content}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_name_and_a_way_out() {
        let table: [(&str, &[u8], &str); 4] = [
            ("a.txt", b"a\0b", "bytes of zero"),
            ("a.txt", b"\xff\xfeh\0", "UTF-16"),
            ("a.jsonl", b"%PDF-1.4", "PDF"),
            ("book", b"PK\x03\x04...", "zip"),
        ];
        for (name, content, part) in table {
            let failure = looked_at(name, content).err().expect(name).failure();
            assert!(failure.message.contains(part) && failure.message.contains(name), "{}", failure.message);
            assert!(failure.hint.is_some(), "{name}");
        }
    }

    #[test]
    fn forms_that_are_not_read_are_known_by_their_endings() {
        let table = [
            ("a.csv", UnreadForm::Table),
            ("a.TSV", UnreadForm::Table),
            ("a.md", UnreadForm::Markdown),
            ("a.srt", UnreadForm::Captions),
            ("a.epub", UnreadForm::Book),
        ];
        for (name, form) in table {
            assert_eq!(Form::of_name(Path::new(name)), Some(Err(form)), "{name}");
        }
    }
}
