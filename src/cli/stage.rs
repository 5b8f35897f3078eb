//! What a command stands on: settings, and the session that is opened from them when a command needs one.
//!
//! The only place that knows about `--demo`: an embedded service, folders that vanish, and nothing else different.

use super::args::{FilesVerb, Global, Verb};
use super::console::Console;
use super::keyless;
use super::log::{self, Hidden};
use crate::api::gemini::{self, Endpoint};
use crate::clock::Clock;
use crate::config::{self, BaseUrl, Env, Flags, Folders, Settings};
use crate::failure::{Exit, Failure};
use crate::job::split_token;
use crate::ops::{Budget, Pace, Session};
use crate::sim::{self, Scenario};
use crate::store::Store;

/// Whether a command can do without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// It talks to the service.
    Needed,
    /// It uses what is there.
    Spared,
}

/// What the options, the environment and the configuration say, and the embedded service when they ask for one.
pub struct Stage {
    /// Everything that was decided.
    pub settings: Settings,
    hidden: Hidden,
    /// Lives as long as the command.
    demo: Option<Demo>,
    /// The same for the folders of a command without a home.
    _folder: Option<tempfile::TempDir>,
}

/// A session, and what it stands on.
pub struct Opened {
    /// The session.
    pub session: Session,
    _stage: Stage,
}

struct Demo {
    service: sim::Running,
    /// State, cache and configuration of the demo; removed at the end.
    folder: tempfile::TempDir,
    made_here: Vec<MadeHere>,
}

/// A job of the demo that its state folder knows as if it had been made on this machine.
#[derive(Clone)]
struct MadeHere {
    token: String,
    requests: String,
}

impl MadeHere {
    /// Only the display name of such a job has a token.
    fn of(spec: &sim::JobSpec) -> Option<Self> {
        let token = split_token(&spec.name).1?.to_owned();
        Some(MadeHere { token, requests: sim::requests(spec) })
    }
}

impl Stage {
    /// Decides the settings, begins the log, and tells the warnings.
    pub async fn set(console: &Console, global: &Global, env: &Env) -> Result<Self, Failure> {
        let flags = Flags::from(global);
        let demo = if global.demo { Some(Demo::start().await?) } else { None };
        let settings = match &demo {
            Some(demo) => Settings::demo(demo.base_url(), demo.folder.path(), &flags, env),
            None => Settings::load(&flags, env)?,
        };
        Self::begin(console, settings, demo, None)
    }

    /// The same for a command that leaves nothing in the state folder: where there is no home for one it gets a folder
    /// that vanishes.
    pub async fn set_anywhere(console: &Console, global: &Global, env: &Env) -> Result<Self, Failure> {
        if global.demo || !matches!(Folders::find(env), Err(config::Error::NoHome)) {
            return Self::set(console, global, env).await;
        }
        let folder = temporary().map_err(|error| {
            Failure::with_exit(Exit::Disk, format!("HOME is not set, and no other folder can be made: {error}"))
        })?;
        let settings = Settings::load_in(&Flags::from(global), env, Folders::under(folder.path()))?;
        Self::begin(console, settings, None, Some(folder))
    }

    fn begin(
        console: &Console,
        settings: Settings,
        demo: Option<Demo>,
        folder: Option<tempfile::TempDir>,
    ) -> Result<Self, Failure> {
        let hidden = match &settings.log {
            Some(path) => log::begin(path, settings.verbose)?,
            None => Hidden::default(),
        };
        settings.warnings.iter().for_each(|warning| console.talk(&format!("warning: {warning}")));
        Ok(Stage { settings, hidden, demo, _folder: folder })
    }

    /// Refuses what would change something at the service, before anything is read or asked.
    pub fn permit(&self, verb: &Verb) -> Result<(), Failure> {
        match changes_the_service(verb) {
            Some(verb) if self.settings.read_only => Err(Failure::with_exit(
                Exit::Refused,
                format!("refused: {verb} would change something, and the session is read-only"),
            )
            .hint(READ_ONLY)),
            Some(_) | None => Ok(()),
        }
    }

    /// [`Stage::session`], and the stage with it: an embedded service must not end before the session does.
    pub async fn opened(self, key: Key) -> Result<Opened, Failure> {
        let session = self.session(key).await?;
        Ok(Opened { session, _stage: self })
    }

    /// The way to the service and the state folder. Reads the key, which may run a command of the user.
    pub async fn session(&self, key: Key) -> Result<Session, Failure> {
        let (settings, hidden) = (self.settings.clone(), self.hidden.clone());
        let made_here = self.demo.as_ref().map(|demo| demo.made_here.clone()).unwrap_or_default();
        // On a thread of its own, so that a key_command that hangs does not keep a signal from being heard.
        let opened = tokio::task::spawn_blocking(move || {
            let session = open(&settings, &hidden, key)?;
            made_here.iter().try_for_each(|job| session.store.put_requests(&job.requests, &job.token))?;
            Ok(session)
        })
        .await;
        opened.unwrap_or_else(|_| Err(Failure::new("internal error: the session could not be opened")))
    }
}

const READ_ONLY: &str = "--read-only or read_only in the configuration made it so";

fn open(settings: &Settings, hidden: &Hidden, need: Key) -> Result<Session, Failure> {
    let key = match need {
        Key::Needed => Some(settings.api_key()?),
        Key::Spared => None,
    };
    let store = Store::open(&settings.folders.state)?;
    let (clock, profile, cache) = (Clock::system(), settings.profile.clone(), settings.folders.cache.clone());
    let session = |service| Session::new(service, store, clock, profile, cache);
    let session = match key {
        None => session(keyless::service(settings.base_url.origin())),
        Some(key) => {
            hidden.hide(&key);
            let endpoint = Endpoint { base: settings.base_url.clone(), key };
            let options = gemini::Options { read_only: settings.read_only, ..gemini::Options::default() };
            let service = gemini::connect(&endpoint, &options)?;
            session(service).with_key(&endpoint.key)?
        }
    };
    let session = session.with_budget(Budget::new(&settings.transfer));
    let session = match settings.refresh {
        Some(every) => Session { pace: Pace { first: every, most: every, ..session.pace }, ..session },
        None => session,
    };
    let session = Session { limits: settings.verdicts, ..session };
    let session = Session { copies: (&settings.cache).into(), ..session };
    let session = Session { caps: settings.caps, zone: jiff::tz::TimeZone::system(), ..session };
    Ok(if settings.read_only { session.read_only(READ_ONLY) } else { session })
}

/// The verb, when it changes something at the service.
fn changes_the_service(verb: &Verb) -> Option<&'static str> {
    match verb {
        Verb::Create(create) => (!create.dry_run).then_some("create"),
        Verb::Retake(retake) => (!retake.dry_run).then_some("retake"),
        Verb::Cancel(_) => Some("cancel"),
        Verb::Delete(_) => Some("delete"),
        Verb::Files(files) => match files.verb {
            FilesVerb::Delete { .. } => Some("files delete"),
            FilesVerb::List(_) => None,
        },
        Verb::List(_)
        | Verb::Get(_)
        | Verb::Lint(_)
        | Verb::Wait(_)
        | Verb::Save(_)
        | Verb::Verify(_)
        | Verb::Spend(_)
        | Verb::Models(_)
        | Verb::Voices(_)
        | Verb::Sim(_)
        | Verb::Doctor(_)
        | Verb::Keys
        | Verb::Completions { .. }
        | Verb::Man => None,
    }
}

/// A folder that is removed when the command ends.
fn temporary() -> std::io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix("gemtts-").tempdir()
}

impl Demo {
    async fn start() -> Result<Self, Failure> {
        let cannot = |what: &'static str| {
            move |error: std::io::Error| Failure::with_exit(Exit::Disk, format!("cannot {what} for the demo: {error}"))
        };
        let folder = temporary().map_err(cannot("make a folder"))?;
        let scenario = Scenario::demo();
        let made_here = scenario.job.iter().filter_map(MadeHere::of).collect();
        let service = sim::serve(sim::Options::new(scenario)).await.map_err(cannot("start a service"))?;
        Ok(Demo { service, folder, made_here })
    }

    fn base_url(&self) -> BaseUrl {
        BaseUrl::parse(&format!("http://{}", self.service.addr)).expect("a loopback address is an address")
    }
}

impl From<&Global> for Flags {
    fn from(global: &Global) -> Self {
        Flags {
            profile: global.profile.clone(),
            base_url: global.base_url.clone(),
            config: global.config.clone(),
            read_only: global.read_only,
            demo: global.demo,
            ascii: global.ascii,
            color: global.color.into(),
            log: global.log.clone(),
            verbose: global.verbose,
            refresh: global.refresh,
        }
    }
}
