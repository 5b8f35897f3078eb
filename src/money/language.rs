//! Language codes: which lists name them, and what to write in place of those that none names.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::model::Generation;
use super::origin::Origin;
use super::reading::{CatalogError, Day, name, read};

/// The list of codes that a person names without saying whose they are: good for every model.
const YOURS: &str = "yours";

/// The codes for `languageCode`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// Where it comes from.
    pub origin: Origin,
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

    /// Lays a file of the form of `languages.toml` over them: an entry that is known changes only what it names, and a
    /// new one is added; without a list of its own it is good for every model. A file with a mistake changes nothing.
    pub(super) fn lay_over(&mut self, text: &str, origin: &Origin) -> Result<(), CatalogError> {
        let file: File = read(text)?;
        let mut over = self.clone();
        for list in file.list {
            over.lists.retain(|known| known.id != list.id);
            over.lists.push(list);
        }
        for (alias, code) in file.alias {
            over.alias.insert(alias, code);
        }
        for (code, entry) in file.language {
            let at = code.span().start;
            let Some(code) = name(code.get_ref()) else {
                return Err(CatalogError::at(text, at, "a language without a code"));
            };
            let place = over.all.binary_search_by(|language| language.code.as_str().cmp(&code));
            let mut language = match place {
                Ok(at) => over.all.remove(at),
                Err(_) => {
                    Language { code: code.clone(), name: code, lists: vec![YOURS.into()], origin: origin.clone() }
                }
            };
            if let Some(named) = entry.name.as_deref().and_then(name) {
                language.name = named;
            }
            if let Some(lists) = entry.lists {
                if let Some(unknown) = lists.iter().find(|id| over.lists.iter().all(|list| list.id != **id)) {
                    return Err(CatalogError::at(text, at, &format!("there is no list {unknown}")));
                }
                language.lists = lists;
            }
            language.origin = origin.clone();
            over.all.insert(place.unwrap_or_else(|at| at), language);
        }
        *self = over;
        Ok(())
    }

    fn is_listed(&self, code: &str, generation: Generation) -> bool {
        let Some(language) = self.get(code) else { return false };
        if language.lists.iter().any(|list| list == YOURS) {
            return true;
        }
        let speaks_of = |list: &LanguageList| match generation {
            Generation::V2_5 | Generation::V3_1 => list.generations.contains(&generation),
            Generation::V3_8 | Generation::Unknown => true,
        };
        self.lists.iter().any(|list| speaks_of(list) && language.lists.contains(&list.id))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "as_of")]
    _as_of: Option<Day>,
    #[serde(default)]
    list: Vec<LanguageList>,
    #[serde(default)]
    alias: BTreeMap<String, String>,
    #[serde(default)]
    language: BTreeMap<Spanned<String>, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<String>,
    lists: Option<Vec<String>>,
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
    #[test]
    fn a_persons_own_languages_are_laid_over_the_known_ones() {
        let mut languages = Catalog::built_in().languages.clone();
        let origin = Origin::Yours("languages.toml".into());
        let text = "[alias]\nbar = \"de-AT\"\n[language]\nde-AT = { name = \"German (Austria)\" }\n\
                    sw-KE = { lists = [\"table\"] }\n";
        languages.lay_over(text, &origin).unwrap();
        for generation in [Generation::V2_5, Generation::V3_1, Generation::V3_8] {
            assert_eq!(languages.check("de-AT", generation), LanguageCheck::Listed);
        }
        assert_eq!(languages.check("sw-KE", Generation::V2_5), LanguageCheck::Listed);
        assert_eq!(languages.get("sw-KE").map(|language| language.name.as_str()), Some("Swahili (Kenya)"));
        assert_eq!(
            languages.check("bar", Generation::V2_5),
            LanguageCheck::NotListed { closest: Some("de-AT".into()) }
        );
        let before = languages.clone();
        for (text, line, word) in [
            ("[language]\nxx = { lists = [\"mine\"] }", 2, "mine"),
            ("[language]\nxx = { title = \"X\" }", 2, "title"),
            ("[[list]]\nid = \"a\"\ngenerations = [\"9\"]", 3, "9"),
        ] {
            let error = languages.lay_over(text, &origin).expect_err(text);
            assert_eq!((error.line, error.message.contains(word)), (line, true), "{text}: {error}");
        }
        assert_eq!(languages, before);
    }
}
