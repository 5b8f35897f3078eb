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
