//! What can be chosen from: asked for when the form opens, once a day, and taken in whenever the answer comes.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::money::Catalog;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, PlanState, Screen, SubmitState};
use crate::tui::update::create;

/// How often the service is asked while the dashboard is open. What the last session asked is known to the shell.
const OFTEN: SignedDuration = SignedDuration::from_hours(24);

/// Asks what the service offers, when that was not done for a day.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    if model.offer_asked.is_some_and(|asked| model.now.duration_since(asked) < OFTEN) {
        return Vec::new();
    }
    model.offer_asked = Some(model.now);
    vec![Effect::AskForOffer]
}

/// The service offers something: the form chooses from it at once, and an idle draft is checked by it.
pub fn completed(model: &mut Model, catalog: &Arc<Catalog>) -> Vec<Effect> {
    model.setting.catalog = Arc::clone(catalog);
    for screen in &mut model.screens {
        match screen {
            Screen::Create(form) => form.catalog = Arc::clone(catalog),
            Screen::Job(_) | Screen::Key(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. } => {}
        }
    }
    // The shell plans with it from the next plan on.
    let mut effects = vec![Effect::UseCatalog(Arc::clone(catalog))];
    let is_idle = create::form(model)
        .is_some_and(|form| matches!((&form.plan, &form.submit), (PlanState::Ready(..), SubmitState::Idle)));
    if is_idle {
        effects.extend(create::plan(model));
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Listed, ListedVoice, Offer};
    use crate::tui::event::Event;
    use crate::tui::update::testing::{empty, form, noon, press, tick};
    use crate::tui::update::update;

    fn completed_catalog() -> Arc<Catalog> {
        let voice = ListedVoice {
            id: "voice_ab".into(),
            display_name: Some("Ada the narrator".into()),
            ..ListedVoice::default()
        };
        let listed = Listed { models: None, voices: Some(Offer { at: noon(), items: vec![voice] }) };
        Arc::new(Catalog::built_in().with_listed(&listed))
    }

    #[test]
    fn the_service_is_asked_once_a_day_when_the_form_opens() {
        let mut model = empty();
        model.offer_asked = None;
        assert_eq!(press(&mut model, "n"), [Effect::AskForOffer]);
        let n_asked = |effects: Vec<Effect>| effects.iter().filter(|effect| **effect == Effect::AskForOffer).count();
        let again = press(&mut model, "<Esc>n");
        assert_eq!(n_asked(again), 0);
        press(&mut model, "<Esc>");
        tick(&mut model, 86_400);
        assert_eq!(n_asked(press(&mut model, "n")), 1);
    }

    #[test]
    fn what_the_service_offers_can_be_chosen_at_once() {
        let mut model = empty();
        press(&mut model, "n<Tab><Tab><Enter>ada<Space>the");
        let choices =
            |model: &Model| form(model).choices().iter().map(|choice| choice.value.clone()).collect::<Vec<_>>();
        assert_eq!(choices(&model), ["ada the"]);
        let catalog = completed_catalog();
        let effects = update(&mut model, Event::OfferCame(Arc::clone(&catalog)));
        assert_eq!(effects, [Effect::UseCatalog(catalog)], "nothing is typed that could be checked");
        assert_eq!(choices(&model), ["voice_ab", "ada the"]);
        press(&mut model, "<Enter>");
        assert_eq!(form(&model).draft.voice, "voice_ab");
    }
}
