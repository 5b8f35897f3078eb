//! A file to the service, in pieces, so that a break costs one piece and not the file.
//!
//! The address of an upload session is a secret of its own: whoever has it can write to it without a key. It gets no
//! key, it reaches no log and no message, and it leads to the base origin or nowhere. Its owner is told of it before the
//! first byte goes out, so that another run can go on with it.

mod address;
mod input;
mod session;

use super::connection::Connection;
use super::error::{Certainty, Error, Kind};
use super::refusal::Failed;
use super::{StoredFile, Upload};
use crate::text::clean_short;
use input::Input;
use session::{Outcome, Session, State};

/// Sessions that are begun for one file: a session may be forgotten by the service.
const MOST_SESSIONS: u32 = 3;

/// What came out of an upload, before anybody looked whether the file is ready.
pub struct Uploaded {
    /// The file, when the service named it.
    pub file: Option<StoredFile>,
    /// Of the bytes that were sent, in lower-case hex digits.
    pub sha256: String,
    /// Of the file on this disk.
    pub size: u64,
}

/// Sends the whole file, or what an earlier run has left of it. Only its last piece makes it exist.
pub async fn send(connection: &Connection, upload: &Upload<'_>) -> Result<Uploaded, Error> {
    let what = format!("cannot upload {}", clean_short(upload.display_name, 80));
    let mut input = Input::open(upload.path, &what).await?;
    let mut earlier = match upload.session {
        Some(known) => Session::resume(connection, known, &what, input.size).await?,
        None => None,
    };
    for _ in 0..MOST_SESSIONS {
        let outcome = match earlier.take() {
            Some((_, State::Final(file))) => Outcome::Done(file),
            Some((session, State::Active(received))) => {
                session.run(connection, upload, &mut input, received.unwrap_or(0)).await?
            }
            Some((_, State::Forgotten)) => Outcome::Forgotten,
            None => {
                let session = Session::start(connection, upload, &what, input.size).await?;
                session.run(connection, upload, &mut input, 0).await?
            }
        };
        match outcome {
            Outcome::Done(file) => {
                (upload.progress)(input.size, input.size);
                return Ok(Uploaded { file: file.map(|file| *file), sha256: input.sha256().await?, size: input.size });
            }
            Outcome::Forgotten => tracing::debug!("the upload session is gone; beginning another"),
        }
    }
    let message = format!("{what}: the service forgot the upload {MOST_SESSIONS} times");
    Err(Failed::last(Kind::Server, Certainty::Unknown, message).error)
}
