//! Signals, on the threads of the runtime: they are heard also while the loop is stuck in a write.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::tui::mailbox::{Letter, Mailbox};
use crate::tui::term;

/// How long the loop may take to leave by itself; then the process ends without it.
const PATIENCE: Duration = Duration::from_millis(700);

/// Delivers TERM, HUP, INT and QUIT as a wish to leave, and CONT as a need to take the terminal over again. When this
/// returns, none of them ends the process by itself any more; so it comes before the terminal is taken.
#[cfg(unix)]
pub fn deliver(mailbox: Arc<Mailbox>, runtime: &Handle) {
    use tokio::signal::unix::{SignalKind, signal};

    let leave = [
        (SignalKind::terminate(), 15),
        (SignalKind::hangup(), 1),
        (SignalKind::interrupt(), 2),
        (SignalKind::quit(), 3),
    ];
    let _context = runtime.enter();
    for (kind, number) in leave {
        let mailbox = mailbox.clone();
        let Ok(mut signals) = signal(kind) else { continue };
        runtime.spawn(async move {
            if signals.recv().await.is_some() {
                mailbox.put(Letter::Signal(number));
                tokio::time::sleep(PATIENCE).await;
                // The loop hangs in a write to a terminal that nobody reads, and so may the restoring. The journals
                // are safe at any moment.
                std::thread::spawn(term::restore);
                tokio::time::sleep(PATIENCE / 4).await;
                std::process::exit(128 + i32::from(number));
            }
        });
    }
    let Ok(mut continued) = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw())) else { return };
    runtime.spawn(async move {
        while continued.recv().await.is_some() {
            mailbox.put(Letter::Continued);
        }
    });
}

/// A console has only Ctrl-c, and that arrives as a key.
#[cfg(not(unix))]
pub fn deliver(_: Arc<Mailbox>, _: &Handle) {}
