//! Text of others, made harmless: no character that drives a terminal or hides is left, and what was promised of its
//! length and width holds.

// Each target is a program of its own, and the test of the corpus reads all of them.
#[allow(clippy::duplicate_mod)]
#[path = "harmless.rs"]
mod harmless;

use gemtts_tui::text::{clean as cleaned, clean_short, fit, fit_left, width};
use harmless::is_harmless;

/// The first byte is a limit; the rest is text, which need not be UTF-8.
pub fn clean(bytes: &[u8]) {
    let Some((limit, bytes)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(bytes);
    let limit = usize::from(*limit);

    let whole = cleaned(&text);
    assert!(is_harmless(&whole), "{whole:?}");
    assert_eq!(cleaned(&whole), whole);

    let short = clean_short(&text, limit);
    assert!(is_harmless(&short), "{short:?}");
    assert!(short.chars().count() <= limit + 1, "{} characters of {limit}", short.chars().count());
    assert_eq!(clean_short(&short, limit), short);
    // Nothing is lost that there was room for.
    if whole.chars().count() <= limit {
        assert_eq!(short, whole);
    } else {
        let kept = short.strip_suffix('…').expect("what is cut off leaves an ellipsis");
        assert!(whole.starts_with(kept), "{short:?}");
    }

    for text in [&*text, &whole] {
        let (left, right) = (fit_left(text, limit), fit(text, limit));
        assert!(width(&right) <= limit, "{right:?} in {limit}");
        assert!(width(&left) <= limit, "{left:?} in {limit}");
    }
    if width(&whole) <= limit {
        assert_eq!((fit(&whole, limit), fit_left(&whole, limit)), (whole.clone(), whole));
    }
}
