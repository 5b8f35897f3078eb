//! The command line, as clap reads it: verbs, options, and the words of `--help`.
//!
//! Pure: knows nothing of files, keys or the network. No option takes a key, because every user of the machine can
//! read the arguments of every process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::values;
use crate::config;
use crate::filter::Filter;

mod campaigns;
mod create;
mod refresh;
pub use campaigns::{Campaigns, CampaignsVerb, Cancelling};
pub use create::{Create, Lint, Sources};
pub use refresh::{Offer, Refresh};

/// Watch, create and save batches of the Gemini Batch API that turn text into speech.
#[derive(Clone, Debug, Parser)]
#[command(name = "gemtts-tui", version, max_term_width = 100)]
#[command(
    after_help = "Without a command the dashboard opens. Every verb of the dashboard is also a command, for scripts: \
    results go to standard output, talk to standard error.\n\
    The key comes from GOOGLE_API_KEY or GEMINI_API_KEY, from --key-file, or from a key_command or
    key_file in the configuration.\n\
    Exit codes: 0 ok, 1 failed, 2 usage or no terminal, 3 key, 4 some items failed or look bad, 5 outcome of a create \
    unknown, 6 disk, 7 refused, 124 waited too long."
)]
pub struct Arguments {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// Save nothing by itself in the dashboard, whatever the configuration says
    #[arg(long)]
    pub no_auto_save: bool,
    /// What to do; without one the dashboard opens.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// Options that may stand before or after every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Profile of the configuration file to use
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Another endpoint than Google's
    #[arg(long, global = true, value_name = "URL")]
    pub base_url: Option<String>,
    /// Another configuration file
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A file that holds the key alone, readable by you only; before the environment
    #[arg(long, global = true, value_name = "FILE", conflicts_with_all = ["demo", "replay"])]
    pub key_file: Option<PathBuf>,
    /// Refuse everything that changes something at the service
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Open a dashboard that changes things beside another one, or where the file system has no locks
    #[arg(long, global = true)]
    pub no_lock: bool,
    /// Use an embedded service with invented jobs: no key, no network, folders of its own
    #[arg(long, global = true)]
    pub demo: bool,
    /// Write every exchange with the service to a new file, without the key: texts and audio are in it
    #[arg(long, global = true, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Use a recording in place of the service: no key, no network, folders of its own
    #[arg(long, global = true, value_name = "FILE", conflicts_with_all = ["demo", "record", "base_url", "profile"])]
    pub replay: Option<PathBuf>,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// When to use colours: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: ColorChoice,
    /// Redraw at most once a second, and ask the service less often, for a line that is thin or slow
    #[arg(long, global = true)]
    pub low_bandwidth: bool,
    /// Write a log to this file
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Seconds between two polls, at least 2
    #[arg(long, global = true, value_name = "SECONDS", value_parser = Refresh::seconds)]
    pub refresh: Option<Refresh>,
    /// More detail in the log; twice for all of it
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Even into a pipe.
    Always,
    /// Not at all.
    Never,
}

impl From<ColorChoice> for config::ColorChoice {
    fn from(choice: ColorChoice) -> Self {
        match choice {
            ColorChoice::Auto => config::ColorChoice::Auto,
            ColorChoice::Always => config::ColorChoice::Always,
            ColorChoice::Never => config::ColorChoice::Never,
        }
    }
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// List jobs, newest first
    List(List),
    /// Show one job
    Get(Get),
    /// Prepare, check, upload and submit a job
    Create(Create),
    /// Check sources as create does, and send nothing
    Lint(Lint),
    /// Cancel jobs and follow each until the service agrees
    Cancel(Cancel),
    /// Delete jobs whose results are on disk, or give up a create whose answer was lost
    ///
    /// In place of a job, the token of an UNKNOWN create (26 characters, as `list` and `doctor` show it) gives that
    /// create up: the same content may be sent again then. It may have become a job all the same, which is billed, and
    /// which every later listing still adopts.
    Delete(Delete),
    /// Wait until jobs are over, and print each transition
    Wait(Wait),
    /// Decode results to audio files
    Save(Save),
    /// Check a saved folder against its manifest
    Verify(Verify),
    /// Submit a new job of only the keys that failed or sound wrong
    ///
    /// The requests are those that were sent; they are kept for 30 days on the machine that created the job. Keys whose
    /// result is anything but ok are taken again, and keys without any result; what is changed in a request is shown
    /// first. Saved without --out, the new takes go to the folder of the original.
    Retake(Retake),
    /// Jobs that were too large for one, handled as one: show, go on, pause, cancel
    Campaigns(Campaigns),
    /// List or delete what the Files API stores
    Files(Files),
    /// What was spent, by day and model, and what is under way; needs no key and no network
    ///
    /// Useful is what went into good audio, unusable what was billed all the same. What nobody has read the results of is
    /// an estimate. Days are those of the local calendar, by when a job was created.
    Spend(Spend),
    /// Models that can speak, with limits and prices
    Models(Offer),
    /// Voices and how they sound
    Voices(Offer),
    /// Run the embedded service alone
    Sim(Sim),
    /// Look at key, endpoint, clock, terminal, folders and locks, and say what is wrong
    Doctor(Report),
    /// Print the keys of the dashboard
    Keys,
    /// Print a completion script for a shell
    Completions {
        /// bash, elvish, fish, powershell or zsh
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// `list`
#[derive(Args, Clone, Debug)]
pub struct List {
    /// Only jobs in these states: PENDING, RUNNING, SUCCEEDED, FAILED, CANCELLED, EXPIRED, CANCELLING, UNKNOWN
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = values::state_word)]
    pub state: Vec<String>,
    /// Only jobs that match: text, /regex/, !not, column:value, as in `state:running age:<6h`
    #[arg(long, value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
    /// At most so many jobs
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `get`
#[derive(Args, Clone, Debug)]
pub struct Get {
    /// batches/ID, ID, or the beginning of an ID
    pub job: String,
    /// The job as one line of JSON
    #[arg(long)]
    pub json: bool,
    /// The service's own JSON
    #[arg(long, conflicts_with = "json")]
    pub raw: bool,
}

/// Jobs that are named or chosen.
#[derive(Args, Clone, Debug)]
pub struct Choice {
    /// batches/ID, ID, or the beginning of an ID
    #[arg(value_name = "JOB", required_unless_present = "filter")]
    pub jobs: Vec<String>,
    /// Instead of names: every job that matches, as in `state:running age:>2d`
    #[arg(long, value_name = "EXPR", value_parser = values::real_filter, conflicts_with = "jobs")]
    pub filter: Option<Filter>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `cancel`
#[derive(Args, Clone, Debug)]
pub struct Cancel {
    /// Which jobs.
    #[command(flatten)]
    pub choice: Choice,
}

/// `delete`
#[derive(Args, Clone, Debug)]
pub struct Delete {
    /// Which jobs.
    #[command(flatten)]
    pub choice: Choice,
    /// Delete even results that are not on disk
    #[arg(long)]
    pub unsaved: bool,
}

/// `wait`
#[derive(Args, Clone, Debug)]
pub struct Wait {
    /// batches/ID, ID, or the beginning of an ID
    #[arg(required = true, value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Give up after this time: 90s, 30m, 2h, 1d
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub timeout: Option<Duration>,
    /// Then save the results here; of several jobs each gets a folder in it
    #[arg(long, value_name = "DIR")]
    pub save: Option<PathBuf>,
    /// One JSON object for every transition
    #[arg(long)]
    pub json: bool,
}

/// `save`
#[derive(Args, Clone, Debug)]
pub struct Save {
    /// A job, or a results file that is already on disk
    #[arg(required = true, value_name = "JOB|RESULTS.jsonl")]
    pub what: Vec<String>,
    /// Folder for the audio; of several jobs each gets a folder in it [default: a folder named after the job]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Only keys that match, as in 'ch06-*'; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub key: Vec<String>,
    /// Format of the audio
    #[arg(long, value_name = "FORMAT", default_value = "wav")]
    pub format: SaveFormat,
    /// One JSON object for every result
    #[arg(long)]
    pub json: bool,
}

/// Formats that `save` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SaveFormat {
    /// RIFF with 16-bit PCM.
    Wav,
}

/// `verify`
#[derive(Args, Clone, Debug)]
pub struct Verify {
    /// A folder that save has written
    pub dir: PathBuf,
    /// The outcome as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `retake`
#[derive(Args, Clone, Debug)]
pub struct Retake {
    /// batches/ID, ID, or the beginning of an ID
    pub job: String,
    /// Take keys that the service refused as well
    #[arg(long)]
    pub refused: bool,
    /// Show what would be sent and what is changed in it, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Wait until the new job is over
    #[arg(long, conflicts_with = "dry_run")]
    pub wait: bool,
    /// Submit without asking, even a repeat of recent content or above a cap
    #[arg(long, short)]
    pub yes: bool,
    /// One JSON object for every key, and one for the new job
    #[arg(long)]
    pub json: bool,
}

/// `files`
#[derive(Args, Clone, Debug)]
pub struct Files {
    /// What to do with them.
    #[command(subcommand)]
    pub verb: FilesVerb,
}

/// What can be done with stored files.
#[derive(Clone, Debug, Subcommand)]
pub enum FilesVerb {
    /// What is stored, how big it is, when it expires
    List(Report),
    /// Delete stored files
    Delete {
        /// files/ID or ID
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
}

/// `spend`
#[derive(Args, Clone, Copy, Debug)]
pub struct Spend {
    /// So many days, today among them
    #[arg(long, value_name = "N", default_value = "30", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub days: u32,
    /// One JSON object for every day and model, and one for the sum
    #[arg(long)]
    pub json: bool,
}

/// A command that takes nothing and tells something.
#[derive(Args, Clone, Copy, Debug)]
pub struct Report {
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `sim`
#[derive(Args, Clone, Debug)]
pub struct Sim {
    /// Loopback address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// A TOML file with jobs and faults, instead of the demo's
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// How many times faster than the clock
    #[arg(long, value_name = "X", default_value = "1", value_parser = values::speed)]
    pub speed: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{By, Form, SourceOptions};
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_of_every_command_stand_before_or_after_the_verb() {
        for line in [
            "gemtts-tui --demo --read-only --profile p --refresh 5 -vv list --json",
            "gemtts-tui list --json --demo --read-only --profile p --refresh 5 -vv",
            "gemtts-tui --demo --refresh 5 list --json --profile p --read-only -v -v",
        ] {
            let global = parse(line).unwrap().global;
            assert!(global.demo && global.read_only, "{line}");
            assert_eq!(global.profile.as_deref(), Some("p"), "{line}");
            assert_eq!((global.refresh, global.verbose), (Some(Refresh::Every(5)), 2), "{line}");
        }
    }

    #[test]
    fn what_is_said_about_sources_reaches_their_readers() {
        let line = "gemtts-tui lint a.csv --from tsv --by paragraph --column text=Prompt --key-template {stem}.{n:03} \
                    --speaker Ann=Kore --speaker Bob=Puck --style calm --pronounce w.tsv --skip-headings";
        let Some(Verb::Lint(lint)) = parse(line).unwrap().verb else { panic!("{line}") };
        let options = lint.sources.reading.options();
        assert_eq!((options.from, options.by), (Some(Form::Tsv), By::Paragraph));
        assert_eq!(options.columns.header_of(crate::script::Column::Text), Some("Prompt"));
        assert_eq!(options.keys, Some("{stem}.{n:03}".parse().unwrap()));
        assert_eq!(options.speakers.iter().map(|speaker| speaker.voice.as_str()).collect::<Vec<_>>(), ["Kore", "Puck"]);
        assert_eq!((options.style.as_deref(), options.pronounce), (Some("calm"), Some("w.tsv".into())));
        assert!(options.skip_headings);
        let Some(Verb::Lint(plain)) = parse("gemtts-tui lint a").unwrap().verb else { panic!("no lint") };
        assert_eq!(plain.sources.reading.options(), SourceOptions::default());
        for bad in
            ["--from docx", "--by word", "--column text", "--column mood=x", "--key-template {x}", "--speaker Ann"]
        {
            assert!(parse(&format!("gemtts-tui lint a.csv {bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_option_takes_a_key() {
        let mut pending = vec![Arguments::command()];
        while let Some(command) = pending.pop() {
            for argument in command.get_arguments() {
                let long = argument.get_long().unwrap_or_default();
                // `save --key` chooses keys of requests.
                assert!(!long.contains("api") && !long.contains("secret"), "--{long}");
                assert!(long != "key" || command.get_name() == "save", "--{long} of {}", command.get_name());
            }
            pending.extend(command.get_subcommands().cloned());
        }
    }

    #[test]
    fn what_would_choose_every_job_is_refused() {
        for line in ["gemtts-tui cancel", "gemtts-tui delete", "gemtts-tui cancel a --filter state:running"] {
            assert!(parse(line).is_err(), "{line}");
        }
        assert!(Arguments::try_parse_from(["gemtts-tui", "cancel", "--filter", " "]).is_err());
    }
}
