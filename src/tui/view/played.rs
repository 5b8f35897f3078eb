//! Whole sessions at random: keys, answers and new sizes in any order, each followed by a frame.

use crossterm::event::{KeyCode, KeyModifiers};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::samples;
use crate::failure::Failure;
use crate::tui::effect::Effect;
use crate::tui::event::Event;
use crate::tui::keys::Chord;
use crate::tui::layout;
use crate::tui::model::{Model, PlanState, Screen};
use crate::tui::theme::{Charset, Palette, Theme};
use crate::tui::update::update;

fn any_event() -> impl Strategy<Value = Event> {
    let code = prop_oneof![
        6 => prop::sample::select("jkgGxXDnaAV*e/:dJsSpyYrRfLFzm120?hl ".chars().map(KeyCode::Char).collect::<Vec<_>>()),
        6 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Down, KeyCode::Up,
            KeyCode::PageDown, KeyCode::End, KeyCode::Backspace, KeyCode::Left,
        ]),
    ];
    prop_oneof![
        12 => code.prop_map(|code| Event::Key(Chord { code, modifiers: KeyModifiers::NONE })),
        2 => prop::sample::select(vec!['s', 'n', 'p', 'f'])
            .prop_map(|c| Event::Key(Chord { code: KeyCode::Char(c), modifiers: KeyModifiers::CONTROL })),
        1 => "[a-z日🌞/:!]{0,12}".prop_map(Event::Pasted),
        2 => (0u16..130, 0u16..50).prop_map(|(width, height)| Event::Resized(width, height)),
        1 => (0u16..130, 0u16..50).prop_map(|(column, row)| Event::Clicked(column, row)),
        1 => (-3i16..4).prop_map(Event::Scrolled),
    ]
}

/// Answers as a friendly service would, where the screen changes with the answer.
fn answers(effect: &Effect) -> Vec<Event> {
    match effect {
        Effect::OpenJob(seq, _) => vec![
            Event::OpeningProgressed(*seq, samples::progress()),
            Event::RowsArrived(*seq, samples::results().into()),
            Event::Opened(*seq, Ok(())),
        ],
        Effect::Plan(seq, _) => vec![
            Event::Glanced(*seq, samples::glance()),
            Event::PlanProgressed(*seq, samples::progress()),
            Event::Planned(*seq, Ok(Box::new(samples::plan()))),
        ],
        Effect::ListFiles(seq) => vec![Event::FilesListed(*seq, Err(Failure::new("the service says 503")))],
        Effect::ReadRawLine(seq, ..) => vec![Event::RawLine(*seq, Ok("{\"日本\": \"🌞\"}".into()))],
        Effect::ListFolder(seq, folder) => {
            let entries = samples::picker().entries.expect("the sample has entries");
            vec![Event::FolderListed(*seq, folder.clone(), entries)]
        }
        _ => Vec::new(),
    }
}

/// The number of rows that are shown as selected.
fn selected_rows(model: &Model, theme: &Theme) -> usize {
    let mut terminal = Terminal::new(TestBackend::new(model.size.width, model.size.height)).unwrap();
    terminal.draw(|frame| super::draw(model, theme, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    buffer.content().iter().filter(|cell| cell.symbol() == "▸").count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_session_can_be_drawn_and_its_selection_is_in_sight(events in prop::collection::vec(any_event(), 1..50)) {
        let mut model = samples::strange(80, 24);
        model.jobs.cursor.filter.clear();
        for event in events {
            let mut effects = update(&mut model, event);
            while let Some(effect) = effects.pop() {
                for answer in answers(&effect) {
                    effects.extend(update(&mut model, answer));
                }
            }
            let shown = selected_rows(&model, &Theme::default());
            selected_rows(&model, &Theme::new(Palette::None, Charset::Ascii));
            let can_show = model.size.width >= 4 && model.size.height >= 2;
            // The details below the list have arrows of their own, in the timeline of a job.
            if can_show && model.screens.is_empty() && model.overlays.is_empty() && !layout::detail_pane(&model) {
                prop_assert_eq!(shown, usize::from(!model.jobs.cursor.visible.is_empty()));
            }
            if let Some(Screen::Create(form)) = model.screens.last()
                && let PlanState::Ready(..) = form.plan
            {
                prop_assert!(super::scroll_limit(&model) < 100);
            }
        }
    }
}
