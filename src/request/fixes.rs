//! Quick fixes: the rules whose findings are mended in what is sent. The source itself stays as it is.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::finding::Finding;
use super::rules::{RULES, Rule, rule};
use super::spelling::closest;
use crate::text::clean_short;

/// The rules that are mended; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixes(BTreeSet<&'static str>);

/// A word that names no rule with a quick fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownFix {
    /// No rule of that name.
    #[error("unknown rule {0}{1}")]
    Rule(String, String),
    /// A rule that nobody can mend but the author.
    #[error("{0} has no quick fix; with one are {1}")]
    NoFix(&'static str, String),
}

impl Fixes {
    pub(super) const fn nothing() -> Fixes {
        Fixes(BTreeSet::new())
    }

    /// Every rule that has a quick fix.
    pub fn all() -> Fixes {
        Fixes(with_fix().map(|rule| rule.id).collect())
    }

    /// The rules that are worth switching on: those with a quick fix that found something which was not mended.
    pub fn for_findings(findings: &[Finding]) -> Fixes {
        let open = findings.iter().filter(|finding| !finding.fixed).filter_map(|finding| rule(finding.rule));
        Fixes(open.filter(|rule| rule.fix.is_some()).map(|rule| rule.id).collect())
    }

    /// Whether findings of this rule are mended.
    pub fn has(&self, rule: &Rule) -> bool {
        self.0.contains(rule.id)
    }

    /// Whether nothing is mended.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Mends findings of this rule from now on, or no longer. A rule without a quick fix stays out.
    pub fn set(&mut self, rule: &'static Rule, is_on: bool) {
        match is_on && rule.fix.is_some() {
            true => self.0.insert(rule.id),
            false => self.0.remove(rule.id),
        };
    }

    /// Adds the rules of another choice.
    pub fn add(&mut self, other: Fixes) {
        self.0.extend(other.0);
    }

    /// The rules that are mended, in the order of [`RULES`].
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> + '_ {
        RULES.iter().copied().filter(|rule| self.has(rule))
    }
}

fn with_fix() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().filter(|rule| rule.fix.is_some())
}

/// Reads `all`, or rules with commas between them.
impl FromStr for Fixes {
    type Err = UnknownFix;

    fn from_str(words: &str) -> Result<Self, UnknownFix> {
        let mut fixes = Fixes::default();
        for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            if word == "all" {
                return Ok(Fixes::all());
            }
            let Some(known) = rule(word) else {
                let meant = closest(word, RULES.iter().map(|rule| rule.id));
                let meant = meant.map_or(String::new(), |meant| format!("; do you mean {meant}?"));
                return Err(UnknownFix::Rule(clean_short(word, 40), meant));
            };
            if known.fix.is_none() {
                let known_ones: Vec<&str> = with_fix().map(|rule| rule.id).collect();
                return Err(UnknownFix::NoFix(known.id, known_ones.join(", ")));
            }
            fixes.0.insert(known.id);
        }
        Ok(fixes)
    }
}

impl fmt::Display for Fixes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.rules().map(|rule| rule.id).collect();
        f.write_str(&ids.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Problem, rules};

    #[test]
    fn rules_are_chosen_by_their_names() {
        let fixes = |words: &str| words.parse::<Fixes>();
        assert_eq!(
            fixes("empty-text, duplicate-key").map(|fixes| fixes.to_string()).unwrap(),
            "duplicate-key,empty-text"
        );
        assert_eq!(fixes("all"), Ok(Fixes::all()));
        assert_eq!(fixes(""), Ok(Fixes::default()));
        let error = |words: &str| fixes(words).unwrap_err().to_string();
        assert_eq!(error("emty-text"), "unknown rule emty-text; do you mean empty-text?");
        assert!(
            error("broken-json").starts_with("broken-json has no quick fix; with one are "),
            "{}",
            error("broken-json")
        );
    }

    #[test]
    fn only_rules_with_a_quick_fix_are_switched_on() {
        let mut fixes = Fixes::default();
        fixes.set(&rules::EMPTY_TEXT, true);
        fixes.set(&rules::BROKEN_JSON, true);
        assert_eq!(fixes.rules().map(|rule| rule.id).collect::<Vec<_>>(), ["empty-text"]);
        fixes.set(&rules::EMPTY_TEXT, false);
        assert!(fixes.is_empty());
        let found = |rule| Problem::new(rule, "x").found("a", 1, None);
        let findings = [
            found(&rules::BROKEN_JSON),
            found(&rules::EMPTY_KEY),
            Finding { fixed: true, ..found(&rules::EMPTY_TEXT) },
        ];
        assert_eq!(Fixes::for_findings(&findings).to_string(), "empty-key");
    }
}
