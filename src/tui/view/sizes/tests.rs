//! No size and no data break a screen: every screen and every dialog from nothing to huge, with names of every kind.

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

use super::campaigns::tests::campaign;
use super::samples::{self, *};
use super::tests::drawn;
use crate::config::{self, ColorChoice, Env};
use crate::failure::{Exit, Failure};
use crate::job::JobError;
use crate::money::OverCap;
use crate::ops::{Loss, Next, NoRoom};
use crate::results::PackedRows;
use crate::store::Hold;
use crate::text::{clean_short, is_harmless};
use crate::tui::model::*;
use crate::tui::theme::{Charset, Palette, Theme};

const WIDTHS: [u16; 10] = [0, 1, 2, 3, 5, 39, 40, 80, 120, 200];

/// Where the design of a screen changes, and around it.
const HEIGHTS: [u16; 8] = [0, 1, 3, 5, 9, 10, 24, 60];

/// Every screen and every dialog with strange data at one size.
pub fn every_screen(width: u16, height: u16) -> Vec<Model> {
    let job = || opened(strange(width, height), Opening::Complete, results());
    let ready = |form: &mut Form| form.plan = PlanState::Ready(Seq(2), Box::new(plan()));
    let unsaved = Some(Loss::Unsaved { saved: 0, of: None });
    let mut zoomed = job();
    zoomed.zoomed = true;
    if let Some(screen) = zoomed.job_screen_mut() {
        screen.pane = Pane::Detail;
    }
    let mut help = strange(width, height);
    help.screens.push(Screen::Help { scroll: 3 });
    let mut messages = strange(width, height);
    let flash = messages.notices.flash.clone().unwrap();
    messages.notices.log.push_back(flash);
    messages.screens.push(Screen::Messages { scroll: 99 });
    let mut page = job();
    page.overlays.push(Overlay::Page(TextPage {
        title: "日本".into(),
        lines: vec!["a🌞b".into(), "日本".repeat(90)],
        scroll: 1,
        awaited: None,
    }));
    let mut prompt = strange(width, height);
    prompt.overlays.push(Overlay::Prompt(Prompt {
        kind: PromptKind::Palette,
        input: Line::new("日本🌞"),
        problem: Some("🌞 何".into()),
        before: String::new(),
    }));
    prompt.setting.is_google = false;
    prompt.setting.read_only = true;
    let mut working = offline(busy(width, height), Exit::Failed);
    working.notices.flash = None;
    working.work.push(Work { seq: Seq(1), what: "saving 日本".into(), progress: progress(), job: None });
    let plain = |verb| asked(strange(width, height), verb, &[None; 2], Some((2, "1")));
    let with = |verb, targets| {
        let mut model = plain(verb);
        if let Some(Overlay::Confirm(confirm)) = model.overlays.last_mut() {
            (confirm.targets, confirm.typed) = (targets, None);
        }
        model
    };
    let stored = match files(strange(width, height), None).screens.pop() {
        Some(Screen::Files(FilesScreen { files: Some(files), .. })) => files,
        _ => panic!("the sample has files"),
    };
    let stored = stored.into_iter().map(|file| Target::File(Box::new(file))).collect();
    let mut checking = asked(strange(width, height), Verb::DeleteJobs, &[None; 3], Some((3, "")));
    if let Some(Overlay::Confirm(confirm)) = checking.overlays.last_mut() {
        (confirm.checking, confirm.guard) = (Some(Seq(8)), Guard::Running(Seq(9)));
    }
    let over = OverCap { per_job: Some(5.0), per_day: Some(25.0), spent_today: 21.5, adds: Some(13.42) };
    let full = Next::Waits(NoRoom::Tokens { enqueued: 24_750, most: 25_000, wanted: 24_750 });
    let campaigning = campaign(strange(width, height), 1, 1, Hold::Free, full);
    let status = campaigning.jobs.campaigns().next().cloned().unwrap();
    vec![
        campaigning,
        with(Verb::CancelCampaign, vec![Target::Campaign(Box::new(status))]),
        with(Verb::DeleteFiles, stored),
        with(Verb::SubmitAgain, vec![Target::Plan(Seq(2), "夜間🌞".into())]),
        checking,
        lost(busy(width, height)),
        unresolved(busy(width, height), Button::Other),
        sent_again(busy(width, height), Some(over), true),
        sent_again(busy(width, height), None, false),
        doubled(busy(width, height)),
        paced(busy(width, height), true),
        retaken(busy(width, height), true),
        retaken(busy(width, height), false),
        over_cap(busy(width, height), over, "1"),
        over_cap(busy(width, height), OverCap { adds: None, ..over }, ""),
        form(strange(width, height), |form| form.plan = PlanState::Failed(Failure::new("何も🌞").hint("🌞"))),
        strange(width, height),
        busy(width, height),
        priced(width, height),
        empty(width, height),
        loading(width, height),
        working,
        offline(loading(width, height), Exit::Key),
        job(),
        zoomed,
        opened(strange(width, height), Opening::Failed(Failure::new("何も🌞").hint("🌞")), Vec::new()),
        key(job(), 47, Some(Ok("{\"日本\": \"🌞\"}".into()))),
        key(job(), 48, None),
        key(job(), 999, None),
        form(strange(width, height), ready),
        form(strange(width, height), |form| form.picker = Some(samples::picker())),
        form(strange(width, height), |form| {
            form.focus = Field::Language;
            form.chooser = Some((Line::new(""), 40));
        }),
        form(strange(width, height), |form| {
            form.focus = Field::Source;
            form.editing = Some(Line::new("/home/日本語/🌞"));
        }),
        files(strange(width, height), None),
        files(strange(width, height), Some(Failure::new("何"))),
        messages,
        help,
        page,
        prompt,
        asked(strange(width, height), Verb::DeleteJobs, &[unsaved; 6], Some((6, "日"))),
        asked(strange(width, height), Verb::CancelJobs, &[None], None),
    ]
}

/// Draws every screen at these sizes, in Unicode and in ASCII, and tells how many drawings there were and which of them
/// panicked.
fn sweep(widths: &[u16], heights: impl Iterator<Item = u16> + Clone) -> (usize, Vec<String>) {
    let themes = [Theme::default(), Theme::new(Palette::None, Charset::Ascii)];
    let (mut n_drawings, mut panics) = (0, Vec::new());
    for (at, mut model) in every_screen(80, 24).into_iter().enumerate() {
        for (width, height) in widths.iter().flat_map(|width| heights.clone().map(|height| (*width, height))) {
            model.size = Size { width, height };
            for theme in themes {
                n_drawings += 1;
                let draw = std::panic::AssertUnwindSafe(|| {
                    let buffer = drawn(&model, theme);
                    super::scroll_limit(&model);
                    let is_fine =
                        |cell: &str| cell.is_ascii() || (!theme.is_ascii() && !cell.contains(char::is_control));
                    assert!(buffer.content().iter().all(|cell| is_fine(cell.symbol())), "a cell that is no text");
                });
                if std::panic::catch_unwind(draw).is_err() {
                    panics.push(format!("screen {at} at {width}x{height}, ASCII {}", theme.is_ascii()));
                }
            }
        }
    }
    (n_drawings, panics)
}

#[test]
fn no_size_breaks_a_screen_and_ascii_stays_ascii() {
    let (_, panics) = sweep(&WIDTHS, HEIGHTS.into_iter());
    assert_eq!(panics, Vec::<String>::new());
}

/// The same over all heights, for the figure that `tests/sizes/run` prints. It takes half a minute, so it is drawn only when
/// asked for; what it does is done by the test above at fewer sizes.
#[test]
fn every_size_of_every_screen_is_counted() {
    let asked = std::env::var_os("GEMTTS_EVERY_SIZE").is_some();
    let heights = if asked { 0..=60 } else { 6..=6 };
    let (n_drawings, panics) = sweep(&WIDTHS, heights);
    println!("panics over all sizes: {} of {n_drawings} drawings", panics.len());
    assert_eq!(panics, Vec::<String>::new());
}

/// The look of the whole screen, cell by cell, of a model as it was for another size than that of the frame.
#[test]
fn the_size_of_the_frame_counts_not_that_of_the_model() {
    for model in every_screen(200, 50) {
        let mut terminal = Terminal::new(TestBackend::new(20, 6)).unwrap();
        terminal.draw(|frame| super::draw(&model, &Theme::default(), frame)).unwrap();
    }
}

/// A text in every place where a stranger's text can stand, as it arrives there: what comes in fields of the service is
/// cleaned and cut on its way in, keys of results and names of files on the disk are kept as they are.
fn everywhere(text: &str, width: u16, height: u16) -> Vec<Model> {
    let came = clean_short(text, 1_024);
    let mut listed = strange(width, height);
    for entry in &mut listed.jobs.entries {
        if let Entry::Job(tracked) = entry {
            tracked.job.display_name = Some(came.clone());
            tracked.job.model = Some(came.clone());
            tracked.job.error = Some(JobError { code: 13, message: came.clone() });
        }
    }
    listed.jobs.cursor.filter = came.clone();
    listed.setting.is_google = false;
    listed.setting.host = came.clone();
    listed.setting.profile = came.clone();
    let failure = || Failure::new(text).hint(text);
    listed.notices.flash = Some(Notice { at: now(), level: Level::Bad, text: failure().message, hint: failure().hint });
    let mut rows = vec![spoken(41, text, 1.0), spoken(42, &text.repeat(3), 2.0)];
    rows[0].finish_reason = Some(came.clone());
    rows[1].outcome = crate::results::Outcome::Error { code: Some(3), message: came.clone() };
    let opened = opened(listed.clone(), Opening::Complete, rows);
    let mut failed = opened.clone();
    if let Some(screen) = failed.job_screen_mut() {
        (screen.rows, screen.opening) = (PackedRows::from(Vec::new()), Opening::Failed(failure()));
    }
    let mut typed = Line::new("");
    typed.insert(text);
    let mut prompt = listed.clone();
    let kind = PromptKind::Palette;
    let problem = Some(failure().message);
    prompt.overlays.push(Overlay::Prompt(Prompt { kind, input: typed.clone(), problem, before: String::new() }));
    let mut picked = samples::picker();
    picked.folder = text.into();
    picked.input = typed.clone();
    for entry in picked.entries.iter_mut().flatten().flatten() {
        entry.name = crate::text::clean(text);
    }
    let draft = |form: &mut Form| {
        form.draft.sources = vec![text.to_owned()];
        form.draft.voice = text.to_owned();
        form.draft.name = text.to_owned();
    };
    vec![
        key(opened.clone(), 41, Some(Ok(text.to_owned()))),
        asked(listed.clone(), Verb::CancelJobs, &[None; 2], None),
        asked(listed.clone(), Verb::DeleteJobs, &[None; 4], Some((4, ""))),
        form(listed.clone(), |form| form.picker = Some(picked)),
        form(listed.clone(), draft),
        form(listed.clone(), |form| (form.focus, form.editing) = (Field::Source, Some(typed))),
        prompt,
        failed,
        opened,
        listed,
    ]
}

/// What a stranger might send to drive a terminal.
fn payloads() -> Vec<String> {
    let mut payloads: Vec<String> = [
        "\x1b]52;c;aGVsbG8=\x07",
        "\x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\",
        "\x1b]0;owned\x07",
        "\x1bP1$r\x1b\\",
        "\x1b_Gi=1;AAAA\x1b\\",
        "\x1b[2J\x1b[H\x1b[31mred",
        "\x1b[6n\x1b[c",
        "\u{9b}31m\u{9d}0;t\u{9c}\u{90}q\u{9c}",
        "\u{202e}gnp.exe\u{2066}\u{2069}\u{200f}",
        "a\u{200b}b\u{200d}c\u{feff}d\u{2060}e\u{ad}f",
        "\u{e0041}\u{e0042}\u{e007f}",
        "bell\x07\x08\x08\x08\x08back",
        "tab\tnew\nline\r\x0bfeed\x0c\x7f",
        "\u{2028}\u{2029}\u{85}",
    ]
    .map(str::to_owned)
    .to_vec();
    payloads.push("\x1b".repeat(10_240));
    payloads.push(format!("a{}", "\u{30a}".repeat(2_000)));
    payloads
}

fn is_text(buffer: &Buffer) -> bool {
    buffer.content().iter().all(|cell| cell.symbol().chars().all(is_harmless) && cell.symbol().len() <= 64)
}

#[test]
fn no_payload_drives_a_terminal_from_any_field_of_any_screen() {
    for payload in payloads() {
        for (width, height) in [(100, 24), (30, 6)] {
            for (at, model) in everywhere(&payload, width, height).iter().enumerate() {
                let shown: String = payload.chars().take(24).collect();
                assert!(is_text(&drawn(model, Theme::default())), "{shown:?} on screen {at} at {width}x{height}");
                let ascii = drawn(model, Theme::new(Palette::None, Charset::Ascii));
                assert!(ascii.content().iter().all(|cell| cell.symbol().is_ascii()), "{shown:?} on screen {at}");
            }
        }
    }
}

#[test]
fn fault_69_wide_and_composed_names_fit_into_the_narrowest_columns() {
    let names = [
        "a\u{1f31e}b",
        "\u{1f31e}\u{1f31e}\u{1f31e}",
        "日本語の名前",
        "e\u{301}a\u{308}\u{308}\u{308}o",
        "👩\u{200d}👩\u{200d}👧\u{200d}👦 family",
        "🇩🇪🇯🇵 ☀\u{fe0f} 1\u{fe0f}\u{20e3}",
        "नमस्ते กำลัง 각\u{1112}\u{1161}\u{11ab}",
        "ﷺ ﷽",
    ];
    for name in names {
        for model in &mut everywhere(name, 80, 24) {
            for (width, height) in (1..=6).flat_map(|width| (1..=12).step_by(3).map(move |height| (width, height))) {
                model.size = Size { width, height };
                drawn(model, Theme::default());
                super::scroll_limit(model);
            }
        }
        for cells in 1..=6 {
            assert!(
                super::wrap::wrap(name, cells).iter().all(|line| crate::text::width(line) <= cells),
                "{name} {cells}"
            );
        }
    }
}

#[test]
fn fault_73_every_terminal_and_locale_gets_what_it_can_show() {
    let terms = ["xterm", "xterm-256color", "screen", "screen-256color", "tmux-256color", "linux", "vt100", "dumb", ""];
    let mut seen = std::collections::BTreeMap::new();
    for term in terms {
        for locale in ["C", "POSIX", "en_US.UTF-8", "zh_CN.GB18030"] {
            for (no_color, true_color) in [(true, true), (false, true), (false, false)] {
                let mut variables = vec![("TERM", term), ("LANG", locale)];
                variables.extend(no_color.then_some(("NO_COLOR", "1")));
                variables.extend(true_color.then_some(("COLORTERM", "truecolor")));
                let env = Env::of(&variables, std::path::Path::new("/nowhere"));
                let terminal = config::Terminal::from_env(&env, false, ColorChoice::Auto);
                // The dashboard refuses these before it draws anything.
                assert_eq!(terminal.dumb, ["", "dumb"].contains(&term), "{variables:?}");
                let is_ascii = term == "linux" || locale != "en_US.UTF-8";
                let palette = match (no_color || terminal.dumb, true_color && !term.starts_with("screen")) {
                    (true, _) => Palette::None,
                    (false, true) => Palette::TrueColor,
                    (false, false) => Palette::Ansi16,
                };
                let theme = Theme::of(&terminal);
                assert_eq!((theme.palette, theme.is_ascii()), (palette, is_ascii), "{variables:?}");
                seen.insert(format!("{theme:?}"), theme);
            }
        }
    }
    assert_eq!(seen.len(), 6, "three palettes and two charsets");
    for theme in seen.into_values() {
        for model in every_screen(80, 24) {
            for cell in drawn(&model, theme).content() {
                assert!(!theme.is_ascii() || cell.symbol().bytes().all(|byte| byte < 0x80), "{:?}", cell.symbol());
                for color in [cell.fg, cell.bg] {
                    let fits = match color {
                        Color::Reset => true,
                        Color::Rgb(..) => theme.palette == Palette::TrueColor,
                        _ => theme.palette == Palette::Ansi16,
                    };
                    assert!(fits, "{color:?} in {theme:?}");
                }
            }
        }
    }
}

#[test]
fn a_screen_that_cannot_be_drawn_says_so_at_every_size() {
    for (width, height) in [(0, 0), (1, 1), (5, 3), (40, 10), (120, 32)] {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let theme = Theme { charset: Charset::Ascii, ..Theme::default() };
        terminal
            .draw(|frame| {
                frame.buffer_mut().set_string(
                    0,
                    0,
                    if width > 0 { "half a screen" } else { "" },
                    ratatui::style::Style::new(),
                );
                super::broken(&theme, frame);
            })
            .unwrap();
        let shown: String = terminal.backend().buffer().content().iter().map(|cell| cell.symbol()).collect();
        assert!(!shown.contains("half"), "{shown}");
        assert!(width < 40 || shown.contains("cannot be drawn"), "{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_a_screen_of_any_size(
        text in prop_oneof![any::<String>(), "[a日🌞\u{308}\u{200d}ﷺक्षि\u{1b}\u{202e} ]{0,40}"],
        width in 0u16..130,
        height in 0u16..40,
    ) {
        for model in everywhere(&text, width, height) {
            prop_assert!(is_text(&drawn(&model, Theme::default())));
            super::scroll_limit(&model);
        }
    }
}
