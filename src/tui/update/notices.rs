//! What is said: one line at the bottom that grows old, and a log that does not.

use std::time::Duration;

use crate::clock;
use crate::failure::Failure;
use crate::tui::model::{Level, Model, Notice, Notices};

/// How long a line stands at the bottom when nothing failed.
const STAYS: Duration = Duration::from_secs(4);

/// Says something.
pub fn say(model: &mut Model, level: Level, text: impl Into<String>) {
    push(model, Notice { at: model.now, level, text: text.into(), hint: None });
}

/// Says what failed, and what to do about it.
pub fn fail(model: &mut Model, what: &str, failure: &Failure) {
    // A failure of the API begins with what it was about; that once is enough.
    let is_said = what.is_empty() || failure.message.starts_with(what);
    let text = if is_said { failure.message.clone() } else { format!("{what}: {}", failure.message) };
    push(model, Notice { at: model.now, level: Level::Bad, text, hint: failure.hint.clone() });
}

/// Says that a read-only session does not do this, and who or what made it so if that was not the person.
pub fn forbid(model: &mut Model, what: &str) {
    let hint = model.setting.kept_back.as_ref().map(|failure| failure.message.clone());
    push(model, Notice { at: model.now, level: Level::Info, text: format!("read-only: {what}"), hint });
}

/// Says at the start why nothing can be changed, when that was no wish of the person. It stands until they have seen it.
pub fn tell_what_keeps_back(model: &mut Model) {
    if let Some(failure) = model.setting.kept_back.clone() {
        let failure = Failure { message: format!("read-only: {}", failure.message), ..failure };
        fail(model, "", &failure);
    }
}

/// Says what the shell has to say.
pub fn noticed(model: &mut Model, result: Result<String, Failure>) {
    match result {
        Ok(text) => say(model, Level::Info, text),
        Err(failure) => fail(model, "", &failure),
    }
}

fn push(model: &mut Model, notice: Notice) {
    let notices = &mut model.notices;
    if notices.log.len() == Notices::MOST {
        notices.log.pop_front();
    }
    if notice.level == Level::Bad {
        notices.unseen += 1;
        notices.standing = Some(notice.clone());
    }
    notices.log.push_back(notice.clone());
    notices.flash = Some(notice);
}

/// Takes an old line away; a bad one that nobody dismissed comes back in its place.
pub fn grow_old(model: &mut Model) {
    let notices = &mut model.notices;
    let Some(flash) = &notices.flash else { return };
    if flash.level != Level::Bad && clock::since(flash.at, model.now) >= STAYS {
        notices.flash = notices.standing.clone();
    }
}

/// Takes a bad line away that begins like this, because what it told is over.
pub fn settle(model: &mut Model, what: &str) {
    let notices = &mut model.notices;
    if notices.standing.as_ref().is_some_and(|notice| notice.text.starts_with(what)) {
        notices.standing = None;
    }
    if notices.flash.as_ref().is_some_and(|notice| notice.text.starts_with(what)) {
        notices.flash = None;
    }
}

/// Takes the line away, bad or not. False when there was no bad one.
pub fn dismiss(model: &mut Model) -> bool {
    model.notices.flash = None;
    model.notices.standing.take().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::update::testing::{empty, tick};

    fn flash(model: &Model) -> Option<&str> {
        model.notices.flash.as_ref().map(|notice| notice.text.as_str())
    }

    #[test]
    fn a_bad_notice_stays_and_others_grow_old_above_it() {
        let mut model = empty();
        fail(&mut model, "cannot list", &Failure::new("no route").hint("look at the cable"));
        say(&mut model, Level::Good, "saved");
        tick(&mut model, 3);
        assert_eq!(flash(&model), Some("saved"));
        tick(&mut model, 1);
        assert_eq!(flash(&model), Some("cannot list: no route"));
        tick(&mut model, 4_000);
        assert_eq!(flash(&model), Some("cannot list: no route"));
        assert!(dismiss(&mut model) && !dismiss(&mut model));
        assert_eq!((flash(&model), model.notices.unseen, model.notices.log.len()), (None, 1, 2));
    }

    #[test]
    fn who_keeps_a_session_from_writing_is_said_at_the_start_and_beside_every_refusal() {
        let mut model = empty();
        tell_what_keeps_back(&mut model);
        assert_eq!(flash(&model), None);
        model.setting.read_only = true;
        model.setting.kept_back = Some(Failure::new("process 7 has the dashboard open").hint("leave that one"));
        tell_what_keeps_back(&mut model);
        assert_eq!(flash(&model), Some("read-only: process 7 has the dashboard open"));
        forbid(&mut model, "no job can be cancelled");
        let said = model.notices.flash.clone().unwrap();
        assert_eq!(said.text, "read-only: no job can be cancelled");
        assert_eq!(said.hint.as_deref(), Some("process 7 has the dashboard open"));
        tick(&mut model, 4_000);
        assert_eq!(flash(&model), Some("read-only: process 7 has the dashboard open"), "it stands until it was seen");
    }

    #[test]
    fn two_hundred_notices_are_kept() {
        let mut model = empty();
        for number in 0..250 {
            say(&mut model, Level::Info, number.to_string());
        }
        assert_eq!((model.notices.log.len(), model.notices.log[0].text.as_str()), (200, "50"));
    }
}
