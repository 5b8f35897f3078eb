//! What the service offers: its models and voices, asked for when somebody wants it and otherwise once a day, kept in
//! the state folder, and laid into the catalog.
//!
//! A list that cannot be had leaves what was known as it is.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::api::error::Kind;
use crate::api::page::{self, Listing};
use crate::api::{Model, Reader};
use crate::failure::Failure;
use crate::money::{Catalog, Listed, ListedModel, ListedVoice, Offer};
use crate::store::Store;

use super::Session;
use super::session::on_disk;

/// For how long an offer is new enough for those who did not ask.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// A list of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferPart {
    /// Of models.
    Models,
    /// Of voices.
    Voices,
}

/// What is known of the offer of an origin without asking it: nothing, when its document cannot be read.
pub fn listed_in(folder: &Path, profile: &str, origin: &str) -> Listed {
    match Store::offered_in(folder, profile, origin) {
        Ok(Some(document)) => serde_json::from_value(document).unwrap_or_else(|error| {
            tracing::warn!(%error, "what the service offered once cannot be read any more");
            Listed::default()
        }),
        Ok(None) => Listed::default(),
        Err(error) => {
            tracing::warn!(%error, "what the service offered cannot be read");
            Listed::default()
        }
    }
}

/// Asks for a list, every page of it, keeps it, and answers with the catalog that follows.
pub async fn refresh_catalog(session: &Session, part: OfferPart) -> Result<Arc<Catalog>, Failure> {
    let before = listed(session).await?;
    let after = ask(session, part, &before).await?;
    keep(session, &after).await?;
    Ok(Arc::new(session.catalog.with_listed(&after)))
}

/// Asks for every list that is a day old. `None` when none is, or when none could be had: nobody waits for the answer,
/// so a failure is for the log alone.
pub async fn refresh_old_catalog(session: &Session) -> Option<Arc<Catalog>> {
    let mut listed = listed(session).await.ok()?;
    let now = session.clock.now();
    let is_old = |at: Option<Timestamp>| at.is_none_or(|at| now.duration_since(at).abs() >= FRESH);
    let table = [
        (OfferPart::Models, listed.models.as_ref().map(|offer| offer.at)),
        (OfferPart::Voices, listed.voices.as_ref().map(|offer| offer.at)),
    ];
    let mut is_news = false;
    for (part, at) in table {
        if !is_old(at) {
            continue;
        }
        match ask(session, part, &listed).await {
            Ok(after) => (listed, is_news) = (after, true),
            Err(failure) => tracing::info!(?part, %failure, "the service did not say what it offers"),
        }
    }
    if !is_news {
        return None;
    }
    if let Err(failure) = keep(session, &listed).await {
        tracing::warn!(%failure, "what the service offers cannot be kept");
    }
    Some(Arc::new(session.catalog.with_listed(&listed)))
}

async fn listed(session: &Session) -> Result<Listed, Failure> {
    let (store, profile, origin) = (session.store.clone(), session.profile.clone(), session.origin().to_owned());
    on_disk(move || Ok::<_, Failure>(listed_in(store.folder(), &profile, &origin))).await
}

async fn keep(session: &Session, listed: &Listed) -> Result<(), Failure> {
    let document = serde_json::to_value(listed).expect("a list can be written as JSON");
    let (store, profile, origin) = (session.store.clone(), session.profile.clone(), session.origin().to_owned());
    on_disk(move || store.keep_offered(&profile, &origin, &document)).await
}

async fn ask(session: &Session, part: OfferPart, before: &Listed) -> Result<Listed, Failure> {
    let (reader, at) = (&*session.service.reader, session.clock.now());
    let mut listed = before.clone();
    match part {
        OfferPart::Models => {
            let models = page::all_models(reader).await?;
            let read = Listing { items: models.items.iter().map(listed_model).collect(), ..listing(&models) };
            let old = before.models.as_ref().map(|offer| &offer.items[..]);
            listed.models = Some(Offer { at, items: whole(read, old, |model| &model.id) });
        }
        OfferPart::Voices => {
            let voices = voices(reader).await?;
            let old = before.voices.as_ref().map(|offer| &offer.items[..]);
            listed.voices = Some(Offer { at, items: whole(voices, old, |voice| &voice.id) });
        }
    }
    Ok(listed)
}

/// All voices; none of a service that does not know the word, which is remembered like any other answer.
async fn voices(reader: &dyn Reader) -> Result<Listing<ListedVoice>, Failure> {
    match page::all_voices(reader).await {
        Ok(voices) => Ok(voices),
        Err(error) if error.kind == Kind::NotFound => {
            Ok(Listing { items: Vec::new(), complete: true, server_time: None })
        }
        Err(error) => Err(error.into()),
    }
}

fn listing<T>(of: &Listing<T>) -> Listing<ListedModel> {
    Listing { items: Vec::new(), complete: of.complete, server_time: of.server_time }
}

fn listed_model(model: &Model) -> ListedModel {
    ListedModel {
        id: model.name.strip_prefix("models/").unwrap_or(&model.name).to_owned(),
        input_token_limit: model.input_token_limit,
        output_token_limit: model.output_token_limit,
        takes_batches: model.methods.iter().any(|method| method == "batchGenerateContent"),
    }
}

/// From a list that was not walked to its end nothing may be concluded about what it left out: that stays.
fn whole<T: Clone>(read: Listing<T>, old: Option<&[T]>, id: impl Fn(&T) -> &String) -> Vec<T> {
    let mut items = read.items;
    if !read.complete {
        let missed = old.into_iter().flatten().filter(|old| items.iter().all(|item| id(item) != id(old)));
        let missed: Vec<T> = missed.cloned().collect();
        items.extend(missed);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_broken_off_list_left_out_stays() {
        let listing = |items: &[&str], complete| Listing {
            items: items.iter().map(|id| (*id).to_owned()).collect(),
            complete,
            server_time: None,
        };
        let old = ["a".to_owned(), "b".to_owned()];
        assert_eq!(whole(listing(&["b", "c"], false), Some(&old), |id| id), ["b", "c", "a"]);
        assert_eq!(whole(listing(&["b", "c"], true), Some(&old), |id| id), ["b", "c"]);
        assert_eq!(whole(listing(&["c"], false), None, |id| id), ["c"]);
    }
}
