//! Captions: SRT and WebVTT. A text for each caption; times, positions and markup are not spoken.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use quick_xml::escape::resolve_html5_entity;

use super::keys::slug;
use super::lines::{LONGEST_LINE, Lines, as_text};
use super::passage::{Passage, Passages, Place, Told};
use super::prose::is_wide;
use crate::request::{Problem, Speaker, is_same, rules};
use crate::text::bytes as size;

/// A reader of captions. Holds one block at a time.
pub(super) struct Captions<R> {
    lines: Lines<R>,
    /// Names with a voice.
    speakers: Vec<String>,
    waiting: VecDeque<Told>,
    has_told_of_silence: bool,
}

/// The lines between two empty ones.
#[derive(Default)]
struct Block {
    lines: Vec<(u64, String)>,
    length: usize,
    wrong: Option<(Place, Problem)>,
}

impl<R: BufRead> Captions<R> {
    pub(super) fn new(lines: Lines<R>, speakers: &[Speaker]) -> Self {
        let speakers = speakers.iter().map(|speaker| speaker.name.clone()).collect();
        Captions { lines, speakers, waiting: VecDeque::new(), has_told_of_silence: false }
    }

    fn block(&mut self) -> io::Result<Option<Block>> {
        let mut block = Block::default();
        while let Some(line) = self.lines.next()? {
            let number = line.number;
            match as_text(&line) {
                Ok(text) if text.trim().is_empty() => {
                    if block.lines.is_empty() && block.wrong.is_none() {
                        continue;
                    }
                    return Ok(Some(block));
                }
                Ok(text) if block.length + text.len() > LONGEST_LINE => {
                    let message = format!("the caption is over {}", size(LONGEST_LINE as u64));
                    let problem = Problem::new(&rules::LINE_TOO_LONG, message).fix("put empty lines between captions");
                    block.wrong.get_or_insert((Place::line(number), problem));
                }
                Ok(text) => {
                    block.length += text.len();
                    block.lines.push((number, text.trim().to_owned()));
                }
                Err(problem) => {
                    block.wrong.get_or_insert((Place::line(number), problem));
                }
            }
        }
        let is_empty = block.lines.is_empty() && block.wrong.is_none();
        Ok((!is_empty).then_some(block))
    }

    fn take(&mut self, block: Block) {
        if let Some((place, problem)) = block.wrong {
            self.waiting.push_back(Told::Problem(place, problem));
            return;
        }
        let Some((first_line, first)) = block.lines.first().cloned() else { return };
        let is_header = first_line == 1 && first.starts_with("WEBVTT");
        let is_note = ["NOTE", "STYLE", "REGION"].iter().any(|word| first.split_whitespace().next() == Some(word));
        if is_note && !block.lines.get(1).is_some_and(|(_, line)| is_times(line)) {
            return;
        }
        // What stands above the first caption without an empty line between belongs to the head of the file.
        let within = if is_header { block.lines.len() } else { 2 };
        let Some(times) = block.lines.iter().take(within).position(|(_, line)| line.contains("-->")) else {
            if !is_header {
                let problem = Problem::new(&rules::BROKEN_CAPTION, "the block has no line of times; it is left out");
                let problem = problem.fix("write 00:00:01,000 --> 00:00:02,000 above its text");
                self.waiting.push_back(Told::Problem(Place::line(first_line), problem));
            }
            return;
        };
        let mut rest = &block.lines[times + 1..];
        let mut id = (times == 1 && !is_header).then_some(first);
        // Files that lost their empty lines: a number and a line of times inside a caption begin the next one.
        while let Some(next) = rest.iter().position(|(_, line)| line.contains("-->")) {
            let has_id =
                next > 0 && !rest[next - 1].1.is_empty() && rest[next - 1].1.bytes().all(|b| b.is_ascii_digit());
            let end = if has_id { next - 1 } else { next };
            self.caption(id.take(), &rest[..end], first_line);
            id = has_id.then(|| rest[next - 1].1.clone());
            rest = &rest[next + 1..];
        }
        self.caption(id, rest, first_line);
    }

    fn caption(&mut self, id: Option<String>, lines: &[(u64, String)], above: u64) {
        let line = lines.first().map_or(above, |(line, _)| *line);
        let spoken = Spoken::of(lines);
        let text = match spoken.voices.as_slice() {
            [] => spoken.said.lines(|line| self.begins_turn(line)),
            // Two who have voices are a dialogue; else there is one voice for all.
            [_, _, ..] if spoken.voices.iter().all(|name| self.has_voice(name)) => spoken.said.dialogue(),
            [_, ..] => spoken.said.concat_text(),
        };
        if text.trim().is_empty() {
            if !self.has_told_of_silence {
                self.has_told_of_silence = true;
                let problem = Problem::new(&rules::LEFT_OUT, "the caption has no text; such captions are left out");
                self.waiting.push_back(Told::Problem(Place::line(line), problem));
            }
            return;
        }
        let mut passage = Passage::new(Place::at(line, 1), text);
        if let [name] = spoken.voices.as_slice() {
            passage.speaker = Some(name.clone());
        }
        let is_number = |id: &str| !id.is_empty() && id.len() < 18 && id.bytes().all(|b| b.is_ascii_digit());
        match id {
            Some(id) if is_number(&id) => passage.id = Some(id),
            Some(id) => {
                let name = slug(&id);
                passage.key = (!name.is_empty()).then(|| name.clone());
                passage.id = passage.key.clone();
            }
            None => {}
        }
        self.waiting.push_back(Told::Text(passage));
    }

    /// Whether a line begins with a name that has a voice, so that it must stay a line.
    fn begins_turn(&self, line: &str) -> bool {
        line.split_once([':', '：']).is_some_and(|(name, _)| self.has_voice(name))
    }

    fn has_voice(&self, name: &str) -> bool {
        self.speakers.iter().any(|speaker| is_same(speaker, name))
    }
}

impl<R: BufRead> Passages for Captions<R> {
    fn next(&mut self) -> io::Result<Option<Told>> {
        loop {
            if let Some(told) = self.waiting.pop_front() {
                return Ok(Some(told));
            }
            match self.block()? {
                Some(block) => self.take(block),
                None => return Ok(None),
            }
        }
    }
}

/// What a caption says, without markup.
#[derive(Default)]
struct Spoken {
    /// Who speaks, each once, in order.
    voices: Vec<String>,
    said: Said,
}

/// Stretches of text with the names of those who say them.
#[derive(Default)]
struct Said(Vec<(Option<String>, String)>);

impl Said {
    fn push(&mut self, c: char) {
        if self.0.is_empty() {
            self.0.push((None, String::new()));
        }
        if let Some((_, text)) = self.0.last_mut() {
            text.push(c);
        }
    }

    /// The end of a line; what becomes of it is decided when all lines are known.
    fn end_line(&mut self) {
        let last = self.0.iter().rev().find_map(|(_, text)| text.chars().next_back());
        if last.is_some_and(|c| c != '\n') {
            self.push('\n');
        }
    }

    /// The text in lines only where a line must begin a new one, or each begins with the dash of an answer.
    fn lines(&self, begins: impl Fn(&str) -> bool) -> String {
        let all: String = self.0.iter().map(|(_, text)| text.as_str()).collect();
        let is_answer = |line: &&str| without_dash(line).is_some();
        let are_answers = all.lines().filter(is_answer).count() > 1;
        let mut lines: Vec<String> = Vec::new();
        for line in all.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let line = without_dash(line).filter(|_| are_answers).map_or((line, false), |said| (said, true));
            match lines.last_mut() {
                Some(before) if !line.1 && !begins(line.0) => {
                    before.push(' ');
                    before.push_str(line.0);
                }
                Some(_) | None => lines.push(line.0.to_owned()),
            }
        }
        lines.iter().map(|line| tidy(line)).collect::<Vec<_>>().join("\n")
    }

    fn concat_text(&self) -> String {
        let mut all = String::new();
        for (_, text) in &self.0 {
            if !all.is_empty() && !all.ends_with(char::is_whitespace) && !text.starts_with(char::is_whitespace) {
                all.push(' ');
            }
            all.push_str(text);
        }
        tidy(&all)
    }

    fn dialogue(&self) -> String {
        let turns = self.0.iter().filter(|(_, text)| !text.trim().is_empty());
        let lines = turns.map(|(name, text)| match name {
            Some(name) => format!("{name}: {}", tidy(text)),
            None => tidy(text),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Spoken {
    fn of(lines: &[(u64, String)]) -> Spoken {
        let mut spoken = Spoken::default();
        let mut is_silent = false;
        for (_, line) in lines {
            spoken.line(line, &mut is_silent);
            spoken.said.end_line();
        }
        spoken
    }

    fn line(&mut self, line: &str, is_silent: &mut bool) {
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            if c == '{'
                && rest.starts_with("{\\")
                && let Some((_, after)) = rest.split_once('}')
            {
                // `{\an8}` and its like place the text on the screen.
                rest = after;
                continue;
            }
            if c == '<'
                && let Some((tag, after)) = rest[1..].split_once('>')
                && let Some(meaning) = meaning(tag)
            {
                match meaning {
                    Tag::Voice(name) => {
                        if !name.is_empty() && !self.voices.iter().any(|known| is_same(known, &name)) {
                            self.voices.push(name.clone());
                        }
                        self.said.0.push((Some(name).filter(|name| !name.is_empty()), String::new()));
                    }
                    Tag::Silent(begins) => *is_silent = begins,
                    Tag::Look => {}
                }
                rest = after;
                continue;
            }
            if c == '&'
                && let Some((entity, after)) = rest[1..].split_once(';')
                && let Some(c) = characters(entity)
            {
                if !*is_silent {
                    c.chars().for_each(|c| self.said.push(c));
                }
                rest = after;
                continue;
            }
            if !*is_silent {
                self.said.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
    }
}

/// What a tag does.
enum Tag {
    /// Somebody speaks from here on.
    Voice(String),
    /// The reading of a character above it begins or ends: it would be spoken twice.
    Silent(bool),
    /// How it looks or when it shows.
    Look,
}

/// What the inside of a tag means; `None` when it is no tag of captions, such as a tag for a voice.
fn meaning(tag: &str) -> Option<Tag> {
    let (is_end, tag) = match tag.strip_prefix('/') {
        Some(tag) => (true, tag),
        None => (false, tag),
    };
    let name = tag.split([' ', '.', '\t']).next().unwrap_or_default().to_ascii_lowercase();
    let is_time = tag.len() >= 5 && tag.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b','));
    match name.as_str() {
        "v" if is_end => Some(Tag::Look),
        "v" => Some(Tag::Voice(tag.split_once([' ', '\t']).map_or("", |(_, name)| name.trim()).to_owned())),
        "rt" | "rp" => Some(Tag::Silent(!is_end)),
        "i" | "b" | "u" | "s" | "c" | "em" | "strong" | "font" | "lang" | "ruby" | "br" | "span" => Some(Tag::Look),
        _ if is_time => Some(Tag::Look),
        _ => None,
    }
}

/// The characters that an entity stands for; none for marks that are not spoken. `None` when it is no entity.
fn characters(entity: &str) -> Option<String> {
    match entity {
        "nbsp" => Some(" ".to_owned()),
        "lrm" | "rlm" | "zwnj" | "shy" => Some(String::new()),
        _ => match entity.strip_prefix('#') {
            Some(number) => {
                let number = match number.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16),
                    None => number.parse(),
                };
                number.ok().and_then(char::from_u32).filter(|c| !c.is_control()).map(String::from)
            }
            None => resolve_html5_entity(entity).map(str::to_owned),
        },
    }
}

/// Whether a line says when a caption is shown.
fn is_times(line: &str) -> bool {
    line.split_once("-->")
        .is_some_and(|(from, _)| from.trim().bytes().all(|b| b.is_ascii_digit() || b":.,".contains(&b)))
}

/// What stands behind the dash with which one of two people begins to speak.
fn without_dash(line: &str) -> Option<&str> {
    let said = line.trim_start().strip_prefix(['-', '–', '—', '‐'])?;
    Some(said.trim_start()).filter(|said| said.chars().next().is_some_and(|c| !c.is_ascii_digit() && c != '-'))
}

/// One space between words, and none between signs of scripts that write without.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let is_seam = tidy.chars().next_back().is_some_and(is_wide) && word.chars().next().is_some_and(is_wide);
        if !tidy.is_empty() && !is_seam {
            tidy.push(' ');
        }
        tidy.push_str(word);
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::lines::Ends;
    use crate::script::passage::testing::all;

    type Read = (Vec<(String, u64, String, Option<String>)>, Vec<(&'static str, u64, u64)>);

    fn read(text: &str, speakers: &[&str]) -> Read {
        let speakers: Vec<Speaker> =
            speakers.iter().map(|name| Speaker { name: (*name).into(), voice: "Kore".into() }).collect();
        let (texts, problems) = all(Captions::new(Lines::new(text.as_bytes(), Ends::Any), &speakers));
        let shown = |text: &Passage| text.id.clone().unwrap_or_else(|| "-".to_owned());
        let told = |text: Passage| (shown(&text), text.place.line, text.text, text.speaker);
        (texts.into_iter().map(told).collect(), problems)
    }

    fn texts(text: &str) -> Vec<(String, u64, String)> {
        read(text, &[]).0.into_iter().map(|(id, line, text, _)| (id, line, text)).collect()
    }

    #[test]
    fn captions_of_films_are_read() {
        let srt = "\u{feff}1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}<i>Hello</i>,\r\nworld &amp; you.\r\n\r\n\
                   2\r\n00:00:03,000 --> 00:00:04,000 X1:1\r\n<font color=\"#fff\">A < b</font> <sigh>\r\n";
        assert_eq!(texts(srt), [("1".into(), 3, "Hello, world & you.".into()), ("2".into(), 8, "A < b <sigh>".into())]);
    }

    #[test]
    fn captions_of_the_web_are_read() {
        let vtt = "WEBVTT - Title\nKind: captions\n\nNOTE\nnot spoken\n\nSTYLE\n::cue { color: red }\n\nIntro Scene\n\
                   00:01.000 --> 00:02.000 align:start\n<v Ann>Hi <00:01.500><c.loud>there</c></v>\n\n\
                   00:03.000 --> 00:04.000\n<lang ja><ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby></lang>\nです。\n";
        let (told, problems) = read(vtt, &[]);
        assert_eq!(problems, []);
        assert_eq!(
            told,
            [
                ("intro-scene".into(), 12, "Hi there".into(), Some("Ann".into())),
                ("-".into(), 15, "漢字です。".into(), None)
            ]
        );
    }

    #[test]
    fn two_voices_in_one_caption_are_a_dialogue_when_both_are_known() {
        let vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hi\n<v Bob>Ho\n";
        assert_eq!(read(vtt, &["ann", "Bob"]).0[0].2, "Ann: Hi\nBob: Ho");
        assert_eq!(read(vtt, &["Ann"]).0[0].2, "Hi Ho");
    }

    #[test]
    fn people_who_answer_each_other_keep_a_line_each() {
        let captions =
            |text: &str, speakers: &[&str]| read(&format!("1\n00:01 --> 00:02\n{text}\n"), speakers).0.remove(0).2;
        let named = "Ines: Is this\nthe boat?\nBo: It is.";
        assert_eq!(captions(named, &["ines", "Bo"]), "Ines: Is this the boat?\nBo: It is.");
        assert_eq!(captions(named, &[]), "Ines: Is this the boat? Bo: It is.");
        assert_eq!(captions("- Is this\nthe boat?\n– <i>It is.</i>", &[]), "Is this the boat?\nIt is.");
        assert_eq!(
            captions("It was cold,\n-5 degrees,\n- more or less.", &[]),
            "It was cold, -5 degrees, - more or less."
        );
    }

    #[test]
    fn heads_and_notes_of_web_captions_are_not_spoken() {
        let table = [
            ("WEBVTT\n00:01.000 --> 00:02.000\nHi\n", "-"),
            ("WEBVTT - Title\nKind: captions\n00:01.000 --> 00:02.000\nHi\n", "-"),
            ("\u{feff}WEBVTT\nX-TIMESTAMP-MAP=LOCAL:0\n\nNOTE a --> b\nno\n\n1\n00:01.000 --> 00:02.000\nHi\n", "1"),
            ("WEBVTT\r\n\r\nREGION\r\nid:a\r\n\r\nSTYLE\r\n::cue(v) {}\r\n\r\n00:01.000 --> 00:02.000\r\nHi\r\n", "-"),
            ("WEBVTT\n\nNOTE\n00:01.000 --> 00:02.000\nHi\n", "note"),
        ];
        for (text, id) in table {
            let (told, problems) = read(text, &[]);
            let told: Vec<_> = told.iter().map(|(id, _, text, _)| (id.as_str(), text.as_str())).collect();
            assert_eq!((told, problems), (vec![(id, "Hi")], vec![]), "{text}");
        }
    }

    #[test]
    fn captions_without_numbers_or_in_any_order_are_read_as_they_stand() {
        let srt = "\u{feff}00:00:05,000 --> 00:00:09,000\r\nOne\r\n\r\n7\r\n00:00:01,000 --> 00:00:06,000\r\n\
                   Two&#39;s &eacute;&#x2013;&zwnj;&bogus; A &amp B\r\n\r\n00:00:01,000-->00:00:02,000\r\nThree";
        let expected = [("-", 2, "One"), ("7", 6, "Two's é–&bogus; A &amp B"), ("-", 9, "Three")];
        assert_eq!(texts(srt), expected.map(|(id, line, text)| (id.to_owned(), line, text.to_owned())));
    }

    #[test]
    fn what_is_no_caption_is_told() {
        let odd = "lost words\n\n1\n00:01 --> 00:02\nHi\n2\n00:02 --> 00:03\nHo\n\n3\n00:03 --> 00:04\n<i></i>\n\n\
                   4\n00:04 --> 00:05\n\n\n5\n00:05 --> 00:06\nHa\n";
        let (told, problems) = read(odd, &[]);
        let told: Vec<_> = told.into_iter().map(|(id, line, text, _)| (id, line, text)).collect();
        assert_eq!(told, [("1".into(), 5, "Hi".into()), ("2".into(), 8, "Ho".into()), ("5".into(), 20, "Ha".into())]);
        assert_eq!(problems, [("broken-caption", 1, 0), ("left-out", 12, 1)].map(|(rule, line, _)| (rule, line, 0)));
    }
}
