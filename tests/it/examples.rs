//! The island of the examples: one small project in the four forms in which texts come.
//!
//! The book is packed from the files in `tests/fixtures/book`; `UPDATE_DOCS=1 cargo test` packs it again.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// A file of the island.
pub fn island(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/island").join(name)
}

/// One of the sources, and what becomes of it.
pub struct Source {
    pub file: &'static str,
    /// How its first request begins.
    pub begins: &'static str,
    /// In order.
    pub keys: &'static [&'static str],
}

/// The four sources of the island.
pub const ISLAND: [Source; 4] = [
    Source {
        file: "signs.csv",
        begins: "Welcome aboard",
        keys: &[
            "ferry-en", "ferry-de", "ferry-fr", "ferry-es", "ferry-vi", "lamps-en", "lamps-ja", "lamps-zh", "lamps-ar",
            "lamps-hi",
        ],
    },
    Source {
        file: "ferry.srt",
        begins: "The ferry bell",
        keys: &["ferry-0001", "ferry-0002", "ferry-0003", "ferry-0004", "ferry-0005", "ferry-0006"],
    },
    Source {
        file: "keeper.md",
        begins: "The Keeper's",
        keys: &[
            "01-the-keepers-evening",
            "02-the-keepers-evening.what-hangs-by-the-door",
            "03-the-keepers-evening.the-signal",
            "04-the-keepers-evening.after-midnight",
        ],
    },
    Source {
        file: "small-lights.epub",
        begins: "The Last Boat",
        keys: &["01-the-last-boat-0001", "02-the-lamp-maker-0001", "03-low-tide-0001"],
    },
];

/// The files of the book in the order in which they are packed: the type of a book comes first, as readers look for it
/// there.
const FILES: [&str; 8] = [
    "mimetype",
    "META-INF/container.xml",
    "OEBPS/content.opf",
    "OEBPS/nav.xhtml",
    "OEBPS/images/lamp.svg",
    "OEBPS/text/one.xhtml",
    "OEBPS/text/two.xhtml",
    "OEBPS/text/three.xhtml",
];

#[test]
fn the_book_is_packed_from_its_files() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/book");
    let files: Vec<(&str, Vec<u8>)> = FILES.map(|name| (name, fs::read(sources.join(name)).unwrap())).into();
    let book = island("small-lights.epub");
    if fs::read(&book).is_ok_and(|packed| unpacked(packed) == files.iter().map(owned).collect::<Vec<_>>()) {
        let packed = fs::read(&book).unwrap();
        // A reader that knows nothing of archives finds the type of the file at byte 38, as it stands.
        assert_eq!(&packed[30..58], b"mimetypeapplication/epub+zip");
        assert!(packed.len() < 20_000, "{} bytes", packed.len());
        return;
    }
    assert!(std::env::var_os("UPDATE_DOCS").is_some(), "the book is stale; `UPDATE_DOCS=1 cargo test` packs it again");
    fs::write(book, pack(&files)).unwrap();
}

fn owned((name, content): &(&str, Vec<u8>)) -> (String, Vec<u8>) {
    ((*name).to_owned(), content.clone())
}

fn unpacked(packed: Vec<u8>) -> Vec<(String, Vec<u8>)> {
    let mut zip = ZipArchive::new(Cursor::new(packed)).unwrap();
    let mut file = |at: usize| {
        let mut file = zip.by_index(at).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        (file.name().unwrap().into_owned(), content)
    };
    (0..FILES.len()).map(&mut file).collect()
}

/// Packs a book, always to the same bytes.
fn pack(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let day = DateTime::from_date_and_time(2026, 11, 1, 0, 0, 0).unwrap();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let method = if *name == "mimetype" { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method).last_modified_time(day)).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
