//! Everything that a plain word is looked for in among the keys of a job, as one stretch of memory.
//!
//! A hundred thousand rows are searched in a few milliseconds, so that a filter can work while it is typed.

/// The searchable texts of rows, in lower case, one row behind the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Haystack {
    text: String,
    /// Where the text of each row ends.
    ends: Vec<usize>,
}

impl Haystack {
    /// How many rows it holds.
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    /// Adds the texts of the next row.
    pub fn push<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        for text in texts {
            if text.is_ascii() {
                let start = self.text.len();
                self.text.push_str(text);
                self.text[start..].make_ascii_lowercase();
            } else {
                self.text.push_str(&text.to_lowercase());
            }
            // No word that is looked for holds a line end, so nothing is found across two texts.
            self.text.push('\n');
        }
        self.ends.push(self.text.len());
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Haystack::default();
    }

    /// The rows from an index on that hold a word, whatever its case.
    pub fn find(&self, word: &str, from: usize) -> Vec<u32> {
        let word = word.to_lowercase();
        let finder = memchr::memmem::Finder::new(word.as_bytes());
        let mut found = Vec::new();
        let mut row = from;
        let mut at = from.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or(self.text.len()));
        while let Some(hit) = finder.find(&self.text.as_bytes()[at..]) {
            while self.ends[row] <= at + hit {
                row += 1;
            }
            found.push(row as u32);
            at = self.ends[row];
            row += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_found_once_and_never_across_texts() {
        let mut haystack = Haystack::default();
        for texts in [["ch01-1", "Kore"], ["ch01-2", "ch01 CH01"], ["other", "ÄÖ ch"], ["01", ""]] {
            haystack.push(texts);
        }
        let table: [(&str, usize, &[u32]); 6] = [
            ("ch01", 0, &[0, 1]),
            ("CH01", 1, &[1]),
            ("ch", 2, &[2]),
            ("01", 3, &[3]),
            ("ch01", 4, &[]),
            ("äö", 0, &[2]),
        ];
        for (word, from, expected) in table {
            assert_eq!(haystack.find(word, from), expected, "{word} from {from}");
        }
    }
}
