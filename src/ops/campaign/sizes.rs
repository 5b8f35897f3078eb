//! Where requests are cut into parts: as many of them go into one job as it may hold, in their order.
//!
//! Pure.

use crate::money::{Catalog, Characters, Estimate};
use crate::ops::{PlannedPart, Split};
use crate::text::{bytes as size, thousands};

/// Bytes around one request in a create call that carries its requests, besides those of its line in a file.
const AROUND_A_REQUEST: u64 = 16;

/// Bytes around all of them.
const AROUND_A_CALL: u64 = 512;

/// The most that one job may hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sizes {
    requests: Option<Most>,
    bytes: Most,
    tokens: Option<Most>,
    around: u64,
}

/// The most of one thing.
#[derive(Clone, Debug, PartialEq)]
struct Most {
    most: u64,
    because: String,
    /// The option by which a person chose it.
    option: Option<&'static str>,
}

impl Most {
    /// The smaller one; what a person chose wins over an equal limit.
    fn least(chosen: Option<Most>, limit: Option<Most>) -> Option<Most> {
        match (chosen, limit) {
            (Some(chosen), Some(limit)) if limit.most < chosen.most => Some(limit),
            (Some(most), _) | (None, Some(most)) => Some(most),
            (None, None) => None,
        }
    }
}

impl Sizes {
    /// The smallest of what was chosen and what the service and the tier take.
    pub(super) fn of(catalog: &Catalog, model: &str, split: &Split, inline: bool) -> Sizes {
        let limits = catalog.limits_for(model, catalog.tier);
        let chosen = |most: Option<u64>, option, because: &dyn Fn(u64) -> String| {
            most.map(|most| Most { most, because: because(most), option: Some(option) })
        };
        let limit = |most: u64, because: String| Most { most, because, option: None };
        let of_service = match inline {
            true => {
                let most = limits.inline_request_bytes;
                // The call must stay below its limit, with everything that stands around the requests.
                limit(most.saturating_sub(AROUND_A_CALL + 1), format!("{} in a create call", size(most)))
            }
            false => {
                let most = limits.input_file_bytes;
                limit(most, format!("{} in an input file", size(most)))
            }
        };
        let bytes = chosen(split.max_bytes, "--max-size", &|most| format!("{} a job", size(most)));
        let of_tier = limits
            .enqueued_tokens
            .map(|most| limit(most, format!("{} enqueued tokens of tier {}", thousands(most), catalog.tier)));
        Sizes {
            requests: chosen(split.max_requests, "--max-requests", &|most| {
                format!("{} a job", crate::text::count(most, "request"))
            }),
            bytes: Most::least(bytes, Some(of_service.clone())).unwrap_or(of_service),
            tokens: Most::least(
                chosen(split.max_tokens, "--max-tokens", &|most| format!("{} tokens a job", thousands(most))),
                of_tier,
            ),
            around: if inline { AROUND_A_REQUEST } else { 0 },
        }
    }

    /// Whether so much may be more than one job holds. Tokens are those of all text together: counted request by
    /// request, as the service does, there is up to one more for each.
    pub(super) fn may_be_over(&self, n_requests: u64, bytes: u64, tokens: u64) -> bool {
        self.bytes.most < bytes + self.around * n_requests
            || self.requests.as_ref().is_some_and(|requests| requests.most < n_requests)
            || self.tokens.as_ref().is_some_and(|tokens_most| tokens_most.most < tokens + n_requests)
    }

    /// Why the parts are several: the limit that makes the most of them.
    fn because(&self, parts: &[Part]) -> String {
        let sum = |of: fn(&Part) -> u64| parts.iter().map(of).sum::<u64>() as f64;
        let bytes = sum(|part| part.bytes) + self.around as f64 * sum(|part| part.n_requests);
        let limits = [
            self.tokens.as_ref().map(|most| (sum(|part| part.text_tokens), most)),
            Some((bytes, &self.bytes)),
            self.requests.as_ref().map(|most| (sum(|part| part.n_requests), most)),
        ];
        let by_share = |(all, most): &(f64, &Most)| *all / most.most.max(1) as f64;
        let most = limits.into_iter().flatten().max_by(|a, b| by_share(a).total_cmp(&by_share(b)));
        most.map(|(_, most)| most.because.clone()).unwrap_or_default()
    }
}

/// What one part holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Part {
    from: u64,
    bytes: u64,
    n_requests: u64,
    characters: Characters,
    text_tokens: u64,
}

/// Cuts requests into parts, one request after the other.
pub(super) struct Cutter<'c> {
    catalog: &'c Catalog,
    sizes: &'c Sizes,
    closed: Vec<Part>,
    open: Part,
}

impl<'c> Cutter<'c> {
    pub(super) fn new(catalog: &'c Catalog, sizes: &'c Sizes) -> Self {
        Cutter { catalog, sizes, closed: Vec::new(), open: Part::default() }
    }

    /// Takes the next request. A request that alone is over a chosen size is told: the option, and by how much it is
    /// over. One that is over the tokens of a tier gets a part of its own: nobody knows for sure how they are counted.
    pub(super) fn take(&mut self, bytes: u64, characters: Characters) -> Option<String> {
        let Sizes { requests, bytes: most_bytes, tokens, around } = self.sizes;
        let text_tokens = self.catalog.length(&characters).text_tokens;
        let open = &self.open;
        let is_full = open.n_requests > 0
            && (open.bytes + bytes + around * (open.n_requests + 1) > most_bytes.most
                || requests.as_ref().is_some_and(|requests| open.n_requests >= requests.most)
                || tokens.as_ref().is_some_and(|tokens| open.text_tokens + text_tokens > tokens.most));
        if is_full {
            let next = Part { from: open.from + open.bytes, ..Part::default() };
            self.closed.push(std::mem::replace(&mut self.open, next));
        }
        self.open.bytes += bytes;
        self.open.n_requests += 1;
        self.open.characters += characters;
        self.open.text_tokens += text_tokens;
        match (most_bytes.option, tokens) {
            (Some(option), _) if bytes + around > most_bytes.most => {
                Some(format!("this request alone is {}; {option} allows {}", size(bytes), size(most_bytes.most)))
            }
            (_, Some(Most { most, option: Some(option), .. })) if text_tokens > *most => Some(format!(
                "this request alone is {} tokens; {option} allows {}",
                thousands(text_tokens),
                thousands(*most)
            )),
            (Some(_) | None, Some(_) | None) => None,
        }
    }

    /// How many parts there are so far.
    pub(super) fn n_parts(&self) -> usize {
        self.closed.len() + usize::from(self.open.n_requests > 0)
    }

    /// All parts, and why they are several. The estimate of the whole is shared out among them, so that they add up.
    pub(super) fn finish(mut self, whole: &Estimate) -> (Vec<PlannedPart>, String) {
        if self.open.n_requests > 0 {
            self.closed.push(self.open);
        }
        let because = self.sizes.because(&self.closed);
        let weight = |part: &Part| self.catalog.length(&part.characters).seconds.1;
        let all: f64 = self.closed.iter().map(weight).sum();
        let planned = |part: &Part| {
            let share = if all > 0.0 { weight(part) / all } else { 1.0 / self.closed.len() as f64 };
            let of = |(low, high): (f64, f64)| (low * share, high * share);
            PlannedPart {
                from: part.from,
                bytes: part.bytes,
                n_requests: part.n_requests,
                characters: part.characters.total(),
                estimate: Estimate {
                    characters: part.characters.total(),
                    seconds: of(whole.seconds),
                    text_tokens: part.text_tokens,
                    audio_tokens: of(whole.audio_tokens),
                    dollars: whole.dollars.map(of),
                    basis: whole.basis.clone(),
                },
            }
        };
        (self.closed.iter().map(planned).collect(), because)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PRO: &str = "gemini-2.5-pro-preview-tts";
    const FLASH: &str = "gemini-3.8-flash-tts";

    fn cut(model: &str, split: Split, inline: bool, lines: &[(u64, usize)]) -> (Vec<PlannedPart>, String) {
        let catalog = Catalog::built_in();
        let sizes = Sizes::of(&catalog, model, &split, inline);
        let mut cutter = Cutter::new(&catalog, &sizes);
        for (bytes, characters) in lines {
            cutter.take(*bytes, Characters::of(&"x".repeat(*characters)));
        }
        cutter.finish(&Estimate { seconds: (10.0, 20.0), dollars: Some((1.0, 2.0)), ..Estimate::default() })
    }

    #[test]
    fn the_smallest_of_all_limits_makes_the_parts_and_is_the_reason() {
        let none = Split::default();
        let requests = Split { max_requests: Some(2), ..none };
        let bytes = Split { max_bytes: Some(1_000), ..none };
        let tokens = Split { max_tokens: Some(10_000), ..none };
        let too_many = Split { max_tokens: Some(90_000), ..none };
        // Ten requests of 400 bytes and 10 000 tokens each.
        let lines = [(400, 40_000); 10];
        let large = [(19_000_000, 10); 3];
        let huge = [(900_000_000, 10); 5];
        let table = [
            (PRO, none, false, &lines[..], 5, "25 000 enqueued tokens of tier 1"),
            (PRO, too_many, false, &lines, 5, "25 000 enqueued tokens of tier 1"),
            (PRO, tokens, false, &lines, 10, "10 000 tokens a job"),
            (FLASH, none, false, &lines, 1, ""),
            (FLASH, requests, false, &lines, 5, "2 requests a job"),
            (FLASH, bytes, false, &lines, 5, "1 kB a job"),
            (FLASH, none, true, &large, 3, "20 MB in a create call"),
            (FLASH, none, false, &huge, 3, "2.0 GB in an input file"),
        ];
        for (model, split, inline, lines, n_parts, because) in table {
            let (parts, why) = cut(model, split, inline, lines);
            assert_eq!(parts.len(), n_parts, "{model} {split:?} {inline}");
            if n_parts > 1 {
                assert_eq!(why, because, "{model} {split:?} {inline}");
            }
        }
    }

    #[test]
    fn a_request_over_a_chosen_size_is_told_and_one_over_a_tier_goes_alone() {
        let catalog = Catalog::built_in();
        let take = |model, split: Split, bytes, characters: usize| {
            let sizes = Sizes::of(&catalog, model, &split, false);
            Cutter::new(&catalog, &sizes).take(bytes, Characters::of(&"x".repeat(characters)))
        };
        let split = Split { max_bytes: Some(500), max_tokens: Some(50), ..Split::default() };
        assert_eq!(take(FLASH, split, 500, 200), None);
        assert!(take(FLASH, split, 501, 200).unwrap().contains("--max-size"));
        assert!(take(FLASH, split, 500, 204).unwrap().contains("--max-tokens"));
        assert_eq!(take(PRO, Split::default(), 500, 200_000), None);
        let (parts, _) = cut(PRO, Split::default(), false, &[(400, 4), (400, 200_000), (400, 4)]);
        assert_eq!(parts.iter().map(|part| part.n_requests).collect::<Vec<_>>(), [1, 1, 1]);
    }

    proptest! {
        #[test]
        fn parts_stand_behind_each_other_hold_no_more_than_they_may_and_add_up(
            lines in prop::collection::vec((1u64..600, 1usize..400), 1..60),
            max_requests in prop::option::of(1u64..9),
            max_bytes in prop::option::of(600u64..3_000),
            max_tokens in prop::option::of(100u64..400),
            inline in any::<bool>(),
        ) {
            let (parts, _) = cut(FLASH, Split { max_requests, max_bytes, max_tokens }, inline, &lines);
            let mut at = 0;
            for part in &parts {
                prop_assert_eq!(part.from, at);
                at += part.bytes;
                prop_assert!(part.n_requests > 0);
                prop_assert!(max_requests.is_none_or(|most| part.n_requests <= most));
                prop_assert!(max_bytes.is_none_or(|most| part.bytes <= most || part.n_requests == 1));
                prop_assert!(max_tokens.is_none_or(|most| part.estimate.text_tokens <= most));
            }
            prop_assert_eq!(at, lines.iter().map(|(bytes, _)| bytes).sum::<u64>());
            prop_assert_eq!(parts.iter().map(|part| part.n_requests).sum::<u64>(), lines.len() as u64);
            let characters: usize = lines.iter().map(|(_, characters)| characters).sum();
            prop_assert_eq!(parts.iter().map(|part| part.characters).sum::<u64>(), characters as u64);
            let dollars: f64 = parts.iter().filter_map(|part| part.estimate.dollars).map(|(_, high)| high).sum();
            prop_assert!((dollars - 2.0).abs() < 1e-9);
        }
    }
}
