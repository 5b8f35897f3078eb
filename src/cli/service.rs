//! `sim`: the embedded service alone, for other programs and for tests of scripts.

use super::args::Sim;
use super::console::Console;
use crate::failure::{Exit, Failure};
use crate::sim::{self, Options, Scenario};

/// Serves until a signal ends the command. The first line of standard output is the address.
pub async fn run(console: &Console, arguments: &Sim) -> Result<Exit, Failure> {
    if !arguments.listen.ip().is_loopback() {
        // Any key is good enough for it, and it keeps what it is sent: it is no service for others.
        let message = format!("{} is not an address of this machine alone", arguments.listen);
        return Err(Failure::with_exit(Exit::Usage, message).hint("listen on 127.0.0.1 or [::1]"));
    }
    let scenario = match &arguments.scenario {
        Some(path) => Scenario::load(path).map_err(|error| Failure::from_error(Exit::Usage, &error))?,
        None => Scenario::demo(),
    };
    let options = Options { listen: arguments.listen, speed: arguments.speed, ..Options::new(scenario) };
    let cannot = |error| Failure::new(format!("cannot listen on {}: {error}", arguments.listen));
    let service = sim::serve(options).await.map_err(cannot)?;
    console.result(&format!("listening on http://{}", service.addr));
    std::future::pending().await
}
