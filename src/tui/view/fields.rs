//! The fields of the form: a name and what it holds, or what is taken when it holds nothing.

use ratatui::layout::Rect;

use crate::script::Column;
use crate::text;
use crate::tui::model::{Field, Form, say_sample};
use crate::tui::view::footer;
use crate::tui::view::pen::{Pen, Piece, piece, skip};

/// The cells of the names of the fields.
const NAMES: u16 = 13;

/// Which fields are in sight: how many are above them, and how many below. The focused one is in the middle, so that
/// what stands around it can be read; a button or the preview in focus shows the beginning.
pub fn window(form: &Form, fields: &[Field], shown: usize) -> (usize, usize) {
    let hidden = fields.len().saturating_sub(shown);
    let at = fields.iter().position(|field| *field == form.focus).unwrap_or(0);
    let top = at.saturating_sub(shown / 2).min(hidden);
    (top, hidden - top)
}

/// Draws a field.
pub fn draw(pen: &mut Pen<'_>, form: &Form, field: Field, place: Rect) {
    let theme = *pen.theme;
    let is_focused = form.focus == field;
    let sign = if is_focused { "▸" } else { " " };
    let style = match (form.mistake == Some(field), is_focused) {
        (true, _) => theme.bad(),
        (false, true) => theme.title(),
        (false, false) => theme.muted(),
    };
    pen.text(place, &format!("{sign} {}", field.label()), style);
    let place = skip(place, NAMES);
    match &form.editing {
        Some(line) if is_focused => footer::line(pen, place, line),
        Some(_) | None => {
            let value = value(pen, form, field);
            let style = value.style;
            let taken = pen.line(place, &[value]);
            if is_focused {
                pen.restyle(Rect { width: taken.max(1).min(place.width), ..place }, style.patch(theme.selected()));
            }
        }
    }
}

/// Draws a button on a line of its own.
pub fn button(pen: &mut Pen<'_>, form: &Form, field: Field, label: &str, place: Rect) {
    let theme = *pen.theme;
    let is_focused = form.focus == field;
    let style = if is_focused { theme.selected() } else { theme.text() };
    let sign = piece(if is_focused { "▸ " } else { "  " }, theme.title());
    pen.line(place, &[sign, piece(format!("[ {label} ]"), style)]);
}

/// What a field holds, or what is taken when it holds nothing.
fn value(pen: &Pen<'_>, form: &Form, field: Field) -> Piece {
    let theme = pen.theme;
    let draft = &form.draft;
    let held = text::clean(&field.text(draft));
    let or = |absent: String| match held.is_empty() {
        true => piece(absent, theme.muted()),
        false => piece(held.clone(), theme.text()),
    };
    let switch = |is_on: bool, on: &str, off: &str| {
        piece(if is_on { format!("[x] {on}") } else { format!("[ ] {off}") }, theme.text())
    };
    let catalog = &form.catalog;
    let voice = |default: &str| {
        let known = catalog.voices.all.iter().find(|voice| voice.name == held);
        match known {
            Some(voice) => piece(format!("{held}  ({})", voice.described()), theme.text()),
            None => or(format!("{default} (default)")),
        }
    };
    match field {
        Field::Source => match draft.sources.len() {
            0 | 1 => or("files or a folder: Enter picks".to_owned()),
            n => piece(format!("{n}: {}", text::clean(&draft.sources.join(", "))), theme.text()),
        },
        Field::Columns => columns(pen, form),
        Field::Column(column) => match form.seen.as_deref().and_then(|seen| seen.guess(column)) {
            Some(header) => or(format!("«{header}», by its name")),
            None if column == Column::Text => match held.is_empty() {
                true => piece("choose the column that is spoken", theme.warn()),
                false => or(String::new()),
            },
            None => or("none".to_owned()),
        },
        Field::Model => or(format!("{} (default)", catalog.default_model)),
        Field::Voice => voice(&catalog.voices.default),
        Field::SpeakerVoice(at) => voice(&draft.reading.voice_of_speaker(at, catalog)),
        Field::Language => or("detected by the model".to_owned()),
        Field::Name => or("after the source".to_owned()),
        Field::Sample => match held.is_empty() {
            true => or("all requests".to_owned()),
            false => {
                piece(draft.sample.parse().map_or(held, |sample| format!("{} only", say_sample(sample))), theme.text())
            }
        },
        Field::Rest => {
            let jobs: Vec<String> = draft.rest_of.iter().map(|job| text::clean(job)).collect();
            piece(format!("[x] without what {} was sent", jobs.join(", ")), theme.text())
        }
        Field::Again => switch(draft.again, "bought again", "not bought again"),
        Field::Jobs => piece(jobs(form), theme.text()),
        Field::More => fold(pen, draft.shows_more, "", &more(form)),
        Field::From => match form.seen.as_deref().map(|seen| seen.forms.as_slice()) {
            Some([]) | None => or("as the names and the contents say".to_owned()),
            Some(forms) => {
                or(format!("{}, as it seems", forms.iter().map(|form| form.title()).collect::<Vec<_>>().join(", ")))
            }
        },
        Field::By => switch(draft.reading.by_paragraph, "one for each paragraph", "one for each line of text"),
        Field::KeyTemplate => or("by the form, or such as {stem}-{n:04}".to_owned()),
        Field::SpeakerName(_) => or("a name in texts that say Name: …".to_owned()),
        Field::Style => or("such as: calm and slow".to_owned()),
        Field::Pronounce => or("a list of words: Enter picks".to_owned()),
        Field::SkipHeadings => switch(draft.reading.skip_headings, "not spoken", "spoken"),
        Field::Inline => switch(draft.inline, "in the create call itself", "uploaded as a file"),
        Field::Problems => {
            let n = form.n_problems() as u64;
            piece(text::count(n, "problem"), theme.warn())
        }
        Field::SubmitButton | Field::SampleButton | Field::CancelButton => piece("", theme.text()),
    }
}

/// `2 (25 000 enqueued tokens)`.
fn jobs(form: &Form) -> String {
    let chosen = match form.draft.most_requests.parse() {
        Ok(most) => format!("at most {} in a job", text::count(most, "request")),
        Err(_) => String::new(),
    };
    match form.shown_plan() {
        Some(plan) if plan.n_jobs() > 1 => format!("{} ({})", plan.n_jobs(), text::clean(&plan.jobs_because)),
        Some(_) if chosen.is_empty() => "1".to_owned(),
        Some(_) => format!("1 ({chosen})"),
        None if chosen.is_empty() => "as few as the service allows".to_owned(),
        None => chosen,
    }
}

/// A line that shows or hides the fields below it.
fn fold(pen: &Pen<'_>, is_open: bool, said: &str, hidden: &str) -> Piece {
    let theme = pen.theme;
    let sign = if is_open { "▼" } else { "▸" };
    let said = if is_open { said } else { hidden };
    piece(format!("{sign} {said}").trim_end().to_owned(), theme.muted())
}

/// `▸ text «Prompt», key «ID»`.
fn columns(pen: &Pen<'_>, form: &Form) -> Piece {
    let Some(seen) = form.seen.as_deref() else { return piece("", pen.theme.text()) };
    let named = |column: Column| {
        let own = form.draft.reading.columns.get(column.word()).map(String::as_str);
        own.or_else(|| seen.guess(column)).map(|header| match header.eq_ignore_ascii_case(column.word()) {
            true => column.word().to_owned(),
            false => format!("{} «{}»", column.word(), text::clean(header)),
        })
    };
    let said: Vec<String> =
        [Column::Text, Column::Key, Column::Voice, Column::Language, Column::Style, Column::Speaker]
            .into_iter()
            .filter_map(named)
            .collect();
    let is_open = form.draft.shows_columns || form.lacks_text_column();
    fold(pen, is_open, &text::count(seen.headers.len() as u64, "header"), &said.join(", "))
}

/// What is set among the fields that are hidden, so that nothing works unseen.
fn more(form: &Form) -> String {
    let (draft, reading) = (&form.draft, &form.draft.reading);
    let set = [
        ("form", !reading.from.is_empty()),
        ("by paragraph", reading.by_paragraph),
        ("keys", !reading.key_template.is_empty()),
        ("speakers", reading.speakers.iter().any(|speaker| !speaker.name.is_empty())),
        ("style", !reading.style.is_empty()),
        ("pronunciations", !reading.pronounce.is_empty()),
        ("headings", reading.skip_headings),
        ("inline", draft.inline),
    ];
    let set: Vec<&str> = set.into_iter().filter(|(_, is_set)| *is_set).map(|(word, _)| word).collect();
    if set.is_empty() { "keys, speakers, style, words …".to_owned() } else { format!("set: {}", set.join(", ")) }
}
