//! A whole list, page by page.
//!
//! An empty page with a token is not the end; a token that comes back is. A list that was not walked to its end says
//! so, because from such a list nothing may be concluded about what is absent.

use std::collections::HashSet;
use std::hash::Hash;

use jiff::Timestamp;

use super::error::Error;
use super::{Model, Page, PageToken, Reader, StoredFile};
use crate::job::Job;

/// More pages than any project has.
const MOST_PAGES: usize = 1_000;

/// All items of a list, as far as it was walked.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing<T> {
    /// In the service's order: newest first. An item that moved to a later page during the walk stands here once.
    pub items: Vec<T>,
    /// Whether the walk came to the end.
    pub complete: bool,
    /// The service's clock at the first page.
    pub server_time: Option<Timestamp>,
}

/// Whether a walk goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// To the next page.
    On,
    /// What was wanted is there; the listing counts as incomplete.
    Enough,
}

/// All jobs. `seen` is called with each page before the next is asked for.
pub async fn all_jobs(reader: &dyn Reader, seen: impl FnMut(&[Job]) -> Walk + Send) -> Result<Listing<Job>, Error> {
    let fetch = async |token: Option<PageToken>| reader.list_jobs(token.as_ref()).await;
    walk(fetch, |job: &Job| job.name.clone(), seen).await
}

/// All stored files.
pub async fn all_files(reader: &dyn Reader) -> Result<Listing<StoredFile>, Error> {
    let fetch = async |token: Option<PageToken>| reader.list_files(token.as_ref()).await;
    walk(fetch, |file: &StoredFile| file.name.clone(), |_| Walk::On).await
}

/// All models.
pub async fn all_models(reader: &dyn Reader) -> Result<Listing<Model>, Error> {
    let fetch = async |token: Option<PageToken>| reader.list_models(token.as_ref()).await;
    walk(fetch, |model: &Model| model.name.clone(), |_| Walk::On).await
}

async fn walk<T, K: Eq + Hash>(
    fetch: impl AsyncFn(Option<PageToken>) -> Result<Page<T>, Error>,
    name: impl Fn(&T) -> K,
    mut seen: impl FnMut(&[T]) -> Walk,
) -> Result<Listing<T>, Error> {
    let mut listing = Listing { items: Vec::new(), complete: false, server_time: None };
    let mut names = HashSet::new();
    let mut tokens = HashSet::new();
    let mut token = None;
    for _ in 0..MOST_PAGES {
        let page = fetch(token).await?;
        listing.server_time = listing.server_time.or(page.server_time);
        let walk = seen(&page.items);
        listing.items.extend(page.items.into_iter().filter(|item| names.insert(name(item))));
        match page.next {
            None => {
                listing.complete = true;
                return Ok(listing);
            }
            Some(_) if walk == Walk::Enough => return Ok(listing),
            Some(next) if !tokens.insert(next.clone()) => {
                tracing::warn!(pages = tokens.len(), "the list turns in a circle");
                return Ok(listing);
            }
            Some(next) => token = Some(next),
        }
    }
    tracing::warn!(pages = MOST_PAGES, "the list has no end");
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Pages by token, so that a circle can be built. Gives the items, whether it is complete, and the calls made.
    fn walked(pages: &[(&str, &[u32], Option<&str>)], enough_at: Option<u32>) -> (Vec<u32>, bool, usize) {
        let calls = Mutex::new(0);
        let fetch = async |token: Option<PageToken>| {
            *calls.lock().unwrap() += 1;
            let token = token.map_or(String::new(), |token| token.0);
            let (_, items, next) = pages.iter().find(|(name, _, _)| *name == token).unwrap();
            Ok(Page { items: items.to_vec(), next: next.map(|next| PageToken(next.into())), server_time: None })
        };
        let seen =
            |items: &[u32]| if items.iter().any(|item| Some(*item) == enough_at) { Walk::Enough } else { Walk::On };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let listing = runtime.block_on(walk(fetch, |item: &u32| *item, seen)).unwrap();
        (listing.items, listing.complete, *calls.lock().unwrap())
    }

    #[test]
    fn an_empty_page_with_a_token_is_not_the_end() {
        let pages: [(&str, &[u32], Option<&str>); 3] =
            [("", &[1, 2], Some("b")), ("b", &[], Some("c")), ("c", &[2, 3], None)];
        assert_eq!(walked(&pages, None), (vec![1, 2, 3], true, 3));
    }

    #[test]
    fn a_circle_ends_the_walk_and_leaves_the_list_incomplete() {
        let same: [(&str, &[u32], Option<&str>); 2] = [("", &[1], Some("b")), ("b", &[2], Some("b"))];
        assert_eq!(walked(&same, None), (vec![1, 2], false, 2));
        let circle: [(&str, &[u32], Option<&str>); 3] =
            [("", &[1], Some("b")), ("b", &[2], Some("c")), ("c", &[3], Some("b"))];
        assert_eq!(walked(&circle, None), (vec![1, 2, 3], false, 3));
    }

    #[test]
    fn a_walk_stops_early_only_when_asked() {
        let pages: [(&str, &[u32], Option<&str>); 2] = [("", &[1, 2], Some("b")), ("b", &[3], None)];
        assert_eq!(walked(&pages, Some(2)), (vec![1, 2], false, 1));
        assert_eq!(walked(&pages, Some(3)), (vec![1, 2, 3], true, 2));
    }

    #[test]
    fn a_list_without_an_end_is_left_after_a_thousand_pages() {
        let count = Mutex::new(0u32);
        let fetch = async |_: Option<PageToken>| {
            let mut count = count.lock().unwrap();
            *count += 1;
            Ok(Page { items: vec![*count], next: Some(PageToken(count.to_string())), server_time: None })
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let listing = runtime.block_on(walk(fetch, |item: &u32| *item, |_| Walk::On)).unwrap();
        assert_eq!((listing.items.len(), listing.complete), (1_000, false));
    }
}
