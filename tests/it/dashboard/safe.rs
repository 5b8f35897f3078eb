//! Strangers' text drives no terminal, pasted text presses no key, and read-only is read-only.

use crossterm::event::{KeyCode, KeyModifiers};
use gemtts_tui::sim::Call;
use gemtts_tui::tui::action::Action;
use gemtts_tui::tui::keys::{BINDINGS, Chord};
use gemtts_tui::tui::update::commands_fitting;

use super::{Account, FINISHED, eventually, wire};
use crate::pty::Terminal;

#[test]
fn fault_70_hostile_names_write_nothing_but_text() {
    let flood = r"\u001b".repeat(10_240);
    let payloads = [
        r"\u001b]8;;http://evil.example/\u001b\\click\u001b]8;;\u001b\\",
        r"\u001b_Gi=1;AAAA\u001b\\\u0008\u0008\u0008\u0008",
        &flood,
        r"\u001b]52;c;aGVsbG8=\u0007clip",
        r"\u001b[2J\u001b[Hclear",
        r"\u009b31mred\u009d0;title\u009c",
        r"\u001bP1$r\u001b\\dcs",
        r"\u202Egnp.exe\u2066\u200B\uFEFF",
        r"tab\tnew\nline\rreturn\u0008back\u0007bell",
        r"\u001b[6n\u001b[c\u001b]11;?\u0007query",
    ];
    let mut scenario = "clock = \"manual\"\n".to_owned();
    for payload in payloads {
        scenario += &format!(
            "[[job]]\nname = \"x{payload}\"\nage = \"960h\"\nstate = \"failed\"\nerror = \"{payload}\"\n\
             keys = \"{payload}\"\ntexts = [\"{payload}\"]\n"
        );
        scenario +=
            &format!("[[job]]\nname = \"y{payload}\"\nage = \"970h\"\nkeys = \"{payload}\"\ntexts = [\"{payload}\"]\n");
    }
    let account = Account::of(&scenario);
    let mut terminal = Terminal::start(account.dashboard(&[]), 160, 40);
    let screen = terminal.wait("all jobs", |screen| screen.contains("Jobs  20") && screen.contains("live"));
    assert!(screen.contains("␛]52;c;") && screen.contains("⟨U+202E⟩"), "{screen}");
    // Whatever a row shows, it ends where all the others do.
    let cells = terminal.cells();
    let edge = |row| cells.cell(row, 159).map(|cell| cell.contents().to_owned());
    assert!((3..23).all(|row| edge(row).as_deref() == Some("│")), "{screen}");
    for payload in 0..payloads.len() {
        // The job's details, its error or its keys, one of its results, its raw answer.
        terminal.send(&"j".repeat(usize::from(payload > 0)));
        for keys in ["d", "\x1b", "J", "\x1b", "\r", "\r", "\x1b", "\x1b"] {
            terminal.send(keys);
        }
    }
    terminal.send("G\rD");
    terminal.send("q\x1b\x1b\x1b\x1b?");
    terminal.wait_for("Help");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
    wire::is_clean(&terminal.bytes());
}

#[test]
fn fault_71_what_is_pasted_presses_no_key() {
    let account = Account::of(FINISHED);
    let mut terminal = account.open(&[]);
    let large = "Dy\n".repeat(350_000);
    // The mark of the end within: what follows comes as keys, in one piece with the paste.
    for text in ["ddyy\n", "xyDy\n", "Dy\nq", &large, "a\x1b[201~xyDy\nq", "\x1b[201~Dy\x1b[200~Dy\n"] {
        terminal.send(&format!("\x1b[200~{text}\x1b[201~"));
        let screen = terminal.wait_for("pasted text is taken only where text is typed");
        assert!(screen.contains("Jobs  2") && !screen.contains("[ Cancel ]"), "{screen}");
        // A key takes the notice off, so that the next one can be told from it.
        terminal.send("?\x1b");
        terminal.wait("the list alone", |screen| screen.contains("Jobs  2") && !screen.contains("pasted text"));
    }
    // Into a field: cleaned, cut, and not confirmed.
    terminal.send("/");
    terminal.send("\x1b[200~chapter\x1b]0;x\x07-two\n\u{202e}\x1b[201~");
    terminal.wait_for("/chapter]0;x-two");
    terminal.send("\x15");
    terminal.send(&format!("\x1b[200~{large}\x1b[201~"));
    terminal.wait_for("Jobs  0 of 2");
    terminal.send("\x15two\r");
    terminal.wait_for("Jobs  1 of 2");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
    account.was_only_read();
    assert_eq!(account.control().n_jobs(), 2);
}

/// A job under way, which could be cancelled, and one that could be deleted.
pub const CHANGEABLE: &str = r#"
clock = "manual"
[[job]]
name = "under-way"
state = "running"
age = "2h"
texts = ["Wait."]
[[job]]
name = "failed-one"
state = "failed"
age = "3h"
texts = ["Wait."]
"#;

/// Presses everything that changes something, on every screen.
pub fn press_everything(terminal: &Terminal) {
    for keys in
        ["x", "y", "j", "D", "y", "a", "x", "2\r", "D", "1\r", "A", "g", "S", "s", "t", "\r", "x", "y", "D", "y"]
    {
        terminal.send(keys);
    }
    terminal.send("\x1b\x1b\x1b");
    terminal.send(":cancel\r");
    terminal.send("y\x1b\x1b:delete\ry\x1b\x1b");
    for keys in ["n", "prompts.txt", "\t", "\x13", "\r", "\x13"] {
        terminal.send(keys);
    }
}

/// Cancels the job that is under way, as a person does: the answer counts only once its button is there.
pub fn change_something(terminal: &Terminal) {
    terminal.send("/under-way\r");
    terminal.wait_for("Jobs  1 of 2");
    terminal.send("x");
    terminal.wait_for("Yes, cancel the job");
    terminal.send("y");
}

/// What a terminal sends for a key.
fn typed(chord: &Chord) -> String {
    match (chord.code, chord.modifiers.contains(KeyModifiers::CONTROL)) {
        (KeyCode::Char(c), true) => char::from(c as u8 & 0x1f).to_string(),
        (KeyCode::Char(c), false) => c.to_string(),
        (KeyCode::Enter, _) => "\r".to_owned(),
        (KeyCode::Esc, _) => "\x1b".to_owned(),
        (KeyCode::Tab, _) => "\t".to_owned(),
        (KeyCode::BackTab, _) => "\x1b[Z".to_owned(),
        (KeyCode::Up, _) => "\x1b[A".to_owned(),
        (KeyCode::Down, _) => "\x1b[B".to_owned(),
        (KeyCode::Right, _) => "\x1b[C".to_owned(),
        (KeyCode::Left, _) => "\x1b[D".to_owned(),
        (KeyCode::Home, _) => "\x1b[H".to_owned(),
        (KeyCode::End, _) => "\x1b[F".to_owned(),
        (KeyCode::PageUp, _) => "\x1b[5~".to_owned(),
        (KeyCode::PageDown, _) => "\x1b[6~".to_owned(),
        (KeyCode::Backspace, _) => "\x7f".to_owned(),
        (KeyCode::Delete, _) => "\x1b[3~".to_owned(),
        (other, _) => panic!("how is {other} typed?"),
    }
}

/// What ends the session, or puts it to sleep.
fn ends(chord: &Chord) -> bool {
    let ends = |action| matches!(action, Action::Quit | Action::Interrupt | Action::Suspend);
    BINDINGS.iter().any(|binding| ends(binding.action) && binding.chords.contains(chord))
}

/// Nobody types faster, and a terminal holds only four kilobytes of what nobody has read.
const BETWEEN_KEYS: std::time::Duration = std::time::Duration::from_millis(3);

/// Every key of every place, on each screen that a session which only reads can open; behind each come the answers that
/// a dialog would take. Then every command by its name, and those that take a word.
fn press_every_key(terminal: &Terminal) {
    // Two escapes are one key; a single one would take the next letter along.
    let home = "\x1b".repeat(16);
    // The list, the same with marks, a job, a key, files, messages, help, raw JSON, the palette, the form.
    for screen in ["", "A", "\r", "j\r\r", "F", "L", "?", "J", ":", "n"] {
        for chord in BINDINGS.iter().flat_map(|binding| binding.chords).filter(|chord| !ends(chord)) {
            terminal.send(&format!("{home}g{screen}{}y2\r", typed(chord)));
            std::thread::sleep(BETWEEN_KEYS);
        }
        terminal.send(&home);
        terminal.wait_for("Jobs  ");
    }
    for name in commands_fitting("") {
        if !["quit", "q", "suspend"].contains(&name) {
            for words in ["", " state:running"] {
                terminal.send(&format!("{home}g:{name}{words}\ry2\r"));
                std::thread::sleep(BETWEEN_KEYS);
            }
        }
    }
    terminal.send(&home);
}

#[test]
fn fault_77_a_session_that_only_reads_sends_nothing_but_gets() {
    let account = Account::of(CHANGEABLE);
    let control = account.control();
    std::fs::write(account.home.path().join("prompts.txt"), "Hello there.\n").unwrap();
    // Said by an option, and by the environment alone.
    for (options, said) in [(&["--read-only", "--refresh", "2"][..], "0"), (&["--refresh", "2"], "1")] {
        let mut terminal = Terminal::start(account.dashboard(options).env("GEMTTS_READ_ONLY", said), 100, 24);
        terminal.wait_for("live");
        press_everything(&terminal);
        if said == "1" {
            press_every_key(&terminal);
        }
        // Whatever was sent because of a key is there before the listing after the next. A key may have stopped them.
        terminal.send("\x1b\x1b\x1b\x1bRR");
        let listings = control.count(Call::List);
        terminal.send("RR");
        eventually("another listing", || {
            terminal.send("R");
            control.count(Call::List) >= listings + 2
        });
        terminal.send("\x03\x03");
        assert_eq!(terminal.end().code(), Some(0));
        account.was_only_read();
        assert_eq!(control.n_jobs(), 2);
    }

    // Where it may, a key does change things.
    let mut terminal = account.open(&[]);
    change_something(&terminal);
    eventually("a change", || control.requests().iter().any(|request| request.method != "GET"));
    terminal.send("\x03\x03");
    assert_eq!(terminal.end().code(), Some(0));
}
