//! `spend`: what was spent, by day and model, from the ledger on this machine alone.

use super::args::Spend;
use super::console::Console;
use super::json;
use super::table::{Column, Fit, table};
use crate::failure::{Exit, Failure};
use crate::ops::{self, Outlay, Session};
use crate::text;

const COLUMNS: [Column; 9] = [
    Column { title: "DAY", fit: Fit::Whole },
    Column { title: "MODEL", fit: Fit::Cut(13) },
    Column { title: "JOBS", fit: Fit::Right },
    Column { title: "TEXT TOKENS", fit: Fit::Right },
    Column { title: "AUDIO TOKENS", fit: Fit::Right },
    Column { title: "USEFUL", fit: Fit::Right },
    Column { title: "UNUSABLE", fit: Fit::Right },
    Column { title: "IN FLIGHT", fit: Fit::Right },
    Column { title: "ESTIMATE ONLY", fit: Fit::Right },
];

/// Tells what was spent.
pub fn run(session: &Session, console: &Console, arguments: Spend) -> Result<Exit, Failure> {
    let outlays = ops::outlays(session, arguments.days)?;
    let mut sum = Outlay::default();
    outlays.iter().for_each(|(_, outlay)| sum += *outlay);
    if arguments.json {
        for ((day, model), outlay) in &outlays {
            console.json(&json::outlay(Some((*day, model.as_deref())), outlay, &session.profile));
        }
        console.json(&json::outlay(None, &sum, &session.profile));
        return Ok(Exit::Ok);
    }
    if outlays.is_empty() {
        console.talk(&format!("no job was created in the last {}", text::count(u64::from(arguments.days), "day")));
    } else {
        let row = |day: String, model: &str, outlay: &Outlay| {
            let Outlay { jobs, billed, useful, unusable, in_flight, estimate_only, .. } = outlay;
            vec![
                day,
                text::clean(model),
                jobs.to_string(),
                billed.prompt_tokens.to_string(),
                billed.audio_tokens.to_string(),
                text::dollars(*useful),
                text::dollars(*unusable),
                about(*in_flight),
                about(*estimate_only),
            ]
        };
        let of_day = |((day, model), outlay): &((_, Option<String>), Outlay)| {
            let day: &crate::money::Date = day;
            row(day.to_string(), model.as_deref().unwrap_or("-"), outlay)
        };
        let mut rows: Vec<Vec<String>> = outlays.iter().map(of_day).collect();
        rows.push(row("sum".to_owned(), "-", &sum));
        console.result(&table(&COLUMNS, &rows, console.width()));
    }
    if sum.unpriced > 0 {
        console.talk(&format!("no price is known of {}: it is in no amount", text::count(sum.unpriced, "job")));
    }
    console.talk(&today(session));
    Ok(Exit::Ok)
}

/// `spent today $11.80 of $25.00`: what the cap for a day is held against.
fn today(session: &Session) -> String {
    let spending = ops::spending(session);
    let of = spending.per_day.map(|cap| format!(" of {}", text::dollars(cap))).unwrap_or_default();
    format!(
        "spent today {}{of}, with what is under way at the upper end of its estimate",
        text::dollars(spending.today)
    )
}

/// An estimate by its middle.
fn about((low, high): (f64, f64)) -> String {
    match high > 0.0 {
        true => format!("~{}", text::dollars((low + high) / 2.0)),
        false => "-".to_owned(),
    }
}
