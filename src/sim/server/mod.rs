//! The world on a socket: HTTP/1.1 on loopback, with every fault that a scenario asks for.

mod answer;
mod calls;
mod journal;
mod reply;
mod route;
mod uploads;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use journal::Recorded;

use super::call::Call;
use super::scenario::{Fault, Scenario};
use super::timepiece::Timepiece;
use super::world::World;
use crate::clock::Clock;
use journal::Journal;
use uploads::Uploads;

/// An idle connection is closed after four minutes, as Google's front ends do.
const IDLE: Duration = Duration::from_secs(240);

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
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
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
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(accept(listener, Arc::clone(&shared), stopped));
    Ok(Running { addr, control: Control { shared }, stop, task })
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection(stream, Arc::clone(&shared), stopped.clone()));
                }
                // Out of descriptors, most likely: connections that end will free some.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
    drop(listener);
    // Answers under way may end; a stalled one must not hold the program up.
    let _ =
        tokio::time::timeout(Duration::from_millis(500), async { while connections.join_next().await.is_some() {} })
            .await;
}

async fn connection(stream: tokio::net::TcpStream, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let service = service_fn(move |request| answer::answer(Arc::clone(&shared), request));
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(256 * 1024);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
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
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
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
