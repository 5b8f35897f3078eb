//! The files that the service stores for us.

use crate::api::error::Kind;
use crate::api::{StoredFile, page};
use crate::failure::{Exit, Failure};
use crate::job::FileName;

use super::Session;

/// Lists all stored files, newest first.
pub async fn list_files(session: &Session) -> Result<Vec<StoredFile>, Failure> {
    let mut files = page::all_files(session.service.reader.as_ref()).await?.items;
    files.sort_by(|a, b| b.create_time.cmp(&a.create_time).then_with(|| a.name.cmp(&b.name)));
    Ok(files)
}

/// Whether the service deletes a file on request: the names of output files are longer than those of uploads, and it
/// drops these files itself.
pub fn can_be_deleted(name: &FileName) -> bool {
    name.id().len() <= 40
}

/// A stored file; `None` when there is none of that name any more.
pub async fn stored_file(session: &Session, name: &FileName) -> Result<Option<StoredFile>, Failure> {
    match session.service.reader.get_file(name).await {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Deletes a stored file as it was shown to somebody who agreed. It is looked at again right before: another content under
/// the same name is left alone, and the failure says so.
pub async fn delete_seen_file(session: &Session, shown: &StoredFile) -> Result<(), Failure> {
    session.writer()?;
    if can_be_deleted(&shown.name) {
        let Some(now) = stored_file(session, &shown.name).await? else { return Ok(()) };
        let content = |file: &StoredFile| (file.size_bytes, file.sha256.clone(), file.create_time);
        if content(shown) != content(&now) {
            let message = format!("{} has changed since the question; nothing was deleted", shown.name);
            return Err(Failure::with_exit(Exit::Refused, message)
                .hint("look at it, and delete it again if that is still wanted"));
        }
    }
    delete_file(session, &shown.name).await
}

/// Deletes a stored file; one that is gone already is a success. The service refuses to delete output files: it drops
/// them itself.
pub async fn delete_file(session: &Session, name: &FileName) -> Result<(), Failure> {
    let writer = session.writer()?;
    if !can_be_deleted(name) {
        let message = format!("{name} is an output file, which the service does not delete on request");
        return Err(Failure::with_exit(Exit::Failed, message).hint("it is dropped 48 hours after its job ended"));
    }
    // The error of the call names the file.
    Ok(writer.delete_file(name).await?)
}
