//! What the ledger says: amounts in the list, and what the day has cost.

use crate::ops::Spending;
use crate::tui::effect::Effect;
use crate::tui::model::Model;
use crate::tui::update::jobs;

/// The column that shows what jobs cost.
const COST: u8 = 9;

/// Takes in what the ledger says. A list that is sorted by cost is put in order again.
pub fn told(model: &mut Model, spending: Spending) -> Vec<Effect> {
    model.jobs.spending = spending;
    if model.jobs.cursor.sort.is_some_and(|sort| sort.column == COST) {
        jobs::rebuild(model, None);
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Paid;
    use crate::tui::event::Event;
    use crate::tui::update::testing::{done, name, press, shown, with_jobs};
    use crate::tui::update::update;

    #[test]
    fn a_list_in_the_order_of_costs_follows_what_becomes_known() {
        let mut model = with_jobs(vec![done("a"), done("b"), done("c")]);
        model.jobs.costs = [(name("a"), (1.0, 2.0)), (name("b"), (2.0, 3.0)), (name("c"), (3.0, 4.0))].into();
        press(&mut model, "9");
        let before = shown(&model);
        let paid = |useful, is_whole| Paid { useful, unusable: 0.1, n_unusable: 1, is_whole };
        // Of b all is known, of a only a part, which says less than its estimate.
        let known = [(name("a"), paid(0.1, false)), (name("b"), paid(9.0, true))].into();
        update(&mut model, Event::Spent(Box::new(Spending { paid: known, ..Spending::default() })));
        let after = shown(&model);
        let at = |shown: &[String], id: &str| shown.iter().position(|shown| shown == id).unwrap();
        let order = |shown: &[String], one: &str, other: &str| at(shown, one) < at(shown, other);
        assert_eq!(order(&before, "a", "c"), order(&after, "a", "c"), "{before:?} {after:?}");
        assert_ne!(order(&before, "b", "c"), order(&after, "b", "c"), "{before:?} {after:?}");
    }
}
