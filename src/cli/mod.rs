//! The commands: every verb of the dashboard for scripts, and the way into the dashboard.
//!
//! Parses, opens what a command needs, runs it until it ends, a signal comes or nobody reads any more, and says how it
//! ended. No rules about jobs or money live here: they are in `ops` and below.

mod args;
mod campaigns;
mod cancel;
mod catalog;
mod choose;
mod consent;
mod console;
mod create;
mod dashboard;
mod delete;
mod doctor;
mod files;
mod generated;
mod get;
mod give_up;
mod harden;
mod json;
mod keyless;
mod keys;
mod lint;
mod list;
mod log;
mod progress;
mod retake;
mod save;
mod service;
mod signal;
mod spend;
mod stage;
mod sudden;
mod table;
mod values;
mod verify;
mod wait;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;

use crate::clock::Clock;
use crate::config::{Colors, Env, Terminal};
use crate::failure::{Exit, Failure};
use args::{Arguments, ColorChoice, FilesVerb, Global, Verb};
use console::{Color, Console, Look};
use stage::{Key, Stage};

/// How long work on the disk may take to come to its end once a command is called off.
const GRACE: Duration = Duration::from_secs(2);

/// Runs a command line to its end. What there was to say has been said when this returns.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    harden::harden();
    sudden::tell_without_keys(log::Hidden::of_process());
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        // Help and version come this way too; only they go to standard output.
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    let env = Env::from_process();
    let global = &arguments.global;
    let terminal = Terminal::from_env(&env, false, global.color.into());
    let color = match (global.color, terminal.colors) {
        (ColorChoice::Always, _) => Color::Always,
        (ColorChoice::Never, _) | (ColorChoice::Auto, Colors::None) => Color::Never,
        (ColorChoice::Auto, Colors::Ansi16 | Colors::True) => Color::OnTerminal,
    };
    let console = Arc::new(Console::new(Look { ascii: global.ascii, ascii_terminal: terminal.ascii, color }));
    let exit = sudden::caught(|| match &arguments.verb {
        None => dashboard::run(&console, global, arguments.no_auto_save, &env, &terminal),
        Some(_) if arguments.no_auto_save => {
            let message = "--no-auto-save is about the dashboard, and no command saves by itself";
            Err(Failure::with_exit(Exit::Usage, message))
        }
        Some(verb) => command(&console, global, &env, verb),
    });
    match exit.and_then(|exit| console.failed().map_or(Ok(exit), Err)) {
        Ok(exit) => exit,
        Err(failure) => {
            // Whoever sent the signal, or stopped reading, knows why.
            if !matches!(failure.exit, Exit::Signal(_)) {
                console.failure(&failure);
            }
            failure.exit
        }
    }
}

fn command(console: &Arc<Console>, global: &Global, env: &Env, verb: &Verb) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let work = async {
        tokio::select! {
            // The signals come first, so that they are caught before anything is begun.
            biased;
            signal = signal::asked_to_stop() => match signal {
                Ok(number) => Err(Failure::with_exit(Exit::Signal(number), "asked to stop")),
                Err(error) => Err(Failure::new(format!("cannot wait for signals: {error}"))),
            },
            failure = console.broken() => Err(failure),
            exit = perform(console, global, env, verb) => exit,
        }
    };
    // Caught here, since a runtime that is dropped waits without end for what blocks on it.
    let exit = sudden::caught(|| runtime.block_on(work));
    // What was begun on the disk, such as a record in a journal, comes to its end even when nobody waits for it.
    runtime.shutdown_timeout(GRACE);
    exit
}

/// Two threads drive the network, whatever the machine has: the disk and the line are slower than both.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = sudden::or_leave(|| builder.worker_threads(2).enable_all().build());
    runtime.map_err(|error| Failure::new(format!("cannot start threads: {error}")))
}

async fn perform(console: &Arc<Console>, global: &Global, env: &Env, verb: &Verb) -> Result<Exit, Failure> {
    let clock = Clock::system();
    let stage = async || {
        let stage = Stage::set(console, global, env).await?;
        stage.permit(verb)?;
        Ok::<_, Failure>(stage)
    };
    let open = async |key: Key| {
        let opened = stage().await?.opened(key).await?;
        let troubles = [stage::trouble(&opened.session.store), crate::ops::damage(&opened.session)];
        for trouble in troubles.into_iter().flatten() {
            let hint = trouble.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
            console.talk(&format!("warning: {trouble}{hint}"));
        }
        Ok::<_, Failure>(opened)
    };
    match verb {
        Verb::List(list) => list::run(&open(Key::Needed).await?.session, console, list).await,
        Verb::Get(get) => get::run(&open(Key::Needed).await?.session, console, get).await,
        Verb::Create(create) => {
            let key = if create.dry_run { Key::Spared } else { Key::Needed };
            create::run(&open(key).await?.session, console, create).await
        }
        Verb::Lint(lint) => {
            let catalog = Stage::set_anywhere(console, global, env).await?.catalog();
            lint::run(console, lint, catalog, &clock).await
        }
        Verb::Cancel(cancel) => cancel::run(&open(Key::Needed).await?.session, console, cancel).await,
        Verb::Delete(delete) => delete::run(&open(Key::Needed).await?.session, console, delete).await,
        Verb::Wait(wait) => wait::run(&open(Key::Needed).await?.session, console, wait).await,
        Verb::Save(save) => {
            let opened = match save.what.iter().all(|word| save::is_file(word)) {
                true => Stage::set_anywhere(console, global, env).await?.opened(Key::Spared).await?,
                false => open(Key::Needed).await?,
            };
            save::run(&opened.session, console, save).await
        }
        Verb::Verify(verify) => verify::run(console, verify).await,
        Verb::Retake(retake) => retake::run(&open(Key::Needed).await?.session, console, retake).await,
        Verb::Campaigns(campaigns) => campaigns::run(&open(Key::Needed).await?.session, console, campaigns).await,
        Verb::Files(files) => {
            let opened = open(Key::Needed).await?;
            match &files.verb {
                FilesVerb::List(report) => files::list(&opened.session, console, *report).await,
                FilesVerb::Delete { files, yes, json } => {
                    files::delete(&opened.session, console, files, *yes, *json).await
                }
            }
        }
        Verb::Spend(spend) => spend::run(&open(Key::Spared).await?.session, console, *spend),
        Verb::Models(offer) => {
            let stage = Stage::set_anywhere(console, global, env).await?;
            catalog::models(console, *offer, stage, clock.now().to_zoned(jiff::tz::TimeZone::UTC).date()).await
        }
        Verb::Voices(offer) => catalog::voices(console, *offer, Stage::set_anywhere(console, global, env).await?).await,
        Verb::Sim(sim) => service::run(console, sim).await,
        Verb::Doctor(report) => doctor::run(console, global, env, *report).await,
        Verb::Keys => {
            keys::run(console);
            Ok(Exit::Ok)
        }
        Verb::Completions { shell } => {
            console.bytes(&generated::completions(*shell));
            Ok(Exit::Ok)
        }
        Verb::Man => {
            console.bytes(&generated::manual());
            Ok(Exit::Ok)
        }
    }
}
