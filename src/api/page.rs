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
use crate::money::ListedVoice;

/// More pages than any project has.
const MOST_PAGES: usize = 1_000;

/// All items of a list, as far as it was walked.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing<T> {
    /// In the service's order: newest first. An item that moved to a later page during the walk stands here once.
    pub items: Vec<T>,
    /// Whether the walk came to the end.
    pub complete: bool,
    /// The service's clock at the last page that told it.
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

/// All jobs. `seen` is called with each page before the next is asked for, without the jobs that an earlier page had.
pub async fn all_jobs(reader: &dyn Reader, mut seen: impl FnMut(&[Job]) -> Walk + Send) -> Result<Listing<Job>, Error> {
    let mut walker = Walker::new(|job: &Job| job.name.clone());
    let mut token = None;
    loop {
        let page = reader.list_jobs(token.as_ref()).await?;
        let n_before = walker.listing.items.len();
        token = walker.take(page);
        if seen(&walker.listing.items[n_before..]) == Walk::Enough || token.is_none() {
            return Ok(walker.listing);
        }
    }
}

/// All stored files.
pub async fn all_files(reader: &dyn Reader) -> Result<Listing<StoredFile>, Error> {
    let mut walker = Walker::new(|file: &StoredFile| file.name.clone());
    let mut token = None;
    loop {
        token = walker.take(reader.list_files(token.as_ref()).await?);
        if token.is_none() {
            return Ok(walker.listing);
        }
    }
}

/// All models.
pub async fn all_models(reader: &dyn Reader) -> Result<Listing<Model>, Error> {
    let mut walker = Walker::new(|model: &Model| model.name.clone());
    let mut token = None;
    loop {
        token = walker.take(reader.list_models(token.as_ref()).await?);
        if token.is_none() {
            return Ok(walker.listing);
        }
    }
}

/// All voices.
pub async fn all_voices(reader: &dyn Reader) -> Result<Listing<ListedVoice>, Error> {
    let mut walker = Walker::new(|voice: &ListedVoice| voice.id.clone());
    let mut token = None;
    loop {
        token = walker.take(reader.list_voices(token.as_ref()).await?);
        if token.is_none() {
            return Ok(walker.listing);
        }
    }
}

/// The rules of a walk, without the walking.
struct Walker<T, K> {
    listing: Listing<T>,
    name: fn(&T) -> K,
    names: HashSet<K>,
    tokens: HashSet<PageToken>,
}

impl<T, K: Eq + Hash> Walker<T, K> {
    fn new(name: fn(&T) -> K) -> Self {
        let listing = Listing { items: Vec::new(), complete: false, server_time: None };
        Walker { listing, name, names: HashSet::new(), tokens: HashSet::new() }
    }

    /// Takes one page; gives the token of the next one to ask for, or nothing when the walk is over.
    fn take(&mut self, page: Page<T>) -> Option<PageToken> {
        self.listing.server_time = page.server_time.or(self.listing.server_time);
        let items = page.items.into_iter().filter(|item| self.names.insert((self.name)(item)));
        self.listing.items.extend(items);
        let Some(next) = page.next else {
            self.listing.complete = true;
            return None;
        };
        let is_new = self.tokens.insert(next.clone());
        if !is_new || self.tokens.len() >= MOST_PAGES {
            tracing::warn!(pages = self.tokens.len(), is_circle = !is_new, "the list does not end");
            return None;
        }
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages by token, so that a circle can be built. Gives the items, whether it is complete, and the calls made.
    fn walked(pages: &[(&str, &[u32], Option<&str>)]) -> (Vec<u32>, bool, usize) {
        let mut walker = Walker::new(|item: &u32| *item);
        let mut token = String::new();
        for calls in 1.. {
            let (_, items, next) = pages.iter().find(|(name, _, _)| *name == token).unwrap();
            let next = next.map(|next| PageToken(next.into()));
            match walker.take(Page { items: items.to_vec(), next, server_time: None }) {
                Some(next) => token = next.0,
                None => return (walker.listing.items, walker.listing.complete, calls),
            }
        }
        unreachable!("a walk ends")
    }

    #[test]
    fn a_walk_may_run_on_any_thread() {
        fn is_send<T: Send>(_: fn(&'static dyn Reader) -> T) {}
        is_send(|reader| all_jobs(reader, |_| Walk::On));
        is_send(all_files);
        is_send(all_models);
        is_send(all_voices);
    }

    #[test]
    fn an_empty_page_with_a_token_is_not_the_end() {
        let pages: [(&str, &[u32], Option<&str>); 3] =
            [("", &[1, 2], Some("b")), ("b", &[], Some("c")), ("c", &[2, 3], None)];
        assert_eq!(walked(&pages), (vec![1, 2, 3], true, 3));
    }

    #[test]
    fn a_circle_ends_the_walk_and_leaves_the_list_incomplete() {
        let same: [(&str, &[u32], Option<&str>); 2] = [("", &[1], Some("b")), ("b", &[2], Some("b"))];
        assert_eq!(walked(&same), (vec![1, 2], false, 2));
        let circle: [(&str, &[u32], Option<&str>); 3] =
            [("", &[1], Some("b")), ("b", &[2], Some("c")), ("c", &[3], Some("b"))];
        assert_eq!(walked(&circle), (vec![1, 2, 3], false, 3));
    }

    #[test]
    fn a_list_without_an_end_is_left_after_a_thousand_pages() {
        let mut walker = Walker::new(|item: &u32| *item);
        let page = |n: u32| Page { items: vec![n], next: Some(PageToken(n.to_string())), server_time: None };
        let pages = (1..).find(|n| walker.take(page(*n)).is_none()).unwrap();
        assert_eq!((pages, walker.listing.items.len(), walker.listing.complete), (1_000, 1_000, false));
    }
}
