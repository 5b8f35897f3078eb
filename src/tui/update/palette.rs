//! The commands of `:`: every key by its name, places to go to, and what takes a word of its own.

use crate::filter::Filter;
use crate::tui::action::Action;
use crate::tui::effect::Effect;
use crate::tui::keys;
use crate::tui::model::{Level, Model, Sort};
use crate::tui::update::{brake, lists, notices, polling, press, prompt, screens};

/// Keys by name. They do what the key does on the screen below, and nothing where the key does nothing.
pub const ACTIONS: [(&str, Action); 36] = [
    ("open", Action::Open),
    ("back", Action::Back),
    ("new", Action::New),
    ("cancel", Action::CancelJobs),
    ("pause", Action::Pause),
    ("retake", Action::Retake),
    ("delete", Action::Delete),
    ("save", Action::Save),
    ("save-all", Action::SaveAll),
    ("play", Action::Play),
    ("describe", Action::Describe),
    ("raw", Action::Raw),
    ("copy-name", Action::CopyName),
    ("copy-record", Action::CopyRecord),
    ("mark", Action::Mark),
    ("mark-range", Action::MarkRange),
    ("mark-all", Action::MarkVisible),
    ("mark-none", Action::MarkNone),
    ("mark-invert", Action::MarkInvert),
    ("only-bad", Action::OnlyBad),
    ("sort-default", Action::SortDefault),
    ("refresh-all", Action::RefreshAll),
    ("freeze", Action::Freeze),
    ("mouse", Action::Mouse),
    ("zoom", Action::Zoom),
    ("next-pane", Action::Next),
    ("previous-pane", Action::Previous),
    ("submit", Action::Submit),
    ("messages", Action::Messages),
    ("files", Action::Files),
    ("help", Action::Help),
    ("repaint", Action::Repaint),
    ("suspend", Action::Suspend),
    ("quit", Action::Quit),
    ("q", Action::Quit),
    ("create", Action::New),
];

/// Commands that are not keys, or that take a word.
pub const OTHERS: [&str; 5] = ["jobs", "refresh", "sort", "filter", "stop"];

/// Runs a command. One that cannot be run stays in the line, with the reason below it.
pub fn run(model: &mut Model, text: &str) -> Vec<Effect> {
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    match (name, rest) {
        ("jobs", "") => return screens::home(model),
        ("refresh", "") => return run_action(model, "refresh", Action::Refresh),
        ("refresh", seconds) => return refresh_every(model, seconds),
        ("sort", column) => return sort(model, column),
        ("filter", filter) => return set_filter(model, filter),
        ("stop", filter) => return brake::stop(model, filter),
        _ => {}
    }
    match ACTIONS.iter().find(|(known, _)| *known == name) {
        Some(_) if !rest.is_empty() => prompt::problem(model, format!("{name} takes no word")),
        Some((_, action)) => run_action(model, name, *action),
        None => prompt::problem(model, unknown(name)),
    }
}

fn unknown(name: &str) -> String {
    let name = crate::text::clean_short(name, 40);
    let similar: Vec<&str> = names().filter(|known| known.contains(name.as_str())).collect();
    match similar.as_slice() {
        [] => format!("there is no command '{name}'; Tab lists them"),
        similar => format!("there is no command '{name}'; did you mean {}?", similar.join(", ")),
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    OTHERS.into_iter().chain(ACTIONS.iter().map(|(name, _)| *name))
}

/// The commands that begin with what is typed, for the line in which it is typed; none behind the first word.
pub fn fitting(text: &str) -> impl Iterator<Item = &'static str> {
    names().filter(move |name| name.starts_with(text))
}

/// Runs what a key does on the screen below.
fn run_action(model: &mut Model, name: &str, action: Action) -> Vec<Effect> {
    let line = model.overlays.pop();
    let context = model.context();
    let is_live = keys::bindings(context).any(|binding| binding.action == action);
    // These mean the same everywhere, also on a form, whose letters are text.
    let is_general = matches!(
        action,
        Action::Quit
            | Action::Messages
            | Action::Files
            | Action::Help
            | Action::New
            | Action::Freeze
            | Action::RefreshAll
    );
    if is_live || is_general {
        return press::act(model, action);
    }
    model.overlays.extend(line);
    prompt::problem(model, format!("{name} means nothing on this screen: {}", context.title()))
}

fn refresh_every(model: &mut Model, seconds: &str) -> Vec<Effect> {
    match seconds.trim_end_matches(['s', ' ']).parse::<u64>() {
        Ok(seconds) => {
            let seconds = seconds.clamp(2, 86_400);
            model.overlays.pop();
            model.setting.refresh = Some(seconds);
            polling::schedule(model);
            notices::say(model, Level::Info, format!("the list is fetched every {seconds} s"));
            Vec::new()
        }
        Err(_) => prompt::problem(model, "refresh takes a number of seconds, 2 or more".to_owned()),
    }
}

fn sort(model: &mut Model, word: &str) -> Vec<Effect> {
    let Some(columns) = lists::visible(model).map(|list| list.columns()) else {
        return prompt::problem(model, "there is nothing to sort on this screen".to_owned());
    };
    let (column, direction) = word.split_once(char::is_whitespace).unwrap_or((word, ""));
    let at = columns.iter().position(|name| name.eq_ignore_ascii_case(column));
    let reversed = ["reverse", "reversed", "desc"].contains(&direction.trim());
    match at {
        Some(at) if reversed || direction.is_empty() => {
            model.overlays.pop();
            if let Some(mut list) = lists::visible(model) {
                list.sort(Some(Sort { column: at as u8 + 1, reversed }));
            }
            lists::keep_view(model)
        }
        Some(_) => prompt::problem(model, "after the column only 'reverse' can stand".to_owned()),
        None if column == "default" => {
            model.overlays.pop();
            lists::sort_default(model)
        }
        None => {
            let columns = columns.join(", ").to_lowercase();
            prompt::problem(model, format!("sort takes a column: {columns}, default"))
        }
    }
}

fn set_filter(model: &mut Model, text: &str) -> Vec<Effect> {
    if lists::visible(model).is_none() {
        return prompt::problem(model, "there is nothing to filter on this screen".to_owned());
    }
    match Filter::parse(text) {
        Ok(_) => {
            model.overlays.pop();
            lists::change(model, |list| list.set_filter(text));
            lists::keep_view(model)
        }
        Err(error) => prompt::problem(model, error.to_string()),
    }
}

/// What a command begins with, made as long as it is certain; `None` when nothing can be added.
pub fn complete(text: &str, columns: &[&str]) -> Option<String> {
    let (start, candidates): (&str, Vec<String>) = match text.split_once(' ') {
        Some(("sort", _)) => ("sort ", columns.iter().map(|column| column.to_lowercase()).collect()),
        Some(_) => return None,
        None => ("", names().map(str::to_owned).collect()),
    };
    let typed = &text[start.len()..];
    let fitting: Vec<&String> = candidates.iter().filter(|name| name.starts_with(typed)).collect();
    let first = fitting.first()?;
    let common = first
        .char_indices()
        .map(|(at, c)| at + c.len_utf8())
        .rev()
        .find(|end| fitting.iter().all(|name| name.starts_with(&first[..*end])))?;
    let takes_word = fitting.len() == 1 && start.is_empty() && OTHERS.contains(&first.as_str()) && *first != "jobs";
    let longer = format!("{start}{}{}", &first[..common], if takes_word { " " } else { "" });
    (longer.len() > text.len()).then_some(longer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keys::{BINDINGS, Context};
    use crate::tui::model::{Overlay, Screen};
    use crate::tui::update::testing::{press, shown, three_jobs};

    fn line(model: &Model) -> (&str, Option<&str>) {
        match model.overlays.last() {
            Some(Overlay::Prompt(prompt)) => (prompt.input.text(), prompt.problem.as_deref()),
            other => panic!("no command is being typed, but {other:?}"),
        }
    }

    #[test]
    fn every_key_of_the_screens_has_a_command() {
        let named = |action: Action| ACTIONS.iter().any(|(_, known)| *known == action);
        for binding in BINDINGS {
            let is_looking = binding.contexts.iter().any(|context| [Context::Jobs, Context::Job].contains(context));
            let is_spelled_otherwise = matches!(
                binding.action,
                Action::Move(_)
                    | Action::SortBy(_)
                    | Action::Filter
                    | Action::Palette
                    | Action::Refresh
                    | Action::Interrupt
            );
            assert!(!is_looking || is_spelled_otherwise || named(binding.action), "{:?}", binding.action);
        }
    }

    #[test]
    fn commands_do_what_their_keys_do() {
        let mut model = three_jobs();
        press(&mut model, ":cancel<Enter>");
        assert!(matches!(model.overlays.last(), Some(Overlay::Confirm(_))));
        press(&mut model, "n :messages<Enter>");
        assert_eq!(model.screens, [Screen::Messages { scroll: 0 }]);
        press(&mut model, ":jobs<Enter>");
        assert_eq!((model.screens.len(), model.overlays.len()), (0, 0));
        assert_eq!(press(&mut model, ":quit<Enter>"), [Effect::Quit]);
    }

    #[test]
    fn words_of_commands_are_read() {
        let mut model = three_jobs();
        press(&mut model, ":sort<Space>name<Enter>");
        assert_eq!(shown(&model), ["ch01", "ch02", "intro"]);
        press(&mut model, ":sort<Space>name<Space>reverse<Enter>");
        assert_eq!(shown(&model), ["intro", "ch02", "ch01"]);
        press(&mut model, ":filter<Space>state:succeeded<Enter>");
        assert_eq!(shown(&model), ["ch02"]);
        press(&mut model, ":refresh<Space>1<Enter>");
        assert_eq!((model.setting.refresh, model.overlays.len()), (Some(2), 0));
    }

    #[test]
    fn what_cannot_be_run_says_why_and_stays() {
        let table = [
            ("nonsense", "there is no command 'nonsense'; Tab lists them"),
            ("mark-", "there is no command 'mark-'; did you mean mark-range, mark-all, mark-none, mark-invert?"),
            ("play", "play means nothing on this screen: Jobs"),
            ("quit<Space>now", "quit takes no word"),
            ("refresh<Space>soon", "refresh takes a number of seconds, 2 or more"),
            ("filter<Space>stat:x", "there is no column 'stat'"),
            ("sort<Space>size", "sort takes a column: state, name,"),
        ];
        for (keys, expected) in table {
            let mut model = three_jobs();
            assert_eq!(press(&mut model, &format!(":{keys}<Enter>")), [], "{keys}");
            assert!(line(&model).1.unwrap().starts_with(expected), "{keys}: {:?}", line(&model));
        }
    }

    #[test]
    fn tab_completes_as_far_as_it_is_certain() {
        let table = [
            ("mes", "messages"),
            ("mark-", "mark-"),
            ("mark-n", "mark-none"),
            ("f", "f"),
            ("fil", "fil"),
            ("filt", "filter "),
            ("sort<Space>mo", "sort model"),
            ("zzz", "zzz"),
        ];
        for (keys, expected) in table {
            let mut model = three_jobs();
            press(&mut model, &format!(":{keys}<Tab>"));
            assert_eq!(line(&model).0, expected, "{keys}");
        }
    }
}
