//! The requests on their way to the service: uploaded once, over breaks and restarts.
//!
//! An upload that was begun is written down with its address before its first byte, so that the next run of the same
//! content goes on with it. One that ended is used again for an hour, so that a refused create does not pay for it twice.

use futures_util::FutureExt;

use crate::api::error::Kind;
use crate::api::{self, Input, StoredFile, Upload, UploadSession, Writer};
use crate::job::FileName;
use crate::script::read_requests;
use crate::store::{UnderWay, Uploaded};

use super::create::{Stopped, stopped};
use super::session::on_disk;
use super::{Plan, Progress, Session};

/// For how long an upload is used again. The service keeps it for 48 hours, and a job may need it until its end.
const UPLOAD_MINUTES: i64 = 60;

/// What the create sends: the requests themselves, or a file that the service has whole.
pub(super) async fn input(
    session: &Session,
    writer: &dyn Writer,
    plan: &Plan,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Input, Stopped> {
    if plan.inline {
        let path = plan.prepared.clone();
        let most = session.catalog.limits.inline_request_bytes;
        let requests = on_disk(move || read_requests(&path, most).map_err(|error| error.failure())).await?;
        return Ok(Input::Inline(requests));
    }
    let all = Progress { bytes: plan.bytes, of: Some(plan.bytes), ..Progress::default() };
    if let Some(file) = uploaded_before(session, plan).await {
        // A kill may have come between the end of the upload and the end of what is remembered of it.
        over(session, plan).await;
        progress(all);
        return Ok(Input::File(file));
    }
    let stored = match upload(session, writer, plan, progress).await {
        Ok(stored) => stored,
        Err(error) => {
            if !may_go_on(&error) {
                over(session, plan).await;
            }
            return Err(stopped(session, "the upload failed", error));
        }
    };
    let uploaded = Uploaded {
        sha256: plan.sha256.clone(),
        origin: session.origin().to_owned(),
        key_fingerprint: session.key_fingerprint.clone(),
        file: stored.name.to_string(),
        at: session.clock.now(),
    };
    let store = session.store.clone();
    match on_disk(move || store.uploaded(&uploaded)).await {
        Ok(()) => over(session, plan).await,
        Err(failure) => tracing::warn!(%failure, "the upload could not be written down and will not be used again"),
    }
    Ok(Input::File(stored.name))
}

async fn upload(
    session: &Session,
    writer: &dyn Writer,
    plan: &Plan,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<StoredFile, api::Error> {
    let all = Progress { bytes: plan.bytes, of: Some(plan.bytes), ..Progress::default() };
    let earlier = under_way(session, plan).await;
    let upload = Upload {
        path: &plan.prepared,
        display_name: &plan.display_name,
        mime_type: "application/jsonl",
        sha256: Some(&plan.sha256),
        session: earlier.as_ref(),
        begun: &|begun| write_down(session.clone(), under_way_as(session, plan, begun)).boxed(),
        progress: &|bytes, of| progress(Progress { bytes, of: Some(of), ..Progress::default() }),
        processing: &|| progress(Progress { is_processing: true, ..all }),
    };
    writer.upload(upload).await
}

/// The upload of this content that an earlier run has begun.
async fn under_way(session: &Session, plan: &Plan) -> Option<UploadSession> {
    let (ours, sha256, size) = (session.clone(), plan.sha256.clone(), plan.bytes);
    let find =
        move || ours.store.upload_under_way(&sha256, ours.origin(), ours.key_fingerprint.as_deref(), ours.clock.now());
    let found = on_disk(find).await.unwrap_or_else(|failure| {
        tracing::warn!(%failure, "the upload of an earlier run cannot be read; beginning another");
        None
    });
    let known = found.filter(|known| known.size == size)?;
    Some(UploadSession { address: known.address, piece: known.piece })
}

fn under_way_as(session: &Session, plan: &Plan, begun: UploadSession) -> UnderWay {
    UnderWay {
        sha256: plan.sha256.clone(),
        size: plan.bytes,
        origin: session.origin().to_owned(),
        key_fingerprint: session.key_fingerprint.clone(),
        display_name: plan.display_name.clone(),
        piece: begun.piece,
        at: session.clock.now(),
        address: begun.address,
    }
}

/// Writes an upload down that was begun. One that cannot be written down goes on all the same, and ends with this run.
async fn write_down(session: Session, under_way: UnderWay) {
    let written = on_disk(move || session.store.upload_begun(&under_way)).await;
    if let Err(failure) = written {
        tracing::warn!(%failure, "the upload could not be written down and will not go on after a restart");
    }
}

async fn over(session: &Session, plan: &Plan) {
    let (store, sha256) = (session.store.clone(), plan.sha256.clone());
    if let Err(failure) = on_disk(move || store.upload_over(&sha256)).await {
        tracing::warn!(%failure, "an upload that is over could not be forgotten");
    }
}

/// Whether the next run may go on with an upload that failed so.
fn may_go_on(error: &api::Error) -> bool {
    match error.kind {
        Kind::Offline | Kind::TimedOut | Kind::Quota | Kind::Server => true,
        // Another key or right may be given, or the disk mended; the session is not to blame.
        Kind::Key => true,
        // The bytes are not those that were meant, the service cannot use them, or it says what makes no sense.
        Kind::NotFound | Kind::Invalid | Kind::Conflict | Kind::Unexpected | Kind::Disk => false,
    }
}

/// The file of an earlier try, when the service still has it whole.
async fn uploaded_before(session: &Session, plan: &Plan) -> Option<FileName> {
    let (store, sha256) = (session.store.clone(), plan.sha256.clone());
    let uploaded = on_disk(move || store.upload_of(&sha256)).await.ok()??;
    let minutes = session.clock.now().duration_since(uploaded.at).as_mins();
    let is_usable = (0..UPLOAD_MINUTES).contains(&minutes)
        && uploaded.origin == session.origin()
        && uploaded.key_fingerprint == session.key_fingerprint;
    if !is_usable {
        return None;
    }
    let name = FileName::parse(&uploaded.file)?;
    let stored = session.service.reader.get_file(&name).await.ok()?;
    let is_other = stored.sha256.is_some_and(|sha256| sha256 != plan.sha256);
    let is_whole = stored.state.as_deref() == Some("ACTIVE") && stored.size_bytes == Some(plan.bytes) && !is_other;
    is_whole.then_some(name)
}
