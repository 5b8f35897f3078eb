//! `verify`: a saved folder against its manifest. No key, no network, nothing is changed.

use serde_json::{Value, json};

use super::args::Verify;
use super::console::Console;
use crate::failure::{Exit, Failure};
use crate::save::{self, Check, Difference, What};
use crate::text;

/// Reads every file of the folder once.
pub async fn run(console: &Console, arguments: &Verify) -> Result<Exit, Failure> {
    let folder = arguments.dir.clone();
    let check = match tokio::task::spawn_blocking(move || save::verify(&folder)).await {
        Ok(check) => check?,
        Err(_) => return Err(Failure::new("internal error: the check came to a sudden end")),
    };
    if arguments.json {
        console.json(&summary_json(&arguments.dir.display().to_string(), &check));
    } else {
        check.different.iter().for_each(|difference| console.result(&line(difference)));
        console.result(&summary(&check));
    }
    let is_right = check.different.is_empty() && check.unreadable_lines == 0;
    Ok(if is_right { Exit::Ok } else { Exit::SomeBad })
}

/// `ch01.wav: missing`.
fn line(difference: &Difference) -> String {
    let file = text::clean(difference.record.file.as_deref().unwrap_or("-"));
    format!("{file}: {}", words(&difference.what))
}

fn words(what: &What) -> String {
    match what {
        What::Missing => "missing".to_owned(),
        What::NotAFile => "something else has its name".to_owned(),
        What::Size(bytes) => format!("has another size: {bytes} bytes"),
        What::Content => "holds something else".to_owned(),
        What::Unreadable(why) => format!("cannot be read: {}", text::clean(why)),
    }
}

fn summary(check: &Check) -> String {
    let mut summary =
        format!("{} as the manifest says, {}", text::count(check.right, "file"), text::bytes(check.bytes));
    let different = check.different.len() as u64;
    if different > 0 {
        summary.push_str(&format!(", {} not as it says", text::thousands(different)));
    }
    if check.without_file > 0 {
        summary.push_str(&format!(", {} without a file", text::count(check.without_file, "result")));
    }
    if check.unreadable_lines > 0 {
        summary.push_str(&format!(", {} of it cannot be read", text::count(check.unreadable_lines, "line")));
    }
    summary
}

fn summary_json(folder: &str, check: &Check) -> Value {
    let difference = |difference: &Difference| {
        let record = &difference.record;
        json!({
            "key": record.key,
            "file": record.file,
            "line": record.line,
            "difference": match difference.what {
                What::Missing => "missing",
                What::NotAFile => "not-a-file",
                What::Size(_) => "size",
                What::Content => "content",
                What::Unreadable(_) => "unreadable",
            },
        })
    };
    json!({
        "folder": folder,
        "right": check.right,
        "bytes": check.bytes,
        "different": check.different.iter().map(difference).collect::<Vec<_>>(),
        "withoutFile": check.without_file,
        "unreadableLines": check.unreadable_lines,
    })
}
