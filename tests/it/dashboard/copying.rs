//! A copy goes to the clipboard of the terminal that a person sits at, and nothing else does.

use super::wire::{self, Piece};
use super::{Account, FINISHED};
use crate::pty::Terminal;

#[test]
fn fault_76_a_copy_needs_no_window_system_and_goes_through_a_multiplexer() {
    let account = Account::of(FINISHED);
    // Base64 of `batches/`.
    let begin = "]52;c;YmF0Y2hlcy";
    for (variable, wrapped) in [
        (("TERM", "xterm-256color"), format!("\x1b{begin}")),
        (("TMUX", "/tmp/tmux-0/default,1,0"), format!("\x1bPtmux;\x1b\x1b{begin}")),
        (("STY", "1.pts-0"), format!("\x1bP\x1b{begin}")),
    ] {
        // A display that nobody answers for.
        let command = account.dashboard(&[]).env("DISPLAY", "192.0.2.1:0").env(variable.0, variable.1);
        let mut terminal = Terminal::start(command, 100, 24);
        terminal.wait_for("live");
        let before = terminal.bytes();
        wire::is_clean(&before);
        terminal.send("y");
        terminal.wait_for("copied batches/");
        let copied = String::from_utf8(terminal.bytes()[before.len()..].to_vec()).unwrap();
        assert!(copied.contains(&wrapped), "{variable:?}: {copied:?}");
        let n_strange = wire::pieces(copied.as_bytes()).iter().filter(|piece| matches!(piece, Piece::Other(_))).count();
        assert!(n_strange <= 8, "{copied:?}");
        terminal.send("q");
        assert_eq!(terminal.end().code(), Some(0));
    }
}
