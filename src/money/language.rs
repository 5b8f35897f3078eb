//! Language codes: which lists name them, and what to write in place of those that none names.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::model::Generation;

/// The codes for `languageCode`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "RawLanguages")]
pub struct Languages {
    /// In the order of their codes.
    pub all: Vec<Language>,
    /// Who names codes.
    pub lists: Vec<LanguageList>,
    alias: BTreeMap<String, String>,
}

/// One code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// Such as `de-DE`.
    pub code: String,
    /// In English.
    pub name: String,
    /// The ids of the lists that name it.
    pub lists: Vec<String>,
}

/// A list of codes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageList {
    /// Short, for the data.
    pub id: String,
    /// For people.
    pub title: String,
    /// The generations of models that it speaks of.
    pub generations: Vec<Generation>,
    /// Where it comes from.
    pub evidence: String,
}

/// What is known of a code for a generation of models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LanguageCheck {
    /// Some list for these models names it.
    Listed,
    /// None does; perhaps this one is meant.
    NotListed {
        /// A listed code.
        closest: Option<String>,
    },
}

impl Languages {
    /// The language of exactly this code.
    pub fn get(&self, code: &str) -> Option<&Language> {
        self.all.binary_search_by(|language| language.code.as_str().cmp(code)).ok().map(|at| &self.all[at])
    }

    /// Looks a code up. Nothing names the codes of 3.8 and later, so there any code of any list is good.
    pub fn check(&self, code: &str, generation: Generation) -> LanguageCheck {
        if self.is_listed(code, generation) {
            return LanguageCheck::Listed;
        }
        let same = |known: &str| known.eq_ignore_ascii_case(&code.replace('_', "-"));
        let by_case = self.all.iter().map(|language| language.code.as_str()).find(|known| same(known));
        let by_alias = self.alias.iter().find(|(alias, _)| same(alias)).map(|(_, meant)| meant.as_str());
        let language = code.split(['-', '_']).next().unwrap_or_default();
        let by_language = || {
            let starts = |known: &&str| known.split('-').next() == Some(language);
            let mut codes = self.all.iter().map(|language| language.code.as_str()).filter(starts);
            codes.find(|known| self.is_listed(known, generation))
        };
        let closest = by_case
            .or(by_alias)
            .filter(|known| self.is_listed(known, generation))
            .or_else(|| self.alias.get(language).map(String::as_str).filter(|known| self.is_listed(known, generation)))
            .or_else(by_language);
        LanguageCheck::NotListed { closest: closest.map(str::to_owned) }
    }

    fn is_listed(&self, code: &str, generation: Generation) -> bool {
        let Some(language) = self.get(code) else { return false };
        let speaks_of = |list: &LanguageList| match generation {
            Generation::V2_5 | Generation::V3_1 => list.generations.contains(&generation),
            Generation::V3_8 | Generation::Unknown => true,
        };
        self.lists.iter().any(|list| speaks_of(list) && language.lists.contains(&list.id))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLanguages {
    #[serde(rename = "as_of")]
    _as_of: toml::value::Datetime,
    list: Vec<LanguageList>,
    alias: BTreeMap<String, String>,
    language: BTreeMap<String, RawLanguage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLanguage {
    name: String,
    lists: Vec<String>,
}

impl From<RawLanguages> for Languages {
    fn from(raw: RawLanguages) -> Languages {
        let language = |(code, raw): (String, RawLanguage)| Language { code, name: raw.name, lists: raw.lists };
        Languages { all: raw.language.into_iter().map(language).collect(), lists: raw.list, alias: raw.alias }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Catalog;

    #[test]
    fn codes_are_looked_up_for_a_generation_with_the_code_that_is_meant() {
        let catalog = Catalog::built_in();
        let table = [
            ("de-DE", Generation::V2_5, None),
            ("cmn-CN", Generation::V3_1, None),
            ("es-MX", Generation::V3_1, None),
            ("es-MX", Generation::V3_8, None),
            ("zh-CN", Generation::V3_8, Some("cmn-CN")),
            ("de-de", Generation::V2_5, Some("de-DE")),
            ("de_DE", Generation::V2_5, Some("de-DE")),
            ("de", Generation::V3_1, Some("de-DE")),
            ("es-MX", Generation::V2_5, Some("es-ES")),
            ("xx-XX", Generation::V3_8, Some("")),
        ];
        for (code, generation, closest) in table {
            let expected = match closest {
                None => LanguageCheck::Listed,
                Some(code) => LanguageCheck::NotListed { closest: (!code.is_empty()).then(|| code.to_owned()) },
            };
            assert_eq!(catalog.languages.check(code, generation), expected, "{code} {}", generation.as_str());
        }
    }

    #[test]
    fn every_alias_means_a_code_of_some_list() {
        let catalog = Catalog::built_in();
        for meant in catalog.languages.alias.values() {
            assert!(catalog.languages.get(meant).is_some(), "{meant}");
        }
        for language in &catalog.languages.all {
            for list in &language.lists {
                assert!(catalog.languages.lists.iter().any(|known| known.id == *list), "{} {list}", language.code);
            }
        }
    }
}
