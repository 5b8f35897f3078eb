//! Dialogues: `Name: text` becomes turns, and turns become requests of at most two voices.

use super::speech::Speaker;

/// What one speaker says before the other one answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn<'t> {
    /// Which of the speakers; `None` for words that nobody is named for.
    pub speaker: Option<usize>,
    /// What is said, without the name; may have several lines.
    pub text: &'t str,
    /// The byte of the whole text at which it begins.
    pub start: usize,
}

/// Takes a text apart at lines that begin with the name of a speaker and a colon. Lines without one belong to the
/// turn before them. Names are compared without regard to case.
pub fn turns<'t>(text: &'t str, speakers: &[Speaker]) -> Vec<Turn<'t>> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some((name, said)) = label(line)
            && let Some(speaker) = speakers.iter().position(|speaker| is_same(&speaker.name, name))
        {
            turns.push(Turn { speaker: Some(speaker), text: said, start: start + line.len() - said.len() });
        } else if let Some(turn) = turns.last_mut() {
            turn.text = &text[turn.start..start + line.len()];
        } else {
            turns.push(Turn { speaker: None, text: line, start });
        }
        start += line.len();
    }
    for turn in &mut turns {
        let text = turn.text.trim_start();
        turn.start += turn.text.len() - text.len();
        turn.text = text.trim_end();
    }
    turns.retain(|turn| !turn.text.is_empty());
    turns
}

/// The first name before a colon that looks like a speaker and is none of those with a voice.
pub fn stranger<'t>(text: &'t str, speakers: &[Speaker]) -> Option<&'t str> {
    let labels = text.lines().filter_map(label).filter(|(_, said)| !said.trim().is_empty());
    labels.map(|(name, _)| name).find(|name| {
        let is_name = name.split_whitespace().all(|word| word.chars().next().is_some_and(char::is_uppercase));
        is_name && name.split_whitespace().count() <= 3 && !speakers.iter().any(|speaker| is_same(&speaker.name, name))
    })
}

/// Whether two names mean the same speaker.
pub fn is_same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// `Ann` and `Hello` of `Ann: Hello`.
fn label(line: &str) -> Option<(&str, &str)> {
    let (name, said) = line.split_once([':', '：'])?;
    let (name, said) = (name.trim(), said.trim_start_matches([' ', '\t']));
    (!name.is_empty() && name.chars().count() <= 40).then_some((name, said))
}

/// Puts turns together, in order, so that each group has at most two speakers and fits; words that nobody is named for
/// stand alone, because they need a third voice.
pub fn groups<'t>(turns: Vec<Turn<'t>>, load: &dyn Fn(&Turn) -> f64) -> Vec<Vec<Turn<'t>>> {
    let mut groups: Vec<Vec<Turn>> = Vec::new();
    let mut sum = 0.0;
    for turn in turns {
        let weight = load(&turn);
        let fits = groups.last().is_some_and(|group| {
            let mut voices: Vec<Option<usize>> = group.iter().map(|turn| turn.speaker).chain([turn.speaker]).collect();
            voices.sort_unstable();
            voices.dedup();
            let is_alone = voices.contains(&None) && voices.len() > 1;
            !is_alone && voices.len() <= 2 && sum + weight <= 1.0
        });
        match groups.last_mut() {
            Some(group) if fits => {
                group.push(turn);
                sum += weight;
            }
            Some(_) | None => {
                groups.push(vec![turn]);
                sum = weight;
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speakers(names: &[&str]) -> Vec<Speaker> {
        names.iter().map(|name| Speaker { name: (*name).into(), voice: "Kore".into() }).collect()
    }

    fn told<'t>(text: &'t str, names: &[&str]) -> Vec<(Option<usize>, &'t str, usize)> {
        turns(text, &speakers(names)).into_iter().map(|turn| (turn.speaker, turn.text, turn.start)).collect()
    }

    #[test]
    fn a_dialogue_is_taken_apart_at_the_names() {
        let text = "Night.\nAnn: Hello,\nmy friend.\n\nBOB：Hi!\nNote: ten past 9:30\nAnn:\n\nBye.\nBob:\n";
        assert_eq!(
            told(text, &["Ann", "Bob"]),
            [
                (None, "Night.", 0),
                (Some(0), "Hello,\nmy friend.", 12),
                (Some(1), "Hi!\nNote: ten past 9:30", 37),
                (Some(0), "Bye.", 67)
            ]
        );
        assert_eq!(told("Just a text.", &["Ann"]), [(None, "Just a text.", 0)]);
        assert_eq!(stranger(text, &speakers(&["Ann", "Bob"])), Some("Note"));
        assert_eq!(stranger("ann: hi\nas follows: x", &speakers(&["Ann"])), None);
    }

    #[test]
    fn groups_have_two_speakers_and_fit() {
        let names = ["A", "B", "C"];
        let text = "Rain.\nA: 1\nB: 2\nA: 3\nC: 4\nA: 5\nB: 6666666666\n";
        let grouped = |most: usize| {
            let groups = groups(turns(text, &speakers(&names)), &|turn| turn.text.len() as f64 / most as f64);
            groups
                .into_iter()
                .map(|group| group.iter().map(|turn| turn.text).collect::<Vec<_>>().join("|"))
                .collect::<Vec<_>>()
        };
        assert_eq!(grouped(100), ["Rain.", "1|2|3", "4|5", "6666666666"]);
        assert_eq!(grouped(2), ["Rain.", "1|2", "3|4", "5", "6666666666"]);
    }
}
