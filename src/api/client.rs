//! How the HTTP client is set up: what it never does, whom it trusts, how long it waits.

use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder};

use super::retry::Policy;
use crate::config::BaseUrl;

/// How long things may take. Tests make it short.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// To connect, with TLS.
    pub connect: Duration,
    /// From the end of the request to the head of the answer.
    pub headers: Duration,
    /// Between two pieces of a body, in either direction.
    pub silence: Duration,
    /// A whole call with a small answer.
    pub call: Duration,
    /// The waits between attempts.
    pub policy: Policy,
    /// Between two looks at an uploaded file that is not ready.
    pub look_again: Duration,
    /// For an uploaded file to become ready.
    pub ready: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            connect: Duration::from_secs(10),
            headers: Duration::from_secs(30),
            silence: Duration::from_secs(60),
            call: Duration::from_secs(60),
            policy: Policy::default(),
            look_again: Duration::from_secs(2),
            ready: Duration::from_secs(600),
        }
    }
}

/// Builds a client for one address; connects to nothing yet.
pub fn client(base: &BaseUrl, timing: Timing) -> Result<Client, reqwest::Error> {
    // The first of several to install it wins, and all of them install the same one.
    rustls::crypto::ring::default_provider().install_default().ok();
    let is_plain = base.origin().starts_with("http:");
    let builder = || -> ClientBuilder {
        let builder = Client::builder()
            .user_agent(concat!("gemtts-tui/", env!("CARGO_PKG_VERSION")))
            .https_only(!is_plain)
            // A custom header such as our key would follow a redirect to any host.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // The default policy sends some requests twice; ours is the only one.
            .retry(reqwest::retry::never())
            // With HTTP/1.1 a request that got no answer was sent at most once, and giving up on it closes its
            // connection; over HTTP/2 every retry would go down the same dead one after a laptop slept.
            .http1_only()
            .tcp_keepalive(Duration::from_secs(30))
            .connect_timeout(timing.connect)
            .pool_idle_timeout(Duration::from_secs(30));
        // A proxy would see a key that goes to this machine in clear.
        if base.is_loopback() { builder.no_proxy() } else { builder }
    };
    if is_plain {
        // A bare container has no certificates to load, and none are needed here.
        return builder().tls_certs_only([]).build();
    }
    builder().build().or_else(|_| {
        // No certificates of the system, as in an empty container: take Mozilla's.
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| Certificate::from_der(der).ok());
        builder().tls_certs_only(roots).build()
    })
}
