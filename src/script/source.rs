//! Opening a source: a file or standard input, and which form it has.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::error::Error;
use super::options::Column;
use super::progress::{BytesRead, Counted};
use super::rows::separator_of;

/// Where texts come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceArg {
    /// A file, a folder of files, a named pipe or a device.
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

    /// How large it is; `None` for what only its end tells, such as a pipe.
    pub fn bytes(&self) -> Option<u64> {
        let SourceArg::Path(path) = self else { return None };
        path.metadata().ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
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
    /// Plain text.
    Text,
    /// Text with headings and other markup.
    Markdown,
    /// A table whose separator its first row tells.
    Csv,
    /// A table with tabs.
    Tsv,
    /// SRT and WebVTT.
    Captions,
    /// EPUB.
    Book,
}

/// A word that names no form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown form {0}; known are jsonl, text, markdown, csv, tsv, srt, vtt, epub")]
pub struct UnknownForm(String);

impl FromStr for Form {
    type Err = UnknownForm;

    fn from_str(word: &str) -> Result<Self, UnknownForm> {
        Form::of_ending(&word.to_ascii_lowercase()).ok_or_else(|| UnknownForm(word.to_owned()))
    }
}

impl Form {
    fn of_ending(ending: &str) -> Option<Form> {
        match ending {
            "jsonl" | "ndjson" | "json" => Some(Form::Jsonl),
            "txt" | "text" => Some(Form::Text),
            "csv" => Some(Form::Csv),
            "tsv" | "tab" => Some(Form::Tsv),
            "md" | "markdown" => Some(Form::Markdown),
            "srt" | "vtt" => Some(Form::Captions),
            "epub" => Some(Form::Book),
            _ => None,
        }
    }

    /// All of them, in the order in which they are told.
    pub const ALL: [Form; 7] =
        [Form::Text, Form::Markdown, Form::Csv, Form::Tsv, Form::Captions, Form::Book, Form::Jsonl];

    /// A word that is read back as the form.
    pub fn word(self) -> &'static str {
        match self {
            Form::Jsonl => "jsonl",
            Form::Text => "text",
            Form::Markdown => "markdown",
            Form::Csv => "csv",
            Form::Tsv => "tsv",
            Form::Captions => "srt",
            Form::Book => "epub",
        }
    }

    /// What it is called, for people.
    pub fn title(self) -> &'static str {
        match self {
            Form::Jsonl => "JSONL",
            Form::Text => "text",
            Form::Markdown => "Markdown",
            Form::Csv => "CSV",
            Form::Tsv => "TSV",
            Form::Captions => "subtitles",
            Form::Book => "e-book",
        }
    }

    /// What the ending of a name says, as far as it says anything.
    pub fn of_name(path: &Path) -> Option<Form> {
        Form::of_ending(&path.extension()?.to_str()?.to_ascii_lowercase())
    }

    /// What the first bytes say. What is nothing else is text.
    fn of_content(head: &[u8]) -> Form {
        if head.starts_with(b"PK\x03\x04") {
            return Form::Book;
        }
        let text = String::from_utf8_lossy(head);
        let mut lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty());
        let Some(first) = lines.next() else { return Form::Text };
        let second = lines.next().unwrap_or_default();
        let is_number = first.trim().bytes().all(|b| b.is_ascii_digit());
        if first.trim_start().starts_with(['{', '[']) {
            Form::Jsonl
        } else if first.starts_with("WEBVTT") || first.contains("-->") || (is_number && second.contains("-->")) {
            Form::Captions
        } else if is_heading(first) || (first.trim_end() == "---" && lines.any(|line| line.trim_end() == "---")) {
            Form::Markdown
        } else if first.starts_with("sep=") || names_columns(first) {
            Form::Csv
        } else {
            Form::Text
        }
    }
}

fn is_heading(line: &str) -> bool {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    (1..=6).contains(&level) && line[level..].starts_with(' ')
}

/// Whether a line is the first row of a table: two or more cells, one of them called `text`.
fn names_columns(line: &str) -> bool {
    let cells = line.split(separator_of(line)).map(|cell| cell.trim().trim_matches('"').to_lowercase());
    let names: Vec<String> = cells.collect();
    names.len() > 1 && names.iter().any(|name| name == Column::Text.word())
}

/// A source that can be read.
pub(super) enum Opened {
    /// From its first byte.
    Stream { form: Form, reader: Box<dyn BufRead> },
    /// A book, which has its table of contents at its end.
    Book(File),
}

/// How many bytes decide what a source is.
const HEAD: u64 = 8 * 1024;

/// Whether a source can be opened at all, as far as its place on the disk tells.
pub(super) fn look_at(argument: &SourceArg) -> Result<(), Error> {
    let SourceArg::Path(path) = argument else { return Ok(()) };
    path.metadata().map(|_| ()).map_err(|source| Error::Open { name: argument.to_string(), source })
}

/// Opens a source and looks at its first bytes.
pub(super) fn open(argument: &SourceArg, form: Option<Form>, progress: &Arc<BytesRead>) -> Result<Opened, Error> {
    let name = argument.to_string();
    match argument {
        SourceArg::Stdin => match look(Counted::new(io::stdin(), progress), form, &name)? {
            (Form::Book, _) => Err(Error::BookFromPipe { name }),
            (form, reader) => Ok(Opened::Stream { form, reader: Box::new(reader) }),
        },
        SourceArg::Path(path) => {
            let cannot = |source| Error::Open { name: name.clone(), source };
            let form = form.or_else(|| Form::of_name(path));
            match look(Counted::new(File::open(path).map_err(cannot)?, progress), form, &name)? {
                // A pipe cannot be opened twice; a book must be a file.
                (Form::Book, _) if !path.is_file() => Err(Error::BookFromPipe { name }),
                (Form::Book, _) => File::open(path).map(Opened::Book).map_err(cannot),
                (form, reader) => Ok(Opened::Stream { form, reader: Box::new(reader) }),
            }
        }
    }
}

fn look(
    mut bytes: impl Read + 'static,
    form: Option<Form>,
    name: &str,
) -> Result<(Form, impl BufRead + 'static), Error> {
    // A pipe gives what it has, so one read may be too little to judge by, and there is no going back.
    let mut head = Vec::new();
    if let Err(source) = bytes.by_ref().take(HEAD).read_to_end(&mut head) {
        return Err(Error::Read { name: name.to_owned(), source });
    }
    let said = form;
    let form = said.unwrap_or_else(|| Form::of_content(&head));
    let is_book = form == Form::Book && head.starts_with(b"PK") && (said.is_some() || is_epub(&head));
    if let (Some(what), false) = (binary(&head), is_book) {
        return Err(Error::Binary { name: name.to_owned(), what });
    }
    Ok((form, Cursor::new(head).chain(BufReader::with_capacity(256 * 1024, bytes))))
}

/// Whether a zip archive says in its first bytes that it is a book.
fn is_epub(head: &[u8]) -> bool {
    head.windows(28).take(100).any(|at| at == b"mimetypeapplication/epub+zip")
}

fn binary(head: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 6] = [
        (b"\xff\xfe", "it is UTF-16, save it as UTF-8"),
        (b"\xfe\xff", "it is UTF-16, save it as UTF-8"),
        (b"PK\x03\x04", "it is a zip archive, such as an office document"),
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

    fn looked_at(name: &str, content: &[u8]) -> Result<Form, Error> {
        look(Cursor::new(content.to_vec()), Form::of_name(Path::new(name)), name).map(|(form, _)| form)
    }

    #[test]
    fn the_form_comes_from_the_name_and_else_from_the_content() {
        let table = [
            ("a.jsonl", "plain", Form::Jsonl),
            ("a.JSON", "", Form::Jsonl),
            ("a.txt", "{\"key\"", Form::Text),
            ("a.md", "plain", Form::Markdown),
            ("a.CSV", "plain", Form::Csv),
            ("a.tsv", "plain", Form::Tsv),
            ("a.vtt", "plain", Form::Captions),
            ("a", "  \n{\"key\"", Form::Jsonl),
            ("a", "\u{feff}{", Form::Jsonl),
            ("a", "\u{feff}WEBVTT\n", Form::Captions),
            ("a", "\n1\n00:00:01,000 --> 00:00:02,000\nHi\n", Form::Captions),
            ("a", "1\n2\n", Form::Text),
            ("a", "\n## Title\n", Form::Markdown),
            ("a", "---\ntitle: x\n---\n", Form::Markdown),
            ("a", "--- \n", Form::Text),
            ("a", "#hashtag\n", Form::Text),
            ("a", "key;\"Text\"\n", Form::Csv),
            ("a", "some text, and more\n", Form::Text),
            ("a.log", "Hello", Form::Text),
            ("a", "", Form::Text),
        ];
        for (name, content, form) in table {
            assert_eq!(looked_at(name, content.as_bytes()).ok(), Some(form), "{name} {content}");
        }
        assert_eq!("Markdown".parse(), Ok(Form::Markdown));
        assert!(Form::ALL.iter().all(|form| form.word().parse() == Ok(*form)));
        assert!("docx".parse::<Form>().unwrap_err().to_string().contains("known are jsonl, text"));
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_name_and_a_way_out() {
        let table: [(&str, &[u8], &str); 5] = [
            ("a.txt", b"a\0b", "bytes of zero"),
            ("a.txt", b"\xff\xfeh\0", "UTF-16"),
            ("a.jsonl", b"%PDF-1.4", "PDF"),
            ("report", b"PK\x03\x04...", "zip"),
            ("a.epub", b"%PDF-1.4", "PDF"),
        ];
        for (name, content, part) in table {
            let failure = looked_at(name, content).expect_err(name).failure();
            assert!(failure.message.contains(part) && failure.message.contains(name), "{}", failure.message);
            assert!(failure.hint.is_some(), "{name}");
        }
    }
}
