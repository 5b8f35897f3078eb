//! What can be told of sources at a glance: how many files of which forms, how large, and the headers of a table.
//!
//! Reads directories, the first bytes of files and the first row of the first table; so it takes no longer for a large
//! file than for a small one. A pipe or a device is left alone: what is read from it is gone.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::error::Error;
use super::folder::files_of;
use super::lines::{Ends, Lines};
use super::options::{Column, SourceOptions};
use super::rows::{Cells, Rows};
use super::source::{Form, Opened, SourceArg, open};
use crate::text::clean_short;

/// What sources look like before they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// How many files will be read, those in folders counted one by one.
    pub n_files: u64,
    /// The size of all of them. A book is packed, so its text is larger.
    pub bytes: u64,
    /// The forms that occur, in the order of the sources.
    pub forms: Vec<Form>,
    /// The first row of the first table, cleaned; empty when there is no table.
    pub headers: Vec<String>,
    /// The columns that its headers mean by themselves: places in `headers`.
    pub guessed: Vec<(Column, usize)>,
}

impl Glance {
    /// Whether any source is a table.
    pub fn has_table(&self) -> bool {
        self.forms.iter().any(|form| matches!(form, Form::Csv | Form::Tsv))
    }

    /// The header that stands for a column as long as nobody names another one.
    pub fn guess(&self, column: Column) -> Option<&str> {
        let (_, at) = self.guessed.iter().find(|(own, _)| *own == column)?;
        self.headers.get(*at).map(String::as_str)
    }
}

/// How many files are opened: the form of a thousand chapters is told by the first ones and the names of the others.
const MOST_OPENED: usize = 32;

/// Looks at sources. Errors are those that would end the reading of them, too.
pub fn glance(sources: &[SourceArg], options: &SourceOptions) -> Result<Glance, Error> {
    let mut seen = Glance::default();
    let mut n_opened = 0;
    for source in sources {
        let SourceArg::Path(path) = source else { continue };
        let facts = fs::metadata(path).map_err(|source| Error::Open { name: path.display().to_string(), source })?;
        let files = if facts.is_dir() { files_of(path)?.files } else { vec![path.clone()] };
        for file in &files {
            look_into(file, options, n_opened < MOST_OPENED, &mut seen)?;
            n_opened += 1;
        }
    }
    Ok(seen)
}

fn look_into(path: &Path, options: &SourceOptions, may_open: bool, seen: &mut Glance) -> Result<(), Error> {
    seen.n_files += 1;
    let Some(facts) = fs::metadata(path).ok().filter(fs::Metadata::is_file) else { return Ok(()) };
    seen.bytes = seen.bytes.saturating_add(facts.len());
    let argument = SourceArg::Path(path.to_owned());
    let form = match (may_open, options.from.or_else(|| Form::of_name(path))) {
        (true, said) => match open(&argument, said, &Arc::default())? {
            Opened::Book(_) => Form::Book,
            Opened::Stream { form, reader } => {
                if seen.headers.is_empty() && matches!(form, Form::Csv | Form::Tsv) {
                    let separator = (form == Form::Tsv).then_some('\t');
                    let first = Rows::new(Lines::new(reader, Ends::Any), separator).next();
                    take_headers(seen, first.map_err(|error| cannot_read(path, error))?);
                }
                form
            }
        },
        (false, said) => said.unwrap_or(Form::Text),
    };
    if !seen.forms.contains(&form) {
        seen.forms.push(form);
    }
    Ok(())
}

fn cannot_read(path: &Path, source: std::io::Error) -> Error {
    Error::Read { name: path.display().to_string(), source }
}

fn take_headers(seen: &mut Glance, first: Option<Cells>) {
    // A first row that cannot be read is told by whoever reads the table.
    let Some(Cells::Good(cells)) = first else { return };
    seen.headers = cells.iter().map(|cell| clean_short(cell.text.trim(), 60)).collect();
    for column in Column::ALL {
        let place = cells.iter().position(|cell| column.is_called(&cell.text.trim().to_lowercase()));
        seen.guessed.extend(place.map(|at| (column, at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(files: &[(&str, &str)], sources: &[&str]) -> Result<Glance, Error> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let sources: Vec<SourceArg> = sources.iter().map(|name| SourceArg::Path(folder.path().join(name))).collect();
        glance(&sources, &SourceOptions::default())
    }

    #[test]
    fn the_headers_of_a_table_are_told_with_what_they_mean() {
        let table = seen(&[("a.csv", "ID;Prompt;Lang\n1;Hello;en\n")], &["a.csv"]).unwrap();
        assert_eq!((table.n_files, table.bytes, table.forms.as_slice()), (1, 26, &[Form::Csv][..]));
        assert_eq!(table.headers, ["ID", "Prompt", "Lang"]);
        assert_eq!((table.guess(Column::Key), table.guess(Column::Language)), (Some("ID"), Some("Lang")));
        assert_eq!(table.guess(Column::Text), None);
    }

    #[test]
    fn the_files_of_a_folder_count_one_by_one() {
        let files = [("book/1.md", "# One\n"), ("book/2.md", "# Two\n"), ("book/a.tsv", "key\ttext\n"), ("c.txt", "")];
        let all = seen(&files, &["book", "c.txt"]).unwrap();
        assert_eq!((all.n_files, all.forms.as_slice()), (4, &[Form::Markdown, Form::Tsv, Form::Text][..]));
        assert_eq!((all.headers.len(), all.has_table()), (2, true));
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = seen(&[], &["nosuch.csv"]).unwrap_err();
        assert!(error.failure().message.contains("nosuch.csv"), "{error}");
    }
}
