//! The world on a socket: HTTP/1.1 on loopback, with every fault that a scenario asks for.

mod answer;
mod calls;
mod journal;
pub(super) mod reply;
mod route;
mod socket;
mod uploads;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;

pub use journal::Recorded;
pub use socket::Socket;

use super::call::Call;
use super::scenario::{Fault, Scenario};
use super::timepiece::Timepiece;
use super::world::World;
use crate::clock::Clock;
use journal::Journal;
use uploads::Uploads;

/// How the service is to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 for any.
    pub listen: SocketAddr,
    /// What the service is like.
    pub scenario: Scenario,
    /// How much faster than the machine's clock its time runs.
    pub speed: f64,
    /// The machine's clock.
    pub clock: Clock,
}

impl Options {
    /// A scenario at its usual speed on any port of the loopback interface.
    pub fn new(scenario: Scenario) -> Self {
        Options { listen: SocketAddr::from(([127, 0, 0, 1], 0)), scenario, speed: 1.0, clock: Clock::system() }
    }
}

/// A service that runs. Dropping it stops it at once; [`Running::shutdown`] lets open answers end.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    control: Control,
    socket: Socket,
}

/// What tests do to a running service, and what they read from it.
#[derive(Clone, Debug)]
pub struct Control {
    shared: Arc<Shared>,
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    time: Timepiece,
    addr: SocketAddr,
    refused_keys: Vec<String>,
    world: Mutex<World>,
    faults: Mutex<Vec<Fault>>,
    journal: Mutex<Journal>,
    uploads: Uploads,
}

impl Shared {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A panic in a call poisons the lock; the world is still what it was before or after one insertion.
        self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Starts the service; it is ready when this returns.
pub async fn serve(options: Options) -> io::Result<Running> {
    let listener = TcpListener::bind(options.listen).await?;
    let addr = listener.local_addr()?;
    let Options { scenario, speed, clock, .. } = options;
    let time = Timepiece::new(clock, scenario.start, scenario.clock, speed);
    let world = World::new(&scenario, time.now());
    let shared = Arc::new(Shared {
        time,
        addr,
        refused_keys: scenario.refused_keys,
        world: Mutex::new(world),
        faults: Mutex::new(scenario.fault),
        journal: Mutex::default(),
        uploads: Uploads::default(),
    });
    let answering = Arc::clone(&shared);
    let socket = Socket::open(listener, move |request| answer::answer(Arc::clone(&answering), request))?;
    Ok(Running { addr, control: Control { shared }, socket })
}

impl Running {
    /// `http://ADDR`, the value for `GOOGLE_GEMINI_BASE_URL`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What tests need. It stays valid after the service has stopped.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Stops: nothing new is accepted, answers under way get half a second.
    pub async fn shutdown(self) {
        self.socket.shutdown().await;
    }
}

impl Control {
    /// Moves the service's time on, whatever clock it has.
    pub fn advance(&self, by: Duration) {
        self.shared.time.advance(by);
    }

    /// The service's time.
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }

    /// How many requests of a kind came, answered or not.
    pub fn count(&self, call: Call) -> u64 {
        self.shared.journal().count(call)
    }

    /// How many jobs callers have made, whatever became of the answers.
    pub fn n_created(&self) -> u64 {
        self.shared.journal().n_created()
    }

    /// How many jobs there are.
    pub fn n_jobs(&self) -> usize {
        self.shared.world().n_jobs()
    }

    /// The latest ten thousand requests, oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.journal().requests()
    }

    /// Adds a fault. Its `nth` counts from the start of the service; see [`Control::count`].
    pub fn add_fault(&self, fault: Fault) {
        self.shared.faults().push(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }
}
