//! `--refresh`, one word with two meanings: how often a command looks at the service, and, of `models` and `voices`,
//! that the service is asked first.
//!
//! The second stands in the place of the first on those two commands, so both are values of one type.

use clap::builder::{BoolValueParser, TypedValueParser};
use clap::{ArgAction, Args};

/// What `--refresh` said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// Nothing.
    #[default]
    Unsaid,
    /// Look at the service every so many seconds.
    Every(u64),
    /// Ask the service before telling what can be used.
    Now,
}

impl Refresh {
    /// The seconds between two polls, when that is what was said.
    pub fn every(self) -> Option<u64> {
        match self {
            Refresh::Every(seconds) => Some(seconds),
            Refresh::Unsaid | Refresh::Now => None,
        }
    }

    /// Reads the seconds of the option of every command.
    pub(super) fn seconds(text: &str) -> Result<Refresh, std::num::ParseIntError> {
        text.parse().map(Refresh::Every)
    }
}

/// `models` and `voices`
#[derive(Args, Clone, Copy, Debug)]
pub struct Offer {
    /// Ask the service first, and remember what it lists
    #[arg(long, action = ArgAction::SetTrue, value_parser = said())]
    pub refresh: Refresh,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

impl Offer {
    /// Whether the service is to be asked.
    pub fn asks(self) -> bool {
        self.refresh == Refresh::Now
    }
}

fn said() -> impl TypedValueParser<Value = Refresh> {
    BoolValueParser::new().map(|said| if said { Refresh::Now } else { Refresh::Unsaid })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::args::{Arguments, Refresh, Verb};

    #[test]
    fn refresh_asks_the_service_on_models_and_voices_and_paces_every_other_command() {
        let table = [
            ("models", false, None),
            ("models --refresh", true, None),
            ("voices --refresh --json", true, None),
            ("--refresh 30 models", false, Some(30)),
            ("--refresh 30 models --refresh", true, None),
            ("--refresh 30 list", false, Some(30)),
            ("list --refresh 5", false, Some(5)),
            ("list", false, None),
        ];
        for (line, asks, every) in table {
            let words = ["gemtts-tui"].into_iter().chain(line.split(' '));
            let arguments = Arguments::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
            let asked = match arguments.verb.unwrap() {
                Verb::Models(offer) | Verb::Voices(offer) => offer.asks(),
                _ => false,
            };
            assert_eq!((asked, arguments.global.refresh.and_then(Refresh::every)), (asks, every), "{line}");
        }
        for line in ["list --refresh", "--refresh models", "list --refresh soon", "models --refresh=5"] {
            let words = ["gemtts-tui"].into_iter().chain(line.split(' '));
            assert!(Arguments::try_parse_from(words).is_err(), "{line}");
        }
    }
}
