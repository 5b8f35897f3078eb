//! How large the results of one job may be. A service that sends without end does not fill a disk.

use futures_util::stream::{self, BoxStream, StreamExt};

use crate::api::error::{Certainty, Kind};
use crate::api::{Download, Error};
use crate::text;

/// What the results of a job of unknown size may have at the least.
const LEAST: u64 = 4 << 30;

/// Bytes of the largest line that is thought possible: an answer holds eleven minutes of speech at most, which are 42 MB.
const LARGEST_LINE: u64 = 64 << 20;

/// Bytes that the results of a job may have when nobody set a limit. An announced size needs none: the room on the disk
/// is looked at before, and nothing is read beyond it.
pub(super) fn of_a_job(announced: Option<u64>, n_requests: Option<u64>) -> u64 {
    match announced {
        Some(_) => u64::MAX,
        None => n_requests.unwrap_or(0).saturating_mul(LARGEST_LINE).max(LEAST),
    }
}

/// The download, which ends with an error instead of its first byte beyond so many.
pub(super) fn within(download: Download, most: u64) -> Result<Download, Error> {
    if download.total.is_some_and(|total| total > most) {
        return Err(too_large(most));
    }
    // What is left of the room; nothing once it was not enough.
    let left = most.checked_sub(download.from);
    let next = move |(mut body, left): (BoxStream<'static, _>, Option<u64>)| async move {
        let left = left?;
        let piece: Result<bytes::Bytes, Error> = body.next().await?;
        Some(match piece {
            Ok(bytes) => match left.checked_sub(bytes.len() as u64) {
                Some(left) => (Ok(bytes), (body, Some(left))),
                None => (Err(too_large(most)), (body, None)),
            },
            Err(error) => (Err(error), (body, Some(left))),
        })
    };
    Ok(Download { body: stream::unfold((download.body, left), next).boxed(), ..download })
}

fn too_large(most: u64) -> Error {
    let message = format!("the results are larger than {}; max_result in [transfer] allows more", text::bytes(most));
    Error { message, kind: Kind::Unexpected, certainty: Certainty::Refused, retry_after: None, is_daily: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn download(from: u64, total: Option<u64>, pieces: &[usize]) -> Download {
        let pieces: Vec<Result<bytes::Bytes, Error>> =
            pieces.iter().map(|length| Ok(bytes::Bytes::from(vec![b'x'; *length]))).collect();
        Download { from, total, body: stream::iter(pieces).boxed() }
    }

    /// Bytes that came, and whether an error did.
    async fn taken(download: Download, most: u64) -> (u64, bool) {
        let Ok(mut download) = within(download, most) else { return (0, true) };
        let mut bytes = 0;
        while let Some(piece) = download.body.next().await {
            match piece {
                Ok(piece) => bytes += piece.len() as u64,
                Err(error) => {
                    assert!(error.message.contains("max_result"), "{error}");
                    assert!(download.body.next().await.is_none(), "nothing comes behind an error");
                    return (bytes, true);
                }
            }
        }
        (bytes, false)
    }

    #[test]
    fn a_job_of_fifty_thousand_clips_is_not_too_large() {
        let gigabyte = 1 << 30;
        assert!(of_a_job(None, Some(50_000)) > 20 * gigabyte && of_a_job(Some(20 * gigabyte), None) > 20 * gigabyte);
        assert_eq!((of_a_job(None, Some(4)), of_a_job(None, None)), (4 * gigabyte, 4 * gigabyte));
    }

    #[tokio::test]
    async fn fault_41_a_result_that_is_larger_than_any_ends_before_it_fills_the_disk() {
        assert_eq!(taken(download(0, Some(101), &[50, 51]), 100).await, (0, true), "announced: nothing is read");
        assert_eq!(taken(download(0, None, &[50, 50, 1, 50]), 100).await, (100, true));
        assert_eq!(taken(download(0, None, &[50, 50]), 100).await, (100, false));
        assert_eq!(taken(download(90, None, &[10, 1]), 100).await, (10, true), "what was there counts");
        assert_eq!(taken(download(0, Some(100), &[100]), 100).await, (100, false));
    }
}
