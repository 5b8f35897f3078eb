//! What the service offers is asked for once a day by those who did not ask, and a failure takes nothing away.

use std::time::Duration;

use gemtts_tui::money::{Origin, VoiceKind};
use gemtts_tui::ops::{self, OfferPart, Session};
use gemtts_tui::sim::{Call, Fault};

use super::whole::Bench;

const HOUR: Duration = Duration::from_secs(3_600);

/// How often each list was asked for: models, voices.
fn asked(bench: &Bench) -> (u64, u64) {
    (bench.control().count(Call::ModelsList), bench.control().count(Call::VoicesList))
}

#[tokio::test]
async fn nobody_asks_twice_a_day_for_one_profile_at_one_origin() {
    let bench = Bench::new("").await;
    let catalog = ops::refresh_old_catalog(&bench.session).await.expect("the first one asks");
    assert_eq!(catalog.voices.all.iter().filter(|voice| voice.kind == VoiceKind::Library).count(), 90);
    assert_eq!(asked(&bench), (1, 1));
    bench.session.clock.advance(23 * HOUR);
    assert_eq!(ops::refresh_old_catalog(&bench.session).await, None);
    assert_eq!(asked(&bench), (1, 1));

    let other = Session { profile: "other".into(), ..bench.session.clone() };
    assert!(ops::refresh_old_catalog(&other).await.is_some());
    assert_eq!(asked(&bench), (2, 2));

    // What a person asks for counts as asked, and only for what they asked.
    ops::refresh_catalog(&bench.session, OfferPart::Voices).await.unwrap();
    assert_eq!(asked(&bench), (2, 3));
    bench.session.clock.advance(HOUR);
    let catalog = ops::refresh_old_catalog(&bench.session).await.expect("the models are a day old");
    assert_eq!(asked(&bench), (3, 3));
    let day = |text: &str| Origin::Listed(text.parse().unwrap());
    assert_eq!(catalog.model("gemini-3.8-flash-tts").unwrap().origins.input_tokens, day("2026-11-21"));
}

#[tokio::test]
async fn a_list_that_cannot_be_had_is_silent_and_what_was_known_stays() {
    let bench = Bench::new("").await;
    let first = ops::refresh_old_catalog(&bench.session).await.expect("the first one asks");
    let (folder, profile) = (bench.session.store.folder().to_owned(), bench.session.profile.clone());
    let known = || ops::listed_in(&folder, &profile, bench.session.service.reader.origin());
    let before = known();
    bench.session.clock.advance(25 * HOUR);
    bench.control().add_fault(Fault::status(Call::ModelsList, 403));
    bench.control().add_fault(Fault::status(Call::VoicesList, 403));
    assert_eq!(ops::refresh_old_catalog(&bench.session).await, None);
    assert!(ops::refresh_catalog(&bench.session, OfferPart::Models).await.is_err());
    assert_eq!(known(), before);

    // One of the two is enough for news, and the other keeps its age.
    bench.control().clear_faults();
    bench.control().add_fault(Fault::status(Call::VoicesList, 403));
    let second = ops::refresh_old_catalog(&bench.session).await.expect("the models came");
    assert_eq!(second.voices, first.voices);
    assert_ne!(known().models, before.models);
    assert_eq!(known().voices, before.voices);
}

#[tokio::test]
async fn a_service_without_voices_is_not_asked_again_the_same_day() {
    let bench = Bench::new("[service]\nvoices = false\n").await;
    let catalog = ops::refresh_old_catalog(&bench.session).await.expect("there are models");
    assert_eq!(catalog.voices.len(), 30);
    assert_eq!(ops::refresh_old_catalog(&bench.session).await, None);
    assert_eq!(asked(&bench), (1, 1));
}
