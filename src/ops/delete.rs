//! Deleting a job, and what would be lost with it.

use crate::api::error::Kind;
use crate::failure::Failure;
use crate::job::JobName;

use super::Session;
use super::cancel::{cancel_first, lock_id};
use super::find::explain;
use super::list::{is_gone, observe};
use super::session::on_disk;

/// Deletes a job at the service; one that is gone already is a success. Its files stay where they are.
///
/// A job that is not over is refused: the service would go on with it, and bill it, out of sight. Whether results would
/// be lost is the caller's question: see [`super::loss`].
pub async fn delete(session: &Session, name: &JobName) -> Result<(), Failure> {
    let writer = session.writer()?;
    let _lock = session.store.lock(&lock_id(name), &name.to_string())?;
    match session.service.reader.get_job(name).await {
        Ok(fetched) => {
            observe(session, std::slice::from_ref(&fetched.value), fetched.server_time).await;
            if !fetched.value.state.is_terminal() {
                return Err(cancel_first(&fetched.value));
            }
        }
        Err(error) if is_gone(&error) => {}
        Err(error) => return Err(explain(error, name)),
    }
    match writer.delete_job(name).await {
        Ok(()) => {}
        Err(error) if matches!(error.kind, Kind::NotFound | Kind::Invalid) => {
            // The service calls an unknown id malformed; only a second look tells that from a refusal.
            match session.service.reader.get_job(name).await {
                Err(again) if is_gone(&again) => {}
                Ok(_) | Err(_) => return Err(explain(error, name)),
            }
        }
        Err(error) => return Err(explain(error, name)),
    }
    let (ours, gone) = (session.clone(), name.clone());
    on_disk(move || ours.store.end_wishes(ours.origin(), &[gone])).await
}
