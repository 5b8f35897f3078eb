//! What a command stands on: settings, and the session that is opened from them when a command needs one.
//!
//! The only place that knows about `--demo` and `--replay`: a service of our own, folders that vanish, and nothing else
//! different.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::{CampaignsVerb, FilesVerb, Global, Refresh, Verb};
use super::console::Console;
use super::keyless;
use super::log::{self, Hidden};
use crate::api::gemini::{self, Endpoint};
use crate::api::{Pacing, Recorder};
use crate::clock::Clock;
use crate::config::{self, BaseUrl, Env, Flags, Folders, Settings};
use crate::failure::{Exit, Failure};
use crate::job::split_token;
use crate::money::{Catalog, Listed};
use crate::ops::{self, Budget, Pace, Session};
use crate::sim::{self, Scenario};
use crate::store::{self, Lock, Locking, Store};

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
    /// What becomes of work where the file system has no locks.
    locking: Locking,
    /// Why nothing may be changed, when it was no wish of the person.
    pub kept_back: Option<Failure>,
    /// Lives as long as the command.
    embedded: Option<Embedded>,
    /// What `--record` takes.
    record: Option<PathBuf>,
    /// The same for the folders of a command without a home.
    _folder: Option<tempfile::TempDir>,
}

/// A session, and what it stands on.
pub struct Opened {
    /// The session.
    pub session: Session,
    _stage: Stage,
}

/// A service of our own.
struct Embedded {
    socket: Service,
    /// State, cache and configuration; removed at the end.
    folder: tempfile::TempDir,
    made_here: Vec<MadeHere>,
    /// The time, when it is not that of the machine.
    clock: Clock,
}

enum Service {
    Demo(sim::Running),
    Replay(sim::Socket),
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
        let embedded = match &global.replay {
            Some(recording) => Some(Embedded::replay(recording).await?),
            None if global.demo => Some(Embedded::demo().await?),
            None => None,
        };
        let settings = match &embedded {
            Some(embedded) => embedded.settings(&flags, env),
            None => Settings::load(&flags, env)?,
        };
        Self::begin(console, global, settings, embedded, None)
    }

    /// The same for a command that leaves nothing in the state folder: where there is no home for one it gets a folder
    /// that vanishes.
    pub async fn set_anywhere(console: &Console, global: &Global, env: &Env) -> Result<Self, Failure> {
        if global.demo || global.replay.is_some() || !matches!(Folders::find(env), Err(config::Error::NoHome)) {
            return Self::set(console, global, env).await;
        }
        let folder = temporary().map_err(|error| {
            Failure::with_exit(Exit::Disk, format!("HOME is not set, and no other folder can be made: {error}"))
        })?;
        let settings = Settings::load_in(&Flags::from(global), env, Folders::under(folder.path()))?;
        Self::begin(console, global, settings, None, Some(folder))
    }

    fn begin(
        console: &Console,
        global: &Global,
        settings: Settings,
        embedded: Option<Embedded>,
        folder: Option<tempfile::TempDir>,
    ) -> Result<Self, Failure> {
        let hidden = match &settings.log {
            Some(path) => log::begin(path, settings.verbose)?,
            None => Hidden::of_process(),
        };
        settings.warnings.iter().for_each(|warning| console.talk(&format!("warning: {warning}")));
        let locking = if global.no_lock { Locking::Spared } else { Locking::Needed };
        let record = global.record.clone();
        Ok(Stage { settings, hidden, locking, kept_back: None, embedded, record, _folder: folder })
    }

    /// Refuses what would change something at the service, before anything is read or asked.
    pub fn permit(&self, verb: &Verb) -> Result<(), Failure> {
        match changes_the_service(verb) {
            Some(verb) if self.settings.read_only => Err(Failure::with_exit(
                Exit::Refused,
                format!("refused: {verb} would change something, and the session is read-only"),
            )
            .hint(format!("what makes it so: {}", self.settings.read_only_origin))),
            Some(_) | None => Ok(()),
        }
    }

    /// Takes the place of the one dashboard that may change things. Whoever finds it taken, or cannot tell, may look on:
    /// then `kept_back` says why. A session that is read-only anyway leaves the place to others, and with `--no-lock` it
    /// is nobody's.
    pub fn take_dashboard(&mut self, about_us: &str) -> Option<Lock> {
        if self.settings.read_only || self.locking == Locking::Spared {
            return None;
        }
        match Store::lock_dashboard(&self.settings.folders.state, about_us) {
            Ok(lock) => Some(lock),
            Err(store::Error::Held { holder, .. }) => {
                let holder = since_when(&holder, &TimeZone::system(), &Clock::system());
                let message = format!("{holder} has the dashboard open");
                let failure = Failure::with_exit(Exit::Refused, message);
                self.kept_back = Some(failure.hint("leave that one, or start this one with --no-lock"));
                None
            }
            // Nobody can be kept out of what cannot be written, and there is something to look at all the same.
            Err(error) => {
                self.kept_back = Some(error.into());
                None
            }
        }
    }

    /// [`Stage::session`], and the stage with it: an embedded service must not end before the session does.
    pub async fn opened(self, key: Key) -> Result<Opened, Failure> {
        let session = self.session(key).await?;
        Ok(Opened { session, _stage: self })
    }

    /// What is known of models, voices and languages, without a session and without leaving anything behind.
    pub fn catalog(&self) -> Arc<Catalog> {
        let Settings { catalog, folders, profile, base_url, .. } = &self.settings;
        completed(catalog, &ops::listed_in(&folders.state, profile, base_url.origin()))
    }

    /// The way to the service and the state folder. Reads the key, which may run a command of the user.
    pub async fn session(&self, key: Key) -> Result<Session, Failure> {
        let (settings, hidden) = (self.settings.clone(), self.hidden.clone());
        let made_here = self.embedded.as_ref().map(|embedded| embedded.made_here.clone()).unwrap_or_default();
        let clock = self.embedded.as_ref().map_or_else(Clock::system, |embedded| embedded.clock.clone());
        let record = self.record.clone();
        let (locking, kept_back) = (self.locking, self.kept_back.clone());
        // On a thread of its own, so that a key_command that hangs does not keep a signal from being heard.
        let opened = tokio::task::spawn_blocking(move || {
            let session = open(&settings, &hidden, key, clock, record, locking)?;
            let session = kept_from_writing(session, &settings, kept_back);
            made_here.iter().try_for_each(|job| session.store.put_requests(&job.requests, &job.token))?;
            Ok(session)
        })
        .await;
        opened.unwrap_or_else(|_| Err(Failure::new("internal error: the session could not be opened")))
    }
}

/// Takes the way to change things from a session that must not, and says why.
fn kept_from_writing(session: Session, settings: &Settings, kept_back: Option<Failure>) -> Session {
    if settings.read_only {
        return session.read_only(settings.read_only_origin.to_string());
    }
    match kept_back.or_else(|| trouble(&session.store)) {
        Some(failure) => session.read_only(failure.to_string()),
        None => session,
    }
}

/// What is wrong with the journals, when something is: what they say then is not all there is to know.
pub(super) fn trouble(store: &Store) -> Option<Failure> {
    let error = store.troubles().first()?;
    Some(Failure { hint: error.hint(), ..Failure::from_error(Exit::Disk, error) })
}

/// The holder of a lock with the moment of its beginning as a person reads it: `since 14:02`.
fn since_when(holder: &str, zone: &TimeZone, clock: &Clock) -> String {
    let Some((who, at)) = holder.rsplit_once(SINCE) else { return holder.to_owned() };
    let Ok(at) = at.parse::<Timestamp>() else { return holder.to_owned() };
    let (at, now) = (at.to_zoned(zone.clone()), clock.now().to_zoned(zone.clone()));
    let format = if at.date() == now.date() { "%H:%M" } else { "%-d %B %H:%M" };
    format!("{who}{SINCE}{}", at.strftime(format))
}

/// Stands between who holds a lock and since when.
pub(super) const SINCE: &str = ", since ";

fn open(
    settings: &Settings,
    hidden: &Hidden,
    need: Key,
    clock: Clock,
    record: Option<PathBuf>,
    locking: Locking,
) -> Result<Session, Failure> {
    let key = match need {
        Key::Needed => Some(settings.api_key()?),
        Key::Spared => None,
    };
    let store = Store::open_with(&settings.folders.state, locking)?;
    let (profile, cache) = (settings.profile.clone(), settings.folders.cache.clone());
    let session = |service| Session::new(service, store, clock.clone(), profile, cache);
    let session = match key {
        None => session(keyless::service(settings.base_url.origin())),
        Some(key) => {
            hidden.hide(&key);
            let endpoint = Endpoint { base: settings.base_url.clone(), key };
            let recorder = match &record {
                Some(path) => Some(Arc::new(recorder(path, &endpoint, &clock)?)),
                None => None,
            };
            let pacing = Arc::<Pacing>::default();
            let (read_only, shown) = (settings.read_only, Some(pacing.clone()));
            let options = gemini::Options { read_only, recorder, pacing: shown, ..gemini::Options::default() };
            let service = gemini::connect(&endpoint, &options)?;
            Session { pacing, ..session(service).with_key(&endpoint.key)? }
        }
    };
    let session = session.with_budget(Budget::new(&settings.transfer));
    let session = match settings.refresh {
        Some(every) => Session { pace: Pace { first: every, most: every, ..session.pace }, ..session },
        None => session,
    };
    let listed = ops::listed_in(session.store.folder(), &session.profile, settings.base_url.origin());
    let session = Session { catalog: completed(&settings.catalog, &listed), ..session };
    let session = Session { limits: settings.verdicts, saving: settings.saving.clone(), ..session };
    let session = Session { copies: (&settings.cache).into(), ..session };
    Ok(Session { caps: settings.caps, zone: TimeZone::system(), ..session })
}

fn completed(catalog: &Arc<Catalog>, listed: &Listed) -> Arc<Catalog> {
    if *listed == Listed::default() {
        return Arc::clone(catalog);
    }
    Arc::new(catalog.with_listed(listed))
}

fn recorder(path: &Path, endpoint: &Endpoint, clock: &Clock) -> Result<Recorder, Failure> {
    let file = log::new_private(path).map_err(|error| {
        let shown = crate::text::clean(&path.display().to_string());
        let failure = Failure::with_exit(Exit::Disk, format!("cannot write the recording {shown}: {error}"));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                failure.hint("a recording never goes over another file: name a new one")
            }
            _ => failure,
        }
    })?;
    Ok(Recorder::begin(Box::new(file), &endpoint.key, endpoint.base.origin(), clock))
}

/// The verb, when it changes something at the service.
fn changes_the_service(verb: &Verb) -> Option<&'static str> {
    match verb {
        Verb::Create(create) => (!create.dry_run).then_some("create"),
        Verb::Retake(retake) => (!retake.dry_run).then_some("retake"),
        Verb::Cancel(_) => Some("cancel"),
        Verb::Delete(_) => Some("delete"),
        Verb::Campaigns(campaigns) => match campaigns.verb {
            Some(CampaignsVerb::Run(_)) => Some("campaigns run"),
            Some(CampaignsVerb::Pause(_)) => Some("campaigns pause"),
            Some(CampaignsVerb::Resume(_)) => Some("campaigns resume"),
            Some(CampaignsVerb::Cancel(_)) => Some("campaigns cancel"),
            Some(CampaignsVerb::List(_) | CampaignsVerb::Show(_)) | None => None,
        },
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

impl Embedded {
    async fn replay(recording: &Path) -> Result<Self, Failure> {
        let folder = temporary()
            .map_err(|error| Failure::with_exit(Exit::Disk, format!("cannot make a folder for the replay: {error}")))?;
        let played = sim::replay(recording).await.map_err(|error| Failure::from_error(Exit::Usage, &error))?;
        let (socket, begin) = played;
        let clock = Clock::from(begin.at);
        Ok(Embedded { socket: Service::Replay(socket), folder, made_here: Vec::new(), clock })
    }

    async fn demo() -> Result<Self, Failure> {
        let cannot = |what: &'static str| {
            move |error: std::io::Error| Failure::with_exit(Exit::Disk, format!("cannot {what} for the demo: {error}"))
        };
        let folder = temporary().map_err(cannot("make a folder"))?;
        let scenario = Scenario::demo();
        let made_here = scenario.job.iter().filter_map(MadeHere::of).collect();
        let service = sim::serve(sim::Options::new(scenario)).await.map_err(cannot("start a service"))?;
        Ok(Embedded { socket: Service::Demo(service), folder, made_here, clock: Clock::system() })
    }

    fn settings(&self, flags: &Flags, env: &Env) -> Settings {
        let base = |addr| BaseUrl::parse(&format!("http://{addr}")).expect("a loopback address is an address");
        match &self.socket {
            Service::Demo(service) => Settings::demo(base(service.addr), self.folder.path(), flags, env),
            Service::Replay(socket) => Settings::replay(base(socket.addr), self.folder.path(), flags, env),
        }
    }
}

impl From<&Global> for Flags {
    fn from(global: &Global) -> Self {
        Flags {
            profile: global.profile.clone(),
            base_url: global.base_url.clone(),
            config: global.config.clone(),
            key_file: global.key_file.clone(),
            read_only: global.read_only,
            low_bandwidth: global.low_bandwidth,
            demo: global.demo,
            ascii: global.ascii,
            color: global.color.into(),
            log: global.log.clone(),
            verbose: global.verbose,
            refresh: global.refresh.and_then(Refresh::every),
        }
    }
}
