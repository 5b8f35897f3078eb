//! A first look at the sources of an order, while the whole check of a large one takes its time.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::tz::TimeZone;

use super::plan::settings;
use super::session::on_disk;
use super::{Order, Session};
use crate::failure::Failure;
use crate::request::Preview;
use crate::script;
use crate::script::Options;

/// What can be told of sources at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// Files, forms, headers.
    pub sources: script::Glance,
    /// The first requests, of sources that take a while; empty when the check is over as fast.
    pub first: Vec<Preview>,
}

impl std::ops::Deref for Glance {
    type Target = script::Glance;

    fn deref(&self) -> &script::Glance {
        &self.sources
    }
}

/// Sources below this size are checked before anybody could read a preview.
const LARGE: u64 = 4 * 1024 * 1024;

/// After so many findings the first look has seen enough.
const MOST_FINDINGS: usize = 1_000;

/// Looks at the sources of an order: their forms, the headers of a table, and the first requests if they are large.
/// A mistake in them is for the check to tell.
pub async fn glance(session: &Session, order: &Order) -> Result<Glance, Failure> {
    let (session, order) = (session.clone(), order.clone());
    on_disk(move || {
        let sources = script::glance(&order.sources, &order.reading).map_err(|error| error.failure())?;
        let first = if sources.bytes < LARGE { Vec::new() } else { first(&session, &order) };
        Ok::<Glance, Failure>(Glance { sources, first })
    })
    .await
}

fn first(session: &Session, order: &Order) -> Vec<Preview> {
    let today = session.clock.now().to_zoned(TimeZone::UTC).date();
    let mut options = Options::new(settings(order, &session.catalog), Arc::clone(&session.catalog), today);
    options.reading = order.reading.clone();
    options.fixes = order.fixes.clone();
    options.sample = Some(options.preview);
    // A file in which nothing is right would be read to its end.
    let (stop, mut n_findings) = (Arc::clone(&options.stop), 0);
    let mut report = |_| {
        n_findings += 1;
        stop.store(n_findings > MOST_FINDINGS, Ordering::Relaxed);
    };
    script::lint(&order.sources, &options, &mut report).map(|prepared| prepared.preview).unwrap_or_default()
}
