//! `keys`: the keys of the dashboard, from the table that the dashboard itself reads.

use super::console::Console;
use super::table::{Column, Fit, table};
use crate::tui::keys::{Context, bindings};

const COLUMNS: [Column; 3] = [
    Column { title: "WHERE", fit: Fit::Whole },
    Column { title: "KEYS", fit: Fit::Whole },
    Column { title: "WHAT", fit: Fit::Cut(24) },
];

/// Prints the table, screen by screen.
pub fn run(console: &Console) {
    let mut rows = Vec::new();
    for context in Context::ALL {
        for binding in bindings(context) {
            let keys: Vec<String> = binding.chords.iter().map(|chord| chord.label()).collect();
            rows.push(vec![context.title().to_owned(), keys.join(" "), binding.help.to_owned()]);
        }
    }
    console.result(&table(&COLUMNS, &rows, console.width()));
}
