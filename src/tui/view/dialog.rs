//! Dialogs: what will be done, to what exactly, what it loses, and buttons of which the harmless one is focused.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::api::StoredFile;
use crate::job::{Counts, Job};
use crate::ops::Loss;
use crate::text;
use crate::tui::layout;
use crate::tui::model::{Button, Confirm, Guard, Model, Target, Verb};
use crate::tui::theme::Standing;
use crate::tui::update::{holds_unsaved_results, is_still_read};
use crate::tui::view::pen::{Frame, Pen, Piece, pad, piece, row, skip};
use crate::tui::view::wrap::wrap;
use crate::tui::view::{campaigns, footer, lost, retake, times};

/// Names above that number are counted, not shown.
const MOST_NAMES: usize = 5;

/// As wide as a dialog gets.
const WIDTH: u16 = 84;

/// Draws a dialog over the screen.
pub fn draw(pen: &mut Pen<'_>, model: &Model, confirm: &Confirm, area: Rect) {
    if layout::is_tiny(area.width, area.height) {
        return tiny(pen, model, confirm, area);
    }
    let theme = *pen.theme;
    // One column on each side stays visible, so that a person sees what lies below.
    let width = WIDTH.min(area.width.saturating_sub(2));
    let room = usize::from(width.saturating_sub(4));
    // Two borders, an empty line, the buttons, and the count that may have to be typed.
    let n_below = 2 + u16::from(confirm.typed.is_some());
    let most = usize::from(area.height.saturating_sub(2 + n_below));
    let lines = content(pen, model, confirm, room, most);
    let place = layout::middle(area, width, lines.len() as u16 + 2 + n_below);
    pen.clear(place);
    let style = match confirm.verb {
        Verb::SubmitAgain | Verb::Retake | Verb::PassCap | Verb::Unresolved => theme.focused_border(),
        Verb::CancelJobs
        | Verb::DeleteJobs
        | Verb::DeleteFiles
        | Verb::GiveUp
        | Verb::SendAgain
        | Verb::CancelCampaign => theme.danger_border(),
    };
    let frame = Frame { title: vec![piece(question(confirm), theme.title())], style, ..Frame::default() };
    let inside = pad(pen.frame(place, &frame), 1);
    for (at, line) in lines.iter().enumerate() {
        pen.line(row(inside, at as u16), line);
    }
    if confirm.guard != Guard::Over {
        // What cannot be answered yet does not look as if it could.
        return;
    }
    if let Some((count, typed)) = &confirm.typed {
        let place = row(inside, inside.height.saturating_sub(3));
        let asked = format!("Type {count} to confirm: ");
        let taken = pen.text(place, &asked, theme.warn());
        footer::line(pen, skip(place, taken), typed);
    }
    buttons(pen, confirm, row(inside, inside.height.saturating_sub(1)));
}

/// The names and what it means for them, in so many lines. Names give way before consequences do.
fn content(pen: &Pen<'_>, model: &Model, confirm: &Confirm, room: usize, most: usize) -> Vec<Vec<Piece>> {
    let said = consequences(pen, model, confirm);
    let wrapped = |said: &[(String, Style)]| -> Vec<Vec<Piece>> {
        let lines = said.iter().flat_map(|(text, style)| wrap(text, room).into_iter().map(|line| (line, *style)));
        lines.map(|(line, style)| vec![piece(line, style)]).collect()
    };
    let most_names = if confirm.verb == Verb::Retake { retake::MOST_KEYS } else { MOST_NAMES };
    for n_names in (1..=most_names).rev() {
        // A name of which there are two does not say which one is meant: where there is room, ids and ages do.
        for ages in [Some(model), None] {
            let mut lines = targets(pen, confirm, room, n_names, ages);
            lines.push(Vec::new());
            lines.extend(wrapped(&said));
            if lines.len() <= most {
                return lines;
            }
        }
    }
    // The last sentence explains the harmless button, which explains itself.
    let mut lines = targets(pen, confirm, room, 1, None);
    lines.extend(wrapped(&said[..said.len() - 1]));
    lines.truncate(most);
    lines
}

/// `Cancel 3 jobs?`
fn question(confirm: &Confirm) -> String {
    let verb = match confirm.verb {
        Verb::CancelJobs | Verb::CancelCampaign => "Cancel",
        Verb::DeleteJobs | Verb::DeleteFiles => "Delete",
        Verb::GiveUp => "Give up",
        Verb::Unresolved => return lost::question(confirm),
        Verb::SendAgain => "Send again",
        Verb::SubmitAgain => return "Submit the same content again?".to_owned(),
        Verb::PassCap => return "Spend more than the cap?".to_owned(),
        Verb::Retake => return retake::question(confirm),
    };
    match confirm.targets.as_slice() {
        [target] => format!("{verb} {}?", name(target)),
        targets => format!("{verb} {}?", text::count(targets.len() as u64, noun(confirm.verb))),
    }
}

fn noun(verb: Verb) -> &'static str {
    match verb {
        Verb::CancelJobs | Verb::DeleteJobs | Verb::SubmitAgain | Verb::PassCap | Verb::Retake => "job",
        Verb::DeleteFiles => "file",
        Verb::GiveUp | Verb::Unresolved | Verb::SendAgain => "create",
        Verb::CancelCampaign => "campaign",
    }
}

fn name(target: &Target) -> String {
    match target {
        Target::Job(job, _) => job.title().to_owned(),
        Target::File(file) => match file.display_name.as_deref() {
            Some(name) if !name.is_empty() => text::clean_short(name, 60),
            Some(_) | None => file.name.to_string(),
        },
        Target::Plan(_, repeated) => repeated.clone(),
        Target::Cap(_, name, _) => name.clone(),
        Target::Lost(lost) | Target::Again(_, lost, _) => lost.display_name.clone(),
        Target::Retake(_, job, _) => job.title().to_owned(),
        Target::Campaign(status) => status.name.clone(),
    }
}

/// The button that does it, in words that cannot be taken for the harmless one.
fn deed(confirm: &Confirm) -> String {
    let verb = match confirm.verb {
        Verb::CancelJobs | Verb::CancelCampaign => "cancel",
        Verb::DeleteJobs | Verb::DeleteFiles => "delete",
        Verb::GiveUp => "give up",
        Verb::Unresolved => return "Mark as lost".to_owned(),
        Verb::SendAgain => return "Yes, send it again".to_owned(),
        Verb::SubmitAgain => return "Yes, submit again".to_owned(),
        Verb::PassCap => return "Yes, spend more".to_owned(),
        Verb::Retake => return retake::deed(confirm),
    };
    match confirm.targets.len() {
        1 => format!("Yes, {verb} the {}", noun(confirm.verb)),
        n => format!("Yes, {verb} {}", text::count(n as u64, noun(confirm.verb))),
    }
}

/// The names and how they stand; each with its id and its age below, by the model's clock, when there is one.
fn targets(pen: &Pen<'_>, confirm: &Confirm, room: usize, most: usize, ages: Option<&Model>) -> Vec<Vec<Piece>> {
    if let [Target::Retake(_, _, Some(made))] = &confirm.targets[..] {
        return retake::takes(pen, made, room, most);
    }
    let theme = *pen.theme;
    // The names stand in one column as wide as the widest of them, but never take what follows them off the screen.
    let shown = &confirm.targets[..confirm.targets.len().min(most)];
    let widest = shown.iter().map(|target| usize::from(pen.width(&name(target)))).max().unwrap_or(0);
    let is_narrow = room < 50;
    let behind = if is_narrow { 15 } else { 46 };
    let widest = widest.min(room.saturating_sub(behind).max(room / 3));
    let mut lines: Vec<Vec<Piece>> = shown
        .iter()
        .flat_map(|target| {
            let name = text::fit(&theme.plain(&name(target)), widest);
            let padding = " ".repeat(widest.saturating_sub(text::width(&name)) + 2);
            let mut line = vec![piece(name, theme.title()), piece(padding, theme.text())];
            line.extend(facts(pen, target, is_narrow));
            let identity = ages.and_then(|model| identity(model, target));
            let below = identity.map(|identity| vec![piece(format!("  {identity}"), theme.muted())]);
            [Some(line), below].into_iter().flatten()
        })
        .collect();
    let n_others = confirm.targets.len() - shown.len();
    if n_others > 0 {
        let others = if n_others == 1 {
            "and 1 other".to_owned()
        } else {
            format!("and {} others", text::thousands(n_others as u64))
        };
        lines.push(vec![piece(others, theme.text())]);
    }
    lines
}

/// What tells a target from others of its name: its id, and how old it is.
fn identity(model: &Model, target: &Target) -> Option<String> {
    let (id, made) = match target {
        Target::Job(job, _) => (job.name.as_str(), job.create_time),
        Target::File(file) => (file.name.as_str(), file.create_time),
        Target::Lost(lost) | Target::Again(_, lost, _) => (lost.token.as_str(), Some(lost.at)),
        Target::Plan(..) | Target::Cap(..) | Target::Retake(..) | Target::Campaign(_) => return None,
    };
    let age = made.map(|made| format!(" · {} old", text::age(times::age_of(model, made))));
    Some(format!("{id}{}", age.unwrap_or_default()))
}

fn facts(pen: &Pen<'_>, target: &Target, is_narrow: bool) -> Vec<Piece> {
    let theme = *pen.theme;
    match target {
        Target::Job(job, loss) => {
            let standing = Standing::of_state(&job.state);
            let mut facts =
                vec![piece(format!("{} {:<10}", standing.glyph(), job.state.word()), theme.state(standing))];
            if is_narrow {
                return facts;
            }
            facts.push(piece(progress(job), theme.text()));
            if let Some(loss) = loss {
                let (text, style) = match loss {
                    Loss::Nothing => ("no results", theme.muted()),
                    Loss::Saved => ("saved", theme.good()),
                    Loss::Unsaved { .. } => ("not saved", theme.bad()),
                };
                facts.push(piece("  ", theme.text()));
                facts.push(piece(text, style));
            }
            facts
        }
        Target::File(file) => {
            let state = file.state.as_deref().map(|state| text::clean_short(state, 16)).unwrap_or_default();
            vec![piece([state, file.size_bytes.map(text::bytes).unwrap_or_default()].join("  "), theme.text())]
        }
        Target::Lost(lost) | Target::Again(_, lost, _) => {
            let standing = Standing::Unknown;
            let mut facts = vec![piece(format!("{} {:<10}", standing.glyph(), "UNKNOWN"), theme.state(standing))];
            if !is_narrow {
                facts.push(piece(format!("  {}", text::count(lost.n_requests, "request")), theme.text()));
            }
            facts
        }
        Target::Retake(..) => Vec::new(),
        Target::Cap(_, _, over) => vec![match over.adds {
            Some(adds) => piece(format!("adds up to {}", text::dollars(adds)), theme.text()),
            None => piece("no price is known", theme.warn()),
        }],
        Target::Plan(_, _) => vec![piece("has the same content already", theme.text())],
        Target::Campaign(status) => vec![piece(status.counts().join(" · "), theme.text())],
    }
}

fn progress(job: &Job) -> String {
    match job.counts {
        Some(counts) => {
            format!("  {} of {} done", text::thousands(counts.done()), text::thousands(counts.requests))
        }
        None => "  – done".to_owned(),
    }
}

/// What it means, in whole sentences.
fn consequences(pen: &Pen<'_>, model: &Model, confirm: &Confirm) -> Vec<(String, Style)> {
    let theme = *pen.theme;
    let mut said = Vec::new();
    match confirm.verb {
        Verb::CancelJobs => {
            let counts: Vec<Counts> = jobs(confirm).filter_map(|(job, _)| job.counts).collect();
            let done: u64 = counts.iter().map(|counts| counts.done()).sum();
            let pending: u64 = counts.iter().map(|counts| counts.pending).sum();
            said.push(match counts.is_empty() {
                true => ("The service has not said how much is done; what is done is billed.".to_owned(), theme.text()),
                false if done == 0 => {
                    (format!("Nothing is done yet; {} will not run.", text::count(pending, "request")), theme.text())
                }
                false => (
                    format!(
                        "{} done and billed stay; about {} will not run.",
                        text::count(done, "request"),
                        text::thousands(pending)
                    ),
                    theme.text(),
                ),
            });
            if let Some(money) = money(model, confirm) {
                said.push((money, theme.text()));
            }
        }
        Verb::DeleteJobs if confirm.checking.is_some() => {
            said.push(("Looking at what is on disk …".to_owned(), theme.active()));
        }
        Verb::DeleteJobs => said.extend(losses(pen, confirm)),
        Verb::DeleteFiles => {
            let is_lost = files(confirm).any(|file| holds_unsaved_results(model, &file.name));
            if is_lost {
                said.push(("Results that were not saved are lost with it.".to_owned(), theme.bad()));
            }
            if files(confirm).any(|file| is_still_read(model, &file.name)) {
                said.push(("A job that is not over reads from it, and fails without it.".to_owned(), theme.bad()));
            }
            said.push((
                "Jobs that still read from a deleted file fail. The service drops it after 48 hours anyway.".to_owned(),
                theme.text(),
            ));
        }
        Verb::SubmitAgain => {
            said.push(("Submitting it again is billed again.".to_owned(), theme.warn()));
        }
        Verb::PassCap => said.extend(caps(confirm).into_iter().map(|text| (text, theme.warn()))),
        Verb::Unresolved => return lost::ways_out(pen, model, confirm),
        Verb::GiveUp => said.extend(lost::given_up(pen, confirm)),
        Verb::SendAgain => said.extend(lost::sent_again(pen, confirm)),
        Verb::Retake => said.extend(retake::consequences(pen, confirm)),
        Verb::CancelCampaign => said.extend(campaigns::consequences(pen, confirm)),
    }
    said.push(("Cancel leaves everything as it is.".to_owned(), theme.muted()));
    said
}

fn jobs(confirm: &Confirm) -> impl Iterator<Item = (&Job, Option<Loss>)> {
    confirm.targets.iter().filter_map(|target| {
        let Target::Job(job, loss) = target else { return None };
        Some((&**job, *loss))
    })
}

fn files(confirm: &Confirm) -> impl Iterator<Item = &StoredFile> {
    confirm.targets.iter().filter_map(|target| {
        let Target::File(file) = target else { return None };
        Some(&**file)
    })
}

/// `About $2.89 is spent already; about $3.40 will not be.`
fn money(model: &Model, confirm: &Confirm) -> Option<String> {
    let (mut spent, mut kept) = (0.0, 0.0);
    for (job, _) in jobs(confirm) {
        let (low, high) = model.jobs.costs.get(&job.name)?;
        let counts = job.counts?;
        let share = counts.done() as f64 / counts.requests as f64;
        spent += (low + high) / 2.0 * share;
        kept += (low + high) / 2.0 * (1.0 - share);
    }
    let (spent, kept) = (text::dollars_about("About", (spent, spent)), text::dollars_about("about", (kept, kept)));
    Some(format!("{spent} is spent already; {kept} will not be."))
}

/// Which caps would be passed, and by how much.
fn caps(confirm: &Confirm) -> Vec<String> {
    let over = confirm.targets.iter().find_map(|target| {
        let Target::Cap(_, _, over) = target else { return None };
        Some(over)
    });
    let Some(over) = over else { return Vec::new() };
    let sentence = over.sentence();
    vec![format!("{}{}.", sentence[..1].to_uppercase(), &sentence[1..])]
}

fn losses(pen: &Pen<'_>, confirm: &Confirm) -> Vec<(String, Style)> {
    let theme = pen.theme;
    let (mut n_unsaved, mut n_results) = (0u64, Some(0u64));
    for (_, loss) in jobs(confirm) {
        match loss {
            Some(Loss::Unsaved { saved, of }) => {
                n_unsaved += 1;
                n_results = n_results.zip(of).map(|(sum, of)| sum + of.saturating_sub(saved));
            }
            Some(Loss::Nothing | Loss::Saved) | None => {}
        }
    }
    let is_unknown = jobs(confirm).any(|(_, loss)| loss.is_none());
    match (n_unsaved, n_results) {
        (0, _) if is_unknown => vec![("It is not known what is on disk.".to_owned(), theme.warn())],
        (0, _) => match jobs(confirm).any(|(_, loss)| loss == Some(Loss::Saved)) {
            true => vec![("Every result is on disk.".to_owned(), theme.good())],
            false => vec![("There are no results to lose.".to_owned(), theme.text())],
        },
        (n, Some(results)) => vec![(
            format!(
                "{} of {} are not on disk and will be lost.",
                text::count(results, "result"),
                text::count(n, "job")
            ),
            theme.bad(),
        )],
        (n, None) => {
            vec![(format!("The results of {} are not on disk and will be lost.", text::count(n, "job")), theme.bad())]
        }
    }
}

/// The focused button has brackets and is reversed; the other one has neither.
fn buttons(pen: &mut Pen<'_>, confirm: &Confirm, place: Rect) {
    let theme = *pen.theme;
    let button = |which: Button, label: String| {
        let style = match (confirm.focus == which, which) {
            (true, _) => theme.selected(),
            (false, Button::Do) if confirm.checking.is_some() => theme.muted(),
            (false, Button::Keep | Button::Do | Button::Other) => theme.text(),
        };
        let text = if confirm.focus == which { format!("[ {label} ]") } else { format!("  {label}  ") };
        piece(text, style)
    };
    if confirm.verb == Verb::Unresolved {
        return lost::buttons(pen, confirm, place);
    }
    let both =
        |deed: String| [button(Button::Keep, "Cancel".to_owned()), piece("  ", theme.text()), button(Button::Do, deed)];
    let pieces = both(deed(confirm));
    // The question in the title says to what; half a button says nothing.
    let pieces = if pen.total(&pieces) > place.width { both("Yes".to_owned()) } else { pieces };
    pen.line_right(place, &pieces);
}

/// Where there is no room for a box: the question, what it means, the names, and how to answer.
fn tiny(pen: &mut Pen<'_>, model: &Model, confirm: &Confirm, area: Rect) {
    let theme = *pen.theme;
    pen.clear(area);
    let room = usize::from(area.width);
    let mut lines: Vec<Vec<Piece>> =
        wrap(&question(confirm), room).into_iter().map(|line| vec![piece(line, theme.title())]).collect();
    for (text, style) in consequences(pen, model, confirm).into_iter().take(1) {
        lines.extend(wrap(&text, room).into_iter().map(|line| vec![piece(line, style)]));
    }
    if confirm.targets.len() > 1 {
        lines.extend(confirm.targets.iter().map(|target| vec![piece(name(target), theme.text())]));
    }
    let last = area.height.saturating_sub(1);
    for (at, line) in lines.iter().take(usize::from(last)).enumerate() {
        pen.line(row(area, at as u16), line);
    }
    let place = row(area, last);
    if confirm.guard != Guard::Over {
        return;
    }
    match &confirm.typed {
        Some((count, typed)) => {
            let taken = pen.text(place, &format!("type {count}: "), theme.warn());
            footer::line(pen, skip(place, taken), typed);
        }
        None if confirm.checking.is_some() => {
            pen.text(place, "looking …", theme.active());
        }
        None if confirm.verb == Verb::Unresolved => lost::buttons(pen, confirm, place),
        None => {
            pen.text(place, if room < 11 { "y or n" } else { "y yes  n no" }, theme.key());
        }
    }
}
