//! The way into the dashboard, and the refusal where there is no terminal for it.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use super::args::Global;
use super::console::Console;
use super::stage::{self, Key, SINCE, Stage};
use crate::clock::Clock;
use crate::config::{AutoSave, Env, Terminal};
use crate::failure::{Exit, Failure};
use crate::ops::Session;
use crate::tui;
use crate::tui::model::Setting;
use crate::tui::run::Start;
use crate::tui::theme::Theme;

/// Opens the dashboard. Without a terminal it ends at once, before anything is read or asked.
pub fn run(
    console: &Arc<Console>,
    global: &Global,
    no_auto_save: bool,
    env: &Env,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    if let Some(reason) = no_terminal(io::stdin().is_terminal(), io::stdout().is_terminal(), terminal.dumb) {
        let list = if global.demo { "gemtts-tui --demo list" } else { "gemtts-tui list" };
        let hint = format!("without one, use a command: `{list}` shows the jobs, `gemtts-tui help` the other commands");
        return Err(Failure::with_exit(Exit::Usage, format!("the dashboard needs a terminal, and {reason}")).hint(hint));
    }
    let runtime = super::runtime()?;
    // The runtime's threads do the work; this thread is the screen's.
    let (stage, _lock, mut session) = runtime.block_on(async {
        let mut stage = Stage::set(console, global, env).await?;
        let lock = stage.take_dashboard(&about_us());
        let session = stage.session(Key::Needed).await?;
        Ok::<_, Failure>((stage, lock, session))
    })?;
    session.gives_way = true;
    if no_auto_save {
        session.saving.auto = AutoSave::Off;
    }
    let settings = &stage.settings;
    let start = Start {
        setting: setting(global, &stage, &session, env),
        theme: Theme::of(&settings.terminal),
        over_ssh: settings.terminal.over_ssh,
        multiplexer: settings.terminal.multiplexer,
        can_suspend: !super::signal::is_ignored(super::signal::STOP),
        session: Arc::new(session),
    };
    let exit = super::sudden::caught(|| tui::run::run(start, runtime.handle()));
    // A request that hangs does not keep the person; the journals are right at any moment.
    runtime.shutdown_background();
    exit
}

/// What others read of this dashboard beyond its process: which terminal it is on, and since when.
fn about_us() -> String {
    let since = Clock::system().now();
    let since = since.strftime("%Y-%m-%dT%H:%M:%SZ");
    match terminal_name() {
        Some(name) => format!(", {name}{SINCE}{since}"),
        None => format!("{SINCE}{since}"),
    }
}

/// `pts/3`.
fn terminal_name() -> Option<String> {
    #[cfg(unix)]
    {
        let name = rustix::termios::ttyname(io::stdin(), Vec::new()).ok()?.into_string().ok()?;
        Some(name.strip_prefix("/dev/").map(str::to_owned).unwrap_or(name))
    }
    #[cfg(not(unix))]
    None
}

fn setting(global: &Global, stage: &Stage, session: &Session, env: &Env) -> Setting {
    let settings = &stage.settings;
    // The demo and a replay are watched, and their service is next door.
    let is_near = settings.demo || global.replay.is_some();
    let refresh = settings.refresh.map(|every| every.as_secs()).or(is_near.then_some(DEMO_REFRESH));
    Setting {
        profile: settings.profile.clone(),
        key_tail: session.key_tail.clone(),
        host: match &global.replay {
            Some(recording) => format!("replay of {}", crate::text::clean_short(&recording.display().to_string(), 60)),
            None => settings.base_url.authority().to_owned(),
        },
        is_google: settings.base_url.is_google(),
        read_only: session.service.writer.is_none(),
        kept_back: stage.kept_back.clone().or_else(|| stage::trouble(&session.store)),
        demo: settings.demo,
        refresh,
        low_bandwidth: settings.low_bandwidth,
        folder: env.folder().to_owned(),
        limits: session.limits,
        catalog: session.catalog.clone(),
    }
}

/// Seconds between two listings of the demo.
const DEMO_REFRESH: u64 = 2;

fn no_terminal(stdin: bool, stdout: bool, dumb: bool) -> Option<&'static str> {
    match (stdin, stdout, dumb) {
        (_, false, _) => Some("standard output is none"),
        (false, true, _) => Some("standard input is none"),
        (true, true, true) => Some("TERM is not set, or dumb"),
        (true, true, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_and_the_name_of_the_terminal_must_be_right() {
        assert_eq!(no_terminal(true, true, false), None);
        for (stdin, stdout, dumb) in
            [(true, false, false), (false, true, false), (true, true, true), (false, false, true)]
        {
            assert!(no_terminal(stdin, stdout, dumb).is_some(), "{stdin} {stdout} {dumb}");
        }
    }
}
