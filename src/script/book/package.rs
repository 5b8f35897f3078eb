//! What a book is made of: which files are its chapters, in which order, and what they are called.

use std::collections::HashMap;

use super::archive::{Archive, resolve};
use super::xml::{Element, Node, walk};

/// One file in the order of reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Item {
    /// In the archive.
    pub path: String,
    /// In the table of contents.
    pub title: Option<String>,
    /// Encrypted by whoever sold it.
    pub is_protected: bool,
}

/// Reads the package of a book.
pub(super) fn items(archive: &mut Archive) -> Result<Vec<Item>, String> {
    let container =
        archive.text("META-INF/container.xml").map_err(|error| format!("META-INF/container.xml: {error}"))?;
    let package_path = package_path(&container).ok_or("META-INF/container.xml names no package")?;
    let package = archive.text(&package_path).map_err(|error| format!("{package_path}: {error}"))?;
    let package = Package::read(&package_path, &package)?;
    let mut titles = HashMap::new();
    for path in package.contents.iter().flatten() {
        // Without a table of contents, chapters are called by their first heading.
        if let Ok(text) = archive.text(path) {
            read_titles(path, &text, &mut titles);
        }
    }
    let protected = archive.text("META-INF/encryption.xml").map(|text| protected(&text)).unwrap_or_default();
    let item = |path: String| Item { title: titles.get(&path).cloned(), is_protected: protected.contains(&path), path };
    Ok(package.spine.into_iter().map(item).collect())
}

fn package_path(container: &str) -> Option<String> {
    let mut found = None;
    // What was found before a mistake counts.
    let _ = walk(container, &mut |node, _| {
        if let Node::Start(element) = node
            && element.name == "rootfile"
            && found.is_none()
        {
            found = element.get("full-path").and_then(|path| resolve("", path));
        }
    });
    found
}

/// Files whose content is encrypted.
fn protected(encryption: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let _ = walk(encryption, &mut |node, _| {
        if let Node::Start(element) = node
            && element.name == "cipherreference"
        {
            paths.extend(element.get("uri").and_then(|path| resolve("", path)));
        }
    });
    paths
}

struct Package {
    /// Paths of chapters in order.
    spine: Vec<String>,
    /// Paths of the tables of contents, the newer form first.
    contents: [Option<String>; 2],
}

impl Package {
    fn read(path: &str, text: &str) -> Result<Package, String> {
        let mut files: HashMap<String, String> = HashMap::new();
        let (mut nav, mut ncx, mut order) = (None, None, Vec::new());
        let end = walk(text, &mut |node, _| {
            let Node::Start(element) = node else { return };
            match element.name.as_str() {
                "item" => {
                    let file = element.get("href").and_then(|link| resolve(path, link));
                    let (Some(id), Some(file)) = (element.get("id"), file) else { return };
                    if words(&element, "properties").any(|word| word == "nav") {
                        nav = Some(file.clone());
                    }
                    if element.get("media-type") == Some("application/x-dtbncx+xml") {
                        ncx = Some(file.clone());
                    }
                    files.insert(id.to_owned(), file);
                }
                // What is outside the flow of reading, such as answers and notes, is not read aloud.
                "itemref" if element.get("linear") != Some("no") => {
                    order.extend(element.get("idref").map(str::to_owned));
                }
                _ => {}
            }
        });
        end.map_err(|(line, error)| format!("{path}, line {line}: {error}"))?;
        let mut spine: Vec<String> = order.iter().filter_map(|id| files.get(id).cloned()).collect();
        // The list of chapters is no chapter.
        spine.retain(|file| nav.as_ref() != Some(file));
        if spine.is_empty() {
            return Err(format!("{path} lists no chapters"));
        }
        Ok(Package { spine, contents: [nav, ncx] })
    }
}

fn words<'e>(element: &'e Element, name: &str) -> impl Iterator<Item = &'e str> {
    element.get(name).unwrap_or_default().split_whitespace()
}

/// Reads the titles of a table of contents of either form: links with text, or points with a label and a link.
fn read_titles(path: &str, text: &str, titles: &mut HashMap<String, String>) {
    let (mut label, mut link, mut is_open) = (String::new(), None, false);
    let _ = walk(text, &mut |node, _| match node {
        Node::Start(element) => match element.name.as_str() {
            "a" => {
                link = element.get("href").and_then(|link| resolve(path, link));
                label.clear();
                is_open = true;
            }
            "navlabel" => {
                label.clear();
                is_open = true;
            }
            "content" => {
                let link = element.get("src").and_then(|link| resolve(path, link));
                take_title(titles, link, &label);
            }
            _ => {}
        },
        Node::End(name) if name == "a" => {
            take_title(titles, link.take(), &label);
            is_open = false;
        }
        Node::End(name) if name == "navlabel" => is_open = false,
        Node::End(_) => {}
        Node::Text(text) if is_open && label.len() < 1_000 => label.push_str(&text),
        Node::Text(_) => {}
    });
}

/// Of several titles in one file the first one counts.
fn take_title(titles: &mut HashMap<String, String>, file: Option<String>, label: &str) {
    let title = label.split_whitespace().collect::<Vec<_>>().join(" ");
    if let (Some(file), false) = (file, title.is_empty()) {
        titles.entry(file).or_insert(title);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_come_from_both_forms_of_contents() {
        let mut titles = HashMap::new();
        let nav = "<nav><ol><li><a href='c1.xhtml'>The <i>First</i>\n One</a></li><li><a href='c1.xhtml#b'>x</a></li></ol></nav>";
        read_titles("o/nav.xhtml", nav, &mut titles);
        let ncx = "<ncx><navPoint><navLabel><text>Two</text></navLabel><content src='c2.xhtml#a'/></navPoint></ncx>";
        read_titles("o/toc.ncx", ncx, &mut titles);
        let mut told: Vec<_> = titles.into_iter().collect();
        told.sort();
        assert_eq!(told, [("o/c1.xhtml", "The First One"), ("o/c2.xhtml", "Two")].map(|(a, b)| (a.into(), b.into())));
    }

    #[test]
    fn the_spine_is_the_order_of_reading() {
        let opf = "<package><manifest><item id='n' href='nav.xhtml' properties='x nav'/><item id='a' href='a.xhtml'/>\
                   <item id='b' href='../../b.xhtml'/><item id='c' href='t/c%20c.xhtml'/></manifest>\
                   <spine><itemref idref='c'/><itemref idref='n'/><itemref idref='b'/><itemref idref='a' linear='no'/>\
                   <itemref idref='z'/></spine></package>";
        assert_eq!(Package::read("o/p.opf", opf).unwrap().spine, ["o/t/c c.xhtml"]);
        assert!(Package::read("o/p.opf", "<package/>").is_err());
    }
}
