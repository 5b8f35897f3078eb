//! How wide text is on a terminal, and how to make it fit.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The number of cells that a text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text in at most `cells` cells; what does not fit leaves an ellipsis at the end.
pub fn fit(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mut kept = head(text.graphemes(true), cells.saturating_sub(1));
    if cells > 0 {
        kept.push('…');
    }
    kept
}

/// The end of the text in at most `cells` cells, for paths and names whose end tells them apart.
pub fn fit_left(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    if cells == 0 {
        return String::new();
    }
    let mut left = cells - 1;
    let mut start = text.len();
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        match left.checked_sub(width(grapheme)) {
            Some(rest) => (left, start) = (rest, at),
            None => break,
        }
    }
    format!("…{}", &text[start..])
}

fn head<'a>(graphemes: impl Iterator<Item = &'a str>, mut cells: usize) -> String {
    let mut kept = String::new();
    for grapheme in graphemes {
        match cells.checked_sub(width(grapheme)) {
            Some(rest) => cells = rest,
            None => break,
        }
        kept.push_str(grapheme);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_cut_at_cells_not_at_bytes() {
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(fit_left("a/b/longname", 6), "…gname");
        assert_eq!(fit_left("日本語", 4), "…語");
    }

    proptest! {
        #[test]
        fn fitted_text_fits(text in any::<String>(), cells in 0usize..40) {
            prop_assert!(width(&fit(&text, cells)) <= cells);
            prop_assert!(width(&fit_left(&text, cells)) <= cells);
        }
    }
}
