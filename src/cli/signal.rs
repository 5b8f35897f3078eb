//! Being asked to stop: by Ctrl-C, by the system, by a terminal that goes away.

use std::io;

/// Resolves with the signal's number when the process is asked to stop. From the first poll on, the signal no longer
/// ends the process by itself, so that journals and audio files are not left half-written.
#[cfg(unix)]
pub async fn asked_to_stop() -> io::Result<u8> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = hang_up.recv() => Ok(1),
        _ = interrupt.recv() => Ok(2),
        _ = quit.recv() => Ok(3),
        _ = terminate.recv() => Ok(15),
    }
}

/// Resolves with the signal's number when the process is asked to stop.
#[cfg(not(unix))]
pub async fn asked_to_stop() -> io::Result<u8> {
    tokio::signal::ctrl_c().await.map(|()| 2)
}
