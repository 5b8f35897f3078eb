//! The files that the service stores for us.

use std::collections::HashSet;

use crate::api::StoredFile;
use crate::failure::{Exit, Failure};
use crate::job::FileName;

use super::Session;

/// The most pages of one walk.
const MOST_PAGES: usize = 1_000;

/// Lists all stored files, newest first.
pub async fn list_files(session: &Session) -> Result<Vec<StoredFile>, Failure> {
    let (mut files, mut names, mut seen) = (Vec::new(), HashSet::new(), HashSet::new());
    let mut next = None;
    for _ in 0..MOST_PAGES {
        let mut page = session.service.reader.list_files(next.as_ref()).await?;
        page.items.retain(|file: &StoredFile| names.insert(file.name.clone()));
        files.append(&mut page.items);
        match page.next {
            // A token that comes again leads in circles.
            Some(token) if seen.insert(token.clone()) => next = Some(token),
            Some(_) | None => break,
        }
    }
    files.sort_by(|a, b| b.create_time.cmp(&a.create_time).then_with(|| a.name.cmp(&b.name)));
    Ok(files)
}

/// Deletes a stored file; one that is gone already is a success. The service refuses to delete output files: it drops
/// them itself.
pub async fn delete_file(session: &Session, name: &FileName) -> Result<(), Failure> {
    let writer = session.writer()?;
    if name.id().len() > 40 {
        let message = format!("{name} is an output file, which the service does not delete on request");
        return Err(Failure::with_exit(Exit::Failed, message).hint("it is dropped 48 hours after its job ended"));
    }
    writer.delete_file(name).await.map_err(|error| {
        let failure = Failure::from(error);
        Failure { message: format!("{name}: {}", failure.message), ..failure }
    })
}
