//! Books as they come from many hands: old contents, protection, pictures only, chapters of any size.

use std::fs;

use gemtts_tui::script::Error;
use serde_json::Value;

use super::forms::archive;
use super::{Made, made_of, make, options};

const CONTAINER: &str = "<container><rootfiles><rootfile full-path='o/p.opf'/></rootfiles></container>";

/// A book of this package and these other files.
fn book(package: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let mut all =
        vec![("mimetype", "application/epub+zip"), ("META-INF/container.xml", CONTAINER), ("o/p.opf", package)];
    all.extend(files);
    archive(&all.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect::<Vec<_>>())
}

fn package(chapters: &[&str], more: &str) -> String {
    let items: String = chapters.iter().map(|name| format!("<item id='{name}' href='{name}.xhtml'/>")).collect();
    let order: String = chapters.iter().map(|name| format!("<itemref idref='{name}'/>")).collect();
    format!("<package version='2.0'><manifest>{items}{more}</manifest><spine toc='ncx'>{order}</spine></package>")
}

fn keys(made: &Made) -> Vec<String> {
    let key = |line: &str| serde_json::from_str::<Value>(line).unwrap()["key"].as_str().unwrap().to_owned();
    made.out.lines().map(key).collect()
}

#[test]
fn an_old_book_takes_its_titles_from_the_old_contents() {
    let ncx = "<ncx><navMap><navPoint><navLabel><text>The Pier</text></navLabel><content src='a.xhtml'/>\
               <navPoint><navLabel><text>In it</text></navLabel><content src='a.xhtml#s'/></navPoint></navPoint>\
               <navPoint><navLabel><text>The &amp; Sea</text></navLabel><content src='b.xhtml#top'/></navPoint></navMap></ncx>";
    let more = "<item id='ncx' href='toc.ncx' media-type='application/x-dtbncx+xml'/>";
    let files = [("o/toc.ncx", ncx), ("o/a.xhtml", "<h1>One</h1><p>A.</p>"), ("o/b.xhtml", "<p>B.</p>")];
    let made = made_of("old.epub", book(&package(&["a", "b"], more), &files), &options());
    assert_eq!(keys(&made), ["01-the-pier-0001", "02-the-sea-0001"]);
    assert_eq!(made.findings, []);
}

#[test]
fn a_protected_book_says_so_once() {
    let encryption = "<encryption>\
        <EncryptedData><CipherData><CipherReference URI='o/a.xhtml'/></CipherData></EncryptedData>\
        <EncryptedData><CipherData><CipherReference URI='o/b.xhtml'/></CipherData></EncryptedData>\
        <EncryptedData><CipherData><CipherReference URI='o/font.otf'/></CipherData></EncryptedData></encryption>";
    let files = [("META-INF/encryption.xml", encryption), ("o/a.xhtml", "\u{1}"), ("o/b.xhtml", "\u{2}")];
    let made = made_of("sold.epub", book(&package(&["a", "b"], ""), &files), &options());
    assert_eq!(made.rules(), ["broken-chapter"]);
    let finding = &made.findings[0];
    assert_eq!(finding.message, "the chapter and 1 other are protected against copying");
    assert_eq!(finding.fix.as_deref(), Some("get the book without protection"));

    let fonts = encryption.replace("o/a.xhtml", "o/x.otf").replace("o/b.xhtml", "o/y.otf");
    let files = [("META-INF/encryption.xml", fonts.as_str()), ("o/a.xhtml", "<p>A.</p>")];
    let made = made_of("fonts.epub", book(&package(&["a"], ""), &files), &options());
    assert_eq!((keys(&made).len(), made.findings.len()), (1, 0), "fonts may be hidden in any book");
}

#[test]
fn a_book_of_pictures_and_one_without_an_order_say_what_is_missing() {
    let page = "<html><body><img src='p.jpg' alt='A boat'/></body></html>";
    let made = made_of("comic.epub", book(&package(&["a"], ""), &[("o/a.xhtml", page)]), &options());
    assert_eq!((made.rules(), made.out.as_str()), (vec!["no-requests"], ""));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no.epub");
    for (package, reason) in [
        ("<package><manifest><item id='a' href='a.xhtml'/></manifest></package>", "lists no chapters"),
        ("<package><manifest", "o/p.opf, line 1"),
    ] {
        fs::write(&path, book(package, &[])).unwrap();
        let Err(error @ Error::Book { .. }) = make(std::slice::from_ref(&path), &options()) else {
            panic!("{package} is a book")
        };
        assert!(error.to_string().contains(reason) && error.hint().is_some(), "{error}");
    }
}

#[test]
fn a_huge_chapter_is_split_and_loses_nothing() {
    let sentence = "The ferry was late, said Mr. Hale, and nobody minded. ";
    let chapter = format!("<body><p>{}</p></body>", sentence.repeat(4_000));
    let made = made_of("long.epub", book(&package(&["a"], ""), &[("o/a.xhtml", &chapter)]), &options());
    assert_eq!(made.findings, []);
    let texts: Vec<String> = made
        .out
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["request"]["contents"][0]["parts"][0]["text"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(texts.len() > 10 && texts.iter().all(|text| text.trim_end().ends_with("minded.")), "{}", texts.len());
    assert_eq!(texts.concat().trim_end(), sentence.repeat(4_000).trim_end());
}
