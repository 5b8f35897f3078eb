//! The table that comes out.

use std::fmt;

use crate::timing::{Took, median};

/// What a number should be.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// Shown for comparison.
    None,
}

#[derive(Debug, Default)]
pub struct Table {
    lines: Vec<[String; 5]>,
}

impl Table {
    /// The program beside something else: seconds of each round, and how many times one is the other.
    pub fn ratio(&mut self, work: &str, (ours, theirs): (&[Took], (&str, &[Took])), goal: Goal) {
        let (name, theirs) = theirs;
        // A program that shall be many times faster is put below, so that the number tells how many times.
        let is_upside_down = matches!(goal, Goal::AtLeast(_));
        let ratios: Vec<f64> = ours
            .iter()
            .zip(theirs)
            .map(|(ours, theirs)| (ours.seconds, theirs.seconds))
            .map(|(ours, theirs)| if is_upside_down { theirs / ours } else { ours / theirs })
            .collect();
        let ratio = median(&ratios);
        let (least, most) = ratios.iter().fold((f64::MAX, f64::MIN), |(a, b), r| (a.min(*r), b.max(*r)));
        let told = if is_upside_down { format!("{name} ÷ program") } else { format!("program ÷ {name}") };
        self.lines.push([
            work.to_owned(),
            told,
            format!("{ratio:.2} ({least:.2}–{most:.2})"),
            format!("{}; {}", medians(ours), medians(theirs)),
            goal.judge(ratio, ""),
        ]);
    }

    /// A number with a unit.
    pub fn number(&mut self, work: &str, what: &str, (number, unit): (f64, &str), more: &str, goal: Goal) {
        self.lines.push([
            work.to_owned(),
            what.to_owned(),
            format!("{number:.1} {unit}"),
            more.to_owned(),
            goal.judge(number, unit),
        ]);
    }

    /// Something that could not be measured.
    pub fn missing(&mut self, work: &str, why: &str) {
        let why = if why.starts_with("not run") { why.to_owned() } else { format!("not run: {why}") };
        self.lines.push([work.to_owned(), why.replace('|', "\\|"), String::new(), String::new(), String::new()]);
    }
}

/// The medians of the time on the wall and of the time of the processors.
fn medians(rounds: &[Took]) -> String {
    let seconds: Vec<f64> = rounds.iter().map(|took| took.seconds).collect();
    let cpu: Vec<f64> = rounds.iter().filter_map(|took| took.cpu).collect();
    let wall = format!("{:.3} s", median(&seconds));
    if cpu.is_empty() { wall } else { format!("{wall} ({:.2} s CPU)", median(&cpu)) }
}

impl Goal {
    fn judge(self, number: f64, unit: &str) -> String {
        let (sign, goal, is_met) = match self {
            Goal::AtMost(goal) => ("≤", goal, number <= goal),
            Goal::AtLeast(goal) => ("≥", goal, number >= goal),
            Goal::None => return "–".to_owned(),
        };
        let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        format!("{sign} {goal}{unit}: {}", if is_met { "met" } else { "missed" })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| work | what | median (least–most) | medians of both | goal |")?;
        writeln!(f, "|---|---|---|---|---|")?;
        for line in &self.lines {
            writeln!(f, "| {} |", line.join(" | "))?;
        }
        Ok(())
    }
}
