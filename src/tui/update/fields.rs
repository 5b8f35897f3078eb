//! Moving between the fields of the form, and typing into them.

use crate::tui::action::Motion;
use crate::tui::effect::Effect;
use crate::tui::keys::Edit;
use crate::tui::model::{Field, Form, Kind, Line, Model};
use crate::tui::update::create::{form, set, take};
use crate::tui::update::{chooser, picker, problems, submit, typing};

/// Moves the focus, after taking what is typed or chosen.
pub fn move_focus(model: &mut Model, by: isize) -> Vec<Effect> {
    let effects =
        if form(model).is_some_and(|form| form.picker.is_some()) { picker::close(model) } else { take(model) };
    if let Some(form) = form(model) {
        let stops = form.stops();
        let at = stops.iter().position(|field| *field == form.focus).unwrap_or(0) as isize;
        form.focus = stops[(at + by).rem_euclid(stops.len() as isize) as usize];
    }
    effects
}

/// Leaves a field that is not there any more: the focus goes to the last one before it that is.
pub fn keep_focus(form: &mut Form) {
    let stops = form.stops();
    if stops.contains(&form.focus) {
        return;
    }
    form.focus = match form.focus {
        Field::Problems => Field::SubmitButton,
        Field::Column(_) if stops.contains(&Field::Columns) => Field::Columns,
        Field::Column(_) => Field::Source,
        Field::SpeakerVoice(at) if stops.contains(&Field::SpeakerName(at)) => Field::SpeakerName(at),
        _ => Field::More,
    };
    (form.editing, form.chooser) = (None, None);
}

/// Esc: ends the editing of a field and keeps its text; closes a list without choosing. `None` when nothing was open.
pub fn step_out(model: &mut Model) -> Option<Vec<Effect>> {
    let form = form(model)?;
    if form.picker.take().is_some() || form.chooser.take().is_some() {
        return Some(Vec::new());
    }
    if form.editing.is_some() {
        return Some(take(model));
    }
    submit::stop(model)
}

/// A key that is not a command: text for the field that is open, or that has the focus.
pub fn edit(model: &mut Model, edit: Edit) -> Vec<Effect> {
    if submit::is_under_way(model) {
        return submit::say_wait(model);
    }
    let Some(form) = form(model) else { return Vec::new() };
    if form.picker.is_some() {
        return picker::edit(model, edit);
    }
    if let Some((line, row)) = &mut form.chooser {
        if !(form.focus.is_number() && typing::is_foreign_to_numbers(edit)) {
            typing::apply(line, edit);
            *row = 0;
        }
        return Vec::new();
    }
    if let Some(line) = &mut form.editing {
        typing::apply(line, edit);
        return as_it_is_typed(model);
    }
    let focus = form.focus;
    match (focus.kind(), edit) {
        (Kind::Switch, Edit::Insert(' ')) => return set(model, |draft| focus.switch(draft)),
        (Kind::Problems, Edit::Insert(' ')) => return problems::fix(model),
        (Kind::Choice, Edit::Insert(c)) => {
            if !focus.is_number() || c.is_ascii_digit() {
                chooser::open(form, c.encode_utf8(&mut [0; 4]));
            }
        }
        // Backspace on a choice takes it back.
        (Kind::Choice, Edit::DeleteBack | Edit::Delete | Edit::DeleteToStart) => {
            return set(model, |draft| focus.put(draft, String::new()));
        }
        // One line cannot show several paths; a person who begins to type there must not lose the others.
        (Kind::Sources, _) if form.draft.sources.len() > 1 => {
            let effects = picker::open(model);
            picker::edit(model, edit);
            return effects;
        }
        (Kind::Text | Kind::Sources | Kind::File, edit) => begin(form, edit),
        (Kind::Choice | Kind::Switch | Kind::Problems | Kind::Button, _) => {}
    }
    as_it_is_typed(model)
}

/// The template of keys is tried at every key, as long as that is cheap: nobody knows by heart what keys it makes.
fn as_it_is_typed(model: &mut Model) -> Vec<Effect> {
    const CHEAP: u64 = 1024 * 1024;
    let Some(form) = form(model) else { return Vec::new() };
    let (Field::KeyTemplate, Some(line)) = (form.focus, &form.editing) else { return Vec::new() };
    let typed = line.text().trim().to_owned();
    let is_good = typed.is_empty() || typed.parse::<crate::script::KeyTemplate>().is_ok();
    match form.seen.as_deref() {
        Some(seen) if is_good && seen.bytes <= CHEAP => set(model, |draft| draft.reading.key_template = typed),
        Some(_) | None => Vec::new(),
    }
}

/// Begins to edit the focused field. A character takes the place of the whole text, as it does in a field that was
/// reached with Tab everywhere else; a key that changes or moves in the text keeps it.
fn begin(form: &mut Form, edit: Edit) {
    let text = match edit {
        Edit::Insert(_) => String::new(),
        Edit::DeleteBack
        | Edit::Delete
        | Edit::DeleteWord
        | Edit::DeleteToStart
        | Edit::Left
        | Edit::Right
        | Edit::Home
        | Edit::End => form.focus.text(&form.draft),
    };
    let mut line = Line::new(text);
    typing::apply(&mut line, edit);
    form.editing = Some(line);
}

/// Pasted text. False when no text field has the focus.
pub fn paste(model: &mut Model, text: &str) -> bool {
    if submit::is_under_way(model) {
        return false;
    }
    let Some(form) = form(model) else { return false };
    let text = text.trim();
    if form.picker.is_some() {
        picker::paste(model, text);
        return true;
    }
    let is_number = form.focus.is_number();
    let text: String = text.chars().filter(|c| !is_number || c.is_ascii_digit()).collect();
    if let Some((line, row)) = &mut form.chooser {
        line.insert(&text);
        *row = 0;
        return true;
    }
    match form.focus.kind() {
        // Several paths do not fit into one line: the pasted one takes their place only when it is taken.
        Kind::Sources | Kind::File | Kind::Text => form.editing.get_or_insert_default().insert(&text),
        Kind::Choice => chooser::open(form, &text),
        Kind::Switch | Kind::Problems | Kind::Button => return false,
    }
    true
}

/// Moves in an open list or among the problems; else between the fields, and by pages in the preview.
pub fn go(model: &mut Model, motion: Motion) -> Vec<Effect> {
    let page = crate::tui::layout::page(model);
    let Some(form) = form(model) else { return Vec::new() };
    if let Some(picker) = &mut form.picker {
        let shown = picker.shown().len();
        picker.row = moved(picker.row, motion, shown, page);
        return Vec::new();
    }
    let choices = form.choices().len();
    if let Some((_, row)) = &mut form.chooser {
        *row = moved(*row, motion, choices, page);
        return Vec::new();
    }
    let (at, last) = (form.problem, form.n_problems().saturating_sub(1));
    match (form.focus, motion) {
        (Field::Problems, Motion::Down) if at < last => problems::step(model, 1),
        (Field::Problems, Motion::Up) if at > 0 => problems::step(model, -1),
        (_, Motion::Down) => move_focus(model, 1),
        (_, Motion::Up) => move_focus(model, -1),
        (_, Motion::First | Motion::Last | Motion::HalfUp | Motion::HalfDown | Motion::PageUp | Motion::PageDown) => {
            scroll(model, motion)
        }
    }
}

/// Scrolls the preview.
pub fn scroll(model: &mut Model, motion: Motion) -> Vec<Effect> {
    let page = crate::tui::layout::page(model);
    let furthest = crate::tui::view::scroll_limit(model);
    if let Some(form) = form(model) {
        form.scroll = moved(form.scroll, motion, furthest + 1, page);
    }
    Vec::new()
}

/// A place in a list after a motion.
pub fn moved(at: usize, motion: Motion, count: usize, page: usize) -> usize {
    let last = count.saturating_sub(1);
    match motion {
        Motion::Up => at.saturating_sub(1),
        Motion::Down => at.saturating_add(1),
        Motion::First => 0,
        Motion::Last => last,
        Motion::HalfUp => at.saturating_sub(page / 2),
        Motion::HalfDown => at.saturating_add(page / 2),
        Motion::PageUp => at.saturating_sub(page),
        Motion::PageDown => at.saturating_add(page),
    }
    .min(last)
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};
    use proptest::prelude::*;

    use super::*;
    use crate::ops::Glance;
    use crate::request::{Problem, rules};
    use crate::script::{Column, Form as Written};
    use crate::tui::event::Event;
    use crate::tui::keys::Chord;
    use crate::tui::model::{Draft, PlanState};
    use crate::tui::update::testing::{form, plan as some_plan, press, seq_of, three_jobs};
    use crate::tui::update::update;

    fn opened(keys: &str) -> Model {
        let mut model = three_jobs();
        press(&mut model, "n");
        press(&mut model, keys);
        model
    }

    /// Goes to a field with Tab.
    fn to(model: &mut Model, field: Field) {
        for _ in 0..60 {
            if form(model).focus == field {
                return;
            }
            press(model, "<Tab>");
        }
        panic!("{field:?} is not in the form: {:?}", form(model).stops());
    }

    /// The form with a table of these headers as its source, of which the check has not ended.
    fn with_table(headers: &[&str], guessed: &[(Column, usize)]) -> Model {
        let mut model = opened("");
        let asked = press(&mut model, "a.csv<Enter>");
        let sources = crate::script::Glance {
            n_files: 1,
            bytes: 100,
            forms: vec![Written::Csv],
            headers: headers.iter().map(|header| (*header).to_owned()).collect(),
            guessed: guessed.to_vec(),
        };
        let glance = Box::new(Glance { sources, first: Vec::new() });
        assert_eq!(update(&mut model, Event::Glanced(seq_of(&asked), glance)), []);
        model
    }

    #[test]
    fn fields_follow_one_another_and_wrap() {
        let mut model = opened("");
        let stops = form(&model).stops();
        for field in stops.iter().skip(1).chain([&Field::Source]) {
            press(&mut model, "<Tab>");
            assert_eq!(form(&model).focus, *field);
        }
        press(&mut model, "<S-Tab><Up><Down><Down>");
        assert_eq!(form(&model).focus, Field::Source);
    }

    #[test]
    fn typing_begins_an_edit_and_tab_takes_it() {
        let model = opened("x.csv<Tab><Tab><Tab><Tab> night<Space>run<Tab> 1a2<Tab> <Space>");
        let expected = Draft {
            sources: vec!["x.csv".into()],
            name: "night run".into(),
            sample: "12".into(),
            shows_more: true,
            ..Draft::default()
        };
        assert_eq!(form(&model).draft, expected);
        assert_eq!(form(&model).editing, None);
    }

    #[test]
    fn a_typed_character_takes_the_place_of_a_text_and_enter_edits_it() {
        let name = "<Tab><Tab><Tab><Tab> night<Enter>";
        assert_eq!(form(&opened(name)).draft.name, "night");
        assert_eq!(form(&opened(&format!("{name} day<Enter>"))).draft.name, "day");
        assert_eq!(form(&opened(&format!("{name}<Enter>ly<Enter>"))).draft.name, "nightly");
        assert_eq!(form(&opened(&format!("{name}<Back><Tab>"))).draft.name, "nigh");
    }

    #[test]
    fn a_choice_is_narrowed_by_typing_and_unknown_values_are_free() {
        let to_voice = "<Tab><Tab>";
        let table = [
            ("<Enter>puc<Enter>", "Puck"),
            ("puc<Tab>", "Puck"),
            ("kore<Enter>", "Kore"),
            ("Nobody<Enter>", "Nobody"),
            ("<Enter><Esc>", ""),
            ("puc<Esc>", ""),
        ];
        for (keys, expected) in table {
            assert_eq!(form(&opened(&format!("{to_voice}{keys}"))).draft.voice, expected, "{keys}");
        }
        let mut model = opened("<Tab><Tab><Tab> de<Enter>");
        assert!(form(&model).draft.language.to_lowercase().starts_with("de"), "{}", form(&model).draft.language);
        press(&mut model, "<Enter>");
        let (_, row) = form(&model).chooser.clone().unwrap();
        assert_eq!(form(&model).choices()[row].value, form(&model).draft.language, "the current value is selected");
        press(&mut model, "<Up><Enter>");
        assert_ne!(form(&model).choices().len(), 1);
    }

    #[test]
    fn pasted_text_fills_the_focused_field() {
        let mut model = opened("");
        update(&mut model, Event::Pasted(" /tmp/a b.csv\n".into()));
        assert_eq!(form(&model).editing.as_ref().map(Line::text), Some("/tmp/a b.csv"));
        assert!(form(&model).draft.sources.is_empty(), "and is not taken by its line end");
        press(&mut model, "<Enter><S-Tab>");
        update(&mut model, Event::Pasted("y".into()));
        assert_eq!(form(&model).draft.sources, ["/tmp/a b.csv"]);
    }

    #[test]
    fn a_column_is_chosen_from_the_headers_that_the_table_has() {
        let mut model = with_table(&["Nr", "Prompt", "voice"], &[(Column::Voice, 2)]);
        assert!(form(&model).fields().contains(&Field::Column(Column::Text)), "without a text nothing can be read");
        to(&mut model, Field::Column(Column::Text));
        press(&mut model, "<Enter>");
        let values =
            |model: &Model| form(model).choices().iter().map(|choice| choice.value.clone()).collect::<Vec<_>>();
        assert_eq!(values(&model), ["", "Nr", "Prompt", "voice"]);
        let effects = press(&mut model, "<Down><Down><Enter>");
        let [Effect::Plan(_, order)] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(order.reading.columns.header_of(Column::Text), Some("Prompt"));
        assert!(!form(&model).fields().contains(&Field::Column(Column::Text)), "the rest speaks for itself");
        to(&mut model, Field::Columns);
        assert_eq!(press(&mut model, "<Enter>"), [], "showing them changes nothing");
        to(&mut model, Field::Column(Column::Text));
        let effects = press(&mut model, "<Back>");
        let [Effect::Plan(_, order)] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(order.reading.columns.header_of(Column::Text), None, "and Backspace takes it back");
    }

    #[test]
    fn only_fields_that_apply_to_the_source_are_shown() {
        let mut model = with_table(&["text"], &[(Column::Text, 0)]);
        to(&mut model, Field::More);
        press(&mut model, "<Enter>");
        let shown = |model: &Model, field| form(model).fields().contains(&field);
        assert!(shown(&model, Field::KeyTemplate) && shown(&model, Field::Inline));
        assert!(
            !shown(&model, Field::By) && !shown(&model, Field::SkipHeadings) && !shown(&model, Field::SpeakerVoice(0))
        );
        to(&mut model, Field::SpeakerName(0));
        press(&mut model, "Ann<Tab>");
        assert_eq!(form(&model).focus, Field::SpeakerVoice(0), "a speaker wants a voice");
    }

    #[test]
    fn a_template_of_keys_is_tried_while_it_is_typed() {
        let mut model = with_table(&["text"], &[(Column::Text, 0)]);
        to(&mut model, Field::More);
        press(&mut model, "<Enter>");
        to(&mut model, Field::KeyTemplate);
        assert_eq!(press(&mut model, "{"), [], "what cannot be read yet is not tried");
        let effects = press(&mut model, "n}");
        let [Effect::Plan(_, order)] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(order.reading.keys, Some("{n}".parse().unwrap()));
        assert!(form(&model).editing.is_some());
        press(&mut model, "<Back><Enter>");
        assert_eq!(
            (form(&model).mistake, form(&model).draft.reading.key_template.as_str()),
            (Some(Field::KeyTemplate), "{n")
        );
        assert!(matches!(form(&model).plan, PlanState::Failed(_)));
    }

    #[test]
    fn a_number_of_a_sample_is_typed_and_the_way_is_chosen() {
        let table = [
            ("<Enter><Down><Enter>", "5"),
            ("12<Enter>", "12"),
            ("12<Down><Enter>", "longest:12"),
            ("7<Down><Down><Tab>", "random:7"),
            ("x<Enter><Esc>", ""),
        ];
        for (keys, expected) in table {
            let mut model = opened("a.csv");
            to(&mut model, Field::Sample);
            press(&mut model, keys);
            assert_eq!(form(&model).draft.sample, expected, "{keys}");
        }
        let mut model = opened("a.csv");
        to(&mut model, Field::SampleButton);
        assert!(matches!(press(&mut model, "<Enter><Enter>")[..], [Effect::Plan(..)]));
        assert_eq!(form(&model).draft.sample, "5");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
        #[test]
        fn whatever_was_typed_is_there_when_the_form_comes_back(
            steps in prop::collection::vec((0usize..24, "[a-z{}. 0-9é日]{0,8}", any::<bool>()), 1..12),
        ) {
            let mut model = with_table(&["Nr", "Prompt", "voice"], &[(Column::Voice, 2)]);
            for (stop, text, is_taken) in steps {
                let stops = form(&model).stops();
                let wanted = stops[stop % stops.len()];
                // Buttons leave or send; a picker takes what is there rather than what is typed.
                if wanted.kind() == Kind::Button {
                    continue;
                }
                to(&mut model, wanted);
                for c in text.chars() {
                    update(&mut model, Event::Key(Chord { code: KeyCode::Char(c), modifiers: KeyModifiers::NONE }));
                }
                press(&mut model, if is_taken { "<Enter>" } else { "" });
                if form(&model).picker.is_some() {
                    press(&mut model, "<Esc>");
                }
            }
            // A list that is left without a choice changes nothing; a text under edit is kept.
            if form(&model).chooser.is_some() {
                press(&mut model, "<Esc>");
            }
            let typed = form(&model).typed_so_far();
            press(&mut model, "<Esc><Esc>");
            prop_assert!(model.screens.is_empty());
            prop_assert_eq!(&model.draft, &typed);
            let kept = serde_json::to_string(&model.draft).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Draft>(&kept).unwrap(), &typed);
            press(&mut model, "n");
            prop_assert_eq!(&form(&model).draft, &typed);
        }
    }

    #[test]
    fn problems_follow_one_another_and_a_quick_fix_mends_all_of_a_kind() {
        let mut model = opened("");
        let asked = press(&mut model, "a.csv<Enter>");
        let found = |rule, line| Problem::new(rule, "wrong").found("a.csv", line, None);
        let findings =
            vec![found(&rules::DUPLICATE_KEY, 9), found(&rules::BROKEN_JSON, 4), found(&rules::DUPLICATE_KEY, 7)];
        update(
            &mut model,
            Event::Planned(seq_of(&asked), Ok(Box::new(crate::ops::Plan { findings, ..some_plan("a") }))),
        );
        let line = |model: &Model| {
            let (_, at) = form(model).selected_problem().unwrap();
            form(model).shown_plan().unwrap().findings[at].line
        };
        let mut lines = Vec::new();
        for keys in ["<C-n>", "<C-n>", "<Down>", "<C-n>", "<C-p>", "<Up>"] {
            press(&mut model, keys);
            lines.push(line(&model));
        }
        assert_eq!((lines, form(&model).focus), (vec![4, 7, 9, 4, 9, 7], Field::Problems));
        let effects = press(&mut model, "<Space>");
        let [Effect::Plan(_, order)] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(order.fixes.to_string(), "duplicate-key");
        assert_eq!(form(&model).n_problems(), 3, "what was there stays until the new check is there");
        let effects = press(&mut model, "<Enter>");
        let [Effect::Plan(_, order)] = &effects[..] else { panic!("{effects:?}") };
        assert!(order.fixes.is_empty(), "and again leaves them as they are");
        press(&mut model, "<Up>");
        assert_eq!(press(&mut model, "<Space>"), [], "no program knows what broken JSON should be");
        assert!(matches!(press(&mut model, "<C-f>")[..], [Effect::Plan(..)]));
        assert_eq!(form(&model).draft.fixes, "duplicate-key");
        press(&mut model, "<Tab>");
        assert_eq!(form(&model).focus, Field::SubmitButton);
    }
}
