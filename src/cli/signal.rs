//! Being asked to stop: by Ctrl-C, by the system, by a terminal that goes away.

use std::io;

/// Resolves with the signal's number when the process is asked to stop. From the first poll on, the signal no longer
/// ends the process by itself, so that journals and audio files are not left half-written.
///
/// A signal that was ignored when the program started stays ignored: `nohup`, and a shell that starts something in the
/// background, mean it.
#[cfg(unix)]
pub async fn asked_to_stop() -> io::Result<u8> {
    use std::future::poll_fn;
    use std::task::Poll;
    use tokio::signal::unix::{SignalKind, signal};

    let ignored = ignored();
    // A file that grows over the limit of the shell (`ulimit -f`) is an error like a full disk, and ends as one: the
    // system's own answer would be to kill the process in the middle of a write. Its handler stays for good.
    drop(signal(SignalKind::from_raw(FILE_TOO_LARGE))?);
    let mut signals = Vec::new();
    for (number, kind) in [
        (1, SignalKind::hangup()),
        (2, SignalKind::interrupt()),
        (3, SignalKind::quit()),
        (15, SignalKind::terminate()),
    ] {
        if ignored >> (number - 1) & 1 == 0 {
            signals.push((number, signal(kind)?));
        }
    }
    let number = poll_fn(|context| {
        let came =
            signals.iter_mut().find_map(|(number, signal)| signal.poll_recv(context).is_ready().then_some(*number));
        came.map_or(Poll::Pending, Poll::Ready)
    });
    Ok(number.await)
}

#[cfg(unix)]
const FILE_TOO_LARGE: i32 = rustix::process::Signal::XFSZ.as_raw();

/// What Ctrl-z sends.
#[cfg(unix)]
pub const STOP: i32 = rustix::process::Signal::TSTP.as_raw();

/// There is no such signal.
#[cfg(not(unix))]
pub const STOP: i32 = 0;

/// Whether a signal was ignored when the program started.
#[cfg(unix)]
pub fn is_ignored(number: i32) -> bool {
    ignored() >> (number - 1) & 1 == 1
}

/// There are no signals to ignore.
#[cfg(not(unix))]
pub fn is_ignored(_: i32) -> bool {
    true
}

/// The signals that are ignored now, as a mask: signal n is bit n - 1. Only Linux tells it to a program without unsafe
/// code; elsewhere none counts as ignored.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Resolves with the signal's number when the process is asked to stop.
#[cfg(not(unix))]
pub async fn asked_to_stop() -> io::Result<u8> {
    tokio::signal::ctrl_c().await.map(|()| 2)
}
