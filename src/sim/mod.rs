//! The embedded service: the real wire on loopback, for the demo, the tests and the recording.
//!
//! A server like any other: the client reaches it over HTTP and shares no type with it, or both could be wrong
//! together. `world` is the service without sockets and without a clock, `server` puts it on a socket, `scenario`
//! says what it is like, `voice` makes the sound.

mod call;
mod chance;
mod replay;
mod scenario;
mod server;
mod timepiece;
mod voice;
mod world;

pub use call::Call;
pub use replay::{ReplayError, replay};
pub use scenario::{
    Answer, ClockKind, Fault, JobSpec, ResultKind, Rule, Scenario, ScenarioError, Service, Span, StartState, TextKind,
    Timing, WithoutPageSize,
};
pub use server::{Control, Options, Recorded, Running, Socket, serve};
pub use world::{refusal_of, requests};
