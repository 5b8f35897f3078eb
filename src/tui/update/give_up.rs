//! Giving up creates whose answer was lost, so that the same content may be sent again.
//!
//! It is about money that may be spent twice: the count of the requests must be typed.

use crate::failure::Failure;
use crate::ops::Unconfirmed;
use crate::text::clean_short;
use crate::tui::effect::Effect;
use crate::tui::model::{Entry, Level, Model, Target, Verb};
use crate::tui::update::{dialog, jobs, notices, resend};

/// Asks about the lost creates that are marked, or selected, in the list of jobs. False when only jobs are meant; when
/// both are, says so and changes nothing.
pub fn ask(model: &mut Model) -> bool {
    if !model.screens.is_empty() {
        return false;
    }
    let cursor = &model.jobs.cursor;
    let (mut lost, mut n_jobs): (Vec<Unconfirmed>, usize) = (Vec::new(), 0);
    for entry in &model.jobs.entries {
        let is_meant = match cursor.marks.is_empty() {
            true => cursor.selected.as_ref() == Some(&entry.id()),
            false => cursor.marks.contains(&entry.id()),
        };
        match entry {
            Entry::Lost(create) if is_meant => lost.push(create.clone()),
            Entry::Job(_) | Entry::Campaign(_) if is_meant => n_jobs += 1,
            Entry::Job(_) | Entry::Lost(_) | Entry::Campaign(_) => {}
        }
    }
    if lost.is_empty() {
        return false;
    }
    if n_jobs > 0 {
        notices::say(
            model,
            Level::Info,
            "UNKNOWN creates are given up, jobs deleted: mark only the ones or the others",
        );
        return true;
    }
    match lost.as_slice() {
        [only] if resend::is_unresolved(model, only) => resend::ask(model, only.clone()),
        _ => confirm(model, lost),
    }
    true
}

/// Asks for the count of the requests.
pub fn confirm(model: &mut Model, lost: Vec<Unconfirmed>) {
    let n_requests = lost.iter().map(|lost| lost.n_requests).sum();
    dialog::ask_for(model, Verb::GiveUp, lost.into_iter().map(Target::Lost).collect(), n_requests);
}

/// It was given up, or could not be: perhaps because its job turned up meanwhile.
pub fn given_up(model: &mut Model, token: &str, answer: Result<(), Failure>) -> Vec<Effect> {
    let named = model.jobs.entries.iter().find_map(|entry| match entry {
        Entry::Lost(lost) if lost.token == token => Some(clean_short(&lost.display_name, 60)),
        Entry::Lost(_) | Entry::Job(_) | Entry::Campaign(_) => None,
    });
    let name = named.unwrap_or_else(|| clean_short(token, 60));
    match answer {
        Ok(()) => {
            jobs::remove_lost(model, token);
            notices::say(model, Level::Good, format!("{name} given up; the same content may be submitted again"));
        }
        Err(failure) => notices::fail(model, &format!("cannot give up {name}"), &failure),
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobState;
    use crate::tui::event::{Event, Listed};
    use crate::tui::update::testing::{
        dialog, done, job, listed, lost, press, said, selected, seq_of, shown, with_jobs,
    };
    use crate::tui::update::update;

    /// A lost create of seven requests above two jobs, selected.
    fn with_lost() -> Model {
        let mut model = with_jobs(vec![job("a", JobState::Failed), done("b")]);
        jobs::add_lost(&mut model, lost("T"));
        press(&mut model, "g");
        assert_eq!(selected(&model), "T");
        model
    }

    #[test]
    fn a_lost_create_is_given_up_after_the_count_of_its_requests() {
        let mut model = with_lost();
        assert_eq!(press(&mut model, "D"), []);
        assert_eq!(dialog(&model).map(|confirm| confirm.targets.clone()), Some(vec![Target::Lost(lost("T"))]));
        assert_eq!(press(&mut model, "y 1<Enter>"), [], "neither y nor the count of the rows is enough");
        assert_eq!(press(&mut model, "<Back>7<Enter>"), [Effect::GiveUp("T".into())]);
        assert_eq!(shown(&model).len(), 3, "nothing has changed before the journal says so");
        update(&mut model, Event::GaveUp("T".into(), Ok(())));
        assert_eq!(shown(&model), ["a", "b"]);
        let seq = seq_of(&press(&mut model, "R"));
        let began_before = Listed { unconfirmed: vec![lost("T")], ..listed(vec![done("b")]) };
        assert_eq!(said(&model), "lost T given up; the same content may be submitted again");
        update(&mut model, Event::JobsListed(seq, Ok(Box::new(began_before))));
        assert!(!shown(&model).contains(&"T".to_owned()), "a late listing does not bring it back");
    }

    #[test]
    fn a_no_keeps_it() {
        for keys in ["D <Esc>", "D <Enter>", "D 7<Esc>"] {
            let mut model = with_lost();
            assert_eq!((press(&mut model, keys), dialog(&model)), (vec![], None), "{keys}");
            assert_eq!(shown(&model).len(), 3, "{keys}");
        }
    }

    #[test]
    fn what_is_settled_meanwhile_is_told_and_stays() {
        let mut model = with_lost();
        press(&mut model, "D 7<Enter>");
        let failure = Failure::new("the create T is settled already: it became batches/x");
        update(&mut model, Event::GaveUp("T".into(), Err(failure)));
        assert_eq!(said(&model), "cannot give up lost T: the create T is settled already: it became batches/x");
        assert_eq!(shown(&model).len(), 3);
    }

    #[test]
    fn several_want_the_sum_and_jobs_are_not_mixed_in() {
        let mut model = with_lost();
        jobs::add_lost(&mut model, lost("U"));
        press(&mut model, "a");
        assert_eq!((press(&mut model, "D"), dialog(&model)), (vec![], None));
        assert!(said(&model).contains("mark only the ones or the others"), "{}", said(&model));
        press(&mut model, "A g <Space> j <Space>");
        let marks = model.jobs.cursor.marks.len();
        assert_eq!(marks, 2, "{:?}", model.jobs.cursor.marks);
        assert_eq!(press(&mut model, "D 14<Enter>"), [Effect::GiveUp("U".into()), Effect::GiveUp("T".into())]);
    }

    #[test]
    fn cancelling_it_says_what_can_be_done_and_read_only_does_nothing() {
        let mut model = with_lost();
        assert_eq!((press(&mut model, "x"), dialog(&model)), (vec![], None));
        assert!(said(&model).contains("D gives it up"), "{}", said(&model));
        model.setting.read_only = true;
        assert_eq!((press(&mut model, "D"), dialog(&model)), (vec![], None));
    }
}
